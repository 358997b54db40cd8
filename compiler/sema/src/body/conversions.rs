//! What to write where one type is found and another wanted: the conversions of the library, as edits of the user's line.

use dynop_base::{Applicability, Diagnostic, Edit};

use crate::hir::{Expr, ExprKind};
use crate::ty::Ty;

/// Adds the ways out that are known for a pair of types; nothing if none is.
pub(super) fn repair(diagnostic: Diagnostic, expr: &Expr, found: &Ty, wanted: &Ty) -> Diagnostic {
    match (found, wanted) {
        (Ty::Int | Ty::Float, Ty::Float | Ty::Int) => number(diagnostic, expr, found),
        (Ty::Option(inner), wanted) if **inner == *wanted => diagnostic
            .note("the value may be `none`")
            .help("give a default with `?? …`, take it apart with `match`, or let the step fail with `.unwrap()`"),
        (_, Ty::Bool) => condition(diagnostic, expr, found),
        (Ty::Str, _) => of_text(diagnostic, expr, wanted),
        (_, Ty::Str) => to_text(diagnostic, expr, found),
        (_, Ty::List(_) | Ty::Set(_)) => collection(diagnostic, expr, found, wanted),
        (Ty::List(item), wanted) if **item == *wanted => diagnostic.help(
            "take one of them, `xs[0]`, or go over all with `for x in xs { … }` or `xs.map(|x| …)`",
        ),
        (Ty::List(found), Ty::Iter(wanted)) if found == wanted => {
            method(diagnostic, expr, "go over it with `.iter()`", ".iter()")
        }
        (Ty::Bool, Ty::Int) => method(diagnostic, expr, "count it as 0 or 1", ".to_int()"),
        (Ty::Int, Ty::Duration) => match expr.kind {
            ExprKind::Int(_) => diagnostic.fix(
                "write the unit of the duration: `ns`, `us`, `ms`, `s`, `m` or `h`",
                expr.span.at_end(),
                "s",
                Applicability::Maybe,
            ),
            _ => diagnostic.help("multiply it with a unit: `n * 1s`"),
        },
        (Ty::Duration, Ty::Int) => method(diagnostic, expr, "take its whole milliseconds", ".to_millis()"),
        (Ty::Duration, Ty::Float) => method(diagnostic, expr, "take its seconds", ".to_seconds()"),
        (Ty::Dynamic(_), _) => diagnostic
            .help("a `DynamicOutput` is only for `yield` and for the list that an op returns"),
        (Ty::Unit, _) => diagnostic.help(
            "what changes a value in place, such as `push`, gives nothing: write it on a line of its own, and the value after it",
        ),
        (_, Ty::Unit) => diagnostic.help("nothing is wanted here: bind the value with `let`, or leave it out"),
        _ => diagnostic,
    }
}

fn number(diagnostic: Diagnostic, expr: &Expr, found: &Ty) -> Diagnostic {
    match (found, &expr.kind) {
        (Ty::Int, ExprKind::Int(_)) => diagnostic
            .help("an integer literal is no `Float`: write it with a fraction")
            .fix("add `.0`", expr.span.at_end(), ".0", Applicability::Certain),
        (Ty::Int, _) => method(
            diagnostic,
            expr,
            "convert it with `.to_float()`",
            ".to_float()",
        ),
        _ => method(
            diagnostic,
            expr,
            "convert it with `.to_int()`, which drops the fraction",
            ".to_int()",
        ),
    }
}

fn condition(diagnostic: Diagnostic, expr: &Expr, found: &Ty) -> Diagnostic {
    match found {
        Ty::Option(_) => after(
            diagnostic,
            expr,
            "ask whether the value is there",
            " != none",
        ),
        Ty::Int => after(diagnostic, expr, "a condition is a comparison", " != 0"),
        Ty::Float => after(diagnostic, expr, "a condition is a comparison", " != 0.0"),
        Ty::Str | Ty::List(_) | Ty::Map(_) | Ty::Set(_) | Ty::Bytes if is_postfix(expr) => {
            diagnostic.fix_all(
                "ask whether there is something in it",
                around(expr, "not ", ".is_empty()"),
                Applicability::Maybe,
            )
        }
        _ => diagnostic,
    }
}

