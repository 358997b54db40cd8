//! Checks that a program is well formed; run between passes in debug builds and by tests.
//!
//! What is checked, of every function:
//! 1. Ids are in range: types of locals, captures and results, locals, blocks, functions, captures.
//! 2. It has an entry block, and no more parameters than locals.
//! 3. Operands, and what lies on the way of a place, have the types that their instruction works on.
//! 4. A destination has the type of what the instruction makes, and an instruction that makes nothing has none; a
//!    native function that has a result has a destination.
//! 5. Calls have the arguments that the function, closure or entry point takes; `closure` names a function with
//!    captures and gives all of them, `call` one without.
//! 6. A branch is on a `Bool`, a switch on an `Int` with no case twice, `return` gives the function's result.
//! 7. A function that is said not to fail holds no way to fail: no `failed`, and no fallible instruction without a
//!    handler.
//! 8. Only instructions that can fail have a block to go on at, and that block is not the entry.
//!
//! It does not check that counts are right: the evaluator in the tests of `insert_reference_counts` does.

mod instructions;
mod result_types;

use crate::function::{
    BlockId, Const, Function, FunctionId, LocalId, Operand, Program, Terminator,
};
use crate::types::{Type, TypeId};

pub use result_types::result_type;

/// Checks a program; an empty list if it is well formed, else a line for each thing that is wrong.
pub fn verify(program: &Program) -> Vec<String> {
    let mut problems = Vec::new();
    let fallible: Vec<bool> = program.functions.iter().map(|f| f.fallible).collect();
    for function in &program.functions {
        let mut verifier = Verifier {
            program,
            function,
            fallible: &fallible,
            at: String::new(),
            problems: Vec::new(),
        };
        verifier.function();
        problems.append(&mut verifier.problems);
    }
    for op in &program.ops {
        if program.functions.len() <= op.function.0 as usize {
            problems.push(format!(
                "an op names f{}, which is not there",
                op.function.0
            ));
        }
    }
    problems
}

struct Verifier<'p> {
    program: &'p Program,
    function: &'p Function,
    fallible: &'p [bool],
    /// Where in the function, for messages.
    at: String,
    problems: Vec<String>,
}

/// What is wrong with one instruction.
type Check<T> = Result<T, String>;

impl<'p> Verifier<'p> {
    fn problem(&mut self, message: String) {
        let line = format!("`{}`{}: {message}", self.function.name, self.at);
        self.problems.push(line);
    }

    fn function(&mut self) {
        let function = self.function;
        let types = self.program.types.iter().count();
        let known = |ty: &TypeId| (ty.0 as usize) < types;
        let locals = function.locals.iter().map(|local| local.ty);
        let captures = function.captures.iter().flatten().copied();
        let mut all = locals.chain(captures).chain([function.result]);
        if !all.all(|ty| known(&ty)) {
            return self.problem("a type that is not in the table".into());
        }
        if function.blocks.is_empty() || function.params as usize > function.locals.len() {
            return self.problem("no entry block, or more parameters than locals".into());
        }
        for (index, block) in function.blocks.iter().enumerate() {
            for (number, inst) in block.insts.iter().enumerate() {
                self.at = format!(" bb{index}.{number}");
                if let Err(message) = self.inst(inst) {
                    self.problem(message);
                }
            }
            self.at = format!(" bb{index}");
            if let Err(message) = self.terminator(&block.terminator) {
                self.problem(message);
            }
        }
    }

    fn block(&self, block: BlockId) -> Check<()> {
        if block.0 as usize >= self.function.blocks.len() {
            return Err(format!("bb{} is not there", block.0));
        }
        Ok(())
    }

