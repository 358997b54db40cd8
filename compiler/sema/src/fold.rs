//! Computes constant expressions: a constant's value becomes a literal, so that whoever reads it meets no chain of
//! constants, and what can't be computed is said where it is written.

use std::sync::Arc;

use dynop_base::codes::types;
use dynop_base::{Diagnostic, Span};

use crate::hir::{BinaryOp, Const, Expr, ExprKind, FormatPart, UnaryOp};
use crate::ty::Ty;

/// A constant has at most so many parts: a few lines of spreads would double a list without end.
const LARGEST: usize = 100_000;
/// A constant that others are made of nests at most so deep: later passes recurse over it.
const DEEPEST: usize = 200;

/// What is wrong, boxed since it is large beside a result.
type Wrong = Box<Diagnostic>;

/// The value of a constant expression, as literals.
///
/// # Errors
///
/// What can't be computed: overflow, division by zero, an index out of bounds, too large a value.
pub fn fold(consts: &[Const], expr: &Expr) -> Result<Expr, Wrong> {
    fold_with(consts, &[], expr)
}

/// The value of an expression of constants and of locals that stand for them.
///
/// # Errors
///
/// As for [`fold`]; a local that is not among `locals`.
pub fn fold_with(consts: &[Const], locals: &[Expr], expr: &Expr) -> Result<Expr, Wrong> {
    let mut folder = Folder {
        consts,
        locals,
        parts: 0,
    };
    folder.expr(expr)
}

struct Folder<'c> {
    consts: &'c [Const],
    locals: &'c [Expr],
    parts: usize,
}

