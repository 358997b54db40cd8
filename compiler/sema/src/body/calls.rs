//! Calls: what is called, and with which types.

use dynop_base::codes::{names, ops, types};
use dynop_base::{Applicability, Diagnostic, Edit, Span, Symbol};
use dynop_syntax::ast::{self, FunctionKind, Ident};

use super::arguments::Written;
use super::expressions::made;
use super::{BodyChecker, Mode, Origin};
use crate::context::Definition;
use crate::hir::{self, Expr, ExprKind, FormatPart, FunctionId};
use crate::substitute::substitute;
use crate::ty::Ty;
use crate::types::{count, sort_of, were};

impl BodyChecker<'_, '_> {
    pub(super) fn call(
        &mut self,
        callee: &ast::Expr,
        type_args: &[ast::Type],
        args: &[ast::Arg],
        args_span: Span,
        hint: Option<&Ty>,
        span: Span,
    ) -> Expr {
        let written = Written {
            args,
            args_span,
            callee: callee.span,
            span,
        };
        match &callee.kind {
            ast::ExprKind::Paren(inner) => self.call(inner, type_args, args, args_span, hint, span),
            ast::ExprKind::Name(name) if self.local(*name).is_none() => {
                self.call_name(*name, type_args, written, hint)
            }
            ast::ExprKind::Field {
                base,
                name,
                optional,
            } => self.call_field(base, *name, *optional, type_args, written, hint),
            _ => {
                let callee = self.expr(callee, None);
                self.call_value(callee, written)
            }
        }
    }

    fn call_name(
        &mut self,
        name: Symbol,
        type_args: &[ast::Type],
        written: Written<'_>,
        hint: Option<&Ty>,
    ) -> Expr {
        match name.as_str() {
            "some" => return self.some(written, hint),
            "Output" | "DynamicOutput" => return self.output_value(name, written, hint),
            _ => {}
        }
        match self.cx.resolve(self.module, name) {
            Some(Definition::Module(_)) | None if name == "Path" => self.path(written),
            Some(Definition::Module(_)) | None => match self.call_of_type(name, written) {
                Some(broken) => broken,
                None => self.call_of_unknown(name, written),
            },
            Some(definition) => {
                self.cx.note_definition(written.callee, definition);
                self.call_definition(definition, name, type_args, written, hint)
            }
        }
    }

    /// The arguments of a call that is broken, checked for what is wrong inside of them.
    pub(super) fn broken_call(&mut self, written: Written<'_>) -> Expr {
        for arg in written.args {
            if !matches!(arg.value.kind, ast::ExprKind::Closure { .. }) {
                self.expr(&arg.value, None);
            }
        }
        self.record_closures(None, None, written.args);
        self.error_expr(written.span)
    }

    fn call_definition(
        &mut self,
        definition: Definition,
        name: Symbol,
        type_args: &[ast::Type],
        written: Written<'_>,
        hint: Option<&Ty>,
    ) -> Expr {
        match definition {
            Definition::Function(first) => self.call_function(first, type_args, None, written),
            Definition::Struct(id) => self.make_struct(id, type_args, written, hint),
            Definition::Alias(id) => match &self.cx.alias_types[id.0 as usize] {
                Ty::Struct(of, args) => {
                    let args = args.to_vec();
                    self.make_struct_of(*of, args, written)
                }
                Ty::Error => self.broken_call(written),
                _ => self.not_a_constructor(definition, name, written),
            },
            Definition::Const(id) => {
                let ty = self.cx.program.consts[id.0 as usize].ty.clone();
                self.call_value(made(ExprKind::Const(id), ty, written.callee), written)
            }
            _ => self.not_a_constructor(definition, name, written),
        }
    }

    fn not_a_constructor(
        &mut self,
        definition: Definition,
        name: Symbol,
        written: Written<'_>,
    ) -> Expr {
        let sort = sort_of(definition, self.cx);
        self.report(
            Diagnostic::new(
                &types::NOT_CALLABLE,
                written.callee,
                format!("`{name}` is {sort} and can't be called"),
            )
            .here("not a function")
            .help(match definition {
                Definition::Enum(id) => self.made_by_case(id),
                Definition::Module(_) => format!("name what of it is called: `{name}.…(…)`"),
                _ => format!(
                    "write the value itself: an alias such as `{name}` stands for a type only"
                ),
            }),
        );
        self.broken_call(written)
    }

