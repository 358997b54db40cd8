//! Whole programs: the examples, and small ones under `programs/`, built and run; output, messages and exit code
//! compared.
//!
//! A program `NAME.dyn` says in its first comment lines what is expected:
//! `// args: --n 3`, `// exit: 1`, `// out: 42` (repeated for more lines), `// err: text that standard error contains`.

mod backends;
mod command_line;
mod commands;
mod copies;
mod http;
mod large_files;
mod temporary;
mod unused;
mod waiting;

use std::path::{Path, PathBuf};

use dynop_tests::{build_file, root, run_test_file};

#[derive(Default, Debug)]
struct Expected {
    args: Vec<String>,
    exit: i32,
    out: Vec<String>,
    err: Vec<String>,
}

fn expected(text: &str) -> Expected {
    let mut expected = Expected::default();
    for line in text.lines().take_while(|line| line.starts_with("//")) {
        let Some((word, rest)) = line.trim_start_matches('/').trim_start().split_once(':') else {
            continue;
        };
        let rest = rest.strip_prefix(' ').unwrap_or(rest);
        match word {
            "args" => expected.args = rest.split_whitespace().map(str::to_owned).collect(),
            "exit" => expected.exit = rest.trim().parse().expect("an exit code"),
            "out" => expected.out.push(rest.to_owned()),
            "err" => expected.err.push(rest.to_owned()),
            _ => {}
        }
    }
    expected
}

fn programs(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder is there")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "dyn"))
        .collect();
    found.sort();
    found
}

/// With one thread and with several, a program prints the same.
const THREADS: [&str; 2] = ["1", "4"];

fn run_one(path: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(path).map_err(|e| e.to_string())?;
    let expected = expected(&text);
    let program = build_file(path).map_err(|picture| format!("is not built:\n{picture}"))?;
    for threads in THREADS {
        let output = program
            .command()
            .args(&expected.args)
            .args(["--threads", threads])
            .output()
            .map_err(|e| e.to_string())?;
        let (out, err) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        let seen = format!(
            "{threads} threads, {}\nstdout:\n{out}\nstderr:\n{err}",
            output.status
        );
        if output.status.code() != Some(expected.exit) {
            return Err(format!("exits otherwise than {}: {seen}", expected.exit));
        }
        if out.trim_end() != expected.out.join("\n") {
            return Err(format!("prints something else: {seen}"));
        }
        if let Some(missing) = expected
            .err
            .iter()
            .find(|part| !err.contains(part.as_str()))
        {
            return Err(format!("does not say {missing:?}: {seen}"));
        }
    }
    Ok(())
}

#[test]
fn small_programs() {
    let found = programs(&root().join("tests/run/programs"));
    assert!(!found.is_empty());
    let failures: Vec<String> = found
        .iter()
        .filter_map(|path| {
            run_one(path)
                .err()
                .map(|message| format!("{}: {message}", path.display()))
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Each example is run as its README says: `args` holds the arguments, `expected.json` the result, `exit` the exit code
/// where it is not 0, `expected.err` lines that standard error contains. Where there is a `tests.dyn`, its tests pass.
#[test]
fn examples() {
    let folder = root().join("examples");
    let mut names: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("the examples are there")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .collect();
    names.sort();
    assert!(!names.is_empty());
    for path in names {
        let name = path.display();
        let read = |file: &str| std::fs::read_to_string(path.join(file)).unwrap_or_default();
        assert!(path.join("README.md").is_file(), "{name} has no README.md");
        if path.join("tests.dyn").is_file() {
            let told = run_test_file(&path.join("tests.dyn"));
            let told = told.unwrap_or_else(|picture| panic!("{name}:\n{picture}"));
            assert!(told.lines().all(|line| line.ends_with(": ok")), "{told}");
        }
        let program = build_file(&path.join("main.dyn"))
            .unwrap_or_else(|picture| panic!("{name}:\n{picture}"));
        for threads in THREADS {
            let output = program
                .command()
                .current_dir(&path)
                .args(read("args").split_whitespace())
                .args(["--threads", threads])
                .output()
                .expect("the example can be started");
            let (out, err) = (
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr),
            );
            let exit = read("exit").trim().parse().unwrap_or(0);
            assert_eq!(
                output.status.code(),
                Some(exit),
                "{name}, {threads} threads:\n{out}\n{err}"
            );
            assert_eq!(
                out.trim_end(),
                read("expected.json").trim_end(),
                "{name}, {threads} threads:\n{err}"
            );
            for line in read("expected.err").lines() {
                assert!(
                    err.contains(line),
                    "{name}: standard error lacks {line:?}:\n{err}"
                );
            }
        }
    }
}
