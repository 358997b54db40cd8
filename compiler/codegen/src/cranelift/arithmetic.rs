//! Numbers: arithmetic with its checks, and comparisons of any type.

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{self as clif, InstBuilder, Value, types};
use dynop_abi::entries::Operator;
use dynop_abi::layout::STR_HEAP;
use dynop_ir::{BinaryOp, Comparison, Operand, Type, TypeId};

use super::emit::{Emitter, Result, TRUSTED, Val};
use super::ops::Made;
use crate::CodegenError;

impl Emitter<'_, '_, '_> {
    pub(super) fn binary(
        &mut self,
        op: BinaryOp,
        a: &Operand,
        b: &Operand,
        target: clif::Block,
    ) -> Result<Made> {
        let ty = self.operand_type(a)?;
        let (a, b) = (self.scalar(a)?, self.scalar(b)?);
        let value = match self.shared.program.types.get(ty) {
            Type::Float => self.float(op, a, b)?,
            Type::Bool => self.bits(op, a, b)?,
            _ => self.int(op, a, b, target)?,
        };
        Ok((Val::Parts(vec![value]), ty))
    }

    fn bits(&mut self, op: BinaryOp, a: Value, b: Value) -> Result<Value> {
        Ok(match op {
            BinaryOp::And => self.builder.ins().band(a, b),
            BinaryOp::Or => self.builder.ins().bor(a, b),
            BinaryOp::Xor => self.builder.ins().bxor(a, b),
            other => return Err(CodegenError(format!("{other:?} on Bool"))),
        })
    }

    fn float(&mut self, op: BinaryOp, a: Value, b: Value) -> Result<Value> {
        let name = match op {
            BinaryOp::Add => return Ok(self.builder.ins().fadd(a, b)),
            BinaryOp::Sub => return Ok(self.builder.ins().fsub(a, b)),
            BinaryOp::Mul => return Ok(self.builder.ins().fmul(a, b)),
            BinaryOp::Div => return Ok(self.builder.ins().fdiv(a, b)),
            BinaryOp::Rem => "dyn_float_rem",
            BinaryOp::Pow => "dyn_float_pow",
            other => return Err(CodegenError(format!("{other:?} on Float"))),
        };
        self.call_entry(name, &[a, b])?
            .ok_or_else(|| CodegenError(format!("`{name}` returns nothing")))
    }

    fn int(&mut self, op: BinaryOp, a: Value, b: Value, target: clif::Block) -> Result<Value> {
        match op {
            BinaryOp::And | BinaryOp::Or | BinaryOp::Xor => self.bits(op, a, b),
            BinaryOp::AddWrapping => Ok(self.builder.ins().iadd(a, b)),
            BinaryOp::Add => {
                let (value, over) = self.builder.ins().sadd_overflow(a, b);
                self.overflow(over, Operator::Add, a, b, target)?;
                Ok(value)
            }
            BinaryOp::Sub => {
                let (value, over) = self.builder.ins().ssub_overflow(a, b);
                self.overflow(over, Operator::Sub, a, b, target)?;
                Ok(value)
            }
            BinaryOp::Mul => {
                let (value, over) = self.builder.ins().smul_overflow(a, b);
                self.overflow(over, Operator::Mul, a, b, target)?;
                Ok(value)
            }
            BinaryOp::Div => {
                self.division(Operator::Div, a, b, target)?;
                let least = self.builder.ins().icmp_imm_s(IntCC::Equal, a, i64::MIN);
                let minus = self.builder.ins().icmp_imm_s(IntCC::Equal, b, -1);
                let over = self.builder.ins().band(least, minus);
                self.overflow(over, Operator::Div, a, b, target)?;
                Ok(self.builder.ins().sdiv(a, b))
            }
            BinaryOp::Rem => {
                self.division(Operator::Rem, a, b, target)?;
                // The processor traps on MIN % -1, whose value is 0, as that of any number % 1.
                let minus = self.builder.ins().icmp_imm_s(IntCC::Equal, b, -1);
                let one = self.builder.ins().iconst(types::I64, 1);
                let b = self.builder.ins().select(minus, one, b);
                Ok(self.builder.ins().srem(a, b))
            }
            BinaryOp::Shl => {
                self.shift(Operator::Shl, a, b, target)?;
                Ok(self.builder.ins().ishl(a, b))
            }
            BinaryOp::Shr => {
                self.shift(Operator::Shr, a, b, target)?;
                Ok(self.builder.ins().sshr(a, b))
            }
            BinaryOp::Pow => {
                let out = self.temporary(8);
                let site = self.site();
                self.call_fallible("dyn_int_pow", &[self.ctx, site, out, a, b], target, false)?;
                Ok(self.builder.ins().load(types::I64, TRUSTED, out, 0))
            }
        }
    }

    fn overflow(
        &mut self,
        over: Value,
        operator: Operator,
        a: Value,
        b: Value,
        target: clif::Block,
    ) -> Result<()> {
        self.fail_on(over, "dyn_fail_overflow", operator, &[a, b], target)
    }

    fn division(
        &mut self,
        operator: Operator,
        a: Value,
        b: Value,
        target: clif::Block,
    ) -> Result<()> {
        let zero = self.builder.ins().icmp_imm_s(IntCC::Equal, b, 0);
        self.fail_on(zero, "dyn_fail_division", operator, &[a], target)
    }

    fn shift(&mut self, operator: Operator, a: Value, b: Value, target: clif::Block) -> Result<()> {
        let outside = self
            .builder
            .ins()
            .icmp_imm_u(IntCC::UnsignedGreaterThan, b, 63);
        self.fail_on(outside, "dyn_fail_shift", operator, &[a, b], target)
    }

    fn fail_on(
        &mut self,
        condition: Value,
        entry: &str,
        operator: Operator,
        operands: &[Value],
        target: clif::Block,
    ) -> Result<()> {
        let site = self.shared.site(self.id, self.span);
        self.fail_if(condition, target, |this| {
            let site = this.builder.ins().iconst(types::I32, i64::from(site));
            let operator = this
                .builder
                .ins()
                .iconst(types::I32, i64::from(operator as u32));
            let mut args = vec![this.ctx, site, operator];
            args.extend(operands);
            this.call_entry(entry, &args)?;
            Ok(())
        })
    }

    pub(super) fn negate(&mut self, a: &Operand, target: clif::Block) -> Result<Made> {
        let ty = self.operand_type(a)?;
        let a = self.scalar(a)?;
        if *self.shared.program.types.get(ty) == Type::Float {
            return Ok((Val::Parts(vec![self.builder.ins().fneg(a)]), ty));
        }
        let least = self.builder.ins().icmp_imm_s(IntCC::Equal, a, i64::MIN);
        let zero = self.builder.ins().iconst(types::I64, 0);
        self.overflow(least, Operator::Neg, a, zero, target)?;
        Ok((Val::Parts(vec![self.builder.ins().ineg(a)]), ty))
    }

    pub(super) fn compare(
        &mut self,
        comparison: Comparison,
        a: &Operand,
        b: &Operand,
    ) -> Result<Value> {
        let ty = match a {
            Operand::Local(_) => self.operand_type(a)?,
            Operand::Const(_) => self.operand_type(b)?,
        };
        let equality = matches!(comparison, Comparison::Eq | Comparison::Ne);
        let (left, right) = (self.value(a, ty)?, self.value(b, ty)?);
        match self.shared.program.types.get(ty) {
            Type::Float => {
                let (a, b) = (self.single(left)?, self.single(right)?);
                Ok(self.builder.ins().fcmp(float_condition(comparison), a, b))
            }
            Type::Int | Type::Duration | Type::Time | Type::Bool => {
                let (a, b) = (self.single(left)?, self.single(right)?);
                let bytes = *self.shared.program.types.get(ty) == Type::Bool;
                Ok(self
                    .builder
                    .ins()
                    .icmp(int_condition(comparison, bytes), a, b))
            }
            Type::Str | Type::Path | Type::Bytes if equality => {
                let equal = self.texts_equal(&left, &right, ty)?;
                Ok(if comparison == Comparison::Eq {
                    equal
                } else {
                    self.builder.ins().bxor_imm_u(equal, 1)
                })
            }
            _ => {
                let (a, b) = (self.spill(&left, ty), self.spill(&right, ty));
                let descriptor = self.descriptor(ty)?;
                if equality {
                    let equal = self.call_entry("dyn_value_equal", &[a, b, descriptor])?;
                    let equal = equal
                        .ok_or_else(|| CodegenError("`dyn_value_equal` returns nothing".into()))?;
                    return Ok(if comparison == Comparison::Eq {
                        equal
                    } else {
                        self.builder.ins().bxor_imm_u(equal, 1)
                    });
                }
                let order = self.call_entry("dyn_value_compare", &[a, b, descriptor])?;
                let order = order
                    .ok_or_else(|| CodegenError("`dyn_value_compare` returns nothing".into()))?;
                Ok(self
                    .builder
                    .ins()
                    .icmp_imm_s(int_condition(comparison, false), order, 0))
            }
        }
    }

    /// Texts of equal words are equal; inline ones of other words are not; the rest is looked at.
    fn texts_equal(&mut self, a: &Val, b: &Val, ty: TypeId) -> Result<Value> {
        let (Val::Parts(left), Val::Parts(right)) = (a, b) else {
            return Err(CodegenError("a text in memory".into()));
        };
        let result = self.builder.declare_var(types::I8);
        let low = self.builder.ins().icmp(IntCC::Equal, left[0], right[0]);
        let high = self.builder.ins().icmp(IntCC::Equal, left[1], right[1]);
        let same = self.builder.ins().band(low, high);
        self.builder.def_var(result, same);
        let (different, slow, next) = (
            self.builder.create_block(),
            self.builder.create_block(),
            self.builder.create_block(),
        );
        self.builder.ins().brif(same, next, &[], different, &[]);
        self.builder.switch_to_block(different);
        // Both have buffers, or they differ: a text with a buffer is longer than any inline one.
        let both = self.builder.ins().band(left[1], right[1]);
        let top = self.builder.ins().ushr_imm_u(both, 56);
        let buffers = self
            .builder
            .ins()
            .icmp_imm_s(IntCC::Equal, top, i64::from(STR_HEAP));
        self.builder.ins().brif(buffers, slow, &[], next, &[]);
        self.builder.switch_to_block(slow);
        let (left, right) = (self.spill(a, ty), self.spill(b, ty));
        let equal = self.call_entry("dyn_str_equal", &[left, right])?;
        let equal = equal.ok_or_else(|| CodegenError("`dyn_str_equal` returns nothing".into()))?;
        self.builder.def_var(result, equal);
        self.builder.ins().jump(next, &[]);
        self.builder.switch_to_block(next);
        Ok(self.builder.use_var(result))
    }
}

