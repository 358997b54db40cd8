//! Constant expressions as values of the plan.

use dynop_abi::plan::Const;
use dynop_base::Diagnostic;
use dynop_base::codes::types;
use dynop_sema::fold::fold;
use dynop_sema::hir::{Expr, ExprKind, Program};

type Found = Box<Diagnostic>;

/// The value of a constant expression.
///
/// # Errors
/// A diagnostic for what can't be computed by the compiler: overflow, calls.
pub(crate) fn evaluate(program: &Program, expr: &Expr) -> Result<Const, Found> {
    literal(&fold(&program.consts, expr)?)
}

/// The value of an expression of literals alone.
pub(crate) fn literal(expr: &Expr) -> Result<Const, Found> {
    let all = |exprs: &[Expr]| exprs.iter().map(literal).collect::<Result<Vec<_>, _>>();
    Ok(match &expr.kind {
        ExprKind::Int(n) | ExprKind::Duration(n) => Const::Int(*n),
        ExprKind::Float(x) => Const::Float(x.to_bits()),
        ExprKind::Bool(b) => Const::Bool(*b),
        ExprKind::Str(text) => Const::Str(text.to_string()),
        ExprKind::Bytes(bytes) => Const::Bytes(bytes.to_vec()),
        ExprKind::Unit => Const::Unit,
        ExprKind::None => Const::None,
        ExprKind::Some(inner) => Const::Some(Box::new(literal(inner)?)),
        ExprKind::Aggregate(fields) => Const::Tuple(all(fields)?),
        ExprKind::Variant { index, payload } => {
            let mut parts = vec![Const::Int(i64::from(*index))];
            parts.extend(all(payload)?);
            Const::Tuple(parts)
        }
        ExprKind::List(elements) => {
            let values = elements.iter().map(|(spread, element)| match spread {
                false => literal(element),
                true => Err(not_constant(element)),
            });
            Const::List(values.collect::<Result<Vec<_>, _>>()?)
        }
        ExprKind::Map(entries) => {
            let entries = entries
                .iter()
                .map(|(key, value)| Ok((literal(key)?, literal(value)?)));
            Const::Map(entries.collect::<Result<Vec<_>, Found>>()?)
        }
        _ => return Err(not_constant(expr)),
    })
}

fn not_constant(expr: &Expr) -> Found {
    Box::new(
        Diagnostic::new(
            &types::NOT_CONSTANT,
            expr.span,
            "this can't be computed by the compiler",
        )
        .here("not a constant")
        .help("write the value itself, or compute it in an op"),
    )
}
