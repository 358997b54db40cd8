//! What a run is asked with and what it answers: the types that `rt` and the tests see.

use std::fmt;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dynop_abi::context::OpCode;
use dynop_abi::desc::TypeDesc;
use dynop_abi::plan::{Job, Op, Place};
use dynop_abi::program::Site;

use crate::cancel::Cancel;

/// The compiled program as a run sees it: the plan's ops, and by the same numbers their code and all types.
#[derive(Clone, Copy)]
pub struct Program<'a> {
    /// The ops, by `OpIndex`.
    pub ops: &'a [Op],
    /// Their code, by `OpIndex`.
    pub code: &'a [OpCode],
    /// Type descriptors, by `TypeIndex`.
    pub types: &'a [&'static TypeDesc],
    /// Places in the source, by site number.
    pub sites: &'a [Site],
}

/// One run of one job.
pub struct RunRequest<'a> {
    /// The program.
    pub program: Program<'a>,
    /// The job.
    pub job: &'a Job,
    /// One value a job parameter, laid out by its type. Borrowed: the run takes its own references and leaves the
    /// caller's. (They are marked as shared, which changes nothing for the caller.)
    pub params: &'a [NonNull<u8>],
    /// Worker threads; at least 1.
    pub threads: usize,
    /// How many clones of one dynamic output may be outstanding before `yield` waits; at least 1.
    /// See [`default_max_outstanding`].
    pub max_outstanding: u32,
    /// Told of failures as they come.
    pub observer: &'a dyn Observer,
    /// Sampled by a progress display; see [`Progress::for_job`].
    pub progress: &'a Progress,
    /// Lets another thread end the run.
    pub cancel: &'a Cancel,
}

/// The bound on outstanding clones where the user names none: 1024 a thread.
///
/// Enough that the thread that yields seldom waits for the others (a batch is at most 256 clones), and that what waits
/// still lies in the caches (a key and an item take some 32 bytes, so 32 KiB a thread). Where items are large (files'
/// contents), name a smaller one: a bound of `n` keeps at most about `n` items of a dynamic output alive.
pub fn default_max_outstanding(threads: usize) -> u32 {
    u32::try_from(threads.max(1).saturating_mul(1024)).unwrap_or(u32::MAX)
}

/// Worker threads where the user names no number: as many as the machine has cores for this process.
pub fn default_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Gets the rare events of a run, on the thread on which they happen; so it must be quick and must not block for long.
pub trait Observer: Sync {
    /// A step failed (not: is upstream-failed). Also in [`RunOutcome::failures`] at the end, there in a settled order.
    fn step_failed(&self, failure: &StepFailure) {
        let _ = failure;
    }

    /// Whether [`Observer::step_ended`] is wanted. Asked once a run: it has every output written as JSON.
    fn wants_ends(&self) -> bool {
        false
    }

    /// A step ended, in whatever state. Told only if [`Observer::wants_ends`].
    fn step_ended(&self, end: StepEnd) {
        let _ = end;
    }
}

/// How a step ended and what it gave.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StepEnd {
    /// `name[key][key]`, as of [`StepFailure::step_key`].
    pub step_key: String,
    /// Sorts the steps of a run: by the plan, then by the keys in the order in which they were yielded.
    pub order: Vec<u32>,
    /// `succeeded`, `failed`, `skipped`, `upstream-failed` or `cancelled`.
    pub state: &'static str,
    /// What it gave, as JSON: the value of an only output that has no name of its own, else an object of the outputs; a
    /// dynamic one is an object by key, a skipped one `null`. `None` for a step without outputs, or that did not succeed.
    pub output: Option<String>,
}

/// An observer that looks away.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {}

/// Counters that a progress display may read at any time while the run goes on. Written once a batch of clones, not a
/// clone, so they lag a little; at the end of the run they are exact.
#[derive(Debug, Default)]
pub struct Progress {
    /// One a step of the plan.
    pub steps: Vec<StepProgress>,
}

/// The counters of one step of the plan.
#[derive(Debug, Default)]
pub struct StepProgress {
    /// Clones known so far.
    pub known: AtomicU64,
    /// Clones ended, in whatever state.
    pub ended: AtomicU64,
    /// Of them, clones that failed.
    pub failed: AtomicU64,
}

impl Progress {
    /// Counters at zero for the steps of `job`.
    pub fn for_job(job: &Job) -> Self {
        Self {
            steps: job.steps.iter().map(|_| StepProgress::default()).collect(),
        }
    }

