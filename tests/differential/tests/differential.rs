//! Random programs in the language, built by every back end that is there and run, against the evaluator.
//!
//! What is compared: what every step logs, in its order; which steps fail, of which kind and with which message; what
//! comes out of every output, with its keys, also what a step has yielded before it failed; and, between the back ends
//! alone, the places and traces of failures.
//!
//! `SEED=n SEEDS=m cargo test -p dynop_differential --test differential -- --nocapture` runs others, and counts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use dynop_differential::evaluate::{Done, Ended, Value, run_op, shown};
use dynop_differential::generate::{Generated, Step};
use dynop_ir::{Program, TypeId};
use dynop_tests::on_compiler_stack;
use dynopc::driver::{Backend, BuildOptions, Built, Frontend, OptLevel};
use dynopc::render::{MessageFormat, Style, render};

/// What a run shows: by step key, the lines that it logs and then, if it fails, how.
type Seen = BTreeMap<String, Vec<String>>;

/// How much the programs of a run do.
#[derive(Debug, Default)]
struct Counts {
    programs: usize,
    steps: usize,
    late: usize,
    /// Native functions that the evaluator does not know: steps that call them are not compared.
    unknown: BTreeSet<String>,
    failed: BTreeMap<&'static str, usize>,
    caught: usize,
    lines: usize,
}

/// The errors in a program, drawn.
fn errors(front: &Frontend) -> String {
    let errors = front.diagnostics.iter().filter(|found| found.is_error());
    let errors: Vec<_> = errors.cloned().collect();
    render(&errors, &front.sources, MessageFormat::Human, Style::PLAIN)
}

fn checked(text: &str) -> Frontend {
    let mut front = Frontend::default();
    front.check_text("random.dyn", text);
    assert!(
        !front.has_errors(),
        "{text}\nit does not check:\n{}",
        errors(&front)
    );
    front
}

fn lowered(front: &mut Frontend) -> Program {
    let lowered = front.lowered();
    lowered.unwrap_or_else(|| panic!("it is not lowered:\n{}", errors(front)))
}

/// A step key, quoted where it must be.
fn clone_of(step: &str, key: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || "_./-".contains(c);
    if key.chars().all(bare) {
        format!("{step}[{key}]")
    } else {
        format!("{step}[\"{key}\"]")
    }
}

struct Expected<'p> {
    program: &'p Program,
    seen: Seen,
    counts: &'p mut Counts,
}

impl Expected<'_> {
    /// Runs an op as a step: what comes out, no value if it fails, nothing if it takes too long.
    fn run(&mut self, op: usize, step: &str, inputs: Vec<Value>) -> Option<(Option<Value>, Done)> {
        let (ended, mut done) = run_op(self.program, op, inputs);
        self.counts.steps += 1;
        let mut lines = std::mem::take(&mut done.log);
        let value = match ended {
            Ended::Well(value) => Some(value),
            Ended::Failed(kind, message) => {
                *self.counts.failed.entry(kind).or_default() += 1;
                lines.push(format!("{kind} failure: {message}"));
                None
            }
            Ended::Late => {
                self.counts.unknown.extend(done.unknown);
                return None;
            }
        };
        self.counts.caught += done.caught;
        self.counts.lines += lines.len();
        if !lines.is_empty() {
            self.seen.insert(step.to_owned(), lines);
        }
        Some((value, done))
    }

    fn shows(&mut self, key: String, value: &Value, ty: TypeId) {
        self.counts.lines += 1;
        let text = shown(value, ty, &self.program.types);
        self.seen.insert(key, vec![text]);
    }

    fn result_of(&self, op: usize) -> TypeId {
        let function = self.program.ops[op].function;
        self.program.functions[function.0 as usize].result
    }

    /// A step and what shows its outputs.
    fn step(&mut self, step: &Step) -> Option<()> {
        let op = self.op(&step.op);
        let (n, s, x) = step.inputs;
        let inputs = vec![Value::Int(n), Value::text(s), Value::Float(x)];
        let (value, done) = self.run(op, &step.name, inputs)?;
        let shown_by = |output: u32| &step.outputs[output as usize].shown_by;
        let mut dynamic = done.yielded;
        if let Some(value) = &value {
            dynamic.extend(done.returned);
            if self.program.ops[op].returns_output {
                self.shows(shown_by(0).clone(), value, self.result_of(op));
            }
            for (output, (value, ty)) in &done.outputs {
                self.shows(shown_by(*output).clone(), value, *ty);
            }
        }
        for (output, key, value, ty) in &dynamic {
            self.shows(clone_of(shown_by(*output), key), value, *ty);
        }
        if let (Some(value), Some((consumer, after))) = (value, &step.consumer) {
            let op = self.op(consumer);
            if let (Some(value), _) = self.run(op, after, vec![value])? {
                self.shows(format!("show_{after}"), &value, self.result_of(op));
            }
        }
        Some(())
    }

    /// The op of a name.
    fn op(&self, name: &str) -> usize {
        let functions = &self.program.functions;
        let mut names = self
            .program
            .ops
            .iter()
            .map(|op| &functions[op.function.0 as usize].display_name);
        let found = names.position(|one| one == name);
        found.unwrap_or_else(|| panic!("there is no op {name}"))
    }
}

