//! The imports of a file with the paths that they name, for who moves files.

use std::path::{Path, PathBuf};

use dynop_base::{FileId, Span};
use dynop_syntax::ast::ItemKind;

use crate::{Analysis, imports};

/// An import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportPlace {
    /// Its dotted path.
    pub span: Span,
    /// The last part of that, by which the file is known in the importing one unless there is another name.
    pub name: String,
    /// Whether another name is given by `as`.
    pub has_alias: bool,
    /// The file that it names, whether that is there or not.
    pub path: PathBuf,
}

impl Analysis {
    /// The imports of a file, in order; those alone whose path is written whole.
    pub fn imports(&self, file: FileId) -> Vec<ImportPlace> {
        let Some(parsed) = self.parsed(file) else {
            return Vec::new();
        };
        let folder = parsed.path.parent().unwrap_or(Path::new(""));
        let items = parsed.module.items.iter();
        let imports = items.filter_map(|item| match &item.kind {
            ItemKind::Import(import) => Some(import),
            _ => None,
        });
        imports
            .filter_map(|import| {
                let (first, last) = (import.path.first()?, import.path.last()?);
                let parts = import.path.iter();
                let parts: Vec<String> = parts.map(|part| part.name.as_str().to_owned()).collect();
                let is_whole = parts.iter().all(|part| part != "_");
                is_whole.then(|| ImportPlace {
                    span: first.span.to(last.span),
                    name: last.name.as_str().to_owned(),
                    has_alias: import.alias.is_some(),
                    path: imports::path(folder, &parts),
                })
            })
            .collect()
    }
}
