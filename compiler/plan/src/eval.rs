//! The interpreter of compositions.

use std::collections::HashMap;

use dynop_abi::plan::{self, Collect, Const, Job, JobParam, OutputRef, Source, StepId};
use dynop_base::codes::composition;
use dynop_base::{Diagnostic, Span};
use dynop_sema::compose::{BindingId, CTy, Composition, Invocation, Node, NodeKind, Pattern};
use dynop_sema::display::show;
use dynop_sema::hir::{FunctionId, FunctionKind};
use dynop_sema::ty::Ty;

use crate::axes::{Axes, Axis};
use crate::constant;
use crate::tables::Tables;

/// What a node stands for.
#[derive(Clone, Debug)]
enum Value {
    /// A value of the run, on these axes.
    Plain(Draft, Vec<Axis>),
    /// A step without output, or nothing at all.
    Nothing(Vec<StepId>, Vec<Axis>),
    /// One of these for each key of an axis.
    Dynamic(Axis, Box<Value>),
    /// Several things.
    Group(Vec<Value>),
}

/// A source before it is known from which clone it is seen.
#[derive(Clone, Debug)]
enum Draft {
    Const(Const),
    Param(u32),
    Output(OutputRef),
    Item(Axis),
    Key(Axis),
    /// Over the last of these axes.
    Collect {
        axes: Vec<Axis>,
        value: Box<Draft>,
        into: Collect,
        ty: u32,
    },
    List(Vec<Draft>, u32),
    Tuple(Vec<Draft>, u32),
    Some(Box<Draft>, u32),
}

struct Evaluator<'t, 'a, 'd> {
    tables: &'t mut Tables<'a>,
    diagnostics: &'d mut Vec<Diagnostic>,
    axes: Axes,
    steps: Vec<plan::Step>,
    names: HashMap<String, Span>,
    bindings: HashMap<BindingId, Value>,
    /// The axes of the maps that are open, from the outermost.
    nest: Vec<Axis>,
}

/// Plans a job. `None` if something was found.
pub(crate) fn job(
    tables: &mut Tables<'_>,
    id: FunctionId,
    composition: &Composition,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Job> {
    let before = diagnostics.len();
    let program = tables.program;
    let function = &program.functions[id.0 as usize];
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
    let result_type = tables.ty(&function.result);
    let mut evaluator = Evaluator {
        tables,
        diagnostics,
        axes: Axes::new(),
        steps: Vec::new(),
        names: HashMap::new(),
        bindings: HashMap::new(),
        nest: Vec::new(),
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
                &dynop_base::codes::unsupported::UNSUPPORTED,
                function.name_span,
                format!(
                    "the job `{}` can't be planned by this version of the compiler",
                    function.name
                ),
            )
            .here("not supported yet"),
        );
        return None;
    };
    let docs = function.docs.clone().unwrap_or_default();
    Some(Job {
        name: function.name.to_string(),
        docs,
        params,
        scopes,
        steps,
        result,
        result_type,
    })
}

