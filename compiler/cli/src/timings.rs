//! How long each stage of a build took, for `--timings`.

use std::time::{Duration, Instant};

/// Stages with their times, in order.
#[derive(Debug, Default)]
pub struct Timings {
    stages: Vec<(&'static str, Duration)>,
}

impl Timings {
    /// Runs a stage and notes its time.
    pub fn stage<T>(&mut self, name: &'static str, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = work();
        self.stages.push((name, start.elapsed()));
        result
    }

    /// The time of all stages.
    pub fn total(&self) -> Duration {
        self.stages.iter().map(|(_, time)| *time).sum()
    }

    /// A table, in milliseconds.
    pub fn table(&self) -> String {
        let row = |name: &str, time: Duration| {
            format!("{name:<10}{:>10.2} ms\n", time.as_secs_f64() * 1e3)
        };
        let rows: String = self
            .stages
            .iter()
            .map(|&(name, time)| row(name, time))
            .collect();
        rows + &row("total", self.total())
    }
}
