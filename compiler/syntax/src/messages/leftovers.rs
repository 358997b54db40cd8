//! What is left over: tokens that fit nowhere, and what was probably meant by them.

use dynop_base::codes::syntax as codes;
use dynop_base::{Applicability, Diagnostic, Edit, Span, nearest};

use super::foreign::{advice_about, instead_of};
use super::{KEYWORDS, token_at, token_before};
use crate::ast::{Expr, FunctionKind, Pattern, PatternKind};
use crate::build::{Builder, Node};
use crate::grammar::Rule;

/// What is said of tokens after a statement.
const END_OF_STATEMENT: &str = "a statement ends with its line";

pub(super) const OPERATORS_BETWEEN: [&str; 20] = [
    "**", "*", "/", "%", "+", "<<", ">>", "&", "^", "??", "==", "!=", "<", "<=", ">", ">=", "..",
    "..=", "and", "or",
];

impl<'t> Builder<'t> {
    /// Tokens after a finished statement or list element.
    pub(crate) fn report_unexpected(&mut self, pair: &Node<'t>) {
        let wanted = match pair.as_rule() {
            Rule::unexpected | Rule::arm_junk => END_OF_STATEMENT,
            Rule::stray_index => "expected `]`",
            Rule::interpolation_junk => "expected `}` or `:`",
            Rule::stray_closure_param => "expected `,` or `|`",
            _ => "expected `,` or the closing bracket",
        };
        if pair.as_rule() == Rule::interpolation_junk && self.report_conversion(pair) {
            return;
        }
        self.report_unexpected_at(pair.as_span().start(), wanted);
    }

    /// `xs[1:2]`; `whole` are the brackets and what is in them.
    pub(crate) fn report_slice(&mut self, pair: &Node<'t>, whole: Span) {
        let (colon, _) = self.found(pair.as_span().start());
        let diagnostic = Diagnostic::new(&codes::SYNTAX, colon, "a part of a list has no brackets")
            .here("not here");
        let end = pair.as_str().trim_end().to_string();
        let simple = end.len() > 1 && !end[1..].contains(':');
        let close = Span {
            start: whole.end.saturating_sub(1),
            ..whole
        };
        let open = Span {
            end: whole.start + 1,
            ..whole
        };
        let edit = |span, text: &str| Edit {
            span,
            text: text.to_string(),
        };
        self.report(if simple && self.source(close) == "]" {
            diagnostic.fix_all(
                "call `slice`",
                vec![edit(open, ".slice("), edit(colon, ", "), edit(close, ")")],
                Applicability::Maybe,
            )
        } else {
            diagnostic
                .help("it is `xs.slice(start, end)`; `xs.slice(start, xs.len())` goes to the end")
        });
    }

    /// `{x=}` and `{x!r}` of Python's f-strings.
    fn report_conversion(&mut self, pair: &Node<'t>) -> bool {
        let (span, _) = self.found(pair.as_span().start());
        let help = match self.source(span) {
            "=" => "write the name before it: `x = {x}`",
            "!" => {
                "a value is shown as the language writes it; a text with its quotes is `{[text]}` or `{json.to_str(text)}`"
            }
            _ => return false,
        };
        let diagnostic = Diagnostic::new(
            &codes::SYNTAX,
            span,
            format!("unexpected `{}` after the value", self.source(span)),
        )
        .here("expected `}` or `:` and a format")
        .help(help);
        self.report(diagnostic);
        true
    }

    pub(crate) fn report_unexpected_at(&mut self, at: usize, wanted: &str) {
        if self.broken {
            return;
        }
        let (span, found) = self.found(at);
        if self.is_filler(at) {
            self.broken = true;
            return;
        }
        if self.is_used_as_name(span) {
            self.report_reserved(span);
            return;
        }
        let first =
            token_before(self.clean(), at).is_none_or(|before| self.text.get(before) == Some("{"));
        if first && self.half_float(span) {
            return;
        }
        let diagnostic = self
            .misread_word(at)
            .or_else(|| self.literal_of_another_language(span, wanted))
            .or_else(|| self.misread_operator(span))
            .or_else(|| self.operator_first(span))
            .unwrap_or_else(|| self.plainly_unexpected(span, &found, at, wanted));
        self.report(diagnostic);
    }

