//! The checker's record, sorted for look-ups by place.

use dynop_base::{FileId, Span};
use dynop_sema::record::{Invoked, Record};
use dynop_sema::ty::Ty;

use crate::library::library;

/// Names and types by place, of a program.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// Of its own files; of the library's too where those are not known from before.
    own: Entries,
}

/// Names and types by place, of some files.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    // By place; one entry a place.
    uses: Vec<(Span, Span)>,
    types: Vec<(Span, Ty)>,
    steps: Vec<(Span, Invoked)>,
}

impl Entries {
    pub fn new(record: Record) -> Self {
        Self {
            uses: sorted(record.uses),
            types: sorted(record.types),
            steps: sorted(record.steps),
        }
    }
}

impl Index {
    pub fn new(mut record: Record) -> Self {
        if library().checked.is_known() {
            record.uses.retain(|(span, _)| !is_known(span.file));
            record.types.retain(|(span, _)| !is_known(span.file));
            record.steps.retain(|(span, _)| !is_known(span.file));
        }
        Self {
            own: Entries::new(record),
        }
    }

    /// The entries of a file.
    fn of(&self, file: FileId) -> &Entries {
        match is_known(file) {
            true => &library().entries,
            false => &self.own,
        }
    }

    /// The name at an offset, ends included, and where it is declared. Names do not overlap.
    pub fn use_at(&self, file: FileId, offset: u32) -> Option<(Span, Span)> {
        let key = (file, offset);
        let uses = &self.of(file).uses;
        let end = uses.partition_point(|(span, _)| (span.file, span.start) <= key);
        let (span, declared) = *uses.get(end.checked_sub(1)?)?;
        if span.file == file && span.contains(offset) {
            return Some((span, declared));
        }
        None
    }

    /// Every use of what is declared at a place, in the order of files and text.
    pub fn uses_of(&self, declared: Span) -> impl Iterator<Item = Span> + '_ {
        let known = match is_known(declared.file) {
            true => &library().entries.uses[..],
            false => &[],
        };
        let all = known.iter().chain(&self.own.uses);
        all.filter(move |(_, of)| *of == declared)
            .map(|(place, _)| *place)
    }

    /// The type of exactly what is at a place.
    pub fn type_at(&self, place: Span) -> Option<&Ty> {
        exact(&self.of(place.file).types, place)
    }

    /// The invocation at exactly a place.
    pub fn step_at(&self, place: Span) -> Option<&Invoked> {
        exact(&self.of(place.file).steps, place)
    }
}

/// Whether a file is one of the library's, and those were checked before.
fn is_known(file: FileId) -> bool {
    let library = library();
    (file.0 as usize) < library.files.len() && library.checked.is_known()
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
