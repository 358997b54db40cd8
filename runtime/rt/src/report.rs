//! What is said of a run on standard error: failures, and how it ended.

use std::fmt::Write;
use std::time::Duration;

use dynop_abi::plan::{Job, Place};
use dynop_pool::{RunOutcome, RunStatus, StepCounts, StepFailure};
use dynop_values::json;

use crate::console::{Console, LogFormat, LogObject, Paint, printable};

/// How many failures are told in full; all of them are in the JSON log.
const TOLD: usize = 20;
/// How many calls of a trace are told.
const TRACE: usize = 12;

fn place_text(place: &Place) -> String {
    format!("{}:{}:{}", place.file, place.line, place.column)
}

fn seconds(elapsed: Duration) -> String {
    format!("{:.2}s", elapsed.as_secs_f64())
}

/// Writes the report of a run that is over.
pub fn write(console: &Console, job: &Job, outcome: &RunOutcome) {
    if console.format() == LogFormat::Json {
        console.lines(&end_object(job, outcome));
        return;
    }
    let text = text(console, job, outcome);
    if !text.is_empty() {
        console.lines(&text);
    }
}

/// The report for people.
pub fn text(console: &Console, job: &Job, outcome: &RunOutcome) -> String {
    let paint = console.paint();
    let mut text = String::new();
    for failure in outcome.failures.iter().take(TOLD) {
        write_failure(&mut text, paint, failure);
    }
    if outcome.failures.len() > TOLD {
        let more = outcome.failures.len() - TOLD;
        let _ = writeln!(
            text,
            "… and {more} more failed steps (--log-format json lists all)\n"
        );
    }
    if is_without_result(outcome) && !console.is_quiet() {
        let _ = writeln!(
            text,
            "{} no result: something that it is made of was skipped",
            paint.strong("note:")
        );
    }
    if outcome.status == RunStatus::Succeeded {
        if console.is_terminal() && !console.is_quiet() {
            let line = summary(job, outcome);
            let _ = writeln!(text, "{} {line}", paint.good("done"));
        }
    } else {
        write_steps(&mut text, paint, job, outcome);
    }
    text
}

/// Whether the run succeeded and yet there is nothing to print: the job's result is no option, and was skipped.
fn is_without_result(outcome: &RunOutcome) -> bool {
    outcome.status == RunStatus::Succeeded && outcome.result.is_none()
}

fn write_failure(text: &mut String, paint: Paint, failure: &StepFailure) {
    let key = paint.strong(&failure.step_key);
    let mut message = failure.message.lines().map(printable);
    let first = message.next().unwrap_or_default();
    let _ = writeln!(text, "{} step {key} failed: {first}", paint.error("error:"));
    for line in message {
        let _ = writeln!(text, "       {line}");
    }
    if let Some(place) = &failure.place {
        let _ = writeln!(text, "  {} {}", paint.faint("at"), place_text(place));
    }
    for call in failure.trace.iter().take(TRACE) {
        let place = place_text(&call.place);
        let _ = writeln!(text, "  {} {} {place}", paint.faint("in"), call.function);
    }
    if failure.trace.len() > TRACE {
        let more = failure.trace.len() - TRACE;
        let _ = writeln!(text, "  {}", paint.faint(&format!("and {more} more calls")));
    }
    if let Some((what, place)) = &failure.related {
        let _ = writeln!(text, "  {what} {}", place_text(place));
    }
    text.push('\n');
}

/// The steps of a run that did not succeed: how many clones of each ended how.
fn write_steps(text: &mut String, paint: Paint, job: &Job, outcome: &RunOutcome) {
    let width = job.steps.iter().map(|step| step.name.chars().count()).max();
    let width = width.unwrap_or(0).min(40);
    for (step, counts) in job.steps.iter().zip(&outcome.steps) {
        let ended = if counts.total() == 0 {
            "no clones".to_owned()
        } else {
            states(counts)
        };
        let mark = if counts.failed > 0 {
            paint.error("✗")
        } else {
            " ".to_owned()
        };
        let _ = writeln!(text, "{mark} {:width$}  {ended}", step.name);
    }
    let line = summary(job, outcome);
    let _ = writeln!(text, "{} {line}", paint.error("error:"));
}

