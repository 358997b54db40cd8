//! Operators.

use dynop_base::codes::types;
use dynop_base::{Applicability, Diagnostic, Edit, Span};
use dynop_syntax::ast::{self, BinaryOp, UnaryOp};

use super::expressions::made;
use super::literals::int_range;
use super::{Ability, BodyChecker, Origin};
use crate::hir::{Expr, ExprKind};
use crate::ty::Ty;

impl BodyChecker<'_, '_> {
    pub(super) fn unary(
        &mut self,
        op: UnaryOp,
        operand: &ast::Expr,
        hint: Option<&Ty>,
        span: Span,
    ) -> Expr {
        match op {
            UnaryOp::Not => {
                let operand = self.check(operand, &Ty::Bool, Origin::Rule("`not` takes a `Bool`"));
                made(ExprKind::Unary(op, Box::new(operand)), Ty::Bool, span)
            }
            UnaryOp::Neg => {
                if let Some(value) = negative_literal(operand) {
                    return match value {
                        Some(value) => made(ExprKind::Int(value), Ty::Int, span),
                        None => {
                            self.report(int_range(span));
                            self.error_expr(span)
                        }
                    };
                }
                let operand = self.expr(operand, hint);
                let ty = self.infer.shallow(&operand.ty);
                match ty {
                    Ty::Error | Ty::Never => operand,
                    Ty::Infer(_) => {
                        self.put_negation_off(span, &ty, operand.span);
                        made(ExprKind::Unary(op, Box::new(operand)), ty, span)
                    }
                    _ if can_be_negated(&ty) => {
                        made(ExprKind::Unary(op, Box::new(operand)), ty, span)
                    }
                    _ => {
                        self.no_negation(span, &ty, operand.span);
                        self.error_expr(span)
                    }
                }
            }
        }
    }

    pub(super) fn binary(
        &mut self,
        op: BinaryOp,
        op_span: Span,
        left: &ast::Expr,
        right: &ast::Expr,
        hint: Option<&Ty>,
        span: Span,
    ) -> Expr {
        match op {
            BinaryOp::And | BinaryOp::Or => {
                let rule = Origin::Rule(if op == BinaryOp::And {
                    "`and` takes two `Bool`s"
                } else {
                    "`or` takes two `Bool`s"
                });
                let first = self.check(left, &Ty::Bool, rule);
                let right = self.knowing(left, op == BinaryOp::And, |checker| {
                    checker.check(right, &Ty::Bool, rule)
                });
                binary(op, first, right, Ty::Bool, span)
            }
            BinaryOp::Coalesce => self.coalesce(left, right, hint, span),
            BinaryOp::Eq
            | BinaryOp::Ne
            | BinaryOp::Lt
            | BinaryOp::Le
            | BinaryOp::Gt
            | BinaryOp::Ge => self.comparison(op, left, right, span),
            _ => self.arithmetic(op, op_span, left, right, hint, span),
        }
    }

    fn coalesce(
        &mut self,
        left: &ast::Expr,
        right: &ast::Expr,
        hint: Option<&Ty>,
        span: Span,
    ) -> Expr {
        let wanted = hint.map(|hint| match self.infer.shallow(hint) {
            Ty::Option(_) => hint.clone(),
            other => Ty::option(other),
        });
        let left = self.whole(left, wanted.as_ref());
        let item = match self.infer.shallow(&left.ty) {
            Ty::Option(item) => (*item).clone(),
            Ty::Error | Ty::Never => {
                self.expr(right, hint);
                return self.error_expr(span);
            }
            Ty::Infer(_) => {
                let item = self.infer.fresh(left.span);
                self.infer.unify(&left.ty, &Ty::option(item.clone()));
                item
            }
            other => {
                let text = self.show(&other);
                self.report(
                    Diagnostic::new(
                        &types::OPERATOR,
                        left.span,
                        format!("`??` takes an option on its left, found a `{text}`"),
                    )
                    .here(format!("a `{text}` is always there"))
                    .help("take `??` and what follows it away"),
                );
                self.expr(right, Some(&other));
                return self.error_expr(span);
            }
        };
        let right = self.expr_for(right, &item);
        let found = self.infer.shallow(&right.ty);
        // `a ?? b` where `b` may be missing too.
        let (ty, right) = if matches!(found, Ty::Option(_)) && self.infer.unify(&found, &left.ty) {
            (left.ty.clone(), right)
        } else {
            let origin = Origin::Operand(left.span);
            (item.clone(), self.coerce(right, &item, origin))
        };
        binary(BinaryOp::Coalesce, left, right, ty, span)
    }

