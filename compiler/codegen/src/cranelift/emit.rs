//! One function: its locals, blocks, entry and exits. What single instructions become is in [`super::ops`].

use cranelift_codegen::Context;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    self as clif, FuncRef, InstBuilder, MemFlagsData, SourceLoc, StackSlot, StackSlotData,
    StackSlotKind, Value, types,
};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext, Variable};
use cranelift_module::{DataId, Module};
use dynop_abi::context::{FAILED, OK, STACK_LIMIT};
use dynop_base::Span;
use dynop_ir::{
    BlockId, Const, Function, FunctionId, LocalId, Op, OpEntry, Operand, Terminator, Type, TypeId,
};

use super::data::Text;
use super::{Shared, register};
use crate::CodegenError;
use crate::layout::{Part, PartKind};

pub(super) type Result<T> = std::result::Result<T, CodegenError>;

/// Memory that compiled code reads and writes: aligned, never trapping.
pub(super) const TRUSTED: MemFlagsData = MemFlagsData::trusted();

/// Where a local lives.
#[derive(Clone)]
enum Home {
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
    homes: Vec<Home>,
    blocks: Vec<clif::Block>,
    fail_exit: clif::Block,
    /// Stack slots for values on their way through memory, by size; free again with each instruction.
    slots: Vec<(u32, StackSlot)>,
    used_slots: Vec<bool>,
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

    // ------------------------------------------------------------------------------------------------------- values

    pub(super) fn ty_of(&self, local: LocalId) -> TypeId {
        self.function.locals[local.0 as usize].ty
    }

    pub(super) fn local(&mut self, local: LocalId) -> Val {
        match self.homes[local.0 as usize].clone() {
            Home::Parts(parts) => Val::Parts(
                parts
                    .into_iter()
                    .map(|part| self.builder.use_var(part))
                    .collect(),
            ),
            Home::Memory(slot) => Val::Memory(self.builder.ins().stack_addr(types::I64, slot, 0)),
        }
    }

    /// Puts a value in a local, which it then owns.
    pub(super) fn set(&mut self, local: LocalId, value: Val) {
        match (self.homes[local.0 as usize].clone(), value) {
            (Home::Parts(variables), Val::Parts(values)) => {
                for (variable, value) in variables.into_iter().zip(values) {
                    self.builder.def_var(variable, value);
                }
            }
            (Home::Parts(variables), Val::Memory(address)) => {
                let ty = self.ty_of(local);
                let parts = self.shared.layouts.get(ty).parts.clone();
                for (variable, part) in variables.into_iter().zip(parts) {
                    let value = self.load_part(address, 0, part);
                    self.builder.def_var(variable, value);
                }
            }
            (Home::Memory(slot), value) => {
                let ty = self.ty_of(local);
                let address = self.builder.ins().stack_addr(types::I64, slot, 0);
                self.store(address, 0, &value, ty);
            }
        }
    }

    /// An operand's value. Its type is known of a local; `ty` says it for a constant.
    pub(super) fn value(&mut self, operand: &Operand, ty: TypeId) -> Result<Val> {
        match operand {
            Operand::Local(local) => Ok(self.local(*local)),
            Operand::Const(constant) => self.constant(constant, ty),
        }
    }

    /// The type of an operand; a constant's own.
    pub(super) fn operand_type(&self, operand: &Operand) -> Result<TypeId> {
        let types = &self.shared.program.types;
        let ty = match operand {
            Operand::Local(local) => return Ok(self.ty_of(*local)),
            Operand::Const(Const::Zero(ty)) => return Ok(*ty),
            Operand::Const(Const::Int(_)) => Type::Int,
            Operand::Const(Const::Float(_)) => Type::Float,
            Operand::Const(Const::Bool(_)) => Type::Bool,
            Operand::Const(Const::Str(_)) => Type::Str,
            Operand::Const(Const::Path(_)) => Type::Path,
            Operand::Const(Const::Bytes(_)) => Type::Bytes,
        };
        types.find(&ty).ok_or_else(|| {
            CodegenError(format!(
                "the type of a constant is not in the table: {ty:?}"
            ))
        })
    }

