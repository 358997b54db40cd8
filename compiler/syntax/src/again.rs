//! Parsing after an edit: the items that it did not touch are taken over, moved to where they are now.
//!
//! The text between two edits mostly differs in one place. Items are independent of each other as long as brackets and
//! strings are closed; so the items around the place are parsed alone, from behind the body before them to the end of a
//! body after the edit, and all others stay. Wherever that is not sure to give what [`crate::parse`] gives, the whole file
//! is parsed: this is a matter of time alone.

use std::ops::Range;

use dynop_base::{Diagnostic, FileId, Span};

use crate::ast::{Item, ItemKind, Module};
use crate::shift::{By, Shift};
use crate::{MAX_DIAGNOSTICS, Parse, STACK};

/// What a parse knows of its text beside the tree.
#[derive(Clone, Debug, Default)]
pub struct Regions {
    /// The first number of a node behind each item.
    pub(crate) ends: Vec<u32>,
    /// Whether brackets, strings and comments are all closed, and nothing else was wrong with the characters.
    pub(crate) whole: bool,
}

/// What was parsed before an edit.
#[derive(Clone, Copy, Debug)]
pub struct Before<'a> {
    /// The text.
    pub text: &'a str,
    /// Its tree.
    pub module: &'a Module,
    /// What was said of it.
    pub diagnostics: &'a [Diagnostic],
    /// What else was known.
    pub regions: &'a Regions,
}

/// As [`crate::parse`], with the result for an earlier state of the text at hand.
pub fn parse_again(file: FileId, text: &str, before: Before<'_>) -> Parse {
    let again = || stacker::grow(STACK, || again_here(file, text, before));
    again().unwrap_or_else(|| crate::parse(file, text))
}

fn again_here(file: FileId, text: &str, before: Before<'_>) -> Option<Parse> {
    if !before.regions.whole || before.regions.ends.len() != before.module.items.len() {
        return None;
    }
    let cut = Cut::find(text, before)?;
    let middle = text.get(cut.new.clone())?;
    let mut parsed = crate::parse_here(file, middle);
    let own_docs = cut.new.start > 0 && (middle.contains("//!") || parsed.module.docs.is_some());
    let many = before.diagnostics.len() + parsed.diagnostics.len() >= MAX_DIAGNOSTICS;
    if !parsed.regions.whole || own_docs || many {
        return None;
    }
    let into_place = By {
        file,
        bytes: cut.new.start as i64,
        ids: i64::from(cut.first_id),
    };
    parsed.module.items.shift(into_place);
    parsed.module.comments.shift(into_place);
    parsed.diagnostics.shift(into_place);
    cut.join(file, before, parsed)
}

/// Which items stay and what is parsed.
struct Cut {
    /// The bytes that are parsed, in the old text and in the new one.
    old: Range<usize>,
    new: Range<usize>,
    /// The items that are parsed, in the old tree.
    items: Range<usize>,
    /// The first number of a node in them, and the first behind them.
    first_id: u32,
    next_id: u32,
}

impl Cut {
    fn find(text: &str, before: Before<'_>) -> Option<Self> {
        let (old, new) = (before.text.as_bytes(), text.as_bytes());
        let alike = |(a, b): &(&u8, &u8)| a == b;
        let head = old.iter().zip(new).take_while(alike).count();
        let rest = old.len().min(new.len()) - head;
        let backwards = old.iter().rev().zip(new.iter().rev()).take(rest);
        let tail = backwards.take_while(alike).count();
        let changed = head..old.len() - tail;
        let items = &before.module.items;
        let border = |item: &Item| is_border(item, before.text);
        // A border is behind a body: strictly before the edit, or strictly behind it.
        let first = items
            .iter()
            .rposition(|item| (item.span.end as usize) < changed.start && border(item))
            .map_or(0, |index| index + 1);
        let last = first
            + items
                .get(first..)?
                .iter()
                .position(|item| item.span.end as usize > changed.end && border(item))?;
        let start = match first.checked_sub(1) {
            Some(previous) => items.get(previous)?.span.end as usize,
            None => 0,
        };
        let end = items.get(last)?.span.end as usize;
        let moved = (end + new.len()).checked_sub(old.len())?;
        let ends = &before.regions.ends;
        let cut = Self {
            old: start..end,
            new: start..moved,
            items: first..last + 1,
            first_id: match first.checked_sub(1) {
                Some(previous) => *ends.get(previous)?,
                None => 0,
            },
            next_id: *ends.get(last)?,
        };
        cut.begins_anew(text).then_some(cut)
    }

