//! The state of one run.
//!
//! Everything here is proportional to events: a range of a million positions that a stage has done is one call. Positions
//! that wait for something of their own (a fan-in inside the instance, two stages before one) have a counter each, in
//! an array by position.

mod claim;
mod events;
mod family;

use std::collections::HashMap;

use dynop_abi::plan::{ROOT, ScopeId};

pub use claim::Claim;
pub use events::Begun;

use crate::decide::State;
use crate::graph::{Graph, NodeKind, StageId, StreamDefId};
use family::{Family, Stream};

/// A family of instances: all instances of one scope inside one instance of its parent.
pub type FamilyId = u32;
/// A stream: the keys of one dynamic output of one clone.
pub type StreamId = u32;
/// The family of the root's one instance.
pub const ROOT_FAMILY: FamilyId = 0;
/// No family or stream.
pub const NONE: u32 = u32::MAX;

/// How a stream ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StreamEnd {
    /// The step succeeded: the keys are complete.
    Complete,
    /// The step was skipped, or the output is optional and has no item.
    Skipped,
    /// The step failed or is upstream-failed: the keys it yielded go on, the set of them is not complete.
    Failed,
    /// The run was cancelled.
    Cancelled,
}

/// A family that has come to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Created {
    /// Its number; they count up from 1, the root's is 0.
    pub family: FamilyId,
    /// Its scope.
    pub scope: ScopeId,
    /// The family its parent instance is in.
    pub parent: FamilyId,
    /// The position of the parent instance there.
    pub position: u32,
    /// Its keys.
    pub stream: StreamId,
}

/// Clones of one step, by the state they ended in, and how many are known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Clones known so far.
    pub known: u64,
    /// By [`State`]'s number.
    pub by_state: [u64; 6],
}

impl Counts {
    /// Clones ended.
    pub fn ended(&self) -> u64 {
        self.by_state[1..].iter().sum()
    }

    /// Clones that ended in `state`.
    pub fn of(&self, state: State) -> u64 {
        self.by_state[state as usize]
    }
}

/// A run.
#[derive(Debug)]
pub struct Run<'g> {
    graph: &'g Graph,
    families: Vec<Option<Box<Family>>>,
    streams: Vec<Option<Box<Stream>>>,
    /// Stages of inner families that wait for a stage of an outer instance. Looked up, never gone through.
    waiting_stage: HashMap<(FamilyId, StageId, u32), Vec<(FamilyId, StageId)>>,
    /// Stages that wait for a stream of an outer instance to begin.
    waiting_begun: HashMap<(FamilyId, StreamDefId, u32), Vec<(FamilyId, StageId)>>,
    counts: Vec<Counts>,
    retired: Vec<FamilyId>,
    retired_streams: Vec<StreamId>,
    finished: bool,
}

impl<'g> Run<'g> {
    /// A run that has just begun: what needs nothing can be claimed.
    pub fn new(graph: &'g Graph) -> Self {
        let mut run = Self {
            graph,
            families: Vec::new(),
            streams: Vec::new(),
            waiting_stage: HashMap::new(),
            waiting_begun: HashMap::new(),
            counts: vec![Counts::default(); graph.step_nodes.len()],
            retired: Vec::new(),
            retired_streams: Vec::new(),
            finished: false,
        };
        run.create(ROOT, ROOT_FAMILY, 0, NONE);
        run.grow(ROOT_FAMILY, 1);
        run.close(ROOT_FAMILY);
        run
    }

    /// Whether everything has ended.
    pub fn is_finished(&self) -> bool {
        self.finished
    }

    /// The counts of a step of the plan.
    pub fn counts(&self, step: u32) -> Counts {
        self.counts[step as usize]
    }

    /// Which dynamic output a stream is of. (0 for a retired one.)
    pub fn definition(&self, stream: StreamId) -> StreamDefId {
        self.streams[stream as usize]
            .as_ref()
            .map_or(0, |stream| stream.def)
    }

    /// Clones that can run or are running among the items of a stream and all their descendants; what waits for other
    /// data is not among them. This is what the bound on outstanding clones is about.
    pub fn load(&self, stream: StreamId) -> u64 {
        self.streams[stream as usize]
            .as_ref()
            .map_or(0, |stream| stream.load)
    }

    /// Families that nobody will look at again, since the last call. (The root's is never among them.)
    pub fn take_retired(&mut self) -> Vec<FamilyId> {
        std::mem::take(&mut self.retired)
    }

    /// Streams that nobody will look at again, since the last call.
    pub fn take_retired_streams(&mut self) -> Vec<StreamId> {
        std::mem::take(&mut self.retired_streams)
    }

    fn family(&self, id: FamilyId) -> &Family {
        self.families[id as usize]
            .as_ref()
            .expect("a family is retired only when nothing refers to it")
    }

    fn family_mut(&mut self, id: FamilyId) -> &mut Family {
        self.families[id as usize]
            .as_mut()
            .expect("a family is retired only when nothing refers to it")
    }

    fn stream_mut(&mut self, id: StreamId) -> &mut Stream {
        self.streams[id as usize]
            .as_mut()
            .expect("a stream is retired only when nothing refers to it")
    }

    /// Steps of a stage, with their index in the plan.
    fn steps_of(graph: &'g Graph, stage: StageId) -> impl Iterator<Item = (usize, u32)> {
        let nodes = graph.stages[stage as usize].nodes.iter();
        nodes.filter_map(|&node| match graph.nodes[node as usize].kind {
            NodeKind::Step(step) => Some((step as usize, node)),
            _ => None,
        })
    }
}