/// What the evaluator says. Steps that take too long are taken out of the program.
fn expected(generated: &mut Generated, counts: &mut Counts) -> Seen {
    let program = lowered(&mut checked(&generated.text()));
    let mut expected = Expected {
        program: &program,
        seen: Seen::new(),
        counts,
    };
    generated.steps.retain(|step| {
        let seen = expected.seen.clone();
        let kept = expected.step(step).is_some();
        if !kept {
            expected.counts.late += 1;
            expected.seen = seen;
        }
        kept
    });
    expected.seen
}

/// What a run shows, the places of failures beside.
fn run(front: &mut Frontend, options: &BuildOptions, threads: &str) -> (Seen, Vec<String>) {
    let Ok(Built::Executable(bytes)) = front.build(options, None) else {
        panic!("{options:?}: it does not build\n{}", errors(front))
    };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("program");
    dynopc::commands::write_whole(&path, &bytes, true).expect("the folder can be written");
    let output = std::process::Command::new(&path)
        .args(["--log-format", "json", "--threads", threads])
        .output()
        .expect("it starts");
    let printed = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        matches!(output.status.code(), Some(0 | 1)),
        "{options:?}: {:?}\n{printed}",
        output.status
    );
    let (mut seen, mut places) = (Seen::new(), Vec::new());
    for line in printed.lines() {
        let event: serde_json::Value = serde_json::from_str(line).expect("lines are JSON");
        let field = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        let step = seen.entry(field("step")).or_default();
        match &*field("event") {
            "log" => step.push(field("message")),
            "step_failed" => {
                let message = format!("{} failure: {}", field("kind"), field("message"));
                step.push(message);
                places.push(line.to_owned());
            }
            _ => {}
        }
    }
    seen.retain(|_, lines| !lines.is_empty());
    places.sort();
    (seen, places)
}

fn differences(wanted: &Seen, seen: &Seen) -> String {
    let mut text = String::new();
    let nothing = Vec::new();
    let keys: BTreeSet<_> = wanted.keys().chain(seen.keys()).collect();
    for key in keys {
        let (a, b) = (wanted.get(key), seen.get(key));
        let (a, b) = (a.unwrap_or(&nothing), b.unwrap_or(&nothing));
        if a != b {
            let _ = writeln!(text, "{key}:\n  wanted {a:#?}\n  seen {b:#?}");
        }
    }
    text
}

/// The ways to build, with the threads to run with: each back end, LLVM as hard as the seed says.
fn ways(seed: u64) -> Vec<(BuildOptions, &'static str)> {
    let mut ways = vec![(BuildOptions::default(), "2")];
    if Backend::Llvm.is_there() {
        let (opt_level, target_cpu) = match seed % 5 {
            0 => (OptLevel::Aggressive, Some("native".to_owned())),
            1 => (OptLevel::None, None),
            _ => (OptLevel::Default, None),
        };
        let options = BuildOptions {
            backend: Backend::Llvm,
            opt_level,
            target_cpu,
            ..BuildOptions::default()
        };
        ways.push((options, "1"));
    }
    ways
}

fn agree(seed: u64, counts: &mut Counts) {
    let mut generated = Generated::new(seed, 10, 10, 6);
    let mut wanted = expected(&mut generated, counts);
    counts.programs += 1;
    let text = generated.text();
    let mut front = checked(&text);
    let mut first: Option<Vec<String>> = None;
    for (options, threads) in ways(seed) {
        let (mut seen, places) = run(&mut front, &options, threads);
        broken_contracts(&mut wanted);
        broken_contracts(&mut seen);
        assert!(
            seen == wanted,
            "{text}\nseed {seed}, {options:?}:\n{}",
            differences(&wanted, &seen)
        );
        let first = first.get_or_insert_with(|| places.clone());
        let same = *first == places;
        assert!(
            same,
            "{text}\nseed {seed}, {options:?}:\n{first:#?}\n{places:#?}"
        );
    }
}

/// Of a broken contract of outputs the kind alone is known to the evaluator: the message is the pool's.
fn broken_contracts(seen: &mut Seen) {
    for line in seen.values_mut().flatten() {
        if line.starts_with("output failure: ") {
            line.truncate("output failure".len());
        }
    }
}

#[test]
fn random_programs_do_what_the_evaluator_says() {
    let number = |name| std::env::var(name).ok().and_then(|n| n.parse().ok());
    let first: u64 = number("SEED").unwrap_or(0);
    let seeds = first..first + number("SEEDS").unwrap_or(2);
    on_compiler_stack(|| {
        let mut counts = Counts::default();
        for seed in seeds {
            agree(seed, &mut counts);
        }
        println!("{counts:?}");
        let failed: usize = counts.failed.values().sum();
        assert!(
            failed > 0 && failed < counts.steps / 2 && counts.late < counts.steps / 10,
            "the programs try one way only: {counts:?}"
        );
    });
}
