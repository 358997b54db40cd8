//! Holds a node against the type that is wanted of it: the rule against direct passing, and the implicit conversions.

use std::collections::BTreeSet;

use dynop_base::codes::{composition, types};
use dynop_base::{Applicability, Diagnostic, Edit};
use dynop_syntax::ast;

use super::check::{Composer, MapId};
use super::text;
use super::{CTy, Node, NodeKind};
use crate::body::Origin;
use crate::hir::FunctionId;
use crate::infer::Infer;
use crate::ty::Ty;

/// The invocation that an argument belongs to, for repairs.
#[derive(Clone, Copy)]
pub(super) struct Target<'t> {
    /// The op.
    pub function: FunctionId,
    /// All of the invocation.
    pub call: &'t ast::Expr,
    /// The argument.
    pub argument: &'t ast::Expr,
}

impl Composer<'_, '_> {
    /// Makes a node fit a type without variables, or reports that it does not.
    pub(super) fn coerce(
        &mut self,
        node: Node,
        wanted: &Ty,
        origin: Origin,
        target: Option<Target<'_>>,
    ) -> Node {
        let mut infer = Infer::default();
        self.coerce_with(&mut infer, node, wanted, origin, target)
    }

    /// The same where the wanted type may have variables, which are then bound.
    pub(super) fn coerce_with(
        &mut self,
        infer: &mut Infer,
        node: Node,
        wanted: &Ty,
        origin: Origin,
        target: Option<Target<'_>>,
    ) -> Node {
        match &node.ty {
            CTy::Error => node,
            CTy::Dynamic(_) => self.direct(node, "", Some((wanted, origin)), target),
            CTy::Value(found) => {
                let found = found.clone();
                if found == Ty::Error || *wanted == Ty::Error || infer.unify(&found, wanted) {
                    return node;
                }
                if let Ty::Option(inner) = infer.shallow(wanted)
                    && infer.unify(&found, &inner)
                {
                    let span = node.span;
                    return Node {
                        kind: NodeKind::Some(Box::new(node)),
                        ty: CTy::Value(infer.resolve(wanted)),
                        span,
                    };
                }
                let shown = infer.resolve(wanted);
                self.mismatch(&node, &shown, origin)
            }
            CTy::Group(_) => self.group_as_tuple(infer, node, wanted, origin, target),
        }
    }

    /// A group where a tuple is wanted becomes one.
    fn group_as_tuple(
        &mut self,
        infer: &mut Infer,
        node: Node,
        wanted: &Ty,
        origin: Origin,
        target: Option<Target<'_>>,
    ) -> Node {
        let shown = infer.resolve(wanted);
        let CTy::Group(parts) = node.ty.clone() else {
            return node;
        };
        let types: Vec<Ty> = match &shown {
            Ty::Tuple(types)
                if types.len() == parts.len() && parts.iter().all(|(name, _)| name.is_none()) =>
            {
                types.to_vec()
            }
            Ty::NamedTuple(fields)
                if fields.len() == parts.len()
                    && fields
                        .iter()
                        .zip(&parts)
                        .all(|((field, _), (name, _))| Some(*field) == *name) =>
            {
                fields.iter().map(|(_, ty)| ty.clone()).collect()
            }
            _ => return self.mismatch(&node, &shown, origin),
        };
        let span = node.span;
        let nodes: Vec<Node> = match node.kind {
            NodeKind::Group(nodes) => nodes,
            // The outputs of an op, or a name for a group: each part is reached by its index.
            _ => (0..parts.len())
                .map(|index| Node {
                    ty: parts[index].1.clone(),
                    span,
                    kind: NodeKind::Part {
                        base: Box::new(node.clone()),
                        index,
                    },
                })
                .collect(),
        };
        let nodes = nodes
            .into_iter()
            .zip(types)
            .map(|(node, ty)| self.coerce_with(infer, node, &ty, origin, target))
            .collect();
        Node {
            kind: NodeKind::Group(nodes),
            ty: CTy::Value(shown),
            span,
        }
    }

