//! What each instruction becomes.

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{self as clif, InstBuilder, Value, types};
use cranelift_module::Module;
use dynop_abi::context::{FAILED, POLL};
use dynop_abi::entries::{self, AbiType, Operator};
use dynop_abi::layout::{
    CLOSURE_CODE, CLOSURE_DATA, COUNT, LIST_CAPACITY, LIST_DATA, LIST_LEN, MAP_LEN, STR_HEAP,
};
use dynop_ir::{
    BinaryOp, Comparison, FunctionId, Inst, LocalId, NativeArg, Op, Operand, Place, Type, TypeId,
};

use super::emit::{Emitter, Result, TRUSTED, Val};
use super::places::End;
use crate::CodegenError;

/// A value that an instruction made, with its type.
type Made = (Val, TypeId);

impl Emitter<'_, '_, '_> {
    pub(super) fn inst(&mut self, inst: &Inst) -> Result<()> {
        let target = self.on_fail(inst.on_fail);
        let made = self.op(inst, target)?;
        match (inst.dst, made) {
            (Some(dst), Some((value, _))) => self.set(dst, value),
            (None, Some((value, ty))) => self.release(&value, ty)?,
            (_, None) => {}
        }
        Ok(())
    }

    /// The type of the destination, which some instructions need.
    fn wanted(&self, inst: &Inst) -> Result<TypeId> {
        inst.dst
            .map(|dst| self.ty_of(dst))
            .ok_or_else(|| CodegenError(format!("{:?} needs a destination", inst.op)))
    }

    fn op(&mut self, inst: &Inst, target: clif::Block) -> Result<Option<Made>> {
        match &inst.op {
            Op::Copy(value) => {
                let ty = match (value, inst.dst) {
                    (Operand::Const(_), Some(dst)) => self.ty_of(dst),
                    _ => self.operand_type(value)?,
                };
                Ok(Some((self.value(value, ty)?, ty)))
            }
            Op::Binary(op, a, b) => self.binary(*op, a, b, target).map(Some),
            Op::Neg(a) => self.negate(a, target).map(Some),
            Op::Not(a) => {
                let a = self.scalar(a)?;
                let value = self.builder.ins().bxor_imm_u(a, 1);
                self.boolean(value)
            }
            Op::IntToFloat(a) => {
                let a = self.scalar(a)?;
                let value = self.builder.ins().fcvt_from_sint(types::F64, a);
                Ok(Some((Val::Parts(vec![value]), self.known(&Type::Float)?)))
            }
            Op::Compare(comparison, a, b) => {
                let value = self.compare(*comparison, a, b)?;
                self.boolean(value)
            }
            Op::Make(ty, fields) => self.make(*ty, None, fields).map(Some),
            Op::Some(value) => {
                let ty = self.wanted(inst)?;
                let one = self.builder.ins().iconst(types::I8, 1);
                self.make(ty, Some(one), std::slice::from_ref(value))
                    .map(Some)
            }
            Op::Variant(ty, case, payload) => self.variant(*ty, *case, payload).map(Some),
            Op::Field(base, index) => self.copy_of_field(base, *index as usize).map(Some),
            Op::Payload(base) => self.copy_of_field(base, 0).map(Some),
            Op::VariantField(base, case, index) => {
                let ty = self.operand_type(base)?;
                let Type::Enum(one) = self.shared.program.types.get(ty) else {
                    return Err(CodegenError("a case of what is no enum".into()));
                };
                let before: usize = one
                    .variants
                    .iter()
                    .take(*case as usize)
                    .map(|(_, payload)| payload.len())
                    .sum();
                self.copy_of_field(base, before + *index as usize).map(Some)
            }
            Op::IsSome(base) => {
                let tag = self.tag(base)?;
                self.boolean(tag)
            }
            Op::Tag(base) => {
                let tag = self.tag(base)?;
                Ok(Some((Val::Parts(vec![tag]), self.int_type()?)))
            }
            Op::List(..)
            | Op::ListWithCapacity(..)
            | Op::ListLen(_)
            | Op::ListGet(..)
            | Op::ListGetUnchecked(..)
            | Op::ListPush(..) => self.list_op(inst, target),
            Op::MapLen(_)
            | Op::MapGet(..)
            | Op::MapIndex(..)
            | Op::MapNext(..)
            | Op::StrNext(..) => self.map_op(inst, target),
            Op::Load(place) => {
                let (value, ty) = self.peek(place, target)?;
                let value = self.keep(value, ty);
                self.retain(&value, ty)?;
                Ok(Some((value, ty)))
            }
            Op::Store(place, value) => {
                self.store_at(place, value, target)?;
                Ok(None)
            }
            Op::Take(place) => {
                let end = self.resolve(place, target)?;
                let value = self.read_end(place, end);
                let value = self.keep(value, end.ty());
                let zero = self.zero(end.ty());
                self.write_end(place, end, &zero);
                Ok(Some((value, end.ty())))
            }
            Op::Call(function, args) => self.call(*function, args, target).map(Some),
            Op::CallNative { entry, args, types } => {
                self.call_native(inst, entry, args, types, target)
            }
            Op::CallClosure(callee, args) => self.call_closure(callee, args, target).map(Some),
            Op::MakeClosure(function, captures) => {
                let ty = self.wanted(inst)?;
                self.make_closure(*function, captures, ty, target).map(Some)
            }
            Op::CaptureLoad(index) => {
                let (address, ty) = self.capture(*index)?;
                let value = self.load(address, 0, ty);
                let value = self.keep(value, ty);
                self.retain(&value, ty)?;
                Ok(Some((value, ty)))
            }
            Op::CaptureTake(index) => {
                let (address, ty) = self.capture(*index)?;
                let value = self.load(address, 0, ty);
                let value = self.keep(value, ty);
                let size = self.shared.layouts.get(ty).size;
                self.zero_memory(address, size);
                Ok(Some((value, ty)))
            }
            Op::CaptureStore(index, value) => {
                let (address, ty) = self.capture(*index)?;
                let old = self.load(address, 0, ty);
                self.release(&old, ty)?;
                let value = self.value(value, ty)?;
                self.store(address, 0, &value, ty);
                Ok(None)
            }
            Op::FormatAppend(place, value, format) => {
                let (value, ty) = self.typed(value)?;
                let value = self.spill(&value, ty);
                let descriptor = self.descriptor(ty)?;
                let text = self.known(&Type::Str)?;
                let format =
                    self.value(&Operand::Const(dynop_ir::Const::Str(format.clone())), text)?;
                let format = self.spill(&format, text);
                let site = self.site();
                let end = self.resolve(place, target)?;
                self.in_place(place, end, target, |this, text, exit| {
                    this.call_fallible(
                        "dyn_format_append",
                        &[this.ctx, site, text, value, descriptor, format],
                        exit,
                        false,
                    )
                })?;
                Ok(None)
            }
            Op::StrAppend(place, tail) => {
                let (tail, ty) = self.typed(tail)?;
                let tail = self.spill(&tail, ty);
                let end = self.resolve(place, target)?;
                self.in_place(place, end, target, |this, text, exit| {
                    this.call_fallible("dyn_str_append", &[this.ctx, text, tail], exit, true)
                })?;
                Ok(None)
            }
            Op::Yield(output, value, key) => {
                self.hand_on("dyn_yield", *output, value, Some(key), target)
            }
            Op::ReturnItem(output, value, key) => {
                self.hand_on("dyn_return_item", *output, value, Some(key), target)
            }
            Op::Output(output, value) => self.hand_on("dyn_output", *output, value, None, target),
            Op::Fail(message, retry) => {
                let (message, ty) = self.typed(message)?;
                let message = self.spill(&message, ty);
                let (site, retry) = (self.site(), self.scalar(retry)?);
                self.always_fails(
                    "dyn_fail_message",
                    &[self.ctx, site, message, retry],
                    target,
                )
            }
            Op::FailMatch => {
                let site = self.site();
                self.always_fails("dyn_fail_match", &[self.ctx, site], target)
            }
            Op::FailUnwrap => {
                let site = self.site();
                self.always_fails("dyn_fail_unwrap", &[self.ctx, site], target)
            }
            Op::Catch => self.catch(inst, target),
            Op::Poll => {
                let poll = self
                    .builder
                    .ins()
                    .load(types::I64, TRUSTED, self.ctx, POLL as i32);
                let site = self.site();
                let (slow, next) = (self.builder.create_block(), self.builder.create_block());
                self.builder.set_cold_block(slow);
                self.builder.ins().brif(poll, slow, &[], next, &[]);
                self.builder.switch_to_block(slow);
                self.call_fallible("dyn_poll", &[self.ctx, site], target, false)?;
                self.builder.ins().jump(next, &[]);
                self.builder.switch_to_block(next);
                Ok(None)
            }
            Op::Retain(local) => {
                let (value, ty) = (self.local(*local), self.ty_of(*local));
                self.retain(&value, ty)?;
                Ok(None)
            }
            Op::Release(local) => {
                let (value, ty) = (self.local(*local), self.ty_of(*local));
                self.release(&value, ty)?;
                Ok(None)
            }
        }
    }

    fn known(&self, ty: &Type) -> Result<TypeId> {
        let found = self.shared.program.types.find(ty);
        found.ok_or_else(|| CodegenError(format!("{ty:?} is not in the table of types")))
    }

    fn boolean(&self, value: Value) -> Result<Option<Made>> {
        Ok(Some((Val::Parts(vec![value]), self.known(&Type::Bool)?)))
    }

    /// A value of many parts, copied to memory of its own, so that the place it came from may change.
    fn keep(&mut self, value: Val, ty: TypeId) -> Val {
        let Val::Memory(address) = value else {
            return value;
        };
        let size = self.shared.layouts.get(ty).size;
        let copy = self.temporary(size);
        self.store(copy, 0, &Val::Memory(address), ty);
        Val::Memory(copy)
    }

    // --------------------------------------------------------------------------------------------------- arithmetic

    fn binary(
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

    fn negate(&mut self, a: &Operand, target: clif::Block) -> Result<Made> {
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

    fn compare(&mut self, comparison: Comparison, a: &Operand, b: &Operand) -> Result<Value> {
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

    // --------------------------------------------------------------------------------------------------- aggregates

    fn make(&mut self, ty: TypeId, tag: Option<Value>, fields: &[Operand]) -> Result<Made> {
        let layout = self.shared.layouts.get(ty).clone();
        let types: Vec<TypeId> = if layout.fields.is_empty() {
            fields
                .iter()
                .map(|_| self.int_type())
                .collect::<Result<_>>()?
        } else {
            layout.fields.iter().map(|field| field.ty).collect()
        };
        if types.len() != fields.len() {
            return Err(CodegenError(
                "an aggregate with another number of fields than its type".into(),
            ));
        }
        if self.shared.layouts.in_memory(ty) {
            let address = self.temporary(layout.size);
            if let Some(tag) = tag {
                self.builder.ins().store(TRUSTED, tag, address, 0);
            }
            for (field, operand) in layout.fields.iter().zip(fields) {
                let value = self.value(operand, field.ty)?;
                self.store(address, field.offset, &value, field.ty);
            }
            return Ok((Val::Memory(address), ty));
        }
        let mut parts: Vec<Value> = tag.into_iter().collect();
        for (operand, field) in fields.iter().zip(types) {
            match self.value(operand, field)? {
                Val::Parts(more) => parts.extend(more),
                Val::Memory(_) => {
                    return Err(CodegenError("a small value with a large field".into()));
                }
            }
        }
        Ok((Val::Parts(parts), ty))
    }

    fn variant(&mut self, ty: TypeId, case: u32, payload: &[Operand]) -> Result<Made> {
        let Type::Enum(one) = self.shared.program.types.get(ty) else {
            return Err(CodegenError("a case of what is no enum".into()));
        };
        let before: usize = one
            .variants
            .iter()
            .take(case as usize)
            .map(|(_, payload)| payload.len())
            .sum();
        let layout = self.shared.layouts.get(ty).clone();
        let address = self.temporary(layout.size);
        self.zero_memory(address, layout.size);
        let tag = self.builder.ins().iconst(types::I64, i64::from(case));
        self.builder.ins().store(TRUSTED, tag, address, 0);
        for (field, operand) in layout.fields.iter().skip(before).zip(payload) {
            let value = self.value(operand, field.ty)?;
            self.store(address, field.offset, &value, field.ty);
        }
        Ok((self.load(address, 0, ty), ty))
    }

    fn copy_of_field(&mut self, base: &Operand, index: usize) -> Result<Made> {
        let (base, ty) = self.typed(base)?;
        let (value, ty) = self.field(&base, ty, index)?;
        let value = self.keep(value, ty);
        self.retain(&value, ty)?;
        Ok((value, ty))
    }

    fn tag(&mut self, base: &Operand) -> Result<Value> {
        let (base, ty) = self.typed(base)?;
        match base {
            Val::Parts(parts) => parts
                .first()
                .copied()
                .ok_or_else(|| CodegenError("no tag".into())),
            Val::Memory(address) => {
                let part = self.shared.layouts.get(ty).parts[0];
                Ok(self.load_part(address, 0, part))
            }
        }
    }

    // ---------------------------------------------------------------------------------------------- lists and maps

    fn list_op(&mut self, inst: &Inst, target: clif::Block) -> Result<Option<Made>> {
        match &inst.op {
            Op::List(ty, elements) => {
                let len = self.builder.ins().iconst(types::I64, elements.len() as i64);
                let place = self.new_list(*ty, len, elements.is_empty(), target)?;
                let Type::List(item) = *self.shared.program.types.get(*ty) else {
                    return Err(CodegenError("a list of another type".into()));
                };
                let list = self.builder.ins().load(types::I64, TRUSTED, place, 0);
                let size = self.shared.layouts.get(item).size;
                for (index, element) in elements.iter().enumerate() {
                    let value = self.value(element, item)?;
                    self.store(list, LIST_DATA as u32 + index as u32 * size, &value, item);
                }
                if !elements.is_empty() {
                    self.builder
                        .ins()
                        .store(TRUSTED, len, list, LIST_LEN as i32);
                }
                Ok(Some((Val::Parts(vec![list]), *ty)))
            }
            Op::ListWithCapacity(ty, capacity) => {
                let capacity = self.scalar(capacity)?;
                let place = self.new_list(*ty, capacity, false, target)?;
                let list = self.builder.ins().load(types::I64, TRUSTED, place, 0);
                Ok(Some((Val::Parts(vec![list]), *ty)))
            }
            Op::ListLen(list) => {
                let list = self.scalar(list)?;
                let len = self.list_len(list)?;
                Ok(Some((Val::Parts(vec![len]), self.int_type()?)))
            }
            Op::ListGet(list, index) | Op::ListGetUnchecked(list, index) => {
                let ty = self.operand_type(list)?;
                let (list, index) = (self.scalar(list)?, self.scalar(index)?);
                if matches!(inst.op, Op::ListGet(..)) {
                    self.check_index(list, index, target)?;
                }
                let (value, item) = self.element(list, index, ty)?;
                let value = self.keep(value, item);
                self.retain(&value, item)?;
                Ok(Some((value, item)))
            }
            Op::ListPush(place, value) => {
                self.push(place, value, target)?;
                Ok(None)
            }
            _ => Err(CodegenError("no list instruction".into())),
        }
    }

    /// Memory that holds a new list with room for a number of elements.
    fn new_list(
        &mut self,
        ty: TypeId,
        capacity: Value,
        empty: bool,
        target: clif::Block,
    ) -> Result<Value> {
        let place = self.temporary(8);
        let zero = self.builder.ins().iconst(types::I64, 0);
        self.builder.ins().store(TRUSTED, zero, place, 0);
        if !empty {
            let descriptor = self.descriptor(ty)?;
            self.call_fallible(
                "dyn_list_reserve",
                &[self.ctx, place, capacity, descriptor],
                target,
                true,
            )?;
        }
        Ok(place)
    }

    /// Appends: in place where the buffer is unshared and has room, else after the runtime made it so.
    fn push(&mut self, place: &Place, value: &Operand, target: clif::Block) -> Result<()> {
        let end = self.resolve(place, target)?;
        let Type::List(item) = *self.shared.program.types.get(end.ty()) else {
            return Err(CodegenError("a push on what is no list".into()));
        };
        let value = self.value(value, item)?;
        let list = self.read_end(place, end);
        let list = self.single(list)?;
        let variable = self.builder.declare_var(types::I64);
        self.builder.def_var(variable, list);
        let (some, ready, slow, next) = (
            self.builder.create_block(),
            self.builder.create_block(),
            self.builder.create_block(),
            self.builder.create_block(),
        );
        self.builder.set_cold_block(slow);
        self.builder.ins().brif(list, some, &[], slow, &[]);
        self.builder.switch_to_block(some);
        let count = self
            .builder
            .ins()
            .load(types::I32, TRUSTED, list, COUNT as i32);
        let unique = self.builder.ins().icmp_imm_s(IntCC::Equal, count, 1);
        self.builder.ins().brif(unique, ready, &[], slow, &[]);
        self.builder.switch_to_block(ready);
        let len = self
            .builder
            .ins()
            .load(types::I64, TRUSTED, list, LIST_LEN as i32);
        let capacity = self
            .builder
            .ins()
            .load(types::I64, TRUSTED, list, LIST_CAPACITY as i32);
        let room = self
            .builder
            .ins()
            .icmp(IntCC::UnsignedLessThan, len, capacity);
        self.builder.ins().brif(room, next, &[], slow, &[]);
        self.builder.switch_to_block(slow);
        let descriptor = self.descriptor(end.ty())?;
        self.in_place(place, end, target, |this, address, exit| {
            this.call_fallible(
                "dyn_list_grow",
                &[this.ctx, address, descriptor],
                exit,
                true,
            )
        })?;
        let grown = self.read_end(place, end);
        let grown = self.single(grown)?;
        self.builder.def_var(variable, grown);
        self.builder.ins().jump(next, &[]);
        self.builder.switch_to_block(next);
        let list = self.builder.use_var(variable);
        let len = self
            .builder
            .ins()
            .load(types::I64, TRUSTED, list, LIST_LEN as i32);
        let address = self.element_address(list, len, item);
        self.store(address, 0, &value, item);
        let more = self.builder.ins().iadd_imm_s(len, 1);
        self.builder
            .ins()
            .store(TRUSTED, more, list, LIST_LEN as i32);
        Ok(())
    }

    /// Lets a fallible entry point work on what is at an end. It is read back on failure too, since a buffer may have
    /// moved by then.
    fn in_place(
        &mut self,
        place: &Place,
        end: End,
        target: clif::Block,
        work: impl FnOnce(&mut Self, Value, clif::Block) -> Result<()>,
    ) -> Result<()> {
        if let End::Memory { address, .. } = end {
            return work(self, address, target);
        }
        let exit = self.builder.create_block();
        self.builder.set_cold_block(exit);
        let size = self.shared.layouts.get(end.ty()).size;
        let address = self.temporary(size);
        let value = self.read_end(place, end);
        self.store(address, 0, &value, end.ty());
        work(self, address, exit)?;
        let value = self.load(address, 0, end.ty());
        self.write_end(place, end, &value);
        let next = self.builder.create_block();
        self.builder.ins().jump(next, &[]);
        self.builder.switch_to_block(exit);
        let value = self.load(address, 0, end.ty());
        self.write_end(place, end, &value);
        self.builder.ins().jump(target, &[]);
        self.builder.switch_to_block(next);
        Ok(())
    }

    fn map_op(&mut self, inst: &Inst, target: clif::Block) -> Result<Option<Made>> {
        match &inst.op {
            Op::MapLen(map) => {
                let map = self.scalar(map)?;
                let zeros = self.shared.zeros()?;
                let zeros = self.data_address(zeros);
                let empty = self.builder.ins().icmp_imm_s(IntCC::Equal, map, 0);
                let header = self.builder.ins().select(empty, zeros, map);
                let len = self
                    .builder
                    .ins()
                    .load(types::I64, TRUSTED, header, MAP_LEN as i32);
                Ok(Some((Val::Parts(vec![len]), self.int_type()?)))
            }
            Op::MapGet(map, key) => {
                let option = self.wanted(inst)?;
                let (found, value_type, _, _) = self.find_key(map, key)?;
                self.optional(option, found, |this, found, _| {
                    let value = this.load(found, 0, value_type);
                    this.retain(&value, value_type)?;
                    Ok((value, value_type))
                })
                .map(Some)
            }
            Op::MapIndex(map, key) => {
                let (found, value_type, key, key_type) = self.find_key(map, key)?;
                let missing = self.builder.ins().icmp_imm_s(IntCC::Equal, found, 0);
                self.fail_key(missing, key, key_type, target)?;
                let value = self.load(found, 0, value_type);
                let value = self.keep(value, value_type);
                self.retain(&value, value_type)?;
                Ok(Some((value, value_type)))
            }
            Op::MapNext(map, position) => self.map_next(inst, map, *position).map(Some),
            Op::StrNext(text, position) => {
                let option = self.wanted(inst)?;
                let (text, ty) = self.typed(text)?;
                let text = self.spill(&text, ty);
                let character = self.temporary(16);
                let found = self.with_position(*position, |this, position| {
                    this.call_entry("dyn_str_next_char", &[text, position, character])
                })?;
                self.optional(option, found, |this, _, _| {
                    Ok((this.load(character, 0, ty), ty))
                })
                .map(Some)
            }
            _ => Err(CodegenError("no map instruction".into())),
        }
    }

    /// The address of a key's value (or null), the value's type, and the spilled key with its type.
    fn find_key(&mut self, map: &Operand, key: &Operand) -> Result<(Value, TypeId, Value, TypeId)> {
        let (map, map_type) = self.typed(map)?;
        let (key_type, value_type) = match *self.shared.program.types.get(map_type) {
            Type::Map(key, value) => (key, value),
            Type::Set(item) => (item, self.known(&Type::Unit)?),
            _ => return Err(CodegenError("a look-up in what is no map".into())),
        };
        let key = self.value(key, key_type)?;
        let key = self.spill(&key, key_type);
        let found = self.look_up(&map, map_type, key)?;
        Ok((found, value_type, key, key_type))
    }

    /// Runs `work` on the address of a position local, and reads it back.
    fn with_position(
        &mut self,
        position: LocalId,
        work: impl FnOnce(&mut Self, Value) -> Result<Option<Value>>,
    ) -> Result<Value> {
        let int = self.int_type()?;
        let value = self.local(position);
        let address = self.temporary(8);
        self.store(address, 0, &value, int);
        let result = work(self, address)?;
        let value = self.load(address, 0, int);
        self.set(position, value);
        result.ok_or_else(|| CodegenError("an entry point returns nothing".into()))
    }

    /// An option: `some` of what `payload` makes where `found` is not zero.
    fn optional(
        &mut self,
        option: TypeId,
        found: Value,
        payload: impl FnOnce(&mut Self, Value, clif::Block) -> Result<Made>,
    ) -> Result<Made> {
        let layout = self.shared.layouts.get(option).clone();
        let memory = self.temporary(layout.size);
        self.zero_memory(memory, layout.size);
        let (then, next) = (self.builder.create_block(), self.builder.create_block());
        self.builder.ins().brif(found, then, &[], next, &[]);
        self.builder.switch_to_block(then);
        let (value, ty) = payload(self, found, next)?;
        let one = self.builder.ins().iconst(types::I8, 1);
        self.builder.ins().store(TRUSTED, one, memory, 0);
        let offset = layout.fields.first().map_or(1, |field| field.offset);
        self.store(memory, offset, &value, ty);
        self.builder.ins().jump(next, &[]);
        self.builder.switch_to_block(next);
        Ok((self.load(memory, 0, option), option))
    }

    fn map_next(&mut self, inst: &Inst, map: &Operand, position: LocalId) -> Result<Made> {
        let option = self.wanted(inst)?;
        let (map, map_type) = self.typed(map)?;
        let map = self.spill(&map, map_type);
        let (key, value) = (self.temporary(8), self.temporary(8));
        let descriptor = self.descriptor(map_type)?;
        let found = self.with_position(position, |this, position| {
            this.call_entry("dyn_map_next", &[map, position, key, value, descriptor])
        })?;
        let entry = *self.shared.program.types.get(map_type) == Type::Unit;
        debug_assert!(!entry);
        let item = match self.shared.program.types.get(option) {
            Type::Option(item) => *item,
            _ => return Err(CodegenError("the next entry of a map is an option".into())),
        };
        let kinds = match *self.shared.program.types.get(map_type) {
            Type::Map(key, value) => (key, Some(value)),
            Type::Set(item) => (item, None),
            _ => return Err(CodegenError("the next entry of what is no map".into())),
        };
        self.optional(option, found, |this, _, _| {
            let address = this.builder.ins().load(types::I64, TRUSTED, key, 0);
            let (key_type, Some(value_type)) = kinds else {
                let key = this.load(address, 0, kinds.0);
                this.retain(&key, kinds.0)?;
                return Ok((key, kinds.0));
            };
            let pair = this.shared.layouts.get(item).clone();
            let memory = this.temporary(pair.size);
            let [first, second] = pair.fields[..] else {
                return Err(CodegenError("the entry of a map is a pair".into()));
            };
            let key = this.load(address, 0, key_type);
            this.store(memory, first.offset, &key, key_type);
            let address = this.builder.ins().load(types::I64, TRUSTED, value, 0);
            let value = this.load(address, 0, value_type);
            this.store(memory, second.offset, &value, value_type);
            let entry = this.load(memory, 0, item);
            this.retain(&entry, item)?;
            Ok((entry, item))
        })
    }

    fn store_at(&mut self, place: &Place, value: &Operand, target: clif::Block) -> Result<()> {
        let end = self.resolve(place, target)?;
        let value = self.value(value, end.ty())?;
        if !self.shared.layouts.get(end.ty()).counted {
            // Cranelift would keep the load of an old value that nothing reads.
            self.write_end(place, end, &value);
            return Ok(());
        }
        let old = self.read_end(place, end);
        let old = self.keep(old, end.ty());
        self.write_end(place, end, &value);
        self.release(&old, end.ty())
    }

    // -------------------------------------------------------------------------------------------------------- calls

    fn call(
        &mut self,
        function: FunctionId,
        args: &[Operand],
        target: clif::Block,
    ) -> Result<Made> {
        let callee = &self.shared.program.functions[function.0 as usize];
        let (result, fallible) = (callee.result, callee.fallible);
        let params: Vec<TypeId> = callee.locals[..callee.params as usize]
            .iter()
            .map(|local| local.ty)
            .collect();
        if params.len() != args.len() {
            return Err(CodegenError(format!(
                "`{}` is called with {} arguments",
                callee.name,
                args.len()
            )));
        }
        let mut values = vec![self.ctx];
        let out = self.out_for(result, &mut values);
        for (operand, ty) in args.iter().zip(params) {
            let value = self.value(operand, ty)?;
            self.push_argument(&mut values, &value, ty);
        }
        let id = self.shared.functions[&function];
        let reference = self
            .shared
            .module
            .declare_func_in_func(id, self.builder.func);
        self.builder.func.dfg.ext_funcs[reference].colocated = true;
        let call = self.builder.ins().call(reference, &values);
        Ok((
            self.finish_call(call, out, result, fallible, target)?,
            result,
        ))
    }

    fn out_for(&mut self, result: TypeId, values: &mut Vec<Value>) -> Option<Value> {
        let layout = self.shared.layouts.get(result);
        let (size, several) = (layout.size, layout.parts.len() > 1);
        several.then(|| {
            let out = self.temporary(size);
            values.push(out);
            out
        })
    }

    fn call_closure(
        &mut self,
        callee: &Operand,
        args: &[Operand],
        target: clif::Block,
    ) -> Result<Made> {
        let (closure, ty) = self.typed(callee)?;
        let closure = self.single(closure)?;
        let Type::Closure(params, result) = self.shared.program.types.get(ty).clone() else {
            return Err(CodegenError("a call of what is no closure".into()));
        };
        let mut values = vec![self.ctx];
        let out = self.out_for(result, &mut values);
        values.push(closure);
        for (operand, &ty) in args.iter().zip(&params) {
            let value = self.value(operand, ty)?;
            self.push_argument(&mut values, &value, ty);
        }
        let code = self
            .builder
            .ins()
            .load(types::I64, TRUSTED, closure, CLOSURE_CODE as i32);
        let signature = self.shared.signature_of(params, result, true, true);
        let signature = self.builder.import_signature(signature);
        let call = self.builder.ins().call_indirect(signature, code, &values);
        Ok((self.finish_call(call, out, result, true, target)?, result))
    }

    fn make_closure(
        &mut self,
        function: FunctionId,
        captures: &[Operand],
        ty: TypeId,
        target: clif::Block,
    ) -> Result<Made> {
        let callee = &self.shared.program.functions[function.0 as usize];
        let Some(types) = callee.captures.clone() else {
            return Err(CodegenError(format!(
                "`{}` is not the code of a closure",
                callee.name
            )));
        };
        let id = self.shared.functions[&function];
        let reference = self
            .shared
            .module
            .declare_func_in_func(id, self.builder.func);
        let code = self.builder.ins().func_addr(types::I64, reference);
        let descriptor = self.shared.captures(&types)?;
        let descriptor = self.data_address(descriptor);
        let closure = self.call_entry("dyn_closure_new", &[self.ctx, code, descriptor])?;
        let closure =
            closure.ok_or_else(|| CodegenError("`dyn_closure_new` returns nothing".into()))?;
        let none = self.builder.ins().icmp_imm_s(IntCC::Equal, closure, 0);
        let site = self.site();
        self.fail_if(none, target, |this| {
            this.call_entry("dyn_fail_memory", &[this.ctx, site])?;
            Ok(())
        })?;
        for (index, operand) in captures.iter().enumerate() {
            let value = self.value(operand, types[index])?;
            let offset = self.capture_offset(&types, index);
            self.store(closure, CLOSURE_DATA as u32 + offset, &value, types[index]);
        }
        Ok((Val::Parts(vec![closure]), ty))
    }

    fn capture_offset(&self, captures: &[TypeId], index: usize) -> u32 {
        let mut offset = 0;
        for (at, &ty) in captures.iter().enumerate() {
            let layout = self.shared.layouts.get(ty);
            offset = u32::next_multiple_of(offset, layout.align.max(1));
            if at == index {
                break;
            }
            offset += layout.size;
        }
        offset
    }

    /// The address of a capture of the closure whose code this is, and its type.
    fn capture(&mut self, index: u32) -> Result<(Value, TypeId)> {
        let (Some(closure), Some(captures)) = (self.closure, self.function.captures.clone()) else {
            return Err(CodegenError(
                "a capture outside the code of a closure".into(),
            ));
        };
        let Some(&ty) = captures.get(index as usize) else {
            return Err(CodegenError("a capture that is not there".into()));
        };
        let offset = CLOSURE_DATA as u32 + self.capture_offset(&captures, index as usize);
        Ok((
            self.builder.ins().iadd_imm_s(closure, i64::from(offset)),
            ty,
        ))
    }

    /// Calls a native function by the convention of the table.
    fn call_native(
        &mut self,
        inst: &Inst,
        entry: &str,
        args: &[NativeArg],
        described: &[TypeId],
        target: clif::Block,
    ) -> Result<Option<Made>> {
        let Some(declared) = entries::find(entry) else {
            return Err(CodegenError(format!(
                "`{entry}` is no entry point of the runtime"
            )));
        };
        let result = inst.dst.map(|dst| self.ty_of(dst));
        // One parameter more than context, arguments and descriptors is where the result goes.
        let has_out = declared.params.len() > 1 + args.len() + described.len();
        let mut values = vec![self.ctx];
        let mut out = None;
        if has_out {
            let size = result.map_or(64, |ty| self.shared.layouts.get(ty).size);
            let address = self.temporary(size);
            values.push(address);
            out = Some(address);
        }
        let mut written = Vec::new();
        for arg in args {
            match arg {
                NativeArg::Value(operand) => {
                    let (value, ty) = self.typed(operand)?;
                    let scalar = matches!(
                        declared.params.get(values.len()),
                        Some(AbiType::I64 | AbiType::F64 | AbiType::U8)
                    );
                    values.push(if scalar {
                        self.single(value)?
                    } else {
                        self.spill(&value, ty)
                    });
                }
                NativeArg::InOut(place) => {
                    let end = self.resolve(place, target)?;
                    let address = match end {
                        End::Memory { address, .. } => address,
                        End::Parts { .. } => {
                            let value = self.read_end(place, end);
                            let size = self.shared.layouts.get(end.ty()).size;
                            let address = self.temporary(size);
                            self.store(address, 0, &value, end.ty());
                            written.push((place, end, address));
                            address
                        }
                    };
                    values.push(address);
                }
            }
        }
        for &ty in described {
            values.push(self.descriptor(ty)?);
        }
        let status = self.call_entry(entry, &values)?;
        // Read back before the check: a failed call may have moved a buffer too.
        for (place, end, address) in written {
            let value = self.load(address, 0, end.ty());
            self.write_end(place, end, &value);
        }
        if let Some(status) = status {
            self.check(status, target, true)?;
        }
        match (out, result) {
            (Some(out), Some(ty)) => Ok(Some((self.load(out, 0, ty), ty))),
            (None, Some(ty)) => Ok(Some((self.zero(ty), ty))),
            (_, None) => Ok(None),
        }
    }

    fn hand_on(
        &mut self,
        entry: &str,
        output: u32,
        value: &Operand,
        key: Option<&Operand>,
        target: clif::Block,
    ) -> Result<Option<Made>> {
        let (value, ty) = self.typed(value)?;
        let value = self.spill(&value, ty);
        let output = self.builder.ins().iconst(types::I32, i64::from(output));
        let mut args = vec![self.ctx, self.site(), output, value];
        if let Some(key) = key {
            let (key, ty) = self.typed(key)?;
            args.push(self.spill(&key, ty));
        }
        self.call_fallible(entry, &args, target, false)?;
        Ok(None)
    }

    fn always_fails(
        &mut self,
        entry: &str,
        args: &[Value],
        target: clif::Block,
    ) -> Result<Option<Made>> {
        self.call_entry(entry, args)?;
        self.builder.ins().jump(target, &[]);
        // Whatever the block still holds is not reached.
        let rest = self.builder.create_block();
        self.builder.set_cold_block(rest);
        self.builder.switch_to_block(rest);
        Ok(None)
    }

    fn catch(&mut self, inst: &Inst, target: clif::Block) -> Result<Option<Made>> {
        let text = self.known(&Type::Str)?;
        let addresses = [self.temporary(16), self.temporary(16), self.temporary(16)];
        let status = self.call_entry(
            "dyn_catch",
            &[self.ctx, addresses[0], addresses[1], addresses[2]],
        )?;
        let status = status.ok_or_else(|| CodegenError("`dyn_catch` returns nothing".into()))?;
        let failed = self
            .builder
            .ins()
            .icmp_imm_s(IntCC::Equal, status, i64::from(FAILED));
        self.fail_if(failed, target, |_| Ok(()))?;
        let mut parts = Vec::new();
        for address in addresses {
            if let Val::Parts(words) = self.load(address, 0, text) {
                parts.extend(words);
            }
        }
        match inst.dst {
            Some(dst) => Ok(Some((Val::Parts(parts), self.ty_of(dst)))),
            None => {
                for words in parts.chunks(2) {
                    self.release(&Val::Parts(words.to_vec()), text)?;
                }
                Ok(None)
            }
        }
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
