//! Source files for the analysis: the open buffers, and below them the disk.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use dynop_ide::files::MAX_SOURCE;
use dynop_ide::{Content, Entry, Files};

use crate::documents::Documents;

/// What tells two states of a file apart without reading it.
type Stamp = (u64, Option<SystemTime>);

/// Files that were read, so that an unchanged one is not read again for each edit elsewhere. Shared by all moments.
#[derive(Debug, Default)]
pub struct Disk {
    known: Mutex<HashMap<PathBuf, (Stamp, Arc<str>)>>,
}

impl Disk {
    /// Reads a file, or gives what was read of it before if it looks the same.
    ///
    /// # Errors
    /// Those of the system.
    fn read(&self, path: &Path) -> io::Result<Content> {
        let about = std::fs::metadata(path)?;
        if about.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        // A pipe or terminal would keep the thread until somebody writes into it.
        if !about.is_file() {
            return Err(io::Error::other("this is no file that can be read again"));
        }
        let stamp = (about.len(), about.modified().ok());
        if let Some((of, text)) = self.lock().get(path)
            && *of == stamp
        {
            return Ok(Content::Text(text.clone()));
        }
        let bytes = read_bytes(path)?;
        match String::from_utf8(bytes) {
            Ok(text) => {
                let text: Arc<str> = text.into();
                self.lock()
                    .insert(path.to_path_buf(), (stamp, text.clone()));
                Ok(Content::Text(text))
            }
            Err(error) => Ok(Content::Bytes(error.into_bytes())),
        }
    }

    /// Forgets a file: it has changed, whatever it looks like.
    pub fn forget(&self, path: &Path) {
        self.lock().remove(path);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<PathBuf, (Stamp, Arc<str>)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read_bytes(path: &Path) -> io::Result<Vec<u8>> {
    use std::io::Read;
    let mut bytes = Vec::new();
    std::fs::File::open(path)?
        .take(MAX_SOURCE + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The buffers of a moment over the disk.
#[derive(Clone, Debug)]
pub struct Overlay {
    /// The buffers.
    pub documents: Documents,
    /// What lies below them.
    pub disk: Arc<Disk>,
}

impl Files for Overlay {
    fn read(&self, path: &Path) -> Result<Content, io::Error> {
        match self.documents.get(path) {
            Some(document) if !document.is_gone => Ok(Content::Text(document.text.clone())),
            _ => self.disk.read(path),
        }
    }

    fn list(&self, folder: &Path) -> Vec<Entry> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries
            .filter_map(|entry| {
                let name = entry.file_name().into_string().ok()?;
                // Follows links, as reading does.
                let folder = entry.path().is_dir();
                Some(Entry { name, folder })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(disk: &Disk, path: &Path) -> Option<String> {
        match disk.read(path) {
            Ok(Content::Text(text)) => Some(text.to_string()),
            _ => None,
        }
    }

    #[test]
    fn what_looks_other_is_read_again_and_what_is_no_file_is_not_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let (disk, path) = (Disk::default(), folder.path().join("a.dyn"));
        assert_eq!(text(&disk, &path), None);
        std::fs::write(&path, "one").expect("it can be written");
        assert_eq!(text(&disk, &path).as_deref(), Some("one"));
        std::fs::write(&path, "longer").expect("it can be written");
        assert_eq!(text(&disk, &path).as_deref(), Some("longer"));
        std::fs::write(&path, b"\xff").expect("it can be written");
        assert!(matches!(disk.read(&path), Ok(Content::Bytes(_))));
        let error = disk.read(folder.path()).expect_err("it is a folder");
        assert_eq!(error.kind(), io::ErrorKind::IsADirectory);
        let pipe = folder.path().join("pipe.dyn");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        if made.is_ok_and(|status| status.success()) {
            assert!(disk.read(&pipe).is_err());
        }
    }
}
