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
            let attempt = self.begin_attempt();
            let hint = function
                .and_then(|(id, type_args)| self.parameter_for(id, type_args, receiver, count));
            self.expr(closure, hint.as_ref());
            let infer = &self.infer;
            let typed = self.typed.iter_mut().skip(attempt.typed);
            typed.for_each(|(_, ty)| *ty = infer.resolve(ty));
            self.take_attempt_back(attempt);
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
