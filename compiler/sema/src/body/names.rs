//! Names, fields and indexing, as values.

use dynop_base::codes::{names, ops, types};
use dynop_base::{Diagnostic, Span, Symbol};
use dynop_syntax::ast::{self, FunctionKind, Ident};

use super::expressions::made;
use super::{BodyChecker, Mode, Origin};
use crate::context::{Definition, ModuleId};
use crate::hir::{self, Expr, ExprKind, FunctionId, LocalId};
use crate::substitute::substitute;
use crate::ty::Ty;
use crate::types::sort_of;

impl BodyChecker<'_, '_> {
    /// The local of a name, without using it.
    pub fn local(&self, name: Symbol) -> Option<LocalId> {
        self.scope.get(&name).copied()
    }

    /// Notes that a local is read, and captured by the closures between.
    pub fn use_local(&mut self, id: LocalId) {
        let facts = &mut self.facts[id.0 as usize];
        facts.used = true;
        let depth = facts.depth;
        for frame in self.frames.iter_mut().skip(depth) {
            if !frame.captures.contains(&id) {
                frame.captures.push(id);
            }
        }
    }

    /// Notes the use of a local.
    pub(super) fn note_local(&self, place: Span, id: LocalId) {
        if let Some(local) = self.locals.get(id.0 as usize) {
            self.cx.note_use(place, local.span);
        }
    }

    pub(super) fn name(&mut self, name: Symbol, span: Span, hint: Option<&Ty>) -> Expr {
        if let Some(id) = self.local(name) {
            self.use_local(id);
            self.note_local(span, id);
            return self.read_local(id, span);
        }
        match self.cx.resolve(self.module, name) {
            Some(definition) => {
                self.cx.note_definition(span, definition);
                self.definition(definition, name, span, hint)
            }
            None => {
                self.unknown_name(name, span);
                self.error_expr(span)
            }
        }
    }

    /// An item as a value.
    fn definition(
        &mut self,
        definition: Definition,
        name: Symbol,
        span: Span,
        hint: Option<&Ty>,
    ) -> Expr {
        match definition {
            Definition::Const(id) => {
                let ty = self.cx.program.consts[id.0 as usize].ty.clone();
                made(ExprKind::Const(id), ty, span)
            }
            Definition::Function(id) => self.function_value(id, span, hint),
            other => {
                let sort = sort_of(other, self.cx);
                let diagnostic = Diagnostic::new(
                    &names::WRONG_SORT,
                    span,
                    format!("`{name}` is {sort}, not a value"),
                )
                .here("a value is wanted here");
                self.report(match other {
                    Definition::Struct(_) => {
                        diagnostic.help(format!("make one with `{name}(field: value)`"))
                    }
                    Definition::Enum(_) => {
                        diagnostic.help(format!("name a case of it: `{name}.…`"))
                    }
                    Definition::Module(_) => {
                        diagnostic.help(format!("name what you want of it: `{name}.…`"))
                    }
                    _ => diagnostic,
                });
                self.error_expr(span)
            }
        }
    }

    fn function_value(&mut self, first: FunctionId, span: Span, hint: Option<&Ty>) -> Expr {
        let wanted = match hint.map(|hint| self.infer.shallow(hint)) {
            Some(Ty::Fn(function)) => Some(function.params.len()),
            _ => None,
        };
        let id = self
            .cx
            .overloads(first)
            .find(|&id| wanted == Some(self.cx.function(id).params.len()))
            .unwrap_or(first);
        let function = self.cx.function(id);
        if function.kind != FunctionKind::Fn {
            self.no_invocation(id, span);
            return self.error_expr(span);
        }
        if self.mode == Mode::Constant {
            self.not_constant("a function", Some(function.name), span);
            return self.error_expr(span);
        }
        if let Some(param) = function.params.iter().find(|param| param.var) {
            self.report(
                Diagnostic::new(
                    &types::IN_OUT,
                    span,
                    format!(
                        "`{}` can't be a value: it changes its argument `{}`",
                        function.name, param.name
                    ),
                )
                .here("a function value takes plain arguments")
                .help("write a closure that calls it"),
            );
            return self.error_expr(span);
        }
        let args = self.instantiate(id, span);
        let function = self.cx.function(id);
        let params = function
            .params
            .iter()
            .map(|param| substitute(&param.ty, &args))
            .collect();
        let ty = Ty::function(params, substitute(&function.result, &args));
        made(ExprKind::Function(id, args), ty, span)
    }

