//! The scheduler: workers that take ready steps from one queue under one lock.
//!
//! Every clone is a *node*: a step in an instance of its scope. A node counts what it still waits for and is queued when that
//! is nothing; when a node ends it tells those that wait for it. The lock is held for book-keeping only, never while a step
//! runs, and the values of inputs are copied (by reference) outside of it.
//!
//! The queue is a stack, so chains run depth-first. A `yield` whose bound of outstanding clones is reached runs queued
//! descendants of its own items on its own stack, and waits only where other workers have taken them all.

use std::sync::PoisonError;
use std::time::Instant;

use dynop_abi::plan::ROOT;

use crate::request::{RunOutcome, RunRequest, RunStatus};

mod context;
mod ended;
pub mod entries;
mod sources;
mod state;
mod supported;
mod value;
mod work;

use state::Shared;

/// Stack that one step may use, in bytes. Ten thousand calls of ordinary functions fit several times.
pub(crate) const STEP_STACK: usize = 16 << 20;
/// Below the limit: for the runtime's own functions, which do not check the stack.
pub(crate) const NATIVE_STACK: usize = 512 << 10;

/// Runs a job to its end.
pub fn run(request: &RunRequest<'_>) -> RunOutcome {
    if let Some(refused) = supported::refuse(request.job) {
        return refused;
    }
    let start = Instant::now();
    let shared = Shared::new(request);
    shared.begin();
    let depth = (0..request.job.scopes.len() as u32)
        .map(|scope| request.job.chain(scope).len())
        .max()
        .unwrap_or(0);
    // A waiting `yield` lends its thread to descendants, which are at least one scope deeper each time.
    let stack = (depth + 1) * (STEP_STACK + NATIVE_STACK) + (1 << 20);
    std::thread::scope(|scope| {
        let mut workers = 0;
        for index in 0..request.threads.max(1) {
            let name = format!("dynop-{index}");
            let spawned = std::thread::Builder::new()
                .name(name)
                .stack_size(stack)
                .spawn_scoped(scope, || shared.worker());
            workers += usize::from(spawned.is_ok());
        }
        if workers == 0 {
            // No thread can be had: the steps run here, with what stack there is.
            shared.worker();
        }
    });
    request.cancel.clear();
    let mut outcome = shared.outcome();
    outcome.elapsed = start.elapsed();
    if request.cancel.is_requested() && outcome.steps.iter().any(|step| step.cancelled > 0) {
        outcome.status = RunStatus::Cancelled;
    }
    debug_assert_eq!(
        request.job.scopes.first().map(|scope| scope.parent),
        Some(ROOT)
    );
    outcome
}

/// What a lock holds, also after a panic of its holder: the book-keeping itself does not panic half way.
pub(crate) fn unpoisoned<T>(result: Result<T, PoisonError<T>>) -> T {
    result.unwrap_or_else(PoisonError::into_inner)
}
