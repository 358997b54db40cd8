//! Simple expressions as text again, for repairs: the checker has spans, not the source.

use dynop_base::Span;
use dynop_syntax::ast::{Expr, ExprKind};

/// The text of a name, a field, a literal or an invocation of such; `None` of anything larger.
pub(crate) fn of(expr: &Expr) -> Option<String> {
    written(expr, None)
}

/// An argument as it is written, `…` for anything larger than a name, a literal or an invocation.
pub(crate) fn argument(arg: &dynop_syntax::ast::Arg) -> String {
    let value = of(&arg.value).filter(|text| text.chars().count() <= 40);
    let value = value.unwrap_or_else(|| "…".to_string());
    match arg.name {
        Some(name) => format!("{}: {value}", name.name),
        None => value,
    }
}

/// The same with another text for the part at `span`.
pub(super) fn replacing(expr: &Expr, span: Span, by: &str) -> Option<String> {
    written(expr, Some((span, by)))
}

fn written(expr: &Expr, change: Option<(Span, &str)>) -> Option<String> {
    if let Some((span, by)) = change
        && expr.span == span
    {
        return Some(by.to_owned());
    }
    match &expr.kind {
        ExprKind::Name(name) => Some(name.to_string()),
        ExprKind::Int(n) => Some(n.to_string()),
        ExprKind::Bool(b) => Some(b.to_string()),
        ExprKind::Str(text)
            if text
                .chars()
                .all(|c| c != '"' && c != '\\' && !c.is_control()) =>
        {
            Some(format!("\"{text}\""))
        }
        ExprKind::Field {
            base,
            name,
            optional: false,
        } => Some(format!("{}.{}", written(base, change)?, name.name)),
        ExprKind::Call {
            callee,
            type_args,
            args,
            ..
        } if type_args.is_empty() => {
            let args: Option<Vec<String>> = args
                .iter()
                .map(|arg| {
                    let value = written(&arg.value, change)?;
                    Some(match arg.name {
                        Some(name) => format!("{}: {value}", name.name),
                        None => value,
                    })
                })
                .collect();
            Some(format!(
                "{}({})",
                written(callee, change)?,
                args?.join(", ")
            ))
        }
        _ => None,
    }
}