    fn terminator(&self, terminator: &Terminator) -> Check<()> {
        let mut targets = Ok(());
        terminator.successors(&mut |block| {
            if let Err(message) = self.block(block) {
                targets = Err(message);
            }
        });
        targets?;
        match terminator {
            Terminator::Branch { condition, .. } => self.scalar(condition, &[Type::Bool]),
            Terminator::Switch { value, cases, .. } => {
                let mut seen = std::collections::HashSet::new();
                if !cases.iter().all(|(case, _)| seen.insert(case)) {
                    return Err("a case twice".into());
                }
                self.scalar(value, &[Type::Int])
            }
            Terminator::Return(value) => self.operand(value, self.function.result),
            Terminator::Fail if !self.function.fallible => {
                Err("it fails in a function that can't".into())
            }
            Terminator::Fail | Terminator::Jump(_) | Terminator::Unreachable => Ok(()),
        }
    }

    // ------------------------------------------------------------------------------------------------------ operands

    fn local(&self, local: LocalId) -> Check<TypeId> {
        match self.function.locals.get(local.0 as usize) {
            Some(local) => Ok(local.ty),
            None => Err(format!("%{} is not there", local.0)),
        }
    }

    fn local_of(&self, local: LocalId, ty: &Type) -> Check<()> {
        let is = self.local(local)?;
        if self.program.types.get(is) == ty {
            return Ok(());
        }
        Err(format!("%{} is no {ty:?}", local.0))
    }

    /// The type of an operand; none for a constant of a type that only its place tells.
    fn operand_type(&self, operand: &Operand) -> Check<Option<TypeId>> {
        match operand {
            Operand::Local(local) => self.local(*local).map(Some),
            Operand::Const(Const::Zero(ty)) => Ok(Some(*ty)),
            Operand::Const(_) => Ok(None),
        }
    }

    /// Whether an operand may stand where a type is wanted.
    fn operand(&self, operand: &Operand, wanted: TypeId) -> Check<()> {
        let fits = match operand {
            Operand::Const(constant) => self.constant_fits(constant, wanted),
            Operand::Local(local) => self.local(*local)? == wanted,
        };
        if fits {
            return Ok(());
        }
        Err(format!(
            "{operand:?} where {} is wanted",
            self.program.types.display(wanted)
        ))
    }

    fn constant_fits(&self, constant: &Const, wanted: TypeId) -> bool {
        let ty = self.program.types.get(wanted);
        match constant {
            Const::Int(_) => matches!(ty, Type::Int | Type::Duration | Type::Time),
            Const::Float(_) => *ty == Type::Float,
            Const::Bool(_) => *ty == Type::Bool,
            Const::Str(_) => *ty == Type::Str,
            Const::Path(_) => *ty == Type::Path,
            Const::Bytes(_) => *ty == Type::Bytes,
            Const::Zero(zero) => *zero == wanted,
        }
    }

    /// Whether an operand is of one of these types.
    fn scalar(&self, operand: &Operand, wanted: &[Type]) -> Check<()> {
        let fits = match self.operand_type(operand)? {
            Some(ty) => wanted.contains(self.program.types.get(ty)),
            None => wanted.iter().any(|wanted| {
                let found = self.program.types.find(wanted);
                match operand {
                    Operand::Const(constant) => {
                        found.is_some_and(|ty| self.constant_fits(constant, ty))
                    }
                    Operand::Local(_) => false,
                }
            }),
        };
        if fits {
            return Ok(());
        }
        Err(format!("{operand:?} where one of {wanted:?} is wanted"))
    }

    fn arguments(&self, arguments: &[Operand], wanted: &[TypeId]) -> Check<()> {
        if arguments.len() != wanted.len() {
            return Err(format!(
                "{} operands where {} are wanted",
                arguments.len(),
                wanted.len()
            ));
        }
        for (argument, &ty) in arguments.iter().zip(wanted) {
            self.operand(argument, ty)?;
        }
        Ok(())
    }

    fn callee(&self, id: FunctionId) -> Check<&'p Function> {
        let found = self.program.functions.get(id.0 as usize);
        found.ok_or_else(|| format!("f{} is not there", id.0))
    }
}
