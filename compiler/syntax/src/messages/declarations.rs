//! Items, parameters, patterns and types.

use dynop_base::codes::syntax as codes;
use dynop_base::{Applicability, Diagnostic, Edit, Span};

use crate::ast::{FunctionKind, Ident, ItemKind};
use crate::build::{Builder, Node};

impl<'t> Builder<'t> {
    /// A declaring keyword without the name it declares.
    pub(crate) fn report_missing_name(&mut self, keyword: &str, at: usize) {
        let (span, found) = self.found_instead(at);
        let word = self.source(span);
        if word != "in" && super::KEYWORDS.contains(&word) {
            self.report_reserved(span);
            return;
        }
        let diagnostic = Diagnostic::new(
            &codes::SYNTAX,
            span,
            format!("`{keyword}` needs a name, found {found}"),
        )
        .here("expected a name");
        self.report(diagnostic);
    }

    /// `let x` without `= …`.
    pub(crate) fn report_missing_value(&mut self, keyword: &str, at: usize) {
        let (span, found) = self.found_instead(at);
        let what = if keyword == "type" {
            "a type"
        } else {
            "a value"
        };
        let mut diagnostic = Diagnostic::new(
            &codes::SYNTAX,
            span,
            format!("`{keyword}` needs {what}: expected `=`, found {found}"),
        )
        .here("expected `=`");
        diagnostic = diagnostic.help(match keyword {
            "type" => "write the type that it stands for: `type Name = Map<Str, Int>`".to_string(),
            "const" => "write its value: `const NAME = 100`".to_string(),
            _ => format!("write its first value: `{keyword} name = …`; a value that comes later is a `var` that begins with `none`, `0`, `\"\"` or `[]`"),
        });
        if keyword == "var" || keyword == "let" {
            diagnostic = diagnostic.note("every name has a value from the beginning on");
        }
        self.report(diagnostic);
    }

    pub(crate) fn report_missing_in(&mut self, at: usize) {
        let (span, found) = self.found_instead(at);
        let mut diagnostic = Diagnostic::new(
            &codes::SYNTAX,
            span,
            format!("`for` needs `in`, found {found}"),
        )
        .here("expected `in`")
        .help("write `for item in items { … }`");
        if matches!(self.source(span), "of" | "on" | "from" | "to") {
            diagnostic = diagnostic.fix("write `in`", span, "in", Applicability::Certain);
        }
        self.report(diagnostic);
    }

    pub(crate) fn report_missing_catch(&mut self, at: usize) {
        let (span, found) = self.found_instead(at);
        let diagnostic = Diagnostic::new(
            &codes::SYNTAX,
            span,
            format!("`try` needs `catch`, found {found}"),
        )
        .here("expected `catch`");
        if matches!(self.source(span), "except" | "rescue") {
            let diagnostic = diagnostic.fix("write `catch`", span, "catch", Applicability::Certain);
            self.report(diagnostic);
            return;
        }
        let diagnostic = diagnostic.help("write `try { … } catch e { … }`; the block after `catch` gives the value when the first one fails");
        self.report(diagnostic);
    }

    pub(crate) fn report_missing_arms(&mut self, at: usize) {
        let (span, found) = self.found_instead(at);
        let diagnostic = Diagnostic::new(
            &codes::MISSING_BLOCK,
            span,
            format!("`match` needs its arms: expected `{{`, found {found}"),
        )
        .here("expected `{`")
        .help("write `match value { pattern => result }`");
        self.report(diagnostic);
    }

    pub(crate) fn report_missing_block(&mut self, after: &str, at: usize) {
        let (span, found) = self.found_instead(at);
        let diagnostic = Diagnostic::new(
            &codes::MISSING_BLOCK,
            span,
            format!("expected a block `{{ … }}` after {after}, found {found}"),
        )
        .here("expected `{`")
        .help(format!(
            "write the block behind {after}, on the same line: ` {{ … }}`"
        ));
        self.report(diagnostic);
    }

