//! The entry of an op, by which the runtime calls it.

use cranelift_codegen::Context;
use cranelift_codegen::ir::{InstBuilder, types};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use cranelift_module::Module;
use dynop_abi::context::OK;
use dynop_ir::{Function, OpEntry};

use super::emit::{Result, TRUSTED};
use super::{Shared, register};
use crate::CodegenError;

/// Emits the `OpCode` of an op: takes its arguments out of the inputs, calls its body and writes its output.
pub(super) fn op_entry<'a>(
    shared: &mut Shared<'a>,
    context: &mut Context,
    builder_context: &mut FunctionBuilderContext,
    op: &OpEntry,
) -> Result<()> {
    let function: &'a Function = &shared.program.functions[op.function.0 as usize];
    let mut builder = FunctionBuilder::new(&mut context.func, builder_context);
    let entry = builder.create_block();
    builder.append_block_params_for_function_params(entry);
    builder.switch_to_block(entry);
    let params = builder.block_params(entry).to_vec();
    let [ctx, inputs, output] = params[..] else {
        return Err(CodegenError("an op's code takes three parameters".into()));
    };
    let config = shared.module.target_config();
    let mut args = vec![ctx];
    let result_parts = shared.layouts.get(function.result).parts.clone();
    if result_parts.len() > 1 {
        args.push(output);
    }
    for (index, local) in function.locals[..function.params as usize]
        .iter()
        .enumerate()
    {
        let address = builder
            .ins()
            .load(types::I64, TRUSTED, inputs, index as i32 * 8);
        if shared.layouts.in_memory(local.ty) {
            args.push(address);
            continue;
        }
        for part in &shared.layouts.get(local.ty).parts {
            args.push(builder.ins().load(
                register(part.kind),
                TRUSTED,
                address,
                part.offset as i32,
            ));
        }
    }
    let id = shared.functions[&op.function];
    let reference = shared.module.declare_func_in_func(id, builder.func);
    let call = builder.ins().call(reference, &args);
    let mut results = builder.inst_results(call).to_vec().into_iter();
    let ok = builder.ins().iconst(types::I32, i64::from(OK));
    let status = if function.fallible {
        results.next().unwrap_or(ok)
    } else {
        ok
    };
    // A failed op's result is zero bits, and nobody looks at the memory then; writing it needs no branch.
    if op.returns_output
        && let (Some(value), [part]) = (results.next(), result_parts.as_slice())
    {
        builder
            .ins()
            .store(TRUSTED, value, output, part.offset as i32);
    }
    builder.ins().return_(&[status]);
    builder.seal_all_blocks();
    builder.finalize(config);
    Ok(())
}
