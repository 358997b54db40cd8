//! How the nodes of a job's graph find their values: made once a run, so that running a clone is a walk over tables.
//!
//! **Where values lie.** Each family of instances has one *row* a position, and each stream one row a key. An output that
//! only its own stage reads lies in the *frame* of the worker that runs the stage; one that nobody reads is released at
//! once; every other lies in the row.
//!
//! **Who gets a value.** Its last consumer gets the value itself, moved, so that a list or map is then changed in place;
//! the others get a reference more. Which one is last is known here where one stage holds all consumers; where they lie
//! in several stages of the scope, a counter in the row tells. What inner scopes read is kept until the family retires.

use dynop_abi::desc::{FieldDesc, Kind, PLAIN, StaticStr, TypeDesc};
use dynop_abi::plan::{Action, Collect, Const, Job, Op, ScopeId, StepId};
use std::sync::Arc;

use dynop_engine::graph::{Dep, Graph, Node, NodeId, NodeKind, StageId, Target, Tolerance, Value};
use dynop_values::{Owned, constant, walk};

use crate::request::Program;

/// Where the mapping key lies in a stream's row.
pub(crate) const KEY_AT: usize = 0;
/// Where the item lies in a stream's row.
pub(crate) const ITEM_AT: usize = 16;

/// The type of mapping keys.
pub(crate) static STR: TypeDesc = TypeDesc {
    kind: Kind::Str,
    flags: 0,
    align: 8,
    size: 16,
    a: std::ptr::null(),
    b: std::ptr::null(),
    fields: std::ptr::null(),
    field_count: 0,
    name: StaticStr::new("Str"),
};
/// The type of what a `filter` asks.
static BOOL: TypeDesc = TypeDesc {
    kind: Kind::Bool,
    flags: PLAIN,
    align: 1,
    size: 1,
    a: std::ptr::null(),
    b: std::ptr::null(),
    fields: std::ptr::null(),
    field_count: 0,
    name: StaticStr::new("Bool"),
};
/// The type of outputs that there are not.
static UNIT: TypeDesc = TypeDesc {
    kind: Kind::Unit,
    flags: PLAIN,
    align: 1,
    size: 0,
    a: std::ptr::null(),
    b: std::ptr::null(),
    fields: std::ptr::null(),
    field_count: 0,
    name: StaticStr::new("()"),
};

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
    /// Index of the scope among its parent's children.
    pub child: usize,
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
    Stream { child: usize, whole: bool },
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

/// Who reads a value.
#[derive(Clone, Default)]
struct Uses {
    /// Stages of its own scope that read it; the fan-in of a value counts as a stage of its own, by its node.
    near: Vec<Reader>,
    /// How often inner scopes read it.
    inner: u32,
    /// How many of the near uses are built into recipes so far.
    built: u32,
}

#[derive(Clone, Copy, PartialEq)]
enum Reader {
    Stage(StageId),
    FanIn(NodeId),
}

/// How the consumers of a value get it.
#[derive(Clone, Copy, PartialEq)]
enum Sharing {
    /// Everybody copies.
    Kept,
    /// The last in the order of the text takes it.
    LastTakes,
    /// A counter tells who is last.
    Counted,
}

impl Uses {
    fn sharing(&self) -> Sharing {
        match self.near.as_slice() {
            _ if self.inner > 0 => Sharing::Kept,
            [] => Sharing::Kept,
            [first, rest @ ..] if rest.iter().all(|one| one == first) => Sharing::LastTakes,
            _ => Sharing::Counted,
        }
    }
}

/// Who wants a value, and from where it is seen.
#[derive(Clone, Copy)]
struct Viewer {
    reader: Reader,
    scope: ScopeId,
    stage: StageId,
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

