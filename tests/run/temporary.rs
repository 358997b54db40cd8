//! Temporary files: gone with their step, and with the next run where a run was killed.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use dynop_tests::build;

const PROGRAM: &str = r#"
op work(wait: Bool) -> Bool {
    let folder = fs.temp_dir()
    let file = fs.temp_file(".csv")
    fs.write(folder.join("part"), "half")
    fs.write(file, "half")
    if wait {
        time.sleep(1h)
    }
    fs.exists(file) and file.to_str().ends_with(".csv") and file.parent() == folder.parent()
}

job main(wait: Bool = false) -> Bool {
    work(wait)
}
"#;

fn count(folder: &Path) -> usize {
    fs::read_dir(folder).expect("a folder").count()
}

#[test]
fn what_a_killed_run_leaves_goes_with_the_next() {
    let program = build("main.dyn", PROGRAM).unwrap_or_else(|picture| panic!("{picture}"));
    let folder = tempfile::tempdir().expect("a folder");
    let mut killed = program
        .command()
        .arg("--wait")
        .env("TMPDIR", folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let part = || {
        let run = fs::read_dir(folder.path()).ok()?.next()?.ok()?.path();
        let parts = fs::read_dir(run).ok()?;
        // The lock, the file and the folder.
        (parts.count() == 3).then_some(())
    };
    let end = Instant::now() + Duration::from_secs(20);
    while part().is_none() {
        assert!(Instant::now() < end, "nothing was made");
        std::thread::sleep(Duration::from_millis(20));
    }
    let run_beside = || {
        let output = program
            .command()
            .env("TMPDIR", folder.path())
            .output()
            .expect("it starts");
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            "true\n",
            "{output:?}"
        );
    };
    // While the other lives, its files are its own.
    run_beside();
    assert_eq!(count(folder.path()), 1);
    assert!(part().is_some());
    killed.kill().expect("it is there");
    killed.wait().expect("it has ended");
    assert_eq!(count(folder.path()), 1);
    run_beside();
    assert_eq!(count(folder.path()), 0);
}
