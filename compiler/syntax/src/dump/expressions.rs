//! Statements, expressions and patterns as symbolic expressions.

use super::items::{name, ty};
use super::sexp::Sexp;
use crate::ast::{
    Arg, Arm, Block, ClosureParam, Element, ElementPattern, Expr, ExprKind, FPart, FieldPattern,
    Pattern, PatternKind, Stmt, StmtKind, TupleField, UnaryOp,
};

pub(super) fn block(block: &Block) -> Sexp {
    Sexp::list("block", block.stmts.iter().map(stmt))
}

fn stmt(stmt: &Stmt) -> Sexp {
    match &stmt.kind {
        StmtKind::Let {
            var,
            pattern: bound,
            ty: written,
            value,
        } => Sexp::list(if *var { "var" } else { "let" }, [pattern(bound)])
            .with(
                written
                    .as_ref()
                    .map(|written| Sexp::list(":", [ty(written)])),
            )
            .with([expr(value)]),
        StmtKind::Assign { place, op, value } => {
            let op = op.map_or("", |op| op.text());
            Sexp::list(&format!("{op}="), [expr(place), expr(value)])
        }
        StmtKind::Yield(value) => Sexp::list("yield", [expr(value)]),
        StmtKind::Assert(value) => Sexp::list("assert", [expr(value)]),
        StmtKind::While { condition, body } => Sexp::list("while", [expr(condition), block(body)]),
        StmtKind::For {
            pattern: bound,
            iterable,
            body,
        } => Sexp::list("for", [pattern(bound), expr(iterable), block(body)]),
        StmtKind::Expr(value) => expr(value),
        StmtKind::Error => Sexp::list("error", []),
    }
}

pub(super) fn expr(value: &Expr) -> Sexp {
    literal(&value.kind).unwrap_or_else(|| compound(&value.kind))
}

fn literal(kind: &ExprKind) -> Option<Sexp> {
    Some(match kind {
        ExprKind::Int(value) => Sexp::word(value.to_string()),
        ExprKind::Float(value) => Sexp::word(format!("{value:?}")),
        ExprKind::Bool(value) => Sexp::word(value.to_string()),
        ExprKind::Str(text) => Sexp::text(text),
        ExprKind::FString(parts) => Sexp::list("f-string", parts.iter().map(template_part)),
        ExprKind::Shell(parts) => Sexp::list("shell", parts.iter().map(template_part)),
        ExprKind::Bytes(bytes) => Sexp::list(
            "bytes",
            [Sexp::word(format!("\"{}\"", bytes.escape_ascii()))],
        ),
        ExprKind::Duration(nanoseconds) => Sexp::word(format!("{nanoseconds}ns")),
        ExprKind::Size(bytes) => Sexp::word(format!("{bytes}B")),
        ExprKind::None => Sexp::word("none"),
        ExprKind::Name(symbol) => Sexp::word(symbol.as_str()),
        ExprKind::Break => Sexp::list("break", []),
        ExprKind::Continue => Sexp::list("continue", []),
        ExprKind::Error => Sexp::list("error", []),
        _ => return None,
    })
}

fn template_part(part: &FPart) -> Sexp {
    match part {
        FPart::Text { text, .. } => Sexp::text(text),
        FPart::Value { value, format, .. } => match format {
            Some(format) => Sexp::list("format", [Sexp::text(format), expr(value)]),
            None => expr(value),
        },
    }
}

fn compound(kind: &ExprKind) -> Sexp {
    match kind {
        ExprKind::Paren(inner) => Sexp::list("paren", [expr(inner)]),
        ExprKind::Tuple(fields) => Sexp::list("tuple", fields.iter().map(tuple_field)),
        ExprKind::List(elements) => Sexp::list("list", elements.iter().map(element)),
        ExprKind::Map(entries) => Sexp::list(
            "map",
            entries
                .iter()
                .map(|(key, value)| Sexp::List(vec![expr(key), expr(value)])),
        ),
        ExprKind::Field {
            base,
            name: field,
            optional,
        } => Sexp::list(
            if *optional { "?." } else { "." },
            [expr(base), name(field)],
        ),
        ExprKind::Call {
            callee,
            type_args,
            args,
            ..
        } => {
            let types =
                (!type_args.is_empty()).then(|| Sexp::list("types", type_args.iter().map(ty)));
            Sexp::list("call", [expr(callee)])
                .with(types)
                .with(args.iter().map(arg))
        }
        ExprKind::Index { base, index } => Sexp::list("index", [expr(base), expr(index)]),
        ExprKind::Unary { op, operand } => {
            let op = match op {
                UnaryOp::Neg => "neg",
                UnaryOp::Not => "not",
            };
            Sexp::list(op, [expr(operand)])
        }
        ExprKind::Binary {
            op, left, right, ..
        } => Sexp::list(op.text(), [expr(left), expr(right)]),
        ExprKind::Range {
            start,
            end,
            inclusive,
        } => Sexp::list(
            if *inclusive { "..=" } else { ".." },
            [expr(start), expr(end)],
        ),
        _ => flow(kind),
    }
}

