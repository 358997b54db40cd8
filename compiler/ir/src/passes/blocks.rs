//! Tidies the graph of blocks: what nothing reaches goes, ways through empty blocks become direct, and a block that
//! only one other leads to becomes part of it.

use crate::function::{Block, BlockId, Const, Function, Operand, Program, Terminator};

/// Tidies every function.
pub fn tidy_blocks(program: &mut Program) {
    for function in &mut program.functions {
        decide_branches(function);
        skip_empty_blocks(function);
        join_chains(function);
        drop_unreached(function);
    }
}

/// A branch on a constant, or to one block either way, is a jump.
fn decide_branches(function: &mut Function) {
    for block in &mut function.blocks {
        if let Terminator::Branch {
            condition,
            then,
            otherwise,
        } = &block.terminator
        {
            let to = match condition {
                Operand::Const(Const::Bool(true)) => *then,
                Operand::Const(Const::Bool(false)) => *otherwise,
                _ if then == otherwise => *then,
                _ => continue,
            };
            block.terminator = Terminator::Jump(to);
        }
    }
}

/// Where a way that leads to a block ends, empty blocks skipped. An empty loop is followed once around at most.
fn end_of_way(function: &Function, from: BlockId) -> BlockId {
    let mut at = from;
    for _ in 0..function.blocks.len() {
        match function.blocks.get(at.0 as usize) {
            Some(Block {
                insts,
                terminator: Terminator::Jump(next),
                ..
            }) if insts.is_empty() && *next != BlockId(0) => at = *next,
            _ => break,
        }
    }
    at
}

fn skip_empty_blocks(function: &mut Function) {
    let ends: Vec<BlockId> = (0..function.blocks.len())
        .map(|index| end_of_way(function, BlockId(index as u32)))
        .collect();
    let end = |block: BlockId| ends.get(block.0 as usize).copied().unwrap_or(block);
    for block in &mut function.blocks {
        block.terminator.map_successors(&mut |next| end(next));
        for inst in &mut block.insts {
            inst.on_fail = inst.on_fail.map(end);
        }
    }
}

/// How many ways lead to each block; the entry has one more, from outside. Failures count as two, so that their block
/// is not joined to anything.
fn ways_in(function: &Function) -> Vec<u32> {
    let mut ways = vec![0; function.blocks.len()];
    let mut count = |block: BlockId, more| {
        if let Some(ways) = ways.get_mut(block.0 as usize) {
            *ways += more;
        }
    };
    count(BlockId(0), 2);
    for block in &function.blocks {
        block.terminator.successors(&mut |next| count(next, 1));
        for handler in block.insts.iter().filter_map(|inst| inst.on_fail) {
            count(handler, 2);
        }
    }
    ways
}

fn join_chains(function: &mut Function) {
    drop_unreached(function);
    let ways = ways_in(function);
    for index in 0..function.blocks.len() {
        while let Terminator::Jump(next) = function.blocks[index].terminator {
            let at = next.0 as usize;
            if at == index || ways.get(at) != Some(&1) {
                break;
            }
            let joined = std::mem::replace(
                &mut function.blocks[at],
                Block {
                    insts: Vec::new(),
                    terminator: Terminator::Unreachable,
                    cold: true,
                },
            );
            let block = &mut function.blocks[index];
            block.insts.extend(joined.insts);
            block.terminator = joined.terminator;
        }
    }
}

fn drop_unreached(function: &mut Function) {
    let mut reached = vec![false; function.blocks.len()];
    let mut stack = vec![BlockId(0)];
    while let Some(BlockId(id)) = stack.pop() {
        let Some(seen) = reached.get_mut(id as usize) else {
            continue;
        };
        if std::mem::replace(seen, true) {
            continue;
        }
        let block = &function.blocks[id as usize];
        block.terminator.successors(&mut |next| stack.push(next));
        stack.extend(block.insts.iter().filter_map(|inst| inst.on_fail));
    }
    let mut next = 0;
    let numbers: Vec<BlockId> = reached
        .iter()
        .map(|&reached| {
            next += u32::from(reached);
            BlockId(next.saturating_sub(1))
        })
        .collect();
    let number = |block: BlockId| numbers.get(block.0 as usize).copied().unwrap_or(block);
    let mut reached = reached.into_iter();
    function.blocks.retain(|_| reached.next().unwrap_or(false));
    for block in &mut function.blocks {
        block.terminator.map_successors(&mut |next| number(next));
        for inst in &mut block.insts {
            inst.on_fail = inst.on_fail.map(number);
        }
    }
}
