//! The plan as text, for `--emit plan` and the tests.

use std::fmt::Write;

use dynop_abi::plan::{After, Collect, Const, Job, OutputRef, Plan, Policy, ROOT, ScopeId, Source};

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
            let output = output_name(plan, job, over);
            let keys = keys(&scope.path);
            let _ = writeln!(
                out,
                "  scope @{index} in @{}: over {}{keys}.{output}",
                scope.parent, maker.name
            );
        }
    }
    for step in &job.steps {
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
            step.action.word(plan),
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
        for one in &step.after_at {
            let _ = write!(out, " after {}", found(job, one));
        }
        policy(&step.policy, out);
        out.push('\n');
    }
    let _ = writeln!(out, "  result {}", source(plan, job, &job.result));
}

/// The scopes that give a clone.
fn keys(path: &[ScopeId]) -> String {
    path.iter().map(|id| format!("[@{id}]")).collect()
}

/// Clones of a step that are found by keys.
fn found(job: &Job, after: &After) -> String {
    let step = &job.steps[after.step as usize];
    let all = job.chain(step.scope).len().saturating_sub(after.path.len());
    format!("{}{}{}", step.name, keys(&after.path), "[*]".repeat(all))
}

/// The name of a step's output.
fn output_name<'p>(plan: &'p Plan, job: &Job, output: OutputRef) -> &'p str {
    job.steps[output.step as usize]
        .action
        .op()
        .and_then(|op| plan.ops[op as usize].outputs.get(output.output as usize))
        .map_or("result", |output| output.name.as_str())
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
            match output_name(plan, job, *output) {
                "result" => step.name.clone(),
                name => format!("{}.{name}", step.name),
            }
        }
        Source::OutputOver { output, path } => {
            let keys = keys(path);
            format!("{}{keys}", source(plan, job, &Source::Output(*output)))
        }
        Source::Done(steps) => {
            let all: Vec<String> = steps.iter().map(|one| found(job, one)).collect();
            format!("done({})", all.join(", "))
        }
        Source::Item(id) => format!("item{}", scope(id)),
        Source::Key(id) => format!("key{}", scope(id)),
        Source::FlatKey(ids) => {
            let keys: Vec<String> = ids
                .iter()
                .map(|id| source(plan, job, &Source::Key(*id)))
                .collect();
            keys.join("/")
        }
        Source::Each { scopes, value } => {
            let levels: String = scopes.iter().map(scope).collect();
            format!("each{levels} {}", source(plan, job, value))
        }
        Source::Collect {
            scope: id,
            value,
            into,
            ..
        } => {
            let word = match into {
                Collect::List => "collect",
                Collect::Keyed => "collect_keyed",
                Collect::Flat => "collect_flat",
                Collect::FlatKeyed => "collect_flat_keyed",
                Collect::Results => "collect_results",
            };
            format!("{word}{} {}", scope(id), source(plan, job, value))
        }
        Source::List { elements, .. } => format!("[{}]", list(elements)),
        Source::Tuple { fields, .. } => format!("({})", list(fields)),
        Source::Some { value, .. } => format!("some({})", source(plan, job, value)),
    }
}

/// What is not as it is by default.
fn policy(policy: &Policy, out: &mut String) {
    if let Some(retry) = &policy.retry {
        let _ = write!(
            out,
            " retry({}, {}ns, {:?}, {:?})",
            retry.max, retry.delay, retry.backoff, retry.jitter
        );
    }
    if let Some(timeout) = policy.timeout {
        let _ = write!(out, " timeout({timeout}ns)");
    }
    for one in &policy.concurrency {
        let _ = write!(out, " concurrency({:?}, {})", one.name, one.limit);
    }
    if let Some(resources) = &policy.resources {
        let shown = |value: Option<i64>| value.map_or("-".to_owned(), |value| value.to_string());
        let _ = write!(
            out,
            " resources({}, {})",
            shown(resources.cpus),
            shown(resources.memory)
        );
    }
    if policy.cache {
        out.push_str(" cache");
    }
    if policy.isolate {
        out.push_str(" isolate");
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
