//! Checks the body of a job: names, statements and expressions.

use std::collections::{BTreeSet, HashMap};

use dynop_base::codes::{composition, names, types};
use dynop_base::{Applicability, Diagnostic, Span, Symbol, nearest};
use dynop_syntax::ast::{self, ExprKind, PatternKind, StmtKind};

use super::{BindingId, CTy, Composition, Node, NodeKind, Pattern};
use crate::body::{Findings, Origin};
use crate::constants::check_constant;
use crate::context::{Context, Definition, ModuleId};
use crate::hir::FunctionId;
use crate::signatures::unsupported;
use crate::ty::Ty;

/// Names a `map` while a composition is checked.
pub(super) type MapId = u32;

/// What is known of a binding.
#[derive(Clone, Debug)]
pub(super) struct Binding {
    pub name: Symbol,
    pub span: Span,
    pub ty: CTy,
    /// The maps on whose items it depends.
    pub axes: BTreeSet<MapId>,
    /// The op whose dynamic output it is or is made of.
    pub made_by: Option<FunctionId>,
    /// The map whose item it is.
    pub item_of: Option<MapId>,
    /// Whether it is, unchanged, a dynamic output of an op.
    pub raw: bool,
    pub used: bool,
    /// Whether it was made by `let`.
    pub watched: bool,
}

/// What a name of a composition stands for.
#[derive(Clone, Copy, Debug)]
enum Meaning {
    Param(u32),
    Binding(BindingId),
}

/// Checks one composition.
pub(super) struct Composer<'c, 'a> {
    pub cx: &'c Context<'a>,
    pub module: ModuleId,
    pub function: FunctionId,
    pub findings: Findings,
    pub bindings: Vec<Binding>,
    scope: HashMap<Symbol, Meaning>,
    /// The maps that are open, the innermost last.
    pub open: Vec<MapId>,
    pub next_map: MapId,
    /// Ops that do not use the item of the map they are in: said when the map is done, if its result is right.
    pub pending_once: Vec<(MapId, Span, Symbol)>,
}

/// Checks the body of a job.
pub fn check(cx: &Context<'_>, id: FunctionId, block: &ast::Block) -> (Composition, Findings) {
    let function = cx.function(id);
    let mut composer = Composer {
        cx,
        module: cx.functions[id.0 as usize].module,
        function: id,
        findings: Findings::default(),
        bindings: Vec::new(),
        scope: HashMap::new(),
        open: Vec::new(),
        next_map: 0,
        pending_once: Vec::new(),
    };
    if function.kind == ast::FunctionKind::Graph {
        composer.report(unsupported("graphs", function.name_span));
        let body = Node::error(block.span);
        return (Composition { body }, composer.findings);
    }
    for (index, param) in function.params.iter().enumerate() {
        composer
            .scope
            .insert(param.name, Meaning::Param(index as u32));
    }
    let body = composer.result(block, &function.result.clone());
    composer.unused();
    (Composition { body }, composer.findings)
}

