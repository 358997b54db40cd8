//! Numbers: arithmetic with its checks, and comparisons of any type.

use dynop_abi::entries::Operator;
use dynop_abi::layout::STR_HEAP;
use dynop_ir::{BinaryOp, Comparison, Operand, Type, TypeId};
use inkwell::basic_block::BasicBlock;
use inkwell::values::IntValue;
use inkwell::{FloatPredicate, IntPredicate};

use super::build::{Value, float, int};
use super::emit::{Emitter, Result, Val};
use super::ops::Made;
use crate::CodegenError;

impl<'c> Emitter<'_, 'c, '_> {
    pub(super) fn binary(
        &mut self,
        op: BinaryOp,
        a: &Operand,
        b: &Operand,
        target: BasicBlock<'c>,
    ) -> Result<Made<'c>> {
        let ty = self.operand_type(a)?;
        let (a, b) = (self.scalar(a)?, self.scalar(b)?);
        let value = match self.shared.program.types.get(ty) {
            Type::Float => self.float(op, a, b)?,
            Type::Bool => self.bits(op, int(a)?, int(b)?)?.into(),
            _ => self.int(op, int(a)?, int(b)?, target)?.into(),
        };
        Ok((Val::Parts(vec![value]), ty))
    }

    fn bits(&mut self, op: BinaryOp, a: IntValue<'c>, b: IntValue<'c>) -> Result<IntValue<'c>> {
        Ok(match op {
            BinaryOp::And => self.builder.build_and(a, b, "")?,
            BinaryOp::Or => self.builder.build_or(a, b, "")?,
            BinaryOp::Xor => self.builder.build_xor(a, b, "")?,
            other => return Err(CodegenError(format!("{other:?} on Bool"))),
        })
    }

    fn float(&mut self, op: BinaryOp, a: Value<'c>, b: Value<'c>) -> Result<Value<'c>> {
        let (x, y) = (float(a)?, float(b)?);
        let name = match op {
            BinaryOp::Add => return Ok(self.builder.build_float_add(x, y, "")?.into()),
            BinaryOp::Sub => return Ok(self.builder.build_float_sub(x, y, "")?.into()),
            BinaryOp::Mul => return Ok(self.builder.build_float_mul(x, y, "")?.into()),
            BinaryOp::Div => return Ok(self.builder.build_float_div(x, y, "")?.into()),
            BinaryOp::Rem => "dyn_float_rem",
            BinaryOp::Pow => "dyn_float_pow",
            other => return Err(CodegenError(format!("{other:?} on Float"))),
        };
        let value = self.call_entry(name, &[a, b])?;
        Self::returned(name, value)
    }

    fn int(
        &mut self,
        op: BinaryOp,
        a: IntValue<'c>,
        b: IntValue<'c>,
        target: BasicBlock<'c>,
    ) -> Result<IntValue<'c>> {
        match op {
            BinaryOp::And | BinaryOp::Or | BinaryOp::Xor => self.bits(op, a, b),
            BinaryOp::AddWrapping => Ok(self.builder.build_int_add(a, b, "")?),
            BinaryOp::Add => self.checked("llvm.sadd.with.overflow", Operator::Add, a, b, target),
            BinaryOp::Sub => self.checked("llvm.ssub.with.overflow", Operator::Sub, a, b, target),
            BinaryOp::Mul => self.checked("llvm.smul.with.overflow", Operator::Mul, a, b, target),
            BinaryOp::Div => {
                self.division(Operator::Div, a, b, target)?;
                let (least, minus) = (self.is(a, i64::MIN)?, self.is(b, -1)?);
                let over = self.builder.build_and(least, minus, "")?;
                self.overflow(over, Operator::Div, a, b, target)?;
                Ok(self.builder.build_int_signed_div(a, b, "")?)
            }
            BinaryOp::Rem => {
                self.division(Operator::Rem, a, b, target)?;
                // MIN % -1 is not defined for the processor; its value is 0, as that of any number % 1.
                let minus = self.is(b, -1)?;
                let one = self.word(1);
                let b = int(self.builder.build_select(minus, one, b, "")?)?;
                Ok(self.builder.build_int_signed_rem(a, b, "")?)
            }
            BinaryOp::Shl => {
                self.shift(Operator::Shl, a, b, target)?;
                Ok(self.builder.build_left_shift(a, b, "")?)
            }
            BinaryOp::Shr => {
                self.shift(Operator::Shr, a, b, target)?;
                Ok(self.builder.build_right_shift(a, b, true, "")?)
            }
            BinaryOp::Pow => {
                let out = self.temporary(8)?;
                let args = [self.ctx.into(), self.site(), out.into(), a.into(), b.into()];
                self.call_fallible("dyn_int_pow", &args, target, false)?;
                self.load_word(out, 0)
            }
        }
    }

    /// An operation of LLVM that says whether it overflowed.
    fn checked(
        &mut self,
        intrinsic: &str,
        operator: Operator,
        a: IntValue<'c>,
        b: IntValue<'c>,
        target: BasicBlock<'c>,
    ) -> Result<IntValue<'c>> {
        let word = self.context().i64_type();
        let intrinsic = self.shared.intrinsic(intrinsic, &[word.into()])?;
        let call = self.call_direct(intrinsic, &[a.into(), b.into()])?;
        let Some(Value::StructValue(pair)) = call.try_as_basic_value().basic() else {
            return Err(CodegenError("a checked operation gives no pair".into()));
        };
        let value = int(self.builder.build_extract_value(pair, 0, "")?)?;
        let over = int(self.builder.build_extract_value(pair, 1, "")?)?;
        self.overflow(over, operator, a, b, target)?;
        Ok(value)
    }

    fn overflow(
        &mut self,
        over: IntValue<'c>,
        operator: Operator,
        a: IntValue<'c>,
        b: IntValue<'c>,
        target: BasicBlock<'c>,
    ) -> Result<()> {
        let operands = [a.into(), b.into()];
        self.fail_on(over, "dyn_fail_overflow", operator, &operands, target)
    }

    fn division(
        &mut self,
        operator: Operator,
        a: IntValue<'c>,
        b: IntValue<'c>,
        target: BasicBlock<'c>,
    ) -> Result<()> {
        let zero = self.is(b, 0)?;
        self.fail_on(zero, "dyn_fail_division", operator, &[a.into()], target)
    }

    fn shift(
        &mut self,
        operator: Operator,
        a: IntValue<'c>,
        b: IntValue<'c>,
        target: BasicBlock<'c>,
    ) -> Result<()> {
        let outside = self.compare_words(IntPredicate::UGT, b, self.word(63))?;
        let operands = [a.into(), b.into()];
        self.fail_on(outside, "dyn_fail_shift", operator, &operands, target)
    }

    fn fail_on(
        &mut self,
        condition: IntValue<'c>,
        entry: &str,
        operator: Operator,
        operands: &[Value<'c>],
        target: BasicBlock<'c>,
    ) -> Result<()> {
        let site = self.site();
        self.fail_if(condition, target, |this| {
            let mut args = vec![this.ctx.into(), site, this.half(operator as u32).into()];
            args.extend(operands);
            this.call_entry(entry, &args)?;
            Ok(())
        })
    }

    pub(super) fn negate(&mut self, a: &Operand, target: BasicBlock<'c>) -> Result<Made<'c>> {
        let ty = self.operand_type(a)?;
        let a = self.scalar(a)?;
        if *self.shared.program.types.get(ty) == Type::Float {
            let value = self.builder.build_float_neg(float(a)?, "")?;
            return Ok((Val::Parts(vec![value.into()]), ty));
        }
        let a = int(a)?;
        let (least, zero) = (self.is(a, i64::MIN)?, self.word(0));
        self.overflow(least, Operator::Neg, a, zero, target)?;
        let value = self.builder.build_int_neg(a, "")?;
        Ok((Val::Parts(vec![value.into()]), ty))
    }

    pub(super) fn compare(
        &mut self,
        comparison: Comparison,
        a: &Operand,
        b: &Operand,
    ) -> Result<IntValue<'c>> {
        let ty = match a {
            Operand::Local(_) => self.operand_type(a)?,
            Operand::Const(_) => self.operand_type(b)?,
        };
        let equality = matches!(comparison, Comparison::Eq | Comparison::Ne);
        let (left, right) = (self.value(a, ty)?, self.value(b, ty)?);
        let kind = self.shared.program.types.get(ty);
        let bit = match kind {
            Type::Float => {
                let (a, b) = (float(self.single(&left)?)?, float(self.single(&right)?)?);
                let predicate = float_predicate(comparison);
                self.builder.build_float_compare(predicate, a, b, "")?
            }
            Type::Int | Type::Duration | Type::Time | Type::Bool => {
                let (a, b) = (int(self.single(&left)?)?, int(self.single(&right)?)?);
                let predicate = int_predicate(comparison, *kind == Type::Bool);
                self.compare_words(predicate, a, b)?
            }
            Type::Str | Type::Path | Type::Bytes if equality => {
                let equal = self.texts_equal(&left, &right, ty)?;
                return self.equal_or_not(comparison, equal);
            }
            _ => {
                let (a, b) = (self.spill(&left, ty)?, self.spill(&right, ty)?);
                let args = [a.into(), b.into(), self.descriptor(ty)?];
                if equality {
                    let equal = self.call_for_int("dyn_value_equal", &args)?;
                    return self.equal_or_not(comparison, equal);
                }
                let order = self.call_for_int("dyn_value_compare", &args)?;
                let zero = self.word(0);
                self.compare_words(int_predicate(comparison, false), order, zero)?
            }
        };
        self.to_bool(bit)
    }

    fn equal_or_not(
        &mut self,
        comparison: Comparison,
        equal: IntValue<'c>,
    ) -> Result<IntValue<'c>> {
        if comparison == Comparison::Eq {
            return Ok(equal);
        }
        Ok(self.builder.build_xor(equal, self.byte(1), "")?)
    }

    /// Texts of equal words are equal; inline ones of other words are not; the rest is looked at.
    fn texts_equal(&mut self, a: &Val<'c>, b: &Val<'c>, ty: TypeId) -> Result<IntValue<'c>> {
        let (Val::Parts(left), Val::Parts(right)) = (a, b) else {
            return Err(CodegenError("a text in memory".into()));
        };
        let ([left_low, left_high], [right_low, right_high]) = (&left[..], &right[..]) else {
            return Err(CodegenError("a text of other than two words".into()));
        };
        let (left_high, right_high) = (int(*left_high)?, int(*right_high)?);
        let result = self.new_variable(crate::unit::Register::Byte)?;
        let low = self.compare_words(IntPredicate::EQ, int(*left_low)?, int(*right_low)?)?;
        let high = self.compare_words(IntPredicate::EQ, left_high, right_high)?;
        let same = self.builder.build_and(low, high, "")?;
        self.write(result, self.to_bool(same)?)?;
        let (different, slow, next) = (self.new_block(), self.new_block(), self.new_block());
        self.branch(same, next, different)?;
        self.switch_to(different);
        // Both have buffers, or they differ: a text with a buffer is longer than any inline one.
        let both = self.builder.build_and(left_high, right_high, "")?;
        let buffers = self.is_buffer(both)?;
        self.branch(buffers, slow, next)?;
        self.switch_to(slow);
        let (left, right) = (self.spill(a, ty)?, self.spill(b, ty)?);
        let equal = self.call_for_int("dyn_str_equal", &[left.into(), right.into()])?;
        self.write(result, equal)?;
        self.jump(next)?;
        self.switch_to(next);
        int(self.read(result)?)
    }

    /// Whether the second word of a text says that it has a buffer.
    pub(super) fn is_buffer(&mut self, high: IntValue<'c>) -> Result<IntValue<'c>> {
        let shift = self.word(56);
        let top = self.builder.build_right_shift(high, shift, false, "")?;
        self.is(top, i64::from(STR_HEAP))
    }
}

