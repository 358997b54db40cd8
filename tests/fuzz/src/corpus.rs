//! The texts to begin with.

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Where what a target has found is kept.
pub fn regressions(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("regressions")
        .join(target)
}

/// Every `.dyn` file of the grammar's corpus, the examples and the standard library, in the order of their paths.
pub fn seeds() -> Vec<String> {
    let mut files = Vec::new();
    for folder in ["grammar/corpus", "examples", "runtime/std"] {
        collect(&root().join(folder), &mut files);
    }
    files.sort();
    files
        .iter()
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .collect()
}

/// The texts kept of earlier finds, with their names.
pub fn kept(target: &str) -> Vec<(String, String)> {
    let mut files = Vec::new();
    collect(&regressions(target), &mut files);
    files.sort();
    files
        .iter()
        .filter_map(|path| {
            let name = path.file_name()?.to_string_lossy().into_owned();
            Some((name, std::fs::read_to_string(path).ok()?))
        })
        .collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "dyn") {
            files.push(path);
        }
    }
}
