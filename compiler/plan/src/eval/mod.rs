//! The interpreter of compositions: jobs, and the graphs that they invoke.
//!
//! It walks a body once, with a [`Value`] for each name. Dynamic outputs open axes (`dynamic`), invocations become steps
//! (`steps`), values become sources as a step sees them (`sources`), constants steer (`control`), graphs are walked anew for
//! each invocation (`graphs`).

use std::collections::HashMap;

use dynop_abi::plan::{self, Const, Job, JobParam, Source};
use dynop_base::codes::unsupported;
use dynop_base::{Diagnostic, Span};
use dynop_sema::compose::{BindingId, CTy, Composition, Node, NodeKind, Pattern};
use dynop_sema::display::show;
use dynop_sema::fold::fold;
use dynop_sema::hir::{Expr, ExprKind, Function, FunctionId, FunctionKind, Replaced, Run};
use dynop_sema::substitute::substitute;
use dynop_sema::ty::Ty;

use self::value::{Draft, Value};
use crate::axes::{Axes, Axis};
use crate::constant;
use crate::tables::Tables;

mod control;
mod dynamic;
mod graphs;
mod order;
mod policy;
mod sources;
mod steps;
mod value;

struct Evaluator<'t, 'a, 'd> {
    tables: &'t mut Tables<'a>,
    diagnostics: &'d mut Vec<Diagnostic>,
    axes: Axes,
    steps: Vec<plan::Step>,
    /// The axes of each step.
    step_axes: Vec<Vec<Axis>>,
    /// The same as they were seen when it was invoked.
    step_seen: Vec<Vec<Axis>>,
    /// Names of steps and graphs, with their prefixes, and where they were given.
    names: HashMap<String, Span>,
    /// How many numbers were given after a name.
    counts: HashMap<String, u32>,
    /// The axes of the maps that are open, from the outermost.
    nest: Vec<Axis>,
    /// How much was unrolled so far.
    unrolled: usize,
    /// Of how many parts the values were that were used: lists of lists grow without end.
    parts: usize,
    /// What runs in the place of which op.
    replaced: &'a [Replaced],
    /// How many parameters the job has as it is written; those after them are the replacements' function values.
    written: u32,
    frame: Frame,
}

/// The body that is being walked: the job's, or a graph's.
#[derive(Default)]
struct Frame {
    bindings: HashMap<BindingId, Value>,
    /// A graph's parameters and where they were passed; a job's are those of the run.
    params: Option<Vec<(Value, Span)>>,
    /// The type arguments of a graph.
    type_args: Vec<Ty>,
    /// Before the names of its steps.
    prefix: String,
    /// What every step of a graph waits for, by `after` at its invocation.
    after: Vec<(Value, Span)>,
    /// The graphs that are open, the innermost last.
    graphs: Vec<FunctionId>,
}

