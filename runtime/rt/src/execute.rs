//! A run from its command to its exit code.

use std::ptr::NonNull;
use std::sync::Arc;

use dynop_abi::entries::types::Ctx;
use dynop_pool::{
    Cancel, Observer, OwnedValue, Program, Progress, RunOutcome, RunRequest, RunStatus, StepFailure,
};
use dynop_std::log::Level;
use dynop_values::json;

use crate::command::RunCommand;
use crate::console::{self, Console, LogFormat, LogObject, error_line};
use crate::loaded::Loaded;
use crate::progress::{self, Stop};
use crate::{FAILURE, INTERRUPTED, SUCCESS, report, system};

/// Runs the job; prints its result and its report.
pub fn execute(program: &Loaded, command: &RunCommand, console: &Console) -> u8 {
    let job = &program.plan.jobs[command.job];
    let cancel = Arc::new(Cancel::new());
    system::cancel_on_signals(Arc::clone(&cancel), tell_of_interruption);
    dynop_std::log::set_sink(log_line);
    dynop_std::random::set_origin(command.seed, step_key);

    let progress = Progress::for_job(job);
    let observer = Failures { console };
    let params: Vec<NonNull<u8>> = command.params.iter().map(|param| param.place()).collect();
    let request = RunRequest {
        program: Program {
            ops: &program.plan.ops,
            code: program.code,
            types: &program.types,
            sites: program.sites,
        },
        job,
        params: &params,
        threads: command.threads,
        max_outstanding: command.max_outstanding,
        observer: &observer,
        progress: &progress,
        cancel: &cancel,
    };
    let outcome = if console.shows_progress() {
        let stop = Stop::default();
        std::thread::scope(|scope| {
            // Without the thread there is no progress to see, and nothing else is missing.
            let _ = std::thread::Builder::new()
                .spawn_scoped(scope, || progress::draw(console, job, &progress, &stop));
            let outcome = dynop_pool::run(&request);
            stop.stop();
            outcome
        })
    } else {
        dynop_pool::run(&request)
    };
    finish(console, program, command, &outcome)
}

fn finish(console: &Console, program: &Loaded, command: &RunCommand, outcome: &RunOutcome) -> u8 {
    let job = &program.plan.jobs[command.job];
    report::write(console, job, outcome);
    let printed = outcome.result.as_ref().map_or(SUCCESS, print_result);
    match outcome.status {
        RunStatus::Succeeded => printed,
        RunStatus::Failed => FAILURE,
        RunStatus::Cancelled => INTERRUPTED,
    }
}

/// The result as one line of JSON on standard output.
fn print_result(result: &OwnedValue) -> u8 {
    let mut line = String::new();
    // SAFETY: the value is valid and of the type that it carries.
    match unsafe { json::write(&mut line, result.as_ptr(), result.desc()) } {
        Ok(()) => {
            line.push('\n');
            console::finish(&line)
        }
        Err(error) => {
            error_line(&format!("the result can't be printed: {}", error.message));
            FAILURE
        }
    }
}

fn tell_of_interruption() {
    if let Some(console) = console::current() {
        console.lines(&match console.format() {
            LogFormat::Json => LogObject::new("interrupted").finish(),
            LogFormat::Text => "interrupted: running steps end (again to end at once)".to_owned(),
        });
    }
}

/// Tells the JSON log of failures as they come; people get them in the report.
struct Failures<'a> {
    console: &'a Console,
}

impl Observer for Failures<'_> {
    fn step_failed(&self, failure: &StepFailure) {
        if self.console.format() == LogFormat::Json {
            self.console.lines(&report::failure_object(failure));
        }
    }
}

/// The key of the running step, of which its random numbers are made.
fn step_key(ctx: Ctx) -> String {
    // SAFETY: natives are called with the context of the running step.
    unsafe { dynop_pool::entries::running_step_key(ctx) }
}

/// A line that a step logs.
fn log_line(ctx: Ctx, level: Level, message: &str) {
    let Some(console) = console::current().filter(|console| console.shows(level)) else {
        return;
    };
    // SAFETY: natives are called with the context of the running step.
    let step = unsafe { dynop_pool::entries::running_step_key(ctx) };
    console.lines(&match console.format() {
        LogFormat::Json => LogObject::new("log")
            .text("step", &step)
            .text("level", level.name())
            .text("message", message)
            .finish(),
        LogFormat::Text => {
            let paint = console.paint();
            let word = match level {
                Level::Info => String::new(),
                Level::Debug => paint.faint("debug: "),
                Level::Warn => paint.warning("warning: "),
                Level::Error => paint.error("error: "),
            };
            let step = paint.faint(&format!("{step}:"));
            let lines = console::log_lines(message);
            let lines = lines.iter().map(|line| format!("{step} {word}{line}\n"));
            lines.collect()
        }
    });
}
