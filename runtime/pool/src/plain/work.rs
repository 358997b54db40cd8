//! Workers: taking nodes from the queue and running them.
//!
//! Between two nodes a worker takes the lock once: it ends the one, which may make others ready, takes the next, and
//! gathers what that one needs. A node that has just become ready is on top of the stack, so chains run on one thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::MutexGuard;
use std::sync::atomic::Ordering;

use dynop_abi::context::{FAILED, OK, StepContext};
use dynop_abi::desc::TypeDesc;
use dynop_values::Owned;

use super::context::{Frames, NO_SITE, Running};
use super::sources::Recipe;
use super::state::{End, InstanceId, NodeId, Outputs, SetId, Shared, State};
use super::value::Value;
use super::{NATIVE_STACK, STEP_STACK, unpoisoned};
use crate::failure::Kind;

type Guard<'g> = MutexGuard<'g, State>;

/// A node with what it needs, ready to run without the lock.
struct Prepared<'p> {
    node: NodeId,
    step: u32,
    recipes: Vec<Recipe<'p>>,
}

impl Shared<'_> {
    /// Runs nodes until all have ended.
    pub fn worker(&self) {
        let depth = (0..self.job.scopes.len() as u32)
            .map(|scope| self.job.chain(scope).len())
            .max()
            .unwrap_or(0);
        let frames = Frames::new(self, depth + 1);
        let mut state = self.lock();
        loop {
            if let Some(node) = state.queue.pop() {
                state = self.run_node(state, node, &frames, 0);
            } else if state.open == 0 {
                break;
            } else {
                state = self.sleep(state);
            }
        }
        drop(state);
        // Before the frames go.
        self.request.cancel.clear_of(&frames.contexts());
    }

    fn sleep<'g>(&self, mut state: Guard<'g>) -> Guard<'g> {
        state.sleepers += 1;
        let mut state = unpoisoned(self.changed.wait(state));
        state.sleepers -= 1;
        state
    }

    /// Waits until a set is below its bound, running descendants of its items meanwhile.
    pub fn wait_below_bound<'g>(
        &'g self,
        mut state: Guard<'g>,
        set: SetId,
        frames: &Frames<'_>,
        depth: usize,
    ) {
        let full =
            |state: &State| state.sets[set as usize].outstanding >= self.request.max_outstanding;
        while full(&state) && !self.request.cancel.is_requested() {
            let found = (0..state.queue.len())
                .rev()
                .find(|&at| self.descends(&state, state.queue[at], set));
            state = match found {
                Some(at) => {
                    let node = state.queue.remove(at);
                    self.run_node(state, node, frames, depth + 1)
                }
                None => self.sleep(state),
            };
        }
    }

    fn descends(&self, state: &State, node: NodeId, set: SetId) -> bool {
        let mut instance: InstanceId = state.nodes[node as usize].instance;
        while instance != 0 {
            let one = &state.instances[instance as usize];
            if one.set == set {
                return true;
            }
            instance = one.parent;
        }
        false
    }

    fn run_node<'g>(
        &'g self,
        mut state: Guard<'g>,
        node: NodeId,
        frames: &Frames<'_>,
        depth: usize,
    ) -> Guard<'g> {
        if self.request.cancel.is_requested() {
            self.ended(&mut state, node, End::Cancelled);
            return state;
        }
        let (step, instance) = (
            state.nodes[node as usize].step,
            state.nodes[node as usize].instance,
        );
        let inputs = &self.job.steps[step as usize].inputs;
        let recipes = inputs
            .iter()
            .map(|input| self.recipe(&state, input, instance))
            .collect();
        drop(state);
        let prepared = Prepared {
            node,
            step,
            recipes,
        };
        let Some(running) = frames.get(depth) else {
            // Descendants are deeper in scopes than what waits for them, so there are frames for all.
            let mut state = self.lock();
            self.ended(&mut state, node, End::Cancelled);
            return state;
        };
        let (status, returned) = self.execute(prepared, running);
        self.finish(running, step, status == OK, returned)
    }

    /// Runs an op; its status and, of an op with one plain output, the memory that holds it.
    fn execute(&self, prepared: Prepared<'_>, running: *mut Running<'_>) -> (u32, Option<Owned>) {
        let Prepared {
            node,
            step,
            recipes,
        } = prepared;
        let op = self.op(step);
        let index = self.job.steps[step as usize]
            .action
            .op()
            .unwrap_or_default();
        // SAFETY: the frame is this call's alone until it returns; nested calls have others.
        let frame = unsafe { &mut *running };
        frame.begin(node, step, stack_limit(), op.outputs.len());
        let mut inputs = Vec::with_capacity(recipes.len());
        for (recipe, param) in recipes.iter().zip(&op.params) {
            match self.input(recipe, self.request.program.types[param.ty as usize]) {
                Some(input) => inputs.push(input),
                None => frame.fail(
                    Kind::Memory,
                    NO_SITE,
                    "no memory for the step's inputs".into(),
                ),
            }
        }
        drop(recipes);
        let output = match op.outputs.as_slice() {
            [one] if !one.dynamic => {
                Owned::zeroed(self.request.program.types[one.ty as usize]).ok()
            }
            _ => None,
        };
        if frame.failure.is_some() {
            return (FAILED, output);
        }
        let pointers: Vec<*mut u8> = inputs.iter().map(Owned::as_ptr).collect();
        let code = self.request.program.code[index as usize];
        let out = output.as_ref().map_or(std::ptr::null_mut(), Owned::as_ptr);
        let context: *mut StepContext = running.cast();
        // SAFETY: the code was compiled for this op: its inputs have the declared types, and so has its output.
        let status = catch_unwind(AssertUnwindSafe(|| unsafe {
            code(context, pointers.as_ptr(), out)
        }));
        // The op has taken its arguments over, whatever became of it.
        for input in &inputs {
            // SAFETY: the memory is as large as its type says.
            unsafe { std::ptr::write_bytes(input.as_ptr(), 0, input.desc().size as usize) };
        }
        let status = status.unwrap_or_else(|_| {
            // SAFETY: as above; the op is over.
            unsafe { (*running).fail(Kind::Panic, NO_SITE, "a native function panicked".into()) };
            FAILED
        });
        (status, output)
    }

    fn input(&self, recipe: &Recipe<'_>, desc: &'static TypeDesc) -> Option<Owned> {
        let value = Owned::zeroed(desc).ok()?;
        // SAFETY: fresh zeroed memory of the type.
        unsafe { self.make(recipe, value.as_ptr(), desc).ok()? };
        Some(value)
    }

    /// Takes what a step made and ends its node.
    fn finish<'g>(
        &'g self,
        running: *mut Running<'_>,
        step: u32,
        succeeded: bool,
        returned: Option<Owned>,
    ) -> Guard<'g> {
        // SAFETY: the frame is this call's alone, and the op is over.
        let running = unsafe { &mut *running };
        let node = running.node;
        let op = self.op(step);
        // `yield Output(v)` of an op with one output came by `dyn_output`; anything else by this memory.
        if let (true, Some(value), [slot @ None]) =
            (succeeded, &returned, running.outputs.as_mut_slice())
        {
            // SAFETY: the memory holds a value of its type that nobody else reaches; it is zeroed behind it.
            unsafe {
                *slot = Value::take(value.as_ptr(), value.desc());
                std::ptr::write_bytes(value.as_ptr(), 0, value.desc().size as usize);
            }
        }
        if succeeded && running.failure.is_none() {
            let missing = |(output, value): &(&dynop_abi::plan::Output, &Option<Value>)| {
                !output.dynamic && !output.optional && value.is_none()
            };
            if let Some((output, _)) = op.outputs.iter().zip(&running.outputs).find(missing) {
                let message = format!("`{}` ended without its output `{}`", op.name, output.name);
                running.fail(Kind::Output, NO_SITE, message);
            }
        }
        let mut state = self.lock();
        if !succeeded || running.failure.is_some() {
            self.finish_failed(&mut state, running, step);
            return state;
        }
        let returned = std::mem::take(&mut running.returned);
        self.release_items(&mut state, node, returned);
        let mut outputs = running.outputs.drain(..);
        state.nodes[node as usize].outputs = match op.outputs.len() {
            1 => outputs.next().flatten().map_or(Outputs::None, Outputs::One),
            0 => Outputs::None,
            _ => Outputs::Many(outputs.by_ref().collect()),
        };
        drop(outputs);
        self.ended(&mut state, node, End::Succeeded);
        state
    }

    fn finish_failed(&self, state: &mut State, running: &mut Running<'_>, step: u32) {
        let node = running.node;
        running.outputs.clear();
        running.returned.clear();
        if running
            .failure
            .as_ref()
            .is_some_and(|failure| failure.kind == Kind::Cancelled)
        {
            running.failure = None;
            self.ended(state, node, End::Cancelled);
            return;
        }
        let key = self.step_key(state, node);
        let mut failure = running.report(key, step);
        if failure.place.is_none() {
            failure.place = Some(self.op(step).place.clone());
        }
        self.failed(state, node, failure);
        self.ended(state, node, End::Failed);
    }
}

/// How far down the stack the step that begins here may go.
#[inline(never)]
fn stack_limit() -> u64 {
    let here = 0u8;
    (&raw const here as u64).saturating_sub((STEP_STACK - NATIVE_STACK) as u64)
}

impl Running<'_> {
    /// Makes the frame ready for a node.
    fn begin(&mut self, node: NodeId, step: u32, stack_limit: u64, outputs: usize) {
        self.node = node;
        self.step = step;
        self.failure = None;
        self.outputs.clear();
        self.outputs.resize_with(outputs, || None);
        self.returned.clear();
        self.returned_keys.clear();
        self.base.begin();
        self.base.poll.store(0, Ordering::SeqCst);
        self.base.stack_limit.store(stack_limit, Ordering::SeqCst);
        // A canceller sets the flag, then these two; see `cancel`.
        if self.shared.request.cancel.is_requested() {
            self.base.poll.store(1, Ordering::SeqCst);
            self.base.stack_limit.store(u64::MAX, Ordering::SeqCst);
        }
    }
}
