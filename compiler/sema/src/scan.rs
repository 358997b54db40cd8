//! Looks through trees for what must be known before they are checked.

use dynop_base::Span;
use dynop_syntax::ast::{Block, Element, Expr, ExprKind, FPart, Stmt, StmtKind};

/// The first `yield` of a block that is not inside a closure.
pub fn first_yield(block: &Block) -> Option<Span> {
    block.stmts.iter().find_map(yield_in_stmt)
}

fn yield_in_stmt(stmt: &Stmt) -> Option<Span> {
    match &stmt.kind {
        StmtKind::Yield(_) => Some(stmt.span),
        StmtKind::While { condition, body } => yield_in(condition).or_else(|| first_yield(body)),
        StmtKind::For { iterable, body, .. } => yield_in(iterable).or_else(|| first_yield(body)),
        StmtKind::Let { value, .. }
        | StmtKind::Assign { value, .. }
        | StmtKind::Expr(value)
        | StmtKind::Assert(value) => yield_in(value),
        StmtKind::Error => None,
    }
}

fn yield_in(expr: &Expr) -> Option<Span> {
    // A `yield` is a statement: only what holds a block can hold one.
    match &expr.kind {
        ExprKind::Closure { .. } => None,
        ExprKind::Block(block) => first_yield(block),
        ExprKind::If {
            condition,
            then,
            otherwise,
        } => yield_in(condition)
            .or_else(|| first_yield(then))
            .or_else(|| otherwise.as_deref().and_then(yield_in)),
        ExprKind::Match { scrutinee, arms } => {
            yield_in(scrutinee).or_else(|| arms.iter().find_map(|arm| yield_in(&arm.body)))
        }
        ExprKind::Try { body, handler, .. } => first_yield(body).or_else(|| first_yield(handler)),
        _ => {
            let mut found = None;
            each_child(expr, &mut |child| {
                if found.is_none() {
                    found = yield_in(child);
                }
            });
            found
        }
    }
}

/// Calls `visit` on each direct part of an expression that is an expression; not on what stands in blocks.
pub fn each_child<'e>(expr: &'e Expr, visit: &mut impl FnMut(&'e Expr)) {
    match &expr.kind {
        ExprKind::FString(parts) | ExprKind::Shell(parts) => {
            for part in parts {
                if let FPart::Value { value, .. } = part {
                    visit(value);
                }
            }
        }
        ExprKind::Paren(inner) => visit(inner),
        ExprKind::Tuple(fields) => fields.iter().for_each(|field| visit(&field.value)),
        ExprKind::List(elements) => {
            for Element { value, .. } in elements {
                visit(value);
            }
        }
        ExprKind::Map(entries) => {
            for (key, value) in entries {
                visit(key);
                visit(value);
            }
        }
        ExprKind::Field { base, .. } => visit(base),
        ExprKind::Call { callee, args, .. } => {
            visit(callee);
            args.iter().for_each(|arg| visit(&arg.value));
        }
        ExprKind::Index { base, index } => {
            visit(base);
            visit(index);
        }
        ExprKind::Unary { operand, .. } => visit(operand),
        ExprKind::Binary { left, right, .. } => {
            visit(left);
            visit(right);
        }
        ExprKind::Range { start, end, .. } => {
            visit(start);
            visit(end);
        }
        ExprKind::Closure { body, .. } => visit(body),
        ExprKind::If {
            condition,
            otherwise,
            ..
        } => {
            visit(condition);
            if let Some(otherwise) = otherwise {
                visit(otherwise);
            }
        }
        ExprKind::Match { scrutinee, arms } => {
            visit(scrutinee);
            for arm in arms {
                if let Some(guard) = &arm.guard {
                    visit(guard);
                }
                visit(&arm.body);
            }
        }
        ExprKind::Fail { message, retry } => {
            visit(message);
            if let Some(retry) = retry {
                visit(retry);
            }
        }
        ExprKind::Return(Some(value)) => visit(value),
        ExprKind::As { value, .. } => visit(value),
        ExprKind::Run { call, replacements } => {
            visit(call);
            replacements.iter().for_each(|(_, value)| visit(value));
        }
        ExprKind::Int(_)
        | ExprKind::Float(_)
        | ExprKind::Bool(_)
        | ExprKind::Str(_)
        | ExprKind::Bytes(_)
        | ExprKind::Duration(_)
        | ExprKind::Size(_)
        | ExprKind::None
        | ExprKind::Name(_)
        | ExprKind::Block(_)
        | ExprKind::Try { .. }
        | ExprKind::Return(None)
        | ExprKind::Break
        | ExprKind::Continue
        | ExprKind::Error => {}
    }
}
