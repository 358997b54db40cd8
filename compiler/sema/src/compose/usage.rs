//! What expressions have to do with outputs, and what of a composition nobody uses.

use dynop_base::codes::{composition, names};
use dynop_base::{Applicability, Diagnostic, Span};
use dynop_syntax::ast::{self, ExprKind, StmtKind};

use super::check::{Binding, Composer};
use super::{CTy, Node};
use crate::context::Definition;
use crate::hir::FunctionId;
use crate::ty::Ty;

impl Composer<'_, '_> {
    /// Whether an expression has to do with outputs: names one, a parameter of the job, or invokes an op.
    pub(super) fn mentions(&self, expr: &ast::Expr) -> bool {
        self.first_mention(expr).is_some()
    }

    fn first_mention(&self, expr: &ast::Expr) -> Option<Span> {
        match &expr.kind {
            ExprKind::Name(name) => self.scope.contains_key(name).then_some(expr.span),
            ExprKind::Call { callee, .. } if self.invoked(callee).is_some() => Some(expr.span),
            // Closures have names of their own; what is in them is looked at where they are given to `map`.
            ExprKind::Closure { .. } => None,
            ExprKind::Block(block) => self.mention_in_block(block),
            ExprKind::Try { body, handler, .. } => self
                .mention_in_block(body)
                .or_else(|| self.mention_in_block(handler)),
            _ => {
                let mut found = None;
                crate::scan::each_child(expr, &mut |child| {
                    if found.is_none() {
                        found = self.first_mention(child);
                    }
                });
                found
            }
        }
    }

    fn mention_in_block(&self, block: &ast::Block) -> Option<Span> {
        block.stmts.iter().find_map(|stmt| match &stmt.kind {
            StmtKind::Let { value, .. }
            | StmtKind::Assign { value, .. }
            | StmtKind::Expr(value) => self.first_mention(value),
            _ => None,
        })
    }

    /// Whether a callee is no function, but makes a value of its arguments: a struct, `some`, a type's name.
    pub(super) fn makes_value(&self, callee: &ast::Expr) -> bool {
        let ExprKind::Name(name) = callee.kind else {
            return false;
        };
        if matches!(name.as_str(), "some" | "Path" | "Output" | "DynamicOutput") {
            return true;
        }
        matches!(
            self.cx.resolve(self.module, name),
            Some(Definition::Struct(_) | Definition::Enum(_) | Definition::Alias(_))
        )
    }

    /// The op, graph or job that a callee names.
    pub(super) fn invoked(&self, callee: &ast::Expr) -> Option<FunctionId> {
        let id = self.function_named(callee)?;
        (self.cx.function(id).kind != ast::FunctionKind::Fn).then_some(id)
    }

    /// Reports a name of another file that is not public there.
    pub(super) fn check_public(&mut self, callee: &ast::Expr) {
        let ExprKind::Field { base, name, .. } = &callee.kind else {
            return;
        };
        let ExprKind::Name(base) = base.kind else {
            return;
        };
        if self.scope.contains_key(&base) {
            return;
        }
        let Some(Definition::Module(module)) = self.cx.resolve(self.module, base) else {
            return;
        };
        if let Err(Some(found)) = crate::names::public_member(self.cx, self.module, module, *name) {
            self.report(*found);
        }
    }

    /// The function that a callee names.
    pub(super) fn function_named(&self, callee: &ast::Expr) -> Option<FunctionId> {
        let (definition, place) = match &callee.kind {
            ExprKind::Name(name) if !self.scope.contains_key(name) => {
                (self.cx.resolve(self.module, *name)?, callee.span)
            }
            ExprKind::Field { base, name, .. } => {
                let ExprKind::Name(module) = base.kind else {
                    return None;
                };
                if self.scope.contains_key(&module) {
                    return None;
                }
                let module = self.cx.resolve_module(self.module, module)?;
                self.cx
                    .note_definition(base.span, Definition::Module(module));
                (self.cx.member(module, name.name)?.definition, name.span)
            }
            _ => return None,
        };
        match definition {
            Definition::Function(id) => {
                self.cx.note_definition(place, definition);
                Some(id)
            }
            _ => None,
        }
    }

    /// Warnings for names that nothing reads.
    pub(super) fn unused(&mut self) {
        let broken = self.findings.diagnostics.iter().any(Diagnostic::is_error);
        let unused: Vec<Binding> = self
            .bindings
            .iter()
            .filter(|b| b.watched && !b.used && !b.name.as_str().starts_with('_'))
            // What is broken may be where the name is read.
            .filter(|b| b.raw || !broken)
            .cloned()
            .collect();
        for binding in unused {
            let found = if binding.raw {
                let maker = binding.made_by.map(|id| self.cx.function(id).name);
                let maker = maker.map_or_else(String::new, |name| format!(" of `{name}`"));
                Diagnostic::new(
                    &composition::UNUSED_DYNAMIC,
                    binding.span,
                    format!("the dynamic output `{}`{maker} is not used", binding.name),
                )
                .here("nothing maps or collects it")
                .help(format!(
                    "map an op over it: `{}.map(|item| …)`, or write `_` if that is meant",
                    binding.name
                ))
            } else {
                Diagnostic::new(
                    &names::UNUSED_VARIABLE,
                    binding.span,
                    format!("`{}` is never used", binding.name),
                )
                .here("nothing reads it")
                .help(if binding.constant {
                    format!("write `_{}` if that is meant", binding.name)
                } else {
                    format!(
                        "write `_{}` if that is meant; the step runs all the same",
                        binding.name
                    )
                })
            };
            let replaced = format!("_{}", binding.name);
            self.report(found.fix(
                format!("rename to `{replaced}`"),
                binding.span,
                replaced,
                Applicability::Certain,
            ));
        }
    }

    /// A warning for an invocation alone whose dynamic output is lost.
    pub(super) fn unused_result(&mut self, node: &Node) {
        if !self.is_raw(node) || !matches!(node.ty, CTy::Dynamic(_)) {
            return;
        }
        let name = self
            .made_by(node)
            .map(|id| self.cx.function(id).name.to_string())
            .unwrap_or_default();
        self.report(
            Diagnostic::new(
                &composition::UNUSED_DYNAMIC,
                node.span,
                format!("the dynamic output of `{name}` is not used"),
            )
            .here("nothing maps or collects it")
            .help("map an op over it: `.map(|item| …)`, or write `let _ = …` if that is meant"),
        );
    }
}

/// Whether a type has a type parameter in it.
pub(super) fn mentions_param(ty: &Ty) -> bool {
    crate::substitute::any(ty, &mut |ty| matches!(ty, Ty::Param(..)))
}
