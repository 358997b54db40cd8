//! Runs tests, each as a process of the executable that holds them all.
//!
//! The process tells how the test went by its exit code and by the lines of its JSON log on standard error; whatever else
//! happens to it (a signal, no end in time) is the result of this one test. Used by `dynopc test`.

pub mod report;

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use dynop_base::Span;
use dynop_sema::hir::Test;
use serde_json::Value;

use crate::driver::Frontend;

/// A test that is to be run.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// The job that is it, in the executable.
    pub job: String,
    /// The file that it is in.
    pub file: String,
    /// The line of its name.
    pub line: u32,
    /// The place of its name.
    pub span: Span,
}

impl Case {
    /// A line of `--list`.
    pub fn listed(&self) -> String {
        format!("{}:{}: {}\n", self.file, self.line, self.name)
    }
}

/// The tests of a program's main file whose name holds one of the filters; all of them without a filter.
pub fn cases(front: &Frontend, filters: &[String]) -> Vec<Case> {
    let tests = front.tests().into_iter();
    let chosen = tests.filter(|(_, test)| {
        filters.is_empty() || filters.iter().any(|filter| test.name.contains(filter))
    });
    let case = |(index, test): (usize, &Test)| {
        let source = front.sources.file(test.span.file);
        Case {
            name: test.name.clone(),
            job: format!("test {index}"),
            file: source.name.clone(),
            line: source.line_column(test.span.start).line,
            span: test.span,
        }
    };
    chosen.map(case).collect()
}

/// Bounds of running tests.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many run at once.
    pub threads: usize,
    /// How long one may take.
    pub timeout: Duration,
}

/// How a test went.
#[derive(Clone, Debug)]
pub struct TestResult {
    /// From the start of its process to its end.
    pub elapsed: Duration,
    /// Why it failed; `None` if it passed.
    pub failure: Option<Failure>,
    /// What it logged.
    pub logged: Vec<String>,
    /// The first failures of steps in the runs that it made.
    pub in_runs: Vec<InRun>,
}

/// A step that failed in a run which a test made.
#[derive(Clone, Debug)]
pub struct InRun {
    /// The job that was run.
    pub job: String,
    /// The step's key.
    pub step: String,
    /// Why it failed.
    pub failure: Failure,
}

impl InRun {
    /// In words.
    pub fn text(&self) -> String {
        let place = match &self.failure.place {
            Some(place) => format!(" at {}", report::place_text(place)),
            None => String::new(),
        };
        let (job, step, message) = (&self.job, &self.step, &self.failure.message);
        format!("in `run {job}(…)` the step `{step}` failed{place}: {message}")
    }
}

/// Why a test failed.
#[derive(Clone, Debug, Default)]
pub struct Failure {
    /// What happened; further lines show values.
    pub message: String,
    /// The sort of failure: the step's, or `timeout`, `crash`.
    pub kind: String,
    /// Where.
    pub place: Option<Position>,
    /// The calls that led there, innermost first.
    pub trace: Vec<(String, Position)>,
}

/// A place as a running program names it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Position {
    /// The file.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

/// Runs the tests of an executable and tells of each in the order of the cases, as soon as it and those before it ended.
///
/// # Errors
/// Those of writing the executable to a temporary folder.
pub fn execute(
    bytes: &[u8],
    cases: &[Case],
    limits: Limits,
    tell: &mut dyn FnMut(&Case, &TestResult),
) -> std::io::Result<()> {
    let folder = tempfile::Builder::new().prefix("dynop-test-").tempdir()?;
    let program = folder.path().join("tests");
    crate::commands::write_whole(&program, bytes, true)?;
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..limits.threads.clamp(1, cases.len().max(1)) {
            let (sender, next, program) = (sender.clone(), &next, &program);
            scope.spawn(move || {
                while let Some((at, case)) = take(next, cases) {
                    // Nobody listens only if telling panicked.
                    let _ = sender.send((at, run(program, case, limits.timeout)));
                }
            });
        }
        drop(sender);
        tell_in_order(cases, &receiver, tell);
    });
    Ok(())
}

fn take<'c>(next: &AtomicUsize, cases: &'c [Case]) -> Option<(usize, &'c Case)> {
    if is_interrupted() {
        return None;
    }
    let at = next.fetch_add(1, Ordering::Relaxed);
    cases.get(at).map(|case| (at, case))
}

fn tell_in_order(
    cases: &[Case],
    receiver: &mpsc::Receiver<(usize, TestResult)>,
    tell: &mut dyn FnMut(&Case, &TestResult),
) {
    let mut waiting = BTreeMap::new();
    let mut told = 0;
    for (at, result) in receiver {
        waiting.insert(at, result);
        while let Some(result) = waiting.remove(&told) {
            if let Some(case) = cases.get(told) {
                tell(case, &result);
            }
            told += 1;
        }
    }
}

/// Runs one test.
fn run(program: &Path, case: &Case, timeout: Duration) -> TestResult {
    let start = Instant::now();
    let log = program.with_file_name(format!("{}.log", case.job));
    let ended = run_process(program, &case.job, &log, start, timeout);
    let elapsed = start.elapsed();
    let text = std::fs::read(&log).unwrap_or_default();
    let (mut failure, logged, in_runs) = read_log(&String::from_utf8_lossy(&text));
    match ended {
        Err(error) => failure = Some(other("crash", format!("it can't be run: {error}"))),
        Ok(None) if is_interrupted() => {
            failure = Some(other("cancelled", "it was interrupted".to_owned()));
        }
        Ok(None) => {
            let seconds = timeout.as_secs_f64();
            failure = Some(other(
                "timeout",
                format!(
                    "it did not end within {seconds} s; `dynopc test --timeout SECONDS` gives it longer"
                ),
            ));
        }
        Ok(Some(status)) if status.success() => failure = None,
        Ok(Some(status)) => {
            failure = Some(failure.unwrap_or_else(|| other("crash", crash(status, &text))));
        }
    }
    TestResult {
        elapsed,
        failure,
        logged,
        in_runs,
    }
}

