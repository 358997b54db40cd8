//! Progress while a job runs, and the report at its end, on standard error.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use dynop_abi::plan::{Job, Place};
use dynop_pool::{Observer, Progress, RunOutcome, RunStatus, StepFailure};

use crate::arguments::Settings;
use crate::{json, say};

/// How many failures are shown in full; the rest is counted. (All are in the JSON log.)
const SHOWN: usize = 20;
/// How often the progress line is drawn.
const PERIOD: Duration = Duration::from_millis(100);

/// Tells of a run.
pub(crate) struct Reporter<'a> {
    job: &'a Job,
    quiet: bool,
    json_log: bool,
    live: bool,
    colour: bool,
}

impl Observer for Reporter<'_> {
    fn step_failed(&self, failure: &StepFailure) {
        if self.json_log {
            self.log_failure(failure);
        }
    }
}

impl<'a> Reporter<'a> {
    pub fn new(job: &'a Job, settings: &Settings) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self {
            job,
            quiet: settings.quiet,
            json_log: settings.json_log,
            live: terminal && !settings.quiet && !settings.json_log,
            colour: terminal && !plain,
        }
    }

    fn red(&self, text: &str) -> String {
        if self.colour {
            format!("\x1b[31;1m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    fn log_failure(&self, failure: &StepFailure) {
        let mut line = String::from("{\"event\":\"step_failed\",\"step\":");
        json::string(&mut line, &failure.step_key);
        line.push_str(",\"kind\":");
        json::string(&mut line, failure.kind);
        line.push_str(",\"message\":");
        json::string(&mut line, &failure.message);
        if let Some(place) = &failure.place {
            line.push_str(",\"place\":");
            json::string(&mut line, &located(place));
        }
        line.push('}');
        say(&line);
    }

    /// The report of a run that ended.
    pub fn finish(&self, outcome: &RunOutcome) {
        if self.json_log {
            return self.log_end(outcome);
        }
        for failure in outcome.failures.iter().take(SHOWN) {
            self.show(failure);
        }
        if outcome.failures.len() > SHOWN {
            say(&format!(
                "… and {} more failed steps (all with --log-format json)\n",
                outcome.failures.len() - SHOWN
            ));
        }
        if outcome.status == RunStatus::Succeeded {
            if self.live {
                let (known, _) = totals(outcome);
                say(&format!(
                    "{} succeeded: {known} steps in {}",
                    self.job.name,
                    duration(outcome.elapsed)
                ));
            }
            return;
        }
        let word = match outcome.status {
            RunStatus::Cancelled => "was interrupted",
            _ => "failed",
        };
        let counts = self.counts(outcome);
        say(&format!(
            "{} {word} after {}: {counts}",
            self.red(&self.job.name),
            duration(outcome.elapsed)
        ));
        if self.quiet {
            return;
        }
        for (step, counts) in self.job.steps.iter().zip(&outcome.steps) {
            let mut parts = Vec::new();
            for (number, word) in [
                (counts.succeeded, "succeeded"),
                (counts.failed, "failed"),
                (counts.upstream_failed, "upstream failed"),
                (counts.skipped, "skipped"),
                (counts.cancelled, "cancelled"),
            ] {
                if number > 0 {
                    parts.push(format!("{number} {word}"));
                }
            }
            let parts = if parts.is_empty() {
                "no clones".to_owned()
            } else {
                parts.join(", ")
            };
            say(&format!("  {:<24} {parts}", step.name));
        }
    }

    fn counts(&self, outcome: &RunOutcome) -> String {
        let sum =
            |of: fn(&dynop_pool::StepCounts) -> u64| outcome.steps.iter().map(of).sum::<u64>();
        let mut parts = Vec::new();
        for (number, word) in [
            (sum(|c| c.failed), "failed"),
            (sum(|c| c.upstream_failed), "upstream failed"),
            (sum(|c| c.skipped), "skipped"),
            (sum(|c| c.cancelled), "cancelled"),
            (sum(|c| c.succeeded), "succeeded"),
        ] {
            if number > 0 || word == "succeeded" {
                parts.push(format!("{number} {word}"));
            }
        }
        parts.join(", ")
    }

    fn show(&self, failure: &StepFailure) {
        say(&format!(
            "{}: {}",
            self.red(&format!("step {} failed", failure.step_key)),
            failure.message
        ));
        if let Some(place) = &failure.place {
            say(&format!("  at {}", located(place)));
        }
        for entry in &failure.trace {
            say(&format!(
                "  called from {} at {}",
                entry.function,
                located(&entry.place)
            ));
        }
        if let Some((text, place)) = &failure.related {
            say(&format!("  {text}: {}", located(place)));
        }
        say("");
    }

    fn log_end(&self, outcome: &RunOutcome) {
        let status = match outcome.status {
            RunStatus::Succeeded => "succeeded",
            RunStatus::Failed => "failed",
            RunStatus::Cancelled => "cancelled",
        };
        let mut line = String::from("{\"event\":\"run_ended\",\"job\":");
        json::string(&mut line, &self.job.name);
        line.push_str(&format!(
            ",\"status\":\"{status}\",\"seconds\":{:.6},\"steps\":{{",
            outcome.elapsed.as_secs_f64()
        ));
        for (index, (step, counts)) in self.job.steps.iter().zip(&outcome.steps).enumerate() {
            if index > 0 {
                line.push(',');
            }
            json::string(&mut line, &step.name);
            line.push_str(&format!(
                ":{{\"succeeded\":{},\"failed\":{},\"upstream_failed\":{},\"skipped\":{},\"cancelled\":{}}}",
                counts.succeeded, counts.failed, counts.upstream_failed, counts.skipped, counts.cancelled
            ));
        }
        line.push_str("}}");
        say(&line);
    }
}

fn totals(outcome: &RunOutcome) -> (u64, u64) {
    outcome.steps.iter().fold((0, 0), |(all, failed), step| {
        (all + step.total(), failed + step.failed)
    })
}

fn located(place: &Place) -> String {
    format!("{}:{}:{}", place.file, place.line, place.column)
}

fn duration(time: Duration) -> String {
    match time.as_secs_f64() {
        seconds if seconds < 1.0 => format!("{:.1} ms", seconds * 1e3),
        seconds if seconds < 120.0 => format!("{seconds:.1} s"),
        seconds => format!(
            "{:.0} min {:.0} s",
            (seconds / 60.0).floor(),
            seconds % 60.0
        ),
    }
}

/// Runs `work` with a progress line, if standard error is a terminal.
pub(crate) fn with_progress<T>(
    reporter: &Reporter<'_>,
    progress: &Progress,
    work: impl FnOnce() -> T,
) -> T {
    if !reporter.live {
        return work();
    }
    let (ended, over, bell) = (AtomicBool::new(false), Mutex::new(()), Condvar::new());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut guard = over.lock().unwrap_or_else(PoisonError::into_inner);
            let mut drawn = false;
            loop {
                guard = bell
                    .wait_timeout(guard, PERIOD)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0;
                if ended.load(Ordering::SeqCst) {
                    break;
                }
                draw(reporter, progress);
                drawn = true;
            }
            if drawn {
                let _ = write!(std::io::stderr(), "\r\x1b[K");
            }
        });
        let result = work();
        ended.store(true, Ordering::SeqCst);
        // Taken and given back, so that the thread is not between its look and its sleep.
        drop(over.lock());
        bell.notify_all();
        result
    })
}

fn draw(reporter: &Reporter<'_>, progress: &Progress) {
    let (known, ended) = progress.total();
    let failed: u64 = progress
        .steps
        .iter()
        .map(|step| step.failed.load(Ordering::Relaxed))
        .sum();
    let running: Vec<&str> = reporter
        .job
        .steps
        .iter()
        .zip(&progress.steps)
        .filter(|(_, p)| p.known.load(Ordering::Relaxed) > p.ended.load(Ordering::Relaxed))
        .map(|(step, _)| step.name.as_str())
        .take(4)
        .collect();
    let failures = if failed > 0 {
        format!(", {failed} failed")
    } else {
        String::new()
    };
    let line = format!(
        "{}: {ended} of {known} steps{failures}  {}",
        reporter.job.name,
        running.join(" ")
    );
    let shown: String = line.chars().take(78).collect();
    let _ = write!(std::io::stderr(), "\r\x1b[K{shown}");
}
