//! Words, numbers and punctuation: just enough of each to know where newlines count and where operands begin.

use super::{Scanner, is_word, is_word_start};

/// What the token before the current place was.
#[derive(Clone, Copy)]
pub(super) struct Previous {
    /// Where it begins and ends.
    pub(super) start: usize,
    pub(super) end: usize,
    /// A newline after it ends nothing.
    pub(super) joins: bool,
    /// It ends an operand: `|` and `<` after it are operators.
    pub(super) operand: bool,
    pub(super) kind: Kind,
}

/// What a token is, as far as the scan cares.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing yet.
    Start,
    /// A name.
    Name,
    /// A keyword.
    Keyword,
    /// `else`
    Else,
    /// A literal or string.
    Literal,
    /// A closing bracket.
    Close,
    /// `:` `->` `=`, before which and after which a type may stand.
    TypeFollows,
    /// Anything else.
    Other,
}

impl Previous {
    pub(super) fn start() -> Self {
        Self {
            start: 0,
            end: 0,
            joins: false,
            operand: false,
            kind: Kind::Start,
        }
    }
}

/// Punctuation of more than one character, longest first.
const LONG: [&str; 28] = [
    "..=", "**=", "<<=", ">>=", "??=", "..", "**", "??", "?.", "->", "=>", "==", "!=", "<=", ">=",
    "<<", ">>", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "&&", "++", "--",
];

