//! The executable's command line, which is the job's parameters and some settings.

use std::ffi::OsString;

use dynop_abi::desc::{Kind, TypeDesc};
use dynop_abi::graph;
use dynop_abi::plan::{Const, Job};
use dynop_pool::{OwnedValue, default_max_outstanding, default_threads};
use dynop_values::constant;

use crate::{Loaded, help, json};

/// What the command line asks for.
pub(crate) enum Asked {
    /// To print a text and end.
    Print(String),
    /// To run a job.
    Run {
        /// Its index.
        job: usize,
        /// One value a parameter.
        params: Vec<OwnedValue>,
        /// How.
        settings: Settings,
    },
}

/// How to run.
pub(crate) struct Settings {
    pub threads: usize,
    pub max_outstanding: u32,
    pub quiet: bool,
    pub json_log: bool,
}

/// The command line is wrong; the message says how.
pub(crate) struct Usage(pub String);

type Result<T> = std::result::Result<T, Usage>;

fn usage<T>(message: impl Into<String>) -> Result<T> {
    Err(Usage(message.into()))
}

/// The settings' flags, for messages.
const SETTINGS: [&str; 7] = [
    "params",
    "threads",
    "max-outstanding",
    "quiet",
    "log-format",
    "help",
    "version",
];

/// Reads the arguments.
pub(crate) fn read(loaded: &Loaded, program: &str, arguments: Vec<OsString>) -> Result<Asked> {
    let mut arguments = arguments.into_iter().peekable();
    let first = arguments
        .peek()
        .and_then(|word| word.to_str())
        .map(str::to_owned);
    let jobs = &loaded.plan.jobs;
    let mut chosen = (jobs.len() == 1).then_some(0);
    if let Some(word) = &first {
        match word.as_str() {
            "graph" => return draw(loaded, arguments.skip(1).collect()),
            "jobs" => return Ok(Asked::Print(help::jobs(jobs))),
            name => {
                if let Some(index) = jobs.iter().position(|job| job.name == name) {
                    arguments.next();
                    chosen = Some(index);
                }
            }
        }
    }
    let Some(index) = chosen else {
        return match first.as_deref() {
            None | Some("--help" | "-h" | "help") => Ok(Asked::Print(help::program(program, jobs))),
            Some("--version") => Ok(Asked::Print(format!(
                "{program} (Dynop {})\n",
                env!("CARGO_PKG_VERSION")
            ))),
            Some(word) => {
                let names: Vec<&str> = jobs.iter().map(|job| job.name.as_str()).collect();
                usage(format!(
                    "there is no job `{word}`; the jobs are {}",
                    names.join(", ")
                ))
            }
        };
    };
    job_arguments(loaded, program, index, arguments)
}

fn draw(loaded: &Loaded, arguments: Vec<OsString>) -> Result<Asked> {
    let words: Vec<String> = arguments
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let format = match words
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        [] | ["--format", "mermaid"] | ["--format=mermaid"] => graph::mermaid,
        ["--format", "dot"] | ["--format=dot"] => graph::dot,
        _ => return usage("`graph` takes `--format mermaid` or `--format dot`"),
    };
    Ok(Asked::Print(
        loaded
            .plan
            .jobs
            .iter()
            .map(|job| format(&loaded.plan, job))
            .collect(),
    ))
}

