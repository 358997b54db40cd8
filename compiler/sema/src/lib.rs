//! Names, types, generics and the rules of composition: from trees to the checked program.
//!
//! No IO and no clock: files are loaded by whoever calls.

pub mod compose;
pub mod hir;
pub mod ty;