    /// An operand's value and type.
    pub(super) fn typed(&mut self, operand: &Operand) -> Result<(Val, TypeId)> {
        let ty = self.operand_type(operand)?;
        Ok((self.value(operand, ty)?, ty))
    }

    fn constant(&mut self, constant: &Const, ty: TypeId) -> Result<Val> {
        let value = match constant {
            Const::Int(n) => self.builder.ins().iconst(types::I64, *n),
            Const::Float(x) => self.builder.ins().f64const(*x),
            Const::Bool(b) => self.builder.ins().iconst(types::I8, i64::from(*b)),
            Const::Str(text) | Const::Path(text) => {
                return self.text(text.as_bytes()).map(Val::Parts);
            }
            Const::Bytes(bytes) => return self.text(bytes).map(Val::Parts),
            Const::Zero(zero_type) => {
                debug_assert_eq!(*zero_type, ty, "a zero of another type");
                return Ok(self.zero(*zero_type));
            }
        };
        Ok(Val::Parts(vec![value]))
    }

    fn text(&mut self, bytes: &[u8]) -> Result<Vec<Value>> {
        Ok(match self.shared.text(bytes)? {
            Text::Inline(low, high) => vec![
                self.builder.ins().iconst(types::I64, low as i64),
                self.builder.ins().iconst(types::I64, high as i64),
            ],
            Text::Buffer(data, high) => {
                vec![
                    self.data_address(data),
                    self.builder.ins().iconst(types::I64, high as i64),
                ]
            }
        })
    }

    /// The value of all bits zero.
    pub(super) fn zero(&mut self, ty: TypeId) -> Val {
        let layout = self.shared.layouts.get(ty).clone();
        if self.shared.layouts.in_memory(ty) {
            let address = self.temporary(layout.size);
            self.zero_memory(address, layout.size);
            return Val::Memory(address);
        }
        Val::Parts(
            layout
                .parts
                .iter()
                .map(|part| zero(&mut self.builder, part.kind))
                .collect(),
        )
    }

    pub(super) fn zero_memory(&mut self, address: Value, size: u32) {
        let zero = self.builder.ins().iconst(types::I64, 0);
        for offset in (0..size / 8 * 8).step_by(8) {
            self.builder
                .ins()
                .store(TRUSTED, zero, address, offset as i32);
        }
        let byte = self.builder.ins().iconst(types::I8, 0);
        for offset in size / 8 * 8..size {
            self.builder
                .ins()
                .store(TRUSTED, byte, address, offset as i32);
        }
    }

    /// The one register of an operand of a scalar type.
    pub(super) fn scalar(&mut self, operand: &Operand) -> Result<Value> {
        match operand {
            Operand::Const(constant @ (Const::Int(_) | Const::Float(_) | Const::Bool(_))) => {
                let ty = TypeId(0);
                match self.constant(constant, ty)? {
                    Val::Parts(parts) => Ok(parts[0]),
                    Val::Memory(address) => Ok(address),
                }
            }
            other => {
                let (value, _) = self.typed(other)?;
                self.single(value)
            }
        }
    }

    pub(super) fn single(&mut self, value: Val) -> Result<Value> {
        match value {
            Val::Parts(parts) if parts.len() == 1 => Ok(parts[0]),
            _ => Err(CodegenError("a scalar is wanted".into())),
        }
    }

    // ------------------------------------------------------------------------------------------------------- memory

    pub(super) fn load_part(&mut self, address: Value, offset: u32, part: Part) -> Value {
        self.builder.ins().load(
            register(part.kind),
            TRUSTED,
            address,
            (offset + part.offset) as i32,
        )
    }

    /// A value in memory as a value at hand. One of many parts stays where it is: use it before that memory changes.
    pub(super) fn load(&mut self, address: Value, offset: u32, ty: TypeId) -> Val {
        if self.shared.layouts.in_memory(ty) {
            return Val::Memory(self.builder.ins().iadd_imm_s(address, i64::from(offset)));
        }
        let parts = self.shared.layouts.get(ty).parts.clone();
        Val::Parts(
            parts
                .into_iter()
                .map(|part| self.load_part(address, offset, part))
                .collect(),
        )
    }

