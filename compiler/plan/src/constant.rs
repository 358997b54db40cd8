//! Constant expressions as values of the plan.

use dynop_abi::plan::Const;
use dynop_base::Diagnostic;
use dynop_base::codes::types;
use dynop_sema::hir::{BinaryOp, Expr, ExprKind, Program, UnaryOp};
use dynop_sema::ty::Ty;

type Found = Box<Diagnostic>;

/// The value of a constant expression.
///
/// # Errors
/// A diagnostic for what can't be computed by the compiler: overflow, calls.
pub(crate) fn evaluate(program: &Program, expr: &Expr) -> Result<Const, Found> {
    let list = |exprs: &[Expr]| {
        exprs
            .iter()
            .map(|one| evaluate(program, one))
            .collect::<Result<Vec<_>, _>>()
    };
    Ok(match &expr.kind {
        ExprKind::Int(n) | ExprKind::Duration(n) => Const::Int(*n),
        ExprKind::Float(x) => Const::Float(x.to_bits()),
        ExprKind::Bool(b) => Const::Bool(*b),
        ExprKind::Str(text) => Const::Str(text.to_string()),
        ExprKind::Bytes(bytes) => Const::Bytes(bytes.to_vec()),
        ExprKind::Unit => Const::Unit,
        ExprKind::None => Const::None,
        ExprKind::Some(inner) => Const::Some(Box::new(evaluate(program, inner)?)),
        ExprKind::Const(id) => evaluate(program, &program.consts[id.0 as usize].value)?,
        ExprKind::Aggregate(fields) => Const::Tuple(list(fields)?),
        ExprKind::List(elements) => {
            let mut values = Vec::new();
            for (spread, element) in elements {
                match (spread, evaluate(program, element)?) {
                    (false, value) => values.push(value),
                    (true, Const::List(more)) => values.extend(more),
                    (true, _) => return Err(not_constant(element)),
                }
            }
            Const::List(values)
        }
        ExprKind::Map(entries) => {
            let entries = entries
                .iter()
                .map(|(key, value)| Ok((evaluate(program, key)?, evaluate(program, value)?)));
            Const::Map(entries.collect::<Result<Vec<_>, Found>>()?)
        }
        ExprKind::Field { base, index } => match evaluate(program, base)? {
            Const::Tuple(fields) => fields
                .into_iter()
                .nth(*index as usize)
                .ok_or_else(|| not_constant(expr))?,
            _ => return Err(not_constant(expr)),
        },
        ExprKind::Unary(op, operand) => unary(*op, evaluate(program, operand)?, expr)?,
        ExprKind::Binary(op, a, b) => {
            binary(*op, evaluate(program, a)?, evaluate(program, b)?, expr)?
        }
        _ => return Err(not_constant(expr)),
    })
}

fn unary(op: UnaryOp, value: Const, expr: &Expr) -> Result<Const, Found> {
    match (op, value) {
        (UnaryOp::Neg, Const::Int(n)) => n
            .checked_neg()
            .map(Const::Int)
            .ok_or_else(|| overflow(expr)),
        (UnaryOp::Neg, Const::Float(bits)) => Ok(Const::Float((-f64::from_bits(bits)).to_bits())),
        (UnaryOp::Not, Const::Bool(b)) => Ok(Const::Bool(!b)),
        _ => Err(not_constant(expr)),
    }
}

fn binary(op: BinaryOp, a: Const, b: Const, expr: &Expr) -> Result<Const, Found> {
    match (a, b) {
        (Const::Int(a), Const::Int(b)) => int(op, a, b, expr),
        (Const::Float(a), Const::Float(b)) => float(op, f64::from_bits(a), f64::from_bits(b), expr),
        (Const::Str(a), Const::Str(b)) => match op {
            BinaryOp::Add if expr.ty == Ty::Str => Ok(Const::Str(a + &b)),
            BinaryOp::Eq => Ok(Const::Bool(a == b)),
            BinaryOp::Ne => Ok(Const::Bool(a != b)),
            _ => Err(not_constant(expr)),
        },
        (Const::Bool(a), Const::Bool(b)) => Ok(Const::Bool(match op {
            BinaryOp::And => a && b,
            BinaryOp::Or => a || b,
            BinaryOp::Eq => a == b,
            BinaryOp::Ne | BinaryOp::BitXor => a != b,
            _ => return Err(not_constant(expr)),
        })),
        (Const::List(mut a), Const::List(b)) if op == BinaryOp::Add => {
            a.extend(b);
            Ok(Const::List(a))
        }
        _ => Err(not_constant(expr)),
    }
}

fn int(op: BinaryOp, a: i64, b: i64, expr: &Expr) -> Result<Const, Found> {
    let shift = u32::try_from(b).ok().filter(|shift| *shift < 64);
    let number = match op {
        BinaryOp::Add => a.checked_add(b),
        BinaryOp::Sub => a.checked_sub(b),
        BinaryOp::Mul => a.checked_mul(b),
        BinaryOp::Div => a.checked_div(b),
        BinaryOp::Rem if b != 0 => Some(a.wrapping_rem(b)),
        BinaryOp::Rem => None,
        BinaryOp::Pow => u32::try_from(b).ok().and_then(|b| a.checked_pow(b)),
        BinaryOp::Shl => shift.map(|shift| a << shift),
        BinaryOp::Shr => shift.map(|shift| a >> shift),
        BinaryOp::BitAnd => Some(a & b),
        BinaryOp::BitOr => Some(a | b),
        BinaryOp::BitXor => Some(a ^ b),
        _ => return comparison(op, a.partial_cmp(&b), expr),
    };
    number.map(Const::Int).ok_or_else(|| overflow(expr))
}

fn float(op: BinaryOp, a: f64, b: f64, expr: &Expr) -> Result<Const, Found> {
    let number = match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a * b,
        BinaryOp::Div => a / b,
        BinaryOp::Rem => a % b,
        BinaryOp::Pow => a.powf(b),
        _ => return comparison(op, a.partial_cmp(&b), expr),
    };
    Ok(Const::Float(number.to_bits()))
}

fn comparison(
    op: BinaryOp,
    order: Option<std::cmp::Ordering>,
    expr: &Expr,
) -> Result<Const, Found> {
    use std::cmp::Ordering::{Equal, Greater, Less};
    Ok(Const::Bool(match op {
        BinaryOp::Eq => order == Some(Equal),
        BinaryOp::Ne => order != Some(Equal),
        BinaryOp::Lt => order == Some(Less),
        BinaryOp::Le => matches!(order, Some(Less | Equal)),
        BinaryOp::Gt => order == Some(Greater),
        BinaryOp::Ge => matches!(order, Some(Greater | Equal)),
        _ => return Err(not_constant(expr)),
    }))
}

fn overflow(expr: &Expr) -> Found {
    Box::new(
        Diagnostic::new(
            &types::INT_RANGE,
            expr.span,
            "this constant can't be computed",
        )
        .here("overflows, divides by zero or shifts too far"),
    )
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
