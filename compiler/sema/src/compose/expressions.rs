//! Expressions of a composition: names, groups, lists, constants, and what needs a value that is not there yet.

use dynop_base::codes::composition;
use dynop_base::{Applicability, Diagnostic, Span, Symbol};
use dynop_syntax::ast::{self, ExprKind};

use super::check::{Composer, Meaning};
use super::usage::mentions_param;
use super::{CTy, Node, NodeKind};
use crate::body::Origin;
use crate::constants::check_constant;
use crate::hir::FunctionId;
use crate::signatures::unsupported;
use crate::ty::Ty;

/// All uses of names together have at most so many parts.
const MOST_PARTS: usize = 1_000_000;

/// The parts of a call of a method: what it is called on, its name, its arguments.
fn method_of(expr: &ast::Expr) -> Option<(&ast::Expr, ast::Ident, &[ast::Arg])> {
    let ExprKind::Call { callee, args, .. } = &expr.kind else {
        return None;
    };
    match &callee.kind {
        ExprKind::Field { base, name, .. } => Some((base, *name, args)),
        _ => None,
    }
}

impl Composer<'_, '_> {
    /// An expression. `expected` helps constants to their type; nothing is held against it here.
    pub(super) fn node(&mut self, expr: &ast::Expr, expected: Option<&Ty>) -> Node {
        let node = self.node_inner(expr, expected);
        self.note_type(expr.span, &node.ty);
        node
    }

    /// Notes the type of what is at a place, unless it is too large to be shown.
    pub(super) fn note_type(&self, place: Span, ty: &CTy) {
        if self.cx.recorder.writes() && ty.parts() <= crate::types::LARGEST_TYPE {
            self.cx.note_types([(place, ty.as_ty())]);
        }
    }

    fn node_inner(&mut self, expr: &ast::Expr, expected: Option<&Ty>) -> Node {
        if let ExprKind::Block(block) = &expr.kind {
            return self.block_of(block, expected);
        }
        if let Some(node) = self.out_of_place(expr, expected) {
            return node;
        }
        if !self.mentions(expr) {
            return match self.goes_over_constant(expr) {
                Some(node) => node,
                None => self.constant(expr, expected),
            };
        }
        match &expr.kind {
            ExprKind::Paren(inner) => self.node(inner, expected),
            ExprKind::Name(name) => self.name(*name, expr.span),
            ExprKind::Tuple(fields) => self.group(expr.span, fields, expected),
            ExprKind::List(elements) => self.list(expr.span, elements, expected),
            ExprKind::Call {
                callee,
                type_args,
                args,
                ..
            } => self.call(expr, (callee, type_args, args), expected),
            ExprKind::Field {
                base,
                name,
                optional: false,
            } => self.part(expr, base, *name),
            ExprKind::As { value, name } => {
                let mut node = self.node(value, expected);
                self.cx.note_step_name(node.span, name.name);
                match &mut node.kind {
                    NodeKind::Invoke(invocation) => invocation.name = Some((name.name, name.span)),
                    NodeKind::Join(join) => join.name = Some((name.name, name.span)),
                    NodeKind::Filter(filter) => filter.name = Some((name.name, name.span)),
                    NodeKind::Error => {}
                    _ => {
                        return self.fail(
                            Diagnostic::new(
                                &composition::NOT_AN_INVOCATION,
                                name.span,
                                "only an invocation can be named",
                            )
                            .here("`as` names a step")
                            .label(value.span, "this is no invocation of an op")
                            .help("put `as` behind the invocation itself: `op(x) as name`"),
                        );
                    }
                }
                node
            }
            ExprKind::Closure { .. } => self.fail(
                Diagnostic::new(
                    &composition::NOT_IN_A_JOB,
                    expr.span,
                    "a closure can't stand here",
                )
                .here("closures are given to `map`")
                .help("give it to `map` of a dynamic output, `outputs.map(|item| …)`, or write it within an op"),
            ),
            ExprKind::Error => Node::error(expr.span),
            _ => self.run_time_value(expr, expected),
        }
    }