    /// `{` on the next line: the newline has ended the statement.
    pub(crate) fn report_misplaced_brace(&mut self, at: usize) {
        let before = self.clean()[..at].trim_end_matches([' ', '\n']).len();
        let gap = Span::new(self.file, before, at);
        let brace = Span::new(self.file, at, at + 1);
        let mut diagnostic = Diagnostic::new(
            &codes::MISSING_BLOCK,
            brace,
            "`{` must stand on the line that it belongs to",
        )
        .here("begins a block of its own")
        .label(gap.at_start(), "it belongs here")
        .note("a newline ends a statement");
        if self.source(gap).trim().is_empty() {
            diagnostic = diagnostic.fix("move `{` up", gap, " ", Applicability::Certain);
        }
        self.report(diagnostic);
    }

    pub(crate) fn report_missing_item(&mut self, at: usize) {
        let (span, found) = self.found_instead(at);
        let after = self.after(at);
        let diagnostic = Diagnostic::new(
            &codes::SYNTAX,
            span,
            format!("expected a declaration{after}, found {found}"),
        )
        .here("expected a declaration")
        .help("write a `fn`, `op`, `job`, `graph`, `struct`, `enum`, `type` or `const` here");
        self.report(diagnostic);
    }

    pub(crate) fn report_missing_params(
        &mut self,
        kind: FunctionKind,
        name: Option<&Ident>,
        at: usize,
    ) {
        let keyword = kind.keyword();
        let (span, found) = self.found_instead(at);
        let shown = name.map_or(String::new(), |name| format!(" `{}`", name.name));
        let mut diagnostic = Diagnostic::new(
            &codes::SYNTAX,
            span,
            format!("{keyword}{shown} needs its parameters: expected `(`, found {found}"),
        )
        .here("expected `(`");
        if let Some(name) = name {
            diagnostic = diagnostic.help(format!(
                "without parameters it is `{keyword} {}()`",
                name.name
            ));
            if matches!(self.source(span), "{" | "->") {
                diagnostic =
                    diagnostic.fix("add `()`", name.span.at_end(), "()", Applicability::Certain);
            }
        }
        self.report(diagnostic);
    }

    /// No type where one is wanted, or one written as elsewhere: `[Int]`, `{Str: Int}`.
    pub(crate) fn report_missing_type(&mut self, at: usize) {
        let (span, found) = self.found_instead(at);
        let help = match self.source(span) {
            "[" => "a list of `T` has the type `List<T>`",
            "{" => {
                "a map has the type `Map<K, V>`, a set `Set<T>`; a struct is declared by its name"
            }
            "|" => "the type of a function is `fn(A) -> B`",
            "*" | "&" => "there are no references: a value has its type alone, `T`",
            _ => return self.report_missing("a type", at),
        };
        let diagnostic = Diagnostic::new(
            &codes::SYNTAX,
            span,
            format!("expected a type, found {found}"),
        )
        .here("expected a type")
        .help(help);
        self.report(diagnostic);
    }

    pub(crate) fn report_missing_annotation(
        &mut self,
        what: &str,
        name: Option<&Ident>,
        at: usize,
    ) {
        let shown = name.map_or(String::new(), |name| format!(" `{}`", name.name));
        let (next, found) = self.found(at);
        let written = self.source(next);
        if let Some(name) = name
            && written.starts_with(|c: char| c.is_ascii_alphabetic())
        {
            let diagnostic = Diagnostic::new(
                &codes::MISSING_TYPE,
                next,
                format!("expected `:` after the {what}{shown}, found {found}"),
            )
            .here("expected `:` and the type");
            if name
                .name
                .as_str()
                .starts_with(|c: char| c.is_ascii_uppercase())
                && written.starts_with(|c: char| c.is_ascii_lowercase())
            {
                let turned = format!("{written}: {}", name.name);
                let whole = name.span.to(next);
                self.report(diagnostic.fix(
                    "the name comes first",
                    whole,
                    turned,
                    Applicability::Maybe,
                ));
                return;
            }
            let diagnostic = diagnostic
                .help(format!("write `{}: {written}`", name.name))
                .fix("add `:`", name.span.at_end(), ":", Applicability::Maybe);
            self.report(diagnostic);
            return;
        }
        let place = name.map_or(next, |name| name.span);
        let mut diagnostic = Diagnostic::new(
            &codes::MISSING_TYPE,
            place,
            format!("the {what}{shown} needs a type"),
        )
        .here("its type is missing");
        if let Some(name) = name {
            diagnostic = diagnostic.help(format!("write `{}: Int`, say", name.name));
            if name.name == "self" || name.name == "this" {
                diagnostic = diagnostic.note(
                    "there are no methods: `x.f(a)` calls a function `fn f(x: T, a: A)` with `x` as the first argument",
                );
            }
        }
        self.report(diagnostic);
    }

