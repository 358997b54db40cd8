//! Source files on the disk.

use std::io::{Error, Read};
use std::path::Path;

use dynop_ide::files::{Content, Entry, Files, MAX_SOURCE};

/// The disk; `-` is standard input.
#[derive(Clone, Copy, Debug)]
pub struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path) -> Result<Content, Error> {
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
        Ok(Content::Bytes(bytes))
    }

    fn list(&self, folder: &Path) -> Vec<Entry> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries
            .filter_map(|entry| {
                Some(Entry {
                    // As opening would have it: through links.
                    folder: entry.path().is_dir(),
                    name: entry.file_name().into_string().ok()?,
                })
            })
            .collect()
    }
}

/// The disk with one file whose text is given.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// Its path.
    pub path: &'a Path,
    /// Its text.
    pub text: &'a str,
}

impl Files for Given<'_> {
    fn read(&self, path: &Path) -> Result<Content, Error> {
        if path == self.path {
            return Ok(Content::Text(self.text.into()));
        }
        Disk.read(path)
    }

    fn list(&self, folder: &Path) -> Vec<Entry> {
        Disk.list(folder)
    }
}