    /// `map` or `filter` of a constant, which only dynamic outputs have, and what is called on that.
    fn goes_over_constant(&mut self, expr: &ast::Expr) -> Option<Node> {
        let (base, name, args) = method_of(expr)?;
        let (mut inner, mut word, mut given) = (base, name, args);
        loop {
            let of_ops = match given {
                [one] => {
                    matches!(one.value.kind, ExprKind::Closure { .. })
                        || self.invoked(&one.value).is_some()
                }
                _ => false,
            };
            if of_ops && matches!(word.name.as_str(), "map" | "filter") && !self.makes_value(inner)
            {
                return Some(self.method(expr, base, name, args));
            }
            (inner, word, given) = method_of(inner)?;
        }
    }

    /// What is neither a constant nor a part of a composition, whatever is in it.
    fn out_of_place(&mut self, expr: &ast::Expr, expected: Option<&Ty>) -> Option<Node> {
        Some(match &expr.kind {
            ExprKind::Name(_) | ExprKind::Field { .. } => {
                let function = self.invoked(expr)?;
                self.not_invoked(expr, function)
            }
            ExprKind::Call { callee, .. } => {
                let function = self.function_named(callee)?;
                // `Set([1, 2])` and `time.date(…)` are constants, as in the default of a parameter.
                let known = crate::body::known_calls::known_call(self.cx, function).is_some();
                let is_fn = self.cx.function(function).kind == ast::FunctionKind::Fn;
                if !is_fn || (known && !self.mentions(expr)) {
                    return None;
                }
                self.function_call(expr, callee, function)
            }
            ExprKind::If {
                condition,
                then,
                otherwise,
            } => self.choice(expr, condition, (then, otherwise.as_deref()), expected),
            ExprKind::Match { scrutinee, .. } => self.no_match(expr, scrutinee),
            ExprKind::Try { .. } => self.statement_word(
                expr,
                "try",
                "catch the failure in the op, or let the step fail: its siblings go on",
            ),
            ExprKind::Return(_) => self.statement_word(
                expr,
                "return",
                "the last expression of the body is the result",
            ),
            ExprKind::Fail { .. } => {
                self.statement_word(expr, "fail", "a step fails, not a job: `fail` in an op")
            }
            ExprKind::Break => self.statement_word(expr, "break", "use it in an op"),
            ExprKind::Continue => self.statement_word(expr, "continue", "use it in an op"),
            _ => return None,
        })
    }

    fn statement_word(&mut self, expr: &ast::Expr, word: &str, help: &str) -> Node {
        self.fail(
            Diagnostic::new(
                &composition::NOT_IN_A_JOB,
                expr.span,
                format!("`{word}` can't stand in a job"),
            )
            .here("belongs into an op")
            .note("a job only says which ops are invoked and where their outputs go")
            .help(help),
        )
    }

    /// An op's name where its output is wanted.
    fn not_invoked(&mut self, expr: &ast::Expr, id: FunctionId) -> Node {
        let function = self.cx.function(id);
        let (kind, name) = (function.kind.keyword(), function.name);
        let free = function.params.iter().all(|param| param.default.is_some());
        let mut found = Diagnostic::new(
            &composition::NOT_IN_A_JOB,
            expr.span,
            format!("the {kind} `{name}` is named here, but not invoked"),
        )
        .here(format!("a {kind} is no value"))
        .label(function.name_span, "declared here");
        found = if free {
            found.help(format!("invoke it: `{name}()`")).fix(
                format!("invoke `{name}`"),
                expr.span.at_end(),
                "()",
                Applicability::Maybe,
            )
        } else {
            let params: Vec<String> = function
                .params
                .iter()
                .filter(|param| param.default.is_none())
                .map(|param| param.name.to_string())
                .collect();
            found.help(format!("invoke it: `{name}({})`", params.join(", ")))
        };
        self.fail(found)
    }

