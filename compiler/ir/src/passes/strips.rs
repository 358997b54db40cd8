//! Lets loops over flat values ask for cancellation once in a strip of iterations instead of in each, so that nothing in
//! the loop is in the way of the back ends: the flag is written by other threads, and reading it keeps a loop from
//! being unrolled and vectorised. In
//!
//! ```dyn,ignore
//! for i in 0..n { total += a[i] * b[i] }
//! ```
//!
//! the head `poll; i < n` stays where it is and now begins a strip: an inner loop whose head is `i < limit`, where `limit`
//! is `n` or as far as a strip goes, whatever is nearer.
//!
//! It is done where every iteration is short: an innermost loop that counts by one and has no calls, allocates nothing
//! and makes no counted values.

use crate::function::{
    BinaryOp, Block, BlockId, Comparison, Const, Function, Inst, Local, LocalId, Op, Operand,
    Program, Projection, Terminator,
};
use crate::types::{Type, TypeId, Types};

/// How many iterations a strip has. At some nanoseconds each, a cancelled step still ends within a millisecond; more would
/// save nothing that can be measured.
const STRIP: i64 = 1024;
/// A function with more loops times blocks than this is left as it is: each loop looks at all blocks a few times.
const MOST_WORK: usize = 4_000_000;

/// Cuts the loops of every function into strips.
pub fn poll_in_strips(program: &mut Program) {
    let Some(types) = Wanted::of(&program.types) else {
        return;
    };
    for function in &mut program.functions {
        let heads: Vec<Head> = (0..function.blocks.len())
            .filter_map(|index| Head::of(function, BlockId(index as u32)))
            .collect();
        if heads.len().saturating_mul(function.blocks.len()) > MOST_WORK {
            continue;
        }
        for head in heads {
            if let Some(latch) = latch(&program.types, function, &head) {
                cut(function, &head, latch, types);
            }
        }
    }
}

/// Types of new locals.
#[derive(Clone, Copy)]
struct Wanted {
    int: TypeId,
    bool: TypeId,
}

impl Wanted {
    fn of(types: &Types) -> Option<Self> {
        Some(Self {
            int: types.find(&Type::Int)?,
            bool: types.find(&Type::Bool)?,
        })
    }
}

/// The head of a loop that counts: a poll, then a branch on `index < end` into the loop or out of it.
struct Head {
    at: BlockId,
    index: LocalId,
    end: Operand,
    inside: BlockId,
}

impl Head {
    fn of(function: &Function, at: BlockId) -> Option<Self> {
        let block = function.blocks.get(at.0 as usize)?;
        let [Inst { op: Op::Poll, .. }, comparison] = &block.insts[..] else {
            return None;
        };
        let Op::Compare(Comparison::Lt, Operand::Local(index), end) = &comparison.op else {
            return None;
        };
        let Terminator::Branch {
            condition: Operand::Local(condition),
            then,
            otherwise,
        } = &block.terminator
        else {
            return None;
        };
        let counts = comparison.dst == Some(*condition) && condition != index && then != otherwise;
        counts.then(|| Self {
            at,
            index: *index,
            end: end.clone(),
            inside: *then,
        })
    }

    /// Whether an instruction of the loop leaves `index` and `end` alone.
    fn is_kept_by(&self, inst: &Inst) -> bool {
        let end = match self.end {
            Operand::Local(local) => Some(local),
            Operand::Const(_) => None,
        };
        let mut kept = |local: LocalId| local != self.index && Some(local) != end;
        let mut places_kept = true;
        inst.op
            .places(&mut |place| places_kept &= kept(place.local));
        inst.dst.is_none_or(&mut kept) && places_kept
    }

    /// Whether an instruction is `index = index + 1`.
    fn is_counted_by(&self, inst: &Inst) -> bool {
        let one = Operand::Const(Const::Int(1));
        inst.dst == Some(self.index)
            && inst.op == Op::Binary(BinaryOp::AddWrapping, Operand::Local(self.index), one)
    }
}

fn successors(block: &Block) -> Vec<BlockId> {
    let mut all: Vec<BlockId> = block.insts.iter().filter_map(|inst| inst.on_fail).collect();
    block.terminator.successors(&mut |next| all.push(next));
    all
}

/// The block that counts and goes back to the head, if the loop is one that can be cut into strips.
fn latch(types: &Types, function: &Function, head: &Head) -> Option<BlockId> {
    let blocks = blocks_inside(function, head);
    let mut latches = blocks.iter().copied().filter(|&block| {
        let block = &function.blocks[block.0 as usize];
        successors(block).contains(&head.at)
    });
    let (latch, None) = (latches.next()?, latches.next()) else {
        return None;
    };
    let mut counted = 0;
    for &block in &blocks {
        for inst in &function.blocks[block.0 as usize].insts {
            if block == latch && head.is_counted_by(inst) {
                counted += 1;
            } else if !head.is_kept_by(inst) || !is_short(types, function, inst) {
                return None;
            }
        }
    }
    (counted == 1).then_some(latch)
}

