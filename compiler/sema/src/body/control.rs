//! `if`, `match`, `try`, and the expressions that leave: `fail`, `return`, `break`, `continue`.

use dynop_base::codes::{ops, types};
use dynop_base::{Applicability, Diagnostic, Span};
use dynop_syntax::ast::{self, Block, Ident};

use super::blocks::Wanted;
use super::expressions::made;
use super::{BodyChecker, Bound, Origin};
use crate::hir::{self, Expr, ExprKind, OutputForm};
use crate::ty::Ty;

impl BodyChecker<'_, '_> {
    pub(super) fn if_value(
        &mut self,
        expr: &ast::Expr,
        condition: &ast::Expr,
        then: &Block,
        otherwise: Option<&ast::Expr>,
        wanted: Wanted<'_>,
    ) -> Expr {
        let Some(otherwise) = otherwise else {
            return self.if_alone(expr, condition, then, wanted);
        };
        let checked = self.condition(condition);
        let then = self.knowing(condition, true, |checker| checker.block(then, wanted));
        let otherwise = self.knowing(condition, false, |checker| match wanted {
            Wanted::Type(ty, origin) => checker.check(otherwise, ty, origin),
            Wanted::Any(hint) => checker.expr(otherwise, hint),
            Wanted::Nothing => checker.dropped(otherwise),
        });
        let condition = checked;
        let mut branches = vec![then, otherwise];
        let ty = self.join(&mut branches, "the first branch", wanted);
        let otherwise = branches.pop().map(Box::new);
        let then = branches.pop().unwrap_or_else(|| self.error_expr(expr.span));
        made(
            ExprKind::If {
                condition: Box::new(condition),
                then: Box::new(then),
                otherwise,
            },
            ty,
            expr.span,
        )
    }

    /// An `if` without `else`, whose value can only be `()`.
    fn if_alone(
        &mut self,
        expr: &ast::Expr,
        condition: &ast::Expr,
        then: &Block,
        wanted: Wanted<'_>,
    ) -> Expr {
        if let Wanted::Type(ty, origin) = wanted {
            let ty = self.infer.shallow(ty);
            if !matches!(ty, Ty::Unit | Ty::Error | Ty::Infer(_)) {
                let text = self.show(&ty);
                let condition = self.condition(condition);
                self.block(then, Wanted::Type(&ty, origin));
                let diagnostic = Diagnostic::new(
                    &types::MISSING_VALUE,
                    expr.span,
                    format!(
                        "this `if` has no `else`, so it does not always give its value, a `{text}`"
                    ),
                )
                .here("no value if the condition does not hold")
                .label(condition.span, "this condition")
                .help("add an `else` with the value for the other case");
                let diagnostic = self.origin_label(diagnostic, origin, &text);
                self.report(diagnostic);
                return self.error_expr(expr.span);
            }
        }
        self.if_dropped(expr, condition, then, None)
    }

    pub(super) fn if_dropped(
        &mut self,
        expr: &ast::Expr,
        condition: &ast::Expr,
        then: &Block,
        otherwise: Option<&ast::Expr>,
    ) -> Expr {
        let checked = self.condition(condition);
        let then = self.knowing(condition, true, |checker| {
            checker.block(then, Wanted::Nothing)
        });
        let otherwise = otherwise
            .map(|otherwise| self.knowing(condition, false, |checker| checker.dropped(otherwise)));
        let condition = checked;
        let leaves = |expr: &Expr| expr.ty == Ty::Never;
        let ty = match &otherwise {
            Some(otherwise) if leaves(&then) && leaves(otherwise) => Ty::Never,
            _ => Ty::Unit,
        };
        made(
            ExprKind::If {
                condition: Box::new(condition),
                then: Box::new(then),
                otherwise: otherwise.map(Box::new),
            },
            ty,
            expr.span,
        )
    }