    /// Fresh type arguments for a use of a function, noted for the check of what they must be able to do.
    pub fn instantiate(&mut self, id: FunctionId, span: Span) -> Vec<Ty> {
        let count = self.cx.function(id).generics.len();
        let args = self.infer.fresh_list(count, span);
        self.note_instance(id, &args, span);
        args
    }

    pub(super) fn note_instance(&mut self, function: FunctionId, type_args: &[Ty], span: Span) {
        if !type_args.is_empty() {
            self.instances.push(super::Instance {
                function,
                type_args: type_args.to_vec(),
                span,
            });
        }
    }

    pub(super) fn not_constant(&mut self, what: &str, name: Option<Symbol>, span: Span) {
        let help = match name {
            Some(name) => format!(
                "write the value that `{name}` gives, or call `{name}` in the body of the `fn` or `op` that uses it"
            ),
            None => {
                "write its value itself, or compute it in the body of the `fn` or `op` that uses it"
                    .to_string()
            }
        };
        self.report(
            Diagnostic::new(
                &types::NOT_CONSTANT,
                span,
                format!("{what} can't stand in a constant expression"),
            )
            .here("computed only while the program runs")
            .help(help),
        );
    }

    /// Whether this is the body of a test, which may call ops.
    pub(super) fn in_test(&self) -> bool {
        let tests = &self.cx.program.tests;
        self.function
            .is_some_and(|id| tests.iter().any(|test| test.function == id))
    }

    /// An op, graph or job in computation.
    pub(super) fn no_invocation(&mut self, id: FunctionId, span: Span) {
        let callee = self.cx.function(id);
        let kind = callee.kind.keyword();
        let place = match self.function {
            Some(_) if self.in_test() => "in a test".to_string(),
            Some(id) => {
                let around = self.cx.function(id);
                format!("in the {} `{}`", around.kind.keyword(), around.name)
            }
            None => "in a constant expression".to_string(),
        };
        let diagnostic = Diagnostic::new(
            &ops::OP_IN_BODY,
            span,
            format!("the {kind} `{}` can't be invoked {place}", callee.name),
        )
        .here(format!("`{}` is {} `{kind}`", callee.name, if kind == "op" { "an" } else { "a" }))
        .label(callee.name_span, "declared here")
        .note("ops are steps of a job: only a job or graph, whose plan is made by the compiler, invokes them");
        self.report(match callee.kind {
            FunctionKind::Op => diagnostic.help(format!(
                "move what `{}` computes into a `fn` and call that from both",
                callee.name
            )),
            _ => diagnostic,
        });
    }

    /// The module that an expression names, if it does.
    pub fn module_of(&self, expr: &ast::Expr) -> Option<ModuleId> {
        let ast::ExprKind::Name(name) = expr.kind else {
            return None;
        };
        if self.local(name).is_some() {
            return None;
        }
        let module = self.cx.resolve_module(self.module, name)?;
        self.cx
            .note_definition(expr.span, Definition::Module(module));
        Some(module)
    }

    /// A public name of a module; what is wrong is reported.
    pub fn module_member(&mut self, module: ModuleId, name: Ident) -> Option<Definition> {
        match crate::names::public_member(self.cx, self.module, module, name) {
            Ok(definition) => {
                self.cx.note_definition(name.span, definition);
                Some(definition)
            }
            Err(diagnostic) => {
                if let Some(diagnostic) = diagnostic {
                    self.report(*diagnostic);
                }
                None
            }
        }
    }

    pub(super) fn field(
        &mut self,
        base: &ast::Expr,
        name: Ident,
        optional: bool,
        hint: Option<&Ty>,
        span: Span,
    ) -> Expr {
        if let Some(module) = self.module_of(base) {
            return match self.module_member(module, name) {
                Some(definition) => self.definition(definition, name.name, span, hint),
                None => self.error_expr(span),
            };
        }
        if let Some(named) = self.enum_named(base) {
            return self.case_value(named, name, hint, span);
        }
        let base = if optional {
            self.whole(base, None)
        } else {
            self.expr(base, None)
        };
        if optional {
            return self.optional_chain(base, span, |checker, value| {
                checker.field_of(value, name, span)
            });
        }
        self.field_of(base, name, span)
    }

    /// A field of a value.
    pub(super) fn field_of(&mut self, base: Expr, name: Ident, span: Span) -> Expr {
        let ty = self.infer.shallow(&base.ty);
        match self.find_field(&ty, name.name) {
            Some((index, field)) => {
                self.cx.note_field(name.span, &ty, index);
                made(
                    ExprKind::Field {
                        base: Box::new(base),
                        index,
                    },
                    field,
                    span,
                )
            }
            None => {
                self.unknown_field(&ty, name, base.span);
                self.error_expr(span)
            }
        }
    }

