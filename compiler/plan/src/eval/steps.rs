//! Invocations of ops become steps.

use dynop_abi::plan::{self, Action, OpIndex, OutputRef, Source, StepId};
use dynop_base::codes::composition;
use dynop_base::{Diagnostic, Span};
use dynop_sema::compose::{Invocation, Node};
use dynop_sema::hir::{FunctionId, FunctionKind, Replaced};
use dynop_sema::substitute::substitute;
use dynop_sema::ty::Ty;

use super::dynamic::{Given, items_of};
use super::order::Order;
use super::sources::View;
use super::value::{Draft, Ended, Value};
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
            _ => Some(self.op_of(invocation.function, &type_args)),
        };
        let mut values = Vec::with_capacity(invocation.args.len());
        for arg in &invocation.args {
            values.push((self.node(arg)?, arg.span));
        }
        let mut after = Vec::new();
        for node in &invocation.after {
            after.push((self.node(node)?, node.span));
        }
        let Some((op, value)) = op else {
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
        let mut inputs = Vec::with_capacity(drafts.len() + 1);
        inputs.extend(value.map(Source::Param));
        for (draft, at) in &drafts {
            inputs.push(self.resolve(draft, &home, *at)?);
        }
        let order = self.order(&after, &home)?;
        let policy = self.policy(invocation)?;
        let step = self.push_step(name, Action::Op(op), &home, (inputs, order), span)?;
        if let Some(made) = self.steps.last_mut() {
            made.policy = policy;
        }
        Some(self.outputs(step, invocation.function, &home.seen))
    }

    /// What the steps of an op run: itself, or what a test puts in its place, with the parameter of the run that is its
    /// first input.
    fn op_of(&mut self, id: FunctionId, type_args: &[Ty]) -> (OpIndex, Option<u32>) {
        let same = |one: &Replaced| one.op == id && one.type_args == type_args;
        let Some(at) = self.replaced.iter().position(same) else {
            return (self.tables.op(id, type_args), None);
        };
        let (before, one) = (&self.replaced[..at], &self.replaced[at]);
        let values = before.iter().filter(|one| one.value.is_some()).count() as u32;
        let value = one.value.is_some().then_some(self.written + values);
        (self.tables.op(one.by, &one.by_args), value)
    }

    /// Adds a step.
    pub(super) fn push_step(
        &mut self,
        name: String,
        action: Action,
        home: &View,
        (inputs, order): (Vec<Source>, Order),
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
            after: order.after,
            after_at: order.at,
            place,
            policy: plan::Policy::default(),
        });
        self.step_axes.push(home.native.clone());
        self.step_seen.push(home.seen.clone());
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
            _ if values.is_empty() => {
                let seen = axes.to_vec();
                Value::Nothing(vec![Ended { step, seen }], axes.to_vec())
            }
            Ty::NamedTuple(_) => Value::Group(values),
            _ => values.remove(0),
        }
    }

    /// A name for a step or graph: the one given, or that of the op, with a number from the second on. One that is taken is
    /// reported: a name that moved aside would not be stable.
    pub(super) fn step_name(&mut self, given: Given, op: &str, span: Span) -> String {
        let prefix = &self.frame.prefix;
        let (name, at) = match given {
            Some((name, at)) => (format!("{prefix}{name}"), at),
            None => {
                let whole = format!("{prefix}{op}");
                let count = self.counts.entry(whole.clone()).or_insert(0);
                *count += 1;
                match *count {
                    1 => (whole, span),
                    count => (format!("{whole}_{count}"), span),
                }
            }
        };
        match self.names.get(&name) {
            Some(&first) => self.name_twice(given, &name, at, first),
            None => {
                self.names.insert(name.clone(), at);
            }
        }
        name
    }

    fn name_twice(&mut self, given: Given, name: &str, at: Span, first: Span) {
        let mut free = 2;
        while self.names.contains_key(&format!("{name}_{free}")) {
            free += 1;
        }
        let short = name.strip_prefix(&self.frame.prefix).unwrap_or(name);
        let found = Diagnostic::new(
            &composition::STEP_NAME_TWICE,
            at,
            format!("there is a step `{name}` already"),
        );
        self.diagnostics.push(match given {
            Some(_) if first == at => found
                .here("given again each time that this is unrolled")
                .help("leave `as` out in a loop: the steps are numbered by themselves"),
            Some(_) => found
                .here("the name is taken")
                .label(first, "by this step")
                .help(format!("choose another, such as `as {short}_{free}`")),
            None => found
                .here("would be named so, by its op and the number of the invocation")
                .label(first, "this step has the name")
                .help(format!(
                    "name one of the two with `as`, such as `as {short}_{free}`"
                )),
        });
    }

    /// All steps that have been made since there were `before`.
    pub(super) fn steps_since(&self, before: usize) -> Vec<Ended> {
        (before..self.steps.len())
            .map(|step| Ended {
                step: step as StepId,
                seen: self.step_seen[step].clone(),
            })
            .collect()
    }

    /// The node that a branch or a body gives, for its steps alone.
    pub(super) fn run(&mut self, node: &Node) -> Option<()> {
        self.node(node).map(|_| ())
    }
}