impl Folder<'_> {
    fn expr(&mut self, expr: &Expr) -> Result<Expr, Wrong> {
        self.count(1, expr.span)?;
        let kind = match &expr.kind {
            ExprKind::Const(id) => {
                let Some(constant) = self.consts.get(id.0 as usize) else {
                    return Err(not_constant(expr.span));
                };
                let (parts, depth) = size(&constant.value);
                self.count(if depth > DEEPEST { LARGEST + 1 } else { parts }, expr.span)?;
                constant.value.kind.clone()
            }
            ExprKind::Local(id) => {
                let Some(local) = self.locals.get(id.0 as usize) else {
                    return Err(not_constant(expr.span));
                };
                let (parts, depth) = size(local);
                self.count(if depth > DEEPEST { LARGEST + 1 } else { parts }, expr.span)?;
                local.kind.clone()
            }
            ExprKind::Some(inner) => ExprKind::Some(Box::new(self.expr(inner)?)),
            ExprKind::Aggregate(items) => ExprKind::Aggregate(self.all(items)?),
            ExprKind::Variant { index, payload } => ExprKind::Variant {
                index: *index,
                payload: self.all(payload)?,
            },
            ExprKind::List(items) => self.list(items)?,
            ExprKind::Map(entries) => ExprKind::Map(
                entries
                    .iter()
                    .map(|(key, value)| Ok((self.expr(key)?, self.expr(value)?)))
                    .collect::<Result<_, Wrong>>()?,
            ),
            ExprKind::Range {
                start,
                end,
                inclusive,
            } => ExprKind::Range {
                start: Box::new(self.expr(start)?),
                end: Box::new(self.expr(end)?),
                inclusive: *inclusive,
            },
            ExprKind::Update { base, changes } => self.update(base, changes, expr.span)?,
            ExprKind::Field { base, index } => match self.expr(base)?.kind {
                ExprKind::Aggregate(items) => item(items, *index as usize, expr.span)?,
                ExprKind::Error => ExprKind::Error,
                _ => return Err(not_constant(expr.span)),
            },
            ExprKind::Index { base, index } => self.index(base, index, expr.span)?,
            ExprKind::Unary(op, operand) => unary(*op, self.expr(operand)?, expr.span)?,
            ExprKind::Binary(op, left, right) => self.binary(*op, left, right, expr.span)?,
            ExprKind::Format(parts) => self.format(parts, expr.span)?,
            literal => literal.clone(),
        };
        Ok(Expr {
            kind,
            ty: expr.ty.clone(),
            span: expr.span,
        })
    }

    fn count(&mut self, parts: usize, span: Span) -> Result<(), Wrong> {
        self.parts = self.parts.saturating_add(parts);
        if self.parts <= LARGEST {
            return Ok(());
        }
        Err(Box::new(
            Diagnostic::new(&types::NOT_CONSTANT, span, "this constant is too large")
                .here(format!(
                    "more than {LARGEST} parts, or more than {DEEPEST} levels"
                ))
                .help("compute it in a `fn`"),
        ))
    }

    fn all(&mut self, items: &[Expr]) -> Result<Vec<Expr>, Wrong> {
        items.iter().map(|item| self.expr(item)).collect()
    }

    fn list(&mut self, items: &[(bool, Expr)]) -> Result<ExprKind, Wrong> {
        let mut out = Vec::with_capacity(items.len());
        for (spread, value) in items {
            let folded = self.expr(value)?;
            match (spread, folded.kind) {
                (true, ExprKind::List(more)) => out.extend(more),
                (true, ExprKind::Error) => return Ok(ExprKind::Error),
                (true, _) => return Err(not_constant(value.span)),
                (false, kind) => out.push((
                    false,
                    Expr {
                        kind,
                        ty: folded.ty,
                        span: folded.span,
                    },
                )),
            }
        }
        Ok(ExprKind::List(out))
    }

    fn update(
        &mut self,
        base: &Expr,
        changes: &[(u32, Expr)],
        span: Span,
    ) -> Result<ExprKind, Wrong> {
        let mut fields = match self.expr(base)?.kind {
            ExprKind::Aggregate(fields) => fields,
            ExprKind::Error => return Ok(ExprKind::Error),
            _ => return Err(not_constant(span)),
        };
        for (index, value) in changes {
            let value = self.expr(value)?;
            if let Some(field) = fields.get_mut(*index as usize) {
                *field = value;
            }
        }
        Ok(ExprKind::Aggregate(fields))
    }

    fn index(&mut self, base: &Expr, index: &Expr, span: Span) -> Result<ExprKind, Wrong> {
        let at = self.expr(index)?;
        match (self.expr(base)?.kind, at.kind.clone()) {
            (ExprKind::List(items), ExprKind::Int(at)) => {
                let len = items.len();
                let found = usize::try_from(at)
                    .ok()
                    .and_then(|at| items.into_iter().nth(at));
                found.map(|(_, value)| value.kind).ok_or_else(|| {
                    Box::new(
                        Diagnostic::new(
                            &types::NOT_CONSTANT,
                            span,
                            format!("the index {at} is out of bounds"),
                        )
                        .here(format!("the list has {len} elements"))
                        .help(match len {
                            0 => "the list is empty: there is no element to take".to_string(),
                            1 => "the only index is 0".to_string(),
                            _ => format!("write an index from 0 to {}", len - 1),
                        }),
                    )
                })
            }
            (ExprKind::Map(entries), key) if !matches!(key, ExprKind::Error) => {
                let key = Expr { kind: key, ..at };
                value_of(entries, &key, span)
            }
            (ExprKind::Error, _) | (_, ExprKind::Error) => Ok(ExprKind::Error),
            _ => Err(not_constant(span)),
        }
    }

    fn binary(
        &mut self,
        op: BinaryOp,
        left: &Expr,
        right: &Expr,
        span: Span,
    ) -> Result<ExprKind, Wrong> {
        let left = self.expr(left)?;
        let short = matches!(
            (op, &left.kind),
            (BinaryOp::And, ExprKind::Bool(false))
                | (BinaryOp::Or, ExprKind::Bool(true))
                | (BinaryOp::Coalesce, ExprKind::Some(_))
        );
        let right = self.expr(right)?;
        if matches!(left.kind, ExprKind::Error) || matches!(right.kind, ExprKind::Error) {
            return Ok(ExprKind::Error);
        }
        if short {
            return Ok(match left.kind {
                // `a ?? b` where `b` is an option too is one.
                ExprKind::Some(_) if matches!(right.ty, Ty::Option(_)) && right.ty == left.ty => {
                    left.kind
                }
                ExprKind::Some(value) => value.kind,
                kind => kind,
            });
        }
        match op {
            BinaryOp::And | BinaryOp::Or | BinaryOp::Coalesce => return Ok(right.kind),
            BinaryOp::Eq | BinaryOp::Ne => {
                let equal = same(&left, &right).ok_or_else(|| not_constant(span))?;
                return Ok(ExprKind::Bool(equal == (op == BinaryOp::Eq)));
            }
            _ => {}
        }
        match (&left.kind, &right.kind) {
            (ExprKind::Int(a), ExprKind::Int(b)) => int(op, *a, *b, span),
            (ExprKind::Float(a), ExprKind::Float(b)) => float(op, *a, *b, span),
            (
                ExprKind::Duration(_) | ExprKind::Int(_),
                ExprKind::Duration(_) | ExprKind::Int(_),
            ) => duration(op, &left.kind, &right.kind, span),
            (ExprKind::Bytes(a), ExprKind::Bytes(b)) if op == BinaryOp::Add => {
                self.count((a.len() + b.len()) / 64, span)?;
                Ok(ExprKind::Bytes([&**a, &**b].concat().into()))
            }
            (ExprKind::Str(a), ExprKind::Str(b)) if op == BinaryOp::Add => {
                self.count((a.len() + b.len()) / 64, span)?;
                Ok(ExprKind::Str(format!("{a}{b}").into()))
            }
            (ExprKind::Str(a), ExprKind::Str(b)) => compared(op, Some(a.cmp(b)), span),
            _ => Err(not_constant(span)),
        }
    }

    /// An f-string of texts, integers and booleans, whose forms are the same everywhere.
    fn format(&mut self, parts: &[FormatPart], span: Span) -> Result<ExprKind, Wrong> {
        let mut out = String::new();
        for part in parts {
            match part {
                FormatPart::Text(text) => out.push_str(text),
                FormatPart::Value(value, format) if format.is_empty() => {
                    match self.expr(value)?.kind {
                        ExprKind::Str(text) => out.push_str(&text),
                        ExprKind::Int(number) => out.push_str(&number.to_string()),
                        ExprKind::Bool(value) => out.push_str(if value { "true" } else { "false" }),
                        ExprKind::Error => return Ok(ExprKind::Error),
                        _ => return Err(not_constant(value.span)),
                    }
                }
                FormatPart::Value(value, _) => return Err(not_constant(value.span)),
            }
            self.count(out.len() / 64, span)?;
        }
        Ok(ExprKind::Str(Arc::from(out)))
    }
}