    /// Nodes with their outputs, everything else empty.
    fn declare(&mut self, job: &Job, program: &Program<'_>) {
        for scope in &self.graph.scopes {
            let steps =
                scope
                    .nodes
                    .iter()
                    .filter_map(|&node| match self.graph.nodes[node as usize].kind {
                        NodeKind::Step(step) => Some(step),
                        _ => None,
                    });
            self.shape.scopes.push(ScopeShape {
                steps: steps.collect(),
                ..ScopeShape::default()
            });
        }
        for stage in &self.graph.stages {
            let heavy = stage.nodes.iter().any(|&node| {
                let node = &self.graph.nodes[node as usize];
                match node.kind {
                    NodeKind::Step(step) => is_dynamic(job, program, step),
                    NodeKind::Gather(_) | NodeKind::Barrier => false,
                    NodeKind::Expand(_) | NodeKind::Result => true,
                }
            });
            self.shape.stages.push(StageShape { frame: 0, heavy });
        }
        for (id, node) in self.graph.nodes.iter().enumerate() {
            let outputs: Vec<OutputShape> = match &node.kind {
                NodeKind::Step(step) => step_outputs(job, program, *step)
                    .into_iter()
                    .map(|(ty, dynamic, optional)| OutputShape {
                        desc: self.desc(ty),
                        dynamic,
                        home: Home::Frame(0),
                        present: None,
                        required: !optional && !dynamic,
                    })
                    .collect(),
                NodeKind::Gather(gather) => vec![OutputShape {
                    desc: self.desc(gather.ty),
                    dynamic: false,
                    home: Home::Frame(0),
                    present: None,
                    required: true,
                }],
                _ => Vec::new(),
            };
            let action = match node.kind {
                NodeKind::Step(step) => Some(&job.steps[step as usize].action),
                _ => None,
            };
            let returns = match node.kind {
                NodeKind::Step(step) => {
                    op_of(job, program, step).is_some_and(|op| op.returns_output)
                }
                _ => false,
            };
            self.outputs.push(vec![Uses::default(); outputs.len()]);
            let input_types = match node.kind {
                NodeKind::Step(step) => op_of(job, program, step)
                    .map_or(&[][..], |op| op.params.as_slice())
                    .iter()
                    .map(|param| self.desc(param.ty))
                    .collect(),
                NodeKind::Result => vec![self.desc(job.result_type)],
                _ => Vec::new(),
            };
            self.input_types.push(input_types);
            let nodes = &self.graph.scopes[node.scope as usize].nodes;
            let local = nodes.binary_search(&(id as NodeId)).unwrap_or(0) as u32;
            self.shape.nodes.push(NodeShape {
                checks: Vec::new(),
                outer_checks: Vec::new(),
                inputs: Vec::new(),
                dynamic: outputs.iter().any(|output| output.dynamic),
                outputs,
                local,
                gather: None,
                sides: Vec::new(),
                returns,
                zips: matches!(action, Some(Action::Zip { .. })),
                filters: matches!(action, Some(Action::Filter { .. })),
            });
        }
    }

    // ------------------------------------------------------------------------------------------------- who reads what

    fn count_uses(&mut self) {
        for (id, node) in self.graph.nodes.iter().enumerate() {
            let viewer = node_viewer(node);
            for input in &node.inputs {
                self.count_value(input, viewer);
            }
            if let NodeKind::Gather(gather) = &node.kind {
                self.count_value(
                    &gather.value,
                    element_viewer(id as NodeId, node, gather.scope),
                );
            }
            for side in &node.sides {
                let near = self.graph.scopes[side.scope as usize].parent == node.scope;
                let viewer = element_viewer(id as NodeId, node, side.scope);
                self.count_side(&side.value, viewer, near);
            }
        }
        // Items that several families go over, or that are gone over again and again, can't be given away.
        for stream in &self.graph.streams {
            let again = |&scope: &ScopeId| self.graph.is_product(scope);
            if stream.over.len() > 1 || stream.over.iter().any(again) {
                for &scope in &stream.over {
                    self.items[scope as usize].inner += 1;
                }
            }
        }
    }

