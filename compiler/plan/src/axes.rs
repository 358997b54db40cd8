//! Axes and scopes: over which dynamic outputs a step is cloned, in which order.
//!
//! An *axis* is a dynamic output whose keys something is cloned over. A step's axes are exactly those that it depends on,
//! from the outermost inwards. A *scope* of the plan is such a list of axes; each has one scope for each beginning of it.

use std::collections::HashMap;

use dynop_abi::plan::{OutputRef, ROOT, Scope, ScopeId, StepId};

/// Names an axis.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) struct Axis(pub u32);

/// The axes and scopes of one job.
#[derive(Default)]
pub(crate) struct Axes {
    over: Vec<OutputRef>,
    scopes: Vec<Scope>,
    ids: HashMap<(ScopeId, Axis), ScopeId>,
}

impl Axes {
    pub fn new() -> Self {
        Self {
            scopes: vec![Scope {
                parent: ROOT,
                over: None,
            }],
            ..Self::default()
        }
    }

    /// The axis of a dynamic output.
    pub fn axis(&mut self, over: OutputRef) -> Axis {
        let at = self
            .over
            .iter()
            .position(|one| *one == over)
            .unwrap_or_else(|| {
                self.over.push(over);
                self.over.len() - 1
            });
        Axis(at as u32)
    }

    /// The scope of a list of axes.
    pub fn scope(&mut self, axes: &[Axis]) -> ScopeId {
        let mut scope = ROOT;
        for &axis in axes {
            let next = self.scopes.len() as ScopeId;
            let over = self.over.get(axis.0 as usize).copied();
            scope = *self.ids.entry((scope, axis)).or_insert_with(|| {
                self.scopes.push(Scope {
                    parent: scope,
                    over,
                });
                next
            });
        }
        scope
    }

    /// The step whose output an axis is.
    pub fn maker(&self, axis: Axis) -> Option<StepId> {
        self.over.get(axis.0 as usize).map(|output| output.step)
    }

    pub fn finish(self) -> Vec<Scope> {
        self.scopes
    }
}
