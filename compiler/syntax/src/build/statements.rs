//! Blocks and statements.

use super::{Builder, Node};
use crate::ast::{BinaryOp, Block, Expr, ExprKind, Pattern, Stmt, StmtKind, Type};
use crate::grammar::Rule;

impl<'t> Builder<'t> {
    /// A `block`.
    pub(super) fn block(&mut self, pair: Node<'t>) -> Block {
        let span = self.span(&pair);
        let mut stmts = Vec::new();
        for part in pair.into_inner() {
            self.apart(|b| stmts.push(b.stmt(part)));
        }
        Block { span, stmts }
    }

    /// A block that must be there: `block`, `misplaced_block` or `missing_block`. `after` says what it belongs to.
    pub(super) fn body_block(&mut self, pair: Node<'t>, after: &str) -> Block {
        let span = self.span(&pair);
        match pair.as_rule() {
            Rule::block => self.block(pair),
            Rule::misplaced_block => {
                self.report_misplaced_brace(span.start as usize);
                match pair.into_inner().next() {
                    Some(block) => self.block(block),
                    None => self.empty_block(span),
                }
            }
            _ => {
                self.report_missing_block(after, span.start as usize);
                self.empty_block(span)
            }
        }
    }

    pub(super) fn empty_block(&self, span: dynop_base::Span) -> Block {
        Block {
            span,
            stmts: Vec::new(),
        }
    }

    /// A `stmt`, with what is left over on its line.
    pub(super) fn stmt(&mut self, pair: Node<'t>) -> Stmt {
        let span = self.span(&pair);
        let mut kind = StmtKind::Error;
        let mut place = span;
        for part in pair.into_inner() {
            if part.as_rule() == Rule::unexpected {
                self.report_unexpected(&part);
                self.blocks_in_junk(part);
            } else {
                place = self.span(&part);
                kind = self.stmt_kind(part);
            }
        }
        Stmt { span: place, kind }
    }

    /// The statements of blocks within what could not be read are read for their own mistakes, but are no part of the tree:
    /// what they use may be declared by the broken part.
    pub(super) fn blocks_in_junk(&mut self, pair: Node<'t>) {
        for part in pair.into_inner() {
            if part.as_rule() == Rule::block {
                let outer = std::mem::replace(&mut self.height, 0);
                self.block(part);
                self.height = outer;
            }
        }
    }

    fn stmt_kind(&mut self, pair: Node<'t>) -> StmtKind {
        match pair.as_rule() {
            Rule::let_stmt => self.let_stmt(pair),
            Rule::for_stmt => self.for_stmt(pair),
            Rule::while_stmt => self.while_stmt(pair),
            Rule::yield_stmt => StmtKind::Yield(self.only_expr(pair)),
            Rule::assert_stmt => StmtKind::Assert(self.only_expr(pair)),
            Rule::expr_stmt => self.expr_stmt(pair),
            Rule::nested_item => {
                self.report_nested_item(&pair);
                for declaration in pair.into_inner() {
                    self.declaration(declaration);
                }
                StmtKind::Error
            }
            _ => StmtKind::Error,
        }
    }

    fn let_stmt(&mut self, pair: Node<'t>) -> StmtKind {
        let whole = self.span(&pair);
        let mut word = "let";
        let mut pattern = None;
        let mut ty: Option<Type> = None;
        let mut value: Option<Expr> = None;
        for part in pair.into_inner() {
            let at = part.as_span().start();
            match part.as_rule() {
                Rule::let_word => word = part.as_str(),
                Rule::pattern | Rule::missing_pattern => {
                    pattern = Some(self.let_pattern(part, word));
                }
                Rule::annotation => ty = part.into_inner().next().map(|ty| self.ty(ty)),
                Rule::let_junk => self.report_let_junk(&part, word, pattern.as_ref()),
                Rule::missing_value => self.report_missing_value(word, at),
                _ => value = Some(self.expr(part)),
            }
        }
        let value = value.unwrap_or_else(|| self.error_expr(whole.at_end()));
        match pattern {
            Some(pattern) => StmtKind::Let {
                var: word == "var",
                pattern,
                ty,
                value,
            },
            None => StmtKind::Error,
        }
    }

    fn let_pattern(&mut self, pair: Node<'t>, word: &str) -> crate::ast::Pattern {
        if pair.as_rule() == Rule::missing_pattern {
            self.report_missing_name(word, pair.as_span().start());
        }
        self.pattern(pair, false, "a name")
    }

    fn for_stmt(&mut self, pair: Node<'t>) -> StmtKind {
        let whole = self.span(&pair);
        let mut pattern = None;
        let mut iterable: Option<Expr> = None;
        let mut body = None;
        for part in pair.into_inner() {
            let at = part.as_span().start();
            match part.as_rule() {
                Rule::kw_for | Rule::kw_in => {}
                Rule::pattern | Rule::missing_pattern => {
                    pattern = Some(self.let_pattern(part, "for"));
                }
                Rule::for_junk => self.report_for_junk(&part),
                Rule::missing_in => self.report_missing_in(at),
                Rule::head_junk => self.report_head_junk(&part, "for"),
                Rule::block | Rule::misplaced_block | Rule::missing_block => {
                    body = Some(self.head_body(part, "the head of `for`", iterable.as_ref()));
                }
                _ => iterable = Some(self.expr(part)),
            }
        }
        let iterable = iterable.unwrap_or_else(|| self.error_expr(whole.at_end()));
        match (pattern, body) {
            (Some(pattern), Some(body)) => StmtKind::For {
                pattern,
                iterable,
                body,
            },
            _ => StmtKind::Error,
        }
    }

