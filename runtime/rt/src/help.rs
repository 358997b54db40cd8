//! `--help`, `--version` and `jobs`.

use std::fmt::Write;

use dynop_abi::desc::{Kind, TypeDesc};
use dynop_abi::plan::{Job, JobParam};
use dynop_pool::{default_max_outstanding, default_threads};
use dynop_values::{constant, display};

use crate::command::{flag_of, option_of};
use crate::loaded::Loaded;
use crate::parameters::{holds_nothing, is_repeatable, is_simple, is_switch};

/// How wide the column of flags is before the text begins on the next line.
const COLUMN: usize = 30;

/// `--version`
pub fn version(name: &str) -> String {
    format!("{name} (built with Dynop {})\n", env!("CARGO_PKG_VERSION"))
}

/// How a job is called: with its name where there are several.
pub fn call(program: &Loaded, name: &str, job: &Job) -> String {
    if program.plan.jobs.len() > 1 {
        format!("{name} {}", job.name)
    } else {
        name.to_owned()
    }
}

fn first_line(docs: &str) -> &str {
    docs.lines().next().unwrap_or("").trim()
}

/// `jobs`: a line a job.
pub fn jobs(program: &Loaded) -> String {
    let jobs = &program.plan.jobs;
    let width = jobs.iter().map(|job| job.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for job in jobs {
        let line = format!("{:width$}  {}", job.name, first_line(&job.docs));
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

/// `--help` of a program with several jobs, or none.
pub fn overview(program: &Loaded, name: &str) -> String {
    let mut text = String::new();
    paragraph(&mut text, &program.plan.docs);
    let _ = write!(text, "Usage: {name} <JOB> [FLAGS]\n\nJobs:\n");
    for job in &program.plan.jobs {
        row(&mut text, &job.name, first_line(&job.docs), "");
    }
    text.push_str("\nCommands:\n");
    commands(&mut text, "JOB ");
    let _ = write!(text, "\nThe flags of a job: {name} <JOB> --help\n");
    text
}

/// Documentation above the usage, if there is some.
fn paragraph(text: &mut String, docs: &str) {
    if !docs.trim().is_empty() {
        text.push_str(docs.trim());
        text.push_str("\n\n");
    }
}

fn commands(text: &mut String, job: &str) {
    let usage = format!("graph {job}[--format dot]");
    row(
        text,
        usage.trim_end(),
        "Draw the job's steps as Mermaid or DOT",
        "",
    );
    row(text, "jobs", "List the jobs", "");
}

/// `--help` of a job.
pub fn job(program: &Loaded, job: &Job, name: &str) -> String {
    let mut text = String::new();
    // Where there is one job, it is the program.
    if program.plan.jobs.len() == 1 {
        paragraph(&mut text, &program.plan.docs);
    }
    paragraph(&mut text, &job.docs);
    let call = call(program, name, job);
    let required = job
        .params
        .iter()
        .filter(|param| is_required(program, param));
    let required: Vec<String> = required
        .map(|param| usage(param, program.ty(param.ty)))
        .collect();
    let flags = required
        .iter()
        .map(|one| format!(" {one}"))
        .collect::<String>();
    let _ = writeln!(text, "Usage: {call}{flags} [FLAGS]");
    if !job.params.is_empty() {
        text.push_str("\nParameters:\n");
        for param in &job.params {
            let desc = program.ty(param.ty);
            row(
                &mut text,
                &usage(param, desc),
                param.docs.trim(),
                &note(param, desc),
            );
        }
    }
    text.push_str("\nOptions:\n");
    options(&mut text, job);
    text.push_str("\nCommands:\n");
    commands(
        &mut text,
        if program.plan.jobs.len() > 1 {
            "JOB "
        } else {
            ""
        },
    );
    let _ = write!(
        text,
        "\nThe result is printed as one line of JSON on standard output, everything else on standard error.\n\
         Exit code: 0 success, 1 a step failed, 2 wrong usage, 130 interrupted.\n\n\
         Example:\n  {call}{}\n",
        example(program, job)
    );
    text
}

fn is_required(program: &Loaded, param: &JobParam) -> bool {
    param.default.is_none() && program.ty(param.ty).kind != Kind::Option
}

fn usage(param: &JobParam, desc: &TypeDesc) -> String {
    let flag = flag_of(param);
    if is_switch(desc) {
        format!("--{flag}")
    } else {
        format!("--{flag} <{}>", param.type_name)
    }
}

/// What stands in brackets behind a parameter's text.
fn note(param: &JobParam, desc: &'static TypeDesc) -> String {
    let how = if is_repeatable(desc) {
        "once for each element, or a JSON list"
    } else if is_switch(desc) {
        "or --no-… , --…=false"
    } else if !is_simple(desc) {
        "as JSON"
    } else {
        ""
    };
    let how = match cases(desc) {
        Some(cases) if how.is_empty() => cases,
        Some(cases) => format!("{cases}; {how}"),
        None => how.to_owned(),
    };
    let how = how.replace('…', &flag_of(param)).replace(" ,", ",");
    let default = match &param.default {
        Some(default) => constant::materialise(default, desc).map_or(String::new(), |value| {
            let mut shown = String::from("default: ");
            // SAFETY: a valid value of the type.
            unsafe { display::write(&mut shown, value.as_ptr(), desc) };
            shown
        }),
        None if desc.kind == Kind::Option => "default: none".to_owned(),
        None => "required".to_owned(),
    };
    match (how.is_empty(), default.is_empty()) {
        (true, true) => String::new(),
        (true, false) => format!("[{default}]"),
        (false, true) => format!("[{how}]"),
        (false, false) => format!("[{default}; {how}]"),
    }
}

/// The cases of an enum of names, also in an option or a list.
fn cases(desc: &TypeDesc) -> Option<String> {
    match desc.kind {
        Kind::Option | Kind::List | Kind::Set => cases(desc.a()),
        Kind::Enum if is_simple(desc) => {
            let names: Vec<&str> = desc
                .fields()
                .iter()
                .map(|case| case.name.as_str())
                .collect();
            Some(names.join(", "))
        }
        _ => None,
    }
}

fn options(text: &mut String, job: &Job) {
    let threads = default_threads();
    let outstanding = default_max_outstanding(threads);
    let option = |name: &str, value: &str| format!("--{}{value}", option_of(job, name));
    let rows = [
        (
            option("params", " <FILE>"),
            "Read parameters from a JSON object; flags win over it; - is standard input".to_owned(),
            String::new(),
        ),
        (
            option("threads", " <N>"),
            "Steps that compute at once, and commands that run at once".to_owned(),
            format!("[default: {threads}, one a core]"),
        ),
        (
            option("max-outstanding", " <N>"),
            "How many clones of one dynamic output may be begun or waiting before `yield` waits"
                .to_owned(),
            format!("[default: {outstanding}, 1024 a thread]"),
        ),
        (
            option("seed", " <N>"),
            "What random numbers are made from; each step has its own".to_owned(),
            "[default: 0]".to_owned(),
        ),
        (
            format!("-q, {}", option("quiet", "")),
            "No progress and no log; failures are still shown".to_owned(),
            String::new(),
        ),
        (
            option("log-format", " <FORMAT>"),
            "text, or json for one object a line".to_owned(),
            "[default: text]".to_owned(),
        ),
        (
            option("log-level", " <LEVEL>"),
            "The least that is logged: debug, info, warn or error".to_owned(),
            "[default: info]".to_owned(),
        ),
        (
            format!("-h, {}", option("help", "")),
            "Show this help".to_owned(),
            String::new(),
        ),
        (
            format!("-V, {}", option("version", "")),
            "Show the version".to_owned(),
            String::new(),
        ),
    ];
    for (usage, about, note) in rows {
        row(text, &usage, &about, &note);
    }
}

/// A line of a table: what to write, what it does.
fn row(text: &mut String, usage: &str, about: &str, note: &str) {
    let mut line = format!("  {usage}");
    let about = about.lines().map(str::trim).chain([note]);
    let mut about = about.filter(|line| !line.is_empty());
    let indent = " ".repeat(COLUMN);
    if let Some(first) = about.next() {
        let width = line.chars().count();
        if width + 2 > COLUMN {
            let _ = writeln!(text, "{line}");
            line = indent.clone();
        } else {
            line.push_str(&" ".repeat(COLUMN - width));
        }
        line.push_str(first);
    }
    for more in about {
        if line.chars().count() + more.chars().count() < 100 {
            let _ = write!(line, " {more}");
        } else {
            let _ = writeln!(text, "{line}");
            line = format!("{indent}{more}");
        }
    }
    let _ = writeln!(text, "{line}");
}

/// Flags that could be given.
fn example(program: &Loaded, job: &Job) -> String {
    let mut text = String::new();
    let mut required = job
        .params
        .iter()
        .filter(|param| is_required(program, param))
        .peekable();
    let shown: Vec<&JobParam> = if required.peek().is_some() {
        required.collect()
    } else {
        job.params.iter().take(1).collect()
    };
    for param in shown {
        let desc = program.ty(param.ty);
        let flag = flag_of(param);
        if is_switch(desc) {
            let _ = write!(text, " --{flag}");
        } else {
            let _ = write!(text, " --{flag} {}", example_value(desc));
        }
    }
    text
}

fn example_value(desc: &TypeDesc) -> String {
    match desc.kind {
        Kind::Int => "3".to_owned(),
        Kind::Float => "0.5".to_owned(),
        Kind::Bool => "true".to_owned(),
        Kind::Str => "text".to_owned(),
        Kind::Path => "data.txt".to_owned(),
        Kind::Duration => "30s".to_owned(),
        Kind::Time => "2026-01-31T12:00:00Z".to_owned(),
        Kind::Option => example_value(desc.a()),
        Kind::Enum => match desc.fields().iter().find(|case| holds_nothing(case)) {
            Some(case) => case.name.as_str().to_owned(),
            None => "'{…}'".to_owned(),
        },
        Kind::List | Kind::Set if is_simple(desc.a()) => example_value(desc.a()),
        Kind::List | Kind::Set | Kind::Tuple | Kind::Range => "'[…]'".to_owned(),
        _ => "'{…}'".to_owned(),
    }
}
