//! Seeded mutation of texts, to see that none breaks the compiler or the runtime's readers.
//!
//! A target says what must hold of any text; the inputs are a corpus, mutated by bytes, by words and by lines. Everything
//! follows from the seed, so a run can be repeated. What was found is kept in `regressions/TARGET/` and is tried again by
//! the tests.

pub mod check;
pub mod corpus;
pub mod csv;
pub mod json;
pub mod mutate;
mod panics;
pub mod protocol;
mod shrink;
pub mod syntax;
pub mod types;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use mutate::Mutator;

pub use panics::holds;

/// What must hold of any text: an error says what did not.
pub type Property = fn(&str) -> Result<(), String>;

/// Something to be tried with many texts.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name on the command line and of its folder of regressions.
    pub name: &'static str,
    /// What must hold.
    pub property: Property,
    /// The texts to begin with.
    pub seeds: fn() -> Vec<String>,
    /// Words and signs that mean something in them.
    pub tokens: &'static [&'static str],
    /// At most so many mutations a text: where most texts of many would be turned away at the door, few.
    pub mutations: usize,
}

/// All targets.
pub const TARGETS: [Target; 5] = [
    Target {
        name: "syntax",
        property: syntax::check,
        seeds: corpus::programs,
        tokens: &mutate::PROGRAM_TOKENS,
        mutations: 6,
    },
    Target {
        name: "check",
        property: check::check,
        seeds: corpus::programs,
        tokens: &mutate::PROGRAM_TOKENS,
        mutations: 3,
    },
    Target {
        name: "json",
        property: json::check,
        seeds: json::seeds,
        tokens: &json::TOKENS,
        mutations: 4,
    },
    Target {
        name: "csv",
        property: csv::check,
        seeds: csv::seeds,
        tokens: &csv::TOKENS,
        mutations: 4,
    },
    Target {
        name: "protocol",
        property: protocol::check,
        seeds: protocol::seeds,
        tokens: &protocol::TOKENS,
        mutations: 4,
    },
];

/// The target of a name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

/// How long to go on.
#[derive(Clone, Copy, Debug)]
pub enum Until {
    /// So many inputs.
    Inputs(u64),
    /// So long.
    Elapsed(Duration),
}

/// A text of which the property does not hold.
#[derive(Clone, Debug)]
pub struct Found {
    /// The text, made as small as was easy.
    pub text: String,
    /// What is wrong.
    pub problem: String,
    /// The how manieth text it was.
    pub number: u64,
}

/// What a run looks like from outside, while it goes on.
pub trait Watch {
    /// A text is about to be tried.
    fn begins(&mut self, number: u64, text: &str);
    /// A text was found; the same problem is not told again.
    fn found(&mut self, found: &Found);
}

/// Tries mutated texts to the end. Gives how many were tried.
pub fn run(target: &Target, seed: u64, until: Until, watch: &mut dyn Watch) -> u64 {
    let start = Instant::now();
    let mut mutator = Mutator::new((target.seeds)(), target.tokens, target.mutations, seed);
    let mut known = BTreeSet::new();
    let mut tried = 0;
    loop {
        let go_on = match until {
            Until::Inputs(count) => tried < count,
            Until::Elapsed(time) => start.elapsed() < time,
        };
        if !go_on {
            return tried;
        }
        let text = mutator.next_text();
        tried += 1;
        watch.begins(tried, &text);
        let Err(problem) = holds(target.property, &text) else {
            continue;
        };
        if known.insert(kind(&problem)) {
            let same = |text: &str| {
                holds(target.property, text).is_err_and(|other| kind(&other) == kind(&problem))
            };
            let text = shrink::shrink(&text, &same);
            let problem = holds(target.property, &text).err().unwrap_or(problem);
            let number = tried;
            watch.found(&Found {
                text,
                problem,
                number,
            });
        }
    }
}

/// What makes two problems the same one: the first line without the names and numbers of the text it was found in.
fn kind(problem: &str) -> String {
    let line = problem.lines().next().unwrap_or("");
    let quoted = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
    match quoted.strip_prefix("panicked at ") {
        // The place in the compiler says it all.
        Some(rest) => rest.split(' ').next().unwrap_or("").to_owned(),
        None => quoted.chars().filter(|c| !c.is_ascii_digit()).collect(),
    }
}

/// The processor time of this thread: what a text costs, however busy the machine is.
pub(crate) fn processor_time() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(now).unwrap_or_default()
}
