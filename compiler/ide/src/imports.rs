//! From an import's words to a file beside the importing one.

use std::path::{Path, PathBuf};

use dynop_base::Span;
use dynop_syntax::ast::{ItemKind, Module, NodeId};

use crate::files::{Entry, Files, folder_of};

/// Folders deeper below the importing file are not looked into for what may have been meant.
const DEEPEST: usize = 4;

/// After so many files what may have been meant is looked for no further.
const MOST_FILES: usize = 2_000;

/// An import as it is written.
#[derive(Clone, Debug)]
pub struct Import {
    /// The item.
    pub id: NodeId,
    /// Where it is.
    pub span: Span,
    /// The parts of its path.
    pub parts: Vec<String>,
}

/// The imports of a file.
pub fn of(module: &Module) -> Vec<Import> {
    let imports = module.items.iter().filter_map(|item| match &item.kind {
        ItemKind::Import(import) => Some((item, &import.path)),
        _ => None,
    });
    imports
        .map(|(item, path)| Import {
            id: item.id,
            span: item.span,
            parts: path
                .iter()
                .map(|part| part.name.as_str().to_owned())
                .collect(),
        })
        .collect()
}

/// The file that the parts of an import name, seen from the folder of the importing file.
pub fn path(folder: &Path, parts: &[String]) -> PathBuf {
    folder.join(parts.join("/")).with_extension("dyn")
}

/// The dotted path of a file that may have been meant: of the same name elsewhere, or of a similar one.
pub fn nearest(files: &dyn Files, folder: &Path, parts: &[String]) -> Option<String> {
    let mut all = all(files, folder);
    all.sort_unstable();
    let written = parts.join(".");
    let near = dynop_base::nearest(&written, all.iter().map(String::as_str)).map(str::to_owned);
    near.or_else(|| {
        let name = parts.last()?;
        let is_it = |path: &&String| path.rsplit('.').next() == Some(name);
        all.iter().find(is_it).cloned()
    })
}

/// The dotted paths of the files that a file in this folder can import.
pub fn all(files: &dyn Files, folder: &Path) -> Vec<String> {
    let mut all = Vec::new();
    collect(files, &folder_of(folder), "", 0, &mut all);
    all
}

/// Adds the dotted paths of the `.dyn` files of a folder that an import can name.
fn collect(files: &dyn Files, folder: &Path, before: &str, depth: usize, all: &mut Vec<String>) {
    let mut entries = files.list(folder);
    entries.sort_unstable();
    for entry in entries {
        let Some(stem) = word_of(&entry).filter(|_| all.len() < MOST_FILES) else {
            continue;
        };
        if !entry.folder {
            all.push(format!("{before}{stem}"));
        } else if depth < DEEPEST {
            let deeper = format!("{before}{stem}.");
            collect(files, &folder.join(&entry.name), &deeper, depth + 1, all);
        }
    }
}

/// The word by which an import names a source file or a folder; `None` of anything else.
pub(crate) fn word_of(entry: &Entry) -> Option<&str> {
    let stem = match entry.name.strip_suffix(".dyn") {
        Some(_) if entry.folder => return None,
        Some(stem) => stem,
        None if entry.folder => &entry.name,
        None => return None,
    };
    let is_word = stem.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let begins = stem.starts_with(|c: char| !c.is_ascii_digit());
    (is_word && begins).then_some(stem)
}
