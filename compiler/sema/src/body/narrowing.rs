//! `x != none` narrows: where it holds, `x` is read as the value in the option.
//!
//! A `let`, a parameter or a `var` that is not assigned meanwhile. A narrowed read is `x.unwrap()`, which then never
//! fails; where an option is asked for (`match` with `none`, `??`, `?.`, `==`) the variable itself is read.

use dynop_base::{Span, Symbol};
use dynop_syntax::ast::{self, BinaryOp, ExprKind as Kind, StmtKind, UnaryOp};

use super::BodyChecker;
use super::expressions::made;
use crate::hir::{Arg, Expr, ExprKind, LocalId, Stmt};
use crate::scan::each_child;
use crate::ty::Ty;

impl BodyChecker<'_, '_> {
    /// The locals that are there for sure if a condition comes out as `truth`.
    pub(super) fn facts(&self, condition: &ast::Expr, truth: bool) -> Vec<LocalId> {
        let mut out = Vec::new();
        self.facts_in(condition, truth, &mut out);
        out
    }

    fn facts_in(&self, condition: &ast::Expr, truth: bool, out: &mut Vec<LocalId>) {
        match &condition.kind {
            Kind::Paren(inner) => self.facts_in(inner, truth, out),
            Kind::Unary {
                op: UnaryOp::Not,
                operand,
            } => self.facts_in(operand, !truth, out),
            Kind::Binary {
                op, left, right, ..
            } => match (op, truth) {
                (BinaryOp::And, true) | (BinaryOp::Or, false) => {
                    self.facts_in(left, truth, out);
                    self.facts_in(right, truth, out);
                }
                (BinaryOp::Ne, true) | (BinaryOp::Eq, false) => {
                    let name = match (&left.kind, &right.kind) {
                        (Kind::Name(name), Kind::None) | (Kind::None, Kind::Name(name)) => *name,
                        _ => return,
                    };
                    if let Some(id) = self.local(name)
                        && matches!(self.infer.shallow(&self.local_type(id)), Ty::Option(_))
                    {
                        out.push(id);
                    }
                }
                _ => {}
            },
            _ => {}
        }
    }

    /// What is known behind a statement is narrowed for the rest of its block: after `if x == none { return }`, and
    /// `assert x != none`.
    pub(super) fn known_after(&mut self, written: &ast::Stmt, stmt: &Stmt) -> Vec<LocalId> {
        let facts = match (&written.kind, &stmt.kind) {
            (StmtKind::Assert(condition), _) => self.facts(condition, true),
            (StmtKind::Expr(written), crate::hir::StmtKind::Expr(checked)) => {
                self.facts_after(written, checked)
            }
            // After `x ??= 4` there is a value in it.
            (
                StmtKind::Assign {
                    place,
                    op: Some(BinaryOp::Coalesce),
                    ..
                },
                crate::hir::StmtKind::Assign { value, .. },
            ) => {
                let local = match place.kind {
                    Kind::Name(name) => self.local(name),
                    _ => None,
                };
                let given = self.infer.resolve(&value.ty);
                local
                    .filter(|id| self.infer.resolve(&self.local_type(*id)) != given)
                    .into_iter()
                    .collect()
            }
            _ => return Vec::new(),
        };
        self.narrow(facts)
    }

    /// What is known behind an `if` of which a branch never comes to an end.
    fn facts_after(&self, written: &ast::Expr, checked: &Expr) -> Vec<LocalId> {
        let (
            Kind::If {
                condition,
                then: then_written,
                otherwise: otherwise_written,
            },
            ExprKind::If {
                then, otherwise, ..
            },
        ) = (&written.kind, &checked.kind)
        else {
            return Vec::new();
        };
        let leaves = |expr: &Expr| self.infer.shallow(&expr.ty) == Ty::Never;
        let mut assigned = Vec::new();
        let mut facts = Vec::new();
        match (otherwise_written, otherwise) {
            (Some(written), Some(checked)) if leaves(then) => {
                assigned_in(written, &mut assigned);
                facts = self.facts(condition, false);
                facts.extend(self.facts_after(written, checked));
            }
            (_, Some(checked)) if leaves(checked) => {
                assigned_in_block(then_written, &mut assigned);
                facts = self.facts(condition, true);
            }
            (None, None) if leaves(then) => facts = self.facts(condition, false),
            _ => {}
        }
        facts.retain(|id| !assigned.iter().any(|name| self.local(*name) == Some(*id)));
        facts
    }

    /// The variable that a whole place is, if it is narrowed.
    pub(super) fn narrowed_name(&self, place: &ast::Expr) -> Option<LocalId> {
        match &place.kind {
            Kind::Paren(inner) => self.narrowed_name(inner),
            Kind::Name(name) => self.local(*name).filter(|id| self.narrowed.contains(id)),
            _ => None,
        }
    }

    /// Narrows some locals; gives those that were not narrowed before, for [`BodyChecker::widen`].
    pub(super) fn narrow(&mut self, locals: Vec<LocalId>) -> Vec<LocalId> {
        locals
            .into_iter()
            .filter(|id| self.narrowed.insert(*id))
            .collect()
    }

