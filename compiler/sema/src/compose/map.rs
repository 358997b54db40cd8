//! `map`: its closure, op or graph is evaluated once, here, with a name for the item. `filter` takes the same.

use std::collections::BTreeSet;

use dynop_base::codes::composition;
use dynop_base::{Diagnostic, Span, Symbol};
use dynop_syntax::ast::{self, ExprKind, PatternKind};

use super::check::{Binding, Composer, MapId};
use super::{BindingId, CTy, Node, NodeKind};
use crate::body::Origin;
use crate::hir::FunctionId;
use crate::infer::Infer;
use crate::substitute::substitute;
use crate::ty::Ty;

/// What is evaluated for each item.
pub(super) struct Each {
    /// Which `map` or `filter`.
    pub map: MapId,
    /// The item.
    pub item: BindingId,
    /// The key.
    pub key: Option<BindingId>,
    /// What the closure, op or graph gives; an error node of its type if something in it is wrong.
    pub body: Node,
}

impl Composer<'_, '_> {
    pub(super) fn map(
        &mut self,
        expr: &ast::Expr,
        node: Node,
        name: ast::Ident,
        args: &[ast::Arg],
    ) -> Node {
        let Some(each) = self.each(&node, name, args) else {
            return Node::error(expr.span);
        };
        if each.body.is_error() {
            return Node {
                ty: each.body.ty.mapped(),
                ..Node::error(expr.span)
            };
        }
        self.finish_map(expr.span, node, each)
    }

