//! Walks over the typed tree.

use crate::hir::{
    Arg, Expr, ExprKind, FormatPart, Pattern, PatternKind, Place, Projection, Stmt, StmtKind,
};

/// Calls `visit` on each direct part of an expression, in the order of evaluation.
pub fn children<'e>(expr: &'e Expr, visit: &mut dyn FnMut(&'e Expr)) {
    match &expr.kind {
        ExprKind::Call { args, .. } => {
            for arg in args {
                match arg {
                    Arg::Value(value) => visit(value),
                    Arg::InOut(place) => place_parts(place, visit),
                }
            }
        }
        ExprKind::CallValue { callee, args } => {
            visit(callee);
            args.iter().for_each(visit);
        }
        ExprKind::Some(inner)
        | ExprKind::Field { base: inner, .. }
        | ExprKind::Unary(_, inner)
        | ExprKind::Closure { body: inner, .. } => visit(inner),
        ExprKind::Index { base, index } => {
            visit(base);
            visit(index);
        }
        ExprKind::Binary(_, left, right) => {
            visit(left);
            visit(right);
        }
        ExprKind::Aggregate(items) | ExprKind::Variant { payload: items, .. } => {
            items.iter().for_each(visit);
        }
        ExprKind::Update { base, changes } => {
            visit(base);
            changes.iter().for_each(|(_, value)| visit(value));
        }
        ExprKind::List(items) => items.iter().for_each(|(_, value)| visit(value)),
        ExprKind::Map(entries) => {
            for (key, value) in entries {
                visit(key);
                visit(value);
            }
        }
        ExprKind::Range { start, end, .. } => {
            visit(start);
            visit(end);
        }
        ExprKind::Format(parts) => {
            for part in parts {
                if let FormatPart::Value(value, _) = part {
                    visit(value);
                }
            }
        }
        ExprKind::If {
            condition,
            then,
            otherwise,
        } => {
            visit(condition);
            visit(then);
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
        ExprKind::Block { stmts, value } => {
            for stmt in stmts {
                stmt_parts(stmt, visit);
            }
            if let Some(value) = value {
                visit(value);
            }
        }
        ExprKind::Try { body, handler, .. } => {
            visit(body);
            visit(handler);
        }
        ExprKind::Fail { message, retry } => {
            visit(message);
            if let Some(retry) = retry {
                visit(retry);
            }
        }
        ExprKind::Return(Some(value)) => visit(value),
        _ => {}
    }
}

fn place_parts<'e>(place: &'e Place, visit: &mut dyn FnMut(&'e Expr)) {
    for projection in &place.projections {
        match projection {
            Projection::Index(value) | Projection::Key(value) => visit(value),
            Projection::Field(_) => {}
        }
    }
}

/// Calls `visit` on each direct part of a statement.
pub fn stmt_parts<'e>(stmt: &'e Stmt, visit: &mut dyn FnMut(&'e Expr)) {
    match &stmt.kind {
        StmtKind::Let { value, .. }
        | StmtKind::YieldOutput { value, .. }
        | StmtKind::Expr(value) => {
            visit(value);
        }
        StmtKind::Assign { place, value, .. } => {
            place_parts(place, visit);
            visit(value);
        }
        StmtKind::YieldDynamic { value, key, .. } => {
            visit(value);
            visit(key);
        }
        StmtKind::While { condition, body } => {
            visit(condition);
            visit(body);
        }
        StmtKind::For { iterable, body, .. } => {
            visit(iterable);
            visit(body);
        }
    }
}

/// Calls `visit` on each direct part of an expression, to be changed, in the order of evaluation.
pub fn children_mut(expr: &mut Expr, visit: &mut dyn FnMut(&mut Expr)) {
    match &mut expr.kind {
        ExprKind::Call { args, .. } => {
            for arg in args {
                match arg {
                    Arg::Value(value) => visit(value),
                    Arg::InOut(place) => place_parts_mut(place, visit),
                }
            }
        }
        ExprKind::CallValue { callee, args } => {
            visit(callee);
            args.iter_mut().for_each(visit);
        }
        ExprKind::Some(inner)
        | ExprKind::Field { base: inner, .. }
        | ExprKind::Unary(_, inner)
        | ExprKind::Closure { body: inner, .. } => visit(inner),
        ExprKind::Index { base, index } => {
            visit(base);
            visit(index);
        }
        ExprKind::Binary(_, left, right) => {
            visit(left);
            visit(right);
        }
        ExprKind::Aggregate(items) | ExprKind::Variant { payload: items, .. } => {
            items.iter_mut().for_each(visit);
        }
        ExprKind::Update { base, changes } => {
            visit(base);
            changes.iter_mut().for_each(|(_, value)| visit(value));
        }
        ExprKind::List(items) => items.iter_mut().for_each(|(_, value)| visit(value)),
        ExprKind::Map(entries) => {
            for (key, value) in entries {
                visit(key);
                visit(value);
            }
        }
        ExprKind::Range { start, end, .. } => {
            visit(start);
            visit(end);
        }
        ExprKind::Format(parts) => {
            for part in parts {
                if let FormatPart::Value(value, _) = part {
                    visit(value);
                }
            }
        }
        ExprKind::If {
            condition,
            then,
            otherwise,
        } => {
            visit(condition);
            visit(then);
            if let Some(otherwise) = otherwise {
                visit(otherwise);
            }
        }
        ExprKind::Match { scrutinee, arms } => {
            visit(scrutinee);
            for arm in arms {
                if let Some(guard) = &mut arm.guard {
                    visit(guard);
                }
                visit(&mut arm.body);
            }
        }
        ExprKind::Block { stmts, value } => {
            for stmt in stmts {
                stmt_parts_mut(stmt, visit);
            }
            if let Some(value) = value {
                visit(value);
            }
        }
        ExprKind::Try { body, handler, .. } => {
            visit(body);
            visit(handler);
        }
        ExprKind::Fail { message, retry } => {
            visit(message);
            if let Some(retry) = retry {
                visit(retry);
            }
        }
        ExprKind::Return(Some(value)) => visit(value),
        _ => {}
    }
}

fn place_parts_mut(place: &mut Place, visit: &mut dyn FnMut(&mut Expr)) {
    for projection in &mut place.projections {
        match projection {
            Projection::Index(value) | Projection::Key(value) => visit(value),
            Projection::Field(_) => {}
        }
    }
}

/// Calls `visit` on each direct part of a statement, to be changed.
pub fn stmt_parts_mut(stmt: &mut Stmt, visit: &mut dyn FnMut(&mut Expr)) {
    match &mut stmt.kind {
        StmtKind::Let { value, .. }
        | StmtKind::YieldOutput { value, .. }
        | StmtKind::Expr(value) => {
            visit(value);
        }
        StmtKind::Assign { place, value, .. } => {
            place_parts_mut(place, visit);
            visit(value);
        }
        StmtKind::YieldDynamic { value, key, .. } => {
            visit(value);
            visit(key);
        }
        StmtKind::While { condition, body } => {
            visit(condition);
            visit(body);
        }
        StmtKind::For { iterable, body, .. } => {
            visit(iterable);
            visit(body);
        }
    }
}

/// Whether an expression in a loop's body fulfils `wanted`; bodies of inner loops and closures are left out.
pub fn any_in_loop(expr: &Expr, wanted: &mut dyn FnMut(&Expr) -> bool) -> bool {
    if wanted(expr) {
        return true;
    }
    if let ExprKind::Closure { .. } = expr.kind {
        return false;
    }
    let mut found = false;
    if let ExprKind::Block { stmts, value } = &expr.kind {
        for stmt in stmts {
            match &stmt.kind {
                StmtKind::While {
                    condition: part, ..
                }
                | StmtKind::For { iterable: part, .. } => {
                    found |= any_in_loop(part, wanted);
                }
                _ => stmt_parts(stmt, &mut |part| found = found || any_in_loop(part, wanted)),
            }
        }
        if let Some(value) = value {
            found = found || any_in_loop(value, wanted);
        }
        return found;
    }
    children(expr, &mut |part| found = found || any_in_loop(part, wanted));
    found
}

/// Calls `visit` on a pattern and all in it.
pub fn patterns<'p>(pattern: &'p Pattern, visit: &mut dyn FnMut(&'p Pattern)) {
    visit(pattern);
    match &pattern.kind {
        PatternKind::Some(inner) => patterns(inner, visit),
        PatternKind::Fields(fields) => fields.iter().for_each(|(_, field)| patterns(field, visit)),
        PatternKind::Variant(_, items) | PatternKind::Or(items) => {
            items.iter().for_each(|item| patterns(item, visit));
        }
        PatternKind::List { before, after, .. } => {
            before
                .iter()
                .chain(after)
                .for_each(|item| patterns(item, visit));
        }
        _ => {}
    }
}

/// Calls `visit` on a pattern and all in it, to be changed.
pub fn patterns_mut(pattern: &mut Pattern, visit: &mut dyn FnMut(&mut Pattern)) {
    visit(pattern);
    match &mut pattern.kind {
        PatternKind::Some(inner) => patterns_mut(inner, visit),
        PatternKind::Fields(fields) => fields
            .iter_mut()
            .for_each(|(_, field)| patterns_mut(field, visit)),
        PatternKind::Variant(_, items) | PatternKind::Or(items) => {
            items.iter_mut().for_each(|item| patterns_mut(item, visit));
        }
        PatternKind::List { before, after, .. } => {
            before
                .iter_mut()
                .chain(after)
                .for_each(|item| patterns_mut(item, visit));
        }
        _ => {}
    }
}