fn int_condition(comparison: Comparison, unsigned: bool) -> IntCC {
    match (comparison, unsigned) {
        (Comparison::Eq, _) => IntCC::Equal,
        (Comparison::Ne, _) => IntCC::NotEqual,
        (Comparison::Lt, false) => IntCC::SignedLessThan,
        (Comparison::Le, false) => IntCC::SignedLessThanOrEqual,
        (Comparison::Gt, false) => IntCC::SignedGreaterThan,
        (Comparison::Ge, false) => IntCC::SignedGreaterThanOrEqual,
        (Comparison::Lt, true) => IntCC::UnsignedLessThan,
        (Comparison::Le, true) => IntCC::UnsignedLessThanOrEqual,
        (Comparison::Gt, true) => IntCC::UnsignedGreaterThan,
        (Comparison::Ge, true) => IntCC::UnsignedGreaterThanOrEqual,
    }
}

fn float_condition(comparison: Comparison) -> FloatCC {
    match comparison {
        Comparison::Eq => FloatCC::Equal,
        Comparison::Ne => FloatCC::NotEqual,
        Comparison::Lt => FloatCC::LessThan,
        Comparison::Le => FloatCC::LessThanOrEqual,
        Comparison::Gt => FloatCC::GreaterThan,
        Comparison::Ge => FloatCC::GreaterThanOrEqual,
    }
}
