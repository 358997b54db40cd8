//! What a repair makes of the text: the lines as they would be, for those who can't press a key to apply it.

use crate::diagnostic::Fix;
use crate::source::{FileId, SourceMap, Span};

/// More lines than this are no longer looked through at a glance.
const MOST_LINES: usize = 6;

/// The lines that a [`Fix`] changes, after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The file of all the edits.
    pub file: FileId,
    /// The number of the first line, from 1.
    pub line: u32,
    /// The lines, without their ends.
    pub lines: Vec<String>,
}

impl Fix {
    /// The changed lines, if there is something to show: nothing for edits in several files, for edits that do not fit the
    /// text, where nothing is left, and of very many lines.
    pub fn preview(&self, sources: &SourceMap) -> Option<Preview> {
        let mut edits: Vec<_> = self.edits.iter().collect();
        edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
        let (first, last) = (edits.first()?, edits.last()?);
        let file_id = first.span.file;
        if edits.iter().any(|edit| edit.span.file != file_id) {
            return None;
        }
        let file = sources.file(file_id);
        let (from, to) = (
            file.line_column(first.span.start).line,
            file.line_column(last.span.end).line,
        );
        let mut at = file.line_start(from);
        let end = file.line_start(to) + file.line(to).len();
        let mut text = String::new();
        for edit in &edits {
            let Span { start, end, .. } = edit.span;
            text.push_str(file.text.get(at..start as usize)?);
            text.push_str(&edit.text);
            at = end as usize;
        }
        // A deletion may reach over the end of its line.
        text.push_str(file.text.get(at..end.max(at))?);
        let lines: Vec<String> = text
            .lines()
            .map(|line| line.trim_end().to_string())
            .collect();
        let shown = lines.len() <= MOST_LINES && lines.iter().any(|line| !line.is_empty());
        shown.then_some(Preview {
            file: file_id,
            line: from,
            lines,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Applicability, Edit};

    fn shown(text: &str, edits: &[(usize, usize, &str)]) -> Option<(u32, Vec<String>)> {
        let mut sources = SourceMap::new();
        let file = sources.add("a.dyn", text);
        let edit = |&(start, end, text): &(usize, usize, &str)| Edit {
            span: Span::new(file, start, end),
            text: text.to_string(),
        };
        let fix = Fix {
            title: String::new(),
            edits: edits.iter().map(edit).collect(),
            applicability: Applicability::Maybe,
        };
        fix.preview(&sources)
            .map(|preview| (preview.line, preview.lines))
    }

    #[test]
    fn the_changed_lines_are_shown() {
        let text = "one\ntwo = 2\nthree\n";
        assert_eq!(
            shown(text, &[(8, 9, "=="), (4, 4, "let ")]),
            Some((2, vec!["let two == 2".to_string()]))
        );
        assert_eq!(
            shown(text, &[(3, 3, "\n}")]),
            Some((1, vec!["one".to_string(), "}".to_string()]))
        );
        assert_eq!(shown(text, &[(0, 3, "")]), None);
        assert_eq!(shown(text, &[(0, 99, "")]), None);
        assert_eq!(shown(text, &[]), None);
    }
}
