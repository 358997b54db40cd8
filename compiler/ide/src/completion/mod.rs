//! What could be written next.
//!
//! The text at a cursor is seldom whole: `x.` is no expression. So a word is put where the cursor is, the program with it
//! is parsed and checked again, and the place of that word in the tree says what may stand there, and the types around
//! it what fits.

mod calls;
mod imported;
mod members;
mod place;
mod scope;

use dynop_base::{Edit, FileId, Span};

use crate::references::Edited;
use crate::{Analysis, Files, words};
use place::Place;

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
    /// A folder of modules.
    Folder,
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
    /// What that replaces: the part of a word before the cursor.
    pub replace: Span,
    /// Items of a lower rank come first.
    pub rank: u8,
}

/// The word that is put at the cursor. Nobody's name.
const MARK: &str = "dynop_cursor_mark";

impl Item {
    fn new(label: impl Into<String>, kind: ItemKind, rank: u8) -> Self {
        let label = label.into();
        Self {
            insert: label.clone(),
            label,
            kind,
            detail: String::new(),
            documentation: String::new(),
            replace: Span::new(FileId(0), 0, 0),
            rank,
        }
    }

    fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    fn docs(mut self, docs: Option<&str>) -> Self {
        self.documentation = docs.unwrap_or_default().to_owned();
        self
    }
}

impl Analysis {
    /// What could be written at `offset`, the likeliest first. Where text is free (strings, comments, new names) that is
    /// nothing. `files` are asked what could be imported.
    pub fn completion(&self, file: FileId, offset: u32, files: &dyn Files) -> Vec<Item> {
        self.items_at(file, offset, files).unwrap_or_default()
    }

    fn items_at(&self, file: FileId, offset: u32, files: &dyn Files) -> Option<Vec<Item>> {
        let text = &self.sources().get(file)?.text;
        let (before, after) = text.split_at_checked(offset as usize)?;
        self.parsed(file)?;
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let start = before.trim_end_matches(is_word).len();
        let end = text.len() - after.trim_start_matches(is_word).len();
        if before[start..].starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let replace = Span::new(file, start, offset as usize);
        if let Some(items) = self.importable(file, before, files) {
            return Some(ordered(items, replace));
        }
        let edit = Edit {
            span: Span::new(file, start, end),
            text: MARK.to_owned(),
        };
        let path = self.own_files().find(|(id, _)| *id == file)?.1;
        let marked = self.again(&Edited {
            analysis: self,
            edits: std::slice::from_ref(&edit),
        });
        let file_after = marked.file(path)?;
        let mark = Span::new(file_after, start, start + MARK.len());
        let items = Completer { at: &marked, mark }.items()?;
        Some(ordered(items, replace))
    }
}

/// Items in the order of the list, each once, all for the same place.
fn ordered(mut items: Vec<Item>, replace: Span) -> Vec<Item> {
    items.iter_mut().for_each(|item| item.replace = replace);
    items.retain(|item| item.label != MARK);
    items.sort_by(|a, b| (a.rank, &a.label).cmp(&(b.rank, &b.label)));
    items.dedup_by(|a, b| a.label == b.label && a.kind == b.kind);
    items
}

/// Finds items for the mark in a program.
struct Completer<'a> {
    at: &'a Analysis,
    mark: Span,
}

impl<'a> Completer<'a> {
    fn items(&self) -> Option<Vec<Item>> {
        Some(match self.place()? {
            Place::Item => keywords(ITEM_WORDS),
            Place::Statement => {
                let mut items = self.values();
                items.extend(keywords(STATEMENT_WORDS));
                if self.in_op() {
                    items.push(Item::new("yield", ItemKind::Keyword, 8));
                }
                items.extend(keywords(EXPRESSION_WORDS));
                items
            }
            Place::Expression => {
                let mut items = self.values();
                items.extend(keywords(EXPRESSION_WORDS));
                items
            }
            Place::Argument(call) => {
                let mut items = self.arguments(call);
                items.extend(self.values());
                items.extend(keywords(EXPRESSION_WORDS));
                items
            }
            Place::ArgumentName(call) => self.arguments(call),
            Place::Part(tuple) => {
                let mut items = self.outputs_in_tuple(tuple, false);
                items.extend(self.values());
                items.extend(keywords(EXPRESSION_WORDS));
                items
            }
            Place::PartName(tuple) => self.outputs_in_tuple(tuple, true),
            Place::Yielded => {
                let mut items = self.outputs_of_yield();
                items.extend(self.values());
                items
            }
            Place::OutputName(quoted) => self.output_names(quoted),
            Place::Member(base, optional) => self.members(base, optional),
            Place::Type => self.types(),
            Place::TypeOf(module) => self.module_types(module),
            Place::Pattern(of) => self.pattern_names(of),
            Place::PatternOf(path) => self.pattern_members(path),
            Place::PatternName => self.pattern_types(),
            Place::PatternPart(path, colon) => self.pattern_parts(path, colon),
            Place::Attribute => dynop_sema::signatures::ATTRIBUTES
                .iter()
                .map(|name| Item::new(*name, ItemKind::Keyword, 0))
                .collect(),
            Place::AttributeArgument(attribute) => {
                named(dynop_sema::policy::argument_names(Some(attribute)))
            }
            Place::Replaced => {
                let mut items = self.values();
                items.retain(|item| item.kind == ItemKind::Op);
                items
            }
            Place::Free => Vec::new(),
        })
    }
}

/// Names of arguments, written with their colon.
fn named(names: impl Iterator<Item = &'static str>) -> Vec<Item> {
    names
        .map(|name| {
            let mut item = Item::new(name, ItemKind::Argument, 0);
            item.insert = format!("{name}: ");
            item
        })
        .collect()
}

fn keywords(all: &[&str]) -> Vec<Item> {
    all.iter()
        .map(|word| {
            let mut item = Item::new(*word, ItemKind::Keyword, 8);
            if let Some((head, docs)) = words::built_in(word) {
                item = item.detail(head).docs(Some(docs));
            }
            item
        })
        .collect()
}

const ITEM_WORDS: &[&str] = &[
    "const", "enum", "extern", "fn", "graph", "import", "job", "op", "pub", "struct", "test",
    "type",
];
const STATEMENT_WORDS: &[&str] = &[
    "assert", "break", "continue", "for", "let", "return", "var", "while",
];
const EXPRESSION_WORDS: &[&str] = &["fail", "false", "if", "match", "none", "not", "true", "try"];
