//! Drops instructions that only make a value which nothing reads.

use crate::function::{Function, Inst, Op, Operand, Program};
use crate::liveness::LocalSet;

/// Drops them in every function, until none is left.
pub fn drop_unused(program: &mut Program) {
    for function in &mut program.functions {
        while drop_once(function) {}
    }
}

/// Whether something was dropped.
fn drop_once(function: &mut Function) -> bool {
    let mut read = LocalSet::new(function.locals.len());
    for block in &function.blocks {
        for inst in &block.insts {
            inst.uses(&mut |local, _| read.insert(local));
        }
        if let Some((Operand::Local(local), _)) = block.terminator.operand() {
            read.insert(*local);
        }
    }
    let mut dropped = false;
    for block in &mut function.blocks {
        let before = block.insts.len();
        block.insts.retain(|inst| !is_unused(inst, &read));
        dropped |= block.insts.len() != before;
    }
    dropped
}

fn is_unused(inst: &Inst, read: &LocalSet) -> bool {
    let unread = inst.dst.is_none_or(|dst| !read.contains(dst));
    unread && makes_only_a_value(&inst.op)
}

/// Whether an instruction does nothing but make a value: no failure, no effect.
fn makes_only_a_value(op: &Op) -> bool {
    match op {
        Op::Copy(_)
        | Op::Not(_)
        | Op::IntToFloat(_)
        | Op::Compare(..)
        | Op::Make(..)
        | Op::Field(..)
        | Op::Some(_)
        | Op::IsSome(_)
        | Op::Payload(_)
        | Op::Variant(..)
        | Op::Tag(_)
        | Op::VariantField(..)
        | Op::ListLen(_)
        | Op::ListGetUnchecked(..)
        | Op::MapLen(_)
        | Op::MapGet(..)
        | Op::CaptureLoad(_) => true,
        Op::Load(place) => place.projections.is_empty(),
        _ => false,
    }
}
