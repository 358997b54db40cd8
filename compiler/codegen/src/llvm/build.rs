//! LLVM's instructions as the emitter writes them: one short method each, errors passed on, no names.

use dynop_abi::layout::COUNT;
use inkwell::basic_block::BasicBlock;
use inkwell::builder::{Builder, BuilderError};
use inkwell::context::ContextRef;
use inkwell::types::{BasicType, BasicTypeEnum};
use inkwell::values::{
    BasicMetadataValueEnum, BasicValue, BasicValueEnum, CallSiteValue, FloatValue, FunctionValue,
    InstructionValue, IntValue, PointerValue,
};
use inkwell::{AddressSpace, AtomicOrdering, IntPredicate};

use super::emit::{Emitter, Result};
use crate::CodegenError;
use crate::unit::Register;

/// A value in a register.
pub(super) type Value<'c> = BasicValueEnum<'c>;

impl From<BuilderError> for CodegenError {
    fn from(error: BuilderError) -> Self {
        CodegenError(format!("code generation failed: {error}"))
    }
}

/// A variable of the function under construction; LLVM makes registers of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Variable<'c> {
    slot: PointerValue<'c>,
    register: Register,
}

/// LLVM's type of a register.
pub(super) fn register<'c>(
    context: ContextRef<'c>,
    register: impl Into<Register>,
) -> BasicTypeEnum<'c> {
    match register.into() {
        Register::Byte => context.i8_type().into(),
        Register::Half => context.i32_type().into(),
        Register::Word => context.i64_type().into(),
        Register::Float => context.f64_type().into(),
        Register::Address => context.ptr_type(AddressSpace::default()).into(),
    }
}

/// The value of all bits zero.
pub(super) fn zero<'c>(context: ContextRef<'c>, kind: impl Into<Register>) -> Value<'c> {
    register(context, kind).const_zero()
}

fn other<T>(wanted: &str) -> Result<T> {
    Err(CodegenError(format!("{wanted} is wanted")))
}

