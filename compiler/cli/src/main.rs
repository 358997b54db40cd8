//! `dynopc`, the Dynop compiler.

use std::process::ExitCode;

fn main() -> ExitCode {
    dynopc::main()
}
