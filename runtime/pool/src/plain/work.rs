//! Workers: taking nodes from the queue and running them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use dynop_abi::context::{FAILED, OK, StepContext};
use dynop_abi::desc::TypeDesc;
use dynop_abi::plan::Action;
use dynop_values::{Owned, walk};

use super::context::Running;
use super::sources::Recipe;
use super::state::{End, InstanceId, NodeId, SetId, Shared, State, Value};
use super::{NATIVE_STACK, STEP_STACK, unpoisoned};
use crate::failure::Kind;

impl<'a> Shared<'a> {
    /// Runs nodes until all have ended.
    pub fn worker(&self) {
        let mut state = self.lock();
        loop {
            if let Some(node) = state.queue.pop() {
                drop(state);
                self.run_node(node);
                state = self.lock();
            } else if state.open == 0 {
                return;
            } else {
                state = unpoisoned(self.changed.wait(state));
            }
        }
    }

    /// Waits until a set is below its bound, running descendants of its items meanwhile.
    pub fn wait_below_bound(&self, set: SetId) {
        let mut state = self.lock();
        while state.sets[set].outstanding >= self.request.max_outstanding
            && !self.request.cancel.is_requested()
        {
            let found = (0..state.queue.len())
                .rev()
                .find(|&at| self.descends(&state, state.queue[at], set));
            if let Some(at) = found {
                let node = state.queue.remove(at);
                drop(state);
                self.run_node(node);
                state = self.lock();
            } else {
                state = unpoisoned(self.changed.wait(state));
            }
        }
    }

    fn descends(&self, state: &State, node: NodeId, set: SetId) -> bool {
        let mut instance: InstanceId = state.nodes[node].instance;
        while instance != 0 {
            if state.instances[instance].set == set {
                return true;
            }
            instance = state.instances[instance].parent;
        }
        false
    }

    fn run_node(&self, node: NodeId) {
        let (step, recipes) = {
            let mut state = self.lock();
            if self.request.cancel.is_requested() {
                self.ended(&mut state, node, End::Cancelled);
                return;
            }
            let (step, instance) = (state.nodes[node].step, state.nodes[node].instance);
            let recipes: Vec<Recipe<'_>> = self.job.steps[step as usize]
                .inputs
                .iter()
                .map(|input| self.recipe(&state, input, instance))
                .collect();
            (step, recipes)
        };
        let op = self.op(step);
        let Action::Op(index) = self.job.steps[step as usize].action;
        let mut running = Running {
            base: StepContext {
                stack_limit: AtomicU64::new(stack_limit()),
                poll: AtomicU64::new(0),
            },
            shared: self,
            node,
            failure: None,
            outputs: op.outputs.iter().map(|_| None).collect(),
            returned: Vec::new(),
            returned_keys: std::collections::HashSet::new(),
        };
        self.request.cancel.register(&raw const running.base);
        let mut inputs = Vec::new();
        for (recipe, param) in recipes.iter().zip(&op.params) {
            match self.input(recipe, self.request.program.types[param.ty as usize]) {
                Some(input) => inputs.push(input),
                None => running.fail(
                    Kind::Memory,
                    super::context::NO_SITE,
                    "no memory for the step's inputs".into(),
                ),
            }
        }
        drop(recipes);
        let mut output = match op.outputs.as_slice() {
            [one] if !one.dynamic => {
                Owned::zeroed(self.request.program.types[one.ty as usize]).ok()
            }
            _ => None,
        };
        let status = if running.failure.is_some() {
            FAILED
        } else {
            let pointers: Vec<*mut u8> = inputs.iter().map(Owned::as_ptr).collect();
            let code = self.request.program.code[index as usize];
            let out = output.as_ref().map_or(std::ptr::null_mut(), Owned::as_ptr);
            let context: *mut StepContext = (&raw mut running).cast();
            // The op takes its arguments over, so their memory is zeroed behind it, whatever became of it.
            // SAFETY: the code was compiled for this op: its inputs have the declared types, and so has its output.
            let status = catch_unwind(AssertUnwindSafe(|| unsafe {
                code(context, pointers.as_ptr(), out)
            }));
            for input in &inputs {
                // SAFETY: the memory is as large as its type says.
                unsafe { std::ptr::write_bytes(input.as_ptr(), 0, input.desc().size as usize) };
            }
            status.unwrap_or_else(|_| {
                running.fail(
                    Kind::Panic,
                    super::context::NO_SITE,
                    "a native function panicked".into(),
                );
                FAILED
            })
        };
        self.request.cancel.unregister(&raw const running.base);
        self.finish(running, status == OK, output.take());
    }

    fn input(&self, recipe: &Recipe<'_>, desc: &'static TypeDesc) -> Option<Owned> {
        let value = Owned::zeroed(desc).ok()?;
        // SAFETY: fresh zeroed memory of the type.
        unsafe { self.make(recipe, value.as_ptr(), desc).ok()? };
        Some(value)
    }

    /// Takes what a step made and ends its node.
    fn finish(&self, mut running: Running<'_>, succeeded: bool, returned: Option<Owned>) {
        let node = running.node;
        let mut state = self.lock();
        let step = state.nodes[node].step;
        if succeeded && let Some(value) = returned {
            // `yield Output(v)` of an op with one output came by `dyn_output`; anything else by this memory.
            if running.outputs[0].is_none() {
                running.outputs[0] = Some(share(value));
            }
        }
        let op = self.op(step);
        let missing = succeeded
            .then(|| {
                op.outputs
                    .iter()
                    .zip(&running.outputs)
                    .find(|(o, v)| !o.dynamic && !o.optional && v.is_none())
            })
            .flatten();
        if let Some((output, _)) = missing {
            let message = format!("`{}` ended without its output `{}`", op.name, output.name);
            running.fail(Kind::Output, super::context::NO_SITE, message);
        }
        if !succeeded || running.failure.is_some() {
            let cancelled = running
                .failure
                .as_ref()
                .is_some_and(|failure| failure.kind == Kind::Cancelled);
            if cancelled {
                self.ended(&mut state, node, End::Cancelled);
                return;
            }
            let key = self.step_key(&state, node);
            let mut failure = running.report(key, step);
            if failure.place.is_none() {
                failure.place = Some(op.place.clone());
            }
            self.failed(&mut state, node, failure);
            self.ended(&mut state, node, End::Failed);
            return;
        }
        let returned = std::mem::take(&mut running.returned);
        self.release_items(&mut state, node, returned);
        state.nodes[node].outputs = std::mem::take(&mut running.outputs);
        self.ended(&mut state, node, End::Succeeded);
    }
}

/// A value that other threads may take.
#[expect(
    clippy::arc_with_non_send_sync,
    reason = "`Value` may be sent: what it holds is marked as shared first"
)]
pub(super) fn share(value: Owned) -> Value {
    // SAFETY: the memory holds a value of its type that nobody else reaches yet.
    unsafe { walk::share(value.as_ptr(), value.desc()) };
    Value(Arc::new(value))
}

/// How far down the stack the step that begins here may go.
#[inline(never)]
fn stack_limit() -> u64 {
    let here = 0u8;
    (&raw const here as u64).saturating_sub((STEP_STACK - NATIVE_STACK) as u64)
}