    pub(super) fn mismatch(&mut self, node: &Node, wanted: &Ty, origin: Origin) -> Node {
        let found = self.show(&node.ty);
        let wanted = self.cx.show(wanted);
        let mut diagnostic = Diagnostic::new(
            &types::MISMATCH,
            node.span,
            format!("expected `{wanted}`, found `{found}`"),
        )
        .here(format!("this is `{found}`"));
        diagnostic = match origin {
            Origin::Param(function, index) => {
                let function = self.cx.function(function);
                let param = &function.params[index];
                diagnostic.label(
                    param.span,
                    format!("`{}` of `{}` is `{wanted}`", param.name, function.name),
                )
            }
            Origin::Result(function) => {
                let function = self.cx.function(function);
                diagnostic.label(
                    function.name_span,
                    format!("`{}` gives `{wanted}`", function.name),
                )
            }
            Origin::Rule(rule) => diagnostic.note(rule),
            Origin::Written(span) => diagnostic.label(span, format!("`{wanted}` is written here")),
            _ => diagnostic,
        };
        if let Some(producer) = self.producer(node) {
            let producer = self.cx.function(producer);
            let item = match &node.kind {
                NodeKind::Bound(id) => self.bindings[id.0 as usize].item_of.is_some(),
                _ => false,
            };
            let text = if item {
                format!("the items of `{}` are `{found}`", producer.name)
            } else {
                format!("it comes from `{}`", producer.name)
            };
            diagnostic = diagnostic.label(producer.name_span, text);
        }
        diagnostic = diagnostic.help(match &node.ty {
            CTy::Value(Ty::Unit) => {
                format!("let the op give a `{wanted}`, or order the steps with `.after(…)`")
            }
            CTy::Value(Ty::Option(inner)) if self.cx.show(inner) == wanted => {
                format!("declare the parameter as `{found}`, or let the op before it give a `{wanted}`")
            }
            CTy::Value(_) if wanted == "()" && matches!(origin, Origin::Result(_)) => format!(
                "declare the result, `-> {found}`, or write `let _ = …` if nothing is to come of it"
            ),
            CTy::Value(_) => format!(
                "put an op between them that makes the one of the other: `op convert(x: {found}) -> {wanted} {{ … }}`"
            ),
            _ => format!("take the output that is a `{wanted}` out of it, by its name or by `let (a, b) = …`"),
        });
        self.fail(diagnostic)
    }

    /// A dynamic output where a value is wanted: says which op made it so and offers the two ways out.
    pub(super) fn direct(
        &mut self,
        node: Node,
        place: &str,
        wanted: Option<(&Ty, Origin)>,
        target: Option<Target<'_>>,
    ) -> Node {
        let found = self.show(&node.ty);
        let what = self.what(&node);
        let place = match (target, wanted) {
            (Some(target), _) => format!(
                "an argument of `{}`",
                self.cx.function(target.function).name
            ),
            (None, Some((_, Origin::Param(function, _)))) => {
                format!("an argument of `{}`", self.cx.function(function).name)
            }
            (None, Some((_, Origin::Result(function)))) => format!(
                "the result of a {}",
                self.cx.function(function).kind.keyword()
            ),
            (None, Some((ty, Origin::Written(_)))) => format!("a `{}`", self.cx.show(ty)),
            (None, Some((_, Origin::Rule(_)))) => "an element of a list".to_owned(),
            _ if !place.is_empty() => place.to_owned(),
            _ => "a single value".to_owned(),
        };
        let message = format!("{what} can't be {place}");
        let mut diagnostic = Diagnostic::new(&composition::DIRECT_PASSING, node.span, message)
            .here(format!(
                "this is `{found}`: any number of values, known only at run time"
            ));
        if let Some((ty, origin)) = wanted {
            diagnostic = self.label_wanted(diagnostic, ty, origin);
        }
        if let Some(maker) = self.made_by(&node) {
            let maker = self.cx.function(maker);
            diagnostic = diagnostic.label(
                maker.name_span,
                format!("`{}` makes it dynamic", maker.name),
            );
        }
        let beside_item = self.beside_item(&node, target);
        diagnostic = self.ways_out(diagnostic, &node, wanted, target);
        if beside_item {
            let written = target.and_then(|target| text::of(target.argument));
            diagnostic = diagnostic.help(format!(
                "or pair each item with the one of the same key: `.zip({})`",
                written.as_deref().unwrap_or("…")
            ));
        }
        self.fail(diagnostic)
    }

