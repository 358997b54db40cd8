//! The checker's record, sorted for look-ups by place.

use dynop_base::{FileId, Span};
use dynop_sema::record::{Invoked, Record};
use dynop_sema::ty::Ty;

/// Names and types by place.
#[derive(Debug, Default)]
pub(crate) struct Index {
    // By place; one entry a place.
    uses: Vec<(Span, Span)>,
    types: Vec<(Span, Ty)>,
    steps: Vec<(Span, Invoked)>,
}

impl Index {
    pub fn new(record: Record) -> Self {
        Self {
            uses: sorted(record.uses),
            types: sorted(record.types),
            steps: sorted(record.steps),
        }
    }

    /// The name at an offset, ends included, and where it is declared. Names do not overlap.
    pub fn use_at(&self, file: FileId, offset: u32) -> Option<(Span, Span)> {
        let key = (file, offset);
        let end = self
            .uses
            .partition_point(|(span, _)| (span.file, span.start) <= key);
        let (span, declared) = *self.uses.get(end.checked_sub(1)?)?;
        if span.file == file && span.contains(offset) {
            return Some((span, declared));
        }
        None
    }

    /// Every use of what is declared at a place, in the order of files and text.
    pub fn uses_of(&self, declared: Span) -> impl Iterator<Item = Span> + '_ {
        let all = self.uses.iter();
        all.filter(move |(_, of)| *of == declared)
            .map(|(place, _)| *place)
    }

    /// The type of exactly what is at a place.
    pub fn type_at(&self, place: Span) -> Option<&Ty> {
        exact(&self.types, place)
    }

    /// The invocation at exactly a place.
    pub fn step_at(&self, place: Span) -> Option<&Invoked> {
        exact(&self.steps, place)
    }
}

/// By place; of several entries at one the last.
fn sorted<T>(mut entries: Vec<(Span, T)>) -> Vec<(Span, T)> {
    entries.reverse();
    entries.sort_by_key(|(span, _)| *span);
    entries.dedup_by_key(|(span, _)| *span);
    entries
}

fn exact<T>(entries: &[(Span, T)], place: Span) -> Option<&T> {
    let at = entries
        .binary_search_by_key(&place, |(span, _)| *span)
        .ok()?;
    entries.get(at).map(|(_, entry)| entry)
}
