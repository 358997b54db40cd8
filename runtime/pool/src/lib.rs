//! Worker threads that execute what the engine hands out.
//!
//! **For `rt`.** Fill a [`RunRequest`] and call `run`. It blocks until the run is over and gives a [`RunOutcome`]:
//! counts a step, failures in a settled order, the job's result. Meanwhile [`Progress`] may be sampled and an
//! [`Observer`] is told of failures; [`Cancel`] ends it early (call [`Cancel::cancel`] from a thread that waits for
//! signals, not from a handler).

pub mod cancel;
pub mod failure;
pub mod plain;
pub mod request;
pub mod step_key;

pub use cancel::Cancel;
pub use plain::run;
pub use request::{
    Observer, OwnedValue, Program, Progress, RunOutcome, RunRequest, RunStatus, Silent, StepCounts,
    StepFailure, StepProgress, TraceEntry, default_max_outstanding, default_threads,
};