/// How many parts a value has, long texts counted by their length, and how deep it nests.
pub fn size(expr: &Expr) -> (usize, usize) {
    let (mut count, mut deepest) = (0, 0);
    let mut stack = vec![(expr, 1)];
    while let Some((expr, depth)) = stack.pop() {
        deepest = deepest.max(depth);
        count += match &expr.kind {
            ExprKind::Str(text) => 1 + text.len() / 64,
            _ => 1,
        };
        crate::walk::children(expr, &mut |child| stack.push((child, depth + 1)));
    }
    (count, deepest)
}

/// The value of a key in a map; of entries with one key the last counts.
fn value_of(entries: Vec<(Expr, Expr)>, key: &Expr, span: Span) -> Result<ExprKind, Wrong> {
    let mut found = None;
    for (other, value) in entries {
        if same(&other, key).ok_or_else(|| not_constant(span))? {
            found = Some(value.kind);
        }
    }
    found.ok_or_else(|| {
        impossible(
            span,
            "the map has no such key",
            "no entry of it has this key",
        )
    })
}

fn item(items: Vec<Expr>, index: usize, span: Span) -> Result<ExprKind, Wrong> {
    let found = items.into_iter().nth(index);
    found
        .map(|item| item.kind)
        .ok_or_else(|| not_constant(span))
}

