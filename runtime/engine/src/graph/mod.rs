//! A job as the engine and the pool read it: nodes, what they need, and how they are grouped into stages.
//!
//! Made once a run from the plan ([`Graph::new`]) and never changed. Work here is proportional to the plan, not to the
//! number of clones.

mod build;
mod stages;

use dynop_abi::plan::{Collect, Const, Job, Op, ScopeId, StepId, TypeIndex};

/// Index into [`Graph::nodes`].
pub type NodeId = u32;
/// Index into [`Graph::stages`].
pub type StageId = u32;
/// Index into [`Graph::streams`].
pub type StreamDefId = u32;

/// A job as nodes and stages.
#[derive(Debug)]
pub struct Graph {
    /// By `ScopeId`.
    pub scopes: Vec<ScopeGraph>,
    /// Those a node needs come before it.
    pub nodes: Vec<Node>,
    /// By `StageId`.
    pub stages: Vec<Stage>,
    /// Every dynamic output of every step.
    pub streams: Vec<StreamDef>,
    /// The node of each step of the plan.
    pub step_nodes: Vec<NodeId>,
    /// The node that gives the job's result.
    pub result: NodeId,
    /// Clones that are met by their keys.
    pub overs: Vec<Over>,
}

/// A scope.
#[derive(Debug, Default)]
pub struct ScopeGraph {
    /// The scope around it; the root is its own.
    pub parent: ScopeId,
    /// 0 for the root.
    pub depth: u32,
    /// What it goes over; `None` for the root.
    pub over: Option<StreamDefId>,
    /// Where the step that yields does not lie around: from the outermost, a scope around it, and the scope around the
    /// instances of this one that stands on the same key.
    pub way: Vec<(ScopeId, ScopeId)>,
    /// The scopes directly inside it.
    pub children: Vec<ScopeId>,
    /// Its index among its parent's children.
    pub index: u32,
    /// Its nodes, in order.
    pub nodes: Vec<NodeId>,
    /// Its stages.
    pub stages: Vec<StageId>,
    /// The dynamic outputs of its steps.
    pub streams: Vec<StreamDefId>,
    /// Stages of the parent that wait for the end of the stream and nothing else of this scope.
    pub end_next: Vec<StageId>,
    /// How many stages of the parent read values or states of this scope.
    pub readers: u32,
    /// Whether others than those stages read it, so that its families live as long as those they are in.
    pub kept: bool,
}

/// A dynamic output of a step.
#[derive(Debug)]
pub struct StreamDef {
    /// The step.
    pub step: StepId,
    /// Index among the op's outputs.
    pub output: u32,
    /// The scope the step lives in.
    pub scope: ScopeId,
    /// Its index in [`ScopeGraph::streams`].
    pub index: u32,
    /// The scopes that go over it.
    pub over: Vec<ScopeId>,
}

/// Something that ends in a [`crate::decide::State`], once an instance of its scope.
#[derive(Debug)]
pub struct Node {
    /// Where it lives.
    pub scope: ScopeId,
    /// What it does.
    pub kind: NodeKind,
    /// What it needs.
    pub deps: Vec<Dep>,
    /// The values it is given: a step's inputs, the result's one value; none otherwise.
    pub inputs: Vec<Value>,
    /// What a step without an op goes over: `zip`, `concat`, `filter`.
    pub sides: Vec<Side>,
    /// The stage it belongs to.
    pub stage: StageId,
    /// Its index in that stage.
    pub index: u32,
}

/// What a node does.
#[derive(Debug, PartialEq)]
pub enum NodeKind {
    /// Runs a step.
    Step(StepId),
    /// Makes the list or map of a fan-in.
    Gather(Gather),
    /// Waits for all clones of something (`after` a dynamic).
    Barrier,
    /// Starts the instances of a scope whose keys come from further out than its parent, or from elsewhere: the inner level
    /// of a product.
    Expand(ScopeId),
    /// Gives the job's result.
    Result,
}

/// One dynamic that a step without an op goes over.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    /// The scopes, from the outermost; the parent of the first is the step's own scope or one around it.
    pub scopes: Vec<ScopeId>,
    /// The value, seen from an instance of the last.
    pub value: Value,
    /// What `value` needs of each instance.
    pub element: Vec<Dep>,
}

/// A fan-in.
#[derive(Clone, Debug, PartialEq)]
pub struct Gather {
    /// The scope it goes over, a child of the node's scope.
    pub scope: ScopeId,
    /// The value of one element, seen from an instance of `scope`.
    pub value: Value,
    /// What `value` needs of each instance of `scope`: an instance is left out if one of them was skipped.
    pub element: Vec<Dep>,
    /// List or map.
    pub into: Collect,
    /// The type of the list or map.
    pub ty: TypeIndex,
}

/// One thing that a node needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dep {
    /// What.
    pub target: Target,
    /// What may have become of it.
    pub tolerates: Tolerance,
}

