//! One function: its locals, blocks, entry and exits. What single instructions become is in [`super::ops`].

use cranelift_codegen::Context;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    self as clif, InstBuilder, MemFlagsData, SourceLoc, StackSlot, Value, types,
};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext, Variable};
use cranelift_module::Module;
use dynop_abi::context::{FAILED, OK, STACK_LIMIT};
use dynop_base::Span;
use dynop_ir::{BlockId, Function, FunctionId, LocalId, Op, Operand, Terminator};

use super::values::{new_slot, zero};
use super::{Shared, register};
use crate::CodegenError;

pub(super) type Result<T> = std::result::Result<T, CodegenError>;

/// Memory that compiled code reads and writes: aligned, never trapping.
pub(super) const TRUSTED: MemFlagsData = MemFlagsData::trusted();

/// Where a local lives.
#[derive(Clone)]
pub(super) enum Home {
    /// One variable a part.
    Parts(Vec<Variable>),
    /// Memory, for values of many parts.
    Memory(StackSlot),
}

/// A value at hand.
#[derive(Clone, Debug)]
pub(super) enum Val {
    /// One register a part.
    Parts(Vec<Value>),
    /// The address of memory that holds it.
    Memory(Value),
}

/// A function under construction.
pub(super) struct Emitter<'e, 's, 'a> {
    pub shared: &'s mut Shared<'a>,
    pub builder: FunctionBuilder<'e>,
    pub function: &'a Function,
    pub id: FunctionId,
    pub ctx: Value,
    /// Where a result of several parts goes.
    out: Option<Value>,
    /// The closure whose code this is.
    pub closure: Option<Value>,
    pub homes: Vec<Home>,
    blocks: Vec<clif::Block>,
    fail_exit: clif::Block,
    /// Stack slots for values on their way through memory, by size; free again with each instruction.
    pub slots: Vec<(u32, StackSlot)>,
    pub used_slots: Vec<bool>,
    /// The place of the instruction being emitted.
    pub span: Option<Span>,
}

/// Emits a function into the context.
pub(super) fn function<'a>(
    shared: &mut Shared<'a>,
    context: &mut Context,
    builder_context: &mut FunctionBuilderContext,
    id: FunctionId,
) -> Result<()> {
    let function: &'a Function = &shared.program.functions[id.0 as usize];
    let mut builder = FunctionBuilder::new(&mut context.func, builder_context);
    let entry = builder.create_block();
    builder.append_block_params_for_function_params(entry);
    builder.switch_to_block(entry);
    let blocks = function
        .blocks
        .iter()
        .map(|_| builder.create_block())
        .collect();
    let fail_exit = builder.create_block();
    let ctx = builder.block_params(entry)[0];
    let config = shared.module.target_config();
    let mut emitter = Emitter {
        shared,
        builder,
        function,
        id,
        ctx,
        out: None,
        closure: None,
        homes: Vec::new(),
        blocks,
        fail_exit,
        slots: Vec::new(),
        used_slots: Vec::new(),
        span: function.span,
    };
    emitter.declare_locals();
    emitter.prologue(entry)?;
    for (index, block) in function.blocks.iter().enumerate() {
        emitter.block(index, block)?;
    }
    emitter.fail_exit();
    emitter.builder.seal_all_blocks();
    emitter.builder.finalize(config);
    Ok(())
}

impl<'a> Emitter<'_, '_, 'a> {
    fn declare_locals(&mut self) {
        let function = self.function;
        for local in &function.locals {
            let layout = self.shared.layouts.get(local.ty);
            let home = if self.shared.layouts.in_memory(local.ty) {
                Home::Memory(new_slot(&mut self.builder, layout.size))
            } else {
                let parts = layout
                    .parts
                    .iter()
                    .map(|part| self.builder.declare_var(register(part.kind)));
                Home::Parts(parts.collect())
            };
            self.homes.push(home);
        }
    }

    /// Takes the parameters and checks the stack.
    fn prologue(&mut self, entry: clif::Block) -> Result<()> {
        let params = self.builder.block_params(entry).to_vec();
        let mut params = params.into_iter().skip(1);
        let mut next = || {
            params
                .next()
                .ok_or_else(|| CodegenError("a function lacks parameters".into()))
        };
        if self.shared.layouts.get(self.function.result).parts.len() > 1 {
            self.out = Some(next()?);
        }
        if self.function.captures.is_some() {
            self.closure = Some(next()?);
        }
        for index in 0..self.function.params {
            let count = match &self.homes[index as usize] {
                Home::Parts(parts) => parts.len(),
                Home::Memory(_) => 1,
            };
            let values = (0..count).map(|_| next()).collect::<Result<Vec<_>>>()?;
            let value = match &self.homes[index as usize] {
                Home::Parts(_) => Val::Parts(values),
                Home::Memory(_) => Val::Memory(values[0]),
            };
            self.set(LocalId(index), value);
        }
        if self.function.fallible && self.calls() {
            let pointer = self.builder.ins().get_stack_pointer(types::I64);
            let limit = self.builder.ins().load(
                types::I64,
                MemFlagsData::trusted(),
                self.ctx,
                STACK_LIMIT as i32,
            );
            let low = self
                .builder
                .ins()
                .icmp(IntCC::UnsignedLessThan, pointer, limit);
            let site = self.site();
            let exit = self.fail_exit;
            self.fail_if(low, exit, |this| {
                this.call_entry("dyn_fail_stack", &[this.ctx, site])?;
                // The parameters are this function's, also when it does nothing with them.
                for index in 0..this.function.params {
                    let (value, ty) = (this.local(LocalId(index)), this.ty_of(LocalId(index)));
                    this.release(&value, ty)?;
                }
                Ok(())
            })?;
        }
        let first = self.blocks.first().copied().unwrap_or(self.fail_exit);
        self.builder.ins().jump(first, &[]);
        Ok(())
    }

