//! Places: ways into locals, read or written in place, and the counts of values.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self as clif, InstBuilder, Value, types};
use dynop_abi::layout::{COUNT, LIST_DATA, LIST_LEN};
use dynop_ir::{Place, Projection, Type, TypeId};

use super::emit::{Emitter, Result, TRUSTED, Val};
use crate::CodegenError;

/// Where the way of a place ended.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    /// Parts of a local, from the first on.
    Parts { first: usize, ty: TypeId },
    /// Memory.
    Memory { address: Value, ty: TypeId },
}

impl End {
    pub(super) fn ty(self) -> TypeId {
        match self {
            End::Parts { ty, .. } | End::Memory { ty, .. } => ty,
        }
    }
}

impl Emitter<'_, '_, '_> {
    /// Follows a place so that its end can be written: buffers on the way are made unshared.
    pub(super) fn resolve(&mut self, place: &Place, target: clif::Block) -> Result<End> {
        let ty = self.ty_of(place.local);
        let mut at = match self.local(place.local) {
            Val::Parts(_) => End::Parts { first: 0, ty },
            Val::Memory(address) => End::Memory { address, ty },
        };
        for projection in &place.projections {
            at = match projection {
                Projection::Field(index) => self.field_of(at, *index)?,
                Projection::Payload => self.field_of(at, 0)?,
                Projection::Index(index) => {
                    let index = self.scalar(index)?;
                    self.element_of(place, at, index, target)?
                }
                Projection::Key(key) => self.slot_of(place, at, key, false, target)?,
                Projection::KeyOrInsert(key) => self.slot_of(place, at, key, true, target)?,
            };
        }
        Ok(at)
    }

    fn field_of(&mut self, at: End, index: u32) -> Result<End> {
        let layout = self.shared.layouts.get(at.ty()).clone();
        if layout.fields.is_empty() && (index as usize) < layout.parts.len() {
            // A range: two plain integers.
            let ty = self.int_type()?;
            return Ok(match at {
                End::Parts { first, .. } => End::Parts {
                    first: first + index as usize,
                    ty,
                },
                End::Memory { address, .. } => End::Memory {
                    address: self.builder.ins().iadd_imm_s(address, i64::from(index) * 8),
                    ty,
                },
            });
        }
        let field = layout.fields.get(index as usize).copied();
        let field =
            field.ok_or_else(|| CodegenError("a place names a field that is not there".into()))?;
        Ok(match at {
            End::Parts { first, .. } => End::Parts {
                first: first + field.part,
                ty: field.ty,
            },
            End::Memory { address, .. } => End::Memory {
                address: self
                    .builder
                    .ins()
                    .iadd_imm_s(address, i64::from(field.offset)),
                ty: field.ty,
            },
        })
    }

    pub(super) fn int_type(&self) -> Result<TypeId> {
        self.known(&Type::Int)
    }

    /// Runs `work` on the address of what is at an end, which is one part; reads a part of a local back behind it.
    pub(super) fn through_memory<T>(
        &mut self,
        place: &Place,
        at: End,
        work: impl FnOnce(&mut Self, Value) -> Result<T>,
    ) -> Result<T> {
        match at {
            End::Memory { address, .. } => work(self, address),
            End::Parts { ty, .. } => {
                let value = self.read_end(place, at);
                let size = self.shared.layouts.get(ty).size;
                let address = self.temporary(size);
                self.store(address, 0, &value, ty);
                let result = work(self, address)?;
                let value = self.load(address, 0, ty);
                self.write_end(place, at, &value);
                Ok(result)
            }
        }
    }

    /// What is at an end, not retained.
    pub(super) fn read_end(&mut self, place: &Place, at: End) -> Val {
        match at {
            End::Memory { address, ty } => self.load(address, 0, ty),
            End::Parts { first, ty } => {
                let count = self.shared.layouts.get(ty).parts.len();
                match self.local(place.local) {
                    Val::Parts(parts) => Val::Parts(parts[first..first + count].to_vec()),
                    memory => memory,
                }
            }
        }
    }

    /// Writes over what is at an end, which is neither released nor kept.
    pub(super) fn write_end(&mut self, place: &Place, at: End, value: &Val) {
        match at {
            End::Memory { address, ty } => self.store(address, 0, value, ty),
            End::Parts { first, ty } => {
                let Val::Parts(mut parts) = self.local(place.local) else {
                    return;
                };
                let new = match value {
                    Val::Parts(new) => new.clone(),
                    Val::Memory(address) => match self.parts_in_memory(*address, ty) {
                        Val::Parts(new) => new,
                        Val::Memory(_) => return,
                    },
                };
                parts[first..first + new.len()].copy_from_slice(&new);
                self.set(place.local, Val::Parts(parts));
            }
        }
    }

    fn parts_in_memory(&mut self, address: Value, ty: TypeId) -> Val {
        let parts = self.shared.layouts.get(ty).parts.clone();
        Val::Parts(
            parts
                .into_iter()
                .map(|part| self.load_part(address, 0, part))
                .collect(),
        )
    }

    /// The place of an element: the list made unshared, the index checked.
    fn element_of(
        &mut self,
        place: &Place,
        at: End,
        index: Value,
        target: clif::Block,
    ) -> Result<End> {
        let list_type = at.ty();
        let Some(item) = self.shared.program.types.element(list_type) else {
            return Err(CodegenError("a place indexes what is no list".into()));
        };
        let value = self.read_end(place, at);
        let list = self.single(value)?;
        self.check_index(list, index, target)?;
        let list = self.unique(place, at, list, target)?;
        Ok(End::Memory {
            address: self.element_address(list, index, item),
            ty: item,
        })
    }

    /// Makes the list at an end unshared and gives its buffer. It is not empty, so there is one.
    fn unique(
        &mut self,
        place: &Place,
        at: End,
        list: Value,
        target: clif::Block,
    ) -> Result<Value> {
        let variable = self.builder.declare_var(types::I64);
        self.builder.def_var(variable, list);
        let count = self
            .builder
            .ins()
            .load(types::I32, TRUSTED, list, COUNT as i32);
        let shared = self.builder.ins().icmp_imm_s(IntCC::NotEqual, count, 1);
        let (slow, next) = (self.builder.create_block(), self.builder.create_block());
        self.builder.set_cold_block(slow);
        self.builder.ins().brif(shared, slow, &[], next, &[]);
        self.builder.switch_to_block(slow);
        let descriptor = self.descriptor(at.ty())?;
        let list = self.through_memory(place, at, |this, address| {
            this.call_fallible(
                "dyn_list_unique",
                &[this.ctx, address, descriptor],
                target,
                true,
            )?;
            Ok(this.builder.ins().load(types::I64, TRUSTED, address, 0))
        })?;
        self.builder.def_var(variable, list);
        self.builder.ins().jump(next, &[]);
        self.builder.switch_to_block(next);
        Ok(self.builder.use_var(variable))
    }

    pub(super) fn element_address(&mut self, list: Value, index: Value, item: TypeId) -> Value {
        let size = self.shared.layouts.get(item).size;
        let offset = self.builder.ins().imul_imm_s(index, i64::from(size));
        let address = self.builder.ins().iadd(list, offset);
        self.builder.ins().iadd_imm_s(address, LIST_DATA as i64)
    }

    /// Number of elements of a list, null for the empty one: the null pointer is exchanged for one to zeros.
    pub(super) fn list_len(&mut self, list: Value) -> Result<Value> {
        let zeros = self.shared.constants.zeros();
        let zeros = self.data_address(zeros)?;
        let empty = self.builder.ins().icmp_imm_s(IntCC::Equal, list, 0);
        let header = self.builder.ins().select(empty, zeros, list);
        Ok(self
            .builder
            .ins()
            .load(types::I64, TRUSTED, header, LIST_LEN as i32))
    }

    /// Goes on where the list has an element of that index. The empty list, which is null, is told apart by a branch of
    /// its own: in a loop it costs less than choosing an address to read the length from.
    pub(super) fn check_index(
        &mut self,
        list: Value,
        index: Value,
        target: clif::Block,
    ) -> Result<()> {
        let (some, outside, next) = (
            self.builder.create_block(),
            self.builder.create_block(),
            self.builder.create_block(),
        );
        let len = self.builder.append_block_param(outside, types::I64);
        self.builder.set_cold_block(outside);
        let zero = self.builder.ins().iconst(types::I64, 0);
        self.builder
            .ins()
            .brif(list, some, &[], outside, &[zero.into()]);
        self.builder.switch_to_block(some);
        let found = self
            .builder
            .ins()
            .load(types::I64, TRUSTED, list, LIST_LEN as i32);
        let inside = self
            .builder
            .ins()
            .icmp(IntCC::UnsignedLessThan, index, found);
        self.builder
            .ins()
            .brif(inside, next, &[], outside, &[found.into()]);
        self.builder.switch_to_block(outside);
        let site = self.site();
        self.call_entry("dyn_fail_index", &[self.ctx, site, index, len])?;
        self.builder.ins().jump(target, &[]);
        self.builder.switch_to_block(next);
        Ok(())
    }

    /// The place of a key's value.
    fn slot_of(
        &mut self,
        place: &Place,
        at: End,
        key: &dynop_ir::Operand,
        insert: bool,
        target: clif::Block,
    ) -> Result<End> {
        let map_type = at.ty();
        let Type::Map(_, value_type) = *self.shared.program.types.get(map_type) else {
            return Err(CodegenError("a place looks up what is no map".into()));
        };
        let (key, key_type) = self.typed(key)?;
        let key = self.spill(&key, key_type);
        let descriptor = self.descriptor(map_type)?;
        let slot = self.through_memory(place, at, |this, map| {
            let (name, args) = if insert {
                let found = this.temporary(8);
                ("dyn_map_slot", vec![this.ctx, map, key, descriptor, found])
            } else {
                (
                    "dyn_map_slot_existing",
                    vec![this.ctx, map, key, descriptor],
                )
            };
            let slot = this.call_entry(name, &args)?;
            slot.ok_or_else(|| CodegenError(format!("`{name}` returns nothing")))
        })?;
        let missing = self.builder.ins().icmp_imm_s(IntCC::Equal, slot, 0);
        let site = self.site();
        if insert {
            self.fail_if(missing, target, |this| {
                this.call_entry("dyn_fail_memory", &[this.ctx, site])?;
                Ok(())
            })?;
        } else {
            self.fail_key(missing, key, key_type, target)?;
        }
        Ok(End::Memory {
            address: slot,
            ty: value_type,
        })
    }

    pub(super) fn fail_key(
        &mut self,
        missing: Value,
        key: Value,
        key_type: TypeId,
        target: clif::Block,
    ) -> Result<()> {
        let site = self.shared.site(self.id, self.span);
        let descriptor = self.shared.constants.descriptor(key_type)?;
        self.fail_if(missing, target, |this| {
            let site = this.builder.ins().iconst(types::I32, i64::from(site));
            let descriptor = this.data_address(descriptor)?;
            this.call_entry("dyn_fail_key", &[this.ctx, site, key, descriptor])?;
            Ok(())
        })
    }

    /// Reads along a place without making anything unshared; the value is not retained.
    pub(super) fn peek(&mut self, place: &Place, target: clif::Block) -> Result<(Val, TypeId)> {
        let mut ty = self.ty_of(place.local);
        let mut value = self.local(place.local);
        for projection in &place.projections {
            (value, ty) = match projection {
                Projection::Field(index) => self.field(&value, ty, *index as usize)?,
                Projection::Payload => self.field(&value, ty, 0)?,
                Projection::Index(index) => {
                    let index = self.scalar(index)?;
                    let list = self.single(value)?;
                    self.check_index(list, index, target)?;
                    self.element(list, index, ty)?
                }
                Projection::Key(key) | Projection::KeyOrInsert(key) => {
                    let (key, key_type) = self.typed(key)?;
                    let key = self.spill(&key, key_type);
                    let found = self.look_up(&value, ty, key)?;
                    let missing = self.builder.ins().icmp_imm_s(IntCC::Equal, found, 0);
                    self.fail_key(missing, key, key_type, target)?;
                    let Type::Map(_, value_type) = *self.shared.program.types.get(ty) else {
                        return Err(CodegenError("a place looks up what is no map".into()));
                    };
                    (self.load(found, 0, value_type), value_type)
                }
            };
        }
        Ok((value, ty))
    }

    /// The address of a key's value in a map, or null.
    pub(super) fn look_up(&mut self, map: &Val, map_type: TypeId, key: Value) -> Result<Value> {
        let map = self.spill(map, map_type);
        let descriptor = self.descriptor(map_type)?;
        let found = self.call_entry("dyn_map_get", &[map, key, descriptor])?;
        found.ok_or_else(|| CodegenError("`dyn_map_get` returns nothing".into()))
    }

    pub(super) fn element(
        &mut self,
        list: Value,
        index: Value,
        list_type: TypeId,
    ) -> Result<(Val, TypeId)> {
        let Some(item) = self.shared.program.types.element(list_type) else {
            return Err(CodegenError("what is indexed is no list".into()));
        };
        let address = self.element_address(list, index, item);
        Ok((self.load(address, 0, item), item))
    }

    /// A field of a value at hand (0 is also the payload of an option), not retained.
    pub(super) fn field(&mut self, value: &Val, ty: TypeId, index: usize) -> Result<(Val, TypeId)> {
        let layout = self.shared.layouts.get(ty).clone();
        if layout.fields.is_empty() {
            let int = self.int_type()?;
            return match value {
                Val::Parts(parts) if index < parts.len() => {
                    Ok((Val::Parts(vec![parts[index]]), int))
                }
                _ => Err(CodegenError("a field that is not there".into())),
            };
        }
        let field = layout
            .fields
            .get(index)
            .copied()
            .ok_or_else(|| CodegenError("a field that is not there".into()))?;
        let value = match value {
            Val::Parts(parts) => {
                let count = self.shared.layouts.get(field.ty).parts.len();
                Val::Parts(parts[field.part..field.part + count].to_vec())
            }
            Val::Memory(address) => self.load(*address, field.offset, field.ty),
        };
        Ok((value, field.ty))
    }
}