    fn plainly_unexpected(&self, span: Span, found: &str, at: usize, wanted: &str) -> Diagnostic {
        let found = found.trim_start_matches("the ");
        let diagnostic = Diagnostic::new(
            &codes::SYNTAX,
            span,
            format!("unexpected {found}{}", self.after(at)),
        )
        .here(wanted);
        let diagnostic = match wanted {
            END_OF_STATEMENT => diagnostic,
            _ => diagnostic.help(format!(
                "put what is missing before it, or take {found} away: {wanted}"
            )),
        };
        let begins = matches!(
            self.source(span),
            "let"
                | "var"
                | "for"
                | "while"
                | "yield"
                | "assert"
                | "return"
                | "fail"
                | "if"
                | "match"
        );
        if !begins && wanted == END_OF_STATEMENT {
            diagnostic.help(format!(
                "begin a new line before {found}, write an operator or a comma between, or take it away"
            ))
        } else if begins && wanted == END_OF_STATEMENT {
            diagnostic.fix(
                "begin a new line",
                span.at_start(),
                "\n",
                Applicability::Maybe,
            )
        } else {
            diagnostic
        }
    }

    /// An operator at the beginning of a statement.
    fn operator_first(&self, span: Span) -> Option<Diagnostic> {
        let word = self.source(span);
        let before = token_before(self.clean(), span.start as usize)
            .and_then(|before| self.text.get(before));
        if !matches!(before, None | Some("{")) || !OPERATORS_BETWEEN.contains(&word) {
            return None;
        }
        Some(
            Diagnostic::new(
                &codes::EXPECTED_EXPRESSION,
                span,
                format!("expected an expression before `{word}`"),
            )
            .here("stands between two operands")
            .help("to go on with the line before, end that one with the operator"),
        )
    }

