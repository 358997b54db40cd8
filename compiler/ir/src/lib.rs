//! The typed, monomorphic intermediate representation: data, printer, parser, verifier and passes.
//!
//! Made by `lower`, refined by the passes here, read by every code generator. It prints and parses back.

pub mod function;
pub mod liveness;
pub mod operands;
pub mod passes;
pub mod text;
pub mod types;
pub mod verify;

pub use function::*;
pub use types::*;
