//! Places: what is assigned, and what `var` arguments are moved out of and back into.

use dynop_ir::{self as ir, Op, Operand, TypeId};
use dynop_sema::hir;

use crate::builder::{Binding, Builder};

impl<'p> Builder<'_, 'p> {
    /// A place with its indexes evaluated; `inserts` if its last key may be new. `None` for what is no variable.
    pub(crate) fn place(&mut self, place: &'p hir::Place, inserts: bool) -> Option<ir::Place> {
        let Some(Binding::Value(Operand::Local(local))) =
            self.scope.bindings.get(&place.local).cloned()
        else {
            return None;
        };
        let mut at = self.local_type(local);
        let last = place.projections.len().saturating_sub(1);
        let mut projections = Vec::with_capacity(place.projections.len());
        for (index, projection) in place.projections.iter().enumerate() {
            match projection {
                hir::Projection::Field(field) => {
                    at = self.project_field(&mut projections, at, *field);
                }
                hir::Projection::Index(index) => {
                    let index = self.index(index);
                    projections.push(ir::Projection::Index(index));
                    at = self.element_type(at);
                }
                hir::Projection::Key(key) => {
                    let key = self.index(key);
                    projections.push(if inserts && index == last {
                        ir::Projection::KeyOrInsert(key)
                    } else {
                        ir::Projection::Key(key)
                    });
                    at = self.element_type(at);
                }
            }
        }
        Some(ir::Place { local, projections })
    }

    fn index(&mut self, expr: &'p hir::Expr) -> Operand {
        let index = self.expr(expr);
        self.settled(index)
    }

    /// Puts a value into a place.
    pub(crate) fn store(&mut self, place: &ir::Place, value: Operand) {
        if place.projections.is_empty() {
            self.copy(place.local, value);
            return;
        }
        // `tree.kids[0] = tree`: the value is held on its own before what it shares with the place is made the place's alone.
        // Otherwise it would be put into itself.
        let value = match value {
            Operand::Local(local) if local == place.local => self.settled(value),
            value => value,
        };
        if let Some(ty) = self.box_at(place) {
            let value = self.boxed(value, ty);
            self.emit(None, Op::Store(place.clone(), value));
        } else {
            self.emit(None, Op::Store(place.clone(), value));
        }
    }

    /// A copy of what is at a place.
    pub(crate) fn load(&mut self, place: &ir::Place, ty: TypeId) -> Operand {
        if place.projections.is_empty() {
            return Operand::Local(place.local);
        }
        if let Some(boxed) = self.box_at(place) {
            let value = self.compute(boxed, Op::Load(place.clone()));
            return self.unboxed(value, boxed);
        }
        self.compute(ty, Op::Load(place.clone()))
    }

    /// What is at a place, to be put back after a call. Inside of `try` a copy: if the call fails, the place keeps the
    /// value that it had.
    pub(crate) fn take_out(&mut self, place: &ir::Place, ty: TypeId) -> Operand {
        if place.projections.is_empty() {
            return Operand::Local(place.local);
        }
        if let Some(boxed) = self.box_at(place) {
            let value = self.compute(boxed, Op::Load(place.clone()));
            return self.unboxed(value, boxed);
        }
        let op = if self.handler.is_some() {
            Op::Load(place.clone())
        } else {
            Op::Take(place.clone())
        };
        self.compute(ty, op)
    }
}
