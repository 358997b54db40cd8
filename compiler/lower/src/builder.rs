//! One IR function while it is made: blocks, locals, instructions, and what names mean at the moment.
//!
//! After an expression that does not come to its end (`return`, `fail`) there is no current block, and what is emitted
//! then goes nowhere. Blocks that nothing leads to are dropped at the end.

use std::collections::{BTreeSet, HashMap};

use dynop_base::Span;
use dynop_ir::passes::fallible::can_fail;
use dynop_ir::{self as ir, Block, BlockId, Const, Inst, LocalId, Op, Operand, Type, TypeId};
use dynop_sema::hir;
use dynop_sema::substitute::substitute;
use dynop_sema::ty::Ty;

use crate::closures::{CodeId, StaticClosure};
use crate::lowering::{InstanceKey, Lowering, Shape};

/// What a local of the source is at the moment.
#[derive(Clone, Debug)]
pub(crate) enum Binding {
    /// A value: for a `var` always a local.
    Value(Operand),
    /// A closure whose code is known.
    Closure(StaticClosure),
}

/// A value, or a closure whose code is known and which is not made into a value until something needs one.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// A value.
    Operand(Operand),
    /// A closure.
    Closure(StaticClosure),
}

/// The source that is being lowered: of the function itself, or of a closure that is lowered in place.
pub(crate) struct Scope<'p> {
    pub(crate) owner: hir::FunctionId,
    pub(crate) locals: &'p [hir::Local],
    pub(crate) type_args: Vec<Ty>,
    pub(crate) bindings: HashMap<hir::LocalId, Binding>,
    pub(crate) loops: Vec<Loop>,
    pub(crate) exit: Exit,
    /// Of the standard library lowered in place: the call, which stands for every place in it.
    pub(crate) pinned: Option<Span>,
}

/// An open loop.
#[derive(Clone, Copy)]
pub(crate) struct Loop {
    pub(crate) continue_to: BlockId,
    pub(crate) break_to: BlockId,
}

/// Where `return` and the end of a body go.
#[derive(Clone)]
pub(crate) enum Exit {
    /// A function returns its result and its `var` parameters.
    Function,
    /// An op hands over its outputs.
    Op,
    /// The code of a closure value puts the captures that it changed back first.
    Closure(Vec<(u32, hir::LocalId)>),
    /// A closure lowered in place goes on behind its call.
    InPlace {
        block: BlockId,
        result: Option<LocalId>,
    },
}

/// A function under construction.
pub(crate) struct Builder<'l, 'p> {
    pub(crate) lowering: &'l mut Lowering<'p>,
    pub(crate) scope: Scope<'p>,
    pub(crate) span: Option<Span>,
    /// Where failures go inside of `try`.
    pub(crate) handler: Option<BlockId>,
    /// How many expressions are open.
    pub(crate) depth: usize,
    /// How many closures are open that are lowered in place.
    pub(crate) nesting: usize,
    /// Closures that were lowered in place here.
    pub(crate) in_place: BTreeSet<CodeId>,
    /// Whether patterns bind into locals that are there already, for alternatives.
    pub(crate) rebinding: bool,
    pub(crate) ir_locals: Vec<ir::Local>,
    /// Of an op that a test calls directly: the local of each output in which it is gathered.
    pub(crate) gathered: Option<Vec<LocalId>>,
    // Locals that change after their first assignment is used: `var`s.
    changing: BTreeSet<LocalId>,
    pub(crate) blocks: Vec<Block>,
    pub(crate) current: Option<BlockId>,
}

/// The function of an instance; `None` if its source is broken.
pub(crate) fn build<'p>(lowering: &mut Lowering<'p>, key: &InstanceKey) -> Option<ir::Function> {
    match key {
        InstanceKey::Function {
            function,
            type_args,
            shapes,
        } => build_function(lowering, *function, type_args, shapes, Exit::Function),
        InstanceKey::Op {
            function,
            type_args,
        } => build_function(lowering, *function, type_args, &[], Exit::Op),
        InstanceKey::Code { code, shapes } => {
            crate::closure_code::build_code(lowering, *code, shapes)
        }
        InstanceKey::Value { code } => crate::closure_code::build_value(lowering, *code),
    }
}

