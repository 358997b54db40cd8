//! Command lines, help and reports of a program that is made by hand.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::time::Duration;

use dynop_abi::desc::{Kind, PLAIN, StaticStr, TypeDesc};
use dynop_abi::plan::{Const, Job, JobParam, Place, Plan, Scope, Source};
use dynop_pool::{RunOutcome, RunStatus, StepCounts, StepFailure, TraceEntry};
use dynop_values::json;

use crate::command::{Command, RunCommand, UsageError, parse};
use dynop_std::log::Level;

use crate::console::{Console, LogFormat};
use crate::loaded::Loaded;
use crate::report;

fn desc(
    kind: Kind,
    name: &'static str,
    size: u32,
    a: Option<&'static TypeDesc>,
) -> &'static TypeDesc {
    let counted = matches!(kind, Kind::Str | Kind::Path | Kind::List | Kind::Map);
    Box::leak(Box::new(TypeDesc {
        kind,
        flags: if counted { 0 } else { PLAIN },
        align: if size == 1 { 1 } else { 8 },
        size,
        a: a.map_or(std::ptr::null(), |ty| ty),
        b: std::ptr::null(),
        fields: std::ptr::null(),
        field_count: 0,
        name: StaticStr::new(name),
    }))
}

fn param(name: &str, docs: &str, ty: u32, type_name: &str, default: Option<Const>) -> JobParam {
    JobParam {
        name: name.into(),
        docs: docs.into(),
        ty,
        type_name: type_name.into(),
        default,
    }
}

fn job(name: &str, docs: &str, params: Vec<JobParam>) -> Job {
    Job {
        name: name.into(),
        docs: docs.into(),
        params,
        scopes: vec![Scope {
            parent: 0,
            over: None,
            path: Vec::new(),
        }],
        steps: Vec::new(),
        result: Source::Const(Const::Unit),
        result_type: 0,
    }
}

fn program(jobs: Vec<Job>) -> Loaded {
    let int = desc(Kind::Int, "Int", 8, None);
    let types = vec![
        int,
        desc(Kind::Path, "Path", 16, None),
        desc(Kind::List, "List<Int>", 8, Some(int)),
        desc(Kind::Bool, "Bool", 1, None),
        desc(Kind::Option, "Int?", 16, Some(int)),
    ];
    Loaded {
        plan: Plan {
            ops: Vec::new(),
            docs: "About words.".to_owned(),
            jobs,
        },
        code: &[],
        types,
        sites: &[],
    }
}

fn word_count() -> Job {
    job(
        "word_count",
        "Count the words of a file.\n\nOne clone a piece.",
        vec![
            param("path", "The text.", 1, "Path", None),
            param(
                "max_lines",
                "Lines a piece.",
                0,
                "Int",
                Some(Const::Int(1000)),
            ),
            param("only", "", 2, "List<Int>", Some(Const::List(Vec::new()))),
            param("quiet", "No words.", 3, "Bool", Some(Const::Bool(false))),
            param("limit", "", 4, "Int?", None),
        ],
    )
}

fn parse_line(program: &Loaded, line: &str) -> Result<Command, UsageError> {
    let arguments = ["dir/count"].into_iter().chain(line.split_whitespace());
    parse(program, arguments.map(OsString::from).collect())
}

fn run(line: &str) -> Result<RunCommand, String> {
    match parse_line(&program(vec![word_count()]), line) {
        Ok(Command::Run(command)) => Ok(command),
        Ok(Command::Print(text)) => Err(text),
        Err(UsageError { message, hint }) => Err(match hint {
            Some(hint) => format!("{message}; {hint}"),
            None => message,
        }),
    }
}

fn shown(command: &RunCommand) -> String {
    let values = command.params.iter().map(|value| {
        let mut text = String::new();
        // SAFETY: a valid value of its type.
        unsafe { json::write(&mut text, value.as_ptr(), value.desc()) }.expect("it has JSON");
        text
    });
    values.collect::<Vec<_>>().join(" ")
}

