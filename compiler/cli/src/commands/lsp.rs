//! `dynopc lsp`

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Args;

use super::say;

/// `lsp`
#[derive(Debug, Args)]
#[command(
    after_help = "An editor starts this and speaks the Language Server Protocol with it over its standard \
input and output; there is nothing to type here. It tells what `dynopc check` tells, while you write, for open files \
and what they import, with repairs to apply; and hover, definitions, references, outline, completion, renaming.\n\n\
Editors:\n  \
VS Code    the extension in editors/vscode; its setting dynop.server.path names this program\n  \
Neovim     vim.lsp.start({ name = 'dynop', cmd = { 'dynopc', 'lsp' } }), see editors/neovim\n  \
Helix      [language-server.dynop] command = \"dynopc\", args = [\"lsp\"], see editors/helix\n  \
Zed        see editors/zed\n\n\
Exit codes: 0 the editor has said `shutdown` before it ended, 1 it has not, or is gone."
)]
pub struct Lsp {
    /// Speak over standard input and output; the default, and accepted because some editors add it
    #[arg(long)]
    stdio: bool,
    /// The process of the editor; accepted because some editors add it: what counts is what `initialize` says
    #[arg(long = "clientProcessId", value_name = "PID", hide = true)]
    _client: Option<u32>,
}

impl Lsp {
    /// Runs it.
    pub fn run(self) -> ExitCode {
        if std::io::stdin().is_terminal() && !self.stdio {
            say(
                "dynopc lsp: this is for editors, which speak with it over standard input and output; \
                 `dynopc lsp --help` tells how to set one up",
            );
        }
        match dynop_lsp::serve(std::io::stdin(), std::io::stdout(), super::explain::page) {
            Ok(code) => ExitCode::from(code),
            Err(error) => {
                say(&format!("error: no threads to serve on: {error}"));
                ExitCode::FAILURE
            }
        }
    }
}