fn build_function<'p>(
    lowering: &mut Lowering<'p>,
    id: hir::FunctionId,
    type_args: &[Ty],
    shapes: &[Shape],
    exit: Exit,
) -> Option<ir::Function> {
    let function = lowering.declared(id)?;
    let body = match &function.body {
        hir::FunctionBody::Code(body) => body,
        hir::FunctionBody::Extern(_) | hir::FunctionBody::Foreign(_) => {
            lowering.unsupported("extern functions as values", Some(function.name_span));
            return None;
        }
        hir::FunctionBody::Composition(_) | hir::FunctionBody::Error => return None,
    };
    let result = match &exit {
        Exit::Op if dynop_sema::hir::returns_output(&function.outputs, &function.result) => {
            substitute(&function.result, type_args)
        }
        Exit::Op => Ty::Unit,
        _ => lowering.results(function, type_args).ty(),
    };
    let scope = Scope {
        owner: id,
        locals: &body.locals,
        type_args: type_args.to_vec(),
        bindings: HashMap::new(),
        loops: Vec::new(),
        exit,
        pinned: None,
    };
    let mut builder = Builder::new(lowering, scope);
    for (index, param) in function.params.iter().enumerate() {
        let local = hir::LocalId(index as u32);
        let shape = shapes.get(index).copied().unwrap_or(Shape::Value);
        builder.bind_parameter(local, &param.ty, shape);
    }
    let params = builder.local_count();
    if function.kind == hir::FunctionKind::Op && matches!(builder.scope.exit, Exit::Function) {
        builder.gather(function);
    }
    let value = builder.expr(&body.value);
    builder.leave(value);
    let name = builder.lowering.symbol(function.name.as_str());
    let result = builder.lowering.type_id(&result);
    let mut built = builder.finish(name, function.name.to_string(), params, result);
    built.span = Some(function.name_span);
    Some(built)
}

impl<'l, 'p> Builder<'l, 'p> {
    pub(crate) fn new(lowering: &'l mut Lowering<'p>, scope: Scope<'p>) -> Self {
        let mut builder = Self {
            lowering,
            scope,
            span: None,
            handler: None,
            depth: 0,
            nesting: 0,
            in_place: BTreeSet::new(),
            rebinding: false,
            ir_locals: Vec::new(),
            gathered: None,
            changing: BTreeSet::new(),
            blocks: Vec::new(),
            current: None,
        };
        let entry = builder.new_block();
        builder.enter(entry);
        builder
    }

    /// The next parameter of the IR function, or, of a closure whose code is known, one for each of its captures.
    pub(crate) fn bind_parameter(&mut self, local: hir::LocalId, ty: &Ty, shape: Shape) {
        let binding = match shape {
            Shape::Value => {
                let ty = self.type_of_source(ty);
                Binding::Value(Operand::Local(self.named_local(local, ty)))
            }
            Shape::Code(code) => Binding::Closure(self.capture_parameters(code)),
        };
        self.scope.bindings.insert(local, binding);
    }

    /// Parameters for the captures of a closure.
    pub(crate) fn capture_parameters(&mut self, code: CodeId) -> StaticClosure {
        let types = self
            .lowering
            .code(code)
            .map_or_else(Vec::new, |code| code.capture_types.clone());
        let captures = types
            .into_iter()
            .map(|ty| Operand::Local(self.temp(ty)))
            .collect();
        StaticClosure { code, captures }
    }

    // ------------------------------------------------------------------------------------------------------ types

    /// A type of the source that is being lowered, without parameters.
    pub(crate) fn concrete(&self, ty: &Ty) -> Ty {
        substitute(ty, &self.scope.type_args)
    }

    /// The IR's type of a type of the source.
    pub(crate) fn type_of_source(&mut self, ty: &Ty) -> TypeId {
        let ty = self.concrete(ty);
        self.lowering.type_id(&ty)
    }

    /// The type of a local.
    pub(crate) fn local_type(&self, local: LocalId) -> TypeId {
        self.ir_locals[local.0 as usize].ty
    }

    /// The type of an operand.
    pub(crate) fn type_of(&mut self, operand: &Operand) -> TypeId {
        let ty = match operand {
            Operand::Local(local) => return self.local_type(*local),
            Operand::Const(Const::Zero(ty)) => return *ty,
            Operand::Const(Const::Int(_)) => Type::Int,
            Operand::Const(Const::Float(_)) => Type::Float,
            Operand::Const(Const::Bool(_)) => Type::Bool,
            Operand::Const(Const::Str(_)) => Type::Str,
            Operand::Const(Const::Path(_)) => Type::Path,
            Operand::Const(Const::Bytes(_)) => Type::Bytes,
        };
        self.lowering.intern(ty)
    }

