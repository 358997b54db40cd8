//! Blocks: statements, the value at the end, and what is never reached.

use dynop_base::codes::types;
use dynop_base::{Diagnostic, Span};
use dynop_syntax::ast::{self, Block, StmtKind};

use super::{BodyChecker, Origin};
use crate::hir::{BinaryOp, Expr, ExprKind, Stmt};
use crate::ty::Ty;

/// What is done with the value of a block.
#[derive(Clone, Copy)]
pub(super) enum Wanted<'t> {
    /// It must fit a type.
    Type(&'t Ty, Origin),
    /// It is whatever it is.
    Any(Option<&'t Ty>),
    /// It is dropped: the last expression is a statement like the others.
    Nothing,
}

impl BodyChecker<'_, '_> {
    /// The block of a function, which gives its result.
    pub(super) fn function_block(&mut self, block: &Block, result: &Ty, origin: Origin) -> Expr {
        if *result == Ty::Unit {
            return self.block(block, Wanted::Nothing);
        }
        self.block(block, Wanted::Type(result, origin))
    }

    /// A block in a scope of its own.
    pub(super) fn block(&mut self, block: &Block, wanted: Wanted<'_>) -> Expr {
        let scope = self.open_scope();
        let expr = self.open_block(block, wanted);
        self.close_scope(scope);
        expr
    }

    /// A block whose scope the caller has opened.
    pub(super) fn open_block(&mut self, block: &Block, wanted: Wanted<'_>) -> Expr {
        let (last, before) = match (block.stmts.split_last(), wanted) {
            (_, Wanted::Nothing) | (None, _) => (None, block.stmts.as_slice()),
            (Some((last, before)), _) => match &last.kind {
                StmtKind::Expr(expr) => (Some(expr), before),
                _ => (None, block.stmts.as_slice()),
            },
        };
        let mut stmts = Vec::with_capacity(before.len());
        let mut diverges = false;
        let mut warned = false;
        let mut broken = false;
        let mut narrowed = Vec::new();
        for stmt in before {
            if diverges && !warned {
                self.unreachable(stmt.span);
                warned = true;
            }
            let written = stmt;
            if let Some(stmt) = self.statement(stmt) {
                diverges |= self.stmt_diverges(&stmt);
                narrowed.extend(self.known_after(written, &stmt));
                stmts.push(stmt);
            } else {
                broken = true;
            }
        }
        if let (true, false, Some(last)) = (diverges, warned, last) {
            self.unreachable(last.span);
        }
        let value = last.map(|last| match wanted {
            Wanted::Type(ty, origin) => self.check(last, ty, origin),
            Wanted::Any(hint) => self.expr(last, hint),
            Wanted::Nothing => self.expr(last, None),
        });
        self.widen(narrowed);
        let ty = match (&value, wanted) {
            _ if diverges => Ty::Never,
            (Some(value), _) => value.ty.clone(),
            (None, Wanted::Type(..) | Wanted::Any(_)) if broken => Ty::Error,
            (None, Wanted::Type(ty, origin)) => self.no_value(block, ty, origin),
            (None, _) => Ty::Unit,
        };
        Expr {
            kind: ExprKind::Block {
                stmts,
                value: value.map(Box::new),
            },
            ty,
            span: block.span,
        }
    }

    fn stmt_diverges(&self, stmt: &Stmt) -> bool {
        use crate::hir::StmtKind as Kind;
        match &stmt.kind {
            Kind::Expr(expr) | Kind::Let { value: expr, .. } => {
                self.infer.shallow(&expr.ty) == Ty::Never
            }
            // `x ??= fail "no x"` goes on where there is an `x`.
            Kind::Assign {
                op: Some(BinaryOp::Coalesce),
                ..
            } => false,
            Kind::Assign { value, .. } => value.ty == Ty::Never,
            Kind::While { condition, body } => {
                matches!(condition.kind, ExprKind::Bool(true)) && !has_break(body)
            }
            _ => false,
        }
    }

    fn unreachable(&mut self, span: Span) {
        if !self.in_std() {
            self.report(
                Diagnostic::new(&types::UNREACHABLE, span, "this is never reached")
                    .here("what stands before it never comes to an end")
                    .help("remove it, or write it above what leaves the block")
                    .fix("remove it", span, "", dynop_base::Applicability::Maybe),
            );
        }
    }

    /// A block that ends in a statement where a value is owed.
    fn no_value(&mut self, block: &Block, wanted: &Ty, origin: Origin) -> Ty {
        let wanted = self.infer.shallow(wanted);
        match wanted {
            Ty::Unit | Ty::Error => return wanted,
            Ty::Infer(_) => {
                self.infer.unify(&wanted, &Ty::Unit);
                return Ty::Unit;
            }
            _ => {}
        }
        let text = self.show(&wanted);
        let mut end = block.span.at_end();
        end.start = end.start.saturating_sub(1).max(block.span.start);
        let subject = match origin {
            Origin::Result(id) => format!("the body of `{}`", self.cx.function(id).name),
            _ => "this block".to_string(),
        };
        let diagnostic = Diagnostic::new(
            &types::MISSING_VALUE,
            end,
            format!("{subject} ends without its value, a `{text}`"),
        )
        .here(format!("a `{text}` is wanted before this"));
        let diagnostic = self.origin_label(diagnostic, origin, &text);
        let diagnostic = match block.stmts.last().map(|stmt| &stmt.kind) {
            Some(StmtKind::For { .. } | StmtKind::While { .. }) => {
                diagnostic.note("a loop gives no value, and may end without having returned")
            }
            Some(StmtKind::Let { .. } | StmtKind::Assign { .. }) => {
                diagnostic.help("end the block with the value: name the variable on a last line")
            }
            _ => diagnostic,
        };
        let diagnostic = match wanted {
            Ty::List(item) if matches!(&*item, Ty::Dynamic(_)) => diagnostic
                .help("yield its items, `yield DynamicOutput(v, mapping_key: k)`, or end with a list of them"),
            _ => diagnostic,
        };
        self.report(diagnostic);
        Ty::Error
    }

    /// An expression as a statement: its value is dropped.
    pub(super) fn dropped(&mut self, expr: &ast::Expr) -> Expr {
        match &expr.kind {
            ast::ExprKind::If {
                condition,
                then,
                otherwise,
            } => self.if_dropped(expr, condition, then, otherwise.as_deref()),
            ast::ExprKind::Match { scrutinee, arms } => self.match_dropped(expr, scrutinee, arms),
            ast::ExprKind::Block(block) => self.block(block, Wanted::Nothing),
            ast::ExprKind::Try {
                body,
                error,
                handler,
            } => self.try_dropped(expr, body, *error, handler),
            ast::ExprKind::Paren(inner) => self.dropped(inner),
            _ => {
                let value = self.expr(expr, None);
                self.check_dropped(expr, &value);
                value
            }
        }
    }

    fn check_dropped(&mut self, expr: &ast::Expr, value: &Expr) {
        let ty = self.infer.shallow(&value.ty);
        if matches!(ty, Ty::Unit | Ty::Never | Ty::Error)
            || matches!(
                expr.kind,
                ast::ExprKind::Call { .. } | ast::ExprKind::Shell(_)
            )
        {
            return;
        }
        let diagnostic = Diagnostic::new(
            &types::UNUSED_VALUE,
            expr.span,
            "the value of this expression is not used",
        )
        .here(format!("a `{}` that nothing takes", self.show(&ty)));
        let diagnostic = match &expr.kind {
            ast::ExprKind::Binary {
                op: ast::BinaryOp::Eq,
                op_span,
                ..
            } => diagnostic.help("`==` compares; to assign write `=`").fix(
                "assign",
                *op_span,
                "=",
                dynop_base::Applicability::Maybe,
            ),
            _ => diagnostic.help("bind it with `let`, or take it away; a function's result is its last line, and must be declared"),
        };
        self.report(diagnostic);
    }
}

/// Whether a loop's body breaks out of it.
fn has_break(body: &Expr) -> bool {
    crate::walk::any_in_loop(body, &mut |expr| matches!(expr.kind, ExprKind::Break))
}
