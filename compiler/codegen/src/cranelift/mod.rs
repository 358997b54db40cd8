//! The Cranelift back end.
//!
//! **Calls between compiled functions.** `fn(ctx, [out,] arguments…) -> ([status,] [value])`: an argument of up to
//! [`MAX_PARTS`](crate::layout::MAX_PARTS) parts goes as its parts, a larger one as a pointer to memory whose value the
//! callee takes over. A result of one part is returned; a larger one is written to `out`; `()` is nothing. A function
//! that can't fail returns no status. The code of a closure takes `fn(ctx, [out,] closure, arguments…)` and always
//! returns a status.

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

use cranelift_codegen::ir::{self as clif, AbiParam, Signature, SourceLoc, types};
use cranelift_codegen::isa::CallConv;
use cranelift_codegen::settings::{self, Configurable};
use cranelift_codegen::{Context, isa};
use cranelift_frontend::FunctionBuilderContext;
use cranelift_module::{DataId, FuncId, Linkage, Module, ModuleError};
use cranelift_object::{ObjectBuilder, ObjectModule};
use dynop_abi::entries::{self, AbiType};
use dynop_abi::plan::Plan;
use dynop_base::{SourceMap, Span};
use dynop_ir::{Function, FunctionId, Op, Program, TypeId};

use crate::layout::{Layouts, PartKind};
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
    pub program: &'a Program,
    pub sources: &'a SourceMap,
    pub layouts: Layouts,
    pub module: ObjectModule,
    /// The functions that are compiled: the others are not declared, as what is declared must be defined.
    functions: HashMap<FunctionId, FuncId>,
    entries: HashMap<&'static str, FuncId>,
    descriptors: HashMap<data::Described, DataId>,
    texts: HashMap<Vec<u8>, DataId>,
    sites: data::Sites,
    debug: debug::Debug,
    zeros: Option<DataId>,
}

/// Compiles a program with its plan.
///
/// # Errors
/// See [`CodegenError`].
pub fn compile(
    program: &Program,
    plan: &Plan,
    sources: &SourceMap,
    options: Options,
) -> Result<Compiled, CodegenError> {
    let reached = reached(program);
    let mut shared = Shared::new(program, sources, &reached)?;
    let mut context = shared.module.make_context();
    let mut builder_context = FunctionBuilderContext::new();
    let mut compiled = Compiled::default();
    for (index, _) in reached.iter().enumerate().filter(|(_, r)| **r) {
        context.func.signature = shared.signature(FunctionId(index as u32));
        context.set_disasm(options.want_asm);
        emit::function(
            &mut shared,
            &mut context,
            &mut builder_context,
            FunctionId(index as u32),
        )?;
        shared.define(
            &mut context,
            shared.functions[&FunctionId(index as u32)],
            Some(&program.functions[index]),
            &program.functions[index].name,
            options,
            &mut compiled,
        )?;
    }
    let mut ops = Vec::new();
    for (index, op) in program.ops.iter().enumerate() {
        let name = format!("dyn_op_{index}");
        context.func.signature = shared.op_signature();
        let id = shared
            .module
            .declare_function(&name, Linkage::Local, &context.func.signature)?;
        context.set_disasm(options.want_asm);
        op_entry::op_entry(&mut shared, &mut context, &mut builder_context, op)?;
        shared.define(&mut context, id, None, &name, options, &mut compiled)?;
        ops.push(id);
    }
    shared.program_record(plan, &ops)?;
    let main = main_file(program, sources);
    let mut product = shared.module.finish();
    shared.debug.write(&mut product, sources, &main)?;
    compiled.object = product
        .emit()
        .map_err(|error| CodegenError(error.to_string()))?;
    Ok(compiled)
}

/// For each function whether the code of an op reaches it; what was put in place everywhere is not compiled.
fn reached(program: &Program) -> Vec<bool> {
    let mut reached = vec![false; program.functions.len()];
    let mut stack: Vec<FunctionId> = program.ops.iter().map(|op| op.function).collect();
    while let Some(FunctionId(id)) = stack.pop() {
        let Some(function) = program.functions.get(id as usize) else {
            continue;
        };
        if std::mem::replace(&mut reached[id as usize], true) {
            continue;
        }
        for inst in function.blocks.iter().flat_map(|block| &block.insts) {
            if let Op::Call(callee, _) | Op::MakeClosure(callee, _) = &inst.op {
                stack.push(*callee);
            }
        }
    }
    reached
}

/// The file that the program is named after: that of its first op.
fn main_file(program: &Program, sources: &SourceMap) -> String {
    let op = program.ops.first().map(|op| op.function.0 as usize);
    let function = op.and_then(|index| program.functions.get(index));
    match function.and_then(|function| function.span) {
        Some(span) => sources.file(span.file).name.clone(),
        None => "main.dyn".to_owned(),
    }
}