impl Evaluator<'_, '_, '_> {
    /// The whole body, as the source of the job's result.
    fn result(&mut self, body: &Node, ty: &Ty) -> Option<Source> {
        let value = self.node(body)?;
        if *ty == Ty::Unit {
            return Some(Source::Const(Const::Unit));
        }
        let (draft, _) = self.draft(value, ty)?;
        Some(self.resolve(&draft, &[]))
    }

    fn node(&mut self, node: &Node) -> Option<Value> {
        match &node.kind {
            NodeKind::Const(expr) => match constant::evaluate(self.tables.program, expr) {
                Ok(value) => Some(Value::Plain(Draft::Const(value), Vec::new())),
                Err(found) => {
                    self.diagnostics.push(*found);
                    None
                }
            },
            NodeKind::Param(index) => Some(Value::Plain(Draft::Param(*index), Vec::new())),
            NodeKind::Bound(id) => self.bindings.get(id).cloned(),
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
            NodeKind::Collect { source, keyed } => {
                let Value::Dynamic(axis, item) = self.node(source)? else {
                    return None;
                };
                let CTy::Value(ty) = &node.ty else {
                    return None;
                };
                let element = match ty {
                    Ty::List(item) => (**item).clone(),
                    Ty::Map(pair) => pair.1.clone(),
                    _ => return None,
                };
                let (value, mut axes) = self.draft(*item, &element)?;
                // An item may depend on the axis through what it waits for alone; it is gone over all the same.
                if !axes.contains(&axis) {
                    axes.push(axis);
                }
                let ty = self.tables.ty(ty);
                let into = if *keyed {
                    Collect::Keyed
                } else {
                    Collect::List
                };
                let outer = axes[..axes.len() - 1].to_vec();
                Some(Value::Plain(
                    Draft::Collect {
                        axes,
                        value: Box::new(value),
                        into,
                        ty,
                    },
                    outer,
                ))
            }
            NodeKind::Part { base, index } => match self.node(base)? {
                Value::Group(parts) => parts.into_iter().nth(*index),
                _ => None,
            },
            NodeKind::Group(nodes) => {
                let parts = nodes
                    .iter()
                    .map(|node| self.node(node))
                    .collect::<Option<Vec<_>>>()?;
                Some(Value::Group(parts))
            }
            NodeKind::List(nodes) => self.list(nodes, &node.ty),
            NodeKind::Some(inner) => {
                let CTy::Value(ty @ Ty::Option(payload)) = &node.ty else {
                    return None;
                };
                let value = self.node(inner)?;
                let (draft, axes) = self.draft(value, payload)?;
                let ty = self.tables.ty(ty);
                let draft = match draft {
                    Draft::Const(value) => Draft::Const(Const::Some(Box::new(value))),
                    other => Draft::Some(Box::new(other), ty),
                };
                Some(Value::Plain(draft, axes))
            }
            NodeKind::Block { lets, value } => {
                for (pattern, node) in lets {
                    let value = self.node(node)?;
                    self.bind(pattern, value);
                }
                match value {
                    Some(value) => self.node(value),
                    None => Some(Value::Nothing(Vec::new(), Vec::new())),
                }
            }
            NodeKind::Error => None,
        }
    }

    fn bind(&mut self, pattern: &Pattern, value: Value) {
        match (pattern, value) {
            (Pattern::Ignore, _) => {}
            (Pattern::Name(id), value) => {
                self.bindings.insert(*id, value);
            }
            (Pattern::Parts(patterns), Value::Group(parts)) => {
                for (pattern, part) in patterns.iter().zip(parts) {
                    self.bind(pattern, part);
                }
            }
            (Pattern::Parts(_), _) => {}
        }
    }

    fn list(&mut self, nodes: &[Node], ty: &CTy) -> Option<Value> {
        let CTy::Value(list @ Ty::List(item)) = ty else {
            return None;
        };
        let (mut drafts, mut axes) = (Vec::new(), Vec::new());
        for node in nodes {
            let value = self.node(node)?;
            let (draft, more) = self.draft(value, item)?;
            drafts.push(draft);
            axes.extend(more);
        }
        let ty = self.tables.ty(list);
        Some(Value::Plain(Draft::List(drafts, ty), self.ordered(axes)))
    }

    fn map(
        &mut self,
        source: Value,
        item: BindingId,
        key: Option<BindingId>,
        body: &Node,
    ) -> Option<Value> {
        let Value::Dynamic(axis, value) = source else {
            return None;
        };
        self.bindings.insert(item, *value);
        if let Some(key) = key {
            self.bindings
                .insert(key, Value::Plain(Draft::Key(axis), vec![axis]));
        }
        let depth = self.nest.len();
        // The axes on which the item itself depends are around it, open or not: a dynamic output of clones.
        let around = self
            .bindings
            .get(&item)
            .map(|value| self.axes_of(value))
            .unwrap_or_default();
        for one in around.into_iter().chain([axis]) {
            if !self.nest.contains(&one) {
                self.nest.push(one);
            }
        }
        let result = self.node(body);
        self.nest.truncate(depth);
        Some(dynamic(axis, result?))
    }

    // -------------------------------------------------------------------------------------------------------- steps

    fn invoke(&mut self, invocation: &Invocation, span: Span) -> Option<Value> {
        let op = self.tables.op(invocation.function, &invocation.type_args);
        let function = &self.tables.program.functions[invocation.function.0 as usize];
        let (mut drafts, mut axes) = (Vec::new(), Vec::new());
        for (arg, param) in invocation.args.iter().zip(&function.params) {
            let value = self.node(arg)?;
            let ty = dynop_sema::substitute::substitute(&param.ty, &invocation.type_args);
            let (draft, more) = self.draft(value, &ty)?;
            drafts.push((draft, more.clone(), arg.span));
            axes.extend(more);
        }
        let mut after = Vec::new();
        for node in &invocation.after {
            let value = self.node(node)?;
            self.waits(&value, &mut after);
            axes.extend(self.own_axes(&value));
        }
        after.sort_unstable();
        after.dedup();
        let axes = self.ordered(axes);
        for (draft, more, span) in &drafts {
            self.visible(draft, more, &axes, *span)?;
        }
        let name = self.step_name(invocation, &function.name.to_string(), span);
        let step = self.steps.len() as StepId;
        let scope = self.axes.scope(&axes);
        let inputs = drafts
            .iter()
            .map(|(draft, ..)| self.resolve(draft, &axes))
            .collect();
        let place = crate::place(self.tables.sources, span);
        self.steps.push(plan::Step {
            name,
            action: plan::Action::Op(op),
            scope,
            inputs,
            after,
            place,
            policy: plan::Policy::default(),
        });
        Some(self.outputs(step, invocation.function, &axes))
    }

    fn outputs(&mut self, step: StepId, function: FunctionId, axes: &[Axis]) -> Value {
        let function = &self.tables.program.functions[function.0 as usize];
        let mut values: Vec<Value> = Vec::new();
        for (index, output) in function.outputs.list.iter().enumerate() {
            let reference = OutputRef {
                step,
                output: index as u32,
            };
            values.push(if output.dynamic {
                let axis = self.axes.axis(reference);
                let mut inner = axes.to_vec();
                inner.push(axis);
                Value::Dynamic(axis, Box::new(Value::Plain(Draft::Item(axis), inner)))
            } else {
                Value::Plain(Draft::Output(reference), axes.to_vec())
            });
        }
        match function.result {
            _ if values.is_empty() => Value::Nothing(vec![step], axes.to_vec()),
            Ty::NamedTuple(_) => Value::Group(values),
            _ => values.remove(0),
        }
    }

    fn step_name(&mut self, invocation: &Invocation, op: &str, span: Span) -> String {
        let (name, span, written) = match invocation.name {
            Some((name, span)) => (name.to_string(), span, true),
            None => {
                let mut name = op.to_owned();
                let mut count = 1;
                while self.names.contains_key(&name) {
                    count += 1;
                    name = format!("{op}_{count}");
                }
                (name, span, false)
            }
        };
        if written && let Some(&first) = self.names.get(&name) {
            let mut free = 2;
            while self.names.contains_key(&format!("{name}_{free}")) {
                free += 1;
            }
            self.diagnostics.push(
                Diagnostic::new(
                    &composition::STEP_NAME_TWICE,
                    span,
                    format!("there is a step `{name}` already"),
                )
                .here("the name is taken")
                .label(first, "by this step")
                .help(format!("choose another, such as `as {name}_{free}`")),
            );
        }
        self.names.entry(name.clone()).or_insert(span);
        name
    }

    /// The steps that `after` waits for.
    fn waits(&self, value: &Value, steps: &mut Vec<StepId>) {
        match value {
            // An item that is there has nothing to be waited for: being cloned over it is the order.
            Value::Plain(Draft::Item(_) | Draft::Key(_), _) => {}
            Value::Plain(draft, _) => self.makers(draft, steps),
            Value::Nothing(more, _) => steps.extend(more),
            Value::Dynamic(_, item) => match &**item {
                Value::Plain(draft, _) => self.makers(draft, steps),
                inner => self.waits(inner, steps),
            },
            Value::Group(parts) => parts.iter().for_each(|part| self.waits(part, steps)),
        }
    }

    fn makers(&self, draft: &Draft, steps: &mut Vec<StepId>) {
        match draft {
            Draft::Output(output) => steps.push(output.step),
            // The op that yields the items: it has ended when the last was yielded.
            Draft::Item(axis) | Draft::Key(axis) => steps.extend(self.axes.maker(*axis)),
            Draft::Collect { value, .. } | Draft::Some(value, _) => self.makers(value, steps),
            Draft::List(drafts, _) | Draft::Tuple(drafts, _) => {
                drafts.iter().for_each(|d| self.makers(d, steps))
            }
            Draft::Const(_) | Draft::Param(_) => {}
        }
    }

    // --------------------------------------------------------------------------------------------------------- axes

    /// The axes of a value that is no longer dynamic, from outside.
    fn axes_of(&self, value: &Value) -> Vec<Axis> {
        match value {
            Value::Plain(_, axes) | Value::Nothing(_, axes) => axes.clone(),
            Value::Dynamic(axis, item) => self
                .axes_of(item)
                .into_iter()
                .filter(|one| one != axis)
                .collect(),
            Value::Group(parts) => parts.iter().flat_map(|part| self.axes_of(part)).collect(),
        }
    }

    /// The axes by which waiting for a value ties a step to a clone: none of its own for a dynamic one.
    fn own_axes(&self, value: &Value) -> Vec<Axis> {
        let open = |axes: Vec<Axis>| {
            axes.into_iter()
                .filter(|axis| self.nest.contains(axis))
                .collect()
        };
        open(self.axes_of(value))
    }

    /// Axes without repetition, in the order of the maps that are open.
    fn ordered(&self, axes: Vec<Axis>) -> Vec<Axis> {
        let mut unique: Vec<Axis> = Vec::new();
        for axis in axes {
            if !unique.contains(&axis) {
                unique.push(axis);
            }
        }
        let rank = |axis: &Axis| {
            self.nest
                .iter()
                .position(|open| open == axis)
                .unwrap_or(usize::MAX)
        };
        unique.sort_by_key(rank);
        unique
    }

    /// A clone sees values of its own scope and of those around it. In a product (`a.map(|x| b.map(|y| …))`) a value made of
    /// the inner item alone lies in neither.
    fn visible(&mut self, draft: &Draft, of: &[Axis], from: &[Axis], span: Span) -> Option<()> {
        let is_item = matches!(draft, Draft::Item(_) | Draft::Key(_));
        if is_item || from.starts_with(of) {
            return Some(());
        }
        self.diagnostics.push(
            Diagnostic::new(
                &dynop_base::codes::unsupported::UNSUPPORTED,
                span,
                "a step of the inner item alone can't be used beside the outer item yet",
            )
            .here("is made once per inner key, and used once per pair")
            .note("in a product of two dynamic outputs, this version hands on items, not what was made of them")
            .help("let the op that takes both do this work, or pass it the outer item too"),
        );
        None
    }

    // ------------------------------------------------------------------------------------------------------ sources

    /// A value as one source of a type, with its axes. A group becomes a tuple.
    fn draft(&mut self, value: Value, ty: &Ty) -> Option<(Draft, Vec<Axis>)> {
        match value {
            Value::Plain(draft, axes) => Some((draft, axes)),
            Value::Nothing(_, axes) => Some((Draft::Const(Const::Unit), axes)),
            Value::Dynamic(..) => None,
            Value::Group(parts) => {
                let types: Vec<Ty> = match ty {
                    Ty::Tuple(types) => types.to_vec(),
                    Ty::NamedTuple(fields) => fields.iter().map(|(_, ty)| ty.clone()).collect(),
                    _ => return None,
                };
                let (mut drafts, mut axes) = (Vec::new(), Vec::new());
                for (part, ty) in parts.into_iter().zip(types) {
                    let (draft, more) = self.draft(part, &ty)?;
                    drafts.push(draft);
                    axes.extend(more);
                }
                let ty = self.tables.ty(ty);
                Some((Draft::Tuple(drafts, ty), self.ordered(axes)))
            }
        }
    }

    /// A source as it is seen from a clone on these axes.
    fn resolve(&mut self, draft: &Draft, from: &[Axis]) -> Source {
        match draft {
            Draft::Const(value) => Source::Const(value.clone()),
            Draft::Param(index) => Source::Param(*index),
            Draft::Output(output) => Source::Output(*output),
            Draft::Item(axis) => Source::Item(self.scope_of(*axis, from)),
            Draft::Key(axis) => Source::Key(self.scope_of(*axis, from)),
            Draft::Collect {
                axes,
                value,
                into,
                ty,
            } => {
                let scope = self.axes.scope(axes);
                let value = Box::new(self.resolve(value, axes));
                Source::Collect {
                    scope,
                    value,
                    into: *into,
                    ty: *ty,
                }
            }
            Draft::List(drafts, ty) => {
                let elements = drafts
                    .iter()
                    .map(|draft| self.resolve(draft, from))
                    .collect();
                Source::List { elements, ty: *ty }
            }
            Draft::Tuple(drafts, ty) => {
                let fields = drafts
                    .iter()
                    .map(|draft| self.resolve(draft, from))
                    .collect();
                Source::Tuple { fields, ty: *ty }
            }
            Draft::Some(draft, ty) => Source::Some {
                value: Box::new(self.resolve(draft, from)),
                ty: *ty,
            },
        }
    }

    /// The scope of an axis on the way to a clone.
    fn scope_of(&mut self, axis: Axis, from: &[Axis]) -> plan::ScopeId {
        let end = from
            .iter()
            .position(|one| *one == axis)
            .map_or(from.len(), |at| at + 1);
        self.axes.scope(&from[..end])
    }
}

/// What a map gives whose closure gave this.
fn dynamic(axis: Axis, value: Value) -> Value {
    match value {
        Value::Group(parts) => {
            Value::Group(parts.into_iter().map(|part| dynamic(axis, part)).collect())
        }
        one => Value::Dynamic(axis, Box::new(one)),
    }
}
