//! The line that shows on a terminal how far the run is.

use std::sync::Mutex;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Condvar, PoisonError};
use std::time::{Duration, Instant};

use dynop_abi::plan::Job;
use dynop_pool::Progress;

use crate::console::Console;

/// How often the line is drawn: smooth enough for people, and nothing to the machine.
const INTERVAL: Duration = Duration::from_millis(100);
/// Runs shorter than this show no line, so that nothing flickers.
const PATIENCE: Duration = Duration::from_millis(250);
const SPINNER: [char; 8] = ['⣾', '⣽', '⣻', '⢿', '⡿', '⣟', '⣯', '⣷'];

/// Ends the drawing.
#[derive(Default)]
pub struct Stop {
    stopped: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    /// Ends it now.
    pub fn stop(&self) {
        *self.stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    /// Waits; gives whether it was ended.
    fn wait(&self, time: Duration) -> bool {
        let stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .changed
            .wait_timeout_while(stopped, time, |stopped| !*stopped);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// Draws until it is stopped.
pub fn draw(console: &Console, job: &Job, progress: &Progress, stop: &Stop) {
    let begin = Instant::now();
    if stop.wait(PATIENCE) {
        return;
    }
    for tick in 0.. {
        let spinner = SPINNER[tick % SPINNER.len()];
        console.draw(&line(job, progress, begin.elapsed(), spinner));
        if stop.wait(INTERVAL) {
            break;
        }
    }
    console.clear();
}

fn line(job: &Job, progress: &Progress, elapsed: Duration, spinner: char) -> String {
    let (known, ended) = progress.total();
    let failed: u64 = progress
        .steps
        .iter()
        .map(|step| step.failed.load(Relaxed))
        .sum();
    let mut text = format!(
        "{spinner} {}  {ended} of {known} steps  {:.1}s",
        job.name,
        elapsed.as_secs_f64()
    );
    if failed > 0 {
        text.push_str(&format!("  {failed} failed"));
    }
    // The steps that have begun and not ended: where the run is.
    let busy = job
        .steps
        .iter()
        .zip(&progress.steps)
        .filter_map(|(step, counts)| {
            let (known, ended) = (counts.known.load(Relaxed), counts.ended.load(Relaxed));
            (ended < known).then(|| format!("{} {ended}/{known}", step.name))
        });
    let busy: Vec<String> = busy.take(3).collect();
    if !busy.is_empty() {
        text.push_str("  ");
        text.push_str(&busy.join(", "));
    }
    // A line that wraps could not be drawn over.
    text.chars().take(79).collect()
}
