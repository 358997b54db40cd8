//! Which argument goes to which parameter, and whether it fits.

use dynop_base::codes::types;
use dynop_base::{Diagnostic, Span, Symbol};
use dynop_syntax::ast;

use super::places::Purpose;
use super::{BodyChecker, Origin};
use crate::hir::{self, Arg, Expr, FunctionId, Place, Projection};
use crate::substitute::{substitute, substitute_expr};
use crate::ty::Ty;
use crate::types::count;

/// A call as it is written.
#[derive(Clone, Copy)]
pub(super) struct Written<'t> {
    /// The arguments.
    pub args: &'t [ast::Arg],
    /// From `(` to `)`.
    pub args_span: Span,
    /// The name or expression that is called.
    pub callee: Span,
    /// All of it.
    pub span: Span,
}

impl BodyChecker<'_, '_> {
    /// The written argument of each parameter from the `skip`th on, by index in `args`; `None` if some do not fit.
    pub fn match_arguments(
        &mut self,
        id: FunctionId,
        skip: usize,
        args: &[ast::Arg],
        args_span: Span,
    ) -> Option<Vec<Option<usize>>> {
        let function = self.cx.function(id);
        let params = &function.params;
        let before = self.diagnostics.len();
        let mut slots: Vec<Option<usize>> = vec![None; params.len()];
        let mut position = skip;
        let mut named = false;
        for (index, arg) in args.iter().enumerate() {
            if let Some(spread) = arg.spread {
                self.report(
                    Diagnostic::new(
                        &types::ARGUMENTS,
                        spread,
                        "`..` copies fields when a struct is made; a call has no spread",
                    )
                    .here("not in a call")
                    .help("write the arguments out, each with its parameter's name"),
                );
                continue;
            }
            let slot = match arg.name {
                Some(name) => {
                    named = true;
                    match params
                        .iter()
                        .skip(skip)
                        .position(|param| param.name == name.name)
                    {
                        Some(found) => {
                            self.cx.note_use(name.span, params[found + skip].span);
                            found + skip
                        }
                        None => {
                            self.unknown_argument(id, skip, name);
                            continue;
                        }
                    }
                }
                None if named => {
                    self.report(
                        Diagnostic::new(
                            &types::ARGUMENTS,
                            arg.span,
                            "an argument without name stands after a named one",
                        )
                        .here("which parameter this is for is not clear")
                        .help(match params.get(position) {
                            Some(param) => format!(
                                "name it, `{}: {}`, or write it before the named ones",
                                param.name,
                                crate::compose::text::argument(arg)
                            ),
                            None => "name it, or write it before the named ones".to_string(),
                        }),
                    );
                    continue;
                }
                None => {
                    position += 1;
                    position - 1
                }
            };
            match slots.get_mut(slot) {
                None => {}
                Some(Some(first)) => {
                    let first = args[*first].span;
                    let name = params[slot].name;
                    self.report(
                        Diagnostic::new(
                            &types::ARGUMENTS,
                            arg.span,
                            format!("`{name}` is given twice"),
                        )
                        .here("again here")
                        .label(first, "first here")
                        .help(format!("remove one of the two, or say which parameter the other is for: `{}: …`", other_than(params, skip, name))),
                    );
                }
                Some(slot) => *slot = Some(index),
            }
        }
        if position > params.len() {
            self.too_many(id, skip, args, position - skip, params.len() - skip);
        } else if self.diagnostics.len() == before {
            self.missing(id, skip, args, &slots, args_span);
        }
        (self.diagnostics.len() == before).then_some(slots)
    }

    fn unknown_argument(&mut self, id: FunctionId, skip: usize, name: ast::Ident) {
        let function = self.cx.function(id);
        let names: Vec<&'static str> = function
            .params
            .iter()
            .skip(skip)
            .map(|param| param.name.as_str())
            .collect();
        let diagnostic = Diagnostic::new(
            &types::ARGUMENTS,
            name.span,
            format!("`{}` has no parameter `{}`", function.name, name.name),
        )
        .here("no such parameter");
        let diagnostic = if self.cx.is_std(self.cx.functions[id.0 as usize].module) {
            diagnostic
        } else {
            diagnostic.label(function.name_span, "declared here")
        };
        let diagnostic = self.with_nearest(diagnostic, name, names);
        self.report(diagnostic);
    }