    /// Whether the parsed text begins with what begins an item, and ends with a body as it did.
    fn begins_anew(&self, text: &str) -> bool {
        let Some(middle) = text.get(self.new.clone()) else {
            return false;
        };
        let starts = self.new.start == 0
            || first_line(middle).is_some_and(|line| {
                let word = line
                    .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                    .next();
                let joins =
                    ["else", "catch", "and", "or", "as"].contains(&word.unwrap_or_default());
                // What is indented may go on with a broken line before it.
                line.starts_with(|c: char| c.is_ascii_alphabetic() || c == '@') && !joins
            });
        let behind = text.get(self.new.end..).unwrap_or_default();
        let goes_on = first_line(behind).is_some_and(|line| line.starts_with([' ', '\t']));
        starts && middle.ends_with('}') && !goes_on
    }

    /// The items before and behind, with the new ones between them.
    fn join(self, file: FileId, before: Before<'_>, middle: Parse) -> Option<Parse> {
        let old = before.module;
        let behind = By {
            file,
            bytes: self.new.end as i64 - self.old.end as i64,
            ids: i64::from(self.first_id + middle.module.node_count) - i64::from(self.next_id),
        };
        let ahead = By {
            file,
            bytes: 0,
            ids: 0,
        };
        let taken = |items: &[Item], by: By| {
            let mut items = items.to_vec();
            if !by.nothing(old.file) {
                items.shift(by);
            }
            items
        };
        let mut items = taken(old.items.get(..self.items.start)?, ahead);
        items.extend(middle.module.items);
        items.extend(taken(old.items.get(self.items.end..)?, behind));
        let place = |span: &Span| (span.start as usize, span.end as usize);
        let is_ahead = |span: &Span| place(span).1 <= self.old.start && self.old.start > 0;
        let is_behind = |span: &Span| place(span).0 >= self.old.end;
        let parts = |spans: &[Span], by: By, wanted: &dyn Fn(&Span) -> bool| {
            let mut spans: Vec<Span> = spans.iter().copied().filter(|span| wanted(span)).collect();
            spans.shift(by);
            spans
        };
        let mut comments = parts(&old.comments, ahead, &is_ahead);
        comments.extend(middle.module.comments);
        comments.extend(parts(&old.comments, behind, &is_behind));
        let mut diagnostics = Vec::new();
        let mut later = Vec::new();
        for found in before.diagnostics {
            let spans = spans_of(found);
            let strictly_ahead = |span: &Span| is_ahead(span) && place(span).1 < self.old.start;
            let strictly_behind = |span: &Span| is_behind(span) && place(span).0 > self.old.end;
            let inside =
                |span: &Span| place(span).0 > self.old.start && place(span).1 < self.old.end;
            if spans.iter().all(strictly_ahead) {
                let mut found = found.clone();
                found.shift(ahead);
                diagnostics.push(found);
            } else if spans.iter().all(strictly_behind) {
                let mut found = found.clone();
                found.shift(behind);
                later.push(found);
            } else if !spans.iter().all(inside) {
                return None;
            }
        }
        diagnostics.extend(middle.diagnostics);
        diagnostics.extend(later);
        let ends = &before.regions.ends;
        let mut all_ends = ends.get(..self.items.start)?.to_vec();
        all_ends.extend(middle.regions.ends.iter().map(|end| end + self.first_id));
        let after = ends.get(self.items.end..)?.iter();
        all_ends
            .extend(after.map(|&end| u32::try_from(i64::from(end) + behind.ids).unwrap_or(end)));
        let docs = match self.new.start {
            0 => middle.module.docs,
            _ => old.docs.clone(),
        };
        Some(Parse {
            module: Module {
                file,
                docs,
                items,
                comments,
                node_count: u32::try_from(i64::from(old.node_count) + behind.ids).ok()?,
            },
            diagnostics,
            regions: Regions {
                ends: all_ends,
                whole: true,
            },
        })
    }
}

/// The first line that holds more than a comment.
fn first_line(text: &str) -> Option<&str> {
    let mut lines = text.lines();
    lines.find(|line| {
        let line = line.trim_start();
        !line.is_empty() && !line.starts_with("//")
    })
}

/// Whether a file can be cut behind an item: it ends with its body, and its line with it.
fn is_border(item: &Item, text: &str) -> bool {
    let end = item.span.end as usize;
    let has_body = matches!(
        item.kind,
        ItemKind::Function(_) | ItemKind::Struct(_) | ItemKind::Enum(_) | ItemKind::Test(_)
    );
    let behind = text.get(end..).unwrap_or_default();
    has_body
        && text.get(..end).is_some_and(|before| before.ends_with('}'))
        && (behind.is_empty() || behind.starts_with('\n') || behind.starts_with("\r\n"))
}

/// Every place that a diagnostic names.
fn spans_of(found: &Diagnostic) -> Vec<Span> {
    let labels = found.labels.iter().map(|label| label.span);
    let edits = found.fixes.iter().flat_map(|fix| &fix.edits);
    labels
        .chain(edits.map(|edit| edit.span))
        .chain([found.primary.span])
        .collect()
}
