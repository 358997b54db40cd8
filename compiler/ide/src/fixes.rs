//! Repairs that diagnostics carry, for a place in the text.

use dynop_base::{Applicability, Code, Diagnostic, Edit, Span, codes};

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
                edits: fix
                    .edits
                    .iter()
                    .map(|edit| self.laid_out(edit, diagnostic.code))
                    .collect(),
                code: diagnostic.code,
                mends: diagnostic.primary.span,
                preferred: index == 0 && fix.applicability != Applicability::Placeholder,
            })
            .collect()
    }

    /// An edit as it fits the text around it: new lines are indented as the line that they follow, and what empties its
    /// lines takes them away.
    fn laid_out(&self, edit: &Edit, code: &Code) -> Edit {
        let span = edit.span;
        let Some(file) = self.sources().get(span.file) else {
            return edit.clone();
        };
        let (Some(before), Some(after)) = (
            file.text.get(..span.start as usize),
            file.text.get(span.end as usize..),
        ) else {
            return edit.clone();
        };
        let line = before.rsplit('\n').next().unwrap_or_default();
        let blank = |c: char| c == ' ' || c == '\t';
        if !edit.text.is_empty() {
            let indent = &line[..line.len() - line.trim_start_matches(blank).len()];
            // A new line comes behind the comma that ends the one before it.
            let comma = u32::from(edit.text.starts_with('\n') && after.starts_with(','));
            // Arms of a `match` in one line stay in it.
            if code.id == codes::types::NOT_EXHAUSTIVE.id
                && !line.trim().is_empty()
                && after.trim_start_matches([' ', ',']).starts_with('}')
            {
                let text = edit.text.trim_start_matches('\n').replace('\n', ", ");
                let text = match before.trim_end().ends_with('{') {
                    true => text,
                    false => format!(", {text}"),
                };
                return Edit { span, text };
            }
            return Edit {
                span: Span {
                    start: span.start + comma,
                    end: span.end + comma,
                    ..span
                },
                text: edit.text.replace('\n', &format!("\n{indent}")),
            };
        }
        let rest = after.trim_start_matches(blank);
        let rest = rest.strip_prefix('\r').unwrap_or(rest);
        let emptied = span.start < span.end && line.chars().all(blank);
        match rest.strip_prefix('\n') {
            Some(next) if emptied => Edit {
                span: Span::new(
                    span.file,
                    before.len() - line.len(),
                    file.text.len() - next.len(),
                ),
                text: String::new(),
            },
            _ => edit.clone(),
        }
    }
}
