//! What the scan says.

use dynop_base::codes::syntax as codes;
use dynop_base::{Applicability, Diagnostic};

use super::Scanner;
use super::brackets::{Open, Suspect};
use crate::{MAX_DIAGNOSTICS, MAX_NESTING};

impl Scanner<'_> {
    fn say(&mut self, diagnostic: Diagnostic) {
        self.damage.push(diagnostic.primary.span.start as usize);
        for label in &diagnostic.labels {
            self.damage.push(label.span.start as usize);
        }
        if self.diagnostics.len() < MAX_DIAGNOSTICS {
            self.diagnostics.push(diagnostic);
        }
    }

    pub(super) fn report_too_deep(&mut self, at: usize) {
        let span = self.span(at, at + 1);
        self.say(
            Diagnostic::new(&codes::TOO_DEEP, span, "this is nested too deeply")
                .here(format!("more than {MAX_NESTING} levels"))
                .help("give parts of it names with `let`, or move them to functions"),
        );
    }

    pub(super) fn report_extra_closing(&mut self, at: usize) {
        let span = self.span(at, at + 1);
        let byte = self.bytes[at] as char;
        self.say(
            Diagnostic::new(
                &codes::BRACKETS,
                span,
                format!("this `{byte}` closes nothing"),
            )
            .here("no bracket is open here")
            .fix("remove it", span, "", Applicability::Maybe),
        );
    }

    /// `found`: the closing bracket of an outer one that came instead.
    pub(super) fn report_unclosed(&mut self, open: Open, found: Option<(usize, char)>) {
        let span = self.span(open.at, open.at + 1);
        let opening = open.bracket.opening();
        let closing = open.bracket.closing() as char;
        let diagnostic = Diagnostic::new(
            &codes::BRACKETS,
            span,
            format!("this `{opening}` is never closed"),
        )
        .here(format!("expected a `{closing}` for it"));
        let diagnostic = match found {
            Some((at, byte)) => {
                let place = self.span(at, at + 1);
                // What stands behind the bracket on its line is most likely all of what it holds.
                let line_end = self.text[..self.line_end(open.at)].trim_end().len();
                let end = if line_end > open.at + 1 && line_end < at {
                    self.span(line_end, line_end)
                } else {
                    place.at_start()
                };
                diagnostic
                    .label(place, format!("this `{byte}` closes a bracket further out"))
                    .fix(
                        format!("add `{closing}`"),
                        end,
                        closing.to_string(),
                        Applicability::Maybe,
                    )
            }
            None => {
                let end = self.text.trim_end().len();
                let line_end = self.text[..self.line_end(open.at)].trim_end().len();
                let diagnostic = diagnostic.label(self.span(end, end), "the file ends here");
                if closing == '}' {
                    diagnostic.help("write a `}` on a line of its own where the block ends")
                } else {
                    diagnostic.fix(
                        format!("add `{closing}` where the bracket ends"),
                        self.span(line_end, line_end),
                        closing.to_string(),
                        Applicability::Maybe,
                    )
                }
            }
        };
        self.say(diagnostic);
    }

    /// Before a word that can't stand within the bracket.
    pub(super) fn report_unclosed_before(&mut self, open: Open, start: usize, end: usize) {
        let opening = open.bracket.opening();
        let closing = open.bracket.closing() as char;
        let word = self.text.get(start..end).unwrap_or("");
        let before = self.text[..start].trim_end().len().max(open.at + 1);
        let diagnostic = Diagnostic::new(
            &codes::BRACKETS,
            self.span(open.at, open.at + 1),
            format!("this `{opening}` is never closed"),
        )
        .here(format!("expected a `{closing}` for it"))
        .label(
            self.span(start, end),
            format!("`{word}` can't stand within it"),
        )
        .fix(
            format!("add `{closing}`"),
            self.span(before, before),
            if closing == '}' {
                "\n}"
            } else if closing == ')' {
                ")"
            } else {
                "]"
            },
            Applicability::Maybe,
        );
        self.damage.push(before);
        self.say(diagnostic);
    }

    /// The indentation tells which brace lacks its `}`.
    pub(super) fn report_suspect(&mut self, suspect: Suspect, start: usize, end: usize) {
        let diagnostic = Diagnostic::new(
            &codes::BRACKETS,
            self.span(suspect.open, suspect.open + 1),
            "this `{` is never closed",
        )
        .here("expected a `}` for it")
        .label(
            self.span(suspect.close, suspect.close + 1),
            "this `}` closes it, but by its place it belongs to a block further out",
        );
        let diagnostic = if start < end {
            diagnostic
                .label(self.span(start, end), "so a `}` is missing before this")
                .help("write the missing `}` on a line of its own before it")
        } else {
            diagnostic.help("write the missing `}` on a line of its own where the inner block ends")
        };
        self.say(diagnostic);
    }

    pub(super) fn report_wrong_closing(&mut self, open: Open, at: usize, byte: char) {
        let opening = open.bracket.opening();
        let closing = open.bracket.closing() as char;
        let span = self.span(at, at + 1);
        self.say(
            Diagnostic::new(
                &codes::BRACKETS,
                span,
                format!("`{opening}` is closed by `{byte}`"),
            )
            .here(format!("expected `{closing}`"))
            .label(self.span(open.at, open.at + 1), "opened here")
            .fix(
                format!("write `{closing}`"),
                span,
                closing.to_string(),
                Applicability::Maybe,
            ),
        );
    }

    pub(super) fn report_unterminated(&mut self, start: usize, end: usize, long: bool) {
        let quote = start + self.text[start..].find('"').unwrap_or(0);
        let quotes = if long { "\"\"\"" } else { "\"" };
        let opening = self.span(start, (quote + quotes.len()).min(self.bytes.len()));
        let diagnostic = Diagnostic::new(
            &codes::UNTERMINATED_STRING,
            opening,
            "this string is never closed",
        )
        .here(format!("expected a `{quotes}` for it"));
        let diagnostic = if long {
            diagnostic.help("write `\"\"\"` behind the last line of the text")
        } else {
            let end = self.text[..end].trim_end().len();
            diagnostic
                .note("a string ends on its line; `\"\"\"` begins one of several lines")
                .fix(
                    "close it at the end of the line",
                    self.span(end, end),
                    "\"",
                    Applicability::Maybe,
                )
        };
        self.say(diagnostic);
    }

    pub(super) fn report_semicolon(&mut self, at: usize) {
        if self.diagnostics.len() >= MAX_DIAGNOSTICS {
            return;
        }
        let span = self.span(at, at + 1);
        let rest = self.text[at + 1..].trim_start_matches([' ', '\t', '\r']);
        let last = rest.is_empty() || rest.starts_with(['\n', '}']) || rest.starts_with("//");
        let diagnostic = Diagnostic::new(&codes::SEMICOLON, span, "`;` is not needed")
            .here("a newline ends a statement");
        let inside = self
            .stack
            .last()
            .is_some_and(|open| open.bracket != super::brackets::Bracket::Brace);
        if inside && !last {
            let diagnostic =
                Diagnostic::new(&codes::SEMICOLON, span, "`;` parts nothing").here("write `,`");
            self.say(diagnostic.fix("write `,`", span, ",", Applicability::Maybe));
            return;
        }
        self.say(if last {
            diagnostic.fix("remove it", span, "", Applicability::Certain)
        } else {
            diagnostic.fix("begin a new line", span, "\n", Applicability::Certain)
        });
        // What stands beside it is well formed for itself.
        self.damage.pop();
    }

    pub(super) fn report_foreign_comment(&mut self, start: usize, mark: usize, end: usize) {
        let span = self.span(start, mark);
        let written = &self.text[start..mark];
        let diagnostic = Diagnostic::new(
            &codes::FOREIGN_COMMENT,
            span,
            format!("`{written}` does not begin a comment: use `//`"),
        )
        .here("comments are `//` to the end of the line");
        let whole = self.text[start..end].trim_end();
        let diagnostic = if written == "#" {
            diagnostic.fix("write `//`", span, "//", Applicability::Certain)
        } else if whole.contains('\n') || !self.text[end..self.line_end(end)].trim().is_empty() {
            diagnostic.help("write `//` before each line of the comment")
        } else {
            let text = whole.trim_start_matches("/*").trim_end_matches("*/").trim();
            diagnostic.fix(
                "write `//`",
                self.span(start, start + whole.len()),
                format!("// {text}"),
                Applicability::Certain,
            )
        };
        self.say(diagnostic);
        self.damage.pop();
    }

    pub(super) fn report_foreign_name(&mut self, start: usize, end: usize) {
        let span = self.span(start, end);
        let name = self.text[start..end].to_string();
        self.say(
            Diagnostic::new(
                &codes::BAD_CHARACTER,
                span,
                format!("`{name}` is no name: names are made of `a`–`z`, `A`–`Z`, `0`–`9` and `_`"),
            )
            .here("has other letters")
            .note("names become step keys, flags and symbols of the executable; strings and comments may hold any text")
            .help(plain_name(&name)),
        );
        self.damage.pop();
    }

    pub(super) fn report_character(&mut self, start: usize, end: usize, c: char) {
        let span = self.span(start, end);
        let shown = if is_invisible(c) {
            format!("an invisible character, U+{:04X},", c as u32)
        } else {
            format!("`{c}`")
        };
        let mut diagnostic = Diagnostic::new(
            &codes::BAD_CHARACTER,
            span,
            format!("{shown} means nothing here"),
        )
        .here("unexpected character");
        if let Some(plain) = plain_form(c) {
            diagnostic = diagnostic.help(format!("it looks like `{plain}`")).fix(
                format!("write `{plain}`"),
                span,
                plain,
                Applicability::Maybe,
            );
        } else if is_invisible(c) {
            diagnostic = diagnostic.fix("remove it", span, "", Applicability::Certain);
        }
        diagnostic = match c {
            '$' => diagnostic.help("in a string a value is put in by `f\"{value}\"`"),
            '\\' => diagnostic.help(
                "an expression goes on over several lines within parentheses, or after an operator",
            ),
            '~' => diagnostic.help("the bits of `x` are turned by `x ^ -1`"),
            _ if diagnostic.helps.is_empty() && diagnostic.fixes.is_empty() => diagnostic.help(
                format!("take `{c}` away; as a part of a text it stands between quotes: `\"{c}\"`"),
            ),
            _ => diagnostic,
        };
        self.say(diagnostic);
    }

    pub(super) fn report_quotes(&mut self, start: usize, end: usize, text: &str) {
        let span = self.span(start, end);
        let plain = format!("\"{}\"", text.replace('"', "\\\""));
        self.say(
            Diagnostic::new(&codes::QUOTES, span, "strings stand between double quotes")
                .here("write `\"…\"`")
                .fix(
                    format!("write `{plain}`"),
                    span,
                    plain.clone(),
                    Applicability::Certain,
                ),
        );
    }
}