    /// Index and type of a field.
    pub(super) fn find_field(&self, ty: &Ty, name: Symbol) -> Option<(u32, Ty)> {
        match ty {
            Ty::Struct(id, args) => {
                let fields = &self.cx.struct_of(*id).fields;
                let index = fields.iter().position(|field| field.name == name)?;
                Some((index as u32, substitute(&fields[index].ty, args)))
            }
            Ty::NamedTuple(fields) => {
                let index = fields.iter().position(|(field, _)| *field == name)?;
                Some((index as u32, fields[index].1.clone()))
            }
            _ => None,
        }
    }

    /// The names of a type's fields.
    pub(super) fn field_names(&self, ty: &Ty) -> Vec<&'static str> {
        match ty {
            Ty::Struct(id, _) => {
                let fields = &self.cx.struct_of(*id).fields;
                fields.iter().map(|field| field.name.as_str()).collect()
            }
            Ty::NamedTuple(fields) => fields.iter().map(|(name, _)| name.as_str()).collect(),
            _ => Vec::new(),
        }
    }

    fn unknown_field(&mut self, ty: &Ty, name: Ident, base: Span) {
        // A name that is missing is reported where the text is read.
        if *ty == Ty::Error || *ty == Ty::Never || name.span.start == name.span.end {
            return;
        }
        if let Ty::Infer(_) = ty {
            return self.cannot_infer(base, "the type of this");
        }
        let text = self.show(ty);
        let diagnostic = Diagnostic::new(
            &types::UNKNOWN_FIELD,
            name.span,
            format!("a `{text}` has no field `{}`", name.name),
        )
        .here("no such field")
        .label(base, format!("this is a `{text}`"));
        let fields = self.field_names(ty);
        let diagnostic = match ty {
            Ty::Option(inner)
                if self
                    .find_field(&self.infer.shallow(inner), name.name)
                    .is_some() =>
            {
                diagnostic.note("the value may be `none`").help(
                    "read the field if the value is there with `?.`, or take it apart with `match`",
                )
            }
            Ty::Tuple(items) => diagnostic.help(format!(
                "a tuple is taken apart: `let ({}) = …`",
                vec!["_"; items.len()].join(", ")
            )),
            _ if self.has_method(ty, name.name) => diagnostic
                .help(format!("`{}` is a method: call it", name.name))
                .fix(
                    "call it",
                    name.span.at_end(),
                    "()",
                    dynop_base::Applicability::Maybe,
                ),
            _ if !fields.is_empty() => {
                let listed =
                    crate::signatures::list_of(fields.iter().map(|name| format!("`{name}`")));
                let diagnostic = diagnostic.note(format!("it has {listed}"));
                let diagnostic = self.with_near(diagnostic, name, fields);
                if diagnostic.helps.is_empty() {
                    diagnostic.help(format!(
                        "read one that it has, or declare it: `{}: …` in `{text}`",
                        name.name
                    ))
                } else {
                    diagnostic
                }
            }
            _ => diagnostic.help(format!(
                "a `{text}` has methods only: `x.method(…)`; fields are declared by a `struct`"
            )),
        };
        self.report(diagnostic);
    }

    pub(super) fn index(&mut self, base: &ast::Expr, index: &ast::Expr, span: Span) -> Expr {
        let base = self.expr(base, None);
        let ty = self.infer.shallow(&base.ty);
        if let (
            ast::ExprKind::Range {
                start,
                end,
                inclusive,
                ..
            },
            Ty::List(_) | Ty::Str | Ty::Bytes,
        ) = (&index.kind, &ty)
        {
            self.index_by_range(&ty, (&base, start, end, *inclusive), span);
            return self.error_expr(span);
        }
        let (index, item) = match &ty {
            Ty::List(item) => {
                let rule = Origin::Rule("a list is indexed by an `Int`");
                (self.check(index, &Ty::Int, rule), (**item).clone())
            }
            Ty::Map(pair) => {
                let origin = Origin::Rule("the index must be a key of the map");
                (self.check(index, &pair.0, origin), pair.1.clone())
            }
            Ty::Bytes => {
                let rule = Origin::Rule("bytes are indexed by an `Int`");
                let index = self.check(index, &Ty::Int, rule);
                return match self.byte_at(base, index, span) {
                    Some(byte) => byte,
                    None => self.error_expr(span),
                };
            }
            _ => {
                self.expr(index, None);
                self.not_indexable(&ty, base.span);
                return self.error_expr(span);
            }
        };
        made(
            ExprKind::Index {
                base: Box::new(base),
                index: Box::new(index),
            },
            item,
            span,
        )
    }

    /// `xs[1..3]`
    fn index_by_range(
        &mut self,
        ty: &Ty,
        (base, start, end, inclusive): (&Expr, &ast::Expr, &ast::Expr, bool),
        span: Span,
    ) {
        let text = self.show(ty);
        let place = start.span.to(end.span);
        let diagnostic = Diagnostic::new(
            &types::NOT_INDEXABLE,
            place,
            format!("a `{text}` is not indexed by a range"),
        )
        .here("one element is taken by an `Int`")
        .label(base.span, format!("this is a `{text}`"));
        let edit = |start, end, text: &str| dynop_base::Edit {
            span: Span { start, end, ..span },
            text: text.to_string(),
        };
        self.report(if inclusive {
            diagnostic.help("a part of it is `.slice(start, end)`, without what stands at `end`")
        } else {
            diagnostic
                .help("a part of it is `.slice(start, end)`")
                .fix_all(
                    "call `slice`",
                    vec![
                        edit(base.span.end, start.span.start, ".slice("),
                        edit(start.span.end, end.span.start, ", "),
                        edit(end.span.end, span.end, ")"),
                    ],
                    dynop_base::Applicability::Maybe,
                )
        });
    }

    pub(super) fn not_indexable(&mut self, ty: &Ty, span: Span) {
        match ty {
            Ty::Error | Ty::Never => return,
            Ty::Infer(_) => return self.cannot_infer(span, "the type of what is indexed"),
            _ => {}
        }
        let text = self.show(ty);
        let diagnostic = Diagnostic::new(
            &types::NOT_INDEXABLE,
            span,
            format!("a `{text}` can't be indexed"),
        )
        .here("only a list or a map has elements by index");
        self.report(match ty {
            Ty::Str => diagnostic
                .note("a character is found by counting from the start, which an index would hide")
                .help("go over its characters with `for`, or make a list of them with `.chars()`"),
            Ty::Tuple(items) => diagnostic.help(format!(
                "a tuple is taken apart: `let ({}) = …`",
                vec!["_"; items.len()].join(", ")
            )),
            Ty::Option(_) => {
                diagnostic.help("the value may be `none`: give a default with `?? …` first")
            }
            Ty::Iter(_) => diagnostic.help("collect it with `.to_list()` first"),
            _ => diagnostic,
        });
    }

    /// `base?.…`: `then` of the value if it is there.
    pub(super) fn optional_chain(
        &mut self,
        base: Expr,
        span: Span,
        then: impl FnOnce(&mut Self, Expr) -> Expr,
    ) -> Expr {
        let item = match self.infer.shallow(&base.ty) {
            Ty::Option(item) => (*item).clone(),
            Ty::Error | Ty::Never => return self.error_expr(span),
            other => {
                let text = self.show(&other);
                self.report(
                    Diagnostic::new(
                        &types::OPERATOR,
                        base.span,
                        format!("`?.` follows an option, found a `{text}`"),
                    )
                    .here(format!("a `{text}` is always there"))
                    .help("write `.`"),
                );
                return self.error_expr(span);
            }
        };
        let local = self.hidden(item.clone(), base.span);
        let value = then(self, made(ExprKind::Local(local), item.clone(), base.span));
        let (value, ty) = match self.infer.shallow(&value.ty) {
            Ty::Error => return self.error_expr(span),
            // A missing part of a missing whole is missing once.
            ty @ Ty::Option(_) => (value, ty),
            inner => {
                let ty = Ty::option(inner);
                let span = value.span;
                (made(ExprKind::Some(Box::new(value)), ty.clone(), span), ty)
            }
        };
        let pattern = |kind, ty: &Ty| hir::Pattern {
            kind,
            ty: ty.clone(),
            span: base.span,
        };
        let bind = pattern(hir::PatternKind::Bind(local), &item);
        let arms = vec![
            hir::Arm {
                pattern: pattern(hir::PatternKind::Some(Box::new(bind)), &base.ty),
                guard: None,
                body: value,
            },
            hir::Arm {
                pattern: pattern(hir::PatternKind::None, &base.ty),
                guard: None,
                body: made(ExprKind::None, ty.clone(), span),
            },
        ];
        made(
            ExprKind::Match {
                scrutinee: Box::new(base),
                arms,
            },
            ty,
            span,
        )
    }
}
