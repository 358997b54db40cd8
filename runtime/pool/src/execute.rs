//! Running a stage for one position after another: the nodes of a chain in their order, with values handed from one to
//! the next in the frame where that is all who want them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use dynop_abi::context::{FAILED, OK, OpCode, StepContext};
use dynop_abi::desc::TypeDesc;
use dynop_abi::plan::StepId;
use dynop_engine::decide::{State, Verdict};
use dynop_engine::graph::{NodeId, NodeKind, StageId};
use dynop_engine::run::{FamilyId, StreamEnd};
use dynop_values::{NoMemory, walk};

use crate::failure::Kind;
use crate::make::{GatherFailure, Level, View};
use crate::request::OwnedValue;
use crate::running::{NO_SITE, Running};
use crate::shape::{Home, Input, NodeShape};
use crate::shared::{Failed, Shared, keys};
use crate::step_key;
use crate::store::Family;
use crate::unpoisoned;
use crate::worker::Worker;
use crate::{NATIVE_STACK, STEP_STACK};

/// A stage that is run for some positions of a family.
pub(crate) struct StageRun<'c, 's, 'r> {
    pub(crate) shared: &'s Shared<'r>,
    pub(crate) family: &'c Arc<Family<'r>>,
    pub(crate) id: FamilyId,
    nodes: &'r [NodeId],
    pub(crate) running: *mut Running<'s, 'r>,
    /// The frame, in words. What is taken out of it is zeroed.
    frame: Vec<u64>,
    /// Own instance first.
    pub(crate) levels: Vec<Level<'c, 'r>>,
    /// How the nodes ended at this position.
    states: Vec<State>,
    /// What instances further out come to, the same at every position.
    outer: Vec<Verdict>,
    arguments: Vec<*mut u8>,
    exceptions: Vec<(u32, NodeId, State)>,
    /// No memory for the rows around: nothing can run.
    broken: bool,
    /// An instance around stands for a failure.
    bad: bool,
}

impl<'c, 's, 'r> StageRun<'c, 's, 'r> {
    pub fn new(
        shared: &'s Shared<'r>,
        worker: &Worker<'s, 'r>,
        depth: usize,
        id: FamilyId,
        family: &'c Arc<Family<'r>>,
        stage: StageId,
    ) -> Self {
        let nodes = &shared.graph.stages[stage as usize].nodes;
        let running = worker.contexts.get(depth).unwrap_or(std::ptr::null_mut());
        let mut run = Self {
            shared,
            family,
            id,
            nodes,
            running,
            frame: vec![0; shared.shape.stages[stage as usize].frame],
            levels: Vec::with_capacity(shared.depth + 1),
            states: vec![State::Waiting; nodes.len()],
            outer: Vec::new(),
            arguments: Vec::new(),
            exceptions: Vec::new(),
            // Steps that wait in `yield` run ever deeper scopes, so there is a context for each.
            broken: running.is_null(),
            bad: false,
        };
        let around = Level::new(family, 0).and_then(|own| own.around(&mut run.levels));
        run.broken |= around.is_err();
        run.bad = run.levels.iter().skip(1).any(is_bad);
        if !run.broken {
            // SAFETY: the context is this claim's until it is done.
            unsafe { (*running).enter(stack_limit()) };
            let view = run.view();
            let of = |node: &NodeId| view.verdict(&shared.shape.nodes[*node as usize].outer_checks);
            run.outer = nodes.iter().map(of).collect();
        }
        run
    }

