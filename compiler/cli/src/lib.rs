//! The Dynop compiler's command line: files in, files and diagnostics out.
//!
//! The only room that reads and writes files and draws diagnostics. One file a command under [`commands`]; the way from
//! source files to an executable is [`driver`]; [`render`] is how diagnostics look. It is a library so that the tests
//! can compile and draw in process.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

mod archive;
pub mod commands;
pub mod disk;
pub mod driver;
pub mod excerpt;
mod foreign;
pub mod render;
pub mod testing;
pub mod timings;

/// Compiles Dynop programs: typed dataflow pipelines that become one static executable.
#[derive(Debug, Parser)]
#[command(
    name = "dynopc",
    version,
    about = "Compiles Dynop programs: typed dataflow pipelines that become one static executable.",
    after_help = "Start here:\n  dynopc new hello            makes a folder with a small pipeline\n  \
                  dynopc run hello/main.dyn   builds it and runs it\n  \
                  dynopc explain E0301        tells more about an error\n\n\
                  Exit codes: 0 success, 1 the program has errors or the run failed, 2 wrong usage.",
    max_term_width = 100
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Compile a program into one static executable
    Build(commands::build::Build),
    /// Compile a program and run it at once; what follows the file goes to the program
    Run(commands::run::Run),
    /// Run the tests in programs
    Test(commands::test::Test),
    /// Look for errors without building
    Check(commands::check::Check),
    /// Draw a job's steps, with dynamic scopes as boxes
    Graph(commands::graph::Graph),
    /// Tell what an error code means and how to repair it
    Explain(commands::explain::Explain),
    /// Make a folder with a small pipeline to start from
    New(commands::new::New),
    /// Serve an editor: errors while you write, repairs, hover, definitions, completion
    Lsp(commands::lsp::Lsp),
    /// Show the licences of what is inside the executables that dynopc makes
    Licenses(commands::licenses::Licenses),
}

/// Options of `run` that take a value, which may stand behind them.
fn run_options_with_values() -> Vec<String> {
    let cli = Cli::command();
    let run = cli.find_subcommand("run");
    let options = run.into_iter().flat_map(clap::Command::get_opts);
    options
        .filter(|option| option.get_action().takes_values())
        .filter_map(|option| option.get_long().map(|name| format!("--{name}")))
        .collect()
}

/// Puts `--` behind the file of `dynopc run FILE …`, so that all that follows is the program's, `--help` too.
fn with_separator(mut arguments: Vec<OsString>) -> Vec<OsString> {
    if arguments.get(1).is_none_or(|word| word != "run") {
        return arguments;
    }
    let with_values = run_options_with_values();
    let mut at = 2;
    while let Some(word) = arguments.get(at) {
        if with_values.iter().any(|option| word == option.as_str()) {
            at += 2;
        } else if word.as_encoded_bytes().starts_with(b"-") && word != "-" {
            at += 1;
        } else {
            break;
        }
    }
    if at + 1 < arguments.len() && arguments[at + 1] != "--" {
        arguments.insert(at + 1, "--".into());
    }
    arguments
}

/// Runs the command line of this process and gives its exit code.
pub fn main() -> ExitCode {
    // The tree is walked recursively; its depth is bounded by the parser, and this stack is sized for that bound.
    let worker = std::thread::Builder::new()
        .name("dynopc".into())
        .stack_size(256 << 20)
        .spawn(|| {
            let cli = Cli::parse_from(with_separator(std::env::args_os().collect()));
            match cli.command {
                Command::Build(command) => command.run(),
                Command::Run(command) => command.run(),
                Command::Test(command) => command.run(),
                Command::Check(command) => command.run(),
                Command::Graph(command) => command.run(),
                Command::Explain(command) => command.run(),
                Command::New(command) => command.run(),
                Command::Lsp(command) => command.run(),
                Command::Licenses(command) => command.run(),
            }
        });
    match worker.map(std::thread::JoinHandle::join) {
        Ok(Ok(code)) => code,
        Ok(Err(_)) => {
            commands::say(
                "error: the compiler failed where it should have reported an error in the program; \
                 please report this with the program that caused it",
            );
            ExitCode::from(101)
        }
        Err(error) => {
            commands::say(&format!("error: no thread to compile on: {error}"));
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_the_file_is_the_programs() {
        let line = |text: &str| text.split(' ').map(OsString::from).collect::<Vec<_>>();
        let separated = |text| with_separator(line(text));
        assert_eq!(
            separated("dynopc run a.dyn --help"),
            line("dynopc run a.dyn -- --help")
        );
        assert_eq!(
            separated("dynopc run --linker cc a.dyn -n 1"),
            line("dynopc run --linker cc a.dyn -- -n 1")
        );
        assert_eq!(
            separated("dynopc run --link a.a --link=b.a --opt-level 2 a.dyn -n 1"),
            line("dynopc run --link a.a --link=b.a --opt-level 2 a.dyn -- -n 1")
        );
        assert_eq!(
            separated("dynopc run a.dyn -- x"),
            line("dynopc run a.dyn -- x")
        );
        assert_eq!(separated("dynopc run --help"), line("dynopc run --help"));
        assert_eq!(
            separated("dynopc check a.dyn b.dyn"),
            line("dynopc check a.dyn b.dyn")
        );
    }
}
