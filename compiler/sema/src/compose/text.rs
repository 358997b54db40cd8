//! Simple expressions as text again, for repairs: the checker has spans, not the source.

use dynop_syntax::ast::{Expr, ExprKind};

/// The text of a name, a field, or an invocation of names and numbers; `None` of anything larger.
pub(super) fn of(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Name(name) => Some(name.to_string()),
        ExprKind::Int(n) => Some(n.to_string()),
        ExprKind::Bool(b) => Some(b.to_string()),
        ExprKind::Field {
            base,
            name,
            optional: false,
        } => Some(format!("{}.{}", of(base)?, name.name)),
        ExprKind::Call {
            callee,
            type_args,
            args,
            ..
        } if type_args.is_empty() => {
            let args: Option<Vec<String>> = args
                .iter()
                .map(|arg| {
                    let value = of(&arg.value)?;
                    Some(match arg.name {
                        Some(name) => format!("{}: {value}", name.name),
                        None => value,
                    })
                })
                .collect();
            Some(format!("{}({})", of(callee)?, args?.join(", ")))
        }
        _ => None,
    }
}
