//! Holds what is found against what is expected, with the two implicit conversions and the words for a mismatch.

use dynop_base::codes::types;
use dynop_base::{Diagnostic, Span, Symbol};
use dynop_syntax::ast;

use super::BodyChecker;
use crate::hir::{Expr, ExprKind, FunctionId};
use crate::ty::Ty;

/// Where an expectation comes from; read only when it is not met.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// Not worth a label.
    Unknown,
    /// The parameter of a function, by position.
    Param(FunctionId, usize),
    /// The result of a function.
    Result(FunctionId),
    /// A written type.
    Written(Span),
    /// A variable, bound there.
    Variable(Symbol, Span),
    /// A field, declared there.
    Field(Symbol, Span),
    /// A part of the payload of a case, which is declared there.
    Payload(Symbol, Span),
    /// An earlier element, arm or branch, which gave the type.
    Earlier(&'static str, Span),
    /// The other operand.
    Operand(Span),
    /// The language: what it says.
    Rule(&'static str),
}

impl BodyChecker<'_, '_> {
    /// Makes `expr` fit `expected`, or reports that it does not.
    pub fn coerce(&mut self, expr: Expr, expected: &Ty, origin: Origin) -> Expr {
        let found = self.infer.shallow(&expr.ty);
        let wanted = self.infer.shallow(expected);
        match (&found, &wanted) {
            (Ty::Error, _) | (_, Ty::Error) => expr,
            (Ty::Never, _) => {
                self.infer.mark_diverging(&wanted);
                expr
            }
            (Ty::Option(_), Ty::Option(inner)) => {
                if self.infer.unify(&found, &wanted) {
                    return expr;
                }
                match self.infer.shallow(inner) {
                    // `T?` where `T??` is wanted.
                    Ty::Option(_) if self.fits_inside(&found, inner) => {
                        self.wrap(expr, inner, &wanted)
                    }
                    _ => self.mismatch(expr, &wanted, origin),
                }
            }
            (Ty::Infer(_), _) if self.infer.unify(&found, &wanted) => expr,
            (_, Ty::Option(inner)) if self.fits_inside(&found, inner) => {
                self.wrap(expr, inner, &wanted)
            }
            _ if self.infer.unify(&found, &wanted) => expr,
            _ => self.mismatch(expr, &wanted, origin),
        }
    }

    fn fits_inside(&mut self, found: &Ty, wanted: &Ty) -> bool {
        let mut wanted = self.infer.shallow(wanted);
        loop {
            if self.infer.fits(found, &wanted) {
                return true;
            }
            match wanted {
                Ty::Option(inner) => wanted = self.infer.shallow(&inner),
                _ => return false,
            }
        }
    }

    fn wrap(&mut self, expr: Expr, inner: &Ty, wanted: &Ty) -> Expr {
        let span = expr.span;
        let value = self.coerce(expr, inner, Origin::Unknown);
        Expr {
            kind: ExprKind::Some(Box::new(value)),
            ty: wanted.clone(),
            span,
        }
    }

    fn mismatch(&mut self, expr: Expr, wanted: &Ty, origin: Origin) -> Expr {
        let found = self.infer.resolve(&expr.ty);
        let wanted = self.infer.resolve(wanted);
        let diagnostic = self.mismatch_diagnostic(&expr, &found, &wanted, origin);
        self.report(diagnostic);
        self.error_expr(expr.span)
    }

    fn mismatch_diagnostic(
        &self,
        expr: &Expr,
        found: &Ty,
        wanted: &Ty,
        origin: Origin,
    ) -> Diagnostic {
        let (f, w) = (self.cx.show(found), self.cx.show(wanted));
        let message = match origin {
            Origin::Param(id, index) => {
                let function = self.cx.function(id);
                let param = function
                    .params
                    .get(index)
                    .map_or("_", |param| param.name.as_str());
                format!(
                    "`{}` takes a `{w}` as `{param}`, found a `{f}`",
                    function.name
                )
            }
            Origin::Result(id) => {
                format!(
                    "`{}` gives a `{w}`, found a `{f}`",
                    self.cx.function(id).name
                )
            }
            Origin::Variable(name, _) => format!("`{name}` is a `{w}`, found a `{f}`"),
            Origin::Field(name, _) => format!("the field `{name}` is a `{w}`, found a `{f}`"),
            Origin::Payload(name, _) => format!("`{name}` holds a `{w}`, found a `{f}`"),
            Origin::Rule(rule) => format!("{rule}, found a `{f}`"),
            _ => format!("expected a `{w}`, found a `{f}`"),
        };
        let diagnostic =
            Diagnostic::new(&types::MISMATCH, expr.span, message).here(format!("this is a `{f}`"));
        let diagnostic = self.origin_label(diagnostic, origin, &w);
        let diagnostic = named_difference(diagnostic, found, wanted);
        let before = (diagnostic.helps.len(), diagnostic.fixes.len());
        let diagnostic = super::conversions::repair(diagnostic, expr, found, wanted);
        if before == (diagnostic.helps.len(), diagnostic.fixes.len()) && before.0 == 0 {
            return diagnostic.help(self.other_type(&f, &w, origin));
        }
        diagnostic
    }

    /// The way out where no conversion is known: another value, or another type at the other end.
    fn other_type(&self, found: &str, wanted: &str, origin: Origin) -> String {
        match origin {
            Origin::Param(id, index) => {
                let item = &self.cx.functions[id.0 as usize];
                match item.decl.params.get(index) {
                    Some(param) if !self.cx.is_std(item.module) => format!(
                        "pass a `{wanted}`, or declare the parameter as `{}: {found}`",
                        param.name.name
                    ),
                    _ => format!("pass a `{wanted}`"),
                }
            }
            Origin::Result(id) => format!(
                "give a `{wanted}`, or declare that `{}` gives it: `-> {found}`",
                self.cx.function(id).name
            ),
            Origin::Written(_) => {
                format!("write a value of type `{wanted}`, or `{found}` as the type")
            }
            Origin::Variable(name, _) => {
                format!("`{name}` keeps its type: bind the `{found}` to another name with `let`")
            }
            Origin::Field(name, _) => {
                format!("give it a `{wanted}`, or declare the field as `{name}: {found}`")
            }
            Origin::Payload(name, _) => {
                format!("give it a `{wanted}`, or declare the case as `{name}({found})`")
            }
            Origin::Earlier(what, _) => format!(
                "make this a `{wanted}` like {what}, or that a `{found}`; values of both types fit into an enum"
            ),
            Origin::Unknown | Origin::Operand(_) | Origin::Rule(_) => {
                format!("write a value of type `{wanted}` here")
            }
        }
    }

    /// Says where an expectation comes from.
    pub(super) fn origin_label(
        &self,
        diagnostic: Diagnostic,
        origin: Origin,
        wanted: &str,
    ) -> Diagnostic {
        match origin {
            Origin::Unknown | Origin::Rule(_) => diagnostic,
            Origin::Param(id, index) => {
                let item = &self.cx.functions[id.0 as usize];
                match item.decl.params.get(index) {
                    // Sources of the standard library are of no help to who calls it.
                    Some(param) if !self.cx.is_std(item.module) => {
                        diagnostic.label(param.span, "the parameter is declared here")
                    }
                    _ => diagnostic,
                }
            }
            Origin::Result(id) => {
                let decl = self.cx.functions[id.0 as usize].decl;
                match &decl.result {
                    Some(result) => diagnostic.label(result.span, "the result is declared here"),
                    None => diagnostic
                        .label(decl.name.span, "no result is declared here")
                        .help("declare the result after the parameters with `->`"),
                }
            }
            Origin::Written(span) => diagnostic.label(span, "the type is written here"),
            Origin::Variable(name, span) => {
                diagnostic.label(span, format!("`{name}` is bound here"))
            }
            Origin::Field(_, span) => diagnostic.label(span, "the field is declared here"),
            Origin::Payload(_, span) => diagnostic.label(span, "the case is declared here"),
            Origin::Earlier(what, span) => {
                diagnostic.label(span, format!("{what} is a `{wanted}`"))
            }
            Origin::Operand(span) => diagnostic.label(span, format!("this is a `{wanted}`")),
        }
    }
}

/// Says which names of two named tuples differ.
fn named_difference(diagnostic: Diagnostic, found: &Ty, wanted: &Ty) -> Diagnostic {
    let (Ty::NamedTuple(found), Ty::NamedTuple(wanted)) = (found, wanted) else {
        return diagnostic;
    };
    let without = |a: &[(Symbol, Ty)], b: &[(Symbol, Ty)]| {
        let names = a.iter().map(|(name, _)| *name);
        let other = names.filter(|name| !b.iter().any(|(other, _)| other == name));
        crate::signatures::list_of(other.map(|name| format!("`{name}`")))
    };
    let (missing, strange) = (without(wanted, found), without(found, wanted));
    let diagnostic = if missing.is_empty() {
        diagnostic
    } else {
        diagnostic.note(format!("{missing} is missing"))
    };
    if strange.is_empty() {
        diagnostic
    } else {
        diagnostic.note(format!("{strange} is not wanted"))
    }
}

/// The literal under parentheses, if a literal or f-string stands there.
pub(super) fn text_literal(expr: &ast::Expr) -> bool {
    match &expr.kind {
        ast::ExprKind::Paren(inner) => text_literal(inner),
        ast::ExprKind::Str(_) | ast::ExprKind::FString(_) => true,
        _ => false,
    }
}
