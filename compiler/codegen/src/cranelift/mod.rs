//! The Cranelift back end.
//!
//! By what rules compiled functions call each other stands in [`crate::unit`].

mod aggregates;
mod arithmetic;
mod calls;
mod counts;
mod data;
mod debug;
mod emit;
mod glue;
mod lists;
mod maps;
mod op_entry;
mod ops;
mod places;
mod values;

use std::collections::HashMap;

use cranelift_codegen::ir::{self as clif, AbiParam, SourceLoc, types};
use cranelift_codegen::isa::CallConv;
use cranelift_codegen::settings::{self, Configurable};
use cranelift_codegen::{Context, isa};
use cranelift_frontend::FunctionBuilderContext;
use cranelift_module::{DataId, FuncId, Linkage, Module, ModuleError};
use cranelift_object::{ObjectBuilder, ObjectModule};
use dynop_abi::plan::Plan;
use dynop_base::Span;
use dynop_ir::{Function, FunctionId, Program};

use crate::constants::{Constants, RecordId};
use crate::layout::Layouts;
use crate::unit::{Register, Signature, Unit};
use crate::{CodegenError, Compiled, Options};

impl From<ModuleError> for CodegenError {
    fn from(error: ModuleError) -> Self {
        match error {
            ModuleError::Compilation(error) => {
                CodegenError(format!("code generation failed: {error:?}"))
            }
            other => CodegenError(other.to_string()),
        }
    }
}

/// Everything that functions share while they are emitted.
pub(crate) struct Shared<'a> {
    pub unit: &'a Unit<'a>,
    pub program: &'a Program,
    pub layouts: &'a Layouts,
    pub constants: Constants<'a>,
    pub module: ObjectModule,
    /// The functions that are compiled: the others are not declared, as what is declared must be defined.
    functions: HashMap<FunctionId, FuncId>,
    entries: HashMap<&'static str, FuncId>,
    /// The records that code refers to, as far as it was emitted.
    records: HashMap<RecordId, DataId>,
    debug: debug::Debug,
}

/// Compiles a program with its plan.
///
/// # Errors
/// See [`CodegenError`].
pub fn compile(unit: &Unit<'_>, plan: &Plan, options: &Options) -> Result<Compiled, CodegenError> {
    let program = unit.program;
    let reached = unit.reached();
    let mut shared = Shared::new(unit, &reached)?;
    let mut context = shared.module.make_context();
    let mut builder_context = FunctionBuilderContext::new();
    let mut compiled = Compiled::default();
    for &id in &reached {
        let function = &program.functions[id.0 as usize];
        context.func.signature = signature(&unit.signature(id));
        context.set_disasm(options.want_asm);
        emit::function(&mut shared, &mut context, &mut builder_context, id)?;
        shared.define(
            &mut context,
            shared.functions[&id],
            Some(function),
            &function.name,
            options,
            &mut compiled,
        )?;
    }
    let mut ops = Vec::new();
    for (index, op) in program.ops.iter().enumerate() {
        let name = format!("dyn_op_{index}");
        context.func.signature = signature(&Unit::op_signature());
        let id = shared
            .module
            .declare_function(&name, Linkage::Local, &context.func.signature)?;
        context.set_disasm(options.want_asm);
        op_entry::op_entry(&mut shared, &mut context, &mut builder_context, op)?;
        shared.define(&mut context, id, None, &name, options, &mut compiled)?;
        ops.push(id);
    }
    shared.constants.program_record(plan)?;
    let Shared {
        mut module,
        constants,
        mut records,
        debug,
        ..
    } = shared;
    data::define(&mut module, &mut records, constants.finish(), &ops)?;
    let mut product = module.finish();
    debug.write(&mut product, unit.sources, &unit.main_file())?;
    compiled.object = product
        .emit()
        .map_err(|error| CodegenError(error.to_string()))?;
    Ok(compiled)
}

