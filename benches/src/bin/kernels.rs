//! Compiled Dynop, by each back end that is there, beside Rust and C: the same algorithm, each as a process of its own,
//! taking turns. Rust is this program, so as good as the profile it was built in; C is what `gcc -O2` makes of
//! `kernels/kernels.c`, where there is a `gcc`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use dynop_benches::{build_with, median, root, time_command};
use dynopc::driver::{Backend, BuildOptions, OptLevel};

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

/// The ways in which Dynop is compiled: name and options.
fn ways() -> Vec<(&'static str, BuildOptions)> {
    let llvm = |opt_level, target_cpu: Option<&str>| BuildOptions {
        backend: Backend::Llvm,
        opt_level,
        target_cpu: target_cpu.map(str::to_owned),
        ..BuildOptions::default()
    };
    let mut ways = vec![
        ("cranelift", BuildOptions::default()),
        ("llvm", llvm(OptLevel::Default, None)),
        (
            "llvm -O3 native",
            llvm(OptLevel::Aggressive, Some("native")),
        ),
    ];
    ways.retain(|(_, options)| options.backend.is_there());
    ways
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
        ("matrix", "--n", "500"),
        ("collatz", "--n", "1000000"),
        ("words", "--path", book.as_str()),
    ];
    let c = c_kernels(folder.path());
    for (kernel, flag, argument) in kernels {
        let mut rivals: Vec<(&str, Command)> = Vec::new();
        for (name, options) in ways() {
            let source = root().join(format!("benches/kernels/{kernel}.dyn"));
            let built = build_with(&source, &options);
            let (_, bytes) = built.unwrap_or_else(|picture| panic!("{picture}"));
            let program = folder.path().join(format!("{kernel} {name}"));
            dynopc::commands::write_whole(&program, &bytes, true)
                .expect("the temporary folder can be written");
            let mut command = Command::new(program);
            command.args(["--threads", "1", flag, argument]);
            rivals.push((name, command));
        }
        let mut me = Command::new(std::env::current_exe().expect("this executable has a path"));
        me.args(["--rust", kernel, argument]);
        rivals.push(("rust", me));
        if let Some(c) = c.as_ref().filter(|_| kernel != "words") {
            let mut command = Command::new(c);
            command.args([kernel, argument]);
            rivals.push(("gcc -O2", command));
        }
        report(kernel, &mut rivals);
    }
}

/// Lets all take turns, and prints the median of each.
fn report(kernel: &str, rivals: &mut [(&str, Command)]) {
    let mut times = vec![Vec::new(); rivals.len()];
    for _ in 0..ROUNDS {
        for ((_, command), times) in rivals.iter_mut().zip(&mut times) {
            times.push(time_command(command).as_secs_f64() * 1e3);
        }
    }
    println!("{kernel}");
    for ((name, _), times) in rivals.iter().zip(&mut times) {
        println!("  {name:<16}{:>10.1} ms", median(times));
    }
}

/// The kernels in C, compiled; `None` where there is no `gcc`.
fn c_kernels(folder: &Path) -> Option<PathBuf> {
    let program = folder.join("kernels");
    let status = Command::new("gcc")
        .args(["-O2", "-o"])
        .arg(&program)
        .arg(root().join("benches/kernels/kernels.c"))
        .status();
    status.ok()?.success().then_some(program)
}

fn rust(kernel: &str, argument: &str) -> u64 {
    let number = || argument.parse().expect("a number");
    match kernel {
        "fib" => fib(number()),
        "sieve" => sieve(number()),
        "matrix" => matrix(number()),
        "collatz" => collatz(number()),
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

fn matrix(n: u64) -> u64 {
    let n = n as usize;
    let (mut a, mut b, mut c) = (Vec::new(), Vec::new(), Vec::new());
    for i in 0..n * n {
        a.push((i % 7) as f64);
        b.push((i % 5) as f64);
        c.push(0.0);
    }
    for row in 0..n {
        for column in 0..n {
            let mut sum = 0.0;
            for k in 0..n {
                sum += a[row * n + k] * b[k * n + column];
            }
            c[row * n + column] = sum;
        }
    }
    c[n * n - 1] as u64
}

fn collatz(n: u64) -> u64 {
    let mut longest = 0;
    for first in 1..n as i64 {
        let mut steps = 0;
        let mut number = first;
        while number != 1 {
            number = if number % 2 == 0 {
                number / 2
            } else {
                3 * number + 1
            };
            steps += 1;
        }
        longest = longest.max(steps);
    }
    longest
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
