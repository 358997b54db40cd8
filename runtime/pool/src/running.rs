//! What a running step is given: the context that compiled code sees, with the run behind it.

use std::cell::{Cell, UnsafeCell};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use dynop_abi::context::{StepContext, WaitFor};
use dynop_abi::layout::StrRepr;
use dynop_abi::plan::{Place, StepId};
use dynop_values::{Owned, text};

use crate::failure::Kind;
use crate::request::{StepFailure, TraceEntry};
use crate::shared::Shared;
use crate::store::{Family, Stream};
use crate::told::ToldItem;
use crate::waiting::WAITS;
use crate::worker::Worker;

/// No place in the source.
pub(crate) const NO_SITE: u32 = u32::MAX;

/// A failure that the running step recorded.
pub(crate) struct Recorded {
    pub kind: Kind,
    pub message: String,
    pub site: u32,
    pub trace: Vec<u32>,
    pub related: Option<(String, u32)>,
}

/// A dynamic output of the running step.
pub(crate) struct Yielding<'r> {
    /// Index among the op's outputs.
    pub output: u32,
    pub stream: Arc<Stream<'r>>,
    /// How many keys the engine knows of.
    pub published: u32,
}

/// An item of a returned list, kept until the op has succeeded.
pub(crate) struct Returned {
    pub output: u32,
    pub value: Owned,
    pub key: Key,
    pub site: u32,
}

/// A mapping key of a returned item.
pub(crate) struct Key(pub StrRepr);

impl Drop for Key {
    fn drop(&mut self) {
        // SAFETY: a text that is ours.
        unsafe { text::release(&self.0) }
    }
}

/// The context of one running step.
#[repr(C)]
pub(crate) struct Running<'s, 'r> {
    /// What compiled code reads; first, at its fixed place.
    pub base: StepContext,
    pub shared: &'s Shared<'r>,
    /// The worker, for what runs while this waits in `yield`.
    pub worker: *const Worker<'s, 'r>,
    /// How many steps wait in `yield` below this one on the worker's stack.
    pub depth: usize,
    pub step: StepId,
    /// The clone: a family and the position in it. Null before the first step.
    pub family: *const Family<'r>,
    pub position: u32,
    pub failure: Option<Recorded>,
    /// What the step waits for, see [`crate::waiting`].
    pub waits_for: Cell<Option<WaitFor>>,
    /// Plain outputs handed over by `dyn_output`.
    pub outputs: Vec<Option<Owned>>,
    pub yielding: Vec<Yielding<'r>>,
    /// When the step last handed keys on.
    pub handed_on: Option<Instant>,
    pub returned: Vec<Returned>,
    /// Items that the step yielded, where the observer wants them.
    pub told: Vec<ToldItem>,
    /// Outputs and keys of `returned`.
    pub returned_keys: HashSet<(u32, Box<[u8]>)>,
}

impl Running<'_, '_> {
    /// Records a failure; the first one counts.
    #[cold]
    pub fn fail(&mut self, kind: Kind, site: u32, message: String) {
        if self.failure.is_none() {
            self.failure = Some(Recorded {
                kind,
                message,
                site,
                trace: Vec::new(),
                related: None,
            });
        }
    }

    /// Makes the context ready for steps on the stack that ends at `stack_limit`.
    pub fn enter(&self, stack_limit: u64) {
        self.base.poll.store(0, Ordering::SeqCst);
        self.base.stack_limit.store(stack_limit, Ordering::SeqCst);
        // A canceller sets the flag, then these two; see `cancel`.
        if self.shared.request.cancel.is_requested() {
            self.base.poll.store(1, Ordering::SeqCst);
            self.base.stack_limit.store(u64::MAX, Ordering::SeqCst);
        }
    }

    /// A place by its number.
    pub fn place(&self, site: u32) -> Option<(String, Place)> {
        let site = self.shared.request.program.sites.get(site as usize)?;
        if site.line == 0 {
            return None;
        }
        let place = Place {
            file: site.file.as_str().to_owned(),
            line: site.line,
            column: site.column,
        };
        Some((site.function.as_str().to_owned(), place))
    }

    /// The recorded failure for the report.
    pub fn report(&mut self, step_key: String) -> StepFailure {
        let recorded = self.failure.take().unwrap_or_else(|| Recorded {
            kind: Kind::Panic,
            message: "the op failed without saying why; this is a bug of the runtime".into(),
            site: NO_SITE,
            trace: Vec::new(),
            related: None,
        });
        let trace = recorded.trace.iter().filter_map(|&site| self.place(site));
        StepFailure {
            step_key,
            step: self.step,
            message: recorded.message,
            kind: recorded.kind.word(),
            place: self.place(recorded.site).map(|(_, place)| place),
            trace: trace
                .map(|(function, place)| TraceEntry { function, place })
                .collect(),
            related: recorded
                .related
                .and_then(|(text, site)| Some((text, self.place(site)?.1))),
        }
    }

    /// The trace as text, as `catch` gives it.
    pub fn trace_text(&self, recorded: &Recorded) -> String {
        let mut lines = Vec::new();
        for site in std::iter::once(&recorded.site).chain(&recorded.trace) {
            if let Some((function, place)) = self.place(*site) {
                lines.push(format!(
                    "{function} at {}:{}:{}",
                    place.file, place.line, place.column
                ));
            }
        }
        lines.join("\n")
    }
}

/// The contexts of one worker: one for the step it runs, and one more for each that may run while that one waits.
/// They are made once, since each is known to whoever cancels the run.
pub(crate) struct Contexts<'s, 'r> {
    list: Box<[UnsafeCell<Running<'s, 'r>>]>,
}

impl<'s, 'r> Contexts<'s, 'r> {
    /// As many as `count`, not yet known to the canceller.
    pub fn new(shared: &'s Shared<'r>, count: usize) -> Self {
        let list = (0..count).map(|depth| {
            UnsafeCell::new(Running {
                base: StepContext {
                    waits: Some(&WAITS),
                    ..StepContext::new()
                },
                shared,
                worker: std::ptr::null(),
                depth,
                step: 0,
                family: std::ptr::null(),
                position: 0,
                failure: None,
                waits_for: Cell::new(None),
                outputs: Vec::new(),
                yielding: Vec::new(),
                handed_on: None,
                told: Vec::new(),
                returned: Vec::new(),
                returned_keys: HashSet::new(),
            })
        });
        Self {
            list: list.collect(),
        }
    }

    /// The context of a depth. It is used by one call at a time: calls nest, and each takes the next depth.
    pub fn get(&self, depth: usize) -> Option<*mut Running<'s, 'r>> {
        self.list.get(depth).map(UnsafeCell::get)
    }

    /// Addresses of all contexts.
    pub fn addresses(&self) -> Vec<*const StepContext> {
        self.list
            .iter()
            .map(|running| running.get().cast_const().cast())
            .collect()
    }
}
