//! The contract between compiled code and the runtime.
//!
//! Whatever both sides must agree on stands here once: how values lie in memory ([`layout`]), how the runtime learns a
//! type's shape ([`desc`]), what a step is given ([`context`]), the plan of each job ([`plan`]), the program's one static
//! record ([`program`]) and the table of functions that compiled code may call ([`entries`]). The compiler reads it as
//! numbers and names; the runtime implements it. Nothing here runs anything.

pub mod context;
pub mod desc;
pub mod entries;
pub mod graph;
pub mod layout;
pub mod plan;
pub mod program;

/// Raised with every change of this crate that old objects would not survive; the runtime refuses another number.
pub const ABI_VERSION: u32 = 1;
