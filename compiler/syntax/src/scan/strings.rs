//! Strings, and templates with code between their braces.

use super::brackets::{Bracket, Open, begins_item};
use super::tokens::Kind as TokenKind;
use super::{CUT, FILLER, Scanner, is_word};

/// A kind of string, by its prefix.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Plain,
    Raw,
    Template,
}

impl Kind {
    /// Of the word that touches the quote; an unknown one is the grammar's to report.
    pub(super) fn of_prefix(prefix: &str) -> Self {
        match prefix {
            "r" => Self::Raw,
            "f" | "sh" => Self::Template,
            _ => Self::Plain,
        }
    }
}

/// A template that is open around an interpolation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Template {
    /// Where it begins, prefix included.
    start: usize,
    /// Whether its quotes are `"""`.
    long: bool,
}

impl Scanner<'_> {
    /// A string whose prefix begins at `start`.
    pub(super) fn string_at(&mut self, start: usize, kind: Kind) {
        self.begin_token(start, false);
        self.not_a_type();
        let quote = start + self.text[start..].find('"').unwrap_or(0);
        // `b"""` is not there: `b""` and then a string.
        let bytes = &self.text[start..quote] == "b";
        let long = self.text[quote..].starts_with("\"\"\"") && !bytes;
        self.at = quote + if long { 3 } else { 1 };
        if long && !self.text[self.at..].contains("\"\"\"") {
            self.open_to_end = true;
            if let Some(end) = self.next_item(self.at) {
                self.swallowed_up_to(start, end);
                return;
            }
        }
        match kind {
            Kind::Template => self.template_text(Template { start, long }),
            _ => self.plain_text(start, long, kind == Kind::Raw),
        }
    }

    fn string_ends(&mut self, start: usize, end: usize) {
        self.passed(start, end, TokenKind::Literal, true, false);
    }

    /// A long string that nothing closes is taken to end before the next declaration, at `end`: what it has swallowed is the
    /// rest of its own, which is not told of a second time.
    fn swallowed_up_to(&mut self, start: usize, end: usize) {
        self.report_unterminated(start, end, true);
        self.pass_lines(start, end);
        self.string_ends(start, end);
        self.drop_to(0, end);
        self.out[start..end].fill(FILLER);
        self.out[end] = CUT;
    }

    /// The newline before the next line that begins with a declaration at its very left.
    pub(super) fn next_item(&self, from: usize) -> Option<usize> {
        let mut lines = self.text[from..].match_indices('\n');
        lines.find_map(|(at, _)| {
            let line = &self.text[from + at + 1..];
            let word = line.bytes().take_while(|&byte| is_word(byte)).count();
            let (word, rest) = line.split_at(word);
            begins_item(word, rest).then_some(from + at)
        })
    }

    fn plain_text(&mut self, start: usize, long: bool, raw: bool) {
        let mut at = self.at;
        loop {
            match self.bytes.get(at) {
                None => break,
                Some(b'\n') if !long => break,
                Some(b'\\') if !raw => {
                    let escaped = self.bytes.get(at + 1).copied();
                    at += match escaped {
                        None => 1,
                        Some(b'\n') if !long => 1,
                        Some(_) => 2,
                    };
                }
                Some(b'"') if !long => {
                    self.string_ends(start, at + 1);
                    return;
                }
                Some(b'"') if self.bytes[at..].starts_with(b"\"\"\"") => {
                    self.pass_lines(start, at + 3);
                    self.string_ends(start, at + 3);
                    return;
                }
                Some(_) => at += 1,
            }
        }
        let end = at.min(self.bytes.len());
        self.report_unterminated(start, end, long);
        self.open_to_end |= long;
        self.unclosed = Some(end);
        self.pass_lines(start, end);
        self.string_ends(start, end);
        self.forgive_line(start, long);
    }

    /// Keeps account of lines within a long string.
    fn pass_lines(&mut self, start: usize, end: usize) {
        if let Some(newline) = self.bytes[start..end]
            .iter()
            .rposition(|&byte| byte == b'\n')
        {
            self.line_start = start + newline + 1;
        }
    }

    /// The text of a template up to its end or to its next interpolation.
    pub(super) fn template_text(&mut self, template: Template) {
        let mut at = self.at;
        loop {
            match self.bytes.get(at) {
                None => break,
                Some(b'\n') if !template.long => break,
                Some(b'\n') => {
                    at += 1;
                    self.line_start = at;
                }
                Some(b'\\') => at += self.template_escape(at, template.long),
                Some(b'"') if !template.long => {
                    self.string_ends(template.start, at + 1);
                    return;
                }
                Some(b'"') if self.bytes[at..].starts_with(b"\"\"\"") => {
                    self.string_ends(template.start, at + 3);
                    return;
                }
                Some(b'{') if self.bytes.get(at + 1) == Some(&b'{') => at += 2,
                Some(b'{') => {
                    self.at = at;
                    self.push(Bracket::Interpolation(template), at);
                    self.passed(at, at + 1, TokenKind::Other, false, false);
                    return;
                }
                Some(_) => at += 1,
            }
        }
        let end = at.min(self.bytes.len());
        self.report_unterminated(template.start, end, template.long);
        self.open_to_end |= template.long;
        self.unclosed = Some(end);
        self.string_ends(template.start, end);
        self.forgive_line(template.start, template.long);
    }

    fn template_escape(&self, at: usize, long: bool) -> usize {
        match self.bytes.get(at + 1) {
            None => 1,
            Some(b'\n') if !long => 1,
            Some(b'u') if self.bytes.get(at + 2) == Some(&b'{') => {
                let digits = self.bytes[at + 3..]
                    .iter()
                    .take_while(|byte| byte.is_ascii_hexdigit())
                    .count();
                if self.bytes.get(at + 3 + digits) == Some(&b'}') {
                    4 + digits
                } else {
                    2
                }
            }
            Some(_) => 2,
        }
    }

    /// `:` directly within an interpolation: what follows up to `}` is its format.
    pub(super) fn format_begins(&mut self, start: usize, token: &[u8]) -> bool {
        let Some(Bracket::Interpolation(_)) = self.stack.last().map(|open| open.bracket) else {
            return false;
        };
        if token != b":" {
            return false;
        }
        let length = self.bytes[start..]
            .iter()
            .take_while(|byte| !matches!(byte, b'}' | b'{' | b'"' | b'\n'))
            .count();
        self.passed(start, start + length, TokenKind::Other, false, false);
        true
    }

    /// A newline within the braces of a template that ends on its line: the string was not closed.
    pub(super) fn newline_ends_template(&mut self) -> bool {
        let Some(index) = self.template_on_line() else {
            return false;
        };
        if let Bracket::Interpolation(template) = self.stack[index].bracket {
            self.report_unterminated(template.start, self.at, false);
            self.unclosed = Some(self.at);
            self.fill_within(index, self.at);
            self.drop_blocks_to(index, self.at);
            self.string_ends(template.start, self.at);
            self.forgive_line(template.start, false);
        }
        true
    }

    /// The outermost open interpolation of a template that ends with its line.
    fn template_on_line(&self) -> Option<usize> {
        self.stack.iter().position(
            |open| matches!(open.bracket, Bracket::Interpolation(template) if !template.long),
        )
    }

    /// A line ends, and with it several strings within each other: the grammar gets the outermost, the template whose
    /// interpolation is the `index`th bracket, without those in it, of which the outer one begins at `start` or before.
    fn fill_within(&mut self, index: usize, start: usize) {
        let inner = self.stack.iter().skip(index + 1);
        let inner = inner.filter_map(|open| match open.bracket {
            Bracket::Interpolation(template) => Some(template.start),
            _ => None,
        });
        let start = inner.min().unwrap_or(start).min(start);
        self.out[start..self.at.max(start)].fill(FILLER);
    }

    /// An unclosed string that began at `start` has swallowed what stood behind it: brackets opened on its line (or, where it
    /// has swallowed the rest of the file, all of them) are not reported a second time. A brace is one of them only if the
    /// string has a closing one; else that comes on a later line.
    fn forgive_line(&mut self, start: usize, long: bool) {
        if long {
            self.drop_to(0, self.at);
            return;
        }
        let line = self.line_start;
        let is_swallowed = |open: &Open| open.line >= line && open.bracket != Bracket::Brace;
        let first = self.stack.iter().position(is_swallowed);
        let first = first.unwrap_or(self.stack.len());
        let swallowed = &self.bytes[start..self.at.max(start)];
        let mut closing = swallowed.iter().filter(|&&byte| byte == b'}').count();
        let mut keep = self.stack.len();
        while keep > first {
            if self.stack[keep - 1].bracket == Bracket::Brace {
                if closing == 0 {
                    break;
                }
                closing -= 1;
            }
            keep -= 1;
        }
        if let Some(index) = self.template_on_line() {
            self.fill_within(index, start);
            keep = keep.min(index);
        }
        self.drop_blocks_to(keep, self.at);
    }

    /// As [`Self::drop_to`], where what was open ends with a line and not before an item: the grammar knows a block's end by
    /// its brace alone, so the dropped ones are taken from it.
    fn drop_blocks_to(&mut self, keep: usize, at: usize) {
        for open in self.stack.iter().skip(keep) {
            if open.bracket == Bracket::Brace {
                self.out[open.at] = FILLER;
            }
        }
        self.drop_to(keep, at);
    }
}
