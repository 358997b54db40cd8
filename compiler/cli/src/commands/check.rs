//! `dynopc check FILE…`

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::driver::{Emit, Frontend};
use crate::render::MessageFormat;

/// What every command that reads programs takes.
#[derive(Debug, Args)]
pub struct MessageOptions {
    /// How errors and warnings are printed
    #[arg(long, value_enum, default_value = "human", value_name = "FORMAT")]
    pub message_format: MessageFormat,
}

/// `check`
#[derive(Debug, Args)]
pub struct Check {
    /// Source files, each a program of its own; `-` reads standard input
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Print what a stage makes of the program instead
    #[arg(long, value_enum, value_name = "STAGE")]
    emit: Option<Emit>,
    #[command(flatten)]
    messages: MessageOptions,
    /// Print how long each stage took
    #[arg(long)]
    timings: bool,
}

impl Check {
    /// Runs it.
    pub fn run(self) -> ExitCode {
        let mut code = ExitCode::SUCCESS;
        for file in &self.files {
            let mut front = Frontend::default();
            front.check(file);
            if front.has_jobs() {
                front.plan();
            }
            let emitted = match self.emit {
                Some(Emit::Tree | Emit::Checked | Emit::Plan) | None => {
                    self.emit.map(|emit| front.emit(emit))
                }
                Some(_) => {
                    super::say(
                        "error: `check` emits tree, checked or plan; the other stages belong to `build`",
                    );
                    return ExitCode::from(2);
                }
            };
            front.report(self.messages.message_format);
            if front.has_errors() {
                code = ExitCode::FAILURE;
            }
            if let Some(text) = emitted {
                let printed = super::print(&text);
                if printed != ExitCode::SUCCESS {
                    return printed;
                }
            }
            if self.timings {
                super::say(front.timings.table().trim_end());
            }
        }
        code
    }
}
