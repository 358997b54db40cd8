//! What an import may name.
//!
//! The words of the line tell: an import that is being written is seldom one that the parser knows.

use std::path::{Path, PathBuf};

use dynop_base::FileId;

use super::{Item, ItemKind};
use crate::files::{Entry, Files, folder_of};
use crate::{Analysis, imports};

impl Analysis {
    /// What may follow in an import that `before` ends in: the next part of its path, `as` behind that. `None` if the line is
    /// no import.
    pub(super) fn importable(
        &self,
        file: FileId,
        before: &str,
        files: &dyn Files,
    ) -> Option<Vec<Item>> {
        let line = before.rsplit('\n').next()?.trim_start();
        let line = line.strip_prefix("pub ").unwrap_or(line).trim_start();
        let path = line.strip_prefix("import")?;
        if !path.starts_with([' ', '\t']) {
            return None;
        }
        let path = path.trim_start();
        if let Some((_, behind)) = path.split_once([' ', '\t']) {
            let is_begun = "as".starts_with(behind.trim_start());
            let item = is_begun.then(|| Item::new("as", ItemKind::Keyword, 0));
            return Some(item.into_iter().collect());
        }
        let mut parts: Vec<&str> = path.split('.').collect();
        parts.pop();
        let own = &self.parsed(file)?.path;
        let mut folder = folder_of(own.parent().unwrap_or(Path::new("")));
        folder.extend(&parts);
        let entries = files.list(&folder).into_iter();
        let items = entries.filter_map(|entry| self.importable_entry(&entry, &folder, own, files));
        Some(items.collect())
    }

    /// A source file, or a folder with something to import, as a part of an import's path.
    fn importable_entry(
        &self,
        entry: &Entry,
        folder: &Path,
        own: &Path,
        files: &dyn Files,
    ) -> Option<Item> {
        let name = imports::word_of(entry)?;
        let path = folder.join(&entry.name);
        if entry.folder {
            let has_sources = || {
                let within = files.list(&path);
                within.iter().any(|entry| imports::word_of(entry).is_some())
            };
            return has_sources().then(|| Item::new(name, ItemKind::Folder, 1));
        }
        if path == *own {
            return None;
        }
        let known = self.file(&path).and_then(|file| self.parsed(file));
        let docs = known.and_then(|known| known.module.docs.as_deref());
        let place: PathBuf = path.strip_prefix(own.parent()?).unwrap_or(&path).into();
        let item = Item::new(name, ItemKind::Module, 0).detail(place.to_string_lossy());
        Some(item.docs(docs))
    }
}
