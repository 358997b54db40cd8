//! The executable as a citizen of the system: its command line, its streams, signals.

use std::fs::File;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use dynop_tests::{Executable, build};

const PROGRAM: &str = "
/// Counts to a number.
op count(to: Int, step: Int) -> Int {
    var at = 0
    while at < to { at += step }
    log(f\"at {at}\")
    at
}

/// Counts.
job main(
    /// How far.
    to: Int,
    step: Int = 1,
) -> List<Int> {
    join([count(to, step)])
}

op join(all: List<Int>) -> List<Int> {
    all
}
";

fn program() -> Executable {
    build("main.dyn", PROGRAM).unwrap_or_else(|picture| panic!("{picture}"))
}

fn texts(output: &Output) -> (String, String) {
    (
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

#[test]
fn the_command_line_and_the_streams() {
    let program = program();
    let output = program.run(&["--to", "3"]);
    let (out, err) = texts(&output);
    assert_eq!((output.status.code(), out.as_str()), (Some(0), "[3]\n"));
    assert_eq!(err, "count: at 3\n");

    let output = program.run(&["--to=5", "--step=2", "--quiet"]);
    assert_eq!(texts(&output), ("[6]\n".to_owned(), String::new()));

    let output = program.run(&["--to", "3", "--log-format", "json"]);
    for line in texts(&output).1.lines() {
        let event: serde_json::Value = serde_json::from_str(line).expect("each line is JSON");
        assert!(event["event"].is_string(), "{line}");
    }

    let output = program.run(&["--to", "3", "--log-level", "warn"]);
    assert_eq!(texts(&output), ("[3]\n".to_owned(), String::new()));

    for (arguments, message) in [
        (&["--to", "x"][..], "--to: expected Int, found \"x\""),
        (&["--tp", "3"], "did you mean `--to`?"),
        (&[], "needs --to <Int>"),
    ] {
        let output = program.run(arguments);
        let (out, err) = texts(&output);
        assert_eq!((output.status.code(), out.as_str()), (Some(2), ""));
        assert!(err.contains(message), "{err}");
    }

    let (help, _) = texts(&program.run(&["--help"]));
    assert!(
        help.contains("Counts.") && help.contains("How far. [required]"),
        "{help}"
    );
    let (graph, _) = texts(&program.run(&["graph"]));
    assert!(graph.contains("count"), "{graph}");
}

#[test]
fn streams_that_are_closed_or_full() {
    let program = program();
    let full = || {
        File::options()
            .write(true)
            .open("/dev/full")
            .expect("it is there")
    };
    let mut to_full = program.command();
    let output = to_full
        .args(["--to", "3"])
        .stdout(full())
        .output()
        .expect("it starts");
    assert_eq!(output.status.code(), Some(1));
    assert!(texts(&output).1.contains("standard output"));

    // A log that can't be written is no reason to fail.
    let mut log_full = program.command();
    let output = log_full
        .args(["--to", "3"])
        .stderr(full())
        .output()
        .expect("it starts");
    assert_eq!(
        (output.status.code(), texts(&output).0.as_str()),
        (Some(0), "[3]\n")
    );

    let mut unread = program.command();
    let mut child = unread
        .args(["--to", "300000000"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(141));
}

#[test]
fn an_interrupted_run_ends_with_a_report() {
    let program = program();
    let mut endless = program.interruptible_command();
    let child = endless
        .args(["--to", &i64::MAX.to_string()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    std::thread::sleep(Duration::from_millis(500));
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(sent.expect("kill is there").success());
    let output = child.wait_with_output().expect("it ends");
    let (out, err) = texts(&output);
    assert_eq!(
        (output.status.code(), out.as_str()),
        (Some(130), ""),
        "{err}"
    );
    assert!(err.contains("count  1 cancelled"), "{err}");
}

#[test]
fn log_lines_have_levels() {
    let program = build(
        "main.dyn",
        "op work() -> Int {
    log.debug(\"d\")
    log.info(\"i\")
    log.warn(\"w\")
    log.error(\"e\")
    1
}

job main() -> Int {
    work()
}
",
    )
    .unwrap_or_else(|picture| panic!("{picture}"));
    let (_, err) = texts(&program.run(&[]));
    assert_eq!(err, "work: i\nwork: warning: w\nwork: error: e\n");
    let (_, err) = texts(&program.run(&["--log-level=debug"]));
    assert!(err.starts_with("work: debug: d\n"), "{err}");
    let (_, err) = texts(&program.run(&["--log-level=loud"]));
    assert!(
        err.contains("--log-level: expected debug, info, warn or error, found \"loud\""),
        "{err}"
    );
    let (_, err) = texts(&program.run(&["--log-level=error", "--log-format=json"]));
    assert_eq!(
        err.lines().next(),
        Some(r#"{"event":"log","step":"work","level":"error","message":"e"}"#)
    );
}