impl<'a> Shared<'a> {
    fn new(unit: &'a Unit<'a>, reached: &[FunctionId]) -> Result<Self, CodegenError> {
        let mut flags = settings::builder();
        let set = [
            ("opt_level", "speed"),
            ("is_pic", "true"),
            (
                "enable_verifier",
                if cfg!(debug_assertions) {
                    "true"
                } else {
                    "false"
                },
            ),
        ];
        for (name, value) in set {
            flags
                .set(name, value)
                .map_err(|error| CodegenError(error.to_string()))?;
        }
        let triple = "x86_64-unknown-linux-gnu"
            .parse()
            .map_err(|error| CodegenError(format!("{error}")))?;
        let isa = isa::lookup(triple)
            .map_err(|error| CodegenError(error.to_string()))?
            .finish(settings::Flags::new(flags))
            .map_err(|error| CodegenError(error.to_string()))?;
        let mut builder =
            ObjectBuilder::new(isa, "program", cranelift_module::default_libcall_names())?;
        // Sections of their own let the linker leave out what nothing reaches. The unwind tables that cranelift-object
        // writes have absolute addresses, which a position-independent executable can't have.
        builder.per_function_section(true).unwind_info(false);
        let mut shared = Self {
            unit,
            program: unit.program,
            layouts: &unit.layouts,
            constants: Constants::new(unit),
            module: ObjectModule::new(builder),
            functions: HashMap::new(),
            entries: HashMap::new(),
            records: HashMap::new(),
            debug: debug::Debug::default(),
        };
        for &function in reached {
            let signature = signature(&unit.signature(function));
            let name = unit.symbol(function);
            let id = shared
                .module
                .declare_function(&name, Linkage::Local, &signature)?;
            shared.functions.insert(function, id);
        }
        Ok(shared)
    }

    fn define(
        &mut self,
        context: &mut Context,
        id: FuncId,
        function: Option<&Function>,
        name: &str,
        options: &Options,
        compiled: &mut Compiled,
    ) -> Result<(), CodegenError> {
        if options.want_ir {
            compiled
                .ir
                .push_str(&format!("; {name}\n{}\n", context.func.display()));
        }
        self.module.define_function(id, context)?;
        self.debug
            .add(self.module.isa(), context, id, name, function)?;
        if options.want_asm {
            let text = context
                .compiled_code()
                .and_then(|code| code.vcode.clone())
                .unwrap_or_default();
            compiled.asm.push_str(&format!("{name}:\n{text}\n"));
        }
        self.module.clear_context(context);
        Ok(())
    }

    /// The declaration of a runtime entry point.
    fn entry(&mut self, name: &str) -> Result<FuncId, CodegenError> {
        let (entry, declared) = Unit::entry(name)?;
        if let Some(&id) = self.entries.get(entry.name) {
            return Ok(id);
        }
        let mut signature = signature(&declared);
        // Rust and C take it for granted that the caller has extended a byte.
        for param in &mut signature.params {
            if param.value_type == types::I8 {
                *param = param.uext();
            }
        }
        let id = self
            .module
            .declare_function(entry.name, Linkage::Import, &signature)?;
        self.entries.insert(entry.name, id);
        Ok(id)
    }

    /// What stands for a place in Cranelift's instructions.
    fn place(&mut self, span: Span) -> SourceLoc {
        self.debug.places.number(self.unit.sources, span)
    }

    /// The number of a place in the source.
    fn site(&mut self, function: FunctionId, span: Option<Span>) -> u32 {
        let function = &self.program.functions[function.0 as usize];
        self.constants.site(function, span)
    }
}

/// Cranelift's type of a register.
pub(crate) fn register(register: impl Into<Register>) -> clif::Type {
    match register.into() {
        Register::Byte => types::I8,
        Register::Half => types::I32,
        Register::Word | Register::Address => types::I64,
        Register::Float => types::F64,
    }
}

/// Cranelift's signature.
fn signature(of: &Signature) -> clif::Signature {
    let registers = |list: &[Register]| -> Vec<AbiParam> {
        list.iter()
            .map(|&one| AbiParam::new(register(one)))
            .collect()
    };
    let mut signature = clif::Signature::new(CallConv::SystemV);
    signature.params = registers(&of.params);
    signature.returns = registers(&of.results);
    signature
}