    /// An expression for which a type is welcome: a text literal becomes a `Path` where that is one.
    pub(super) fn expr_for(&mut self, expr: &ast::Expr, welcome: &Ty) -> Expr {
        if super::coerce::text_literal(expr) && self.wants_path(welcome) {
            return self.check(expr, &Ty::Path, Origin::Unknown);
        }
        self.expr(expr, Some(welcome))
    }

    fn comparison(
        &mut self,
        op: BinaryOp,
        left: &ast::Expr,
        right: &ast::Expr,
        span: Span,
    ) -> Expr {
        if let ast::ExprKind::None = right.kind {
            let left = self.compared_with_none(left);
            let right = self.expr(right, Some(&left.ty.clone()));
            return self.compare(op, left, right, span);
        }
        // A literal takes the type of the other side: `"a" == path`, `none == x`.
        let flexible = |expr: &ast::Expr| {
            super::coerce::text_literal(expr) || matches!(expr.kind, ast::ExprKind::None)
        };
        let (left, right) = if flexible(left) && !flexible(right) {
            let right = self.whole(right, None);
            let left = self.expr_for(left, &right.ty.clone());
            (left, right)
        } else {
            let left = self.expr(left, None);
            let right = self.expr_for(right, &left.ty.clone());
            (left, right)
        };
        self.compare(op, left, right, span)
    }

    fn compare(&mut self, op: BinaryOp, left: Expr, right: Expr, span: Span) -> Expr {
        let Some((left, right)) = self.same(op, left, right) else {
            return self.error_expr(span);
        };
        let ability = match op {
            BinaryOp::Eq | BinaryOp::Ne => Ability::Equal,
            _ => Ability::Order,
        };
        let ty = left.ty.clone();
        self.require(&ty, ability, span);
        binary(op, left, right, Ty::Bool, span)
    }

    /// Two operands as one type; a plain one beside an option is wrapped.
    fn same(&mut self, op: BinaryOp, left: Expr, right: Expr) -> Option<(Expr, Expr)> {
        let (l, r) = (self.infer.shallow(&left.ty), self.infer.shallow(&right.ty));
        if l == Ty::Error || r == Ty::Error {
            return None;
        }
        if l == Ty::Never || r == Ty::Never || self.infer.unify(&l, &r) {
            return Some((left, right));
        }
        let order = !matches!(op, BinaryOp::Eq | BinaryOp::Ne);
        match (&l, &r) {
            (Ty::Option(inner), _) if !order && self.infer.fits(inner, &r) => {
                let right = self.coerce(right, &l, Origin::Unknown);
                Some((left, right))
            }
            (_, Ty::Option(inner)) if !order && self.infer.fits(inner, &l) => {
                let left = self.coerce(left, &r, Origin::Unknown);
                Some((left, right))
            }
            _ => {
                self.operand_mismatch(op, &left, &right);
                None
            }
        }
    }

