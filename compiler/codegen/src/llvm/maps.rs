//! Maps and sets, and what is gone over with a position.

use dynop_abi::layout::MAP_LEN;
use dynop_ir::{Inst, LocalId, Op, Operand, Type, TypeId};
use inkwell::basic_block::BasicBlock;
use inkwell::values::{IntValue, PointerValue};

use super::emit::{Emitter, Result, Val};
use super::ops::Made;
use crate::CodegenError;

/// A key looked up in a map.
struct Found<'c> {
    /// The address of the key's value, or null.
    value: PointerValue<'c>,
    value_type: TypeId,
    /// The address of the key.
    key: PointerValue<'c>,
    key_type: TypeId,
}

impl<'c> Emitter<'_, 'c, '_> {
    pub(super) fn map_op(
        &mut self,
        inst: &Inst,
        target: BasicBlock<'c>,
    ) -> Result<Option<Made<'c>>> {
        match &inst.op {
            Op::MapLen(map) => {
                let map = self.address_scalar(map)?;
                let len = self.count_at(map, MAP_LEN as u32)?;
                Ok(Some((Val::Parts(vec![len.into()]), self.int_type()?)))
            }
            Op::MapGet(map, key) => {
                let option = self.wanted(inst)?;
                let found = self.find_key(map, key)?;
                let there = self.not_zero(found.value)?;
                self.optional(option, there, |this| {
                    let value = this.load(found.value, 0, found.value_type)?;
                    this.retain(&value, found.value_type)?;
                    Ok((value, found.value_type))
                })
                .map(Some)
            }
            Op::MapIndex(map, key) => {
                let found = self.find_key(map, key)?;
                let missing = self.is_null(found.value)?;
                self.fail_key(missing, found.key, found.key_type, target)?;
                let value = self.load(found.value, 0, found.value_type)?;
                self.owned(&value, found.value_type)
            }
            Op::MapNext(map, position) => self.map_next(inst, map, *position).map(Some),
            Op::StrNext(text, position) => {
                let option = self.wanted(inst)?;
                let (text, ty) = self.typed(text)?;
                let text = self.spill(&text, ty)?;
                let character = self.temporary(16)?;
                let found = self.with_position(*position, |this, position| {
                    let args = [text.into(), position.into(), character.into()];
                    this.call_for_int("dyn_str_next_char", &args)
                })?;
                self.optional(option, found, |this| Ok((this.load(character, 0, ty)?, ty)))
                    .map(Some)
            }
            _ => Err(CodegenError("no map instruction".into())),
        }
    }

    fn find_key(&mut self, map: &Operand, key: &Operand) -> Result<Found<'c>> {
        let (map, map_type) = self.typed(map)?;
        let (key_type, value_type) = match *self.shared.program.types.get(map_type) {
            Type::Map(key, value) => (key, value),
            Type::Set(item) => (item, self.known(&Type::Unit)?),
            _ => return Err(CodegenError("a look-up in what is no map".into())),
        };
        let key = self.value(key, key_type)?;
        let key = self.spill(&key, key_type)?;
        Ok(Found {
            value: self.look_up(&map, map_type, key)?,
            value_type,
            key,
            key_type,
        })
    }

    /// Runs `work` on the address of a position local, and reads it back. Whether it found something.
    fn with_position(
        &mut self,
        position: LocalId,
        work: impl FnOnce(&mut Self, PointerValue<'c>) -> Result<IntValue<'c>>,
    ) -> Result<IntValue<'c>> {
        let int = self.int_type()?;
        let value = self.local(position)?;
        let address = self.temporary(8)?;
        self.store(address, 0, &value, int)?;
        let result = work(self, address)?;
        let value = self.load(address, 0, int)?;
        self.set(position, &value)?;
        self.not_zero(result)
    }

    /// An option: `some` of what `payload` makes where the bit is set.
    fn optional(
        &mut self,
        option: TypeId,
        found: IntValue<'c>,
        payload: impl FnOnce(&mut Self) -> Result<Made<'c>>,
    ) -> Result<Made<'c>> {
        let layout = self.shared.layouts.get(option);
        let offset = layout.fields.first().map_or(1, |field| field.offset);
        let memory = self.temporary(layout.size)?;
        self.zero_memory(memory, layout.size)?;
        let (then, next) = (self.new_block(), self.new_block());
        self.branch(found, then, next)?;
        self.switch_to(then);
        let (value, ty) = payload(self)?;
        self.store_register(self.byte(1), memory, 0)?;
        self.store(memory, offset, &value, ty)?;
        self.jump(next)?;
        self.switch_to(next);
        Ok((self.load(memory, 0, option)?, option))
    }

    fn map_next(&mut self, inst: &Inst, map: &Operand, position: LocalId) -> Result<Made<'c>> {
        let option = self.wanted(inst)?;
        let (map, map_type) = self.typed(map)?;
        let map = self.spill(&map, map_type)?;
        let (key, value) = (self.temporary(8)?, self.temporary(8)?);
        let descriptor = self.descriptor(map_type)?;
        let found = self.with_position(position, |this, position| {
            let args = [
                map.into(),
                position.into(),
                key.into(),
                value.into(),
                descriptor,
            ];
            this.call_for_int("dyn_map_next", &args)
        })?;
        let item = match self.shared.program.types.get(option) {
            Type::Option(item) => *item,
            _ => return Err(CodegenError("the next entry of a map is an option".into())),
        };
        let (key_type, value_type) = match *self.shared.program.types.get(map_type) {
            Type::Map(key, value) => (key, Some(value)),
            Type::Set(item) => (item, None),
            _ => return Err(CodegenError("the next entry of what is no map".into())),
        };
        self.optional(option, found, |this| {
            let place = this.load_address(key, 0)?;
            let key = this.load(place, 0, key_type)?;
            let Some(value_type) = value_type else {
                this.retain(&key, key_type)?;
                return Ok((key, key_type));
            };
            let pair = this.shared.layouts.get(item);
            let [first, second] = pair.fields[..] else {
                return Err(CodegenError("the entry of a map is a pair".into()));
            };
            let memory = this.temporary(pair.size)?;
            this.store(memory, first.offset, &key, key_type)?;
            let place = this.load_address(value, 0)?;
            let value = this.load(place, 0, value_type)?;
            this.store(memory, second.offset, &value, value_type)?;
            let entry = this.load(memory, 0, item)?;
            this.retain(&entry, item)?;
            Ok((entry, item))
        })
    }
}