    /// Ends what [`BodyChecker::narrow`] began.
    pub(super) fn widen(&mut self, locals: Vec<LocalId>) {
        for id in locals {
            self.narrowed.remove(&id);
        }
    }

    /// Checks something while a condition is known to have come out as `truth`.
    pub(super) fn knowing<T>(
        &mut self,
        condition: &ast::Expr,
        truth: bool,
        check: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let facts = self.facts(condition, truth);
        let narrowed = self.narrow(facts);
        let out = check(self);
        self.widen(narrowed);
        out
    }

    /// Checks a loop: what its body assigns is not narrowed in it by what stands before.
    pub(super) fn looping<T>(
        &mut self,
        body: &ast::Block,
        check: impl FnOnce(&mut Self) -> T,
    ) -> T {
        if self.narrowed.is_empty() {
            return check(self);
        }
        let mut assigned = Vec::new();
        assigned_in_block(body, &mut assigned);
        for name in assigned {
            if let Some(id) = self.local(name) {
                self.narrowed.remove(&id);
            }
        }
        check(self)
    }

    /// A read of a local: of the value in it where it is narrowed.
    pub(super) fn read_local(&self, id: LocalId, span: Span) -> Expr {
        let ty = self.local_type(id);
        let local = made(ExprKind::Local(id), ty.clone(), span);
        if !self.narrowed.contains(&id) {
            return local;
        }
        let Ty::Option(item) = self.infer.shallow(&ty) else {
            return local;
        };
        let Some(function) = self.method(&Ty::Option(item.clone()), Symbol::new("unwrap")) else {
            return local;
        };
        made(
            ExprKind::Call {
                function,
                type_args: vec![(*item).clone()],
                args: vec![Arg::Value(local)],
            },
            (*item).clone(),
            span,
        )
    }

    /// What `== none` looks at: a narrowed variable as it is, unless the value in it is an option too.
    pub(super) fn compared_with_none(&mut self, expr: &ast::Expr) -> Expr {
        let inner = self.narrowed_name(expr).and_then(|id| {
            match self.infer.shallow(&self.local_type(id)) {
                Ty::Option(item) => Some(self.infer.shallow(&item)),
                _ => None,
            }
        });
        match inner {
            Some(Ty::Option(_)) => self.expr(expr, None),
            _ => self.whole(expr, None),
        }
    }

    /// Checks an expression from which an option is taken: a narrowed variable is read as it is.
    pub(super) fn whole(&mut self, expr: &ast::Expr, hint: Option<&Ty>) -> Expr {
        let narrowed = match &expr.kind {
            Kind::Paren(inner) => return self.whole(inner, hint),
            Kind::Name(name) => self.local(*name).filter(|id| self.narrowed.remove(id)),
            _ => None,
        };
        let value = self.expr(expr, hint);
        self.narrowed.extend(narrowed);
        value
    }
}

/// A read of a narrowed variable, as the variable itself.
pub(super) fn unread(receiver: Expr) -> Result<Expr, Expr> {
    match receiver.kind {
        ExprKind::Call {
            function,
            type_args,
            mut args,
        } => match args.pop() {
            Some(Arg::Value(
                local @ Expr {
                    kind: ExprKind::Local(_),
                    span,
                    ..
                },
            )) if span == receiver.span && args.is_empty() => Ok(local),
            last => {
                args.extend(last);
                Err(Expr {
                    kind: ExprKind::Call {
                        function,
                        type_args,
                        args,
                    },
                    ..receiver
                })
            }
        },
        kind => Err(Expr { kind, ..receiver }),
    }
}

/// The names that a block may assign: by `=`, or given to a call that may change them.
fn assigned_in_block(block: &ast::Block, out: &mut Vec<Symbol>) {
    for stmt in &block.stmts {
        match &stmt.kind {
            StmtKind::Assign { place, value, .. } => {
                out.extend(root(place));
                assigned_in(place, out);
                assigned_in(value, out);
            }
            StmtKind::Let { value, .. }
            | StmtKind::Expr(value)
            | StmtKind::Yield(value)
            | StmtKind::Assert(value) => assigned_in(value, out),
            StmtKind::While { condition, body } => {
                assigned_in(condition, out);
                assigned_in_block(body, out);
            }
            StmtKind::For { iterable, body, .. } => {
                assigned_in(iterable, out);
                assigned_in_block(body, out);
            }
            StmtKind::Error => {}
        }
    }
}

fn assigned_in(expr: &ast::Expr, out: &mut Vec<Symbol>) {
    match &expr.kind {
        Kind::Block(block) => assigned_in_block(block, out),
        Kind::If { then, .. } => assigned_in_block(then, out),
        Kind::Try { body, handler, .. } => {
            assigned_in_block(body, out);
            assigned_in_block(handler, out);
        }
        Kind::Call { args, .. } => out.extend(args.iter().filter_map(|arg| root(&arg.value))),
        _ => {}
    }
    each_child(expr, &mut |child| assigned_in(child, out));
}

/// The name at the start of a place.
fn root(place: &ast::Expr) -> Option<Symbol> {
    match &place.kind {
        Kind::Name(name) => Some(*name),
        Kind::Paren(base) | Kind::Field { base, .. } | Kind::Index { base, .. } => root(base),
        _ => None,
    }
}
