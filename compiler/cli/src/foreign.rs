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
        let known = bytes.starts_with(b"!<arch>\n") || bytes.starts_with(b"\x7fELF\x02");
        // A shared library has type 3 (ET_DYN) behind the sixteen bytes of its identification.
        let shared = bytes.starts_with(b"\x7fELF") && bytes.get(16) == Some(&3);
        if !known || shared {
            return Err(format!(
                "{} is no static library: `--link` takes archives (`.a`) and object files for x86-64",
                path.display()
            ));
        }
        libraries.push(bytes);
    }
    Ok(libraries)
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
