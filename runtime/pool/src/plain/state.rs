//! The book-keeping of a run: instances of scopes, sets of items, nodes.

use std::hash::BuildHasher;
use std::sync::{Arc, Condvar, Mutex};

use dynop_abi::plan::{Job, OutputRef, ROOT, ScopeId, Source, StepId};
use hashbrown::{DefaultHashBuilder, HashTable};

use super::unpoisoned;
use super::value::Value;
use crate::request::{RunRequest, StepCounts, StepFailure};

/// Index of an instance of a scope.
pub(super) type InstanceId = u32;
/// Index of a node.
pub(super) type NodeId = u32;
/// Index of a set of items.
pub(super) type SetId = u32;

/// How a node ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    Succeeded,
    Failed,
    Skipped,
    UpstreamFailed,
    Cancelled,
}

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
    /// Positions of the items by their keys.
    pub keys: HashTable<u32>,
    pub hasher: DefaultHashBuilder,
    /// How the op ended; `None` while it runs.
    pub end: Option<End>,
    /// Clones of its items that are queued or run.
    pub outstanding: u32,
    /// Nodes with a fan-in over it, and the fan-in's scope and position.
    pub waiting: Vec<(NodeId, ScopeId, InstanceId)>,
}

impl Set {
    /// The item of a key.
    pub fn find(&self, key: &str) -> Option<&Item> {
        let same = |&at: &u32| *self.items[at as usize].key == *key;
        let at = self.keys.find(self.hasher.hash_one(key), same)?;
        Some(&self.items[*at as usize])
    }

    /// Adds an item whose key is new.
    fn push(&mut self, item: Item) {
        let hash = self.hasher.hash_one(&*item.key);
        let at = self.items.len() as u32;
        self.items.push(item);
        let (items, hasher) = (&self.items, &self.hasher);
        self.keys
            .insert_unique(hash, at, |&at| hasher.hash_one(&*items[at as usize].key));
    }
}

/// Instances of scopes directly within an instance, in the order of the items.
type Inner = Vec<(ScopeId, Vec<InstanceId>)>;

/// An instance of a scope. There is one a key, so it is small.
pub(super) struct Instance {
    pub scope: ScopeId,
    pub parent: InstanceId,
    /// The set and the position in it; meaningless in the root.
    pub set: SetId,
    pub position: u32,
    /// The nodes of the steps of this scope follow each other from here.
    first_node: NodeId,
    inner: Option<Box<Inner>>,
}

impl Instance {
    /// The instances of a scope directly within.
    pub fn inner(&self, scope: ScopeId) -> &[InstanceId] {
        let all = self.inner.as_deref().map_or(&[][..], Vec::as_slice);
        all.iter()
            .find(|(one, _)| *one == scope)
            .map_or(&[], |(_, list)| list)
    }

    fn add_inner(&mut self, scope: ScopeId, instance: InstanceId) {
        let all = self.inner.get_or_insert_default();
        match all.iter_mut().find(|(one, _)| *one == scope) {
            Some((_, list)) => list.push(instance),
            None => all.push((scope, vec![instance])),
        }
    }
}

/// Plain outputs of a node, by index; `None` where skipped. Nearly every op has one.
pub(super) enum Outputs {
    None,
    One(Value),
    Many(Box<[Option<Value>]>),
}

impl Outputs {
    pub fn get(&self, index: u32) -> Option<&Value> {
        match self {
            Self::None => None,
            Self::One(value) => (index == 0).then_some(value),
            Self::Many(values) => values.get(index as usize)?.as_ref(),
        }
    }
}

/// Nodes that wait for one, each with whether a skip of it skips them. Nearly always one.
pub(super) enum Waiting {
    None,
    One(NodeId, bool),
    Many(Vec<(NodeId, bool)>),
}

impl Waiting {
    fn push(&mut self, node: NodeId, skips: bool) {
        *self = match std::mem::replace(self, Self::None) {
            Self::None => Self::One(node, skips),
            Self::One(first, how) => Self::Many(vec![(first, how), (node, skips)]),
            Self::Many(mut list) => {
                list.push((node, skips));
                Self::Many(list)
            }
        };
    }

    /// Takes them out.
    pub fn take(&mut self, mut each: impl FnMut(NodeId, bool)) {
        match std::mem::replace(self, Self::None) {
            Self::None => {}
            Self::One(node, skips) => each(node, skips),
            Self::Many(list) => list.into_iter().for_each(|(node, skips)| each(node, skips)),
        }
    }
}

