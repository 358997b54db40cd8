//! The records of families and streams, and how families come, grow, close and go.

use std::collections::VecDeque;

use dynop_abi::plan::ScopeId;

use super::{FamilyId, NONE, ROOT_FAMILY, Run, StreamEnd, StreamId};
use crate::graph::{StageId, StreamDefId};

/// The instances of one scope inside one instance of its parent.
#[derive(Debug)]
pub(super) struct Family {
    pub scope: ScopeId,
    /// The root's is its own.
    pub parent: FamilyId,
    pub position: u32,
    /// `NONE` for the root.
    pub stream: StreamId,
    /// Positions known.
    pub known: u32,
    /// Whether no further position comes.
    pub closed: bool,
    /// By index in the scope's list of stages.
    pub stages: Box<[StageState]>,
    /// By index in the scope's list of streams, then by position.
    pub streams: Box<[Vec<StreamId>]>,
    /// By index in the scope's list of children, then by position.
    pub children: Box<[Vec<FamilyId>]>,
    /// What may be claimed, newest last.
    pub work: Vec<Work>,
    /// Whether it stands in its parent's `work`.
    pub listed: bool,
    /// Stages not done everywhere.
    pub live_stages: u32,
    /// Child families not complete.
    pub live_children: u32,
    /// Child families not retired.
    pub kept_children: u32,
    /// Stages of the parent instance that have yet to read it.
    pub readers: u32,
    /// Whether all stages of it and of all inside it are done.
    pub complete: bool,
    /// Clones that can run or are running, with all descendants.
    pub load: u64,
}

/// What may be claimed within a family.
#[derive(Clone, Copy, Debug)]
pub(super) enum Work {
    /// A stage of the family, by its index there.
    Stage(u32),
    /// A child family.
    Child(FamilyId),
}

/// A stage in one family.
#[derive(Debug, Default)]
pub(super) struct StageState {
    /// Things of enclosing instances it still waits for; 0: open.
    pub gates: u32,
    /// For a stage that needs nothing of its own instance: the first position not yet handed out.
    pub cursor: u32,
    /// Positions that can run (once it is open), in ranges.
    pub ready: VecDeque<(u32, u32)>,
    /// Positions handed out and done.
    pub done: u32,
    /// For a stage that needs several things of its own instance: how many it has, by position.
    pub have: Vec<u32>,
    /// Where inner stages wait for it: whether it is done, by position.
    pub done_at: Vec<bool>,
    /// Whether it stands in the family's `work`.
    pub queued: bool,
}

/// The keys of one dynamic output of one clone.
#[derive(Debug)]
pub(super) struct Stream {
    pub def: StreamDefId,
    pub known: u32,
    pub end: Option<StreamEnd>,
    /// Every family that goes over it.
    pub families: Vec<FamilyId>,
    pub load: u64,
}

