//! Expressions with words and blocks of their own: `if`, `match`, `try`, `fail`, `run`.

use dynop_base::Span;

use super::{Builder, Node};
use crate::ast::{Arm, BinaryOp, Block, Expr, ExprKind, Ident, Pattern, PatternKind};
use crate::grammar::Rule;

/// An `if` of a chain of them.
struct Link {
    start: Span,
    /// Of an `if let`, which does not exist.
    pattern: Option<Pattern>,
    condition: Expr,
    body: Block,
}

impl<'t> Builder<'t> {
    /// What stands between a keyword and `{`.
    pub(super) fn condition(&mut self, pair: Node<'t>, word: &str) -> Expr {
        self.head(pair, word).1
    }

    /// What stands between a keyword and `{`, with the pattern of a `let` there, which is reported.
    pub(super) fn head(&mut self, pair: Node<'t>, word: &str) -> (Option<Pattern>, Expr) {
        let whole = self.span(&pair);
        let mut pattern = None;
        let mut condition: Option<Expr> = None;
        let mut assigned = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::wrong_assign => {
                    let span = self.span(&part);
                    self.report_assignment_in_condition(span, word);
                    assigned = Some(span);
                }
                Rule::head_junk => self.report_head_junk(&part, word),
                Rule::foreign_let => pattern = self.foreign_let(part, word),
                _ => {
                    let value = self.expr(part);
                    condition = Some(match (condition, assigned) {
                        (Some(left), Some(op_span)) => self.equal(left, op_span, value),
                        _ => value,
                    });
                }
            }
        }
        let condition = condition.unwrap_or_else(|| self.error_expr(whole));
        (pattern, condition)
    }

    fn foreign_let(&mut self, pair: Node<'t>, word: &str) -> Option<Pattern> {
        let span = self.span(&pair);
        self.report_let_in_condition(span, word);
        pair.into_inner().find_map(|part| {
            matches!(part.as_rule(), Rule::pattern | Rule::missing_pattern)
                .then(|| self.pattern(part, false, "a pattern"))
        })
    }

    /// `match value { pattern => then, _ => otherwise }`, read for an `if let` so that the names in its pattern are known.
    pub(super) fn matched(
        &mut self,
        pattern: Pattern,
        value: Expr,
        then: Block,
        otherwise: Option<Expr>,
    ) -> ExprKind {
        let end = then.span.at_end();
        let otherwise = otherwise.unwrap_or_else(|| {
            let nothing = self.empty_block(end);
            self.block_expr(nothing)
        });
        let rest = Pattern {
            id: self.id(),
            span: end,
            kind: PatternKind::Wildcard,
        };
        let then = self.block_expr(then);
        let arms = [(pattern, then), (rest, otherwise)].map(|(pattern, body)| Arm {
            span: pattern.span.to(body.span),
            pattern,
            guard: None,
            body,
        });
        ExprKind::Match {
            scrutinee: Box::new(value),
            arms: Vec::from(arms),
        }
    }

    fn block_expr(&mut self, block: Block) -> Expr {
        Expr {
            id: self.id(),
            span: block.span,
            kind: ExprKind::Block(block),
        }
    }

    fn equal(&mut self, left: Expr, op_span: Span, right: Expr) -> Expr {
        let fits = self.grow();
        let span = left.span.to(right.span);
        let kind = ExprKind::Binary {
            op: BinaryOp::Eq,
            op_span,
            left: Box::new(left),
            right: Box::new(right),
        };
        self.expr_of(span, kind, fits)
    }

    pub(super) fn if_expr(&mut self, pair: Node<'t>) -> ExprKind {
        let whole = self.span(&pair);
        let mut links: Vec<Link> = Vec::new();
        let mut start = whole;
        let mut condition: Option<(Option<Pattern>, Expr)> = None;
        let mut last = None;
        for part in pair.into_inner() {
            let place = self.span(&part);
            match part.as_rule() {
                Rule::kw_if => start = place,
                Rule::else_if => start = self.else_if(part),
                Rule::kw_else => {}
                Rule::condition => condition = Some(self.head(part, "if")),
                Rule::head_junk => self.report_head_junk(&part, "else"),
                _ => match condition.take() {
                    Some((pattern, condition)) => {
                        let body = self.head_body(part, "the condition", Some(&condition));
                        links.push(Link {
                            start,
                            pattern,
                            condition,
                            body,
                        });
                    }
                    None => last = Some(self.body_block(part, "`else`")),
                },
            }
        }
        let last = last.map(|block| self.block_expr(block));
        self.chain_of_ifs(links, last)
    }

    /// The place of the `if` in `else if`.
    fn else_if(&mut self, pair: Node<'t>) -> Span {
        let span = self.span(&pair);
        if pair
            .into_inner()
            .any(|part| part.as_rule() == Rule::foreign_elif)
        {
            self.report_elif(span);
            return span;
        }
        Span {
            start: span.end.saturating_sub(2),
            ..span
        }
    }

    /// Nests `else if`s, the last one deepest.
    fn chain_of_ifs(&mut self, links: Vec<Link>, last: Option<Expr>) -> ExprKind {
        let mut otherwise = last;
        let mut result = ExprKind::Error;
        let count = links.len();
        for (index, link) in links.into_iter().rev().enumerate() {
            let end = otherwise.as_ref().map_or(link.body.span, |last| last.span);
            let last = otherwise.take();
            let kind = match link.pattern {
                Some(pattern) => self.matched(pattern, link.condition, link.body, last),
                None => ExprKind::If {
                    condition: Box::new(link.condition),
                    then: link.body,
                    otherwise: last.map(Box::new),
                },
            };
            if index + 1 == count {
                result = kind;
            } else {
                let fits = self.grow();
                otherwise = Some(self.expr_of(link.start.to(end), kind, fits));
            }
        }
        result
    }

    pub(super) fn match_expr(&mut self, pair: Node<'t>) -> ExprKind {
        let whole = self.span(&pair);
        let mut scrutinee = None;
        let mut arms = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::condition => scrutinee = Some(self.condition(part, "match")),
                Rule::arms => arms = self.arms(part),
                Rule::misplaced_arms => {
                    self.report_misplaced_brace(part.as_span().start());
                    for inner in part.into_inner() {
                        arms = self.arms(inner);
                    }
                }
                Rule::missing_block => {
                    let at = part.as_span().start();
                    self.report_missing_arms(at);
                }
                _ => {}
            }
        }
        ExprKind::Match {
            scrutinee: Box::new(scrutinee.unwrap_or_else(|| self.error_expr(whole))),
            arms,
        }
    }

    fn arms(&mut self, pair: Node<'t>) -> Vec<Arm> {
        let mut arms = Vec::new();
        for part in pair.into_inner() {
            arms.extend(self.apart(|b| b.arm(part)));
        }
        arms
    }

    fn arm(&mut self, pair: Node<'t>) -> Option<Arm> {
        let span = self.span(&pair);
        let (mut pattern, mut guard, mut body) = (None, None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::alternatives | Rule::missing_pattern => {
                    pattern = Some(self.pattern(part, true, "a pattern"));
                }
                Rule::guard => guard = Some(self.only_expr(part)),
                // With a guard of which nothing is known no arm below it is said to be out of reach.
                Rule::arm_junk => {
                    self.report_arm_junk(&part);
                    guard = guard.or_else(|| Some(self.error_expr(span.at_end())));
                }
                Rule::missing_arrow => {
                    let at = part.as_span().start();
                    self.report_missing_arrow(at);
                    guard = guard.or_else(|| Some(self.error_expr(span.at_end())));
                }
                Rule::stray => {
                    self.report_unexpected(&part);
                    self.blocks_in_junk(part);
                }
                _ => body = Some(self.arm_body(part)),
            }
        }
        Some(Arm {
            span,
            pattern: pattern?,
            guard,
            body: body.unwrap_or_else(|| self.error_expr(span.at_end())),
        })
    }

    pub(super) fn try_expr(&mut self, pair: Node<'t>) -> ExprKind {
        let whole = self.span(&pair);
        let (mut body, mut error, mut handler) = (None, None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::kw_try | Rule::kw_catch => {}
                Rule::name => error = Some(self.ident(&part, "a name")),
                Rule::head_junk => self.report_head_junk(&part, "catch"),
                Rule::missing_catch => self.report_missing_catch(part.as_span().start()),
                _ if body.is_none() => body = Some(self.body_block(part, "`try`")),
                _ => handler = Some(self.body_block(part, "`catch`")),
            }
        }
        ExprKind::Try {
            body: body.unwrap_or_else(|| self.empty_block(whole)),
            error,
            handler: handler.unwrap_or_else(|| self.empty_block(whole.at_end())),
        }
    }

    pub(super) fn fail_expr(&mut self, pair: Node<'t>) -> ExprKind {
        let whole = self.span(&pair);
        let (mut message, mut retry) = (None, None);
        for part in pair.into_inner() {
            if !matches!(part.as_rule(), Rule::expr | Rule::missing_expr) {
                continue;
            }
            let value = Box::new(self.expr(part));
            if message.is_none() {
                message = Some(value);
            } else {
                retry = Some(value);
            }
        }
        ExprKind::Fail {
            message: message.unwrap_or_else(|| Box::new(self.error_expr(whole.at_end()))),
            retry,
        }
    }

    pub(super) fn run_expr(&mut self, pair: Node<'t>) -> ExprKind {
        let mut call = None;
        let mut replacements = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::run_call => call = Some(self.climb(&mut part.into_inner().peekable(), 0)),
                Rule::replacement => replacements.extend(self.apart(|b| b.replacement(part))),
                _ => {}
            }
        }
        match call {
            Some(call) => ExprKind::Run {
                call: Box::new(call),
                replacements,
            },
            None => ExprKind::Error,
        }
    }

    fn replacement(&mut self, pair: Node<'t>) -> Option<(Ident, Expr)> {
        let (mut name, mut value) = (None, None);
        for part in pair.into_inner() {
            let at = part.as_span().start();
            match part.as_rule() {
                Rule::wrong_assign => {}
                Rule::missing_value => self.report_missing("`=` and a closure", at),
                Rule::expr | Rule::missing_expr => value = Some(self.expr(part)),
                _ => name = Some(self.ident(&part, "the op's name")),
            }
        }
        let name = name?;
        let value = value.unwrap_or_else(|| self.error_expr(name.span.at_end()));
        Some((name, value))
    }
}
