//! The command line: which job, its parameters, and how to run it.

use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::path::Path;

use dynop_abi::graph;
use dynop_abi::plan::{Job, JobParam};
use dynop_pool::{default_max_outstanding, default_threads};
use dynop_std::log::Level;
use dynop_values::json::{JsonError, Lexer, read_from};
use dynop_values::{Owned, constant};
use lexopt::{Arg, Parser};

use crate::console::LogFormat;
use crate::help;
use crate::loaded::Loaded;
use crate::nearest::nearest;
use crate::parameters;

/// What the command line asks for.
#[derive(Debug)]
pub enum Command {
    /// A text on standard output.
    Print(String),
    /// A run.
    Run(RunCommand),
}

/// A run of a job.
#[derive(Debug)]
pub struct RunCommand {
    /// Index of the job in the plan.
    pub job: usize,
    /// A value a parameter.
    pub params: Vec<Owned>,
    /// Steps that compute at once.
    pub threads: usize,
    /// Bound on outstanding clones.
    pub max_outstanding: u32,
    /// What the random numbers of all steps are made from.
    pub seed: u64,
    /// Only failures on standard error.
    pub quiet: bool,
    /// How the log is written.
    pub log_format: LogFormat,
    /// The least that steps log and is shown.
    pub log_level: Level,
}

/// Why a command line can't be understood.
#[derive(Debug, PartialEq, Eq)]
pub struct UsageError {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl UsageError {
    fn new(message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            message,
            hint: None,
        }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<lexopt::Error> for UsageError {
    fn from(error: lexopt::Error) -> Self {
        Self::new(error.to_string())
    }
}

/// Options of every run, as they are written on the command line, and whether they take a value.
pub const RUN_OPTIONS: [(&str, bool); 9] = [
    ("params", true),
    ("threads", true),
    ("max-outstanding", true),
    ("seed", true),
    ("quiet", false),
    ("log-format", true),
    ("log-level", true),
    ("help", false),
    ("version", false),
];

/// A parameter's flag, without the dashes.
pub fn flag_of(param: &JobParam) -> String {
    param.name.replace('_', "-")
}

/// The flag of an option of every run: where a parameter has its name, `run-` stands before it.
pub fn option_of(job: &Job, name: &str) -> String {
    if job.params.iter().any(|param| flag_of(param) == name) {
        format!("run-{name}")
    } else {
        name.to_owned()
    }
}

/// The name that help and messages call the executable by.
fn program_name(arguments: &[OsString]) -> String {
    let first = arguments
        .first()
        .map_or(OsStr::new(""), OsString::as_os_str);
    let name = Path::new(first).file_name().unwrap_or(first);
    match name.to_string_lossy() {
        name if name.is_empty() => "program".to_owned(),
        name => name.into_owned(),
    }
}

/// Understands the command line; `arguments` begin with the program's name.
///
/// # Errors
/// Where it can't be understood.
pub fn parse(program: &Loaded, arguments: Vec<OsString>) -> Result<Command, UsageError> {
    let name = program_name(&arguments);
    let rest = arguments.get(1..).unwrap_or_default();
    let jobs = &program.plan.jobs;
    let first = rest.first().and_then(|first| first.to_str()).unwrap_or("");
    if let Some(job) = find_job(program, first) {
        return JobLine::new(program, job, &name).parse(&rest[1..]);
    }
    match first {
        "graph" => return parse_graph(program, &name, &rest[1..]),
        "jobs" => return Ok(Command::Print(help::jobs(program))),
        _ => {}
    }
    if jobs.len() == 1 {
        return JobLine::new(program, 0, &name).parse(rest);
    }
    match first {
        "--help" | "-h" => Ok(Command::Print(help::overview(program, &name))),
        "--version" | "-V" => Ok(Command::Print(help::version(&name))),
        _ if jobs.is_empty() => Err(UsageError::new("this program has no job to run")),
        _ => Err(which_job(program, &name, first)),
    }
}

fn find_job(program: &Loaded, given: &str) -> Option<usize> {
    let wanted = given.replace('-', "_");
    program.plan.jobs.iter().position(|job| job.name == wanted)
}

fn job_names(program: &Loaded) -> impl Iterator<Item = &str> {
    program.plan.jobs.iter().map(|job| job.name.as_str())
}

fn which_job(program: &Loaded, name: &str, first: &str) -> UsageError {
    let listed: Vec<&str> = job_names(program).collect();
    let hint = format!(
        "this program has the jobs {}; see `{name} --help`",
        listed.join(", ")
    );
    if first.is_empty() || first.starts_with('-') {
        return UsageError::new("name the job to run first").hint(hint);
    }
    let error = UsageError::new(format!("there is no job `{first}`"));
    match nearest(first, job_names(program)) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint(hint),
    }
}

fn parse_graph(
    program: &Loaded,
    name: &str,
    arguments: &[OsString],
) -> Result<Command, UsageError> {
    let usage = format!("usage: {name} graph [JOB] [--format mermaid|dot]");
    let mut parser = Parser::from_args(arguments);
    let mut job = (program.plan.jobs.len() == 1).then_some(0);
    let mut draw: fn(&dynop_abi::plan::Plan, &Job) -> String = graph::mermaid;
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("format") => {
                let format = parser.value()?;
                draw = match format.to_str() {
                    Some("mermaid") => graph::mermaid,
                    Some("dot") => graph::dot,
                    _ => {
                        let given = format.to_string_lossy();
                        let message =
                            format!("--format: expected mermaid or dot, found \"{given}\"");
                        return Err(UsageError::new(message));
                    }
                };
            }
            Arg::Long("help") | Arg::Short('h') => return Ok(Command::Print(usage + "\n")),
            Arg::Value(given) => {
                let given = given.to_string_lossy();
                let found = find_job(program, &given);
                job = Some(found.ok_or_else(|| which_job(program, name, &given))?);
            }
            other => return Err(UsageError::from(other.unexpected()).hint(usage)),
        }
    }
    match job.and_then(|job| program.plan.jobs.get(job)) {
        Some(job) => Ok(Command::Print(draw(&program.plan, job))),
        None => Err(which_job(program, name, "")),
    }
}

