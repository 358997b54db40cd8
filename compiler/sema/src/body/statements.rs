//! Statements.

use dynop_base::codes::{names, types};
use dynop_base::{Applicability, Diagnostic, Span};
use dynop_syntax::ast::{self, BinaryOp, Pattern, StmtKind as Kind, Type};

use super::blocks::Wanted;
use super::places::Purpose;
use super::{Ability, BodyChecker, Bound, LocalId, Origin, Spare};
use crate::hir::{Expr, Stmt, StmtKind};
use crate::ty::Ty;

impl BodyChecker<'_, '_> {
    /// A statement; `None` where it is broken beyond use.
    pub(super) fn statement(&mut self, stmt: &ast::Stmt) -> Option<Stmt> {
        let span = stmt.span;
        let kind = match &stmt.kind {
            Kind::Let {
                var,
                pattern,
                ty,
                value,
            } => self.let_statement(*var, pattern, ty.as_ref(), value, span),
            Kind::Assign { place, op, value } => self.assignment(place, *op, value)?,
            Kind::Yield(value) => self.yield_statement(value, span)?,
            Kind::Assert(value) => self.assert(value, span),
            Kind::While { condition, body } => self.while_loop(condition, body),
            Kind::For {
                pattern,
                iterable,
                body,
            } => self.for_loop(pattern, iterable, body),
            Kind::Expr(expr) => StmtKind::Expr(self.dropped(expr)),
            Kind::Error => return None,
        };
        Some(Stmt { kind, span })
    }

    fn let_statement(
        &mut self,
        var: bool,
        pattern: &Pattern,
        ty: Option<&Type>,
        value: &ast::Expr,
        span: Span,
    ) -> StmtKind {
        let written = value;
        let value = match ty {
            Some(written) => {
                let ty = self.written_type(written);
                let mut value = self.check(value, &ty, Origin::Written(written.span));
                // The variable has the written type also where the value is broken.
                if value.ty == Ty::Error || value.ty == Ty::Never {
                    value.ty = ty;
                }
                value
            }
            None => self.let_value(pattern, value),
        };
        let first = self.locals.len();
        let bound = self.pattern(pattern, &value.ty.clone(), var, Bound::Let);
        let mut keyword = span.at_start();
        keyword.end = keyword.start + 3;
        for facts in &mut self.facts[first..] {
            facts.keyword = (!var).then_some(keyword);
        }
        if !var && let ast::PatternKind::Name(_) = pattern.kind {
            let spare = spare(written, span);
            self.facts[first..]
                .iter_mut()
                .for_each(|facts| facts.spare = spare);
        }
        self.irrefutable(&bound, "`let`");
        StmtKind::Let {
            pattern: bound,
            value,
        }
    }

    fn assignment(
        &mut self,
        place: &ast::Expr,
        op: Option<BinaryOp>,
        value: &ast::Expr,
    ) -> Option<StmtKind> {
        let narrowed = self.narrowed_name(place);
        let Some(target) = self.place(place, Purpose::Assign) else {
            self.expr(value, None);
            return None;
        };
        let local = &self.locals[target.local.0 as usize];
        let origin = if target.projections.is_empty() {
            Origin::Variable(local.name, local.span)
        } else {
            Origin::Operand(place.span)
        };
        let ty = self.infer.shallow(&target.ty);
        let Some(op) = op else {
            // The value still sees what the variable held.
            self.narrowed.extend(narrowed);
            let value = self.check(value, &ty, origin);
            self.widen(narrowed.into_iter().collect());
            return Some(StmtKind::Assign {
                place: target,
                op: None,
                value,
            });
        };
        if let (BinaryOp::Coalesce, Ty::Option(item)) = (op, &ty) {
            let value = self.default_of(value, &ty, item, origin);
            return Some(StmtKind::Assign {
                place: target,
                op: Some(op),
                value,
            });
        }
        let fits = match op {
            BinaryOp::Add => matches!(ty, Ty::Int | Ty::Float | Ty::Str),
            BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div | BinaryOp::Rem | BinaryOp::Pow => {
                matches!(ty, Ty::Int | Ty::Float)
            }
            BinaryOp::Coalesce => false,
            _ => ty == Ty::Int,
        };
        if fits {
            let value = self.check(value, &ty, origin);
            return Some(StmtKind::Assign {
                place: target,
                op: Some(op),
                value,
            });
        }
        let found = self.expr(value, Some(&ty));
        if super::measures::result(op, &ty, &self.infer.shallow(&found.ty)).as_ref() == Some(&ty) {
            return Some(StmtKind::Assign {
                place: target,
                op: Some(op),
                value: found,
            });
        }
        self.no_compound(op, &ty, place.span, &found);
        None
    }

