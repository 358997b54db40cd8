//! Tokens of the text around a place, as messages name them.

use std::ops::Range;

use crate::scan::{CUT, FILLER};

/// Every reserved word, sorted.
pub const KEYWORDS: [&str; 33] = [
    "and", "assert", "break", "catch", "const", "continue", "else", "enum", "extern", "fail",
    "false", "fn", "for", "graph", "if", "import", "in", "job", "let", "match", "none", "not",
    "op", "or", "pub", "return", "struct", "true", "try", "type", "var", "while", "yield",
];

/// Operators of more than one character, longest first; some are only recognised to say that they are not Dynop's.
const OPERATORS: [&str; 37] = [
    "..=", "**=", "<<=", ">>=", "??=", "===", "!==", "...", "..", "**", "??", "?.", "->", "=>",
    "==", "!=", "<=", ">=", "<<", ">>", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "||", "&&",
    ":=", "::", "++", "--", "|>", "<-", "<>",
];

/// The token at or after `at`; empty at the end of a line or of the file.
pub(crate) fn token_at(clean: &str, at: usize) -> Range<usize> {
    let rest = clean.get(at..).unwrap_or("");
    let start = at + (rest.len() - rest.trim_start_matches(' ').len());
    let rest = &clean[start..];
    let Some(first) = rest.chars().next() else {
        return start..start;
    };
    let length = match first {
        '\n' => 0,
        c if c as u32 == u32::from(CUT) => 0,
        c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
        '"' => {
            let line = rest.find('\n').unwrap_or(rest.len());
            rest[1..line].find('"').map_or(line, |end| end + 2)
        }
        c if c as u32 == u32::from(FILLER) => rest
            .find(|c| c as u32 != u32::from(FILLER))
            .unwrap_or(rest.len()),
        c => OPERATORS
            .iter()
            .find(|operator| rest.starts_with(**operator))
            .map_or(c.len_utf8(), |operator| operator.len()),
    };
    start..start + length
}

/// The token that ends before `at` on the same line.
pub(crate) fn token_before(clean: &str, at: usize) -> Option<Range<usize>> {
    let before = clean.get(..at)?.trim_end_matches(' ');
    let last = before.chars().next_back()?;
    let end = before.len();
    if is_word(last) {
        let start = before.rfind(|c| !is_word(c)).map_or(0, |i| i + 1);
        return Some(start..end);
    }
    if !last.is_ascii_punctuation() || last == '"' {
        return None;
    }
    let longest = OPERATORS
        .iter()
        .find(|operator| before.ends_with(**operator))
        .map_or(1, |operator| operator.len());
    Some(end - longest..end)
}

/// The token as a message names it: `` `=` ``, "the end of the line".
pub(crate) fn describe(text: &str, clean: &str, token: &Range<usize>) -> String {
    if token.is_empty() {
        let rest = &clean[token.start..];
        return if rest.trim_matches([' ', '\n']).is_empty() {
            "the end of the file".to_string()
        } else {
            "the end of the line".to_string()
        };
    }
    if clean.as_bytes().get(token.start) == Some(&FILLER) {
        return "this".to_string();
    }
    let word = text.get(token.clone()).unwrap_or("");
    if word.starts_with('"') {
        return "a string".to_string();
    }
    if word.chars().count() > 40 {
        return "this".to_string();
    }
    if KEYWORDS.contains(&word) {
        return format!("the keyword `{word}`");
    }
    format!("`{word}`")
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}
