//! How long each stage of a build took, for `--timings`.

use std::time::{Duration, Instant};

/// Stages with their times, in order.
#[derive(Debug, Default)]
pub struct Timings {
    stages: Vec<(&'static str, Duration)>,
    /// Behind which stage, and what.
    within: Vec<(usize, &'static str, Duration)>,
}

impl Timings {
    /// Runs a stage and notes its time.
    pub fn stage<T>(&mut self, name: &'static str, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = work();
        self.stages.push((name, start.elapsed()));
        result
    }

    /// Notes the time of a part of the last stage.
    pub fn within(&mut self, name: &'static str, time: Duration) {
        self.within.push((self.stages.len(), name, time));
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
        let mut rows = String::new();
        for (number, &(name, time)) in (1..).zip(&self.stages) {
            rows += &row(name, time);
            for &(_, part, time) in self.within.iter().filter(|(of, ..)| *of == number) {
                rows += &row(&format!("  {part}"), time);
            }
        }
        rows + &row("total", self.total())
    }
}