    /// Clones known and ended over all steps.
    pub fn total(&self) -> (u64, u64) {
        self.steps.iter().fold((0, 0), |(known, ended), step| {
            (
                known + step.known.load(Ordering::Relaxed),
                ended + step.ended.load(Ordering::Relaxed),
            )
        })
    }
}

/// How a run ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RunStatus {
    /// No step failed.
    Succeeded,
    /// A step failed.
    Failed,
    /// Ended early by [`Cancel`].
    Cancelled,
}

/// What a run ended in.
#[derive(Debug)]
pub struct RunOutcome {
    /// How it ended.
    pub status: RunStatus,
    /// The job's result, if everything it needs succeeded.
    pub result: Option<OwnedValue>,
    /// Clones of each step of the plan by the state they ended in.
    pub steps: Vec<StepCounts>,
    /// The failed steps in the order of the plan and, within a step, of the keys as they were yielded.
    pub failures: Vec<StepFailure>,
    /// From the call to the return.
    pub elapsed: Duration,
}

/// Clones of one step by the state they ended in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StepCounts {
    /// They ran and gave what they declare.
    pub succeeded: u64,
    /// They ran and failed.
    pub failed: u64,
    /// Something they need was skipped.
    pub skipped: u64,
    /// Something they need failed.
    pub upstream_failed: u64,
    /// The run was cancelled before or while they ran.
    pub cancelled: u64,
}

impl StepCounts {
    /// All clones.
    pub fn total(&self) -> u64 {
        self.succeeded + self.failed + self.skipped + self.upstream_failed + self.cancelled
    }
}

/// Why a step failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StepFailure {
    /// `name[key][key]`, each key bare or quoted; see [`crate::step_key`].
    pub step_key: String,
    /// Index of the step in the plan.
    pub step: u32,
    /// What happened, in the language's words, with the values involved.
    pub message: String,
    /// The sort of failure, a word that programs may compare; see [`crate::failure::Kind`].
    pub kind: &'static str,
    /// Where it happened; `None` where the code has no place (a native function called by the runtime).
    pub place: Option<Place>,
    /// The calls that led there, innermost first, without `place` itself.
    pub trace: Vec<TraceEntry>,
    /// Another place that belongs to it: the first yield of a duplicate key.
    pub related: Option<(String, Place)>,
}

/// A line of a trace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TraceEntry {
    /// The function or op that called.
    pub function: String,
    /// Where.
    pub place: Place,
}

/// A value on the heap that its owner releases by its descriptor.
pub struct OwnedValue {
    data: NonNull<u8>,
    desc: &'static TypeDesc,
}

// SAFETY: the run marks a result as shared, so its counts may be changed from any thread.
unsafe impl Send for OwnedValue {}

impl OwnedValue {
    /// Memory for one value of `desc`, zeroed, which is a valid value. Null memory of size 0 is dangling.
    pub fn zeroed(desc: &'static TypeDesc) -> Self {
        let data = match layout_of(desc) {
            None => NonNull::<u64>::dangling().cast(),
            Some(layout) => {
                // SAFETY: the layout's size is not 0.
                let data = unsafe { std::alloc::alloc_zeroed(layout) };
                NonNull::new(data).unwrap_or_else(|| std::alloc::handle_alloc_error(layout))
            }
        };
        Self { data, desc }
    }

    /// Where the value lies. Whoever takes it away must leave zeroes.
    pub fn as_ptr(&self) -> *mut u8 {
        self.data.as_ptr()
    }

    /// Its type.
    pub fn desc(&self) -> &'static TypeDesc {
        self.desc
    }
}

impl Drop for OwnedValue {
    fn drop(&mut self) {
        // SAFETY: the memory holds a value of `desc` that is ours (or zeroes), allocated by `zeroed`.
        unsafe {
            dynop_values::walk::release(self.data.as_ptr(), self.desc);
            if let Some(layout) = layout_of(self.desc) {
                std::alloc::dealloc(self.data.as_ptr(), layout);
            }
        }
    }
}

fn layout_of(desc: &TypeDesc) -> Option<std::alloc::Layout> {
    if desc.size == 0 {
        return None;
    }
    std::alloc::Layout::from_size_align(desc.size as usize, 8).ok()
}

impl fmt::Debug for OwnedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedValue")
            .field("type", &self.desc.name.as_str())
            .finish_non_exhaustive()
    }
}
