//! The linked executable runs where there is nothing else at all: no libraries, no `/proc`, no `/dev`.

mod common;

use std::path::Path;
use std::process::{Command, Output};

use common::{GREETING, VERSION, hand_made_object, write_executable};
use dynop_link::{LinkOptions, link_executable};

#[test]
fn the_executable_runs_in_an_empty_root() {
    let bytes = link_executable(&hand_made_object(), &LinkOptions::default()).expect("it links");
    let root = tempfile::tempdir().expect("a temporary directory");
    write_executable(root.path(), &bytes);
    let output = match run_in_root(root.path(), "/program") {
        Ok(output) => output,
        Err(reason) => {
            println!("skipped: this account may not change its root directory: {reason}");
            return;
        }
    };
    assert_eq!(String::from_utf8_lossy(&output.stdout), GREETING);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.contains(&VERSION.to_string()), "{complaint}");
}

/// Runs `program` with `root` as its root directory: as root directly, as anyone else in a namespace in which one is root.
/// Fails with the reason if the system allows neither.
fn run_in_root(root: &Path, program: &str) -> Result<Output, String> {
    let mut reasons = Vec::new();
    for prefix in [
        &["chroot"][..],
        &["unshare", "--map-root-user", "chroot"][..],
    ] {
        let output = Command::new(prefix[0])
            .args(&prefix[1..])
            .arg(root)
            .arg(program)
            .output();
        match output {
            Ok(output) if was_refused(&output) => {
                reasons.push(String::from_utf8_lossy(&output.stderr).trim().to_owned());
            }
            Ok(output) => return Ok(output),
            Err(error) => reasons.push(format!("{}: {error}", prefix[0])),
        }
    }
    Err(reasons.join("; "))
}

/// Whether `chroot` (status 125) or `unshare` (status 1) was not allowed to do its work. The program says nothing of permissions.
fn was_refused(output: &Output) -> bool {
    let complaint = String::from_utf8_lossy(&output.stderr);
    let refusals = ["Operation not permitted", "Permission denied"];
    matches!(output.status.code(), Some(1 | 125))
        && refusals.iter().any(|refusal| complaint.contains(refusal))
}