    /// An operator or the like on something that exists only at run time.
    pub(super) fn run_time_value(&mut self, expr: &ast::Expr, expected: Option<&Ty>) -> Node {
        if let Some(node) = self.computed(expr, expected) {
            return node;
        }
        let mut parts = Vec::new();
        crate::scan::each_child(expr, &mut |child| parts.push(child));
        let place = match &expr.kind {
            ExprKind::Binary { .. } | ExprKind::Unary { .. } => "an operand",
            ExprKind::FString(_) | ExprKind::Shell(_) => "a part of a text",
            ExprKind::Index { .. } => "indexed or an index",
            ExprKind::Map(_) => "an entry of a map",
            ExprKind::Call { .. } => "an argument of this",
            _ => "a value",
        };
        self.needs_values(expr.span, &parts, place)
    }

    /// Reports that `whole` would need the values of its parts now, which are outputs, some of them.
    pub(super) fn needs_values(&mut self, whole: Span, parts: &[&ast::Expr], place: &str) -> Node {
        let mut first: Option<Node> = None;
        for part in parts {
            if !self.mentions(part) {
                continue;
            }
            let node = self.node(part, None);
            match node.ty {
                CTy::Error => return Node::error(whole),
                CTy::Dynamic(_) => return self.direct(node, place, None, None),
                CTy::Value(_) | CTy::Group(_) => first = first.or(Some(node)),
            }
        }
        let found = Diagnostic::new(
            &composition::RUN_TIME_VALUE,
            whole,
            "this can't be computed in a job",
        )
        .here("would need the value now");
        let found = match first {
            Some(node) => {
                let label = match &node.kind {
                    NodeKind::Param(_) if !self.in_graph() => {
                        "a parameter of the job is known only when a run starts".to_owned()
                    }
                    _ => format!(
                        "this `{}` exists only while the job runs",
                        self.show(&node.ty)
                    ),
                };
                found.label(node.span, label)
            }
            None => found,
        };
        self.fail(
            found
                .note("a job is evaluated once, by the compiler, to find its steps; values flow later")
                .help("put the expression in an op, and pass the value to it"),
        )
    }

    pub(super) fn constant(&mut self, expr: &ast::Expr, expected: Option<&Ty>) -> Node {
        let expected =
            expected.filter(|ty| !crate::infer::has_variables(ty) && !mentions_param(ty));
        let (value, mut found) = check_constant(
            self.cx,
            self.module,
            self.generics,
            expr,
            expected.map(|ty| (ty, Origin::Unknown)),
        );
        self.findings.diagnostics.append(&mut found.diagnostics);
        self.findings.requirements.append(&mut found.requirements);
        self.findings.instances.append(&mut found.instances);
        let ty = if value.ty == Ty::Error {
            self.record_closures_in(expr);
            CTy::Error
        } else {
            CTy::Value(value.ty.clone())
        };
        Node {
            kind: NodeKind::Const(value),
            ty,
            span: expr.span,
        }
    }

    fn name(&mut self, name: Symbol, span: Span) -> Node {
        match self.scope.get(&name).copied() {
            Some(Meaning::Param(index)) => {
                let param = &self.cx.function(self.function).params[index as usize];
                self.cx.note_use(span, param.span);
                let ty = &param.ty;
                Node {
                    kind: NodeKind::Param(index),
                    ty: super::fit::composed(ty),
                    span,
                }
            }
            Some(Meaning::Binding(id)) => {
                self.bindings[id.0 as usize].used = true;
                self.cx.note_use(span, self.bindings[id.0 as usize].span);
                self.parts += self.bindings[id.0 as usize].ty.parts();
                if self.parts > MOST_PARTS {
                    return self.too_large(id, span);
                }
                Node {
                    kind: NodeKind::Bound(id),
                    ty: self.bindings[id.0 as usize].ty.clone(),
                    span,
                }
            }
            None => Node::error(span),
        }
    }

    /// Says once that groups are too large, and makes the name nothing.
    fn too_large(&mut self, id: super::BindingId, span: Span) -> Node {
        if self.parts < usize::MAX / 2 {
            self.report(
                Diagnostic::new(
                    &composition::TOO_MANY_STEPS,
                    span,
                    "the groups in this job are too large",
                )
                .here(format!("with this, they have more than {MOST_PARTS} parts"))
                .help("gather what belongs together in an op"),
            );
        }
        self.parts = usize::MAX / 2;
        self.bindings[id.0 as usize].ty = CTy::Error;
        Node::error(span)
    }