    /// How values of an enum are made.
    fn made_by_case(&self, id: hir::EnumId) -> String {
        let item = self.cx.enum_of(id);
        match item.variants.first() {
            Some(case) if case.payload.is_empty() => {
                format!("name the case: `{}.{}`", item.name, case.name)
            }
            Some(case) => format!("name the case: `{}.{}(…)`", item.name, case.name),
            None => format!("`{}` has no cases, so no values", item.name),
        }
    }

    /// A call of a value that is no function.
    fn not_callable(&mut self, ty: &Ty, callee: &Expr, written: Written<'_>) {
        let text = self.show(ty);
        let diagnostic = Diagnostic::new(
            &types::NOT_CALLABLE,
            callee.span,
            format!("a `{text}` is no function and can't be called"),
        )
        .here(format!("this is a `{text}`"));
        let (open, close) = (
            Span {
                end: written.args_span.start + 1,
                ..written.args_span
            },
            Span {
                start: written.args_span.end.saturating_sub(1),
                ..written.args_span
            },
        );
        let edit = |span, text: &str| Edit {
            span,
            text: text.to_string(),
        };
        self.report(match (ty, written.args) {
            (Ty::List(_), [_]) | (Ty::Map(_), [_]) => diagnostic.fix_all(
                if matches!(ty, Ty::List(_)) {
                    "an element is taken by its index in square brackets"
                } else {
                    "a value is taken by its key in square brackets"
                },
                vec![edit(open, "["), edit(close, "]")],
                Applicability::Maybe,
            ),
            (_, []) => diagnostic.fix(
                "it is the value already: leave the parentheses out",
                written.args_span,
                "",
                Applicability::Maybe,
            ),
            (Ty::Int | Ty::Float, [_]) => diagnostic.fix(
                "a product is written with `*`",
                open.at_start(),
                " * ",
                Applicability::Maybe,
            ),
            _ => diagnostic.help("leave the parentheses and what is in them out, or call a method of it: `x.method(…)`"),
        });
    }

    /// A call of a named function; with a receiver, of a method.
    pub(super) fn call_function(
        &mut self,
        first: FunctionId,
        type_args: &[ast::Type],
        receiver: Option<Expr>,
        written: Written<'_>,
    ) -> Expr {
        let skip = usize::from(receiver.is_some());
        let given = written.args.len() + skip;
        let takes = |id: &FunctionId| self.cx.function(*id).params.len() == given;
        let overloaded = self.cx.functions[first.0 as usize].overload.is_some();
        let Some(id) = (if overloaded {
            self.cx.overloads(first).find(takes)
        } else {
            Some(first)
        }) else {
            self.cx
                .note_definition(written.callee, Definition::Function(first));
            self.no_overload(first, skip, written);
            return self.error_expr(written.span);
        };
        self.cx
            .note_definition(written.callee, Definition::Function(id));
        let function = self.cx.function(id);
        let direct = function.kind == FunctionKind::Op && self.in_test();
        if function.kind != FunctionKind::Fn && !direct {
            self.no_invocation(id, written.callee);
            return self.broken_call(written);
        }
        let known = self.known_call(id);
        if self.mode == Mode::Constant && known.is_none() {
            self.not_constant("a call", Some(function.name), written.span);
            return self.error_expr(written.span);
        }
        let types = self.instantiate(id, written.callee);
        if !self.explicit_types(id, type_args, &types, written.callee) {
            return self.broken_call(written);
        }
        let args = self.arguments(id, &types, receiver, written);
        self.check_postponed();
        let ty = substitute(&hir::call_type(self.cx.function(id)), &types);
        match args {
            Some(args) if self.mode == Mode::Constant => match known {
                Some(known) => self.call_now(known, args, ty, written.span),
                None => self.error_expr(written.span),
            },
            Some(args) if direct && self.is_extern(id) => {
                let values = args.into_iter().filter_map(|arg| match arg {
                    hir::Arg::Value(value) => Some(value),
                    hir::Arg::InOut(_) => None,
                });
                let values = values.collect();
                crate::foreign::direct_call(self.cx, id, &types, values, ty, written.span)
                    .unwrap_or_else(|| self.error_expr(written.span))
            }
            Some(args) => made(
                ExprKind::Call {
                    function: id,
                    type_args: types,
                    args,
                },
                ty,
                written.span,
            ),
            // The result is known although an argument is wrong, but parts that the argument would have told are not.
            None if crate::infer::has_variables(&self.infer.resolve(&ty)) => {
                self.error_expr(written.span)
            }
            None => made(ExprKind::Error, ty, written.span),
        }
    }