fn job_arguments(
    loaded: &Loaded,
    program: &str,
    index: usize,
    mut arguments: impl Iterator<Item = OsString>,
) -> Result<Asked> {
    let job = &loaded.plan.jobs[index];
    let mut given: Vec<Vec<String>> = vec![Vec::new(); job.params.len()];
    let mut from_file: Vec<Option<Const>> = vec![None; job.params.len()];
    let threads = default_threads();
    let mut settings = Settings {
        threads,
        max_outstanding: 0,
        quiet: false,
        json_log: false,
    };
    while let Some(word) = arguments.next() {
        let Some(word) = word.to_str() else {
            return usage(format!("the argument {word:?} is not UTF-8 text"));
        };
        if word == "-h" {
            return Ok(Asked::Print(help::job(program, loaded, job)));
        }
        let Some(flag) = word.strip_prefix("--") else {
            return usage(format!(
                "`{word}` is not expected here; parameters are given as `--name value`, see `--help`"
            ));
        };
        let (flag, attached) = match flag.split_once('=') {
            Some((flag, value)) => (flag, Some(value.to_owned())),
            None => (flag, None),
        };
        let mut value = |what: &str| -> Result<String> {
            if let Some(value) = attached.clone() {
                return Ok(value);
            }
            let Some(next) = arguments.next() else {
                return usage(format!("`--{flag}` needs {what}"));
            };
            next.into_string().or_else(|next| {
                usage(format!(
                    "the value {next:?} of `--{flag}` is not UTF-8 text"
                ))
            })
        };
        let name = flag.replace('-', "_");
        if let Some(at) = job.params.iter().position(|param| param.name == name) {
            let desc = loaded.types[job.params[at].ty as usize];
            if desc.kind == Kind::Bool && attached.is_none() {
                given[at].push("true".into());
            } else {
                given[at].push(value(&format!(
                    "a value of type {}",
                    job.params[at].type_name
                ))?);
            }
            continue;
        }
        if let Some(at) = name
            .strip_prefix("no_")
            .and_then(|name| job.params.iter().position(|param| param.name == name))
            && loaded.types[job.params[at].ty as usize].kind == Kind::Bool
        {
            given[at].push("false".into());
            continue;
        }
        match flag {
            "help" => return Ok(Asked::Print(help::job(program, loaded, job))),
            "version" => {
                return Ok(Asked::Print(format!(
                    "{program} (Dynop {})\n",
                    env!("CARGO_PKG_VERSION")
                )));
            }
            "quiet" => settings.quiet = true,
            "threads" => settings.threads = positive(flag, &value("a number")?)?,
            "max-outstanding" => {
                settings.max_outstanding =
                    u32::try_from(positive(flag, &value("a number")?)?).unwrap_or(u32::MAX);
            }
            "log-format" => match value("`text` or `json`")?.as_str() {
                "json" => settings.json_log = true,
                "text" => settings.json_log = false,
                other => {
                    return usage(format!("`--log-format` is `text` or `json`, not `{other}`"));
                }
            },
            "params" => read_file(loaded, job, &value("a file")?, &mut from_file)?,
            _ => return unknown(job, flag),
        }
    }
    if settings.max_outstanding == 0 {
        settings.max_outstanding = default_max_outstanding(settings.threads);
    }
    let params = values(loaded, job, &given, from_file)?;
    Ok(Asked::Run {
        job: index,
        params,
        settings,
    })
}

fn positive(flag: &str, text: &str) -> Result<usize> {
    match text.parse::<usize>() {
        Ok(number) if number > 0 && number <= 4096 || flag != "threads" && number > 0 => Ok(number),
        _ => usage(format!(
            "`--{flag}` wants a number from 1{}, not `{text}`",
            if flag == "threads" { " to 4096" } else { "" }
        )),
    }
}

fn unknown<T>(job: &Job, flag: &str) -> Result<T> {
    let names: Vec<String> = job
        .params
        .iter()
        .map(|param| param.name.replace('_', "-"))
        .chain(SETTINGS.iter().map(|&name| name.to_owned()))
        .collect();
    match nearest(flag, &names) {
        Some(near) => usage(format!("there is no `--{flag}`; did you mean `--{near}`?")),
        None => usage(format!(
            "there is no `--{flag}`; `--help` shows what there is"
        )),
    }
}

/// The name with the fewest changed letters, if those are few.
fn nearest<'n>(word: &str, names: &'n [String]) -> Option<&'n str> {
    let distance = |a: &str, b: &str| {
        let b: Vec<char> = b.chars().collect();
        let mut row: Vec<usize> = (0..=b.len()).collect();
        for (i, ca) in a.chars().enumerate() {
            let mut before = row[0];
            row[0] = i + 1;
            for (j, cb) in b.iter().enumerate() {
                let change = before + usize::from(ca != *cb);
                before = row[j + 1];
                row[j + 1] = change.min(row[j] + 1).min(before + 1);
            }
        }
        row[b.len()]
    };
    let limit = (word.chars().count() / 3).max(1);
    names
        .iter()
        .map(|name| (distance(word, name), name))
        .filter(|(d, _)| *d <= limit)
        .min()
        .map(|(_, name)| name.as_str())
}

