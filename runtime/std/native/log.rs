//! The log of steps (`core.dyn`).

use std::io::Write;
use std::sync::OnceLock;

use dynop_abi::context::{OK, Status};
use dynop_abi::entries::types::{Ctx, Ptr};

use crate::convention::str_of;

/// Where a log line goes: it gets the context of the step and the text.
pub type Sink = fn(Ctx, &str);

static SINK: OnceLock<Sink> = OnceLock::new();

/// Says where log lines go, once and for all; standard error, as they are, until then.
pub fn set_sink(sink: Sink) {
    // A second one is not listened to: a process has one command line.
    let _ = SINK.set(sink);
}

/// Writes a line to the log of the running step.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_log(ctx: Ctx, message: Ptr) -> Status {
    // SAFETY: the convention.
    let message = unsafe { str_of(message) };
    match SINK.get() {
        Some(sink) => sink(ctx, message),
        // A closed standard error is no reason to fail a step.
        None => drop(writeln!(std::io::stderr(), "{message}")),
    }
    OK
}