    /// Whether a function is declared as `extern`.
    fn is_extern(&self, id: FunctionId) -> bool {
        let body = &self.cx.functions[id.0 as usize].decl.body;
        matches!(body, ast::Body::Extern { .. })
    }

    /// Binds written type arguments, `f<Int>(x)`; false after a report.
    pub fn explicit_types(
        &mut self,
        id: FunctionId,
        written: &[ast::Type],
        types: &[Ty],
        span: Span,
    ) -> bool {
        if written.is_empty() {
            return true;
        }
        let function = self.cx.function(id);
        if written.len() != types.len() {
            self.report(
                Diagnostic::new(
                    &types::TYPE_ARGUMENTS,
                    span,
                    format!(
                        "`{}` takes {}, {} given",
                        function.name,
                        count(types.len(), "type argument"),
                        were(written.len())
                    ),
                )
                .here("called here")
                .help(match types.len() {
                    0 => format!("call it without them: `{}(…)`", function.name),
                    _ => format!(
                        "write `{}<{}>(…)`, or leave them all out where the arguments tell them",
                        function.name,
                        function
                            .generics
                            .iter()
                            .map(ToString::to_string)
                            .collect::<Vec<_>>()
                            .join(", ")
                    ),
                }),
            );
            return false;
        }
        for (written, ty) in written.iter().zip(types) {
            let explicit = self.written_type(written);
            self.infer.unify(ty, &explicit);
        }
        true
    }

    /// A call of a function value.
    pub(super) fn call_value(&mut self, callee: Expr, written: Written<'_>) -> Expr {
        let ty = match self.infer.shallow(&callee.ty) {
            Ty::Infer(_) => self.function_called(&callee, written),
            ty => ty,
        };
        let Ty::Fn(function) = ty else {
            if !matches!(ty, Ty::Error | Ty::Never) {
                self.not_callable(&ty, &callee, written);
            }
            return self.broken_call(written);
        };
        if self.mode == Mode::Constant {
            self.not_constant("a call", None, written.span);
            return self.error_expr(written.span);
        }
        if let Some((arg, name)) = written.args.iter().find_map(|arg| Some((arg, arg.name?))) {
            self.report(
                Diagnostic::new(
                    &types::ARGUMENTS,
                    name.span,
                    "a function value takes its arguments by order",
                )
                .here("its parameters have no names")
                .fix(
                    "leave the name out",
                    Span {
                        end: arg.value.span.start,
                        ..name.span
                    },
                    "",
                    Applicability::Maybe,
                ),
            );
            return self.error_expr(written.span);
        }
        if written.args.len() != function.params.len() {
            self.report(
                Diagnostic::new(
                    &types::ARGUMENTS,
                    written.args_span,
                    format!(
                        "this function takes {}, {} given",
                        count(function.params.len(), "argument"),
                        were(written.args.len())
                    ),
                )
                .here(format!("{} here", count(written.args.len(), "argument")))
                .label(callee.span, format!("a `{}`", self.show(&callee.ty))),
            );
            return self.broken_call(written);
        }
        let args = written
            .args
            .iter()
            .zip(&function.params)
            .map(|(arg, ty)| {
                self.check(
                    &arg.value,
                    ty,
                    Origin::Rule("the argument has another type"),
                )
            })
            .collect();
        self.check_postponed();
        made(
            ExprKind::CallValue {
                callee: Box::new(callee),
                args,
            },
            function.result.clone(),
            written.span,
        )
    }

    /// What is called and not known yet is a function of as many arguments as it is given here.
    fn function_called(&mut self, callee: &Expr, written: Written<'_>) -> Ty {
        let params = self.infer.fresh_list(written.args.len(), written.args_span);
        let result = self.infer.fresh(written.span);
        let function = Ty::function(params, result);
        self.infer.unify(&callee.ty, &function);
        function
    }