#[test]
fn parameters_are_typed_flags() {
    for (line, wanted) in [
        ("--path a", r#""a" 1000 [] false null"#),
        ("--path=a --max-lines -5", r#""a" -5 [] false null"#),
        (
            "--path a --max_lines=5 --only 1 --only 2",
            r#""a" 5 [1,2] false null"#,
        ),
        (
            "--path a --only [3,4] --quiet --limit 7",
            r#""a" 1000 [3,4] true 7"#,
        ),
        ("--path a --no-quiet", r#""a" 1000 [] false null"#),
        (
            "--path a --quiet=true --run-quiet",
            r#""a" 1000 [] true null"#,
        ),
        ("word_count --path a", r#""a" 1000 [] false null"#),
    ] {
        assert_eq!(
            run(line).map(|command| shown(&command)).as_deref(),
            Ok(wanted),
            "{line}"
        );
    }
    let command = run("--path a --threads 3 --log-format json -q").expect("it is good");
    assert_eq!((command.threads, command.max_outstanding), (3, 3072));
    assert_eq!((command.quiet, command.log_format), (true, LogFormat::Json));
}

#[test]
fn paths_need_not_be_utf8() {
    let arguments = vec![
        "count".into(),
        "--path".into(),
        OsString::from_vec(vec![b'a', 0xff]),
    ];
    let command = parse(&program(vec![word_count()]), arguments);
    assert!(matches!(command, Ok(Command::Run(_))));
}

#[test]
fn wrong_usage_says_what_and_how() {
    for (line, wanted) in [
        (
            "",
            "the job `word_count` needs --path <Path>; see `count --help`",
        ),
        ("--path", "--path needs a value (Path)"),
        (
            "--pth a",
            "there is no flag `--pth`; did you mean `--path`?",
        ),
        ("--zzzzz", "there is no flag `--zzzzz`; see `count --help`"),
        ("-x", "there is no flag `-x`; see `count --help`"),
        (
            "book.txt",
            "unexpected argument `book.txt`; parameters are given as flags: did you mean `--path book.txt`?",
        ),
        (
            "--path a --max-lines many",
            "--max-lines: expected Int, found \"many\"",
        ),
        (
            "--path a --only 1 --only x",
            "--only: expected Int, found \"x\"",
        ),
        (
            "--path a --only [1,true]",
            "--only: at [1]: expected Int, found true",
        ),
        ("--path a --path b", "--path is given more than once"),
        (
            "--path a --quiet=maybe",
            "--quiet: expected Bool (true or false), found \"maybe\"",
        ),
        (
            "--threads 0",
            "--threads: expected a number from 1 to 4096, found \"0\"",
        ),
        (
            "--log-format xml",
            "--log-format: expected text or json, found \"xml\"",
        ),
        (
            "--params /nowhere",
            "can't read --params /nowhere: No such file or directory (os error 2)",
        ),
    ] {
        assert_eq!(run(line).expect_err(line), wanted, "{line}");
    }
}

#[test]
fn parameters_from_a_file_and_flags_over_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("params.json");
    let line = format!("--params {} --max-lines 7", file.display());
    std::fs::write(&file, r#"{"path": "b", "max_lines": 5, "only": [1]}"#).expect("written");
    assert_eq!(
        run(&line).map(|command| shown(&command)).as_deref(),
        Ok(r#""b" 7 [1] false null"#)
    );
    for (content, wanted) in [
        (
            r#"{"pth": 1}"#,
            "at .pth: there is no parameter `pth`; did you mean `path`?",
        ),
        (
            r#"{"only": [1, "x"]}"#,
            "at .only[1]: expected Int, found \"x\"",
        ),
        ("[]", "expected an object with a field a parameter"),
        (
            "{",
            "this is no JSON: a key in double quotes is missing (line 1, column 2)",
        ),
    ] {
        std::fs::write(&file, content).expect("written");
        let error = run(&line).expect_err(content);
        assert!(error.ends_with(wanted), "{error}");
    }
}

#[test]
fn help_teaches() {
    let text = run("--help").expect_err("it prints");
    for part in [
        "Count the words of a file.\n\nOne clone a piece.\n\nUsage: count --path <Path> [FLAGS]\n",
        "  --path <Path>               The text. [required]\n",
        "  --max-lines <Int>           Lines a piece. [default: 1000]\n",
        "  --only <List<Int>>          [default: []; once for each element, or a JSON list]\n",
        "  --quiet                     No words. [default: false; or --no-quiet, --quiet=false]\n",
        "  --limit <Int?>              [default: none]\n",
        "  -q, --run-quiet ",
        "Example:\n  count --path data.txt\n",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
}

#[test]
fn several_jobs_are_subcommands() {
    let program = program(vec![word_count(), job("merge_all", "Merge.", Vec::new())]);
    let line = |line: &str| parse_line(&program, line);
    assert!(matches!(
        line("merge-all"),
        Ok(Command::Run(RunCommand { job: 1, .. }))
    ));
    assert!(matches!(
        line("word_count --path a"),
        Ok(Command::Run(RunCommand { job: 0, .. }))
    ));
    for (given, message, hint) in [
        (
            "",
            "name the job to run first",
            "this program has the jobs word_count, merge_all; see `count --help`",
        ),
        (
            "merge_al",
            "there is no job `merge_al`",
            "did you mean `merge_all`?",
        ),
        (
            "graph nothing",
            "there is no job `nothing`",
            "this program has the jobs word_count, merge_all; see `count --help`",
        ),
    ] {
        let error = line(given).expect_err(given);
        assert_eq!(
            (error.message.as_str(), error.hint.as_deref()),
            (message, Some(hint))
        );
    }
    let Ok(Command::Print(text)) = line("jobs") else {
        panic!("jobs prints")
    };
    assert_eq!(
        text,
        "word_count  Count the words of a file.\nmerge_all   Merge.\n"
    );
    assert!(
        matches!(line("graph merge_all --format dot"), Ok(Command::Print(text)) if text.contains("digraph"))
    );
    assert!(matches!(line("--help"), Ok(Command::Print(text)) if text.contains("merge_all")));
}

fn failed_outcome() -> RunOutcome {
    let place = |line| Place {
        file: "main.dyn".into(),
        line,
        column: 9,
    };
    RunOutcome {
        status: RunStatus::Failed,
        result: None,
        steps: vec![StepCounts {
            failed: 1,
            succeeded: 2,
            ..StepCounts::default()
        }],
        failures: vec![StepFailure {
            step_key: "div[0]".into(),
            step: 0,
            message: "division by zero: 1 / 0".into(),
            kind: "division",
            place: Some(place(3)),
            trace: vec![TraceEntry {
                function: "div".into(),
                place: place(8),
            }],
            related: None,
        }],
        elapsed: Duration::from_millis(1250),
    }
}

#[test]
fn failures_in_text_and_json() {
    let console = Console::new(LogFormat::Text, Level::Info, false);
    let mut job = word_count();
    job.steps.push(dynop_abi::plan::Step {
        name: "div".into(),
        action: dynop_abi::plan::Action::Op(0),
        scope: 0,
        inputs: Vec::new(),
        after: Vec::new(),
        place: Place::default(),
        after_at: Vec::new(),
        policy: dynop_abi::plan::Policy::default(),
    });
    let outcome = failed_outcome();
    assert_eq!(
        report::text(&console, &job, &outcome),
        "error: step div[0] failed: division by zero: 1 / 0\n  at main.dyn:3:9\n  in div main.dyn:8:9\n\n\
         ✗ div  1 failed, 2 succeeded\nerror: word_count failed in 1.25s: 1 failed, 2 succeeded\n"
    );
    assert_eq!(
        report::failure_object(&outcome.failures[0]),
        r#"{"event":"step_failed","step":"div[0]","kind":"division","message":"division by zero: 1 / 0","place":{"file":"main.dyn","line":3,"column":9},"trace":[{"function":"div","place":{"file":"main.dyn","line":8,"column":9}}]}"#
    );
}
