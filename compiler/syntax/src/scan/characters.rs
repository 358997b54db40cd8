//! Characters that mean nothing outside strings and comments.

use super::tokens::Kind;
use super::{FILLER, Scanner};

impl Scanner<'_> {
    /// A character that begins no token.
    pub(super) fn foreign_character(&mut self) {
        let start = self.at;
        let Some(c) = self.text[start..].chars().next() else {
            return;
        };
        if matches!(
            c,
            '\'' | '`' | '\u{201c}' | '\u{201d}' | '\u{2018}' | '\u{2019}'
        ) {
            self.foreign_quotes(start, c);
            return;
        }
        let mut end = start + c.len_utf8();
        // A run of the like is one mistake.
        while let Some(next) = self.text[end..].chars().next() {
            let like = next == c || (is_odd(c) && is_odd(next));
            if !like {
                break;
            }
            end += next.len_utf8();
        }
        self.report_character(start, end, c);
        self.blank(start, end);
        if c == '\\'
            && self.text[end..]
                .trim_start_matches([' ', '\t', '\r'])
                .starts_with('\n')
        {
            self.previous.joins = true;
        }
    }

    /// `'text'` and its typographic kin: an operand that was refused.
    fn foreign_quotes(&mut self, start: usize, quote: char) {
        let closing: &[char] = match quote {
            '\u{201c}' | '\u{201d}' => &['\u{201d}', '\u{201c}'],
            '\u{2018}' | '\u{2019}' => &['\u{2019}', '\u{2018}'],
            '`' => &['`'],
            _ => &['\''],
        };
        let inner = start + quote.len_utf8();
        let line = self.line_end(inner);
        let Some(length) = self.text[inner..line].find(closing) else {
            self.report_character(start, inner, quote);
            self.blank(start, inner);
            return;
        };
        let end_of_text = inner + length;
        let closing_length = self.text[end_of_text..]
            .chars()
            .next()
            .map_or(1, char::len_utf8);
        let end = end_of_text + closing_length;
        self.report_quotes(start, end, &self.text[inner..end_of_text]);
        self.begin_token(start, false);
        self.not_a_type();
        self.out[start..end].fill(FILLER);
        self.passed(start, end, Kind::Literal, true, false);
    }
}

/// Control characters and what is neither letter nor ASCII.
fn is_odd(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t' && c != '\r')
        || (!c.is_ascii() && !c.is_alphanumeric())
}
