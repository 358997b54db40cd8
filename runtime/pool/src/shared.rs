//! A run as its workers share it: the engine and what belongs to it under one lock, everything else beside.
//!
//! The lock is taken once a claim, once for every some hundred yielded keys, and for what happens once a family. It is
//! never held while a step runs, nor while values are made or released.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range as Positions;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use dynop_abi::plan::{Collect, Job, ROOT, StepId};
use dynop_engine::decide::State;
use dynop_engine::graph::{Graph, NodeId, NodeKind, StageId};
use dynop_engine::run::{Claim, Created, FamilyId, ROOT_FAMILY, Run, StreamEnd, StreamId};

use crate::request::{OwnedValue, RunRequest, StepCounts, StepFailure};
use crate::running::Yielding;
use crate::shape::Shape;
use crate::step_key;
use crate::store::{Family, Stream};
use crate::unpoisoned;
use crate::waiting::EXTRA;
use crate::worker::Range;

/// Keys that a step may write before it hands them on, at most.
const BATCH: u32 = 256;

/// A run.
pub(crate) struct Shared<'r> {
    pub request: &'r RunRequest<'r>,
    pub graph: &'r Graph,
    pub shape: &'r Shape,
    /// Levels of cloning, which is how many steps may wait in `yield` on one thread.
    pub depth: usize,
    core: Mutex<Core<'r>>,
    /// For workers without work.
    pub wake: Condvar,
    /// For steps that wait for fewer outstanding clones.
    pub room: Condvar,
    /// Workers that could be woken or started.
    idle: AtomicUsize,
    /// One a worker, of as many as there may be.
    pub ranges: Box<[Range]>,
    /// Keys after which a step hands them on.
    pub batch: u32,
    /// By [`Shared::order`], which is the order of the report.
    pub failures: Mutex<BTreeMap<Vec<u32>, Arc<Failed>>>,
    /// The failures at the root of upstream-failed clones, likewise.
    pub roots: Mutex<HashMap<Vec<u32>, Arc<Failed>>>,
    /// Whether the job asks for them: it takes failures as values.
    pub tells_roots: bool,
    /// Whether the observer wants to know how each step ended, see [`crate::told`].
    pub tells_ends: bool,
    /// Why fan-ins gave no value, by [`Shared::order`] with the node in the step's place.
    pub gather_failures: Mutex<HashMap<Vec<u32>, String>>,
    pub result: Mutex<Option<OwnedValue>>,
    /// For the thread that starts workers.
    pub more: Condvar,
    /// For steps that wait for their turn to start a command.
    pub turn: Condvar,
}

/// A failure of a step, as the report and as a `Result` have it.
pub(crate) struct Failed {
    pub failure: StepFailure,
    /// The mapping keys of the clone, joined by `/`.
    pub key: String,
    /// The trace as text.
    pub trace: String,
}

/// What is under the lock.
pub(crate) struct Core<'r> {
    pub run: Run<'r>,
    families: Vec<Option<Arc<Family<'r>>>>,
    streams: Vec<Option<Arc<Stream<'r>>>>,
    /// Streams into which steps yield.
    pub yielding: Vec<Arc<Stream<'r>>>,
    /// What each worker's range belongs to.
    pub current: Vec<(FamilyId, StageId)>,
    pub sleepers: usize,
    /// Workers that run.
    pub alive: usize,
    /// Workers that were started, that are wanted, and that there may be.
    pub started: usize,
    wanted: usize,
    /// Steps that may compute at once, and workers that there may be beyond these for steps that wait.
    pub limit: usize,
    pub extra: usize,
    /// Steps that wait for a command, a time, a socket; see [`crate::waiting`].
    pub blocked: usize,
    /// Commands that run.
    pub commands: usize,
    /// Steps that wait in `yield`.
    pub waiting: usize,
    /// Nothing runs, nothing can be claimed, and the run is not over.
    pub stuck: bool,
    retired: Vec<Arc<Family<'r>>>,
    retired_streams: Vec<Arc<Stream<'r>>>,
}

// SAFETY: what makes it not `Sync` by itself are the pointers to the parameters' values, which are marked as shared before the
// run begins and which nobody writes, and constants, likewise; everything that changes is behind a lock or atomic.
unsafe impl Sync for Shared<'_> {}

