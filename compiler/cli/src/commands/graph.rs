//! `dynopc graph FILE`

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::check::MessageOptions;
use super::say;
use crate::driver::Frontend;

/// `graph`
#[derive(Debug, Args)]
pub struct Graph {
    /// The program's main source file
    file: PathBuf,
    /// The job to draw, where the file has several
    #[arg(long)]
    job: Option<String>,
    /// DOT for Graphviz, or Mermaid for Markdown
    #[arg(long, value_enum, default_value = "mermaid")]
    format: GraphFormat,
    #[command(flatten)]
    messages: MessageOptions,
}

/// `--format`
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum GraphFormat {
    /// Graphviz
    Dot,
    /// Mermaid
    Mermaid,
}

impl Graph {
    /// Runs it.
    pub fn run(self) -> ExitCode {
        let mut front = Frontend::default();
        front.check(&self.file);
        let plan = front.plan().map(|planned| planned.plan.clone());
        front.report(self.messages.message_format);
        let Some(plan) = plan else {
            return ExitCode::FAILURE;
        };
        let chosen: Vec<_> = match &self.job {
            None => plan.jobs.iter().collect(),
            Some(name) => plan.jobs.iter().filter(|job| job.name == *name).collect(),
        };
        if let (Some(name), true) = (&self.job, chosen.is_empty()) {
            say(&format!(
                "error: there is no job `{name}` in {}",
                self.file.display()
            ));
            let names: Vec<&str> = plan.jobs.iter().map(|job| job.name.as_str()).collect();
            say(&format!("  help: its jobs are {}", names.join(", ")));
            return ExitCode::from(2);
        }
        let text: String = chosen
            .into_iter()
            .map(|job| match self.format {
                GraphFormat::Dot => dynop_abi::graph::dot(&plan, job),
                GraphFormat::Mermaid => dynop_abi::graph::mermaid(&plan, job),
            })
            .collect();
        super::print(&text)
    }
}
