//! What the back ends are held against: a plain evaluator of the intermediate representation, and random programs.
//!
//! [`evaluate`] says what an op does; [`generate`] writes whole programs in the language, as a user would. The test
//! `differential` builds them by every back end, with the runtime; `dynop_codegen` has random programs of its own below
//! the language, with a small world in the runtime's place that watches over every buffer.

pub mod evaluate;
pub mod generate;
