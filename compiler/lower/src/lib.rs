//! From the checked program to the intermediate representation, monomorphising on the way.
//!
//! [`lower`] starts at the ops of the plan and makes an IR function for every *instance* that they reach: a function with
//! its type arguments and, where closures are passed to it, with the code of those closures (so that `list.map(|x| …)`
//! becomes a loop without a call through a pointer). The modules read from the outside in: [`lowering`] keeps the
//! instances and the worklist, [`builder`] emits blocks and instructions of one function, and the others each lower one
//! kind of construct: expressions, calls, closures, places, patterns, loops, texts, outputs.
//!
//! Ownership is no matter of this room: it uses locals as often as it likes, and the pass that counts references
//! afterwards finds last uses. Nothing here reads files or panics; what can't be lowered is a diagnostic.

mod blocks;
mod boxes;
mod builder;
mod calls;
mod closure_code;
mod closures;
mod control;
mod defaults;
mod expressions;
mod gather;
mod in_place;
mod intrinsics;
mod loops;
mod lowering;
mod natives;
mod operators;
mod outputs;
mod patterns;
mod places;
mod statements;
mod texts;
mod types;
mod walk;

#[cfg(test)]
mod tests;

use dynop_base::Diagnostic;
use dynop_ir as ir;
use dynop_sema::hir;
use dynop_sema::ty::Ty;

pub use natives::check_natives;

/// The stack that lowering needs at most, in bytes: trees are at most some 500 levels deep, and closures lowered in place
/// put eight of them on top of each other.
const STACK: usize = 64 << 20;

/// Lowers everything that the ops of a plan reach.
///
/// `ops` are the plan's ops with their type arguments, by `OpIndex`; `plan_types` its types, by `TypeIndex`. Both are
/// free of type parameters. The program must have been checked without errors.
///
/// # Errors
///
/// What the language has and this version does not, and generics that never end.
pub fn lower(
    program: &hir::Program,
    ops: &[(hir::FunctionId, Vec<Ty>)],
    plan_types: &[Ty],
) -> Result<ir::Program, Vec<Diagnostic>> {
    stacker::grow(STACK, || lower_here(program, ops, plan_types))
}

fn lower_here(
    program: &hir::Program,
    ops: &[(hir::FunctionId, Vec<Ty>)],
    plan_types: &[Ty],
) -> Result<ir::Program, Vec<Diagnostic>> {
    let mut lowering = lowering::Lowering::new(program);
    let ops = ops
        .iter()
        .map(|(function, type_args)| lowering.op(*function, type_args))
        .collect();
    let plan_types = plan_types.iter().map(|ty| lowering.type_id(ty)).collect();
    lowering.work_off();
    lowering.finish(ops, plan_types)
}
