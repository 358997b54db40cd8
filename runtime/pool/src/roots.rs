//! The failure at the root of an upstream-failed clone: what `collect_results` tells, however long the chain.
//!
//! Noted for each such clone when it is known not to run: then what it needed is still there. What came before that may be
//! gone, so the chain is not followed back. It is the first thing that failed in the order of the inputs, so that the answer
//! does not hang on what failed first in time. Kept only where a job asks for it, see [`Shared::tells_roots`].

use std::sync::Arc;

use dynop_abi::plan::ScopeId;
use dynop_engine::decide::{State, Verdict};
use dynop_engine::graph::{NodeId, NodeKind, StreamDefId};

use crate::make::{Level, View};
use crate::shape::{Check, Looked, Way};
use crate::shared::{Failed, Shared};
use crate::unpoisoned;

impl<'r> Shared<'r> {
    /// Notes the root of a node that is upstream-failed, `levels` beginning with its instance.
    pub fn note_root(&self, node: NodeId, levels: &[Level<'_, 'r>]) {
        let shape = &self.shape.nodes[node as usize];
        let checks = shape.checks.iter().chain(&shape.outer_checks);
        if let (Some(root), Some(own)) = (self.root_of_checks(checks, levels), levels.first()) {
            let order = self.order(node, own.family, own.position);
            unpoisoned(self.roots.lock()).insert(order, root);
        }
    }

    /// The root of what makes one of `checks` fail, as `levels` sees them: the own instance first.
    pub fn root_of_checks<'k>(
        &self,
        checks: impl IntoIterator<Item = &'k Check>,
        levels: &[Level<'_, 'r>],
    ) -> Option<Arc<Failed>> {
        // An instance that stands for a failure.
        let bad = levels.iter().find_map(|level| {
            let stream = level.family.stream.as_ref()?;
            let bad = stream.is_bad(level.position);
            bad.then(|| stream.reason(level.position))
        });
        match bad {
            Some(reason) => reason,
            None => checks
                .into_iter()
                .find_map(|check| self.root_of_check(check, levels)),
        }
    }

    fn root_of_check(&self, check: &Check, levels: &[Level<'_, 'r>]) -> Option<Arc<Failed>> {
        let own = levels.first()?;
        match (&check.what, check.node) {
            // A node of the same stage is looked up like any other: its state is in the family by now.
            (Looked::Frame { .. }, Some(node)) => self.root(node, own),
            (Looked::Node { hops, .. }, Some(node)) => self.root(node, levels.get(*hops)?),
            (Looked::Over { way, .. }, Some(node)) => {
                let view = View {
                    levels,
                    frame: std::ptr::null_mut(),
                    states: &[],
                };
                self.root(node, &view.meet(way)?)
            }
            (Looked::Each { child, .. }, Some(node)) => {
                let family = own.family.child(*child, own.position)?;
                let local = self.shape.nodes[node as usize].local;
                let failed = |at: &u32| family.state(local, *at).verdict() == Verdict::Failed;
                let position = (0..family.known()).find(failed)?;
                self.root(node, &Level::new(family, position).ok()?)
            }
            (Looked::Stream { child, scope, .. }, _) => {
                let family = own.family.child(*child, own.position)?;
                let stream = family.stream.as_ref()?;
                match (0..stream.written()).find(|&at| stream.is_bad(at)) {
                    Some(at) => stream.reason(at),
                    None => self.root_of_stream(stream.def, *scope, levels),
                }
            }
            _ => None,
        }
    }

    /// The root of a dynamic output that is not whole and that `scope` goes over, seen from an instance of its parent.
    fn root_of_stream(
        &self,
        def: StreamDefId,
        scope: ScopeId,
        levels: &[Level<'_, 'r>],
    ) -> Option<Arc<Failed>> {
        let stream = &self.graph.streams[def as usize];
        let node = self.graph.step_nodes[stream.step as usize];
        let way = &self.graph.scopes[scope as usize].way;
        if !way.is_empty() {
            let of = |scope: ScopeId| &self.graph.scopes[scope as usize];
            let own = of(of(scope).parent).depth as usize;
            let way: Way = way
                .iter()
                .map(|&(one, same)| (of(one).index as usize, own - of(same).depth as usize))
                .collect();
            let view = View {
                levels,
                frame: std::ptr::null_mut(),
                states: &[],
            };
            return self.root(node, &view.meet(&way)?);
        }
        // Levels go outwards, the root last.
        let depth = self.graph.scopes[stream.scope as usize].depth as usize;
        let level = levels.len().checked_sub(depth + 1)?;
        self.root(node, &levels[level])
    }

    /// The root of a node that did not succeed; `None` if it did.
    fn root(&self, node: NodeId, at: &Level<'_, 'r>) -> Option<Arc<Failed>> {
        let local = self.shape.nodes[node as usize].local;
        let kind = &self.graph.nodes[node as usize].kind;
        match (at.family.state(local, at.position), kind) {
            (State::Failed, NodeKind::Step(step)) => {
                let order = self.order(*step, at.family, at.position);
                unpoisoned(self.failures.lock()).get(&order).cloned()
            }
            (State::UpstreamFailed, _) => {
                let order = self.order(node, at.family, at.position);
                unpoisoned(self.roots.lock()).get(&order).cloned()
            }
            _ => None,
        }
    }
}