    fn label_wanted(&self, diagnostic: Diagnostic, ty: &Ty, origin: Origin) -> Diagnostic {
        let shown = self.cx.show(ty);
        match origin {
            Origin::Param(function, index) => {
                let function = self.cx.function(function);
                let param = &function.params[index];
                diagnostic.label(
                    param.span,
                    format!(
                        "`{}` of `{}` {}",
                        param.name,
                        function.name,
                        if crate::infer::has_variables(ty) {
                            "wants one value".to_owned()
                        } else {
                            format!("wants one `{shown}`")
                        }
                    ),
                )
            }
            Origin::Result(function) => {
                let function = self.cx.function(function);
                diagnostic.label(
                    function.name_span,
                    format!("`{}` gives `{shown}`", function.name),
                )
            }
            Origin::Written(span) => diagnostic.label(span, format!("`{shown}` is written here")),
            _ => diagnostic,
        }
    }

    /// The two repairs, the likelier first.
    fn ways_out(
        &self,
        mut diagnostic: Diagnostic,
        node: &Node,
        wanted: Option<(&Ty, Origin)>,
        target: Option<Target<'_>>,
    ) -> Diagnostic {
        let list_wanted = matches!(wanted, Some((Ty::List(_), _)));
        let written = target.and_then(|target| text::of(target.argument));
        let argument = match (&written, &node.kind) {
            (Some(written), _) => written.clone(),
            (None, NodeKind::Bound(id)) => self.bindings[id.0 as usize].name.to_string(),
            _ => String::new(),
        };
        let map_help = match target {
            Some(target) => {
                let op = self.cx.function(target.function).name;
                let call = text::replacing(target.call, target.argument.span, "item")
                    .unwrap_or_else(|| format!("{op}(…, item)"));
                format!("run `{op}` once per key: `{argument}.map(|item| {call})`")
            }
            None if wanted.is_none() => format!(
                "run an op that has the expression in it once per key: `{argument}.map(|item| op(item))`"
            ),
            None => format!("run an op once per key: `{argument}.map(|item| op(item))`"),
        };
        let collect_help = format!("or gather all values into one list: `{argument}.collect()`");
        let mapped = target.and_then(|target| self.map_fix(target, written.as_deref()));
        let after = node.span.at_end();
        let with_collect = |d: Diagnostic| {
            d.fix(
                "collect the items into a list with `.collect()`",
                after,
                ".collect()",
                Applicability::Maybe,
            )
        };
        let with_map = |d: Diagnostic| match mapped {
            Some(edits) => d.fix_all(
                "run it once per key with `.map(…)`",
                edits,
                Applicability::Maybe,
            ),
            None => d,
        };
        if list_wanted {
            diagnostic = diagnostic
                .help(collect_help.replacen("or gather", "gather", 1))
                .help(format!("or {map_help}"));
            with_map(with_collect(diagnostic))
        } else {
            diagnostic = diagnostic.help(map_help).help(collect_help);
            with_collect(with_map(diagnostic))
        }
    }

    /// `op(a, d)` becomes `d.map(|item| op(a, item))`.
    fn map_fix(&self, target: Target<'_>, written: Option<&str>) -> Option<Vec<Edit>> {
        let written = written?;
        let (call, argument) = (target.call.span, target.argument.span);
        Some(vec![
            Edit {
                span: call.at_start(),
                text: format!("{written}.map(|item| "),
            },
            Edit {
                span: argument,
                text: "item".into(),
            },
            Edit {
                span: call.at_end(),
                text: ")".into(),
            },
        ])
    }

    /// Whether the node is made, step by step, of a dynamic output over whose items a `map` is open here.
    fn beside_item(&self, node: &Node, target: Option<Target<'_>>) -> bool {
        // An output as the op gave it is the one that the item is of: there is nothing to pair.
        let raw = match &node.kind {
            NodeKind::Bound(id) => self.bindings[id.0 as usize].raw,
            _ => self.is_raw(node),
        };
        if target.is_none() || self.open.is_empty() || raw {
            return false;
        }
        let maker = self.made_by(node);
        maker.is_some()
            && self
                .bindings
                .iter()
                .any(|b| b.item_of.is_some_and(|m| self.open.contains(&m)) && b.made_by == maker)
    }

    /// A node in words.
    fn what(&self, node: &Node) -> String {
        match &node.kind {
            NodeKind::Bound(id) => {
                format!("the dynamic output `{}`", self.bindings[id.0 as usize].name)
            }
            _ => match self.made_by(node) {
                Some(maker) => format!("the dynamic output of `{}`", self.cx.function(maker).name),
                None => "a dynamic output".to_owned(),
            },
        }
    }

