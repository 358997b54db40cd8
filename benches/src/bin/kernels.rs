//! Compiled Dynop beside Rust: the same algorithm, each as a process of its own, taking turns.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use dynop_benches::{build, median, root, time_command};

const ROUNDS: usize = 7;

fn main() {
    let mut arguments = std::env::args().skip(1);
    match (
        arguments.next().as_deref(),
        arguments.next(),
        arguments.next(),
    ) {
        (Some("--rust"), Some(kernel), Some(argument)) => println!("{}", rust(&kernel, &argument)),
        (None, ..) => compare(),
        _ => eprintln!("usage: kernels"),
    }
}

fn compare() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let book = root()
        .join("examples/word_count/book.txt")
        .display()
        .to_string();
    let kernels = [
        ("fib", "--n", "38"),
        ("sieve", "--n", "20000000"),
        ("words", "--path", book.as_str()),
    ];
    println!(
        "{:<8}{:>12}{:>12}{:>10}",
        "kernel", "dynop ms", "rust ms", "ratio"
    );
    for (kernel, flag, argument) in kernels {
        let source = root().join(format!("benches/kernels/{kernel}.dyn"));
        let (_, bytes) = build(&source).unwrap_or_else(|picture| panic!("{picture}"));
        let program = folder.path().join(kernel);
        dynopc::commands::write_whole(&program, &bytes, true)
            .expect("the temporary folder can be written");
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            ours.push(
                time_command(Command::new(&program).args(["--threads", "1", flag, argument]))
                    .as_secs_f64(),
            );
            let me = std::env::current_exe().expect("this executable has a path");
            theirs.push(
                time_command(Command::new(me).args(["--rust", kernel, argument])).as_secs_f64(),
            );
        }
        let mut ratios: Vec<f64> = ours.iter().zip(&theirs).map(|(a, b)| a / b).collect();
        let (ours, theirs, ratio) = (
            median(&mut ours) * 1e3,
            median(&mut theirs) * 1e3,
            median(&mut ratios),
        );
        println!("{kernel:<8}{ours:>12.1}{theirs:>12.1}{ratio:>10.2}");
    }
}

fn rust(kernel: &str, argument: &str) -> u64 {
    let number = || argument.parse().expect("a number");
    match kernel {
        "fib" => fib(number()),
        "sieve" => sieve(number()),
        "words" => words(Path::new(argument)),
        _ => panic!("no kernel {kernel}"),
    }
}

#[inline(never)]
fn fib(n: u64) -> u64 {
    if n < 2 { n } else { fib(n - 1) + fib(n - 2) }
}

#[expect(
    clippy::same_item_push,
    reason = "the same work as the Dynop program's"
)]
fn sieve(n: u64) -> u64 {
    let n = n as usize;
    let mut composite = Vec::new();
    for _ in 0..=n {
        composite.push(false);
    }
    let mut count = 0;
    for i in 2..=n {
        if !composite[i] {
            count += 1;
            let mut j = i * i;
            while j <= n {
                composite[j] = true;
                j += i;
            }
        }
    }
    count
}

fn words(path: &Path) -> u64 {
    use std::io::BufRead;
    let mut counts: HashMap<String, u64> = HashMap::new();
    for _ in 0..20 {
        let file =
            std::io::BufReader::new(std::fs::File::open(path).expect("the file can be read"));
        for line in file.lines() {
            let lower = line.expect("the file is text").to_lowercase();
            for word in lower.split_whitespace() {
                *counts.entry(word.to_owned()).or_insert(0) += 1;
            }
        }
    }
    counts.len() as u64
}