    /// One type for several branches. Where no type was given from outside, the first branch that ends gives it; an
    /// option among the branches makes options of all.
    fn join(&mut self, branches: &mut [Expr], first: &'static str, wanted: Wanted<'_>) -> Ty {
        let mut ends = branches
            .iter()
            .map(|branch| (self.infer.shallow(&branch.ty), branch.span))
            .filter(|(ty, _)| *ty != Ty::Never);
        let Some((mut ty, span)) = ends.next() else {
            return Ty::Never;
        };
        match wanted {
            Wanted::Nothing => return Ty::Unit,
            Wanted::Type(wanted, _) => return wanted.clone(),
            Wanted::Any(_) => {}
        }
        if !matches!(ty, Ty::Option(_))
            && let Some((option, _)) = ends.find(|(ty, _)| matches!(ty, Ty::Option(_)))
        {
            ty = option;
        }
        for branch in branches {
            let found = std::mem::replace(branch, self.error_expr(branch.span));
            *branch = self.coerce(found, &ty, Origin::Earlier(first, span));
        }
        ty
    }

    pub(super) fn match_value(
        &mut self,
        expr: &ast::Expr,
        scrutinee: &ast::Expr,
        arms: &[ast::Arm],
        wanted: Wanted<'_>,
    ) -> Expr {
        let options = arms.iter().any(|arm| takes_option(&arm.pattern));
        let scrutinee = if options {
            self.whole(scrutinee, None)
        } else {
            self.expr(scrutinee, None)
        };
        let ty = scrutinee.ty.clone();
        let mut heads = Vec::with_capacity(arms.len());
        let mut broken = false;
        let mut bodies = Vec::with_capacity(arms.len());
        for arm in arms {
            let scope = self.open_scope();
            let before = self.diagnostics.len();
            let pattern = self.pattern(&arm.pattern, &ty, false, Bound::Arm);
            broken |= self.diagnostics.len() > before || is_broken(&arm.pattern);
            let guard = arm.guard.as_ref().map(|guard| self.condition(guard));
            bodies.push(match wanted {
                Wanted::Type(ty, origin) => self.check(&arm.body, ty, origin),
                Wanted::Any(hint) => self.expr(&arm.body, hint),
                Wanted::Nothing => self.dropped(&arm.body),
            });
            self.close_scope(scope);
            heads.push((pattern, guard));
        }
        let result = if bodies.is_empty() {
            Ty::Never
        } else {
            self.join(&mut bodies, "the first arm", wanted)
        };
        let arms: Vec<hir::Arm> = heads
            .into_iter()
            .zip(bodies)
            .map(|((pattern, guard), body)| hir::Arm {
                pattern,
                guard,
                body,
            })
            .collect();
        if !broken {
            self.exhaustive(&scrutinee, &arms, expr.span);
        }
        made(
            ExprKind::Match {
                scrutinee: Box::new(scrutinee),
                arms,
            },
            result,
            expr.span,
        )
    }

    pub(super) fn match_dropped(
        &mut self,
        expr: &ast::Expr,
        scrutinee: &ast::Expr,
        arms: &[ast::Arm],
    ) -> Expr {
        self.match_value(expr, scrutinee, arms, Wanted::Nothing)
    }

    pub(super) fn try_value(
        &mut self,
        expr: &ast::Expr,
        body: &Block,
        error: Option<Ident>,
        handler: &Block,
        wanted: Wanted<'_>,
    ) -> Expr {
        let body = self.block(body, wanted);
        let scope = self.open_scope();
        let caught = error.map(|name| self.bind_failure(name));
        let handler = self.block(handler, wanted);
        self.close_scope(scope);
        let mut branches = vec![body, handler];
        let ty = self.join(&mut branches, "the tried block", wanted);
        let mut handler = branches.pop().unwrap_or_else(|| self.error_expr(expr.span));
        let error = caught.as_ref().map(|(local, _)| *local);
        if let Some((_, Some(bind))) = caught {
            let (ty, span) = (handler.ty.clone(), handler.span);
            let value = Some(Box::new(handler));
            let stmts = vec![bind];
            handler = made(ExprKind::Block { stmts, value }, ty, span);
        }
        let body = branches.pop().unwrap_or_else(|| self.error_expr(expr.span));
        made(
            ExprKind::Try {
                body: Box::new(body),
                error,
                handler: Box::new(handler),
            },
            ty,
            expr.span,
        )
    }