/// The blocks of a loop but for its head: what is reached from inside and leads back to the head.
fn blocks_inside(function: &Function, head: &Head) -> Vec<BlockId> {
    let count = function.blocks.len();
    let (mut reached, mut before) = (vec![false; count], vec![Vec::new(); count]);
    let mut open = vec![head.inside];
    while let Some(at) = open.pop() {
        if at == head.at || std::mem::replace(&mut reached[at.0 as usize], true) {
            continue;
        }
        for next in successors(&function.blocks[at.0 as usize]) {
            before[next.0 as usize].push(at);
            open.push(next);
        }
    }
    let mut leads_back = vec![false; count];
    open.clone_from(&before[head.at.0 as usize]);
    while let Some(at) = open.pop() {
        if !std::mem::replace(&mut leads_back[at.0 as usize], true) {
            open.extend_from_slice(&before[at.0 as usize]);
        }
    }
    let all = (0..count).filter(|&index| leads_back[index]);
    all.map(|index| BlockId(index as u32)).collect()
}

/// Whether an instruction takes a bounded time, however large the values are.
fn is_short(types: &Types, function: &Function, inst: &Inst) -> bool {
    let ty = |local: LocalId| function.locals[local.0 as usize].ty;
    let flat = |operand: &Operand| match operand {
        Operand::Local(local) => is_flat(types, ty(*local)),
        Operand::Const(_) => true,
    };
    let makes_flat = inst.dst.is_none_or(|dst| is_flat(types, ty(dst)));
    makes_flat
        && match &inst.op {
            Op::Copy(_)
            | Op::Binary(..)
            | Op::Neg(_)
            | Op::Not(_)
            | Op::IntToFloat(_)
            | Op::Make(..)
            | Op::Field(..)
            | Op::Some(_)
            | Op::IsSome(_)
            | Op::Payload(_)
            | Op::Variant(..)
            | Op::Tag(_)
            | Op::VariantField(..)
            | Op::ListLen(_)
            | Op::ListGet(..)
            | Op::ListGetUnchecked(..) => true,
            Op::Compare(_, a, b) => flat(a) && flat(b),
            // A list on the way may be shared and is then copied, once: the loop makes no owners of lists.
            Op::Load(place) | Op::Store(place, _) => {
                let mut indices = place.projections.iter();
                indices.all(|one| !matches!(one, Projection::Key(_) | Projection::KeyOrInsert(_)))
                    && match &inst.op {
                        Op::Store(_, value) => flat(value),
                        _ => true,
                    }
            }
            _ => false,
        }
}

/// Whether values of a type own nothing.
fn is_flat(types: &Types, ty: TypeId) -> bool {
    match types.get(ty) {
        Type::Unit | Type::Int | Type::Float | Type::Bool | Type::Duration | Type::Time => true,
        Type::Range => true,
        Type::Option(inner) => is_flat(types, *inner),
        Type::Aggregate(one) => one.fields.iter().all(|(_, ty)| is_flat(types, *ty)),
        _ => false,
    }
}

/// Puts the head of a strip between the loop's head and what is inside.
fn cut(function: &mut Function, head: &Head, latch: BlockId, types: Wanted) {
    let mut new_local = |ty| {
        function.locals.push(Local {
            name: String::new(),
            ty,
        });
        LocalId(function.locals.len() as u32 - 1)
    };
    let limit = new_local(types.int);
    let [near, ahead, goes_on] = [(); 3].map(|()| new_local(types.bool));
    let span = function.blocks[head.at.0 as usize].insts[0].span;
    let inst = |dst, op| Inst {
        dst: Some(dst),
        op,
        on_fail: None,
        span,
    };
    let local = Operand::Local;
    let less = |a: LocalId, b: Operand| Op::Compare(Comparison::Lt, local(a), b);
    let first = function.blocks.len() as u32;
    let (strip, rest, inner) = (BlockId(first), BlockId(first + 1), BlockId(first + 2));
    let far = Op::Binary(
        BinaryOp::AddWrapping,
        local(head.index),
        Operand::Const(Const::Int(STRIP)),
    );
    // Near the largest number the sum wraps around and is not ahead.
    let both = Op::Binary(BinaryOp::And, local(near), local(ahead));
    function.blocks.push(Block {
        insts: vec![
            inst(limit, far),
            inst(near, less(limit, head.end.clone())),
            inst(ahead, less(head.index, local(limit))),
            inst(goes_on, both),
        ],
        terminator: Terminator::Branch {
            condition: local(goes_on),
            then: inner,
            otherwise: rest,
        },
        cold: false,
    });
    function.blocks.push(Block {
        insts: vec![inst(limit, Op::Copy(head.end.clone()))],
        terminator: Terminator::Jump(inner),
        cold: false,
    });
    function.blocks.push(Block {
        insts: vec![inst(goes_on, less(head.index, local(limit)))],
        terminator: Terminator::Branch {
            condition: local(goes_on),
            then: head.inside,
            otherwise: head.at,
        },
        cold: false,
    });
    let to = |from: BlockId, new: BlockId| move |next| if next == from { new } else { next };
    let into = &mut function.blocks[head.at.0 as usize].terminator;
    into.map_successors(&mut to(head.inside, strip));
    let back = &mut function.blocks[latch.0 as usize].terminator;
    back.map_successors(&mut to(head.at, inner));
}