/// What may have become of a thing that a node needs, for the node to run all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tolerance {
    /// It must be there.
    Nothing,
    /// It may be skipped: `after`, and what is passed as an option.
    Skip,
    /// It may have failed as well: what goes over clones one by one sees for each what became of it.
    Failure,
}

/// What a node may need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A node of its own scope or one around it; with `output`, that output of it, else only its end.
    Node {
        /// The node.
        node: NodeId,
        /// The output, an index among the op's outputs; 0 for a gathered value.
        output: Option<u32>,
    },
    /// All clones of a node of a child scope. Skipped clones do not count against it.
    Each(NodeId),
    /// All keys of a child scope, none of which may stand for a failure.
    Stream(ScopeId),
    /// All keys of a child scope, for one who sees for each what became of it.
    Keys(ScopeId),
    /// Nothing to wait for: what became of an output elsewhere, see [`Value::Over`]. The node waits for all of its clones
    /// by another dependency.
    Over {
        /// Index into [`Graph::overs`].
        over: u32,
        /// The output; `None` for its end alone.
        output: Option<u32>,
    },
}

/// Clones of a node that are met by their keys, not by lying around the one who wants them.
#[derive(Clone, Debug, PartialEq)]
pub struct Over {
    /// The node.
    pub node: NodeId,
    /// From the outermost: a scope around the node, and the scope around the viewer that stands on the same key.
    pub path: Vec<(ScopeId, ScopeId)>,
}

/// A source of the plan with every fan-in replaced by the node that makes it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Known when the program was built.
    Const(Const),
    /// A job parameter.
    Param(u32),
    /// An output of a node of the own scope or one around it.
    Node {
        /// The node.
        node: NodeId,
        /// The output; 0 for a gathered value.
        output: u32,
    },
    /// An output of a node elsewhere, of the clone with the same keys.
    Over {
        /// Index into [`Graph::overs`].
        over: u32,
        /// The output.
        output: u32,
    },
    /// The item of a scope, the own or one around it.
    Item(ScopeId),
    /// Its key.
    Key(ScopeId),
    /// The keys of several, joined.
    FlatKey(Vec<ScopeId>),
    /// A list.
    List {
        /// The elements.
        elements: Vec<Value>,
        /// The type of the list.
        ty: TypeIndex,
    },
    /// A tuple, named tuple or struct.
    Tuple {
        /// The fields.
        fields: Vec<Value>,
        /// Its type.
        ty: TypeIndex,
    },
    /// `some(…)`; `none` if something that the payload is made of was skipped.
    Some {
        /// The payload.
        value: Box<Value>,
        /// The type of the option.
        ty: TypeIndex,
    },
}

/// A chain of nodes of one scope that a worker runs in one go.
#[derive(Debug, Default)]
pub struct Stage {
    /// The scope.
    pub scope: ScopeId,
    /// Its nodes.
    pub nodes: Vec<NodeId>,
    /// How many things of the same instance it waits for: stages of the same scope, and stages or streams of child
    /// scopes. 0: it may run as soon as the key is there.
    pub need: u32,
    /// Stages of enclosing scopes that must be done, at the position of the enclosing instance.
    pub outer: Vec<StageId>,
    /// A stream of an enclosing scope that must have begun, at the position of the enclosing instance.
    pub begun: Option<StreamDefId>,
    /// Stages of the same scope that wait for it.
    pub next: Vec<StageId>,
    /// Whether stages of inner scopes wait for it.
    pub has_outer_next: bool,
    /// Stages of the parent scope that wait for it at every position.
    pub fan_next: Vec<StageId>,
    /// The child scopes whose values or states it reads.
    pub reads: Vec<ScopeId>,
}

impl Graph {
    /// The graph of `job`, whose steps run `ops`.
    pub fn new(job: &Job, ops: &[Op]) -> Self {
        let mut graph = build::nodes(job, ops);
        stages::group(&mut graph);
        graph
    }

    /// Whether the keys of `scope` come from further out than its parent, or from elsewhere.
    pub fn is_product(&self, scope: ScopeId) -> bool {
        let scope = &self.scopes[scope as usize];
        !scope.way.is_empty()
            || scope
                .over
                .is_some_and(|over| self.streams[over as usize].scope != scope.parent)
    }

    /// Whether `outer` is `inner` or lies around it.
    pub fn encloses(&self, outer: ScopeId, inner: ScopeId) -> bool {
        let depth = self.scopes[outer as usize].depth;
        let mut at = inner;
        while self.scopes[at as usize].depth > depth {
            at = self.scopes[at as usize].parent;
        }
        at == outer
    }

    /// Levels of cloning inside the root.
    pub fn depth(&self) -> u32 {
        self.scopes
            .iter()
            .map(|scope| scope.depth)
            .max()
            .unwrap_or(0)
    }
}
