//! The IR as text: [`print`] writes it, [`parse`] reads it back. For `--emit ir` and for tests.
//!
//! ```text
//! struct Row$0 "Row" (a: Int, b: Str)
//!
//! fn f0 "sum" (%0 numbers: List<Int>) -> Int may fail {
//!   locals %1 total: Int, %2: Int
//! bb0:
//!   %2 = list_get %0, 0 !bb1
//!   return %2
//! bb1 cold:
//!   release %0
//!   failed
//! }
//!
//! op f0 output
//! plan Int
//! ```
//!
//! One instruction a line: its destination, its name, its operands, and behind `!` the block at which a failure goes
//! on. A place is a local with its way: `.1` a field, `[%2]` an element, `{%2}` the value of a key, `{+%2}` the same
//! inserted if it is new, `?` the payload of an option. Places in the source are left out: text that was read has none.

mod names;
mod parse;
mod parse_instructions;
mod print;
mod scan;
mod types;

pub use parse::{ParseError, parse};
pub use print::{print, print_function};

#[cfg(test)]
mod tests;
