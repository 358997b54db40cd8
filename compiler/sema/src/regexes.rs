//! Patterns of regular expressions that the compiler knows are read by it, so that a slip is found before the program runs:
//! what is no pattern, and groups that a pattern lacks for the value that `regex.parse` is to make of them.

use dynop_base::codes::library;
use dynop_base::{Diagnostic, Symbol};
use regex_syntax::ast::{Ast, GroupKind};

use crate::context::Context;
use crate::fold::fold;
use crate::hir::{Arg, Expr, ExprKind, FunctionBody, FunctionId};
use crate::ty::Ty;
use crate::walk::children;

/// The largest pattern that is looked at here, in bytes; a larger one speaks for itself when the program runs.
const LARGEST: usize = 10_000;

/// Checks every call of a function of `regex` whose pattern is constant.
pub fn check(cx: &Context<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let Some(&module) = cx.std_modules.get(&Symbol::new("regex")) else {
        return;
    };
    let takes_pattern = |id: FunctionId| {
        let of_module = cx.functions.get(id.0 as usize);
        let is_of_module = of_module.is_some_and(|item| item.module == module);
        let first = is_of_module.then(|| cx.function(id).params.first());
        first
            .flatten()
            .is_some_and(|param| param.name.as_str() == "pattern")
    };
    for (item, function) in cx.functions.iter().zip(&cx.program.functions) {
        let FunctionBody::Code(body) = &function.body else {
            continue;
        };
        if cx.is_std(item.module) {
            continue;
        }
        let mut open: Vec<&Expr> = vec![&body.value];
        while let Some(expr) = open.pop() {
            if let ExprKind::Call {
                function,
                type_args,
                args,
            } = &expr.kind
                && takes_pattern(*function)
                && let Some(Arg::Value(pattern)) = args.first()
            {
                diagnostics.extend(wrong(cx, *function, type_args, pattern));
            }
            children(expr, &mut |part| open.push(part));
        }
    }
}

/// What is wrong with a pattern.
fn wrong(
    cx: &Context<'_>,
    function: FunctionId,
    type_args: &[Ty],
    pattern: &Expr,
) -> Option<Diagnostic> {
    let folded = fold(&cx.program.consts, pattern).ok()?;
    let ExprKind::Str(text) = &folded.kind else {
        return None;
    };
    if text.len() > LARGEST {
        return None;
    }
    let parsed = regex_syntax::ast::parse::Parser::new().parse(text);
    // What is well formed may still name a class that does not exist.
    let ast = match (parsed, regex_syntax::parse(text)) {
        (Ok(ast), Ok(_)) => ast,
        (Err(error), _) => return Some(no_pattern(pattern, &error.kind().to_string())),
        (_, Err(regex_syntax::Error::Translate(error))) => {
            return Some(no_pattern(pattern, &error.kind().to_string()));
        }
        _ => return Some(no_pattern(pattern, "it can't be read")),
    };
    if cx.function(function).name.as_str() != "parse" {
        return None;
    }
    let groups = groups(&ast);
    match type_args.first()? {
        Ty::Struct(id, _) => {
            let fields = cx.struct_of(*id).fields.iter().map(|field| field.name);
            lacks_names(cx, &type_args[0], fields, &groups, pattern)
        }
        Ty::NamedTuple(fields) => {
            let fields = fields.iter().map(|(name, _)| *name);
            lacks_names(cx, &type_args[0], fields, &groups, pattern)
        }
        Ty::Tuple(items) if items.len() > groups.len() => Some(lacks(
            pattern,
            format!(
                "the pattern has {} groups, where `{}` has {} parts",
                groups.len(),
                cx.show(&type_args[0]),
                items.len()
            ),
        )),
        _ => None,
    }
}

fn no_pattern(pattern: &Expr, reason: &str) -> Diagnostic {
    Diagnostic::new(
        &library::PATTERN,
        pattern.span,
        format!("this is no regular expression: {reason}"),
    )
    .here("the pattern")
    .help("in a raw text a backslash is one: `r\"\\d+\"`; `regex.escape(text)` makes a pattern that fits a text as it is")
}

fn lacks(pattern: &Expr, message: String) -> Diagnostic {
    Diagnostic::new(&library::PATTERN, pattern.span, message).here("the pattern")
}

/// The first field that no group has the name of.
fn lacks_names(
    cx: &Context<'_>,
    ty: &Ty,
    mut fields: impl Iterator<Item = Symbol>,
    groups: &[Option<String>],
    pattern: &Expr,
) -> Option<Diagnostic> {
    let has = |name: &Symbol| {
        groups
            .iter()
            .any(|group| group.as_deref() == Some(name.as_str()))
    };
    let name = fields.find(|name| !has(name))?;
    let message = format!(
        "the pattern has no group `{name}` for the field of `{}`",
        cx.show(ty)
    );
    Some(lacks(pattern, message).help(format!("name the group: `(?<{name}>…)`")))
}

/// The names of the capturing groups, in their order.
fn groups(ast: &Ast) -> Vec<Option<String>> {
    let mut found = Vec::new();
    // What is still to be looked at, the next last. Nesting is bounded by the parser, 250 levels.
    let mut open = vec![ast];
    while let Some(ast) = open.pop() {
        match ast {
            Ast::Group(group) => {
                match &group.kind {
                    GroupKind::CaptureIndex(_) => found.push(None),
                    GroupKind::CaptureName { name, .. } => found.push(Some(name.name.clone())),
                    GroupKind::NonCapturing(_) => {}
                }
                open.push(&group.ast);
            }
            Ast::Repetition(repetition) => open.push(&repetition.ast),
            Ast::Alternation(alternation) => open.extend(alternation.asts.iter().rev()),
            Ast::Concat(concat) => open.extend(concat.asts.iter().rev()),
            _ => {}
        }
    }
    found
}
