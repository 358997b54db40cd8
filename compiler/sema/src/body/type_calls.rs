//! `Float(n)`, `Int("3")`, `str(x)`: a type, or the module of its methods, called as in other languages to convert. Nothing
//! is converted that way here; this room says which method does.

use dynop_base::codes::{names, types};
use dynop_base::{Applicability, Diagnostic, Edit, Span, Symbol};
use dynop_syntax::ast;

use super::BodyChecker;
use super::arguments::Written;
use crate::context::Definition;
use crate::hir::Expr;
use crate::ty::Ty;

/// What makes a value of a type out of another one.
enum Way {
    /// A method: `.to_float()`.
    Method(&'static str),
    /// Around the value: `time.parse(` and `)`.
    Around(&'static str, &'static str),
    /// It is of the type already.
    Already,
    /// In words.
    Words(&'static str),
}

/// A built-in type by its name, or by that of the module of its methods.
fn called_type(name: &str) -> Option<&'static str> {
    Some(match name {
        "Int" | "int" => "Int",
        "Float" | "float" => "Float",
        "Bool" | "bool" => "Bool",
        "Str" | "str" => "Str",
        "Bytes" | "bytes" => "Bytes",
        "Duration" | "duration" => "Duration",
        "Time" | "time" => "Time",
        "List" | "list" => "List",
        "Map" | "map" => "Map",
        "set" => "Set",
        "Range" | "range" => "Range",
        "Iter" | "iter" => "Iter",
        "Json" | "json" => "Json",
        _ => return None,
    })
}

impl BodyChecker<'_, '_> {
    /// A call of a built-in type; `None` where the name is none.
    pub(super) fn call_of_type(&mut self, name: Symbol, written: Written<'_>) -> Option<Expr> {
        let wanted = called_type(name.as_str())?;
        let defined = self.cx.resolve(self.module, name);
        if !matches!(defined, None | Some(Definition::Module(_))) {
            return None;
        }
        let before = self.diagnostics.len();
        let given: Vec<Ty> = written
            .args
            .iter()
            .map(|arg| {
                let value = self.expr(&arg.value, None);
                self.infer.resolve(&value.ty)
            })
            .collect();
        if self.diagnostics.len() > before {
            return Some(self.error_expr(written.span));
        }
        let sort = if defined.is_some() { "module" } else { "type" };
        let diagnostic = Diagnostic::new(
            &types::NOT_CALLABLE,
            written.callee,
            format!("`{name}` is a {sort} and can't be called"),
        )
        .here("not a function");
        let diagnostic = match given.as_slice() {
            [] => with_empty(diagnostic, wanted, written.span),
            [given] => with_way(diagnostic, way(self, wanted, given), wanted, written),
            _ => diagnostic.help(in_words(wanted)),
        };
        self.report(diagnostic);
        Some(self.error_expr(written.span))
    }

    /// A call of a function that there is none of: `sorted(xs)` is a method in most languages, and here.
    pub(super) fn call_of_unknown(&mut self, name: Symbol, written: Written<'_>) -> Expr {
        let reported = self.diagnostics.len();
        let mut ty = None;
        for (index, arg) in written.args.iter().enumerate() {
            if !matches!(arg.value.kind, ast::ExprKind::Closure { .. }) {
                let value = self.expr(&arg.value, None);
                ty = ty.or_else(|| (index == 0).then(|| self.infer.resolve(&value.ty)));
            }
        }
        self.record_closures(None, None, written.args);
        let of_arguments = self.diagnostics.split_off(reported);
        let method = ty.is_some_and(|ty| self.has_method(&ty, name));
        match written.args.first() {
            Some(first) if method => self.report(method_called(name, &first.value, written)),
            _ => self.unknown_name(name, written.callee),
        }
        self.diagnostics.extend(of_arguments);
        self.error_expr(written.span)
    }

    /// A built-in type where a value is wanted.
    pub(super) fn type_as_value(&self, name: Symbol, span: Span) -> Option<Diagnostic> {
        let name = name.as_str();
        let diagnostic = |help: &str| {
            Diagnostic::new(
                &names::WRONG_SORT,
                span,
                format!("`{name}` is a type, not a value"),
            )
            .here("a value is wanted here")
            .help(help)
        };
        match name {
            "Path" => Some(diagnostic(
                "a function that makes paths is `|text| Path(text)`",
            )),
            // The nearest name is the module, whose functions may be meant.
            _ if called_type(name).is_some() && name.starts_with(char::is_uppercase) => {
                Some(diagnostic(in_words(called_type(name)?)).note(format!(
                    "functions about it are in the module `{}`",
                    name.to_lowercase()
                )))
            }
            _ => None,
        }
    }
}

/// `f(x, a)`, which is `x.f(a)`.
fn method_called(name: Symbol, first: &ast::Expr, written: Written<'_>) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        &names::UNKNOWN,
        written.callee,
        format!("there is no function `{name}` here"),
    )
    .here("not found in this scope")
    .help(format!("it is a method: `x.{name}(…)`"));
    if !is_operand(first) {
        return diagnostic;
    }
    let behind = match written.args.get(1) {
        Some(second) => {
            second
                .name
                .map_or(second.value.span, |name| name.span)
                .start
        }
        None => written.span.end.saturating_sub(1),
    };
    // A call that nothing closes ends with its argument.
    if behind < first.span.end {
        return diagnostic;
    }
    let edits = vec![
        Edit {
            span: Span {
                end: first.span.start,
                ..written.span
            },
            text: String::new(),
        },
        Edit {
            span: Span {
                start: first.span.end,
                end: behind,
                ..written.span
            },
            text: format!(".{name}("),
        },
    ];
    diagnostic.fix_all("call the method", edits, Applicability::Maybe)
}

