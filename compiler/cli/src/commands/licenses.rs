//! `dynopc licenses`

use std::process::ExitCode;

use clap::Args;

/// `licenses`
#[derive(Debug, Args)]
pub struct Licenses {}

impl Licenses {
    /// Runs it.
    pub fn run(self) -> ExitCode {
        super::print(include_str!("../../../../docs/licences.md"))
    }
}
