//! `cargo run --release -p dynop_fuzz -- parser --seconds 60`: looks for texts that break a target.

use std::process::ExitCode;
use std::time::Duration;

use dynop_fuzz::{Until, corpus, run, target};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |flag: &str| {
        let at = arguments.iter().position(|argument| argument == flag)?;
        arguments.get(at + 1)?.parse::<u64>().ok()
    };
    let Some((name, property)) = arguments
        .first()
        .and_then(|name| Some((name, target(name)?)))
    else {
        eprintln!("usage: dynop_fuzz parser [--seconds N | --inputs N] [--seed N]");
        return ExitCode::from(2);
    };
    let seed = number("--seed").unwrap_or(1);
    let until = match number("--inputs") {
        Some(count) => Until::Inputs(count),
        None => Until::Elapsed(Duration::from_secs(number("--seconds").unwrap_or(60))),
    };
    let (tried, found) = run(property, corpus::seeds(), seed, until);
    let Some(found) = found else {
        println!("{name}: {tried} texts, nothing found (seed {seed})");
        return ExitCode::SUCCESS;
    };
    println!(
        "{name}: {} after {tried} texts (seed {seed})",
        found.problem
    );
    println!("{:?}", found.text);
    let folder = corpus::regressions(name);
    let path = folder.join(format!("seed_{seed}_{tried}.dyn"));
    match std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&path, &found.text)) {
        Ok(()) => println!("kept as {}", path.display()),
        Err(error) => eprintln!("can't keep it as {}: {error}", path.display()),
    }
    ExitCode::FAILURE
}