    /// The value of `x ??= value`: what is in the option, or an option itself.
    fn default_of(&mut self, value: &ast::Expr, option: &Ty, item: &Ty, origin: Origin) -> Expr {
        let item = self.infer.shallow(item);
        let value = self.expr_for(value, &item);
        let found = self.infer.shallow(&value.ty);
        if matches!(found, Ty::Option(_)) && self.infer.unify(&found, option) {
            return value;
        }
        self.coerce(value, &item, origin)
    }

    fn no_compound(&mut self, op: BinaryOp, ty: &Ty, place: Span, value: &Expr) {
        if *ty == Ty::Error || value.ty == Ty::Error {
            return;
        }
        if let Ty::Infer(_) = ty {
            return self.cannot_infer(place, "the type of this");
        }
        let text = self.show(ty);
        let diagnostic = Diagnostic::new(
            &types::OPERATOR,
            place,
            format!("`{}=` does not exist for a `{text}`", op.text()),
        )
        .here(format!("this is a `{text}`"));
        self.report(match (op, ty) {
            (BinaryOp::Add, Ty::List(_)) => {
                diagnostic.help("add one element with `.push(…)`, all of a list with `.extend(…)`")
            }
            (BinaryOp::Coalesce, _) => {
                diagnostic.help("only an option takes a value where it has none")
            }
            _ => diagnostic,
        });
    }

    fn while_loop(&mut self, condition: &ast::Expr, body: &ast::Block) -> StmtKind {
        let (checked, body) = self.looping(body, |checker| {
            let checked = checker.condition(condition);
            // Known at the start of each round, until the variable is assigned.
            let body = checker.knowing(condition, true, |checker| {
                checker.loop_body(|checker| checker.block(body, Wanted::Nothing))
            });
            (checked, body)
        });
        StmtKind::While {
            condition: checked,
            body,
        }
    }

    fn loop_body(&mut self, check: impl FnOnce(&mut Self) -> Expr) -> Expr {
        if let Some(frame) = self.frames.last_mut() {
            frame.loops += 1;
        }
        let body = check(self);
        if let Some(frame) = self.frames.last_mut() {
            frame.loops -= 1;
        }
        body
    }

    fn for_loop(&mut self, pattern: &Pattern, iterable: &ast::Expr, body: &ast::Block) -> StmtKind {
        let iterable = self.expr(iterable, None);
        let iterable = self.gone_over(iterable);
        let item = self.item_of(&iterable);
        let scope = self.open_scope();
        let bound = self.pattern(pattern, &item, false, Bound::For);
        self.irrefutable(&bound, "`for`");
        let body = self.looping(body, |checker| {
            checker.loop_body(|checker| checker.block(body, Wanted::Nothing))
        });
        self.close_scope(scope);
        StmtKind::For {
            pattern: bound,
            iterable,
            body,
        }
    }

