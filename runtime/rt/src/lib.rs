//! The runtime as a static library: the executable's command line and the wiring of a run.
//!
//! [`run`] is the whole program: it reads what the compiler recorded, reads the command line by the job's parameters, has
//! the pool run the job, and prints the result on standard output and everything else on standard error.

mod arguments;
mod check;
#[cfg(all(feature = "entry", not(test)))]
mod entry;
mod help;
mod json;
mod report;
mod signals;

use std::ffi::OsString;
use std::io::Write;
use std::ptr::NonNull;

use dynop_abi::plan::{Job, Plan};
use dynop_abi::program::{Program, Site};
use dynop_pool::{Cancel, OwnedValue, Progress, RunRequest, RunStatus};

use crate::arguments::{Asked, Settings, Usage};

/// Exit code of a run that failed.
const FAILED: u8 = 1;
/// Exit code of wrong usage.
const USAGE: u8 = 2;
/// Exit code where the program and its runtime do not fit, or the machine refuses.
const BROKEN: u8 = 70;
/// Exit code after Ctrl-C.
const INTERRUPTED: u8 = 130;

/// The compiled program, read.
pub(crate) struct Loaded {
    plan: Plan,
    types: Vec<&'static dynop_abi::desc::TypeDesc>,
    code: Vec<dynop_abi::context::OpCode>,
    sites: &'static [Site],
}

/// Runs `program` as the command line of the process asks, and gives the exit code.
pub fn run(program: &'static Program) -> u8 {
    if program.abi_version != dynop_abi::ABI_VERSION {
        say(&format!(
            "error: this program was compiled for version {} of the runtime, which is version {}",
            program.abi_version,
            dynop_abi::ABI_VERSION
        ));
        return BROKEN;
    }
    let Some(loaded) = load(program) else {
        say("error: the program's plan can't be read; build it again");
        return BROKEN;
    };
    let mut arguments = std::env::args_os();
    let name = arguments
        .next()
        .unwrap_or_else(|| OsString::from("program"));
    let name = std::path::Path::new(&name)
        .file_name()
        .map_or_else(|| "program".into(), |n| n.to_string_lossy().into_owned());
    match arguments::read(&loaded, &name, arguments.collect()) {
        Ok(Asked::Print(text)) => print(&text),
        Ok(Asked::Run {
            job,
            params,
            settings,
        }) => run_job(&loaded, &loaded.plan.jobs[job], &params, &settings),
        Err(Usage(message)) => {
            say(&format!("error: {message}"));
            USAGE
        }
    }
}

/// Reads the record that the compiler wrote.
fn load(program: &'static Program) -> Option<Loaded> {
    // SAFETY: the compiler emits each pointer with its length, to statics.
    let (plan, types, code, sites) = unsafe {
        (
            slice(program.plan, program.plan_len),
            slice(program.types, program.type_count),
            slice(program.ops, program.op_count),
            slice(program.sites, program.site_count),
        )
    };
    // SAFETY: as above: no descriptor is null.
    let types = types.iter().map(|&desc| unsafe { &*desc }).collect();
    Some(Loaded {
        plan: Plan::decode(plan).ok()?,
        types,
        code: code.to_vec(),
        sites,
    })
}

/// # Safety
/// `data` points to `len` values that live for ever, if `len` is not 0.
unsafe fn slice<T>(data: *const T, len: u64) -> &'static [T] {
    if len == 0 {
        return &[];
    }
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts(data, len as usize) }
}

fn run_job(loaded: &Loaded, job: &Job, params: &[OwnedValue], settings: &Settings) -> u8 {
    let cancel = Cancel::new();
    let progress = Progress::for_job(job);
    let values: Vec<NonNull<u8>> = params
        .iter()
        .map(|value| NonNull::new(value.as_ptr()).unwrap_or(NonNull::dangling()))
        .collect();
    let observer = report::Reporter::new(job, settings);
    let request = RunRequest {
        program: dynop_pool::Program {
            ops: &loaded.plan.ops,
            code: &loaded.code,
            types: &loaded.types,
            sites: loaded.sites,
        },
        job,
        params: &values,
        threads: settings.threads,
        max_outstanding: settings.max_outstanding,
        observer: &observer,
        progress: &progress,
        cancel: &cancel,
    };
    let outcome = signals::cancelling(&cancel, || {
        report::with_progress(&observer, &progress, || dynop_pool::run(&request))
    });
    observer.finish(&outcome);
    if outcome.status == RunStatus::Succeeded
        && let Some(result) = &outcome.result
    {
        let mut line = String::new();
        // SAFETY: the result is a value of its type.
        if let Err(message) = unsafe { json::write(&mut line, result.as_ptr(), result.desc()) } {
            say(&format!(
                "error: the result can't be written as JSON: {message}"
            ));
            return FAILED;
        }
        line.push('\n');
        return print(&line);
    }
    match outcome.status {
        RunStatus::Succeeded => 0,
        RunStatus::Failed => FAILED,
        RunStatus::Cancelled => INTERRUPTED,
    }
}

/// Writes a line to standard error; where that is closed there is nobody to tell.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Writes to standard output. A reader that has gone away ends the program quietly; a full disk does not.
fn print(text: &str) -> u8 {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => 0,
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => 0,
        Err(error) => {
            say(&format!(
                "error: can't write the result to standard output: {error}"
            ));
            FAILED
        }
    }
}
