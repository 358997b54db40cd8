//! `zip`, `concat`, `filter` and `flatten`: dynamic outputs made of dynamic outputs.

use dynop_base::codes::{composition, types};
use dynop_base::{Applicability, Diagnostic};
use dynop_syntax::ast;

use super::check::Composer;
use super::{CTy, Filter, Join, Node, NodeKind};
use crate::body::Origin;
use crate::ty::Ty;

impl Composer<'_, '_> {
    /// `left.zip(right)`, `left.concat(right)`
    pub(super) fn join(
        &mut self,
        expr: &ast::Expr,
        left: Node,
        name: ast::Ident,
        args: &[ast::Arg],
    ) -> Node {
        let pairs = name.name.as_str() == "zip";
        let [arg] = args else {
            return self.fail(
                Diagnostic::new(
                    &types::ARGUMENTS,
                    name.span,
                    format!("`{}` takes one dynamic output", name.name),
                )
                .here(format!("is given {}", args.len())),
            );
        };
        let right = self.node(&arg.value, None);
        let (Some(left_item), Some(right_item)) =
            (self.item_of(&left, name), self.item_of(&right, name))
        else {
            return Node::error(expr.span);
        };
        let item = if pairs {
            Ty::Tuple([left_item, right_item].into())
        } else {
            if left_item != right_item {
                let wanted = Ty::dynamic(left_item);
                let rule = Origin::Rule("`concat` joins dynamic outputs of one type");
                return self.mismatch(&right, &wanted, rule);
            }
            left_item
        };
        Node {
            kind: NodeKind::Join(Box::new(Join {
                pairs,
                left,
                right,
                name: None,
            })),
            ty: CTy::Dynamic(Box::new(CTy::Value(item))),
            span: expr.span,
        }
    }

    /// The type of the items of a dynamic output of values.
    fn item_of(&mut self, node: &Node, name: ast::Ident) -> Option<Ty> {
        match &node.ty {
            CTy::Error => None,
            CTy::Dynamic(item) => match &**item {
                CTy::Value(ty) => Some(ty.clone()),
                CTy::Error => None,
                _ => {
                    self.nested(node, name);
                    None
                }
            },
            CTy::Value(_) | CTy::Group(_) => {
                self.not_dynamic(node, name);
                None
            }
        }
    }

    fn nested(&mut self, node: &Node, name: ast::Ident) {
        let shown = self.show(&node.ty);
        self.report(
            Diagnostic::new(
                &composition::NESTED_COLLECT,
                name.span,
                format!("this is `{shown}`: two levels"),
            )
            .here(format!("`{}` wants one level", name.name))
            .label(node.span, "each item is a dynamic output of its own")
            .help(format!(
                "for each of the inner ones: `.map(|inner| inner.{}(…))`",
                name.name
            ))
            .help("or make it one level: `.flatten()`"),
        );
    }

    /// `source.filter(…)`
    pub(super) fn filter(
        &mut self,
        expr: &ast::Expr,
        source: Node,
        name: ast::Ident,
        args: &[ast::Arg],
    ) -> Node {
        if self.item_of(&source, name).is_none() {
            return Node::error(expr.span);
        }
        let Some(mut each) = self.each(&source, name, args) else {
            return Node::error(expr.span);
        };
        let broken = Node {
            ty: source.ty.clone(),
            ..Node::error(expr.span)
        };
        if each.body.is_error() {
            return broken;
        }
        let span = each.body.span;
        let body = std::mem::replace(&mut each.body, Node::error(span));
        let rule = Origin::Rule("`filter` keeps the items for which its op gives `true`");
        each.body = self.coerce(body, &Ty::Bool, rule, None);
        if each.body.is_error() || !self.depends(&each, false) {
            return broken;
        }
        let ty = source.ty.clone();
        Node {
            kind: NodeKind::Filter(Box::new(Filter {
                source,
                item: each.item,
                key: each.key,
                body: each.body,
                name: None,
            })),
            ty,
            span: expr.span,
        }
    }

    /// `source.flatten()`
    pub(super) fn flatten(
        &mut self,
        expr: &ast::Expr,
        source: Node,
        name: ast::Ident,
        args: &[ast::Arg],
    ) -> Node {
        self.no_arguments(name, args);
        match source.ty.clone() {
            CTy::Error => Node::error(expr.span),
            CTy::Dynamic(inner) => match *inner {
                inner @ CTy::Dynamic(_) => Node {
                    kind: NodeKind::Flatten(Box::new(source)),
                    ty: inner,
                    span: expr.span,
                },
                CTy::Error => Node::error(expr.span),
                _ => {
                    let shown = self.show(&source.ty);
                    let dot = ast_span(&source, expr);
                    self.fail(
                        Diagnostic::new(
                            &composition::NOT_DYNAMIC,
                            name.span,
                            format!("this is `{shown}`: one level"),
                        )
                        .here("makes one level of two")
                        .label(source.span, "each item is a value")
                        .help("leave `.flatten()` out")
                        .fix(
                            "remove `.flatten()`",
                            dot,
                            "",
                            Applicability::Maybe,
                        ),
                    )
                }
            },
            CTy::Value(_) | CTy::Group(_) => self.not_dynamic(&source, name),
        }
    }
}

/// What follows the base of a method call.
fn ast_span(base: &Node, call: &ast::Expr) -> dynop_base::Span {
    dynop_base::Span {
        start: base.span.end,
        ..call.span
    }
}
