//! Invocations of ops, and calls of what can't be invoked.

use dynop_base::codes::{composition, types};
use dynop_base::{Diagnostic, Span};
use dynop_syntax::ast::{self, ExprKind, FunctionKind};

use super::argument::Target;
use super::check::{Binding, Composer, MapId};
use super::fit::{composed, result_type};
use super::usage::mentions_param;
use super::{CTy, Invocation, Node, NodeKind};
use crate::body::{BodyChecker, Instance, Mode, Origin};
use crate::hir::{self, FunctionId};
use crate::infer::Infer;
use crate::substitute::substitute;
use crate::ty::Ty;

impl Composer<'_, '_> {
    pub(super) fn call(
        &mut self,
        expr: &ast::Expr,
        (callee, type_args, args): (&ast::Expr, &[ast::Type], &[ast::Arg]),
        expected: Option<&Ty>,
    ) -> Node {
        if let Some(function) = self.function_named(callee) {
            self.check_public(callee);
            return match self.cx.function(function).kind {
                FunctionKind::Op | FunctionKind::Graph => {
                    self.invoke(expr, function, (type_args, args), expected)
                }
                FunctionKind::Job => self.fail(
                    Diagnostic::new(
                        &composition::NOT_AN_OP,
                        callee.span,
                        "a job can't invoke a job",
                    )
                    .here("this is a job")
                    .help("invoke its ops, or make a `graph` of what both share"),
                ),
                FunctionKind::Fn => self.function_call(expr, callee, function),
            };
        }
        match &callee.kind {
            ExprKind::Field {
                base,
                name,
                optional: false,
            } if self.mentions(base) => self.method(expr, base, *name, args),
            ExprKind::Name(_) | ExprKind::Field { .. } if self.makes_value(callee) => {
                if let Some(node) = self.computed(expr, expected) {
                    return node;
                }
                let parts: Vec<&ast::Expr> = args.iter().map(|arg| &arg.value).collect();
                self.needs_values(expr.span, &parts, "a part of a value that is made here")
            }
            ExprKind::Name(_) | ExprKind::Field { .. } => {
                // An unknown name with outputs among its arguments: let the checker of constants speak of the name.
                let node = self.constant(callee, None);
                if node.is_error() || matches!(node.ty, CTy::Error) {
                    return Node::error(expr.span);
                }
                self.run_time_value(expr, expected)
            }
            _ => self.run_time_value(expr, expected),
        }
    }

    /// A `fn` called in a job.
    pub(super) fn function_call(
        &mut self,
        expr: &ast::Expr,
        callee: &ast::Expr,
        function: FunctionId,
    ) -> Node {
        let name = self.cx.function(function).name;
        self.fail(
            Diagnostic::new(
                &composition::NOT_AN_OP,
                expr.span,
                format!("`{name}` is a `fn`, and a job invokes ops only"),
            )
            .here(if self.mentions(expr) {
                "is called with a value that exists only while the job runs"
            } else {
                "a job computes nothing itself"
            })
            .label(callee.span, "not an op")
            .note("a `fn` runs inside an op; a step of a job is an op")
            .help(format!(
                "call `{name}` in an op, or declare it as `op {name}`"
            )),
        )
    }

    fn invoke(
        &mut self,
        expr: &ast::Expr,
        id: FunctionId,
        (type_args, args): (&[ast::Type], &[ast::Arg]),
        expected: Option<&Ty>,
    ) -> Node {
        let function = self.cx.function(id);
        let mut matcher = BodyChecker::new(self.cx, self.module, &[], Mode::Constant);
        let args_span = match &expr.kind {
            ExprKind::Call { args_span, .. } => *args_span,
            _ => expr.span,
        };
        let slots = matcher.match_arguments(id, 0, args, args_span);
        let mut found = matcher.finish();
        self.findings.diagnostics.append(&mut found.diagnostics);
        let Some(slots) = slots else {
            // Its arguments may still hold errors of their own, and names they use are used.
            for arg in args {
                self.node(&arg.value, None);
            }
            return Node::error(expr.span);
        };
        let mut infer = Infer::default();
        let variables = infer.fresh_list(function.generics.len(), expr.span);
        self.explicit(&mut infer, &variables, type_args, expr.span, id);
        let mut nodes = Vec::with_capacity(slots.len());
        let mut direct = false;
        for (index, slot) in slots.iter().enumerate() {
            let param = &function.params[index];
            let wanted = substitute(&param.ty, &variables);
            let node = match slot.and_then(|at| args.get(at)) {
                Some(arg) => {
                    let node = self.node(&arg.value, Some(&infer.resolve(&wanted)));
                    let wanted = self.parameter(id, &wanted);
                    direct |= matches!(node.ty, CTy::Dynamic(_)) && matches!(wanted, CTy::Value(_));
                    let target = Target {
                        function: id,
                        call: expr,
                        argument: &arg.value,
                    };
                    self.fit(
                        &mut infer,
                        node,
                        &wanted,
                        Origin::Param(id, index),
                        Some(target),
                    )
                }
                None => self.default_of(id, index, expr.span),
            };
            nodes.push(node);
        }
        by_expectation(&mut infer, function, &variables, expected);
        let step = self.step(expr.span, id, infer, variables, nodes);
        if direct {
            // Mapped it would be dynamic, collected it would not: what follows is right for one of the two.
            return Node::error(expr.span);
        }
        step
    }

