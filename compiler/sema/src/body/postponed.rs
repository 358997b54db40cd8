//! Closures that are bound by `let` before anything tells what they take: `let area = |shape| shape.width * shape.height`.
//!
//! Such a closure is tried where it stands. If something in it needs a type that is not known there, it is checked where
//! its first call has told the types of its parameters, with the names as they were where it stands; until then a
//! placeholder is in its place.

use std::collections::{HashMap, HashSet};

use dynop_base::codes::types;
use dynop_base::{Span, Symbol};
use dynop_syntax::ast;

use super::BodyChecker;
use super::expressions::made;
use crate::hir::{Expr, ExprKind, LocalId};
use crate::ty::Ty;

/// A closure that waits for the types of its parameters.
#[derive(Debug)]
pub(super) struct Postponed {
    /// Where it stands; its placeholder has the same place.
    span: Span,
    /// What it is known to be: a function of variables.
    ty: Ty,
    state: State,
}

#[derive(Debug)]
enum State {
    Waiting(Box<Waiting>),
    /// Being checked.
    Open,
    Checked(Box<Expr>),
}

/// The closure and what surrounds it.
#[derive(Debug)]
struct Waiting {
    closure: ast::Expr,
    scope: HashMap<Symbol, LocalId>,
    narrowed: HashSet<LocalId>,
    /// How many closures are around it.
    depth: usize,
}

impl BodyChecker<'_, '_> {
    /// The value of a `let` without a written type.
    pub(super) fn let_value(&mut self, pattern: &ast::Pattern, value: &ast::Expr) -> Expr {
        let ast::ExprKind::Closure { params, .. } = &value.kind else {
            return self.expr(value, None);
        };
        let may_wait = !self.attempting
            && matches!(pattern.kind, ast::PatternKind::Name(_))
            && params.iter().any(|param| param.ty.is_none());
        if !may_wait {
            return self.expr(value, None);
        }
        let attempt = self.begin_attempt();
        let found = self.expr(value, None);
        let failed = self.diagnostics[attempt.diagnostics..]
            .iter()
            .any(|diagnostic| std::ptr::eq(diagnostic.code, &types::CANNOT_INFER));
        if !failed {
            self.keep_attempt(&attempt);
            return found;
        }
        self.typed.truncate(attempt.typed);
        self.take_attempt_back(attempt);
        let params = params
            .iter()
            .map(|param| match &param.ty {
                Some(written) => self.written_type(written),
                None => self.infer.fresh(param.pattern.span),
            })
            .collect();
        let ty = Ty::function(params, self.infer.fresh(value.span));
        let waiting = Waiting {
            closure: value.clone(),
            scope: self.scope.clone(),
            narrowed: self.narrowed.clone(),
            depth: self.frames.len(),
        };
        self.postponed.push(Postponed {
            span: value.span,
            ty: ty.clone(),
            state: State::Waiting(Box::new(waiting)),
        });
        made(ExprKind::Error, ty, value.span)
    }

    /// Checks the closures of which all parameters are known by now.
    pub(super) fn check_postponed(&mut self) {
        if self.attempting {
            return;
        }
        for index in 0..self.postponed.len() {
            let Ty::Fn(function) = self.infer.shallow(&self.postponed[index].ty) else {
                continue;
            };
            let is_known = |ty: &Ty| !matches!(self.infer.shallow(ty), Ty::Infer(_));
            if function.params.iter().all(is_known) {
                self.check_one_postponed(index);
            }
        }
    }

    /// Checks all that still wait: what is not known by now is never told.
    pub(super) fn check_all_postponed(&mut self) {
        // One may bring others with it.
        let mut index = 0;
        while index < self.postponed.len() {
            self.check_one_postponed(index);
            index += 1;
        }
    }

    fn check_one_postponed(&mut self, index: usize) {
        let one = &mut self.postponed[index];
        if !matches!(one.state, State::Waiting(_)) {
            return;
        }
        let State::Waiting(waiting) = std::mem::replace(&mut one.state, State::Open) else {
            return;
        };
        let ty = one.ty.clone();
        let Waiting {
            closure,
            mut scope,
            mut narrowed,
            depth,
        } = *waiting;
        std::mem::swap(&mut self.scope, &mut scope);
        std::mem::swap(&mut self.narrowed, &mut narrowed);
        let shadowed = std::mem::take(&mut self.shadowed);
        let inner = self.frames.split_off(depth.min(self.frames.len()));
        let checked = self.expr(&closure, Some(&ty));
        self.frames.extend(inner);
        self.shadowed = shadowed;
        self.narrowed = narrowed;
        self.scope = scope;
        self.infer.unify(&ty, &checked.ty);
        self.postponed[index].state = State::Checked(Box::new(checked));
    }

    /// What a placeholder stands for.
    pub(super) fn take_postponed(&mut self, placeholder: Span) -> Option<Expr> {
        let found = self
            .postponed
            .iter_mut()
            .find(|one| one.span == placeholder && matches!(one.state, State::Checked(_)))?;
        match std::mem::replace(&mut found.state, State::Open) {
            State::Checked(checked) => Some(*checked),
            _ => None,
        }
    }
}
