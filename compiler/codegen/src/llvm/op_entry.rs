//! The entry of an op, by which the runtime calls it.

use dynop_abi::context::OK;
use dynop_ir::OpEntry;
use inkwell::values::{BasicMetadataValueEnum, FunctionValue, PointerValue};

use super::Shared;
use super::build::{self, Value, address, register};
use super::emit::Result;
use crate::CodegenError;
use crate::unit::Register;

/// Emits the `OpCode` of an op: takes its arguments out of the inputs, calls its body and writes its output.
pub(super) fn op_entry<'c>(
    shared: &mut Shared<'c, '_>,
    value: FunctionValue<'c>,
    name: &str,
    op: &OpEntry,
) -> Result<()> {
    let function = &shared.program.functions[op.function.0 as usize];
    let context = shared.module.get_context();
    let builder = context.create_builder();
    builder.position_at_end(context.append_basic_block(value, ""));
    // Without one, what is put in place here would lose its lines.
    let location = shared
        .debug
        .entry(shared.unit, context, value, name, function);
    builder.set_current_debug_location(location);
    let params = value.get_params();
    let [ctx, inputs, output] = params[..] else {
        return Err(CodegenError("an op's code takes three parameters".into()));
    };
    let (inputs, output) = (address(inputs)?, address(output)?);
    let load = |kind: Register, base: PointerValue<'c>, bytes: u32| -> Result<Value<'c>> {
        let bytes = context.i64_type().const_int(u64::from(bytes), false);
        let place = build::offset(&builder, base, bytes)?;
        Ok(builder.build_load(register(context, kind), place, "")?)
    };
    let mut args: Vec<BasicMetadataValueEnum<'c>> = vec![ctx.into()];
    let result_parts = &shared.layouts.get(function.result).parts;
    if result_parts.len() > 1 {
        args.push(output.into());
    }
    let locals = &function.locals[..function.params as usize];
    for (index, local) in (0..).zip(locals) {
        let argument = address(load(Register::Address, inputs, index * 8)?)?;
        if shared.layouts.in_memory(local.ty) {
            args.push(argument.into());
            continue;
        }
        for part in &shared.layouts.get(local.ty).parts {
            args.push(load(part.kind.into(), argument, part.offset)?.into());
        }
    }
    let call = builder.build_direct_call(shared.functions[&op.function], &args, "")?;
    let ok = Value::from(context.i32_type().const_int(u64::from(OK), false));
    let (status, result) = match call.try_as_basic_value().basic() {
        Some(Value::StructValue(pair)) => (
            builder.build_extract_value(pair, 0, "")?,
            Some(builder.build_extract_value(pair, 1, "")?),
        ),
        Some(value) if function.fallible => (value, None),
        value => (ok, value),
    };
    // A failed op's result is zero bits, and nobody looks at the memory then; writing it needs no branch.
    if op.returns_output
        && let (Some(value), [part]) = (result, result_parts.as_slice())
    {
        let bytes = context.i64_type().const_int(u64::from(part.offset), false);
        builder.build_store(build::offset(&builder, output, bytes)?, value)?;
    }
    builder.build_return(Some(&status))?;
    Ok(())
}
