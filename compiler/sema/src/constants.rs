//! Constants and defaults: expressions that are known when the program is built.

use dynop_base::Diagnostic;
use dynop_base::codes::names;
use dynop_syntax::ast::{self, ExprKind};

use crate::body::{BodyChecker, Findings, Mode, Origin};
use crate::context::{Context, Definition, ModuleId};
use crate::hir::{self, ConstId, Expr, FunctionId, StructId};
use crate::scan::each_child;
use crate::standing::{Place, placed};
use crate::ty::Ty;
use crate::types::{TypeScope, lower_type};

/// Checks a constant expression, against a type if one is expected.
pub fn check_constant(
    cx: &Context<'_>,
    module: ModuleId,
    generics: &[ast::Ident],
    value: &ast::Expr,
    expected: Option<(&Ty, Origin)>,
) -> (Expr, Findings) {
    let mut checker = BodyChecker::new(cx, module, generics, Mode::Constant);
    let mut expr = match expected {
        Some((ty, origin)) => checker.check(value, ty, origin),
        None => checker.expr(value, None),
    };
    checker.finish_expr(&mut expr);
    let mut findings = checker.finish();
    if !findings.diagnostics.iter().any(Diagnostic::is_error) {
        // Only to see that it can be computed: a default is put into every call, where the name of a constant is
        // better than its value.
        if let Err(diagnostic) = crate::fold::fold(&cx.program.consts, &expr) {
            findings.diagnostics.push(*diagnostic);
            expr.kind = hir::ExprKind::Error;
        }
    }
    (expr, findings)
}

/// Fills in every constant and default of a context that has the signatures.
pub fn resolve(cx: &mut Context<'_>, all: &mut Vec<(Option<FunctionId>, Findings)>) {
    for index in 0..cx.consts.len() {
        let (constant, findings) = declared(cx, index);
        cx.program.consts.push(constant);
        all.push((None, findings));
    }
    // Constants may call a few functions of the standard library, which have defaults.
    param_defaults(cx, all, true);
    // A constant may make structs, whose defaults may name constants.
    for node in order(cx, all) {
        match node {
            Node::Const(index) => constant(cx, index, all),
            Node::Defaults(index) => field_defaults(cx, index, all),
        }
    }
    param_defaults(cx, all, false);
}

/// What is computed in its turn.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Node {
    /// A constant.
    Const(usize),
    /// The defaults of a struct's fields.
    Defaults(usize),
}

/// A constant with its written type and no value yet.
fn declared(cx: &Context<'_>, index: usize) -> (hir::Const, Findings) {
    let item = cx.consts[index];
    let mut findings = Findings::default();
    let ty = item.decl.ty.as_ref().map_or(Ty::Error, |written| {
        let scope = TypeScope {
            module: item.module,
            generics: &[],
        };
        let ty = lower_type(cx, scope, written, &mut findings.diagnostics);
        placed(
            cx,
            item.module,
            ty,
            written.span,
            Place::Const,
            &mut findings.diagnostics,
        )
    });
    let constant = hir::Const {
        name: item.decl.name.name,
        ty: ty.clone(),
        value: Expr {
            kind: hir::ExprKind::Error,
            ty,
            span: item.decl.value.span,
        },
        span: item.decl.name.span,
    };
    (constant, findings)
}

fn constant(cx: &mut Context<'_>, index: usize, all: &mut Vec<(Option<FunctionId>, Findings)>) {
    let item = cx.consts[index];
    let written = item.decl.ty.as_ref();
    let ty = cx.program.consts[index].ty.clone();
    let expected = written.map(|written| (&ty, Origin::Written(written.span)));
    let (value, findings) = check_constant(cx, item.module, &[], &item.decl.value, expected);
    all.push((None, findings));
    let value = crate::fold::fold(&cx.program.consts, &value).unwrap_or(value);
    let constant = &mut cx.program.consts[index];
    if written.is_none() {
        constant.ty = value.ty.clone();
    }
    constant.value = value;
}

/// Constants and defaults of fields in an order in which each follows those it needs; circles of constants are reported.
fn order(cx: &Context<'_>, all: &mut Vec<(Option<FunctionId>, Findings)>) -> Vec<Node> {
    let consts = cx.consts.len();
    let node = |index: usize| match index.checked_sub(consts) {
        None => Node::Const(index),
        Some(index) => Node::Defaults(index),
    };
    let count = consts + cx.structs.len();
    let mut states = vec![0u8; count];
    let mut out = Vec::with_capacity(count);
    let mut findings = Findings::default();
    for start in 0..count {
        // A stack of our own: a chain of constants may be as long as the file.
        let mut stack = vec![start];
        while let Some(&index) = stack.last() {
            if states[index] == 0 {
                states[index] = 1;
                for other in needs(cx, node(index)) {
                    let other_index = match other {
                        Node::Const(index) => index,
                        Node::Defaults(index) => consts + index,
                    };
                    match (states[other_index], node(index), other) {
                        (0, ..) => stack.push(other_index),
                        (1, Node::Const(from), Node::Const(to)) => {
                            findings.diagnostics.push(cycle(cx, from, to));
                        }
                        (1, Node::Const(constant), Node::Defaults(of))
                        | (1, Node::Defaults(of), Node::Const(constant)) => {
                            findings
                                .diagnostics
                                .push(cycle_of_defaults(cx, constant, of));
                        }
                        // A default may make its own struct with a value for the field.
                        _ => {}
                    }
                }
                if stack.last() != Some(&index) {
                    continue;
                }
            }
            stack.pop();
            if states[index] == 1 {
                states[index] = 2;
                out.push(node(index));
            }
        }
    }
    all.push((None, findings));
    out
}

