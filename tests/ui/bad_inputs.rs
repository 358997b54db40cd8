//! Inputs that nobody means to write: too deep, too long, not text, not there. Each gets its error, soon, and nothing
//! breaks.

use std::path::Path;
use std::time::{Duration, Instant};

use dynop_base::Diagnostic;
use dynop_tests::{Checked, check, on_compiler_stack};
use dynopc::driver::{BuildOptions, Frontend};
use dynopc::render::{MessageFormat, Style, render};

/// Levels of nesting, far over the limit.
const DEEP: usize = 5_000;

/// Generous: what is looked for are times that grow with the square of the input.
const LONGEST: Duration = Duration::from_secs(60);

fn checked(name: &str, text: &str) -> Checked {
    let start = Instant::now();
    let found = check(&format!("{name}.dyn"), text);
    let elapsed = start.elapsed();
    assert!(elapsed < LONGEST, "{name} took {elapsed:?}");
    for line in found.picture.lines() {
        // A type in a message may be long, a line of the source may not.
        assert!(line.chars().count() < 2_000, "{name}: {line}");
    }
    found
}

/// A function body that nests `open … close` around `inner`.
fn nested(open: &str, inner: &str, close: &str) -> String {
    let (open, close) = (open.repeat(DEEP), close.repeat(DEEP));
    format!("fn f(a: Int?, xs: List<Int>) -> Int {{\n    {open}{inner}{close}\n}}\n")
}

#[test]
fn nesting_has_a_limit() {
    let cases = [
        ("brackets", nested("(", "1", ")")),
        ("lists", nested("[", "1", "]")),
        ("unclosed", nested("[", "1", "")),
        ("blocks", nested("{", "1", "}")),
        ("minus", nested("-", "1", "")),
        ("not", nested("not ", "true", "")),
        ("power", nested("2 ** ", "1", "")),
        ("plus", nested("2 + ", "1", "")),
        ("and", nested("true and ", "true", "")),
        ("or_else", nested("a ?? ", "1", "")),
        ("methods", nested("", "xs", ".sorted()")),
        ("fields", nested("", "xs", ".x")),
        ("indices", nested("", "xs", "[0]")),
        ("returns", nested("return ", "1", "")),
        ("closures", nested("|x| ", "1", "")),
        ("branches", nested("if true { 1 } else ", "{ 2 }", "")),
        ("f_strings", nested("f\"{", "1", "}\"")),
        (
            "patterns",
            format!(
                "fn f(x: Int) -> Int {{ match x {{ {}a{} => 1 }} }}\n",
                "(".repeat(DEEP),
                ")".repeat(DEEP)
            ),
        ),
        (
            "types",
            format!(
                "fn f(x: {}Int{}) -> Int {{ 1 }}\n",
                "List<".repeat(DEEP),
                ">".repeat(DEEP)
            ),
        ),
        (
            "options",
            format!("fn f(x: Int{}) -> Int {{ 1 }}\n", "?".repeat(DEEP)),
        ),
        (
            "function_types",
            format!("fn f(x: {}Int) -> Int {{ 1 }}\n", "fn() -> ".repeat(DEEP)),
        ),
    ];
    for (name, text) in cases {
        let found = checked(name, &text);
        assert!(
            found.codes().contains(&"E0103"),
            "{name}: {:?}",
            found.codes()
        );
    }
}

#[test]
fn length_has_none() {
    let job = "op one() -> Int { 1 }\njob main() -> Int { one() }\n";
    let cases = [
        (
            "long_text",
            format!("fn f() -> Str {{ \"{}\" }}\n{job}", "x".repeat(10_000_000)),
        ),
        (
            "long_comment",
            format!("// {}\n{job}", "x".repeat(10_000_000)),
        ),
        (
            "long_name",
            format!("fn {}() -> Int {{ 1 }}\n{job}", "a".repeat(100_000)),
        ),
        (
            "long_list",
            format!(
                "fn f() -> List<Int> {{ [{}] }}\n{job}",
                "1, ".repeat(20_000)
            ),
        ),
        ("blank_lines", format!("{}{job}", "\n".repeat(1_000_000))),
    ];
    for (name, text) in cases {
        assert!(!checked(name, &text).has_errors(), "{name}");
    }
}

#[test]
fn many_errors_are_told_and_the_first_drawn() {
    let functions = (0..2_000).map(|n| format!("fn f{n}() -> Int {{ absent }}\n"));
    let found = checked("many_errors", &functions.collect::<String>());
    assert_eq!(found.diagnostics.len(), 2_000);
    assert_eq!(found.picture.matches("there is no `absent`").count(), 200);
    // On one line too.
    let text = format!("fn f() -> List<Int> {{ [{}] }}\n", "absent, ".repeat(5_000));
    assert_eq!(checked("one_line", &text).diagnostics.len(), 5_000);
    // What is no program at all has an end.
    let found = checked("noise", &"§ ".repeat(500_000));
    assert!(found.has_errors() && found.diagnostics.len() < 2_000);
}

