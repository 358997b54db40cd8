//! `run job(…)` in a test: a call of `run_job` of the standard library with the job's name and a tuple of its arguments.

use std::sync::Arc;

use dynop_base::codes::tests;
use dynop_base::{Diagnostic, Span};
use dynop_syntax::ast::{self, FunctionKind, Ident};

use super::BodyChecker;
use super::arguments::Written;
use super::expressions::made;
use crate::context::Definition;
use crate::hir::{self, Arg, Expr, ExprKind, FunctionId};
use crate::signatures::unsupported;
use crate::substitute::substitute;
use crate::ty::Ty;

impl BodyChecker<'_, '_> {
    pub(super) fn run_job(
        &mut self,
        call: &ast::Expr,
        replacements: &[(Ident, ast::Expr)],
        span: Span,
    ) -> Expr {
        let ast::ExprKind::Call {
            callee,
            args,
            args_span,
            ..
        } = &call.kind
        else {
            self.expr(call, None);
            return self.no_run(call.span, "`run` is followed by an invocation of a job");
        };
        let written = Written {
            args,
            args_span: *args_span,
            callee: callee.span,
            span: call.span,
        };
        if !self.in_test() {
            self.broken_call(written);
            return self.no_run(
                span,
                "only a test runs jobs: its body is where `run` may stand",
            );
        }
        if let Some((name, _)) = replacements.first() {
            self.broken_call(written);
            self.report(unsupported("replacements of ops in a run", name.span));
            return self.error_expr(span);
        }
        let ast::ExprKind::Name(name) = callee.kind else {
            self.broken_call(written);
            return self.no_run(callee.span, "`run` takes a job of this file by its name");
        };
        let found = self.cx.resolve(self.module, name);
        if let Some(definition) = found {
            self.cx.note_definition(callee.span, definition);
        }
        match found {
            None => {
                self.unknown_name(name, callee.span);
                self.broken_call(written)
            }
            Some(Definition::Function(job)) if self.is_own_job(job) => {
                self.run_of(job, written, span)
            }
            Some(_) => {
                self.broken_call(written);
                self.no_run(callee.span, "this is no job of the file that is tested")
            }
        }
    }

    /// Whether a function is a job of the main file, which alone are planned.
    fn is_own_job(&self, id: FunctionId) -> bool {
        let function = self.cx.function(id);
        function.kind == FunctionKind::Job && Some(function.file) == self.cx.program.main
    }

    fn run_of(&mut self, job: FunctionId, written: Written<'_>, span: Span) -> Expr {
        let (Some(args), Some(runner)) = (
            self.arguments(job, &[], None, written),
            self.cx.run_job_function(),
        ) else {
            return self.error_expr(span);
        };
        let mut fields: Vec<Expr> = args
            .into_iter()
            .filter_map(|arg| match arg {
                Arg::Value(value) => Some(value),
                Arg::InOut(_) => None,
            })
            .collect();
        // A tuple has at least two fields.
        for _ in 0..2 {
            fields.push(made(ExprKind::Bool(false), Ty::Bool, span));
        }
        let types: Vec<Ty> = fields.iter().map(|field| field.ty.clone()).collect();
        let params = &self.cx.function(job).params;
        let types: Vec<Ty> = types
            .into_iter()
            .enumerate()
            .map(|(index, ty)| params.get(index).map_or(ty, |param| param.ty.clone()))
            .collect();
        let tuple = Ty::Tuple(types.into());
        let name: Arc<str> = self.cx.function(job).name.as_str().into();
        let type_args = vec![tuple.clone(), self.cx.function(job).result.clone()];
        let ty = substitute(&hir::call_type(self.cx.function(runner)), &type_args);
        self.note_instance(runner, &type_args, span);
        let args = vec![
            Arg::Value(made(ExprKind::Str(name), Ty::Str, span)),
            Arg::Value(made(ExprKind::Aggregate(fields), tuple, span)),
        ];
        made(
            ExprKind::Call {
                function: runner,
                type_args,
                args,
            },
            ty,
            span,
        )
    }

    fn no_run(&mut self, span: Span, why: &str) -> Expr {
        self.report(
            Diagnostic::new(&tests::RUN, span, "nothing can be run here")
                .here(why)
                .help("`test \"name\" { let r = run main(path: \"x\") … }` runs the job `main` and gives its result and failures"),
        );
        self.error_expr(span)
    }
}