impl Composer<'_, '_> {
    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.findings.diagnostics.push(diagnostic);
    }

    pub(super) fn fail(&mut self, diagnostic: Diagnostic) -> Node {
        let span = diagnostic.primary.span;
        self.report(diagnostic);
        Node::error(span)
    }

    pub(super) fn show(&self, ty: &CTy) -> String {
        self.cx.show(&ty.as_ty())
    }

    /// The body of the job, held against its declared result.
    fn result(&mut self, block: &ast::Block, wanted: &Ty) -> Node {
        let outer = self.scope.clone();
        let mut lets = Vec::new();
        let (last, before) = match block.stmts.split_last() {
            Some((last, before)) if matches!(last.kind, StmtKind::Expr(_)) => (Some(last), before),
            _ => (None, block.stmts.as_slice()),
        };
        for stmt in before {
            self.stmt(stmt, &mut lets);
        }
        let value = match last.map(|stmt| &stmt.kind) {
            Some(StmtKind::Expr(expr)) => {
                let node = self.node(expr, Some(wanted));
                self.job_result(node, wanted)
            }
            _ => {
                if *wanted != Ty::Unit && *wanted != Ty::Error {
                    let end = Span {
                        start: block.span.end.saturating_sub(1),
                        ..block.span
                    };
                    let name = self.cx.function(self.function).name;
                    self.report(
                        Diagnostic::new(
                            &types::MISMATCH,
                            end,
                            format!("`{name}` ends without its result"),
                        )
                        .here(format!(
                            "a `{}` is wanted before this brace",
                            self.cx.show(wanted)
                        ))
                        .label(self.cx.function(self.function).name_span, "declared here")
                        .help("end the body with an invocation, or with a name bound to one"),
                    );
                }
                None
            }
        };
        self.scope = outer;
        let ty = value
            .as_ref()
            .map_or(CTy::Value(Ty::Unit), |value: &Node| value.ty.clone());
        Node {
            kind: NodeKind::Block {
                lets,
                value: value.map(Box::new),
            },
            ty,
            span: block.span,
        }
    }

    fn job_result(&mut self, node: Node, wanted: &Ty) -> Option<Node> {
        if *wanted == Ty::Unit && matches!(node.ty, CTy::Value(Ty::Unit) | CTy::Dynamic(_)) {
            return Some(node);
        }
        Some(self.coerce(node, wanted, Origin::Result(self.function), None))
    }

    // --------------------------------------------------------------------------------------------------- statements

    /// A block inside a composition: the body of a closure.
    pub(super) fn block(&mut self, block: &ast::Block) -> Node {
        let outer = self.scope.clone();
        let mut lets = Vec::new();
        let mut value = None;
        for (index, stmt) in block.stmts.iter().enumerate() {
            match &stmt.kind {
                StmtKind::Expr(expr) if index + 1 == block.stmts.len() => {
                    value = Some(Box::new(self.node(expr, None)))
                }
                _ => self.stmt(stmt, &mut lets),
            }
        }
        self.scope = outer;
        let ty = value
            .as_ref()
            .map_or(CTy::Value(Ty::Unit), |value| value.ty.clone());
        Node {
            kind: NodeKind::Block { lets, value },
            ty,
            span: block.span,
        }
    }

    fn stmt(&mut self, stmt: &ast::Stmt, lets: &mut Vec<(Pattern, Node)>) {
        match &stmt.kind {
            StmtKind::Let {
                var,
                pattern,
                ty,
                value,
            } => {
                if *var {
                    self.report(
                        Diagnostic::new(
                            &composition::NOT_IN_A_JOB,
                            stmt.span,
                            "nothing is assigned in a job",
                        )
                        .here("`var` has no use here")
                        .note(
                            "a job is evaluated once, by the compiler; its names stand for outputs",
                        )
                        .help("use `let`"),
                    );
                }
                let node = self.node(value, None);
                if let Some(written) = ty {
                    self.written(written, &node);
                }
                let axes = self.axes(&node);
                let pattern = self.bind_pattern(pattern, &node, &node.ty.clone(), &axes);
                lets.push((pattern, node));
            }
            StmtKind::Expr(expr) => {
                let node = self.node(expr, None);
                if let NodeKind::Const(_) = node.kind {
                    self.report(
                        Diagnostic::new(&types::UNUSED_VALUE, expr.span, "this value is not used")
                            .here("a constant alone does nothing"),
                    );
                }
                self.unused_result(&node);
                lets.push((Pattern::Ignore, node));
            }
            StmtKind::For { .. } => {
                self.report(
                    unsupported("`for` loops in a job", stmt.span)
                        .help("one clone per item of an op's output is `.map(…)`"),
                );
            }
            StmtKind::While { .. }
            | StmtKind::Assign { .. }
            | StmtKind::Yield(_)
            | StmtKind::Assert(_) => {
                let what = match stmt.kind {
                    StmtKind::While { .. } => "`while`",
                    StmtKind::Assign { .. } => "an assignment",
                    StmtKind::Yield(_) => "`yield`",
                    _ => "`assert`",
                };
                self.report(
                    Diagnostic::new(
                        &composition::NOT_IN_A_JOB,
                        stmt.span,
                        format!("{what} can't stand in a job"),
                    )
                    .here("belongs into an op")
                    .note("a job only says which ops are invoked and where their outputs go"),
                );
            }
            StmtKind::Error => {}
        }
    }

    /// The written type of a `let`.
    fn written(&mut self, written: &ast::Type, node: &Node) {
        let scope = crate::types::TypeScope {
            module: self.module,
            generics: &[],
        };
        let ty = crate::types::lower_type(self.cx, scope, written, &mut self.findings.diagnostics);
        let found = node.ty.as_ty();
        if ty != Ty::Error && found != Ty::Error && ty != found {
            self.report(
                Diagnostic::new(
                    &types::MISMATCH,
                    node.span,
                    format!(
                        "expected `{}`, found `{}`",
                        self.cx.show(&ty),
                        self.cx.show(&found)
                    ),
                )
                .here(format!("this is `{}`", self.cx.show(&found)))
                .label(written.span, "declared here"),
            );
        }
    }

    fn bind_pattern(
        &mut self,
        pattern: &ast::Pattern,
        node: &Node,
        ty: &CTy,
        axes: &BTreeSet<MapId>,
    ) -> Pattern {
        match &pattern.kind {
            PatternKind::Wildcard | PatternKind::Error => Pattern::Ignore,
            PatternKind::Name(name) => {
                let binding = Binding {
                    name: *name,
                    span: pattern.span,
                    ty: ty.clone(),
                    axes: axes.clone(),
                    made_by: self.made_by(node),
                    item_of: None,
                    raw: self.is_raw(node) && matches!(ty, CTy::Dynamic(_)),
                    used: false,
                    watched: true,
                };
                Pattern::Name(self.bind(binding))
            }
            PatternKind::Tuple(fields) => self.bind_parts(pattern, fields, node, ty, axes),
            _ => {
                self.report(
                    Diagnostic::new(
                        &composition::NOT_IN_A_JOB,
                        pattern.span,
                        "this pattern can't stand in a job",
                    )
                    .here("names and tuples of names can"),
                );
                Pattern::Ignore
            }
        }
    }

    fn bind_parts(
        &mut self,
        pattern: &ast::Pattern,
        fields: &[ast::FieldPattern],
        node: &Node,
        ty: &CTy,
        axes: &BTreeSet<MapId>,
    ) -> Pattern {
        let parts = match ty {
            CTy::Group(parts) => parts.clone(),
            _ => {
                if *ty != CTy::Error {
                    let shown = self.show(ty);
                    self.report(
                        Diagnostic::new(&composition::BAD_UNPACKING, pattern.span, "this is one output, not several")
                            .here(format!("{} names for one output", fields.len()))
                            .label(node.span, format!("this is `{shown}`"))
                            .note("what an op gives in one output exists only while the job runs")
                            .help("take it apart in an op, or let the op declare named outputs: `-> (a: A, b: B)`"),
                    );
                }
                let broken = fields
                    .iter()
                    .map(|f| self.bind_pattern(&f.pattern, node, &CTy::Error, axes))
                    .collect();
                return Pattern::Parts(broken);
            }
        };
        if fields.iter().all(|field| field.name.is_none()) && fields.len() != parts.len() {
            let outputs: Vec<String> = parts
                .iter()
                .map(|(name, ty)| match name {
                    Some(name) => format!("{name}: {}", self.show(ty)),
                    None => self.show(ty),
                })
                .collect();
            self.report(
                Diagnostic::new(
                    &composition::BAD_UNPACKING,
                    pattern.span,
                    format!("{} names for {} outputs", fields.len(), parts.len()),
                )
                .here(format!("binds {}", fields.len()))
                .label(node.span, format!("gives ({})", outputs.join(", ")))
                .help("name every output, `_` for one that is not wanted, or reach one by name: `outs.total`"),
            );
        }
        let mut bound = vec![Pattern::Ignore; parts.len()];
        for (index, field) in fields.iter().enumerate() {
            let at = match field.name {
                None => Some(index),
                Some(name) => {
                    let at = parts.iter().position(|(part, _)| *part == Some(name.name));
                    if at.is_none() {
                        self.unknown_part(name, &parts);
                    }
                    at
                }
            };
            let ty = at
                .and_then(|at| parts.get(at))
                .map_or(CTy::Error, |(_, ty)| ty.clone());
            let made = self.bind_pattern(&field.pattern, node, &ty, axes);
            if let Some(slot) = at.and_then(|at| bound.get_mut(at)) {
                *slot = made;
            }
        }
        Pattern::Parts(bound)
    }

    pub(super) fn unknown_part(&mut self, name: ast::Ident, parts: &[(Option<Symbol>, CTy)]) {
        let known: Vec<&str> = parts
            .iter()
            .filter_map(|(part, _)| Some((*part)?.as_str()))
            .collect();
        let mut found = Diagnostic::new(
            &composition::UNKNOWN_PART,
            name.span,
            format!("there is no output `{}`", name.name),
        )
        .here("no such output");
        if let Some(near) = nearest(name.name.as_str(), known.iter().copied()) {
            found = found.help(format!("did you mean `{near}`?")).fix(
                format!("change to `{near}`"),
                name.span,
                near,
                Applicability::Maybe,
            );
        } else if !known.is_empty() {
            found = found.help(format!(
                "its outputs are {}",
                crate::signatures::list_of(known.iter().map(|n| format!("`{n}`")))
            ));
        }
        self.report(found);
    }

    pub(super) fn bind(&mut self, binding: Binding) -> BindingId {
        let id = BindingId(self.bindings.len() as u32);
        self.scope.insert(binding.name, Meaning::Binding(id));
        self.bindings.push(binding);
        id
    }

    /// Checks with names that are gone afterwards.
    pub(super) fn scoped<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.scope.clone();
        let result = work(self);
        self.scope = outer;
        result
    }

    // -------------------------------------------------------------------------------------------------- expressions

    /// An expression. `expected` helps constants to their type; nothing is held against it here.
    pub(super) fn node(&mut self, expr: &ast::Expr, expected: Option<&Ty>) -> Node {
        if let ExprKind::Block(block) = &expr.kind {
            return self.block(block);
        }
        if !self.mentions(expr) {
            return self.constant(expr, expected);
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
            } => self.call(expr, callee, type_args, args),
            ExprKind::Field {
                base,
                name,
                optional: false,
            } => self.part(expr.span, base, *name),
            ExprKind::As { value, name } => {
                let mut node = self.node(value, expected);
                match &mut node.kind {
                    NodeKind::Invoke(invocation) => invocation.name = Some((name.name, name.span)),
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
                .here("closures are given to `map`"),
            ),
            ExprKind::If { .. } => self.if_or_match(expr, "if"),
            ExprKind::Match { .. } => self.if_or_match(expr, "match"),
            ExprKind::Error => Node::error(expr.span),
            _ => self.run_time_value(expr),
        }
    }

    fn if_or_match(&mut self, expr: &ast::Expr, word: &str) -> Node {
        let condition = match &expr.kind {
            ExprKind::If { condition, .. } => condition,
            ExprKind::Match { scrutinee, .. } => scrutinee,
            _ => return Node::error(expr.span),
        };
        if self.mentions(condition) {
            return self.run_time_value(condition);
        }
        self.fail(unsupported(
            &format!("`{word}` expressions in a job"),
            expr.span,
        ))
    }

    /// An operator or the like on something that exists only at run time.
    pub(super) fn run_time_value(&mut self, expr: &ast::Expr) -> Node {
        let culprit = self.first_mention(expr).unwrap_or(expr.span);
        self.fail(
            Diagnostic::new(
                &composition::RUN_TIME_VALUE,
                expr.span,
                "this can't be computed in a job",
            )
            .here("would need the value now")
            .label(culprit, "this value exists only while the job runs")
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
            &[],
            expr,
            expected.map(|ty| (ty, Origin::Unknown)),
        );
        self.findings.diagnostics.append(&mut found.diagnostics);
        self.findings.requirements.append(&mut found.requirements);
        self.findings.instances.append(&mut found.instances);
        let ty = if value.ty == Ty::Error {
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
                let ty = self.cx.function(self.function).params[index as usize]
                    .ty
                    .clone();
                Node {
                    kind: NodeKind::Param(index),
                    ty: CTy::Value(ty),
                    span,
                }
            }
            Some(Meaning::Binding(id)) => {
                self.bindings[id.0 as usize].used = true;
                Node {
                    kind: NodeKind::Bound(id),
                    ty: self.bindings[id.0 as usize].ty.clone(),
                    span,
                }
            }
            None => Node::error(span),
        }
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
                self.report(unsupported("spreads in a list of outputs", spread));
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
                (None, CTy::Dynamic(_)) => self.coerce(node, &Ty::Error, Origin::Unknown, None),
                (None, _) => node,
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

    fn part(&mut self, span: Span, base: &ast::Expr, name: ast::Ident) -> Node {
        let node = self.node(base, None);
        let parts = match &node.ty {
            CTy::Group(parts) => parts.clone(),
            CTy::Error => return Node::error(span),
            CTy::Dynamic(_) => return self.direct(node, "a field of it", None, None),
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
        Node {
            ty: parts[index].1.clone(),
            kind: NodeKind::Part {
                base: Box::new(node),
                index,
            },
            span,
        }
    }

    // -------------------------------------------------------------------------------------------------- what is used

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

    /// The op, graph or job that a callee names.
    pub(super) fn invoked(&self, callee: &ast::Expr) -> Option<FunctionId> {
        let id = self.function_named(callee)?;
        (self.cx.function(id).kind != ast::FunctionKind::Fn).then_some(id)
    }

    /// The function that a callee names.
    pub(super) fn function_named(&self, callee: &ast::Expr) -> Option<FunctionId> {
        let definition = match &callee.kind {
            ExprKind::Name(name) if !self.scope.contains_key(name) => {
                self.cx.resolve(self.module, *name)?
            }
            ExprKind::Field { base, name, .. } => {
                let ExprKind::Name(module) = base.kind else {
                    return None;
                };
                if self.scope.contains_key(&module) {
                    return None;
                }
                let Definition::Module(module) = self.cx.resolve(self.module, module)? else {
                    return None;
                };
                self.cx.member(module, name.name)?.definition
            }
            _ => return None,
        };
        match definition {
            Definition::Function(id) => Some(id),
            _ => None,
        }
    }

    /// Warnings for names that nothing reads.
    fn unused(&mut self) {
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
                .help(format!(
                    "write `_{}` if that is meant; the step runs all the same",
                    binding.name
                ))
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
    fn unused_result(&mut self, node: &Node) {
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
