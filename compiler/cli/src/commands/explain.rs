//! `dynopc explain CODE`

use std::process::ExitCode;

use clap::Args;
use dynop_base::codes;

use super::{print, say};

include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// `explain`
#[derive(Debug, Args)]
pub struct Explain {
    /// A code such as E0301; without one, all codes are listed
    code: Option<String>,
}

impl Explain {
    /// Runs it.
    pub fn run(self) -> ExitCode {
        let Some(id) = self.code else {
            return print(&list());
        };
        let Some(code) = codes::find(&id) else {
            let upper = id.to_uppercase();
            say(&format!("error: there is no code {id}"));
            if let Some(near) = dynop_base::nearest(&upper, codes::all().map(|code| code.id)) {
                say(&format!(
                    "  help: did you mean {near}? `dynopc explain` lists all codes"
                ));
            } else {
                say("  help: `dynopc explain` lists all codes");
            }
            return ExitCode::from(2);
        };
        match page(code.id) {
            Some(text) => print(text),
            None => print(&format!("# {}: {}\n", code.id, code.title)),
        }
    }
}

/// The page of a code.
pub fn page(id: &str) -> Option<&'static str> {
    PAGES
        .iter()
        .find(|(name, _)| *name == id)
        .map(|(_, text)| *text)
}

fn list() -> String {
    let mut codes: Vec<_> = codes::all().collect();
    codes.sort_by_key(|code| &code.id[1..]);
    codes
        .iter()
        .map(|code| format!("{}  {}\n", code.id, code.title))
        .collect()
}