/// How a value of one type is made of one of another.
fn way(checker: &BodyChecker<'_, '_>, wanted: &str, given: &Ty) -> Way {
    match (wanted, given) {
        ("Int", Ty::Int)
        | ("Float", Ty::Float)
        | ("Bool", Ty::Bool)
        | ("Str", Ty::Str)
        | ("Bytes", Ty::Bytes)
        | ("Duration", Ty::Duration)
        | ("Time", Ty::Time)
        | ("List", Ty::List(_))
        | ("Map", Ty::Map(_))
        | ("Range", Ty::Range) => Way::Already,
        ("Int", Ty::Str) => Way::Method("parse_int"),
        ("Float", Ty::Str) => Way::Method("parse_float"),
        ("Float", Ty::Duration) => Way::Method("to_seconds"),
        ("Bytes", Ty::List(_)) => Way::Around("bytes.from_list(", ")"),
        ("Duration", Ty::Str) => Way::Around("duration.parse(", ")"),
        ("Duration", Ty::Int | Ty::Float) => Way::Around("", " * 1s"),
        ("Time", Ty::Str) => Way::Around("time.parse(", ")"),
        ("Time", Ty::Int) => Way::Around("time.from_unix(", ")"),
        ("List", Ty::Str) => Way::Method("chars"),
        ("List", Ty::Map(_)) => Way::Method("entries"),
        ("Bool", Ty::Int) => Way::Around("", " != 0"),
        ("Range", Ty::Int) => Way::Around("0..", ""),
        ("Set", _) => Way::Around("Set(", ")"),
        ("Json", _) => Way::Around("json.encode(", ")"),
        _ => {
            let method = match wanted {
                "Int" => "to_int",
                "Float" => "to_float",
                "Str" => "to_str",
                "Bytes" => "to_bytes",
                "List" => "to_list",
                "Map" => "to_map",
                "Iter" => "iter",
                _ => return Way::Words(in_words(wanted)),
            };
            if checker.has_method(given, Symbol::new(method)) {
                Way::Method(method)
            } else if wanted == "Str" {
                Way::Around("f\"{", "}\"")
            } else {
                Way::Words(in_words(wanted))
            }
        }
    }
}

/// How values of a type are written.
fn in_words(wanted: &str) -> &'static str {
    match wanted {
        "Int" => "a value is converted by a method: `x.to_int()`, `text.parse_int()`",
        "Float" => "a value is converted by a method: `n.to_float()`, `text.parse_float()`",
        "Bool" => "a `Bool` comes of a comparison: `x != 0`, `text == \"true\"`",
        "Str" => "a value is written into a text by an f-string: `f\"{x}\"`",
        "Bytes" => "bytes are written `b\"…\"`; those of a text are `text.to_bytes()`",
        "Duration" => "a duration is written `30s`, and read by `duration.parse(text)`",
        "Time" => {
            "a moment is made by `time.date(2024, 1, 31)`, `time.parse(text)` or `time.now()`"
        }
        "List" => "a list is written `[a, b]`",
        "Map" => "a map is written `[\"a\": 1]`, an empty one `[:]`",
        "Set" => "a set is made by `Set([a, b])`",
        "Range" => "a range is written `0..n`",
        "Iter" => "an iterator is made by `.iter()`",
        _ => "a value is made into `Json` by `json.encode(x)`",
    }
}

fn with_empty(diagnostic: Diagnostic, wanted: &str, span: Span) -> Diagnostic {
    let empty = match wanted {
        "List" => "[]",
        "Map" => "[:]",
        "Str" => "\"\"",
        "Bytes" => "b\"\"",
        "Set" => "Set()",
        _ => return diagnostic.help(in_words(wanted)),
    };
    diagnostic.help(format!("an empty one is `{empty}`")).fix(
        format!("write `{empty}`"),
        span,
        empty,
        Applicability::Certain,
    )
}

fn with_way(diagnostic: Diagnostic, way: Way, wanted: &str, written: Written<'_>) -> Diagnostic {
    let Some(arg) = written.args.first() else {
        return diagnostic;
    };
    // What binds less than a method keeps the parentheses of the call.
    let bare = is_operand(&arg.value);
    let (before, after) = match way {
        Way::Words(words) => return diagnostic.help(words),
        Way::Already => ("", String::new()),
        Way::Method(method) => ("", format!(".{method}()")),
        Way::Around(before, after) => (before, after.to_string()),
    };
    let help = match (before, after.as_str()) {
        ("", "") => format!("it is a value of type `{wanted}` already"),
        (before, after) => format!("write `{before}x{after}`"),
    };
    let inner = arg.value.span;
    let closed = before.ends_with('(') || before.ends_with('{');
    let (open, close) = if bare || closed { ("", "") } else { ("(", ")") };
    let edits = vec![
        Edit {
            span: Span {
                end: inner.start,
                ..written.span
            },
            text: format!("{before}{open}"),
        },
        Edit {
            span: Span {
                start: inner.end,
                ..written.span
            },
            text: format!("{close}{after}"),
        },
    ];
    diagnostic
        .help(help)
        .fix_all("convert it", edits, Applicability::Maybe)
}

/// Whether a method may be called on an expression as it is written.
fn is_operand(expr: &ast::Expr) -> bool {
    !matches!(
        expr.kind,
        ast::ExprKind::Binary { .. }
            | ast::ExprKind::Unary { .. }
            | ast::ExprKind::Range { .. }
            | ast::ExprKind::Closure { .. }
            | ast::ExprKind::If { .. }
            | ast::ExprKind::Match { .. }
            | ast::ExprKind::Try { .. }
            | ast::ExprKind::Fail { .. }
            | ast::ExprKind::Return(_)
            | ast::ExprKind::As { .. }
            | ast::ExprKind::Run { .. }
    )
}