/// A clone of a step. There are several a key, so it is small.
pub(super) struct Node {
    pub step: StepId,
    pub instance: InstanceId,
    /// How many things it waits for.
    pub pending: u32,
    /// Whether something it needs failed, or was skipped.
    pub blocked: Option<End>,
    pub end: Option<End>,
    /// Whether it counts as outstanding.
    pub counted: bool,
    pub outputs: Outputs,
    /// Sets of dynamic outputs, by output; empty if there are none.
    pub sets: Box<[Option<SetId>]>,
    pub waiting: Waiting,
}

/// Everything under the lock.
pub(super) struct State {
    pub instances: Vec<Instance>,
    pub nodes: Vec<Node>,
    pub sets: Vec<Set>,
    pub queue: Vec<NodeId>,
    /// Nodes that have not ended.
    pub open: usize,
    /// Threads that wait for a change. Waking is a system call, so it is done only if there are some.
    pub sleepers: usize,
    pub counts: Vec<StepCounts>,
    pub failures: Vec<(Vec<usize>, StepFailure)>,
}

/// A run.
pub(super) struct Shared<'a> {
    pub request: &'a RunRequest<'a>,
    pub job: &'a Job,
    /// The steps of each scope, and where each step stands among those of its scope.
    steps_of: Vec<Vec<StepId>>,
    rank: Vec<u32>,
    pub state: Mutex<State>,
    pub changed: Condvar,
}

// SAFETY: what makes it not `Sync` by itself are the pointers to the parameters' values, which `begin` marks as shared and
// nobody writes; everything that changes is behind the lock.
unsafe impl Sync for Shared<'_> {}

