//! Nothing outlives `dynopc run` and `dynopc test`, whatever ends them.

use std::process::Stdio;

use crate::support::{Folder, is_running, signal, soon};

/// Says the numbers of its process and of a command's child, and takes for ever.
const SOURCE: &str = r##"
op command(folder: Path) -> Str {
    sh"echo $PPID > {folder}/program; (trap '' TERM; sleep 1000) & echo $! > {folder}/child; sleep 1000"
}

op busy() -> Int {
    var n = 0
    while n >= 0 { n = (n + 1) % 1000 }
    n
}

job main(folder: Path) -> (Str, Int) { (command(folder), busy()) }

test "endless" { assert (run main(".")).succeeded }
"##;

fn ends_with(arguments: &[&str], name: &str, code: Option<i32>) {
    let folder = Folder::with(SOURCE);
    let mut child = folder
        .dynopc(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let numbers = || Some([folder.number("program")?, folder.number("child")?]);
    assert!(soon(|| numbers().is_some()), "{arguments:?} has not begun");
    let processes = numbers().expect("both are there");
    assert!(processes.iter().all(|&one| is_running(one)));
    signal(child.id(), name);
    let status = child.wait().expect("it has ended");
    assert_eq!(status.code(), code, "{arguments:?} {name}");
    let left = || -> Vec<u32> {
        let all = processes.iter().copied();
        all.filter(|&one| is_running(one)).collect()
    };
    assert!(
        soon(|| left().is_empty()),
        "{arguments:?} {name}: {:?} run on",
        left()
    );
}

#[test]
fn a_program_ends_with_dynopc_run() {
    let arguments = ["run", "main.dyn", "--folder", ".", "--threads", "2"];
    for (name, code) in [("KILL", None), ("TERM", Some(130)), ("INT", Some(130))] {
        ends_with(&arguments, name, code);
    }
}

#[test]
fn tests_end_with_dynopc_test() {
    for (name, code) in [("KILL", None), ("TERM", Some(130)), ("INT", Some(130))] {
        ends_with(&["test", "main.dyn"], name, code);
    }
}