    /// The op whose dynamic output a node is, or is made of by `map`.
    pub(super) fn made_by(&self, node: &Node) -> Option<FunctionId> {
        match &node.kind {
            NodeKind::Invoke(invocation) => Some(invocation.function),
            NodeKind::Map { source, .. } | NodeKind::Flatten(source) => self.made_by(source),
            NodeKind::Filter(filter) => self.made_by(&filter.source),
            NodeKind::Join(join) => self.made_by(&join.left),
            NodeKind::Part { base, .. } => self.made_by(base),
            NodeKind::Bound(id) => self.bindings[id.0 as usize].made_by,
            NodeKind::Block {
                value: Some(value), ..
            } => self.made_by(value),
            _ => None,
        }
    }

    /// The op that gives a node's value, or the items of it.
    pub(super) fn producer(&self, node: &Node) -> Option<FunctionId> {
        match &node.kind {
            NodeKind::Invoke(invocation) => Some(invocation.function),
            NodeKind::Map { body, .. } => self.producer(body),
            NodeKind::Part { base, index } => self.part_producer(base, *index),
            NodeKind::Bound(id) => self.bindings[id.0 as usize].producer,
            NodeKind::Block { value, .. } => self.producer(value.as_deref()?),
            _ => None,
        }
    }

    fn part_producer(&self, base: &Node, index: usize) -> Option<FunctionId> {
        match &base.kind {
            NodeKind::Group(nodes) => self.producer(nodes.get(index)?),
            NodeKind::Map { body, .. } => self.part_producer(body, index),
            NodeKind::Block { value, .. } => self.part_producer(value.as_deref()?, index),
            _ => self.producer(base),
        }
    }

    /// Whether a node is, unchanged, an output of an op.
    pub(super) fn is_raw(&self, node: &Node) -> bool {
        match &node.kind {
            NodeKind::Invoke(invocation) => {
                self.cx.function(invocation.function).kind == ast::FunctionKind::Op
            }
            NodeKind::Part { base, .. } => self.is_raw(base),
            _ => false,
        }
    }

    /// The maps on whose items or keys a node depends.
    pub(super) fn axes(&self, node: &Node) -> BTreeSet<MapId> {
        let mut axes = BTreeSet::new();
        self.add_axes(node, &mut axes);
        axes
    }

    fn add_axes(&self, node: &Node, axes: &mut BTreeSet<MapId>) {
        match &node.kind {
            NodeKind::Const(_) | NodeKind::Param(_) | NodeKind::Error => {}
            NodeKind::Bound(id) => axes.extend(&self.bindings[id.0 as usize].axes),
            NodeKind::Invoke(invocation) => {
                invocation
                    .args
                    .iter()
                    .chain(&invocation.after)
                    .for_each(|node| self.add_axes(node, axes));
            }
            NodeKind::Map {
                source, item, body, ..
            } => {
                let mut inner = BTreeSet::new();
                self.add_axes(body, &mut inner);
                if let Some(map) = self.bindings[item.0 as usize].item_of {
                    inner.remove(&map);
                }
                axes.extend(inner);
                self.add_axes(source, axes);
            }
            NodeKind::Computed(_) => {}
            NodeKind::Collect { source, .. } | NodeKind::Flatten(source) => {
                self.add_axes(source, axes)
            }
            NodeKind::Join(join) => {
                self.add_axes(&join.left, axes);
                self.add_axes(&join.right, axes);
            }
            NodeKind::Filter(filter) => {
                let mut inner = BTreeSet::new();
                self.add_axes(&filter.body, &mut inner);
                if let Some(map) = self.bindings[filter.item.0 as usize].item_of {
                    inner.remove(&map);
                }
                axes.extend(inner);
                self.add_axes(&filter.source, axes);
            }
            NodeKind::If(choice) => {
                self.add_axes(&choice.then, axes);
                if let Some(otherwise) = &choice.otherwise {
                    self.add_axes(otherwise, axes);
                }
            }
            NodeKind::For(_) => {}
            NodeKind::Part { base, .. } => self.add_axes(base, axes),
            NodeKind::Group(nodes) | NodeKind::List(nodes) => {
                nodes.iter().for_each(|node| self.add_axes(node, axes))
            }
            NodeKind::Some(node) => self.add_axes(node, axes),
            NodeKind::Block { value, .. } => {
                if let Some(value) = value {
                    self.add_axes(value, axes);
                }
            }
        }
    }
}
