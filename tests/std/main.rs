//! The examples in the doc comments of the standard library: what they say is so.
//!
//! An example is a line of a doc comment that is nothing but code: `` `[1, 2].len() == 2` ``. Those that compare, and
//! use no name that only a program would have (`path`, a `line`), are put into one program, built and run.

mod page;

use dynop_tests::{build, root};

/// The library's sources by name, in the order of names.
fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let folder = root().join("runtime/std");
    for entry in std::fs::read_dir(folder).expect("runtime/std is there") {
        let path = entry.expect("a folder entry").path();
        if path.extension().is_some_and(|extension| extension == "dyn") {
            let name = path.file_stem().expect("a name").to_string_lossy();
            let text = std::fs::read_to_string(&path).expect("a readable file");
            found.push((name.into_owned(), text));
        }
    }
    found.sort();
    found
}

/// The examples that stand alone, each with its file.
fn examples() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (name, text) in sources() {
        for line in text.lines() {
            let code = line
                .strip_prefix("/// `")
                .and_then(|line| line.strip_suffix('`'));
            if let Some(code) = code
                && code.contains(" == ")
                && !["`", "(path)", "(line)"]
                    .iter()
                    .any(|part| code.contains(part))
            {
                found.push((name.clone(), code.to_string()));
            }
        }
    }
    found
}

#[test]
fn what_the_doc_comments_say_is_so() {
    let examples = examples();
    assert!(examples.len() > 90, "only {} were found", examples.len());
    let mut program = String::from(
        "fn check(var wrong: List<Str>, name: Str, holds: Bool) {\n    if not holds {\n        wrong.push(name)\n    }\n}\n\n\
         op check_all() -> List<Str> {\n    var wrong: List<Str> = []\n",
    );
    for (file, code) in &examples {
        let name = serde_json::to_string(&format!("{file}: {code}")).expect("a text");
        program.push_str(&format!("    check(wrong, {name}, {code})\n"));
    }
    program.push_str("    wrong\n}\n\njob main() -> List<Str> {\n    check_all()\n}\n");
    let built = build("examples.dyn", &program).unwrap_or_else(|picture| panic!("{picture}"));
    let output = built.command().output().expect("it starts");
    let result = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        result.trim(),
        "[]",
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
