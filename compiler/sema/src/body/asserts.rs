//! `assert`: a condition that fails the step, or the test, where it does not hold, and shows the values it compared.
//!
//! It becomes an `if` around a `fail`, so that nothing after this room knows of it. Both sides of a comparison are bound
//! first, so that they are evaluated once and are there for the message.

use std::sync::Arc;

use dynop_base::Span;
use dynop_syntax::ast::{self, BinaryOp, UnaryOp};

use super::expressions::made;
use super::{Ability, BodyChecker, Origin};
use crate::hir::{Expr, ExprKind, FormatPart, Pattern, PatternKind, Stmt, StmtKind};
use crate::ty::Ty;

/// The format that shows a value as the language writes it, on one line: texts in quotes. No program can ask for it.
const AS_WRITTEN: &str = "?";
/// What an assertion says that does not hold.
const MESSAGE: &str = "the assertion does not hold";

impl BodyChecker<'_, '_> {
    pub(super) fn assert(&mut self, value: &ast::Expr, span: Span) -> StmtKind {
        let value = self.check(value, &Ty::Bool, Origin::Rule("`assert` takes a `Bool`"));
        let mut stmts = Vec::new();
        self.asserted(value, span, &mut stmts);
        let block = ExprKind::Block { stmts, value: None };
        StmtKind::Expr(made(block, Ty::Unit, span))
    }

    /// The statements that look whether a condition holds; of several that `and` joins, one after the other.
    fn asserted(&mut self, mut value: Expr, span: Span, stmts: &mut Vec<Stmt>) {
        if let ExprKind::Binary(BinaryOp::And, left, right) = value.kind {
            self.asserted(*left, span, stmts);
            self.asserted(*right, span, stmts);
            return;
        }
        let place = value.span;
        let mut parts = vec![FormatPart::Text(Arc::from(MESSAGE))];
        if let Some((left, right)) = compared(&mut value) {
            for (side, word) in [(left, "left: "), (right, "right: ")] {
                let kept = self.kept(side, stmts);
                parts.push(FormatPart::Text(Arc::from(format!("\n{word}"))));
                parts.push(FormatPart::Value(kept, Arc::from(AS_WRITTEN)));
            }
        }
        let message = made(ExprKind::Format(parts), Ty::Str, place);
        let fail = ExprKind::Fail {
            message: Box::new(message),
            retry: None,
        };
        let negated = ExprKind::Unary(UnaryOp::Not, Box::new(value));
        let check = ExprKind::If {
            condition: Box::new(made(negated, Ty::Bool, place)),
            then: Box::new(made(fail, Ty::Never, place)),
            otherwise: None,
        };
        let check = made(check, Ty::Unit, span);
        stmts.push(Stmt {
            kind: StmtKind::Expr(check),
            span,
        });
    }

    /// Binds an operand to a local, which takes its place; gives another use of that local.
    fn kept(&mut self, side: &mut Expr, stmts: &mut Vec<Stmt>) -> Expr {
        let (ty, span) = (side.ty.clone(), side.span);
        let local = self.hidden(ty.clone(), span);
        let usage = made(ExprKind::Local(local), ty.clone(), span);
        let value = std::mem::replace(side, usage.clone());
        let pattern = Pattern {
            kind: PatternKind::Bind(local),
            ty,
            span,
        };
        stmts.push(Stmt {
            kind: StmtKind::Let { pattern, value },
            span,
        });
        self.needs(&usage, Ability::Show);
        usage
    }
}

/// Both sides of a comparison, also of one behind `not`.
fn compared(value: &mut Expr) -> Option<(&mut Expr, &mut Expr)> {
    match &mut value.kind {
        ExprKind::Binary(op, left, right) if is_comparison(*op) => Some((left, right)),
        ExprKind::Unary(UnaryOp::Not, inner) => compared(inner),
        _ => None,
    }
}

fn is_comparison(op: BinaryOp) -> bool {
    matches!(
        op,
        BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge
    )
}
