//! What is done to a program between `lower` and the code generators, one file a pass.

use crate::function::Program;
use crate::types::Type;
use crate::verify::verify;

pub mod blocks;
pub mod bounds;
pub mod fallible;
pub mod inline;
pub mod reference_counts;
pub mod strips;
pub mod unused;

/// How much is done for the speed of the program.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Level {
    /// What code generation needs.
    Needed,
    /// All there is.
    #[default]
    Full,
}

/// Makes a program as `lower` gives it ready for code generation.
pub fn run(program: &mut Program) {
    // Constants and results of instructions have these types whether or not the program names them.
    for ty in [
        Type::Unit,
        Type::Int,
        Type::Float,
        Type::Bool,
        Type::Str,
        Type::Path,
        Type::Bytes,
    ] {
        program.types.intern(ty);
    }
    optimise(program, Level::Full);
}

/// The passes in their order.
pub fn optimise(program: &mut Program, level: Level) {
    let full = level == Level::Full;
    checked(program, "lower", |_| {});
    checked(program, "find_fallible", fallible::find_fallible);
    if full {
        checked(
            program,
            "inline_small_functions",
            inline::inline_small_functions,
        );
        checked(program, "tidy_blocks", blocks::tidy_blocks);
        checked(program, "drop_bounds_checks", bounds::drop_bounds_checks);
        checked(program, "drop_unused", unused::drop_unused);
        checked(program, "poll_in_strips", strips::poll_in_strips);
        checked(program, "find_fallible", fallible::find_fallible);
    }
    checked(
        program,
        "insert_reference_counts",
        reference_counts::insert_reference_counts,
    );
    checked(program, "tidy_blocks", blocks::tidy_blocks);
}

/// Runs a pass; in debug builds a program that is not well formed behind it stops the compiler, since it is a bug.
fn checked(program: &mut Program, name: &str, pass: impl FnOnce(&mut Program)) {
    pass(program);
    if cfg!(debug_assertions) {
        let problems = verify(program);
        assert!(
            problems.is_empty(),
            "behind {name} the program is not well formed:\n{}",
            problems.join("\n")
        );
    }
}