    /// What a `for` over a value binds.
    fn item_of(&mut self, iterable: &Expr) -> Ty {
        let ty = self.infer.shallow(&iterable.ty);
        match &ty {
            Ty::List(item) | Ty::Set(item) | Ty::Iter(item) => (**item).clone(),
            Ty::Map(pair) => Ty::Tuple([pair.0.clone(), pair.1.clone()].into()),
            Ty::Range => Ty::Int,
            Ty::Str => Ty::Str,
            Ty::Error | Ty::Never => Ty::Error,
            Ty::Infer(_) => {
                self.cannot_infer(iterable.span, "the type of what is gone over");
                Ty::Error
            }
            _ => {
                let text = self.show(&ty);
                let diagnostic = Diagnostic::new(
                    &types::NOT_ITERABLE,
                    iterable.span,
                    format!("a `for` can't go over a `{text}`"),
                )
                .here(format!("this is a `{text}`"))
                .note(
                    "a `for` goes over lists, maps, ranges, iterators and the characters of a text",
                );
                self.report(match &ty {
                    Ty::Int => diagnostic.help("a range counts: `for i in 0..n`").fix(
                        "count from 0",
                        iterable.span.at_start(),
                        "0..",
                        Applicability::Maybe,
                    ),
                    Ty::Option(_) => diagnostic
                        .help("take the value out with `match` or give a default with `?? …`"),
                    _ => diagnostic,
                });
                Ty::Error
            }
        }
    }

    /// The condition of an `if`, `while` or guard.
    pub(super) fn condition(&mut self, condition: &ast::Expr) -> Expr {
        self.check(
            condition,
            &Ty::Bool,
            Origin::Rule("a condition is a `Bool`"),
        )
    }

    /// Warns of the locals that nothing reads.
    pub(super) fn unused_locals(&mut self) {
        // What is broken may be where the variable is read.
        if self.in_std() || self.diagnostics.iter().any(Diagnostic::is_error) {
            return;
        }
        for index in 0..self.locals.len() {
            let facts = self.facts[index];
            if facts.used || !facts.watched {
                continue;
            }
            let local = &self.locals[index];
            let name = local.name;
            let diagnostic = Diagnostic::new(
                &names::UNUSED_VARIABLE,
                local.span,
                format!("`{name}` is never read"),
            )
            .here(if local.mutable {
                "assigned at most"
            } else {
                "bound and not read"
            })
            .help(format!("if that is meant, name it `_{name}`"))
            .fix(
                "mark it as unused",
                local.span.at_start(),
                "_",
                Applicability::Maybe,
            );
            let diagnostic = match facts.spare {
                Some(Spare::Statement(span)) => {
                    diagnostic.fix(format!("remove `{name}`"), span, "", Applicability::Maybe)
                }
                Some(Spare::Name(span)) => {
                    diagnostic.fix("leave the name out", span, "", Applicability::Maybe)
                }
                None => diagnostic,
            };
            self.report(diagnostic);
        }
    }

    /// A local's type, for what needs it after binding.
    pub fn local_type(&self, id: LocalId) -> Ty {
        self.locals
            .get(id.0 as usize)
            .map_or(Ty::Error, |local| local.ty.clone())
    }

    /// Notes that a value is shown, compared or used as a key.
    pub fn needs(&mut self, value: &Expr, ability: Ability) {
        let ty = value.ty.clone();
        self.require(&ty, ability, value.span);
    }
}

/// What a `let` of one name can do without if nothing reads it.
fn spare(value: &ast::Expr, statement: Span) -> Option<Spare> {
    if let ast::ExprKind::Call { .. } = value.kind {
        return Some(Spare::Name(Span {
            end: value.span.start,
            ..statement
        }));
    }
    does_nothing(value).then_some(Spare::Statement(statement))
}

/// Whether an expression only reads and makes values.
fn does_nothing(value: &ast::Expr) -> bool {
    use ast::ExprKind;
    let simple = matches!(
        value.kind,
        ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Bool(_)
            | ExprKind::Str(_)
            | ExprKind::FString(_)
            | ExprKind::Bytes(_)
            | ExprKind::Duration(_)
            | ExprKind::Size(_)
            | ExprKind::None
            | ExprKind::Name(_)
            | ExprKind::Paren(_)
            | ExprKind::Tuple(_)
            | ExprKind::List(_)
            | ExprKind::Map(_)
            | ExprKind::Field { .. }
            | ExprKind::Unary { .. }
            | ExprKind::Binary { .. }
            | ExprKind::Range { .. }
    );
    let mut nothing = simple;
    if simple {
        crate::scan::each_child(value, &mut |child| nothing = nothing && does_nothing(child));
    }
    nothing
}
