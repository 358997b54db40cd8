//! Habits from other languages, with what Dynop has instead.

use dynop_base::codes::syntax as codes;
use dynop_base::{Applicability, Diagnostic, Span};

use crate::build::Builder;

/// What is to be written in place of a word that other languages have.
pub(super) fn instead_of(word: &str) -> Option<&'static str> {
    Some(match word {
        "def" | "func" | "function" | "fun" | "proc" | "sub" => "fn",
        "elif" | "elsif" | "elseif" => "else if",
        "switch" | "case" | "when" => "match",
        "mut" => "var",
        "foreach" => "for",
        "loop" | "until" => "while true",
        "throw" | "raise" | "panic" => "fail",
        "except" | "rescue" => "catch",
        "class" | "record" | "data" => "struct",
        "use" | "from" | "include" | "require" => "import",
        "public" | "export" => "pub",
        "val" => "let",
        "static" | "final" => "const",
        "task" | "step" | "process" => "op",
        "workflow" | "pipeline" | "flow" | "dag" => "job",
        "alias" | "typedef" => "type",
        "union" | "variant" => "enum",
        _ => return None,
    })
}

/// Whether it stands between two operands.
pub(super) fn is_operator(word: &str) -> bool {
    super::leftovers::OPERATORS_BETWEEN.contains(&word)
}

/// What is to be said of a word that other languages have and Dynop has no word for.
pub(super) fn advice_about(word: &str) -> Option<&'static str> {
    Some(match word {
        "lambda" => "a closure is `|x| …`",
        "unless" => "write `if not …`",
        "new" => "a struct is made by its name: `Row(name: \"x\")`",
        "async" | "await" | "go" | "spawn" => "steps run side by side by themselves",
        "del" | "delete" => "an entry is taken out by `map.remove(key)`",
        "goto" | "global" | "nonlocal" => "there is nothing like it",
        "finally" | "defer" => "put what must always happen after the `try`",
        "self" | "this" => "functions name all their parameters",
        "where" => "type parameters have no bounds",
        _ => return None,
    })
}

/// For a keyword that begins a statement and stands where a value is wanted.
pub(super) fn statement_as_value(word: &str) -> Option<String> {
    Some(match word {
        "for" | "while" => format!(
            "`{word}` is a statement and has no value; for a list from a list write `items.map(|item| …)`"
        ),
        "let" | "var" | "yield" | "assert" => {
            format!("`{word}` is a statement and has no value; put it on a line of its own")
        }
        "fn" | "op" | "job" | "graph" => format!(
            "a function without a name is a closure, `|x| …`; `{word}` declares one at the top of a file"
        ),
        _ => return None,
    })
}

pub(super) fn unary_advice(word: &str) -> Option<&'static str> {
    Some(match word {
        "&" | "*" => "there are no references: values are passed as they are",
        "+" | "++" | "--" => "a sign is only written where it is `-`; to count up write `x += 1`",
        "..." => "all elements of a list are `..list`",
        _ => return None,
    })
}

impl<'t> Builder<'t> {
    /// `&&`, `||` and `!` mean what they mean elsewhere, and are reported.
    pub(crate) fn report_foreign_operator(&mut self, span: Span) {
        let (word, advice) = match self.source(span) {
            "&&" => ("and", "and"),
            "||" => ("or", "or"),
            "!" => ("not", "not "),
            _ => return,
        };
        let written = self.source(span);
        let diagnostic = Diagnostic::new(
            &codes::FOREIGN_OPERATOR,
            span,
            format!("`{written}` is written `{word}`"),
        )
        .here(format!("write `{word}`"))
        .fix(
            format!("write `{word}`"),
            span,
            spaced(self.text, span, advice),
            Applicability::Certain,
        );
        self.report_always(diagnostic);
    }

    /// `x++` and `x--`, read as an operator without its operand.
    pub(super) fn counting_operator(&self, at: usize, next: Span) -> Option<Diagnostic> {
        let before = super::token_before(self.clean(), at)?;
        let sign = self.text.get(before.clone())?;
        let (first, span) = match sign {
            "++" | "--" => (&sign[..1], before),
            "+" | "-" if self.source(next) == sign && before.end == next.start as usize => {
                (sign, before.start..next.end as usize)
            }
            _ => return None,
        };
        let span = Span::new(self.file, span.start, span.end);
        Some(
            Diagnostic::new(
                &codes::FOREIGN_OPERATOR,
                span,
                format!("there is no `{first}{first}`"),
            )
            .here(format!("write `{first}= 1`"))
            .note("an assignment is a statement of its own")
            .fix(
                format!("write `{first}= 1`"),
                span,
                format!(" {first}= 1"),
                Applicability::Maybe,
            ),
        )
    }

    pub(crate) fn report_colon_equals(&mut self, span: Span, place: Span) {
        let name = self.source(place);
        let diagnostic = Diagnostic::new(
            &codes::FOREIGN_OPERATOR,
            span,
            "`:=` is not an operator".to_string(),
        )
        .here("`let` declares, `=` assigns")
        .fix_all(
            format!("declare `{name}` with `let`"),
            vec![
                dynop_base::Edit {
                    span: place.at_start(),
                    text: "let ".into(),
                },
                dynop_base::Edit {
                    span,
                    text: "=".into(),
                },
            ],
            Applicability::Maybe,
        );
        self.report(diagnostic);
    }

