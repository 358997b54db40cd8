//! What constants steer: `if`, `for`, and expressions of names that stand for constants.

use std::collections::BTreeSet;

use dynop_base::codes::{composition, types};
use dynop_base::{Diagnostic, Span, Symbol};
use dynop_syntax::ast::{self, ExprKind, PatternKind};

use super::check::{Composer, Meaning};
use super::{CTy, Computed, For, If, Name, Node, NodeKind};
use crate::body::{BodyChecker, Bound, Mode, Origin};
use crate::ty::Ty;

impl Composer<'_, '_> {
    /// Whether the compiler knows what a node stands for, or does when the graph's parameters are constants.
    pub(super) fn is_constant(&self, node: &Node) -> bool {
        match &node.kind {
            NodeKind::Const(_) | NodeKind::Computed(_) => true,
            NodeKind::Param(_) => self.in_graph() && matches!(node.ty, CTy::Value(_)),
            NodeKind::Bound(id) => self.bindings[id.0 as usize].constant,
            NodeKind::Part { base, index } => match &base.kind {
                NodeKind::Group(nodes) => {
                    nodes.get(*index).is_some_and(|node| self.is_constant(node))
                }
                _ => self.is_constant(base),
            },
            NodeKind::Group(nodes) | NodeKind::List(nodes) => {
                nodes.iter().all(|node| self.is_constant(node))
            }
            NodeKind::Some(inner) => self.is_constant(inner),
            NodeKind::If(choice) => {
                self.is_constant(&choice.then)
                    && choice
                        .otherwise
                        .as_ref()
                        .is_some_and(|node| self.is_constant(node))
            }
            NodeKind::Block { value, .. } => {
                value.as_ref().is_some_and(|node| self.is_constant(node))
            }
            _ => false,
        }
    }

    /// The names of an expression, if it has some and all stand for constants.
    fn constant_names(&self, expr: &ast::Expr) -> Option<Vec<(Symbol, Name, Ty)>> {
        let mut names = Vec::new();
        let all = self.add_names(expr, &mut names);
        (all && !names.is_empty()).then_some(names)
    }

    fn add_names(&self, expr: &ast::Expr, names: &mut Vec<(Symbol, Name, Ty)>) -> bool {
        match &expr.kind {
            ExprKind::Name(name) => {
                let Some(meaning) = self.scope.get(name) else {
                    return true;
                };
                let (name_of, ty) = match meaning {
                    Meaning::Param(index) => {
                        let ty = &self.cx.function(self.function).params[*index as usize].ty;
                        if !self.in_graph() {
                            return false;
                        }
                        (Name::Param(*index), super::fit::composed(ty))
                    }
                    Meaning::Binding(id) => {
                        let binding = &self.bindings[id.0 as usize];
                        if !binding.constant {
                            return false;
                        }
                        (Name::Binding(*id), binding.ty.clone())
                    }
                };
                let CTy::Value(ty) = ty else {
                    return false;
                };
                if !names.iter().any(|(one, ..)| one == name) {
                    names.push((*name, name_of, ty));
                }
                true
            }
            ExprKind::Call { callee, .. } if self.invoked(callee).is_some() => false,
            ExprKind::Closure { .. }
            | ExprKind::Block(_)
            | ExprKind::If { .. }
            | ExprKind::Match { .. }
            | ExprKind::Try { .. } => false,
            _ => {
                let mut all = true;
                crate::scan::each_child(expr, &mut |child| {
                    all = all && self.add_names(child, names);
                });
                all
            }
        }
    }

