//! Methods of compositions: `map`, `collect` and its like, `after`.

use dynop_base::codes::composition;
use dynop_base::{Applicability, Diagnostic, nearest};
use dynop_syntax::ast;

use super::check::Composer;
use super::{CTy, Gathering, Node, NodeKind};
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
            self.record_closures(args);
            return Node::error(expr.span);
        }
        match name.name.as_str() {
            "map" => self.map(expr, node, name, args),
            "collect" => self.collect(expr, node, name, args, Gathering::List),
            "collect_keyed" => self.collect(expr, node, name, args, Gathering::Keyed),
            "after" => self.after(node, name, args),
            "zip" | "concat" => self.join(expr, node, name, args),
            "filter" => self.filter(expr, node, name, args),
            "flatten" => self.flatten(expr, node, name, args),
            "with" => self.with(expr, node, name, args),
            "collect_results" => self.collect(expr, node, name, args, Gathering::Results),
            _ => {
                self.record_closures(args);
                self.unknown_method(expr, &node, name)
            }
        }
    }

    fn unknown_method(&mut self, expr: &ast::Expr, node: &Node, name: ast::Ident) -> Node {
        let shown = self.show(&node.ty);
        if !matches!(node.ty, CTy::Dynamic(_)) {
            return self.run_time_method(expr, node, name, &shown);
        }
        let near = nearest(name.name.as_str(), METHODS);
        if near.is_none() {
            let place = format!("what `.{}` is called on", name.name);
            return self.direct(node.clone(), &place, None, None);
        }
        let mut found = Diagnostic::new(
            &composition::UNKNOWN_PART,
            name.span,
            format!("a dynamic output has no method `{}`", name.name),
        )
        .here("no such method")
        .label(node.span, format!("this is `{shown}`"));
        if let Some(near) = near {
            found = found.help(format!("did you mean `{near}`?")).fix(
                format!("change to `{near}`"),
                name.span,
                near,
                Applicability::Maybe,
            );
        }
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

    pub(super) fn not_dynamic(&mut self, node: &Node, name: ast::Ident) -> Node {
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
            _ if self.is_constant(node) => found.help(
                "for steps that the compiler can count go over it with `for`, or write them as a list: `[op(1), op(2)]`",
            ),
            _ => found.help(
                "pass it to an op as it is; to fan out over it, let an op yield `DynamicOutput`s",
            ),
        };
        self.fail(found)
    }

    pub(super) fn no_arguments(&mut self, name: ast::Ident, args: &[ast::Arg]) {
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
        into: Gathering,
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
                    .help("for one list of all: `.flatten().collect()`")
                    .fix(
                        "make it one level: one list of all",
                        node.span.at_end(),
                        ".flatten()",
                        Applicability::Maybe,
                    )
                    .fix(
                        "collect each level: a list of lists",
                        node.span.at_end(),
                        ".map(|inner| inner.collect())",
                        Applicability::Maybe,
                    ),
                );
            }
        };
        let ty = match into {
            Gathering::List => Ty::list(item),
            Gathering::Keyed => Ty::map(Ty::Str, item),
            Gathering::Results => Ty::list(self.cx.result_of(item)),
        };
        Node {
            kind: NodeKind::Collect {
                source: Box::new(node),
                into,
            },
            ty: CTy::Value(ty),
            span: expr.span,
        }
    }

    fn with(
        &mut self,
        expr: &ast::Expr,
        mut node: Node,
        name: ast::Ident,
        args: &[ast::Arg],
    ) -> Node {
        let op = match &node.kind {
            NodeKind::Invoke(invocation) => {
                self.cx.function(invocation.function).kind == ast::FunctionKind::Op
            }
            _ => false,
        };
        if !op {
            return self.fail(
                Diagnostic::new(
                    &composition::NOT_AN_INVOCATION,
                    name.span,
                    "`with` says how a step is run",
                )
                .here("belongs to the invocation of an op")
                .label(node.span, "this is no invocation of an op")
                .help("put it behind the invocation itself: `op(x).with(retry: 3)`"),
            );
        }
        let cx = self.cx;
        let whole = dynop_base::Span {
            start: name.span.start,
            ..expr.span
        };
        let (settings, mut found) = crate::policy::of_invocation(cx, args, whole, |expr, ty| {
            self.steering(expr, Some(ty), "a setting")
        });
        self.findings.diagnostics.append(&mut found);
        if let NodeKind::Invoke(invocation) = &mut node.kind {
            invocation.with.extend(settings);
        }
        node
    }

    fn after(&mut self, mut node: Node, name: ast::Ident, args: &[ast::Arg]) -> Node {
        let mut waits = Vec::with_capacity(args.len());
        for arg in args {
            let wait = self.node(&arg.value, None);
            // A parameter of a graph may be an output.
            match wait.kind {
                NodeKind::Const(_) | NodeKind::Computed(_) => self.nothing_to_wait_for(&wait),
                _ => waits.push(wait),
            }
        }
        if args.is_empty() {
            self.report(
                Diagnostic::new(
                    &dynop_base::codes::types::ARGUMENTS,
                    name.span,
                    "`after` lacks what is waited for",
                )
                .here("waits for nothing")
                .help("give it what comes before: `op(x).after(y)`"),
            );
        }
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

    fn nothing_to_wait_for(&mut self, node: &Node) {
        self.report(
            Diagnostic::new(
                &composition::NOT_AN_INVOCATION,
                node.span,
                "`after` waits for steps, and this is a constant",
            )
            .here("is there before anything runs")
            .help("name the output, or the dynamic output, that comes before: `op(x).after(y)`"),
        );
    }
}
