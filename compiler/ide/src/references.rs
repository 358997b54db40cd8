//! Where a name is used, and renaming it.

use std::path::Path;
use std::sync::Arc;

use dynop_base::{Edit, FileId, Span};

use crate::declared::Declared;
use crate::{Analysis, Content, Entry, Files};

/// A use of a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reference {
    /// Its place.
    pub span: Span,
    /// Whether it is the declaration.
    pub declaration: bool,
}

/// Why a name is not renamed, in words for the user.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RenameRefused(pub String);

impl Analysis {
    /// The uses of the name at `offset` in all files of the program, in the order of files and text.
    pub fn references(
        &self,
        file: FileId,
        offset: u32,
        include_declaration: bool,
    ) -> Vec<Reference> {
        let Some((_, declared)) = self.name_at(file, offset) else {
            return Vec::new();
        };
        self.references_of(declared, include_declaration)
    }

    fn references_of(&self, declared: Span, include_declaration: bool) -> Vec<Reference> {
        // A file's name is no place in it.
        let is_file = declared.start == declared.end;
        let mut all: Vec<Span> = self.index.uses_of(declared).collect();
        if is_file {
            all.extend(self.imports_of(declared.file));
        } else if include_declaration {
            all.push(declared);
        }
        all.sort_unstable();
        all.dedup();
        all.retain(|place| include_declaration || *place != declared);
        let reference = |span| Reference {
            span: self.without_quotes(span),
            declaration: span == declared,
        };
        all.into_iter().map(reference).collect()
    }

    /// The last names of the imports that lead to a file.
    fn imports_of(&self, target: FileId) -> Vec<Span> {
        let mut found = Vec::new();
        for file in &self.program.files {
            for item in &file.module.items {
                if let dynop_syntax::ast::ItemKind::Import(import) = &item.kind
                    && let Some(last) = import.path.last()
                    && self.import_target(file.id, item) == Some(target)
                {
                    found.push(last.span);
                }
            }
        }
        found
    }

    /// An output's name may stand in a string.
    fn without_quotes(&self, span: Span) -> Span {
        let text = self.sources().text(span);
        match text
            .strip_prefix('"')
            .and_then(|text| text.strip_suffix('"'))
        {
            Some(_) => Span {
                start: span.start + 1,
                end: span.end - 1,
                ..span
            },
            None => span,
        }
    }

    /// The place of the name at `offset` if it can be renamed: what is declared in the program's own files.
    pub fn rename_range(&self, file: FileId, offset: u32) -> Option<Span> {
        let (place, declared) = self.name_at(file, offset)?;
        let ours = declared.start < declared.end && !self.is_library(declared.file);
        let is_test = |item: &dynop_syntax::ast::Item| {
            matches!(item.kind, dynop_syntax::ast::ItemKind::Test(_))
        };
        match self.declared(declared) {
            Declared::Item(item) if is_test(item) => None,
            _ => ours.then(|| self.without_quotes(place)),
        }
    }

    /// The edits that rename what stands at `offset`. What the new name would clash with is found by checking the
    /// program with it.
    ///
    /// # Errors
    /// If nothing there can be renamed, `name` is no name, or it would clash.
    pub fn rename(
        &self,
        file: FileId,
        offset: u32,
        name: &str,
    ) -> Result<Vec<Edit>, RenameRefused> {
        let refused = |words: &str| Err(RenameRefused(words.to_owned()));
        if self.rename_range(file, offset).is_none() {
            return refused("there is no name here that can be changed");
        }
        if !crate::keywords::is_name(name) {
            return Err(RenameRefused(format!("`{name}` is no name")));
        }
        let Some((_, declared)) = self.name_at(file, offset) else {
            return refused("there is no name here that can be changed");
        };
        let edits: Vec<Edit> = self
            .references_of(declared, true)
            .into_iter()
            .map(|reference| Edit {
                span: reference.span,
                text: name.to_owned(),
            })
            .collect();
        if self.would_clash(declared, &edits) {
            return Err(RenameRefused(format!("the name `{name}` is taken here")));
        }
        Ok(edits)
    }

    /// Whether after a renaming other names are meant, or the program has more errors.
    fn would_clash(&self, declared: Span, edits: &[Edit]) -> bool {
        let after = self.again(&Edited {
            analysis: self,
            edits,
        });
        let errors = |analysis: &Analysis| {
            let all = analysis.diagnostics().iter();
            all.filter(|found| found.is_error()).count()
        };
        let moved = |place: u32, file: FileId| {
            let before = edits
                .iter()
                .filter(|edit| edit.span.file == file && edit.span.start < place);
            let shift: i64 = before
                .map(|edit| edit.text.len() as i64 - (edit.span.end - edit.span.start) as i64)
                .sum();
            u32::try_from(i64::from(place) + shift).unwrap_or(place)
        };
        let start = moved(declared.start, declared.file);
        let found = after.references(declared.file, start, true).len();
        errors(&after) > errors(self) || found != edits.len()
    }

    /// The text of a file with those of the edits that are in it.
    fn edited(&self, file: FileId, edits: &[Edit]) -> Arc<str> {
        let text = &self.sources().file(file).text;
        let mut own: Vec<&Edit> = edits.iter().filter(|edit| edit.span.file == file).collect();
        if own.is_empty() {
            return text.clone();
        }
        own.sort_by_key(|edit| std::cmp::Reverse(edit.span.start));
        let mut text = text.to_string();
        for edit in own {
            if text.get(edit.span.range()).is_some() {
                text.replace_range(edit.span.range(), &edit.text);
            }
        }
        text.into()
    }
}

/// The files of an analysis with changes.
pub(crate) struct Edited<'a> {
    pub analysis: &'a Analysis,
    pub edits: &'a [Edit],
}

impl Files for Edited<'_> {
    fn read(&self, path: &Path) -> Result<Content, std::io::Error> {
        let file = self.analysis.file(path);
        let Some(file) = file.filter(|file| self.analysis.parsed(*file).is_some()) else {
            return Err(std::io::ErrorKind::NotFound.into());
        };
        Ok(Content::Text(self.analysis.edited(file, self.edits)))
    }

    fn list(&self, _: &Path) -> Vec<Entry> {
        Vec::new()
    }
}
