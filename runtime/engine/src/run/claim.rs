//! Handing out what can run, and counting what is outstanding.
//!
//! What can be claimed hangs in a tree like the families': each family lists its stages with something ready and its
//! children with something listed, newest last. The newest goes first, so that a run goes deep before it goes wide and
//! values live short. Entries that turn out empty are dropped when they are met.

use super::family::Work;
use super::{FamilyId, ROOT_FAMILY, Run, StreamId};
use crate::graph::StageId;

/// A range of positions that a worker is to run a stage for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Claim {
    /// The family.
    pub family: FamilyId,
    /// The stage.
    pub stage: StageId,
    /// The first position.
    pub from: u32,
    /// One behind the last.
    pub to: u32,
}

impl Run<'_> {
    /// Takes something to run: anywhere, or with `under` among the items of that stream and their descendants. `limit`
    /// says how many positions to take of a stage, at least 1, given how many it has ready in one piece.
    pub fn claim(
        &mut self,
        under: Option<StreamId>,
        limit: &dyn Fn(StageId, u32) -> u32,
    ) -> Option<Claim> {
        match under {
            None => self.claim_in(ROOT_FAMILY, limit),
            Some(stream) => {
                let count = self.stream_mut(stream).families.len();
                (0..count).rev().find_map(|at| {
                    let family = self.stream_mut(stream).families[at];
                    self.claim_in(family, limit)
                })
            }
        }
    }

    /// Whether [`Self::claim`] would give something.
    pub fn has_work(&mut self, under: Option<StreamId>) -> bool {
        match under {
            None => self.has_work_in(ROOT_FAMILY),
            Some(stream) => {
                let count = self.stream_mut(stream).families.len();
                (0..count).any(|at| {
                    let family = self.stream_mut(stream).families[at];
                    self.has_work_in(family)
                })
            }
        }
    }

    /// Whether a family's instances are among the items of a stream or their descendants.
    pub fn is_under(&self, family: FamilyId, stream: StreamId) -> bool {
        let mut at = family;
        while at != ROOT_FAMILY {
            let Some(record) = &self.families[at as usize] else {
                return false;
            };
            if record.stream == stream {
                return true;
            }
            at = record.parent;
        }
        false
    }

    /// Gives back what was claimed and not begun, for another to claim.
    pub fn unclaim(&mut self, claim: Claim) {
        let index = self.stage_index(claim.stage);
        let state = &mut self.family_mut(claim.family).stages[index];
        state.ready.push_front((claim.from, claim.to));
        self.offer(claim.family, index);
    }

    fn claim_in(&mut self, id: FamilyId, limit: &dyn Fn(StageId, u32) -> u32) -> Option<Claim> {
        loop {
            match self.next_work(id)? {
                Work::Stage(index) => return self.take(id, index as usize, limit),
                Work::Child(child) => {
                    let claim = self.claim_in(child, limit);
                    if claim.is_some() {
                        return claim;
                    }
                }
            }
        }
    }

    fn has_work_in(&mut self, id: FamilyId) -> bool {
        loop {
            match self.next_work(id) {
                None => return false,
                Some(Work::Stage(_)) => return true,
                Some(Work::Child(child)) => {
                    if self.has_work_in(child) {
                        return true;
                    }
                }
            }
        }
    }

    /// The newest entry of a family that is not known to be empty. Empty ones are dropped.
    fn next_work(&mut self, id: FamilyId) -> Option<Work> {
        self.families[id as usize].as_ref()?;
        loop {
            let work = *self.family(id).work.last()?;
            let empty = match work {
                Work::Stage(index) => self.is_exhausted(id, index as usize),
                Work::Child(child) => match &self.families[child as usize] {
                    None => true,
                    Some(child) => child.work.is_empty(),
                },
            };
            if !empty {
                return Some(work);
            }
            self.family_mut(id).work.pop();
            match work {
                Work::Stage(index) => self.family_mut(id).stages[index as usize].queued = false,
                Work::Child(child) => {
                    if let Some(child) = &mut self.families[child as usize] {
                        child.listed = false;
                    }
                }
            }
        }
    }

    fn is_exhausted(&self, id: FamilyId, index: usize) -> bool {
        let family = self.family(id);
        let state = &family.stages[index];
        state.ready.is_empty() && !(self.is_cursor(id, index) && state.cursor < family.known)
    }

    /// Whether the stage runs through the positions in order, needing nothing of its own instance.
    fn is_cursor(&self, id: FamilyId, index: usize) -> bool {
        let scope = self.family(id).scope;
        let stage = self.graph.scopes[scope as usize].stages[index];
        self.graph.stages[stage as usize].need == 0
    }

    fn take(
        &mut self,
        id: FamilyId,
        index: usize,
        limit: &dyn Fn(StageId, u32) -> u32,
    ) -> Option<Claim> {
        let cursor = self.is_cursor(id, index);
        let graph = self.graph;
        let family = self.family_mut(id);
        let known = family.known;
        let stage = graph.scopes[family.scope as usize].stages[index];
        let state = &mut family.stages[index];
        let (from, to) = match state.ready.front_mut() {
            Some(range) => {
                let taken = limit(stage, range.1 - range.0).clamp(1, range.1 - range.0);
                let from = range.0;
                range.0 += taken;
                if range.0 == range.1 {
                    state.ready.pop_front();
                }
                (from, from + taken)
            }
            None if cursor && state.cursor < known => {
                let from = state.cursor;
                state.cursor += limit(stage, known - from).clamp(1, known - from);
                (from, state.cursor)
            }
            None => return None,
        };
        Some(Claim {
            family: id,
            stage,
            from,
            to,
        })
    }

    /// Lists a stage that has something ready, and the family in those around it.
    pub(super) fn offer(&mut self, id: FamilyId, index: usize) {
        let family = self.family_mut(id);
        if !family.stages[index].queued {
            family.stages[index].queued = true;
            family.work.push(Work::Stage(index as u32));
        }
        let mut id = id;
        while id != ROOT_FAMILY {
            let family = self.family_mut(id);
            if family.listed {
                return;
            }
            family.listed = true;
            let parent = family.parent;
            self.family_mut(parent).work.push(Work::Child(id));
            id = parent;
        }
    }

    pub(super) fn add_load(&mut self, id: FamilyId, load: u64) {
        self.change_load(id, |old| old + load);
    }

    pub(super) fn sub_load(&mut self, id: FamilyId, load: u64) {
        self.change_load(id, |old| old - load);
    }

    fn change_load(&mut self, id: FamilyId, change: impl Fn(u64) -> u64) {
        let mut id = id;
        while id != ROOT_FAMILY {
            let family = self.family_mut(id);
            family.load = change(family.load);
            let (parent, stream) = (family.parent, family.stream);
            let stream = self.stream_mut(stream);
            stream.load = change(stream.load);
            id = parent;
        }
    }
}
