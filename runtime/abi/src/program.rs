//! The one static record by which the runtime finds everything of the compiled program: symbol `dyn_program`.

use crate::context::OpCode;
use crate::desc::{StaticStr, TypeDesc};

/// The name of the symbol that the object file defines and the runtime refers to.
pub const SYMBOL: &str = "dyn_program";

/// The program.
#[repr(C)]
#[derive(Debug)]
pub struct Program {
    /// [`crate::ABI_VERSION`] of the compiler.
    pub abi_version: u32,
    /// 0.
    pub reserved: u32,
    /// [`crate::plan::Plan`], encoded.
    pub plan: *const u8,
    /// Its length in bytes.
    pub plan_len: u64,
    /// Code of the ops, by [`crate::plan::OpIndex`].
    pub ops: *const OpCode,
    /// How many.
    pub op_count: u64,
    /// Descriptors, by [`crate::plan::TypeIndex`].
    pub types: *const *const TypeDesc,
    /// How many.
    pub type_count: u64,
    /// Places in the source, by site number.
    pub sites: *const Site,
    /// How many.
    pub site_count: u64,
}

/// A place in the source at which compiled code may fail or call.
#[repr(C)]
#[derive(Debug)]
pub struct Site {
    /// The file as the compiler's user named it.
    pub file: StaticStr,
    /// The op or function it is in.
    pub function: StaticStr,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

// SAFETY: immutable static data, and code.
unsafe impl Sync for Program {}
// SAFETY: immutable static data.
unsafe impl Sync for Site {}
