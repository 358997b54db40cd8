//! `grammar/corpus`: what is accepted, with its tree, and what is rejected, with what is said about it.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use dynop_base::{Applicability, Diagnostic, SourceMap};

fn corpus(part: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../grammar/corpus")
        .join(part);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the corpus is there")
        .map(|entry| entry.expect("a readable entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "dyn"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

fn stem(path: &Path) -> String {
    path.file_stem()
        .expect("a name")
        .to_string_lossy()
        .into_owned()
}

#[test]
fn accepted() {
    for path in corpus("accepted") {
        let text = std::fs::read_to_string(&path).expect("a readable file");
        let mut map = SourceMap::new();
        let file = map.add(stem(&path), text.as_str());
        let parse = dynop_syntax::parse(file, &text);
        assert!(
            parse.diagnostics.is_empty(),
            "{}: {}",
            path.display(),
            render(&map, &parse.diagnostics)
        );
        insta::assert_snapshot!(format!("accepted_{}", stem(&path)), parse.module.dump());
    }
}

/// A file of the rejected corpus holds snippets parted by lines `//--- what it shows`.
#[test]
fn rejected() {
    for path in corpus("rejected") {
        let text = std::fs::read_to_string(&path).expect("a readable file");
        let mut out = String::new();
        for snippet in text.split("//---").skip(1) {
            let (title, code) = snippet.split_once('\n').unwrap_or((snippet, ""));
            let mut map = SourceMap::new();
            let file = map.add(stem(&path), code);
            let parse = dynop_syntax::parse(file, code);
            assert!(
                !parse.diagnostics.is_empty(),
                "{}: accepted:\n{code}",
                path.display()
            );
            let _ = writeln!(out, "━━━━{title}\n{}", render(&map, &parse.diagnostics));
        }
        insta::assert_snapshot!(format!("rejected_{}", stem(&path)), out);
    }
}

/// Applying the repairs that are certain gives text that has no such mistake any more.
#[test]
fn certain_fixes_mend() {
    for path in corpus("rejected") {
        let text = std::fs::read_to_string(&path).expect("a readable file");
        for snippet in text.split("//---").skip(1) {
            let (title, code) = snippet.split_once('\n').unwrap_or((snippet, ""));
            let before = dynop_syntax::parse(dynop_base::FileId(0), code).diagnostics;
            let mut edits: Vec<_> = before
                .iter()
                .flat_map(|found| found.fixes.first())
                .filter(|fix| fix.applicability == Applicability::Certain)
                .flat_map(|fix| fix.edits.clone())
                .collect();
            if edits.is_empty() {
                continue;
            }
            edits.sort_by_key(|edit| std::cmp::Reverse(edit.span.start));
            let mut mended = code.to_string();
            for edit in &edits {
                mended.replace_range(edit.span.range(), &edit.text);
            }
            let after = dynop_syntax::parse(dynop_base::FileId(0), &mended).diagnostics;
            assert!(
                after.len() < before.len(),
                "{title}\n{code}\n{mended}\n{after:#?}"
            );
            assert!(
                after.iter().all(|found| found
                    .fixes
                    .first()
                    .is_none_or(|fix| fix.applicability != Applicability::Certain)),
                "{title}\n{mended}\n{after:#?}"
            );
        }
    }
}

/// Each diagnostic with its line, and carets under its places.
fn render(map: &SourceMap, diagnostics: &[Diagnostic]) -> String {
    let mut out = String::new();
    for found in diagnostics {
        let _ = writeln!(out, "{}: {}", found.code.id, found.message);
        let labels = std::iter::once(&found.primary).chain(&found.labels);
        for label in labels {
            let file = map.file(label.span.file);
            let at = file.line_column(label.span.start);
            let line = file.line(at.line);
            let length = map
                .text(label.span)
                .lines()
                .next()
                .unwrap_or("")
                .chars()
                .count();
            let column = at.column as usize - 1;
            let carets = "^".repeat(length.max(1));
            let _ = writeln!(out, "{:>4} | {}", at.line, line.replace('\t', " "));
            let _ = writeln!(out, "     | {:column$}{carets} {}", "", label.text);
        }
        for note in &found.notes {
            let _ = writeln!(out, "     = {note}");
        }
        for help in &found.helps {
            let _ = writeln!(out, "     ? {help}");
        }
        for fix in &found.fixes {
            let edits: Vec<String> = fix
                .edits
                .iter()
                .map(|edit| format!("{:?} → {:?}", map.text(edit.span), edit.text))
                .collect();
            let _ = writeln!(
                out,
                "     * {} ({:?}): {}",
                fix.title,
                fix.applicability,
                edits.join(", ")
            );
        }
    }
    out
}
