//! Values at hand and in memory: operands, constants, locals, loads and stores, memory for an instruction's time.

use dynop_ir::{Const, LocalId, Operand, TypeId};
use inkwell::values::{IntValue, PointerValue};

use super::build::{self, Value};
use super::emit::{Emitter, Home, Result, Val};
use crate::CodegenError;
use crate::constants::Text;
use crate::layout::Part;

impl<'c> Emitter<'_, 'c, '_> {
    pub(super) fn ty_of(&self, local: LocalId) -> TypeId {
        self.function.locals[local.0 as usize].ty
    }

    pub(super) fn local(&self, local: LocalId) -> Result<Val<'c>> {
        Ok(match &self.homes[local.0 as usize] {
            Home::Parts(parts) => {
                let parts = parts.iter().map(|&part| self.read(part));
                Val::Parts(parts.collect::<Result<_>>()?)
            }
            Home::Memory(memory) => Val::Memory(*memory),
        })
    }

    /// Puts a value in a local, which it then owns.
    pub(super) fn set(&mut self, local: LocalId, value: &Val<'c>) -> Result<()> {
        let ty = self.ty_of(local);
        match (self.homes[local.0 as usize].clone(), value) {
            (Home::Parts(variables), Val::Parts(values)) => {
                for (variable, &value) in variables.into_iter().zip(values) {
                    self.write(variable, value)?;
                }
            }
            (Home::Parts(variables), Val::Memory(address)) => {
                let parts = &self.shared.layouts.get(ty).parts;
                for (variable, &part) in variables.into_iter().zip(parts) {
                    let value = self.load_part(*address, 0, part)?;
                    self.write(variable, value)?;
                }
            }
            (Home::Memory(memory), value) => self.store(memory, 0, value, ty)?,
        }
        Ok(())
    }

    /// An operand's value. Its type is known of a local; `ty` says it for a constant.
    pub(super) fn value(&mut self, operand: &Operand, ty: TypeId) -> Result<Val<'c>> {
        match operand {
            Operand::Local(local) => self.local(*local),
            Operand::Const(constant) => self.constant(constant, ty),
        }
    }

    /// The type of an operand; a constant's own.
    pub(super) fn operand_type(&self, operand: &Operand) -> Result<TypeId> {
        self.shared.unit.operand_type(self.function, operand)
    }

    /// An operand's value and type.
    pub(super) fn typed(&mut self, operand: &Operand) -> Result<(Val<'c>, TypeId)> {
        let ty = self.operand_type(operand)?;
        Ok((self.value(operand, ty)?, ty))
    }

    fn constant(&mut self, constant: &Const, ty: TypeId) -> Result<Val<'c>> {
        let value = match constant {
            Const::Int(n) => self.word(*n).into(),
            Const::Float(x) => self.context().f64_type().const_float(*x).into(),
            Const::Bool(b) => self.byte(u8::from(*b)).into(),
            Const::Str(text) | Const::Path(text) => return self.text(text.as_bytes()),
            Const::Bytes(bytes) => return self.text(bytes),
            Const::Zero(zero_type) => {
                debug_assert_eq!(*zero_type, ty, "a zero of another type");
                return self.zero(*zero_type);
            }
        };
        Ok(Val::Parts(vec![value]))
    }

    fn text(&mut self, bytes: &[u8]) -> Result<Val<'c>> {
        let (low, high) = match self.shared.constants.text(bytes) {
            Text::Inline(low, high) => (self.word(low as i64), high),
            Text::Buffer(buffer, high) => {
                let buffer = self.shared.record(buffer)?;
                let word = self.context().i64_type();
                (buffer.const_to_int(word), high)
            }
        };
        Ok(Val::Parts(vec![low.into(), self.word(high as i64).into()]))
    }

    /// The value of all bits zero.
    pub(super) fn zero(&mut self, ty: TypeId) -> Result<Val<'c>> {
        let layouts = self.shared.layouts;
        let layout = layouts.get(ty);
        if layouts.in_memory(ty) {
            let address = self.temporary(layout.size)?;
            self.zero_memory(address, layout.size)?;
            return Ok(Val::Memory(address));
        }
        let parts = layout.parts.iter();
        let parts = parts.map(|part| build::zero(self.context(), part.kind));
        Ok(Val::Parts(parts.collect()))
    }

    pub(super) fn zero_memory(&mut self, address: PointerValue<'c>, size: u32) -> Result<()> {
        let (byte, size) = (self.byte(0), self.word(i64::from(size)));
        self.builder.build_memset(address, 1, byte, size)?;
        Ok(())
    }

    /// The one register of an operand of a scalar type.
    pub(super) fn scalar(&mut self, operand: &Operand) -> Result<Value<'c>> {
        match operand {
            Operand::Const(constant @ (Const::Int(_) | Const::Float(_) | Const::Bool(_))) => {
                let value = self.constant(constant, TypeId(0))?;
                self.single(&value)
            }
            other => {
                let (value, _) = self.typed(other)?;
                self.single(&value)
            }
        }
    }

    /// The integer of an operand of such a type.
    pub(super) fn int_scalar(&mut self, operand: &Operand) -> Result<IntValue<'c>> {
        build::int(self.scalar(operand)?)
    }

    /// The pointer of an operand of such a type.
    pub(super) fn address_scalar(&mut self, operand: &Operand) -> Result<PointerValue<'c>> {
        build::address(self.scalar(operand)?)
    }

    pub(super) fn single(&self, value: &Val<'c>) -> Result<Value<'c>> {
        match value {
            Val::Parts(parts) if parts.len() == 1 => Ok(parts[0]),
            _ => Err(CodegenError("a scalar is wanted".into())),
        }
    }

    pub(super) fn load_part(
        &self,
        address: PointerValue<'c>,
        offset: u32,
        part: Part,
    ) -> Result<Value<'c>> {
        let value = self.load_register(part.kind, address, offset + part.offset)?;
        self.shared
            .known
            .loaded(build::load_of(value)?, part.kind)?;
        Ok(value)
    }

    /// A value in memory as a value at hand. One of many parts stays where it is: use it before that memory changes.
    pub(super) fn load(
        &self,
        address: PointerValue<'c>,
        offset: u32,
        ty: TypeId,
    ) -> Result<Val<'c>> {
        if self.shared.layouts.in_memory(ty) {
            return Ok(Val::Memory(self.at(address, offset)?));
        }
        let parts = self.shared.layouts.get(ty).parts.iter();
        let parts = parts.map(|&part| self.load_part(address, offset, part));
        Ok(Val::Parts(parts.collect::<Result<_>>()?))
    }

    /// Writes a value to memory, over what was there.
    pub(super) fn store(
        &self,
        address: PointerValue<'c>,
        offset: u32,
        value: &Val<'c>,
        ty: TypeId,
    ) -> Result<()> {
        let layouts = self.shared.layouts;
        let parts = &layouts.get(ty).parts;
        match value {
            Val::Parts(values) => {
                for (part, &value) in parts.iter().zip(values) {
                    let store = self.store_register(value, address, offset + part.offset)?;
                    self.shared.known.part(store, part.kind)?;
                }
            }
            Val::Memory(source) => {
                for &part in parts {
                    let value = self.load_part(*source, 0, part)?;
                    let store = self.store_register(value, address, offset + part.offset)?;
                    self.shared.known.part(store, part.kind)?;
                }
            }
        }
        Ok(())
    }

    /// Memory of at least one byte that is free until the end of the instruction.
    pub(super) fn temporary(&mut self, size: u32) -> Result<PointerValue<'c>> {
        let words = size.max(1).div_ceil(8);
        let memory = self.frame_memory(self.context().i64_type().array_type(words))?;
        self.lifetime("llvm.lifetime.start", memory)?;
        self.temporaries.push(memory);
        Ok(memory)
    }

    /// Ends the lives of the instruction's temporaries, so that later ones may lie in the same place.
    pub(super) fn end_temporaries(&mut self) -> Result<()> {
        for memory in std::mem::take(&mut self.temporaries) {
            self.lifetime("llvm.lifetime.end", memory)?;
        }
        Ok(())
    }

    fn lifetime(&mut self, name: &str, memory: PointerValue<'c>) -> Result<()> {
        let ty = memory.get_type();
        let intrinsic = self.shared.intrinsic(name, &[ty.into()])?;
        self.call_direct(intrinsic, &[memory.into()])?;
        Ok(())
    }

    /// The address of memory that holds a value.
    pub(super) fn spill(&mut self, value: &Val<'c>, ty: TypeId) -> Result<PointerValue<'c>> {
        if let Val::Memory(address) = value {
            return Ok(*address);
        }
        let size = self.shared.layouts.get(ty).size;
        let address = self.temporary(size)?;
        self.store(address, 0, value, ty)?;
        Ok(address)
    }
}