    fn too_many(
        &mut self,
        id: FunctionId,
        skip: usize,
        args: &[ast::Arg],
        given: usize,
        wanted: usize,
    ) {
        let function = self.cx.function(id);
        let extra = args.iter().filter(|arg| arg.name.is_none()).nth(wanted);
        let span = extra.map_or(function.name_span, |arg| arg.span);
        let last = args.last().map_or(span, |arg| arg.span);
        let noun = crate::types::count(wanted, "argument");
        let diagnostic = Diagnostic::new(
            &types::ARGUMENTS,
            span.to(last),
            format!(
                "`{}` takes {noun}, {} given",
                function.name,
                crate::types::were(given)
            ),
        )
        .here("not wanted")
        .help(match wanted {
            0 => format!("call it without arguments: `{}()`", function.name),
            _ => format!("give it {noun}: {}", self.parameters(id, skip)),
        });
        let diagnostic = self.declared(diagnostic, id, skip);
        self.report(diagnostic);
    }

    fn missing(
        &mut self,
        id: FunctionId,
        skip: usize,
        args: &[ast::Arg],
        slots: &[Option<usize>],
        args_span: Span,
    ) {
        let function = self.cx.function(id);
        let missing: Vec<&hir::Param> = function
            .params
            .iter()
            .zip(slots)
            .skip(skip)
            .filter(|(param, slot)| slot.is_none() && param.default.is_none())
            .map(|(param, _)| param)
            .collect();
        if missing.is_empty() {
            return;
        }
        let names = missing
            .iter()
            .map(|param| format!("`{}: {}`", param.name, self.cx.show(&param.ty)));
        let listed = crate::signatures::list_of(names);
        let mut end = args_span.at_end();
        end.start = end.start.saturating_sub(1);
        let diagnostic = Diagnostic::new(
            &types::ARGUMENTS,
            end,
            format!("the call of `{}` lacks {listed}", function.name),
        )
        .here(format!(
            "{} missing",
            if missing.len() == 1 {
                "an argument is"
            } else {
                "arguments are"
            }
        ));
        let call: Vec<String> = args
            .iter()
            .map(crate::compose::text::argument)
            .chain(missing.iter().map(|param| format!("{}: …", param.name)))
            .collect();
        let receiver = if skip == 0 { "" } else { "x." };
        let diagnostic = diagnostic.help(format!(
            "write `{receiver}{}({})`",
            function.name,
            call.join(", ")
        ));
        let added = missing.iter().map(|param| (param.name, &param.ty));
        let fails = self.mode == super::Mode::Code;
        let diagnostic = with_added(diagnostic, added, args, end, fails);
        let diagnostic = self.declared(diagnostic, id, skip);
        self.report(diagnostic);
    }

    /// The parameters of a function as they are declared.
    fn parameters(&self, id: FunctionId, skip: usize) -> String {
        let params = self.cx.function(id).params.iter().skip(skip);
        crate::signatures::list_of(
            params.map(|param| format!("`{}: {}`", param.name, self.cx.show(&param.ty))),
        )
    }

    /// Says what a function takes.
    fn declared(&self, diagnostic: Diagnostic, id: FunctionId, skip: usize) -> Diagnostic {
        let function = self.cx.function(id);
        if !self.cx.is_std(self.cx.functions[id.0 as usize].module) {
            return diagnostic.label(function.name_span, "declared here");
        }
        let params: Vec<String> = function
            .params
            .iter()
            .skip(skip)
            .map(|param| format!("{}: {}", param.name, self.cx.show(&param.ty)))
            .collect();
        diagnostic.note(format!("it is `{}({})`", function.name, params.join(", ")))
    }

