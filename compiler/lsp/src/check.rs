//! What is wrong in the files of a moment, ready to be published.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::PathBuf;

use gen_lsp_types as lsp;
use gen_lsp_types::{Diagnostic, Uri};

use crate::convert;
use crate::snapshot::Snapshot;

/// What is said of one file.
#[derive(Clone, Debug, PartialEq)]
pub struct FileFound {
    /// Its address.
    pub uri: Uri,
    /// The version of its buffer that was looked at, if it is open.
    pub version: Option<i32>,
    /// In the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

/// What is said of all files of the open programs, those without fault among them.
pub type Found = BTreeMap<PathBuf, FileFound>;

/// Checks the programs of a moment: each open buffer is the main file of one. `None` if something has changed meanwhile.
///
/// A file that several programs have is told of once: what they all say of it appears a single time.
pub fn check(at: &Snapshot) -> Option<Found> {
    let mut found = Found::new();
    let mut told = BTreeSet::new();
    for main in at.mains() {
        if at.is_stale() {
            return None;
        }
        let analysis = at.analysis(&main);
        for (file, path) in analysis.own_files() {
            let open = at.files.documents.get(path);
            let entry = found.entry(path.to_path_buf());
            let entry = entry.or_insert_with(|| FileFound {
                uri: at
                    .uri(&analysis, file)
                    .unwrap_or_else(|| crate::uri::from_path(path)),
                version: open.map(|document| document.version),
                diagnostics: Vec::new(),
            });
            for diagnostic in analysis.diagnostics_of(file) {
                let key = (diagnostic.code.id, diagnostic.primary.span.range());
                let key = (
                    path.to_path_buf(),
                    key.0,
                    key.1.start,
                    key.1.end,
                    diagnostic.message.clone(),
                );
                if told.insert(key) {
                    entry
                        .diagnostics
                        .push(convert::diagnostic(at, &analysis, diagnostic));
                }
            }
        }
    }
    for file in found.values_mut() {
        file.diagnostics.sort_by_key(|diagnostic| diagnostic.range);
    }
    Some(found)
}

/// What the client was told, to tell it what has changed.
#[derive(Debug, Default)]
pub struct Published {
    files: BTreeMap<PathBuf, FileFound>,
}

impl Published {
    /// What the client must be told so that it knows this. A file that has dropped out is told to be without fault; of
    /// an open buffer each new version is told.
    pub fn update(&mut self, found: Found) -> Vec<lsp::PublishDiagnosticsParams> {
        let mut news = Vec::new();
        self.files.retain(|path, before| {
            let stays = found.contains_key(path);
            if !stays && !before.diagnostics.is_empty() {
                news.push(lsp::PublishDiagnosticsParams {
                    uri: before.uri.clone(),
                    version: None,
                    diagnostics: Vec::new(),
                });
            }
            stays
        });
        for (path, now) in found {
            let is_news = match self.files.get(&path) {
                Some(before) => *before != now,
                None => now.version.is_some() || !now.diagnostics.is_empty(),
            };
            if is_news {
                news.push(lsp::PublishDiagnosticsParams {
                    uri: now.uri.clone(),
                    version: now.version,
                    diagnostics: now.diagnostics.clone(),
                });
            }
            self.files.insert(path, now);
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, Option<i32>, usize)]) -> Found {
        let file = |&(path, version, count): &(&str, Option<i32>, usize)| {
            let found = FileFound {
                uri: Uri(path.to_owned()),
                version,
                diagnostics: vec![Diagnostic::default(); count],
            };
            (PathBuf::from(path), found)
        };
        files.iter().map(file).collect()
    }

    #[test]
    fn only_news_are_told() {
        let mut published = Published::default();
        let mut told = |files: &[_]| -> Vec<(String, Option<i32>, usize)> {
            let news = published.update(found(files)).into_iter();
            news.map(|file| (file.uri.0, file.version, file.diagnostics.len()))
                .collect()
        };
        let said = |uri: &str, version, count| (uri.to_owned(), version, count);
        assert_eq!(
            told(&[("a", Some(1), 0), ("b", None, 0), ("c", None, 2)]),
            [said("a", Some(1), 0), said("c", None, 2)]
        );
        assert_eq!(
            told(&[("a", Some(1), 0), ("b", None, 0), ("c", None, 2)]),
            []
        );
        assert_eq!(
            told(&[("a", Some(2), 0), ("b", None, 1), ("c", None, 0)]),
            [
                said("a", Some(2), 0),
                said("b", None, 1),
                said("c", None, 0)
            ]
        );
        assert_eq!(told(&[]), [said("b", None, 0)]);
        assert_eq!(told(&[("b", None, 1)]), [said("b", None, 1)]);
    }
}
