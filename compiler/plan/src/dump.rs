//! The plan as text, for `--emit plan` and the tests.

use std::fmt::Write;

use dynop_abi::plan::{Action, Collect, Const, Job, Plan, ROOT, ScopeId, Source};

/// Every job with its scopes and steps.
pub fn dump(plan: &Plan) -> String {
    let mut out = String::new();
    for job in &plan.jobs {
        dump_job(plan, job, &mut out);
    }
    out
}

fn dump_job(plan: &Plan, job: &Job, out: &mut String) {
    let params: Vec<String> = job
        .params
        .iter()
        .map(|param| {
            let default = param
                .default
                .as_ref()
                .map(|value| format!(" = {}", constant(value)))
                .unwrap_or_default();
            format!("{}: {}{default}", param.name, param.type_name)
        })
        .collect();
    let _ = writeln!(out, "job {}({})", job.name, params.join(", "));
    for (index, scope) in job.scopes.iter().enumerate() {
        if let Some(over) = scope.over {
            let maker = &job.steps[over.step as usize];
            let Action::Op(op) = maker.action;
            let output = &plan.ops[op as usize].outputs[over.output as usize].name;
            let _ = writeln!(
                out,
                "  scope @{index} in @{}: over {}.{output}",
                scope.parent, maker.name
            );
        }
    }
    for step in &job.steps {
        let Action::Op(op) = step.action;
        let inputs: Vec<String> = step
            .inputs
            .iter()
            .map(|input| source(plan, job, input))
            .collect();
        let place = if step.scope == ROOT {
            String::new()
        } else {
            format!(" @{}", step.scope)
        };
        let _ = write!(
            out,
            "  step {}{place} = {}({})",
            step.name,
            plan.ops[op as usize].name,
            inputs.join(", ")
        );
        if !step.after.is_empty() {
            let after: Vec<&str> = step
                .after
                .iter()
                .map(|&id| job.steps[id as usize].name.as_str())
                .collect();
            let _ = write!(out, " after {}", after.join(", "));
        }
        out.push('\n');
    }
    let _ = writeln!(out, "  result {}", source(plan, job, &job.result));
}

fn source(plan: &Plan, job: &Job, from: &Source) -> String {
    let scope = |id: &ScopeId| format!("@{id}");
    let list = |all: &[Source]| {
        all.iter()
            .map(|one| source(plan, job, one))
            .collect::<Vec<_>>()
            .join(", ")
    };
    match from {
        Source::Const(value) => constant(value),
        Source::Param(index) => format!("${}", job.params[*index as usize].name),
        Source::Output(output) => {
            let step = &job.steps[output.step as usize];
            let Action::Op(op) = step.action;
            match plan.ops[op as usize].outputs[output.output as usize]
                .name
                .as_str()
            {
                "result" => step.name.clone(),
                name => format!("{}.{name}", step.name),
            }
        }
        Source::Item(id) => format!("item{}", scope(id)),
        Source::Key(id) => format!("key{}", scope(id)),
        Source::Collect {
            scope: id,
            value,
            into,
            ..
        } => {
            let word = if *into == Collect::Keyed {
                "collect_keyed"
            } else {
                "collect"
            };
            format!("{word}{} {}", scope(id), source(plan, job, value))
        }
        Source::List { elements, .. } => format!("[{}]", list(elements)),
        Source::Tuple { fields, .. } => format!("({})", list(fields)),
        Source::Some { value, .. } => format!("some({})", source(plan, job, value)),
    }
}

fn constant(value: &Const) -> String {
    let list = |all: &[Const]| all.iter().map(constant).collect::<Vec<_>>().join(", ");
    match value {
        Const::Unit => "()".into(),
        Const::Int(n) => n.to_string(),
        Const::Float(bits) => format!("{:?}", f64::from_bits(*bits)),
        Const::Bool(b) => b.to_string(),
        Const::Str(text) => format!("{text:?}"),
        Const::Bytes(bytes) => format!("b{:?}", String::from_utf8_lossy(bytes)),
        Const::None => "none".into(),
        Const::Some(value) => format!("some({})", constant(value)),
        Const::List(values) => format!("[{}]", list(values)),
        Const::Map(entries) if entries.is_empty() => "[:]".into(),
        Const::Map(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(k, v)| format!("{}: {}", constant(k), constant(v)))
                .collect();
            format!("[{}]", entries.join(", "))
        }
        Const::Tuple(values) => format!("({})", list(values)),
    }
}
