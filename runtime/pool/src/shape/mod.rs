//! How the nodes of a job's graph find their values: made once a run, so that running a clone is a walk over tables.
//!
//! **Where values lie.** Each family of instances has one *row* a position, and each stream one row a key. An output that
//! only its own stage reads lies in the *frame* of the worker that runs the stage; one that nobody reads is released at
//! once; every other lies in the row.
//!
//! **Who gets a value.** Its last consumer gets the value itself, moved, so that a list or map is then changed in place;
//! the others get a reference more. Which one is last is known here where one stage holds all consumers; where they lie
//! in several stages of the scope, a counter in the row tells. What inner scopes read is kept until the family retires.

mod declare;
mod recipes;
mod uses;

use std::sync::Arc;

use dynop_abi::desc::{FieldDesc, Kind, PLAIN, TypeDesc};
use dynop_abi::plan::{Collect, Job, ScopeId, StepId};
use dynop_engine::graph::{Graph, NodeId, Tolerance};
use dynop_values::Owned;

use crate::request::Program;
use uses::Uses;

/// Where the mapping key lies in a stream's row.
pub(crate) const KEY_AT: usize = 0;
/// Where the item lies in a stream's row.
pub(crate) const ITEM_AT: usize = 16;

/// The type of mapping keys.
pub(crate) static STR: TypeDesc = TypeDesc::simple(Kind::Str, 0, 16, "Str");
/// The type of what a `filter` asks.
static BOOL: TypeDesc = TypeDesc::simple(Kind::Bool, PLAIN, 1, "Bool");
/// The type of outputs that there are not.
static UNIT: TypeDesc = TypeDesc::simple(Kind::Unit, PLAIN, 0, "()");

/// The tables.
pub(crate) struct Shape {
    pub nodes: Vec<NodeShape>,
    pub stages: Vec<StageShape>,
    pub scopes: Vec<ScopeShape>,
    pub streams: Vec<StreamShape>,
}

/// A scope's rows.
#[derive(Default)]
pub(crate) struct ScopeShape {
    /// Bytes of a row.
    pub row: u32,
    /// Values in the row that are counted: where, and their types.
    pub counted: Vec<(u32, &'static TypeDesc)>,
    /// Steps that live here, for counting clones.
    pub steps: Vec<StepId>,
}

/// A dynamic output's rows.
pub(crate) struct StreamShape {
    /// The item's type.
    pub item: &'static TypeDesc,
    /// Bytes of a row: key, item, place of the yield, consumers that had it.
    pub row: u32,
    /// Whether anything reads items.
    pub read: bool,
    /// Whether having no item is a skip.
    pub optional: bool,
    /// Whether a key may have several parts: what joins flattened dynamics yields such. They are joined by
    /// [`crate::step_key::PARTS`].
    pub flat: bool,
}

impl StreamShape {
    /// Where the place of the yield lies in a row.
    pub fn site_at(&self) -> usize {
        self.row as usize - 8
    }

