//! Brackets: which closes which, how deep they are, and what to do where they do not match.

use super::tokens::Kind;
use super::{CUT, FILLER, Scanner, is_word, is_word_start, strings};
use crate::MAX_NESTING;

/// A kind of opening bracket.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Bracket {
    Paren,
    Square,
    Brace,
    /// `{` in a template: newlines count as little as in parentheses, and after `}` the text goes on.
    Interpolation(strings::Template),
}

impl Bracket {
    pub(super) fn closing(self) -> u8 {
        match self {
            Self::Paren => b')',
            Self::Square => b']',
            Self::Brace | Self::Interpolation(_) => b'}',
        }
    }

    pub(super) fn opening(self) -> char {
        match self {
            Self::Paren => '(',
            Self::Square => '[',
            Self::Brace | Self::Interpolation(_) => '{',
        }
    }
}

/// An open bracket.
#[derive(Clone, Copy)]
pub(super) struct Open {
    pub(super) bracket: Bracket,
    pub(super) at: usize,
    /// Where its line begins.
    pub(super) line: usize,
    /// Levels outside of it: brackets and words.
    depth: u32,
    /// The words that were open around it.
    prefixes: u32,
    closure_bar: Option<usize>,
}

/// What is passed over because it is nested too deeply.
pub(super) struct Overflow {
    start: usize,
    /// How many brackets were open outside.
    level: usize,
    /// Whether it ends with the bracket that began it; otherwise with the statement.
    bracket: bool,
}

/// A brace with the `}` that closed it, further to the left than the line of the brace.
#[derive(Clone, Copy)]
pub(super) struct Suspect {
    pub(super) open: usize,
    pub(super) close: usize,
}