impl Run<'_> {
    /// A new family without positions.
    pub(super) fn create(
        &mut self,
        scope: ScopeId,
        parent: FamilyId,
        position: u32,
        stream: StreamId,
    ) -> FamilyId {
        let id = self.families.len() as FamilyId;
        let shape = &self.graph.scopes[scope as usize];
        self.families.push(Some(Box::new(Family {
            scope,
            parent,
            position,
            stream,
            known: 0,
            closed: false,
            stages: shape.stages.iter().map(|_| StageState::default()).collect(),
            streams: shape.streams.iter().map(|_| Vec::new()).collect(),
            children: shape.children.iter().map(|_| Vec::new()).collect(),
            work: Vec::new(),
            listed: false,
            live_stages: shape.stages.len() as u32,
            live_children: 0,
            kept_children: 0,
            readers: shape.readers,
            complete: false,
            load: 0,
        })));
        for index in 0..shape.stages.len() {
            let gates = self.register_gates(id, index);
            self.family_mut(id).stages[index].gates = gates;
        }
        if id != ROOT_FAMILY {
            let index = shape.index as usize;
            let kept = shape.kept;
            let parent = self.family_mut(parent);
            parent.live_children += 1;
            parent.kept_children += u32::from(!kept);
            set_at(&mut parent.children[index], position, id);
            self.stream_mut(stream).families.push(id);
        }
        id
    }

    /// Has the stage told when what it waits for of enclosing instances is there; gives how much is not there yet.
    fn register_gates(&mut self, family: FamilyId, index: usize) -> u32 {
        let scope = self.family(family).scope;
        let stage_id = self.graph.scopes[scope as usize].stages[index];
        let stage = &self.graph.stages[stage_id as usize];
        let mut gates = 0;
        for &outer in &stage.outer {
            let outer_scope = self.graph.stages[outer as usize].scope;
            let (at, position) = self.enclosing(family, outer_scope);
            let state = self.stage_state(at, outer);
            if !state
                .done_at
                .get(position as usize)
                .is_some_and(|&done| done)
            {
                let waiting = self.waiting_stage.entry((at, outer, position));
                waiting.or_default().push((family, stage_id));
                gates += 1;
            }
        }
        if let Some(begun) = stage.begun {
            let def = &self.graph.streams[begun as usize];
            let (at, position) = self.enclosing(family, def.scope);
            let streams = &self.family(at).streams[def.index as usize];
            if get_at(streams, position) == NONE {
                let waiting = self.waiting_begun.entry((at, begun, position));
                waiting.or_default().push((family, stage_id));
                gates += 1;
            }
        }
        gates
    }

    /// The instance of `scope` around every instance of `family`: `scope` lies strictly around the family's.
    pub(super) fn enclosing(&self, family: FamilyId, scope: ScopeId) -> (FamilyId, u32) {
        let mut at = self.family(family);
        loop {
            let (parent, position) = (at.parent, at.position);
            at = self.family(parent);
            if at.scope == scope || parent == ROOT_FAMILY {
                return (parent, position);
            }
        }
    }

    /// The index of a stage in its scope's list.
    pub(super) fn stage_index(&self, stage: StageId) -> usize {
        let scope = self.graph.stages[stage as usize].scope;
        let stages = &self.graph.scopes[scope as usize].stages;
        stages.binary_search(&stage).unwrap_or(0)
    }

    fn stage_state(&self, family: FamilyId, stage: StageId) -> &StageState {
        &self.family(family).stages[self.stage_index(stage)]
    }

    /// The stream of an output at a position, begun already.
    pub(super) fn stream_at(&self, def: StreamDefId, family: FamilyId, position: u32) -> StreamId {
        let index = self.graph.streams[def as usize].index as usize;
        get_at(&self.family(family).streams[index], position)
    }

    /// More positions of a family are known.
    pub(super) fn grow(&mut self, id: FamilyId, known: u32) {
        let graph = self.graph;
        let family = self.family_mut(id);
        let from = family.known;
        if known <= from {
            return;
        }
        family.known = known;
        let scope = &graph.scopes[family.scope as usize];
        // Backwards, since the newest offer is taken first: so steps that could all run begin in the order of the text.
        for (index, &stage_id) in scope.stages.iter().enumerate().rev() {
            let stage = &graph.stages[stage_id as usize];
            let state = &mut self.family_mut(id).stages[index];
            if stage.need > 1 {
                state.have.resize(known as usize, 0);
            }
            if stage.has_outer_next {
                state.done_at.resize(known as usize, false);
            }
            let open = state.gates == 0;
            for (step, _) in Self::steps_of(graph, stage_id) {
                self.counts[step].known += u64::from(known - from);
            }
            if stage.need == 0 && open {
                self.add_load(id, u64::from(known - from));
                self.offer(id, index);
            }
        }
    }

    /// No further position comes.
    pub(super) fn close(&mut self, id: FamilyId) {
        let graph = self.graph;
        let family = self.family_mut(id);
        if family.closed {
            return;
        }
        family.closed = true;
        let (scope, known, parent, position) =
            (family.scope, family.known, family.parent, family.position);
        for &next in &graph.scopes[scope as usize].end_next {
            self.satisfy(parent, next, position, position + 1);
        }
        for index in 0..graph.scopes[scope as usize].stages.len() {
            if self.family(id).stages[index].done == known {
                self.stage_complete(id, index);
            }
        }
        self.check_complete(id);
    }

    /// A stage is done at every position there will be.
    pub(super) fn stage_complete(&mut self, id: FamilyId, index: usize) {
        let graph = self.graph;
        let family = self.family_mut(id);
        family.live_stages -= 1;
        let (scope, parent, position) = (family.scope, family.parent, family.position);
        let stage = graph.scopes[scope as usize].stages[index];
        for &next in &graph.stages[stage as usize].fan_next {
            self.satisfy(parent, next, position, position + 1);
        }
    }

    /// Notes the completion of the family, and of those around it that it completes.
    pub(super) fn check_complete(&mut self, id: FamilyId) {
        let mut id = id;
        loop {
            let family = self.family_mut(id);
            if family.complete
                || !family.closed
                || family.live_stages > 0
                || family.live_children > 0
            {
                return;
            }
            family.complete = true;
            let parent = family.parent;
            if id == ROOT_FAMILY {
                self.finished = true;
                return;
            }
            self.check_retired(id);
            self.family_mut(parent).live_children -= 1;
            id = parent;
        }
    }

    /// Retires the family if nobody will read it again, and those around it that waited only for that. One of a kept
    /// scope goes with the family that it is in.
    pub(super) fn check_retired(&mut self, id: FamilyId) {
        let mut id = id;
        while id != ROOT_FAMILY {
            let Some(family) = &self.families[id as usize] else {
                return;
            };
            if !family.complete || family.kept_children > 0 || family.readers > 0 {
                return;
            }
            if self.graph.scopes[family.scope as usize].kept {
                return;
            }
            let parent = family.parent;
            self.retire(id);
            self.family_mut(parent).kept_children -= 1;
            id = parent;
        }
    }

    /// Forgets a family that is complete, with what is left inside it.
    fn retire(&mut self, id: FamilyId) {
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            let Some(family) = self.families[id as usize].take() else {
                continue;
            };
            for &stream in family.streams.iter().flatten() {
                if stream != NONE {
                    self.streams[stream as usize] = None;
                    self.retired_streams.push(stream);
                }
            }
            self.retired.push(id);
            open.extend(
                family
                    .children
                    .iter()
                    .flatten()
                    .filter(|&&child| child != NONE),
            );
        }
    }
}

/// Writes at `position` of a list by position, which grows as needed.
pub(super) fn set_at(list: &mut Vec<u32>, position: u32, value: u32) {
    let position = position as usize;
    if list.len() <= position {
        list.resize(position + 1, NONE);
    }
    list[position] = value;
}

/// What stands at `position`, `NONE` if nothing.
pub(super) fn get_at(list: &[u32], position: u32) -> u32 {
    list.get(position as usize).copied().unwrap_or(NONE)
}
