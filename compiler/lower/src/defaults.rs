//! Defaults of struct fields as constants, for what makes structs at run time: readers of JSON and tables.

use dynop_abi::plan::Const;
use dynop_sema::fold::fold;
use dynop_sema::hir::{self, Expr, ExprKind};

use crate::lowering::Lowering;

impl Lowering<'_> {
    /// The fields that have a default, each with its encoded constant. What the compiler can't compute is left out: such a
    /// field must be there in a document.
    pub(crate) fn defaults(&self, declared: &hir::Struct) -> Vec<(u32, Vec<u8>)> {
        let mut all = Vec::new();
        for (index, field) in declared.fields.iter().enumerate() {
            let folded = field
                .default
                .as_ref()
                .and_then(|expr| fold(&self.program.consts, expr).ok());
            let encoded = folded
                .and_then(|expr| constant(&expr))
                .and_then(|constant| constant.encode().ok());
            if let Some(bytes) = encoded {
                all.push((index as u32, bytes));
            }
        }
        all
    }
}

/// An expression of literals as a constant.
fn constant(expr: &Expr) -> Option<Const> {
    let all = |exprs: &[Expr]| exprs.iter().map(constant).collect::<Option<Vec<_>>>();
    Some(match &expr.kind {
        ExprKind::Int(number) | ExprKind::Duration(number) => Const::Int(*number),
        ExprKind::Float(number) => Const::Float(number.to_bits()),
        ExprKind::Bool(truth) => Const::Bool(*truth),
        ExprKind::Str(text) => Const::Str(text.to_string()),
        ExprKind::Bytes(bytes) => Const::Bytes(bytes.to_vec()),
        ExprKind::Unit => Const::Unit,
        ExprKind::None => Const::None,
        ExprKind::Some(inner) => Const::Some(Box::new(constant(inner)?)),
        ExprKind::Aggregate(fields) => Const::Tuple(all(fields)?),
        ExprKind::Variant { index, payload } => {
            let mut parts = vec![Const::Int(i64::from(*index))];
            parts.extend(all(payload)?);
            Const::Tuple(parts)
        }
        ExprKind::List(elements) => {
            let values = elements
                .iter()
                .map(|(spread, element)| (!spread).then(|| constant(element))?);
            Const::List(values.collect::<Option<_>>()?)
        }
        ExprKind::Map(entries) => {
            let entries = entries
                .iter()
                .map(|(key, value)| Some((constant(key)?, constant(value)?)));
            Const::Map(entries.collect::<Option<_>>()?)
        }
        _ => return None,
    })
}
