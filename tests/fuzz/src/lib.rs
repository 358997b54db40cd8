//! Seeded mutation of programs, to see that no text breaks the compiler.
//!
//! A target says what must hold of any text; the inputs are the corpus, mutated by bytes and by tokens. Everything follows
//! from the seed, so a run can be repeated. What was found is kept in `regressions/TARGET/` and is tried again by the tests.

pub mod corpus;
pub mod mutate;
pub mod parser;
mod shrink;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use mutate::Mutator;

/// What must hold of any text: an error says what did not.
pub type Property = fn(&str) -> Result<(), String>;

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
}

/// The target of a name.
pub fn target(name: &str) -> Option<Property> {
    match name {
        "parser" => Some(parser::check),
        _ => None,
    }
}

/// Whether `property` holds of `text`; a panic is a problem like others.
pub fn holds(property: Property, text: &str) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(|| property(text))).unwrap_or_else(|panic| {
        let message = panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|text| text.to_string()))
            .unwrap_or_default();
        Err(format!("panicked: {message}"))
    })
}

/// Tries mutated texts until one is found that breaks the property, or to the end. Gives how many were tried.
pub fn run(
    property: Property,
    seeds: Vec<String>,
    seed: u64,
    until: Until,
) -> (u64, Option<Found>) {
    let start = Instant::now();
    let mut mutator = Mutator::new(seeds, seed);
    let mut tried = 0;
    loop {
        let go_on = match until {
            Until::Inputs(count) => tried < count,
            Until::Elapsed(time) => start.elapsed() < time,
        };
        if !go_on {
            return (tried, None);
        }
        let text = mutator.next_text();
        tried += 1;
        if let Err(problem) = holds(property, &text) {
            let text = shrink::shrink(&text, &|text| holds(property, text).is_err());
            let problem = holds(property, &text).err().unwrap_or(problem);
            return (tried, Some(Found { text, problem }));
        }
    }
}
