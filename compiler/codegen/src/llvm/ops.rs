//! What each instruction becomes.

use dynop_abi::context::POLL;
use dynop_ir::{Const, Inst, Op, Operand, Place, Type, TypeId};
use inkwell::basic_block::BasicBlock;

use super::build::{self, Value, int};
use super::emit::{Emitter, Result, Val};
use crate::CodegenError;

/// A value that an instruction made, with its type.
pub(super) type Made<'c> = (Val<'c>, TypeId);

impl<'c> Emitter<'_, 'c, '_> {
    pub(super) fn inst(&mut self, inst: &Inst) -> Result<()> {
        let target = self.on_fail(inst.on_fail);
        let made = self.op(inst, target)?;
        match (inst.dst, made) {
            (Some(dst), Some((value, _))) => self.set(dst, &value),
            (None, Some((value, ty))) => self.release(&value, ty),
            (_, None) => Ok(()),
        }
    }

    /// The type of the destination, which some instructions need.
    pub(super) fn wanted(&self, inst: &Inst) -> Result<TypeId> {
        inst.dst
            .map(|dst| self.ty_of(dst))
            .ok_or_else(|| CodegenError(format!("{:?} needs a destination", inst.op)))
    }

    fn op(&mut self, inst: &Inst, target: BasicBlock<'c>) -> Result<Option<Made<'c>>> {
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
                let a = self.int_scalar(a)?;
                let value = self.builder.build_xor(a, self.byte(1), "")?;
                self.boolean(value)
            }
            Op::IntToFloat(a) => {
                let (a, float) = (self.int_scalar(a)?, self.context().f64_type());
                let value = self.builder.build_signed_int_to_float(a, float, "")?;
                let ty = self.known(&Type::Float)?;
                Ok(Some((Val::Parts(vec![value.into()]), ty)))
            }
            Op::Compare(comparison, a, b) => {
                let value = self.compare(*comparison, a, b)?;
                self.boolean(value)
            }
            Op::Make(ty, fields) => self.make(*ty, None, fields).map(Some),
            Op::Some(value) => {
                let (ty, one) = (self.wanted(inst)?, self.byte(1));
                let fields = std::slice::from_ref(value);
                self.make(ty, Some(one.into()), fields).map(Some)
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
            Op::Load(_) | Op::Store(..) | Op::Take(_) => self.place_op(inst, target),
            Op::Call(function, args) => self.call(*function, args, target).map(Some),
            Op::CallNative { entry, args, types } => {
                self.call_native(inst, entry, args, types, target)
            }
            Op::CallClosure(callee, args) => self.call_closure(callee, args, target).map(Some),
            Op::MakeClosure(function, captures) => {
                let ty = self.wanted(inst)?;
                self.make_closure(*function, captures, ty, target).map(Some)
            }
            Op::CaptureLoad(_) | Op::CaptureTake(_) | Op::CaptureStore(..) => self.capture_op(inst),
            Op::FormatAppend(..) | Op::StrAppend(..) => self.append(inst, target),
            Op::Yield(output, value, key) => {
                self.hand_on("dyn_yield", *output, value, Some(key), target)
            }
            Op::ReturnItem(output, value, key) => {
                self.hand_on("dyn_return_item", *output, value, Some(key), target)
            }
            Op::Output(output, value) => self.hand_on("dyn_output", *output, value, None, target),
            Op::Fail(message, retry) => {
                let (message, ty) = self.typed(message)?;
                let message = self.spill(&message, ty)?;
                let (site, retry) = (self.site(), self.scalar(retry)?);
                let args = [self.ctx.into(), site, message.into(), retry];
                self.always_fails("dyn_fail_message", &args, target)
            }
            Op::FailMatch => {
                let args = [self.ctx.into(), self.site()];
                self.always_fails("dyn_fail_match", &args, target)
            }
            Op::FailUnwrap => {
                let args = [self.ctx.into(), self.site()];
                self.always_fails("dyn_fail_unwrap", &args, target)
            }
            Op::Catch => self.catch(inst, target),
            Op::Poll => self.poll(target),
            Op::Retain(local) => {
                let (value, ty) = (self.local(*local)?, self.ty_of(*local));
                self.retain(&value, ty)?;
                Ok(None)
            }
            Op::Release(local) => {
                let (value, ty) = (self.local(*local)?, self.ty_of(*local));
                self.release(&value, ty)?;
                Ok(None)
            }
        }
    }

    fn place_op(&mut self, inst: &Inst, target: BasicBlock<'c>) -> Result<Option<Made<'c>>> {
        match &inst.op {
            Op::Load(place) => {
                let (value, ty) = self.peek(place, target)?;
                self.owned(&value, ty)
            }
            Op::Store(place, value) => {
                self.store_at(place, value, target)?;
                Ok(None)
            }
            Op::Take(place) => {
                let end = self.resolve(place, target)?;
                let value = self.read_end(place, end)?;
                let value = self.keep(value, end.ty())?;
                let zero = self.zero(end.ty())?;
                self.write_end(place, end, &zero)?;
                Ok(Some((value, end.ty())))
            }
            _ => Err(CodegenError("no instruction on a place".into())),
        }
    }

    fn capture_op(&mut self, inst: &Inst) -> Result<Option<Made<'c>>> {
        match &inst.op {
            Op::CaptureLoad(index) => {
                let (address, ty) = self.capture(*index)?;
                let value = self.load(address, 0, ty)?;
                self.owned(&value, ty)
            }
            Op::CaptureTake(index) => {
                let (address, ty) = self.capture(*index)?;
                let value = self.load(address, 0, ty)?;
                let value = self.keep(value, ty)?;
                let size = self.shared.layouts.get(ty).size;
                self.zero_memory(address, size)?;
                Ok(Some((value, ty)))
            }
            Op::CaptureStore(index, value) => {
                let (address, ty) = self.capture(*index)?;
                let old = self.load(address, 0, ty)?;
                self.release(&old, ty)?;
                let value = self.value(value, ty)?;
                self.store(address, 0, &value, ty)?;
                Ok(None)
            }
            _ => Err(CodegenError("no instruction on a capture".into())),
        }
    }

