//! Steps that wait for a command, a time or a socket: another worker computes in their place.
//!
//! As many steps compute at once as the run has threads. One that waits does not count, so that what it waits for costs
//! no processor: a sleeping worker is woken or a further one started, up to [`EXTRA`] beyond the threads. When the step
//! goes on there is one worker too many, and the next that has ended its claim goes to sleep
//! ([`Core::is_surplus`]).
//!
//! A command computes as much as a step does. So no more of them run at once than there are threads, as with `make -j`. A
//! step that waits for its turn to start one is compensated too: what computes need not wait behind a fan-out over
//! commands, up to [`EXTRA`] of which stand in the queue.
//!
//! A run with one thread does one thing at a time, and has no extra workers.

use std::time::Duration;

use dynop_abi::context::{StepContext, WaitFor, Waits};

use crate::running::Running;
use crate::shared::{Core, Shared};
use crate::unpoisoned;
use crate::worker::Worker;

/// Workers beyond the threads, at most, so this many steps may wait for sockets at a time. A thread costs some 20 µs and
/// 16 KiB when it is first wanted; servers that are asked by this many at once may mind more.
pub(crate) const EXTRA: usize = 64;
/// How soon a step that waits for its turn to start a command notices that the run is cancelled.
const ATTENTION: Duration = Duration::from_millis(50);

/// What contexts are given.
pub(crate) static WAITS: Waits = Waits { begin, end };

/// # Safety
/// The context is the beginning of a [`Running`].
unsafe extern "C" fn begin(ctx: &StepContext, what: WaitFor) {
    // SAFETY: the caller's promise; the worker lives as long as its contexts, and this runs on its thread.
    unsafe {
        let running = &*std::ptr::from_ref(ctx).cast::<Running<'_, '_>>();
        if let Some(worker) = running.worker.as_ref() {
            running.shared.begin_wait(worker, what);
            running.waits_for.set(Some(what));
        }
    }
}

/// # Safety
/// As [`begin`], which was called before.
unsafe extern "C" fn end(ctx: &StepContext, what: WaitFor) {
    // SAFETY: the caller's promise.
    unsafe {
        let running = &*std::ptr::from_ref(ctx).cast::<Running<'_, '_>>();
        if running.waits_for.take().is_some() {
            running.shared.end_wait(what);
        }
    }
}

impl<'r> Shared<'r> {
    /// The step begins to wait, or goes on doing so.
    pub fn begin_wait(&self, worker: &Worker<'_, 'r>, what: WaitFor) {
        let mut core = self.lock();
        core.blocked += 1;
        self.note_idle(&core);
        worker.give_back(self);
        if core.run.has_work(None) || self.can_steal(&core) {
            self.call_worker(&mut core);
        }
        if what == WaitFor::Command {
            while core.commands >= core.limit && !self.request.cancel.is_requested() {
                (core, _) = unpoisoned(self.turn.wait_timeout(core, ATTENTION));
            }
            core.commands += 1;
        }
    }

    fn end_wait(&self, what: WaitFor) {
        self.pause_wait(&mut self.lock(), what);
    }

    /// The step goes on, for a while at least. One that yields what a command sends it lends its turn to the clones
    /// that it waits for: these may need it for commands of their own, and the command waits for the step.
    pub fn pause_wait(&self, core: &mut Core<'r>, what: WaitFor) {
        if what == WaitFor::Command {
            core.commands -= 1;
            self.turn.notify_one();
        }
        core.blocked -= 1;
        self.note_idle(core);
    }
}

impl Core<'_> {
    /// Workers that may be awake: as many as there are threads, and one more for each that waits.
    pub fn may_be_awake(&self) -> usize {
        self.limit + self.blocked.min(self.extra)
    }

    /// Whether more compute than there are threads, so that one should go to sleep.
    pub fn is_surplus(&self) -> bool {
        self.alive - self.sleepers > self.may_be_awake()
    }
}