fn unary(op: UnaryOp, operand: Expr, span: Span) -> Result<ExprKind, Wrong> {
    Ok(match (op, operand.kind) {
        (_, ExprKind::Error) => ExprKind::Error,
        (UnaryOp::Neg, ExprKind::Int(value)) => {
            ExprKind::Int(value.checked_neg().ok_or_else(|| overflow(span))?)
        }
        (UnaryOp::Neg, ExprKind::Duration(value)) => {
            ExprKind::Duration(value.checked_neg().ok_or_else(|| overflow(span))?)
        }
        (UnaryOp::Neg, ExprKind::Float(value)) => ExprKind::Float(-value),
        (UnaryOp::Not, ExprKind::Bool(value)) => ExprKind::Bool(!value),
        _ => return Err(not_constant(span)),
    })
}

fn int(op: BinaryOp, a: i64, b: i64, span: Span) -> Result<ExprKind, Wrong> {
    let shift = || {
        u32::try_from(b).ok().filter(|by| *by < 64).ok_or_else(|| {
            impossible(
                span,
                "a shift goes from 0 to 63 bits",
                "shifts by another number",
            )
        })
    };
    let zero = || impossible(span, "this divides by zero", "zero on the right");
    let value = match op {
        BinaryOp::Add => a.checked_add(b),
        BinaryOp::Sub => a.checked_sub(b),
        BinaryOp::Mul => a.checked_mul(b),
        BinaryOp::Div | BinaryOp::Rem if b == 0 => return Err(zero()),
        BinaryOp::Div => a.checked_div(b),
        BinaryOp::Rem => Some(a.wrapping_rem(b)),
        BinaryOp::Pow if b < 0 => {
            return Err(impossible(
                span,
                "an exponent of an `Int` is not negative",
                "a negative exponent",
            ));
        }
        BinaryOp::Pow => power(a, b),
        BinaryOp::Shl => Some(a << shift()?),
        BinaryOp::Shr => Some(a >> shift()?),
        BinaryOp::BitAnd => Some(a & b),
        BinaryOp::BitOr => Some(a | b),
        BinaryOp::BitXor => Some(a ^ b),
        _ => return compared(op, Some(a.cmp(&b)), span),
    };
    value.map(ExprKind::Int).ok_or_else(|| overflow(span))
}

/// Of two durations, or of a duration and a number.
fn duration(op: BinaryOp, a: &ExprKind, b: &ExprKind, span: Span) -> Result<ExprKind, Wrong> {
    let (ExprKind::Duration(left) | ExprKind::Int(left)) = a else {
        return Err(not_constant(span));
    };
    let (ExprKind::Duration(right) | ExprKind::Int(right)) = b else {
        return Err(not_constant(span));
    };
    let both = matches!((a, b), (ExprKind::Duration(_), ExprKind::Duration(_)));
    if both && op == BinaryOp::Div {
        return Ok(ExprKind::Float(*left as f64 / *right as f64));
    }
    Ok(match int(op, *left, *right, span)? {
        ExprKind::Int(nanoseconds) => ExprKind::Duration(nanoseconds),
        compared => compared,
    })
}

/// `a ** b` for a `b` of any size: 0, 1 and -1 have powers without end.
fn power(a: i64, b: i64) -> Option<i64> {
    match (a, u32::try_from(b)) {
        (0, _) if b > 0 => Some(0),
        (1, _) => Some(1),
        (-1, _) => Some(if b % 2 == 0 { 1 } else { -1 }),
        (_, Ok(b)) => a.checked_pow(b),
        _ => None,
    }
}