/// The constants and structs that a constant or a struct's defaults name.
fn needs(cx: &Context<'_>, node: Node) -> Vec<Node> {
    let mut used = Vec::new();
    match node {
        Node::Const(index) => {
            let item = cx.consts[index];
            named_in(cx, item.module, &item.decl.value, &mut used);
        }
        Node::Defaults(index) => {
            let item = cx.structs[index];
            let defaults = item
                .decl
                .fields
                .iter()
                .filter_map(|field| field.default.as_ref());
            for default in defaults {
                named_in(cx, item.module, default, &mut used);
            }
        }
    }
    used
}

fn cycle(cx: &Context<'_>, from: usize, to: usize) -> Diagnostic {
    let (from, to) = (cx.consts[from].decl, cx.consts[to].decl);
    let message = if std::ptr::eq(from, to) {
        format!("the constant `{}` is defined by itself", from.name.name)
    } else {
        format!(
            "the constants `{}` and `{}` are defined by each other",
            to.name.name, from.name.name
        )
    };
    Diagnostic::new(&names::CYCLE, from.value.span, message)
        .here(format!("this needs `{}`", to.name.name))
        .label(to.name.span, "which is defined here")
        .help("give one of them a value of its own")
}

fn cycle_of_defaults(cx: &Context<'_>, constant: usize, of: usize) -> Diagnostic {
    let (constant, of) = (cx.consts[constant].decl, cx.structs[of].decl);
    let message = format!(
        "the constant `{}` and the defaults of `{}` need each other",
        constant.name.name, of.name.name
    );
    Diagnostic::new(&names::CYCLE, constant.value.span, message)
        .here(format!("this needs the defaults of `{}`", of.name.name))
        .label(of.name.span, "and one of them needs the constant")
        .help("write the value itself in the default")
}

fn named_in(cx: &Context<'_>, module: ModuleId, expr: &ast::Expr, out: &mut Vec<Node>) {
    let definition = match &expr.kind {
        ExprKind::Name(name) => cx.resolve(module, *name),
        ExprKind::Field { base, name, .. } => match base.kind {
            ExprKind::Name(base) => match cx.resolve(module, base) {
                Some(Definition::Module(other)) => {
                    cx.member(other, name.name).map(|entry| entry.definition)
                }
                _ => None,
            },
            _ => None,
        },
        _ => None,
    };
    match definition {
        Some(Definition::Const(ConstId(index))) => out.push(Node::Const(index as usize)),
        Some(Definition::Struct(StructId(index))) => out.push(Node::Defaults(index as usize)),
        Some(Definition::Alias(id)) => {
            if let Ty::Struct(StructId(index), _) = cx.alias_types[id.0 as usize] {
                out.push(Node::Defaults(index as usize));
            }
        }
        _ => {}
    }
    each_child(expr, &mut |child| named_in(cx, module, child, out));
}

fn field_defaults(
    cx: &mut Context<'_>,
    index: usize,
    all: &mut Vec<(Option<FunctionId>, Findings)>,
) {
    let item = cx.structs[index];
    for field in &item.decl.fields {
        let Some(default) = &field.default else {
            continue;
        };
        let found = cx.program.structs[index]
            .fields
            .iter()
            .position(|other| other.span == field.name.span);
        let Some(position) = found else { continue };
        let ty = cx.program.structs[index].fields[position].ty.clone();
        let origin = Origin::Field(field.name.name, field.name.span);
        let (value, findings) = check_constant(
            cx,
            item.module,
            &item.decl.generics,
            default,
            Some((&ty, origin)),
        );
        all.push((None, findings));
        cx.program.structs[index].fields[position].default = Some(value);
    }
}

/// Those of the standard library, or all others.
fn param_defaults(cx: &mut Context<'_>, all: &mut Vec<(Option<FunctionId>, Findings)>, std: bool) {
    for index in 0..cx.functions.len() {
        let item = cx.functions[index];
        if cx.is_std(item.module) != std {
            continue;
        }
        for (position, param) in item.decl.params.iter().enumerate() {
            let Some(default) = &param.default else {
                continue;
            };
            let ty = cx.program.functions[index].params[position].ty.clone();
            let origin = Origin::Param(FunctionId(index as u32), position);
            let (value, findings) = check_constant(
                cx,
                item.module,
                &item.decl.generics,
                default,
                Some((&ty, origin)),
            );
            all.push((None, findings));
            cx.program.functions[index].params[position].default = Some(value);
        }
    }
}