impl<'r> Core<'r> {
    pub fn is_over(&self) -> bool {
        self.run.is_finished() || self.stuck
    }

    /// A family that is not retired.
    pub fn family(&self, id: FamilyId) -> Arc<Family<'r>> {
        Arc::clone(
            self.families[id as usize]
                .as_ref()
                .expect("a claimed family is not retired"),
        )
    }

    /// Notes that everybody sleeps. That is a mistake of the engine, and must not be a run that never ends.
    pub fn note_stuck(&mut self) {
        self.stuck |= self.sleepers == self.alive && self.waiting == 0 && self.yielding.is_empty();
    }
}

impl<'r> Shared<'r> {
    pub fn new(request: &'r RunRequest<'r>, graph: &'r Graph, shape: &'r Shape) -> Self {
        let threads = request.threads.max(1);
        let extra = if threads == 1 { 0 } else { EXTRA };
        let root = &graph.scopes[ROOT as usize];
        let root = Family::new(
            &shape.scopes[ROOT as usize],
            root.nodes.len(),
            root.children.len(),
            None,
            None,
        );
        let core = Core {
            run: Run::new(graph),
            families: vec![Some(Arc::new(root))],
            streams: Vec::new(),
            yielding: Vec::new(),
            current: vec![(ROOT_FAMILY, 0); threads + extra],
            sleepers: 0,
            alive: 0,
            started: 0,
            wanted: 1,
            limit: threads,
            extra,
            blocked: 0,
            commands: 0,
            waiting: 0,
            stuck: false,
            retired: Vec::new(),
            retired_streams: Vec::new(),
        };
        let shared = Self {
            request,
            graph,
            shape,
            depth: graph.depth() as usize,
            core: Mutex::new(core),
            wake: Condvar::new(),
            room: Condvar::new(),
            idle: AtomicUsize::new(threads - 1),
            ranges: (0..threads + extra).map(|_| Range::default()).collect(),
            batch: (request.max_outstanding / 4).clamp(1, BATCH),
            failures: Mutex::default(),
            roots: Mutex::default(),
            tells_ends: request.observer.wants_ends(),
            tells_roots: graph.nodes.iter().any(|node| {
                matches!(&node.kind, NodeKind::Gather(gather) if gather.into == Collect::Results)
            }),
            gather_failures: Mutex::default(),
            result: Mutex::default(),
            more: Condvar::new(),
            turn: Condvar::new(),
        };
        shared.show_known(&shared.lock(), ROOT);
        shared
    }

    pub fn lock(&self) -> MutexGuard<'_, Core<'r>> {
        unpoisoned(self.core.lock())
    }

    pub fn is_heavy(&self, stage: StageId) -> bool {
        self.shape.stages[stage as usize].heavy
    }

    // ------------------------------------------------------------------------------------------------------- workers

    /// Whether there is a worker that could do with work.
    #[inline]
    pub fn is_idle(&self) -> bool {
        self.idle.load(Ordering::Relaxed) > 0
    }

    /// Notes how many workers could be woken or started.
    pub fn note_idle(&self, core: &Core<'r>) {
        let awake = core.started - core.sleepers;
        let idle = core.may_be_awake().saturating_sub(awake);
        self.idle.store(idle, Ordering::Relaxed);
    }

    /// Wakes a worker, or has one started.
    pub fn call_worker(&self, core: &mut Core<'r>) {
        let may_be_awake = core.may_be_awake();
        if core.started - core.sleepers >= may_be_awake {
            return;
        }
        if core.sleepers > 0 {
            self.wake.notify_one();
        } else if core.wanted == core.started {
            core.wanted += 1;
            self.more.notify_one();
        }
    }

    /// Starts workers as they are wanted, until the run is over. `start` gives whether a thread could be had.
    pub fn start_workers(&self, start: impl Fn(usize) -> bool) {
        let mut core = self.lock();
        while !core.is_over() {
            if core.wanted > core.started {
                let index = core.started;
                core.started += 1;
                core.alive += 1;
                drop(core);
                let could = start(index);
                core = self.lock();
                if !could {
                    // Those that run must do.
                    core.started -= 1;
                    core.alive -= 1;
                    core.wanted = core.started;
                    core.limit = core.limit.min(core.started);
                    core.extra = core.started - core.limit;
                    if core.limit == 0 {
                        return;
                    }
                }
                self.note_idle(&core);
                continue;
            }
            core = unpoisoned(self.more.wait(core));
        }
    }