impl<'a> Shared<'a> {
    fn new(
        program: &'a Program,
        sources: &'a SourceMap,
        reached: &[bool],
    ) -> Result<Self, CodegenError> {
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
            program,
            sources,
            layouts: Layouts::new(&program.types),
            module: ObjectModule::new(builder),
            functions: HashMap::new(),
            entries: HashMap::new(),
            descriptors: HashMap::new(),
            texts: HashMap::new(),
            sites: data::Sites::default(),
            debug: debug::Debug::default(),
            zeros: None,
        };
        for (index, _) in reached.iter().enumerate().filter(|(_, r)| **r) {
            let function = FunctionId(index as u32);
            let signature = shared.signature(function);
            let name = format!("dyn.{index}.{}", program.functions[index].name);
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
        options: Options,
        compiled: &mut Compiled,
    ) -> Result<(), CodegenError> {
        if options.want_clif {
            compiled
                .clif
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

    /// The registers of a value of a type, or one pointer where it lives in memory.
    fn push_value(&self, params: &mut Vec<AbiParam>, ty: TypeId) {
        if self.layouts.in_memory(ty) {
            params.push(AbiParam::new(types::I64));
        } else {
            params.extend(
                self.layouts
                    .get(ty)
                    .parts
                    .iter()
                    .map(|part| AbiParam::new(register(part.kind))),
            );
        }
    }

    fn signature(&self, id: FunctionId) -> Signature {
        let function = &self.program.functions[id.0 as usize];
        let params = function.locals[..function.params as usize]
            .iter()
            .map(|local| local.ty);
        self.signature_of(
            params,
            function.result,
            function.fallible,
            function.captures.is_some(),
        )
    }

    fn signature_of(
        &self,
        arguments: impl IntoIterator<Item = TypeId>,
        result: TypeId,
        fallible: bool,
        closure: bool,
    ) -> Signature {
        let mut signature = Signature::new(CallConv::SystemV);
        signature.params.push(AbiParam::new(types::I64));
        let result_parts = &self.layouts.get(result).parts;
        if result_parts.len() > 1 {
            signature.params.push(AbiParam::new(types::I64));
        }
        if closure {
            signature.params.push(AbiParam::new(types::I64));
        }
        for ty in arguments {
            self.push_value(&mut signature.params, ty);
        }
        if fallible {
            signature.returns.push(AbiParam::new(types::I32));
        }
        if let [part] = result_parts.as_slice() {
            signature.returns.push(AbiParam::new(register(part.kind)));
        }
        signature
    }

    fn op_signature(&self) -> Signature {
        let mut signature = Signature::new(CallConv::SystemV);
        signature.params.extend([AbiParam::new(types::I64); 3]);
        signature.returns.push(AbiParam::new(types::I32));
        signature
    }

    /// The declaration of a runtime entry point.
    fn entry(&mut self, name: &str) -> Result<FuncId, CodegenError> {
        let Some(entry) = entries::find(name) else {
            return Err(CodegenError(format!(
                "`{name}` is no entry point of the runtime"
            )));
        };
        if let Some(&id) = self.entries.get(entry.name) {
            return Ok(id);
        }
        let mut signature = Signature::new(CallConv::SystemV);
        signature.params.extend(
            entry
                .params
                .iter()
                .map(|ty| AbiParam::new(abi_register(*ty))),
        );
        signature.returns.extend(
            entry
                .result
                .iter()
                .map(|ty| AbiParam::new(abi_register(*ty))),
        );
        let id = self
            .module
            .declare_function(entry.name, Linkage::Import, &signature)?;
        self.entries.insert(entry.name, id);
        Ok(id)
    }

    /// What stands for a place in Cranelift's instructions.
    fn place(&mut self, span: Span) -> SourceLoc {
        self.debug.places.number(self.sources, span)
    }

    /// The number of a place in the source.
    fn site(&mut self, function: FunctionId, span: Option<Span>) -> u32 {
        let function = &self.program.functions[function.0 as usize];
        self.sites
            .number(self.sources, &function.display_name, span.or(function.span))
    }
}

/// The type of a part's register.
pub(crate) fn register(kind: PartKind) -> clif::Type {
    match kind {
        PartKind::Byte => types::I8,
        PartKind::Float => types::F64,
        _ => types::I64,
    }
}

fn abi_register(ty: AbiType) -> clif::Type {
    match ty {
        AbiType::Ctx | AbiType::Ptr | AbiType::Desc | AbiType::I64 => types::I64,
        AbiType::F64 => types::F64,
        AbiType::U8 => types::I8,
        AbiType::U32 | AbiType::Status => types::I32,
    }
}
