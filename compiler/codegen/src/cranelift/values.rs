//! Values at hand and in memory: operands, constants, locals, loads and stores, memory for an instruction's time.

use cranelift_codegen::ir::{InstBuilder, StackSlot, StackSlotData, StackSlotKind, Value, types};
use cranelift_frontend::FunctionBuilder;
use dynop_ir::{Const, LocalId, Operand, TypeId};

use super::emit::Home;
use super::emit::{Emitter, Result, TRUSTED, Val};
use super::register;
use crate::CodegenError;
use crate::constants::Text;
use crate::layout::{Part, PartKind};

impl Emitter<'_, '_, '_> {
    pub(super) fn ty_of(&self, local: LocalId) -> TypeId {
        self.function.locals[local.0 as usize].ty
    }

    pub(super) fn local(&mut self, local: LocalId) -> Val {
        match self.homes[local.0 as usize].clone() {
            Home::Parts(parts) => Val::Parts(
                parts
                    .into_iter()
                    .map(|part| self.builder.use_var(part))
                    .collect(),
            ),
            Home::Memory(slot) => Val::Memory(self.builder.ins().stack_addr(types::I64, slot, 0)),
        }
    }

    /// Puts a value in a local, which it then owns.
    pub(super) fn set(&mut self, local: LocalId, value: Val) {
        match (self.homes[local.0 as usize].clone(), value) {
            (Home::Parts(variables), Val::Parts(values)) => {
                for (variable, value) in variables.into_iter().zip(values) {
                    self.builder.def_var(variable, value);
                }
            }
            (Home::Parts(variables), Val::Memory(address)) => {
                let ty = self.ty_of(local);
                let parts = self.shared.layouts.get(ty).parts.clone();
                for (variable, part) in variables.into_iter().zip(parts) {
                    let value = self.load_part(address, 0, part);
                    self.builder.def_var(variable, value);
                }
            }
            (Home::Memory(slot), value) => {
                let ty = self.ty_of(local);
                let address = self.builder.ins().stack_addr(types::I64, slot, 0);
                self.store(address, 0, &value, ty);
            }
        }
    }

    /// An operand's value. Its type is known of a local; `ty` says it for a constant.
    pub(super) fn value(&mut self, operand: &Operand, ty: TypeId) -> Result<Val> {
        match operand {
            Operand::Local(local) => Ok(self.local(*local)),
            Operand::Const(constant) => self.constant(constant, ty),
        }
    }

    /// The type of an operand; a constant's own.
    pub(super) fn operand_type(&self, operand: &Operand) -> Result<TypeId> {
        self.shared.unit.operand_type(self.function, operand)
    }

    /// An operand's value and type.
    pub(super) fn typed(&mut self, operand: &Operand) -> Result<(Val, TypeId)> {
        let ty = self.operand_type(operand)?;
        Ok((self.value(operand, ty)?, ty))
    }

    fn constant(&mut self, constant: &Const, ty: TypeId) -> Result<Val> {
        let value = match constant {
            Const::Int(n) => self.builder.ins().iconst(types::I64, *n),
            Const::Float(x) => self.builder.ins().f64const(*x),
            Const::Bool(b) => self.builder.ins().iconst(types::I8, i64::from(*b)),
            Const::Str(text) | Const::Path(text) => {
                return self.text(text.as_bytes()).map(Val::Parts);
            }
            Const::Bytes(bytes) => return self.text(bytes).map(Val::Parts),
            Const::Zero(zero_type) => {
                debug_assert_eq!(*zero_type, ty, "a zero of another type");
                return Ok(self.zero(*zero_type));
            }
        };
        Ok(Val::Parts(vec![value]))
    }

    fn text(&mut self, bytes: &[u8]) -> Result<Vec<Value>> {
        Ok(match self.shared.constants.text(bytes) {
            Text::Inline(low, high) => vec![
                self.builder.ins().iconst(types::I64, low as i64),
                self.builder.ins().iconst(types::I64, high as i64),
            ],
            Text::Buffer(data, high) => {
                vec![
                    self.data_address(data)?,
                    self.builder.ins().iconst(types::I64, high as i64),
                ]
            }
        })
    }

    /// The value of all bits zero.
    pub(super) fn zero(&mut self, ty: TypeId) -> Val {
        let layout = self.shared.layouts.get(ty).clone();
        if self.shared.layouts.in_memory(ty) {
            let address = self.temporary(layout.size);
            self.zero_memory(address, layout.size);
            return Val::Memory(address);
        }
        Val::Parts(
            layout
                .parts
                .iter()
                .map(|part| zero(&mut self.builder, part.kind))
                .collect(),
        )
    }

    pub(super) fn zero_memory(&mut self, address: Value, size: u32) {
        let zero = self.builder.ins().iconst(types::I64, 0);
        for offset in (0..size / 8 * 8).step_by(8) {
            self.builder
                .ins()
                .store(TRUSTED, zero, address, offset as i32);
        }
        let byte = self.builder.ins().iconst(types::I8, 0);
        for offset in size / 8 * 8..size {
            self.builder
                .ins()
                .store(TRUSTED, byte, address, offset as i32);
        }
    }

    /// The one register of an operand of a scalar type.
    pub(super) fn scalar(&mut self, operand: &Operand) -> Result<Value> {
        match operand {
            Operand::Const(constant @ (Const::Int(_) | Const::Float(_) | Const::Bool(_))) => {
                let ty = TypeId(0);
                match self.constant(constant, ty)? {
                    Val::Parts(parts) => Ok(parts[0]),
                    Val::Memory(address) => Ok(address),
                }
            }
            other => {
                let (value, _) = self.typed(other)?;
                self.single(value)
            }
        }
    }

    pub(super) fn single(&mut self, value: Val) -> Result<Value> {
        match value {
            Val::Parts(parts) if parts.len() == 1 => Ok(parts[0]),
            _ => Err(CodegenError("a scalar is wanted".into())),
        }
    }

    pub(super) fn load_part(&mut self, address: Value, offset: u32, part: Part) -> Value {
        self.builder.ins().load(
            register(part.kind),
            TRUSTED,
            address,
            (offset + part.offset) as i32,
        )
    }

    /// A value in memory as a value at hand. One of many parts stays where it is: use it before that memory changes.
    pub(super) fn load(&mut self, address: Value, offset: u32, ty: TypeId) -> Val {
        if self.shared.layouts.in_memory(ty) {
            return Val::Memory(self.builder.ins().iadd_imm_s(address, i64::from(offset)));
        }
        let parts = self.shared.layouts.get(ty).parts.clone();
        Val::Parts(
            parts
                .into_iter()
                .map(|part| self.load_part(address, offset, part))
                .collect(),
        )
    }

    /// Writes a value to memory, over what was there.
    pub(super) fn store(&mut self, address: Value, offset: u32, value: &Val, ty: TypeId) {
        let layout = self.shared.layouts.get(ty).clone();
        match value {
            Val::Parts(values) => {
                for (part, &value) in layout.parts.iter().zip(values) {
                    self.builder.ins().store(
                        TRUSTED,
                        value,
                        address,
                        (offset + part.offset) as i32,
                    );
                }
            }
            Val::Memory(source) => {
                for part in layout.parts {
                    let value = self.load_part(*source, 0, part);
                    self.builder.ins().store(
                        TRUSTED,
                        value,
                        address,
                        (offset + part.offset) as i32,
                    );
                }
            }
        }
    }

    /// Memory of at least one byte that is free until the end of the instruction.
    pub(super) fn temporary(&mut self, size: u32) -> Value {
        let size = size.max(1).next_multiple_of(8);
        let free =
            (0..self.slots.len()).find(|&at| !self.used_slots[at] && self.slots[at].0 == size);
        let at = free.unwrap_or_else(|| {
            self.slots.push((size, new_slot(&mut self.builder, size)));
            self.used_slots.push(false);
            self.slots.len() - 1
        });
        self.used_slots[at] = true;
        self.builder
            .ins()
            .stack_addr(types::I64, self.slots[at].1, 0)
    }

    /// The address of memory that holds a value.
    pub(super) fn spill(&mut self, value: &Val, ty: TypeId) -> Value {
        if let Val::Memory(address) = value {
            return *address;
        }
        let size = self.shared.layouts.get(ty).size;
        let address = self.temporary(size);
        self.store(address, 0, value, ty);
        address
    }
}

pub(super) fn zero(builder: &mut FunctionBuilder<'_>, kind: PartKind) -> Value {
    match kind {
        PartKind::Byte => builder.ins().iconst(types::I8, 0),
        PartKind::Float => builder.ins().f64const(0.0),
        _ => builder.ins().iconst(types::I64, 0),
    }
}

pub(super) fn new_slot(builder: &mut FunctionBuilder<'_>, size: u32) -> StackSlot {
    builder.create_sized_stack_slot(StackSlotData::new(
        StackSlotKind::ExplicitSlot,
        size.max(8),
        3,
    ))
}
