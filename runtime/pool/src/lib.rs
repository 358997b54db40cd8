//! Worker threads that execute what the engine hands out.
//!
//! **For `rt`.** Fill a [`RunRequest`] and call [`run`]. It blocks until the run is over and gives a [`RunOutcome`]:
//! counts a step, failures in a settled order, the job's result. Meanwhile [`Progress`] may be sampled and an
//! [`Observer`] is told of failures; [`Cancel`] ends it early (call [`Cancel::cancel`] from a thread that waits for
//! signals, not from a handler).
//!
//! **Inside.** [`dynop_engine`] decides what may run; `shared` holds it under the run's one lock; `worker` claims, shares and
//! sleeps; `execute` runs a stage for a range of positions; `make` makes values by the tables of `shape`, in the rows of
//! `store`; `yielding` and `entries` are what compiled code calls.

pub mod cancel;
mod column;
pub mod entries;
mod execute;
pub mod failure;
mod join;
mod make;
pub mod request;
mod roots;
mod running;
mod shape;
mod shared;
pub mod step_key;
mod store;
mod told;
mod twice;
mod waiting;
mod worker;
mod yielding;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::PoisonError;
use std::time::Instant;

use dynop_engine::graph::Graph;

pub use cancel::Cancel;
pub use request::{
    Observer, OwnedValue, Program, Progress, RunOutcome, RunRequest, RunStatus, Silent, StepCounts,
    StepEnd, StepFailure, StepProgress, TraceEntry, default_max_outstanding, default_threads,
};
use shape::Shape;
use shared::Shared;

/// Stack that one step may use, in bytes. Ten thousand calls of ordinary functions fit several times.
pub(crate) const STEP_STACK: usize = 16 << 20;
/// Below the limit: for the runtime's own functions, which do not check the stack.
pub(crate) const NATIVE_STACK: usize = 512 << 10;

/// Runs a job to its end.
pub fn run(request: &RunRequest<'_>) -> RunOutcome {
    let start = Instant::now();
    for (param, described) in request.params.iter().zip(&request.job.params) {
        let desc = request.program.types[described.ty as usize];
        // SAFETY: the request's promise: a value of the parameter's type.
        unsafe { dynop_values::walk::share(param.as_ptr(), desc) };
    }
    let graph = Graph::new(request.job, request.program.ops);
    let shape = Shape::new(&graph, request.job, &request.program);
    let shared = Shared::new(request, &graph, &shape);
    // A waiting `yield` lends its thread to descendants, which are at least one scope deeper each time.
    let stack = (shared.depth + 1) * (STEP_STACK + NATIVE_STACK) + (1 << 20);
    std::thread::scope(|scope| {
        let shared = &shared;
        shared.start_workers(|index| {
            std::thread::Builder::new()
                .name(format!("dynop-{index}"))
                .stack_size(stack)
                .spawn_scoped(scope, move || work(shared, index))
                .is_ok()
        });
        if !shared.lock().is_over() {
            // No thread can be had: the steps run here, with what stack there is.
            work(shared, 0);
        }
    });
    request.cancel.clear();
    outcome(&shared, start)
}

/// A worker. Its panic would be a mistake of the runtime, which ends the run and not the process.
fn work(shared: &Shared<'_>, index: usize) {
    if catch_unwind(AssertUnwindSafe(|| shared.work(index))).is_err() {
        shared.give_up();
    }
}

fn outcome(shared: &Shared<'_>, start: Instant) -> RunOutcome {
    let steps = shared.counts();
    let failures = std::mem::take(&mut *unpoisoned(shared.failures.lock()));
    let failures = failures.into_values().map(|failed| failed.failure.clone());
    let mut failures: Vec<StepFailure> = failures.collect();
    let is_bad = |step: &StepCounts| step.failed > 0 || step.upstream_failed > 0;
    let cancelled = steps.iter().any(|step| step.cancelled > 0);
    let result = unpoisoned(shared.result.lock()).take();
    let stuck = shared.lock().stuck;
    if stuck {
        failures.push(stopped_short(shared.job()));
    }
    let status = if stuck {
        RunStatus::Failed
    } else if cancelled {
        RunStatus::Cancelled
    } else if steps.iter().any(is_bad) {
        RunStatus::Failed
    } else {
        RunStatus::Succeeded
    };
    RunOutcome {
        status,
        result: result.filter(|_| !stuck && status != RunStatus::Cancelled),
        steps,
        failures,
        elapsed: start.elapsed(),
    }
}

/// What is told of a run that the runtime could not bring to its end: no step is to blame, so the job stands there.
fn stopped_short(job: &dynop_abi::plan::Job) -> StepFailure {
    StepFailure {
        step_key: job.name.clone(),
        step: 0,
        message: "the run stopped with steps left to run; this is a bug of the runtime".into(),
        kind: failure::Kind::Panic.word(),
        place: None,
        trace: Vec::new(),
        related: None,
    }
}

/// What a lock holds, also after a panic of its holder: the book-keeping itself does not panic half way.
pub(crate) fn unpoisoned<T>(result: Result<T, PoisonError<T>>) -> T {
    result.unwrap_or_else(PoisonError::into_inner)
}
