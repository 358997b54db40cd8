//! Methods of compositions: `map`, `collect`, `collect_keyed`, `after`, and those that are not there yet.

use std::collections::BTreeSet;

use dynop_base::codes::composition;
use dynop_base::{Applicability, Diagnostic, Span, Symbol, nearest};
use dynop_syntax::ast::{self, ExprKind, PatternKind};

use super::check::{Binding, Composer, MapId};
use super::{BindingId, CTy, Node, NodeKind};
use crate::body::Origin;
use crate::hir::FunctionId;
use crate::infer::Infer;
use crate::signatures::unsupported;
use crate::substitute::substitute;
use crate::ty::Ty;

/// The methods of dynamic outputs.
const METHODS: [&str; 10] = [
    "map",
    "collect",
    "collect_keyed",
    "after",
    "zip",
    "filter",
    "concat",
    "flatten",
    "collect_results",
    "with",
];

impl Composer<'_, '_> {
    pub(super) fn method(
        &mut self,
        expr: &ast::Expr,
        base: &ast::Expr,
        name: ast::Ident,
        args: &[ast::Arg],
    ) -> Node {
        let node = self.node(base, None);
        if node.is_error() || matches!(node.ty, CTy::Error) {
            return Node::error(expr.span);
        }
        match name.name.as_str() {
            "map" => self.map(expr, node, name, args),
            "collect" => self.collect(expr, node, name, args, false),
            "collect_keyed" => self.collect(expr, node, name, args, true),
            "after" => self.after(node, name, args),
            word @ ("zip" | "filter" | "concat" | "flatten" | "collect_results" | "with")
                if matches!(node.ty, CTy::Dynamic(_)) || word == "with" =>
            {
                self.fail(unsupported(&format!("`.{word}(…)` combinators"), name.span))
            }
            _ => self.unknown_method(expr, &node, name),
        }
    }

    fn unknown_method(&mut self, expr: &ast::Expr, node: &Node, name: ast::Ident) -> Node {
        let shown = self.show(&node.ty);
        if !matches!(node.ty, CTy::Dynamic(_)) {
            return self.run_time_method(expr, node, name, &shown);
        }
        let mut found = Diagnostic::new(
            &composition::UNKNOWN_PART,
            name.span,
            format!("a dynamic output has no method `{}`", name.name),
        )
        .here("no such method")
        .label(node.span, format!("this is `{shown}`"));
        found = match nearest(name.name.as_str(), METHODS) {
            Some(near) => found.help(format!("did you mean `{near}`?")).fix(
                format!("change to `{near}`"),
                name.span,
                near,
                Applicability::Maybe,
            ),
            None => found.help("it has `map`, `collect`, `collect_keyed` and `after`"),
        };
        self.fail(found)
    }

    fn run_time_method(
        &mut self,
        expr: &ast::Expr,
        node: &Node,
        name: ast::Ident,
        shown: &str,
    ) -> Node {
        if METHODS.contains(&name.name.as_str()) {
            return self.not_dynamic(node, name);
        }
        self.fail(
            Diagnostic::new(
                &composition::RUN_TIME_VALUE,
                expr.span,
                format!("`.{}(…)` can't be called in a job", name.name),
            )
            .here("would need the value now")
            .label(
                node.span,
                format!("this `{shown}` exists only while the job runs"),
            )
            .help("call it in an op, and pass the value to that op"),
        )
    }

    fn not_dynamic(&mut self, node: &Node, name: ast::Ident) -> Node {
        let shown = self.show(&node.ty);
        let mut found = Diagnostic::new(
            &composition::NOT_DYNAMIC,
            name.span,
            format!(
                "`{}` is for dynamic outputs, and this is `{shown}`",
                name.name
            ),
        )
        .here("wants a dynamic output")
        .label(node.span, format!("this is `{shown}`"));
        if let Some(maker) = self.made_by(node) {
            let maker = self.cx.function(maker);
            found = found.label(maker.name_span, format!("it comes from `{}`", maker.name));
        }
        found = match &node.ty {
            CTy::Group(parts) => {
                let dynamic = parts
                    .iter()
                    .find(|(_, ty)| matches!(ty, CTy::Dynamic(_)))
                    .and_then(|(part, _)| *part);
                match dynamic {
                    Some(part) => found.help(format!(
                        "it has several outputs; name one: `.{part}.{}`",
                        name.name
                    )),
                    None => found.help("it has several outputs, none of them dynamic"),
                }
            }
            _ => found.help(
                "pass it to an op as it is; to fan out over it, let an op yield `DynamicOutput`s",
            ),
        };
        self.fail(found)
    }

