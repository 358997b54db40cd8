//! Starts the user's own `dynopc lsp` for Zed. Downloads nothing.

use zed_extension_api::settings::LspSettings;
use zed_extension_api::{self as zed, Command, LanguageServerId, Result, Worktree};

struct Dynop;

impl zed::Extension for Dynop {
    fn new() -> Self {
        Self
    }

    /// What `lsp.dynop.binary` of the settings says, else `dynopc lsp` of the `PATH`.
    fn language_server_command(
        &mut self,
        server: &LanguageServerId,
        worktree: &Worktree,
    ) -> Result<Command> {
        let settings = LspSettings::for_worktree(server.as_ref(), worktree)
            .ok()
            .and_then(|settings| settings.binary);
        let (path, arguments) = match settings {
            Some(binary) => (binary.path, binary.arguments),
            None => (None, None),
        };
        let command = path.or_else(|| worktree.which("dynopc")).ok_or(
            "there is no dynopc on the PATH; say where it is in the settings: \
             { \"lsp\": { \"dynop\": { \"binary\": { \"path\": \"…\" } } } }",
        )?;
        Ok(Command {
            command,
            args: arguments.unwrap_or_else(|| vec!["lsp".to_owned()]),
            env: worktree.shell_env(),
        })
    }
}

zed::register_extension!(Dynop);