    pub(crate) fn report_extern_without_text(&mut self, kind: FunctionKind, span: Span) {
        let (text, what) = match kind {
            FunctionKind::Op => ("= \"python3 train.py\"", "the command that runs it"),
            _ => ("= \"hypot\"", "the C symbol"),
        };
        let keyword = kind.keyword();
        let (place, found) = self.found(span.start as usize);
        let diagnostic = Diagnostic::new(
            &codes::SYNTAX,
            place,
            format!("`extern {keyword}` has no body but {what}: expected `=`, found {found}"),
        )
        .here(format!("expected `{text}`"));
        self.report(diagnostic);
    }

    pub(crate) fn report_text_without_extern(&mut self, kind: FunctionKind, span: Span) {
        let keyword = kind.keyword();
        let diagnostic = Diagnostic::new(
            &codes::SYNTAX,
            span,
            format!("`{keyword}` needs a block `{{ … }}`"),
        )
        .here("only `extern` declarations have `=` here")
        .help(format!("write the body, `{keyword} … {{ … }}`, or `extern {keyword}` if it is in another language"));
        self.report(diagnostic);
    }

    pub(crate) fn report_nested_item(&mut self, pair: &Node<'t>) {
        let start = pair.as_span().start();
        let (span, _) = self.found(start);
        let word = self.source(span);
        let mut diagnostic = Diagnostic::new(
            &codes::MISPLACED,
            span,
            format!("`{word}` stands at the top of a file, not in a body"),
        )
        .here("is within a block");
        if word == "fn" {
            diagnostic =
                diagnostic.help("a function for this block alone is a closure: `let f = |x| …`");
        } else if word == "const" {
            diagnostic = diagnostic.help("within a body it is `let`");
        } else {
            diagnostic = diagnostic.help("move it out of the braces, to the top of the file; the order of declarations is free");
        }
        self.report(diagnostic);
        self.broken = false;
    }

    pub(crate) fn report_generic_bound(&mut self, pair: &Node<'t>) {
        let (span, found) = self.found(pair.as_span().start());
        let mut diagnostic = Diagnostic::new(
            &codes::SYNTAX,
            span,
            format!("expected `,` or `>` after the type parameter, found {found}"),
        )
        .here("unexpected");
        if self.source(span) == ":" {
            diagnostic = diagnostic
                .note("type parameters have no bounds: a generic function is checked for the types it is used with")
                .help("leave the bound out: `<T>` alone");
        }
        self.report(diagnostic);
    }

    pub(crate) fn report_tuple_of_one(&mut self, comma: usize) {
        let span = Span::new(self.file, comma, comma + 1);
        let diagnostic = Diagnostic::new(&codes::SYNTAX, span, "a tuple has at least two parts")
            .here("nothing follows")
            .fix("remove the comma", span, "", Applicability::Maybe);
        self.report(diagnostic);
    }

    /// `1.2.3`
    pub(crate) fn report_second_point(&mut self, span: Span) {
        let diagnostic = Diagnostic::new(&codes::BAD_NUMBER, span, "a number has one point")
            .here("a second one")
            .help("remove one of the points; a version or an address is a text: `\"1.2.3\"`");
        self.report(diagnostic);
    }