    /// Writes a value to memory, over what was there.
    pub(super) fn store(&mut self, address: Value, offset: u32, value: &Val, ty: TypeId) {
        let layout = self.shared.layouts.get(ty).clone();
        match value {
            Val::Parts(values) => {
                for (part, &value) in layout.parts.iter().zip(values) {
                    self.builder.ins().store(
                        TRUSTED,
                        value,
                        address,
                        (offset + part.offset) as i32,
                    );
                }
            }
            Val::Memory(source) => {
                for part in layout.parts {
                    let value = self.load_part(*source, 0, part);
                    self.builder.ins().store(
                        TRUSTED,
                        value,
                        address,
                        (offset + part.offset) as i32,
                    );
                }
            }
        }
    }

    /// Memory of at least one byte that is free until the end of the instruction.
    pub(super) fn temporary(&mut self, size: u32) -> Value {
        let size = size.max(1).next_multiple_of(8);
        let free =
            (0..self.slots.len()).find(|&at| !self.used_slots[at] && self.slots[at].0 == size);
        let at = free.unwrap_or_else(|| {
            self.slots.push((size, new_slot(&mut self.builder, size)));
            self.used_slots.push(false);
            self.slots.len() - 1
        });
        self.used_slots[at] = true;
        self.builder
            .ins()
            .stack_addr(types::I64, self.slots[at].1, 0)
    }

    /// The address of memory that holds a value.
    pub(super) fn spill(&mut self, value: &Val, ty: TypeId) -> Value {
        if let Val::Memory(address) = value {
            return *address;
        }
        let size = self.shared.layouts.get(ty).size;
        let address = self.temporary(size);
        self.store(address, 0, value, ty);
        address
    }

    // -------------------------------------------------------------------------------------------------------- calls

    pub(super) fn data_address(&mut self, data: DataId) -> Value {
        let global = self
            .shared
            .module
            .declare_data_in_func(data, self.builder.func);
        self.builder.ins().symbol_value(types::I64, global)
    }

    pub(super) fn descriptor(&mut self, ty: TypeId) -> Result<Value> {
        let data = self.shared.descriptor(ty)?;
        Ok(self.data_address(data))
    }

    /// The number of the current place in the source, as an operand.
    pub(super) fn site(&mut self) -> Value {
        let site = self.shared.site(self.id, self.span);
        self.builder.ins().iconst(types::I32, i64::from(site))
    }

    fn entry_ref(&mut self, name: &str) -> Result<FuncRef> {
        let id = self.shared.entry(name)?;
        let reference = self
            .shared
            .module
            .declare_func_in_func(id, self.builder.func);
        // The runtime is linked into the same executable: a direct call reaches it.
        self.builder.func.dfg.ext_funcs[reference].colocated = true;
        Ok(reference)
    }

    /// Calls a runtime entry point; its result if it has one.
    pub(super) fn call_entry(&mut self, name: &str, args: &[Value]) -> Result<Option<Value>> {
        let reference = self.entry_ref(name)?;
        let signature = self.builder.func.dfg.ext_funcs[reference].signature;
        let wanted: Vec<clif::Type> = self.builder.func.dfg.signatures[signature]
            .params
            .iter()
            .map(|param| param.value_type)
            .collect();
        let given: Vec<clif::Type> = args
            .iter()
            .map(|&arg| self.builder.func.dfg.value_type(arg))
            .collect();
        if wanted != given {
            return Err(CodegenError(format!(
                "`{name}` takes {wanted:?} and is given {given:?}"
            )));
        }
        let call = self.builder.ins().call(reference, args);
        Ok(self.builder.inst_results(call).first().copied())
    }

    /// Calls an entry point that returns a status and goes to `target` if it failed.
    pub(super) fn call_fallible(
        &mut self,
        name: &str,
        args: &[Value],
        target: clif::Block,
        trace: bool,
    ) -> Result<()> {
        let status = self
            .call_entry(name, args)?
            .ok_or_else(|| CodegenError(format!("`{name}` returns no status")))?;
        self.check(status, target, trace)
    }

    /// Goes to `target` on a failed status, adding the current place to the trace.
    pub(super) fn check(&mut self, status: Value, target: clif::Block, trace: bool) -> Result<()> {
        let site = if trace {
            Some(self.shared.site(self.id, self.span))
        } else {
            None
        };
        self.fail_if(status, target, |this| {
            if let Some(site) = site {
                let site = this.builder.ins().iconst(types::I32, i64::from(site));
                this.call_entry("dyn_trace", &[this.ctx, site])?;
            }
            Ok(())
        })
    }

