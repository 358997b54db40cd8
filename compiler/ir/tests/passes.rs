//! File tests of the passes: `tests/passes/NAME.ir` holds a program, and behind the line `// becomes` what the passes
//! named in its first line, `// passes: a, b`, make of it. `UPDATE=1` writes what they make now.

use std::path::Path;

use dynop_ir::Program;
use dynop_ir::passes::{blocks, bounds, fallible, inline, reference_counts, strips, unused};
use dynop_ir::text::{parse, print};
use dynop_ir::verify::verify;

fn run(pass: &str, program: &mut Program) {
    match pass {
        "find_fallible" => fallible::find_fallible(program),
        "inline_small_functions" => inline::inline_small_functions(program),
        "tidy_blocks" => blocks::tidy_blocks(program),
        "drop_bounds_checks" => bounds::drop_bounds_checks(program),
        "poll_in_strips" => strips::poll_in_strips(program),
        "drop_unused" => unused::drop_unused(program),
        "insert_reference_counts" => reference_counts::insert_reference_counts(program),
        other => panic!("no pass is called `{other}`"),
    }
    let problems = verify(program);
    assert!(problems.is_empty(), "behind {pass}: {problems:#?}");
}

fn check(path: &Path) {
    let text = std::fs::read_to_string(path).expect("a readable file");
    let name = path.display();
    let (input, wanted) = text.split_once("// becomes\n").unwrap_or((&text, ""));
    let mut program = parse(input).unwrap_or_else(|error| panic!("{name}: {error}"));
    let problems = verify(&program);
    assert!(problems.is_empty(), "{name}: {problems:#?}");
    let passes = input.lines().next().unwrap_or_default();
    let passes = passes
        .strip_prefix("// passes: ")
        .expect("the first line names the passes");
    for pass in passes.split(", ") {
        run(pass, &mut program);
    }
    let made = print(&program);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, format!("{input}// becomes\n{made}")).expect("a writable file");
    } else {
        assert_eq!(made, wanted, "{name}");
    }
}

#[test]
fn passes_make_what_their_files_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/passes");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    assert!(!paths.is_empty());
    for path in paths {
        check(&path);
    }
}