    /// Tokens after the case of an enum.
    pub(crate) fn report_stray_in_variant(&mut self, pair: &Node<'t>) {
        let (span, _) = self.found(pair.as_span().start());
        let (message, here) = match self.source(span) {
            ":" => (
                "what a case holds stands in parentheses",
                "write `Case(Int)`, or with a name `Case(name: Int)`",
            ),
            "=" => (
                "the cases of an enum have no values",
                "remove `=` and the value; a `match` in a `fn` can give one for each case",
            ),
            "{" => (
                "what a case holds stands in parentheses",
                "write `Case(name: Int)`",
            ),
            _ => {
                self.report_unexpected(pair);
                return;
            }
        };
        self.report(
            Diagnostic::new(&codes::SYNTAX, span, message)
                .here("not here")
                .help(here),
        );
    }

    /// `import` without the name of a module.
    pub(crate) fn report_missing_module(&mut self, at: usize) {
        let (span, found) = self.found_instead(at);
        let diagnostic = Diagnostic::new(
            &codes::SYNTAX,
            span,
            format!("expected the module's name, found {found}"),
        )
        .here("expected a name")
        .help("`import text.words` reads `text/words.dyn` beside this file");
        self.report(diagnostic);
    }

    pub(crate) fn report_tuple_index(&mut self, span: Span) {
        let diagnostic = Diagnostic::new(
            &codes::SYNTAX,
            span,
            "the parts of a tuple have no numbers",
        )
        .here("expected a name")
        .help("unpack it: `let (first, second) = pair`, or give its parts names: `(first: 1, second: 2)`");
        self.report(diagnostic);
    }

    pub(crate) fn report_named_function_type(&mut self, name: Span, ty: Span) {
        let gap = Span {
            start: name.start,
            end: ty.start,
            ..name
        };
        let diagnostic = Diagnostic::new(
            &codes::SYNTAX,
            name,
            "the parameters of a function type have no names",
        )
        .here("remove the name")
        .fix("remove the name", gap, "", Applicability::Certain);
        self.report(diagnostic);
    }

    pub(crate) fn report_alternatives(&mut self, span: Span) {
        let diagnostic = Diagnostic::new(
            &codes::SYNTAX,
            span,
            "alternatives stand only in the arms of a `match`",
        )
        .here("this pattern must fit every value")
        .help(
            "bind one name here, and tell the alternatives apart with `match name { a | b => … }`",
        );
        self.report(diagnostic);
    }

    pub(crate) fn report_named_rest(&mut self, span: Span, name: Span) {
        let diagnostic = Diagnostic::new(
            &codes::SYNTAX,
            span,
            "the rest of a value's fields can't be given a name",
        )
        .here("`..` alone passes over them")
        .fix("remove the name", name, "", Applicability::Maybe);
        self.report(diagnostic);
    }

    pub(crate) fn report_second_rest(&mut self, span: Span) {
        let diagnostic = Diagnostic::new(&codes::SYNTAX, span, "`..` stands once in a pattern")
            .here("a second one")
            .help("keep one of them: what stands before and after it is matched from the two ends");
        self.report(diagnostic);
    }

    pub(crate) fn report_rest_in_tuple(&mut self, span: Span) {
        let diagnostic =
            Diagnostic::new(&codes::SYNTAX, span, "a tuple's pattern names every part")
                .here("`..` stands in patterns of lists and structs")
                .help("write `_` for each part that is not needed");
        self.report(diagnostic);
    }

    pub(crate) fn report_named_element(&mut self, span: Span) {
        let diagnostic =
            Diagnostic::new(&codes::SYNTAX, span, "the elements of a list have no names")
                .here("has a name")
                .help("remove the name and its `:`; a map from names to values is written `[\"name\": value]`");
        self.report(diagnostic);
    }

