//! One file a command.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

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

/// Writes a file so that it is there whole or not at all: beside its place first, then renamed.
///
/// # Errors
/// Those of creating, writing and renaming.
pub fn write_whole(path: &Path, bytes: &[u8], executable: bool) -> std::io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let written = (|| {
        let mut file = std::fs::File::create(&beside)?;
        file.write_all(bytes)?;
        #[cfg(unix)]
        if executable {
            use std::os::unix::fs::PermissionsExt;
            let mode = file.metadata()?.permissions().mode();
            // Whoever may read it may run it, as `cc` and `ld` do.
            file.set_permissions(std::fs::Permissions::from_mode(mode | (mode & 0o444) >> 2))?;
        }
        drop(file);
        std::fs::rename(&beside, path)
    })();
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written
}
