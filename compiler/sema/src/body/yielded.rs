//! `yield value`: an item that was made before, by a `DynamicOutput(…)` that is a value.

use dynop_base::codes::ops;
use dynop_base::{Diagnostic, Span};
use dynop_syntax::ast;

use super::arguments::Written;
use super::expressions::made;
use super::outputs::Parts;
use super::{BodyChecker, Origin};
use crate::hir::{Expr, ExprKind, FunctionId, Pattern, PatternKind, Stmt, StmtKind};
use crate::ty::Ty;

impl BodyChecker<'_, '_> {
    /// What is no `Output(…)` or `DynamicOutput(…)` behind `yield`: it must be a value of type `DynamicOutput<T>`.
    pub(super) fn yield_value(
        &mut self,
        id: FunctionId,
        value: &ast::Expr,
        span: Span,
    ) -> Option<StmtKind> {
        let found = self.expr(value, None);
        if found.ty == Ty::Error {
            return None;
        }
        if !matches!(self.infer.shallow(&found.ty), Ty::Dynamic(_)) {
            self.report(
                Diagnostic::new(&ops::YIELD_VALUE, value.span, "`yield` takes an `Output` or a `DynamicOutput`")
                    .here(format!("this is a `{}`", self.show(&found.ty)))
                    .help("write `yield DynamicOutput(v, mapping_key: k)` for an item, `yield Output(v)` for a plain output"),
            );
            return None;
        }
        let output = self.only_output(id, value.span)?;
        let declared = &self.cx.function(id).outputs.list[output as usize];
        let (item, origin) = (declared.ty.clone(), Origin::Written(declared.span));
        let found = self.coerce(found, &Ty::dynamic(item.clone()), origin);
        if found.ty == Ty::Error {
            return None;
        }
        Some(self.yield_made(output, found, item, span))
    }

    /// The one dynamic output that an item without a name is for.
    fn only_output(&mut self, id: FunctionId, span: Span) -> Option<u32> {
        let function = self.cx.function(id);
        if function.outputs.list.len() > 1 {
            self.report(
                Diagnostic::new(
                    &ops::UNKNOWN_OUTPUT,
                    span,
                    format!("`{}` has several outputs, and an item that is a value names none", function.name),
                )
                .here("for which output?")
                .label(function.name_span, "declared here")
                .help("make it where it is yielded: `yield DynamicOutput(v, output_name: \"…\", mapping_key: k)`"),
            );
            return None;
        }
        let written = Written {
            args: &[],
            args_span: span,
            callee: span,
            span,
        };
        self.find_output(id, &Parts::default(), true, written)
    }

    /// Binds the item, and yields its value under its key.
    fn yield_made(&mut self, output: u32, item: Expr, ty: Ty, span: Span) -> StmtKind {
        let (whole, at) = (item.ty.clone(), item.span);
        let local = self.hidden(whole.clone(), at);
        let field = |index: u32, ty: Ty| {
            let base = Box::new(made(ExprKind::Local(local), whole.clone(), at));
            made(ExprKind::Field { base, index }, ty, at)
        };
        let (value, key) = (field(0, ty), field(1, Ty::Str));
        let pattern = Pattern {
            kind: PatternKind::Bind(local),
            ty: whole,
            span: at,
        };
        let bound = StmtKind::Let {
            pattern,
            value: item,
        };
        let yielded = StmtKind::YieldDynamic { output, value, key };
        let stmts = [bound, yielded].map(|kind| Stmt { kind, span });
        let block = ExprKind::Block {
            stmts: stmts.into(),
            value: None,
        };
        StmtKind::Expr(made(block, Ty::Unit, span))
    }
}
