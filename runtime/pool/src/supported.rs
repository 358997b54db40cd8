//! Refuses plans that this scheduler can't run, before anything is run: a wrong answer would be worse.

use dynop_abi::plan::{Collect, Job, Source, Step};

use crate::request::{RunOutcome, RunStatus, StepCounts, StepFailure};

/// The outcome of a run that was not begun, if there is something in the job that this scheduler can't do.
pub(crate) fn refuse(job: &Job) -> Option<RunOutcome> {
    let found = job.steps.iter().enumerate().find_map(|(index, step)| {
        let what = unsupported_step(step)?;
        Some((index as u32, step.name.clone(), what, step.place.clone()))
    });
    let found = found.or_else(|| {
        let what = unsupported(&job.result)?;
        Some((0, job.name.clone(), what, Default::default()))
    });
    let (step, step_key, what, place) = found?;
    Some(RunOutcome {
        status: RunStatus::Failed,
        result: None,
        steps: vec![StepCounts::default(); job.steps.len()],
        failures: vec![StepFailure {
            step_key,
            step,
            message: format!("this runtime can't run {what}; nothing was run"),
            kind: "unsupported",
            place: Some(place),
            trace: Vec::new(),
            related: None,
        }],
        elapsed: std::time::Duration::ZERO,
    })
}

fn unsupported_step(step: &Step) -> Option<&'static str> {
    if step.action.op().is_none() {
        return Some("`zip`, `concat` and `filter`");
    }
    step.inputs.iter().find_map(unsupported)
}

fn unsupported(source: &Source) -> Option<&'static str> {
    match source {
        Source::OutputOver { .. } => Some("a step of the inner item alone beside the outer one"),
        Source::FlatKey(_) => Some("the key of a flattened dynamic"),
        Source::Each { .. } => Some("`zip`, `concat` and `filter`"),
        Source::Collect { value, into, .. } => match into {
            Collect::Flat | Collect::FlatKeyed => Some("`flatten`"),
            Collect::Results => Some("`collect_results`"),
            Collect::List | Collect::Keyed => unsupported(value),
        },
        Source::List { elements, .. } => elements.iter().find_map(unsupported),
        Source::Tuple { fields, .. } => fields.iter().find_map(unsupported),
        Source::Some { value, .. } => unsupported(value),
        Source::Const(_)
        | Source::Param(_)
        | Source::Output(_)
        | Source::Item(_)
        | Source::Key(_) => None,
    }
}