fn read_file(
    loaded: &Loaded,
    job: &Job,
    path: &str,
    from_file: &mut [Option<Const>],
) -> Result<()> {
    let text = std::fs::read_to_string(path)
        .or_else(|error| usage(format!("can't read {path}: {error}")))?;
    let value: serde_json::Value = serde_json::from_str(&text)
        .or_else(|error| usage(format!("{path} is not JSON: {error}")))?;
    let serde_json::Value::Object(entries) = value else {
        return usage(format!(
            "{path} must hold an object with the job's parameters"
        ));
    };
    for (name, value) in &entries {
        let Some(at) = job.params.iter().position(|param| param.name == *name) else {
            return usage(format!(
                "{path}: the job `{}` has no parameter `{name}`",
                job.name
            ));
        };
        let desc = loaded.types[job.params[at].ty as usize];
        let read = json::read(value, desc, &format!(".{name}"));
        from_file[at] = Some(read.or_else(|message| usage(format!("{path}: {message}")))?);
    }
    Ok(())
}

fn values(
    loaded: &Loaded,
    job: &Job,
    given: &[Vec<String>],
    from_file: Vec<Option<Const>>,
) -> Result<Vec<OwnedValue>> {
    let mut values = Vec::new();
    let mut missing = Vec::new();
    for (at, (param, file)) in job.params.iter().zip(from_file).enumerate() {
        let desc = loaded.types[param.ty as usize];
        let constant = match given[at].as_slice() {
            [] => match file.or_else(|| param.default.clone()) {
                Some(value) => value,
                None if desc.kind == Kind::Option => Const::None,
                None => {
                    missing.push(format!(
                        "--{} ({})",
                        param.name.replace('_', "-"),
                        param.type_name
                    ));
                    continue;
                }
            },
            texts => {
                let flag = param.name.replace('_', "-");
                parse(texts, desc).or_else(|message| usage(format!("`--{flag}`: {message}")))?
            }
        };
        let made = constant::materialise(&constant, desc).or_else(|_| {
            usage(format!(
                "the value of `{}` does not fit its type",
                param.name
            ))
        })?;
        let value = OwnedValue::zeroed(desc);
        // SAFETY: moved from one memory of the type to another; what is moved out is zeroed.
        unsafe {
            std::ptr::copy_nonoverlapping(made.as_ptr(), value.as_ptr(), desc.size as usize);
            std::ptr::write_bytes(made.as_ptr(), 0, desc.size as usize);
        }
        values.push(value);
    }
    if missing.is_empty() {
        return Ok(values);
    }
    usage(format!(
        "missing: {}; `--help` shows all parameters",
        missing.join(", ")
    ))
}

/// The value that the texts of one flag give.
fn parse(texts: &[String], desc: &'static TypeDesc) -> std::result::Result<Const, String> {
    if matches!(desc.kind, Kind::List | Kind::Set) {
        if let [one] = texts
            && one.trim_start().starts_with('[')
        {
            return parse_json(one, desc);
        }
        return Ok(Const::List(
            texts
                .iter()
                .map(|text| parse_one(text, desc.a()))
                .collect::<std::result::Result<_, _>>()?,
        ));
    }
    match texts {
        [one] => parse_one(one, desc),
        _ => Err(format!("is given {} times, and is no list", texts.len())),
    }
}

fn parse_one(text: &str, desc: &'static TypeDesc) -> std::result::Result<Const, String> {
    let wrong = || format!("expected {}, found `{text}`", desc.name.as_str());
    Ok(match desc.kind {
        Kind::Int => Const::Int(text.replace('_', "").parse().map_err(|_| wrong())?),
        Kind::Float => Const::Float(text.parse::<f64>().map_err(|_| wrong())?.to_bits()),
        Kind::Bool => Const::Bool(match text {
            "true" | "yes" | "1" => true,
            "false" | "no" | "0" => false,
            _ => return Err(format!("expected true or false, found `{text}`")),
        }),
        Kind::Str | Kind::Path => Const::Str(text.to_owned()),
        Kind::Option => Const::Some(Box::new(parse_one(text, desc.a())?)),
        _ => return parse_json(text, desc),
    })
}

fn parse_json(text: &str, desc: &'static TypeDesc) -> std::result::Result<Const, String> {
    let value: serde_json::Value = serde_json::from_str(text)
        .map_err(|error| format!("expected {} as JSON: {error}", desc.name.as_str()))?;
    json::read(&value, desc, "")
}
