//! The end of a body: every variable of inference is replaced, and what nothing bound is reported.

use std::collections::HashSet;

use dynop_base::Diagnostic;
use dynop_base::codes::types;

use super::{BodyChecker, Findings};
use crate::hir::{self, Expr, ExprKind, Pattern, StmtKind};
use crate::infer::has_variables;
use crate::substitute::map_leaves;
use crate::ty::Ty;
use crate::walk::{children_mut, patterns_mut};

impl BodyChecker<'_, '_> {
    /// The finished body.
    pub(super) fn finish_body(mut self, mut value: Expr) -> (hir::Body, Findings) {
        // First what was put off: it uses locals, and tells types that are looked at below.
        self.check_all_postponed();
        self.unused_locals();
        self.look_at_late();
        self.finish_expr(&mut value);
        let mut locals = std::mem::take(&mut self.locals);
        for local in &mut locals {
            local.ty = self.finished(&local.ty);
        }
        if self.infer.too_large()
            && let Some(id) = self.function
        {
            self.report(crate::types::too_large(self.cx.function(id).name_span));
        }
        let findings = self.finish();
        (hir::Body { locals, value }, findings)
    }

    /// What was found, once every expression is finished.
    pub fn finish(mut self) -> Findings {
        self.check_all_postponed();
        self.look_at_late();
        let mut requirements = std::mem::take(&mut self.requirements);
        for requirement in &mut requirements {
            requirement.ty = self.infer.resolve(&requirement.ty);
        }
        let mut instances = std::mem::take(&mut self.instances);
        for instance in &mut instances {
            for ty in &mut instance.type_args {
                *ty = self.infer.resolve(ty);
            }
        }
        let typed = std::mem::take(&mut self.typed);
        let typed = typed
            .iter()
            .map(|(span, ty)| (*span, self.infer.resolve(ty)));
        self.cx.note_types(typed);
        Findings {
            requirements,
            instances,
            runs: self.runs,
            diagnostics: self.diagnostics,
        }
    }

    /// Replaces the variables in an expression's types.
    pub fn finish_expr(&mut self, expr: &mut Expr) {
        self.check_all_postponed();
        let mut unbound = HashSet::new();
        self.finish_inner(expr, &mut unbound);
    }

    /// A type without variables; one that nothing bound is reported.
    pub fn finished(&mut self, ty: &Ty) -> Ty {
        let mut unbound = HashSet::new();
        self.finished_inner(ty, &mut unbound)
    }

    fn finish_inner(&mut self, expr: &mut Expr, unbound: &mut HashSet<u32>) {
        if matches!(expr.kind, ExprKind::Error)
            && let Some(checked) = self.take_postponed(expr.span)
        {
            *expr = checked;
        }
        if has_variables(&expr.ty) {
            expr.ty = self.finished_inner(&expr.ty.clone(), unbound);
        }
        match &mut expr.kind {
            ExprKind::Call {
                type_args, args, ..
            } => {
                for ty in type_args {
                    *ty = self.finished_inner(ty, unbound);
                }
                for arg in args {
                    if let hir::Arg::InOut(place) = arg {
                        place.ty = self.finished_inner(&place.ty, unbound);
                    }
                }
            }
            ExprKind::Function(_, type_args) => {
                for ty in type_args {
                    *ty = self.finished_inner(ty, unbound);
                }
            }
            ExprKind::Match { arms, .. } => {
                for arm in arms {
                    self.finish_pattern(&mut arm.pattern, unbound);
                }
            }
            ExprKind::Block { stmts, .. } => {
                for stmt in stmts {
                    match &mut stmt.kind {
                        StmtKind::Let { pattern, .. } | StmtKind::For { pattern, .. } => {
                            self.finish_pattern(pattern, unbound);
                        }
                        StmtKind::Assign { place, .. } => {
                            place.ty = self.finished_inner(&place.ty, unbound);
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        children_mut(expr, &mut |child| self.finish_inner(child, unbound));
    }

    fn finish_pattern(&mut self, pattern: &mut Pattern, unbound: &mut HashSet<u32>) {
        patterns_mut(pattern, &mut |part| {
            if has_variables(&part.ty) {
                part.ty = self.finished_inner(&part.ty.clone(), unbound);
            }
            if let hir::PatternKind::Literal(literal) = &mut part.kind {
                self.finish_inner(literal, unbound);
            }
        });
    }

    fn finished_inner(&mut self, ty: &Ty, unbound: &mut HashSet<u32>) -> Ty {
        let ty = self.infer.resolve(ty);
        if !has_variables(&ty) {
            return ty;
        }
        map_leaves(&ty, &mut |leaf| match leaf {
            Ty::Infer(id) => Some(self.unbound(*id, unbound)),
            _ => None,
        })
    }

    /// What stands for a variable that nothing bound.
    fn unbound(&mut self, id: u32, unbound: &mut HashSet<u32>) -> Ty {
        let Some((span, diverging)) = self.infer.origin(id) else {
            return Ty::Error;
        };
        if diverging {
            self.infer.unify(&Ty::Infer(id), &Ty::Unit);
            return Ty::Unit;
        }
        // Where something is wrong already, what is missing is likely missing because of that.
        let broken = self.diagnostics.iter().any(Diagnostic::is_error);
        if unbound.insert(id) && !broken {
            self.report(
                Diagnostic::new(
                    &types::CANNOT_INFER,
                    span,
                    "the type of this can't be inferred",
                )
                .here("nothing in this body says what it holds")
                .help("write the type: `let x: List<Int> = []`, `f<Int>(…)`"),
            );
        }
        self.infer.unify(&Ty::Infer(id), &Ty::Error);
        Ty::Error
    }
}
