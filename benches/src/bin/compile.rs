//! How long a build takes by stage, how large executables are, and how long one takes to start. `DYNOP_BACKEND=llvm` has
//! them compiled by LLVM.

use std::process::Command;

use dynop_benches::{build, median, root, time_command};

const ROUNDS: usize = 11;

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
}
