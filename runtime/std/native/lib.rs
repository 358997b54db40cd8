//! The standard library's native functions: what needs the system or must be fast.
//!
//! Each is an entry point of [`dynop_abi::entries`], called by its convention, and declared in `runtime/std/*.dyn`, where
//! its documentation is. A failure is recorded in the step's context; the caller adds the place.

pub mod bytes;
mod cells;
mod convention;
pub mod csv;
pub mod environment;
pub mod files;
pub mod folders;
mod globs;
pub mod gzip;
pub mod hashes;
pub mod http;
pub mod json;
pub mod lines;
pub mod lists;
pub mod log;
pub mod numbers;
mod packed;
mod packed_entries;
pub mod random;
pub mod regexes;
mod source;
pub mod streams;
pub mod temporary;
pub mod texts;
pub mod times;
pub mod writing;
pub mod zstandard;

#[cfg(test)]
mod testing;
