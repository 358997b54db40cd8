//! Expressions: [`BodyChecker::expr`] finds a type, [`BodyChecker::check`] holds against one.

use dynop_base::Span;
use dynop_syntax::ast::{self, ExprKind as Kind};

use super::blocks::Wanted;
use super::{BodyChecker, Mode, Origin};
use crate::hir::{Expr, ExprKind};
use crate::substitute::measure;
use crate::ty::Ty;
use crate::types::{LARGEST_TYPE, too_large};

impl BodyChecker<'_, '_> {
    /// Checks an expression that must be an `expected`; where it is not, what comes back is an error node.
    pub fn check(&mut self, expr: &ast::Expr, expected: &Ty, origin: Origin) -> Expr {
        match &expr.kind {
            Kind::Paren(inner) => self.check(inner, expected, origin),
            Kind::If {
                condition,
                then,
                otherwise,
            } => self.if_value(
                expr,
                condition,
                then,
                otherwise.as_deref(),
                Wanted::Type(expected, origin),
            ),
            Kind::Match { scrutinee, arms } => {
                self.match_value(expr, scrutinee, arms, Wanted::Type(expected, origin))
            }
            Kind::Block(block) => self.block(block, Wanted::Type(expected, origin)),
            Kind::Try {
                body,
                error,
                handler,
            } => self.try_value(expr, body, *error, handler, Wanted::Type(expected, origin)),
            Kind::Str(_) | Kind::FString(_) if self.wants_path(expected) => {
                let mut text = self.expr(expr, None);
                if text.ty == Ty::Str {
                    text.ty = Ty::Path;
                }
                self.coerce(text, expected, origin)
            }
            Kind::Shell(parts) if self.wants_command(expected) => {
                self.shell_command(parts, expr.span)
            }
            _ => {
                let value = self.expr(expr, Some(expected));
                self.coerce(value, expected, origin)
            }
        }
    }

    /// Whether a text literal is to be a `Path`: where a `Path` or an optional one is wanted.
    pub(super) fn wants_path(&self, expected: &Ty) -> bool {
        let mut expected = self.infer.shallow(expected);
        while let Ty::Option(inner) = expected {
            expected = self.infer.shallow(&inner);
        }
        expected == Ty::Path
    }

    /// Checks an expression and finds its type. `hint` is what would be welcome; nothing is held against it.
    pub fn expr(&mut self, expr: &ast::Expr, hint: Option<&Ty>) -> Expr {
        if let Some(diagnostic) = self.refused(expr) {
            self.report(diagnostic);
            return self.error_expr(expr.span);
        }
        let value = self.expr_inner(expr, hint);
        self.note_type(expr.span, &value.ty);
        if measure(&value.ty, LARGEST_TYPE) > LARGEST_TYPE {
            self.report(too_large(expr.span));
            return self.error_expr(expr.span);
        }
        value
    }

    fn expr_inner(&mut self, expr: &ast::Expr, hint: Option<&Ty>) -> Expr {
        let span = expr.span;
        match &expr.kind {
            Kind::Int(value) | Kind::Size(value) => self.int(*value, span),
            Kind::Float(value) => made(ExprKind::Float(*value), Ty::Float, span),
            Kind::Bool(value) => made(ExprKind::Bool(*value), Ty::Bool, span),
            Kind::Str(text) => made(ExprKind::Str(text.as_str().into()), Ty::Str, span),
            Kind::FString(parts) => self.f_string(parts, span),
            Kind::Bytes(bytes) => made(ExprKind::Bytes(bytes.as_slice().into()), Ty::Bytes, span),
            Kind::Duration(nanoseconds) => made(
                ExprKind::Duration(i64::try_from(*nanoseconds).unwrap_or(i64::MAX)),
                Ty::Duration,
                span,
            ),
            Kind::None => self.none(hint, span),
            Kind::Name(name) => self.name(*name, span, hint),
            Kind::Paren(inner) => self.expr(inner, hint),
            Kind::Tuple(fields) => self.tuple(fields, hint, span),
            Kind::List(elements) => self.list(elements, hint, span),
            Kind::Map(entries) => self.map(entries, hint, span),
            Kind::Field {
                base,
                name,
                optional,
            } => self.field(base, *name, *optional, hint, span),
            Kind::Call {
                callee,
                type_args,
                args,
                args_span,
            } => self.call(callee, type_args, args, *args_span, hint, span),
            Kind::Index { base, index } => self.index(base, index, span),
            Kind::Unary { op, operand } => self.unary(*op, operand, hint, span),
            Kind::Binary {
                op,
                op_span,
                left,
                right,
            } => self.binary(*op, *op_span, left, right, hint, span),
            Kind::Range {
                start,
                end,
                inclusive,
            } => self.range(start, end, *inclusive, span),
            Kind::Closure { params, body } => self.closure(params, body, hint, span),
            Kind::If {
                condition,
                then,
                otherwise,
            } => self.if_value(
                expr,
                condition,
                then,
                otherwise.as_deref(),
                Wanted::Any(hint),
            ),
            Kind::Match { scrutinee, arms } => {
                self.match_value(expr, scrutinee, arms, Wanted::Any(hint))
            }
            Kind::Block(block) => self.block(block, Wanted::Any(hint)),
            Kind::Try {
                body,
                error,
                handler,
            } => self.try_value(expr, body, *error, handler, Wanted::Any(hint)),
            Kind::Fail { message, retry } => self.fail(message, retry.as_deref(), span),
            Kind::Return(value) => self.return_value(value.as_deref(), span),
            Kind::Break => self.jump(ExprKind::Break, "break", span),
            Kind::Continue => self.jump(ExprKind::Continue, "continue", span),
            Kind::As { value, .. } => self.stray_as(value, span),
            Kind::Run { call, replacements } => self.run_job(call, replacements, span),
            Kind::Shell(parts) => self.shell_output(parts, span),
            Kind::Error => self.error_expr(span),
        }
    }

    /// Why an expression may not stand here at all.
    fn refused(&self, expr: &ast::Expr) -> Option<dynop_base::Diagnostic> {
        if self.mode == Mode::Constant
            && let Some(what) = not_constant(expr)
        {
            return Some(
                dynop_base::Diagnostic::new(
                    &dynop_base::codes::types::NOT_CONSTANT,
                    expr.span,
                    format!("{what} can't stand in a constant expression"),
                )
                .here("computed only while the program runs")
                .note("constants and defaults are known when the program is built: literals, operators, other constants, and lists, maps, tuples and structs of them")
                .help("write its value itself, or compute it in the body of the `fn` or `op` that uses it"),
            );
        }
        None
    }
}

/// What an expression is that no constant may hold.
fn not_constant(expr: &ast::Expr) -> Option<&'static str> {
    Some(match &expr.kind {
        Kind::Closure { .. } => "a closure",
        Kind::Match { .. } => "a `match`",
        Kind::Try { .. } => "a `try`",
        Kind::Fail { .. } => "a `fail`",
        Kind::Return(_) => "a `return`",
        Kind::Break | Kind::Continue => "a jump",
        Kind::Block(_) => "a block",
        Kind::If { .. } => "an `if`",
        Kind::Shell(_) => "a shell command",
        Kind::Run { .. } => "a `run`",
        _ => return None,
    })
}

/// A typed expression.
pub(super) fn made(kind: ExprKind, ty: Ty, span: Span) -> Expr {
    Expr { kind, ty, span }
}
