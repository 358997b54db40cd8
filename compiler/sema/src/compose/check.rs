//! Checks the body of a job or graph: names, statements and expressions.

use std::collections::{BTreeSet, HashMap};

use dynop_base::codes::{composition, types};
use dynop_base::{Diagnostic, Span, Symbol};
use dynop_syntax::ast::{self, StmtKind};

use super::fit::result_type;
use super::{BindingId, CTy, Composition, Node, NodeKind, Pattern};
use crate::body::{Findings, Origin};
use crate::context::{Context, ModuleId};
use crate::hir::{self, FunctionId};
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
    /// The op that gives its value, or each item of it.
    pub producer: Option<FunctionId>,
    /// The map whose item it is.
    pub item_of: Option<MapId>,
    /// Whether it is, unchanged, a dynamic output of an op.
    pub raw: bool,
    pub used: bool,
    /// Whether it was made by `let`.
    pub watched: bool,
    /// Whether the compiler knows its value, or does when the parameters of the graph are constants.
    pub constant: bool,
}

/// What a name of a composition stands for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Meaning {
    Param(u32),
    Binding(BindingId),
}

/// Checks one composition.
pub(super) struct Composer<'c, 'a> {
    pub cx: &'c Context<'a>,
    pub module: ModuleId,
    pub function: FunctionId,
    /// The type parameters of the graph.
    pub generics: &'a [ast::Ident],
    pub findings: Findings,
    pub bindings: Vec<Binding>,
    pub scope: HashMap<Symbol, Meaning>,
    /// The maps that are open, the innermost last.
    pub open: Vec<MapId>,
    pub next_map: MapId,
    /// Of how many parts the types of names were that were used: groups of groups grow without end.
    pub parts: usize,
    /// Ops that do not use the item of the map they are in: said when the map is done, if its result is right.
    pub pending_once: Vec<(MapId, Span, Symbol)>,
}

/// Checks the body of a job or graph.
pub fn check(cx: &Context<'_>, id: FunctionId, block: &ast::Block) -> (Composition, Findings) {
    let function = cx.function(id);
    let mut composer = Composer {
        cx,
        module: cx.functions[id.0 as usize].module,
        function: id,
        generics: &cx.functions[id.0 as usize].decl.generics,
        findings: Findings::default(),
        bindings: Vec::new(),
        scope: HashMap::new(),
        open: Vec::new(),
        next_map: 0,
        parts: 0,
        pending_once: Vec::new(),
    };
    for (index, param) in function.params.iter().enumerate() {
        composer
            .scope
            .insert(param.name, Meaning::Param(index as u32));
    }
    let body = composer.result(block);
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

    /// Whether it is the body of a graph, whose parameters may be constants.
    pub(super) fn in_graph(&self) -> bool {
        self.cx.function(self.function).kind == ast::FunctionKind::Graph
    }

    /// The body, held against its declared result.
    fn result(&mut self, block: &ast::Block) -> Node {
        let wanted = &self.cx.function(self.function).result;
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
        let mut infer = crate::infer::Infer::default();
        let origin = Origin::Result(self.function);
        let wanted = match self.in_graph() {
            true => result_type(wanted),
            false => CTy::Value(wanted.clone()),
        };
        Some(self.fit(&mut infer, node, &wanted, origin, None))
    }

    // --------------------------------------------------------------------------------------------------- statements

    /// A block inside a composition: the body of a closure, a branch.
    pub(super) fn block_of(&mut self, block: &ast::Block, expected: Option<&Ty>) -> Node {
        let outer = self.scope.clone();
        let mut lets = Vec::new();
        let mut value = None;
        for (index, stmt) in block.stmts.iter().enumerate() {
            match &stmt.kind {
                StmtKind::Expr(expr) if index + 1 == block.stmts.len() => {
                    value = Some(Box::new(self.node(expr, expected)))
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

    pub(super) fn stmt(&mut self, stmt: &ast::Stmt, lets: &mut Vec<(Pattern, Node)>) {
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
                        .help("write `let` for `var`, and give a further output a name of its own"),
                    );
                }
                let node = match ty {
                    Some(written) => self.written(written, value),
                    None => self.node(value, None),
                };
                let axes = self.axes(&node);
                let ty = self.unpackable(pattern, &node);
                let pattern = self.bind_pattern(pattern, &node, &ty, &axes);
                lets.push((pattern, node));
            }
            StmtKind::Expr(expr) => {
                let unwanted = matches!(expr.kind, ast::ExprKind::If { .. });
                let node = self.node(expr, unwanted.then_some(&Ty::Unit));
                if let NodeKind::Const(value) = &node.kind
                    && !matches!(value.kind, hir::ExprKind::Error)
                {
                    self.report(
                        Diagnostic::new(&types::UNUSED_VALUE, expr.span, "this value is not used")
                            .here("a constant alone does nothing")
                            .help("pass it to an op, bind it with `let`, or remove it"),
                    );
                }
                self.unused_result(&node);
                lets.push((Pattern::Ignore, node));
            }
            StmtKind::For {
                pattern,
                iterable,
                body,
            } => {
                let node = self.unrolled(stmt.span, pattern, iterable, body);
                lets.push((Pattern::Ignore, node));
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
                    .note("a job only says which ops are invoked and where their outputs go")
                    .help(out_of_job(&stmt.kind)),
                );
            }
            StmtKind::Error => {}
        }
    }

    pub(super) fn written_type(&mut self, written: &ast::Type) -> Ty {
        let scope = crate::types::TypeScope {
            module: self.module,
            generics: self.generics,
        };
        crate::types::lower_type(self.cx, scope, written, &mut self.findings.diagnostics)
    }

    /// The value of a `let` with a written type.
    fn written(&mut self, written: &ast::Type, value: &ast::Expr) -> Node {
        let ty = self.written_type(written);
        let plain = !crate::substitute::any(&ty, &mut |ty| matches!(ty, Ty::Dynamic(_)));
        let node = self.node(value, plain.then_some(&ty));
        if ty == Ty::Error || node.ty.as_ty() == ty {
            return node;
        }
        let origin = Origin::Written(written.span);
        match &node.ty {
            CTy::Error => node,
            CTy::Value(_) => self.coerce(node, &ty, origin, None),
            CTy::Dynamic(_) if plain => self.direct(node, "", Some((&ty, origin)), None),
            CTy::Dynamic(_) | CTy::Group(_) => self.mismatch(&node, &ty, origin),
        }
    }
}

/// What to write in place of a statement that no job has.
fn out_of_job(stmt: &StmtKind) -> String {
    match stmt {
        StmtKind::Assign { place, .. } => match super::text::of(place) {
            Some(name) => format!("bind the further output to another name: `let {name}_2 = …`"),
            None => "bind the further output to a name of its own with `let`".to_string(),
        },
        StmtKind::While { .. } => {
            "loop in an op; for one clone per item let an op yield `DynamicOutput`s and `map` over them"
                .to_string()
        }
        StmtKind::Yield(_) => {
            "yield in an op; the job's result is the last expression of its body".to_string()
        }
        _ => "assert in an op, or in a `test` of what the job gives".to_string(),
    }
}
