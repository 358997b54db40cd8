//! What workers report: keys, dynamic steps that begin and end, ranges done.

use dynop_abi::plan::StepId;

use super::family::{Stream, get_at, set_at};
use super::{Created, FamilyId, NONE, ROOT_FAMILY, Run, StreamEnd, StreamId};
use crate::decide::State;
use crate::graph::{NodeId, NodeKind, StageId, StreamDefId};

/// A dynamic output of a clone that has begun.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Begun {
    /// Index among the op's outputs.
    pub output: u32,
    /// Its stream.
    pub stream: StreamId,
}

impl Run<'_> {
    /// The clone of `step` at `position` of `family` begins, or will not run: gives its dynamic outputs' streams and
    /// the families that now exist. To be called once for each clone of a step with dynamic outputs, before its stage
    /// is reported done, and followed by [`Self::end`] for each stream.
    pub fn start(
        &mut self,
        family: FamilyId,
        position: u32,
        step: StepId,
    ) -> (Vec<Begun>, Vec<Created>) {
        let graph = self.graph;
        let scope = self.family(family).scope;
        let (mut begun, mut created) = (Vec::new(), Vec::new());
        for &def_id in &graph.scopes[scope as usize].streams {
            let def = &graph.streams[def_id as usize];
            if def.step != step {
                continue;
            }
            let stream = self.streams.len() as StreamId;
            self.streams.push(Some(Box::new(Stream {
                def: def_id,
                known: 0,
                end: None,
                families: Vec::new(),
                load: 0,
            })));
            let streams = &mut self.family_mut(family).streams[def.index as usize];
            set_at(streams, position, stream);
            begun.push(Begun {
                output: def.output,
                stream,
            });
            for &over in &def.over {
                if !graph.is_product(over) {
                    created.push(self.create_over(over, family, position, stream));
                }
            }
            if let Some(waiting) = self.waiting_begun.remove(&(family, def_id, position)) {
                for (family, stage) in waiting {
                    self.open_gate(family, stage);
                }
            }
        }
        (begun, created)
    }

    /// Runs the node that starts a product's inner instances: `node` is an [`NodeKind::Expand`] at `position` of
    /// `family`. To be called before its stage is reported done.
    pub fn expand(&mut self, family: FamilyId, position: u32, node: NodeId) -> Option<Created> {
        let NodeKind::Expand(scope) = self.graph.nodes[node as usize].kind else {
            return None;
        };
        let def = self.graph.scopes[scope as usize].over?;
        let (at, at_position) = self.maker(scope, def, family, position)?;
        let stream = self.stream_at(def, at, at_position);
        if stream == NONE {
            return None;
        }
        let created = self.create_over(scope, family, position, stream);
        let (known, ended) = {
            let stream = self.stream_mut(stream);
            (stream.known, stream.end.is_some())
        };
        self.grow(created.family, known);
        if ended {
            self.close(created.family);
        }
        Some(created)
    }

    /// The instance in which the step lives whose output `scope` goes over, seen from the parent's instance.
    fn maker(
        &self,
        scope: u32,
        def: StreamDefId,
        family: FamilyId,
        position: u32,
    ) -> Option<(FamilyId, u32)> {
        let way = &self.graph.scopes[scope as usize].way;
        if way.is_empty() {
            return Some(self.enclosing(family, self.graph.streams[def as usize].scope));
        }
        let (mut at, mut at_position) = (ROOT_FAMILY, 0);
        for &(inner, same) in way {
            let index = self.graph.scopes[inner as usize].index as usize;
            at = get_at(&self.family(at).children[index], at_position);
            if at == NONE || self.families[at as usize].is_none() {
                return None;
            }
            at_position = match self.family(family).scope == same {
                true => position,
                false => self.enclosing(family, same).1,
            };
        }
        Some((at, at_position))
    }

    fn create_over(
        &mut self,
        scope: u32,
        parent: FamilyId,
        position: u32,
        stream: StreamId,
    ) -> Created {
        let family = self.create(scope, parent, position, stream);
        Created {
            family,
            scope,
            parent,
            position,
            stream,
        }
    }

    /// The first `known` keys of the stream are there; gives whether that is news. Fewer than are known already change
    /// nothing.
    pub fn keys(&mut self, stream: StreamId, known: u32) -> bool {
        let record = self.stream_mut(stream);
        if known <= record.known {
            return false;
        }
        record.known = known;
        for at in 0..record.families.len() {
            let family = self.stream_mut(stream).families[at];
            self.grow(family, known);
        }
        true
    }

    /// The stream has ended, with all its keys reported.
    pub fn end(&mut self, stream: StreamId, end: StreamEnd) {
        let record = self.stream_mut(stream);
        record.end = Some(end);
        // A family that closes may retire, but never the stream before the step's own family.
        for family in record.families.clone() {
            if self.families[family as usize].is_some() {
                self.close(family);
            }
        }
    }

    /// How the stream ended; `None` if it has not.
    pub fn stream_end(&self, stream: StreamId) -> Option<StreamEnd> {
        self.streams[stream as usize]
            .as_ref()
            .and_then(|stream| stream.end)
    }

    /// `stage` is done at the positions `from..to` of `family`, claimed before. Nodes succeeded there except for
    /// `exceptions` (position, node, state).
    pub fn done(
        &mut self,
        family: FamilyId,
        stage: StageId,
        from: u32,
        to: u32,
        exceptions: &[(u32, NodeId, State)],
    ) {
        let graph = self.graph;
        let shape = &graph.stages[stage as usize];
        let index = self.stage_index(stage);
        self.count(stage, from, to, exceptions);
        self.sub_load(family, u64::from(to - from));
        self.family_mut(family).stages[index].done += to - from;
        for &next in &shape.next {
            self.satisfy(family, next, from, to);
        }
        if shape.has_outer_next {
            self.tell_inner(family, stage, index, from, to);
        }
        for &read in &shape.reads {
            self.release_readers(family, read, from, to);
        }
        let record = self.family(family);
        if record.closed && record.stages[index].done == record.known {
            self.stage_complete(family, index);
            self.check_complete(family);
        }
    }

    fn count(&mut self, stage: StageId, from: u32, to: u32, exceptions: &[(u32, NodeId, State)]) {
        for (step, _) in Self::steps_of(self.graph, stage) {
            self.counts[step].by_state[State::Succeeded as usize] += u64::from(to - from);
        }
        for &(_, node, state) in exceptions {
            if let NodeKind::Step(step) = self.graph.nodes[node as usize].kind {
                let counts = &mut self.counts[step as usize].by_state;
                counts[State::Succeeded as usize] -= 1;
                counts[state as usize] += 1;
            }
        }
    }

    /// Opens gates of inner families that wait for the stage at these positions.
    fn tell_inner(&mut self, family: FamilyId, stage: StageId, index: usize, from: u32, to: u32) {
        for position in from..to {
            self.family_mut(family).stages[index].done_at[position as usize] = true;
            if let Some(waiting) = self.waiting_stage.remove(&(family, stage, position)) {
                for (family, stage) in waiting {
                    self.open_gate(family, stage);
                }
            }
        }
    }

    /// A stage that read a child scope is done at these positions.
    fn release_readers(&mut self, family: FamilyId, scope: u32, from: u32, to: u32) {
        let index = self.graph.scopes[scope as usize].index as usize;
        for position in from..to {
            let child = get_at(&self.family(family).children[index], position);
            if child != NONE && self.families[child as usize].is_some() {
                self.family_mut(child).readers -= 1;
                self.check_retired(child);
            }
        }
    }

    /// One thing that the stage waits for is there, at these positions of its family.
    pub(super) fn satisfy(&mut self, family: FamilyId, stage: StageId, from: u32, to: u32) {
        let need = self.graph.stages[stage as usize].need;
        let index = self.stage_index(stage);
        if need == 1 {
            self.make_ready(family, index, from, to);
            return;
        }
        for position in from..to {
            let have = &mut self.family_mut(family).stages[index].have[position as usize];
            *have += 1;
            if *have == need {
                self.make_ready(family, index, position, position + 1);
            }
        }
    }

    fn make_ready(&mut self, family: FamilyId, index: usize, from: u32, to: u32) {
        let state = &mut self.family_mut(family).stages[index];
        match state.ready.back_mut() {
            Some(last) if last.1 == from => last.1 = to,
            _ => state.ready.push_back((from, to)),
        }
        if state.gates == 0 {
            self.add_load(family, u64::from(to - from));
            self.offer(family, index);
        }
    }

    /// One thing of an enclosing instance that the stage waits for is there.
    fn open_gate(&mut self, family: FamilyId, stage: StageId) {
        // A family without keys is complete, and may be gone, whatever its stages wait for.
        if self.families[family as usize].is_none() {
            return;
        }
        let index = self.stage_index(stage);
        let need = self.graph.stages[stage as usize].need;
        let record = self.family_mut(family);
        let known = record.known;
        let state = &mut record.stages[index];
        state.gates -= 1;
        if state.gates > 0 {
            return;
        }
        let parked: u64 = state.ready.iter().map(|r| u64::from(r.1 - r.0)).sum();
        let unclaimed = if need == 0 { known - state.cursor } else { 0 };
        let load = parked + u64::from(unclaimed);
        if load > 0 {
            self.add_load(family, load);
            self.offer(family, index);
        }
    }
}
