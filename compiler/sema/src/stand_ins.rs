//! Ops that stand for others in the runs of tests: `run job(…) with fetch = |url| "…"` makes one whose first parameter is the
//! function value, and which calls it with the op's own inputs.
//!
//! Called once, at the end of checking; the planner puts them into the steps of the run.

use dynop_base::Symbol;

use crate::body::{Instead, NewRun};
use crate::hir::{
    Body, Expr, ExprKind, Function, FunctionBody, FunctionId, Local, LocalId, OutputForm, Outputs,
    Param, Program, Replaced, Run, call_type,
};
use crate::substitute::substitute;
use crate::ty::Ty;

/// Adds the runs of tests to a checked program, with the ops that stand for others in them.
pub(crate) fn add(program: &mut Program, runs: impl IntoIterator<Item = NewRun>) {
    for run in runs {
        let mut replaced = Vec::new();
        for (op, instead) in run.replaced {
            let (op, type_args) = op;
            let (by, by_args, value) = match instead {
                Instead::Op(by, by_args) => (by, by_args, None),
                Instead::Value(value) => {
                    let by = stand_in(program, op, &type_args);
                    (by, Vec::new(), Some(value))
                }
            };
            replaced.push(Replaced {
                op,
                type_args,
                by,
                by_args,
                value,
            });
        }
        program.runs.push(Run {
            name: run.name,
            job: run.job,
            file: run.file,
            replaced,
        });
    }
}

/// The type of the function values that may stand for an op: they take what it takes, and give what a direct call of it
/// gives.
pub(crate) fn value_type(op: &Function) -> Ty {
    let params = op.params.iter().map(|param| param.ty.clone()).collect();
    Ty::function(params, call_type(op))
}

/// An op as an invocation with these type arguments sees it: without type parameters, its types written out. Its body and
/// its parameters' defaults stay as they are.
pub(crate) fn instance(op: &Function, type_args: &[Ty]) -> Function {
    let mut instance = op.clone();
    instance.generics = Vec::new();
    instance.result = substitute(&op.result, type_args);
    for param in &mut instance.params {
        param.ty = substitute(&param.ty, type_args);
    }
    for output in &mut instance.outputs.list {
        output.ty = substitute(&output.ty, type_args);
    }
    instance
}

fn stand_in(program: &mut Program, op: FunctionId, type_args: &[Ty]) -> FunctionId {
    let op = &instance(&program.functions[op.0 as usize], type_args);
    let span = op.name_span;
    let value = Param {
        name: Symbol::new("replacement"),
        span,
        docs: None,
        ty: value_type(op),
        var: false,
        default: None,
    };
    let params: Vec<Param> = std::iter::once(value)
        .chain(op.params.iter().cloned())
        .collect();
    let locals: Vec<Local> = params
        .iter()
        .map(|param| Local {
            name: param.name,
            ty: param.ty.clone(),
            mutable: false,
            span,
        })
        .collect();
    let local = |index: usize| Expr {
        kind: ExprKind::Local(LocalId(index as u32)),
        ty: params[index].ty.clone(),
        span,
    };
    let call = ExprKind::CallValue {
        callee: Box::new(local(0)),
        args: (1..params.len()).map(local).collect(),
    };
    let value = Expr {
        kind: call,
        ty: call_type(op),
        span,
    };
    let function = Function {
        body: FunctionBody::Code(Body { locals, value }),
        outputs: outputs(op),
        params,
        ..op.clone()
    };
    let id = FunctionId(program.functions.len() as u32);
    program.functions.push(function);
    id
}

/// The op's outputs, given by the value of the body.
fn outputs(op: &Function) -> Outputs {
    let list = op.outputs.list.clone();
    let form = match (&op.result, list.as_slice()) {
        (_, []) => OutputForm::Nothing,
        (Ty::NamedTuple(_), _) => OutputForm::Collected,
        (_, [output]) if !output.dynamic && !output.optional => OutputForm::Returns,
        _ => OutputForm::Collected,
    };
    Outputs { list, form }
}
