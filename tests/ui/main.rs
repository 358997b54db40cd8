//! Picture snapshots of diagnostics: each program under `programs/` with what a user sees of it.

mod bad_inputs;
mod codes;
mod imports;

use dynop_tests::{check, root};

#[test]
fn pictures() {
    let folder = root().join("tests/ui/programs");
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .expect("the folder is there")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".dyn").map(str::to_owned))
        .collect();
    names.sort();
    assert!(!names.is_empty());
    for name in names {
        let file = format!("{name}.dyn");
        let text = std::fs::read_to_string(folder.join(&file)).expect("the program can be read");
        let found = check(&file, &text);
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name, format!("{text}\n----\n{}", found.picture));
        });
    }
}

/// Texts that are hard to draw, made here since a repository is no place for them.
fn hard_to_draw() -> Vec<(&'static str, String)> {
    let program = |line: &str| format!("fn f() -> Int {{\n{line}\n    0\n}}\n");
    let items = "1, ".repeat(7_000);
    let between = format!("let x = [{items}\"a\", {items}]");
    let far = format!("let x = [1, {items}absent]; let y = absent");
    let long_neighbour = format!("    let x = [{items}]\n    absent");
    vec![
        ("long_line", program(&format!("    {between}"))),
        ("long_line_two_labels", program(&format!("    {far}"))),
        ("long_neighbour", program(&long_neighbour)),
        (
            "crlf",
            program("    let a = 1\r\n    absent\r")
                .replace("\r\n", "\n")
                .replace('\n', "\r\n"),
        ),
        ("tabs", program("\tlet a\t= absent")),
        ("wide", program("    let a = (\"日本語 🙂\", absent)")),
        (
            "combining",
            program("    let a = (\"e\u{301}e\u{301}e\u{301}\", absent)"),
        ),
        (
            "control",
            program("    let a = (\"\u{1b}[31m\u{202e}\u{0}\", absent)"),
        ),
        (
            "byte_order_mark",
            "\u{feff}fn f() -> Int { absent }\n".to_owned(),
        ),
        ("end_of_file", "fn f() -> Int {\n    (1".to_owned()),
        (
            "far_apart",
            format!(
                "fn f() -> Int {{ 1 }}\n{}fn f() -> Int {{ 2 }}\n",
                "\n".repeat(30)
            ),
        ),
    ]
}

#[test]
fn hard_lines() {
    for (name, text) in hard_to_draw() {
        let found = check(&format!("{name}.dyn"), &text);
        for line in found.picture.lines() {
            assert!(line.chars().count() < 250, "{name}: {line}");
        }
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(format!("hard_{name}"), found.picture);
        });
    }
}