    /// Checks the arguments of a call, closures last, since the others say what their parameters are.
    pub(super) fn arguments(
        &mut self,
        id: FunctionId,
        type_args: &[Ty],
        receiver: Option<Expr>,
        written: Written<'_>,
    ) -> Option<Vec<Arg>> {
        let cx = self.cx;
        let function = cx.function(id);
        let skip = usize::from(receiver.is_some());
        let Some(slots) = self.match_arguments(id, skip, written.args, written.args_span) else {
            for arg in written.args {
                self.expr_quietly(&arg.value);
            }
            self.record_closures(Some((id, type_args)), receiver.as_ref(), written.args);
            return None;
        };
        let mut out: Vec<Option<Arg>> = (0..function.params.len()).map(|_| None).collect();
        let mut broken = false;
        if let Some(receiver) = receiver
            && let Some(param) = function.params.first()
        {
            let ty = substitute(&param.ty, type_args);
            out[0] = self.receiver(id, receiver, &ty, param.var);
            broken |= out[0].is_none();
        }
        for closures in [false, true] {
            for (i, slot) in slots.iter().enumerate() {
                let Some(arg) = slot.map(|slot| &written.args[slot].value) else {
                    continue;
                };
                if is_closure(arg) != closures {
                    continue;
                }
                let ty = substitute(&function.params[i].ty, type_args);
                out[i] = self.argument(id, i, arg, &ty, function.params[i].var);
                broken |= out[i].is_none();
            }
        }
        for (slot, param) in out.iter_mut().zip(&function.params) {
            if slot.is_none()
                && let Some(default) = &param.default
            {
                *slot = Some(Arg::Value(substitute_expr(default, type_args)));
            }
        }
        self.distinct_places(id, &out);
        if broken {
            return None;
        }
        out.into_iter().collect()
    }

    /// Checks an argument of a call that is broken already, for what is wrong inside of it alone.
    fn expr_quietly(&mut self, value: &ast::Expr) {
        if !is_closure(value) {
            self.expr(value, None);
        }
    }

    fn receiver(&mut self, id: FunctionId, receiver: Expr, ty: &Ty, var: bool) -> Option<Arg> {
        let name = self.cx.function(id).name.as_str();
        if var {
            let place = self.place_of(receiver, Purpose::InOut(name))?;
            self.infer.unify(&place.ty, ty);
            return Some(Arg::InOut(place));
        }
        let value = self.coerce(receiver, ty, Origin::Param(id, 0));
        Some(Arg::Value(value))
    }

    fn argument(
        &mut self,
        id: FunctionId,
        index: usize,
        arg: &ast::Expr,
        ty: &Ty,
        var: bool,
    ) -> Option<Arg> {
        let origin = Origin::Param(id, index);
        if !var {
            return Some(Arg::Value(self.check(arg, ty, origin)));
        }
        let name = self.cx.function(id).name.as_str();
        let place = self.place(arg, Purpose::InOut(name))?;
        if !self.infer.unify(&place.ty, ty) {
            let value = Expr {
                kind: hir::ExprKind::Local(place.local),
                ty: place.ty.clone(),
                span: place.span,
            };
            // A place is changed in place, so there is no conversion: the types must be equal.
            let found = self.coerce(value, ty, origin);
            if found.ty != Ty::Error {
                let text = self.show(ty);
                self.report(
                    Diagnostic::new(
                        &types::MISMATCH,
                        place.span,
                        format!("`{name}` changes a `{text}` here"),
                    )
                    .here("the variable has another type")
                    .help(format!("bind a `var` of type `{text}` for it, with the type written: `var x: {text} = …`")),
                );
            }
            return None;
        }
        Some(Arg::InOut(place))
    }

    /// Reports a place that is given to two `var` parameters of one call.
    fn distinct_places(&mut self, id: FunctionId, args: &[Option<Arg>]) {
        let places: Vec<&Place> = args
            .iter()
            .filter_map(|arg| match arg {
                Some(Arg::InOut(place)) => Some(place),
                _ => None,
            })
            .collect();
        for (i, place) in places.iter().enumerate() {
            if let Some(first) = places[..i].iter().find(|other| overlap(place, other)) {
                let name = self.cx.function(id).name;
                self.report(
                    Diagnostic::new(
                        &types::IN_OUT,
                        place.span,
                        format!("`{name}` would change the same variable through two parameters"),
                    )
                    .here("and here")
                    .label(first.span, "given here")
                    .help("give a copy to one of them"),
                );
            }
        }
    }

