//! Names of instructions that are all written alike, once for both directions.

use crate::function::{BinaryOp, Comparison};

/// Operators on two numbers.
pub(super) const BINARY: &[(&str, BinaryOp)] = &[
    ("add", BinaryOp::Add),
    ("sub", BinaryOp::Sub),
    ("mul", BinaryOp::Mul),
    ("div", BinaryOp::Div),
    ("rem", BinaryOp::Rem),
    ("pow", BinaryOp::Pow),
    ("shl", BinaryOp::Shl),
    ("shr", BinaryOp::Shr),
    ("and", BinaryOp::And),
    ("or", BinaryOp::Or),
    ("xor", BinaryOp::Xor),
    ("add_wrapping", BinaryOp::AddWrapping),
];

/// Comparisons.
pub(super) const COMPARISONS: &[(&str, Comparison)] = &[
    ("eq", Comparison::Eq),
    ("ne", Comparison::Ne),
    ("lt", Comparison::Lt),
    ("le", Comparison::Le),
    ("gt", Comparison::Gt),
    ("ge", Comparison::Ge),
];

/// The name of an entry of one of the tables.
pub(super) fn name_of<T: PartialEq>(table: &[(&'static str, T)], wanted: &T) -> &'static str {
    table
        .iter()
        .find(|(_, entry)| entry == wanted)
        .map_or("?", |(name, _)| name)
}

/// The entry of a name.
pub(super) fn find<T: Copy>(table: &[(&str, T)], name: &str) -> Option<T> {
    table
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, entry)| *entry)
}
