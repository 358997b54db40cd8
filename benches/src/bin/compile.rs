//! How long a build takes by stage, how large executables are, and how long one takes to start. `DYNOP_BACKEND=llvm` has
//! them compiled by LLVM.

use std::process::Command;
use std::time::Instant;

use dynop_benches::{build, generated, median, root, time_command};
use dynopc::driver::Frontend;

const ROUNDS: usize = 11;
/// Of the program that is checked.
const LINES: usize = 20_000;

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for source in ["benches/kernels/hello.dyn", "examples/word_count/main.dyn"] {
        let path = root().join(source);
        let mut totals = Vec::new();
        let mut last = None;
        for _ in 0..ROUNDS {
            let (front, bytes) = build(&path).unwrap_or_else(|picture| panic!("{picture}"));
            totals.push(front.timings.total().as_secs_f64() * 1e3);
            last = Some((front, bytes));
        }
        let Some((front, bytes)) = last else { continue };
        println!("{source}\n{}", front.timings.table());
        println!("median of {ROUNDS} builds {:>10.2} ms", median(&mut totals));
        println!("executable          {:>10} bytes", bytes.len());
        let program = folder.path().join("program");
        dynopc::commands::write_whole(&program, &bytes, true)
            .expect("the temporary folder can be written");
        let mut starts: Vec<f64> = (0..ROUNDS)
            .map(|_| time_command(Command::new(&program).arg("--help")).as_secs_f64() * 1e3)
            .collect();
        println!("process, --help     {:>10.2} ms", median(&mut starts));
        if source.ends_with("hello.dyn") {
            let mut runs: Vec<f64> = (0..ROUNDS)
                .map(|_| time_command(&mut Command::new(&program)).as_secs_f64() * 1e3)
                .collect();
            println!("process, whole run  {:>10.2} ms", median(&mut runs));
        }
        println!();
    }
    check();
}

/// Checks a large program, the standard library with it, as `dynopc check` does.
fn check() {
    let program = generated(LINES);
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            let passed = std::thread::scope(|scope| {
                let work = || {
                    let mut front = Frontend::default();
                    front.check_text("generated.dyn", &program);
                    front.has_errors()
                };
                let thread = std::thread::Builder::new()
                    .stack_size(256 << 20)
                    .spawn_scoped(scope, work);
                thread.is_ok_and(|thread| thread.join().is_ok_and(|errors| !errors))
            });
            assert!(passed, "the generated program has no errors");
            start.elapsed().as_secs_f64()
        })
        .collect();
    let (lines, seconds) = (program.lines().count(), median(&mut rounds));
    println!("check of {lines} lines {:>10.2} ms", seconds * 1e3);
    println!(
        "                    {:>10.0} lines a second",
        lines as f64 / seconds
    );
}
