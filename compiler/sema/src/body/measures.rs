//! Operators on durations, times and bytes: the only ones whose two sides may be of different types.

use dynop_base::{Span, Symbol};
use dynop_syntax::ast::BinaryOp;

use super::BodyChecker;
use super::expressions::made;
use crate::hir::{Arg, Expr, ExprKind};
use crate::ty::Ty;

/// What an operator of the machine makes of two values; `None` where there is no such operator, or an ordinary one.
pub(super) fn result(op: BinaryOp, left: &Ty, right: &Ty) -> Option<Ty> {
    use BinaryOp::{Add, Div, Mul, Rem, Sub};
    Some(match (left, op, right) {
        (Ty::Duration, Add | Sub | Rem, Ty::Duration) => Ty::Duration,
        (Ty::Duration, Mul | Div, Ty::Int) | (Ty::Int, Mul, Ty::Duration) => Ty::Duration,
        (Ty::Duration, Div, Ty::Duration) => Ty::Float,
        (Ty::Time, Add | Sub, Ty::Duration) | (Ty::Duration, Add, Ty::Time) => Ty::Time,
        (Ty::Time, Sub, Ty::Time) => Ty::Duration,
        (Ty::Bytes, Add, Ty::Bytes) => Ty::Bytes,
        _ => return None,
    })
}

impl BodyChecker<'_, '_> {
    /// An operator of this room on two checked operands; the operands again where there is none.
    pub(super) fn measure(
        &self,
        op: BinaryOp,
        left: Expr,
        right: Expr,
        span: Span,
    ) -> Result<Expr, Box<(Expr, Expr)>> {
        let types = (self.infer.shallow(&left.ty), self.infer.shallow(&right.ty));
        if let Some(ty) = result(op, &types.0, &types.1) {
            let kind = ExprKind::Binary(op, Box::new(left), Box::new(right));
            return Ok(made(kind, ty, span));
        }
        // By a float, a function of the library: what it makes may be out of range.
        let (name, swapped) = match (&types.0, op, &types.1) {
            (Ty::Duration, BinaryOp::Mul, Ty::Float) => ("scaled", false),
            (Ty::Float, BinaryOp::Mul, Ty::Duration) => ("scaled", true),
            (Ty::Duration, BinaryOp::Div, Ty::Float) => ("divided", false),
            _ => return Err(Box::new((left, right))),
        };
        let Some(function) = self.method(&Ty::Duration, Symbol::new(name)) else {
            return Err(Box::new((left, right)));
        };
        let (duration, number) = if swapped {
            (right, left)
        } else {
            (left, right)
        };
        let kind = ExprKind::Call {
            function,
            type_args: Vec::new(),
            args: vec![Arg::Value(duration), Arg::Value(number)],
        };
        Ok(made(kind, Ty::Duration, span))
    }

    /// `bytes[index]`: a call of the library's `at`.
    pub(super) fn byte_at(&self, bytes: Expr, index: Expr, span: Span) -> Option<Expr> {
        let function = self.method(&Ty::Bytes, Symbol::new("at"))?;
        let kind = ExprKind::Call {
            function,
            type_args: Vec::new(),
            args: vec![Arg::Value(bytes), Arg::Value(index)],
        };
        Some(made(kind, Ty::Int, span))
    }

    /// What a `for` goes over: of bytes, their iterator.
    pub(super) fn gone_over(&mut self, iterable: Expr) -> Expr {
        if self.infer.shallow(&iterable.ty) != Ty::Bytes {
            return iterable;
        }
        match self.method(&Ty::Bytes, Symbol::new("iter")) {
            Some(iter) => self.converted(iter, iterable),
            None => iterable,
        }
    }
}