impl Scanner<'_> {
    /// Notes a token from `start` to `end` and goes on behind it.
    pub(super) fn passed(
        &mut self,
        start: usize,
        end: usize,
        kind: Kind,
        operand: bool,
        joins: bool,
    ) {
        self.previous = Previous {
            start,
            end,
            joins,
            operand,
            kind,
        };
        self.at = end;
    }

    pub(super) fn number(&mut self) {
        let start = self.at;
        self.begin_token(start, false);
        let mut end = start;
        let mut point = false;
        while let Some(&byte) = self.bytes.get(end) {
            let next_is_digit = self.bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
            if is_word(byte) {
                end += 1;
            } else if byte == b'.' && next_is_digit && !point {
                point = true;
                end += 1;
            } else {
                break;
            }
        }
        self.not_a_type();
        self.passed(start, end, Kind::Literal, true, false);
    }

    pub(super) fn word_or_character(&mut self) {
        let start = self.at;
        let mut end = start;
        let mut foreign = false;
        while let Some(c) = self.text[end..].chars().next() {
            if !c.is_alphanumeric() && c != '_' {
                break;
            }
            foreign |= !c.is_ascii();
            end += c.len_utf8();
        }
        if end == start {
            self.foreign_character();
            return;
        }
        if self.bytes.get(end) == Some(&b'"') && !foreign {
            let kind = super::strings::Kind::of_prefix(&self.text[start..end]);
            self.string_at(start, kind);
            return;
        }
        if foreign {
            self.report_foreign_name(start, end);
            self.out[start..end].fill(b'_');
            self.begin_token(start, false);
            self.passed(start, end, Kind::Name, true, false);
            return;
        }
        self.word(start, end);
    }

    fn word(&mut self, start: usize, end: usize) {
        let word = &self.text[start..end];
        let continues = matches!(word, "else" | "catch" | "and" | "or" | "as")
            || (matches!(word, "elif" | "elsif" | "elseif") && self.previous.kind == Kind::Close);
        self.check_line_start(start, word);
        self.begin_token(start, continues);
        let after_else = self.previous.kind == Kind::Else;
        match word {
            "if" if after_else => self.passed(start, end, Kind::Keyword, false, false),
            "if" | "match" | "fail" | "return" | "run" | "fn" => {
                // `fn` with a name declares; without one it is a type.
                // `run` begins a run before a name, and is a name elsewhere.
                let rest = self.text[end..].trim_start_matches([' ', '\t', '\r', '\n']);
                let counts = match word {
                    "fn" => rest.starts_with('('),
                    "run" => {
                        rest.starts_with("//") || rest.bytes().next().is_some_and(is_word_start)
                    }
                    _ => true,
                };
                if counts {
                    self.prefix_word(start);
                }
                let name = word == "run";
                if word != "fn" {
                    self.not_a_type();
                }
                let kind = if name { Kind::Name } else { Kind::Keyword };
                self.passed(start, end, kind, name, false);
            }
            "and" | "or" | "not" => {
                self.not_a_type();
                self.passed(start, end, Kind::Keyword, false, true);
            }
            "else" => self.passed(start, end, Kind::Else, false, false),
            "true" | "false" | "none" | "break" | "continue" => {
                self.not_a_type();
                self.passed(start, end, Kind::Literal, true, false);
            }
            _ if crate::messages::KEYWORDS.contains(&word) => {
                self.not_a_type();
                self.passed(start, end, Kind::Keyword, false, false);
            }
            _ => {
                if self.previous.kind == Kind::Name {
                    self.not_a_type();
                }
                self.passed(start, end, Kind::Name, true, false);
            }
        }
    }

    pub(super) fn punctuation(&mut self) {
        let start = self.at;
        let rest = &self.bytes[start..];
        let byte = rest[0];
        if byte == b'<' && self.angle_opens(start) {
            return;
        }
        if byte == b'>' && self.angle_closes(start) {
            return;
        }
        let long = LONG.iter().find(|long| rest.starts_with(long.as_bytes()));
        let token = long.map_or(&rest[..1], |long| long.as_bytes());
        match token {
            b"|" => self.bar(start),
            b":" | b"->" | b"=" => {
                let joins = token != b":";
                self.begin_token(start, false);
                if self.format_begins(start, token) {
                    return;
                }
                if token == b"=" {
                    self.not_a_type();
                }
                self.passed(start, start + token.len(), Kind::TypeFollows, false, joins);
            }
            b"," => {
                self.begin_token(start, false);
                self.comma = true;
                self.passed(start, start + 1, Kind::Other, false, true);
            }
            // Two question marks of a type: `List<Int??>`, and `field: Int??` at the end of its line.
            b"??" if self.ends_type(start) => {
                self.begin_token(start, false);
                self.passed(start, start + 2, Kind::Other, true, false);
            }
            b"." | b"?." | b"??" => {
                self.begin_token(start, true);
                if token == b"??" {
                    self.not_a_type();
                }
                self.passed(start, start + token.len(), Kind::Other, false, true);
            }
            b"?" => {
                self.begin_token(start, false);
                self.passed(start, start + 1, Kind::Other, true, false);
            }
            // `++` and `--` are two signs where an operand follows, and a habit where the line ends.
            b">" | b">>" | b"@" | b"!" | b"++" | b"--" => {
                self.begin_token(start, false);
                self.not_a_type();
                self.passed(start, start + token.len(), Kind::Other, false, false);
            }
            _ if token.len() == 1 && !b"+-*/%&^<".contains(&byte) => self.foreign_character(),
            _ => {
                self.begin_token(start, false);
                self.not_a_type();
                self.passed(start, start + token.len(), Kind::Other, false, true);
            }
        }
    }

    /// `|`: the head of a closure where an operand begins, else an operator.
    fn bar(&mut self, start: usize) {
        self.begin_token(start, false);
        self.not_a_type();
        if self.closure_bar == Some(self.stack.len()) {
            self.closure_bar = None;
            self.passed(start, start + 1, Kind::Other, false, false);
            return;
        }
        if self.previous.operand {
            let double = usize::from(self.peek(1) == Some(b'|'));
            self.passed(start, start + 1 + double, Kind::Other, false, false);
            return;
        }
        self.prefix_word(start);
        if self.peek(1) == Some(b'|') {
            self.passed(start, start + 2, Kind::Other, false, false);
            return;
        }
        self.closure_bar = Some(self.stack.len());
        self.passed(start, start + 1, Kind::Other, false, false);
    }

    /// A comma ends a list's element, unless what follows still belongs to the expression before it:
    /// `fail "m", retry: false` and `run j() with a = x, b = y`.
    pub(super) fn settle_comma(&mut self, at: usize) {
        if !std::mem::take(&mut self.comma) || self.closure_bar.is_some() {
            return;
        }
        let rest = &self.bytes[at..];
        let length = rest.iter().take_while(|&&byte| is_word(byte)).count();
        let belongs = rest.first().is_some_and(|&byte| is_word_start(byte)) && {
            let mut after = rest[length..]
                .iter()
                .skip_while(|&&byte| byte == b' ' || byte == b'\t');
            &rest[..length] == b"retry"
                || (after.next() == Some(&b'=') && after.next() != Some(&b'='))
        };
        if !belongs {
            self.prefixes = 0;
        }
    }
}