/// `3 succeeded, 1 failed`
fn states(counts: &StepCounts) -> String {
    let parts = [
        (counts.failed, "failed"),
        (counts.upstream_failed, "upstream-failed"),
        (counts.cancelled, "cancelled"),
        (counts.skipped, "skipped"),
        (counts.succeeded, "succeeded"),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, state)| format!("{count} {state}"))
        .collect();
    parts.join(", ")
}

fn total(outcome: &RunOutcome) -> StepCounts {
    outcome
        .steps
        .iter()
        .fold(StepCounts::default(), |sum, step| StepCounts {
            succeeded: sum.succeeded + step.succeeded,
            failed: sum.failed + step.failed,
            skipped: sum.skipped + step.skipped,
            upstream_failed: sum.upstream_failed + step.upstream_failed,
            cancelled: sum.cancelled + step.cancelled,
        })
}

fn summary(job: &Job, outcome: &RunOutcome) -> String {
    let ended = match outcome.status {
        RunStatus::Succeeded => "succeeded",
        RunStatus::Failed => "failed",
        RunStatus::Cancelled => "was cancelled",
    };
    let steps = match states(&total(outcome)) {
        states if states.is_empty() => "no steps".to_owned(),
        states => states,
    };
    let elapsed = seconds(outcome.elapsed);
    format!("{} {ended} in {elapsed}: {steps}", job.name)
}

fn place_object(place: &Place) -> String {
    LogObject::inner()
        .text("file", &place.file)
        .raw("line", &place.line.to_string())
        .raw("column", &place.column.to_string())
        .finish()
}

/// A failure as an object of the JSON log.
pub fn failure_object(failure: &StepFailure) -> String {
    failure_fields(LogObject::new("step_failed"), failure)
}

/// The failure of a step of a run within a test, as an object of the JSON log.
pub fn nested_failure_object(job: &str, failure: &StepFailure) -> String {
    let object = LogObject::new("nested_step_failed").text("job", job);
    failure_fields(object, failure)
}

fn failure_fields(object: LogObject, failure: &StepFailure) -> String {
    let mut object = object
        .text("step", &failure.step_key)
        .text("kind", failure.kind)
        .text("message", &failure.message);
    if let Some(place) = &failure.place {
        object = object.raw("place", &place_object(place));
    }
    let calls = failure.trace.iter().map(|call| {
        LogObject::inner()
            .text("function", &call.function)
            .raw("place", &place_object(&call.place))
            .finish()
    });
    let calls: Vec<String> = calls.collect();
    object = object.raw("trace", &format!("[{}]", calls.join(",")));
    if let Some((what, place)) = &failure.related {
        let related = LogObject::inner()
            .text("message", what)
            .raw("place", &place_object(place))
            .finish();
        object = object.raw("related", &related);
    }
    object.finish()
}

fn end_object(job: &Job, outcome: &RunOutcome) -> String {
    let status = match outcome.status {
        RunStatus::Succeeded => "succeeded",
        RunStatus::Failed => "failed",
        RunStatus::Cancelled => "cancelled",
    };
    let mut steps = String::from("{");
    for (step, counts) in job.steps.iter().zip(&outcome.steps) {
        if steps.len() > 1 {
            steps.push(',');
        }
        json::quote(&mut steps, &step.name);
        let _ = write!(
            steps,
            ":{{\"succeeded\":{},\"failed\":{},\"skipped\":{},\"upstream_failed\":{},\"cancelled\":{}}}",
            counts.succeeded,
            counts.failed,
            counts.skipped,
            counts.upstream_failed,
            counts.cancelled
        );
    }
    steps.push('}');
    let mut object = LogObject::new("run_ended")
        .text("job", &job.name)
        .text("status", status);
    if is_without_result(outcome) {
        object = object.text("result", "skipped");
    }
    object
        .raw("seconds", &format!("{:.6}", outcome.elapsed.as_secs_f64()))
        .raw("steps", &steps)
        .finish()
}
