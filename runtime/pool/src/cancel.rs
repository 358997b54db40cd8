//! Ending a run from outside.
//!
//! A canceller stores the flag and then overwrites the stack limit and `poll` of every context that runs steps. A worker
//! that begins to run steps in a context stores its stack limit and then reads the flag (both sides sequentially
//! consistent), so that one of the two sees the other.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use dynop_abi::context::StepContext;

/// Ends the run that it was given to. One a run.
#[derive(Debug, Default)]
pub struct Cancel {
    requested: AtomicBool,
    contexts: Mutex<Vec<Registered>>,
}

/// A context of a running pool. It outlives its registration: the pool clears the list before it drops contexts.
#[derive(Debug)]
struct Registered(*const StepContext);

// SAFETY: only the two atomic fields are touched through it.
unsafe impl Send for Registered {}

impl Registered {
    fn interrupt(&self) {
        // SAFETY: the context is alive while it is registered, and both fields are atomics.
        let context = unsafe { &*self.0 };
        context.stack_limit.store(u64::MAX, Ordering::SeqCst);
        context.poll.store(1, Ordering::SeqCst);
    }
}

impl Cancel {
    /// Not requested.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the run to end: running steps notice at their next call or loop strip and end as cancelled, everything that
    /// has not begun ends as cancelled without running. Returns at once and may be called from any thread and before the
    /// run begins, but not from a signal handler (it takes a lock): let a thread wait for the signal.
    pub fn cancel(&self) {
        self.requested.store(true, Ordering::SeqCst);
        for context in self.contexts().iter() {
            context.interrupt();
        }
    }

    /// Whether it was asked for.
    pub fn is_requested(&self) -> bool {
        self.requested.load(Ordering::SeqCst)
    }

    /// Has the context interrupted by later and earlier requests, until [`Self::clear`].
    pub(crate) fn register(&self, context: *const StepContext) {
        let mut contexts = self.contexts();
        let context = Registered(context);
        if self.is_requested() {
            context.interrupt();
        }
        contexts.push(context);
    }

    /// Forgets contexts that are about to go.
    pub(crate) fn clear_of(&self, gone: &[*const StepContext]) {
        self.contexts()
            .retain(|registered| !gone.contains(&registered.0));
    }

    /// Forgets all contexts: the run has ended.
    pub(crate) fn clear(&self) {
        self.contexts().clear();
    }

    fn contexts(&self) -> MutexGuard<'_, Vec<Registered>> {
        self.contexts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
