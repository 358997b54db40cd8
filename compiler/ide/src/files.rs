//! Where source files come from: a trait that whoever does IO implements, and the words for what can't be read.
//!
//! The command line reads the disk, the language server lays its open buffers over it, tests have a map. What is said of
//! a file that is missing, too large or not UTF-8 is the same for all of them and stands here.

use std::collections::BTreeMap;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dynop_base::{Diagnostic, FileId, SourceMap, Span, codes};

/// The largest source file that is read, in bytes.
pub const MAX_SOURCE: u64 = 256 << 20;

/// What a file holds.
#[derive(Clone, Debug)]
pub enum Content {
    /// Text, as an editor has it.
    Text(Arc<str>),
    /// Bytes, as a disk has them; need not be UTF-8. More than [`MAX_SOURCE`] of them are refused, so reading one more
    /// than that is enough.
    Bytes(Vec<u8>),
}

/// A name in a folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The name without the folder.
    pub name: String,
    /// Whether it is a folder itself.
    pub folder: bool,
}

/// Source files by path.
pub trait Files {
    /// Reads a file.
    ///
    /// # Errors
    /// As the system gives them; [`ErrorKind::NotFound`] is what makes an import a missing one.
    fn read(&self, path: &Path) -> Result<Content, Error>;

    /// What is in a folder, in any order; nothing if it can't be read. Asked only where a file is missing, to find what
    /// was meant.
    fn list(&self, folder: &Path) -> Vec<Entry>;
}

/// Files in memory.
impl Files for BTreeMap<PathBuf, Arc<str>> {
    fn read(&self, path: &Path) -> Result<Content, Error> {
        match self.get(path) {
            Some(text) => Ok(Content::Text(text.clone())),
            None => Err(ErrorKind::NotFound.into()),
        }
    }

    fn list(&self, folder: &Path) -> Vec<Entry> {
        let mut entries: Vec<Entry> = self
            .keys()
            .filter_map(|path| {
                let mut parts = path.strip_prefix(folder).ok()?.components();
                let name = parts.next()?.as_os_str().to_str()?.to_owned();
                let folder = parts.next().is_some();
                Some(Entry { name, folder })
            })
            .collect();
        entries.dedup();
        entries
    }
}

/// Reads a file into the map.
///
/// # Errors
/// A diagnostic if it can't be read, is too large or is not UTF-8. The map then holds a file of that name, so that the
/// diagnostic has a place.
pub fn load(
    sources: &mut SourceMap,
    files: &dyn Files,
    path: &Path,
) -> Result<FileId, Box<Diagnostic>> {
    let content = files.read(path);
    add(sources, files, path, content)
}

/// Adds what reading gave to the map. Errors as of [`load`].
pub(crate) fn add(
    sources: &mut SourceMap,
    files: &dyn Files,
    path: &Path,
    content: Result<Content, Error>,
) -> Result<FileId, Box<Diagnostic>> {
    let name = path.to_string_lossy().into_owned();
    match content {
        Ok(Content::Text(text)) if text.len() as u64 > MAX_SOURCE => Err(too_large(sources, name)),
        Ok(Content::Text(text)) => Ok(sources.add(name, text)),
        Ok(Content::Bytes(bytes)) if bytes.len() as u64 > MAX_SOURCE => {
            Err(too_large(sources, name))
        }
        Ok(Content::Bytes(bytes)) => match String::from_utf8(bytes) {
            Ok(text) => Ok(sources.add(name, text)),
            Err(error) => Err(not_text(sources, name, &error)),
        },
        Err(error) => {
            let span = Span::new(sources.add(name.clone(), ""), 0, 0);
            Err(Box::new(unreadable(span, &name, path, &error, files)))
        }
    }
}

fn too_large(sources: &mut SourceMap, name: String) -> Box<Diagnostic> {
    let message = format!("{name} is larger than {} MiB", MAX_SOURCE >> 20);
    let file = sources.add(name, "");
    Box::new(
        Diagnostic::new(&codes::files::TOO_LARGE, Span::new(file, 0, 0), message)
            .help("a source file holds code; read data at run time, with `fs.lines` or `fs.read`"),
    )
}

fn not_text(
    sources: &mut SourceMap,
    name: String,
    error: &std::string::FromUtf8Error,
) -> Box<Diagnostic> {
    let at = error.utf8_error().valid_up_to();
    let bad = error.as_bytes().get(at).copied().unwrap_or_default();
    // Up to the first bad byte the lossy text agrees with the bytes, so the place is right.
    let lossy = String::from_utf8_lossy(error.as_bytes()).into_owned();
    let file = sources.add(name.clone(), lossy);
    Box::new(
        Diagnostic::new(
            &codes::files::NOT_UTF8,
            Span::new(file, at, at + '\u{fffd}'.len_utf8()),
            format!("{name} is not UTF-8 text"),
        )
        .here(format!("the byte {bad:#04x} here begins no character"))
        .help("save the file as UTF-8"),
    )
}

fn unreadable(span: Span, name: &str, path: &Path, error: &Error, files: &dyn Files) -> Diagnostic {
    let diagnostic = |message: String| Diagnostic::new(&codes::files::UNREADABLE, span, message);
    match error.kind() {
        ErrorKind::NotFound => {
            let found = diagnostic(format!("there is no file {name}"));
            match neighbour(path, files) {
                Some(near) => found.help(format!("did you mean {}?", near.display())),
                None => found.help(
                    "give the path of a `.dyn` file, or make a new program with `dynopc new NAME`",
                ),
            }
        }
        ErrorKind::IsADirectory => {
            let found = diagnostic(format!("{name} is a directory"));
            let is_main = |entry: &Entry| !entry.folder && entry.name == "main.dyn";
            if files.list(path).iter().any(is_main) {
                found.help(format!(
                    "its program is {}",
                    path.join("main.dyn").display()
                ))
            } else {
                found.help("give the path of a `.dyn` file in it")
            }
        }
        _ => diagnostic(format!("can't read {name}: {error}")),
    }
}

/// A `.dyn` file with a similar name in the same folder.
fn neighbour(path: &Path, files: &dyn Files) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let entries = files.list(&folder_of(path.parent()?));
    let mut names: Vec<&str> = entries
        .iter()
        .map(|entry| entry.name.as_str())
        .filter(|other| other.ends_with(".dyn"))
        .collect();
    names.sort_unstable();
    let near = dynop_base::nearest(name, names)?;
    Some(path.with_file_name(near))
}

/// A folder as it can be listed: that of a bare file name is the current one.
pub(crate) fn folder_of(path: &Path) -> PathBuf {
    match path {
        empty if empty == Path::new("") => PathBuf::from("."),
        folder => folder.to_path_buf(),
    }
}
