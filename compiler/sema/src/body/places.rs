//! Places: what can be assigned or given to a `var` parameter.

use dynop_base::codes::{names, types};
use dynop_base::{Applicability, Diagnostic, Span, Symbol};
use dynop_syntax::ast::{self, Ident};

use super::{BodyChecker, Bound};
use crate::hir::{Expr, ExprKind, LocalId, Place, Projection};
use crate::ty::Ty;

/// What a place is needed for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Purpose<'n> {
    /// `x = …`
    Assign,
    /// An argument of a `var` parameter of this function.
    InOut(&'n str),
}

impl BodyChecker<'_, '_> {
    /// The place that an expression names; `None` after a report.
    pub(super) fn place(&mut self, expr: &ast::Expr, purpose: Purpose<'_>) -> Option<Place> {
        match &expr.kind {
            ast::ExprKind::Paren(inner) => self.place(inner, purpose),
            ast::ExprKind::Name(name) => self.named_place(*name, expr.span, purpose),
            _ => {
                let value = self.expr(expr, None);
                self.place_of(value, purpose)
            }
        }
    }

    /// The place that a checked expression names; `None` after a report.
    pub(super) fn place_of(&mut self, value: Expr, purpose: Purpose<'_>) -> Option<Place> {
        let mut place = match value.kind {
            ExprKind::Local(id) => return self.local_place(id, value.span, purpose),
            ExprKind::Error => return None,
            ExprKind::Field { base, index } => {
                let mut place = self.place_of(*base, purpose)?;
                place.projections.push(Projection::Field(index));
                place
            }
            ExprKind::Index { base, index } => {
                let map = matches!(self.infer.shallow(&base.ty), Ty::Map(_));
                let mut place = self.place_of(*base, purpose)?;
                place.projections.push(if map {
                    Projection::Key(*index)
                } else {
                    Projection::Index(*index)
                });
                place
            }
            _ => {
                if value.ty != Ty::Error {
                    self.no_place(&value, purpose);
                }
                return None;
            }
        };
        place.ty = value.ty;
        place.span = value.span;
        Some(place)
    }

    fn no_place(&mut self, value: &Expr, purpose: Purpose<'_>) {
        let span = value.span;
        let (code, message) = match purpose {
            Purpose::Assign => (&types::NOT_ASSIGNABLE, "this can't be assigned".to_string()),
            Purpose::InOut(name) => (
                &types::IN_OUT,
                format!("`{name}` changes this argument, which is no variable"),
            ),
        };
        let diagnostic = Diagnostic::new(code, span, message);
        self.report(match (purpose, &value.kind) {
            _ if self.is_narrowed(value) => diagnostic
                .here("the value in an option is read only")
                .help("change a copy and assign it: `var copy = x`, then `x = copy`"),
            (_, ExprKind::Call { .. }) if self.is_byte(value) => diagnostic
                .here("the bytes of a `Bytes` are read only")
                .help("put new bytes together: `data.slice(0, i) + b\"x\" + data.slice(i + 1, data.len())`"),
            (Purpose::InOut("sort"), _) => diagnostic
                .here("not a `var`, nor a field or element of one")
                .help("a sorted copy is `.sorted()`; to sort in place bind the list to a `var` first"),
            (Purpose::InOut("reverse"), _) => diagnostic
                .here("not a `var`, nor a field or element of one")
                .help("a copy in reverse is `.reversed()`; to turn it in place bind the list to a `var` first"),
            _ => diagnostic
                .here("not a `var`, nor a field or element of one")
                .help("bind the value to a `var` first"),
        });
    }