    /// Where the number of consumers that had the item lies.
    pub fn left_at(&self) -> usize {
        self.row as usize - 4
    }
}

/// A stage.
pub(crate) struct StageShape {
    /// Words of the frame.
    pub frame: usize,
    /// Runs one position at a time: it yields, gathers or opens families, so that each position is much work.
    pub heavy: bool,
}

/// A node.
pub(crate) struct NodeShape {
    /// What must be looked at, the stage's own scope and frame.
    pub checks: Vec<Check>,
    /// What must be looked at once a claim, being the same for all positions.
    pub outer_checks: Vec<Check>,
    /// A step's arguments; the result's one value.
    pub inputs: Vec<Input>,
    /// An op's outputs; a gathered value.
    pub outputs: Vec<OutputShape>,
    /// Whether it is a step with dynamic outputs.
    pub dynamic: bool,
    /// Index among its scope's nodes.
    pub local: u32,
    /// Of a fan-in: how an element is made.
    pub gather: Option<GatherShape>,
    /// Of a step without an op: what it goes over.
    pub sides: Vec<SideShape>,
    /// Whether its op puts its one output where it is told to.
    pub returns: bool,
    /// Whether it is a `zip`, or a `filter`.
    pub zips: bool,
    pub filters: bool,
}

/// What a step without an op goes over.
pub(crate) struct SideShape {
    /// How far out the scope's parent is.
    pub hops: usize,
    /// From the outermost: the index of each scope among its parent's children.
    pub children: Box<[usize]>,
    pub recipe: Recipe,
    pub desc: &'static TypeDesc,
    pub checks: Vec<Check>,
    /// The step that yields the keys, for messages.
    pub maker: StepId,
}

/// A fan-in.
pub(crate) struct GatherShape {
    /// Index of the scope among its parent's children.
    pub child: usize,
    pub element: Recipe,
    pub element_type: &'static TypeDesc,
    pub checks: Vec<Check>,
    pub into: Collect,
    pub ty: &'static TypeDesc,
}

/// Something whose state decides whether a clone runs.
#[derive(Clone)]
pub(crate) struct Check {
    pub what: Looked,
    pub tolerates: Tolerance,
    /// The node that is looked at, if it is one.
    pub node: Option<NodeId>,
}

/// From the root inwards, the way to a clone with the same keys: the index of a scope among its parent's children, and
/// how far out from the viewer the instance is whose position is taken.
pub(crate) type Way = Arc<[(usize, usize)]>;

/// Where to look.
#[derive(Clone)]
pub(crate) enum Looked {
    /// A node of the same stage, by index there, and the row's byte that says whether an optional output is there.
    Frame { index: usize, present: Option<u32> },
    /// A node so many scopes out, by index in its scope.
    Node {
        hops: usize,
        local: u32,
        present: Option<u32>,
    },
    /// All clones of a node of a child scope.
    Each { child: usize, local: u32 },
    /// All keys of a child scope. `whole` says that none of them may stand for a failure.
    Stream {
        child: usize,
        scope: ScopeId,
        whole: bool,
    },
    /// A node elsewhere.
    Over {
        way: Way,
        local: u32,
        present: Option<u32>,
    },
}

/// An argument.
pub(crate) enum Input {
    /// The value where it lies, moved.
    Lies(Slot, &'static TypeDesc),
    /// Made in the frame, at this byte.
    Made(Recipe, u32, &'static TypeDesc),
}

/// Where a value lies.
#[derive(Clone, Copy)]
pub(crate) enum Slot {
    /// A byte of the frame.
    Frame(u32),
    /// A byte of the row so many scopes out.
    Row { hops: usize, at: u32 },
    /// The item so many scopes out.
    Item { hops: usize },
}

/// How a value is made.
pub(crate) enum Recipe {
    /// A reference more to a value of the run.
    Constant(Owned),
    /// To a job parameter.
    Param(usize),
    /// To a value that lies somewhere.
    Copy(Slot),
    /// To a value in a row elsewhere.
    Over(Way, u32),
    /// The value itself.
    Take(Slot),
    /// The same for the last of so many consumers, counted at a byte of the same row.
    Count(Slot, u32, u32),
    /// The mapping key so many scopes out.
    Key(usize),
    /// Several, joined.
    FlatKey(Vec<usize>),
    List(Vec<Recipe>),
    Tuple(Vec<Recipe>),
    Some(Box<Recipe>, Vec<Check>),
    /// Zero bits: what a broken plan names.
    Zero,
}

/// An output of a node.
pub(crate) struct OutputShape {
    pub desc: &'static TypeDesc,
    pub dynamic: bool,
    pub home: Home,
    /// The row's byte that says whether an optional output is there.
    pub present: Option<u32>,
    /// Whether it must be given.
    pub required: bool,
}

/// Where an output is kept.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Home {
    /// In the frame. Nobody reads it behind the stage.
    Frame(u32),
    /// In the row.
    Row(u32),
}

/// Index of `Ok` among the cases of `Result`.
pub(crate) const OK_CASE: usize = 0;
/// Index of `Err`.
pub(crate) const ERR_CASE: usize = 1;

/// The one field of a case, of an enum whose cases have one.
pub(crate) fn case_field(desc: &'static TypeDesc, case: usize) -> Option<&'static FieldDesc> {
    desc.fields().get(case)?.desc().fields().first()
}

struct Builder<'a> {
    graph: &'a Graph,
    types: &'a [&'static TypeDesc],
    /// By node, then by output.
    outputs: Vec<Vec<Uses>>,
    /// By scope.
    items: Vec<Uses>,
    /// The types of each node's inputs.
    input_types: Vec<Vec<&'static TypeDesc>>,
    shape: Shape,
}

impl Shape {
    /// The tables of `graph`, made from `job`.
    pub fn new(graph: &Graph, job: &Job, program: &Program<'_>) -> Self {
        let mut builder = Builder {
            graph,
            types: program.types,
            outputs: Vec::new(),
            items: vec![Uses::default(); graph.scopes.len()],
            input_types: Vec::new(),
            shape: Self {
                nodes: Vec::new(),
                stages: Vec::new(),
                scopes: Vec::new(),
                streams: Vec::new(),
            },
        };
        builder.declare(job, program);
        builder.count_uses();
        builder.place_outputs();
        builder.streams(job, program);
        for id in 0..graph.nodes.len() as NodeId {
            builder.node(id);
        }
        builder.shape
    }
}
impl Builder<'_> {
    fn desc(&self, ty: u32) -> &'static TypeDesc {
        self.types.get(ty as usize).copied().unwrap_or(&UNIT)
    }
}
