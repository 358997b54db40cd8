//! Places: ways into locals, read or written in place, and the counts of values.

use dynop_abi::layout::{LIST_DATA, LIST_LEN};
use dynop_ir::{Operand, Place, Projection, Type, TypeId};
use inkwell::IntPredicate;
use inkwell::basic_block::BasicBlock;
use inkwell::values::{IntValue, PointerValue};

use super::build::{self, address};
use super::emit::{Emitter, Result, Val};
use crate::CodegenError;
use crate::unit::Register;

/// Where the way of a place ended.
#[derive(Clone, Copy, Debug)]
pub(super) enum End<'c> {
    /// Parts of a local, from the first on.
    Parts { first: usize, ty: TypeId },
    /// Memory.
    Memory {
        address: PointerValue<'c>,
        ty: TypeId,
    },
}

impl End<'_> {
    pub(super) fn ty(self) -> TypeId {
        match self {
            End::Parts { ty, .. } | End::Memory { ty, .. } => ty,
        }
    }
}

impl<'c> Emitter<'_, 'c, '_> {
    /// Follows a place so that its end can be written: buffers on the way are made unshared.
    pub(super) fn resolve(&mut self, place: &Place, target: BasicBlock<'c>) -> Result<End<'c>> {
        let ty = self.ty_of(place.local);
        let mut at = match self.local(place.local)? {
            Val::Parts(_) => End::Parts { first: 0, ty },
            Val::Memory(address) => End::Memory { address, ty },
        };
        for projection in &place.projections {
            at = match projection {
                Projection::Field(index) => self.field_of(at, *index)?,
                Projection::Payload => self.field_of(at, 0)?,
                Projection::Index(index) => {
                    let index = self.int_scalar(index)?;
                    self.element_of(place, at, index, target)?
                }
                Projection::Key(key) => self.slot_of(place, at, key, false, target)?,
                Projection::KeyOrInsert(key) => self.slot_of(place, at, key, true, target)?,
            };
        }
        Ok(at)
    }

    fn field_of(&mut self, at: End<'c>, index: u32) -> Result<End<'c>> {
        let layout = self.shared.layouts.get(at.ty());
        let (part, offset, ty) = if layout.fields.is_empty()
            && (index as usize) < layout.parts.len()
        {
            // A range: two plain integers.
            (index as usize, index * 8, self.int_type()?)
        } else {
            let field = layout.fields.get(index as usize).copied();
            let field = field
                .ok_or_else(|| CodegenError("a place names a field that is not there".into()))?;
            (field.part, field.offset, field.ty)
        };
        Ok(match at {
            End::Parts { first, .. } => End::Parts {
                first: first + part,
                ty,
            },
            End::Memory { address, .. } => End::Memory {
                address: self.at(address, offset)?,
                ty,
            },
        })
    }

    /// Runs `work` on the address of what is at an end; reads a part of a local back behind it.
    pub(super) fn through_memory<T>(
        &mut self,
        place: &Place,
        at: End<'c>,
        work: impl FnOnce(&mut Self, PointerValue<'c>) -> Result<T>,
    ) -> Result<T> {
        match at {
            End::Memory { address, .. } => work(self, address),
            End::Parts { ty, .. } => {
                let value = self.read_end(place, at)?;
                let size = self.shared.layouts.get(ty).size;
                let address = self.temporary(size)?;
                self.store(address, 0, &value, ty)?;
                let result = work(self, address)?;
                let value = self.load(address, 0, ty)?;
                self.write_end(place, at, &value)?;
                Ok(result)
            }
        }
    }

    /// What is at an end, not retained.
    pub(super) fn read_end(&mut self, place: &Place, at: End<'c>) -> Result<Val<'c>> {
        match at {
            End::Memory { address, ty } => self.load(address, 0, ty),
            End::Parts { first, ty } => {
                let count = self.shared.layouts.get(ty).parts.len();
                Ok(match self.local(place.local)? {
                    Val::Parts(parts) => Val::Parts(parts[first..first + count].to_vec()),
                    memory => memory,
                })
            }
        }
    }

    /// Writes over what is at an end, which is neither released nor kept.
    pub(super) fn write_end(&mut self, place: &Place, at: End<'c>, value: &Val<'c>) -> Result<()> {
        match at {
            End::Memory { address, ty } => self.store(address, 0, value, ty),
            End::Parts { first, ty } => {
                let Val::Parts(mut parts) = self.local(place.local)? else {
                    return Ok(());
                };
                let new = match value {
                    Val::Parts(new) => new.clone(),
                    Val::Memory(address) => {
                        let list = self.shared.layouts.get(ty).parts.iter();
                        let list = list.map(|&part| self.load_part(*address, 0, part));
                        list.collect::<Result<_>>()?
                    }
                };
                parts[first..first + new.len()].copy_from_slice(&new);
                self.set(place.local, &Val::Parts(parts))
            }
        }
    }

    /// The place of an element: the list made unshared, the index checked.
    fn element_of(
        &mut self,
        place: &Place,
        at: End<'c>,
        index: IntValue<'c>,
        target: BasicBlock<'c>,
    ) -> Result<End<'c>> {
        let list_type = at.ty();
        let Some(item) = self.shared.program.types.element(list_type) else {
            return Err(CodegenError("a place indexes what is no list".into()));
        };
        let value = self.read_end(place, at)?;
        let list = address(self.single(&value)?)?;
        self.check_index(list, index, target)?;
        let list = self.unique(place, at, list, target)?;
        Ok(End::Memory {
            address: self.element_address(list, index, item)?,
            ty: item,
        })
    }

    /// Makes the list at an end unshared and gives its buffer. It is not empty, so there is one.
    fn unique(
        &mut self,
        place: &Place,
        at: End<'c>,
        list: PointerValue<'c>,
        target: BasicBlock<'c>,
    ) -> Result<PointerValue<'c>> {
        let variable = self.new_variable(Register::Address)?;
        self.write(variable, list)?;
        let count = self.load_count(list)?;
        let one = self.half(1);
        let shared = self.compare_words(IntPredicate::NE, count, one)?;
        let (slow, next) = (self.new_block(), self.new_block());
        self.branch_rarely(shared, slow, next)?;
        self.switch_to(slow);
        let descriptor = self.descriptor(at.ty())?;
        let list = self.through_memory(place, at, |this, address| {
            let args = [this.ctx.into(), address.into(), descriptor];
            this.call_fallible("dyn_list_unique", &args, target, true)?;
            this.load_address(address, 0)
        })?;
        self.write(variable, list)?;
        self.jump(next)?;
        self.switch_to(next);
        address(self.read(variable)?)
    }

    pub(super) fn element_address(
        &mut self,
        list: PointerValue<'c>,
        index: IntValue<'c>,
        item: TypeId,
    ) -> Result<PointerValue<'c>> {
        let size = self.shared.layouts.get(item).size;
        let first = self.at(list, LIST_DATA as u32)?;
        let size = self.word(i64::from(size));
        // An index that is good, times a size, is an offset within a buffer: it can't overflow.
        let bytes = self.builder.build_int_nuw_mul(index, size, "")?;
        build::offset(&self.builder, first, bytes)
    }

    /// Number of elements of a list, null for the empty one: the null pointer is exchanged for one to zeros.
    pub(super) fn list_len(&mut self, list: PointerValue<'c>) -> Result<IntValue<'c>> {
        self.count_at(list, LIST_LEN as u32)
    }

    /// A word of a header, 0 where there is none.
    pub(super) fn count_at(
        &mut self,
        buffer: PointerValue<'c>,
        offset: u32,
    ) -> Result<IntValue<'c>> {
        let zeros = self.shared.constants.zeros();
        let zeros = self.shared.record(zeros)?;
        let empty = self.is_null(buffer)?;
        let header = self.builder.build_select(empty, zeros, buffer, "")?;
        self.load_length(address(header)?, offset)
    }

    /// Goes on where the list has an element of that index. The empty list, which is null, is told apart by a branch of
    /// its own: in a loop it costs less than choosing an address to read the length from.
    pub(super) fn check_index(
        &mut self,
        list: PointerValue<'c>,
        index: IntValue<'c>,
        target: BasicBlock<'c>,
    ) -> Result<()> {
        let (some, outside, next) = (self.new_block(), self.new_block(), self.new_block());
        let len = self.new_variable(Register::Word)?;
        self.write(len, self.word(0))?;
        let empty = self.is_null(list)?;
        self.branch_rarely(empty, outside, some)?;
        self.switch_to(some);
        let found = self.load_length(list, LIST_LEN as u32)?;
        self.write(len, found)?;
        let inside = self.compare_words(IntPredicate::ULT, index, found)?;
        self.branch_mostly(inside, next, outside)?;
        self.switch_to(outside);
        let args = [self.ctx.into(), self.site(), index.into(), self.read(len)?];
        self.call_entry("dyn_fail_index", &args)?;
        self.jump(target)?;
        self.switch_to(next);
        Ok(())
    }

    /// The place of a key's value.
    fn slot_of(
        &mut self,
        place: &Place,
        at: End<'c>,
        key: &Operand,
        insert: bool,
        target: BasicBlock<'c>,
    ) -> Result<End<'c>> {
        let map_type = at.ty();
        let Type::Map(_, value_type) = *self.shared.program.types.get(map_type) else {
            return Err(CodegenError("a place looks up what is no map".into()));
        };
        let (key, key_type) = self.typed(key)?;
        let key = self.spill(&key, key_type)?;
        let descriptor = self.descriptor(map_type)?;
        let slot = self.through_memory(place, at, |this, map| {
            let mut args = vec![this.ctx.into(), map.into(), key.into(), descriptor];
            if insert {
                args.push(this.temporary(8)?.into());
                this.call_for_address("dyn_map_slot", &args)
            } else {
                this.call_for_address("dyn_map_slot_existing", &args)
            }
        })?;
        let missing = self.is_null(slot)?;
        if insert {
            let site = self.site();
            self.fail_if(missing, target, |this| {
                this.call_entry("dyn_fail_memory", &[this.ctx.into(), site])?;
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
        missing: IntValue<'c>,
        key: PointerValue<'c>,
        key_type: TypeId,
        target: BasicBlock<'c>,
    ) -> Result<()> {
        let (site, descriptor) = (self.site(), self.descriptor(key_type)?);
        self.fail_if(missing, target, |this| {
            let args = [this.ctx.into(), site, key.into(), descriptor];
            this.call_entry("dyn_fail_key", &args)?;
            Ok(())
        })
    }

    /// Reads along a place without making anything unshared; the value is not retained.
    pub(super) fn peek(
        &mut self,
        place: &Place,
        target: BasicBlock<'c>,
    ) -> Result<(Val<'c>, TypeId)> {
        let mut ty = self.ty_of(place.local);
        let mut value = self.local(place.local)?;
        for projection in &place.projections {
            (value, ty) = match projection {
                Projection::Field(index) => self.field(&value, ty, *index as usize)?,
                Projection::Payload => self.field(&value, ty, 0)?,
                Projection::Index(index) => {
                    let index = self.int_scalar(index)?;
                    let list = address(self.single(&value)?)?;
                    self.check_index(list, index, target)?;
                    self.element(list, index, ty)?
                }
                Projection::Key(key) | Projection::KeyOrInsert(key) => {
                    let (key, key_type) = self.typed(key)?;
                    let key = self.spill(&key, key_type)?;
                    let found = self.look_up(&value, ty, key)?;
                    let missing = self.is_null(found)?;
                    self.fail_key(missing, key, key_type, target)?;
                    let Type::Map(_, value_type) = *self.shared.program.types.get(ty) else {
                        return Err(CodegenError("a place looks up what is no map".into()));
                    };
                    (self.load(found, 0, value_type)?, value_type)
                }
            };
        }
        Ok((value, ty))
    }

    /// The address of a key's value in a map, or null.
    pub(super) fn look_up(
        &mut self,
        map: &Val<'c>,
        map_type: TypeId,
        key: PointerValue<'c>,
    ) -> Result<PointerValue<'c>> {
        let map = self.spill(map, map_type)?;
        let args = [map.into(), key.into(), self.descriptor(map_type)?];
        self.call_for_address("dyn_map_get", &args)
    }

    pub(super) fn element(
        &mut self,
        list: PointerValue<'c>,
        index: IntValue<'c>,
        list_type: TypeId,
    ) -> Result<(Val<'c>, TypeId)> {
        let Some(item) = self.shared.program.types.element(list_type) else {
            return Err(CodegenError("what is indexed is no list".into()));
        };
        let address = self.element_address(list, index, item)?;
        Ok((self.load(address, 0, item)?, item))
    }

    /// A field of a value at hand (0 is also the payload of an option), not retained.
    pub(super) fn field(
        &mut self,
        value: &Val<'c>,
        ty: TypeId,
        index: usize,
    ) -> Result<(Val<'c>, TypeId)> {
        let layout = self.shared.layouts.get(ty);
        let missing = || CodegenError("a field that is not there".into());
        if layout.fields.is_empty() {
            let int = self.int_type()?;
            return match value {
                Val::Parts(parts) if index < parts.len() => {
                    Ok((Val::Parts(vec![parts[index]]), int))
                }
                _ => Err(missing()),
            };
        }
        let field = layout.fields.get(index).copied().ok_or_else(missing)?;
        let value = match value {
            Val::Parts(parts) => {
                let count = self.shared.layouts.get(field.ty).parts.len();
                Val::Parts(parts[field.part..field.part + count].to_vec())
            }
            Val::Memory(address) => self.load(*address, field.offset, field.ty)?,
        };
        Ok((value, field.ty))
    }
}
