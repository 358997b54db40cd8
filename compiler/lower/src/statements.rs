//! Statements.

use dynop_ir::{Op, TypeId};
use dynop_sema::hir::{BinaryOp, Expr, Pattern, PatternKind, Place, Stmt, StmtKind};
use dynop_sema::ty::Ty;

use crate::builder::{Builder, Value};

impl<'p> Builder<'_, 'p> {
    pub(crate) fn statement(&mut self, stmt: &'p Stmt) {
        let outer = self.at(stmt.span);
        match &stmt.kind {
            StmtKind::Let { pattern, value } => self.let_pattern(pattern, value),
            StmtKind::Assign { place, op, value } => self.assign(place, *op, value),
            StmtKind::YieldDynamic { output, value, key } => {
                let (value, key) = self.pair(value, key);
                if !self.gather_item(*output, &value, &key) {
                    self.emit(None, Op::Yield(*output, value, key));
                }
            }
            StmtKind::YieldOutput { output, value } => self.yield_output(*output, value),
            StmtKind::While { condition, body } => self.while_loop(condition, body),
            StmtKind::For {
                pattern,
                iterable,
                body,
            } => self.for_loop(pattern, iterable, body),
            StmtKind::Expr(expr) => {
                self.expr(expr);
            }
        }
        self.span = outer;
    }

    fn let_pattern(&mut self, pattern: &'p Pattern, value: &'p Expr) {
        if let PatternKind::Bind(local) = pattern.kind {
            let value = self.value(value);
            if self.reachable() {
                self.bind(local, value);
            }
            return;
        }
        let value = self.expr(value);
        if self.reachable() {
            let value = self.settled(value);
            self.bind_pattern(&value, pattern);
        }
    }

    /// Binds a pattern that always fits.
    pub(crate) fn bind_pattern(&mut self, value: &dynop_ir::Operand, pattern: &'p Pattern) {
        if let PatternKind::Bind(local) = pattern.kind {
            self.bind(local, Value::Operand(value.clone()));
            return;
        }
        self.test(value, pattern, None);
    }

    fn assign(&mut self, place: &'p Place, op: Option<BinaryOp>, value: &'p Expr) {
        let ty = self.type_of_source(&place.ty);
        let Some(op) = op else {
            let value = self.expr(value);
            if let Some(target) = self.place(place, true) {
                self.store(&target, value);
            }
            return;
        };
        let Some(target) = self.place(place, false) else {
            return;
        };
        if op == BinaryOp::Coalesce {
            self.assign_if_none(&target, value, ty);
            return;
        }
        let value = self.expr(value);
        if op == BinaryOp::Add && matches!(self.concrete(&place.ty), Ty::Str | Ty::Bytes) {
            self.emit(None, Op::StrAppend(target, value));
            return;
        }
        let old = self.load(&target, ty);
        let new = self.arithmetic(op, old, value, ty);
        self.store(&target, new);
    }

    /// `place ??= value`
    fn assign_if_none(&mut self, target: &dynop_ir::Place, value: &'p Expr, ty: TypeId) {
        let bool = self.bool();
        let old = self.load(target, ty);
        let is_some = self.compute(bool, Op::IsSome(old));
        let (missing, done) = (self.new_block(), self.new_block());
        self.branch(is_some, done, missing);
        self.enter(missing);
        let mut new = self.expr(value);
        if self.type_of(&new) != ty {
            new = self.compute(ty, Op::Some(new));
        }
        self.store(target, new);
        self.jump(done);
        self.enter(done);
    }
}
