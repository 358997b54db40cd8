//! What is measured, how, and beside whom.
//!
//! Machines are noisy: every figure is a median of several rounds, and what counts is the ratio between two things that
//! took turns in one run. `cargo run --release -p dynop_benches --bin NAME`:
//!
//! | bin | what |
//! |---|---|
//! | `fan_out` | cost of one mapped key beside rayon and a plain loop, and memory |
//! | `editor` | from an edit of 5,000 lines to diagnostics, memory after 10,000 edits |
//! | `kernels` | compiled code, by each back end, beside Rust release and `gcc -O2` |
//! | `compile` | time of each stage, size and start-up of executables; lines checked a second |

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use dynopc::driver::{BuildOptions, Built, Frontend};
use dynopc::render::{MessageFormat, Style, render};

/// The repository's root.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Builds a program and gives what the driver knows of it, with the executable.
///
/// # Errors
/// The drawing of what was found, if that stops the build.
pub fn build(path: &Path) -> Result<(Frontend, Vec<u8>), String> {
    build_with(path, &BuildOptions::of_environment())
}

/// The same, compiled as the options say.
///
/// # Errors
/// The drawing of what was found, if that stops the build.
pub fn build_with(path: &Path, options: &BuildOptions) -> Result<(Frontend, Vec<u8>), String> {
    std::thread::scope(|scope| {
        let work = || {
            let mut front = Frontend::default();
            front.check(path);
            match front.build(options, None) {
                Ok(Built::Executable(bytes)) => Ok((front, bytes)),
                _ => Err(render(
                    &front.diagnostics,
                    &front.sources,
                    MessageFormat::Human,
                    Style::PLAIN,
                )),
            }
        };
        let thread = std::thread::Builder::new()
            .stack_size(256 << 20)
            .spawn_scoped(scope, work);
        thread
            .map_err(|e| e.to_string())?
            .join()
            .map_err(|_| "the compiler panicked".to_owned())?
    })
}

/// Lines of one block of a [`generated`] program.
pub const BLOCK: usize = 50;

/// A program of so many lines: structs, enums, functions, ops and graphs, used by one job.
pub fn generated(lines: usize) -> String {
    let mut text = String::new();
    let blocks = lines / BLOCK;
    for block in 0..blocks {
        let part = include_str!("bin/editor_block.dyn").replace("_N", &format!("_{block}"));
        text.push_str(&part);
    }
    text.push_str("job main(n: Int = 3) -> List<Int> {\n    all([");
    for block in 0..blocks {
        text.push_str(&format!("part_{block}(n), "));
    }
    text.push_str("])\n}\n\nop all(parts: List<Int>) -> List<Int> {\n    parts\n}\n");
    text
}

/// How long a command takes, output thrown away.
pub fn time_command(command: &mut Command) -> Duration {
    let start = Instant::now();
    let output = command.output().expect("the command can be started");
    let elapsed = start.elapsed();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    elapsed
}

/// The middle one of an odd number of values.
pub fn median<T: PartialOrd + Copy>(values: &mut [T]) -> T {
    values.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    values[values.len() / 2]
}
