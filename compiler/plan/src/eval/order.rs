//! Order without data: what `after` waits for.

use dynop_abi::plan::{AfterAll, StepId};
use dynop_base::codes::unsupported;
use dynop_base::{Diagnostic, Span};

use super::Evaluator;
use super::sources::View;
use super::value::{Draft, Value};
use crate::axes::Axis;

/// What a step waits for besides its inputs.
#[derive(Default)]
pub(super) struct Order {
    /// As the plan's `after`.
    pub after: Vec<StepId>,
    /// As the plan's `after_all`.
    pub all: Vec<AfterAll>,
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

    /// What the graph that is open waits for, of a step that is made without an op.
    pub(super) fn graph_order(&mut self, home: &View, span: Span) -> Option<Order> {
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
        self.order(&after, home)
    }

    fn wait(&mut self, one: &Waited, home: &View, span: Span, order: &mut Order) -> Option<()> {
        let native = self.step_axes.get(one.step as usize)?.clone();
        let shared = one
            .seen
            .iter()
            .zip(&home.seen)
            .take_while(|(seen, own)| seen == own && !one.all.contains(seen))
            .count();
        let elsewhere = one.seen[shared..]
            .iter()
            .any(|axis| home.seen.contains(axis) && !one.all.contains(axis));
        if elsewhere {
            return self.found(
                Diagnostic::new(
                    &unsupported::UNSUPPORTED,
                    span,
                    "a step of the inner item alone can't be waited for beside the outer one yet",
                )
                .here("is made once per inner key, and waited for once per pair")
                .help("pass it to the op that waits, or pass the outer item to it too"),
            );
        }
        // Left alone, the plan takes a clone that lies around for the one that is meant.
        let next = native.get(shared);
        if next.is_some() && next == home.native.get(shared) {
            let within = self.scope(&home.around(shared), span)?;
            let all = AfterAll {
                step: one.step,
                within,
            };
            if !order.all.contains(&all) {
                order.all.push(all);
            }
        } else {
            order.after.push(one.step);
        }
        Some(())
    }

    /// The steps that waiting for a value waits for; `all` are the axes of which all clones are meant.
    fn waits(&self, value: &Value, all: &[Axis], steps: &mut Vec<Waited>) {
        match value {
            // An item that is there has nothing to be waited for: being cloned over it is the order.
            Value::Plain(Draft::Item(_) | Draft::Key(_) | Draft::FlatKey(_), _)
                if all.is_empty() => {}
            Value::Plain(draft, _) => self.makers(draft, all, steps),
            Value::Nothing(more, axes) => {
                for &step in more {
                    self.waited(step, axes, all, steps);
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

    fn waited(&self, step: StepId, seen: &[Axis], all: &[Axis], steps: &mut Vec<Waited>) {
        let native = self.step_axes.get(step as usize).map_or(0, Vec::len);
        // A graph's steps are on some of the axes that it was invoked on.
        let seen = match seen.len() == native {
            true => seen.to_vec(),
            false => self
                .step_axes
                .get(step as usize)
                .cloned()
                .unwrap_or_default(),
        };
        steps.push(Waited {
            step,
            seen,
            all: all.to_vec(),
        });
    }
}
