//! Commands and extern ops as citizens of the system: nothing that they start outlives the run, however that ends.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use dynop_tests::{Executable, build};

/// A pipe, a process that does not listen to SIGTERM, one in the background, and a child of an extern op's program. Each
/// writes its number to a file.
const PROGRAM: &str = r##"
op shell(folder: Path) -> Str {
    sh"(echo $BASHPID > {folder}/a; sleep 1000) | (trap '' TERM; echo $BASHPID > {folder}/b; sleep 1000) & echo $$ > {folder}/c; sleep 1000"
}

extern op program(folder: Path) -> Int = "python3 -c 'import json, os, subprocess, sys; folder = json.load(sys.stdin)[\"folder\"]; child = subprocess.Popen([\"sleep\", \"1000\"]); open(folder + \"/d\", \"w\").write(str(child.pid)); child.wait()'"

job main(folder: Path) -> (shell: Str, program: Int) {
    (shell: shell(folder), program: program(folder))
}
"##;

fn is_running(process: u32) -> bool {
    // A zombie has ended; only its parent, which may be gone, has not taken note.
    fs::read_to_string(format!("/proc/{process}/stat"))
        .is_ok_and(|stat| !stat.rsplit(')').next().unwrap_or("").starts_with(" Z"))
}

/// Waits until something holds, and gives whether it does.
fn soon(what: impl Fn() -> bool) -> bool {
    let end = Instant::now() + Duration::from_secs(20);
    while Instant::now() < end {
        if what() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

fn numbers(folder: &Path) -> Vec<u32> {
    let read = |name| {
        fs::read_to_string(folder.join(name))
            .ok()?
            .trim()
            .parse()
            .ok()
    };
    ["a", "b", "c", "d"].into_iter().filter_map(read).collect()
}

fn start(program: &Executable, folder: &Path) -> (Child, Vec<u32>) {
    let mut command: Command = program.interruptible_command();
    let child = command
        .args(["--threads", "4", "--folder"])
        .arg(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    assert!(soon(|| numbers(folder).len() == 4), "not all have started");
    (child, numbers(folder))
}

fn signal(process: &Child, signal: &str) {
    let sent = Command::new("bash")
        .args([
            "-c",
            "kill -$1 $2",
            "bash",
            signal,
            &process.id().to_string(),
        ])
        .status();
    assert!(sent.is_ok_and(|status| status.success()));
}

#[test]
fn nothing_outlives_the_run() {
    let program = build("main.dyn", PROGRAM).unwrap_or_else(|picture| panic!("{picture}"));
    for name in ["KILL", "TERM", "INT", "HUP"] {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut child, processes) = start(&program, folder.path());
        assert!(processes.iter().all(|&one| is_running(one)), "{name}");
        signal(&child, name);
        let status = child.wait().expect("it has ended");
        assert_eq!(status.code(), (name != "KILL").then_some(130), "{name}");
        let left = || -> Vec<u32> {
            let all = processes.iter().copied();
            all.filter(|&one| is_running(one)).collect()
        };
        assert!(soon(|| left().is_empty()), "{name}: {:?} run on", left());
    }
}

/// Runs a program with a folder as its parameter; what it prints.
fn run_in(source: &str, folder: &Path) -> String {
    let program = build("main.dyn", source).unwrap_or_else(|picture| panic!("{picture}"));
    let output = program
        .command()
        .arg("--folder")
        .arg(folder)
        .output()
        .expect("the program runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Commands that take longer than they may: everything that they have started ends, and the run goes on.
#[test]
fn nothing_outlives_a_timeout() {
    let source = r##"
op each(folder: Path) -> Str {
    let command: sh.Command = sh"(echo $BASHPID > {folder}/a; sleep 1000) | (trap '' TERM; echo $BASHPID > {folder}/b; sleep 1000) & echo $$ > {folder}/c; sleep 1000 & echo $! > {folder}/d; wait"
    try {
        sh.run(command, timeout: 2s).output
    } catch e {
        e.message
    }
}

job main(folder: Path) -> Str { each(folder) }
"##;
    let folder = tempfile::tempdir().expect("a folder");
    let text = run_in(source, folder.path());
    assert_eq!(text, "\"the command did not end within 2s\"\n");
    let processes = numbers(folder.path());
    assert_eq!(processes.len(), 4);
    // They have been killed by now, which takes the kernel a moment.
    assert!(soon(|| !processes.iter().any(|&one| is_running(one))));
}

/// A command is asked to end, and may clean up, before it is killed.
#[test]
fn a_command_is_asked_to_end() {
    let source = r##"
op each(folder: Path) -> Str {
    let command: sh.Command = sh"clean() {{ echo cleaned > {folder}/a; exit 1; }}; trap clean TERM; sleep 1000 & wait"
    try {
        sh.run(command, timeout: 500ms).output
    } catch e {
        e.message
    }
}

job main(folder: Path) -> Str { each(folder) }
"##;
    let folder = tempfile::tempdir().expect("a folder");
    let text = run_in(source, folder.path());
    assert_eq!(text, "\"the command did not end within 500ms\"\n");
    let cleaned = fs::read_to_string(folder.path().join("a"));
    assert_eq!(cleaned.ok().as_deref(), Some("cleaned\n"));
}

/// A test that takes too long: its commands end with it, and its temporary files are gone.
#[test]
fn nothing_outlives_a_test() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().display();
    let source = format!(
        "op endless() -> Str {{\n    fs.write(fs.temp_file(), \"x\")\n    sh\"echo $TMPDIR > {path}/tmp; echo $$ > {path}/a; sleep 1000\"\n}}\n\n\
         job main() -> Str {{ endless() }}\n\n\
         test \"endless\" {{ assert (run main()).succeeded }}\n"
    );
    let file = folder.path().join("main.dyn");
    fs::write(&file, source).expect("a file");
    let mut front = dynopc::driver::Frontend::default();
    front.check(&file);
    let cases = dynopc::testing::cases(&front, &[]);
    front.take_tests();
    let options = dynopc::driver::BuildOptions::default();
    let Ok(dynopc::driver::Built::Executable(bytes)) = front.build(&options, None) else {
        panic!("{:?}", front.diagnostics);
    };
    let limits = dynopc::testing::Limits {
        threads: 1,
        timeout: Duration::from_secs(3),
    };
    let mut told = Vec::new();
    dynopc::testing::execute(&bytes, &cases, limits, &mut |_, result| {
        told.extend(result.failure.clone());
    })
    .expect("the tests run");
    assert_eq!(told[0].kind, "timeout", "{:?}", told[0]);
    assert_eq!(
        told[0].message,
        "it did not end within 3 s; `dynopc test --timeout SECONDS` gives it longer"
    );
    let command = numbers(folder.path());
    assert_eq!(command.len(), 1);
    assert!(soon(|| !is_running(command[0])));
    let files = fs::read_to_string(folder.path().join("tmp")).expect("it was told");
    assert!(!Path::new(files.trim()).exists());
}

/// A command that has ended leaves no zombie and no open pipe, and takes what it left in the background with it.
#[test]
fn a_command_leaves_nothing() {
    let source = r##"
op each(n: Int, folder: Path) -> Str {
    sh"sleep 1000 > /dev/null 2>&1 & echo $! > {folder}/{n}; ls /proc/self/fd | wc -l"
}

op numbers() -> DynamicOutput<Int> {
    for n in 0..40 {
        yield DynamicOutput(n, mapping_key: n)
    }
}

op look(open: List<Str>, folder: Path) -> (open: List<Str>, here: Str) {
    return (open: open.unique(), here: sh"ls /proc/$PPID/fd | wc -l; cat /proc/$PPID/task/*/children | wc -w")
}

job main(folder: Path) -> (open: List<Str>, here: Str) {
    let seen = look(numbers().map(|n| each(n, folder)).collect(), folder)
    (open: seen.open, here: seen.here)
}
"##;
    let program = build("main.dyn", source).unwrap_or_else(|picture| panic!("{picture}"));
    let folder = tempfile::tempdir().expect("a folder");
    let output = program
        .command()
        .args(["--threads", "2", "--folder"])
        .arg(folder.path())
        .output()
        .expect("the program runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let value: serde_json::Value = serde_json::from_str(&text)
        .unwrap_or_else(|_| panic!("{text}\n{}", String::from_utf8_lossy(&output.stderr)));
    // The same are open in every command: none has inherited a pipe of another.
    assert_eq!(value["open"].as_array().map(Vec::len), Some(1), "{text}");
    let here = value["here"].as_str().unwrap_or("");
    let counts: Vec<u32> = here
        .lines()
        .filter_map(|line| line.trim().parse().ok())
        .collect();
    // Its own children: the watchdog, and the command that counts.
    assert_eq!(counts.get(1), Some(&2), "{text}");
    assert!(counts[0] < 40, "{text}");
    let background = (0..40).filter_map(|n| {
        fs::read_to_string(folder.path().join(n.to_string()))
            .ok()?
            .trim()
            .parse::<u32>()
            .ok()
    });
    let background: Vec<u32> = background.collect();
    assert_eq!(background.len(), 40);
    assert!(soon(|| !background.iter().any(|&one| is_running(one))));
}

/// `--link`: a library made by the machine's C compiler.
#[test]
fn functions_of_a_library() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| -> PathBuf { folder.path().join(name) };
    fs::write(
        path("mine.c"),
        "#include <stdbool.h>\n#include <stdint.h>\nint64_t mine(int64_t n, double x, bool plus) { return plus ? n + (int64_t)x : n; }\n\
         bool negative(double x) { return x < 0; }\n",
    )
    .expect("a file");
    let done = Command::new("bash")
        .current_dir(folder.path())
        .args(["-c", "cc -c mine.c && ar rcs libmine.a mine.o"])
        .status();
    assert!(
        done.is_ok_and(|status| status.success()),
        "a C compiler is there"
    );
    fs::write(
        path("main.dyn"),
        "extern fn mine(n: Int, x: Float, plus: Bool) -> Int = \"mine\"\nextern fn negative(x: Float) -> Bool = \"negative\"\n\n\
         op use_it() -> (Int, Int, Bool) { (mine(1, 2.5, true), mine(1, 2.5, false), negative(-1.0)) }\n\n\
         job main() -> (Int, Int, Bool) { use_it() }\n",
    )
    .expect("a file");
    let bytes = fs::read(path("libmine.a")).expect("the library");
    let mut front = dynopc::driver::Frontend::default();
    front.check(&path("main.dyn"));
    let options = dynopc::driver::BuildOptions {
        libraries: vec![bytes],
        ..dynopc::driver::BuildOptions::of_environment()
    };
    let Ok(dynopc::driver::Built::Executable(executable)) = front.build(&options, None) else {
        panic!("{:?}", front.diagnostics);
    };
    let program = path("main");
    fs::write(&program, executable).expect("a file");
    let run = Command::new("bash")
        .args(["-c", "chmod +x \"$0\" && \"$0\" 2>/dev/null"])
        .arg(&program)
        .output()
        .expect("it runs");
    assert_eq!(String::from_utf8_lossy(&run.stdout), "[3,1,true]\n");
}
