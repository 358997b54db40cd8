//! What a clone does, given the states of what it needs.

use crate::graph::{Dep, Tolerance};

/// The state of one node at one position. The numbers are what the pool's arrays hold; all zero bits is `Waiting`.
#[repr(u8)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord)]
pub enum State {
    /// Not ended.
    Waiting = 0,
    /// Ran and gave what it declares.
    Succeeded = 1,
    /// Something it needs was skipped.
    Skipped = 2,
    /// Ran and failed.
    Failed = 3,
    /// Something it needs failed.
    UpstreamFailed = 4,
    /// The run was cancelled before or while it ran.
    Cancelled = 5,
}

impl State {
    /// The state of a number; `Waiting` for one that is none.
    pub fn from_number(number: u8) -> Self {
        match number {
            1 => Self::Succeeded,
            2 => Self::Skipped,
            3 => Self::Failed,
            4 => Self::UpstreamFailed,
            5 => Self::Cancelled,
            _ => Self::Waiting,
        }
    }

    /// What it means for one who needs an output of the node, where the output is there if the node succeeded.
    pub fn verdict(self) -> Verdict {
        match self {
            Self::Succeeded => Verdict::Ready,
            Self::Skipped => Verdict::Skipped,
            Self::Cancelled => Verdict::Cancelled,
            Self::Failed | Self::UpstreamFailed | Self::Waiting => Verdict::Failed,
        }
    }
}

/// What something that a clone needs means for the clone; a worse one wins, so the order matters.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// It is there.
    Ready,
    /// It was skipped.
    Skipped,
    /// It failed.
    Failed,
    /// It was cancelled.
    Cancelled,
}

impl Verdict {
    /// The state of a clone that does not run because of it; `None` if it runs.
    pub fn state(self) -> Option<State> {
        match self {
            Self::Ready => None,
            Self::Skipped => Some(State::Skipped),
            Self::Failed => Some(State::UpstreamFailed),
            Self::Cancelled => Some(State::Cancelled),
        }
    }
}

/// The worst verdict over `deps`: what is ready lets the clone run, something skipped skips it unless the dependency
/// tolerates that, something failed makes it upstream-failed (also where something else was skipped), and in a
/// cancelled run it is cancelled. The order in which things ended plays no part.
pub fn decide(deps: &[Dep], mut look_up: impl FnMut(&Dep) -> Verdict) -> Verdict {
    let mut worst = Verdict::Ready;
    for dep in deps {
        worst = worst.max(dep.tolerates.soften(look_up(dep)));
    }
    worst
}

impl Tolerance {
    /// What a verdict means for one who tolerates so much.
    pub fn soften(self, verdict: Verdict) -> Verdict {
        match (self, verdict) {
            (Self::Skip | Self::Failure, Verdict::Skipped) => Verdict::Ready,
            (Self::Failure, Verdict::Failed) => Verdict::Ready,
            _ => verdict,
        }
    }
}