    /// Ends the run without an outcome: the runtime has made a mistake.
    pub fn give_up(&self) {
        self.lock().stuck = true;
        self.request.cancel.cancel();
        self.wake.notify_all();
        self.room.notify_all();
        self.more.notify_all();
    }

    // -------------------------------------------------------------------------------------------------------- events

    /// Tells the engine how many keys of a stream there are; gives whether that was news.
    pub fn hand_on(&self, core: &mut Core<'r>, stream: StreamId, written: u32) -> bool {
        if !core.run.keys(stream, written) {
            return false;
        }
        if let Some(Some(known)) = core.streams.get(stream as usize) {
            let def = core.run.definition(known.id);
            for &scope in &self.graph.streams[def as usize].over {
                self.show_known(core, scope);
            }
        }
        if self.is_idle() && core.run.has_work(None) {
            self.call_worker(core);
        }
        true
    }

    /// A clone of a step with dynamic outputs begins, or will not run.
    pub fn start(
        &self,
        family: FamilyId,
        position: u32,
        step: StepId,
        into: &mut Vec<Yielding<'r>>,
    ) {
        let mut core = self.lock();
        let (begun, created) = core.run.start(family, position, step);
        for one in begun {
            let def = core.run.definition(one.stream);
            let shape = &self.shape.streams[def as usize];
            let stream = Arc::new(Stream::new(one.stream, def, shape));
            set(&mut core.streams, one.stream, Arc::clone(&stream));
            core.yielding.push(Arc::clone(&stream));
            into.push(Yielding {
                output: one.output,
                stream,
                published: 0,
            });
        }
        for one in created {
            self.create(&mut core, one);
        }
        if self.is_idle() && core.run.has_work(None) {
            self.call_worker(&mut core);
        }
    }

    /// A product's inner family comes to be.
    pub fn expand(&self, family: FamilyId, position: u32, node: NodeId) {
        let mut core = self.lock();
        if let Some(created) = core.run.expand(family, position, node) {
            self.create(&mut core, created);
            self.show_known(&core, created.scope);
        }
        if self.is_idle() && core.run.has_work(None) {
            self.call_worker(&mut core);
        }
    }

    fn create(&self, core: &mut Core<'r>, created: Created) {
        let scope = &self.graph.scopes[created.scope as usize];
        let parent = core.family(created.parent);
        let stream = core.streams[created.stream as usize].clone();
        let family = Arc::new(Family::new(
            &self.shape.scopes[created.scope as usize],
            scope.nodes.len(),
            scope.children.len(),
            Some((Arc::clone(&parent), created.position)),
            stream,
        ));
        // Without memory for it, what reads the family finds none; the step itself fails for the same reason soon.
        let _ = parent.set_child(scope.index as usize, created.position, &family);
        set(&mut core.families, created.family, family);
    }

    /// The streams of a clone have ended: everything is handed on.
    pub fn end(&self, yielding: &mut Vec<Yielding<'r>>, end: StreamEnd) {
        if yielding.is_empty() {
            return;
        }
        let mut core = self.lock();
        for one in yielding.drain(..) {
            let written = one.stream.written();
            let end = match end {
                StreamEnd::Complete if written == 0 && one.stream.shape.optional => {
                    StreamEnd::Skipped
                }
                end => end,
            };
            one.stream.set_end(end);
            // SAFETY: the step is over.
            unsafe { one.stream.close() };
            self.hand_on(&mut core, one.stream.id, written);
            core.yielding
                .retain(|other| !Arc::ptr_eq(other, &one.stream));
            core.run.end(one.stream.id, end);
        }
        if self.is_idle() && core.run.has_work(None) {
            self.call_worker(&mut core);
        }
        drop(self.collect_retired(core));
    }

