//! One file a command.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

pub mod build;
pub mod check;
pub mod compile;
pub mod explain;
pub mod graph;
pub mod licenses;
pub mod lsp;
pub mod new;
pub mod run;
pub mod test;

/// Writes a line to standard error. A closed one is nobody to tell, so that failure is let go.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Writes to standard output; a reader that has gone away (`| head`) ends the command quietly, a full disk does not.
pub fn print(text: &str) -> ExitCode {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: can't write to standard output: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Writes a file so that it is there whole or not at all: beside its place first, then renamed. A link stays one, and what
/// it leads to is replaced; a device or a pipe is written to.
///
/// # Errors
/// Those of creating, writing and renaming.
pub fn write_whole(path: &Path, bytes: &[u8], executable: bool) -> std::io::Result<()> {
    if let Ok(about) = std::fs::metadata(path)
        && !about.is_file()
        && !about.is_dir()
    {
        let mut file = std::fs::OpenOptions::new().write(true).open(path)?;
        return file.write_all(bytes);
    }
    let place = match std::fs::read_link(path) {
        Ok(_) => std::fs::canonicalize(path)?,
        Err(_) => path.to_owned(),
    };
    let (mut file, beside) = create_beside(&place)?;
    let written = (|| {
        file.write_all(bytes)?;
        #[cfg(unix)]
        if executable {
            use std::os::unix::fs::PermissionsExt;
            let mode = file.metadata()?.permissions().mode();
            // Whoever may read it may run it, as `cc` and `ld` do.
            file.set_permissions(std::fs::Permissions::from_mode(mode | (mode & 0o444) >> 2))?;
        }
        drop(file);
        std::fs::rename(&beside, &place)
    })();
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written
}

/// A new file in the same folder, hidden, under a name that nobody else has.
fn create_beside(place: &Path) -> std::io::Result<(File, PathBuf)> {
    static LAST: AtomicU64 = AtomicU64::new(0);
    loop {
        // Not made of the file's name, which may be as long as names can be.
        let serial = LAST.fetch_add(1, Ordering::Relaxed);
        let beside = place.with_file_name(format!(".dynopc-{}-{serial}.tmp", std::process::id()));
        match File::create_new(&beside) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            result => return result.map(|file| (file, beside)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileTypeExt;
    use std::process::Command;

    use super::*;

    #[test]
    fn what_is_no_file_is_written_to_and_links_stay() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        let (pipe, link, file) = (
            folder.path().join("pipe"),
            folder.path().join("link"),
            folder.path().join("file"),
        );
        assert!(Command::new("mkfifo").arg(&pipe).status()?.success());
        let read = std::thread::spawn({
            let pipe = pipe.clone();
            move || std::fs::read(pipe)
        });
        write_whole(&pipe, b"through", false)?;
        assert!(
            read.join()
                .is_ok_and(|read| read.is_ok_and(|read| read == b"through"))
        );
        assert!(std::fs::metadata(&pipe)?.file_type().is_fifo());

        std::fs::write(&file, "old")?;
        std::os::unix::fs::symlink("file", &link)?;
        write_whole(&link, b"new", false)?;
        assert!(std::fs::symlink_metadata(&link)?.is_symlink());
        assert_eq!(std::fs::read_to_string(&file)?, "new");

        // A name as long as names can be.
        write_whole(&folder.path().join("n".repeat(255)), b"", true)?;
        assert_eq!(std::fs::read_dir(folder.path())?.count(), 4);
        Ok(())
    }
}
