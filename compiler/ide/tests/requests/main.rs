//! Questions of an editor, asked of fixtures: `$0` is the cursor, `//- /path.dyn` begins a file, the first is the main one.

mod completion;
mod definition;
mod diagnostics;
mod fixes;
mod hover;
mod references;
mod robust;
mod symbols;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dynop_base::{FileId, Span};
use dynop_ide::{Analysis, Item};

/// Files in memory.
pub type Texts = BTreeMap<PathBuf, Arc<str>>;

/// A program with a cursor.
pub struct Fixture {
    /// The program.
    pub analysis: Analysis,
    /// Its files, and those that it may import.
    pub files: Texts,
    /// The file with the cursor; the main one if there is none.
    pub file: FileId,
    /// The cursor.
    pub offset: u32,
}

/// Reads a fixture and checks its program.
pub fn fixture(text: &str) -> Fixture {
    let mut files = Texts::new();
    let mut main = None;
    let mut cursor = None;
    let mut path = PathBuf::from("/main.dyn");
    let mut body = String::new();
    let mut flush = |path: &Path, body: &mut String| {
        if body.is_empty() {
            return;
        }
        if let Some(at) = body.find("$0") {
            body.replace_range(at..at + 2, "");
            cursor = Some((path.to_path_buf(), at as u32));
        }
        main.get_or_insert(path.to_path_buf());
        files.insert(path.to_path_buf(), std::mem::take(body).into());
    };
    for line in text.trim_start_matches('\n').split_inclusive('\n') {
        match line.strip_prefix("//- ") {
            Some(name) => {
                flush(&path, &mut body);
                path = PathBuf::from(name.trim());
            }
            None => body.push_str(line),
        }
    }
    flush(&path, &mut body);
    let main = main.expect("a file");
    let analysis = Analysis::new(&main, &files);
    let (path, offset) = cursor.unwrap_or((main, 0));
    let file = analysis.file(&path).expect("the file is loaded");
    Fixture {
        analysis,
        files,
        file,
        offset,
    }
}

impl Fixture {
    /// What could be written at the cursor.
    pub fn completion(&self) -> Vec<Item> {
        self.analysis
            .completion(self.file, self.offset, &self.files)
    }

    /// A place with its line, the place in `«»`.
    pub fn show(&self, span: Span) -> String {
        let sources = self.analysis.sources();
        let file = sources.file(span.file);
        let line = file.line_column(span.start).line;
        let start = file.line_start(line);
        let text = file.line(line);
        let from = span.start as usize - start;
        let to = (span.end as usize - start).min(text.len()).max(from);
        format!(
            "{}:{line}: {}«{}»{}",
            file.name,
            text[..from].trim_start(),
            &text[from..to],
            &text[to..]
        )
    }
}