fn other(kind: &str, message: String) -> Failure {
    Failure {
        message,
        kind: kind.to_owned(),
        ..Failure::default()
    }
}

/// What is said of a process that ended badly without telling why.
fn crash(status: ExitStatus, log: &[u8]) -> String {
    let ended = match (status.signal(), status.code()) {
        (Some(signal), _) => format!("its process was ended by signal {signal}"),
        (None, code) => format!("its process ended with exit code {}", code.unwrap_or(1)),
    };
    let log = String::from_utf8_lossy(log);
    match log.lines().last() {
        Some(line) if !line.starts_with('{') => format!("{ended}\n{line}"),
        _ => ended,
    }
}

/// In the environment of a compiled program: the process, its parent, with which it is to end in whatever way that ends.
pub const END_WITH: &str = "DYNOP_END_WITH";

/// Runs the process; `None` if it had to be ended. Its log goes to a file, so that a descendant which keeps the other end
/// of a pipe open can't hold the tests up. It leads a process group, which ends with it, and its temporary files lie in a
/// folder of its own, which is removed.
fn run_process(
    program: &Path,
    job: &str,
    log: &Path,
    start: Instant,
    timeout: Duration,
) -> std::io::Result<Option<ExitStatus>> {
    let files = tempfile::Builder::new()
        .prefix("files-")
        .tempdir_in(program.parent().unwrap_or(program))?;
    let mut command = Command::new(program);
    command
        .args([job, "--log-format", "json", "--threads", "1"])
        .env("TMPDIR", files.path())
        .env(END_WITH, std::process::id().to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(log)?)
        .process_group(0);
    let mut child = spawn(&mut command)?;
    let ended = wait_for(&mut child, start, timeout);
    if !matches!(ended, Ok(Some(_))) {
        end_group(&mut child)?;
    }
    ended
}

/// Starts a process. Where another thread started one while the program's file was being written, that one may hold it open
/// for a moment longer, until its own program begins: then this waits.
fn spawn(command: &mut Command) -> std::io::Result<Child> {
    let mut tries = 0;
    loop {
        match command.spawn() {
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy && tries < 100 => {
                tries += 1;
                std::thread::sleep(Duration::from_millis(5));
            }
            result => return result,
        }
    }
}

/// Waits until a process ends; `None` if it takes too long, or the tests are to end.
fn wait_for(
    child: &mut Child,
    start: Instant,
    timeout: Duration,
) -> std::io::Result<Option<ExitStatus>> {
    // Most tests end within a millisecond; who takes long is looked at less often.
    let mut pause = Duration::from_micros(200);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if start.elapsed() >= timeout || INTERRUPTED.load(Ordering::Relaxed) {
            return Ok(None);
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(10));
    }
}

/// Kills a process with its group; the commands of its steps, which have groups of their own, end with it.
fn end_group(child: &mut Child) -> std::io::Result<()> {
    let group = i32::try_from(child.id()).ok();
    if let Some(group) = group.and_then(rustix::process::Pid::from_raw) {
        // It has not been waited for, so the number is its own. If the group is gone, so is what was to be killed.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    child.kill()?;
    child.wait()?;
    Ok(())
}

/// Whether Ctrl-C was pressed: the tests that run are ended, and no others begin.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Has Ctrl-C, and what else asks a process to end, end the tests and everything that they have started, instead of this process alone. Tests are in groups of
/// their own, which Ctrl-C does not reach.
pub fn end_on_interrupt() {
    // Without the handler this process ends at once, as any other.
    let _ = ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed));
}

/// Whether the tests were ended by Ctrl-C.
pub fn is_interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// The failure, the logged lines and the failures in runs that a process's log holds.
fn read_log(text: &str) -> (Option<Failure>, Vec<String>, Vec<InRun>) {
    let mut failure = None;
    let (mut logged, mut in_runs) = (Vec::new(), Vec::new());
    for line in text.lines() {
        let Ok(object) = serde_json::from_str::<Value>(line) else {
            continue;
        };
        match object["event"].as_str() {
            Some("step_failed") => failure = failure.or_else(|| Some(read_failure(&object))),
            Some("nested_step_failed") => in_runs.push(InRun {
                job: text_of(&object["job"]),
                step: text_of(&object["step"]),
                failure: read_failure(&object),
            }),
            Some("log") => logged.push(text_of(&object["message"])),
            _ => {}
        }
    }
    (failure, logged, in_runs)
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn read_failure(object: &Value) -> Failure {
    let calls = object["trace"].as_array().into_iter().flatten();
    let mut trace: Vec<(String, Position)> = calls
        .filter_map(|call| Some((text_of(&call["function"]), position(&call["place"])?)))
        .collect();
    let mut place = position(&object["place"]);
    // The library's own text explains nothing: the call that led there does.
    while place.as_ref().is_some_and(is_of_library) && !trace.is_empty() {
        place = Some(trace.remove(0).1);
    }
    Failure {
        message: text_of(&object["message"]),
        kind: text_of(&object["kind"]),
        place,
        trace,
    }
}

fn is_of_library(place: &Position) -> bool {
    place.file.starts_with("std/")
}

fn position(place: &Value) -> Option<Position> {
    let number = |key: &str| place[key].as_u64().and_then(|n| u32::try_from(n).ok());
    Some(Position {
        file: place["file"].as_str()?.to_owned(),
        line: number("line")?,
        column: number("column")?,
    })
}