/// How a name may be written with plain letters.
fn plain_name(name: &str) -> String {
    let mut plain = String::new();
    for c in name.chars() {
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' => plain.push(c),
            'ä' | 'æ' => plain.push_str("ae"),
            'ö' | 'œ' => plain.push_str("oe"),
            'ü' => plain.push_str("ue"),
            'ß' => plain.push_str("ss"),
            'à' | 'á' | 'â' | 'ã' | 'å' => plain.push('a'),
            'ç' | 'č' | 'ć' => plain.push('c'),
            'è' | 'é' | 'ê' | 'ë' => plain.push('e'),
            'ì' | 'í' | 'î' | 'ï' => plain.push('i'),
            'ñ' => plain.push('n'),
            'ò' | 'ó' | 'ô' | 'õ' | 'ø' => plain.push('o'),
            'š' => plain.push('s'),
            'ù' | 'ú' | 'û' => plain.push('u'),
            'ý' | 'ÿ' => plain.push('y'),
            'ž' => plain.push('z'),
            'π' => plain.push_str("pi"),
            'λ' => plain.push_str("lambda"),
            'Δ' | 'δ' => plain.push_str("delta"),
            _ => return "choose a name of plain letters".to_string(),
        }
    }
    format!("write it with plain letters: `{plain}`")
}

fn is_invisible(c: char) -> bool {
    c.is_control()
        || c.is_whitespace()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{ad}')
}

/// What a typographic character was typed for.
fn plain_form(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{2013}' | '\u{2014}' | '\u{2212}' | '\u{2010}' | '\u{2011}' => "-",
        '\u{d7}' | '\u{22c5}' => "*",
        '\u{f7}' => "/",
        '\u{2264}' => "<=",
        '\u{2265}' => ">=",
        '\u{2260}' => "!=",
        '\u{2192}' => "->",
        '\u{21d2}' => "=>",
        '\u{2026}' => "..",
        '\u{a0}' | '\u{3000}' | '\u{2003}' | '\u{2002}' | '\u{2009}' | '\u{202f}' => " ",
        '\u{ff08}' => "(",
        '\u{ff09}' => ")",
        '\u{ff0c}' => ",",
        '\u{ff1a}' => ":",
        _ => return None,
    })
}