impl Scanner<'_> {
    fn depth(&self) -> u32 {
        self.stack.last().map_or(0, |open| open.depth + 1) + self.prefixes
    }

    pub(super) fn open(&mut self, byte: u8) {
        let bracket = match byte {
            b'(' => Bracket::Paren,
            b'[' => Bracket::Square,
            _ => Bracket::Brace,
        };
        self.begin_token(self.at, false);
        if bracket != Bracket::Paren {
            self.not_a_type();
        }
        self.push(bracket, self.at);
        self.passed(self.at, self.at + 1, Kind::Other, false, false);
    }

    pub(super) fn push(&mut self, bracket: Bracket, at: usize) {
        let depth = self.depth();
        if depth as usize >= MAX_NESTING && self.overflow.is_none() {
            self.report_too_deep(at);
            self.overflow = Some(Overflow {
                start: at,
                level: self.stack.len(),
                bracket: true,
            });
        }
        self.stack.push(Open {
            bracket,
            at,
            line: self.line_start,
            depth,
            prefixes: std::mem::take(&mut self.prefixes),
            closure_bar: self.closure_bar.take(),
        });
        self.comma = false;
    }

    /// A word after which another expression follows is a level of its own.
    pub(super) fn prefix_word(&mut self, start: usize) {
        self.prefixes += 1;
        if self.depth() as usize > MAX_NESTING {
            self.too_deep_here(start);
        }
    }

    /// Passes over the rest of the statement from `start` on.
    pub(super) fn too_deep_here(&mut self, start: usize) {
        if self.overflow.is_none() {
            self.report_too_deep(start);
            self.overflow = Some(Overflow {
                start,
                level: self.stack.len(),
                bracket: false,
            });
        }
    }

    pub(super) fn end_overflow_of_words(&mut self, at: usize) {
        let ends = self
            .overflow
            .as_ref()
            .is_some_and(|over| !over.bracket && over.level >= self.stack.len());
        if ends {
            self.fill_overflow(at);
        }
    }

    fn fill_overflow(&mut self, end: usize) {
        if let Some(over) = self.overflow.take()
            && over.start < end
        {
            self.out[over.start..end].fill(FILLER);
        }
    }

    pub(super) fn close(&mut self, byte: u8) {
        let start = self.at;
        self.begin_token(start, true);
        let matching = self.stack.iter().rposition(|open| {
            open.bracket.closing() == byte || matches!(open.bracket, Bracket::Interpolation(_))
        });
        let matching = matching.filter(|&index| self.stack[index].bracket.closing() == byte);
        let Some(top) = self.stack.last().copied() else {
            self.report_extra_closing(start);
            self.blank(start, start + 1);
            return;
        };
        match matching {
            Some(index) if index + 1 == self.stack.len() => self.pop(start),
            Some(index) => self.close_outer(byte, index, top),
            None if matches!(top.bracket, Bracket::Paren | Bracket::Square) => {
                self.close_by_wrong(byte, top);
            }
            None => {
                self.report_extra_closing(start);
                self.blank(start, start + 1);
            }
        }
    }

    /// The closing bracket belongs to an outer bracket: those between are unclosed, unless it was mistyped.
    fn close_outer(&mut self, byte: u8, index: usize, top: Open) {
        let mistyped = index + 2 == self.stack.len()
            && top.bracket != Bracket::Brace
            && top.line == self.line_start
            && self.stack[index].line != self.line_start;
        if mistyped {
            self.close_by_wrong(byte, top);
            return;
        }
        let unclosed = self.stack[index + 1];
        self.report_unclosed(unclosed, Some((self.at, byte as char)));
        self.drop_to(index + 1, self.at);
        self.pop(self.at);
    }

    /// `(…]` where no `[` is open: one bracket was mistyped.
    fn close_by_wrong(&mut self, byte: u8, top: Open) {
        self.report_wrong_closing(top, self.at, byte as char);
        self.out[self.at] = top.bracket.closing();
        self.pop(self.at);
    }

    /// Closes the innermost bracket by the one at `at`.
    fn pop(&mut self, at: usize) {
        self.end_overflow_of_words(at);
        let Some(open) = self.stack.pop() else {
            return;
        };
        self.restore(open);
        while self.held.last().is_some_and(|&newline| newline > open.at) {
            self.held.pop();
        }
        self.note_indentation(open, at);
        self.passed(at, at + 1, Kind::Close, true, false);
        let ends = self
            .overflow
            .as_ref()
            .is_some_and(|over| over.bracket && over.level >= self.stack.len());
        if ends {
            self.fill_overflow(at + 1);
        }
        if self.stack.is_empty() {
            // What looked odd within is told, or was nothing.
            self.suspect = None;
            if open.bracket == Bracket::Brace && self.overflow.is_none() {
                self.settled.push(at as u32 + 1);
            }
        }
        if let Bracket::Interpolation(template) = open.bracket {
            self.template_text(template);
        }
    }

    fn restore(&mut self, open: Open) {
        self.prefixes = open.prefixes;
        self.closure_bar = open.closure_bar;
        self.comma = false;
        let depth = self.stack.len();
        while self.angles.last().is_some_and(|angle| angle.deeper(depth)) {
            self.angles.pop();
        }
    }

    /// Gives up the brackets from the `keep`th on: what is given to the grammar lacks their closing ones.
    pub(super) fn drop_to(&mut self, keep: usize, at: usize) {
        let Some(first) = self.stack.get(keep).map(|open| open.at) else {
            return;
        };
        while self.stack.len() > keep {
            if let Some(open) = self.stack.pop() {
                self.restore(open);
            }
        }
        let counts = self
            .stack
            .last()
            .is_none_or(|open| open.bracket == Bracket::Brace);
        while let Some(newline) = self.held.pop_if(|newline| *newline > first) {
            if counts {
                self.out[newline] = b'\n';
            }
        }
        if self
            .overflow
            .as_ref()
            .is_some_and(|over| over.level >= keep)
        {
            self.fill_overflow(at);
        }
    }

    /// A `}` that begins its line to the left of its brace's line closes, by the looks of it, an outer one.
    fn note_indentation(&mut self, open: Open, at: usize) {
        if open.bracket != Bracket::Brace || open.line == self.line_start {
            return;
        }
        let blank = |range: std::ops::Range<usize>| {
            self.bytes[range]
                .iter()
                .all(|byte| matches!(byte, b' ' | b'\t'))
        };
        if !blank(self.line_start..at) || self.suspect.is_some() {
            return;
        }
        let indentation = self.bytes[open.line..]
            .iter()
            .take_while(|byte| matches!(byte, b' ' | b'\t'))
            .count();
        if at - self.line_start < indentation {
            self.suspect = Some(Suspect {
                open: open.at,
                close: at,
            });
        }
    }

    /// Where a line begins with a word: some words can't stand where brackets are open, so those are unclosed.
    pub(super) fn check_line_start(&mut self, start: usize, word: &str) {
        if self.pending.is_empty() {
            return;
        }
        let item = begins_item(word, &self.text[start + word.len()..]);
        if item && start == self.line_start && !self.stack.is_empty() {
            self.cut_before_item(start);
            return;
        }
        let statement = matches!(word, "let" | "var" | "for" | "while" | "yield" | "assert");
        if statement || item {
            // No operator before it can be waiting for this.
            self.previous.joins = false;
        }
        let inside = self
            .stack
            .last()
            .is_some_and(|open| matches!(open.bracket, Bracket::Paren | Bracket::Square));
        if statement && inside {
            let keep = self
                .stack
                .iter()
                .rposition(|open| !matches!(open.bracket, Bracket::Paren | Bracket::Square))
                .map_or(0, |index| index + 1);
            self.report_unclosed_before(self.stack[keep], start, start + word.len());
            self.drop_to(keep, start);
        }
    }

    /// An item at the very left: everything before it ends.
    pub(super) fn cut_before_item(&mut self, start: usize) {
        let first = self.stack[0];
        let end = start
            + self.bytes[start..]
                .iter()
                .take_while(|&&byte| is_word(byte))
                .count()
                .max(1);
        let suspect = self.suspect.filter(|suspect| suspect.open > first.at);
        match suspect {
            Some(suspect) => self.report_suspect(suspect, start, end),
            None => {
                let innermost = self
                    .stack
                    .iter()
                    .rev()
                    .find(|open| open.bracket != Bracket::Brace);
                self.report_unclosed_before(innermost.copied().unwrap_or(first), start, end);
            }
        }
        self.drop_to(0, start);
        self.suspect = None;
        if let Some(&newline) = self.pending.last() {
            self.out[newline] = CUT;
        }
        self.previous.joins = false;
    }

    pub(super) fn end_of_file(&mut self) {
        let end = self.bytes.len();
        self.end_statement(end);
        self.take_docs(end);
        if let Some(&first) = self.stack.first() {
            let suspect = self.suspect.filter(|suspect| suspect.open > first.at);
            match suspect {
                Some(suspect) => self.report_suspect(suspect, end, end),
                None => {
                    let last = self.stack.last().copied().unwrap_or(first);
                    let inner = if last.bracket == Bracket::Brace {
                        first
                    } else {
                        last
                    };
                    self.report_unclosed(inner, None);
                }
            }
            self.drop_to(0, end);
        }
        self.fill_overflow(end);
    }
}

/// Whether a line that begins with `word` and goes on with `rest` is a declaration.
pub(super) fn begins_item(word: &str, rest: &str) -> bool {
    let Some(rest) = rest.strip_prefix(' ') else {
        return false;
    };
    let next = rest.trim_start_matches(' ').bytes().next();
    match word {
        "fn" | "op" | "job" | "graph" | "struct" | "enum" | "type" | "const" | "import" | "pub"
        | "extern" => next.is_some_and(is_word_start),
        "test" => next == Some(b'"'),
        _ => false,
    }
}
