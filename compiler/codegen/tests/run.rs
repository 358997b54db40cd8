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

/// Random functions leave nothing over, release nothing twice, and do the same at every level.
#[test]
fn random_programs_keep_their_counts() {
    let seeds = std::env::var("SEEDS").ok().and_then(|n| n.parse().ok());
    for seed in 0..seeds.unwrap_or(2) {
        let program = random::program(seed, 60);
        let text = print(&program);
        assert_eq!(print(&parse(&text).expect("it reads")), text);
        let full = run(
            &format!("seed {seed}"),
            &program,
            Level::Full,
            &Options::default(),
        );
        let leaks: Vec<(usize, &String)> = full
            .iter()
            .enumerate()
            .filter(|(_, line)| line.contains("left"))
            .collect();
        assert!(leaks.is_empty(), "seed {seed}: {leaks:?}\n{text}");
        let failed = full
            .iter()
            .filter(|line| line.starts_with("failed"))
            .count();
        assert!(
            failed > 0 && failed < full.len(),
            "seed {seed} tries one way only"
        );
        for (level, way) in [Level::Needed, Level::Full]
            .into_iter()
            .flat_map(|level| ways().into_iter().map(move |way| (level, way)))
        {
            let other = run(&format!("seed {seed} {way:?}"), &program, level, &way);
            assert_eq!(full, other, "seed {seed} {level:?} {way:?}\n{text}");
        }
    }
}
