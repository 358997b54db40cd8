//! One function: its locals, blocks, entry and exits. What single instructions become is in [`super::ops`].

use dynop_abi::context::{FAILED, OK, STACK_LIMIT};
use dynop_base::{FileId, Span};
use dynop_ir::{BlockId, Function, FunctionId, LocalId, Op, Operand, Terminator};
use inkwell::IntPredicate;
use inkwell::basic_block::BasicBlock;
use inkwell::builder::Builder;
use inkwell::debug_info::{DIScope, DISubprogram};
use inkwell::values::{BasicValueEnum, FunctionValue, IntValue, PointerValue};

use super::Shared;
use super::build::{self, Value, Variable, int};
use crate::CodegenError;

pub(super) type Result<T> = std::result::Result<T, CodegenError>;

/// Where a local lives.
#[derive(Clone)]
pub(super) enum Home<'c> {
    /// One variable a part.
    Parts(Vec<Variable<'c>>),
    /// Memory, for values of many parts.
    Memory(PointerValue<'c>),
}

/// A value at hand.
#[derive(Clone, Debug)]
pub(super) enum Val<'c> {
    /// One register a part.
    Parts(Vec<Value<'c>>),
    /// The address of memory that holds it.
    Memory(PointerValue<'c>),
}

/// A function under construction.
pub(super) struct Emitter<'e, 'c, 'a> {
    pub shared: &'e mut Shared<'c, 'a>,
    pub builder: Builder<'c>,
    /// Writes to the entry block, which holds the frame's memory and nothing else.
    pub frame: Builder<'c>,
    pub value: FunctionValue<'c>,
    pub function: &'a Function,
    pub ctx: PointerValue<'c>,
    /// Where a result of several parts goes.
    out: Option<PointerValue<'c>>,
    /// The closure whose code this is.
    pub closure: Option<PointerValue<'c>>,
    pub homes: Vec<Home<'c>>,
    blocks: Vec<BasicBlock<'c>>,
    fail_exit: BasicBlock<'c>,
    /// Memory for values on their way through it, until the end of the instruction.
    pub temporaries: Vec<PointerValue<'c>>,
    /// The place of the instruction being emitted.
    pub span: Option<Span>,
    pub subprogram: DISubprogram<'c>,
    /// Scopes for lines of other files, which were put in place here.
    pub scopes: Vec<(FileId, DIScope<'c>)>,
}

/// Emits a function.
pub(super) fn function<'c, 'a>(shared: &mut Shared<'c, 'a>, id: FunctionId) -> Result<()> {
    let function: &'a Function = &shared.program.functions[id.0 as usize];
    let value = shared.functions[&id];
    let context = shared.module.get_context();
    let entry = context.append_basic_block(value, "entry");
    let (builder, frame) = (context.create_builder(), context.create_builder());
    frame.position_at_end(entry);
    let start = context.append_basic_block(value, "start");
    builder.position_at_end(start);
    let blocks = (0..function.blocks.len())
        .map(|index| context.append_basic_block(value, &format!("b{index}")));
    let blocks = blocks.collect();
    let fail_exit = context.append_basic_block(value, "fail");
    let ctx = value.get_first_param();
    let ctx = ctx.ok_or_else(|| CodegenError("a function lacks parameters".into()))?;
    let subprogram = shared.debug.subprogram(shared.unit, function);
    value.set_subprogram(subprogram);
    let mut emitter = Emitter {
        shared,
        builder,
        frame,
        value,
        function,
        ctx: build::address(ctx)?,
        out: None,
        closure: None,
        homes: Vec::new(),
        blocks,
        fail_exit,
        temporaries: Vec::new(),
        span: function.span,
        subprogram,
        scopes: Vec::new(),
    };
    emitter.locate();
    emitter.declare_locals()?;
    emitter.prologue()?;
    for (index, block) in function.blocks.iter().enumerate() {
        emitter.block(index, block)?;
    }
    emitter.fail_exit()?;
    emitter.frame.build_unconditional_branch(start)?;
    Ok(())
}

impl<'c, 'a> Emitter<'_, 'c, 'a> {
    fn declare_locals(&mut self) -> Result<()> {
        let function = self.function;
        for local in &function.locals {
            let layout = self.shared.layouts.get(local.ty);
            let home = if self.shared.layouts.in_memory(local.ty) {
                let words = layout.size.div_ceil(8);
                let ty = self.context().i64_type().array_type(words);
                Home::Memory(self.frame_memory(ty)?)
            } else {
                let parts = layout.parts.iter();
                let parts = parts.map(|part| self.new_variable(part.kind));
                Home::Parts(parts.collect::<Result<_>>()?)
            };
            self.homes.push(home);
        }
        Ok(())
    }

    /// Takes the parameters and checks the stack.
    fn prologue(&mut self) -> Result<()> {
        let mut params = self.value.get_param_iter().skip(1);
        let mut next = || {
            let param = params.next();
            param.ok_or_else(|| CodegenError("a function lacks parameters".into()))
        };
        if self.shared.layouts.get(self.function.result).parts.len() > 1 {
            self.out = Some(build::address(next()?)?);
        }
        if self.function.captures.is_some() {
            self.closure = Some(build::address(next()?)?);
        }
        for index in 0..self.function.params {
            let value = match &self.homes[index as usize] {
                Home::Parts(parts) => {
                    Val::Parts(parts.iter().map(|_| next()).collect::<Result<_>>()?)
                }
                Home::Memory(_) => Val::Memory(build::address(next()?)?),
            };
            self.set(LocalId(index), &value)?;
        }
        if self.function.fallible && self.calls() {
            self.check_stack()?;
        }
        let first = self.blocks.first().copied().unwrap_or(self.fail_exit);
        self.jump(first)
    }

    fn check_stack(&mut self) -> Result<()> {
        let pointer = self.stack_pointer()?;
        let limit = self.load_shared_word(self.ctx, STACK_LIMIT as u32)?;
        let low = self.compare_words(IntPredicate::ULT, pointer, limit)?;
        let site = self.site();
        let exit = self.fail_exit;
        self.fail_if(low, exit, |this| {
            this.call_entry("dyn_fail_stack", &[this.ctx.into(), site])?;
            // The parameters are this function's, also when it does nothing with them.
            for index in 0..this.function.params {
                let (value, ty) = (this.local(LocalId(index))?, this.ty_of(LocalId(index)));
                this.release(&value, ty)?;
            }
            Ok(())
        })
    }

    fn stack_pointer(&mut self) -> Result<IntValue<'c>> {
        let word = self.context().i64_type();
        let read = self
            .shared
            .intrinsic("llvm.read_register", &[word.into()])?;
        let name = self.context().metadata_string("rsp");
        let name = self.context().metadata_node(&[name.into()]);
        let call = self.builder.build_direct_call(read, &[name.into()], "")?;
        match call.try_as_basic_value().basic() {
            Some(value) => int(value),
            None => Err(CodegenError("no stack pointer".into())),
        }
    }

    fn calls(&self) -> bool {
        let calls = |op: &Op| matches!(op, Op::Call(..) | Op::CallClosure(..));
        let mut blocks = self.function.blocks.iter();
        blocks.any(|block| block.insts.iter().any(|inst| calls(&inst.op)))
    }

    fn block(&mut self, index: usize, block: &'a dynop_ir::Block) -> Result<()> {
        self.switch_to(self.blocks[index]);
        for inst in &block.insts {
            self.span = inst.span.or(self.function.span);
            self.locate();
            self.inst(inst)?;
            self.end_temporaries()?;
        }
        self.terminator(&block.terminator)?;
        self.temporaries.clear();
        Ok(())
    }

    /// Branches to where a condition says, away from blocks that are hardly ever reached.
    fn branch_to(&mut self, condition: IntValue<'c>, then: BlockId, other: BlockId) -> Result<()> {
        let cold = |id: BlockId| {
            let block = self.function.blocks.get(id.0 as usize);
            block.is_none_or(|block| block.cold)
        };
        let (then_block, other_block) = (self.target(then), self.target(other));
        match (cold(then), cold(other)) {
            (true, false) => self.branch_rarely(condition, then_block, other_block),
            (false, true) => self.branch_mostly(condition, then_block, other_block),
            _ => self.branch(condition, then_block, other_block).map(|_| ()),
        }
    }

    fn terminator(&mut self, terminator: &Terminator) -> Result<()> {
        match terminator {
            Terminator::Jump(block) => self.jump(self.target(*block)),
            Terminator::Branch {
                condition,
                then,
                otherwise,
            } => {
                let condition = self.scalar(condition)?;
                let condition = self.not_zero(condition)?;
                self.branch_to(condition, *then, *otherwise)
            }
            Terminator::Switch {
                value,
                cases,
                otherwise,
            } => {
                let value = self.int_scalar(value)?;
                let mut blocks: Vec<(IntValue<'c>, BasicBlock<'c>)> = Vec::new();
                for (case, block) in cases {
                    // The first of equal cases counts.
                    let case = self.word(*case);
                    if blocks.iter().all(|(known, _)| *known != case) {
                        blocks.push((case, self.target(*block)));
                    }
                }
                let otherwise = self.target(*otherwise);
                self.builder.build_switch(value, otherwise, &blocks)?;
                Ok(())
            }
            Terminator::Return(value) => self.return_value(value),
            Terminator::Fail => self.jump(self.fail_exit),
            // The program record never holds a way here; if it does, failing the step is better than running on.
            Terminator::Unreachable if self.function.fallible => self.jump(self.fail_exit),
            Terminator::Unreachable => self.trap(),
        }
    }

    fn trap(&mut self) -> Result<()> {
        let trap = self.shared.intrinsic("llvm.trap", &[])?;
        self.call_direct(trap, &[])?;
        self.builder.build_unreachable()?;
        Ok(())
    }

    fn return_value(&mut self, value: &Operand) -> Result<()> {
        let ty = self.function.result;
        let value = self.value(value, ty)?;
        let mut returned: Vec<Value<'c>> = Vec::new();
        if self.function.fallible {
            returned.push(self.half(OK).into());
        }
        match (self.out, value) {
            (Some(out), value) => self.store(out, 0, &value, ty)?,
            (None, Val::Parts(parts)) => returned.extend(parts),
            (None, Val::Memory(_)) => {}
        }
        self.return_all(&returned)
    }

    /// Returns nothing, one value, or a status and a value.
    fn return_all(&mut self, values: &[Value<'c>]) -> Result<()> {
        match values {
            [] => self.builder.build_return(None)?,
            [value] => self.builder.build_return(Some(value))?,
            values => self.builder.build_aggregate_return(values)?,
        };
        Ok(())
    }

    /// The block at which the function fails.
    fn fail_exit(&mut self) -> Result<()> {
        self.switch_to(self.fail_exit);
        if !self.function.fallible {
            return self.trap();
        }
        let mut returned: Vec<BasicValueEnum<'c>> = vec![self.half(FAILED).into()];
        let layout = self.shared.layouts.get(self.function.result);
        if let [part] = layout.parts.as_slice() {
            returned.push(build::zero(self.context(), part.kind));
        }
        self.return_all(&returned)
    }

    pub(super) fn target(&self, block: BlockId) -> BasicBlock<'c> {
        let block = self.blocks.get(block.0 as usize);
        block.copied().unwrap_or(self.fail_exit)
    }

    /// Where a failure of an instruction continues.
    pub(super) fn on_fail(&self, handler: Option<BlockId>) -> BasicBlock<'c> {
        handler.map_or(self.fail_exit, |block| self.target(block))
    }

    /// Goes on if the condition does not hold; else does what `report` says and goes to `target`.
    pub(super) fn fail_if(
        &mut self,
        condition: IntValue<'c>,
        target: BasicBlock<'c>,
        report: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<()> {
        let (cold, next) = (self.new_block(), self.new_block());
        self.branch_rarely(condition, cold, next)?;
        self.switch_to(cold);
        report(self)?;
        self.jump(target)?;
        self.switch_to(next);
        Ok(())
    }
}
