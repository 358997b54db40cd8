//! What the parser says: one function a mistake, in the words of the language, never in those of the grammar.
//!
//! The tree builder calls these where it meets a `missing_*` or `unexpected` pair; they look at the words around the place
//! to say what was meant. Nothing here changes the tree.

mod declarations;
mod foreign;
mod leftovers;
mod lexical;
mod words;

use dynop_base::codes::syntax as codes;
use dynop_base::{Code, Diagnostic, Span};

use crate::MAX_DIAGNOSTICS;
use crate::build::Builder;
use crate::scan::FILLER;

pub use words::KEYWORDS;
pub(crate) use words::{describe, token_at, token_before};

impl<'t> Builder<'t> {
    /// Reports a mistake of the grammar's, unless the statement was reported already or what is wrong with its line is known
    /// from the scan: one mistake, one message.
    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        let at = diagnostic.primary.span.start as usize;
        if std::mem::replace(&mut self.broken, true) || self.scanned.is_damaged(at) {
            return;
        }
        self.report_always(with_help(diagnostic));
    }

    /// Reports what stands for itself: a bad escape, a bad number.
    pub(crate) fn report_always(&mut self, diagnostic: Diagnostic) {
        if self.diagnostics.len() < MAX_DIAGNOSTICS {
            self.diagnostics.push(diagnostic);
        }
    }

    /// What the parser read: the text without comments.
    pub(crate) fn clean(&self) -> &'t str {
        &self.scanned.clean
    }

    /// The place of the token at or after `at` that a message points to; the end of the line where it ends there.
    pub(crate) fn found(&self, at: usize) -> (Span, String) {
        let span = token_at(self.clean(), at);
        let place = Span::new(self.file, span.start, span.end);
        let text = describe(self.text, self.clean(), &span);
        (place, text)
    }

    /// As [`found`](Self::found), for what is missing: a closing bracket on a further line is not what stands in its place.
    pub(crate) fn found_instead(&self, at: usize) -> (Span, String) {
        let (span, found) = self.found(at);
        let end = self.clean()[..at].trim_end_matches(' ').len();
        let closes = matches!(self.source(span), ")" | "]" | "}");
        if closes && self.text[end..at].contains('\n') {
            let place = Span::new(self.file, end, end);
            return (place, "the end of the line".to_string());
        }
        (span, found)
    }

    /// The token before `at` on the same line, as `` after `=` ``; empty where there is none.
    pub(crate) fn after(&self, at: usize) -> String {
        match token_before(self.clean(), at) {
            Some(range) => {
                let word = self.text.get(range).unwrap_or("");
                let short = word.chars().count() <= 20;
                if short {
                    format!(" after `{word}`")
                } else {
                    String::new()
                }
            }
            None => String::new(),
        }
    }

    fn is_filler(&self, at: usize) -> bool {
        self.clean()[at..]
            .trim_start_matches(' ')
            .as_bytes()
            .first()
            == Some(&FILLER)
    }

    /// "expected {what}, found …"
    pub(crate) fn report_missing(&mut self, what: &str, at: usize) {
        let (span, found) = self.found_instead(at);
        self.expected(&codes::SYNTAX, what, span, &found);
    }

    fn expected(&mut self, code: &'static Code, what: &str, span: Span, found: &str) {
        let diagnostic = Diagnostic::new(code, span, format!("expected {what}, found {found}"))
            .here(format!("expected {what}"));
        self.report(diagnostic);
    }

    /// An operand that is not there.
    pub(crate) fn report_missing_expression(&mut self, at: usize) {
        if self.is_filler(at) {
            self.broken = true;
            return;
        }
        let (span, found) = self.found_instead(at);
        let after = self.after(at);
        let word = self.text.get(span.range()).unwrap_or("");
        if self.is_used_as_name(span) {
            self.report_reserved(span);
            return;
        }
        if self.half_float(span) {
            return;
        }
        if let Some(diagnostic) = self.counting_operator(at, span) {
            self.report(diagnostic);
            return;
        }
        let mut diagnostic = Diagnostic::new(
            &codes::EXPECTED_EXPRESSION,
            span,
            format!("expected an expression{after}, found {found}"),
        )
        .here("expected an expression");
        if let Some(advice) = foreign::statement_as_value(word) {
            diagnostic = diagnostic.help(advice);
        } else if word == "<" || word == "*" || word == "&" {
            diagnostic = diagnostic.note(format!("`{word}` stands between two operands"));
        }
        if let Some(advice) = foreign::unary_advice(word) {
            diagnostic = diagnostic.help(advice);
        }
        if diagnostic.helps.is_empty() {
            diagnostic = self.fill_in(diagnostic, at);
        }
        self.report(diagnostic);
    }

    /// Shows where the operand goes, and what is left without its operator.
    fn fill_in(&self, diagnostic: Diagnostic, at: usize) -> Diagnostic {
        let Some(before) = token_before(self.clean(), at) else {
            return diagnostic.help("write a value here");
        };
        let word = self.text.get(before.clone()).unwrap_or("").to_string();
        let end = Span::new(self.file, before.end, before.end);
        let what = match word.as_str() {
            "=" | "(" | "[" | "," | ":" | "return" | "in" | "=>" | "yield" | "fail" | "assert" => {
                "value"
            }
            "if" | "while" | "match" => "condition",
            _ => "operand",
        };
        let gap = if matches!(word.as_str(), "(" | "[") {
            "…"
        } else {
            " …"
        };
        let diagnostic = diagnostic.fix(
            format!("write the {what} that is missing"),
            end,
            gap,
            dynop_base::Applicability::Placeholder,
        );
        if what == "operand" && foreign::is_operator(&word) {
            let start = self.clean()[..before.start].trim_end_matches(' ').len();
            let span = Span::new(self.file, start, before.end);
            return diagnostic.fix(
                format!("or take `{word}` away"),
                span,
                "",
                dynop_base::Applicability::Maybe,
            );
        }
        diagnostic
    }

    /// A keyword that declares, where nothing is declared: it was meant as a name.
    fn is_used_as_name(&self, span: Span) -> bool {
        let declares = matches!(
            self.source(span),
            "type"
                | "op"
                | "job"
                | "graph"
                | "struct"
                | "enum"
                | "const"
                | "import"
                | "pub"
                | "extern"
        );
        let next = token_at(self.clean(), span.end as usize);
        let follows = self.text.get(next).unwrap_or("");
        declares && !follows.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
    }

    /// A keyword used as a name.
    pub(crate) fn report_reserved(&mut self, span: Span) {
        let word = self.source(span);
        let diagnostic = Diagnostic::new(
            &codes::RESERVED_WORD,
            span,
            format!("`{word}` is a keyword and can't be a name"),
        )
        .here("choose another name")
        .fix(
            format!("call it `{word}_`"),
            span,
            format!("{word}_"),
            dynop_base::Applicability::Maybe,
        );
        self.report(diagnostic);
    }
}

/// What is expected at a place is also what to write there, where nothing better is known.
fn with_help(diagnostic: Diagnostic) -> Diagnostic {
    if !diagnostic.helps.is_empty() || !diagnostic.fixes.is_empty() {
        return diagnostic;
    }
    let help = match diagnostic.primary.text.strip_prefix("expected ") {
        Some(expected) => format!("write {expected} here"),
        None => "take it away, or write what belongs in its place".to_string(),
    };
    diagnostic.help(help)
}
