//! Looks for texts that break a target:
//!
//! ```text
//! cargo run --release -p dynop_fuzz -- check --seconds 600 --seed 1
//! cargo run --release -p dynop_fuzz -- check --file some.dyn
//! ```
//!
//! What is found is written into `tests/fuzz/regressions/TARGET/`. The text that is being tried lies in the folder of
//! temporary files, so that one that ends the process (a stack overflow) is there to be looked at.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dynop_fuzz::{Found, Target, Until, Watch, corpus, holds, run, target};

/// A text that takes longer is taken to be one without end.
const LONGEST: Duration = Duration::from_secs(60);

static BEGUN: AtomicU64 = AtomicU64::new(0);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let option = |flag: &str| {
        let at = arguments.iter().position(|argument| argument == flag)?;
        arguments.get(at + 1)
    };
    let number = |flag: &str| option(flag)?.parse::<u64>().ok();
    let Some(target) = arguments.first().and_then(|name| target(name)) else {
        let names: Vec<&str> = dynop_fuzz::TARGETS
            .iter()
            .map(|target| target.name)
            .collect();
        eprintln!(
            "usage: dynop_fuzz {} [--seconds N | --inputs N] [--seed N] | --file FILE",
            names.join("|")
        );
        return ExitCode::from(2);
    };
    if let Some(path) = option("--file") {
        return on_deep_stack(move |path| one(target, &path), path.clone());
    }
    let seed = number("--seed").unwrap_or(1);
    let until = match number("--inputs") {
        Some(count) => Until::Inputs(count),
        None => Until::Elapsed(Duration::from_secs(number("--seconds").unwrap_or(60))),
    };
    on_deep_stack(move |()| many(target, seed, until), ())
}

/// Runs on a thread like the compiler's own, and watches that it goes on.
fn on_deep_stack<T: Send + 'static>(
    work: impl FnOnce(T) -> ExitCode + Send + 'static,
    argument: T,
) -> ExitCode {
    let thread = std::thread::Builder::new()
        .stack_size(256 << 20)
        .spawn(move || work(argument));
    let Ok(thread) = thread else {
        eprintln!("no thread to work on");
        return ExitCode::FAILURE;
    };
    let step = Duration::from_millis(100);
    let (mut number, mut waited) = (0, Duration::ZERO);
    while !thread.is_finished() {
        std::thread::sleep(step);
        waited += step;
        let now = BEGUN.load(Ordering::Relaxed);
        if now != number {
            (number, waited) = (now, Duration::ZERO);
        } else if waited > LONGEST && number > 0 {
            println!(
                "text {number} takes more than {LONGEST:?}, or shrinking does; see the temporary file"
            );
            return ExitCode::FAILURE;
        }
    }
    thread.join().unwrap_or(ExitCode::FAILURE)
}

fn one(target: &Target, path: &str) -> ExitCode {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            eprintln!("{path}: {error}");
            return ExitCode::from(2);
        }
    };
    match holds(target.property, &text) {
        Ok(()) => {
            println!("{}: nothing found", target.name);
            ExitCode::SUCCESS
        }
        Err(problem) => {
            println!("{}: {problem}", target.name);
            ExitCode::FAILURE
        }
    }
}

fn many(target: &Target, seed: u64, until: Until) -> ExitCode {
    let name = target.name;
    let mut keeper = Keeper {
        name,
        seed,
        finds: 0,
        last: std::env::temp_dir().join(format!("dynop_fuzz_{name}_{seed}.txt")),
    };
    let tried = run(target, seed, until, &mut keeper);
    // It is there for the case that this line is never reached.
    let _ = std::fs::remove_file(&keeper.last);
    println!(
        "{name}: {tried} texts, {} found (seed {seed})",
        keeper.finds
    );
    if keeper.finds == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Tells of what is found and keeps it.
struct Keeper {
    name: &'static str,
    seed: u64,
    finds: u64,
    last: PathBuf,
}

impl Watch for Keeper {
    fn begins(&mut self, number: u64, text: &str) {
        BEGUN.store(number, Ordering::Relaxed);
        // Without it a text that ends the process is found by running to its number again.
        let _ = std::fs::write(&self.last, text);
    }

    fn found(&mut self, found: &Found) {
        self.finds += 1;
        println!("{}: text {}: {}", self.name, found.number, found.problem);
        println!("{:?}", found.text);
        let folder = corpus::regressions(self.name);
        let extension = if matches!(self.name, "json" | "csv" | "protocol") {
            "txt"
        } else {
            "dyn"
        };
        let path = folder.join(format!("seed_{}_{}.{extension}", self.seed, found.number));
        match std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&path, &found.text)) {
            Ok(()) => println!("kept as {}", path.display()),
            Err(error) => eprintln!("can't keep it as {}: {error}", path.display()),
        }
    }
}
