//! What follows when nodes become ready and when they end.

use std::sync::atomic::Ordering;

use dynop_abi::plan::OutputRef;

use super::state::{End, Item, NodeId, Shared, State, Value};
use crate::request::{OwnedValue, RunOutcome, RunStatus, StepCounts, StepFailure};
use crate::step_key;

impl Shared<'_> {
    /// One thing less that a node waits for.
    pub fn satisfied(&self, state: &mut State, node: NodeId) {
        let mut list = vec![node];
        // A node that can't run ends at once, which may satisfy others: a list instead of recursion, since chains of
        // blocked nodes may be long.
        while let Some(node) = list.pop() {
            state.nodes[node].pending -= 1;
            if state.nodes[node].pending > 0 {
                continue;
            }
            match state.nodes[node].blocked {
                None if self.request.cancel.is_requested() => {
                    self.close(state, node, End::Cancelled, &mut list)
                }
                None => {
                    self.count_outstanding(state, node, true);
                    state.queue.push(node);
                    self.changed.notify_one();
                }
                Some(end) => self.close(state, node, end, &mut list),
            }
        }
    }

    /// A node has run.
    pub fn ended(&self, state: &mut State, node: NodeId, end: End) {
        let mut list = Vec::new();
        self.close(state, node, end, &mut list);
        for node in list {
            self.satisfied(state, node);
        }
        self.changed.notify_all();
    }

    /// Records how a node ended; what that satisfies goes on the list.
    fn close(&self, state: &mut State, node: NodeId, end: End, list: &mut Vec<NodeId>) {
        self.count_outstanding(state, node, false);
        let step = state.nodes[node].step as usize;
        state.nodes[node].end = Some(end);
        state.open -= 1;
        let counts = &mut state.counts[step];
        let progress = &self.request.progress.steps[step];
        progress.ended.fetch_add(1, Ordering::Relaxed);
        match end {
            End::Succeeded => counts.succeeded += 1,
            End::Failed => {
                counts.failed += 1;
                progress.failed.fetch_add(1, Ordering::Relaxed);
            }
            End::Skipped => counts.skipped += 1,
            End::UpstreamFailed => counts.upstream_failed += 1,
            End::Cancelled => counts.cancelled += 1,
        }
        for (waiting, skips) in std::mem::take(&mut state.nodes[node].waiting) {
            match end {
                End::Succeeded => {}
                End::Skipped if !skips => {}
                end => super::state::block(&mut state.nodes[waiting], end),
            }
            list.push(waiting);
        }
        let outputs = self.op(step as u32).outputs.clone();
        for set in state.nodes[node].sets.clone().into_iter().flatten() {
            let output = state.nodes[node]
                .sets
                .iter()
                .position(|one| *one == Some(set))
                .unwrap_or(0);
            let nothing = outputs[output].optional && state.sets[set].items.is_empty();
            let end = if end == End::Succeeded && nothing {
                End::Skipped
            } else {
                end
            };
            state.sets[set].end = Some(end);
            for (waiting, scope, home) in std::mem::take(&mut state.sets[set].waiting) {
                self.set_ended(state, waiting, scope, home, end);
                list.push(waiting);
            }
        }
        if state.open == 0 {
            self.changed.notify_all();
        }
    }

    fn count_outstanding(&self, state: &mut State, node: NodeId, begins: bool) {
        let instance = state.nodes[node].instance;
        if instance == 0 || state.nodes[node].counted == begins {
            return;
        }
        state.nodes[node].counted = begins;
        let set = &mut state.sets[state.instances[instance].set];
        set.outstanding = if begins {
            set.outstanding + 1
        } else {
            set.outstanding.saturating_sub(1)
        };
    }

    /// Items that an op returned as a list, handed on when it has succeeded.
    pub fn release_items(&self, state: &mut State, node: NodeId, items: Vec<(u32, Item)>) {
        let step = state.nodes[node].step;
        for (output, item) in items {
            self.new_item(state, OutputRef { step, output }, node, item);
        }
    }

    /// Keys of a node from the outermost scope inwards, and its position for sorting.
    pub fn keys(&self, state: &State, node: NodeId) -> (Vec<std::sync::Arc<str>>, Vec<usize>) {
        let (mut keys, mut order) = (Vec::new(), Vec::new());
        let mut instance = state.nodes[node].instance;
        while instance != 0 {
            let one = &state.instances[instance];
            keys.push(state.sets[one.set].items[one.position].key.clone());
            order.push(one.position);
            instance = one.parent;
        }
        order.push(state.nodes[node].step as usize);
        keys.reverse();
        order.reverse();
        (keys, order)
    }

    /// `name[key][key]` of a node.
    pub fn step_key(&self, state: &State, node: NodeId) -> String {
        let mut text = self.job.steps[state.nodes[node].step as usize].name.clone();
        for key in self.keys(state, node).0 {
            step_key::push_key(&mut text, &key);
        }
        text
    }

    /// Keeps a failure for the report.
    pub fn failed(&self, state: &mut State, node: NodeId, failure: StepFailure) {
        self.request.observer.step_failed(&failure);
        let order = self.keys(state, node).1;
        state.failures.push((order, failure));
    }

    /// What the run ended in.
    pub fn outcome(&self) -> RunOutcome {
        let mut state = self.lock();
        let mut failures = std::mem::take(&mut state.failures);
        failures.sort_by(|a, b| a.0.cmp(&b.0));
        let steps: Vec<StepCounts> = state.counts.clone();
        let failed = steps
            .iter()
            .any(|step| step.failed > 0 || step.upstream_failed > 0);
        let cancelled = steps.iter().any(|step| step.cancelled > 0);
        let desc = self.request.program.types[self.job.result_type as usize];
        let complete = !cancelled && self.available(&state, &self.job.result, 0);
        let result = if complete {
            self.result(&state, desc)
        } else {
            None
        };
        let status = match (cancelled, failed) {
            (true, _) => RunStatus::Cancelled,
            (false, true) => RunStatus::Failed,
            (false, false) => RunStatus::Succeeded,
        };
        RunOutcome {
            status,
            result,
            steps,
            failures: failures.into_iter().map(|(_, failure)| failure).collect(),
            elapsed: std::time::Duration::ZERO,
        }
    }

    fn result(
        &self,
        state: &State,
        desc: &'static dynop_abi::desc::TypeDesc,
    ) -> Option<OwnedValue> {
        let value = OwnedValue::zeroed(desc);
        let recipe = self.recipe(state, &self.job.result, 0);
        // SAFETY: zeroed memory of the result's type.
        let made = unsafe { self.make(&recipe, value.as_ptr(), desc) };
        made.ok().map(|()| value)
    }

    /// A value by its step and output.
    pub fn output(&self, state: &State, output: OutputRef, from: usize) -> Option<Value> {
        let owner = self.around(state, from, self.job.steps[output.step as usize].scope);
        let node = *state.instances[owner].nodes.get(&output.step)?;
        state.nodes[node].outputs[output.output as usize].clone()
    }
}