    fn operand_mismatch(&mut self, op: BinaryOp, left: &Expr, right: &Expr) {
        let (l, r) = (self.show(&left.ty), self.show(&right.ty));
        let span = left.span.to(right.span);
        let message = format!(
            "`{}` takes two values of one type, found a `{l}` and a `{r}`",
            op.text()
        );
        let diagnostic = Diagnostic::new(&types::MISMATCH, right.span, message)
            .here(format!("this is a `{r}`"))
            .label(left.span, format!("this is a `{l}`"));
        let (l, r) = (self.infer.resolve(&left.ty), self.infer.resolve(&right.ty));
        let literal = |expr: &Expr| matches!(expr.kind, ExprKind::Int(_));
        let diagnostic = match (&l, &r) {
            (Ty::Int, Ty::Float) if literal(left) => float_literal(diagnostic, left.span),
            (Ty::Float, Ty::Int) if literal(right) => float_literal(diagnostic, right.span),
            (Ty::Int, Ty::Float) | (Ty::Float, Ty::Int) => {
                diagnostic.help("convert the `Int` with `.to_float()`")
            }
            (Ty::Path, Ty::Str) if op == BinaryOp::Div => diagnostic
                .help("what lies in a folder is `folder.join(\"name\")`")
                .fix_all(
                    "join the path",
                    called(left.span, "join", right.span),
                    Applicability::Certain,
                ),
            (Ty::Path, Ty::Str) if op == BinaryOp::Add => diagnostic.help(
                "what lies in a folder is `folder.join(\"name\")`; a longer name is an f-string: `f\"{a}{b}\"`",
            ),
            (Ty::Str, Ty::Int) if op == BinaryOp::Mul => diagnostic
                .help("a text several times is `text.repeat(n)`")
                .fix_all(
                    "repeat it",
                    called(left.span, "repeat", right.span),
                    Applicability::Certain,
                ),
            (Ty::Str, _) | (_, Ty::Str) if op == BinaryOp::Add => {
                diagnostic.help("put the values into one text with an f-string: `f\"{a}{b}\"`")
            }
            (Ty::Option(inner), other) | (other, Ty::Option(inner)) if **inner == *other => {
                diagnostic
                    .note("the value may be `none`")
                    .help("give a default with `?? …`, or take it apart with `match`")
            }
            (Ty::Bool, _) | (_, Ty::Bool) => {
                diagnostic.help("a comparison gives a `Bool`: join two of them with `and` or `or`")
            }
            (Ty::Str, Ty::Int | Ty::Float) | (Ty::Int | Ty::Float, Ty::Str) => diagnostic
                .help("read the number in the text first: `x.parse_int()` or `x.parse_float()`"),
            (Ty::Enum(id, _), _) if self.cx.program.json == Some(*id) => {
                json_made(diagnostic, right.span, &r)
            }
            (_, Ty::Enum(id, _)) if self.cx.program.json == Some(*id) => {
                json_made(diagnostic, left.span, &l)
            }
            _ => diagnostic.help(format!(
                "make a `{}` of one of the two, or compare and join parts of one type",
                self.cx.show(&l)
            )),
        };
        debug_assert!(span.start <= span.end);
        self.report(diagnostic);
    }

    fn arithmetic(
        &mut self,
        op: BinaryOp,
        op_span: Span,
        left: &ast::Expr,
        right: &ast::Expr,
        hint: Option<&Ty>,
        span: Span,
    ) -> Expr {
        let left = self.expr(left, hint);
        let right = self.expr(right, Some(&left.ty.clone()));
        let (left, right) = match self.measure(op, left, right, span) {
            Ok(made) => return made,
            Err(operands) => *operands,
        };
        let Some((left, right)) = self.same(op, left, right) else {
            return self.error_expr(span);
        };
        let ty = match self.infer.shallow(&left.ty) {
            Ty::Never => self.infer.shallow(&right.ty),
            ty => ty,
        };
        if let Ty::Infer(_) = ty {
            self.put_off(op, op_span, &ty, [left.span, right.span]);
            return binary(op, left, right, ty, span);
        }
        if exists(op, &ty) || ty == Ty::Never {
            return binary(op, left, right, ty, span);
        }
        self.no_operator(op, op_span, &ty, [left.span, right.span]);
        self.error_expr(span)
    }

    pub(super) fn no_negation(&mut self, span: Span, ty: &Ty, operand: Span) {
        let text = self.show(ty);
        self.report(
            Diagnostic::new(
                &types::OPERATOR,
                span,
                format!("`-` does not exist for a `{text}`"),
            )
            .here("only an `Int`, a `Float` or a `Duration` can be negated")
            .label(operand, format!("this is a `{text}`"))
            .help("negate a number; the opposite of a `Bool` is `not x`"),
        );
    }

