//! Lists: made, read, appended to.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self as clif, InstBuilder, Value, types};
use dynop_abi::layout::{COUNT, LIST_CAPACITY, LIST_DATA, LIST_LEN};
use dynop_ir::{Inst, Op, Operand, Place, Type, TypeId};

use super::emit::{Emitter, Result, TRUSTED, Val};
use super::ops::Made;
use super::places::End;
use crate::CodegenError;

impl Emitter<'_, '_, '_> {
    pub(super) fn list_op(&mut self, inst: &Inst, target: clif::Block) -> Result<Option<Made>> {
        match &inst.op {
            Op::List(ty, elements) => {
                let len = self.builder.ins().iconst(types::I64, elements.len() as i64);
                let place = self.new_list(*ty, len, elements.is_empty(), target)?;
                let Some(item) = self.shared.program.types.element(*ty) else {
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
    pub(super) fn push(
        &mut self,
        place: &Place,
        value: &Operand,
        target: clif::Block,
    ) -> Result<()> {
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
    pub(super) fn in_place(
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
}
