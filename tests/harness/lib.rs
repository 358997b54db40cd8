//! What the tests of whole programs share: compiling in process, running the executable, drawing diagnostics, and
//! reading the code blocks of Markdown pages.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use dynop_base::Diagnostic;
use dynopc::driver::{BuildOptions, Built, Frontend};
use dynopc::render::{MessageFormat, Style, render};

pub mod markdown;
pub mod server;

/// The repository's root.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// The recursion of the compiler is sized for the thread that `dynopc` makes; test threads are smaller, so work that
/// compiles is done on one like it.
pub fn on_compiler_stack<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .stack_size(256 << 20)
            .spawn_scoped(scope, work);
        thread
            .expect("a thread can be made")
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// What checking a text found: the drawing that a user sees, and the diagnostics themselves.
pub struct Checked {
    /// As `dynopc check` prints it without colours.
    pub picture: String,
    /// The same as data.
    pub diagnostics: Vec<Diagnostic>,
}

impl Checked {
    /// Ids of the codes found, in the order of their places.
    pub fn codes(&self) -> Vec<&'static str> {
        let mut sorted: Vec<_> = self.diagnostics.iter().collect();
        sorted.sort_by_key(|d| (d.primary.span, d.code.id));
        sorted.iter().map(|d| d.code.id).collect()
    }

    /// Whether anything found stops a build.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// Checks a text as a main file of the given name, jobs planned.
pub fn check(name: &str, text: &str) -> Checked {
    on_compiler_stack(|| {
        let mut front = Frontend::default();
        front.check_text(name, text);
        if front.has_jobs() {
            front.plan();
        }
        Checked {
            picture: render(
                &front.diagnostics,
                &front.sources,
                MessageFormat::Human,
                Style::PLAIN,
            ),
            diagnostics: front.diagnostics,
        }
    })
}

/// An executable in a folder of its own, which goes with it.
pub struct Executable {
    /// Its path.
    pub path: PathBuf,
    folder: tempfile::TempDir,
}

impl Executable {
    /// A command that runs it.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.current_dir(self.folder.path());
        command
    }

    /// A command that runs it and that SIGINT ends, also where these tests run in the background of a shell, which has
    /// its children ignore that signal.
    pub fn interruptible_command(&self) -> Command {
        let mut command = Command::new("env");
        command.arg("--default-signal=INT,HUP").arg(&self.path);
        command.current_dir(self.folder.path());
        command
    }

    /// Runs it with arguments.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command()
            .args(arguments)
            .output()
            .expect("the executable can be started")
    }
}

/// Builds a text as a main file.
///
/// # Errors
/// The drawing of what was found, if that stops the build.
pub fn build(name: &str, text: &str) -> Result<Executable, String> {
    on_compiler_stack(|| {
        let mut front = Frontend::default();
        front.check_text(name, text);
        finish(front)
    })
}

/// Builds a file.
///
/// # Errors
/// The drawing of what was found, if that stops the build.
pub fn build_file(path: &Path) -> Result<Executable, String> {
    on_compiler_stack(|| {
        let mut front = Frontend::default();
        front.check(path);
        finish(front)
    })
}

/// Runs the tests in a text; a line for each, `name: ok` or `name: ` and why it failed.
///
/// # Errors
/// The drawing of what was found, if that stops the build.
pub fn run_tests(name: &str, text: &str) -> Result<String, String> {
    told_tests(|front| front.check_text(name, text))
}

/// The same for the tests of a file.
pub fn run_test_file(path: &std::path::Path) -> Result<String, String> {
    told_tests(|front| front.check(path))
}

fn told_tests(check: impl FnOnce(&mut Frontend) + Send) -> Result<String, String> {
    on_compiler_stack(|| {
        let mut front = Frontend::default();
        check(&mut front);
        let cases = dynopc::testing::cases(&front, &[]);
        front.take_tests();
        let program = finish(front)?;
        let bytes = std::fs::read(&program.path).map_err(|error| error.to_string())?;
        let limits = dynopc::testing::Limits {
            threads: 2,
            timeout: std::time::Duration::from_secs(60),
        };
        let mut said = String::new();
        dynopc::testing::execute(&bytes, &cases, limits, &mut |case, result| {
            let how = match &result.failure {
                Some(failure) => std::iter::once(failure.message.replace('\n', ", "))
                    .chain(result.in_runs.iter().map(|found| {
                        let (step, message) = (&found.step, &found.failure.message);
                        format!("the step {step} of {}: {message}", found.job)
                    }))
                    .collect::<Vec<_>>()
                    .join(", "),
                None => "ok".to_owned(),
            };
            said.push_str(&format!("{}: {how}\n", case.name));
        })
        .map_err(|error| error.to_string())?;
        Ok(said)
    })
}

fn finish(mut front: Frontend) -> Result<Executable, String> {
    let built = front.build(&BuildOptions::of_environment(), None);
    let Ok(Built::Executable(bytes)) = built else {
        return Err(render(
            &front.diagnostics,
            &front.sources,
            MessageFormat::Human,
            Style::PLAIN,
        ));
    };
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("program");
    dynopc::commands::write_whole(&path, &bytes, true)
        .expect("the temporary folder can be written");
    wait_until_free(&path);
    Ok(Executable { path, folder })
}

/// Waits until an executable can be started. A process that another test started while the file was written holds it
/// until its own program begins; once nobody does, nobody will.
fn wait_until_free(path: &Path) {
    loop {
        let started = Command::new(path).arg("--help").output();
        match started {
            Err(error) if error.kind() == std::io::ErrorKind::ExecutableFileBusy => {}
            _ => return,
        }
    }
}