/// A value that must be an integer.
pub(super) fn int(value: Value<'_>) -> Result<IntValue<'_>> {
    match value {
        BasicValueEnum::IntValue(value) => Ok(value),
        _ => other("an integer"),
    }
}

/// A value that must be an address.
pub(super) fn address(value: Value<'_>) -> Result<PointerValue<'_>> {
    match value {
        BasicValueEnum::PointerValue(value) => Ok(value),
        _ => other("an address"),
    }
}

/// A value that must be a double.
pub(super) fn float(value: Value<'_>) -> Result<FloatValue<'_>> {
    match value {
        BasicValueEnum::FloatValue(value) => Ok(value),
        _ => other("a float"),
    }
}

/// The load that gave a value.
pub(super) fn load_of(value: Value<'_>) -> Result<InstructionValue<'_>> {
    match value.as_instruction_value() {
        Some(load) => Ok(load),
        None => other("a load"),
    }
}

/// An address some bytes behind another.
pub(super) fn offset<'c>(
    builder: &Builder<'c>,
    base: PointerValue<'c>,
    bytes: IntValue<'c>,
) -> Result<PointerValue<'c>> {
    let byte = bytes.get_type().get_context().i8_type();
    // SAFETY: builds an instruction of the program that is compiled and touches no memory here. That the address stays
    // within what it begins in is the emitter's business, as with any load or store that it writes.
    let value = unsafe { builder.build_in_bounds_gep(byte, base, &[bytes], "") }?;
    Ok(value)
}

impl<'c> Emitter<'_, 'c, '_> {
    pub(super) fn context(&self) -> ContextRef<'c> {
        self.shared.module.get_context()
    }

    pub(super) fn byte(&self, value: u8) -> IntValue<'c> {
        self.context().i8_type().const_int(u64::from(value), false)
    }

    pub(super) fn half(&self, value: u32) -> IntValue<'c> {
        self.context().i32_type().const_int(u64::from(value), false)
    }

    pub(super) fn word(&self, value: i64) -> IntValue<'c> {
        self.context().i64_type().const_int(value as u64, false)
    }

    pub(super) fn null(&self) -> PointerValue<'c> {
        let pointer = self.context().ptr_type(AddressSpace::default());
        pointer.const_null()
    }

    /// An address some bytes behind another.
    pub(super) fn at(&self, base: PointerValue<'c>, bytes: u32) -> Result<PointerValue<'c>> {
        if bytes == 0 {
            return Ok(base);
        }
        offset(&self.builder, base, self.word(i64::from(bytes)))
    }

    pub(super) fn load_register(
        &self,
        kind: impl Into<Register>,
        base: PointerValue<'c>,
        bytes: u32,
    ) -> Result<Value<'c>> {
        let place = self.at(base, bytes)?;
        let ty = register(self.context(), kind);
        Ok(self.builder.build_load(ty, place, "")?)
    }

    pub(super) fn load_word(&self, base: PointerValue<'c>, bytes: u32) -> Result<IntValue<'c>> {
        int(self.load_register(Register::Word, base, bytes)?)
    }

    pub(super) fn load_address(
        &self,
        base: PointerValue<'c>,
        bytes: u32,
    ) -> Result<PointerValue<'c>> {
        address(self.load_register(Register::Address, base, bytes)?)
    }

    /// The count of a buffer.
    pub(super) fn load_count(&self, buffer: PointerValue<'c>) -> Result<IntValue<'c>> {
        let count = self.load_register(Register::Half, buffer, COUNT as u32)?;
        self.shared.known.header(load_of(count)?)?;
        int(count)
    }

    /// A length or capacity in a header.
    pub(super) fn load_length(&self, buffer: PointerValue<'c>, bytes: u32) -> Result<IntValue<'c>> {
        let length = self.load_register(Register::Word, buffer, bytes)?;
        self.shared.known.length(load_of(length)?)?;
        int(length)
    }

    pub(super) fn store_header(
        &self,
        value: IntValue<'c>,
        buffer: PointerValue<'c>,
        bytes: u32,
    ) -> Result<()> {
        let store = self.store_register(value, buffer, bytes)?;
        self.shared.known.header(store)
    }

    /// A word that another thread may write meanwhile.
    pub(super) fn load_shared_word(
        &self,
        base: PointerValue<'c>,
        bytes: u32,
    ) -> Result<IntValue<'c>> {
        let value = self.load_word(base, bytes)?;
        let load = load_of(value.into())?;
        match load.set_atomic_ordering(AtomicOrdering::Monotonic) {
            Ok(()) => Ok(value),
            Err(_) => other("a load"),
        }
    }

    pub(super) fn store_register(
        &self,
        value: impl Into<Value<'c>>,
        base: PointerValue<'c>,
        bytes: u32,
    ) -> Result<InstructionValue<'c>> {
        let place = self.at(base, bytes)?;
        Ok(self.builder.build_store(place, value.into())?)
    }

    /// A comparison of integers or addresses.
    pub(super) fn compare_words(
        &self,
        predicate: IntPredicate,
        a: IntValue<'c>,
        b: IntValue<'c>,
    ) -> Result<IntValue<'c>> {
        Ok(self.builder.build_int_compare(predicate, a, b, "")?)
    }

    /// Whether an integer is one known.
    pub(super) fn is(&self, a: IntValue<'c>, known: i64) -> Result<IntValue<'c>> {
        let known = a.get_type().const_int(known as u64, true);
        self.compare_words(IntPredicate::EQ, a, known)
    }

    /// Whether an integer or an address is not zero.
    pub(super) fn not_zero(&self, value: impl Into<Value<'c>>) -> Result<IntValue<'c>> {
        match value.into() {
            BasicValueEnum::PointerValue(pointer) => {
                Ok(self.builder.build_is_not_null(pointer, "")?)
            }
            value => {
                let value = int(value)?;
                let zero = value.get_type().const_zero();
                self.compare_words(IntPredicate::NE, value, zero)
            }
        }
    }

    /// Whether an address is null.
    pub(super) fn is_null(&self, value: PointerValue<'c>) -> Result<IntValue<'c>> {
        Ok(self.builder.build_is_null(value, "")?)
    }

    /// A `Bool` of the bit that a comparison gives.
    pub(super) fn to_bool(&self, bit: IntValue<'c>) -> Result<IntValue<'c>> {
        let byte = self.context().i8_type();
        Ok(self.builder.build_int_z_extend(bit, byte, "")?)
    }

    pub(super) fn to_address(&self, word: IntValue<'c>) -> Result<PointerValue<'c>> {
        let pointer = self.context().ptr_type(AddressSpace::default());
        Ok(self.builder.build_int_to_ptr(word, pointer, "")?)
    }

    /// A block behind those that are there.
    pub(super) fn new_block(&self) -> BasicBlock<'c> {
        self.context().append_basic_block(self.value, "")
    }

    pub(super) fn switch_to(&self, block: BasicBlock<'c>) {
        self.builder.position_at_end(block);
    }

    pub(super) fn jump(&self, block: BasicBlock<'c>) -> Result<()> {
        self.builder.build_unconditional_branch(block)?;
        Ok(())
    }

    /// Branches on a bit.
    pub(super) fn branch(
        &self,
        condition: IntValue<'c>,
        then: BasicBlock<'c>,
        otherwise: BasicBlock<'c>,
    ) -> Result<InstructionValue<'c>> {
        let built = self
            .builder
            .build_conditional_branch(condition, then, otherwise)?;
        Ok(built)
    }

    /// Branches on a bit that is hardly ever set.
    pub(super) fn branch_rarely(
        &self,
        condition: IntValue<'c>,
        then: BasicBlock<'c>,
        otherwise: BasicBlock<'c>,
    ) -> Result<()> {
        let branch = self.branch(condition, then, otherwise)?;
        self.shared.known.rarely(branch)
    }

    /// Branches on a bit that is nearly always set.
    pub(super) fn branch_mostly(
        &self,
        condition: IntValue<'c>,
        then: BasicBlock<'c>,
        otherwise: BasicBlock<'c>,
    ) -> Result<()> {
        let branch = self.branch(condition, then, otherwise)?;
        self.shared.known.mostly(branch)
    }

    /// Calls a function known by name; its result if it has one.
    pub(super) fn call_direct(
        &self,
        function: FunctionValue<'c>,
        args: &[Value<'c>],
    ) -> Result<CallSiteValue<'c>> {
        let args: Vec<BasicMetadataValueEnum<'c>> = args.iter().map(|&arg| arg.into()).collect();
        Ok(self.builder.build_direct_call(function, &args, "")?)
    }

    /// Memory in the function's frame.
    pub(super) fn frame_memory(&self, ty: impl BasicType<'c>) -> Result<PointerValue<'c>> {
        Ok(self.frame.build_alloca(ty, "")?)
    }

    pub(super) fn new_variable(&self, register_kind: impl Into<Register>) -> Result<Variable<'c>> {
        let kind = register_kind.into();
        Ok(Variable {
            slot: self.frame_memory(register(self.context(), kind))?,
            register: kind,
        })
    }

    pub(super) fn read(&self, variable: Variable<'c>) -> Result<Value<'c>> {
        let ty = register(self.context(), variable.register);
        Ok(self.builder.build_load(ty, variable.slot, "")?)
    }

    pub(super) fn write(&self, variable: Variable<'c>, value: impl Into<Value<'c>>) -> Result<()> {
        self.builder.build_store(variable.slot, value.into())?;
        Ok(())
    }
}