    /// What a type is.
    pub(crate) fn shape_of(&self, ty: TypeId) -> &Type {
        self.lowering.types.types.get(ty)
    }

    /// `Int`
    pub(crate) fn int(&mut self) -> TypeId {
        self.lowering.intern(Type::Int)
    }

    /// `Bool`
    pub(crate) fn bool(&mut self) -> TypeId {
        self.lowering.intern(Type::Bool)
    }

    /// The value of all bits zero.
    pub(crate) fn zero(&self, ty: TypeId) -> Operand {
        Operand::Const(Const::Zero(ty))
    }

    /// `()`
    pub(crate) fn unit(&mut self) -> Operand {
        let unit = self.lowering.unit();
        self.zero(unit)
    }

    // ----------------------------------------------------------------------------------------------------- locals

    /// A local without a name.
    pub(crate) fn temp(&mut self, ty: TypeId) -> LocalId {
        let id = LocalId(self.ir_locals.len() as u32);
        self.ir_locals.push(ir::Local {
            name: String::new(),
            ty,
        });
        id
    }

    /// A local for one of the source.
    pub(crate) fn named_local(&mut self, local: hir::LocalId, ty: TypeId) -> LocalId {
        let id = self.temp(ty);
        if let Some(declared) = self.scope.locals.get(local.0 as usize) {
            let name = declared.name.as_str();
            if name != "_" {
                self.ir_locals[id.0 as usize].name = name.to_string();
            }
            if declared.mutable {
                self.changing.insert(id);
            }
        }
        id
    }

    /// Gives a temporary the name of the source's local that it stands for.
    pub(crate) fn name_local(&mut self, local: hir::LocalId, operand: &Operand) {
        let name = self
            .scope
            .locals
            .get(local.0 as usize)
            .map(|local| local.name);
        if let (Operand::Local(id), Some(name)) = (operand, name)
            && let Some(entry) = self.ir_locals.get_mut(id.0 as usize)
            && entry.name.is_empty()
            && name != "_"
        {
            entry.name = name.to_string();
        }
    }

    /// Says that a local is assigned again while copies of it are in use.
    pub(crate) fn mark_changing(&mut self, local: LocalId) {
        self.changing.insert(local);
    }

    /// Says that a local keeps its value, although it stands for a `var`: the copy that a closure captured.
    pub(crate) fn unmark_changing(&mut self, local: LocalId) {
        self.changing.remove(&local);
    }

    /// How many locals there are.
    pub(crate) fn local_count(&self) -> u32 {
        self.ir_locals.len() as u32
    }

    /// Whether an operand may have another value later.
    pub(crate) fn may_change(&self, operand: &Operand) -> bool {
        matches!(operand, Operand::Local(local) if self.changing.contains(local))
    }

    /// An operand that keeps its value: a copy if it is a `var`.
    pub(crate) fn settled(&mut self, operand: Operand) -> Operand {
        if self.may_change(&operand) {
            let ty = self.type_of(&operand);
            return self.compute(ty, Op::Copy(operand));
        }
        operand
    }

    // ----------------------------------------------------------------------------------------------- instructions

    /// Whether what is emitted now can be reached.
    pub(crate) fn reachable(&self) -> bool {
        self.current.is_some()
    }

    /// Says where in the source what follows is; gives what was said before.
    pub(crate) fn at(&mut self, span: Span) -> Option<Span> {
        let here = self.scope.pinned.unwrap_or(span);
        self.span.replace(here)
    }

    /// Adds an instruction.
    pub(crate) fn emit(&mut self, dst: Option<LocalId>, op: Op) {
        let on_fail = self.handler.filter(|_| can_fail(&op, &[]));
        let span = self.span;
        if let Some(current) = self.current {
            self.blocks[current.0 as usize].insts.push(Inst {
                dst,
                op,
                on_fail,
                span,
            });
        }
    }

    /// Adds an instruction with a new local for its result.
    pub(crate) fn compute(&mut self, ty: TypeId, op: Op) -> Operand {
        if self.current.is_none() {
            return self.zero(ty);
        }
        let dst = self.temp(ty);
        self.emit(Some(dst), op);
        Operand::Local(dst)
    }

    /// Assigns an operand to a local.
    pub(crate) fn copy(&mut self, dst: LocalId, value: Operand) {
        if value != Operand::Local(dst) {
            self.emit(Some(dst), Op::Copy(value));
        }
    }
}