    fn no_arguments(&mut self, name: ast::Ident, args: &[ast::Arg]) {
        if let Some(first) = args.first() {
            self.report(
                Diagnostic::new(
                    &dynop_base::codes::types::ARGUMENTS,
                    first.span,
                    format!("`{}` takes no arguments", name.name),
                )
                .here("not wanted"),
            );
        }
    }

    fn collect(
        &mut self,
        expr: &ast::Expr,
        node: Node,
        name: ast::Ident,
        args: &[ast::Arg],
        keyed: bool,
    ) -> Node {
        self.no_arguments(name, args);
        let CTy::Dynamic(item) = node.ty.clone() else {
            return match &node.ty {
                CTy::Value(_) | CTy::Group(_) => self.not_dynamic(&node, name),
                _ => Node::error(expr.span),
            };
        };
        let item = match *item {
            CTy::Value(ty) => ty,
            CTy::Error => return Node::error(expr.span),
            nested => {
                let shown = self.show(&CTy::Dynamic(Box::new(nested)));
                return self.fail(
                    Diagnostic::new(
                        &composition::NESTED_COLLECT,
                        name.span,
                        format!("this is `{shown}`: two levels"),
                    )
                    .here("collects one level")
                    .label(node.span, "each item is a dynamic output of its own")
                    .help("for a list of lists: `.map(|inner| inner.collect()).collect()`")
                    .fix(
                        "collect each level: a list of lists",
                        node.span.at_end(),
                        ".map(|inner| inner.collect())",
                        Applicability::Maybe,
                    ),
                );
            }
        };
        let ty = if keyed {
            Ty::map(Ty::Str, item)
        } else {
            Ty::list(item)
        };
        Node {
            kind: NodeKind::Collect {
                source: Box::new(node),
                keyed,
            },
            ty: CTy::Value(ty),
            span: expr.span,
        }
    }

    fn after(&mut self, mut node: Node, name: ast::Ident, args: &[ast::Arg]) -> Node {
        let waits: Vec<Node> = args.iter().map(|arg| self.node(&arg.value, None)).collect();
        match &mut node.kind {
            NodeKind::Invoke(invocation) => {
                invocation.after.extend(waits);
                // What it waits for may tie it to an item.
                let (axes, span) = (self.axes(&node), node.span);
                self.pending_once
                    .retain(|(map, at, _)| *at != span || !axes.contains(map));
                node
            }
            _ => self.fail(
                Diagnostic::new(
                    &composition::NOT_AN_INVOCATION,
                    name.span,
                    "`after` orders an invocation",
                )
                .here("says what a step waits for")
                .label(node.span, "this is no invocation of an op")
                .help("put it behind the invocation itself: `op(x).after(y)`"),
            ),
        }
    }

    // ---------------------------------------------------------------------------------------------------------- map

    fn map(&mut self, expr: &ast::Expr, node: Node, name: ast::Ident, args: &[ast::Arg]) -> Node {
        let CTy::Dynamic(item) = node.ty.clone() else {
            return self.not_dynamic(&node, name);
        };
        let [arg] = args else {
            return self.fail(
                Diagnostic::new(
                    &composition::BAD_MAP,
                    name.span,
                    "`map` takes one closure or op",
                )
                .here(format!("is given {}", args.len()))
                .help("`.map(|item| op(item))`, or `.map(op)`"),
            );
        };
        match &arg.value.kind {
            ExprKind::Closure { params, body } => self.map_closure(expr, node, *item, params, body),
            _ => match self.invoked(&arg.value) {
                Some(function) => self.map_op(expr, node, *item, function, arg.value.span),
                None => {
                    let mut found = Diagnostic::new(
                        &composition::BAD_MAP,
                        arg.span,
                        "`map` wants a closure or an op",
                    )
                    .here("is neither")
                    .help("`.map(|item| op(item))`, or the name of an op: `.map(op)`");
                    if let Some(function) = self.function_named(&arg.value) {
                        let function = self.cx.function(function).name;
                        found = found.note(format!("`{function}` is a `fn`: call it in an op"));
                    }
                    self.fail(found)
                }
            },
        }
    }

