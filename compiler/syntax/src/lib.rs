//! Text to tree: the pest grammar, recovery and the syntax tree.
//!
//! pest stays inside this room: what leaves it is [`ast::Module`] and diagnostics.

pub mod ast;
