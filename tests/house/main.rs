//! The rules of the house that a compiler can't check: which crate may know which, and that every diagnostic code has
//! its page and its picture.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use dynop_tests::root;
use serde_json::Value;

/// Who may depend on whom among the project's own crates. An edge that is not here is a wall broken; a new one is a
/// decision that belongs into docs/ARCHITECTURE.md.
const ALLOWED: &[(&str, &[&str])] = &[
    ("dynop_base", &[]),
    ("dynop_syntax", &["dynop_base"]),
    ("dynop_sema", &["dynop_base", "dynop_syntax"]),
    (
        "dynop_plan",
        &["dynop_base", "dynop_syntax", "dynop_sema", "dynop_abi"],
    ),
    ("dynop_ir", &["dynop_base", "dynop_abi"]),
    (
        "dynop_lower",
        &["dynop_base", "dynop_sema", "dynop_ir", "dynop_abi"],
    ),
    (
        "dynop_ide",
        &["dynop_base", "dynop_syntax", "dynop_sema", "dynop_plan"],
    ),
    ("dynop_lsp", &["dynop_base", "dynop_ide"]),
    ("dynop_codegen", &["dynop_base", "dynop_ir", "dynop_abi"]),
    ("dynop_archive", &[]),
    ("dynop_wild", &[]),
    ("dynop_link", &["dynop_archive", "dynop_wild"]),
    (
        "dynopc",
        &[
            "dynop_abi",
            "dynop_base",
            "dynop_codegen",
            "dynop_ide",
            "dynop_ir",
            "dynop_link",
            "dynop_lower",
            "dynop_lsp",
            "dynop_plan",
            "dynop_sema",
            "dynop_syntax",
        ],
    ),
    ("dynop_abi", &[]),
    ("dynop_engine", &["dynop_abi"]),
    ("dynop_values", &["dynop_abi"]),
    ("dynop_pool", &["dynop_abi", "dynop_engine", "dynop_values"]),
    ("dynop_std", &["dynop_abi", "dynop_values"]),
    ("dynop_exec", &["dynop_abi", "dynop_values"]),
    (
        "dynop_rt",
        &[
            "dynop_abi",
            "dynop_engine",
            "dynop_exec",
            "dynop_pool",
            "dynop_values",
            "dynop_std",
        ],
    ),
];

/// Crates that look at everything: tests, fuzzers and benchmarks.
const OUTSIDE: &[&str] = &[
    "dynop_tests",
    "dynop_benches",
    "dynop_differential",
    "dynop_fuzz",
    "dynop_sim",
];

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ])
        .current_dir(root())
        .output()
        .expect("cargo can be started");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON")
}

#[test]
fn dependencies_run_downwards() {
    let metadata = metadata();
    let allowed: BTreeMap<&str, BTreeSet<&str>> = ALLOWED
        .iter()
        .map(|(name, targets)| (*name, targets.iter().copied().collect()))
        .collect();
    let mut broken = Vec::new();
    for package in metadata["packages"].as_array().expect("packages") {
        let name = package["name"].as_str().expect("a name");
        if OUTSIDE.contains(&name) {
            continue;
        }
        let Some(targets) = allowed.get(name) else {
            broken.push(format!("{name} is not in the list of rooms"));
            continue;
        };
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let target = dependency["name"].as_str().expect("a name");
            // Dev-dependencies are tests' business.
            let ours = target.starts_with("dynop") && dependency["kind"].as_str() != Some("dev");
            if ours && !targets.contains(target) {
                broken.push(format!("{name} → {target}"));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_code_has_a_page() {
    let missing: Vec<&str> = dynop_base::codes::all()
        .map(|code| code.id)
        .filter(|id| {
            let page = std::fs::read_to_string(root().join(format!("docs/errors/{id}.md")))
                .unwrap_or_default();
            !page.starts_with(&format!("# {id}: "))
        })
        .collect();
    assert!(
        missing.is_empty(),
        "without a page, or with another title line: {missing:?}"
    );
}

/// Licences under which code may come into `dynopc` and into the executables it makes. MPL-2.0 binds the files it is on
/// alone, which are used as they are; its code is in the linker, so not in executables. CDLA-Permissive-2.0 is for data, the
/// root certificates, and asks that it be passed on with them.
const LICENCES: &[&str] = &[
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "Unicode-3.0",
    "CC0-1.0",
    "0BSD",
    "Unlicense",
    "MIT-0",
    "BSL-1.0",
    "MPL-2.0",
    "CDLA-Permissive-2.0",
];

#[test]
fn licences_of_dependencies_are_permissive() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(root())
        .output()
        .expect("cargo can be started");
    let metadata: Value =
        serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
    let mut refused = Vec::new();
    for package in metadata["packages"].as_array().expect("packages") {
        let expression = package["license"]
            .as_str()
            .unwrap_or("")
            .replace('/', " OR ");
        // `A OR B` leaves the choice, `A AND B` does not; brackets do not nest in practice.
        let fine = expression.split(" AND ").all(|part| {
            part.trim_matches(['(', ')', ' '])
                .split(" OR ")
                .any(|one| LICENCES.contains(&one.trim_matches(['(', ')', ' '])))
        });
        if !fine {
            refused.push(format!("{}: {expression}", package["name"]));
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}
