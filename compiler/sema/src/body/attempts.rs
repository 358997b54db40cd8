//! Checking something to see what comes of it, and taking back all that came.

use std::collections::HashSet;

use super::{BodyChecker, LocalFacts};
use crate::hir::LocalId;
use crate::infer::Snapshot;

/// How things were before.
pub(super) struct Attempt {
    /// How many diagnostics there were.
    pub(super) diagnostics: usize,
    /// How many types were noted.
    pub(super) typed: usize,
    moment: Snapshot,
    requirements: usize,
    instances: usize,
    late: usize,
    runs: usize,
    captures: Vec<usize>,
    suggestions: u32,
    narrowed: HashSet<LocalId>,
    facts: Vec<LocalFacts>,
    within: bool,
}

impl BodyChecker<'_, '_> {
    /// Begins. Until it is kept or taken back nothing is postponed, and nothing postponed is checked.
    pub(super) fn begin_attempt(&mut self) -> Attempt {
        let captures = self.frames.iter().map(|frame| frame.captures.len());
        Attempt {
            diagnostics: self.diagnostics.len(),
            typed: self.typed.len(),
            moment: self.infer.snapshot(),
            requirements: self.requirements.len(),
            instances: self.instances.len(),
            late: self.late.len(),
            runs: self.runs.len(),
            captures: captures.collect(),
            suggestions: self.cx.suggestions.get(),
            narrowed: self.narrowed.clone(),
            facts: self.facts.clone(),
            within: std::mem::replace(&mut self.attempting, true),
        }
    }

    /// What came of it stays.
    pub(super) fn keep_attempt(&mut self, attempt: &Attempt) {
        self.attempting = attempt.within;
    }

    /// All is as it was, but for the types that were noted.
    pub(super) fn take_attempt_back(&mut self, attempt: Attempt) {
        self.attempting = attempt.within;
        self.narrowed = attempt.narrowed;
        // Nothing counts as used by it, and its own locals are no part of the body.
        self.locals.truncate(attempt.facts.len());
        self.facts = attempt.facts;
        for (frame, count) in self.frames.iter_mut().zip(attempt.captures) {
            frame.captures.truncate(count);
        }
        self.cx.suggestions.set(attempt.suggestions);
        self.diagnostics.truncate(attempt.diagnostics);
        self.requirements.truncate(attempt.requirements);
        self.instances.truncate(attempt.instances);
        self.late.truncate(attempt.late);
        self.runs.truncate(attempt.runs);
        self.infer.rollback(attempt.moment);
    }
}