/// The command line of one job, while it is read.
struct JobLine<'a> {
    program: &'a Loaded,
    index: usize,
    job: &'a Job,
    name: &'a str,
    /// What was given for each parameter.
    given: Vec<Vec<OsString>>,
    from_file: Vec<Option<Owned>>,
    threads: usize,
    max_outstanding: Option<u32>,
    seed: u64,
    quiet: bool,
    log_format: LogFormat,
    log_level: Level,
}

impl<'a> JobLine<'a> {
    fn new(program: &'a Loaded, index: usize, name: &'a str) -> Self {
        let job = &program.plan.jobs[index];
        Self {
            program,
            index,
            job,
            name,
            given: job.params.iter().map(|_| Vec::new()).collect(),
            from_file: job.params.iter().map(|_| None).collect(),
            threads: default_threads(),
            max_outstanding: None,
            seed: 0,
            quiet: false,
            log_format: LogFormat::Text,
            log_level: Level::default(),
        }
    }

    fn parse(mut self, arguments: &[OsString]) -> Result<Command, UsageError> {
        let mut parser = Parser::from_args(arguments);
        while let Some(argument) = parser.next()? {
            let long = match argument {
                Arg::Long(long) => long.replace('_', "-"),
                Arg::Short('h') => option_of(self.job, "help"),
                Arg::Short('V') => option_of(self.job, "version"),
                Arg::Short('q') => option_of(self.job, "quiet"),
                Arg::Short(other) => return Err(self.unknown(&format!("-{other}"))),
                Arg::Value(value) => return Err(self.positional(&value)),
            };
            if self.parameter(&long, &mut parser)? {
                continue;
            }
            if let Some(command) = self.option(&long, &mut parser)? {
                return Ok(command);
            }
        }
        self.finish()
    }

