//! Evaluates job bodies into plans: steps, edges and dynamic scopes.
//!
//! `sema` has checked the bodies; this room walks them once, as an interpreter whose values are places where a run's values
//! will be. What comes out is the contract's [`Plan`], with the ops (one a monomorphic instance) and types that it counts by
//! index, for `lower` and the code generator to follow.

use dynop_abi::plan::{self, Plan};
use dynop_base::codes::build;
use dynop_base::{Diagnostic, SourceMap, Span};
use dynop_sema::hir::{self, FunctionBody, FunctionId, FunctionKind};
use dynop_sema::ty::Ty;

mod axes;
mod constant;
mod dump;
mod eval;
mod tables;
#[cfg(test)]
mod tests;

pub use dump::dump;

/// What planning gives.
#[derive(Clone, Debug, Default)]
pub struct PlanOutput {
    /// The plan.
    pub plan: Plan,
    /// The ops of the plan, by `OpIndex`, with their type arguments.
    pub ops: Vec<(FunctionId, Vec<Ty>)>,
    /// The types of the plan, by `TypeIndex`.
    pub types: Vec<Ty>,
}

/// Plans every job of the main file.
///
/// # Errors
/// Diagnostics: no job to plan; what only evaluation shows, such as two steps of one name.
pub fn build(program: &hir::Program, sources: &SourceMap) -> Result<PlanOutput, Vec<Diagnostic>> {
    let mut tables = tables::Tables::new(program, sources);
    let mut diagnostics = Vec::new();
    let jobs = jobs(&mut tables, &mut diagnostics);
    if jobs.is_empty() && diagnostics.is_empty() {
        diagnostics.push(no_job(program));
    }
    if !diagnostics.is_empty() {
        return Err(diagnostics);
    }
    Ok(tables.finish(jobs))
}

/// The jobs of the main file.
fn jobs(tables: &mut tables::Tables<'_>, diagnostics: &mut Vec<Diagnostic>) -> Vec<plan::Job> {
    let program = tables.program;
    let mut jobs = Vec::new();
    for function in &program.functions {
        if function.kind != FunctionKind::Job || Some(function.file) != program.main {
            continue;
        }
        let FunctionBody::Composition(composition) = &function.body else {
            continue;
        };
        jobs.extend(eval::job(tables, function, composition, None, diagnostics));
    }
    jobs
}

/// Plans the tests of the main file, each as a job of one step, named `test 0`, `test 1`… by its index in
/// [`hir::Program::tests`], and what tests may run: the jobs of the main file, and those of [`hir::Program::runs`].
///
/// # Errors
/// Diagnostics: what only evaluation of a job shows.
pub fn build_tests(
    program: &hir::Program,
    sources: &SourceMap,
) -> Result<PlanOutput, Vec<Diagnostic>> {
    let mut tables = tables::Tables::new(program, sources);
    let mut diagnostics = Vec::new();
    let mut jobs = jobs(&mut tables, &mut diagnostics);
    if !diagnostics.is_empty() {
        return Err(diagnostics);
    }
    for run in &program.runs {
        let function = &program.functions[run.job.0 as usize];
        if let (FunctionBody::Composition(composition), true) =
            (&function.body, Some(run.file) == program.main)
        {
            let run = Some(run);
            jobs.extend(eval::job(
                &mut tables,
                function,
                composition,
                run,
                &mut diagnostics,
            ));
        }
    }
    if !diagnostics.is_empty() {
        return Err(diagnostics);
    }
    for (index, test) in program.tests.iter().enumerate() {
        if Some(test.file) == program.main {
            jobs.push(test_job(&mut tables, index, test));
        }
    }
    Ok(tables.finish(jobs))
}

fn test_job(tables: &mut tables::Tables<'_>, index: usize, test: &hir::Test) -> plan::Job {
    let op = tables.op(test.function, &[]);
    // No job of the program has such a name.
    let name = format!("test {index}");
    let step = plan::Step {
        name: name.clone(),
        action: plan::Action::Op(op),
        scope: plan::ROOT,
        inputs: Vec::new(),
        after: Vec::new(),
        after_at: Vec::new(),
        place: place(tables.sources, test.span),
        policy: plan::Policy::default(),
    };
    plan::Job {
        name,
        docs: String::new(),
        params: Vec::new(),
        scopes: vec![plan::Scope {
            parent: plan::ROOT,
            over: None,
            path: Vec::new(),
        }],
        steps: vec![step],
        result: plan::Source::Const(plan::Const::Unit),
        result_type: tables.ty(&Ty::Unit),
    }
}

fn no_job(program: &hir::Program) -> Diagnostic {
    let main = program.main.unwrap_or(dynop_base::FileId(0));
    let has_ops = program
        .functions
        .iter()
        .any(|f| f.file == main && f.kind == FunctionKind::Op);
    let found = Diagnostic::new(
        &build::NO_JOB,
        Span::new(main, 0, 0),
        "there is no job in this file",
    );
    if has_ops {
        found
            .note("its ops are there, but nothing invokes them")
            .help("add a job: `job main() { … }`")
    } else {
        found.help(
            "a program is ops and a job that composes them; `dynopc new NAME` writes a first one",
        )
    }
}

/// A place of the source as the plan keeps it.
pub(crate) fn place(sources: &SourceMap, span: Span) -> plan::Place {
    let file = sources.file(span.file);
    let at = file.line_column(span.start);
    plan::Place {
        file: file.name.clone(),
        line: at.line,
        column: at.column,
    }
}
