//! Repairs that diagnostics carry, for a place in the text.

use dynop_base::{Applicability, Code, Diagnostic, Edit, Span};

use crate::Analysis;

/// A repair of a diagnostic.
#[derive(Clone, Debug, PartialEq)]
pub struct QuickFix {
    /// What it does, for a menu.
    pub title: String,
    /// What is replaced by what; the places do not overlap, and all are in the program's own files.
    pub edits: Vec<Edit>,
    /// What it mends.
    pub code: &'static Code,
    /// The primary place of the diagnostic that it mends.
    pub mends: Span,
    /// Whether it is what was meant: the only one, or the first and certain.
    pub preferred: bool,
}

impl Analysis {
    /// The repairs of what is wrong anywhere in `range`, ends included.
    pub fn fixes(&self, range: Span) -> Vec<QuickFix> {
        let touches = |diagnostic: &&Diagnostic| {
            let span = diagnostic.primary.span;
            span.file == range.file && span.start <= range.end && range.start <= span.end
        };
        let found = self.diagnostics().iter().filter(touches);
        found
            .flat_map(|diagnostic| self.fixes_of(diagnostic))
            .collect()
    }

    /// The repairs of one diagnostic.
    pub fn fixes_of(&self, diagnostic: &Diagnostic) -> Vec<QuickFix> {
        let ours = |edit: &Edit| !self.is_library(edit.span.file);
        let fixes = diagnostic
            .fixes
            .iter()
            .filter(|fix| fix.edits.iter().all(ours));
        fixes
            .enumerate()
            .map(|(index, fix)| QuickFix {
                title: fix.title.clone(),
                edits: fix.edits.clone(),
                code: diagnostic.code,
                mends: diagnostic.primary.span,
                preferred: index == 0 && fix.applicability != Applicability::Placeholder,
            })
            .collect()
    }
}
