//! What each instruction becomes.

use cranelift_codegen::ir::{self as clif, InstBuilder, Value, types};
use dynop_abi::context::POLL;
use dynop_ir::{Inst, Op, Operand, Place, Type, TypeId};

use super::emit::{Emitter, Result, TRUSTED, Val};
use crate::CodegenError;

/// A value that an instruction made, with its type.
pub(super) type Made = (Val, TypeId);

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
    pub(super) fn wanted(&self, inst: &Inst) -> Result<TypeId> {
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
                let before = one.parts_before(*case);
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

    pub(super) fn known(&self, ty: &Type) -> Result<TypeId> {
        self.shared.unit.known(ty)
    }

    fn boolean(&self, value: Value) -> Result<Option<Made>> {
        Ok(Some((Val::Parts(vec![value]), self.known(&Type::Bool)?)))
    }

    /// A value of many parts, copied to memory of its own, so that the place it came from may change.
    pub(super) fn keep(&mut self, value: Val, ty: TypeId) -> Val {
        let Val::Memory(address) = value else {
            return value;
        };
        let size = self.shared.layouts.get(ty).size;
        let copy = self.temporary(size);
        self.store(copy, 0, &Val::Memory(address), ty);
        Val::Memory(copy)
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
}
