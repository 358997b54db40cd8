//! Inserts reference counts: who owns a value at each point, made explicit.
//!
//! In the manner of Perceus (Reinking, Xie, de Moura, Leijen, 2021): a consuming use moves if it is the last one, so that
//! a buffer nobody else holds is updated in place; before any other consuming use the value is retained; behind a last
//! use that only borrows it is released. Invariant: before each instruction exactly the live locals own their values.
//!
//! On an edge where a local dies it is released at the target, the edge split if the target has other ways in. A
//! fallible instruction gets a cleanup block that releases what is owned at the failure and not wanted by the handler.

use std::collections::BTreeMap;

use crate::function::{
    Block, BlockId, Const, Function, Inst, Local, LocalId, Op, Operand, Program, Terminator,
};
use crate::liveness::{Liveness, LocalSet};
use crate::operands::Mode;
use crate::passes::fallible::can_fail_in;
use crate::types::{Type, TypeId, Types};

/// Inserts them in every function.
pub fn insert_reference_counts(program: &mut Program) {
    let fallible: Vec<bool> = program.functions.iter().map(|f| f.fallible).collect();
    let counted = counted_types(&program.types);
    for function in &mut program.functions {
        free_the_entry(function);
        part_destinations(function, &counted);
        Inserter::new(function, &program.types, &counted, &fallible).run();
    }
}

/// Makes sure that nothing jumps to the entry block, so that what is put at its head runs once.
fn free_the_entry(function: &mut Function) {
    let mut entered = false;
    for block in &function.blocks {
        block
            .terminator
            .successors(&mut |next| entered |= next == BlockId(0));
        entered |= block.insts.iter().any(|i| i.on_fail == Some(BlockId(0)));
    }
    if !entered {
        return;
    }
    let moved = BlockId(function.blocks.len() as u32);
    let to_moved = |block: BlockId| if block == BlockId(0) { moved } else { block };
    for block in &mut function.blocks {
        block.terminator.map_successors(&mut |next| to_moved(next));
        for inst in &mut block.insts {
            inst.on_fail = inst.on_fail.map(to_moved);
        }
    }
    let entry = Block {
        insts: Vec::new(),
        terminator: Terminator::Jump(moved),
        cold: false,
    };
    let head = std::mem::replace(&mut function.blocks[0], entry);
    function.blocks.push(head);
}

/// For each type whether a value of it holds counted buffers.
pub fn counted_types(types: &Types) -> Vec<bool> {
    let mut counted: Vec<bool> = Vec::new();
    // Types are interned after their parts, so one pass in order sees the parts first; a type that holds itself does so
    // through a list, map or closure, which is counted whatever it holds.
    for (_, ty) in types.iter() {
        // A box is counted too.
        let of = |id: &TypeId| counted.get(id.0 as usize).copied().unwrap_or(true);
        let is = match ty {
            Type::Str
            | Type::Path
            | Type::Bytes
            | Type::List(_)
            | Type::Box(..)
            | Type::Map(..)
            | Type::Set(_)
            | Type::Closure(..) => true,
            Type::Option(inner) => of(inner),
            Type::Aggregate(aggregate) => aggregate.fields.iter().any(|(_, ty)| of(ty)),
            Type::Enum(one) => one.parts().any(|ty| of(&ty)),
            Type::Unit
            | Type::Int
            | Type::Float
            | Type::Bool
            | Type::Duration
            | Type::Time
            | Type::Range => false,
        };
        counted.push(is);
    }
    counted
}

/// `x = f(borrowed x)` becomes `t = f(borrowed x); x = t`, so that no instruction overwrites what it still looks at, and
/// neither what its handler may want.
fn part_destinations(function: &mut Function, counted: &[bool]) {
    let locals = &mut function.locals;
    for block in &mut function.blocks {
        let mut insts = Vec::with_capacity(block.insts.len());
        for mut inst in std::mem::take(&mut block.insts) {
            let clash = inst.dst.filter(|&dst| {
                let mut read = inst.on_fail.is_some();
                inst.uses(&mut |local, mode| read |= local == dst && mode == Mode::Borrow);
                read && counted[locals[dst.0 as usize].ty.0 as usize]
            });
            let Some(dst) = clash else {
                insts.push(inst);
                continue;
            };
            let apart = LocalId(locals.len() as u32);
            locals.push(Local {
                name: String::new(),
                ty: locals[dst.0 as usize].ty,
            });
            inst.dst = Some(apart);
            let span = inst.span;
            insts.push(inst);
            insts.push(Inst {
                dst: Some(dst),
                op: Op::Copy(Operand::Local(apart)),
                on_fail: None,
                span,
            });
        }
        block.insts = insts;
    }
}

