//! A folder with a program in it, and `dynopc` run there.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// A folder that goes with the test.
pub struct Folder(tempfile::TempDir);

impl Folder {
    /// One with a `main.dyn`.
    pub fn with(source: &str) -> Self {
        let folder = Self(tempfile::tempdir().expect("a folder"));
        folder.write("main.dyn", source);
        folder
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file.
    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        fs::write(self.path().join(name), contents).expect("a file");
    }

    /// What is in a file, as a number.
    pub fn number(&self, name: &str) -> Option<u32> {
        let text = fs::read_to_string(self.path().join(name)).ok()?;
        text.trim().parse().ok()
    }

    /// `dynopc` in this folder, with signals as a shell's foreground has them.
    pub fn dynopc(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("env");
        command
            .arg("--default-signal=INT")
            .arg(env!("CARGO_BIN_EXE_dynopc"))
            .args(arguments)
            .current_dir(self.path());
        command
    }

    /// Runs it to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.dynopc(arguments).output().expect("it can be started")
    }
}

/// Waits until something holds, and gives whether it does.
pub fn soon(what: impl Fn() -> bool) -> bool {
    let end = Instant::now() + Duration::from_secs(60);
    while Instant::now() < end {
        if what() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

/// Whether a process is there and has not ended.
pub fn is_running(process: u32) -> bool {
    // A zombie has ended; only its parent, which may be gone, has not taken note.
    fs::read_to_string(format!("/proc/{process}/stat"))
        .is_ok_and(|stat| !stat.rsplit(')').next().unwrap_or("").starts_with(" Z"))
}

/// Sends a signal.
pub fn signal(process: u32, signal: &str) {
    let sent = Command::new("bash")
        .args(["-c", "kill -$1 $2", "bash", signal, &process.to_string()])
        .status();
    assert!(sent.is_ok_and(|status| status.success()));
}
