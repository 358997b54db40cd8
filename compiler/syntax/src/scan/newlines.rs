//! Which newlines end a statement.

use super::brackets::Bracket;
use super::{STRING_END, Scanner};

impl Scanner<'_> {
    pub(super) fn newline(&mut self) {
        if self.newline_ends_template() {
            return;
        }
        self.pending.push(self.at);
        self.at += 1;
        self.line_start = self.at;
    }

    /// To be called where a token begins: decides upon the newlines before it. `continues` tells that a line which begins with
    /// this token goes on with the statement before.
    pub(super) fn begin_token(&mut self, start: usize, continues: bool) {
        self.take_docs(start);
        self.seen_token = true;
        if !self.pending.is_empty() {
            let inside = self
                .stack
                .last()
                .is_some_and(|open| open.bracket != Bracket::Brace);
            let joined = self.previous.joins || continues;
            if inside && !joined && self.previous.operand {
                self.held.extend(self.pending.last());
            }
            if inside || joined {
                while let Some(newline) = self.pending.pop() {
                    self.out[newline] = match self.unclosed {
                        Some(end) if end == newline => STRING_END,
                        _ => b' ',
                    };
                }
            } else {
                let first = self.pending.first().copied().unwrap_or(start);
                self.pending.clear();
                self.end_statement(first);
            }
        }
        self.settle_comma(start);
    }

    /// A newline that counts at `at`: what follows begins anew.
    pub(super) fn end_statement(&mut self, at: usize) {
        self.end_overflow_of_words(at);
        self.prefixes = 0;
        self.comma = false;
        self.closure_bar = None;
        self.angles.clear();
        self.previous.joins = false;
        self.previous.operand = false;
        self.previous.kind = super::tokens::Kind::Start;
    }

    /// `;` is reported and taken for a newline, where one would count.
    pub(super) fn semicolon(&mut self) {
        let start = self.at;
        self.report_semicolon(start);
        let inside = self
            .stack
            .last()
            .is_some_and(|open| open.bracket != Bracket::Brace);
        self.blank(start, start + 1);
        if !inside && self.pending.is_empty() {
            self.out[start] = b'\n';
            self.end_statement(start);
        }
    }
}
