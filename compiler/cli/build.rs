//! Gathers the pages of the diagnostic codes, which `dynopc` carries.

use std::fmt::Write;
use std::path::{Path, PathBuf};

fn main() {
    let out = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default());
    embed("../../docs/errors", "md", "PAGES", &out.join("pages.rs"));
}

/// Writes `static NAME: &[(&str, &str)]`: file stem and text of each file with that extension, sorted by name. The folder is
/// seen from the package's, which is this script's working directory: a checkout may move with its target directory.
fn embed(folder: &str, extension: &str, name: &str, out: &Path) {
    println!("cargo::rerun-if-changed={folder}");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    files.retain(|path| path.extension().is_some_and(|e| e == extension));
    files.sort();
    let mut text = format!("static {name}: &[(&str, &str)] = &[\n");
    for file in files {
        let path = file.display();
        println!("cargo::rerun-if-changed={path}");
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        let _ = writeln!(
            text,
            "    ({stem:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/{path}\"))),"
        );
    }
    text.push_str("];\n");
    std::fs::write(out, text).expect("the build's own directory can be written");
}
