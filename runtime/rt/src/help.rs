//! What `--help` says, made of the plan.

use std::fmt::Write;

use dynop_abi::plan::{Const, Job};

use crate::Loaded;

/// Of a program with several jobs.
pub(crate) fn program(name: &str, jobs: &[Job]) -> String {
    format!(
        "Usage: {name} JOB [--parameter value …]\n\nJobs:\n{}\n{name} JOB --help tells what a job takes.\n{name} graph draws \
         them, {name} jobs lists them.\n",
        jobs_table(jobs)
    )
}

/// Of `jobs`.
pub(crate) fn jobs(jobs: &[Job]) -> String {
    jobs.iter()
        .map(|job| format!("{}\t{}\n", job.name, first_line(&job.docs)))
        .collect()
}

fn jobs_table(jobs: &[Job]) -> String {
    let width = jobs
        .iter()
        .map(|job| job.name.chars().count())
        .max()
        .unwrap_or(0);
    jobs.iter()
        .map(|job| format!("  {:width$}  {}\n", job.name, first_line(&job.docs)))
        .collect()
}

fn first_line(docs: &str) -> &str {
    docs.lines().next().unwrap_or("")
}

/// Of a job.
pub(crate) fn job(program: &str, loaded: &Loaded, job: &Job) -> String {
    let mut out = String::new();
    if !job.docs.is_empty() {
        let _ = writeln!(out, "{}\n", job.docs.trim_end());
    }
    let word = if loaded.plan.jobs.len() > 1 {
        format!(" {}", job.name)
    } else {
        String::new()
    };
    let required: String = job
        .params
        .iter()
        .filter(|param| param.default.is_none() && !param.type_name.ends_with('?'))
        .map(|param| format!(" --{} <{}>", param.name.replace('_', "-"), param.type_name))
        .collect();
    let _ = writeln!(out, "Usage: {program}{word}{required} [options]");
    if !job.params.is_empty() {
        out.push_str("\nParameters:\n");
    }
    for param in &job.params {
        let flag = format!("--{} <{}>", param.name.replace('_', "-"), param.type_name);
        let default = match &param.default {
            Some(value) => format!(" [default: {}]", shown(value)),
            None if param.type_name.ends_with('?') => " [default: none]".into(),
            None => " [required]".into(),
        };
        let docs = param.docs.replace('\n', " ");
        let _ = writeln!(out, "  {flag:<28} {docs}{default}");
    }
    out.push_str(
        "\nOptions:
      --params <FILE.json>     Read parameters from a JSON object; flags win
      --threads <N>            Worker threads [default: the processors]
      --max-outstanding <N>    Clones of one dynamic output that may wait or run at once [default: 1024 a thread]
      --quiet                  No progress and no report, but of failures
      --log-format <FORMAT>    text or json, one object a line [default: text]
      --help, --version

A list is given by repeating its flag or as JSON; structs and maps as JSON.
The result is one line of JSON on standard output; all else goes to standard error.
Exit codes: 0 success, 1 a step failed, 2 wrong usage, 130 interrupted.\n",
    );
    let _ = writeln!(out, "\n{program} graph draws the job's steps.");
    out
}

/// A constant as it would be given.
fn shown(value: &Const) -> String {
    let list = |values: &[Const]| values.iter().map(shown).collect::<Vec<_>>().join(", ");
    match value {
        Const::Unit => "()".into(),
        Const::Int(number) => number.to_string(),
        Const::Float(bits) => format!("{:?}", f64::from_bits(*bits)),
        Const::Bool(truth) => truth.to_string(),
        Const::Str(text) => text.clone(),
        Const::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Const::None => "none".into(),
        Const::Some(value) => shown(value),
        Const::List(values) => format!("[{}]", list(values)),
        Const::Map(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(k, v)| format!("{}: {}", shown(k), shown(v)))
                .collect();
            format!("[{}]", entries.join(", "))
        }
        Const::Tuple(values) => format!("({})", list(values)),
    }
}