    fn group(&mut self, span: Span, fields: &[ast::TupleField], expected: Option<&Ty>) -> Node {
        let wanted = |index: usize, name: Option<Symbol>| match expected {
            Some(Ty::Tuple(types)) => types.get(index),
            Some(Ty::NamedTuple(types)) => types
                .iter()
                .find(|(field, _)| Some(*field) == name)
                .map(|(_, ty)| ty),
            _ => None,
        };
        let mut nodes = Vec::new();
        let mut parts = Vec::new();
        for (index, field) in fields.iter().enumerate() {
            let name = field.name.map(|name| name.name);
            let node = self.node(&field.value, wanted(index, name));
            parts.push((name, node.ty.clone()));
            nodes.push(node);
        }
        Node {
            kind: NodeKind::Group(nodes),
            ty: CTy::Group(parts),
            span,
        }
    }

    fn list(&mut self, span: Span, elements: &[ast::Element], expected: Option<&Ty>) -> Node {
        let mut item: Option<Ty> = match expected {
            Some(Ty::List(item)) if !crate::infer::has_variables(item) && !mentions_param(item) => {
                Some((**item).clone())
            }
            _ => None,
        };
        let mut nodes = Vec::new();
        for element in elements {
            if let Some(spread) = element.spread {
                let whole = self.node(&element.value, None);
                if !whole.is_error() {
                    self.report(unsupported("spreads in a list of outputs", spread));
                }
                nodes.push(Node::error(spread));
                continue;
            }
            let node = self.node(&element.value, item.as_ref());
            let node = match (&item, &node.ty) {
                (Some(item), _) => self.coerce(
                    node,
                    &item.clone(),
                    Origin::Rule("the elements of a list have one type"),
                    None,
                ),
                (None, CTy::Value(ty)) => {
                    item = Some(ty.clone());
                    node
                }
                (None, CTy::Dynamic(_)) => self.direct(node, "an element of a list", None, None),
                (None, CTy::Group(_)) => {
                    let ty = node.ty.as_ty();
                    let dynamic =
                        crate::substitute::any(&ty, &mut |ty| matches!(ty, Ty::Dynamic(_)));
                    if dynamic {
                        self.direct(node, "an element of a list", None, None)
                    } else {
                        item = Some(ty.clone());
                        self.coerce(node, &ty, Origin::Unknown, None)
                    }
                }
                (None, CTy::Error) => node,
            };
            nodes.push(node);
        }
        let ty = item.map_or(CTy::Error, |item| CTy::Value(Ty::list(item)));
        Node {
            kind: NodeKind::List(nodes),
            ty,
            span,
        }
    }

    fn part(&mut self, expr: &ast::Expr, base: &ast::Expr, name: ast::Ident) -> Node {
        let span = expr.span;
        let node = self.node(base, None);
        if matches!(node.ty, CTy::Value(_))
            && let Some(known) = self.computed(expr, None)
        {
            return known;
        }
        let parts = match &node.ty {
            CTy::Group(parts) => parts.clone(),
            CTy::Error => return Node::error(span),
            CTy::Dynamic(_) => {
                return self.direct(node, &format!("the base of `.{}`", name.name), None, None);
            }
            CTy::Value(_) => {
                let shown = self.show(&node.ty);
                return self.fail(
                    Diagnostic::new(&composition::RUN_TIME_VALUE, span, format!("`.{}` can't be read in a job", name.name))
                        .here("would need the value now")
                        .label(node.span, format!("this `{shown}` exists only while the job runs"))
                        .help("read the field in an op, or let the op declare named outputs: `-> (a: A, b: B)`"),
                );
            }
        };
        let index = match name.name.as_str().parse::<usize>() {
            Ok(index) if index < parts.len() => Some(index),
            _ => parts.iter().position(|(part, _)| *part == Some(name.name)),
        };
        let Some(index) = index else {
            self.unknown_part(name, &parts);
            return Node::error(span);
        };
        if let Some(op) = self.producer(&node) {
            self.cx.note_output(name.span, op, name.name);
        }
        Node {
            ty: parts[index].1.clone(),
            kind: NodeKind::Part {
                base: Box::new(node),
                index,
            },
            span,
        }
    }
}
