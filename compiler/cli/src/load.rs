//! Reading source files.

use std::io::Read;
use std::path::{Path, PathBuf};

use dynop_base::{Diagnostic, FileId, SourceMap, Span, codes};

/// The largest source file that is read, in bytes.
pub const MAX_SOURCE: u64 = 256 << 20;

/// Reads a file into the map; `-` is standard input.
///
/// # Errors
/// A diagnostic if it can't be read, is too large or is not UTF-8. The map then holds a file of that name, so that the
/// diagnostic has a place.
pub fn load(sources: &mut SourceMap, path: &Path) -> Result<FileId, Box<Diagnostic>> {
    let name = path.to_string_lossy().into_owned();
    let bytes = match read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            let file = sources.add(name.clone(), "");
            return Err(Box::new(unreadable(
                Span::new(file, 0, 0),
                &name,
                path,
                &error,
            )));
        }
    };
    if bytes.len() as u64 > MAX_SOURCE {
        let file = sources.add(name.clone(), "");
        return Err(Box::new(
            Diagnostic::new(
                &codes::files::TOO_LARGE,
                Span::new(file, 0, 0),
                format!("{name} is larger than {} MiB", MAX_SOURCE >> 20),
            )
            .help("a source file holds code; read data at run time, with `fs.lines` or `fs.read`"),
        ));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(sources.add(name, text)),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let bad = error.as_bytes()[at];
            // Up to the first bad byte the lossy text agrees with the bytes, so the place is right.
            let file = sources.add(
                name.clone(),
                String::from_utf8_lossy(error.as_bytes()).into_owned(),
            );
            Err(Box::new(
                Diagnostic::new(
                    &codes::files::NOT_UTF8,
                    Span::new(file, at, at + '\u{fffd}'.len_utf8()),
                    format!("{name} is not UTF-8 text"),
                )
                .here(format!("the byte {bad:#04x} here begins no character"))
                .help("save the file as UTF-8"),
            ))
        }
    }
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        std::io::stdin()
            .lock()
            .take(MAX_SOURCE + 1)
            .read_to_end(&mut bytes)?;
    } else {
        std::fs::File::open(path)?
            .take(MAX_SOURCE + 1)
            .read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

fn unreadable(span: Span, name: &str, path: &Path, error: &std::io::Error) -> Diagnostic {
    use std::io::ErrorKind;
    let diagnostic = |message: String| Diagnostic::new(&codes::files::UNREADABLE, span, message);
    match error.kind() {
        ErrorKind::NotFound => {
            let found = diagnostic(format!("there is no file {name}"));
            match neighbours(path) {
                Some(near) => found.help(format!("did you mean {}?", near.display())),
                None => found.help(
                    "give the path of a `.dyn` file, or make a new program with `dynopc new NAME`",
                ),
            }
        }
        ErrorKind::IsADirectory => {
            let found = diagnostic(format!("{name} is a directory"));
            let main = path.join("main.dyn");
            if main.is_file() {
                found.help(format!("its program is {}", main.display()))
            } else {
                found.help("give the path of a `.dyn` file in it")
            }
        }
        _ => diagnostic(format!("can't read {name}: {error}")),
    }
}

/// A `.dyn` file with a similar name in the same directory.
fn neighbours(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let directory = match path.parent()? {
        parent if parent == Path::new("") => Path::new("."),
        parent => parent,
    };
    let mut names: Vec<String> = std::fs::read_dir(directory)
        .ok()?
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|other| other.ends_with(".dyn"))
        .collect();
    names.sort_unstable();
    let near = dynop_base::nearest(name, names.iter().map(String::as_str))?;
    Some(path.with_file_name(near))
}
