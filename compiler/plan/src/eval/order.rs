//! Order without data: what `after` waits for.

use dynop_abi::plan::{After, StepId};
use dynop_base::codes::unsupported;
use dynop_base::{Diagnostic, Span};

use super::Evaluator;
use super::sources::View;
use super::value::{Draft, Ended, Value};
use crate::axes::Axis;

/// What a step waits for besides its inputs.
#[derive(Default)]
pub(super) struct Order {
    /// As the plan's `after`.
    pub after: Vec<StepId>,
    /// As the plan's `after_at`.
    pub at: Vec<After>,
}

/// A step that is waited for.
struct Waited {
    step: StepId,
    /// The axes that give its clone, one for each of the step's.
    seen: Vec<Axis>,
    /// Those of them whose clones are waited for all.
    all: Vec<Axis>,
}

impl Evaluator<'_, '_, '_> {
    /// What a clone waits for besides its inputs.
    pub(super) fn order(&mut self, after: &[(Value, Span)], home: &View) -> Option<Order> {
        let mut order = Order::default();
        for (value, span) in after {
            let mut waited = Vec::new();
            self.waits(value, &[], &mut waited);
            for one in waited {
                self.wait(&one, home, *span, &mut order)?;
            }
        }
        order.after.sort_unstable();
        order.after.dedup();
        Some(order)
    }

    /// The axes by which what the graph that is open waits for ties a step to clones.
    pub(super) fn graph_axes(&self) -> Vec<Axis> {
        let after = self.frame.after.iter();
        after.flat_map(|(value, _)| self.own_axes(value)).collect()
    }

    /// What the graph that is open waits for, of a step that is made without an op.
    pub(super) fn graph_order(&mut self, home: &View) -> Option<Order> {
        let after = self.frame.after.clone();
        self.order(&after, home)
    }

    fn wait(&mut self, one: &Waited, home: &View, span: Span, order: &mut Order) -> Option<()> {
        self.items_are_seen(one.step, span)?;
        let own = |axis: &&Axis| home.seen.contains(axis) && !one.all.contains(axis);
        let of: Vec<Axis> = one.seen.iter().filter(own).copied().collect();
        let (known, path) = self.clone_path(&one.seen, &of, home, span)?;
        if known < of.len() {
            return self.found(
                Diagnostic::new(
                    &unsupported::UNSUPPORTED,
                    span,
                    "this step can't wait for that one in this version of the compiler",
                )
                .here("some of its clones are meant, by an inner key alone")
                .help("pass what it is to wait for to the op that waits"),
            );
        }
        let native = self.step_axes.get(one.step as usize)?;
        let lies_around = home.seen.starts_with(&of) && home.native.starts_with(&native[..known]);
        // Left alone, the plan takes a clone that lies around for the one that is meant.
        let next = native.get(known);
        if lies_around && (next.is_none() || next != home.native.get(known)) {
            order.after.push(one.step);
            return Some(());
        }
        let after = After {
            step: one.step,
            path,
        };
        if !order.at.contains(&after) {
            order.at.push(after);
        }
        Some(())
    }

    /// A `zip`, `concat` or `filter` succeeds also where items of it stand for failures, which hold back what waits for it.
    /// Whether there are some is seen from a scope over its items, which is made here if there is none.
    fn items_are_seen(&mut self, step: StepId, span: Span) -> Option<()> {
        let made = self.steps.get(step as usize)?;
        if made.action.op().is_some() {
            return Some(());
        }
        let axis = self.axes.first_of(step)?;
        let mut items = View {
            seen: self.step_seen.get(step as usize)?.clone(),
            native: self.step_axes.get(step as usize)?.clone(),
        };
        items
            .native
            .push(self.axes.native_after(&items.native, axis));
        items.seen.push(axis);
        self.scope(&items, span).map(|_| ())
    }

    /// The steps that waiting for a value waits for; `all` are the axes of which all clones are meant.
    fn waits(&self, value: &Value, all: &[Axis], steps: &mut Vec<Waited>) {
        match value {
            // An item that is there has nothing to be waited for: being cloned over it is the order.
            Value::Plain(Draft::Item(_) | Draft::Key(_) | Draft::FlatKey(_), _)
                if all.is_empty() => {}
            Value::Plain(draft, _) => self.makers(draft, all, steps),
            Value::Nothing(more, axes) => {
                for one in more {
                    self.ended(one, axes, all, steps);
                }
            }
            Value::Dynamic(axes, item) => {
                let mut all = all.to_vec();
                all.extend(axes);
                self.waits(item, &all, steps);
            }
            Value::Group(parts) => {
                for part in parts {
                    self.waits(part, all, steps);
                }
            }
        }
    }

    fn makers(&self, draft: &Draft, all: &[Axis], steps: &mut Vec<Waited>) {
        match draft {
            Draft::Done(more, axes) => {
                for one in more {
                    self.ended(one, axes, all, steps);
                }
            }
            Draft::Output(output, of) => self.waited(output.step, of, all, steps),
            // The op that yields the items: it has ended when the last was yielded.
            Draft::Item(axis) | Draft::Key(axis) => self.maker(*axis, all, steps),
            Draft::FlatKey(axes) => axes.iter().for_each(|axis| self.maker(*axis, all, steps)),
            Draft::Collect { axis, value, .. } => {
                let mut all = all.to_vec();
                all.push(*axis);
                self.makers(value, &all, steps);
            }
            Draft::Some(value, _) => self.makers(value, all, steps),
            Draft::List(drafts, _) | Draft::Tuple(drafts, _) => {
                for draft in drafts {
                    self.makers(draft, all, steps);
                }
            }
            Draft::Known(_) | Draft::Param(_) => {}
        }
    }

    fn maker(&self, axis: Axis, all: &[Axis], steps: &mut Vec<Waited>) {
        if let Some(step) = self.axes.maker(axis) {
            self.waited(step, self.axes.of(axis), all, steps);
        }
    }

    /// A step of a value on some axes: by others it is found nowhere but within its graph.
    fn ended(&self, one: &Ended, axes: &[Axis], all: &[Axis], steps: &mut Vec<Waited>) {
        let mut all = all.to_vec();
        all.extend(one.seen.iter().filter(|axis| !axes.contains(axis)));
        self.waited(one.step, &one.seen, &all, steps);
    }

    fn waited(&self, step: StepId, seen: &[Axis], all: &[Axis], steps: &mut Vec<Waited>) {
        steps.push(Waited {
            step,
            seen: seen.to_vec(),
            all: all.to_vec(),
        });
    }
}
