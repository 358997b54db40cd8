//! The texts to begin with, and those that were found.

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

/// Every `.dyn` file of the repository that shows something, and every code block of its pages, in the order of their
/// paths.
pub fn programs() -> Vec<String> {
    const FOLDERS: [&str; 5] = [
        "grammar/corpus",
        "examples",
        "runtime/std",
        "tests/run",
        "tests/ui",
    ];
    let mut files = Vec::new();
    for folder in FOLDERS {
        collect(&root().join(folder), "dyn", &mut files);
    }
    files.sort();
    let mut pages = Vec::new();
    collect(&root().join("docs"), "md", &mut pages);
    pages.sort();
    let read = |path: &PathBuf| std::fs::read_to_string(path).ok();
    let mut texts: Vec<String> = files.iter().filter_map(read).collect();
    for page in pages.iter().filter_map(read) {
        texts.extend(blocks(&page));
    }
    texts
}

/// The code blocks of a page that are programs.
fn blocks(page: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("```dyn") {
            let block: Vec<&str> = lines
                .by_ref()
                .take_while(|line| !line.starts_with("```"))
                .collect();
            blocks.push(block.join("\n") + "\n");
        }
    }
    blocks
}

/// The texts kept of earlier finds, with their names.
pub fn kept(target: &str) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for extension in ["dyn", "txt"] {
        collect(&regressions(target), extension, &mut files);
    }
    files.sort();
    files
        .iter()
        .filter_map(|path| {
            let name = path.file_name()?.to_string_lossy().into_owned();
            Some((name, std::fs::read_to_string(path).ok()?))
        })
        .collect()
}

fn collect(folder: &Path, extension: &str, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, extension, files);
        } else if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
}
