//! The LLVM back end.
//!
//! By what rules compiled functions call each other stands in [`crate::unit`]. The shape is that of the Cranelift back
//! end, file by file, so that a change of the intermediate representation is one change in each.

mod aggregates;
mod arithmetic;
mod build;
mod calls;
mod counts;
pub(crate) mod cpu;
mod data;
mod debug;
mod emit;
mod entries;
mod glue;
mod known;
mod lists;
mod maps;
mod op_entry;
mod ops;
mod places;
mod values;

use std::collections::HashMap;
use std::time::Instant;

use dynop_abi::plan::Plan;
use dynop_ir::{FunctionId, Program};
use inkwell::OptimizationLevel;
use inkwell::attributes::{Attribute, AttributeLoc};
use inkwell::context::{Context, ContextRef};
use inkwell::intrinsics::Intrinsic;
use inkwell::memory_buffer::MemoryBuffer;
use inkwell::module::{Linkage, Module};
use inkwell::passes::PassBuilderOptions;
use inkwell::support::LLVMString;
use inkwell::targets::{FileType, TargetMachine};
use inkwell::types::{BasicMetadataTypeEnum, BasicType, BasicTypeEnum, FunctionType};
use inkwell::values::{FunctionValue, GlobalValue};

use self::known::{Given, Known};
use crate::constants::{Constants, RecordId};
use crate::layout::Layouts;
use crate::unit::{Signature, Unit};
use crate::{CodegenError, Compiled, OptLevel, Options};

impl From<LLVMString> for CodegenError {
    fn from(error: LLVMString) -> Self {
        CodegenError(error.to_string())
    }
}

/// Everything that functions share while they are emitted.
struct Shared<'c, 'a> {
    unit: &'a Unit<'a>,
    program: &'a Program,
    layouts: &'a Layouts,
    constants: Constants<'a>,
    module: Module<'c>,
    functions: HashMap<FunctionId, FunctionValue<'c>>,
    /// The records that code refers to, as far as it was emitted.
    records: HashMap<RecordId, GlobalValue<'c>>,
    known: Known<'c>,
    debug: debug::Debug<'c>,
}

/// Compiles a program with its plan.
///
/// # Errors
/// See [`CodegenError`].
pub(crate) fn compile(
    unit: &Unit<'_>,
    plan: &Plan,
    options: &Options,
) -> Result<Compiled, CodegenError> {
    let mut compiled = Compiled::default();
    let machine = cpu::machine(options)?;
    let start = Instant::now();
    let context = Context::create();
    let module = emit(unit, plan, &context, &machine)?;
    compiled.stages.push(("emit", start.elapsed()));
    let start = Instant::now();
    optimise(&module, &machine, options.opt_level)?;
    compiled.stages.push(("optimise", start.elapsed()));
    if options.want_ir {
        compiled.ir = module.print_to_string().to_string();
    }
    let start = Instant::now();
    let object = machine.write_to_memory_buffer(&module, FileType::Object)?;
    compiled.object = object.as_slice().to_vec();
    compiled.stages.push(("machine", start.elapsed()));
    if options.want_asm {
        let text = machine.write_to_memory_buffer(&module, FileType::Assembly)?;
        compiled.asm = String::from_utf8_lossy(text.as_slice()).into_owned();
    }
    Ok(compiled)
}

/// The program as a module, not yet optimised.
fn emit<'c>(
    unit: &Unit<'_>,
    plan: &Plan,
    context: &'c Context,
    machine: &TargetMachine,
) -> Result<Module<'c>, CodegenError> {
    let program = unit.program;
    let mut shared = Shared::new(unit, context, machine)?;
    let reached = unit.reached();
    for &id in &reached {
        let function = shared.declare(&unit.symbol(id), &unit.signature(id));
        shared.describe(id, function);
        shared.functions.insert(id, function);
    }
    for &id in &reached {
        emit::function(&mut shared, id)?;
    }
    let mut ops = Vec::with_capacity(program.ops.len());
    for (index, op) in program.ops.iter().enumerate() {
        let name = format!("dyn_op_{index}");
        let function = shared.declare(&name, &Unit::op_signature());
        Given::Context.describe(shared.module.get_context(), function, 0);
        op_entry::op_entry(&mut shared, function, &name, op)?;
        ops.push(function);
    }
    shared.constants.program_record(plan)?;
    shared.debug.finish();
    let module = shared.define_records(&ops);
    if cfg!(debug_assertions) {
        module.verify().map_err(|error| {
            CodegenError(format!(
                "LLVM's verifier: {}\n{}",
                error,
                module.to_string()
            ))
        })?;
    }
    Ok(module)
}

fn optimise(
    module: &Module<'_>,
    machine: &TargetMachine,
    level: OptLevel,
) -> Result<(), CodegenError> {
    let passes = match level {
        OptLevel::None => "default<O0>",
        OptLevel::Less => "default<O1>",
        OptLevel::Default => "default<O2>",
        OptLevel::Aggressive => "default<O3>",
    };
    Ok(module.run_passes(passes, machine, PassBuilderOptions::create())?)
}