#[test]
fn numbers_too_big_are_told() {
    for digits in [20, 400, 200_000] {
        let number = "9".repeat(digits);
        let found = checked("number", &format!("fn f() -> Int {{ {number} }}\n"));
        assert_eq!(found.codes(), ["E0107"], "{digits}");
    }
}

#[test]
fn ends_of_lines_and_marks_do_not_matter() {
    let program = "op one() -> Int {\n    let a = 1 +\n        2\n    a\n}\n\njob main() -> Int {\n    one()\n}\n";
    for text in [
        program.replace('\n', "\r\n"),
        format!("\u{feff}{program}"),
        format!("\u{feff}{}", program.replace('\n', "\r\n")),
        program.trim_end().to_owned(),
        format!("#!/usr/bin/env -S dynopc run\n{program}"),
    ] {
        let found = checked("ends", &text);
        assert!(found.diagnostics.is_empty(), "{text:?}\n{}", found.picture);
    }
}

/// What checking a file finds, drawn.
fn check_path(path: &Path) -> (Vec<Diagnostic>, String) {
    on_compiler_stack(|| {
        let mut front = Frontend::default();
        front.check(path);
        let picture = render(
            &front.diagnostics,
            &front.sources,
            MessageFormat::Human,
            Style::PLAIN,
        );
        (front.diagnostics, picture)
    })
}

#[test]
fn files_that_are_no_source() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let write = |name: &str, bytes: &[u8]| std::fs::write(path(name), bytes).expect("a file");
    write("latin.dyn", b"// caf\xe9\nfn f() -> Int { 1 }\n");
    write("cut.dyn", b"fn f() -> Int { 1 }\n// \xe2\x82");
    write("utf16.dyn", b"\xff\xfef\0n\0 \0");
    write("surrogate.dyn", b"// \xed\xa0\x80");
    write("zeros.dyn", &[0; 10_000]);
    write("empty.dyn", b"");
    write("blank.dyn", b" \n\t\n");
    std::fs::create_dir(path("folder.dyn")).expect("a folder");
    std::os::unix::fs::symlink(path("loop.dyn"), path("loop.dyn")).expect("a link");
    let cases = [
        ("latin.dyn", "E0002", "the byte 0xe9 here"),
        ("cut.dyn", "E0002", "the byte 0xe2 here"),
        ("utf16.dyn", "E0002", "the byte 0xff here"),
        ("surrogate.dyn", "E0002", "the byte 0xed here"),
        ("zeros.dyn", "E0105", "U+0000"),
        ("folder.dyn", "E0001", "is a directory"),
        ("loop.dyn", "E0001", "can't read"),
        ("nowhere/a.dyn", "E0001", "there is no file"),
        ("emtpy.dyn", "E0001", "did you mean"),
        ("utf16.dyn/a.dyn", "E0001", "can't read"),
    ];
    for (name, code, words) in cases {
        let (diagnostics, picture) = check_path(&path(name));
        let codes: Vec<&str> = diagnostics.iter().map(|found| found.code.id).collect();
        assert_eq!(codes, [code], "{name}\n{picture}");
        assert!(picture.contains(words), "{name}: {words}\n{picture}");
    }
    for name in ["empty.dyn", "blank.dyn"] {
        let (diagnostics, picture) = check_path(&path(name));
        assert!(diagnostics.is_empty(), "{name}\n{picture}");
    }
    // No program on a page can show these, so their pictures are taken here.
    let large = std::fs::File::create(path("large.dyn")).expect("a file");
    large.set_len((256 << 20) + 1).expect("a file with a hole");
    for (code, name) in [
        ("E0001", "emtpy.dyn"),
        ("E0002", "latin.dyn"),
        ("E0003", "large.dyn"),
    ] {
        let (_, picture) = check_path(&path(name));
        let place = folder.path().display().to_string();
        let picture = picture.replace(&place, "FOLDER");
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(format!("code_{code}"), picture);
        });
    }
}

#[test]
fn a_broken_library() {
    let text = "extern fn twice(x: Float) -> Float = \"twice\"\n\nop two() -> Float {\n    twice(1.0)\n}\n\njob main() -> Float {\n    two()\n}\n";
    let picture = on_compiler_stack(|| {
        let mut front = Frontend::default();
        front.check_text("main.dyn", text);
        let options = BuildOptions {
            libraries: vec![b"!<arch>\ncut short".to_vec()],
            ..BuildOptions::default()
        };
        assert!(front.build(&options, None).is_err());
        let human = MessageFormat::Human;
        render(&front.diagnostics, &front.sources, human, Style::PLAIN)
    });
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("code_E0602", picture);
    });
}