    /// Reports that no overload takes so many arguments.
    pub(super) fn no_overload(&mut self, first: FunctionId, skip: usize, written: Written<'_>) {
        let counts: Vec<String> = self
            .cx
            .overloads(first)
            .map(|id| (self.cx.function(id).params.len().saturating_sub(skip)).to_string())
            .collect();
        let name = self.cx.function(first).name;
        let forms: Vec<String> = self
            .cx
            .overloads(first)
            .map(|id| {
                let params = self.cx.function(id).params.iter().skip(skip);
                let names: Vec<&str> = params.map(|param| param.name.as_str()).collect();
                format!("`{name}({})`", names.join(", "))
            })
            .collect();
        self.report(
            Diagnostic::new(
                &types::ARGUMENTS,
                written.args_span,
                format!(
                    "`{name}` takes {} arguments, {} given",
                    counts.join(" or "),
                    crate::types::were(written.args.len())
                ),
            )
            .here(format!("{} here", count(written.args.len(), "argument")))
            .help(format!(
                "call it in one of these ways: {}",
                forms.join(", ")
            )),
        );
        for arg in written.args {
            self.expr_quietly(&arg.value);
        }
        self.record_closures(None, None, written.args);
    }
}

/// The first parameter that is not `name`, for an example.
fn other_than(params: &[hir::Param], skip: usize, name: Symbol) -> Symbol {
    let mut others = params.iter().skip(skip).filter(|param| param.name != name);
    others.next().map_or(name, |param| param.name)
}

/// Adds the repair of a call that lacks these arguments; `end` is its closing parenthesis, `fails` whether code stands there.
pub(super) fn with_added<'t>(
    diagnostic: Diagnostic,
    missing: impl Iterator<Item = (Symbol, &'t Ty)>,
    args: &[ast::Arg],
    end: Span,
    fails: bool,
) -> Diagnostic {
    let mut named: Vec<String> = Vec::new();
    let mut added: Vec<String> = Vec::new();
    for (name, ty) in missing {
        let value = stand_in(ty).unwrap_or_else(|| match fails {
            true => "fail \"not written yet\"".to_owned(),
            false => "…".to_owned(),
        });
        named.push(format!("{name}: …"));
        added.push(format!("{name}: {value}"));
    }
    let title = format!("add `{}`", named.join(", "));
    let added = added.join(", ");
    let (place, text) = match args.last() {
        Some(last) => (last.span.at_end(), format!(", {added}")),
        None => (end.at_start(), added),
    };
    diagnostic.fix(title, place, text, dynop_base::Applicability::Placeholder)
}

/// The plainest value of a type, for who has to put another one in its place; `None` of types without one.
fn stand_in(ty: &Ty) -> Option<String> {
    Some(match ty {
        Ty::Int => "0".to_owned(),
        Ty::Float => "0.0".to_owned(),
        Ty::Bool => "false".to_owned(),
        Ty::Str | Ty::Path => "\"\"".to_owned(),
        Ty::Bytes => "b\"\"".to_owned(),
        Ty::Duration => "0s".to_owned(),
        Ty::Option(_) => "none".to_owned(),
        Ty::List(_) => "[]".to_owned(),
        Ty::Map(_) => "[:]".to_owned(),
        Ty::Tuple(items) => {
            let items: Option<Vec<String>> = items.iter().map(stand_in).collect();
            format!("({})", items?.join(", "))
        }
        Ty::NamedTuple(fields) => {
            let field = |(name, ty): &(Symbol, Ty)| Some(format!("{name}: {}", stand_in(ty)?));
            let fields: Option<Vec<String>> = fields.iter().map(field).collect();
            format!("({})", fields?.join(", "))
        }
        _ => return None,
    })
}

fn is_closure(expr: &ast::Expr) -> bool {
    match &expr.kind {
        ast::ExprKind::Paren(inner) => is_closure(inner),
        ast::ExprKind::Closure { .. } => true,
        _ => false,
    }
}

/// Whether two places may be the same or one inside the other.
fn overlap(a: &Place, b: &Place) -> bool {
    if a.local != b.local {
        return false;
    }
    for (a, b) in a.projections.iter().zip(&b.projections) {
        if let (Projection::Field(a), Projection::Field(b)) = (a, b)
            && a != b
        {
            return false;
        }
    }
    true
}