    /// The closure, op or graph that is given to `map` or `filter`. `None` and a report if there is none.
    pub(super) fn each(
        &mut self,
        node: &Node,
        name: ast::Ident,
        args: &[ast::Arg],
    ) -> Option<Each> {
        let CTy::Dynamic(item) = node.ty.clone() else {
            self.record_closures(args);
            self.not_dynamic(node, name);
            return None;
        };
        let word = name.name;
        let [arg] = args else {
            self.record_closures(args);
            self.report(
                Diagnostic::new(
                    &composition::BAD_MAP,
                    name.span,
                    format!("`{word}` takes one closure or op"),
                )
                .here(format!("is given {}", args.len()))
                .help(format!("`.{word}(|item| op(item))`, or `.{word}(op)`")),
            );
            return None;
        };
        match &arg.value.kind {
            ExprKind::Closure { params, body } => self.each_closure(node, *item, params, body),
            _ => match self.invoked(&arg.value) {
                Some(function) => {
                    self.check_public(&arg.value);
                    self.each_op(node, *item, function, arg.value.span)
                }
                None => {
                    let mut found = Diagnostic::new(
                        &composition::BAD_MAP,
                        arg.span,
                        format!("`{word}` wants a closure or an op"),
                    )
                    .here("is neither")
                    .help(format!(
                        "`.{word}(|item| op(item))`, or the name of an op: `.{word}(op)`"
                    ));
                    if let Some(function) = self.function_named(&arg.value) {
                        let function = self.cx.function(function).name;
                        found = found.note(format!("`{function}` is a `fn`: call it in an op"));
                    }
                    self.report(found);
                    None
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
            producer: self.producer(source),
            item_of: Some(map),
            raw: false,
            used: false,
            watched: false,
            constant: false,
        })
    }

    fn each_closure(
        &mut self,
        source: &Node,
        item: CTy,
        params: &[ast::ClosureParam],
        body: &ast::Expr,
    ) -> Option<Each> {
        if params.is_empty() || params.len() > 2 {
            self.report(
                Diagnostic::new(
                    &composition::BAD_MAP,
                    body.span,
                    "a closure of `map` takes the item, or item and key",
                )
                .here(format!("takes {}", params.len()))
                .help("`|item| …` or `|item, key| …`"),
            );
            return None;
        }
        let map = self.next_map;
        self.next_map += 1;
        let source_axes = self.axes(source);
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
                    // Its names are bound all the same, so that their uses are no second error.
                    let broken = Node::error(param.pattern.span);
                    this.bind_pattern(&param.pattern, &broken, &CTy::Error, &BTreeSet::new());
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
                ids.push(this.bind_item(name, param.pattern.span, ty, map, source));
            }
            // An item that comes from items of outer maps depends on those too.
            if let Some(key) = ids.get(1) {
                this.bindings[key.0 as usize].producer = None;
            }
            for id in &ids {
                this.bindings[id.0 as usize].axes.extend(&source_axes);
            }
            this.open.push(map);
            let inner = this.node(body, None);
            this.open.pop();
            (ids[0], ids.get(1).copied(), inner)
        });
        Some(self.unless_broken(before, map, item_id, key_id, inner))
    }

    /// What is broken may be what has the item in it.
    fn unless_broken(
        &mut self,
        before: usize,
        map: MapId,
        item: BindingId,
        key: Option<BindingId>,
        body: Node,
    ) -> Each {
        let broken = self.findings.diagnostics[before..]
            .iter()
            .any(Diagnostic::is_error);
        let body = if broken {
            self.pending_once.retain(|pending| pending.0 != map);
            Node {
                ty: body.ty,
                ..Node::error(body.span)
            }
        } else {
            body
        };
        Each {
            map,
            item,
            key,
            body,
        }
    }

    fn each_op(&mut self, source: &Node, item: CTy, id: FunctionId, span: Span) -> Option<Each> {
        let function = self.cx.function(id);
        if function.kind == ast::FunctionKind::Job {
            self.report(
                Diagnostic::new(&composition::NOT_AN_OP, span, "a job can't invoke a job")
                    .here("this is a job")
                    .help("invoke its ops, or make a `graph` of what both share"),
            );
            return None;
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
                self.report(
                    Diagnostic::new(
                        &composition::BAD_MAP,
                        span,
                        format!("`{}` does not take exactly one item", function.name),
                    )
                    .here(format!("takes {takes}"))
                    .label(function.name_span, "declared here")
                    .help(match required.split_first() {
                        Some((_, others)) => {
                            let others = others
                                .iter()
                                .map(|&at| format!(", {}: …", function.params[at].name));
                            format!(
                                "write out what it is given beside the item: `|item| {}(item{})`",
                                function.name,
                                others.collect::<String>()
                            )
                        }
                        None => format!(
                            "give `{}` a parameter for the item, or invoke it before the `map`",
                            function.name
                        ),
                    }),
                );
                return None;
            }
        };
        let map = self.next_map;
        self.next_map += 1;
        let source_axes = self.axes(source);
        let before = self.findings.diagnostics.len();
        let (item_id, inner) = self.scoped(|this| {
            let item_id = this.bind_item(Symbol::new("_"), span, item.clone(), map, source);
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
                let wanted = this.parameter(id, &wanted);
                nodes.push(this.fit(&mut infer, node, &wanted, Origin::Param(id, index), None));
            }
            let inner = this.step(span, id, infer, variables, nodes);
            this.open.pop();
            (item_id, inner)
        });
        Some(self.unless_broken(before, map, item_id, None, inner))
    }

    fn finish_map(&mut self, span: Span, source: Node, each: Each) -> Node {
        let nothing = matches!(each.body.ty, CTy::Value(Ty::Unit))
            && !matches!(
                result_of(&each.body).kind,
                NodeKind::Invoke(_) | NodeKind::Bound(_)
            );
        if !self.depends(&each, nothing) {
            return Node::error(span);
        }
        let ty = each.body.ty.clone().mapped();
        Node {
            kind: NodeKind::Map {
                source: Box::new(source),
                item: each.item,
                key: each.key,
                body: Box::new(each.body),
            },
            ty,
            span,
        }
    }

    /// Whether the result of a closure depends on the item, with the warnings for what does not; `nothing` if it has
    /// none.
    pub(super) fn depends(&mut self, each: &Each, nothing: bool) -> bool {
        let (map, item, body) = (each.map, each.item, &each.body);
        let (pending, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.pending_once)
            .into_iter()
            .partition(|p| p.0 == map);
        self.pending_once = rest;
        if matches!(body.ty, CTy::Error) {
            return false;
        }
        if !nothing && let Some(part) = self.item_free_part(body, map) {
            self.report(
                Diagnostic::new(
                    &composition::ITEM_FREE_RESULT,
                    part,
                    "this does not depend on the item",
                )
                .here("is the same for every key")
                .label(self.bindings[item.0 as usize].span, "the item")
                .help("move it out of the closure, or use the item in it"),
            );
            return false;
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
        true
    }

    /// The place of the first part of a closure's result that is the same for every key.
    fn item_free_part(&self, body: &Node, map: MapId) -> Option<Span> {
        let result = result_of(body);
        match &result.kind {
            NodeKind::Group(nodes) if matches!(body.ty, CTy::Group(_)) => {
                nodes.iter().find_map(|node| self.item_free_part(node, map))
            }
            _ => (!self.axes(result).contains(&map)).then_some(result.span),
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
