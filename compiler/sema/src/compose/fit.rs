//! Types of graphs, and what fits them: a graph takes and gives dynamic outputs and groups, which no op does.

use dynop_base::Diagnostic;
use dynop_base::codes::composition;

use super::argument::Target;
use super::check::Composer;
use super::{CTy, Node, NodeKind};
use crate::body::Origin;
use crate::infer::Infer;
use crate::ty::Ty;

/// A written type as a type of compositions: a tuple with a dynamic output in it is a group.
pub(super) fn composed(ty: &Ty) -> CTy {
    let dynamic = |ty: &Ty| crate::substitute::any(ty, &mut |ty| matches!(ty, Ty::Dynamic(_)));
    match ty {
        Ty::Error => CTy::Error,
        Ty::Dynamic(item) => CTy::Dynamic(Box::new(composed(item))),
        Ty::Tuple(_) | Ty::NamedTuple(_) if dynamic(ty) => result_type(ty),
        one => CTy::Value(one.clone()),
    }
}

/// The type of a graph's result: a tuple declares several, as a named tuple does for an op.
pub(super) fn result_type(ty: &Ty) -> CTy {
    match ty {
        Ty::Tuple(types) => CTy::Group(types.iter().map(|ty| (None, composed(ty))).collect()),
        Ty::NamedTuple(fields) => CTy::Group(
            fields
                .iter()
                .map(|(name, ty)| (Some(*name), composed(ty)))
                .collect(),
        ),
        one => composed(one),
    }
}

impl Composer<'_, '_> {
    /// Makes a node fit a type of compositions, which may have variables, or reports that it does not.
    pub(super) fn fit(
        &mut self,
        infer: &mut Infer,
        node: Node,
        wanted: &CTy,
        origin: Origin,
        target: Option<Target<'_>>,
    ) -> Node {
        match (wanted, &node.ty) {
            (CTy::Error, _) | (_, CTy::Error) => node,
            (CTy::Value(ty), _) => self.coerce_with(infer, node, ty, origin, target),
            (CTy::Dynamic(_), _) => {
                if same(infer, wanted, &node.ty) {
                    return node;
                }
                let shown = infer.resolve(&wanted.as_ty());
                self.mismatch(&node, &shown, origin)
            }
            (CTy::Group(wanted), CTy::Group(parts))
                if wanted.len() == parts.len()
                    && wanted.iter().zip(parts).all(|((w, _), (p, _))| w == p) =>
            {
                let wanted = wanted.clone();
                self.fit_parts(infer, node, &wanted, origin)
            }
            (CTy::Group(_), _) => {
                let shown = infer.resolve(&wanted.as_ty());
                let one = matches!(node.ty, CTy::Value(Ty::Tuple(_) | Ty::NamedTuple(_)));
                if one && node.ty.as_ty() == shown {
                    return self.one_output(&node);
                }
                self.mismatch(&node, &shown, origin)
            }
        }
    }

    fn fit_parts(
        &mut self,
        infer: &mut Infer,
        node: Node,
        wanted: &[(Option<dynop_base::Symbol>, CTy)],
        origin: Origin,
    ) -> Node {
        let span = node.span;
        let nodes: Vec<Node> = match node.kind {
            NodeKind::Group(nodes) => nodes,
            // The outputs of an op, or a name for a group: each part is reached by its index.
            _ => {
                let CTy::Group(parts) = node.ty.clone() else {
                    return node;
                };
                parts
                    .into_iter()
                    .enumerate()
                    .map(|(index, (_, ty))| Node {
                        ty,
                        span,
                        kind: NodeKind::Part {
                            base: Box::new(node.clone()),
                            index,
                        },
                    })
                    .collect()
            }
        };
        let nodes: Vec<Node> = nodes
            .into_iter()
            .zip(wanted)
            .map(|(node, (_, ty))| self.fit(infer, node, ty, origin, None))
            .collect();
        let parts = nodes
            .iter()
            .zip(wanted)
            .map(|(node, (name, _))| (*name, node.ty.clone()))
            .collect();
        Node {
            kind: NodeKind::Group(nodes),
            ty: CTy::Group(parts),
            span,
        }
    }

    fn one_output(&mut self, node: &Node) -> Node {
        let shown = self.show(&node.ty);
        self.fail(
            Diagnostic::new(
                &composition::BAD_UNPACKING,
                node.span,
                "this is one output, and the graph gives several",
            )
            .here(format!("one value of type `{shown}`"))
            .note("what an op gives in one output exists only while the job runs, so it can't be taken apart here")
            .help("let the op declare named outputs, `-> (a: A, b: B)`, or let the graph give a struct"),
        )
    }
}

/// Whether two types of compositions are the same, with variables bound. A variable never stands for a dynamic output.
fn same(infer: &mut Infer, wanted: &CTy, found: &CTy) -> bool {
    match (wanted, found) {
        (CTy::Error, _) | (_, CTy::Error) => true,
        (CTy::Value(wanted), CTy::Value(found)) => infer.unify(found, wanted),
        (CTy::Dynamic(wanted), CTy::Dynamic(found)) => same(infer, wanted, found),
        (CTy::Group(wanted), CTy::Group(found)) => {
            wanted.len() == found.len()
                && wanted
                    .iter()
                    .zip(found)
                    .all(|((w, wanted), (f, found))| w == f && same(infer, wanted, found))
        }
        _ => false,
    }
}
