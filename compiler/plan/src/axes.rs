//! Axes and scopes: over which dynamic outputs a step is cloned, in which order.
//!
//! An *axis* is a dynamic output whose keys something is cloned over. A step's axes are exactly those that it depends on,
//! from the outermost inwards. A *scope* of the plan is such a list of axes; each has one scope for each beginning of it.
//!
//! The same dynamic output may be gone over twice at once (`d.map(|x| d.map(|y| f(x, y)))`): then the inner level is an axis
//! of its own, made anew over the same keys. What stands on that axis alone is a step on the first one, its *base*, since
//! the clones are the same.

use std::collections::HashMap;

use dynop_abi::plan::{OutputRef, ROOT, Scope, ScopeId, StepId};

/// Names an axis.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) struct Axis(pub u32);

/// What an axis goes over.
#[derive(Clone, Debug)]
struct Described {
    over: OutputRef,
    /// The axes by whose keys the clone of the step is found that yields the items.
    of: Vec<Axis>,
    /// The axis that was made first over this output, if this is another one.
    base: Option<Axis>,
}

/// The axes and scopes of one job.
#[derive(Default)]
pub(crate) struct Axes {
    all: Vec<Described>,
    scopes: Vec<Scope>,
    ids: HashMap<(ScopeId, Axis, Vec<ScopeId>), ScopeId>,
}

impl Axes {
    pub fn new() -> Self {
        Self {
            scopes: vec![Scope {
                parent: ROOT,
                over: None,
                path: Vec::new(),
            }],
            ..Self::default()
        }
    }

    /// The axis of a dynamic output of a step on these axes, seen from the clone itself.
    pub fn axis(&mut self, over: OutputRef, of: &[Axis]) -> Axis {
        self.push(over, of.to_vec(), None)
    }

    /// Another axis over the same output, of the clone on other axes.
    pub fn again(&mut self, axis: Axis, of: Vec<Axis>) -> Axis {
        let Some(first) = self.all.get(axis.0 as usize) else {
            return axis;
        };
        let (over, base) = (first.over, first.base.unwrap_or(axis));
        self.push(over, of, Some(base))
    }

    fn push(&mut self, over: OutputRef, of: Vec<Axis>, base: Option<Axis>) -> Axis {
        self.all.push(Described { over, of, base });
        Axis(self.all.len() as u32 - 1)
    }

    /// The axes by whose keys the clone is found that yields an axis's items.
    pub fn of(&self, axis: Axis) -> &[Axis] {
        self.all.get(axis.0 as usize).map_or(&[], |one| &one.of)
    }

    /// Axes as those of steps: an axis that was made anew is its base, unless that is there too.
    pub fn native(&self, axes: &[Axis]) -> Vec<Axis> {
        let mut native: Vec<Axis> = Vec::with_capacity(axes.len());
        for &axis in axes {
            let base = self.native_after(&native, axis);
            native.push(if axes.contains(&base) { axis } else { base });
        }
        native
    }

    /// An axis as that of a step on others.
    pub fn native_after(&self, native: &[Axis], axis: Axis) -> Axis {
        match self.all.get(axis.0 as usize).and_then(|one| one.base) {
            Some(base) if !native.contains(&base) => base,
            _ => axis,
        }
    }

    /// The scope of a list of axes, as they are seen and as [`Axes::native`] gives them. `None` where the keys do not give the
    /// clone that yields the items of one.
    pub fn scope(
        &mut self,
        seen: &[Axis],
        native: &[Axis],
        step_axes: &[Vec<Axis>],
    ) -> Option<ScopeId> {
        let mut scope = ROOT;
        let mut around = Vec::with_capacity(native.len());
        for (depth, &axis) in native.iter().enumerate() {
            let next = self.scopes.len() as ScopeId;
            let over = self.all.get(axis.0 as usize)?.over;
            let home = step_axes.get(over.step as usize)?;
            let of = self.of(*seen.get(depth)?);
            // The clone that yields the items lies around, or is found by the keys of what does.
            let path = match native[..depth].starts_with(home) && seen[..depth].starts_with(of) {
                true => Vec::new(),
                false => of
                    .iter()
                    .map(|one| seen[..depth].iter().position(|other| other == one))
                    .map(|at| Some(around[at?]))
                    .collect::<Option<Vec<ScopeId>>>()?,
            };
            scope = *self
                .ids
                .entry((scope, axis, path.clone()))
                .or_insert_with(|| {
                    self.scopes.push(Scope {
                        parent: scope,
                        over: Some(over),
                        path,
                    });
                    next
                });
            around.push(scope);
        }
        Some(scope)
    }

    /// The axis that was made first over what a step without an op gives.
    pub fn first_of(&self, step: StepId) -> Option<Axis> {
        let is_first = |one: &Described| one.over.step == step && one.base.is_none();
        let at = self.all.iter().position(is_first)?;
        Some(Axis(at as u32))
    }

    /// The step whose output an axis is.
    pub fn maker(&self, axis: Axis) -> Option<StepId> {
        self.all.get(axis.0 as usize).map(|one| one.over.step)
    }

    pub fn finish(self) -> Vec<Scope> {
        self.scopes
    }
}