struct Inserter<'a> {
    function: &'a mut Function,
    types: &'a Types,
    counted: LocalSet,
    fallible: &'a [bool],
    live: Liveness,
    /// Cleanup blocks by what they release and where they go on.
    cleanups: BTreeMap<(Vec<LocalId>, Option<BlockId>), BlockId>,
    blocks: Vec<Block>,
}

impl<'a> Inserter<'a> {
    fn new(
        function: &'a mut Function,
        types: &'a Types,
        counted_types: &[bool],
        fallible: &'a [bool],
    ) -> Self {
        let mut counted = LocalSet::new(function.locals.len());
        for (index, local) in function.locals.iter().enumerate() {
            if counted_types[local.ty.0 as usize] {
                counted.insert(LocalId(index as u32));
            }
        }
        let live = Liveness::of(function, &counted);
        let blocks = std::mem::take(&mut function.blocks);
        Self {
            function,
            types,
            counted,
            fallible,
            live,
            cleanups: BTreeMap::new(),
            blocks,
        }
    }

    fn run(mut self) {
        let count = self.blocks.len();
        let ends: Vec<LocalSet> = self
            .blocks
            .iter()
            .map(|block| self.live.live_out(block))
            .collect();
        for index in 0..count {
            self.block(index);
        }
        self.edges(&ends);
        self.entry();
        self.function.blocks = self.blocks;
    }

    fn block(&mut self, index: usize) {
        let after = self.live.after_each(&self.blocks[index]);
        let mut before = self.live.live_in(BlockId(index as u32)).clone();
        let mut out = Vec::new();
        for (inst, after) in std::mem::take(&mut self.blocks[index].insts)
            .into_iter()
            .zip(after)
        {
            self.inst(inst, &before, &after, &mut out);
            before = after;
        }
        self.blocks[index].insts = out;
    }

    /// One instruction, with its retains before it and its releases behind it.
    fn inst(&mut self, mut inst: Inst, before: &LocalSet, after: &LocalSet, out: &mut Vec<Inst>) {
        let (mut consumed, mut borrowed) = (Vec::new(), Vec::new());
        inst.uses(&mut |local, mode| {
            if self.counted.contains(local) {
                let list = if mode == Mode::Consume {
                    &mut consumed
                } else {
                    &mut borrowed
                };
                list.push(local);
            }
        });
        let (dst, span) = (inst.dst, inst.span);
        let counting = |op| Inst {
            dst: None,
            op,
            on_fail: None,
            span,
        };
        // Who owns what when the instruction succeeds, and when it fails.
        let mut owned: Vec<LocalId> = before.iter().collect();
        let mut owned_at_failure = owned.clone();
        for (index, &local) in consumed.iter().enumerate() {
            let used_again = consumed[index + 1..].contains(&local) || borrowed.contains(&local);
            let survives = after.contains(local) && dst != Some(local);
            let handled = inst
                .on_fail
                .is_some_and(|handler| self.live.live_in(handler).contains(local));
            if used_again || survives || handled {
                out.push(counting(Op::Retain(local)));
                owned_at_failure.push(local);
            } else {
                remove_one(&mut owned, local);
            }
            if taken_over_by_failure(&inst.op) {
                remove_one(&mut owned_at_failure, local);
            }
        }
        if can_fail_in(self.types, self.function, &inst.op, self.fallible) {
            inst.on_fail = self.cleanup(owned_at_failure, inst.on_fail);
        }
        let goes_on = !matches!(inst.op, Op::Fail(..) | Op::FailMatch | Op::FailUnwrap);
        out.push(inst);
        if !goes_on {
            return;
        }
        owned.extend(dst.filter(|&local| self.counted.contains(local)));
        for local in owned {
            if !after.contains(local) {
                out.push(counting(Op::Release(local)));
            }
        }
    }

