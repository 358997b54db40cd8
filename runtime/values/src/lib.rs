//! Heap values: layouts, reference counts, equality, hashing, order, and JSON by type descriptor.
//!
//! Everything here works on raw memory that holds a value of a [`TypeDesc`](dynop_abi::desc::TypeDesc), laid out as
//! [`dynop_abi::layout`] says. Compiled code calls [`entries`]; the pool moves values between steps with [`walk`]; the
//! standard library builds texts, lists and maps with [`text`], [`list`] and [`map`]; the command line reads and writes
//! them with [`json`]. Nothing here knows of steps, threads or files, and no size that a program chooses aborts the
//! process: what cannot be allocated is [`NoMemory`].

pub mod base64;
pub mod calendar;
pub mod case;
pub mod compare;
pub mod constant;
pub mod count;
pub mod depth;
pub mod display;
pub mod entries;
pub mod failing;
pub mod format;
pub mod hash;
pub mod json;

pub mod list;
pub mod map;
pub mod memory;
pub mod owned;
pub mod text;
pub mod walk;

#[cfg(test)]
mod testing;

pub use memory::NoMemory;
pub use owned::Owned;
pub use walk::{release, retain, share};