    pub(crate) fn report_elif(&mut self, span: Span) {
        let word = self.source(span);
        let diagnostic = Diagnostic::new(
            &codes::FOREIGN_WORD,
            span,
            format!("`{word}` is written `else if`"),
        )
        .here("write `else if`")
        .fix("write `else if`", span, "else if", Applicability::Certain);
        self.report_always(diagnostic);
    }

    /// `if let some(x) = y {`
    pub(crate) fn report_let_in_condition(&mut self, span: Span, word: &str) {
        let here = match word {
            "match" => "a `match` looks at a value",
            _ => "a condition is a `Bool`",
        };
        let diagnostic = Diagnostic::new(
            &codes::FOREIGN_WORD,
            span,
            format!("there is no `{word} let`"),
        )
        .here(here)
        .note("where `x != none` is known to hold, `x` is read as the value in it")
        .help("a value is taken apart by `match`: `match value { some(x) => …, none => … }`");
        self.report_always(diagnostic);
    }

    pub(crate) fn report_assignment_in_condition(&mut self, span: Span, word: &str) {
        let diagnostic = Diagnostic::new(
            &codes::ASSIGNMENT_IN_CONDITION,
            span,
            "`=` here; did you mean `==`?".to_string(),
        )
        .here(format!("after `{word}` a value is wanted"))
        .note("`=` assigns and has no value, `==` compares")
        .fix("compare with `==`", span, "==", Applicability::Certain);
        self.report_always(diagnostic);
    }

    pub(crate) fn report_comparison_chain(
        &mut self,
        before: Span,
        here: Span,
        left: &crate::ast::Expr,
        right: &crate::ast::Expr,
    ) {
        let middle = match &left.kind {
            crate::ast::ExprKind::Binary { right, .. } => self.source(right.span),
            _ => "",
        };
        let mut diagnostic = Diagnostic::new(
            &codes::CHAINED_OPERATORS,
            here,
            "comparisons can't be chained",
        )
        .here("a second comparison")
        .label(before, "the first one");
        if !middle.is_empty() && middle.len() < 60 && !middle.contains('\n') {
            let (first, last) = (self.source(left.span), self.source(right.span));
            let op = self.source(here);
            if first.len() + last.len() < 100 {
                diagnostic = diagnostic.help(format!("write `{first} and {middle} {op} {last}`"));
            }
            diagnostic = diagnostic.fix(
                "compare twice",
                here.at_start(),
                format!("and {middle} "),
                Applicability::Maybe,
            );
        }
        self.report(diagnostic);
    }

    pub(crate) fn report_range_chain(&mut self, here: Span) {
        let diagnostic = Diagnostic::new(&codes::CHAINED_OPERATORS, here, "a range has two ends")
            .here("a third one")
            .help("a step is given by `.step`: `(0..10).step(2)`");
        self.report(diagnostic);
    }

    /// `from a.b import c`, of which the file is imported whole.
    pub(super) fn import_of_names(&self, from: Span) -> Diagnostic {
        let line = self.text[from.start as usize..]
            .lines()
            .next()
            .unwrap_or("");
        let mut words = line.split_whitespace().skip(1);
        let path = words
            .next()
            .filter(|path| path.split('.').all(is_plain_name));
        let diagnostic = Diagnostic::new(&codes::FOREIGN_WORD, from, "`from` is written `import`");
        match (path, words.next(), words.next()) {
            (Some(path), Some("import"), Some(name)) => {
                let file = path.rsplit('.').next().unwrap_or(path);
                let name = name.trim_end_matches(',');
                let whole = Span {
                    end: from.start + line.trim_end().len() as u32,
                    ..from
                };
                diagnostic
                    .here("a file is imported whole")
                    .help(format!(
                        "write `import {path}`; what is `pub` in it is then named through it: `{file}.{name}`"
                    ))
                    .fix(
                        format!("write `import {path}`"),
                        whole,
                        format!("import {path}"),
                        Applicability::Maybe,
                    )
            }
            _ => diagnostic.here("write `import`").fix(
                "write `import`",
                from,
                "import",
                Applicability::Maybe,
            ),
        }
    }

    /// `[f(x) for x in xs]` and `{"a": 1}`.
    pub(super) fn literal_of_another_language(
        &self,
        span: Span,
        wanted: &str,
    ) -> Option<Diagnostic> {
        let before = self.text.get(..span.start as usize)?.trim_end();
        match self.source(span) {
            "for" if wanted.contains("bracket") => Some(
                Diagnostic::new(
                    &codes::FOREIGN_WORD,
                    span,
                    "there are no comprehensions",
                )
                .here("`for` is a statement")
                .help(
                    "a list made of another is `xs.map(|x| …)`, of some of its elements `xs.filter(|x| …).map(|x| …)`",
                ),
            ),
            ":" if before.ends_with('"') => Some(
                Diagnostic::new(&codes::SYNTAX, span, "unexpected `:` after a text")
                    .here("braces hold a block")
                    .help("a map stands between brackets: `[\"key\": value]`, the empty one is `[:]`"),
            ),
            _ => None,
        }
    }
}

/// The word with the blanks that it needs where the operator touched its operands.
fn spaced(text: &str, span: Span, word: &str) -> String {
    let touches = |c: Option<char>| c.is_some_and(|c| !c.is_whitespace());
    let before = touches(text[..span.start as usize].chars().next_back());
    let after = touches(text[span.end as usize..].chars().next());
    let left = if before && !word.ends_with(' ') {
        " "
    } else {
        ""
    };
    let right = if after && !word.ends_with(' ') {
        " "
    } else {
        ""
    };
    format!("{left}{word}{right}")
}

fn is_plain_name(part: &str) -> bool {
    !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_')
}
