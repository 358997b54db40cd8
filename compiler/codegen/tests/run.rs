//! Programs of the intermediate representation, compiled, linked with `harness.c` by the system's C compiler, and run.
//!
//! `tests/run/NAME.ir` holds a program whose ops take nothing and give an `Int`; its comments `// prints: …` say what
//! each op must print. A buffer that is left over or released twice shows in what is printed.

mod random;

use std::path::{Path, PathBuf};
use std::process::Command;

use dynop_abi::plan::Plan;
use dynop_base::SourceMap;
use dynop_codegen::{Backend, OptLevel, Options, compile};
use dynop_differential::evaluate::evaluate;
use dynop_ir::Program;
use dynop_ir::passes::{Level, optimise};
use dynop_ir::text::{parse, print};

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// The ways to make code: each back end that is there, LLVM with and without its optimiser.
fn ways() -> Vec<Options> {
    let llvm = [OptLevel::None, OptLevel::Default].map(|opt_level| Options {
        backend: Backend::Llvm,
        opt_level,
        ..Options::default()
    });
    let mut ways = vec![Options::default()];
    ways.extend(llvm.into_iter().filter(|way| way.backend.is_there()));
    ways
}

/// What a program prints, a line an op.
fn run(name: &str, program: &Program, level: Level, options: &Options) -> Vec<String> {
    let mut program = program.clone();
    optimise(&mut program, level);
    let compiled = compile(&program, &Plan::default(), &SourceMap::new(), options)
        .unwrap_or_else(|error| panic!("{name}: {error}\n{}", print(&program)));
    let folder = tempfile::tempdir().expect("a folder");
    let (object, executable) = (
        folder.path().join("program.o"),
        folder.path().join("program"),
    );
    std::fs::write(&object, compiled.object).expect("a writable file");
    let built = Command::new("cc")
        .args(["-O1", "-w", "-static-pie", "-Wl,-z,text", "-o"])
        .args([&executable, &here().join("harness.c"), &object])
        .arg("-lm")
        .output()
        .expect("a C compiler");
    assert!(
        built.status.success(),
        "{name}: {}",
        String::from_utf8_lossy(&built.stderr)
    );
    let output = Command::new(executable).output().expect("it starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{name}: {:?}\n{text}\n{}",
        output.status,
        print(&program)
    );
    text.lines().map(str::to_owned).collect()
}

#[test]
fn programs_print_what_they_should() {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(here().join("run"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    assert!(!paths.is_empty());
    for path in paths {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(&path).expect("a readable file");
        let program = parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let wanted: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("// prints: "))
            .collect();
        for level in [Level::Needed, Level::Full] {
            for way in ways() {
                let printed = run(&name, &program, level, &way);
                assert_eq!(printed, wanted, "{name} {level:?} {way:?}");
            }
        }
    }
}

/// Random functions leave nothing over, release nothing twice, and do what the evaluator says, at every level and by every
/// back end.
fn agree(what: &str, seed: u64, program: &Program) {
    let text = print(program);
    assert_eq!(print(&parse(&text).expect("it reads")), text);
    let wanted: Vec<String> = (0..program.ops.len())
        .map(|op| evaluate(program, op))
        .collect();
    let failed = wanted
        .iter()
        .filter(|line| line.starts_with("failed"))
        .count();
    assert!(
        failed > 0 && failed < wanted.len(),
        "{what} {seed} tries one way only: {wanted:?}"
    );
    for level in [Level::Needed, Level::Full] {
        for way in ways() {
            let name = format!("{what} {seed} {level:?} {way:?}");
            let printed = run(&name, program, level, &way);
            let differ: Vec<_> = (0..)
                .zip(wanted.iter().zip(&printed))
                .filter(|(_, (a, b))| a != b)
                .collect();
            assert!(differ.is_empty(), "{name}: {differ:?}\n{text}");
        }
    }
}

/// The first seeds, or those from `SEED` on, as many as `SEEDS` says.
fn seeds() -> std::ops::Range<u64> {
    let number = |name| std::env::var(name).ok().and_then(|n| n.parse().ok());
    let first = number("SEED").unwrap_or(0);
    first..first + number("SEEDS").unwrap_or(2)
}

#[test]
fn random_programs_of_texts() {
    for seed in seeds() {
        agree("texts", seed, &random::program(seed, 60));
    }
}

#[test]
fn random_programs_of_numbers() {
    for seed in seeds() {
        agree("numbers", seed, &random::numbers::program(seed, 40));
    }
}
