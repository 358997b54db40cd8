//! Comments: `//`, `///`, `//!`, and those of other languages, which are reported and passed over.

use dynop_base::Span;

use super::{Doc, Scanner};

impl Scanner<'_> {
    pub(super) fn comment(&mut self) {
        let start = self.at;
        let mut end = self.line_end(start);
        if end > start && self.bytes[end - 1] == b'\r' {
            end -= 1;
        }
        let text = &self.text[start..end];
        let span = self.span(start, end);
        let is_doc = text.starts_with("///") && !text.starts_with("////");
        if text.starts_with("//!") && !self.seen_token && self.doc_lines.is_empty() {
            self.file_docs.push(span);
        } else if text.starts_with("//!") {
            self.late_docs.push(span);
        } else if is_doc {
            self.doc_lines.push(span);
        } else {
            self.comments.push(span);
        }
        self.blank(start, end);
    }

    /// Gives the doc lines seen to the token that begins here.
    pub(super) fn take_docs(&mut self, target: usize) {
        if self.doc_lines.is_empty() {
            return;
        }
        let lines = std::mem::take(&mut self.doc_lines);
        self.docs.push(Doc {
            target: target as u32,
            text: join(self.text, &lines),
            lines,
        });
    }

    pub(super) fn foreign_comment(&mut self) {
        let start = self.at;
        let end = self.line_end(start);
        self.report_foreign_comment(start, start + 1, end);
        self.comments.push(self.span(start, end));
        self.blank(start, end);
    }

    pub(super) fn foreign_block_comment(&mut self) {
        let start = self.at;
        let closed = self.text[start + 2..].find("*/");
        self.open_to_end |= closed.is_none();
        let end = match closed {
            Some(length) => start + length + 4,
            None => self.next_item(start).unwrap_or(self.bytes.len()),
        };
        self.report_foreign_comment(start, start + 2, end);
        self.comments.push(self.span(start, end));
        self.at = start;
        while self.at < end {
            if self.bytes[self.at] == b'\n' {
                self.newline();
            } else {
                self.blank(self.at, self.at + 1);
            }
        }
    }
}

/// The texts of doc comments without their markers and one following blank, joined by newlines.
pub(super) fn join(text: &str, lines: &[Span]) -> String {
    let mut joined = String::new();
    for (index, line) in lines.iter().enumerate() {
        if index > 0 {
            joined.push('\n');
        }
        let line = text.get(line.range()).unwrap_or("");
        let line = line.get(3..).unwrap_or("");
        joined.push_str(line.strip_prefix(' ').unwrap_or(line));
    }
    joined
}