    fn view(&self) -> View<'_, 'c, 'r> {
        View {
            levels: &self.levels,
            frame: self.frame.as_ptr().cast_mut().cast(),
            states: &self.states,
        }
    }

    /// What did not succeed since the last call.
    pub fn take_exceptions(&mut self) -> Vec<(u32, NodeId, State)> {
        std::mem::take(&mut self.exceptions)
    }

    /// Runs the stage for one position.
    pub fn position(&mut self, position: u32) {
        let here = if self.broken {
            Err(NoMemory)
        } else {
            Level::new(self.family, position)
        };
        match here {
            Ok(level) => self.levels[0] = level,
            Err(NoMemory) => {
                self.all_without_memory(position);
                return;
            }
        }
        let bad = self.bad || is_bad(&self.levels[0]);
        for index in 0..self.nodes.len() {
            let node = self.nodes[index];
            let shape = &self.shared.shape.nodes[node as usize];
            let verdict = match bad {
                true => Verdict::Failed,
                false => self.outer[index].max(self.view().verdict(&shape.checks)),
            };
            let verdict = match verdict {
                Verdict::Ready => Verdict::Ready,
                bad => self.bad_verdict(node, bad),
            };
            let state = match verdict.state() {
                None if self.is_cancelled(node) => State::Cancelled,
                None => self.run(node, shape),
                Some(State::UpstreamFailed) => self.upstream_failed(node, shape),
                Some(state) => state,
            };
            if state != State::Succeeded {
                self.exception(position, node, shape, state);
                if self.shared.tells_roots && state == State::UpstreamFailed {
                    self.shared.note_root(node, &self.levels);
                }
            }
            if self.shared.tells_ends
                && let NodeKind::Step(step) = self.shared.graph.nodes[node as usize].kind
            {
                self.tell_end(step, shape, state);
            }
            self.states[index] = state;
        }
        self.clear_frame();
    }

    /// Whether a node does not run because the run is cancelled. The instances of a product come to be all the same: what
    /// waits for their clones waits for them.
    fn is_cancelled(&self, node: NodeId) -> bool {
        self.shared.request.cancel.is_requested()
            && !matches!(
                self.shared.graph.nodes[node as usize].kind,
                NodeKind::Expand(_)
            )
    }

    /// What becomes of a node that can't run: everything is upstream-failed or skipped, down to the clones of products,
    /// whose instances must therefore come to be.
    #[cold]
    fn bad_verdict(&self, node: NodeId, verdict: Verdict) -> Verdict {
        match self.shared.graph.nodes[node as usize].kind {
            NodeKind::Expand(_) => Verdict::Ready,
            _ => verdict,
        }
    }

    /// A clone that does not run because of a failure before it. Where that is a fan-in that could not be made, there is no
    /// failed step yet: the clone that wanted it is the one.
    #[cold]
    fn upstream_failed(&mut self, node: NodeId, shape: &'r NodeShape) -> State {
        let NodeKind::Step(step) = self.shared.graph.nodes[node as usize].kind else {
            return State::UpstreamFailed;
        };
        let checks = shape.checks.iter().chain(&shape.outer_checks);
        let mut message = None;
        let nodes = &self.shared.graph.nodes;
        let is_gather = |node: &NodeId| matches!(nodes[*node as usize].kind, NodeKind::Gather(_));
        for gather in checks.filter_map(|check| check.node).filter(is_gather) {
            let scope = self.shared.graph.nodes[gather as usize].scope;
            let own = self.shared.graph.nodes[node as usize].scope;
            let depth = |scope: u32| self.shared.graph.scopes[scope as usize].depth as usize;
            let level = &self.levels[depth(own) - depth(scope)];
            let order = self.shared.order(gather, level.family, level.position);
            let failures = unpoisoned(self.shared.gather_failures.lock());
            message = message.or_else(|| failures.get(&order).cloned());
        }
        let Some(message) = message else {
            return State::UpstreamFailed;
        };
        self.begin(step);
        // SAFETY: the context is this claim's.
        unsafe { (*self.running).fail(Kind::Key, NO_SITE, message) };
        self.failed(self.levels[0].position, step);
        State::Failed
    }

    #[cold]
    fn exception(&mut self, position: u32, node: NodeId, shape: &NodeShape, state: State) {
        if let (true, NodeKind::Step(step)) =
            (shape.dynamic, &self.shared.graph.nodes[node as usize].kind)
        {
            // SAFETY: the context is this claim's.
            let running = unsafe { &mut *self.running };
            if !matches!(state, State::Failed) && running.yielding.is_empty() {
                let step = *step;
                self.shared
                    .start(self.id, position, step, &mut running.yielding);
            }
            let end = match state {
                State::Skipped => StreamEnd::Skipped,
                State::Cancelled => StreamEnd::Cancelled,
                _ => StreamEnd::Failed,
            };
            self.shared.end(&mut running.yielding, end);
        }
        self.exceptions.push((position, node, state));
        // Without memory for the byte, consumers see a success without a value, which is the empty one: so they must not
        // run. The run is cancelled instead.
        if self.family.set_state(shape.local, position, state).is_err() {
            self.shared.request.cancel.cancel();
        }
    }

    /// There is no memory for the clone's row: its steps fail.
    #[cold]
    fn all_without_memory(&mut self, position: u32) {
        for index in 0..self.nodes.len() {
            let node = self.nodes[index];
            let shape = &self.shared.shape.nodes[node as usize];
            if let (Some(running), NodeKind::Step(step)) = (
                // SAFETY: the context is this claim's.
                unsafe { self.running.as_mut() },
                &self.shared.graph.nodes[node as usize].kind,
            ) {
                running.step = *step;
                running.family = Arc::as_ptr(self.family);
                running.position = position;
                running.fail(Kind::Memory, NO_SITE, "no memory for the step".into());
                self.failed(position, *step);
            }
            self.exception(position, node, shape, State::Failed);
        }
    }

    /// Releases what nobody took.
    fn clear_frame(&mut self) {
        for &node in self.nodes {
            for output in &self.shared.shape.nodes[node as usize].outputs {
                if let (Home::Frame(at), false) =
                    (output.home, output.dynamic || output.desc.is_plain())
                {
                    // SAFETY: the frame holds a value of this type there, or zeroes.
                    unsafe {
                        let place = self.frame.as_mut_ptr().cast::<u8>().add(at as usize);
                        walk::release(place, output.desc);
                        zero(place, output.desc);
                    }
                }
            }
        }
    }

    fn run(&mut self, node: NodeId, shape: &'r NodeShape) -> State {
        let shared = self.shared;
        match &shared.graph.nodes[node as usize].kind {
            NodeKind::Step(step) if !shape.sides.is_empty() => self.join(*step, shape),
            NodeKind::Step(step) => self.step(*step, shape),
            NodeKind::Gather(_) => self.gather(node, shape),
            NodeKind::Barrier => State::Succeeded,
            NodeKind::Expand(_) => {
                shared.expand(self.id, self.levels[0].position, node);
                State::Succeeded
            }
            NodeKind::Result => self.result(shape),
        }
    }

    fn gather(&mut self, node: NodeId, shape: &'r NodeShape) -> State {
        let (Some(gather), [output]) = (&shape.gather, shape.outputs.as_slice()) else {
            return State::Failed;
        };
        let place = self.home(output.home);
        // SAFETY: the place is for the list or map, and zeroed; the engine runs this when all clones have ended.
        let made = unsafe { self.shared.gather(gather, self.view(), place) };
        if let Err(failure) = made {
            let order = self
                .shared
                .order(node, self.family, self.levels[0].position);
            let message = match failure {
                GatherFailure::Missing(verdict, root) => {
                    if let (true, Some(root)) = (self.shared.tells_roots, root) {
                        unpoisoned(self.shared.roots.lock()).insert(order, root);
                    }
                    return verdict.state().unwrap_or(State::UpstreamFailed);
                }
                GatherFailure::Memory => "no memory for the collected values".to_owned(),
                GatherFailure::Twice(message) => message,
            };
            unpoisoned(self.shared.gather_failures.lock()).insert(order, message);
            return State::Failed;
        }
        if let Home::Row(_) = output.home {
            // SAFETY: the value was just made there.
            unsafe { walk::share(place, output.desc) };
        }
        State::Succeeded
    }

    fn result(&mut self, shape: &'r NodeShape) -> State {
        let desc = self.shared.request.program.types[self.shared.job().result_type as usize];
        let value = OwnedValue::zeroed(desc);
        let made = match shape.inputs.first() {
            Some(Input::Made(recipe, _, _)) => {
                // SAFETY: zeroed memory for a value of the result's type.
                unsafe { self.shared.make(recipe, self.view(), value.as_ptr(), desc) }
            }
            Some(Input::Lies(slot, _)) => {
                let from = self.view().slot(*slot);
                // SAFETY: the value lies there, and is moved.
                unsafe {
                    std::ptr::copy_nonoverlapping(from, value.as_ptr(), desc.size as usize);
                    zero(from, desc);
                }
                Ok(())
            }
            None => Ok(()),
        };
        if made.is_err() {
            return State::Failed;
        }
        // SAFETY: the value is ours.
        unsafe { walk::share(value.as_ptr(), desc) };
        *unpoisoned(self.shared.result.lock()) = Some(value);
        State::Succeeded
    }

    pub(crate) fn home(&self, home: Home) -> *mut u8 {
        // SAFETY: the shape's bytes lie within the frame and the row.
        unsafe {
            match home {
                Home::Frame(at) => self.frame.as_ptr().cast::<u8>().cast_mut().add(at as usize),
                Home::Row(at) => self.levels[0].row.add(at as usize),
            }
        }
    }

    // -------------------------------------------------------------------------------------------------------- a step

    /// Makes the context the step's.
    pub(crate) fn begin(&mut self, step: StepId) {
        // SAFETY: the context is this claim's; nested claims have others.
        let running = unsafe { &mut *self.running };
        running.step = step;
        running.family = Arc::as_ptr(self.family);
        running.position = self.levels[0].position;
        running.handed_on = None;
    }

    fn step(&mut self, step: StepId, shape: &'r NodeShape) -> State {
        let position = self.levels[0].position;
        self.begin(step);
        // SAFETY: as in `begin`.
        let running = unsafe { &mut *self.running };
        if shape.dynamic {
            self.shared
                .start(self.id, position, step, &mut running.yielding);
        }
        running.base.begin();
        let op = self.shared.job().steps[step as usize].action.op();
        let mut status = FAILED;
        if self.inputs(shape).is_ok() {
            let out = match shape.outputs.as_slice() {
                [output] if shape.returns => self.home(output.home),
                _ => std::ptr::null_mut(),
            };
            let code = self.shared.request.program.code[op.unwrap_or_default() as usize];
            status = call(code, self.running, &self.arguments, out);
            running.base.end();
            self.forget_inputs(shape);
        } else {
            running.fail(
                Kind::Memory,
                NO_SITE,
                "no memory for the step's inputs".into(),
            );
        }
        self.finish(step, shape, status)
    }

    /// Makes the arguments, and lists where they lie.
    fn inputs(&mut self, shape: &NodeShape) -> Result<(), NoMemory> {
        self.arguments.clear();
        for input in &shape.inputs {
            let place = match input {
                Input::Lies(slot, _) => self.view().slot(*slot),
                Input::Made(recipe, at, desc) => {
                    let place = self.home(Home::Frame(*at));
                    // SAFETY: the frame has zeroed memory for the argument there.
                    let made = unsafe { self.shared.make(recipe, self.view(), place, desc) };
                    if made.is_err() {
                        self.release_inputs(shape);
                        return made;
                    }
                    place
                }
            };
            self.arguments.push(place);
        }
        Ok(())
    }

    /// The op has taken its arguments over, whatever became of it.
    fn forget_inputs(&mut self, shape: &NodeShape) {
        for (input, &place) in shape.inputs.iter().zip(&self.arguments) {
            let (Input::Lies(_, desc) | Input::Made(_, _, desc)) = input;
            // SAFETY: the place is for a value of the type.
            unsafe { zero(place, desc) };
        }
    }

    /// The op does not run: what was made for it is released.
    #[cold]
    fn release_inputs(&mut self, shape: &NodeShape) {
        for input in &shape.inputs {
            if let Input::Made(_, at, desc) = input {
                let place = self.home(Home::Frame(*at));
                // SAFETY: a valid value, or zeroes.
                unsafe {
                    walk::release(place, desc);
                    zero(place, desc);
                }
            }
        }
    }

    /// Takes what the op made.
    #[inline]
    fn finish(&mut self, step: StepId, shape: &'r NodeShape, status: u32) -> State {
        // SAFETY: the context is this claim's, and the op is over.
        let running = unsafe { &mut *self.running };
        if status == OK && running.failure.is_none() {
            let taken = match shape.outputs.as_slice() {
                [] => true,
                [output] if shape.returns => {
                    if let Home::Row(at) = output.home {
                        // SAFETY: the op has written its output there.
                        unsafe { walk::share(self.levels[0].row.add(at as usize), output.desc) };
                    }
                    if let Some(at) = output.present {
                        // SAFETY: the row's byte for it.
                        unsafe { self.levels[0].row.add(at as usize).write(1) };
                    }
                    true
                }
                _ => self.take_outputs(step, shape),
            };
            if taken {
                return State::Succeeded;
            }
        }
        self.finish_failed(step, shape)
    }

    /// Takes outputs that were handed over one by one, and items that were returned.
    fn take_outputs(&mut self, step: StepId, shape: &'r NodeShape) -> bool {
        // SAFETY: as in `finish`.
        let running = unsafe { &mut *self.running };
        for (index, output) in shape.outputs.iter().enumerate() {
            if output.dynamic {
                continue;
            }
            let Some(value) = running.outputs.get_mut(index).and_then(Option::take) else {
                if output.required {
                    self.missing(step, index);
                    return false;
                }
                continue;
            };
            let place = self.home(output.home);
            // SAFETY: the place is for a value of the type; what the op may have written there is released.
            unsafe {
                walk::release(place, output.desc);
                std::ptr::copy_nonoverlapping(value.as_ptr(), place, output.desc.size as usize);
                zero(value.as_ptr(), output.desc);
                if let Home::Row(_) = output.home {
                    walk::share(place, output.desc);
                }
                if let Some(at) = output.present {
                    self.levels[0].row.add(at as usize).write(1);
                }
            }
        }
        running.outputs.clear();
        if shape.dynamic {
            if !running.release_returned() {
                return false;
            }
            self.shared.end(&mut running.yielding, StreamEnd::Complete);
        }
        true
    }

    #[cold]
    fn missing(&mut self, step: StepId, output: usize) {
        let _ = step;
        // SAFETY: as in `finish`.
        let running = unsafe { &mut *self.running };
        let op = running.op();
        let name = op.outputs.get(output).map_or("?", |output| &output.name);
        let message = format!("`{}` ended without its output `{name}`", op.name);
        running.fail(Kind::Output, NO_SITE, message);
    }

    #[cold]
    pub(crate) fn finish_failed(&mut self, step: StepId, shape: &'r NodeShape) -> State {
        // SAFETY: as in `finish`.
        let running = unsafe { &mut *self.running };
        running.outputs.clear();
        running.returned.clear();
        running.returned_keys.clear();
        for output in shape.outputs.iter().filter(|output| !output.dynamic) {
            let place = self.home(output.home);
            // SAFETY: what the op may have written of its output, or zeroes.
            unsafe {
                walk::release(place, output.desc);
                zero(place, output.desc);
            }
        }
        let cancelled = running
            .failure
            .as_ref()
            .is_some_and(|failure| failure.kind == Kind::Cancelled);
        if cancelled {
            running.failure = None;
            return State::Cancelled;
        }
        self.failed(self.levels[0].position, step);
        State::Failed
    }

    /// Keeps the recorded failure for the report.
    fn failed(&self, position: u32, step: StepId) {
        // SAFETY: as in `finish`.
        let running = unsafe { &mut *self.running };
        let trace = running.failure.as_ref();
        let trace = trace.map_or_else(String::new, |recorded| running.trace_text(recorded));
        let mut failure = running.report(self.shared.step_key(step, self.family, position));
        if failure.place.is_none() {
            failure.place = running.op_place();
        }
        self.shared.request.observer.step_failed(&failure);
        let order = self.shared.order(step, self.family, position);
        let failed = Arc::new(Failed {
            failure,
            key: step_key::joined(&keys(self.family, position).join("/")),
            trace,
        });
        unpoisoned(self.shared.failures.lock()).insert(order, failed);
    }
}

