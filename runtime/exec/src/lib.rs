//! Other programs as parts of steps: shell commands (`sh"…"`) and extern ops.
//!
//! Compiled code calls the entry points in [`shell`] and [`foreign`]. Below them, [`process`] runs one program: it writes
//! its input and reads its output and its messages at the same time, so that neither side waits for the other for ever,
//! and ends it with everything that it has started when the step is cancelled or out of time. [`watchdog`] does the same
//! when the executable itself is killed and can do nothing any more.

pub mod foreign;
mod gathered;
mod process;
pub mod protocol;
pub mod shell;
mod watchdog;
