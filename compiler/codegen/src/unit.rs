//! What every back end reads while it emits a program: types, layouts, places, names and signatures.
//!
//! Nothing here is of one back end; each translates [`Register`]s and [`Signature`]s to its own.
//!
//! **Calls between compiled functions.** `fn(ctx, [out,] arguments…) -> ([status,] [value])`: an argument of up to
//! [`MAX_PARTS`](crate::layout::MAX_PARTS) parts goes as its parts, a larger one as a pointer to memory whose value the
//! callee takes over. A result of one part is returned; a larger one is written to `out`; `()` is nothing. A function
//! that can't fail returns no status. The code of a closure takes `fn(ctx, [out,] closure, arguments…)` and always
//! returns a status.

use dynop_abi::entries::{AbiType, Entry, find};
use dynop_base::SourceMap;
use dynop_ir::{Const, Function, FunctionId, LocalId, Op, Operand, Program, Type, TypeId};

use crate::CodegenError;
use crate::layout::{Layouts, PartKind};

/// What a machine register holds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Register {
    /// A byte.
    Byte,
    /// 32 bits.
    Half,
    /// 64 bits.
    Word,
    /// A double.
    Float,
    /// An address.
    Address,
}

impl From<PartKind> for Register {
    fn from(kind: PartKind) -> Self {
        match kind {
            PartKind::Byte => Self::Byte,
            PartKind::Float => Self::Float,
            // The first word of a text is an address or the text itself.
            PartKind::Int | PartKind::TextLow | PartKind::TextHigh => Self::Word,
            PartKind::List(_) | PartKind::Map(_) | PartKind::Closure => Self::Address,
        }
    }
}

impl From<AbiType> for Register {
    fn from(ty: AbiType) -> Self {
        match ty {
            AbiType::Ctx | AbiType::Ptr | AbiType::Desc => Self::Address,
            AbiType::I64 => Self::Word,
            AbiType::F64 => Self::Float,
            AbiType::U8 => Self::Byte,
            AbiType::U32 | AbiType::Status => Self::Half,
        }
    }
}

/// What a function takes and gives, by the C convention; two results are returned in two registers.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct Signature {
    /// What it takes.
    pub params: Vec<Register>,
    /// What it gives: nothing, a status, a value, or both in this order.
    pub results: Vec<Register>,
}

/// A program with what is computed of it before any code is.
pub(crate) struct Unit<'a> {
    pub program: &'a Program,
    pub sources: &'a SourceMap,
    pub layouts: Layouts,
}

impl<'a> Unit<'a> {
    pub(crate) fn new(program: &'a Program, sources: &'a SourceMap) -> Self {
        Self {
            program,
            sources,
            layouts: Layouts::new(&program.types),
        }
    }

    /// The functions that the code of an op reaches, in order; what was put in place everywhere is not compiled.
    pub(crate) fn reached(&self) -> Vec<FunctionId> {
        let program = self.program;
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
        (0..)
            .zip(reached)
            .filter(|(_, reached)| *reached)
            .map(|(index, _)| FunctionId(index))
            .collect()
    }

    /// The symbol of a function.
    pub(crate) fn symbol(&self, id: FunctionId) -> String {
        format!(
            "dyn.{}.{}",
            id.0, self.program.functions[id.0 as usize].name
        )
    }

    /// The file that the program is named after: that of its first op.
    pub(crate) fn main_file(&self) -> String {
        let op = self.program.ops.first().map(|op| op.function.0 as usize);
        let function = op.and_then(|index| self.program.functions.get(index));
        match function.and_then(|function| function.span) {
            Some(span) => self.sources.file(span.file).name.clone(),
            None => "main.dyn".to_owned(),
        }
    }

    /// A type that is part of the language.
    pub(crate) fn known(&self, ty: &Type) -> Result<TypeId, CodegenError> {
        let found = self.program.types.find(ty);
        found.ok_or_else(|| CodegenError(format!("{ty:?} is not in the table of types")))
    }

    /// The type of an operand of a function; a constant's own.
    pub(crate) fn operand_type(
        &self,
        function: &Function,
        operand: &Operand,
    ) -> Result<TypeId, CodegenError> {
        let ty = match operand {
            Operand::Local(LocalId(local)) => return Ok(function.locals[*local as usize].ty),
            Operand::Const(Const::Zero(ty)) => return Ok(*ty),
            Operand::Const(Const::Int(_)) => Type::Int,
            Operand::Const(Const::Float(_)) => Type::Float,
            Operand::Const(Const::Bool(_)) => Type::Bool,
            Operand::Const(Const::Str(_)) => Type::Str,
            Operand::Const(Const::Path(_)) => Type::Path,
            Operand::Const(Const::Bytes(_)) => Type::Bytes,
        };
        self.known(&ty)
    }

    /// The types of a function's parameters.
    pub(crate) fn params(function: &Function) -> impl Iterator<Item = TypeId> + '_ {
        let params = &function.locals[..function.params as usize];
        params.iter().map(|local| local.ty)
    }

    /// The signature of a function.
    pub(crate) fn signature(&self, id: FunctionId) -> Signature {
        let function = &self.program.functions[id.0 as usize];
        let closure = function.captures.is_some();
        self.signature_of(
            Self::params(function),
            function.result,
            function.fallible,
            closure,
        )
    }

    /// The signature of a function of some type.
    pub(crate) fn signature_of(
        &self,
        arguments: impl IntoIterator<Item = TypeId>,
        result: TypeId,
        fallible: bool,
        closure: bool,
    ) -> Signature {
        let mut signature = Signature::default();
        let result_parts = &self.layouts.get(result).parts;
        let before = 1 + usize::from(result_parts.len() > 1) + usize::from(closure);
        signature.params.resize(before, Register::Address);
        for ty in arguments {
            self.push_value(&mut signature.params, ty);
        }
        if fallible {
            signature.results.push(Register::Half);
        }
        if let [part] = result_parts.as_slice() {
            signature.results.push(part.kind.into());
        }
        signature
    }

    /// The registers of a value of a type, or one address where it lives in memory.
    fn push_value(&self, params: &mut Vec<Register>, ty: TypeId) {
        if self.layouts.in_memory(ty) {
            params.push(Register::Address);
        } else {
            let parts = &self.layouts.get(ty).parts;
            params.extend(parts.iter().map(|part| Register::from(part.kind)));
        }
    }

    /// The signature of `OpCode`.
    pub(crate) fn op_signature() -> Signature {
        Signature {
            params: vec![Register::Address; 3],
            results: vec![Register::Half],
        }
    }

    /// A runtime entry point and its signature.
    pub(crate) fn entry(name: &str) -> Result<(&'static Entry, Signature), CodegenError> {
        let Some(entry) = find(name) else {
            return Err(CodegenError(format!(
                "`{name}` is no entry point of the runtime"
            )));
        };
        let signature = Signature {
            params: entry.params.iter().map(|&ty| ty.into()).collect(),
            results: entry.result.iter().map(|&ty| ty.into()).collect(),
        };
        Ok((entry, signature))
    }

    /// Where each capture of a closure lies behind its header, and the size of all.
    pub(crate) fn captures(&self, captures: &[TypeId]) -> (Vec<u32>, u32) {
        let mut end = 0;
        let offsets = captures.iter().map(|&ty| {
            let layout = self.layouts.get(ty);
            let offset = u32::next_multiple_of(end, layout.align.max(1));
            end = offset + layout.size;
            offset
        });
        (offsets.collect(), end)
    }
}
