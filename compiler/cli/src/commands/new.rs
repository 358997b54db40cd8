//! `dynopc new NAME`

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::say;

/// `new`
#[derive(Debug, Args)]
pub struct New {
    /// The folder to make; must not exist or be empty
    path: PathBuf,
}

const PROGRAM: &str = include_str!("new_main.dyn");

impl New {
    /// Runs it.
    pub fn run(self) -> ExitCode {
        match self.make() {
            Ok(()) => {
                let main = self.path.join("main.dyn");
                say(&format!(
                    "made {main}\n\n  dynopc run {main}              builds it and runs it\n  \
                     dynopc run {main} --count 10   with a parameter\n  \
                     dynopc graph {main}            draws its steps",
                    main = main.display()
                ));
                ExitCode::SUCCESS
            }
            Err(message) => {
                say(&format!("error: {message}"));
                ExitCode::FAILURE
            }
        }
    }

    fn make(&self) -> Result<(), String> {
        let name = self.path.display();
        let taken = std::fs::read_dir(&self.path).is_ok_and(|mut entries| entries.next().is_some());
        if taken {
            return Err(format!(
                "{name} exists and is not empty; give the name of a new folder"
            ));
        }
        std::fs::create_dir_all(&self.path)
            .map_err(|error| format!("can't make {name}: {error}"))?;
        let main = self.path.join("main.dyn");
        super::write_whole(&main, PROGRAM.as_bytes(), false)
            .map_err(|error| format!("can't write {}: {error}", main.display()))
    }
}
