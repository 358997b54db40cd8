//! `dynopc build FILE`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::check::MessageOptions;
use super::compile::CompileOptions;
use super::say;
use crate::driver::{BuildOptions, Built, Emit, Frontend};

/// `build`
#[derive(Debug, Args)]
pub struct Build {
    /// The program's main source file
    file: PathBuf,
    /// Where to put the result; by default the file's name without `.dyn`, here (a folder's `main.dyn` takes the
    /// folder's name)
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Print what a stage makes of the program instead of building (`obj` writes the object file)
    #[arg(long, value_enum, value_name = "STAGE")]
    emit: Option<Emit>,
    #[command(flatten)]
    compile: CompileOptions,
    #[command(flatten)]
    messages: MessageOptions,
    /// Print how long each stage took
    #[arg(long)]
    timings: bool,
}

impl Build {
    /// Runs it.
    pub fn run(self) -> ExitCode {
        let options = match self.compile.build_options(self.emit) {
            Ok(options) => options,
            Err(message) => {
                say(&format!("error: {message}"));
                return ExitCode::from(2);
            }
        };
        let mut front = Frontend::default();
        front.check(&self.file);
        let code = self.finish(&mut front, &options);
        if self.timings {
            say(front.timings.table().trim_end());
        }
        code
    }

    fn finish(&self, front: &mut Frontend, options: &BuildOptions) -> ExitCode {
        if let Some(emit @ (Emit::Tree | Emit::Checked)) = self.emit {
            let text = front.emit(emit);
            front.report(self.messages.message_format);
            return self.give(&text);
        }
        let built = front.build(options, self.emit);
        front.report(self.messages.message_format);
        match built {
            Err(_) => ExitCode::FAILURE,
            Ok(Built::Text(text)) => self.give(&text),
            Ok(Built::Object(bytes)) => self.write(&self.path("o"), &bytes, false),
            Ok(Built::Executable(bytes)) => self.write(&self.path(""), &bytes, true),
        }
    }

    /// A text goes to standard output, if no file is named.
    fn give(&self, text: &str) -> ExitCode {
        match &self.output {
            Some(path) => self.write(path, text.as_bytes(), false),
            None => super::print(text),
        }
    }

    fn write(&self, path: &Path, bytes: &[u8], executable: bool) -> ExitCode {
        let is_source = || Some(path.canonicalize().ok()? == self.file.canonicalize().ok()?);
        if path == self.file || is_source() == Some(true) {
            say(&format!(
                "error: the result would overwrite {}; name another place with `-o`",
                path.display()
            ));
            return ExitCode::from(2);
        }
        match super::write_whole(path, bytes, executable) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                say(&format!("error: can't write {}: {error}", path.display()));
                if path.is_dir() {
                    say("  help: there is a folder of that name; name another place with `-o`");
                }
                ExitCode::FAILURE
            }
        }
    }

    fn path(&self, extension: &str) -> PathBuf {
        self.output
            .clone()
            .unwrap_or_else(|| default_output(&self.file).with_extension(extension))
    }
}

/// `a/word_count.dyn` → `word_count`, `a/word_count/main.dyn` → `word_count`.
pub fn default_output(file: &Path) -> PathBuf {
    let stem = file.file_stem().unwrap_or_default();
    if stem != "main" {
        return if stem == "-" || stem.is_empty() {
            PathBuf::from("program")
        } else {
            stem.into()
        };
    }
    let full = std::path::absolute(file).unwrap_or_else(|_| file.to_path_buf());
    full.parent()
        .and_then(Path::file_name)
        .map_or_else(|| PathBuf::from("program"), PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_output_is_named_after_the_program() {
        assert_eq!(
            default_output(Path::new("a/word_count.dyn")),
            Path::new("word_count")
        );
        assert_eq!(
            default_output(Path::new("a/word_count/main.dyn")),
            Path::new("word_count")
        );
        assert_eq!(default_output(Path::new("-")), Path::new("program"));
    }
}
