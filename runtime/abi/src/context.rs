//! What a running step is given.

use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

/// Something that the standard library does when an attempt ends, however it ends (see [`StepContext::at_end`]).
#[repr(C)]
#[derive(Debug)]
pub struct AtEnd {
    /// Does it, and frees this record, which it is given.
    pub run: unsafe extern "C" fn(*mut AtEnd),
    /// What is done after it, or null.
    pub next: *mut AtEnd,
}

/// What a step waits for, without computing.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WaitFor {
    /// Another program, which computes in its place.
    Command,
    /// A time, a socket: what takes no processor.
    Event,
}

/// Who wants to know that a step waits: both are called on the step's thread with its context, the second always after the
/// first. The first may itself wait until there is room for one more command.
#[repr(C)]
#[derive(Debug)]
pub struct Waits {
    /// The step is about to wait.
    pub begin: unsafe extern "C" fn(&StepContext, WaitFor),
    /// It goes on.
    pub end: unsafe extern "C" fn(&StepContext, WaitFor),
}

/// The first argument of every compiled function. Compiled code reads the first two fields at their fixed offsets; what
/// lies behind them belongs to the runtime, which embeds this record at the start of its own.
#[repr(C)]
#[derive(Debug)]
pub struct StepContext {
    /// A function whose stack pointer lies below this calls `dyn_fail_stack`. Cancelling a step sets it to `u64::MAX`,
    /// so that the next call notices.
    pub stack_limit: AtomicU64,
    /// Not 0: loops call `dyn_poll`, which fails the step (cancelled, timed out) or returns.
    pub poll: AtomicU64,
    /// The standard library's, for the step's random numbers: zeroes when an attempt begins, see [`Self::begin`].
    pub random: [AtomicU64; 4],
    /// What [`Self::end`] does, last first; null for nothing.
    pub at_end: AtomicPtr<AtEnd>,
    /// Told when the step waits; see [`Self::waiting_for`].
    pub waits: Option<&'static Waits>,
}

impl StepContext {
    /// Before any step.
    pub const fn new() -> Self {
        Self {
            stack_limit: AtomicU64::new(0),
            poll: AtomicU64::new(0),
            random: [const { AtomicU64::new(0) }; 4],
            at_end: AtomicPtr::new(null_mut()),
            waits: None,
        }
    }

    /// Does something that waits, so that another step may run in this one's place meanwhile.
    pub fn waiting_for<T>(&self, what: WaitFor, wait: impl FnOnce() -> T) -> T {
        struct Told<'c>(&'c StepContext, &'static Waits, WaitFor);
        impl Drop for Told<'_> {
            fn drop(&mut self) {
                // SAFETY: the context is the one that `begin` was called with.
                unsafe { (self.1.end)(self.0, self.2) }
            }
        }
        let _told = self.waits.map(|waits| {
            // SAFETY: whoever set the field made this context.
            unsafe { (waits.begin)(self, what) };
            Told(self, waits, what)
        });
        wait()
    }

    /// Makes it a new attempt's, which has drawn no random numbers yet. Whoever runs steps calls it before each.
    pub fn begin(&self) {
        for word in &self.random {
            word.store(0, Ordering::Relaxed);
        }
    }

    /// Ends the attempt: does what was left to do. Whoever runs steps calls it after each, on the step's thread.
    pub fn end(&self) {
        // A step's context is used by one thread at a time.
        let mut next = self.at_end.load(Ordering::Relaxed);
        if next.is_null() {
            return;
        }
        self.at_end.store(null_mut(), Ordering::Relaxed);
        while !next.is_null() {
            // SAFETY: records in the list are valid until they have run; each is read before it runs.
            unsafe {
                let AtEnd { run, next: after } = next.read();
                run(next);
                next = after;
            }
        }
    }

    /// Puts a record in front of what [`Self::end`] does.
    ///
    /// # Safety
    /// The record stays valid until it runs, and its `run` may be called with it.
    pub unsafe fn do_at_end(&self, record: *mut AtEnd) {
        // SAFETY: the caller's promise.
        unsafe { (*record).next = self.at_end.load(Ordering::Relaxed) };
        self.at_end.store(record, Ordering::Relaxed);
    }
}

impl Default for StepContext {
    fn default() -> Self {
        Self::new()
    }
}

/// Where [`StepContext::stack_limit`] lies.
pub const STACK_LIMIT: usize = 0;
/// Where [`StepContext::poll`] lies.
pub const POLL: usize = 8;

/// What fallible functions return: 0, or not 0 if the step fails; the failure is then recorded in the context.
pub type Status = u32;
/// Success.
pub const OK: Status = 0;
/// The step fails (or, inside `try`, the body does).
pub const FAILED: Status = 1;

/// A compiled op: `inputs` points to one pointer a parameter, each to memory that holds the argument, which the op
/// takes over; `output` is where an op with exactly one output, plain and not optional, puts its result if it succeeds
/// (null for every other op; zeroed before). Everything else leaves through `dyn_yield`, `dyn_return_item` and
/// `dyn_output`. The op with one plain output may call `dyn_output` for it instead of writing to `output`.
pub type OpCode =
    unsafe extern "C" fn(ctx: *mut StepContext, inputs: *const *mut u8, output: *mut u8) -> Status;

const _: () = {
    assert!(std::mem::offset_of!(StepContext, stack_limit) == STACK_LIMIT);
    assert!(std::mem::offset_of!(StepContext, poll) == POLL);
};
