//! What a running step is given: the context that compiled code sees, with the run behind it.

use std::cell::UnsafeCell;
use std::collections::HashSet;

use dynop_abi::context::StepContext;
use dynop_abi::plan::Place;

use super::state::{Item, NodeId, Shared};
use super::value::Value;
use crate::failure::Kind;
use crate::request::{StepFailure, TraceEntry};

/// No place in the source.
pub(super) const NO_SITE: u32 = u32::MAX;

/// A failure that the running step recorded.
pub(super) struct Recorded {
    pub kind: Kind,
    pub message: String,
    pub site: u32,
    pub trace: Vec<u32>,
    pub related: Option<(String, u32)>,
}

/// The context of one running step.
#[repr(C)]
pub(super) struct Running<'r> {
    /// What compiled code reads; first, at its fixed place.
    pub base: StepContext,
    pub shared: &'r Shared<'r>,
    /// The worker's frames, for what runs while this waits in `yield`.
    pub frames: *const Frames<'r>,
    pub depth: usize,
    pub node: NodeId,
    pub step: u32,
    pub failure: Option<Recorded>,
    /// Plain outputs handed over by `dyn_output`.
    pub outputs: Vec<Option<Value>>,
    /// Items of returned lists.
    pub returned: Vec<(u32, Item)>,
    /// Their outputs and keys.
    pub returned_keys: HashSet<(u32, std::sync::Arc<str>)>,
}

impl Running<'_> {
    /// Records a failure; the first one counts.
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
    pub fn report(&mut self, step_key: String, step: u32) -> StepFailure {
        let recorded = self.failure.take().unwrap_or_else(|| Recorded {
            kind: Kind::Panic,
            message: "the op failed without saying why; this is a bug of the runtime".into(),
            site: NO_SITE,
            trace: Vec::new(),
            related: None,
        });
        let mut trace: Vec<TraceEntry> = Vec::new();
        for &site in &recorded.trace {
            if let Some((function, place)) = self.place(site) {
                trace.push(TraceEntry { function, place });
            }
        }
        StepFailure {
            step_key,
            step,
            message: recorded.message,
            kind: recorded.kind.word(),
            place: self.place(recorded.site).map(|(_, place)| place),
            trace,
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
pub(super) struct Frames<'r> {
    list: Box<[UnsafeCell<Running<'r>>]>,
}

impl<'r> Frames<'r> {
    pub fn new(shared: &'r Shared<'r>, count: usize) -> Box<Self> {
        let mut frames = Box::new(Self {
            list: Box::default(),
        });
        let address: *const Self = &raw const *frames;
        let list = (0..count).map(|depth| {
            UnsafeCell::new(Running {
                base: StepContext::new(),
                shared,
                frames: address,
                depth,
                node: 0,
                step: 0,
                failure: None,
                outputs: Vec::new(),
                returned: Vec::new(),
                returned_keys: HashSet::new(),
            })
        });
        frames.list = list.collect();
        for running in &frames.list {
            shared.request.cancel.register(running.get().cast());
        }
        frames
    }

    /// The frame of a depth. It is used by one call at a time: calls nest, and each takes the next depth.
    pub fn get(&self, depth: usize) -> Option<*mut Running<'r>> {
        self.list.get(depth).map(|running| running.get())
    }

    /// Addresses of all contexts.
    pub fn contexts(&self) -> Vec<*const StepContext> {
        self.list
            .iter()
            .map(|running| running.get().cast_const().cast())
            .collect()
    }
}
