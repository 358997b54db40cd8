//! What nodes stand for while a composition is evaluated.

use dynop_abi::plan::{Collect, OutputRef, StepId};
use dynop_sema::hir::{Expr, ExprKind};

use crate::axes::Axis;

/// What a node stands for.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// A value of the run, on these axes.
    Plain(Draft, Vec<Axis>),
    /// Steps without output, or nothing at all, on these axes. What a step depends on besides lies within the graph that it
    /// is a part of.
    Nothing(Vec<Ended>, Vec<Axis>),
    /// One of these for each key of an axis; of several axes where it is flattened, from the outermost.
    Dynamic(Vec<Axis>, Box<Value>),
    /// Several things.
    Group(Vec<Value>),
}

/// A source before it is known from which clone it is seen.
#[derive(Clone, Debug)]
pub(super) enum Draft {
    /// A literal.
    Known(Expr),
    /// A parameter of the job.
    Param(u32),
    /// An output of the clone that these axes give, one for each axis of the step.
    Output(OutputRef, Vec<Axis>),
    /// What steps without output give, on these axes.
    Done(Vec<Ended>, Vec<Axis>),
    Item(Axis),
    Key(Axis),
    /// The joined keys of a flattened item.
    FlatKey(Vec<Axis>),
    /// Over one axis, whose clones may depend on others.
    Collect {
        outer: Vec<Axis>,
        axis: Axis,
        value: Box<Draft>,
        into: Collect,
        ty: u32,
    },
    List(Vec<Draft>, u32),
    Tuple(Vec<Draft>, u32),
    Some(Box<Draft>, u32),
}

/// A step, and the axes that give its clone, one for each of the step's.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    pub step: StepId,
    pub seen: Vec<Axis>,
}

impl Value {
    /// A constant.
    pub fn known(expr: Expr) -> Self {
        Self::Plain(Draft::Known(expr), Vec::new())
    }

    /// The literal that it is, if it is one.
    pub fn literal(&self) -> Option<&Expr> {
        match self {
            Self::Plain(Draft::Known(expr), _) => Some(expr),
            _ => None,
        }
    }

    /// Its parts, of a group or of a constant tuple.
    pub fn parts(self) -> Option<Vec<Value>> {
        match self {
            Self::Group(parts) => Some(parts),
            Self::Plain(Draft::Known(expr), _) => match expr.kind {
                ExprKind::Aggregate(fields) => Some(fields.into_iter().map(Value::known).collect()),
                _ => None,
            },
            _ => None,
        }
    }

    /// The axes of what is not cloned over the value's own.
    pub fn axes(&self) -> Vec<Axis> {
        match self {
            Self::Plain(_, axes) | Self::Nothing(_, axes) => axes.clone(),
            Self::Dynamic(own, item) => {
                let mut axes = item.axes();
                axes.retain(|one| !own.contains(one));
                axes
            }
            Self::Group(parts) => parts.iter().flat_map(Value::axes).collect(),
        }
    }

    /// Whether a part of it that is a value is the same whatever the key of one of these axes.
    pub fn lacks(&self, axes: &[Axis]) -> bool {
        match self {
            Self::Plain(_, own) => !axes.iter().any(|axis| own.contains(axis)),
            Self::Nothing(..) => false,
            Self::Dynamic(..) => {
                let own = self.axes();
                !axes.iter().any(|axis| own.contains(axis))
            }
            Self::Group(parts) => parts.iter().any(|part| part.lacks(axes)),
        }
    }

    /// Of how many parts it is made.
    pub fn size(&self) -> usize {
        match self {
            Self::Plain(draft, _) => draft.size(),
            Self::Nothing(steps, _) => steps.len() + 1,
            Self::Dynamic(_, item) => item.size().saturating_add(1),
            Self::Group(parts) => parts
                .iter()
                .fold(1, |sum, part| sum.saturating_add(part.size())),
        }
    }

    /// With each axis that it mentions replaced by what `change` gives for it.
    pub fn renamed(&mut self, change: &mut impl FnMut(Axis) -> Axis) {
        match self {
            Self::Plain(draft, axes) => {
                draft.renamed(change);
                rename(axes, change);
            }
            Self::Nothing(steps, axes) => {
                rename_steps(steps, change);
                rename(axes, change);
            }
            Self::Dynamic(axes, item) => {
                rename(axes, change);
                item.renamed(change);
            }
            Self::Group(parts) => parts.iter_mut().for_each(|part| part.renamed(change)),
        }
    }
}

impl Draft {
    fn size(&self) -> usize {
        match self {
            Self::Known(value) => dynop_sema::fold::size(value).0,
            Self::Param(_) | Self::Output(..) | Self::Item(_) | Self::Key(_) | Self::FlatKey(_) => {
                1
            }
            Self::Done(steps, _) => steps.len() + 1,
            Self::Collect { value, .. } | Self::Some(value, _) => value.size().saturating_add(1),
            Self::List(drafts, _) | Self::Tuple(drafts, _) => drafts
                .iter()
                .fold(1, |sum, draft| sum.saturating_add(draft.size())),
        }
    }

    fn renamed(&mut self, change: &mut impl FnMut(Axis) -> Axis) {
        match self {
            Self::Known(_) | Self::Param(_) => {}
            Self::Output(_, axes) | Self::FlatKey(axes) => rename(axes, change),
            Self::Done(steps, axes) => {
                rename_steps(steps, change);
                rename(axes, change);
            }
            Self::Item(axis) | Self::Key(axis) => *axis = change(*axis),
            Self::Collect {
                outer, axis, value, ..
            } => {
                rename(outer, change);
                *axis = change(*axis);
                value.renamed(change);
            }
            Self::List(drafts, _) | Self::Tuple(drafts, _) => {
                drafts.iter_mut().for_each(|draft| draft.renamed(change));
            }
            Self::Some(draft, _) => draft.renamed(change),
        }
    }
}

fn rename_steps(steps: &mut [Ended], change: &mut impl FnMut(Axis) -> Axis) {
    steps
        .iter_mut()
        .for_each(|one| rename(&mut one.seen, change));
}

fn rename(axes: &mut [Axis], change: &mut impl FnMut(Axis) -> Axis) {
    for axis in axes {
        *axis = change(*axis);
    }
}