fn float(op: BinaryOp, a: f64, b: f64, span: Span) -> Result<ExprKind, Wrong> {
    Ok(ExprKind::Float(match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a * b,
        BinaryOp::Div => a / b,
        BinaryOp::Rem => a % b,
        BinaryOp::Pow => a.powf(b),
        _ => return compared(op, a.partial_cmp(&b), span),
    }))
}

fn compared(
    op: BinaryOp,
    order: Option<std::cmp::Ordering>,
    span: Span,
) -> Result<ExprKind, Wrong> {
    use std::cmp::Ordering::{Equal, Greater, Less};
    Ok(ExprKind::Bool(match op {
        BinaryOp::Lt => order == Some(Less),
        BinaryOp::Le => matches!(order, Some(Less | Equal)),
        BinaryOp::Gt => order == Some(Greater),
        BinaryOp::Ge => matches!(order, Some(Greater | Equal)),
        _ => return Err(not_constant(span)),
    }))
}

/// Whether two values are equal; `None` where that is not for here to say.
fn same(a: &Expr, b: &Expr) -> Option<bool> {
    let all = |a: &[Expr], b: &[Expr]| {
        if a.len() != b.len() {
            return Some(false);
        }
        a.iter()
            .zip(b)
            .try_fold(true, |equal, (a, b)| Some(equal && same(a, b)?))
    };
    if matches!(a.ty, Ty::Set(_)) {
        return None;
    }
    Some(match (&a.kind, &b.kind) {
        (ExprKind::Int(a), ExprKind::Int(b)) => a == b,
        (ExprKind::Float(a), ExprKind::Float(b)) => a == b,
        (ExprKind::Bool(a), ExprKind::Bool(b)) => a == b,
        (ExprKind::Str(a), ExprKind::Str(b)) => a == b,
        (ExprKind::Bytes(a), ExprKind::Bytes(b)) => a == b,
        (ExprKind::Duration(a), ExprKind::Duration(b)) => a == b,
        (ExprKind::Unit, ExprKind::Unit) | (ExprKind::None, ExprKind::None) => true,
        (ExprKind::None, ExprKind::Some(_)) | (ExprKind::Some(_), ExprKind::None) => false,
        (ExprKind::Some(a), ExprKind::Some(b)) => same(a, b)?,
        (ExprKind::Aggregate(a), ExprKind::Aggregate(b)) => all(a, b)?,
        (
            ExprKind::Variant {
                index: a,
                payload: first,
            },
            ExprKind::Variant {
                index: b,
                payload: second,
            },
        ) => a == b && all(first, second)?,
        (ExprKind::List(a), ExprKind::List(b)) => {
            let plain = |items: &[(bool, Expr)]| {
                items
                    .iter()
                    .map(|(_, item)| item.clone())
                    .collect::<Vec<_>>()
            };
            all(&plain(a), &plain(b))?
        }
        _ => return None,
    })
}

fn overflow(span: Span) -> Wrong {
    Box::new(
        Diagnostic::new(
            &types::INT_RANGE,
            span,
            "this constant does not fit in an `Int`",
        )
        .here("overflows")
        .note("an `Int` goes from -9223372036854775808 to 9223372036854775807")
        .help("compute it with `Float`s, such as `2.0 ** 70.0`, or take smaller numbers"),
    )
}

fn impossible(span: Span, message: &str, here: &str) -> Wrong {
    let help = if message.contains("zero") {
        "divide by another number, or leave the division out"
    } else if message.contains("shift") {
        "shift by 0 to 63 bits"
    } else {
        "write the value that is meant"
    };
    Box::new(
        Diagnostic::new(&types::NOT_CONSTANT, span, message)
            .here(here)
            .help(help),
    )
}

fn not_constant(span: Span) -> Wrong {
    Box::new(
        Diagnostic::new(
            &types::NOT_CONSTANT,
            span,
            "this can't be computed by the compiler",
        )
        .here("not a constant")
        .help("write the value itself, or compute it in a `fn`"),
    )
}