/// Plans a job, for a run of a test with what that replaces. `None` if something was found.
pub(crate) fn job<'a>(
    tables: &mut Tables<'a>,
    function: &'a Function,
    composition: &'a Composition,
    run: Option<&'a Run>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Job> {
    let before = diagnostics.len();
    let program = tables.program;
    debug_assert_eq!(function.kind, FunctionKind::Job);
    let mut params = Vec::new();
    for param in &function.params {
        let default = match &param.default {
            Some(expr) => Some(
                constant::evaluate(program, expr)
                    .map_err(|found| diagnostics.push(*found))
                    .ok()?,
            ),
            None => None,
        };
        params.push(JobParam {
            name: param.name.to_string(),
            docs: param.docs.clone().unwrap_or_default(),
            ty: tables.ty(&param.ty),
            type_name: show(program, &param.ty),
            default,
        });
    }
    let replaced = run.map_or(&[][..], |run| &run.replaced);
    let written = params.len() as u32;
    for ty in replaced.iter().filter_map(|one| one.value.as_ref()) {
        params.push(JobParam {
            name: String::new(),
            docs: String::new(),
            ty: tables.ty(ty),
            type_name: show(program, ty),
            default: None,
        });
    }
    let result_type = tables.ty(&function.result);
    let mut evaluator = Evaluator {
        tables,
        diagnostics,
        axes: Axes::new(),
        steps: Vec::new(),
        step_axes: Vec::new(),
        step_seen: Vec::new(),
        names: HashMap::new(),
        counts: HashMap::new(),
        nest: Vec::new(),
        unrolled: 0,
        parts: 0,
        replaced,
        written,
        frame: Frame::default(),
    };
    let result = evaluator.result(&composition.body, &function.result);
    let (steps, scopes) = (evaluator.steps, evaluator.axes.finish());
    if diagnostics.len() > before {
        return None;
    }
    let Some(result) = result else {
        // Every way to here says why; a job must not vanish if one does not.
        diagnostics.push(
            Diagnostic::new(
                &unsupported::UNSUPPORTED,
                function.name_span,
                format!(
                    "the job `{}` can't be planned by this version of the compiler",
                    function.name
                ),
            )
            .here("not supported yet")
            .help("leave invocations out of its body one by one: the one without which it can be planned is the cause"),
        );
        return None;
    };
    let docs = function.docs.clone().unwrap_or_default();
    Some(Job {
        name: run.map_or_else(|| function.name.to_string(), |run| run.name.to_string()),
        docs,
        params,
        scopes,
        steps,
        result,
        result_type,
    })
}

impl<'a> Evaluator<'_, 'a, '_> {
    /// The whole body, as the source of the job's result.
    fn result(&mut self, body: &Node, ty: &Ty) -> Option<Source> {
        let value = self.node(body)?;
        if *ty == Ty::Unit {
            return Some(Source::Const(Const::Unit));
        }
        let (draft, _) = self.draft(value, ty)?;
        self.resolve(&draft, &sources::View::root(), body.span)
    }

    fn found<T>(&mut self, diagnostic: Diagnostic) -> Option<T> {
        self.diagnostics.push(diagnostic);
        None
    }

    /// The place of what is written nowhere.
    fn nowhere(&self) -> Span {
        let main = self.tables.program.main.unwrap_or(dynop_base::FileId(0));
        Span::new(main, 0, 0)
    }

    /// A type with the graph's type arguments in place of its parameters.
    fn ty(&self, ty: &Ty) -> Ty {
        substitute(ty, &self.frame.type_args)
    }

    /// The type of a value node.
    fn value_type(&self, node: &Node) -> Option<Ty> {
        match &node.ty {
            CTy::Value(ty) => Some(self.ty(ty)),
            _ => None,
        }
    }