/// Expressions with blocks or with words of their own.
fn flow(kind: &ExprKind) -> Sexp {
    match kind {
        ExprKind::Closure { params, body } => Sexp::list(
            "closure",
            [
                Sexp::List(params.iter().map(closure_param).collect()),
                expr(body),
            ],
        ),
        ExprKind::If {
            condition,
            then,
            otherwise,
        } => Sexp::list("if", [expr(condition), block(then)])
            .with(otherwise.as_ref().map(|otherwise| expr(otherwise))),
        ExprKind::Match { scrutinee, arms } => {
            Sexp::list("match", [expr(scrutinee)]).with(arms.iter().map(arm))
        }
        ExprKind::Block(body) => block(body),
        ExprKind::Try {
            body,
            error,
            handler,
        } => Sexp::list("try", [block(body)]).with([Sexp::list(
            "catch",
            error.iter().map(name).chain([block(handler)]),
        )]),
        ExprKind::Fail { message, retry } => Sexp::list("fail", [expr(message)]).with(
            retry
                .as_ref()
                .map(|retry| Sexp::list("retry", [expr(retry)])),
        ),
        ExprKind::Return(value) => Sexp::list("return", value.iter().map(|value| expr(value))),
        ExprKind::As { value, name: given } => Sexp::list("as", [expr(value), name(given)]),
        ExprKind::Run { call, replacements } => Sexp::list("run", [expr(call)]).with(
            replacements
                .iter()
                .map(|(op, value)| Sexp::list("with", [name(op), expr(value)])),
        ),
        _ => Sexp::list("error", []),
    }
}

fn tuple_field(field: &TupleField) -> Sexp {
    match &field.name {
        Some(label) => Sexp::list(&format!("{}:", label.name), [expr(&field.value)]),
        None => expr(&field.value),
    }
}

fn element(element: &Element) -> Sexp {
    match element.spread {
        Some(_) => Sexp::list("spread", [expr(&element.value)]),
        None => expr(&element.value),
    }
}

pub(super) fn arg(arg: &Arg) -> Sexp {
    match (&arg.name, arg.spread) {
        (Some(label), _) => Sexp::list(&format!("{}:", label.name), [expr(&arg.value)]),
        (None, Some(_)) => Sexp::list("spread", [expr(&arg.value)]),
        (None, None) => expr(&arg.value),
    }
}

fn closure_param(param: &ClosureParam) -> Sexp {
    match &param.ty {
        Some(written) => Sexp::list(":", [pattern(&param.pattern), ty(written)]),
        None => pattern(&param.pattern),
    }
}

fn arm(arm: &Arm) -> Sexp {
    Sexp::list("arm", [pattern(&arm.pattern)])
        .with(
            arm.guard
                .as_ref()
                .map(|guard| Sexp::list("guard", [expr(guard)])),
        )
        .with([expr(&arm.body)])
}

fn pattern(written: &Pattern) -> Sexp {
    match &written.kind {
        PatternKind::Wildcard => Sexp::word("_"),
        PatternKind::Name(symbol) => Sexp::word(symbol.as_str()),
        PatternKind::Literal(value) => expr(value),
        PatternKind::Range {
            start,
            end,
            inclusive,
        } => Sexp::list(
            if *inclusive { "..=" } else { ".." },
            [expr(start), expr(end)],
        ),
        PatternKind::None => Sexp::word("none"),
        PatternKind::Tuple(fields) => Sexp::list("tuple", fields.iter().map(field_pattern)),
        PatternKind::Constructor { path, fields, rest } => {
            let names: Vec<&str> = path.iter().map(|part| part.name.as_str()).collect();
            let fields = fields.iter().flatten().map(field_pattern);
            Sexp::list("is", [Sexp::word(names.join("."))])
                .with(fields)
                .with(rest.map(|_| Sexp::word("..")))
        }
        PatternKind::List(elements) => Sexp::list(
            "list",
            elements.iter().map(|element| match element {
                ElementPattern::One(one) => pattern(one),
                ElementPattern::Rest { name: None, .. } => Sexp::word(".."),
                ElementPattern::Rest {
                    name: Some(bound), ..
                } => Sexp::list("rest", [name(bound)]),
            }),
        ),
        PatternKind::Or(all) => Sexp::list("or", all.iter().map(pattern)),
        PatternKind::Error => Sexp::list("error", []),
    }
}

fn field_pattern(field: &FieldPattern) -> Sexp {
    match &field.name {
        Some(label) => Sexp::list(&format!("{}:", label.name), [pattern(&field.pattern)]),
        None => pattern(&field.pattern),
    }
}
