//! The blocks of a function under construction: opened, ended, and those that nothing leads to dropped.

use dynop_ir::{self as ir, Block, BlockId, Const, Op, Operand, Terminator, TypeId};

use crate::builder::Builder;

impl Builder<'_, '_> {
    /// A block that nothing leads to yet.
    pub(crate) fn new_block(&mut self) -> BlockId {
        let id = BlockId(self.blocks.len() as u32);
        self.blocks.push(Block {
            insts: Vec::new(),
            terminator: Terminator::Unreachable,
            cold: false,
        });
        id
    }

    /// Says that a block is hardly ever reached.
    pub(crate) fn mark_cold(&mut self, block: BlockId) {
        self.blocks[block.0 as usize].cold = true;
    }

    /// Goes on in a block.
    pub(crate) fn enter(&mut self, block: BlockId) {
        self.current = Some(block);
    }

    /// The current block.
    pub(crate) fn current_block(&self) -> Option<BlockId> {
        self.current
    }

    /// Ends the current block.
    pub(crate) fn end(&mut self, terminator: Terminator) {
        if let Some(current) = self.current.take() {
            self.blocks[current.0 as usize].terminator = terminator;
        }
    }

    /// Ends the current block with a jump.
    pub(crate) fn jump(&mut self, to: BlockId) {
        self.end(Terminator::Jump(to));
    }

    /// Ends the current block with a branch.
    pub(crate) fn branch(&mut self, condition: Operand, then: BlockId, otherwise: BlockId) {
        match condition {
            Operand::Const(Const::Bool(value)) => self.jump(if value { then } else { otherwise }),
            condition => self.end(Terminator::Branch {
                condition,
                then,
                otherwise,
            }),
        }
    }

    /// Ends the current block with an instruction that always fails.
    pub(crate) fn fail(&mut self, op: Op) {
        self.emit(None, op);
        self.end(Terminator::Unreachable);
    }

    /// Goes on in `join`, if a jump leads there.
    pub(crate) fn enter_if_reached(&mut self, join: BlockId, reached: bool) {
        self.current = reached.then_some(join);
    }

    /// The function as it is finished.
    pub(crate) fn finish(
        mut self,
        name: String,
        display_name: String,
        params: u32,
        result: TypeId,
    ) -> ir::Function {
        self.end(Terminator::Unreachable);
        drop_unreached(&mut self.blocks);
        ir::Function {
            name,
            display_name,
            params,
            captures: None,
            result,
            fallible: true,
            locals: self.ir_locals,
            blocks: self.blocks,
            span: None,
        }
    }
}

/// Takes away the blocks that nothing leads to, and numbers the others anew.
fn drop_unreached(blocks: &mut Vec<Block>) {
    let mut reached = vec![false; blocks.len()];
    let mut stack = vec![BlockId(0)];
    while let Some(id) = stack.pop() {
        let index = id.0 as usize;
        if std::mem::replace(&mut reached[index], true) {
            continue;
        }
        let block = &blocks[index];
        stack.extend(block.insts.iter().filter_map(|inst| inst.on_fail));
        each_target(&mut block.terminator.clone(), |target| stack.push(*target));
    }
    let mut numbers = Vec::with_capacity(blocks.len());
    let mut next = 0;
    for &is_reached in &reached {
        numbers.push(BlockId(next));
        next += u32::from(is_reached);
    }
    let mut index = 0;
    blocks.retain(|_| {
        index += 1;
        reached[index - 1]
    });
    for block in blocks {
        for inst in &mut block.insts {
            if let Some(target) = &mut inst.on_fail {
                *target = numbers[target.0 as usize];
            }
        }
        each_target(&mut block.terminator, |target| {
            *target = numbers[target.0 as usize];
        });
    }
}

fn each_target(terminator: &mut Terminator, mut visit: impl FnMut(&mut BlockId)) {
    match terminator {
        Terminator::Jump(target) => visit(target),
        Terminator::Branch {
            then, otherwise, ..
        } => {
            visit(then);
            visit(otherwise);
        }
        Terminator::Switch {
            cases, otherwise, ..
        } => {
            cases.iter_mut().for_each(|(_, target)| visit(target));
            visit(otherwise);
        }
        Terminator::Return(_) | Terminator::Fail | Terminator::Unreachable => {}
    }
}
