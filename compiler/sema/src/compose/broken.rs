//! Closures in broken parts of a composition: for the record alone, so that an editor knows the names in them.
//!
//! What their items are is not known then, so nothing in them is reported, and nothing counts as used by them.

use std::collections::BTreeSet;

use dynop_syntax::ast::{self, ExprKind};

use super::check::Composer;
use super::{CTy, Node};

impl Composer<'_, '_> {
    /// Looks into the closures among the arguments of what is broken.
    pub(super) fn record_closures(&mut self, args: &[ast::Arg]) {
        if self.cx.recorder.writes() {
            let values = args.iter().map(|arg| &arg.value);
            self.record_all(values.filter(|value| is_closure(value)).collect());
        }
    }

    /// Looks into the closures within an expression that is broken.
    pub(super) fn record_closures_in(&mut self, expr: &ast::Expr) {
        if self.cx.recorder.writes() {
            let mut closures = Vec::new();
            find(expr, &mut closures);
            self.record_all(closures);
        }
    }

    fn record_all(&mut self, closures: Vec<&ast::Expr>) {
        let used: Vec<bool> = self.bindings.iter().map(|binding| binding.used).collect();
        let before = (
            self.findings.diagnostics.len(),
            self.findings.requirements.len(),
            self.findings.instances.len(),
            self.pending_once.len(),
        );
        let (parts, suggestions) = (self.parts, self.cx.suggestions.get());
        for closure in closures {
            if let ExprKind::Closure { params, body } = &closure.kind {
                self.scoped(|this| {
                    for param in params {
                        let nothing = Node::error(param.pattern.span);
                        let axes = BTreeSet::new();
                        this.bind_pattern(&param.pattern, &nothing, &CTy::Error, &axes);
                    }
                    this.node(body, None);
                });
            }
        }
        self.bindings.truncate(used.len());
        for (binding, used) in self.bindings.iter_mut().zip(used) {
            binding.used = used;
        }
        self.findings.diagnostics.truncate(before.0);
        self.findings.requirements.truncate(before.1);
        self.findings.instances.truncate(before.2);
        self.pending_once.truncate(before.3);
        self.parts = parts;
        self.cx.suggestions.set(suggestions);
    }
}

fn is_closure(expr: &ast::Expr) -> bool {
    matches!(expr.kind, ExprKind::Closure { .. })
}

/// The outermost closures of an expression.
fn find<'e>(expr: &'e ast::Expr, closures: &mut Vec<&'e ast::Expr>) {
    if is_closure(expr) {
        closures.push(expr);
        return;
    }
    crate::scan::each_child(expr, &mut |child| find(child, closures));
}