    fn bind_item(
        &mut self,
        name: Symbol,
        span: Span,
        ty: CTy,
        map: MapId,
        source: &Node,
    ) -> BindingId {
        self.bind(Binding {
            name,
            span,
            ty,
            axes: BTreeSet::from([map]),
            made_by: self.made_by(source),
            item_of: Some(map),
            raw: false,
            used: false,
            watched: false,
        })
    }

    fn map_closure(
        &mut self,
        expr: &ast::Expr,
        source: Node,
        item: CTy,
        params: &[ast::ClosureParam],
        body: &ast::Expr,
    ) -> Node {
        if params.is_empty() || params.len() > 2 {
            return self.fail(
                Diagnostic::new(
                    &composition::BAD_MAP,
                    body.span,
                    "a closure of `map` takes the item, or item and key",
                )
                .here(format!("takes {}", params.len()))
                .help("`|item| …` or `|item, key| …`"),
            );
        }
        let map = self.next_map;
        self.next_map += 1;
        let source_axes = self.axes(&source);
        let before = self.findings.diagnostics.len();
        let (item_id, key_id, inner) = self.scoped(|this| {
            let name_of = |param: &ast::ClosureParam| match param.pattern.kind {
                PatternKind::Name(name) => Some(name),
                PatternKind::Wildcard => Some(Symbol::new("_")),
                _ => None,
            };
            let mut ids = Vec::new();
            for (index, param) in params.iter().enumerate() {
                let ty = if index == 0 {
                    item.clone()
                } else {
                    CTy::Value(Ty::Str)
                };
                let name = name_of(param).unwrap_or_else(|| {
                    this.report(
                        Diagnostic::new(
                            &composition::BAD_UNPACKING,
                            param.pattern.span,
                            "an item can't be taken apart here",
                        )
                        .here("exists only while the job runs")
                        .help("take it apart in the op"),
                    );
                    Symbol::new("_")
                });
                ids.push(this.bind_item(name, param.pattern.span, ty, map, &source));
            }
            // An item that comes from items of outer maps depends on those too.
            for id in &ids {
                this.bindings[id.0 as usize].axes.extend(&source_axes);
            }
            this.open.push(map);
            let inner = this.node(body, None);
            this.open.pop();
            (ids[0], ids.get(1).copied(), inner)
        });
        // What is broken may be what has the item in it.
        let broken = self.findings.diagnostics[before..]
            .iter()
            .any(Diagnostic::is_error);
        if broken {
            self.pending_once.retain(|pending| pending.0 != map);
            return Node {
                ty: inner.ty.mapped(),
                ..Node::error(expr.span)
            };
        }
        self.finish_map(expr.span, source, map, item_id, key_id, inner)
    }