    /// The type of a parameter: a graph takes dynamic outputs too.
    pub(super) fn parameter(&self, id: FunctionId, ty: &Ty) -> CTy {
        match self.cx.function(id).kind {
            FunctionKind::Graph => composed(ty),
            _ => CTy::Value(ty.clone()),
        }
    }

    /// The invocation with its arguments at hand.
    pub(super) fn step(
        &mut self,
        span: Span,
        id: FunctionId,
        infer: Infer,
        variables: Vec<Ty>,
        args: Vec<Node>,
    ) -> Node {
        let function = self.cx.function(id);
        let type_args: Vec<Ty> = variables.iter().map(|ty| infer.resolve(ty)).collect();
        let failed = args.iter().any(|arg| matches!(arg.ty, CTy::Error));
        if let Some(at) = type_args.iter().position(crate::infer::has_variables)
            && !failed
        {
            return self.fail(
                Diagnostic::new(
                    &types::CANNOT_INFER,
                    span,
                    format!(
                        "the type `{}` of `{}` can't be inferred",
                        function.generics[at], function.name
                    ),
                )
                .here("nothing here says what it is")
                .help(format!("write it: `{}<…>(…)`", function.name)),
            );
        }
        if !type_args.is_empty() {
            self.findings.instances.push(Instance {
                function: id,
                type_args: type_args.clone(),
                span,
            });
        }
        let ty = outputs_type(function, &type_args);
        let ty = if failed && !type_args.is_empty() {
            CTy::Error
        } else {
            ty
        };
        let node = Node {
            kind: NodeKind::Invoke(Box::new(Invocation {
                function: id,
                type_args,
                args,
                name: None,
                after: Vec::new(),
                with: Vec::new(),
            })),
            ty,
            span,
        };
        self.item_free(&node, failed);
        self.cx.note_step(span, || self.invoked_at(&node, id));
        node
    }

    /// An invocation as the record has it.
    fn invoked_at(&self, node: &Node, function: FunctionId) -> crate::record::Invoked {
        let axes = self.axes(node);
        let item = |map: &MapId| {
            let of = |binding: &&Binding| binding.item_of == Some(*map);
            self.bindings.iter().find(of).map(|binding| binding.name)
        };
        let open = self.open.iter().filter(|map| axes.contains(map));
        crate::record::Invoked {
            function,
            name: None,
            items: open.filter_map(item).collect(),
        }
    }

    /// A warning for an op in a closure of `map` that does not use the item. One that uses an item further out is cloned
    /// over that, which needs no word.
    fn item_free(&mut self, node: &Node, failed: bool) {
        let Some(&map) = self.open.last() else { return };
        let axes = self.axes(node);
        if failed || self.open.iter().any(|open| axes.contains(open)) {
            return;
        }
        let NodeKind::Invoke(invocation) = &node.kind else {
            return;
        };
        let name = self.cx.function(invocation.function).name;
        self.pending_once.push((map, node.span, name));
    }

    fn explicit(
        &mut self,
        infer: &mut Infer,
        variables: &[Ty],
        written: &[ast::Type],
        span: Span,
        id: FunctionId,
    ) {
        if written.is_empty() {
            return;
        }
        if written.len() != variables.len() {
            let name = self.cx.function(id).name;
            self.report(
                Diagnostic::new(
                    &types::TYPE_ARGUMENTS,
                    span,
                    format!(
                        "`{name}` has {} type parameters, not {}",
                        variables.len(),
                        written.len()
                    ),
                )
                .here("the wrong number of type arguments"),
            );
            return;
        }
        for (variable, written) in variables.iter().zip(written) {
            let ty = self.written_type(written);
            infer.unify(&ty, variable);
        }
    }

    pub(super) fn default_of(&mut self, id: FunctionId, index: usize, span: Span) -> Node {
        let param = &self.cx.function(id).params[index];
        match &param.default {
            Some(default) => {
                let ty = if mentions_param(&default.ty) {
                    CTy::Error
                } else {
                    CTy::Value(default.ty.clone())
                };
                Node {
                    kind: NodeKind::Const(default.clone()),
                    ty,
                    span,
                }
            }
            None => Node::error(span),
        }
    }
}

/// What no argument says of the type arguments, where it is known what the invocation's one value is wanted for.
fn by_expectation(
    infer: &mut Infer,
    function: &hir::Function,
    variables: &[Ty],
    expected: Option<&Ty>,
) {
    let open = |ty: &Ty| crate::infer::has_variables(&infer.resolve(ty));
    let Some(wanted) = expected.filter(|_| variables.iter().any(open)) else {
        return;
    };
    if let CTy::Value(given) = outputs_type(function, variables)
        && !crate::infer::has_variables(wanted)
        && !mentions_param(wanted)
    {
        // Where they can't be equal, what is wanted is none of this one's business.
        infer.unify(&given, wanted);
    }
}

/// The type of an invocation: that of the op's outputs.
pub(super) fn outputs_type(function: &hir::Function, type_args: &[Ty]) -> CTy {
    if function.kind == FunctionKind::Graph {
        return result_type(&substitute(&function.result, type_args));
    }
    let output = |output: &hir::Output| {
        let value = CTy::Value(substitute(&output.ty, type_args));
        if output.dynamic {
            CTy::Dynamic(Box::new(value))
        } else {
            value
        }
    };
    match (&function.result, function.outputs.list.as_slice()) {
        (_, []) => CTy::Value(Ty::Unit),
        (Ty::NamedTuple(_), list) => CTy::Group(
            list.iter()
                .map(|one| (Some(one.name), output(one)))
                .collect(),
        ),
        (_, [one, ..]) => output(one),
    }
}
