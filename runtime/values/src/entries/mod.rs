//! The entry points for memory, texts, lists, maps and numbers (see [`dynop_abi::entries`]).
//!
//! Each only turns raw arguments into calls of this crate and results into statuses. None can panic.

mod lists;
mod maps;
mod memory;
mod texts;

pub use lists::*;
pub use maps::*;
pub use memory::*;
pub use texts::*;
