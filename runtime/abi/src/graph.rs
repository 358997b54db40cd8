//! Drawings of a plan, as text for other tools: steps as boxes, values as arrows, dynamic scopes as boxes around steps.
//!
//! Here because compiler and executable draw the same: `dynopc graph` and a program's own `graph`.

use std::fmt::Write;

use crate::plan::{Collect, Job, Plan, ROOT, ScopeId, Source, StepId};

/// A job for Graphviz.
pub fn dot(plan: &Plan, job: &Job) -> String {
    let mut out = format!(
        "digraph {} {{\n  rankdir=LR\n  node [shape=box, style=rounded]\n",
        quoted(&job.name)
    );
    dot_scope(plan, job, ROOT, 1, &mut out);
    for (from, to, dashed, label) in edges(job) {
        let mut attributes = Vec::new();
        if dashed {
            attributes.push("style=dashed".to_owned());
        }
        if !label.is_empty() {
            attributes.push(format!("label={}", quoted(label)));
        }
        let attributes = if attributes.is_empty() {
            String::new()
        } else {
            format!(" [{}]", attributes.join(", "))
        };
        let _ = writeln!(out, "  {} -> {}{attributes}", quoted(&from), quoted(&to));
    }
    out.push_str("}\n");
    out
}

fn dot_scope(plan: &Plan, job: &Job, scope: ScopeId, depth: usize, out: &mut String) {
    let pad = "  ".repeat(depth);
    for step in job.steps.iter().filter(|step| step.scope == scope) {
        let _ = writeln!(out, "{pad}{}", quoted(&step.name));
    }
    for (id, inner) in children(job, scope) {
        let _ = writeln!(
            out,
            "{pad}subgraph cluster_{id} {{\n{pad}  label={}",
            quoted(&title(plan, job, inner))
        );
        let _ = writeln!(out, "{pad}  style=\"rounded,dashed\"");
        dot_scope(plan, job, id, depth + 1, out);
        let _ = writeln!(out, "{pad}}}");
    }
}

/// A job for Mermaid, as Markdown pages show it.
pub fn mermaid(plan: &Plan, job: &Job) -> String {
    let mut out = String::from("flowchart LR\n");
    mermaid_scope(plan, job, ROOT, 1, &mut out);
    for (from, to, dashed, label) in edges(job) {
        let arrow = if dashed { "-.->" } else { "-->" };
        let label = if label.is_empty() {
            String::new()
        } else {
            format!("|{label}|")
        };
        let _ = writeln!(
            out,
            "  {} {arrow}{label} {}",
            identifier(job, &from),
            identifier(job, &to)
        );
    }
    out
}

fn mermaid_scope(plan: &Plan, job: &Job, scope: ScopeId, depth: usize, out: &mut String) {
    let pad = "  ".repeat(depth);
    for step in job.steps.iter().filter(|step| step.scope == scope) {
        let _ = writeln!(
            out,
            "{pad}{}[\"{}\"]",
            identifier(job, &step.name),
            escaped(&step.name)
        );
    }
    for (id, inner) in children(job, scope) {
        let _ = writeln!(
            out,
            "{pad}subgraph scope_{id} [\"{}\"]",
            escaped(&title(plan, job, inner))
        );
        mermaid_scope(plan, job, id, depth + 1, out);
        let _ = writeln!(out, "{pad}end");
    }
}

/// The scopes directly within one, without those in which nothing happens.
fn children(job: &Job, scope: ScopeId) -> Vec<(ScopeId, &crate::plan::Scope)> {
    let inside = |id: ScopeId| job.steps.iter().any(|step| job.encloses(id, step.scope));
    (0..job.scopes.len() as ScopeId)
        .filter(|&id| id != ROOT && job.scopes[id as usize].parent == scope && inside(id))
        .map(|id| (id, &job.scopes[id as usize]))
        .collect()
}

fn title(plan: &Plan, job: &Job, scope: &crate::plan::Scope) -> String {
    let Some(over) = scope.over else {
        return String::new();
    };
    let Some(step) = job.steps.get(over.step as usize) else {
        return String::new();
    };
    let output = step
        .action
        .op()
        .and_then(|op| plan.ops.get(op as usize))
        .and_then(|op| op.outputs.get(over.output as usize));
    match output {
        Some(output) if output.name != "result" => {
            format!("for each key of {}.{}", step.name, output.name)
        }
        _ => format!("for each key of {}", step.name),
    }
}

/// From, to, whether only an order, and what the arrow says.
type Edge = (String, String, bool, &'static str);

fn edges(job: &Job) -> Vec<Edge> {
    let mut found: Vec<Edge> = Vec::new();
    for step in &job.steps {
        for input in &step.inputs {
            sources(job, input, "", &mut |from, label| {
                push(&mut found, job, from, &step.name, false, label)
            });
        }
        let all = step.after_at.iter().map(|after| after.step);
        for after in step.after.iter().copied().chain(all) {
            push(&mut found, job, after, &step.name, true, "");
        }
    }
    found
}

fn push(
    found: &mut Vec<Edge>,
    job: &Job,
    from: StepId,
    to: &str,
    dashed: bool,
    label: &'static str,
) {
    let Some(from) = job.steps.get(from as usize) else {
        return;
    };
    let edge = (from.name.clone(), to.to_owned(), dashed, label);
    if !found.contains(&edge) {
        found.push(edge);
    }
}

fn sources(
    job: &Job,
    source: &Source,
    label: &'static str,
    visit: &mut impl FnMut(StepId, &'static str),
) {
    match source {
        Source::Const(_) | Source::Param(_) => {}
        Source::Output(output) | Source::OutputOver { output, .. } => visit(output.step, label),
        Source::Done(steps) => steps.iter().for_each(|one| visit(one.step, label)),
        Source::Item(scope) | Source::Key(scope) => keys_of(job, *scope, label, visit),
        Source::FlatKey(scopes) => scopes
            .iter()
            .for_each(|scope| keys_of(job, *scope, label, visit)),
        Source::Each { value, .. } => sources(job, value, label, visit),
        Source::Collect { value, into, .. } => {
            let label = match into {
                Collect::List | Collect::Flat => "collect",
                Collect::Keyed | Collect::FlatKeyed => "collect_keyed",
                Collect::Results => "collect_results",
            };
            sources(job, value, label, visit);
        }
        Source::List { elements, .. } => elements
            .iter()
            .for_each(|one| sources(job, one, label, visit)),
        Source::Tuple { fields, .. } => fields
            .iter()
            .for_each(|one| sources(job, one, label, visit)),
        Source::Some { value, .. } => sources(job, value, label, visit),
    }
}

/// What yields the keys of a scope.
fn keys_of(
    job: &Job,
    scope: ScopeId,
    label: &'static str,
    visit: &mut impl FnMut(StepId, &'static str),
) {
    if let Some(over) = job.scopes.get(scope as usize).and_then(|scope| scope.over) {
        visit(over.step, label);
    }
}

fn identifier(job: &Job, name: &str) -> String {
    let at = job
        .steps
        .iter()
        .position(|step| step.name == name)
        .unwrap_or(0);
    format!("s{at}")
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn escaped(text: &str) -> String {
    text.replace('"', "#quot;")
}