    fn map_op(
        &mut self,
        expr: &ast::Expr,
        source: Node,
        item: CTy,
        id: FunctionId,
        span: Span,
    ) -> Node {
        let function = self.cx.function(id);
        if function.kind != ast::FunctionKind::Op {
            return self.fail(unsupported(
                &format!("{}s in `map`", function.kind.keyword()),
                span,
            ));
        }
        let required: Vec<usize> = (0..function.params.len())
            .filter(|&at| function.params[at].default.is_none())
            .collect();
        let at = match required.as_slice() {
            [at] => *at,
            [] if !function.params.is_empty() => 0,
            _ => {
                let names: Vec<String> = required
                    .iter()
                    .map(|&at| format!("`{}`", function.params[at].name))
                    .collect();
                let takes = if names.is_empty() {
                    "no parameter".to_owned()
                } else {
                    names.join(", ")
                };
                return self.fail(
                    Diagnostic::new(
                        &composition::BAD_MAP,
                        span,
                        format!("`{}` does not take exactly one item", function.name),
                    )
                    .here(format!("takes {takes}"))
                    .label(function.name_span, "declared here")
                    .help(format!(
                        "write which argument the item is: `.map(|item| {}(…, item))`",
                        function.name
                    )),
                );
            }
        };
        let map = self.next_map;
        self.next_map += 1;
        let source_axes = self.axes(&source);
        let (item_id, inner) = self.scoped(|this| {
            let item_id = this.bind_item(Symbol::new("_"), span, item.clone(), map, &source);
            this.bindings[item_id.0 as usize].axes.extend(&source_axes);
            this.open.push(map);
            let mut infer = Infer::default();
            let variables = infer.fresh_list(function.generics.len(), span);
            let mut nodes = Vec::new();
            for (index, param) in function.params.iter().enumerate() {
                if index != at {
                    nodes.push(this.default_of(id, index, span));
                    continue;
                }
                let wanted = substitute(&param.ty, &variables);
                let node = Node {
                    kind: NodeKind::Bound(item_id),
                    ty: item.clone(),
                    span,
                };
                nodes.push(this.coerce_with(
                    &mut infer,
                    node,
                    &wanted,
                    Origin::Param(id, index),
                    None,
                ));
            }
            let inner = this.step(span, id, infer, variables, nodes);
            this.open.pop();
            (item_id, inner)
        });
        self.finish_map(expr.span, source, map, item_id, None, inner)
    }

    fn finish_map(
        &mut self,
        span: Span,
        source: Node,
        map: MapId,
        item: BindingId,
        key: Option<BindingId>,
        body: Node,
    ) -> Node {
        let (pending, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.pending_once)
            .into_iter()
            .partition(|p| p.0 == map);
        self.pending_once = rest;
        let nothing = matches!(body.ty, CTy::Value(Ty::Unit))
            && !matches!(
                result_of(&body).kind,
                NodeKind::Invoke(_) | NodeKind::Bound(_)
            );
        if matches!(body.ty, CTy::Error) {
            return Node {
                kind: NodeKind::Error,
                ty: CTy::Error,
                span,
            };
        }
        if !nothing && !self.every_part_depends(&body, map) {
            return self.fail(
                Diagnostic::new(
                    &composition::ITEM_FREE_RESULT,
                    result_of(&body).span,
                    "this does not depend on the item",
                )
                .here("is the same for every key")
                .label(self.bindings[item.0 as usize].span, "the item")
                .help("move it out of the closure, or use the item in it"),
            );
        }
        for (_, span, name) in pending {
            self.report(
                Diagnostic::new(
                    &composition::RUNS_ONCE,
                    span,
                    format!("`{name}` does not use the item, so it runs once"),
                )
                .here("not cloned per key")
                .label(self.bindings[item.0 as usize].span, "the item")
                .help(format!(
                    "if that is meant, invoke it before the `map`: `let x = {name}(…)`"
                ))
                .help("if not, pass the item to it"),
            );
        }
        let ty = body.ty.clone().mapped();
        Node {
            kind: NodeKind::Map {
                source: Box::new(source),
                item,
                key,
                body: Box::new(body),
            },
            ty,
            span,
        }
    }

    fn every_part_depends(&self, body: &Node, map: MapId) -> bool {
        match &result_of(body).kind {
            NodeKind::Group(nodes) if matches!(body.ty, CTy::Group(_)) => {
                nodes.iter().all(|node| self.every_part_depends(node, map))
            }
            _ => self.axes(result_of(body)).contains(&map),
        }
    }
}

/// The value of a block in blocks.
fn result_of(node: &Node) -> &Node {
    match &node.kind {
        NodeKind::Block {
            value: Some(value), ..
        } => result_of(value),
        _ => node,
    }
}