    /// Whether a value is the one in a narrowed variable.
    fn is_narrowed(&self, value: &Expr) -> bool {
        match &value.kind {
            ExprKind::Call { args, .. } => match args.as_slice() {
                [crate::hir::Arg::Value(read)] => {
                    matches!(read.kind, ExprKind::Local(_)) && read.span == value.span
                }
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether a value is `bytes[index]`.
    fn is_byte(&self, value: &Expr) -> bool {
        let ExprKind::Call { function, .. } = value.kind else {
            return false;
        };
        self.method(&Ty::Bytes, Symbol::new("at")) == Some(function)
    }

    fn named_place(&mut self, name: Symbol, span: Span, purpose: Purpose<'_>) -> Option<Place> {
        let Some(id) = self.local(name) else {
            match self.cx.resolve(self.module, name) {
                Some(_) => {
                    let item = self.error_expr(span);
                    self.no_place(&item, purpose);
                }
                None if purpose == Purpose::Assign => self.unbound_name(name, span),
                None => self.unknown_name(name, span),
            }
            return None;
        };
        self.note_local(span, id);
        self.note_type(span, &self.locals[id.0 as usize].ty.clone());
        self.local_place(id, span, purpose)
    }

    /// An assignment to a name that is not bound: in other languages that binds it.
    fn unbound_name(&mut self, name: Symbol, span: Span) {
        let near = self.scope.keys().map(|name| name.as_str());
        let diagnostic = Diagnostic::new(
            &names::UNKNOWN,
            span,
            format!("there is no variable `{name}` to assign"),
        )
        .here("not bound before this");
        let diagnostic = self.with_nearest(diagnostic, Ident { name, span }, near);
        self.report(
            diagnostic
                .help(format!(
                    "bind it first: `let {name} = …`, or `var {name} = …` if it is assigned again"
                ))
                .fix("bind it", span.at_start(), "var ", Applicability::Maybe),
        );
    }

    fn local_place(&mut self, id: LocalId, span: Span, purpose: Purpose<'_>) -> Option<Place> {
        self.narrowed.remove(&id);
        let captured = self.facts[id.0 as usize].depth < self.frames.len();
        if captured && !self.in_std() {
            self.captured_assignment(id, span, purpose);
            return None;
        }
        if !self.locals[id.0 as usize].mutable {
            self.immutable(id, span, purpose);
            return None;
        }
        match purpose {
            Purpose::InOut(_) => self.use_local(id),
            // An assignment reads nothing, but a closure in the standard library must keep what it changes.
            Purpose::Assign if captured => self.use_local(id),
            Purpose::Assign => {}
        }
        Some(Place {
            local: id,
            projections: Vec::new(),
            ty: self.locals[id.0 as usize].ty.clone(),
            span,
        })
    }

    fn captured_assignment(&mut self, id: LocalId, span: Span, purpose: Purpose<'_>) {
        let local = &self.locals[id.0 as usize];
        let what = match purpose {
            Purpose::Assign => "assigns to".to_string(),
            Purpose::InOut(name) => format!("changes, with `{name}`,"),
        };
        let diagnostic = Diagnostic::new(
            &types::CAPTURED_ASSIGNMENT,
            span,
            format!(
                "a closure {what} `{}`, which is bound outside of it",
                local.name
            ),
        )
        .here("the closure has a copy of its own")
        .label(local.span, format!("`{}` is bound here", local.name))
        .note("a closure captures values as they are when it is made")
        .help("use a `for` loop, or `fold`, which hands a value from element to element");
        self.report(diagnostic);
    }

    fn immutable(&mut self, id: LocalId, span: Span, purpose: Purpose<'_>) {
        let local = &self.locals[id.0 as usize];
        let facts = self.facts[id.0 as usize];
        let name = local.name;
        let how = match facts.origin {
            Bound::Let => "bound by `let`",
            Bound::Param => "a parameter",
            Bound::ClosureParam => "a parameter of a closure",
            Bound::For => "bound by `for`",
            Bound::Arm => "bound by a pattern",
            Bound::Catch => "bound by `catch`",
        };
        let message = match purpose {
            Purpose::Assign => format!("`{name}` can't be assigned: it is {how}"),
            Purpose::InOut(function) => {
                format!("`{function}` changes `{name}`, but that is {how}")
            }
        };
        let diagnostic = Diagnostic::new(&types::NOT_ASSIGNABLE, span, message)
            .here("this would change it")
            .label(local.span, format!("`{name}` is {how} here"));
        self.report(match facts.keyword {
            Some(keyword) => diagnostic.help("bind it with `var`").fix(
                "write `var`",
                keyword,
                "var",
                Applicability::Certain,
            ),
            None => {
                let copy = match purpose {
                    Purpose::InOut("sort") => "a sorted copy is `.sorted()`; to sort in place ",
                    Purpose::InOut("reverse") => {
                        "a copy in reverse is `.reversed()`; to turn it in place "
                    }
                    _ => "",
                };
                diagnostic.help(format!(
                    "{copy}copy it into a variable first: `var my_{name} = {name}`"
                ))
            }
        });
    }
}