    fn while_stmt(&mut self, pair: Node<'t>) -> StmtKind {
        let mut condition = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::condition => condition = Some(self.head(part, "while")),
                Rule::kw_while => {}
                _ => {
                    let Some((pattern, condition)) = condition else {
                        break;
                    };
                    let body = self.head_body(part, "the condition", Some(&condition));
                    return match pattern {
                        Some(pattern) => self.while_let(pattern, condition, body),
                        None => StmtKind::While { condition, body },
                    };
                }
            }
        }
        StmtKind::Error
    }

    /// A `while let`, which does not exist: a loop that ends where the pattern does not match, so that its names are known in
    /// the body.
    fn while_let(&mut self, pattern: Pattern, value: Expr, body: Block) -> StmtKind {
        let span = value.span.to(body.span);
        let (condition, stop) = [ExprKind::Bool(true), ExprKind::Break]
            .map(|kind| Expr {
                id: self.id(),
                span: span.at_end(),
                kind,
            })
            .into();
        let kind = self.matched(pattern, value, body, Some(stop));
        let matched = Expr {
            id: self.id(),
            span,
            kind,
        };
        let body = Block {
            span,
            stmts: vec![Stmt {
                span,
                kind: StmtKind::Expr(matched),
            }],
        };
        StmtKind::While { condition, body }
    }

    /// The block after the head of `for`, `while`, `if`. Where it is missing because the head's expression has taken it,
    /// as in `if x == { … }`, what is missing is an operand.
    pub(super) fn head_body(&mut self, pair: Node<'t>, after: &str, head: Option<&Expr>) -> Block {
        if pair.as_rule() == Rule::missing_block
            && let Some(block) = head.and_then(last_operand_block)
        {
            let span = self.span(&pair);
            self.report_missing_expression(block.start as usize);
            return self.empty_block(span);
        }
        self.body_block(pair, after)
    }

    fn expr_stmt(&mut self, pair: Node<'t>) -> StmtKind {
        let mut inner = pair.into_inner();
        let Some(place) = inner.next().map(|place| self.expr(place)) else {
            return StmtKind::Error;
        };
        let (Some(op), Some(value)) = (inner.next(), inner.next()) else {
            return StmtKind::Expr(place);
        };
        let text = op.as_str();
        if text == ":=" {
            let span = self.span(&op);
            self.report_colon_equals(span, place.span);
        }
        let value = self.expr(value);
        StmtKind::Assign {
            place,
            op: assigning_op(text),
            value,
        }
    }

    /// The statement in an arm of a `match`: the value of the arm, or what belongs into braces.
    pub(super) fn arm_body(&mut self, pair: Node<'t>) -> Expr {
        let span = self.span(&pair);
        match pair.as_rule() {
            Rule::expr | Rule::missing_expr => self.expr(pair),
            rule => {
                let stmt = self.stmt_kind(pair);
                if let StmtKind::Expr(value) = stmt {
                    return value;
                }
                if rule == Rule::expr_stmt || rule == Rule::yield_stmt || rule == Rule::assert_stmt
                {
                    self.report_statement_in_arm(span);
                }
                let stmts = vec![Stmt { span, kind: stmt }];
                self.expr_of(span, ExprKind::Block(Block { span, stmts }), true)
            }
        }
    }

    /// The one expression of a rule that has keywords beside it.
    pub(super) fn only_expr(&mut self, pair: Node<'t>) -> Expr {
        let whole = self.span(&pair);
        for part in pair.into_inner() {
            if matches!(part.as_rule(), Rule::expr | Rule::missing_expr) {
                return self.expr(part);
            }
        }
        self.error_expr(whole.at_end())
    }
}

/// The operator of `+=` and its like.
fn assigning_op(text: &str) -> Option<BinaryOp> {
    Some(match text.strip_suffix('=')? {
        "**" => BinaryOp::Pow,
        "*" => BinaryOp::Mul,
        "/" => BinaryOp::Div,
        "%" => BinaryOp::Rem,
        "+" => BinaryOp::Add,
        "-" => BinaryOp::Sub,
        "<<" => BinaryOp::Shl,
        ">>" => BinaryOp::Shr,
        "&" => BinaryOp::BitAnd,
        "^" => BinaryOp::BitXor,
        "|" => BinaryOp::BitOr,
        "??" => BinaryOp::Coalesce,
        _ => return None,
    })
}

/// The block at the very end of an expression, if it ends in one as an operand.
fn last_operand_block(expr: &Expr) -> Option<dynop_base::Span> {
    let mut expr = expr;
    loop {
        match &expr.kind {
            ExprKind::Block(block) => return Some(block.span),
            ExprKind::Binary { right, .. } => expr = right,
            ExprKind::Unary { operand, .. } => expr = operand,
            ExprKind::Range { end, .. } => expr = end,
            _ => return None,
        }
    }
}
