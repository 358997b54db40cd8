//! The folders that the client has open, and which of their files have to do with one.
//!
//! Diagnostics are told of open files alone; but who renames what an open file declares means every use of it, also in
//! files that nobody looks at.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use dynop_ide::{Content, Files, imports};
use gen_lsp_types::WorkspaceFolder;
use serde_json::Value;

use crate::disk::Overlay;
use crate::uri;

/// After so many sources no more are looked for: the folder is hardly one of programs.
const MOST_FILES: usize = 5_000;

/// After so many names of folders and files, sources or not.
const MOST_ENTRIES: usize = 200_000;

/// Folders deeper than that are not looked into, which also ends links that lead back.
const DEEPEST: usize = 12;

/// The folders of `initialize`; the older ways to name one are understood too.
pub fn roots(params: &Value) -> Vec<PathBuf> {
    let folders = params.get("workspaceFolders").and_then(Value::as_array);
    let folders = folders.into_iter().flatten();
    let mut uris: Vec<&str> = folders
        .filter_map(|folder| folder.get("uri")?.as_str())
        .collect();
    if uris.is_empty() {
        uris.extend(params.get("rootUri").and_then(Value::as_str));
    }
    uris.into_iter().map(path).collect()
}

/// The path of a folder.
pub fn path_of(folder: &WorkspaceFolder) -> PathBuf {
    path(&folder.uri.0)
}

fn path(uri: &str) -> PathBuf {
    uri::to_path(&uri.to_owned().into())
}

/// The sources below these folders that import a file, also by way of others, in the order of their paths.
pub fn importers(roots: &[PathBuf], files: &Overlay, file: &Path) -> Vec<PathBuf> {
    let sources = sources(roots, files);
    let mut importers_of: BTreeMap<PathBuf, Vec<&PathBuf>> = BTreeMap::new();
    for source in &sources {
        for imported in imported_by(files, source) {
            importers_of.entry(imported).or_default().push(source);
        }
    }
    let mut found = BTreeSet::new();
    let mut next = vec![file];
    while let Some(file) = next.pop() {
        for importer in importers_of.get(file).into_iter().flatten() {
            if found.insert((*importer).clone()) {
                next.push(importer.as_path());
            }
        }
    }
    found.into_iter().collect()
}

/// The sources below these folders that are such files, or import one, in the order of their paths.
pub fn sources_with(
    roots: &[PathBuf],
    files: &Overlay,
    is_such: impl Fn(&Path) -> bool,
) -> Vec<PathBuf> {
    let mut found = sources(roots, files);
    found.retain(|path| is_such(path) || imported_by(files, path).iter().any(|path| is_such(path)));
    found.into_iter().collect()
}

/// The sources below these folders, and the open buffers.
fn sources(roots: &[PathBuf], files: &Overlay) -> BTreeSet<PathBuf> {
    let mut sources = BTreeSet::new();
    let mut entries = 0;
    for root in roots.iter().filter(|root| root.is_absolute()) {
        collect(files, root, 0, &mut entries, &mut sources);
    }
    sources.extend(files.documents.iter().map(|(path, _)| path.to_path_buf()));
    sources
}

fn collect(
    files: &Overlay,
    folder: &Path,
    depth: usize,
    entries: &mut usize,
    sources: &mut BTreeSet<PathBuf>,
) {
    for entry in files.list(folder) {
        *entries += 1;
        if *entries > MOST_ENTRIES || sources.len() >= MOST_FILES {
            return;
        }
        // Neither hidden folders nor those that other tools fill.
        let is_passed =
            entry.name.starts_with('.') || matches!(entry.name.as_str(), "node_modules" | "target");
        let path = folder.join(&entry.name);
        if entry.folder && !is_passed && depth < DEEPEST {
            collect(files, &path, depth + 1, entries, sources);
        } else if !entry.folder && entry.name.ends_with(".dyn") {
            sources.insert(path);
        }
    }
}

/// The files that a source imports, by its lines alone: the programs that come of it are parsed anyway.
fn imported_by(files: &Overlay, source: &Path) -> Vec<PathBuf> {
    let Ok(Content::Text(text)) = files.read(source) else {
        return Vec::new();
    };
    let folder = source.parent().unwrap_or(Path::new(""));
    let imports = text.lines().filter_map(|line| {
        let rest = line.trim_start().strip_prefix("import")?;
        let rest = rest.strip_prefix([' ', '\t'])?.trim_start();
        let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        let dotted = rest.split(|c| !is_part(c)).next()?;
        let parts: Vec<String> = dotted.split('.').map(str::to_owned).collect();
        Some(imports::path(folder, &parts))
    });
    imports.collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::documents::{Document, Documents};

    #[test]
    fn folders_of_the_client() {
        let folder = |uri: &str| json!({ "uri": uri, "name": "x" });
        let folders = json!([folder("file:///a"), folder("file:///b%20c"), 3]);
        let params = json!({ "workspaceFolders": folders, "rootUri": "file:///r" });
        assert_eq!(roots(&params), [Path::new("/a"), Path::new("/b c")]);
        let params = json!({ "workspaceFolders": null, "rootUri": "file:///r" });
        assert_eq!(roots(&params), [Path::new("/r")]);
        assert!(roots(&Value::Null).is_empty());
    }

    #[test]
    fn importers_are_found_by_way_of_others_and_in_buffers() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        let write = |name: &str, text: &str| {
            let path = root.join(name);
            std::fs::create_dir_all(path.parent().expect("one")).expect("it can be made");
            std::fs::write(path, text).expect("it can be written");
        };
        write("main.dyn", "import parts.middle as m // the middle\n");
        write("parts/middle.dyn", "import tools\n");
        write("parts/tools.dyn", "import other\nimport other\n");
        write("alone.dyn", "important\nimport\nimport tools\n");
        write("node_modules/x.dyn", "import tools\n");
        let mut documents = Documents::default();
        let buffer = Document::new(
            "file:///x".to_owned().into(),
            1,
            "import parts.tools".to_owned(),
        );
        documents.open(root.join("buffer.dyn"), buffer);
        let files = Overlay {
            documents,
            disk: Arc::default(),
        };
        let roots = [root.to_path_buf(), root.join("parts"), root.join("missing")];
        let found = importers(&roots, &files, &root.join("parts/tools.dyn"));
        let expected = ["buffer.dyn", "main.dyn", "parts/middle.dyn"];
        assert_eq!(found, expected.map(|name| root.join(name)));
    }
}