    /// `whlie x {`, `def f`, `print x`: a word that was meant as a keyword stands before what is left over.
    fn misread_word(&mut self, at: usize) -> Option<Diagnostic> {
        let range = token_before(self.clean(), at)?;
        let word = self.text.get(range.clone())?;
        if !word.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            return None;
        }
        // A word that begins the statement, or is an argument: nothing that ends an operand before it.
        let operand_before = token_before(self.clean(), range.start)
            .and_then(|before| self.text.get(before))
            .is_some_and(|before| {
                before == "." || before == ")" || before == "]" || before == "as"
            });
        if operand_before {
            return None;
        }
        let span = Span::new(self.file, range.start, range.end);
        let next = token_at(self.clean(), at);
        let next_word = self.text.get(next).unwrap_or("");
        if next_word.is_empty() {
            return None;
        }
        if word == "from" {
            return Some(self.import_of_names(span));
        }
        if let Some(instead) = instead_of(word) {
            return Some(
                Diagnostic::new(
                    &codes::FOREIGN_WORD,
                    span,
                    format!("`{word}` is written `{instead}`"),
                )
                .here(format!("write `{instead}`"))
                .fix(
                    format!("write `{instead}`"),
                    span,
                    instead,
                    Applicability::Maybe,
                ),
            );
        }
        if let Some(advice) = advice_about(word) {
            return Some(
                Diagnostic::new(
                    &codes::FOREIGN_WORD,
                    span,
                    format!("`{word}` is no word of Dynop"),
                )
                .here("not known")
                .help(advice),
            );
        }
        let next_begins_operand = next_word
            .starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '"' || c == '{');
        if !next_begins_operand {
            return None;
        }
        if let Some(near) = nearest(word, KEYWORDS.iter().copied()) {
            return Some(
                Diagnostic::new(
                    &codes::SYNTAX,
                    span,
                    format!("`{word}` is no keyword; did you mean `{near}`?"),
                )
                .here(format!("perhaps `{near}`"))
                .fix(format!("write `{near}`"), span, near, Applicability::Maybe),
            );
        }
        if next_word.starts_with('"') || matches!(word, "print" | "println" | "echo" | "puts") {
            return Some(
                Diagnostic::new(
                    &codes::SYNTAX,
                    span,
                    format!("the arguments of `{word}` stand in parentheses"),
                )
                .here("a call is `f(x)`")
                .help(format!("write `{word}(…)`")),
            );
        }
        None
    }

    fn misread_operator(&mut self, span: Span) -> Option<Diagnostic> {
        let word = self.source(span);
        let new = |code, message: &str| Diagnostic::new(code, span, message.to_string());
        Some(match word {
            "=" => new(
                &codes::ASSIGNMENT_IN_CONDITION,
                "`=` here; did you mean `==`?",
            )
            .here("an assignment is a statement of its own and has no value")
            .fix("compare with `==`", span, "==", Applicability::Maybe),
            "===" | "!==" => {
                let plain = &word[..2];
                new(
                    &codes::FOREIGN_OPERATOR,
                    &format!("`{word}` is written `{plain}`"),
                )
                .here(format!("write `{plain}`"))
                .fix(
                    format!("write `{plain}`"),
                    span,
                    plain,
                    Applicability::Certain,
                )
            }
            "++" | "--" => {
                let sign = &word[..1];
                new(&codes::FOREIGN_OPERATOR, &format!("there is no `{word}`"))
                    .here(format!("write `{sign}= 1`"))
                    .fix(
                        format!("write `{sign}= 1`"),
                        span,
                        format!(" {sign}= 1"),
                        Applicability::Maybe,
                    )
            }
            "<>" => new(&codes::FOREIGN_OPERATOR, "`<>` is written `!=`")
                .here("write `!=`")
                .fix("write `!=`", span, "!=", Applicability::Certain),
            "?" => new(&codes::FOREIGN_OPERATOR, "there is no `? :`")
                .here("a choice between two values is `if`")
                .help(
                    "write `if condition { a } else { b }`; a value in place of `none` is `x ?? y`",
                ),
            "=>" => new(
                &codes::FOREIGN_OPERATOR,
                "`=>` stands in the arms of a `match`",
            )
            .here("not here")
            .help("a closure is written `|x| …`, without `=>`"),
            "->" => new(
                &codes::SYNTAX,
                "`->` stands before the result type of a declaration",
            )
            .here("not here")
            .help("leave the type out: a closure's result type is never written, `|x| x + 1`"),
            "::" => new(&codes::FOREIGN_OPERATOR, "`::` is written `.`")
                .here("write `.`")
                .fix("write `.`", span, ".", Applicability::Certain),
            "|>" => new(&codes::FOREIGN_OPERATOR, "there is no `|>`")
                .here("not an operator")
                .help("write `x.f(a)`, which calls `f(x, a)`"),
            "is" => new(&codes::FOREIGN_OPERATOR, "`is` is written `==`")
                .here("write `==`")
                .fix("write `==`", span, "==", Applicability::Maybe),
            "in" => new(&codes::FOREIGN_OPERATOR, "`in` stands only in `for … in …`")
                .here("not an operator")
                .help("whether `x` is in it is `items.contains(x)`"),
            ":" => new(&codes::SYNTAX, "unexpected `:`")
                .here("not here")
                .help("a block stands between braces, `{ … }`; a type follows a name that is declared, `let x: Int = …`"),
            "else" | "catch" => {
                let owner = if word == "else" { "if" } else { "try" };
                new(&codes::SYNTAX, &format!("`{word}` without its `{owner}`"))
                    .here(format!("no `{owner}` ends here"))
                    .help(format!("write it on the line of the `}}` that ends its `{owner}`: `}} {word} …`"))
            }
            "then" | "do" => new(&codes::FOREIGN_WORD, &format!("there is no `{word}`"))
                .here("a block stands between braces")
                .fix("write `{`", span, "{", Applicability::Placeholder),
            _ => return None,
        })
    }

    /// Tokens after an argument or a tuple's part.
    pub(crate) fn report_stray_in_arg(&mut self, pair: &Node<'t>, value: Option<&Expr>) {
        let at = pair.as_span().start();
        let (span, _) = self.found(at);
        let name = value
            .filter(|value| matches!(value.kind, crate::ast::ExprKind::Name(_)))
            .map(|value| self.source(value.span));
        if let (Some(name), "=") = (name, self.source(span)) {
            let gap = Span {
                start: value.map_or(span.start, |value| value.span.end),
                ..span
            };
            let diagnostic = Diagnostic::new(
                &codes::SYNTAX,
                span,
                format!("a named argument is written `{name}: value`"),
            )
            .here("write `:`")
            .fix("write `:`", gap, ":", Applicability::Certain);
            self.report(diagnostic);
            return;
        }
        self.report_unexpected(pair);
    }

    pub(crate) fn report_unexpected_entry(&mut self, pair: &Node<'t>, what: &str) {
        let at = pair.as_span().start();
        let (span, found) = self.found(at);
        let mut diagnostic = Diagnostic::new(
            &codes::SYNTAX,
            span,
            format!("expected a {what}, found {found}"),
        )
        .here(format!("expected a {what}'s name"));
        if matches!(self.source(span), "fn" | "op" | "pub" | "def") {
            diagnostic = diagnostic.note(
                "there are no methods: `x.f(a)` calls a function `fn f(x: T, a: A)` of the file with `x` as the first argument",
            )
            .help("close the braces before it, and declare it below");
        }
        self.report(diagnostic);
    }

    /// Between a head (`if x`, `struct S`, `catch e`) and its `{`.
    pub(crate) fn report_head_junk(&mut self, pair: &Node<'t>, word: &str) {
        let at = pair.as_span().start();
        let (span, found) = self.found(at);
        match self.source(span) {
            ":" | "then" | "do" => {
                let written = self.source(span);
                let diagnostic = Diagnostic::new(
                    &codes::MISSING_BLOCK,
                    span,
                    format!("the block after `{word}` stands between braces"),
                )
                .here(format!("`{{ … }}`, not `{written}`"))
                .help(format!("write `{word} … {{ … }}`"));
                self.report(diagnostic);
            }
            "=" | "===" | "!==" | "++" | "--" | "?" | "=>" | "::" | "|>" | "is" | "in" => {
                self.report_unexpected_at(at, "expected `{`");
            }
            _ => {
                let diagnostic = Diagnostic::new(
                    &codes::SYNTAX,
                    span,
                    format!("expected `{{`, found {found}{}", self.after(at)),
                )
                .here("expected `{`");
                self.report(diagnostic);
            }
        }
    }

    /// Between a signature and its body.
    pub(crate) fn report_signature_junk(
        &mut self,
        pair: &Node<'t>,
        kind: FunctionKind,
        has_result: bool,
    ) {
        let at = pair.as_span().start();
        let (span, found) = self.found(at);
        let keyword = kind.keyword();
        let word = self.source(span);
        if !has_result && matches!(word, ":" | "=>" | "-") {
            let diagnostic = Diagnostic::new(
                &codes::SYNTAX,
                span,
                format!("the result type of `{keyword}` is written after `->`"),
            )
            .here("write `->`")
            .fix("write `->`", span, " ->", Applicability::Maybe);
            self.report(diagnostic);
            return;
        }
        if !has_result && word.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let diagnostic = Diagnostic::new(
                &codes::SYNTAX,
                span,
                format!("the result type of `{keyword}` is written after `->`"),
            )
            .here("expected `->`")
            .fix("add `->`", span.at_start(), "-> ", Applicability::Maybe);
            self.report(diagnostic);
            return;
        }
        let expected = if has_result { "`{`" } else { "`->` or `{`" };
        let diagnostic = Diagnostic::new(
            &codes::SYNTAX,
            span,
            format!("expected {expected}, found {found}{}", self.after(at)),
        )
        .here(format!("expected {expected}"));
        self.report(diagnostic);
    }

    /// Between the name that `let` declares and `=`.
    pub(crate) fn report_let_junk(
        &mut self,
        pair: &Node<'t>,
        word: &str,
        pattern: Option<&Pattern>,
    ) {
        let at = pair.as_span().start();
        let (span, found) = self.found(at);
        if let Some(pattern) = pattern
            && matches!(pattern.kind, PatternKind::Name(name) if name == "mut")
        {
            let place = Span {
                start: token_before(self.clean(), pattern.span.start as usize)
                    .map_or(pattern.span.start, |before| before.start as u32),
                ..pattern.span
            };
            let diagnostic = Diagnostic::new(
                &codes::FOREIGN_WORD,
                place,
                format!("`{word} mut` is written `var`"),
            )
            .here("write `var`")
            .fix("write `var`", place, "var", Applicability::Certain);
            self.report(diagnostic);
            return;
        }
        if self.source(span) == ":=" {
            let diagnostic = Diagnostic::new(
                &codes::FOREIGN_OPERATOR,
                span,
                format!("after `{word}` it is `=`"),
            )
            .here("write `=`")
            .fix("write `=`", span, "=", Applicability::Certain);
            self.report(diagnostic);
            return;
        }
        let expected = if self.after(at).is_empty() || word == "type" {
            "`=`"
        } else {
            "`:` or `=`"
        };
        let diagnostic = Diagnostic::new(
            &codes::SYNTAX,
            span,
            format!("expected {expected}, found {found}{}", self.after(at)),
        )
        .here(format!("expected {expected}"));
        self.report(diagnostic);
    }

    pub(crate) fn report_for_junk(&mut self, pair: &Node<'t>) {
        let at = pair.as_span().start();
        self.report_missing_in(at);
    }

    pub(crate) fn report_arm_junk(&mut self, pair: &Node<'t>) {
        let at = pair.as_span().start();
        let (span, found) = self.found(at);
        let before =
            token_before(self.clean(), at).map(|word| Span::new(self.file, word.start, word.end));
        let diagnostic = Diagnostic::new(
            &codes::SYNTAX,
            span,
            format!("expected `=>`, found {found}{}", self.after(at)),
        )
        .here("expected `=>`");
        let fixed = |title: &str, place: Span, text: &str| {
            diagnostic
                .clone()
                .fix(title, place, text, Applicability::Maybe)
        };
        let diagnostic = match (self.source(span), before) {
            (_, Some(word)) if self.source(word) == "case" => fixed(
                "an arm begins with its pattern",
                Span {
                    end: span.start,
                    ..word
                },
                "",
            ),
            ("->" | ":", _) => diagnostic.fix("write `=>`", span, " =>", Applicability::Certain),
            ("when" | "where" | "&&", _) => fixed("a guard begins with `if`", span, "if"),
            (",", _) => fixed("several patterns of an arm stand between `|`", span, " |"),
            ("@", _) => diagnostic
                .help("a value is named and compared in a guard: `n if 1 <= n and n < 5 => …`"),
            _ => diagnostic,
        };
        self.report(diagnostic);
    }

    /// An arm without `=>`.
    pub(crate) fn report_missing_arrow(&mut self, at: usize) {
        let (span, _) = self.found(at);
        if self.source(span) != "," {
            self.report_missing("`=>` after the pattern", at);
            return;
        }
        let diagnostic = Diagnostic::new(
            &codes::SYNTAX,
            span,
            "expected `=>` after the pattern, found `,`",
        )
        .here("a comma ends an arm")
        .fix(
            "several patterns of an arm stand between `|`",
            span,
            " |",
            Applicability::Maybe,
        );
        self.report(diagnostic);
    }

    /// A statement where only declarations stand.
    pub(crate) fn report_statement_outside(&mut self, pair: &Node<'t>) {
        let start = pair.as_span().start();
        let (span, found) = self.found(start);
        let word = self.source(span);
        if self.is_filler(start) {
            self.broken = true;
            return;
        }
        if word == "test" {
            let diagnostic =
                Diagnostic::new(&codes::SYNTAX, span, "`test` needs a name between quotes")
                    .here("no name follows")
                    .help("write `test \"what it shows\" { … }`");
            self.report(diagnostic);
            return;
        }
        if let Some(diagnostic) = self.misread_word(span.end as usize) {
            self.report(diagnostic);
            return;
        }
        let whole = self.span_of(pair);
        let mut diagnostic = Diagnostic::new(
            &codes::MISPLACED,
            whole,
            format!("expected a declaration, found {found}"),
        )
        .here("statements stand in the body of a `fn`, `op`, `job`, `graph` or `test`");
        if word == "let" || word == "var" {
            diagnostic = diagnostic
                .help("a value for the whole file is a `const`")
                .fix("declare a `const`", span, "const", Applicability::Maybe);
        } else {
            diagnostic = diagnostic.help("put it into a body, such as `job main() { … }`");
        }
        self.report(diagnostic);
    }
}