    fn calls(&self) -> bool {
        let calls = |op: &Op| matches!(op, Op::Call(..) | Op::CallClosure(..));
        self.function
            .blocks
            .iter()
            .any(|block| block.insts.iter().any(|inst| calls(&inst.op)))
    }

    fn block(&mut self, index: usize, block: &'a dynop_ir::Block) -> Result<()> {
        let target = self.blocks[index];
        self.builder.switch_to_block(target);
        if block.cold {
            self.builder.set_cold_block(target);
        }
        for inst in &block.insts {
            self.used_slots.fill(false);
            self.span = inst.span.or(self.function.span);
            let place = match self.span {
                Some(span) => self.shared.place(span),
                None => SourceLoc::default(),
            };
            self.builder.set_srcloc(place);
            self.inst(inst)?;
        }
        self.used_slots.fill(false);
        self.terminator(&block.terminator)
    }

    fn terminator(&mut self, terminator: &Terminator) -> Result<()> {
        match terminator {
            Terminator::Jump(block) => {
                let block = self.target(*block);
                self.builder.ins().jump(block, &[]);
            }
            Terminator::Branch {
                condition,
                then,
                otherwise,
            } => {
                let condition = self.scalar(condition)?;
                let (then, otherwise) = (self.target(*then), self.target(*otherwise));
                self.builder
                    .ins()
                    .brif(condition, then, &[], otherwise, &[]);
            }
            Terminator::Switch {
                value,
                cases,
                otherwise,
            } => {
                let value = self.scalar(value)?;
                for (case, block) in cases {
                    let hit = self.builder.ins().icmp_imm_s(IntCC::Equal, value, *case);
                    let (then, next) = (self.target(*block), self.builder.create_block());
                    self.builder.ins().brif(hit, then, &[], next, &[]);
                    self.builder.switch_to_block(next);
                }
                let otherwise = self.target(*otherwise);
                self.builder.ins().jump(otherwise, &[]);
            }
            Terminator::Return(value) => self.return_value(value)?,
            Terminator::Fail => {
                let exit = self.fail_exit;
                self.builder.ins().jump(exit, &[]);
            }
            Terminator::Unreachable => {
                // The program record never holds a way here; if it does, failing the step is better than running on.
                if self.function.fallible {
                    let exit = self.fail_exit;
                    self.builder.ins().jump(exit, &[]);
                } else {
                    self.builder.ins().trap(clif::TrapCode::unwrap_user(1));
                }
            }
        }
        Ok(())
    }

    fn return_value(&mut self, value: &Operand) -> Result<()> {
        let ty = self.function.result;
        let value = self.value(value, ty)?;
        let mut returned = Vec::new();
        if self.function.fallible {
            returned.push(self.builder.ins().iconst(types::I32, i64::from(OK)));
        }
        match (self.out, value) {
            (Some(out), value) => self.store(out, 0, &value, ty),
            (None, Val::Parts(parts)) => returned.extend(parts),
            (None, Val::Memory(_)) => {}
        }
        self.builder.ins().return_(&returned);
        Ok(())
    }

    /// The block at which the function fails.
    fn fail_exit(&mut self) {
        self.builder.switch_to_block(self.fail_exit);
        self.builder.set_cold_block(self.fail_exit);
        if !self.function.fallible {
            self.builder.ins().trap(clif::TrapCode::unwrap_user(1));
            return;
        }
        let mut returned = vec![self.builder.ins().iconst(types::I32, i64::from(FAILED))];
        if let [part] = self
            .shared
            .layouts
            .get(self.function.result)
            .parts
            .as_slice()
        {
            returned.push(zero(&mut self.builder, part.kind));
        }
        self.builder.ins().return_(&returned);
    }

    pub(super) fn target(&self, block: BlockId) -> clif::Block {
        self.blocks
            .get(block.0 as usize)
            .copied()
            .unwrap_or(self.fail_exit)
    }

    /// Where a failure of an instruction continues.
    pub(super) fn on_fail(&self, handler: Option<BlockId>) -> clif::Block {
        handler.map_or(self.fail_exit, |block| self.target(block))
    }

    /// Goes on if the condition does not hold; else does what `report` says and goes to `target`.
    pub(super) fn fail_if(
        &mut self,
        condition: Value,
        target: clif::Block,
        report: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<()> {
        let (cold, next) = (self.builder.create_block(), self.builder.create_block());
        self.builder.set_cold_block(cold);
        self.builder.ins().brif(condition, cold, &[], next, &[]);
        self.builder.switch_to_block(cold);
        report(self)?;
        self.builder.ins().jump(target, &[]);
        self.builder.switch_to_block(next);
        Ok(())
    }
}
