//! Parsing after an edit: the items that it did not touch are taken over, moved to where they are now.
//!
//! The text between two edits mostly differs in one place. Items are independent of each other where no bracket, string or
//! comment is open between them; so the items around the place are parsed alone, from behind the body before them to the end
//! of a body after the edit (of the file, if there is none), and all others stay. A bracket that is not closed may be open
//! up to the next item at the left margin, and no further: then that one is parsed with them. Wherever all this is not sure
//! to give what [`crate::parse`] gives, the whole file is parsed: this is a matter of time alone.

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
    /// The places behind a `}` where nothing is open, in order.
    pub(crate) settled: Vec<u32>,
    /// Whether there is no such place because a string or comment is open up to the end of the file.
    pub(crate) open_to_end: bool,
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
    if before.regions.ends.len() != before.module.items.len() {
        return None;
    }
    let mut cut = Cut::find(text, before)?;
    for attempt in 0..CUTS {
        let middle = text.get(cut.new.clone())?;
        let mut parsed = crate::parse_here(file, middle);
        let own_docs =
            cut.new.start > 0 && (middle.contains("//!") || parsed.module.docs.is_some());
        let many = before.diagnostics.len() + parsed.diagnostics.len() >= MAX_DIAGNOSTICS;
        if own_docs || many {
            return None;
        }
        let end = u32::try_from(middle.len()).ok()?;
        let is_open = cut.new.end < text.len() && parsed.regions.settled.last() != Some(&end);
        if !is_open {
            let into_place = By {
                file,
                bytes: cut.new.start as i64,
                ids: i64::from(cut.first_id),
            };
            parsed.module.items.shift(into_place);
            parsed.module.comments.shift(into_place);
            parsed.diagnostics.shift(into_place);
            return cut.join(file, before, parsed);
        }
        cut = cut.longer(text, before, attempt)?;
    }
    None
}

/// How many texts are tried: up to a body, up to the next one, up to the end of the file. With more, what an open string has
/// swallowed would be read again and again.
const CUTS: usize = 3;

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
        // A border is behind a body: strictly before the edit, or strictly behind it.
        let first = items
            .iter()
            .rposition(|item| (item.span.end as usize) < changed.start && is_border(item, before))
            .map_or(0, |index| index + 1);
        let behind = |item: &Item| item.span.end as usize > changed.end && is_border(item, before);
        let last = items.get(first..)?.iter().position(behind);
        Self::between(text, before, first, last.map(|last| first + last))
    }

    /// The items from one to another, to the end of the file if there is no other. `None` for the whole file.
    fn between(text: &str, before: Before<'_>, first: usize, last: Option<usize>) -> Option<Self> {
        let items = &before.module.items;
        let ends = &before.regions.ends;
        let (start, first_id) = match first.checked_sub(1) {
            Some(previous) => (items.get(previous)?.span.end as usize, *ends.get(previous)?),
            None => (0, 0),
        };
        let (until, end, next_id) = match last {
            Some(last) => (
                last + 1,
                items.get(last)?.span.end as usize,
                *ends.get(last)?,
            ),
            None if first == 0 => return None,
            None => (items.len(), before.text.len(), before.module.node_count),
        };
        let moved = (end + text.len()).checked_sub(before.text.len())?;
        let cut = Self {
            old: start..end,
            new: start..moved,
            items: first..until,
            first_id,
            next_id,
        };
        cut.is_apart(text).then_some(cut)
    }

    /// The same with the items up to the next border; from the second time on, to the end of the file.
    fn longer(self, text: &str, before: Before<'_>, attempt: usize) -> Option<Self> {
        let mut rest = before.module.items.iter().skip(self.items.end);
        let next = rest.position(|item| is_border(item, before));
        let last = next.filter(|_| attempt == 0);
        let last = last.map(|last| self.items.end + last);
        Self::between(text, before, self.items.start, last)
    }

    /// Whether the parsed text begins with what begins an item, and what is behind it too.
    fn is_apart(&self, text: &str) -> bool {
        let (Some(middle), Some(behind)) = (text.get(self.new.clone()), text.get(self.new.end..))
        else {
            return false;
        };
        let begins = |text: &str| first_line(text).is_none_or(begins_item);
        let starts = self.new.start == 0 || begins(middle);
        let ends = behind.is_empty() || (middle.ends_with('}') && begins(behind));
        starts && ends
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
        let (start, end) = (self.old.start as u32, self.old.end as u32);
        let is_ahead = |span: &Span| span.end <= start && start > 0;
        let is_behind = |span: &Span| span.start >= end;
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
        let to_the_end = self.old.end == before.text.len();
        for found in before.diagnostics {
            let spans = spans_of(found);
            // An empty place at a border may be on either side.
            let ahead_of_it =
                |span: &Span| span.end < start || (span.end == start && span.start < start);
            let behind_it = |span: &Span| span.start > end || (span.start == end && span.end > end);
            let inside = |span: &Span| {
                let begins =
                    span.start > start || (span.start == start && (start == 0 || span.end > start));
                let ends = span.end < end || (span.end == end && (to_the_end || span.start < end));
                begins && ends
            };
            if spans.iter().all(ahead_of_it) {
                let mut found = found.clone();
                found.shift(ahead);
                diagnostics.push(found);
            } else if spans.iter().all(inside) {
                // It is told anew.
            } else if spans.iter().all(behind_it) {
                let mut found = found.clone();
                found.shift(behind);
                later.push(found);
            } else {
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
        let mut settled = before.regions.settled.clone();
        settled.retain(|&place| place <= start && start > 0);
        settled.extend(middle.regions.settled.iter().map(|place| place + start));
        let later_places = before.regions.settled.iter().filter(|&&place| place > end);
        let moved = |&place: &u32| u32::try_from(i64::from(place) + behind.bytes).unwrap_or(place);
        settled.extend(later_places.map(moved));
        let open_to_end = middle.regions.open_to_end;
        settled.retain(|_| !open_to_end);
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
                settled,
                open_to_end,
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

/// Whether a line does not go on with what is before it: it begins at the left, with a word that joins nothing.
fn begins_item(line: &str) -> bool {
    let mut words = line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let joins = ["else", "catch", "and", "or", "as"].contains(&words.next().unwrap_or_default());
    // What is indented may go on with a broken line before it.
    line.starts_with(|c: char| c.is_ascii_alphabetic() || c == '@') && !joins
}

/// Whether a file can be cut behind an item: it ends with its body, its line with it, and nothing is open there.
fn is_border(item: &Item, before: Before<'_>) -> bool {
    let end = item.span.end as usize;
    let has_body = matches!(
        item.kind,
        ItemKind::Function(_) | ItemKind::Struct(_) | ItemKind::Enum(_) | ItemKind::Test(_)
    );
    let behind = before.text.get(end..).unwrap_or_default();
    has_body
        && before.regions.settled.binary_search(&item.span.end).is_ok()
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