    fn node(&mut self, node: &Node) -> Option<Value> {
        match &node.kind {
            NodeKind::Const(expr) => match fold(&self.tables.program.consts, expr) {
                Ok(value) => Some(Value::known(value)),
                Err(found) => self.found(*found),
            },
            NodeKind::Computed(computed) => self.computed(computed),
            NodeKind::Param(index) => match &self.frame.params {
                None => Some(Value::Plain(Draft::Param(*index), Vec::new())),
                Some(params) => {
                    let parts = params.get(*index as usize)?.0.size();
                    self.use_parts(parts, node.span)?;
                    Some(self.frame.params.as_ref()?.get(*index as usize)?.0.clone())
                }
            },
            NodeKind::Bound(id) => {
                let parts = self.frame.bindings.get(id)?.size();
                self.use_parts(parts, node.span)?;
                self.frame.bindings.get(id).cloned()
            }
            NodeKind::Invoke(invocation) => self.invoke(invocation, node.span),
            NodeKind::Map {
                source,
                item,
                key,
                body,
            } => {
                let source = self.node(source)?;
                self.map(source, *item, *key, body)
            }
            NodeKind::Collect { source, into } => {
                let source = self.node(source)?;
                let ty = self.value_type(node)?;
                self.collect(source, *into, &ty)
            }
            NodeKind::Flatten(source) => match self.node(source)? {
                Value::Dynamic(mut outer, item) => match *item {
                    Value::Dynamic(inner, item) => {
                        outer.extend(inner);
                        Some(Value::Dynamic(outer, item))
                    }
                    _ => None,
                },
                _ => None,
            },
            NodeKind::Join(join) => self.join(join, node),
            NodeKind::Filter(filter) => self.filter(filter, node),
            NodeKind::If(choice) => self.choice(choice),
            NodeKind::For(each) => self.unroll(each, node.span),
            NodeKind::Part { base, index } => self.node(base)?.parts()?.into_iter().nth(*index),
            NodeKind::Group(nodes) => {
                let parts = nodes
                    .iter()
                    .map(|node| self.node(node))
                    .collect::<Option<Vec<_>>>()?;
                Some(Value::Group(parts))
            }
            NodeKind::List(nodes) => {
                let ty = self.value_type(node)?;
                self.list(nodes, &ty)
            }
            NodeKind::Some(inner) => {
                let ty = self.value_type(node)?;
                self.some(inner, &ty)
            }
            NodeKind::Block { lets, value } => {
                for (pattern, node) in lets {
                    let value = self.node(node)?;
                    if self.bind(pattern, value).is_none() {
                        let found = self.must_be_known(node.span);
                        return self.found(found);
                    }
                }
                match value {
                    Some(value) => self.node(value),
                    None => Some(Value::Nothing(Vec::new(), Vec::new())),
                }
            }
            NodeKind::Error => None,
        }
    }

    fn bind(&mut self, pattern: &Pattern, value: Value) -> Option<()> {
        match pattern {
            Pattern::Ignore => {}
            Pattern::Name(id) => {
                self.frame.bindings.insert(*id, value);
            }
            Pattern::Parts(patterns) => {
                for (pattern, part) in patterns.iter().zip(value.parts()?) {
                    self.bind(pattern, part)?;
                }
            }
        }
        Some(())
    }

    fn list(&mut self, nodes: &[Node], ty: &Ty) -> Option<Value> {
        let Ty::List(item) = ty else {
            return None;
        };
        let (mut drafts, mut axes) = (Vec::new(), Vec::new());
        for node in nodes {
            let value = self.node(node)?;
            let (draft, more) = self.draft(value, item)?;
            drafts.push(draft);
            axes.extend(more);
        }
        if let Some(values) = known(&drafts) {
            let span = nodes
                .first()
                .map_or_else(|| self.nowhere(), |node| node.span);
            let values = values.into_iter().map(|value| (false, value)).collect();
            return Some(Value::known(literal(ExprKind::List(values), ty, span)));
        }
        let ty = self.tables.ty(ty);
        Some(Value::Plain(Draft::List(drafts, ty), self.ordered(axes)))
    }

    fn some(&mut self, inner: &Node, ty: &Ty) -> Option<Value> {
        let Ty::Option(payload) = ty else {
            return None;
        };
        let value = self.node(inner)?;
        let (draft, axes) = self.draft(value, payload)?;
        let draft = match draft {
            Draft::Known(value) => {
                let span = value.span;
                Draft::Known(literal(ExprKind::Some(Box::new(value)), ty, span))
            }
            other => Draft::Some(Box::new(other), self.tables.ty(ty)),
        };
        Some(Value::Plain(draft, axes))
    }
}

/// The literals, if all are.
fn known(drafts: &[Draft]) -> Option<Vec<Expr>> {
    drafts
        .iter()
        .map(|draft| match draft {
            Draft::Known(value) => Some(value.clone()),
            _ => None,
        })
        .collect()
}

fn literal(kind: ExprKind, ty: &Ty, span: Span) -> Expr {
    Expr {
        kind,
        ty: ty.clone(),
        span,
    }
}