    /// The arguments of a call between compiled functions.
    pub(super) fn push_argument(&mut self, list: &mut Vec<Value>, value: &Val, ty: TypeId) {
        match value {
            Val::Parts(parts) => list.extend(parts),
            Val::Memory(address) => {
                // The callee takes it over from memory that nobody writes meanwhile.
                let size = self.shared.layouts.get(ty).size;
                let copy = self.temporary(size);
                self.store(copy, 0, &Val::Memory(*address), ty);
                list.push(copy);
            }
        }
    }

    /// What a call of a compiled function returned, and its check.
    pub(super) fn finish_call(
        &mut self,
        call: clif::Inst,
        out: Option<Value>,
        result: TypeId,
        fallible: bool,
        target: clif::Block,
    ) -> Result<Val> {
        let mut results = self.builder.inst_results(call).to_vec().into_iter();
        if fallible {
            let status = results
                .next()
                .ok_or_else(|| CodegenError("a call returns no status".into()))?;
            let rest: Vec<Value> = results.collect();
            self.check(status, target, true)?;
            results = rest.into_iter();
        }
        Ok(match out {
            Some(out) => self.load(out, 0, result),
            None => Val::Parts(results.collect()),
        })
    }
}

fn zero(builder: &mut FunctionBuilder<'_>, kind: PartKind) -> Value {
    match kind {
        PartKind::Byte => builder.ins().iconst(types::I8, 0),
        PartKind::Float => builder.ins().f64const(0.0),
        _ => builder.ins().iconst(types::I64, 0),
    }
}

fn new_slot(builder: &mut FunctionBuilder<'_>, size: u32) -> StackSlot {
    builder.create_sized_stack_slot(StackSlotData::new(
        StackSlotKind::ExplicitSlot,
        size.max(8),
        3,
    ))
}

/// Emits the `OpCode` of an op: takes its arguments out of the inputs, calls its body and writes its output.
pub(super) fn op_entry<'a>(
    shared: &mut Shared<'a>,
    context: &mut Context,
    builder_context: &mut FunctionBuilderContext,
    op: &OpEntry,
) -> Result<()> {
    let function: &'a Function = &shared.program.functions[op.function.0 as usize];
    let mut builder = FunctionBuilder::new(&mut context.func, builder_context);
    let entry = builder.create_block();
    builder.append_block_params_for_function_params(entry);
    builder.switch_to_block(entry);
    let params = builder.block_params(entry).to_vec();
    let [ctx, inputs, output] = params[..] else {
        return Err(CodegenError("an op's code takes three parameters".into()));
    };
    let config = shared.module.target_config();
    let mut args = vec![ctx];
    let result_parts = shared.layouts.get(function.result).parts.clone();
    if result_parts.len() > 1 {
        args.push(output);
    }
    for (index, local) in function.locals[..function.params as usize]
        .iter()
        .enumerate()
    {
        let address = builder
            .ins()
            .load(types::I64, TRUSTED, inputs, index as i32 * 8);
        if shared.layouts.in_memory(local.ty) {
            args.push(address);
            continue;
        }
        for part in &shared.layouts.get(local.ty).parts {
            args.push(builder.ins().load(
                register(part.kind),
                TRUSTED,
                address,
                part.offset as i32,
            ));
        }
    }
    let id = shared.functions[&op.function];
    let reference = shared.module.declare_func_in_func(id, builder.func);
    let call = builder.ins().call(reference, &args);
    let mut results = builder.inst_results(call).to_vec().into_iter();
    let ok = builder.ins().iconst(types::I32, i64::from(OK));
    let status = if function.fallible {
        results.next().unwrap_or(ok)
    } else {
        ok
    };
    // A failed op's result is zero bits, and nobody looks at the memory then; writing it needs no branch.
    if op.returns_output
        && let (Some(value), [part]) = (results.next(), result_parts.as_slice())
    {
        builder
            .ins()
            .store(TRUSTED, value, output, part.offset as i32);
    }
    builder.ins().return_(&[status]);
    builder.seal_all_blocks();
    builder.finalize(config);
    Ok(())
}
