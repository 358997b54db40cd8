//! `dynopc run FILE [ARGUMENTS]`

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use clap::Args;

use super::check::MessageOptions;
use super::compile::CompileOptions;
use super::say;
use crate::driver::{Built, Frontend};

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

/// Runs an executable from a temporary file, which is gone afterwards, and gives its exit code.
fn execute(name: &str, bytes: &[u8], arguments: &[OsString]) -> std::io::Result<ExitCode> {
    let folder = tempfile::Builder::new().prefix("dynop-run-").tempdir()?;
    let path = folder.path().join(name);
    super::write_whole(&path, bytes, true)?;
    // Ctrl-C goes to the whole foreground group: the program ends cleanly by itself, and waiting here for it, instead of
    // dying, is what keeps the temporary file from being left behind.
    let _ = ctrlc::set_handler(|| {});
    let mut command = Command::new(&path);
    command.args(arguments);
    let status = command.status()?;
    let code = status.code().unwrap_or_else(|| {
        use std::os::unix::process::ExitStatusExt;
        128 + status.signal().unwrap_or(0)
    });
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}
