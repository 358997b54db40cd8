//! Puts the bodies of small functions in the place of their calls.
//!
//! Only functions that call nothing and can't fail are put in place: a function that can fail is a frame of a failure's
//! trace, which must name it and the place of its call. What is won is more than the call: a parameter that the body
//! only reads becomes the caller's own operand, so that a list is looked at without a count going up and down.

use crate::function::{
    Block, BlockId, Function, Inst, Local, LocalId, Op, Operand, Program, Terminator,
};

/// The largest body, in instructions, that is put in place. A call costs about five; std's `list.get(i, default)` has
/// ten; twice this made nothing faster and programs larger.
const MAX_BODY: usize = 24;
/// A function that has grown to this many instructions takes no more.
const MAX_CALLER: usize = 4_000;

/// Does it in every function.
pub fn inline_small_functions(program: &mut Program) {
    let bodies: Vec<Option<Function>> = program
        .functions
        .iter()
        .map(|function| is_small(function).then(|| function.clone()))
        .collect();
    for function in &mut program.functions {
        let mut index = 0;
        let mut size: usize = function.blocks.iter().map(|block| block.insts.len()).sum();
        while index < function.blocks.len() {
            if size < MAX_CALLER
                && let Some((at, body)) = next_call(function, index, &bodies)
            {
                size += body.blocks.iter().map(|b| b.insts.len()).sum::<usize>();
                Inliner::new(function, body).put_in_place(BlockId(index as u32), at);
            }
            // What stood behind a call is in a block of its own now, which comes later.
            index += 1;
        }
    }
}

fn is_small(function: &Function) -> bool {
    let size: usize = function.blocks.iter().map(|block| block.insts.len()).sum();
    let leaf = function.blocks.iter().all(|block| {
        block
            .insts
            .iter()
            .all(|inst| !matches!(inst.op, Op::Call(..) | Op::CallClosure(..)))
    });
    !function.fallible && function.captures.is_none() && leaf && size <= MAX_BODY
}

fn next_call<'b>(
    function: &Function,
    block: usize,
    bodies: &'b [Option<Function>],
) -> Option<(usize, &'b Function)> {
    let insts = &function.blocks.get(block)?.insts;
    insts.iter().enumerate().find_map(|(at, inst)| {
        let Op::Call(id, args) = &inst.op else {
            return None;
        };
        let body = bodies.get(id.0 as usize)?.as_ref()?;
        (body.params as usize == args.len()).then_some((at, body))
    })
}

struct Inliner<'f, 'b> {
    function: &'f mut Function,
    body: &'b Function,
    /// What stands for each local of the body.
    operands: Vec<Operand>,
    first_block: u32,
}

impl<'f, 'b> Inliner<'f, 'b> {
    fn new(function: &'f mut Function, body: &'b Function) -> Self {
        let first_block = function.blocks.len() as u32;
        Self {
            function,
            body,
            operands: Vec::new(),
            first_block,
        }
    }

    fn put_in_place(mut self, block: BlockId, at: usize) {
        let caller = &mut self.function.blocks[block.0 as usize];
        let rest = caller.insts.split_off(at + 1);
        let Some(Inst {
            dst,
            op: Op::Call(_, args),
            span,
            ..
        }) = caller.insts.pop()
        else {
            return;
        };
        let cold = caller.cold;
        let terminator = std::mem::replace(
            &mut caller.terminator,
            Terminator::Jump(BlockId(self.first_block)),
        );
        let mut head = self.bind(args);
        head.iter_mut().for_each(|inst| inst.span = span);
        self.function.blocks[block.0 as usize].insts.extend(head);
        let behind = BlockId(self.first_block + self.body.blocks.len() as u32);
        for body_block in &self.body.blocks {
            let copied = self.block(body_block, dst, behind, cold);
            self.function.blocks.push(copied);
        }
        self.function.blocks.push(Block {
            insts: rest,
            terminator,
            cold,
        });
    }

    /// Decides what stands for each local, and gives the copies of arguments that the body changes.
    fn bind(&mut self, args: Vec<Operand>) -> Vec<Inst> {
        let mut head = Vec::new();
        let written = written_locals(self.body);
        let mut args = args.into_iter();
        for (index, local) in self.body.locals.iter().enumerate() {
            let arg = if index < self.body.params as usize {
                args.next()
            } else {
                None
            };
            if let Some(arg) = &arg
                && !written[index]
            {
                self.operands.push(arg.clone());
                continue;
            }
            let id = LocalId(self.function.locals.len() as u32);
            self.function.locals.push(Local {
                name: local.name.clone(),
                ty: local.ty,
            });
            self.operands.push(Operand::Local(id));
            if let Some(arg) = arg {
                head.push(Inst {
                    dst: Some(id),
                    op: Op::Copy(arg),
                    on_fail: None,
                    span: None,
                });
            }
        }
        head
    }

    fn block(&self, block: &Block, dst: Option<LocalId>, behind: BlockId, cold: bool) -> Block {
        let mut insts: Vec<Inst> = block.insts.iter().map(|inst| self.inst(inst)).collect();
        let mut terminator = block.terminator.clone();
        terminator.map_successors(&mut |next| BlockId(next.0 + self.first_block));
        match &mut terminator {
            Terminator::Branch { condition, .. } => *condition = self.operand(condition),
            Terminator::Switch { value, .. } => *value = self.operand(value),
            Terminator::Return(value) => {
                if dst.is_some() {
                    insts.push(Inst {
                        dst,
                        op: Op::Copy(self.operand(value)),
                        on_fail: None,
                        span: None,
                    });
                }
                terminator = Terminator::Jump(behind);
            }
            Terminator::Jump(_) | Terminator::Fail | Terminator::Unreachable => {}
        }
        Block {
            insts,
            terminator,
            cold: block.cold || cold,
        }
    }

    fn inst(&self, inst: &Inst) -> Inst {
        let mut op = inst.op.clone();
        op.map_locals(
            &mut |operand| *operand = self.operand(operand),
            &mut |local| {
                *local = self.local(*local);
            },
        );
        Inst {
            dst: inst.dst.map(|dst| self.local(dst)),
            op,
            on_fail: inst
                .on_fail
                .map(|block| BlockId(block.0 + self.first_block)),
            span: inst.span,
        }
    }

    fn operand(&self, operand: &Operand) -> Operand {
        match operand {
            Operand::Local(local) => self.operands[local.0 as usize].clone(),
            constant => constant.clone(),
        }
    }

    /// A local that is written or the start of a place; [`written_locals`] has seen to it that it is one.
    fn local(&self, local: LocalId) -> LocalId {
        match self.operands[local.0 as usize] {
            Operand::Local(local) => local,
            Operand::Const(_) => local,
        }
    }
}

/// For each local whether something writes it, or needs it as a local: destinations, places, positions.
fn written_locals(function: &Function) -> Vec<bool> {
    let mut written = vec![false; function.locals.len()];
    for inst in function.blocks.iter().flat_map(|block| &block.insts) {
        let mut write = |local: LocalId| written[local.0 as usize] = true;
        inst.dst.into_iter().for_each(&mut write);
        inst.op.places(&mut |place| write(place.local));
        inst.op.position().into_iter().for_each(&mut write);
    }
    written
}
