//! What is to be told of a name.

use dynop_base::{FileId, Span};

use crate::Analysis;

/// What an editor shows beside a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Hover {
    /// The name's place.
    pub span: Span,
    /// Markdown: a block of code with signature or type, then the doc comment.
    pub markdown: String,
}

impl Analysis {
    /// What is known of what stands at `offset`.
    pub fn hover(&self, _file: FileId, _offset: u32) -> Option<Hover> {
        None
    }
}