    /// Binds the name behind `catch`: the local that the failure comes in, and the statement that makes a `Failure` of it.
    fn bind_failure(&mut self, name: Ident) -> (hir::LocalId, Option<hir::Stmt>) {
        let Some(id) = self.cx.failure_struct() else {
            return (self.bind(name, failure_type(), false, Bound::Catch), None);
        };
        let span = name.span;
        let caught = self.hidden(failure_type(), span);
        let ty = Ty::Struct(id, [].into());
        let local = self.bind(name, ty.clone(), false, Bound::Catch);
        let fields = self.cx.struct_of(id).fields.iter();
        let values = fields.zip(0..).map(|(field, index)| match index {
            0..3 => {
                let base = Box::new(made(ExprKind::Local(caught), failure_type(), span));
                made(ExprKind::Field { base, index }, Ty::Str, span)
            }
            _ => field
                .default
                .clone()
                .unwrap_or_else(|| made(ExprKind::Str("".into()), Ty::Str, span)),
        });
        let value = made(ExprKind::Aggregate(values.collect()), ty.clone(), span);
        let pattern = hir::Pattern {
            kind: hir::PatternKind::Bind(local),
            ty,
            span,
        };
        let kind = hir::StmtKind::Let { pattern, value };
        (caught, Some(hir::Stmt { kind, span }))
    }

    pub(super) fn try_dropped(
        &mut self,
        expr: &ast::Expr,
        body: &Block,
        error: Option<Ident>,
        handler: &Block,
    ) -> Expr {
        self.try_value(expr, body, error, handler, Wanted::Nothing)
    }

    pub(super) fn fail(
        &mut self,
        message: &ast::Expr,
        retry: Option<&ast::Expr>,
        span: Span,
    ) -> Expr {
        let message = self.check(
            message,
            &Ty::Str,
            Origin::Rule("the message of `fail` is a `Str`"),
        );
        let retry = retry.map(|retry| {
            let rule = Origin::Rule("`retry` is a `Bool`");
            Box::new(self.check(retry, &Ty::Bool, rule))
        });
        made(
            ExprKind::Fail {
                message: Box::new(message),
                retry,
            },
            Ty::Never,
            span,
        )
    }

    pub(super) fn return_value(&mut self, value: Option<&ast::Expr>, span: Span) -> Expr {
        let Some(frame) = self.frames.last() else {
            return self.error_expr(span);
        };
        let (result, origin) = (frame.result.clone(), frame.origin);
        let value = match value {
            Some(value) if self.yields() => {
                self.return_beside_yield(value, span);
                None
            }
            Some(value) => Some(Box::new(self.check(value, &result, origin))),
            None => {
                self.bare_return(&result, origin, span);
                None
            }
        };
        made(ExprKind::Return(value), Ty::Never, span)
    }

    /// Whether `return` here leaves an op that yields.
    fn yields(&self) -> bool {
        self.frames.len() == 1
            && self
                .function
                .is_some_and(|id| self.cx.function(id).outputs.form == OutputForm::Yields)
    }

    fn return_beside_yield(&mut self, value: &ast::Expr, span: Span) {
        let found = self.expr(value, None);
        if found.ty == Ty::Error {
            return;
        }
        let mut diagnostic = Diagnostic::new(
            &ops::YIELD_AND_RETURN,
            span,
            "this op yields its outputs, so `return` can't give one",
        )
        .here("a value is returned here");
        if let Some(id) = self.function
            && let ast::Body::Block(block) = &self.cx.functions[id.0 as usize].decl.body
            && let Some(first) = crate::scan::first_yield(block)
        {
            diagnostic = diagnostic.label(first, "the op yields here");
        }
        self.report(diagnostic.help(
            "yield the value before a bare `return`, or return everything and yield nothing",
        ));
    }