fn int_predicate(comparison: Comparison, unsigned: bool) -> IntPredicate {
    match (comparison, unsigned) {
        (Comparison::Eq, _) => IntPredicate::EQ,
        (Comparison::Ne, _) => IntPredicate::NE,
        (Comparison::Lt, false) => IntPredicate::SLT,
        (Comparison::Le, false) => IntPredicate::SLE,
        (Comparison::Gt, false) => IntPredicate::SGT,
        (Comparison::Ge, false) => IntPredicate::SGE,
        (Comparison::Lt, true) => IntPredicate::ULT,
        (Comparison::Le, true) => IntPredicate::ULE,
        (Comparison::Gt, true) => IntPredicate::UGT,
        (Comparison::Ge, true) => IntPredicate::UGE,
    }
}

/// Ordered: a comparison with NaN is false, but for `!=`.
fn float_predicate(comparison: Comparison) -> FloatPredicate {
    match comparison {
        Comparison::Eq => FloatPredicate::OEQ,
        Comparison::Ne => FloatPredicate::UNE,
        Comparison::Lt => FloatPredicate::OLT,
        Comparison::Le => FloatPredicate::OLE,
        Comparison::Gt => FloatPredicate::OGT,
        Comparison::Ge => FloatPredicate::OGE,
    }
}