/// Whether the instance stands for a failure.
fn is_bad(level: &Level<'_, '_>) -> bool {
    let stream = level.family.stream.as_ref();
    stream.is_some_and(|stream| stream.is_bad(level.position))
}

impl Drop for StageRun<'_, '_, '_> {
    fn drop(&mut self) {
        if !self.broken {
            self.clear_frame();
        }
    }
}

/// Calls an op. A panic of a native function is its failure.
fn call(code: OpCode, running: *mut Running<'_, '_>, arguments: &[*mut u8], out: *mut u8) -> u32 {
    let context: *mut StepContext = running.cast();
    // SAFETY: the code was compiled for this op: its inputs have the declared types, and so has its output.
    let status = catch_unwind(AssertUnwindSafe(|| unsafe {
        code(context, arguments.as_ptr(), out)
    }));
    status.unwrap_or_else(|_| {
        // SAFETY: the context is the caller's, and the op is over.
        unsafe { (*running).fail(Kind::Panic, NO_SITE, "a native function panicked".into()) };
        FAILED
    })
}

/// Writes zeroes where a value was.
#[inline]
unsafe fn zero(place: *mut u8, desc: &TypeDesc) {
    // SAFETY: the caller's promise: the place is for a value of the type.
    unsafe { std::ptr::write_bytes(place, 0, desc.size as usize) };
}

/// How far down the stack the steps that begin here may go.
#[inline(never)]
fn stack_limit() -> u64 {
    let here = 0u8;
    (&raw const here as u64).saturating_sub((STEP_STACK - NATIVE_STACK) as u64)
}
