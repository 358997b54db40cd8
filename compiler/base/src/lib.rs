//! What every room of the compiler shares: positions in source text, interned names, and diagnostics as data.
//!
//! Nothing here reads a file, writes to a terminal or knows how a diagnostic is drawn: `cli` renders, `lsp` converts,
//! tests print. Every room depends on this one, so it stays small and depends on nothing of the project.

pub mod codes;
mod diagnostic;
mod interner;
mod preview;
mod source;

pub use codes::{Code, Severity};
pub use diagnostic::{Applicability, Diagnostic, Edit, Fix, Label, nearest};
pub use interner::Symbol;
pub use preview::Preview;
pub use source::{FileId, LineColumn, SourceFile, SourceMap, Span};
