//! Random jobs, built and run, against a direct reading of the language: what a job gives depends neither on how it is
//! planned nor on how many threads run it.

mod evaluate;
mod generate;

use std::fmt::Write;

use dynop_tests::{build, check};
use evaluate::{Names, Value, evaluate};
use generate::Generator;

const OPS: &str = include_str!("ops.dyn");
const JOBS: u64 = 120;

/// What is not supported, and a map that depends on no item, may come out of a generator that does not look for them.
const REFUSED: [&str; 2] = ["E0901", "E0306"];

#[test]
fn random_jobs_give_what_they_say() {
    let (mut program, mut expected) = (OPS.to_owned(), Vec::new());
    for seed in 1..=JOBS {
        let (lets, result) = Generator::new(seed).job();
        let mut names = Names::new();
        let mut text = format!("job j{seed}() -> Int {{\n");
        for (name, value) in &lets {
            let _ = writeln!(text, "    let {name} = {}", value.text());
            let value = evaluate(value, &names);
            names.insert(name.clone(), value);
        }
        let _ = writeln!(text, "    {}\n}}", result.text());
        let found = check("job.dyn", &format!("{OPS}{text}"));
        if found.has_errors() {
            let codes = found.codes();
            let refused = codes.iter().any(|code| REFUSED.contains(code));
            assert!(refused, "{text}\n{}", found.picture);
            continue;
        }
        program += &text;
        expected.push((seed, evaluate(&result, &names), text));
    }
    assert!(expected.len() as u64 > JOBS / 2, "most jobs are refused");
    let program = match build("jobs.dyn", &program) {
        Ok(program) => program,
        Err(picture) => panic!("{picture}"),
    };
    for (seed, value, text) in expected {
        let wanted = match value {
            Value::Number(n) => n.to_string(),
            _ => String::new(),
        };
        for threads in ["1", "4"] {
            let output = program.run(&[&format!("j{seed}"), "--threads", threads]);
            let printed = String::from_utf8_lossy(&output.stdout);
            let errors = String::from_utf8_lossy(&output.stderr);
            assert_eq!(
                printed.trim(),
                wanted,
                "with {threads} threads:\n{text}\n{errors}"
            );
            let fails = value == Value::Failed;
            assert!(
                !fails || output.status.code() == Some(1),
                "{text}\n{errors}"
            );
        }
    }
}
