//! Operators and conditions.

use dynop_ir::{BlockId, Comparison, Const, Op, Operand, Type};
use dynop_sema::hir::{BinaryOp, Expr, ExprKind, UnaryOp};
use dynop_sema::ty::Ty;

use crate::builder::Builder;
use crate::expressions::whole;

impl<'p> Builder<'_, 'p> {
    pub(crate) fn unary(&mut self, op: UnaryOp, operand: &'p Expr, ty: &Ty) -> Operand {
        let operand = self.expr(operand);
        let ty = self.type_of_source(ty);
        self.compute(
            ty,
            match op {
                UnaryOp::Neg => Op::Neg(operand),
                UnaryOp::Not => Op::Not(operand),
            },
        )
    }

    pub(crate) fn binary(
        &mut self,
        op: BinaryOp,
        left: &'p Expr,
        right: &'p Expr,
        ty: &Ty,
    ) -> Operand {
        match op {
            BinaryOp::And | BinaryOp::Or => return self.both(op, left, right),
            BinaryOp::Coalesce => return self.coalesce(left, right, ty),
            _ => {}
        }
        if let Some(comparison) = comparison(op) {
            return self.compare(comparison, left, right);
        }
        let (left, right) = self.pair(left, right);
        let ty = self.type_of_source(ty);
        self.arithmetic(op, left, right, ty)
    }

    /// An operator on values of a type.
    pub(crate) fn arithmetic(
        &mut self,
        op: BinaryOp,
        left: Operand,
        right: Operand,
        ty: dynop_ir::TypeId,
    ) -> Operand {
        let whole_left = self.is_whole(&left);
        match (op, self.shape_of(ty)) {
            (BinaryOp::Add, Type::Str | Type::Bytes) => {
                let text = self.temp(ty);
                self.emit(Some(text), Op::Copy(left));
                self.emit(None, Op::StrAppend(whole(text), right));
                Operand::Local(text)
            }
            (BinaryOp::Add, Type::List(_)) => {
                let list = self.temp(ty);
                self.emit(Some(list), Op::Copy(left));
                self.extend(whole(list), right, ty);
                Operand::Local(list)
            }
            // A duration by another: a ratio.
            (BinaryOp::Div, Type::Float) if whole_left => {
                let left = self.compute(ty, Op::IntToFloat(left));
                let right = self.compute(ty, Op::IntToFloat(right));
                self.compute(ty, Op::Binary(dynop_ir::BinaryOp::Div, left, right))
            }
            _ => match operator(op) {
                Some(op) => self.compute(ty, Op::Binary(op, left, right)),
                None => self.zero(ty),
            },
        }
    }

    /// Whether an operand is an `Int`, a `Duration` or a `Time`.
    fn is_whole(&mut self, operand: &Operand) -> bool {
        let ty = self.type_of(operand);
        matches!(self.shape_of(ty), Type::Int | Type::Duration | Type::Time)
    }

    fn compare(&mut self, op: Comparison, left: &'p Expr, right: &'p Expr) -> Operand {
        let bool = self.bool();
        // `x == none` needs no look at the payload.
        let option = match (&left.kind, &right.kind) {
            (ExprKind::None, _) => Some(right),
            (_, ExprKind::None) => Some(left),
            _ => None,
        };
        if let (Some(option), Comparison::Eq | Comparison::Ne) = (option, op) {
            let option = self.expr(option);
            let is_some = self.compute(bool, Op::IsSome(option));
            return match op {
                Comparison::Eq => self.compute(bool, Op::Not(is_some)),
                _ => is_some,
            };
        }
        let (left, right) = self.pair(left, right);
        self.compute(bool, Op::Compare(op, left, right))
    }

    /// `and`, `or` as a value.
    fn both(&mut self, op: BinaryOp, left: &'p Expr, right: &'p Expr) -> Operand {
        let bool = self.bool();
        let result = self.temp(bool);
        let (more, done) = (self.new_block(), self.new_block());
        let left = self.expr(left);
        self.emit(Some(result), Op::Copy(left.clone()));
        match op {
            BinaryOp::And => self.branch(left, more, done),
            _ => self.branch(left, done, more),
        }
        self.enter(more);
        let right = self.expr(right);
        self.copy(result, right);
        self.jump(done);
        self.enter(done);
        Operand::Local(result)
    }

    fn coalesce(&mut self, left: &'p Expr, right: &'p Expr, ty: &Ty) -> Operand {
        let keeps_option = self.concrete(&left.ty) == self.concrete(ty);
        let ty = self.type_of_source(ty);
        let bool = self.bool();
        let result = self.temp(ty);
        let (there, missing, done) = (self.new_block(), self.new_block(), self.new_block());
        let option = self.expr(left);
        let is_some = self.compute(bool, Op::IsSome(option.clone()));
        self.branch(is_some, there, missing);
        self.enter(there);
        let op = if keeps_option {
            Op::Copy(option)
        } else {
            Op::Payload(option)
        };
        self.emit(Some(result), op);
        self.jump(done);
        self.enter(missing);
        let value = self.expr(right);
        self.copy(result, value);
        self.jump(done);
        self.enter(done);
        Operand::Local(result)
    }

    /// Goes on in `then` if a condition holds, else in `otherwise`.
    pub(crate) fn condition(&mut self, expr: &'p Expr, then: BlockId, otherwise: BlockId) {
        match &expr.kind {
            ExprKind::Binary(op @ (BinaryOp::And | BinaryOp::Or), left, right) => {
                let more = self.new_block();
                match op {
                    BinaryOp::And => self.condition(left, more, otherwise),
                    _ => self.condition(left, then, more),
                }
                self.enter(more);
                self.condition(right, then, otherwise);
            }
            ExprKind::Unary(UnaryOp::Not, operand) => self.condition(operand, otherwise, then),
            _ => {
                let condition = self.expr(expr);
                let outer = self.at(expr.span);
                self.branch(condition, then, otherwise);
                self.span = outer;
            }
        }
    }
}

/// The comparison of an operator.
fn comparison(op: BinaryOp) -> Option<Comparison> {
    Some(match op {
        BinaryOp::Eq => Comparison::Eq,
        BinaryOp::Ne => Comparison::Ne,
        BinaryOp::Lt => Comparison::Lt,
        BinaryOp::Le => Comparison::Le,
        BinaryOp::Gt => Comparison::Gt,
        BinaryOp::Ge => Comparison::Ge,
        _ => return None,
    })
}

/// The arithmetic of an operator.
fn operator(op: BinaryOp) -> Option<dynop_ir::BinaryOp> {
    use dynop_ir::BinaryOp as Ir;
    Some(match op {
        BinaryOp::Pow => Ir::Pow,
        BinaryOp::Mul => Ir::Mul,
        BinaryOp::Div => Ir::Div,
        BinaryOp::Rem => Ir::Rem,
        BinaryOp::Add => Ir::Add,
        BinaryOp::Sub => Ir::Sub,
        BinaryOp::Shl => Ir::Shl,
        BinaryOp::Shr => Ir::Shr,
        BinaryOp::BitAnd => Ir::And,
        BinaryOp::BitXor => Ir::Xor,
        BinaryOp::BitOr => Ir::Or,
        _ => return None,
    })
}

/// `true`
pub(crate) fn always(condition: &Expr) -> bool {
    matches!(condition.kind, ExprKind::Bool(true))
}

/// A constant `Int`.
pub(crate) fn int(value: i64) -> Operand {
    Operand::Const(Const::Int(value))
}