    fn unknown(&self, given: &str) -> UsageError {
        let known: Vec<String> = self
            .job
            .params
            .iter()
            .map(flag_of)
            .chain(
                RUN_OPTIONS
                    .iter()
                    .map(|(name, _)| option_of(self.job, name)),
            )
            .collect();
        let error = UsageError::new(format!("there is no flag `{given}`"));
        let given = given.trim_start_matches('-');
        match nearest(given, known.iter().map(String::as_str)) {
            Some(near) => error.hint(format!("did you mean `--{near}`?")),
            None => error.hint(format!("see `{} --help`", self.call())),
        }
    }

    /// How this job is called.
    fn call(&self) -> String {
        help::call(self.program, self.name, self.job)
    }

    fn positional(&self, value: &OsStr) -> UsageError {
        let given = value.to_string_lossy();
        let error = UsageError::new(format!("unexpected argument `{given}`"));
        let open = self.job.params.iter().zip(&self.given);
        let missing = open.filter(|(param, given)| param.default.is_none() && given.is_empty());
        match missing.map(|(param, _)| flag_of(param)).next() {
            Some(flag) => error.hint(format!(
                "parameters are given as flags: did you mean `--{flag} {given}`?"
            )),
            None => error.hint(format!("see `{} --help`", self.call())),
        }
    }

    /// Reads the flag of a parameter, if it is one.
    fn parameter(&mut self, long: &str, parser: &mut Parser) -> Result<bool, UsageError> {
        for (index, param) in self.job.params.iter().enumerate() {
            let flag = flag_of(param);
            let is_switch = parameters::is_switch(self.program.ty(param.ty));
            let value = if flag == long {
                if is_switch {
                    parser.optional_value().unwrap_or_else(|| "true".into())
                } else {
                    parser.value().map_err(|_| {
                        UsageError::new(format!("--{flag} needs a value ({})", param.type_name))
                    })?
                }
            } else if is_switch && long.strip_prefix("no-") == Some(&flag) {
                "false".into()
            } else {
                continue;
            };
            let desc = self.program.ty(param.ty);
            let given = &mut self.given[index];
            if parameters::is_repeatable(desc) || given.is_empty() {
                given.push(value);
            } else {
                return Err(UsageError::new(format!("--{flag} is given more than once")));
            }
            return Ok(true);
        }
        Ok(false)
    }

    /// Reads an option of every run.
    fn option(&mut self, long: &str, parser: &mut Parser) -> Result<Option<Command>, UsageError> {
        let option = RUN_OPTIONS
            .iter()
            .find(|(name, _)| option_of(self.job, name) == long);
        let Some((option, takes_value)) = option else {
            return Err(self.unknown(&format!("--{long}")));
        };
        let value = if *takes_value {
            parser
                .value()
                .map_err(|_| UsageError::new(format!("--{long} needs a value")))?
        } else {
            OsString::new()
        };
        match *option {
            "help" => {
                let text = help::job(self.program, self.job, self.name);
                return Ok(Some(Command::Print(text)));
            }
            "version" => return Ok(Some(Command::Print(help::version(self.name)))),
            "quiet" => self.quiet = true,
            "params" => self.read_file(&value)?,
            "threads" => self.threads = positive(long, &value, 4096)? as usize,
            "max-outstanding" => {
                self.max_outstanding = Some(positive(long, &value, u32::MAX)?);
            }
            "seed" => self.seed = seed(long, &value)?,
            "log-level" => {
                let level = value.to_str().and_then(Level::of_name);
                self.log_level = level.ok_or_else(|| {
                    let given = value.to_string_lossy();
                    UsageError::new(format!(
                        "--{long}: expected debug, info, warn or error, found \"{given}\""
                    ))
                })?;
            }
            _ => {
                self.log_format = match value.to_str() {
                    Some("json") => LogFormat::Json,
                    Some("text") => LogFormat::Text,
                    _ => {
                        let given = value.to_string_lossy();
                        let message = format!("--{long}: expected text or json, found \"{given}\"");
                        return Err(UsageError::new(message));
                    }
                };
            }
        }
        Ok(None)
    }