    /// A step without an op inside of where its keys are goes over them again and again.
    fn count_side(&mut self, value: &Value, viewer: Viewer, near: bool) {
        self.count_value(value, viewer);
        if !near {
            match value {
                Value::Node { node, output } => {
                    if let Some(uses) = self.outputs[*node as usize].get_mut(*output as usize) {
                        uses.inner += 1;
                    }
                }
                Value::Item(scope) => self.items[*scope as usize].inner += 1,
                Value::List {
                    elements: parts, ..
                }
                | Value::Tuple { fields: parts, .. } => {
                    parts
                        .iter()
                        .for_each(|part| self.count_side(part, viewer, near));
                }
                Value::Some { value, .. } => self.count_side(value, viewer, near),
                _ => {}
            }
        }
    }

    fn count_value(&mut self, value: &Value, viewer: Viewer) {
        match value {
            Value::Node { node, output } => {
                let near = self.graph.nodes[*node as usize].scope == viewer.scope;
                if let Some(uses) = self.outputs[*node as usize].get_mut(*output as usize) {
                    uses.add(near, viewer.reader);
                }
            }
            Value::Over { over, output } => {
                let node = self.graph.overs[*over as usize].node as usize;
                if let Some(uses) = self.outputs[node].get_mut(*output as usize) {
                    uses.inner += 1;
                }
            }
            Value::Item(scope) => {
                self.items[*scope as usize].add(*scope == viewer.scope, viewer.reader);
            }
            Value::List {
                elements: parts, ..
            }
            | Value::Tuple { fields: parts, .. } => {
                for part in parts {
                    self.count_value(part, viewer);
                }
            }
            Value::Some { value, .. } => self.count_value(value, viewer),
            Value::Const(_) | Value::Param(_) | Value::Key(_) | Value::FlatKey(_) => {}
        }
    }

    // -------------------------------------------------------------------------------------------------- where it lies

    fn place_outputs(&mut self) {
        for (id, node) in self.graph.nodes.iter().enumerate() {
            for output in 0..self.outputs[id].len() {
                let uses = &self.outputs[id][output];
                let own = Reader::Stage(node.stage);
                let in_frame = uses.inner == 0 && uses.near.iter().all(|&one| one == own);
                let declared = &mut self.shape.nodes[id].outputs[output];
                let size = declared.desc.size;
                if declared.dynamic {
                    continue;
                }
                let scope = &mut self.shape.scopes[node.scope as usize];
                if in_frame {
                    let frame = &mut self.shape.stages[node.stage as usize].frame;
                    declared.home = Home::Frame(*frame as u32 * 8);
                    *frame += size.div_ceil(8) as usize;
                } else {
                    declared.home = Home::Row(scope.row);
                    if !declared.desc.is_plain() {
                        scope.counted.push((scope.row, declared.desc));
                    }
                    scope.row += size.next_multiple_of(8);
                    if uses.sharing() == Sharing::Counted && !declared.desc.is_plain() {
                        // The counter lies right behind the value.
                        scope.row += 8;
                    }
                }
                if !declared.required {
                    declared.present = Some(scope.row);
                    scope.row += 8;
                }
            }
        }
    }

    fn streams(&mut self, job: &Job, program: &Program<'_>) {
        for stream in &self.graph.streams {
            let outputs = step_outputs(job, program, stream.step);
            let (ty, _, optional) = outputs[stream.output as usize];
            let item = self.desc(ty);
            let read = |&scope: &ScopeId| {
                let uses = &self.items[scope as usize];
                uses.inner > 0 || !uses.near.is_empty()
            };
            self.shape.streams.push(StreamShape {
                item,
                row: ITEM_AT as u32 + item.size.next_multiple_of(8) + 8,
                read: stream.over.iter().any(read),
                optional,
            });
        }
    }

    // ------------------------------------------------------------------------------------------------------ the nodes

