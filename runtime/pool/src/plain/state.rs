//! The book-keeping of a run: instances of scopes, sets of items, nodes.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Condvar, Mutex};

use dynop_abi::plan::{Action, Job, OutputRef, ROOT, ScopeId, Source, StepId};
use dynop_values::Owned;

use super::unpoisoned;
use crate::request::{RunRequest, StepCounts, StepFailure};

/// Index of an instance of a scope.
pub(super) type InstanceId = usize;
/// Index of a node.
pub(super) type NodeId = usize;
/// Index of a set of items.
pub(super) type SetId = usize;

/// A value that several may hold: shared between threads, released with the last holder.
#[derive(Clone)]
pub(super) struct Value(pub Arc<Owned>);

// SAFETY: values are marked as shared before they are put here, so their counts are atomic, and nobody writes them.
unsafe impl Send for Value {}
// SAFETY: as above.
unsafe impl Sync for Value {}

/// One item of a dynamic output.
#[derive(Clone)]
pub(super) struct Item {
    pub value: Value,
    pub key: Arc<str>,
    /// Where it was yielded.
    pub site: u32,
}

/// The items of one dynamic output of one node.
#[derive(Default)]
pub(super) struct Set {
    pub items: Vec<Item>,
    pub keys: HashSet<Arc<str>>,
    /// How the op ended; `None` while it runs.
    pub end: Option<End>,
    /// Clones of its items that are queued or run.
    pub outstanding: u32,
    /// Nodes with a fan-in over it, and the fan-in's scope and position.
    pub waiting: Vec<(NodeId, ScopeId, InstanceId)>,
}

/// An instance of a scope.
pub(super) struct Instance {
    pub scope: ScopeId,
    pub parent: InstanceId,
    /// The set and the position in it; meaningless in the root.
    pub set: SetId,
    pub position: usize,
    /// The nodes of the steps of this scope.
    pub nodes: HashMap<StepId, NodeId>,
    /// Instances of the scopes directly within, by scope, in the order of the items.
    pub inner: HashMap<ScopeId, Vec<InstanceId>>,
}

/// How a node ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    Succeeded,
    Failed,
    Skipped,
    UpstreamFailed,
    Cancelled,
}

/// A clone of a step.
pub(super) struct Node {
    pub step: StepId,
    pub instance: InstanceId,
    /// How many things it waits for.
    pub pending: usize,
    /// Whether something it needs failed, or was skipped.
    pub blocked: Option<End>,
    pub end: Option<End>,
    /// Plain outputs, by index; `None` where skipped.
    pub outputs: Vec<Option<Value>>,
    /// Sets of dynamic outputs, by index.
    pub sets: Vec<Option<SetId>>,
    /// Nodes that wait for this one; whether a skip of this one skips them.
    pub waiting: Vec<(NodeId, bool)>,
    /// Whether it counts as outstanding.
    pub counted: bool,
}

/// Everything under the lock.
pub(super) struct State {
    pub instances: Vec<Instance>,
    pub nodes: Vec<Node>,
    pub sets: Vec<Set>,
    pub queue: Vec<NodeId>,
    /// Nodes that have not ended.
    pub open: usize,
    pub counts: Vec<StepCounts>,
    pub failures: Vec<(Vec<usize>, StepFailure)>,
}

/// A run.
pub(super) struct Shared<'a> {
    pub request: &'a RunRequest<'a>,
    pub job: &'a Job,
    pub state: Mutex<State>,
    pub changed: Condvar,
}

// SAFETY: what makes it not `Sync` by itself are the pointers to the parameters' values, which `begin` marks as shared and
// nobody writes; everything that changes is behind the lock.
unsafe impl Sync for Shared<'_> {}

