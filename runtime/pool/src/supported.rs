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
    step.inputs.iter().find_map(unsupported)
}

fn unsupported(source: &Source) -> Option<&'static str> {
    match source {
        Source::Collect {
            into: Collect::Results,
            ..
        } => Some("`collect_results`"),
        Source::Collect { value, .. } | Source::Each { value, .. } | Source::Some { value, .. } => {
            unsupported(value)
        }
        Source::List {
            elements: parts, ..
        }
        | Source::Tuple { fields: parts, .. } => parts.iter().find_map(unsupported),
        _ => None,
    }
}