impl<'a> Shared<'a> {
    pub fn new(request: &'a RunRequest<'a>) -> Self {
        let job = request.job;
        let mut steps_of = vec![Vec::new(); job.scopes.len()];
        let mut rank = Vec::new();
        for (index, step) in job.steps.iter().enumerate() {
            rank.push(steps_of[step.scope as usize].len() as u32);
            steps_of[step.scope as usize].push(index as StepId);
        }
        let root = Instance {
            scope: ROOT,
            parent: 0,
            set: u32::MAX,
            position: 0,
            first_node: 0,
            inner: None,
        };
        let state = State {
            instances: vec![root],
            nodes: Vec::new(),
            sets: Vec::new(),
            queue: Vec::new(),
            open: 0,
            sleepers: 0,
            counts: vec![StepCounts::default(); job.steps.len()],
            failures: Vec::new(),
        };
        Self {
            request,
            job,
            steps_of,
            rank,
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
        let op = self.job.steps[step as usize].action.op();
        // A plan whose steps are not all ops is refused before the run.
        &self.request.program.ops[op.unwrap_or_default() as usize]
    }

    /// The instance of a scope that is `instance` or lies around it.
    pub fn around(&self, state: &State, mut instance: InstanceId, scope: ScopeId) -> InstanceId {
        while state.instances[instance as usize].scope != scope && instance != 0 {
            instance = state.instances[instance as usize].parent;
        }
        instance
    }

    /// The node of a step in the instance of its scope that is `instance` or lies around it.
    pub fn node_of(&self, state: &State, instance: InstanceId, step: StepId) -> NodeId {
        let owner = self.around(state, instance, self.job.steps[step as usize].scope);
        state.instances[owner as usize].first_node + self.rank[step as usize]
    }

    /// Makes the nodes of a new instance, and instances of inner scopes over sets that exist already.
    fn fill_instance(&self, state: &mut State, instance: InstanceId) {
        let scope = state.instances[instance as usize].scope;
        let first = state.nodes.len() as NodeId;
        state.instances[instance as usize].first_node = first;
        let steps = &self.steps_of[scope as usize];
        for &step in steps {
            let outputs = &self.op(step).outputs;
            let sets = if outputs.iter().any(|output| output.dynamic) {
                let mut set_of = |dynamic: bool| {
                    dynamic.then(|| {
                        state.sets.push(Set::default());
                        state.sets.len() as SetId - 1
                    })
                };
                outputs
                    .iter()
                    .map(|output| set_of(output.dynamic))
                    .collect()
            } else {
                Box::default()
            };
            state.nodes.push(Node {
                step,
                instance,
                pending: 1,
                blocked: None,
                end: None,
                counted: false,
                outputs: Outputs::None,
                sets,
                waiting: Waiting::None,
            });
            state.open += 1;
            self.request.progress.steps[step as usize]
                .known
                .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
        self.fill_products(state, instance, scope);
        for node in first..first + steps.len() as NodeId {
            self.add_dependencies(state, node);
            self.satisfied(state, node);
        }
    }

    /// Products: items that were there before this instance.
    fn fill_products(&self, state: &mut State, instance: InstanceId, scope: ScopeId) {
        for (inner, described) in self.job.scopes.iter().enumerate().skip(1) {
            let Some(over) = described.over else { continue };
            if described.parent != scope || self.job.steps[over.step as usize].scope == scope {
                continue;
            }
            if let Some(set) = self.set_of(state, over, instance) {
                for position in 0..state.sets[set as usize].items.len() {
                    self.new_instance(state, inner as ScopeId, instance, set, position as u32);
                }
            }
        }
    }

    /// The set of a dynamic output, seen from an instance.
    pub fn set_of(&self, state: &State, over: OutputRef, from: InstanceId) -> Option<SetId> {
        let node = self.node_of(state, from, over.step);
        state.nodes[node as usize]
            .sets
            .get(over.output as usize)
            .copied()
            .flatten()
    }

    fn new_instance(
        &self,
        state: &mut State,
        scope: ScopeId,
        parent: InstanceId,
        set: SetId,
        position: u32,
    ) {
        let id = state.instances.len() as InstanceId;
        state.instances.push(Instance {
            scope,
            parent,
            set,
            position,
            first_node: 0,
            inner: None,
        });
        state.instances[parent as usize].add_inner(scope, id);
        self.fill_instance(state, id);
    }

    /// A new item of a set, whose key is new: one instance of each scope over it.
    pub fn new_item(&self, state: &mut State, over: OutputRef, node: NodeId, item: Item) {
        let Some(set) = state.nodes[node as usize].sets[over.output as usize] else {
            return;
        };
        let position = state.sets[set as usize].items.len() as u32;
        state.sets[set as usize].push(item);
        let home = state.nodes[node as usize].instance;
        let own_scope = self.job.steps[over.step as usize].scope;
        for (scope, described) in self.job.scopes.iter().enumerate().skip(1) {
            if described.over != Some(over) {
                continue;
            }
            if described.parent == own_scope {
                self.new_instance(state, scope as ScopeId, home, set, position);
                continue;
            }
            let mut parents = vec![home];
            for level in self.job.chain(described.parent) {
                if !self.job.encloses(level, own_scope) {
                    let inner = |parent: &InstanceId| {
                        state.instances[*parent as usize].inner(level).to_vec()
                    };
                    parents = parents.iter().flat_map(inner).collect();
                }
            }
            for parent in parents {
                self.new_instance(state, scope as ScopeId, parent, set, position);
            }
        }
    }

    // ------------------------------------------------------------------------------------------------- dependencies

    fn add_dependencies(&self, state: &mut State, node: NodeId) {
        let (step, instance) = (
            state.nodes[node as usize].step,
            state.nodes[node as usize].instance,
        );
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
            Source::OutputOver { .. } | Source::FlatKey(_) | Source::Each { .. } => {}
            Source::Const(_) | Source::Param(_) | Source::Item(_) | Source::Key(_) => {}
            Source::Output(output) => {
                let other = self.node_of(state, from, output.step);
                self.wait_for(state, node, other, true);
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
        match state.sets[set as usize].end {
            None => {
                state.nodes[node as usize].pending += 1;
                state.sets[set as usize].waiting.push((node, scope, home));
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
            block(&mut state.nodes[node as usize], end);
            return;
        }
        let step = state.nodes[node as usize].step;
        let inner = state.instances[home as usize].inner(scope).to_vec();
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
                let inner = state.instances[home as usize].inner(scope).to_vec();
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
                let other = self.node_of(state, from, output.step);
                self.wait_for(state, node, other, false);
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
        let own = state.instances[from as usize].scope;
        if self.job.encloses(target, own) {
            let other = self.node_of(state, from, after);
            self.wait_for(state, node, other, false);
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
        match state.nodes[other as usize].end {
            None => {
                state.nodes[node as usize].pending += 1;
                state.nodes[other as usize].waiting.push(node, skips);
            }
            Some(End::Succeeded) => {}
            Some(End::Skipped) if !skips => {}
            Some(end) => block(&mut state.nodes[node as usize], end),
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
