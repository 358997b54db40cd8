//! The log of steps (`core.dyn`, `log.dyn`).

use std::io::Write;
use std::sync::OnceLock;

use dynop_abi::context::{OK, Status};
use dynop_abi::entries::types::{Ctx, I64, Ptr};

use crate::convention::str_of;

/// How much a line matters, least first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Level {
    /// For those who look for a mistake.
    Debug,
    /// Tells how things go.
    #[default]
    Info,
    /// Something may be wrong.
    Warn,
    /// Something is wrong.
    Error,
}

impl Level {
    /// All, least first.
    pub const ALL: [Self; 4] = [Self::Debug, Self::Info, Self::Warn, Self::Error];

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }

    /// The level of a name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }
}

/// Where a log line goes: it gets the context of the step, the level and the text.
pub type Sink = fn(Ctx, Level, &str);

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
    write(ctx, Level::Info, unsafe { str_of(message) });
    OK
}

/// Writes a line of a level, by its place in [`Level::ALL`].
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_log_at(ctx: Ctx, level: I64, message: Ptr) -> Status {
    let level = usize::try_from(level).ok();
    let level = level.and_then(|level| Level::ALL.get(level).copied());
    // SAFETY: the convention.
    write(ctx, level.unwrap_or_default(), unsafe { str_of(message) });
    OK
}

fn write(ctx: Ctx, level: Level, message: &str) {
    match SINK.get() {
        Some(sink) => sink(ctx, level, message),
        // A closed standard error is no reason to fail a step.
        None => drop(writeln!(std::io::stderr(), "{message}")),
    }
}