    fn read_file(&mut self, path: &OsStr) -> Result<(), UsageError> {
        let shown = path.to_string_lossy();
        let mut text = String::new();
        let result = if path == "-" {
            std::io::stdin().lock().read_to_string(&mut text)
        } else {
            std::fs::File::open(path).and_then(|mut file| file.read_to_string(&mut text))
        };
        if let Err(error) = result {
            return Err(UsageError::new(format!(
                "can't read --params {shown}: {error}"
            )));
        }
        self.read_object(&text)
            .map_err(|error| UsageError::new(format!("--params {shown}: {error}")))
    }

    fn read_object(&mut self, text: &str) -> Result<(), JsonError> {
        let mut lexer = Lexer::new(text);
        if !lexer.eat(b'{') {
            return Err(lexer.error("expected an object with a field a parameter"));
        }
        let mut first = true;
        while lexer.more(b'}', first)? {
            first = false;
            let key = lexer.key()?;
            let path = lexer.enter_field(&key);
            let params = &self.job.params;
            let wanted = key.replace('-', "_");
            let Some(index) = params.iter().position(|param| param.name == wanted) else {
                let near = nearest(&key, params.iter().map(|param| param.name.as_str()));
                let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
                return Err(lexer.error(format!("there is no parameter `{key}`{hint}")));
            };
            let value = read_from(&mut lexer, self.program.ty(params[index].ty))?;
            self.from_file[index] = Some(value);
            lexer.leave(path);
        }
        lexer.end()
    }

    fn finish(mut self) -> Result<Command, UsageError> {
        let mut params = Vec::with_capacity(self.job.params.len());
        let mut missing = Vec::new();
        for (index, param) in self.job.params.iter().enumerate() {
            let desc = self.program.ty(param.ty);
            let given = std::mem::take(&mut self.given[index]);
            let from_file = self.from_file[index].take();
            let flag = flag_of(param);
            if !given.is_empty() {
                let value = parameters::read(&given, desc)
                    .map_err(|reason| UsageError::new(format!("--{flag}: {reason}")))?;
                params.push(value);
            } else if let Some(value) = from_file {
                params.push(value);
            } else if let Some(default) = &param.default {
                let value = constant::materialise(default, desc).map_err(|error| {
                    UsageError::new(format!("the default of --{flag} can't be made: {error:?}"))
                })?;
                params.push(value);
            } else if desc.kind == dynop_abi::desc::Kind::Option {
                let none =
                    Owned::zeroed(desc).map_err(|error| UsageError::new(error.to_string()))?;
                params.push(none);
            } else {
                missing.push(format!("--{flag} <{}>", param.type_name));
            }
        }
        if !missing.is_empty() {
            let message = format!(
                "the job `{}` needs {}",
                self.job.name,
                missing.join(" and ")
            );
            let hint = format!("see `{} --help`", self.call());
            return Err(UsageError::new(message).hint(hint));
        }
        Ok(Command::Run(RunCommand {
            job: self.index,
            params,
            threads: self.threads,
            max_outstanding: self
                .max_outstanding
                .unwrap_or_else(|| default_max_outstanding(self.threads)),
            seed: self.seed,
            quiet: self.quiet,
            log_format: self.log_format,
            log_level: self.log_level,
        }))
    }
}

fn seed(flag: &str, value: &OsStr) -> Result<u64, UsageError> {
    let number = value.to_str().and_then(|text| text.parse().ok());
    number.ok_or_else(|| {
        UsageError::new(format!(
            "--{flag}: expected a number from 0 to {}, found \"{}\"",
            u64::MAX,
            value.to_string_lossy()
        ))
    })
}

fn positive(flag: &str, value: &OsStr, most: u32) -> Result<u32, UsageError> {
    let number = value.to_str().and_then(|text| text.parse::<u32>().ok());
    match number {
        Some(number) if (1..=most).contains(&number) => Ok(number),
        _ => Err(UsageError::new(format!(
            "--{flag}: expected a number from 1 to {most}, found \"{}\"",
            value.to_string_lossy()
        ))),
    }
}