    /// `some(v)`
    fn some(&mut self, written: Written<'_>, hint: Option<&Ty>) -> Expr {
        let Some(arg) = self.only_argument("some", written) else {
            return self.broken_call(written);
        };
        let inner = match hint.map(|hint| self.infer.shallow(hint)) {
            Some(Ty::Option(inner)) => Some((*inner).clone()),
            _ => None,
        };
        let value = match inner {
            Some(inner) if !matches!(self.infer.shallow(&inner), Ty::Infer(_)) => {
                self.check(arg, &inner, Origin::Unknown)
            }
            inner => self.expr(arg, inner.as_ref()),
        };
        if value.ty == Ty::Error {
            return value;
        }
        let ty = Ty::option(self.type_of_part(&value));
        made(ExprKind::Some(Box::new(value)), ty, written.span)
    }

    /// `Path(s)`
    fn path(&mut self, written: Written<'_>) -> Expr {
        let Some(arg) = self.only_argument("Path", written) else {
            return self.broken_call(written);
        };
        if super::coerce::text_literal(arg) {
            return self.check(arg, &Ty::Path, Origin::Unknown);
        }
        let value = self.check(arg, &Ty::Str, Origin::Rule("`Path` takes a `Str`"));
        made(
            ExprKind::Format(vec![FormatPart::Value(value, "".into())]),
            Ty::Path,
            written.span,
        )
    }

    fn only_argument<'t>(&mut self, name: &str, written: Written<'t>) -> Option<&'t ast::Expr> {
        match written.args {
            [arg] if arg.name.is_none() && arg.spread.is_none() => Some(&arg.value),
            args => {
                self.report(
                    Diagnostic::new(
                        &types::ARGUMENTS,
                        written.args_span,
                        format!("`{name}` takes 1 argument, {} given", were(args.len())),
                    )
                    .here(format!("{} here", count(args.len(), "argument"))),
                );
                None
            }
        }
    }

    /// `base.name(args)`: of a module, of a field that is a function, or a method.
    fn call_field(
        &mut self,
        base: &ast::Expr,
        name: Ident,
        optional: bool,
        type_args: &[ast::Type],
        written: Written<'_>,
        hint: Option<&Ty>,
    ) -> Expr {
        if let Some(module) = self.module_of(base) {
            let written = Written {
                callee: name.span,
                ..written
            };
            return match self.module_member(module, name) {
                Some(definition) => {
                    self.call_definition(definition, name.name, type_args, written, hint)
                }
                None => self.broken_call(written),
            };
        }
        if let Some(named) = self.enum_named(base) {
            return self.make_variant(named, name, written, hint);
        }
        if let Some(expr) = self.call_on_item(base, name, written) {
            return expr;
        }
        let receiver = if optional {
            self.whole(base, None)
        } else {
            self.expr(base, None)
        };
        if optional {
            return self.optional_chain(receiver, written.span, |checker, value| {
                checker.call_method(value, name, type_args, written)
            });
        }
        self.call_method(receiver, name, type_args, written)
    }

    /// What stands on a type, which has no methods.
    fn call_on_item(
        &mut self,
        base: &ast::Expr,
        name: Ident,
        written: Written<'_>,
    ) -> Option<Expr> {
        let ast::ExprKind::Name(item) = base.kind else {
            return None;
        };
        if self.local(item).is_some() {
            return None;
        }
        match self.cx.resolve(self.module, item)? {
            Definition::Struct(_) | Definition::Alias(_) => {
                self.report(
                    Diagnostic::new(
                        &names::WRONG_SORT,
                        base.span,
                        format!("`{item}` is a type, not a value"),
                    )
                    .here("a type has no methods")
                    .help(format!("call the function by its name: `{}(…)`", name.name)),
                );
                Some(self.broken_call(written))
            }
            _ => None,
        }
    }

    /// What stands where `Output(…)` or `DynamicOutput(…)` is a value: the latter is one of a list that is returned.
    fn output_value(&mut self, name: Symbol, written: Written<'_>, hint: Option<&Ty>) -> Expr {
        if name == "Output" || self.mode == Mode::Constant {
            self.report(
                Diagnostic::new(
                    &ops::YIELD_VALUE,
                    written.span,
                    format!("`{name}(…)` is no value"),
                )
                .here("only `yield` takes it")
                .help("yield it: `yield Output(v)`; to return an output, return the value itself"),
            );
            return self.broken_call(written);
        }
        let item = match hint.map(|hint| self.infer.shallow(hint)) {
            Some(Ty::Dynamic(item)) => Some((*item).clone()),
            _ => None,
        };
        self.dynamic_value(written, item)
    }
}
