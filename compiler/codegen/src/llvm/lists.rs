//! Lists: made, read, appended to.

use dynop_abi::layout::{LIST_CAPACITY, LIST_DATA, LIST_LEN};
use dynop_ir::{Inst, Op, Operand, Place, Type, TypeId};
use inkwell::IntPredicate;
use inkwell::basic_block::BasicBlock;
use inkwell::values::{IntValue, PointerValue};

use super::build::address;
use super::emit::{Emitter, Result, Val};
use super::ops::Made;
use super::places::End;
use crate::CodegenError;
use crate::unit::Register;

impl<'c> Emitter<'_, 'c, '_> {
    pub(super) fn list_op(
        &mut self,
        inst: &Inst,
        target: BasicBlock<'c>,
    ) -> Result<Option<Made<'c>>> {
        match &inst.op {
            Op::List(ty, elements) => {
                let list = self.list_of(*ty, elements, target)?;
                Ok(Some((Val::Parts(vec![list.into()]), *ty)))
            }
            Op::ListWithCapacity(ty, capacity) => {
                let capacity = self.int_scalar(capacity)?;
                let list = self.new_list(*ty, capacity, target)?;
                Ok(Some((Val::Parts(vec![list.into()]), *ty)))
            }
            Op::ListLen(list) => {
                let list = self.address_scalar(list)?;
                let len = self.list_len(list)?;
                Ok(Some((Val::Parts(vec![len.into()]), self.int_type()?)))
            }
            Op::ListGet(list, index) | Op::ListGetUnchecked(list, index) => {
                let ty = self.operand_type(list)?;
                let (list, index) = (self.address_scalar(list)?, self.int_scalar(index)?);
                if matches!(inst.op, Op::ListGet(..)) {
                    self.check_index(list, index, target)?;
                }
                let (value, item) = self.element(list, index, ty)?;
                self.owned(&value, item)
            }
            Op::ListPush(place, value) => {
                self.push(place, value, target)?;
                Ok(None)
            }
            _ => Err(CodegenError("no list instruction".into())),
        }
    }

    fn list_of(
        &mut self,
        ty: TypeId,
        elements: &[Operand],
        target: BasicBlock<'c>,
    ) -> Result<PointerValue<'c>> {
        if elements.is_empty() {
            return Ok(self.null());
        }
        let Some(item) = self.shared.program.types.element(ty) else {
            return Err(CodegenError("a list of another type".into()));
        };
        let len = self.word(elements.len() as i64);
        let list = self.new_list(ty, len, target)?;
        let size = self.shared.layouts.get(item).size;
        for (index, element) in elements.iter().enumerate() {
            let value = self.value(element, item)?;
            self.store(list, LIST_DATA as u32 + index as u32 * size, &value, item)?;
        }
        self.store_header(len, list, LIST_LEN as u32)?;
        Ok(list)
    }

    /// A new list with room for a number of elements; null where that is 0.
    fn new_list(
        &mut self,
        ty: TypeId,
        capacity: IntValue<'c>,
        target: BasicBlock<'c>,
    ) -> Result<PointerValue<'c>> {
        let place = self.temporary(8)?;
        self.store_register(self.null(), place, 0)?;
        let descriptor = self.descriptor(ty)?;
        let args = [self.ctx.into(), place.into(), capacity.into(), descriptor];
        self.call_fallible("dyn_list_reserve", &args, target, true)?;
        self.load_address(place, 0)
    }

    /// Appends: in place where the buffer is unshared and has room, else after the runtime made it so.
    pub(super) fn push(
        &mut self,
        place: &Place,
        value: &Operand,
        target: BasicBlock<'c>,
    ) -> Result<()> {
        let end = self.resolve(place, target)?;
        let Type::List(item) = *self.shared.program.types.get(end.ty()) else {
            return Err(CodegenError("a push on what is no list".into()));
        };
        let value = self.value(value, item)?;
        let list = self.read_end(place, end)?;
        let list = address(self.single(&list)?)?;
        let variable = self.new_variable(Register::Address)?;
        self.write(variable, list)?;
        let (some, ready) = (self.new_block(), self.new_block());
        let (slow, next) = (self.new_block(), self.new_block());
        let empty = self.is_null(list)?;
        self.branch_rarely(empty, slow, some)?;
        self.switch_to(some);
        let count = self.load_count(list)?;
        let unique = self.is(count, 1)?;
        self.branch_mostly(unique, ready, slow)?;
        self.switch_to(ready);
        let len = self.load_length(list, LIST_LEN as u32)?;
        let capacity = self.load_length(list, LIST_CAPACITY as u32)?;
        let room = self.compare_words(IntPredicate::ULT, len, capacity)?;
        self.branch_mostly(room, next, slow)?;
        self.switch_to(slow);
        let descriptor = self.descriptor(end.ty())?;
        self.in_place(place, end, target, |this, address, exit| {
            let args = [this.ctx.into(), address.into(), descriptor];
            this.call_fallible("dyn_list_grow", &args, exit, true)
        })?;
        let grown = self.read_end(place, end)?;
        let grown = self.single(&grown)?;
        self.write(variable, grown)?;
        self.jump(next)?;
        self.switch_to(next);
        let list = address(self.read(variable)?)?;
        let len = self.load_length(list, LIST_LEN as u32)?;
        let element = self.element_address(list, len, item)?;
        self.store(element, 0, &value, item)?;
        let more = self.builder.build_int_nuw_add(len, self.word(1), "")?;
        self.store_header(more, list, LIST_LEN as u32)
    }

    /// Lets a fallible entry point work on what is at an end. It is read back on failure too, since a buffer may have
    /// moved by then.
    pub(super) fn in_place(
        &mut self,
        place: &Place,
        end: End<'c>,
        target: BasicBlock<'c>,
        work: impl FnOnce(&mut Self, PointerValue<'c>, BasicBlock<'c>) -> Result<()>,
    ) -> Result<()> {
        if let End::Memory { address, .. } = end {
            return work(self, address, target);
        }
        let exit = self.new_block();
        let size = self.shared.layouts.get(end.ty()).size;
        let address = self.temporary(size)?;
        let value = self.read_end(place, end)?;
        self.store(address, 0, &value, end.ty())?;
        work(self, address, exit)?;
        let value = self.load(address, 0, end.ty())?;
        self.write_end(place, end, &value)?;
        let next = self.new_block();
        self.jump(next)?;
        self.switch_to(exit);
        let value = self.load(address, 0, end.ty())?;
        self.write_end(place, end, &value)?;
        self.jump(target)?;
        self.switch_to(next);
        Ok(())
    }
}
