//! Holds what is found against what is expected, with the two implicit conversions and the words for a mismatch.

use dynop_base::codes::types;
use dynop_base::{Applicability, Diagnostic, Span, Symbol};
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
        repair(diagnostic, expr, found, wanted)
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

/// Adds the ways out that are known for a pair of types.
fn repair(diagnostic: Diagnostic, expr: &Expr, found: &Ty, wanted: &Ty) -> Diagnostic {
    let after = expr.span.at_end();
    match (found, wanted) {
        (Ty::Int, Ty::Float) => match expr.kind {
            ExprKind::Int(_) => diagnostic
                .help("an integer literal is no `Float`: write it with a fraction")
                .fix("add `.0`", after, ".0", Applicability::Certain),
            _ => diagnostic.help("convert it with `.to_float()`"),
        },
        (Ty::Float, Ty::Int) => diagnostic.help("convert it with `.to_int()`, which drops the fraction"),
        (Ty::Option(inner), wanted) if **inner == *wanted => diagnostic
            .note("the value may be `none`")
            .help("give a default with `?? …`, take it apart with `match`, or let the step fail with `.unwrap()`"),
        (Ty::Str, Ty::Path) => diagnostic.help("make a path of it with `Path(…)`"),
        (Ty::Path, Ty::Str) => diagnostic.help("take its text with `.to_str()`"),
        (Ty::Iter(found), Ty::List(wanted)) if found == wanted => diagnostic
            .help("collect it with `.to_list()`")
            .fix("collect it", after, ".to_list()", Applicability::Maybe),
        (Ty::List(found), Ty::Iter(wanted)) if found == wanted => diagnostic
            .help("go over it with `.iter()`")
            .fix("go over it", after, ".iter()", Applicability::Maybe),
        (Ty::Int | Ty::Float | Ty::Bool, Ty::Str) => {
            diagnostic.help("make a text of it with an f-string: `f\"{x}\"`")
        }
        (Ty::Option(_), Ty::Bool) => diagnostic.help("ask whether the value is there: `x != none`"),
        (Ty::Int, Ty::Bool) => diagnostic.help("a condition is a comparison: `x != 0`"),
        (Ty::Dynamic(_), _) => diagnostic
            .help("a `DynamicOutput` is only for `yield` and for the list that an op returns"),
        _ => diagnostic,
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
