//! Closures in calls that are broken: for the record alone, so that an editor knows the names in them.
//!
//! What their parameters are is a guess then, so nothing in them is reported or inferred from them.

use dynop_syntax::ast::{self, ExprKind};

use super::BodyChecker;
use crate::hir::{Expr, FunctionId};
use crate::substitute::substitute;
use crate::ty::Ty;

impl BodyChecker<'_, '_> {
    /// Looks into the closures among the arguments of a call; of a known function, with the parameters that they would be
    /// for.
    pub(super) fn record_closures(
        &mut self,
        function: Option<(FunctionId, &[Ty])>,
        receiver: Option<&Expr>,
        args: &[ast::Arg],
    ) {
        if !self.cx.recorder.writes() {
            return;
        }
        let closures = args.iter().filter_map(|arg| match &arg.value.kind {
            ExprKind::Closure { params, .. } => Some((&arg.value, params.len())),
            _ => None,
        });
        for (closure, count) in closures {
            let moment = self.infer.snapshot();
            let before = (
                self.diagnostics.len(),
                self.requirements.len(),
                self.instances.len(),
                self.typed.len(),
                self.late.len(),
            );
            let suggestions = self.cx.suggestions.get();
            let narrowed = self.narrowed.clone();
            let facts = self.facts.clone();
            let captures = self.frames.iter().map(|frame| frame.captures.len());
            let captures: Vec<usize> = captures.collect();
            let hint = function
                .and_then(|(id, type_args)| self.parameter_for(id, type_args, receiver, count));
            self.expr(closure, hint.as_ref());
            self.narrowed = narrowed;
            // Nothing counts as used by it, and its own locals are no part of the body.
            self.locals.truncate(facts.len());
            self.facts = facts;
            for (frame, count) in self.frames.iter_mut().zip(captures) {
                frame.captures.truncate(count);
            }
            self.cx.suggestions.set(suggestions);
            self.diagnostics.truncate(before.0);
            self.requirements.truncate(before.1);
            self.instances.truncate(before.2);
            self.late.truncate(before.4);
            let infer = &self.infer;
            let typed = self.typed.iter_mut().skip(before.3);
            typed.for_each(|(_, ty)| *ty = infer.resolve(ty));
            self.infer.rollback(moment);
        }
    }

    /// The type of the parameter that takes a function of so many parameters.
    fn parameter_for(
        &mut self,
        id: FunctionId,
        type_args: &[Ty],
        receiver: Option<&Expr>,
        count: usize,
    ) -> Option<Ty> {
        let params = &self.cx.function(id).params;
        let takes = |ty: &Ty| matches!(ty, Ty::Fn(function) if function.params.len() == count);
        let wanted = params.iter().find(|param| takes(&param.ty))?;
        let wanted = substitute(&wanted.ty, type_args);
        if let (Some(receiver), Some(first)) = (receiver, params.first()) {
            let first = substitute(&first.ty, type_args);
            self.infer.unify(&receiver.ty, &first);
        }
        Some(wanted)
    }
}