    /// An expression of constants and of names that stand for them; `None` if it is something else.
    pub(super) fn computed(&mut self, expr: &ast::Expr, expected: Option<&Ty>) -> Option<Node> {
        let names = self.constant_names(expr)?;
        let expected = expected.filter(|ty| !crate::infer::has_variables(ty));
        let mut checker = BodyChecker::new(self.cx, self.module, self.generics, Mode::Constant);
        for (name, meaning, ty) in &names {
            let ident = ast::Ident {
                name: *name,
                span: expr.span,
            };
            checker.bind(ident, ty.clone(), false, Bound::Param);
            if let Name::Binding(id) = meaning {
                self.bindings[id.0 as usize].used = true;
            }
        }
        let mut value = match expected {
            Some(ty) => checker.check(expr, ty, Origin::Unknown),
            None => checker.expr(expr, None),
        };
        checker.finish_expr(&mut value);
        let mut found = checker.finish();
        self.findings.diagnostics.append(&mut found.diagnostics);
        self.findings.requirements.append(&mut found.requirements);
        self.findings.instances.append(&mut found.instances);
        let ty = if value.ty == Ty::Error {
            CTy::Error
        } else {
            CTy::Value(value.ty.clone())
        };
        Some(Node {
            kind: NodeKind::Computed(Box::new(Computed {
                value,
                names: names.into_iter().map(|(_, name, _)| name).collect(),
            })),
            ty,
            span: expr.span,
        })
    }

    /// What steers: a constant, or an expression of names that stand for constants. `word` says what for.
    pub(super) fn steering(&mut self, expr: &ast::Expr, expected: Option<&Ty>, word: &str) -> Node {
        if !self.mentions(expr) {
            return self.constant(expr, expected);
        }
        match self.computed(expr, expected) {
            Some(node) => node,
            None => self.needs_values(expr.span, &[expr], word),
        }
    }

    /// `if`; its value is not wanted where `expected` is `()`.
    pub(super) fn choice(
        &mut self,
        expr: &ast::Expr,
        condition: &ast::Expr,
        branches: (&ast::Block, Option<&ast::Expr>),
        expected: Option<&Ty>,
    ) -> Node {
        let condition = self.steering(condition, Some(&Ty::Bool), "what `if` looks at");
        let (then, otherwise) = branches;
        let unwanted = expected == Some(&Ty::Unit) || otherwise.is_none();
        let (then, otherwise, ty) = if unwanted {
            let then = self.effects(then);
            let otherwise = otherwise.map(|other| self.effects_of(other));
            (then, otherwise, CTy::Value(Ty::Unit))
        } else {
            let then = self.block_of(then, expected);
            let otherwise = otherwise.map(|other| self.node(other, expected));
            self.one_type(then, otherwise, expected)
        };
        if condition.is_error() || matches!(condition.ty, CTy::Error) {
            return Node {
                ty,
                ..Node::error(expr.span)
            };
        }
        Node {
            kind: NodeKind::If(Box::new(If {
                condition,
                then,
                otherwise,
            })),
            ty,
            span: expr.span,
        }
    }

    fn one_type(
        &mut self,
        then: Node,
        otherwise: Option<Node>,
        expected: Option<&Ty>,
    ) -> (Node, Option<Node>, CTy) {
        let Some(otherwise) = otherwise else {
            return (then, None, CTy::Value(Ty::Unit));
        };
        if matches!(then.ty, CTy::Error) {
            let ty = otherwise.ty.clone();
            return (then, Some(otherwise), ty);
        }
        if matches!(otherwise.ty, CTy::Error) || then.ty == otherwise.ty {
            let ty = then.ty.clone();
            return (then, Some(otherwise), ty);
        }
        let origin = Origin::Rule("both branches of an `if` have one type");
        let wanted = match expected {
            Some(ty) if !crate::infer::has_variables(ty) => super::fit::composed(ty),
            _ => then.ty.clone(),
        };
        let mut infer = crate::infer::Infer::default();
        let then = self.fit(&mut infer, then, &wanted, origin, None);
        let otherwise = self.fit(&mut infer, otherwise, &wanted, origin, None);
        (then, Some(otherwise), wanted)
    }