    fn node(&mut self, id: NodeId) {
        let graph = self.graph;
        let node = &graph.nodes[id as usize];
        let viewer = node_viewer(node);
        let mut inputs = Vec::new();
        for (index, input) in node.inputs.iter().enumerate() {
            let desc = self.input_types[id as usize]
                .get(index)
                .copied()
                .unwrap_or(&UNIT);
            inputs.push(match self.recipe(input, viewer, desc) {
                Recipe::Take(slot) => Input::Lies(slot, desc),
                recipe => {
                    let size = desc.size;
                    let frame = &mut self.shape.stages[node.stage as usize].frame;
                    let at = *frame as u32 * 8;
                    *frame += size.div_ceil(8) as usize;
                    Input::Made(recipe, at, desc)
                }
            });
        }
        let (mut checks, mut outer_checks) = (Vec::new(), Vec::new());
        // What goes over clones one by one sees for each what became of it.
        let one_by_one = match &node.kind {
            NodeKind::Gather(gather) => gather.into == Collect::Results,
            _ => !node.sides.is_empty(),
        };
        for dep in &node.deps {
            let mut check = self.check(dep, node.scope, Some(node.stage));
            if let Looked::Stream { whole, .. } = &mut check.what {
                *whole = !one_by_one;
            }
            match check.what {
                Looked::Node { hops, .. } if hops > 0 => outer_checks.push(check),
                _ => checks.push(check),
            }
        }
        let gather = match &node.kind {
            NodeKind::Gather(gather) => {
                let ty = self.desc(gather.ty);
                let element_type = match gather.into {
                    Collect::List => ty.a(),
                    Collect::Keyed => ty.b(),
                    // Made of lists or maps of the same type.
                    Collect::Flat | Collect::FlatKeyed => ty,
                    Collect::Results => case_type(ty.a(), OK_CASE),
                };
                let viewer = element_viewer(id, node, gather.scope);
                let element = self.recipe(&gather.value, viewer, element_type);
                let checks = gather.element.iter();
                Some(GatherShape {
                    child: graph.scopes[gather.scope as usize].index as usize,
                    element,
                    element_type,
                    checks: checks
                        .map(|dep| self.check(dep, gather.scope, None))
                        .collect(),
                    into: gather.into,
                    ty,
                })
            }
            _ => None,
        };
        let sides = self.sides(id, node);
        let shape = &mut self.shape.nodes[id as usize];
        shape.sides = sides;
        shape.inputs = inputs;
        shape.checks = checks;
        shape.outer_checks = outer_checks;
        shape.gather = gather;
    }

    fn sides(&mut self, id: NodeId, node: &Node) -> Vec<SideShape> {
        let graph = self.graph;
        let item = self.shape.nodes[id as usize]
            .outputs
            .first()
            .map_or(&UNIT, |output| output.desc);
        let paired =
            node.sides.len() == 2 && item.field_count == 2 && self.shape.nodes[id as usize].zips;
        let mut sides = Vec::new();
        for (index, side) in node.sides.iter().enumerate() {
            let desc = match (paired, index, self.shape.nodes[id as usize].filters) {
                (true, _, _) => item.fields()[index].desc(),
                (_, 1, true) => &BOOL,
                _ => item,
            };
            let scope = &graph.scopes[side.scope as usize];
            let viewer = element_viewer(id, node, side.scope);
            let recipe = self.recipe(&side.value, viewer, desc);
            let checks = side.element.iter();
            sides.push(SideShape {
                hops: self.hops(node.scope, scope.parent),
                child: scope.index as usize,
                recipe,
                desc,
                checks: checks
                    .map(|dep| self.check(dep, side.scope, None))
                    .collect(),
                maker: scope
                    .over
                    .map_or(0, |over| graph.streams[over as usize].step),
            });
        }
        sides
    }

