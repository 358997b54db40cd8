//! `if`, `match`, `try`, blocks, and the ways out of them.

use dynop_ir::{BlockId, Const, LocalId, Op, Operand, Terminator, TypeId};
use dynop_sema::hir::{self, Arm, Expr, Stmt};
use dynop_sema::ty::Ty;

use crate::builder::{Binding, Builder, Exit, Loop, Value};

/// Where the branches of an expression meet, with its value.
struct Join {
    block: BlockId,
    // None for `()`.
    result: Option<LocalId>,
    ty: TypeId,
    reached: bool,
}

impl<'p> Builder<'_, 'p> {
    fn join(&mut self, ty: &Ty) -> Join {
        let concrete = self.concrete(ty);
        let has_value = !matches!(concrete, Ty::Unit | Ty::Never);
        let ty = self.lowering.type_id(&concrete);
        Join {
            block: self.new_block(),
            result: has_value.then(|| self.temp(ty)),
            ty,
            reached: false,
        }
    }

    /// The current branch ends with a value.
    fn meet(&mut self, join: &mut Join, value: Operand) {
        if !self.reachable() {
            return;
        }
        if let Some(result) = join.result {
            self.copy(result, value);
        }
        join.reached = true;
        self.jump(join.block);
    }

    fn joined(&mut self, join: Join) -> Operand {
        self.enter_if_reached(join.block, join.reached);
        match join.result {
            Some(result) => Operand::Local(result),
            None => self.zero(join.ty),
        }
    }

    pub(crate) fn if_else(
        &mut self,
        condition: &'p Expr,
        then: &'p Expr,
        otherwise: Option<&'p Expr>,
        ty: &Ty,
    ) -> Operand {
        let mut join = self.join(ty);
        let (yes, no) = (self.new_block(), self.new_block());
        let reachable = self.reachable();
        self.condition(condition, yes, no);
        self.enter_if_reached(yes, reachable);
        let value = self.expr(then);
        self.meet(&mut join, value);
        self.enter_if_reached(no, reachable);
        let value = match otherwise {
            Some(otherwise) => self.expr(otherwise),
            None => self.unit(),
        };
        self.meet(&mut join, value);
        self.joined(join)
    }

    pub(crate) fn match_arms(&mut self, scrutinee: &'p Expr, arms: &'p [Arm], ty: &Ty) -> Operand {
        let value = self.expr(scrutinee);
        let value = self.settled(value);
        let mut join = self.join(ty);
        for (index, arm) in arms.iter().enumerate() {
            let next = self.new_block();
            // The arms are exhaustive: what comes as far as the last one fits it.
            let is_last = index + 1 == arms.len() && arm.guard.is_none();
            self.test(&value, &arm.pattern, (!is_last).then_some(next));
            if let Some(guard) = &arm.guard {
                let body = self.new_block();
                self.condition(guard, body, next);
                self.enter(body);
            }
            let result = self.expr(&arm.body);
            self.meet(&mut join, result);
            self.enter(next);
        }
        // Nothing leads here, unless the checker let a case slip.
        self.mark_cold_here();
        self.fail(Op::FailMatch);
        self.joined(join)
    }

    pub(crate) fn try_catch(
        &mut self,
        body: &'p Expr,
        error: Option<hir::LocalId>,
        handler: &'p Expr,
        ty: &Ty,
    ) -> Operand {
        let mut join = self.join(ty);
        let caught = self.new_block();
        let outer = self.handler.replace(caught);
        let value = self.expr(body);
        self.handler = outer;
        self.meet(&mut join, value);
        self.enter(caught);
        self.mark_cold(caught);
        if let Some(local) = error {
            let ty = match self.scope.locals.get(local.0 as usize) {
                Some(declared) => self.type_of_source(&declared.ty),
                None => self.lowering.unit(),
            };
            let failure = self.compute(ty, Op::Catch);
            self.bind(local, Value::Operand(failure));
        } else {
            let ty = self.failure_type();
            self.compute(ty, Op::Catch);
        }
        let value = self.expr(handler);
        self.meet(&mut join, value);
        self.joined(join)
    }

    /// `(message: Str, kind: Str, trace: Str)`
    fn failure_type(&mut self) -> TypeId {
        let fields = ["message", "kind", "trace"].map(|name| (name.into(), Ty::Str));
        self.lowering.type_id(&Ty::NamedTuple(fields.into()))
    }

    pub(crate) fn block(&mut self, stmts: &'p [Stmt], value: Option<&'p Expr>) -> Operand {
        for stmt in stmts {
            if !self.reachable() {
                break;
            }
            self.statement(stmt);
        }
        match value {
            Some(value) if self.reachable() => self.expr(value),
            _ => self.unit(),
        }
    }

    pub(crate) fn fail_with(&mut self, message: &'p Expr, retry: Option<&'p Expr>) -> Operand {
        let message = self.expr(message);
        let retry = match retry {
            Some(retry) => self.expr(retry),
            None => Operand::Const(Const::Bool(true)),
        };
        self.fail(Op::Fail(message, retry));
        self.unit()
    }

    pub(crate) fn return_value(&mut self, value: Option<&'p Expr>) -> Operand {
        let value = match value {
            Some(value) => self.expr(value),
            None => self.unit(),
        };
        self.leave(value);
        self.unit()
    }

    pub(crate) fn leave_loop(&mut self, target: impl FnOnce(&Loop) -> BlockId) -> Operand {
        if let Some(target) = self.scope.loops.last().map(target) {
            self.jump(target);
        }
        self.unit()
    }

    /// Leaves the function, op or closure with its value.
    pub(crate) fn leave(&mut self, value: Operand) {
        if !self.reachable() {
            return;
        }
        match self.scope.exit.clone() {
            Exit::Function if self.is_gathering() => self.leave_op(value),
            Exit::Function => {
                let value = self.packed(value);
                self.end(Terminator::Return(value));
            }
            Exit::Op => self.leave_op(value),
            Exit::Closure(changed) => {
                // A `var` that goes back into the closure must not be what is returned too.
                let value = self.settled(value);
                for (index, local) in changed {
                    if let Some(Binding::Value(held)) = self.scope.bindings.get(&local).cloned() {
                        self.emit(None, Op::CaptureStore(index, held));
                    }
                }
                self.end(Terminator::Return(value));
            }
            Exit::InPlace { block, result } => {
                if let Some(result) = result {
                    self.copy(result, value);
                }
                self.jump(block);
            }
        }
    }

    /// The result of a function together with its `var` parameters.
    fn packed(&mut self, value: Operand) -> Operand {
        let Some(function) = self.lowering.declared(self.scope.owner) else {
            return value;
        };
        let results = self.lowering.results(function, &self.scope.type_args);
        let mut parts = Vec::new();
        if results.value {
            parts.push(value.clone());
        }
        for (index, param) in function.params.iter().enumerate() {
            if param.var {
                let local = hir::LocalId(index as u32);
                let binding = self.scope.bindings.get(&local).cloned();
                parts.push(self.binding_value(binding));
            }
        }
        match parts.len() {
            0 => self.unit(),
            1 => parts.swap_remove(0),
            _ => {
                let ty = self.lowering.type_id(&results.ty());
                self.compute(ty, Op::Make(ty, parts))
            }
        }
    }

    fn mark_cold_here(&mut self) {
        if let Some(block) = self.current_block() {
            self.mark_cold(block);
        }
    }
}
