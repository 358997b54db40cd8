//! Leaves out the bounds checks of list reads whose index is known to be good: in
//!
//! ```dyn,ignore
//! for i in 0..xs.len() { total += xs[i] }
//! ```
//!
//! What is known of an index: it begins at a constant that is not negative and only ever grows, and a branch on
//! `i < n` was taken, where `n` is the length of the list and the list has not been changed since, but for its elements.
//! Both facts are followed forwards through the blocks; where ways meet they must hold on all of them.

use std::collections::BTreeSet;

use crate::function::{
    BinaryOp, BlockId, Comparison, Const, Function, Inst, LocalId, Op, Operand, Program,
    Projection, Terminator,
};

/// A function with more loops times blocks than this is left as it is: each loop looks at all blocks a few times.
const MOST_WORK: usize = 4_000_000;

/// Leaves them out in every function.
pub fn drop_bounds_checks(program: &mut Program) {
    for function in &mut program.functions {
        let claims = claims(function);
        if claims.len().saturating_mul(function.blocks.len()) > MOST_WORK {
            continue;
        }
        for claim in claims {
            drop_checks_of(function, &claim);
        }
    }
}

/// An index, a length and a list for which the facts may hold somewhere.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Claim {
    index: LocalId,
    length: LocalId,
    list: LocalId,
}

/// What is known at a point.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Facts {
    /// `length` is the list's length.
    measured: bool,
    /// `index < length`.
    below: bool,
}

impl Facts {
    const NONE: Facts = Facts {
        measured: false,
        below: false,
    };

    fn and(self, other: Facts) -> Facts {
        Facts {
            measured: self.measured && other.measured,
            below: self.below && other.below,
        }
    }
}

/// The loops whose index could be good for a list that is read by it.
fn claims(function: &Function) -> BTreeSet<Claim> {
    let mut reads: BTreeSet<(LocalId, LocalId)> = BTreeSet::new();
    for inst in function.blocks.iter().flat_map(|block| &block.insts) {
        if let Op::ListGet(Operand::Local(list), Operand::Local(index)) = inst.op {
            reads.insert((index, list));
        }
    }
    if reads.is_empty() {
        return BTreeSet::new();
    }
    let definitions = Definitions::of(function);
    let mut claims = BTreeSet::new();
    for block in &function.blocks {
        let Some((index, length)) = comparison(block) else {
            continue;
        };
        let [Some(Op::ListLen(Operand::Local(list)))] = definitions.get(length) else {
            continue;
        };
        if reads.contains(&(index, *list)) && definitions.only_grows(index) {
            claims.insert(Claim {
                index,
                length,
                list: *list,
            });
        }
    }
    claims
}

/// The `i` and `n` of a block that branches on `i < n`.
fn comparison(block: &crate::function::Block) -> Option<(LocalId, LocalId)> {
    let Terminator::Branch {
        condition: Operand::Local(condition),
        ..
    } = block.terminator
    else {
        return None;
    };
    // What is behind the comparison would have to leave all three locals alone, so there must be nothing.
    match block.insts.last() {
        Some(Inst {
            dst: Some(dst),
            op: Op::Compare(Comparison::Lt, Operand::Local(index), Operand::Local(length)),
            ..
        }) if *dst == condition && dst != index && dst != length => Some((*index, *length)),
        _ => None,
    }
}

/// What each local is made by; `None` where it is moved on or written as a place.
struct Definitions<'f>(Vec<Vec<Option<&'f Op>>>);

impl<'f> Definitions<'f> {
    fn of(function: &'f Function) -> Self {
        let mut all: Vec<Vec<Option<&Op>>> = vec![Vec::new(); function.locals.len()];
        let mut add = |local: LocalId, op| {
            if let Some(of) = all.get_mut(local.0 as usize) {
                of.push(op);
            }
        };
        for param in 0..function.params {
            add(LocalId(param), None);
        }
        for inst in function.blocks.iter().flat_map(|block| &block.insts) {
            if let Some(dst) = inst.dst {
                add(dst, Some(&inst.op));
            }
            if let Some(position) = inst.op.position() {
                add(position, None);
            }
            inst.op.places(&mut |place| add(place.local, None));
        }
        Self(all)
    }