    /// Instructions that append to the text at a place.
    fn append(&mut self, inst: &Inst, target: BasicBlock<'c>) -> Result<Option<Made<'c>>> {
        match &inst.op {
            Op::FormatAppend(place, value, format) => {
                let (value, ty) = self.typed(value)?;
                let value = self.spill(&value, ty)?;
                let descriptor = self.descriptor(ty)?;
                let text = self.known(&Type::Str)?;
                let format = self.value(&Operand::Const(Const::Str(format.clone())), text)?;
                let format = self.spill(&format, text)?;
                let site = self.site();
                let end = self.resolve(place, target)?;
                self.in_place(place, end, target, |this, text, exit| {
                    let args = [
                        this.ctx.into(),
                        site,
                        text.into(),
                        value.into(),
                        descriptor,
                        format.into(),
                    ];
                    this.call_fallible("dyn_format_append", &args, exit, false)
                })?;
            }
            Op::StrAppend(place, tail) => {
                let (tail, ty) = self.typed(tail)?;
                let tail = self.spill(&tail, ty)?;
                let end = self.resolve(place, target)?;
                self.in_place(place, end, target, |this, text, exit| {
                    let args = [this.ctx.into(), text.into(), tail.into()];
                    this.call_fallible("dyn_str_append", &args, exit, true)
                })?;
            }
            _ => return Err(CodegenError("no appending instruction".into())),
        }
        Ok(None)
    }

    fn poll(&mut self, target: BasicBlock<'c>) -> Result<Option<Made<'c>>> {
        let poll = self.load_shared_word(self.ctx, POLL as u32)?;
        let poll = self.not_zero(poll)?;
        let site = self.site();
        let (slow, next) = (self.new_block(), self.new_block());
        self.branch_rarely(poll, slow, next)?;
        self.switch_to(slow);
        self.call_fallible("dyn_poll", &[self.ctx.into(), site], target, false)?;
        self.jump(next)?;
        self.switch_to(next);
        Ok(None)
    }

    pub(super) fn known(&self, ty: &Type) -> Result<TypeId> {
        self.shared.unit.known(ty)
    }

    pub(super) fn int_type(&self) -> Result<TypeId> {
        self.known(&Type::Int)
    }

    fn boolean(&self, value: impl Into<Value<'c>>) -> Result<Option<Made<'c>>> {
        let value = int(value.into())?;
        let ty = self.known(&Type::Bool)?;
        Ok(Some((Val::Parts(vec![value.into()]), ty)))
    }

    /// A copy of a value that stays where it is.
    pub(super) fn owned(&mut self, value: &Val<'c>, ty: TypeId) -> Result<Option<Made<'c>>> {
        let value = self.keep(value.clone(), ty)?;
        self.retain(&value, ty)?;
        Ok(Some((value, ty)))
    }

    /// A value of many parts, copied to memory of its own, so that the place it came from may change.
    pub(super) fn keep(&mut self, value: Val<'c>, ty: TypeId) -> Result<Val<'c>> {
        let Val::Memory(address) = value else {
            return Ok(value);
        };
        let size = self.shared.layouts.get(ty).size;
        let copy = self.temporary(size)?;
        self.store(copy, 0, &Val::Memory(address), ty)?;
        Ok(Val::Memory(copy))
    }

    fn store_at(&mut self, place: &Place, value: &Operand, target: BasicBlock<'c>) -> Result<()> {
        let end = self.resolve(place, target)?;
        let value = self.value(value, end.ty())?;
        let old = self.read_end(place, end)?;
        let old = self.keep(old, end.ty())?;
        self.write_end(place, end, &value)?;
        self.release(&old, end.ty())
    }

    /// A value that an entry point must have returned.
    pub(super) fn returned(name: &str, value: Option<Value<'c>>) -> Result<Value<'c>> {
        value.ok_or_else(|| CodegenError(format!("`{name}` returns nothing")))
    }

    /// The address that an entry point must have returned.
    pub(super) fn call_for_address(
        &mut self,
        name: &str,
        args: &[Value<'c>],
    ) -> Result<inkwell::values::PointerValue<'c>> {
        let value = self.call_entry(name, args)?;
        build::address(Self::returned(name, value)?)
    }

    /// The integer that an entry point must have returned.
    pub(super) fn call_for_int(
        &mut self,
        name: &str,
        args: &[Value<'c>],
    ) -> Result<inkwell::values::IntValue<'c>> {
        let value = self.call_entry(name, args)?;
        int(Self::returned(name, value)?)
    }
}