impl<'a> Shared<'a> {
    pub fn new(request: &'a RunRequest<'a>) -> Self {
        let root = Instance {
            scope: ROOT,
            parent: 0,
            set: usize::MAX,
            position: 0,
            nodes: HashMap::new(),
            inner: HashMap::new(),
        };
        let state = State {
            instances: vec![root],
            nodes: Vec::new(),
            sets: Vec::new(),
            queue: Vec::new(),
            open: 0,
            counts: vec![StepCounts::default(); request.job.steps.len()],
            failures: Vec::new(),
        };
        Self {
            request,
            job: request.job,
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    pub fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        unpoisoned(self.state.lock())
    }

    /// Makes the nodes of the root.
    pub fn begin(&self) {
        for (param, described) in self.request.params.iter().zip(&self.job.params) {
            // SAFETY: the request's promise: a value of the parameter's type.
            unsafe {
                dynop_values::walk::share(
                    param.as_ptr(),
                    self.request.program.types[described.ty as usize],
                )
            };
        }
        let mut state = self.lock();
        self.fill_instance(&mut state, 0);
    }

    /// The outputs an op declares.
    pub fn op(&self, step: StepId) -> &dynop_abi::plan::Op {
        let Action::Op(op) = self.job.steps[step as usize].action;
        &self.request.program.ops[op as usize]
    }

    /// The instance of a scope that is `instance` or lies around it.
    pub fn around(&self, state: &State, mut instance: InstanceId, scope: ScopeId) -> InstanceId {
        while state.instances[instance].scope != scope && instance != 0 {
            instance = state.instances[instance].parent;
        }
        instance
    }

    /// Makes the nodes of a new instance, and instances of inner scopes over sets that exist already.
    fn fill_instance(&self, state: &mut State, instance: InstanceId) {
        let scope = state.instances[instance].scope;
        let mut made = Vec::new();
        for (index, step) in self.job.steps.iter().enumerate() {
            if step.scope != scope {
                continue;
            }
            let id = index as StepId;
            let node = state.nodes.len();
            let outputs = &self.op(id).outputs;
            state.nodes.push(Node {
                step: id,
                instance,
                pending: 1,
                blocked: None,
                end: None,
                outputs: outputs.iter().map(|_| None).collect(),
                sets: outputs.iter().map(|_| None).collect(),
                waiting: Vec::new(),
                counted: false,
            });
            for (at, output) in outputs.iter().enumerate() {
                if output.dynamic {
                    let set = state.sets.len();
                    state.sets.push(Set::default());
                    state.nodes[node].sets[at] = Some(set);
                }
            }
            state.instances[instance].nodes.insert(id, node);
            state.open += 1;
            self.request.progress.steps[index]
                .known
                .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            made.push(node);
        }
        // Products: items that were there before this instance.
        for (inner, described) in self.job.scopes.iter().enumerate().skip(1) {
            let Some(over) = described.over else { continue };
            if described.parent != scope || self.job.steps[over.step as usize].scope == scope {
                continue;
            }
            if let Some(set) = self.set_of(state, over, instance) {
                for position in 0..state.sets[set].items.len() {
                    self.new_instance(state, inner as ScopeId, instance, set, position);
                }
            }
        }
        for node in made {
            self.add_dependencies(state, node);
            self.satisfied(state, node);
        }
    }

    /// The set of a dynamic output, seen from an instance.
    pub fn set_of(&self, state: &State, over: OutputRef, from: InstanceId) -> Option<SetId> {
        let owner = self.around(state, from, self.job.steps[over.step as usize].scope);
        let node = *state.instances[owner].nodes.get(&over.step)?;
        state.nodes[node].sets[over.output as usize]
    }

    fn new_instance(
        &self,
        state: &mut State,
        scope: ScopeId,
        parent: InstanceId,
        set: SetId,
        position: usize,
    ) {
        let id = state.instances.len();
        state.instances.push(Instance {
            scope,
            parent,
            set,
            position,
            nodes: HashMap::new(),
            inner: HashMap::new(),
        });
        state.instances[parent]
            .inner
            .entry(scope)
            .or_default()
            .push(id);
        self.fill_instance(state, id);
    }

    /// A new item of a set: one instance of each scope over it.
    pub fn new_item(&self, state: &mut State, over: OutputRef, node: NodeId, item: Item) {
        let Some(set) = state.nodes[node].sets[over.output as usize] else {
            return;
        };
        let position = state.sets[set].items.len();
        state.sets[set].keys.insert(item.key.clone());
        state.sets[set].items.push(item);
        let home = state.nodes[node].instance;
        let own_scope = self.job.steps[over.step as usize].scope;
        for (scope, described) in self.job.scopes.iter().enumerate().skip(1) {
            if described.over != Some(over) {
                continue;
            }
            let mut parents = vec![home];
            for level in self.job.chain(described.parent) {
                if own_scope != level && !self.job.encloses(level, own_scope) {
                    let inner =
                        |parent: &InstanceId| state.instances[*parent].inner.get(&level).cloned();
                    parents = parents.iter().filter_map(inner).flatten().collect();
                }
            }
            for parent in parents {
                self.new_instance(state, scope as ScopeId, parent, set, position);
            }
        }
    }

    // ------------------------------------------------------------------------------------------------- dependencies

    fn add_dependencies(&self, state: &mut State, node: NodeId) {
        let (step, instance) = (state.nodes[node].step, state.nodes[node].instance);
        let described = &self.job.steps[step as usize];
        for input in &described.inputs {
            self.depend(state, node, input, instance);
        }
        for &after in &described.after {
            self.depend_after(state, node, after, instance);
        }
    }

    fn depend(&self, state: &mut State, node: NodeId, source: &Source, from: InstanceId) {
        match source {
            Source::Const(_) | Source::Param(_) | Source::Item(_) | Source::Key(_) => {}
            Source::Output(output) => {
                let owner = self.around(state, from, self.job.steps[output.step as usize].scope);
                if let Some(&other) = state.instances[owner].nodes.get(&output.step) {
                    self.wait_for(state, node, other, true);
                }
            }
            Source::Collect { scope, .. } => self.depend_set(state, node, *scope, from),
            Source::List { elements, .. } => elements
                .iter()
                .for_each(|one| self.depend(state, node, one, from)),
            Source::Tuple { fields, .. } => fields
                .iter()
                .for_each(|one| self.depend(state, node, one, from)),
            Source::Some { value, .. } => self.depend(state, node, value, from),
        }
    }

    /// A fan-in waits for the op first; when that has ended, for what is collected of each item.
    fn depend_set(&self, state: &mut State, node: NodeId, scope: ScopeId, from: InstanceId) {
        let described = &self.job.scopes[scope as usize];
        let Some(over) = described.over else { return };
        let home = self.around(state, from, described.parent);
        let Some(set) = self.set_of(state, over, home) else {
            return;
        };
        match state.sets[set].end {
            None => {
                state.nodes[node].pending += 1;
                state.sets[set].waiting.push((node, scope, home));
            }
            Some(end) => self.set_ended(state, node, scope, home, end),
        }
    }

    /// The set that a node's fan-in goes over has all its items.
    pub fn set_ended(
        &self,
        state: &mut State,
        node: NodeId,
        scope: ScopeId,
        home: InstanceId,
        end: End,
    ) {
        if end != End::Succeeded {
            block(&mut state.nodes[node], end);
            return;
        }
        let step = state.nodes[node].step;
        let inner = state.instances[home]
            .inner
            .get(&scope)
            .cloned()
            .unwrap_or_default();
        let described = &self.job.steps[step as usize];
        let mut values = Vec::new();
        for input in &described.inputs {
            collected(input, scope, &mut values);
        }
        for instance in inner {
            for value in &values {
                self.depend_collected(state, node, value, instance);
            }
        }
        for &after in &described.after {
            let target = self.job.steps[after as usize].scope;
            if self.job.encloses(scope, target) {
                let inner = state.instances[home]
                    .inner
                    .get(&scope)
                    .cloned()
                    .unwrap_or_default();
                inner
                    .into_iter()
                    .for_each(|instance| self.depend_after(state, node, after, instance));
            }
        }
    }

    /// As `depend`, but a skipped value is left out instead of skipping the node.
    fn depend_collected(&self, state: &mut State, node: NodeId, source: &Source, from: InstanceId) {
        match source {
            Source::Output(output) => {
                let owner = self.around(state, from, self.job.steps[output.step as usize].scope);
                if let Some(&other) = state.instances[owner].nodes.get(&output.step) {
                    self.wait_for(state, node, other, false);
                }
            }
            Source::Some { value, .. } => self.depend_collected(state, node, value, from),
            Source::Tuple { fields, .. } => fields
                .iter()
                .for_each(|one| self.depend_collected(state, node, one, from)),
            Source::List { elements, .. } => {
                elements
                    .iter()
                    .for_each(|one| self.depend_collected(state, node, one, from));
            }
            other => self.depend(state, node, other, from),
        }
    }

    /// Waits for the one clone around, or for all clones below.
    fn depend_after(&self, state: &mut State, node: NodeId, after: StepId, from: InstanceId) {
        let target = self.job.steps[after as usize].scope;
        let own = state.instances[from].scope;
        if self.job.encloses(target, own) {
            let owner = self.around(state, from, target);
            if let Some(&other) = state.instances[owner].nodes.get(&after) {
                self.wait_for(state, node, other, false);
            }
            return;
        }
        // The next scope on the way to the clones, from the innermost one around both.
        let chain = self.job.chain(target);
        let next = chain
            .iter()
            .copied()
            .find(|&scope| !self.job.encloses(scope, own));
        if let Some(next) = next {
            self.depend_set(state, node, next, from);
        }
    }

    fn wait_for(&self, state: &mut State, node: NodeId, other: NodeId, skips: bool) {
        match state.nodes[other].end {
            None => {
                state.nodes[node].pending += 1;
                state.nodes[other].waiting.push((node, skips));
            }
            Some(End::Succeeded) => {}
            Some(End::Skipped) if !skips => {}
            Some(end) => block(&mut state.nodes[node], end),
        }
    }
}

/// Notes that something a node needs did not succeed. A failure weighs more than a skip, whatever comes first.
pub(super) fn block(node: &mut Node, end: End) {
    let new = match end {
        End::Skipped => End::Skipped,
        End::Cancelled => End::Cancelled,
        _ => End::UpstreamFailed,
    };
    let weight = |end: Option<End>| match end {
        None => 0,
        Some(End::Skipped) => 1,
        Some(End::Cancelled) => 3,
        Some(_) => 2,
    };
    if weight(Some(new)) > weight(node.blocked) {
        node.blocked = Some(new);
    }
}

/// The values that are collected over a scope within a source.
fn collected<'s>(source: &'s Source, wanted: ScopeId, found: &mut Vec<&'s Source>) {
    match source {
        Source::Collect { scope, value, .. } => {
            if *scope == wanted {
                found.push(value);
            } else {
                collected(value, wanted, found);
            }
        }
        Source::List { elements, .. } => elements
            .iter()
            .for_each(|one| collected(one, wanted, found)),
        Source::Tuple { fields, .. } => fields.iter().for_each(|one| collected(one, wanted, found)),
        Source::Some { value, .. } => collected(value, wanted, found),
        _ => {}
    }
}
