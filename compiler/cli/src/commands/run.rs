//! `dynopc run FILE [ARGUMENTS]`

use std::ffi::OsString;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Args;

use super::check::MessageOptions;
use super::compile::CompileOptions;
use super::say;
use crate::driver::{Built, Frontend};
use crate::testing::END_WITH;

/// How often it is looked at whether a program has ended.
const LOOK: Duration = Duration::from_millis(10);
/// How long a program may take to end by itself after a signal, which may have reached this process alone.
const CLEANING: Duration = Duration::from_secs(3);

/// `run`
#[derive(Debug, Args)]
pub struct Run {
    #[command(flatten)]
    compile: CompileOptions,
    #[command(flatten)]
    messages: MessageOptions,
    /// The program's main source file
    file: PathBuf,
    /// What the program is given: `dynopc run main.dyn --help` shows what it takes
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGUMENTS"
    )]
    arguments: Vec<OsString>,
}

impl Run {
    /// Runs it.
    pub fn run(self) -> ExitCode {
        let options = match self.compile.build_options(None) {
            Ok(options) => options,
            Err(message) => {
                say(&format!("error: {message}"));
                return ExitCode::from(2);
            }
        };
        let mut front = Frontend::default();
        front.check(&self.file);
        let built = front.build(&options, None);
        front.report(self.messages.message_format);
        let Ok(Built::Executable(bytes)) = built else {
            return ExitCode::FAILURE;
        };
        let name = super::build::default_output(&self.file);
        match execute(&name.to_string_lossy(), &bytes, &self.arguments) {
            Ok(code) => code,
            Err(error) => {
                say(&format!("error: can't run the program: {error}"));
                ExitCode::FAILURE
            }
        }
    }
}

/// Runs an executable; comes back only where it was run beside this process, with its exit code.
fn execute(name: &str, bytes: &[u8], arguments: &[OsString]) -> std::io::Result<ExitCode> {
    become_it(name, bytes, arguments);
    run_beside(name, bytes, arguments)
}

/// Puts the program in the place of this process, so that whatever is done to `dynopc run` is done to the program: a signal
/// of any sort, a limit, a look at its memory. The executable is in memory alone, and nothing is left of it however it
/// ends. Comes back where the system does not let this be, as where there is no `/proc`.
fn become_it(name: &str, bytes: &[u8], arguments: &[OsString]) {
    let flags = rustix::fs::MemfdFlags::CLOEXEC;
    let Ok(file) = rustix::fs::memfd_create(name, flags) else {
        return;
    };
    let mut file = std::fs::File::from(file);
    if file.write_all(bytes).is_err() {
        return;
    }
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    let _ = Command::new(path).arg0(name).args(arguments).exec();
}

/// Runs the program from a temporary file, which is gone afterwards.
fn run_beside(name: &str, bytes: &[u8], arguments: &[OsString]) -> std::io::Result<ExitCode> {
    let folder = tempfile::Builder::new().prefix("dynop-run-").tempdir()?;
    let path = folder.path().join(name);
    super::write_whole(&path, bytes, true)?;
    let signalled = Arc::new(AtomicBool::new(false));
    let notice = Arc::clone(&signalled);
    // Ctrl-C goes to the whole foreground group: the program ends cleanly by itself, and waiting here for it, instead of
    // dying, is what keeps the temporary file from being left behind.
    let _ = ctrlc::set_handler(move || notice.store(true, Ordering::Relaxed));
    let mut child = Command::new(&path)
        .args(arguments)
        .env(END_WITH, std::process::id().to_string())
        .spawn()?;
    let mut since = None;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(LOOK);
        if signalled.load(Ordering::Relaxed) {
            let start = *since.get_or_insert_with(Instant::now);
            if start.elapsed() > CLEANING {
                terminate(&child);
            }
        }
    };
    let code = status.code().unwrap_or_else(|| {
        use std::os::unix::process::ExitStatusExt;
        128 + status.signal().unwrap_or(0)
    });
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}

/// Asks a process to end. It has not been waited for, so the number is its own.
fn terminate(child: &Child) {
    let id = i32::try_from(child.id()).ok();
    if let Some(id) = id.and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
    }
}