    pub(crate) fn report_computed_pattern(&mut self, span: Span) {
        let diagnostic = Diagnostic::new(&codes::SYNTAX, span, "a pattern is a plain literal")
            .here("this has to be computed")
            .help("compare in a guard: `text if text == f\"…\" => …`");
        self.report(diagnostic);
    }

    pub(crate) fn report_wildcard_value(&mut self, span: Span) {
        let diagnostic = Diagnostic::new(&codes::EXPECTED_EXPRESSION, span, "`_` has no value")
            .here("`_` stands in patterns, for what is not needed")
            .help("write the value, or give what is bound to `_` a name and write that");
        self.report(diagnostic);
    }

    pub(crate) fn report_mixed_list(&mut self, span: Span) {
        let diagnostic = Diagnostic::new(
            &codes::SYNTAX,
            span,
            "a list's elements and a map's entries are mixed here",
        )
        .here("either all of them are `key: value` or none is")
        .help("write `key: value` for each entry of a map, or values alone for a list");
        self.report(diagnostic);
    }

    pub(crate) fn report_spread_in_map(&mut self, span: Span) {
        let diagnostic = Diagnostic::new(
            &codes::SYNTAX,
            span,
            "`..` stands before the elements of a list",
        )
        .here("not before a map's key")
        .help("put the entries of another map in with `map.merge(other)`");
        self.report(diagnostic);
    }

    pub(crate) fn report_missing_bar(&mut self, closure: Span) {
        let bar = Span {
            end: closure.start + 1,
            ..closure
        };
        let diagnostic = Diagnostic::new(
            &codes::SYNTAX,
            bar,
            "the parameters of this closure never end",
        )
        .here("expected a second `|` after them")
        .help("a closure is written `|a, b| a + b`");
        self.report(diagnostic);
    }

    pub(crate) fn report_statement_in_arm(&mut self, span: Span) {
        let diagnostic = Diagnostic::new(
            &codes::MISPLACED,
            span,
            "a statement in an arm of a `match` needs braces",
        )
        .here("this has no value")
        .fix_all(
            "put it in braces",
            vec![
                Edit {
                    span: span.at_start(),
                    text: "{ ".into(),
                },
                Edit {
                    span: span.at_end(),
                    text: " }".into(),
                },
            ],
            Applicability::Certain,
        );
        self.report(diagnostic);
    }

    pub(crate) fn report_stray_docs(&mut self, span: Span) {
        let diagnostic = Diagnostic::new(
            &codes::STRAY_DOCS,
            span,
            "this doc comment documents nothing",
        )
        .here("no item, parameter or field follows")
        .help("a comment for the reader of the code is `//`");
        self.report_always(diagnostic);
    }

    /// `//!` behind the beginning of the file.
    pub(crate) fn report_late_file_docs(&mut self, span: Span) {
        let diagnostic = Diagnostic::new(
            &codes::STRAY_DOCS,
            span,
            "this documents a file, and does not stand at its beginning",
        )
        .here("is in no documentation")
        .help("move it to the top; what follows is documented with `///`");
        self.report_always(diagnostic);
    }

    /// `pub` before what no other file could name.
    pub(crate) fn report_public(&mut self, public: Span, kind: &ItemKind) {
        let (word, here, help) = match kind {
            ItemKind::Import(_) => (
                "import",
                "an import is for the file that has it",
                "a file that needs the module imports it itself",
            ),
            ItemKind::Test(_) => (
                "test",
                "nothing names a test",
                "tests run wherever they stand",
            ),
            _ => return,
        };
        let rest = self.text.get(public.end as usize..).unwrap_or("");
        let blanks = rest.len() - rest.trim_start().len();
        let mut whole = public;
        whole.end += blanks as u32;
        let diagnostic = Diagnostic::new(
            &codes::MISPLACED,
            public,
            format!("`pub` can't stand before `{word}`"),
        )
        .here(here)
        .help(help)
        .fix("leave `pub` out", whole, "", Applicability::Certain);
        self.report(diagnostic);
    }
}