impl From<OptLevel> for OptimizationLevel {
    fn from(level: OptLevel) -> Self {
        match level {
            // At its lowest level LLVM gives each temporary a place of its own in the frame: 10,000 calls would not fit.
            OptLevel::None | OptLevel::Less => Self::Less,
            OptLevel::Default => Self::Default,
            OptLevel::Aggressive => Self::Aggressive,
        }
    }
}

impl<'c, 'a> Shared<'c, 'a> {
    fn new(
        unit: &'a Unit<'a>,
        context: &'c Context,
        machine: &TargetMachine,
    ) -> Result<Self, CodegenError> {
        let text = entries::declarations();
        let buffer = MemoryBuffer::create_from_memory_range_copy(text.as_bytes(), "entries");
        let module = context.create_module_from_ir(buffer)?;
        let main = unit.main_file();
        module.set_name(&main.replace('\0', "?"));
        module.set_source_file_name(&main.replace('\0', "?"));
        module.set_triple(&machine.get_triple());
        module.set_data_layout(&machine.get_target_data().get_data_layout());
        let debug = debug::Debug::new(&module, &main);
        Ok(Self {
            unit,
            program: unit.program,
            layouts: &unit.layouts,
            constants: Constants::new(unit),
            functions: HashMap::new(),
            records: HashMap::new(),
            known: Known::new(module.get_context()),
            module,
            debug,
        })
    }

    /// Declares a function of the program.
    fn declare(&self, name: &str, signature: &Signature) -> FunctionValue<'c> {
        let ty = function_type(self.module.get_context(), signature);
        let function = self.module.add_function(name, ty, Some(Linkage::Internal));
        let attributes = [
            self.attribute("nounwind", 0),
            // Backtraces go through compiled code.
            self.attribute("uwtable", 2),
            // What a program's recursion takes of the stack does not depend on the back end.
            self.string_attribute("disable-tail-calls", "true"),
        ];
        for attribute in attributes {
            function.add_attribute(AttributeLoc::Function, attribute);
        }
        function
    }

    /// Says what is known of the parameters of a function.
    fn describe(&self, id: FunctionId, value: FunctionValue<'c>) {
        let function = &self.program.functions[id.0 as usize];
        let context = self.module.get_context();
        Given::Context.describe(context, value, 0);
        let mut index = 1;
        let result = self.layouts.get(function.result);
        if result.parts.len() > 1 {
            Given::Out(result.size).describe(context, value, index);
            index += 1;
        }
        if let Some(captures) = &function.captures {
            let (_, size) = self.unit.captures(captures);
            Given::Closure(size).describe(context, value, index);
            index += 1;
        }
        for ty in Unit::params(function) {
            let layout = self.layouts.get(ty);
            if self.layouts.in_memory(ty) {
                Given::Value(layout.size).describe(context, value, index);
                index += 1;
            } else {
                index += layout.parts.len() as u32;
            }
        }
    }

    fn attribute(&self, name: &str, value: u64) -> Attribute {
        let kind = Attribute::get_named_enum_kind_id(name);
        self.module.get_context().create_enum_attribute(kind, value)
    }

    fn string_attribute(&self, name: &str, value: &str) -> Attribute {
        self.module
            .get_context()
            .create_string_attribute(name, value)
    }

    /// A runtime entry point.
    fn entry(&self, name: &str) -> Result<FunctionValue<'c>, CodegenError> {
        let found = self.module.get_function(name);
        found.ok_or_else(|| CodegenError(format!("`{name}` is no entry point of the runtime")))
    }

    /// A C function of the user's.
    fn foreign(
        &self,
        symbol: &str,
        signature: &Signature,
    ) -> Result<FunctionValue<'c>, CodegenError> {
        let ty = function_type(self.module.get_context(), signature);
        match self.module.get_function(symbol) {
            Some(known) if known.get_type() == ty => Ok(known),
            Some(_) => Err(CodegenError(format!(
                "the C function `{symbol}` is declared with two types"
            ))),
            None => Ok(self.module.add_function(symbol, ty, None)),
        }
    }

    fn intrinsic(
        &self,
        name: &str,
        types: &[BasicTypeEnum<'c>],
    ) -> Result<FunctionValue<'c>, CodegenError> {
        let found = Intrinsic::find(name)
            .and_then(|intrinsic| intrinsic.get_declaration(&self.module, types));
        found.ok_or_else(|| CodegenError(format!("LLVM has no `{name}`")))
    }
}

/// LLVM's type of a function.
fn function_type<'c>(context: ContextRef<'c>, signature: &Signature) -> FunctionType<'c> {
    let params: Vec<BasicMetadataTypeEnum<'c>> = signature
        .params
        .iter()
        .map(|&one| build::register(context, one).into())
        .collect();
    let results: Vec<BasicTypeEnum<'c>> = signature
        .results
        .iter()
        .map(|&one| build::register(context, one))
        .collect();
    match results[..] {
        [] => context.void_type().fn_type(&params, false),
        [one] => one.fn_type(&params, false),
        _ => context.struct_type(&results, false).fn_type(&params, false),
    }
}