    /// A block for its steps alone.
    pub(super) fn effects(&mut self, block: &ast::Block) -> Node {
        let outer = self.scope.clone();
        let mut lets = Vec::new();
        for stmt in &block.stmts {
            self.stmt(stmt, &mut lets);
        }
        self.scope = outer;
        Node {
            kind: NodeKind::Block { lets, value: None },
            ty: CTy::Value(Ty::Unit),
            span: block.span,
        }
    }

    fn effects_of(&mut self, expr: &ast::Expr) -> Node {
        match &expr.kind {
            ExprKind::Block(block) => self.effects(block),
            _ => self.node(expr, Some(&Ty::Unit)),
        }
    }

    /// `for`
    pub(super) fn unrolled(
        &mut self,
        span: Span,
        pattern: &ast::Pattern,
        iterable: &ast::Expr,
        body: &ast::Block,
    ) -> Node {
        let iterable = self.steering(iterable, None, "what `for` goes over");
        let item = match &iterable.ty {
            CTy::Value(Ty::List(item)) => CTy::Value((**item).clone()),
            CTy::Value(Ty::Range) => CTy::Value(Ty::Int),
            CTy::Value(Ty::Map(pair)) => {
                CTy::Value(Ty::Tuple([pair.0.clone(), pair.1.clone()].into()))
            }
            CTy::Value(other) if *other != Ty::Error => {
                let shown = self.cx.show(other);
                self.report(
                    Diagnostic::new(
                        &types::NOT_ITERABLE,
                        iterable.span,
                        format!("`for` in a job can't go over `{shown}`"),
                    )
                    .here("no list, range or map")
                    .help("go over a constant list: `for x in [\"a\", \"b\"] { … }`"),
                );
                CTy::Error
            }
            _ => CTy::Error,
        };
        let body = self.scoped(|this| {
            let item = this.unpacked(pattern, item);
            let pattern = this.bind_pattern(pattern, &iterable, &item, &BTreeSet::new());
            (pattern, this.effects(body))
        });
        if iterable.is_error() || matches!(item_type(&iterable), CTy::Error) {
            return Node::error(span);
        }
        let (pattern, body) = body;
        Node {
            kind: NodeKind::For(Box::new(For {
                pattern,
                iterable,
                body,
            })),
            ty: CTy::Value(Ty::Unit),
            span,
        }
    }

    /// The type of a node that a pattern takes apart: a constant tuple is a group.
    pub(super) fn unpackable(&self, pattern: &ast::Pattern, node: &Node) -> CTy {
        if self.is_constant(node) {
            self.unpacked(pattern, node.ty.clone())
        } else {
            node.ty.clone()
        }
    }

    fn unpacked(&self, pattern: &ast::Pattern, ty: CTy) -> CTy {
        match (&pattern.kind, ty) {
            (PatternKind::Tuple(_), CTy::Value(ty @ (Ty::Tuple(_) | Ty::NamedTuple(_)))) => {
                super::fit::result_type(&ty)
            }
            (_, ty) => ty,
        }
    }

    /// `match`, which a job has not: `if` is enough for constants.
    pub(super) fn no_match(&mut self, expr: &ast::Expr, scrutinee: &ast::Expr) -> Node {
        if self.mentions(scrutinee) && self.constant_names(scrutinee).is_none() {
            return self.needs_values(scrutinee.span, &[scrutinee], "what `match` looks at");
        }
        self.fail(
            Diagnostic::new(
                &composition::NOT_IN_A_JOB,
                expr.span,
                "`match` can't stand in a job",
            )
            .here("belongs into an op")
            .note("a job only says which ops are invoked and where their outputs go")
            .help("choose with `if` on a constant, or put the `match` in an op"),
        )
    }
}

fn item_type(iterable: &Node) -> CTy {
    match &iterable.ty {
        CTy::Value(Ty::List(_) | Ty::Range | Ty::Map(_)) => iterable.ty.clone(),
        _ => CTy::Error,
    }
}
