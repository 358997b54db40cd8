//! Looks through expressions for what must be known before they are lowered. Without recursion, since chains of
//! operators are as deep as they are long.

use dynop_sema::hir::{
    Arg, Expr, ExprKind, FormatPart, LocalId, Place, Projection, Stmt, StmtKind,
};

/// What a walk meets.
#[derive(Clone, Copy)]
pub(crate) enum Node<'p> {
    /// An expression.
    Expr(&'p Expr),
    /// An assignment to a local, or its use as an in-out argument.
    Assigned(LocalId),
}

/// Whether `wanted` holds for a node of an expression; of closures in it only if `closures`. In no certain order.
pub(crate) fn any<'p>(
    expr: &'p Expr,
    closures: bool,
    wanted: &mut impl FnMut(Node<'p>) -> bool,
) -> bool {
    let mut stack = vec![Node::Expr(expr)];
    while let Some(node) = stack.pop() {
        if wanted(node) {
            return true;
        }
        if let Node::Expr(expr) = node {
            children(expr, closures, &mut stack);
        }
    }
    false
}

/// Whether evaluating an expression may assign to a local.
pub(crate) fn may_assign(expr: &Expr) -> bool {
    any(expr, false, &mut |node| matches!(node, Node::Assigned(_)))
}

/// Whether an expression has more than `limit` nodes.
pub(crate) fn larger_than(expr: &Expr, limit: usize) -> bool {
    let mut count = 0;
    any(expr, true, &mut |_| {
        count += 1;
        count > limit
    })
}

fn children<'p>(expr: &'p Expr, closures: bool, out: &mut Vec<Node<'p>>) {
    match &expr.kind {
        ExprKind::Some(inner)
        | ExprKind::Unary(_, inner)
        | ExprKind::Field { base: inner, .. }
        | ExprKind::Return(Some(inner)) => out.push(Node::Expr(inner)),
        ExprKind::Binary(_, left, right)
        | ExprKind::Index {
            base: left,
            index: right,
        }
        | ExprKind::Range {
            start: left,
            end: right,
            ..
        }
        | ExprKind::Try {
            body: left,
            handler: right,
            ..
        } => {
            out.push(Node::Expr(left));
            out.push(Node::Expr(right));
        }
        ExprKind::Call { args, .. } => {
            for arg in args {
                match arg {
                    Arg::Value(value) => out.push(Node::Expr(value)),
                    Arg::InOut(place) => in_place(place, out),
                }
            }
        }
        ExprKind::CallValue { callee, args } => {
            out.push(Node::Expr(callee));
            out.extend(args.iter().map(Node::Expr));
        }
        ExprKind::Aggregate(parts) | ExprKind::Variant { payload: parts, .. } => {
            out.extend(parts.iter().map(Node::Expr));
        }
        ExprKind::Update { base, changes } => {
            out.push(Node::Expr(base));
            out.extend(changes.iter().map(|(_, value)| Node::Expr(value)));
        }
        ExprKind::List(elements) => out.extend(elements.iter().map(|(_, e)| Node::Expr(e))),
        ExprKind::Map(entries) => {
            for (key, value) in entries {
                out.push(Node::Expr(key));
                out.push(Node::Expr(value));
            }
        }
        ExprKind::Format(parts) => {
            for part in parts {
                if let FormatPart::Value(value, _) = part {
                    out.push(Node::Expr(value));
                }
            }
        }
        ExprKind::Closure { body, .. } if closures => out.push(Node::Expr(body)),
        ExprKind::If {
            condition,
            then,
            otherwise,
        } => {
            out.push(Node::Expr(condition));
            out.push(Node::Expr(then));
            out.extend(otherwise.iter().map(|e| Node::Expr(e)));
        }
        ExprKind::Match { scrutinee, arms } => {
            out.push(Node::Expr(scrutinee));
            for arm in arms {
                out.extend(arm.guard.iter().map(Node::Expr));
                out.push(Node::Expr(&arm.body));
            }
        }
        ExprKind::Block { stmts, value } => {
            for stmt in stmts {
                statement(stmt, out);
            }
            out.extend(value.iter().map(|e| Node::Expr(e)));
        }
        ExprKind::Fail { message, retry } => {
            out.push(Node::Expr(message));
            out.extend(retry.iter().map(|e| Node::Expr(e)));
        }
        _ => {}
    }
}

fn statement<'p>(stmt: &'p Stmt, out: &mut Vec<Node<'p>>) {
    match &stmt.kind {
        StmtKind::Let { value, .. } | StmtKind::YieldOutput { value, .. } => {
            out.push(Node::Expr(value));
        }
        StmtKind::Expr(value) => out.push(Node::Expr(value)),
        StmtKind::Assign { place, value, .. } => {
            in_place(place, out);
            out.push(Node::Expr(value));
        }
        StmtKind::YieldDynamic { value, key, .. } => {
            out.push(Node::Expr(value));
            out.push(Node::Expr(key));
        }
        StmtKind::While { condition, body } => {
            out.push(Node::Expr(condition));
            out.push(Node::Expr(body));
        }
        StmtKind::For { iterable, body, .. } => {
            out.push(Node::Expr(iterable));
            out.push(Node::Expr(body));
        }
    }
}

fn in_place<'p>(place: &'p Place, out: &mut Vec<Node<'p>>) {
    out.push(Node::Assigned(place.local));
    for projection in &place.projections {
        if let Projection::Index(index) | Projection::Key(index) = projection {
            out.push(Node::Expr(index));
        }
    }
}
