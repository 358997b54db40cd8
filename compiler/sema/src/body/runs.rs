//! `run job(…)` in a test: a call of `run_job` of the standard library with the job's name and a tuple of its arguments and of
//! the function values that stand for ops.

use std::sync::Arc;

use dynop_base::codes::tests;
use dynop_base::{Diagnostic, Span};
use dynop_syntax::ast::{self, FunctionKind, Ident};

use super::BodyChecker;
use super::arguments::Written;
use super::expressions::made;
use super::replacements::{Instead, NewRun};
use crate::compose::Instance;
use crate::context::Definition;
use crate::hir::{self, Arg, Expr, ExprKind, FunctionId};
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
            self.broken_run(written, replacements);
            return self.no_run(
                span,
                "only a test runs jobs: its body is where `run` may stand",
            );
        }
        let Some(definition) = self.run_callee(callee) else {
            return self.broken_run(written, replacements);
        };
        match definition {
            Definition::Function(job) if self.cx.function(job).kind == FunctionKind::Job => {
                self.run_of(job, written, replacements, span)
            }
            _ => {
                self.broken_run(written, replacements);
                self.no_run(callee.span, "this is no job")
            }
        }
    }

    /// What stands after `run`: a name of this file or of an imported one. What is wrong is reported.
    fn run_callee(&mut self, callee: &ast::Expr) -> Option<Definition> {
        match &callee.kind {
            ast::ExprKind::Name(name) => {
                let definition = self.cx.resolve(self.module, *name);
                match definition {
                    None => self.unknown_name(*name, callee.span),
                    Some(found) => self.cx.note_definition(callee.span, found),
                }
                definition
            }
            ast::ExprKind::Field { base, name, .. } if self.module_of(base).is_some() => {
                let module = self.module_of(base)?;
                self.module_member(module, *name)
            }
            _ => {
                self.no_run(
                    callee.span,
                    "`run` takes a job by its name: `main(…)`, `module.main(…)`",
                );
                None
            }
        }
    }

    fn broken_run(&mut self, written: Written<'_>, replacements: &[(Ident, ast::Expr)]) -> Expr {
        for (_, value) in replacements {
            if !matches!(value.kind, ast::ExprKind::Closure { .. }) {
                self.look_at(value);
            }
        }
        self.broken_call(written)
    }

    /// The name by which a test asks for a run: the job's own, which is planned as it is, or one made for this place.
    fn run_name(
        &mut self,
        job: FunctionId,
        replaced: Vec<(Instance, Instead)>,
        span: Span,
    ) -> Arc<str> {
        let function = self.cx.function(job);
        if replaced.is_empty() && Some(function.file) == self.cx.program.main {
            return function.name.as_str().into();
        }
        let name: Arc<str> = format!("{} run at {}", function.name, span.start).into();
        self.runs.push(NewRun {
            name: name.clone(),
            job,
            file: span.file,
            replaced,
        });
        name
    }

    fn run_of(
        &mut self,
        job: FunctionId,
        written: Written<'_>,
        replacements: &[(Ident, ast::Expr)],
        span: Span,
    ) -> Expr {
        let before = self.diagnostics.len();
        let args = self.arguments(job, &[], None, written);
        let (replaced, values) = self.replacements(job, replacements);
        let Some(runner) = self.cx.run_job_function() else {
            return self.error_expr(span);
        };
        let Some(args) = args.filter(|_| self.diagnostics.len() == before) else {
            // What it gives is known all the same.
            let result = self.cx.function(job).result.clone();
            let call = hir::call_type(self.cx.function(runner));
            return made(
                ExprKind::Error,
                substitute(&call, &[Ty::Unit, result]),
                span,
            );
        };
        let name = self.run_name(job, replaced, span);
        let params = self.cx.function(job).params.iter();
        let mut types: Vec<Ty> = params.map(|param| param.ty.clone()).collect();
        types.extend(values.iter().map(|value| value.ty.clone()));
        let args = args.into_iter().filter_map(|arg| match arg {
            Arg::Value(value) => Some(value),
            Arg::InOut(_) => None,
        });
        let mut fields: Vec<Expr> = args.chain(values).collect();
        // A tuple has at least two fields.
        for _ in 0..2 {
            fields.push(made(ExprKind::Bool(false), Ty::Bool, span));
            types.push(Ty::Bool);
        }
        let tuple = Ty::Tuple(types.into());
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