    /// Positions of a claim are done.
    pub fn report<'g>(
        &'g self,
        mut core: MutexGuard<'g, Core<'r>>,
        claim: &Claim,
        done: Positions<u32>,
        exceptions: Vec<(u32, NodeId, State)>,
    ) -> MutexGuard<'g, Core<'r>> {
        if done.is_empty() {
            return core;
        }
        core.run
            .done(claim.family, claim.stage, done.start, done.end, &exceptions);
        for &node in &self.graph.stages[claim.stage as usize].nodes {
            if let NodeKind::Step(step) = self.graph.nodes[node as usize].kind {
                self.show_ended(&core, step);
            }
        }
        if core.waiting > 0 {
            self.room.notify_all();
        }
        if core.run.is_finished() {
            self.wake.notify_all();
            self.more.notify_all();
        }
        self.collect_retired(core)
    }

    /// Lets go of what nobody looks at again, outside of the lock.
    fn collect_retired<'g>(
        &'g self,
        mut core: MutexGuard<'g, Core<'r>>,
    ) -> MutexGuard<'g, Core<'r>> {
        for id in core.run.take_retired() {
            let family = core.families[id as usize].take();
            core.retired.extend(family);
        }
        for id in core.run.take_retired_streams() {
            let stream = core.streams[id as usize].take();
            core.retired_streams.extend(stream);
        }
        if core.retired.is_empty() && core.retired_streams.is_empty() {
            return core;
        }
        let families = std::mem::take(&mut core.retired);
        let streams = std::mem::take(&mut core.retired_streams);
        drop(core);
        drop((families, streams));
        self.lock()
    }

    // ------------------------------------------------------------------------------------------------- what is shown

    fn show_known(&self, core: &Core<'r>, scope: u32) {
        for &step in &self.shape.scopes[scope as usize].steps {
            if let Some(shown) = self.request.progress.steps.get(step as usize) {
                shown
                    .known
                    .store(core.run.counts(step).known, Ordering::Relaxed);
            }
        }
    }

    fn show_ended(&self, core: &Core<'r>, step: StepId) {
        if let Some(shown) = self.request.progress.steps.get(step as usize) {
            let counts = core.run.counts(step);
            shown.ended.store(counts.ended(), Ordering::Relaxed);
            shown
                .failed
                .store(counts.of(State::Failed), Ordering::Relaxed);
        }
    }

    /// Clones of each step by the state they ended in.
    pub fn counts(&self) -> Vec<StepCounts> {
        let core = self.lock();
        (0..self.request.job.steps.len() as StepId)
            .map(|step| {
                let counts = core.run.counts(step);
                StepCounts {
                    succeeded: counts.of(State::Succeeded),
                    failed: counts.of(State::Failed),
                    skipped: counts.of(State::Skipped),
                    upstream_failed: counts.of(State::UpstreamFailed),
                    cancelled: counts.of(State::Cancelled),
                }
            })
            .collect()
    }

    /// `name[key][key]` of a clone.
    pub fn step_key(&self, step: StepId, family: &Family<'r>, position: u32) -> String {
        let mut text = self.job().steps[step as usize].name.clone();
        for key in keys(family, position) {
            step_key::push_parts(&mut text, key);
        }
        text
    }

    /// Where a clone stands among the failures: by step, then by the positions from the outermost.
    pub fn order(&self, step: StepId, family: &Family<'r>, position: u32) -> Vec<u32> {
        let mut order = Vec::new();
        let (mut family, mut position) = (family, position);
        while let Some(parent) = &family.parent {
            order.push(position);
            position = family.position;
            family = parent;
        }
        order.push(step);
        order.reverse();
        order
    }

    pub fn job(&self) -> &'r Job {
        self.request.job
    }
}

/// The mapping keys of an instance, from the outermost.
pub(crate) fn keys<'f>(family: &'f Family<'_>, position: u32) -> Vec<&'f str> {
    let mut keys = Vec::new();
    let (mut family, mut position) = (family, position);
    while let Some(stream) = &family.stream {
        keys.push(stream.key(position));
        position = family.position;
        match &family.parent {
            Some(parent) => family = parent,
            None => break,
        }
    }
    keys.reverse();
    keys
}

fn set<T>(list: &mut Vec<Option<Arc<T>>>, id: u32, value: Arc<T>) {
    let id = id as usize;
    if list.len() <= id {
        list.resize_with(id + 1, || None);
    }
    list[id] = Some(value);
}