fn of_text(diagnostic: Diagnostic, expr: &Expr, wanted: &Ty) -> Diagnostic {
    match wanted {
        Ty::Path => diagnostic.fix_all(
            "make a path of it",
            around(expr, "Path(", ")"),
            Applicability::Maybe,
        ),
        Ty::Int | Ty::Float => {
            let (title, call) = if *wanted == Ty::Int {
                ("read the number in it; the step fails if there is none", ".parse_int()")
            } else {
                ("read the number in it; the step fails if there is none", ".parse_float()")
            };
            method(diagnostic, expr, title, call)
        }
        Ty::Duration => method(diagnostic, expr, "read the duration in it", ".parse_duration()"),
        Ty::Time => method(diagnostic, expr, "read the time in it", ".parse_time()"),
        Ty::Bytes => method(diagnostic, expr, "take its bytes", ".to_bytes()"),
        Ty::List(item) if **item == Ty::Str => diagnostic.help(
            "split it, with `.words()`, `.lines()` or `.split(\",\")`, or make a list of one: `[x]`",
        ),
        _ => diagnostic,
    }
}

fn to_text(diagnostic: Diagnostic, expr: &Expr, found: &Ty) -> Diagnostic {
    match found {
        Ty::Path => method(diagnostic, expr, "take its text", ".to_str()"),
        Ty::Bytes => method(diagnostic, expr, "read it as UTF-8", ".to_str()"),
        Ty::Int | Ty::Float | Ty::Bool | Ty::Duration | Ty::Time => {
            if matches!(
                expr.kind,
                ExprKind::Local(_) | ExprKind::Const(_) | ExprKind::Field { .. }
            ) {
                diagnostic.fix_all(
                    "make a text of it with an f-string",
                    around(expr, "f\"{", "}\""),
                    Applicability::Maybe,
                )
            } else {
                diagnostic.help("make a text of it with an f-string: `f\"{x}\"`")
            }
        }
        Ty::List(item) if **item == Ty::Str => {
            method(diagnostic, expr, "join them into one text", ".join(\", \")")
        }
        _ => diagnostic
            .help("make a text of it: `f\"{x}\"` as it is shown, `json.to_str(x)` as JSON"),
    }
}

fn collection(diagnostic: Diagnostic, expr: &Expr, found: &Ty, wanted: &Ty) -> Diagnostic {
    match (found, wanted) {
        (Ty::Iter(found), Ty::List(wanted)) if found == wanted => method(
            diagnostic,
            expr,
            "collect it with `.to_list()`",
            ".to_list()",
        ),
        (Ty::Set(found), Ty::List(wanted)) if found == wanted => {
            method(diagnostic, expr, "make a list of it", ".to_list()")
        }
        (Ty::List(found) | Ty::Iter(found), Ty::Set(wanted)) if found == wanted => {
            method(diagnostic, expr, "make a set of it", ".to_set()")
        }
        (Ty::Range, Ty::List(item)) if **item == Ty::Int => method(
            diagnostic,
            expr,
            "make a list of its numbers",
            ".iter().to_list()",
        ),
        (Ty::Map(_), Ty::List(_)) => diagnostic
            .help("take a list of it: `.keys()`, `.values()`, or both as pairs with `.entries()`"),
        (found, Ty::List(item)) if *found == **item => diagnostic.fix_all(
            "make a list of one",
            around(expr, "[", "]"),
            Applicability::Maybe,
        ),
        _ => diagnostic,
    }
}

/// Whether `.f()` behind it is about all of it.
fn is_postfix(expr: &Expr) -> bool {
    matches!(
        expr.kind,
        ExprKind::Local(_)
            | ExprKind::Const(_)
            | ExprKind::Field { .. }
            | ExprKind::Call { .. }
            | ExprKind::CallValue { .. }
            | ExprKind::Index { .. }
            | ExprKind::Str(_)
            | ExprKind::List(_)
            | ExprKind::Format(_)
    )
}

fn method(diagnostic: Diagnostic, expr: &Expr, title: &str, call: &str) -> Diagnostic {
    if matches!(
        expr.kind,
        ExprKind::Block { .. } | ExprKind::If { .. } | ExprKind::Match { .. }
    ) {
        diagnostic.help(format!("{title}: `x{call}`"))
    } else if is_postfix(expr) {
        diagnostic.fix(title, expr.span.at_end(), call, Applicability::Maybe)
    } else {
        diagnostic.fix_all(
            title,
            around(expr, "(", &format!("){call}")),
            Applicability::Maybe,
        )
    }
}

fn after(diagnostic: Diagnostic, expr: &Expr, title: &str, text: &str) -> Diagnostic {
    diagnostic.fix(title, expr.span.at_end(), text, Applicability::Maybe)
}

fn around(expr: &Expr, before: &str, after: &str) -> Vec<Edit> {
    let edit = |span, text: &str| Edit {
        span,
        text: text.to_string(),
    };
    vec![
        edit(expr.span.at_start(), before),
        edit(expr.span.at_end(), after),
    ]
}