    fn get(&self, local: LocalId) -> &[Option<&'f Op>] {
        self.0.get(local.0 as usize).map_or(&[], Vec::as_slice)
    }

    /// Whether every definition is a constant that is not negative, or the local plus one.
    fn only_grows(&self, index: LocalId) -> bool {
        self.get(index).iter().all(|definition| match definition {
            Some(Op::Copy(Operand::Const(Const::Int(start)))) => *start >= 0,
            Some(Op::Copy(Operand::Local(sum))) => {
                matches!(self.get(*sum), [Some(op)] if is_next(op, index))
            }
            Some(op) => is_next(op, index),
            None => false,
        })
    }
}

/// Whether it is `index` plus a constant: if that is checked any will do, else only what a loop over a range does.
fn is_next(op: &Op, index: LocalId) -> bool {
    match op {
        Op::Binary(operator, Operand::Local(local), Operand::Const(Const::Int(step))) => {
            let fits = match operator {
                BinaryOp::Add => *step >= 0,
                BinaryOp::AddWrapping => *step == 1,
                _ => false,
            };
            *local == index && fits
        }
        _ => false,
    }
}

fn drop_checks_of(function: &mut Function, claim: &Claim) {
    let entry = facts_at_entries(function, claim);
    for (block, facts) in function.blocks.iter_mut().zip(entry) {
        let mut facts = facts;
        for inst in &mut block.insts {
            let is_read =
                inst.op == Op::ListGet(Operand::Local(claim.list), Operand::Local(claim.index));
            if is_read && facts.measured && facts.below {
                inst.op =
                    Op::ListGetUnchecked(Operand::Local(claim.list), Operand::Local(claim.index));
                inst.on_fail = None;
            }
            facts = behind(facts, inst, claim);
        }
    }
}

/// The facts at the beginning of each block: those that hold on all ways to it.
fn facts_at_entries(function: &Function, claim: &Claim) -> Vec<Facts> {
    let all = Facts {
        measured: true,
        below: true,
    };
    let mut entry = vec![all; function.blocks.len()];
    if let Some(first) = entry.first_mut() {
        *first = Facts::NONE;
    }
    // Where a failure goes on, nothing is known: it comes from the middle of a block.
    for inst in function.blocks.iter().flat_map(|block| &block.insts) {
        if let Some(handler) = inst.on_fail.and_then(|to| entry.get_mut(to.0 as usize)) {
            *handler = Facts::NONE;
        }
    }
    let mut changed = true;
    while changed {
        changed = false;
        for (index, block) in function.blocks.iter().enumerate() {
            let mut facts = entry[index];
            for inst in &block.insts {
                facts = behind(facts, inst, claim);
            }
            let taken = taken_if_below(block, claim);
            block.terminator.successors(&mut |to| {
                let mut on_the_way = facts;
                on_the_way.below |= taken == Some(to);
                if let Some(there) = entry.get_mut(to.0 as usize) {
                    let met = there.and(on_the_way);
                    changed |= met != *there;
                    *there = met;
                }
            });
        }
    }
    entry
}

/// The block to which the branch on `index < length` goes if it is so.
fn taken_if_below(block: &crate::function::Block, claim: &Claim) -> Option<BlockId> {
    if comparison(block) != Some((claim.index, claim.length)) {
        return None;
    }
    match block.terminator {
        Terminator::Branch {
            then, otherwise, ..
        } if then != otherwise => Some(then),
        _ => None,
    }
}

/// What is known behind an instruction.
fn behind(mut facts: Facts, inst: &Inst, claim: &Claim) -> Facts {
    inst.op.places(&mut |place| {
        // An element may be replaced: the list keeps its length.
        let is_element = matches!(place.projections.first(), Some(Projection::Index(_)));
        if place.local == claim.list && !is_element {
            facts.measured = false;
        }
    });
    let Some(dst) = inst.dst else {
        return facts;
    };
    if dst == claim.list {
        facts.measured = false;
    }
    if dst == claim.index {
        facts.below = false;
    }
    if dst == claim.length {
        // Its one definition.
        facts = Facts {
            measured: true,
            below: false,
        };
    }
    facts
}
