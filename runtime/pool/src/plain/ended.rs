//! What follows when nodes become ready and when they end.

use std::sync::atomic::Ordering;

use dynop_abi::plan::OutputRef;

use super::state::{End, InstanceId, Item, NodeId, Shared, State, Waiting};
use super::value::Value;
use crate::request::{OwnedValue, RunOutcome, RunStatus, StepCounts, StepFailure};
use crate::step_key;

impl Shared<'_> {
    /// One thing less that a node waits for.
    pub fn satisfied(&self, state: &mut State, node: NodeId) {
        let mut list = vec![node];
        // A node that can't run ends at once, which may satisfy others: a list instead of recursion, since chains of
        // blocked nodes may be long.
        while let Some(node) = list.pop() {
            let one = &mut state.nodes[node as usize];
            one.pending -= 1;
            if one.pending > 0 {
                continue;
            }
            match one.blocked {
                None if self.request.cancel.is_requested() => {
                    self.close(state, node, End::Cancelled, &mut list)
                }
                None => {
                    self.count_outstanding(state, node, true);
                    state.queue.push(node);
                    if state.sleepers > 0 {
                        self.changed.notify_one();
                    }
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
    }

    /// Records how a node ended; what that satisfies goes on the list.
    fn close(&self, state: &mut State, node: NodeId, end: End, list: &mut Vec<NodeId>) {
        self.count_outstanding(state, node, false);
        let step = state.nodes[node as usize].step;
        state.nodes[node as usize].end = Some(end);
        state.open -= 1;
        self.tally(state, step, end);
        let mut waiting = std::mem::replace(&mut state.nodes[node as usize].waiting, Waiting::None);
        waiting.take(|waiting, skips| {
            match end {
                End::Succeeded => {}
                End::Skipped if !skips => {}
                end => super::state::block(&mut state.nodes[waiting as usize], end),
            }
            list.push(waiting);
        });
        for output in 0..state.nodes[node as usize].sets.len() {
            let Some(set) = state.nodes[node as usize].sets[output] else {
                continue;
            };
            let nothing =
                self.op(step).outputs[output].optional && state.sets[set as usize].items.is_empty();
            let end = if end == End::Succeeded && nothing {
                End::Skipped
            } else {
                end
            };
            state.sets[set as usize].end = Some(end);
            for (waiting, scope, home) in std::mem::take(&mut state.sets[set as usize].waiting) {
                self.set_ended(state, waiting, scope, home, end);
                list.push(waiting);
            }
        }
        if state.open == 0 {
            self.changed.notify_all();
        }
    }

    fn tally(&self, state: &mut State, step: u32, end: End) {
        let counts = &mut state.counts[step as usize];
        let progress = &self.request.progress.steps[step as usize];
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
    }

    fn count_outstanding(&self, state: &mut State, node: NodeId, begins: bool) {
        let one = &mut state.nodes[node as usize];
        if one.instance == 0 || one.counted == begins {
            return;
        }
        one.counted = begins;
        let set = &mut state.sets[state.instances[one.instance as usize].set as usize];
        if begins {
            set.outstanding += 1;
            return;
        }
        set.outstanding -= 1;
        // Whoever waits in `yield` for room waits for this; woken at half of the bound, so that it does not run and wait
        // in turn with every clone.
        if state.sleepers > 0 && set.outstanding == self.request.max_outstanding / 2 {
            self.changed.notify_all();
        }
    }

    /// Items that an op returned as a list, handed on when it has succeeded.
    pub fn release_items(&self, state: &mut State, node: NodeId, items: Vec<(u32, Item)>) {
        let step = state.nodes[node as usize].step;
        for (output, item) in items {
            self.new_item(state, OutputRef { step, output }, node, item);
        }
    }

    /// Keys of a node from the outermost scope inwards, and its position for sorting.
    pub fn keys(&self, state: &State, node: NodeId) -> (Vec<std::sync::Arc<str>>, Vec<usize>) {
        let (mut keys, mut order) = (Vec::new(), Vec::new());
        let mut instance = state.nodes[node as usize].instance;
        while instance != 0 {
            let one = &state.instances[instance as usize];
            keys.push(
                state.sets[one.set as usize].items[one.position as usize]
                    .key
                    .clone(),
            );
            order.push(one.position as usize);
            instance = one.parent;
        }
        order.push(state.nodes[node as usize].step as usize);
        keys.reverse();
        order.reverse();
        (keys, order)
    }

    /// `name[key][key]` of a node.
    pub fn step_key(&self, state: &State, node: NodeId) -> String {
        let mut text = self.job.steps[state.nodes[node as usize].step as usize]
            .name
            .clone();
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
    pub fn output<'s>(
        &self,
        state: &'s State,
        output: OutputRef,
        from: InstanceId,
    ) -> Option<&'s Value> {
        let node = self.node_of(state, from, output.step);
        state.nodes[node as usize].outputs.get(output.output)
    }
}
