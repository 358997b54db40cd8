//! The table of operators, and the climb over it.

use std::iter::Peekable;

use dynop_base::Span;

use super::{Builder, Node, Nodes};
use crate::MAX_TREE_DEPTH;
use crate::ast::{BinaryOp, Expr, ExprKind, UnaryOp};
use crate::grammar::Rule;

pub(super) type Terms<'t> = Peekable<Nodes<'t>>;

/// What an operator between two operands makes.
#[derive(Clone, Copy, PartialEq)]
enum Infix {
    Binary(BinaryOp),
    Range { inclusive: bool },
}

/// How tightly it binds; bigger is tighter. Prefixes stand in between: `-` under `**`, `not` over `and`.
const OR: u8 = 1;
const AND: u8 = 2;
const NOT: u8 = 3;
const COMPARE: u8 = 4;
const COALESCE: u8 = 5;
const RANGE: u8 = 6;
const BIT_OR: u8 = 7;
const BIT_XOR: u8 = 8;
const BIT_AND: u8 = 9;
const SHIFT: u8 = 10;
const SUM: u8 = 11;
const PRODUCT: u8 = 12;
const NEGATE: u8 = 13;
const POWER: u8 = 14;

fn infix(text: &str) -> (Infix, u8) {
    use BinaryOp::{
        Add, And, BitAnd, BitOr, BitXor, Coalesce, Div, Eq, Ge, Gt, Le, Lt, Mul, Ne, Or, Pow, Rem,
        Shl, Shr, Sub,
    };
    let (op, power) = match text {
        "or" | "||" => (Or, OR),
        "and" | "&&" => (And, AND),
        "==" => (Eq, COMPARE),
        "!=" => (Ne, COMPARE),
        "<" => (Lt, COMPARE),
        "<=" => (Le, COMPARE),
        ">" => (Gt, COMPARE),
        ">=" => (Ge, COMPARE),
        "??" => (Coalesce, COALESCE),
        ".." => return (Infix::Range { inclusive: false }, RANGE),
        "..=" => return (Infix::Range { inclusive: true }, RANGE),
        "|" => (BitOr, BIT_OR),
        "^" => (BitXor, BIT_XOR),
        "&" => (BitAnd, BIT_AND),
        "<<" => (Shl, SHIFT),
        ">>" => (Shr, SHIFT),
        "+" => (Add, SUM),
        "-" => (Sub, SUM),
        "*" => (Mul, PRODUCT),
        "/" => (Div, PRODUCT),
        "%" => (Rem, PRODUCT),
        _ => (Pow, POWER),
    };
    (Infix::Binary(op), power)
}

impl<'t> Builder<'t> {
    /// Reads operands and the operators between them that bind at least as tightly as `least`.
    pub(super) fn climb(&mut self, terms: &mut Terms<'t>, least: u8) -> Expr {
        // Chains of prefixes and of `**` alone come here so often without a bracket: what is left of them is passed over.
        if self.climbing > 4 * MAX_TREE_DEPTH {
            let at = terms
                .next()
                .map_or(self.text.len(), |term| term.as_span().start());
            let span = self.span_between(at, at);
            self.report_too_deep(span);
            while terms.next().is_some() {}
            return self.error_expr(span);
        }
        let outer = std::mem::replace(&mut self.height, 0);
        self.climbing += 1;
        let expr = self.climb_from_here(terms, least);
        self.climbing -= 1;
        self.height = self.height.max(outer);
        expr
    }

    fn climb_from_here(&mut self, terms: &mut Terms<'t>, least: u8) -> Expr {
        let mut left = self.term(terms);
        let mut compared: Option<(BinaryOp, Span)> = None;
        let mut ranged = false;
        while let Some(operator) = terms.peek().filter(|next| next.as_rule() == Rule::infix) {
            let (op, power) = infix(operator.as_str());
            if power < least {
                break;
            }
            let op_span = self.span(&operator.clone());
            self.report_foreign_operator(op_span);
            terms.next();
            // `**` is the one operator that groups to the right.
            let right = self.climb(terms, if power == POWER { power } else { power + 1 });
            match op {
                Infix::Binary(op) if power == COMPARE => {
                    if let Some((_, before)) = compared.replace((op, op_span)) {
                        self.report_comparison_chain(before, op_span, &left, &right);
                    }
                }
                Infix::Range { .. } if std::mem::replace(&mut ranged, true) => {
                    self.report_range_chain(op_span);
                }
                _ => {}
            }
            left = self.join(op, op_span, left, right);
        }
        left
    }

    fn join(&mut self, op: Infix, op_span: Span, left: Expr, right: Expr) -> Expr {
        let fits = self.grow();
        let span = left.span.to(right.span);
        let (left, right) = (Box::new(left), Box::new(right));
        let kind = match op {
            Infix::Range { inclusive } => ExprKind::Range {
                start: left,
                end: right,
                inclusive,
            },
            Infix::Binary(op) => ExprKind::Binary {
                op,
                op_span,
                left,
                right,
            },
        };
        self.expr_of(span, kind, fits)
    }

    /// An operand with what stands before and after it.
    fn term(&mut self, terms: &mut Terms<'t>) -> Expr {
        let Some(first) = terms.next() else {
            let span = self.span_between(self.text.len(), self.text.len());
            return self.error_expr(span);
        };
        if first.as_rule() == Rule::prefix {
            return self.prefixed(&first, terms);
        }
        let mut expr = self.operand(first);
        while let Some(postfix) = terms.next_if(|next| is_postfix(next.as_rule())) {
            expr = self.postfix(expr, postfix);
        }
        expr
    }

    fn prefixed(&mut self, prefix: &Node<'t>, terms: &mut Terms<'t>) -> Expr {
        let span = self.span(prefix);
        let (op, power) = match prefix.as_str() {
            "-" => (UnaryOp::Neg, NEGATE),
            "not" => (UnaryOp::Not, NOT),
            _ => {
                self.report_foreign_operator(span);
                (UnaryOp::Not, POWER)
            }
        };
        let operand = self.climb(terms, power);
        let fits = self.grow();
        let whole = span.to(operand.span);
        let kind = ExprKind::Unary {
            op,
            operand: Box::new(operand),
        };
        self.expr_of(whole, kind, fits)
    }
}

fn is_postfix(rule: Rule) -> bool {
    matches!(rule, Rule::call | Rule::field | Rule::index | Rule::as_name)
}
