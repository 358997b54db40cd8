//! Telling an observer how each step ended and what it gave, for the runs that tests make.
//!
//! Values move to their consumers, so each output is written as JSON where it is made: an item when it is yielded, a plain
//! output when its step has succeeded. An ordinary run asks for none of this and pays one look at a flag a step.

use std::fmt::Write;
use std::sync::Arc;

use dynop_abi::desc::TypeDesc;
use dynop_abi::layout::StrRepr;
use dynop_abi::plan::StepId;
use dynop_engine::decide::State;
use dynop_values::{json, text};

use crate::execute::StageRun;
use crate::request::StepEnd;
use crate::running::Running;
use crate::shape::{NodeShape, OutputShape};

/// An item of a dynamic output as it was yielded.
pub(crate) struct ToldItem {
    output: u32,
    key: String,
    json: String,
}

impl Running<'_, '_> {
    /// Keeps an item for the report of the step's end.
    ///
    /// # Safety
    /// `value` holds a value of `desc`, `key` a text.
    #[cold]
    pub unsafe fn tell_item(
        &mut self,
        output: u32,
        value: *const u8,
        desc: &TypeDesc,
        key: &StrRepr,
    ) {
        // SAFETY: the caller's promise.
        let (key, json) = unsafe { (text::as_str(key).to_owned(), written(value, desc)) };
        self.told.push(ToldItem { output, key, json });
    }
}

impl StageRun<'_, '_, '_> {
    /// Tells the observer of a step's end.
    #[cold]
    pub(crate) fn tell_end(&mut self, step: StepId, shape: &NodeShape, state: State) {
        // SAFETY: the context is this claim's, and no step runs in it.
        let told = match unsafe { self.running.as_mut() } {
            Some(running) => std::mem::take(&mut running.told),
            None => return,
        };
        let output = (state == State::Succeeded).then(|| self.told_outputs(step, shape, &told));
        let position = self.levels[0].position;
        let family = Arc::clone(self.family);
        self.shared.request.observer.step_ended(StepEnd {
            step_key: self.shared.step_key(step, &family, position),
            order: self.shared.order(step, &family, position),
            state: word(state),
            output: output.flatten(),
        });
    }

    /// The outputs as JSON: the value of the only one that is not named, else an object of them. Nothing where there is no
    /// output.
    fn told_outputs(&self, step: StepId, shape: &NodeShape, told: &[ToldItem]) -> Option<String> {
        let op = self.shared.job().steps[step as usize].action.op();
        let declared = op.and_then(|op| self.shared.request.program.ops.get(op as usize));
        let names: Vec<&str> = match declared {
            Some(op) => op
                .outputs
                .iter()
                .map(|output| output.name.as_str())
                .collect(),
            None => vec!["result"; shape.outputs.len()],
        };
        let parts = shape.outputs.iter().enumerate().map(|(index, output)| {
            if output.dynamic {
                items(index as u32, told)
            } else {
                self.plain(output)
            }
        });
        let parts: Vec<(&str, String)> = names.into_iter().zip(parts).collect();
        match parts.as_slice() {
            [] => None,
            [("result", value)] => Some(value.clone()),
            parts => Some(object(
                parts.iter().map(|(name, value)| (*name, value.as_str())),
            )),
        }
    }

    fn plain(&self, output: &OutputShape) -> String {
        // SAFETY: the row's byte, and the place of a value of the type, which the step has just filled.
        unsafe {
            if let Some(at) = output.present
                && self.levels[0].row.add(at as usize).read() == 0
            {
                return "null".into();
            }
            written(self.home(output.home), output.desc)
        }
    }
}

/// The items of a dynamic output, by key in the order in which they came.
fn items(output: u32, told: &[ToldItem]) -> String {
    let own = told.iter().filter(|item| item.output == output);
    object(own.map(|item| (item.key.as_str(), item.json.as_str())))
}

fn object<'p>(parts: impl Iterator<Item = (&'p str, &'p str)>) -> String {
    let mut out = String::from("{");
    for (index, (name, value)) in parts.enumerate() {
        if index > 0 {
            out.push(',');
        }
        json::quote(&mut out, name);
        // A String takes all.
        let _ = write!(out, ":{value}");
    }
    out.push('}');
    out
}

/// A value as JSON; as `null` what has no form there, such as a path that is not UTF-8.
///
/// # Safety
/// `value` holds a value of `desc`.
unsafe fn written(value: *const u8, desc: &TypeDesc) -> String {
    let mut out = String::new();
    // SAFETY: the caller's promise.
    match unsafe { json::write(&mut out, value, desc) } {
        Ok(()) => out,
        Err(_) => "null".into(),
    }
}

fn word(state: State) -> &'static str {
    match state {
        State::Waiting => "waiting",
        State::Succeeded => "succeeded",
        State::Failed => "failed",
        State::Skipped => "skipped",
        State::UpstreamFailed => "upstream-failed",
        State::Cancelled => "cancelled",
    }
}
