//! What is done to a program between `lower` and the code generators, one file a pass.

use crate::function::Program;

pub mod fallible;
pub mod reference_counts;

/// Makes a program as `lower` gives it ready for code generation.
pub fn run(program: &mut Program) {
    fallible::find_fallible(program);
    reference_counts::insert_reference_counts(program);
}
