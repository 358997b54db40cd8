//! Invocations of ops become steps.

use dynop_abi::plan::{self, Action, OutputRef, Source, StepId};
use dynop_base::codes::{composition, unsupported};
use dynop_base::{Diagnostic, Span};
use dynop_sema::compose::{Invocation, Node};
use dynop_sema::hir::{FunctionId, FunctionKind};
use dynop_sema::substitute::substitute;
use dynop_sema::ty::Ty;

use super::dynamic::{Given, items_of};
use super::sources::View;
use super::value::{Draft, Value};
use super::{Evaluator, control};
use crate::axes::Axis;

impl Evaluator<'_, '_, '_> {
    pub(super) fn invoke(&mut self, invocation: &Invocation, span: Span) -> Option<Value> {
        let program = self.tables.program;
        let function = &program.functions[invocation.function.0 as usize];
        // A name is taken in the order of the text, where an invocation stands before its arguments.
        let name = self.step_name(invocation.name, function.name.as_str(), span);
        let type_args: Vec<Ty> = invocation.type_args.iter().map(|ty| self.ty(ty)).collect();
        let op = match function.kind {
            FunctionKind::Graph => None,
            _ => Some(self.tables.op(invocation.function, &type_args)),
        };
        let mut values = Vec::with_capacity(invocation.args.len());
        for arg in &invocation.args {
            values.push((self.node(arg)?, arg.span));
        }
        let mut after = Vec::new();
        for node in &invocation.after {
            after.push((self.node(node)?, node.span));
        }
        let Some(op) = op else {
            return self.graph(invocation.function, type_args, values, after, name, span);
        };
        let (mut drafts, mut axes) = (Vec::new(), Vec::new());
        for ((value, at), param) in values.into_iter().zip(&function.params) {
            let ty = substitute(&param.ty, &type_args);
            let (draft, more) = self.draft(value, &ty)?;
            drafts.push((draft, at));
            axes.extend(more);
        }
        after.extend(self.frame.after.iter().cloned());
        for (value, _) in &after {
            axes.extend(self.own_axes(value));
        }
        let home = self.view(self.ordered(axes));
        let mut inputs = Vec::with_capacity(drafts.len());
        for (draft, at) in &drafts {
            inputs.push(self.resolve(draft, &home, *at)?);
        }
        let after = self.all_waits(&after, &home)?;
        let policy = self.policy(invocation)?;
        let step = self.push_step(name, Action::Op(op), &home, (inputs, after), span)?;
        if let Some(made) = self.steps.last_mut() {
            made.policy = policy;
        }
        Some(self.outputs(step, invocation.function, &home.seen))
    }

    /// Adds a step.
    pub(super) fn push_step(
        &mut self,
        name: String,
        action: Action,
        home: &View,
        (inputs, after): (Vec<Source>, Vec<StepId>),
        span: Span,
    ) -> Option<StepId> {
        if self.steps.len() >= control::MOST {
            return self.too_many(span);
        }
        let step = self.steps.len() as StepId;
        let scope = self.scope(home, span)?;
        let place = crate::place(self.tables.sources, span);
        self.steps.push(plan::Step {
            name,
            action,
            scope,
            inputs,
            after,
            place,
            policy: plan::Policy::default(),
        });
        self.step_axes.push(home.native.clone());
        Some(step)
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
                let axis = self.axes.axis(reference, axes);
                items_of(axis, axes.to_vec())
            } else {
                Value::Plain(Draft::Output(reference, axes.to_vec()), axes.to_vec())
            });
        }
        match function.result {
            _ if values.is_empty() => Value::Nothing(vec![step], axes.to_vec()),
            Ty::NamedTuple(_) => Value::Group(values),
            _ => values.remove(0),
        }
    }

    /// A name for a step or graph: the one given, or that of the op with a number.
    pub(super) fn step_name(&mut self, given: Given, op: &str, span: Span) -> String {
        let prefix = &self.frame.prefix;
        let (name, span) = match given {
            Some((name, span)) => (format!("{prefix}{name}"), span),
            None => {
                let mut name = format!("{prefix}{op}");
                let mut count = 1;
                while self.names.contains_key(&name) {
                    count += 1;
                    name = format!("{prefix}{op}_{count}");
                }
                (name, span)
            }
        };
        if let Some((short, _)) = given
            && let Some(&first) = self.names.get(&name)
        {
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
                .help(format!("choose another, such as `as {short}_{free}`")),
            );
        }
        self.names.entry(name.clone()).or_insert(span);
        name
    }

    // ------------------------------------------------------------------------------------------------------- order

    /// The steps that a clone waits for besides its inputs.
    fn all_waits(&mut self, after: &[(Value, Span)], home: &View) -> Option<Vec<StepId>> {
        let mut steps = Vec::new();
        for (value, span) in after {
            let before = steps.len();
            self.waits(value, &mut steps);
            let found = steps[before..].to_vec();
            if matches!(value, Value::Dynamic(..)) {
                self.all_clones(&found, home, *span)?;
            }
        }
        steps.sort_unstable();
        steps.dedup();
        Some(steps)
    }

    /// What the graph that is open waits for, of a step that is made without an op.
    pub(super) fn graph_waits(&mut self, home: &View, span: Span) -> Option<Vec<StepId>> {
        let after = self.frame.after.clone();
        for (value, _) in &after {
            let own = self.own_axes(value);
            if own.iter().any(|axis| !home.seen.contains(axis)) {
                return self.found(
                    Diagnostic::new(
                        &unsupported::UNSUPPORTED,
                        span,
                        "this step can't wait for a clone by the `after` of its graph yet",
                    )
                    .here("is not cloned over what the graph waits for")
                    .help("pass what it is to wait for to an op of the graph"),
                );
            }
        }
        self.all_waits(&after, home)
    }

    /// Waiting for all clones of a step is not told from waiting for one where the step that waits is cloned alike.
    fn all_clones(&mut self, steps: &[StepId], home: &View, span: Span) -> Option<()> {
        let alike = steps.iter().any(|step| {
            let axes = self.step_axes.get(*step as usize);
            axes.is_some_and(|axes| !axes.is_empty() && home.native.starts_with(axes))
        });
        if !alike {
            return Some(());
        }
        self.found(
            Diagnostic::new(
                &unsupported::UNSUPPORTED,
                span,
                "a clone can't wait for all clones of a step over the same keys yet",
            )
            .here("all clones of this are waited for")
            .help("collect it, and pass the list to the op"),
        )
    }

    /// The steps that `after` waits for.
    fn waits(&self, value: &Value, steps: &mut Vec<StepId>) {
        match value {
            // An item that is there has nothing to be waited for: being cloned over it is the order.
            Value::Plain(Draft::Item(_) | Draft::Key(_) | Draft::FlatKey(_), _) => {}
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
            Draft::Output(output, _) => steps.push(output.step),
            // The op that yields the items: it has ended when the last was yielded.
            Draft::Item(axis) | Draft::Key(axis) => steps.extend(self.axes.maker(*axis)),
            Draft::FlatKey(axes) => steps.extend(axes.iter().filter_map(|a| self.axes.maker(*a))),
            Draft::Collect { value, .. } | Draft::Some(value, _) => self.makers(value, steps),
            Draft::List(drafts, _) | Draft::Tuple(drafts, _) => {
                drafts.iter().for_each(|d| self.makers(d, steps));
            }
            Draft::Known(_) | Draft::Param(_) => {}
        }
    }

    /// All steps that have been made since there were `before`.
    pub(super) fn steps_since(&self, before: usize) -> Vec<StepId> {
        (before as StepId..self.steps.len() as StepId).collect()
    }

    /// The node that a branch or a body gives, for its steps alone.
    pub(super) fn run(&mut self, node: &Node) -> Option<()> {
        self.node(node).map(|_| ())
    }
}
