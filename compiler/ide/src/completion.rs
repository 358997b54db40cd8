//! What could be written next.

use dynop_base::{FileId, Span};

use crate::Analysis;

/// What an item of a completion list is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ItemKind {
    /// A local or parameter.
    Variable,
    /// A constant.
    Const,
    /// A `fn`.
    Function,
    /// An `op`.
    Op,
    /// A `graph` or `job`.
    Graph,
    /// A method.
    Method,
    /// A field.
    Field,
    /// A struct.
    Struct,
    /// An enum.
    Enum,
    /// A case of an enum.
    Variant,
    /// A type, built in or an alias.
    Type,
    /// A module.
    Module,
    /// A parameter's name in a call.
    Argument,
    /// An output's name.
    Output,
    /// A keyword.
    Keyword,
}

/// One thing that could be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// What the list shows, and is filtered by.
    pub label: String,
    /// What it is.
    pub kind: ItemKind,
    /// Its signature or type.
    pub detail: String,
    /// Its doc comment, Markdown; empty if it has none.
    pub documentation: String,
    /// What is written.
    pub insert: String,
    /// What that replaces: the part of a word that is written already.
    pub replace: Span,
    /// Items of a lower rank come first.
    pub rank: u8,
}

impl Analysis {
    /// What could be written at `offset`, the likeliest first.
    pub fn completion(&self, _file: FileId, _offset: u32) -> Vec<Item> {
        Vec::new()
    }
}
