//! The runtime as a static library: entry points, the executable's command line and the wiring of a run.
//!
//! [`run`] is the executable's `main`: it reads the program's record, understands the command line by the job's
//! parameters ([`command`]), runs the job on the pool ([`execute`]), and prints the result on standard output and
//! everything else on standard error ([`console`], [`report`]).

mod check;
mod command;
mod console;
mod execute;
mod help;
mod loaded;
mod nearest;
mod nested;
mod parameters;
mod progress;
mod report;
mod system;
#[cfg(test)]
mod tests;

#[cfg(all(feature = "entry", not(test)))]
mod entry;

use std::ffi::OsString;

use command::{Command, UsageError};
use console::Console;
use loaded::Loaded;

/// Everything went well.
pub const SUCCESS: u8 = 0;
/// The run failed, or its result could not be printed.
pub const FAILURE: u8 = 1;
/// The command line can't be understood.
pub const USAGE: u8 = 2;
/// The program and the runtime do not fit together.
pub const BROKEN: u8 = 70;
/// Ended by Ctrl-C.
pub const INTERRUPTED: u8 = 130;
/// The reader of standard output went away: what a shell shows for SIGPIPE.
pub const BROKEN_PIPE: u8 = 141;

/// Runs `program` as the command line asks, and gives the exit code. `arguments` begin with the program's name.
pub fn run(program: &'static dynop_abi::program::Program, arguments: Vec<OsString>) -> u8 {
    system::prepare();
    let program = match Loaded::new(program) {
        Ok(program) => nested::keep(program),
        Err(reason) => {
            console::error_line(&reason);
            return BROKEN;
        }
    };
    let command = match command::parse(program, arguments) {
        Ok(command) => command,
        Err(UsageError { message, hint }) => {
            console::error_line(&message);
            if let Some(hint) = hint {
                console::plain_error_line(&hint);
            }
            return USAGE;
        }
    };
    match command {
        Command::Print(text) => console::finish(&text),
        Command::Run(request) => {
            let console =
                Console::new(request.log_format, request.log_level, request.quiet).install();
            let code = execute::execute(program, &request, console);
            drop(request);
            tell_of_copies();
            if is_leaking() { LEAKING } else { code }
        }
    }
}

/// Tells how much was copied, if `DYNOP_COUNT_COPIES` is set: the elements, entries and bytes that a change had to copy
/// because their buffer had another owner, and those moved because it grew.
fn tell_of_copies() {
    if std::env::var_os("DYNOP_COUNT_COPIES").is_some() {
        let counted = dynop_values::memory::copies();
        console::plain_error_line(&format!(
            "copies: {} copied, {} moved",
            counted.copied, counted.moved
        ));
    }
}

/// The exit code of a program whose runtime is built to check itself and that has not released everything.
const LEAKING: u8 = 97;

/// Whether buffers are left that nobody released, and tells how many. Known only to a runtime that is built to check itself.
fn is_leaking() -> bool {
    let count = dynop_values::memory::live_buffers_of_process();
    if count != 0 {
        console::plain_error_line(&format!("leak: {count} buffers were not released"));
    }
    count != 0
}