    fn recipe(&mut self, value: &Value, viewer: Viewer, desc: &'static TypeDesc) -> Recipe {
        match value {
            Value::Const(value) => constant_recipe(value, desc),
            Value::Param(index) => Recipe::Param(*index as usize),
            Value::Node { node, output } => self.output_recipe(*node, *output as usize, viewer),
            Value::Item(scope) => {
                let hops = self.hops(viewer.scope, *scope);
                let counter = self.graph.scopes[*scope as usize].over.map_or(0, |stream| {
                    self.shape.streams[stream as usize].left_at() as u32
                });
                let uses = &mut self.items[*scope as usize];
                shared_recipe(uses, Slot::Item { hops }, counter, desc)
            }
            Value::Over { over, output } => {
                let node = self.graph.overs[*over as usize].node;
                let outputs = &self.shape.nodes[node as usize].outputs;
                match outputs.get(*output as usize).map(|output| output.home) {
                    Some(Home::Row(at)) => Recipe::Over(self.way(*over, viewer.scope), at),
                    _ => Recipe::Zero,
                }
            }
            Value::Key(scope) => Recipe::Key(self.hops(viewer.scope, *scope)),
            Value::FlatKey(scopes) => {
                let hops = scopes.iter().map(|&scope| self.hops(viewer.scope, scope));
                Recipe::FlatKey(hops.collect())
            }
            Value::List { elements, .. } => {
                let element = desc.a();
                let made = elements.iter().map(|one| self.recipe(one, viewer, element));
                Recipe::List(made.collect())
            }
            Value::Tuple { fields, .. } => {
                let made = fields.iter().zip(desc.fields());
                Recipe::Tuple(
                    made.map(|(one, field)| self.recipe(one, viewer, field.desc()))
                        .collect(),
                )
            }
            Value::Some { value, .. } => {
                let checks = self.absence_checks(value, viewer);
                let payload = self.recipe(value, viewer, desc.a());
                Recipe::Some(Box::new(payload), checks)
            }
        }
    }

    fn way(&self, over: u32, from: ScopeId) -> Way {
        let path = self.graph.overs[over as usize].path.iter();
        path.map(|&(scope, same)| {
            let index = self.graph.scopes[scope as usize].index as usize;
            (index, self.hops(from, same))
        })
        .collect()
    }

    fn output_recipe(&mut self, node: NodeId, output: usize, viewer: Viewer) -> Recipe {
        let hops = self.hops(viewer.scope, self.graph.nodes[node as usize].scope);
        let Some(declared) = self.shape.nodes[node as usize].outputs.get(output) else {
            return Recipe::Zero;
        };
        let slot = match declared.home {
            Home::Frame(at) => Slot::Frame(at),
            Home::Row(at) => Slot::Row { hops, at },
        };
        let counter = match declared.home {
            Home::Row(at) => at + declared.desc.size.next_multiple_of(8),
            Home::Frame(_) => 0,
        };
        let desc = declared.desc;
        shared_recipe(
            &mut self.outputs[node as usize][output],
            slot,
            counter,
            desc,
        )
    }

    /// What says whether the payload of an option is there: the states of optional outputs.
    fn absence_checks(&self, value: &Value, viewer: Viewer) -> Vec<Check> {
        let Value::Node { node, output } = value else {
            return Vec::new();
        };
        let optional = self.shape.nodes[*node as usize]
            .outputs
            .get(*output as usize)
            .is_some_and(|output| output.present.is_some());
        if !optional {
            return Vec::new();
        }
        let dep = Dep {
            target: Target::Node {
                node: *node,
                output: Some(*output),
            },
            tolerates: Tolerance::Nothing,
        };
        let stage = matches!(viewer.reader, Reader::Stage(_)).then_some(viewer.stage);
        vec![self.check(&dep, viewer.scope, stage)]
    }

    /// How a dependency is looked at from `scope`; with `stage`, what that stage ran is looked up in its frame.
    fn check(&self, dep: &Dep, scope: ScopeId, stage: Option<StageId>) -> Check {
        let what = match dep.target {
            Target::Node { node, output } => {
                let target = &self.graph.nodes[node as usize];
                let present = output.and_then(|output| {
                    let outputs = &self.shape.nodes[node as usize].outputs;
                    outputs.get(output as usize)?.present
                });
                if stage == Some(target.stage) {
                    Looked::Frame {
                        index: target.index as usize,
                        present,
                    }
                } else {
                    Looked::Node {
                        hops: self.hops(scope, target.scope),
                        local: self.shape.nodes[node as usize].local,
                        present,
                    }
                }
            }
            Target::Each(node) => {
                let target = &self.graph.nodes[node as usize];
                Looked::Each {
                    child: self.graph.scopes[target.scope as usize].index as usize,
                    local: self.shape.nodes[node as usize].local,
                }
            }
            Target::Stream(scope) => Looked::Stream {
                child: self.graph.scopes[scope as usize].index as usize,
                whole: true,
            },
            Target::Over { over, output } => {
                let node = self.graph.overs[over as usize].node as usize;
                let outputs = &self.shape.nodes[node].outputs;
                Looked::Over {
                    way: self.way(over, scope),
                    local: self.shape.nodes[node].local,
                    present: outputs
                        .get(output as usize)
                        .and_then(|output| output.present),
                }
            }
        };
        let node = match dep.target {
            Target::Node { node, .. } | Target::Each(node) => Some(node),
            Target::Over { over, .. } => Some(self.graph.overs[over as usize].node),
            Target::Stream(_) => None,
        };
        Check {
            what,
            tolerates: dep.tolerates,
            node,
        }
    }

