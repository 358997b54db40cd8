//! Closures.

use dynop_base::codes::types;
use dynop_base::{Applicability, Diagnostic, Edit, Span};
use dynop_syntax::ast::{self, ClosureParam};

use super::blocks::Wanted;
use super::expressions::made;
use super::{BodyChecker, Bound, Frame, Origin};
use crate::hir::{Expr, ExprKind, LocalId, Pattern, PatternKind, Stmt, StmtKind};
use crate::ty::{FnTy, Ty};

impl BodyChecker<'_, '_> {
    pub(super) fn closure(
        &mut self,
        params: &[ClosureParam],
        body: &ast::Expr,
        hint: Option<&Ty>,
        span: Span,
    ) -> Expr {
        let expected = match hint.map(|hint| self.infer.shallow(hint)) {
            Some(Ty::Fn(function)) => Some(function),
            Some(Ty::Option(inner)) => match self.infer.shallow(&inner) {
                Ty::Fn(function) => Some(function),
                _ => None,
            },
            _ => None,
        };
        if let Some(expected) = &expected
            && expected.params.len() != params.len()
        {
            self.wrong_parameter_count(expected, params, body, span);
            return self.error_expr(span);
        }
        let param_types: Vec<Ty> = params
            .iter()
            .enumerate()
            .map(|(i, param)| {
                let expected = expected
                    .as_ref()
                    .and_then(|function| function.params.get(i));
                self.parameter_type(param, expected)
            })
            .collect();
        let result = match &expected {
            Some(function) => function.result.clone(),
            None => self.infer.fresh(body.span),
        };
        self.frames.push(Frame {
            result: result.clone(),
            origin: Origin::Rule("the closure's result has another type"),
            loops: 0,
            captures: Vec::new(),
        });
        let scope = self.open_scope();
        let (ids, unpacking) = self.closure_params(params, &param_types);
        let value = self.closure_body(body, &result);
        self.close_scope(scope);
        let captures = self
            .frames
            .pop()
            .map_or_else(Vec::new, |frame| frame.captures);
        let body = if unpacking.is_empty() {
            value
        } else {
            let (ty, span) = (value.ty.clone(), value.span);
            let kind = ExprKind::Block {
                stmts: unpacking,
                value: Some(Box::new(value)),
            };
            made(kind, ty, span)
        };
        made(
            ExprKind::Closure {
                params: ids,
                captures,
                body: Box::new(body),
            },
            Ty::function(param_types, result),
            span,
        )
    }

    fn closure_body(&mut self, body: &ast::Expr, result: &Ty) -> Expr {
        let origin = Origin::Rule("the value of the closure has another type");
        match self.infer.shallow(result) {
            // What nothing is done with may be anything: `xs.each(|x| m.remove(x))`.
            Ty::Unit => match &body.kind {
                ast::ExprKind::Block(block) => self.block(block, Wanted::Nothing),
                _ => self.dropped(body),
            },
            Ty::Infer(_) => {
                let value = self.expr(body, None);
                let value_type = value.ty.clone();
                if let Ty::Option(_) = self.infer.shallow(&value_type) {
                    self.infer.unify(result, &value_type);
                    return value;
                }
                self.coerce(value, result, origin)
            }
            _ => self.check(body, result, origin),
        }
    }

    fn parameter_type(&mut self, param: &ClosureParam, expected: Option<&Ty>) -> Ty {
        let Some(written) = &param.ty else {
            return match expected {
                Some(expected) => expected.clone(),
                None => self.infer.fresh(param.pattern.span),
            };
        };
        let ty = self.written_type(written);
        if let Some(expected) = expected
            && !self.infer.unify(&ty, expected)
        {
            let (found, wanted) = (self.show(&ty), self.show(expected));
            self.report(
                Diagnostic::new(
                    &types::MISMATCH,
                    written.span,
                    format!("this parameter is given a `{wanted}`, but is written `{found}`"),
                )
                .here("written here")
                .help("leave the type out: it is known from the function that is called"),
            );
        }
        ty
    }

    /// Binds the parameters: a name is the local itself, a tuple is taken apart at the start of the body.
    fn closure_params(
        &mut self,
        params: &[ClosureParam],
        types: &[Ty],
    ) -> (Vec<LocalId>, Vec<Stmt>) {
        let mut ids = Vec::with_capacity(params.len());
        let mut unpacking = Vec::new();
        for (param, ty) in params.iter().zip(types) {
            let pattern = &param.pattern;
            if let ast::PatternKind::Name(name) = pattern.kind {
                let name = ast::Ident {
                    name,
                    span: pattern.span,
                };
                ids.push(self.bind(name, ty.clone(), false, Bound::ClosureParam));
                continue;
            }
            let id = self.hidden(ty.clone(), pattern.span);
            ids.push(id);
            let bound = self.pattern(pattern, ty, false, Bound::ClosureParam);
            self.irrefutable(&bound, "a closure's parameter");
            if !matches!(
                bound,
                Pattern {
                    kind: PatternKind::Wildcard,
                    ..
                }
            ) {
                unpacking.push(Stmt {
                    kind: StmtKind::Let {
                        pattern: bound,
                        value: made(ExprKind::Local(id), ty.clone(), pattern.span),
                    },
                    span: pattern.span,
                });
            }
        }
        (ids, unpacking)
    }

    fn wrong_parameter_count(
        &mut self,
        expected: &FnTy,
        params: &[ClosureParam],
        body: &ast::Expr,
        span: Span,
    ) {
        let head = Span {
            end: body.span.start.max(span.start),
            ..span
        };
        let wanted = crate::types::count(expected.params.len(), "parameter");
        let listed: Vec<String> = expected
            .params
            .iter()
            .map(|ty| format!("`{}`", self.show(ty)))
            .collect();
        let diagnostic = Diagnostic::new(
            &types::MISMATCH,
            head,
            format!(
                "a closure with {wanted} is wanted, this one has {}",
                params.len()
            ),
        )
        .here(format!(
            "{} here",
            crate::types::count(params.len(), "parameter")
        ));
        self.report(if listed.is_empty() {
            diagnostic.help("an empty list of parameters is written `||`")
        } else {
            let parts = match &*expected.params {
                [only] => match self.infer.shallow(only) {
                    Ty::Tuple(parts) => parts.len(),
                    _ => 0,
                },
                _ => 0,
            };
            with_right_parameters(diagnostic, expected, parts, params).note(format!(
                "it is given {}",
                crate::signatures::list_of(listed)
            ))
        });
    }
}

/// Takes a tuple of so many `parts` apart where names for them were meant, else shows how many names there are to write.
fn with_right_parameters(
    diagnostic: Diagnostic,
    expected: &FnTy,
    parts: usize,
    params: &[ClosureParam],
) -> Diagnostic {
    if let ([first, ..], [.., last]) = (params, params)
        && parts == params.len()
    {
        let edit = |span, text: &str| Edit {
            span,
            text: text.to_string(),
        };
        return diagnostic.fix_all(
            "take the tuple apart",
            vec![
                edit(first.pattern.span.at_start(), "("),
                edit(last.pattern.span.at_end(), ")"),
            ],
            Applicability::Maybe,
        );
    }
    let names: Vec<&str> = ["a", "b", "c", "d"]
        .into_iter()
        .take(expected.params.len())
        .collect();
    diagnostic.help(format!(
        "write one name for each value, `_` for one that is not needed: `|{}| …`",
        names.join(", ")
    ))
}