    /// The block at which a failure continues that owns these locals (one may be owned twice).
    fn cleanup(&mut self, owned: Vec<LocalId>, handler: Option<BlockId>) -> Option<BlockId> {
        let mut wanted: Vec<LocalId> = handler
            .map(|h| self.live.live_in(h).iter().collect())
            .unwrap_or_default();
        let mut released: Vec<LocalId> = Vec::new();
        for local in owned {
            match wanted.iter().position(|&one| one == local) {
                Some(at) => {
                    wanted.remove(at);
                }
                None => released.push(local),
            }
        }
        if released.is_empty() {
            return handler;
        }
        released.sort_unstable();
        let next = BlockId(self.blocks.len() as u32);
        let key = (released, handler);
        if let Some(&block) = self.cleanups.get(&key) {
            return Some(block);
        }
        let insts = key
            .0
            .iter()
            .map(|&local| plain(Op::Release(local)))
            .collect();
        let terminator = handler.map_or(Terminator::Fail, Terminator::Jump);
        self.blocks.push(Block {
            insts,
            terminator,
            cold: true,
        });
        self.cleanups.insert(key, next);
        Some(next)
    }

    /// Releases what dies on the way from one block to the next.
    fn edges(&mut self, ends: &[LocalSet]) {
        let mut ways_in = vec![0u32; self.blocks.len()];
        for block in &self.blocks {
            block
                .terminator
                .successors(&mut |next| ways_in[next.0 as usize] += 1);
            for inst in &block.insts {
                if let Some(handler) = inst.on_fail {
                    ways_in[handler.0 as usize] += 1;
                }
            }
        }
        for (index, end) in ends.iter().enumerate() {
            let mut terminator =
                std::mem::replace(&mut self.blocks[index].terminator, Terminator::Unreachable);
            terminator.map_successors(&mut |next| {
                let live = self.live.live_in(next);
                let dead: Vec<Inst> = end
                    .iter()
                    .filter(|&l| !live.contains(l))
                    .map(|l| plain(Op::Release(l)))
                    .collect();
                if dead.is_empty() {
                    return next;
                }
                if ways_in[next.0 as usize] == 1 {
                    self.blocks[next.0 as usize].insts.splice(0..0, dead);
                    return next;
                }
                let cold = self.blocks[next.0 as usize].cold;
                self.blocks.push(Block {
                    insts: dead,
                    terminator: Terminator::Jump(next),
                    cold,
                });
                BlockId(self.blocks.len() as u32 - 1)
            });
            self.blocks[index].terminator = terminator;
        }
    }

    /// Parameters that nothing reads are released; locals that some path reads before it writes them start as zero bits.
    fn entry(&mut self) {
        let mut head = Vec::new();
        for local in self.counted.iter() {
            let is_param = local.0 < self.function.params;
            let live = self.live.live_in(BlockId(0)).contains(local);
            if is_param && !live {
                head.push(plain(Op::Release(local)));
            } else if !is_param && live {
                let zero = Operand::Const(Const::Zero(self.function.locals[local.0 as usize].ty));
                head.push(Inst {
                    dst: Some(local),
                    ..plain(Op::Copy(zero))
                });
            }
        }
        if let Some(entry) = self.blocks.first_mut() {
            entry.insts.splice(0..0, head);
        }
    }
}

fn remove_one(list: &mut Vec<LocalId>, local: LocalId) {
    if let Some(at) = list.iter().position(|&one| one == local) {
        list.remove(at);
    }
}

fn plain(op: Op) -> Inst {
    Inst {
        dst: None,
        op,
        on_fail: None,
        span: None,
    }
}

/// Whether consumed operands are gone also when the instruction fails. Callees own their arguments; the others look
/// for trouble before they take anything.
fn taken_over_by_failure(op: &Op) -> bool {
    matches!(
        op,
        Op::Call(..) | Op::CallClosure(..) | Op::Yield(..) | Op::ReturnItem(..) | Op::Output(..)
    )
}