    fn bare_return(&mut self, result: &Ty, origin: Origin, span: Span) {
        let result = self.infer.shallow(result);
        if self.infer.unify(&result, &Ty::Unit) {
            return;
        }
        let text = self.show(&result);
        let diagnostic = Diagnostic::new(
            &types::MISSING_VALUE,
            span,
            format!("this `return` gives no value, a `{text}` is wanted"),
        )
        .here("a value is missing here");
        let diagnostic = self.origin_label(diagnostic, origin, &text);
        self.report(diagnostic.fix(
            "give a value",
            span.at_end(),
            " …",
            Applicability::Placeholder,
        ));
    }

    pub(super) fn jump(&mut self, kind: ExprKind, word: &str, span: Span) -> Expr {
        if self.frames.last().is_none_or(|frame| frame.loops == 0) {
            let inside_closure = self.frames.len() > 1;
            let diagnostic = Diagnostic::new(
                &types::OUTSIDE_LOOP,
                span,
                format!("`{word}` stands in no loop"),
            )
            .here("there is no loop around this");
            self.report(match (inside_closure, word) {
                (true, "continue") => diagnostic
                    .note("a closure is a function of its own: it can't leave a loop outside of it")
                    .help("`return` ends the closure for this item; to pass over items write `.filter(|x| …)` before it"),
                (true, _) => diagnostic
                    .note("a closure is a function of its own: it can't leave a loop outside of it")
                    .help("go over the items with `for x in … { … break … }`, or stop before the first unwanted one with `.take_while(|x| …)`"),
                (false, "continue") => {
                    diagnostic.help("`return` ends the function; remove this, or put a `for` or `while` around it")
                }
                (false, _) => {
                    diagnostic.help("`return` ends the function; remove this, or put a `for` or `while` around it")
                }
            });
            return self.error_expr(span);
        }
        made(kind, Ty::Never, span)
    }

    /// `as` names a step, and there are none in computation.
    pub(super) fn stray_as(&mut self, value: &ast::Expr, span: Span) -> Expr {
        let value = self.expr(value, None);
        if value.ty != Ty::Error {
            self.report(
                Diagnostic::new(
                    &ops::STRAY_AS,
                    span,
                    "`as` names a step, and there are no steps here",
                )
                .here("only a job or graph has steps")
                .help("take `as` and the name away; bind the value with `let`"),
            );
        }
        value
    }
}

/// Whether a pattern takes an option apart.
fn takes_option(pattern: &ast::Pattern) -> bool {
    match &pattern.kind {
        ast::PatternKind::None => true,
        ast::PatternKind::Constructor { path, .. } => path.len() == 1 && path[0].name == "some",
        ast::PatternKind::Or(parts) => parts.iter().any(takes_option),
        _ => false,
    }
}

/// Whether a part of a pattern could not be read, which is reported.
fn is_broken(pattern: &ast::Pattern) -> bool {
    match &pattern.kind {
        ast::PatternKind::Error => true,
        ast::PatternKind::Or(parts) => parts.iter().any(is_broken),
        ast::PatternKind::Tuple(fields)
        | ast::PatternKind::Constructor {
            fields: Some(fields),
            ..
        } => fields.iter().any(|field| is_broken(&field.pattern)),
        ast::PatternKind::List(elements) => elements.iter().any(|element| match element {
            ast::ElementPattern::One(pattern) => is_broken(pattern),
            ast::ElementPattern::Rest { .. } => false,
        }),
        _ => false,
    }
}

/// What `catch` binds.
fn failure_type() -> Ty {
    Ty::NamedTuple(
        ["message", "kind", "trace"]
            .map(|name| (name.into(), Ty::Str))
            .into(),
    )
}
