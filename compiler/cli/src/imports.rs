//! From an import's words to a file beside the importing one.

use std::path::{Path, PathBuf};

use dynop_base::Span;
use dynop_syntax::ast::{ItemKind, Module, NodeId};

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
pub fn nearest(folder: &Path, parts: &[String]) -> Option<String> {
    let mut all = Vec::new();
    let here = match folder {
        empty if empty == Path::new("") => Path::new("."),
        folder => folder,
    };
    collect(here, "", 0, &mut all);
    all.sort_unstable();
    let written = parts.join(".");
    let near = dynop_base::nearest(&written, all.iter().map(String::as_str)).map(str::to_owned);
    near.or_else(|| {
        let name = parts.last()?;
        let is_it = |path: &&String| path.rsplit('.').next() == Some(name);
        all.iter().find(is_it).cloned()
    })
}

/// Adds the dotted paths of the `.dyn` files of a folder that an import can name.
fn collect(folder: &Path, before: &str, depth: usize, all: &mut Vec<String>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    let mut entries: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    entries.sort_unstable();
    for path in entries {
        let Some(name) = path.file_stem().and_then(|name| name.to_str()) else {
            continue;
        };
        let is_word = name.chars().all(|c| c.is_alphanumeric() || c == '_');
        if !is_word || all.len() >= MOST_FILES {
            continue;
        }
        let is_source = path.extension().is_some_and(|extension| extension == "dyn");
        if is_source && path.is_file() {
            all.push(format!("{before}{name}"));
        } else if path.extension().is_none() && depth < DEEPEST && path.is_dir() {
            collect(&path, &format!("{before}{name}."), depth + 1, all);
        }
    }
}
