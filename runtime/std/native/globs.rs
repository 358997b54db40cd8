//! Which paths fit a pattern (`fs.glob`): folders are gone through part by part of the pattern.
//!
//! The `glob` crate matches names; its own way through folders can't cope with names that are not UTF-8.

use std::ffi::OsStr;
use std::fs::{self, FileType};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use dynop_values::failing::Failure;
use glob::{MatchOptions, Pattern};

use crate::files::refused;

const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// A part of a pattern between slashes.
enum Part {
    /// A name as it is.
    Name(String),
    /// Names that fit.
    Names(Pattern),
    /// `**`: any folders, also none.
    Folders,
}

/// The paths that fit, each once, in no order.
///
/// # Errors
/// What is no pattern; a folder that can't be read.
pub fn paths(pattern: &str) -> Result<Vec<PathBuf>, Failure> {
    let parts = parts(pattern)?;
    let start = if pattern.starts_with('/') { "/" } else { "" };
    let mut found = vec![PathBuf::from(start)];
    for (index, part) in parts.iter().enumerate() {
        let last = index + 1 == parts.len();
        found = match part {
            Part::Name(name) => found.iter().map(|folder| folder.join(name)).collect(),
            Part::Names(names) => fitting(&found, names, last)?,
            Part::Folders => below(found, last)?,
        };
        if matches!(part, Part::Folders) {
            // Another `**` before may have found them too.
            found.sort_unstable();
            found.dedup();
        }
    }
    if matches!(parts.last(), Some(Part::Name(_))) {
        found.retain(|path| fs::symlink_metadata(path).is_ok());
    }
    found.retain(|path| !path.as_os_str().is_empty());
    if pattern.ends_with('/') {
        found.retain(|path| path.is_dir());
    }
    Ok(found)
}

fn parts(pattern: &str) -> Result<Vec<Part>, Failure> {
    let part = |text: &str| -> Result<Part, Failure> {
        if text == "**" {
            return Ok(Part::Folders);
        }
        if !text.contains(['*', '?', '[']) {
            return Ok(Part::Name(text.to_owned()));
        }
        let names = Pattern::new(text);
        let names = names.map_err(|error| format!("`{pattern}` is no pattern: {}", error.msg))?;
        Ok(Part::Names(names))
    };
    let texts = pattern.split('/').filter(|text| !text.is_empty());
    texts.map(part).collect()
}

/// What folders hold that fits; folders alone, where more is to come.
fn fitting(folders: &[PathBuf], names: &Pattern, last: bool) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for folder in folders {
        each(folder, |name, kind| {
            // What is not UTF-8 fits `*` all the same.
            if names.matches_with(&name.to_string_lossy(), OPTIONS) && (last || may_hold(kind)) {
                found.push(folder.join(name));
            }
        })?;
    }
    Ok(found)
}

/// Folders and all that they hold, to any depth; with `last`, files too. Links are not followed, nor is what begins with a
/// point gone through.
fn below(folders: Vec<PathBuf>, last: bool) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    let mut pending = folders;
    while let Some(folder) = pending.pop() {
        each(&folder, |name, kind| {
            let hidden = name.as_bytes().starts_with(b".");
            if !hidden && kind.is_dir() {
                pending.push(folder.join(name));
            } else if !hidden && last {
                found.push(folder.join(name));
            }
        })?;
        found.push(folder);
    }
    Ok(found)
}

fn may_hold(kind: FileType) -> bool {
    kind.is_dir() || kind.is_symlink()
}

/// Tells each name in a folder; none where there is no such folder.
fn each(folder: &Path, mut tell: impl FnMut(&OsStr, FileType)) -> Result<(), Failure> {
    let place = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    let failed = |error: io::Error| refused("read", place, &error);
    let entries = match fs::read_dir(place) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(());
        }
        Err(error) => return Err(failed(error)),
    };
    for entry in entries {
        let entry = entry.map_err(failed)?;
        tell(&entry.file_name(), entry.file_type().map_err(failed)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_fit() {
        let folder = std::env::temp_dir().join(format!("dynop-globs-{}", std::process::id()));
        for name in ["a/b/c", "a/.hidden", "d"] {
            fs::create_dir_all(folder.join(name)).unwrap();
        }
        for name in [
            "a/1.txt",
            "a/b/2.txt",
            "a/b/c/3.txt",
            "a/.hidden/4.txt",
            "a/.5.txt",
            "d/[x].txt",
        ] {
            fs::write(folder.join(name), "").unwrap();
        }
        fs::write(folder.join(OsStr::from_bytes(b"d/\xff.txt")), "").unwrap();
        std::os::unix::fs::symlink(folder.join("a"), folder.join("a/b/again")).unwrap();
        let found = |pattern: &str| -> Vec<String> {
            let mut found = paths(&format!("{}/{pattern}", folder.display())).unwrap();
            found.sort();
            let short = |path: &PathBuf| {
                path.strip_prefix(&folder)
                    .unwrap()
                    .to_string_lossy()
                    .into_owned()
            };
            found.iter().map(short).collect()
        };
        assert_eq!(found("a/*.txt"), ["a/1.txt"]);
        assert_eq!(found("a/.*"), ["a/.5.txt", "a/.hidden"]);
        assert_eq!(
            found("**/*.txt"),
            [
                "a/1.txt",
                "a/b/2.txt",
                "a/b/c/3.txt",
                "d/[x].txt",
                "d/\u{fffd}.txt"
            ]
        );
        assert_eq!(found("a/**/**/2.txt"), ["a/b/2.txt"]);
        assert_eq!(
            found("a/b/**"),
            ["a/b", "a/b/2.txt", "a/b/again", "a/b/c", "a/b/c/3.txt"]
        );
        assert_eq!(found("a/*/"), ["a/b"]);
        assert_eq!(found("a/*/again/*.txt"), ["a/b/again/1.txt"]);
        assert_eq!(found("d/[[]x[]].txt"), ["d/[x].txt"]);
        assert_eq!(found("?/1.txt"), ["a/1.txt"]);
        assert_eq!(found("a/1.txt/*"), [""; 0]);
        assert_eq!(found("absent/*"), [""; 0]);
        assert_eq!(found("a/absent"), [""; 0]);
        assert!(paths("a/[").is_err());
        assert!(paths("a**b").is_err());
        fs::remove_dir_all(folder).unwrap();
    }
}