    pub(super) fn no_operator(
        &mut self,
        op: BinaryOp,
        op_span: Span,
        ty: &Ty,
        [left, right]: [Span; 2],
    ) {
        let text = self.show(ty);
        let diagnostic = Diagnostic::new(
            &types::OPERATOR,
            op_span,
            format!("`{}` does not exist for a `{text}`", op.text()),
        )
        .here("no such operator")
        .label(left, format!("this is a `{text}`"))
        .label(right, format!("this is a `{text}`"));
        let diagnostic = match (op, ty) {
            (BinaryOp::Add, Ty::List(_)) => diagnostic
                .help("two lists are joined with spreads: `[..a, ..b]`, or `a.extend(b)` in place"),
            (BinaryOp::Add, Ty::Path) | (BinaryOp::Div, Ty::Path) => diagnostic.help(
                "a path within another is `folder.join(path.to_str())`, or an f-string: `f\"{a}/{b}\"`",
            ),
            (_, Ty::Option(_)) => diagnostic.help("give a default with `?? …` first"),
            (BinaryOp::BitOr | BinaryOp::BitAnd, Ty::Bool) => {
                diagnostic.help("for `Bool`s write `and`, `or`")
            }
            (BinaryOp::Add, _) => {
                diagnostic.help("`+` takes two `Int`s, two `Float`s or two `Str`s")
            }
            (
                BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div | BinaryOp::Rem | BinaryOp::Pow,
                _,
            ) => diagnostic.help(format!("`{}` takes two `Int`s or two `Float`s", op.text())),
            _ => diagnostic.help(format!("`{}` takes two `Int`s", op.text())),
        };
        self.report(diagnostic);
    }
}

/// Whether an operator other than a comparison takes two values of a type.
pub(super) fn exists(op: BinaryOp, ty: &Ty) -> bool {
    match op {
        BinaryOp::Add => matches!(ty, Ty::Int | Ty::Float | Ty::Str),
        BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div | BinaryOp::Rem | BinaryOp::Pow => {
            matches!(ty, Ty::Int | Ty::Float)
        }
        _ => *ty == Ty::Int,
    }
}

/// Whether `-` takes a value of a type.
pub(super) fn can_be_negated(ty: &Ty) -> bool {
    matches!(ty, Ty::Int | Ty::Float | Ty::Duration)
}

/// Makes the other operand a `Json` too.
fn json_made(diagnostic: Diagnostic, other: Span, ty: &Ty) -> Diagnostic {
    let function = match ty {
        Ty::Str => "Json.Str",
        Ty::Int => "Json.Int",
        Ty::Float => "Json.Float",
        Ty::Bool => "Json.Bool",
        _ => "json.encode",
    };
    let edit = |span, text: String| Edit { span, text };
    diagnostic.fix_all(
        "make a `Json` of it as well",
        vec![
            edit(other.at_start(), format!("{function}(")),
            edit(other.at_end(), ")".into()),
        ],
        Applicability::Certain,
    )
}

/// `left op right` as `left.method(right)`.
fn called(left: Span, method: &str, right: Span) -> Vec<Edit> {
    let between = Span {
        start: left.end,
        end: right.start,
        ..left
    };
    vec![
        Edit {
            span: between,
            text: format!(".{method}("),
        },
        Edit {
            span: right.at_end(),
            text: ")".into(),
        },
    ]
}

fn float_literal(diagnostic: Diagnostic, literal: Span) -> Diagnostic {
    diagnostic
        .help("an integer literal is no `Float`: write it with a fraction")
        .fix("add `.0`", literal.at_end(), ".0", Applicability::Certain)
}

/// `-literal`: `Some(None)` if it is out of range.
fn negative_literal(operand: &ast::Expr) -> Option<Option<i64>> {
    match operand.kind {
        ast::ExprKind::Int(value) => Some(0i64.checked_sub_unsigned(value)),
        _ => None,
    }
}

fn binary(op: BinaryOp, left: Expr, right: Expr, ty: Ty, span: Span) -> Expr {
    made(
        ExprKind::Binary(op, Box::new(left), Box::new(right)),
        ty,
        span,
    )
}
