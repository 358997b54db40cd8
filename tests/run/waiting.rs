//! Steps that wait do not keep others from computing, and commands still take turns.
//!
//! None of this looks at a clock: each program ends only if as many steps wait at once as it needs.

use dynop_tests::build;

/// Runs a program over an empty folder, with a deadline that only a hanging one meets, and gives its result.
fn run(source: &str, arguments: &[&str]) -> String {
    let program = build("waiting.dyn", source).unwrap_or_else(|picture| panic!("{picture}"));
    let folder = tempfile::tempdir().expect("a folder");
    let output = std::process::Command::new("timeout")
        .args(["--signal=INT", "60"])
        .arg(&program.path)
        .arg("--folder")
        .arg(folder.path())
        .args(arguments)
        .output()
        .expect("it starts");
    assert!(
        output.status.success(),
        "{:?}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn more_steps_sleep_than_there_are_threads() {
    let source = r#"
op numbers() -> DynamicOutput<Int> {
    for n in 0..20 { yield DynamicOutput(n, mapping_key: n) }
}

/// Goes on when all twenty are there.
op meet(n: Int, folder: Path) -> Int {
    fs.write(f"{folder}/{n}", "here")
    while fs.list(folder).len() < 20 { time.sleep(5ms) }
    n
}

job main(folder: Path) -> Int {
    total(numbers().map(|n| meet(n, folder: folder)).collect())
}

op total(all: List<Int>) -> Int { all.sum() }
"#;
    assert_eq!(run(source, &["--threads", "2"]).trim(), "190");
}

#[test]
fn a_step_computes_while_all_commands_wait() {
    let source = r#"
op numbers() -> DynamicOutput<Int> {
    for n in 0..4 { yield DynamicOutput(n, mapping_key: n) }
}

op command(n: Int, folder: Path) -> Int {
    sh"touch {folder}/began_{n}; while [ ! -e {folder}/go ]; do sleep 0.02; done"
    n
}

/// Lets the commands go on once two of them wait.
op release(folder: Path) -> Int {
    var rounds = 0
    while fs.glob(f"{folder}/began_*").len() < 2 { rounds += 1 }
    fs.write(f"{folder}/go", "")
    1
}

job main(folder: Path) -> (Int, Int) {
    let all = numbers().map(|n| command(n, folder: folder)).collect()
    (total(all), release(folder))
}

op total(all: List<Int>) -> Int { all.sum() }
"#;
    let result = run(source, &["--threads", "2"]);
    assert_eq!(result.split_whitespace().collect::<String>(), "[6,1]");
}

#[test]
fn no_more_commands_run_at_once_than_there_are_threads() {
    let source = r#"
op numbers() -> DynamicOutput<Int> {
    for n in 0..24 { yield DynamicOutput(n, mapping_key: n) }
}

/// How many are in the folder while this one is.
op together(n: Int, folder: Path) -> Int {
    sh"touch {folder}/{n}; sleep 0.02; ls {folder} | wc -l; rm {folder}/{n}".trim().parse_int()
}

job main(folder: Path) -> Int {
    most(numbers().map(|n| together(n, folder: folder)).collect())
}

op most(counts: List<Int>) -> Int { counts.max() ?? 0 }
"#;
    let most: i64 = run(source, &["--threads", "3"])
        .trim()
        .parse()
        .expect("a number");
    assert!((1..=3).contains(&most), "{most} at once");
}

#[test]
fn a_streaming_command_lends_its_turn_to_the_clones_it_waits_for() {
    let source = r#"
op sources() -> DynamicOutput<Int> {
    for n in 0..4 { yield DynamicOutput(n, mapping_key: n) }
}

extern op stream(n: Int) -> DynamicOutput<Int> = "python3 -c 'import json; [print(json.dumps({\"dynamic_output\": i, \"mapping_key\": i}), flush=True) for i in range(30)]'"

op echo(n: Int) -> Int { sh"echo {n}".trim().parse_int() }

op total(all: List<List<Int>>) -> Int { all.map(|one| one.sum()).sum() }

job main(folder: Path) -> Int {
    total(sources().map(|n| stream(n).map(echo).collect()).collect())
}
"#;
    let result = run(source, &["--threads", "2", "--max-outstanding", "2"]);
    assert_eq!(result.trim(), "1740");
}
