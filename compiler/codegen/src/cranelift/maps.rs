//! Maps and sets, and what is gone over with a position.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self as clif, InstBuilder, Value, types};
use dynop_abi::layout::MAP_LEN;
use dynop_ir::{Inst, LocalId, Op, Operand, Type, TypeId};

use super::emit::{Emitter, Result, TRUSTED, Val};
use super::ops::Made;
use crate::CodegenError;

impl Emitter<'_, '_, '_> {
    pub(super) fn map_op(&mut self, inst: &Inst, target: clif::Block) -> Result<Option<Made>> {
        match &inst.op {
            Op::MapLen(map) => {
                let map = self.scalar(map)?;
                let zeros = self.shared.constants.zeros();
                let zeros = self.data_address(zeros)?;
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
}
