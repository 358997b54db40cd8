//! Libraries of C functions: reading them, and naming the `extern fn` that none of them has.

use std::path::PathBuf;

use dynop_base::{Diagnostic, codes};
use dynop_sema::hir::{self, FunctionBody};

/// The contents of the files given with `--link`; an error message if one can't be linked.
pub fn read_libraries(paths: &[PathBuf]) -> Result<Vec<Vec<u8>>, String> {
    if paths.len() > dynop_link::MOST_LIBRARIES {
        return Err(format!(
            "`--link` is given {} times, more than {}: put the objects into one library",
            paths.len(),
            dynop_link::MOST_LIBRARIES
        ));
    }
    let mut libraries = Vec::new();
    for path in paths {
        let bytes = std::fs::read(path)
            .map_err(|error| format!("can't read the library {}: {error}", path.display()))?;
        if let Err(why) = crate::archive::check(&bytes) {
            return Err(format!(
                "{} is no static library: {why}\n  help: `--link` takes archives (`.a`) and object files for x86-64",
                path.display()
            ));
        }
        libraries.push(bytes);
    }
    Ok(libraries)
}

/// What to do where the libraries given with `--link` can't be linked, by what the linker says.
pub fn help_of(message: &str) -> &'static str {
    let message = message.to_lowercase();
    if message.contains("undefined symbol") {
        "a library given with `--link` needs another one: give that with `--link` too"
    } else if message.contains("duplicate symbol") {
        "a function is there twice, in two libraries, or in one and in the executable's own: leave one out, or give it another name"
    } else {
        "a library given with `--link` is broken, or made for another machine"
    }
}

/// A diagnostic for each extern function whose symbol is among those that the linker's message says it has not found.
pub fn missing_symbols(program: &hir::Program, message: &str) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for function in &program.functions {
        let FunctionBody::Foreign(symbol) = &function.body else {
            continue;
        };
        let mut words = message.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        if message.to_lowercase().contains("undefined") && words.any(|word| word == &**symbol) {
            found.push(
                Diagnostic::new(
                    &codes::foreign::FOREIGN_SYMBOL,
                    function.name_span,
                    format!(
                        "no library has the symbol `{symbol}` of the extern fn `{}`",
                        function.name
                    ),
                )
                .here("this function is not there")
                .help("give the static library that has it with `--link lib.a`"),
            );
        }
    }
    found
}