    fn hops(&self, from: ScopeId, to: ScopeId) -> usize {
        let depth = |scope: ScopeId| self.graph.scopes[scope as usize].depth;
        depth(from).saturating_sub(depth(to)) as usize
    }
}

fn node_viewer(node: &Node) -> Viewer {
    Viewer {
        reader: Reader::Stage(node.stage),
        scope: node.scope,
        stage: node.stage,
    }
}

fn element_viewer(id: NodeId, node: &Node, scope: ScopeId) -> Viewer {
    Viewer {
        reader: Reader::FanIn(id),
        scope,
        stage: node.stage,
    }
}

impl Uses {
    fn add(&mut self, near: bool, reader: Reader) {
        if near {
            self.near.push(reader);
        } else {
            self.inner += 1;
        }
    }
}

/// The recipe of one more use of a value. Uses are built in the order in which nodes run.
fn shared_recipe(uses: &mut Uses, slot: Slot, counter: u32, desc: &TypeDesc) -> Recipe {
    uses.built += 1;
    match uses.sharing() {
        // Copying bits is cheaper than counting who had them.
        _ if desc.is_plain() && uses.near.len() != 1 => Recipe::Copy(slot),
        Sharing::Kept => Recipe::Copy(slot),
        Sharing::LastTakes if uses.built == uses.near.len() as u32 => Recipe::Take(slot),
        Sharing::LastTakes => Recipe::Copy(slot),
        Sharing::Counted => Recipe::Count(slot, counter, uses.near.len() as u32),
    }
}

fn constant_recipe(value: &Const, desc: &'static TypeDesc) -> Recipe {
    match constant::materialise(value, desc) {
        Ok(owned) => {
            // SAFETY: a valid value that nobody else reaches yet.
            unsafe { walk::share(owned.as_ptr(), desc) };
            Recipe::Constant(owned)
        }
        Err(_) => Recipe::Zero,
    }
}

fn op_of<'p>(job: &Job, program: &Program<'p>, step: StepId) -> Option<&'p Op> {
    program
        .ops
        .get(job.steps[step as usize].action.op()? as usize)
}

/// The outputs of a step: type, whether it is dynamic, whether it is optional.
fn step_outputs(job: &Job, program: &Program<'_>, step: StepId) -> Vec<(u32, bool, bool)> {
    if let Some(item) = job.steps[step as usize].action.item() {
        return vec![(item, true, false)];
    }
    let outputs = op_of(job, program, step).map_or(&[][..], |op| op.outputs.as_slice());
    outputs
        .iter()
        .map(|output| (output.ty, output.dynamic, output.optional))
        .collect()
}

/// Index of `Ok` among the cases of `Result`.
pub(crate) const OK_CASE: usize = 0;
/// Index of `Err`.
pub(crate) const ERR_CASE: usize = 1;

/// The one field of a case, of an enum whose cases have one.
pub(crate) fn case_field(desc: &'static TypeDesc, case: usize) -> Option<&'static FieldDesc> {
    desc.fields().get(case)?.desc().fields().first()
}

fn case_type(desc: &'static TypeDesc, case: usize) -> &'static TypeDesc {
    case_field(desc, case).map_or(&UNIT, |field| field.desc())
}

fn is_dynamic(job: &Job, program: &Program<'_>, step: StepId) -> bool {
    step_outputs(job, program, step)
        .iter()
        .any(|&(_, dynamic, _)| dynamic)
}
