//! The examples in the doc comments of the standard library: what they say is so.
//!
//! An example is a line of a doc comment that is nothing but code: `` `[1, 2].len() == 2` ``. Each is a function of one
//! program, which is built and run: one that compares must hold, any other must not fail. They are written as if in a
//! program, so there are a few variables and files that they may use, new for each; a server answers their requests.

mod page;

use dynop_tests::server::{Answer, Asked, Server, text};
use dynop_tests::{build, root};

/// What examples may use: names of values that are what they are called, and files in the folder of the process.
const WORLD: &str = include_str!("world.dyn");

/// What examples that read or change files have in them.
const MODULES_WITH_FILES: [&str; 7] = [
    "fs.",
    "csv.read",
    "csv.rows",
    "json.",
    "gzip.",
    "zstd.",
    "hash.file",
];

/// How many examples are in one function: larger ones take longer for each line of them.
const TOGETHER: usize = 20;

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

/// The examples, each with its file.
fn examples() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (name, text) in sources() {
        for line in text.lines() {
            let code = line
                .strip_prefix("/// `")
                .and_then(|line| line.strip_suffix('`'));
            if let Some(code) = code
                && !code.contains('`')
            {
                found.push((name.clone(), code.to_string()));
            }
        }
    }
    found
}

/// Those variables of the world that an example uses: what is indented below its `fn variables()`.
fn variables(code: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let words: Vec<&str> = code.split(|c| !is_word(c)).collect();
    let (_, rest) = WORLD
        .split_once("fn variables() {\n")
        .expect("variables in world.dyn");
    let lines = rest.lines().take_while(|line| *line != "}");
    let used = lines.filter(|line| {
        let name = line.trim_start().split([' ', ':']).nth(1);
        name.is_some_and(|name| words.contains(&name))
    });
    used.map(|line| format!("{line}\n")).collect()
}

fn program(examples: &[(String, String)]) -> String {
    let mut program = String::from(WORLD);
    let mut parts = String::new();
    for (part, some) in examples.chunks(TOGETHER).enumerate() {
        let mut calls = String::new();
        for (index, (file, code)) in some.iter().enumerate() {
            let number = part * TOGETHER + index;
            let name = serde_json::to_string(&format!("{file}: {code}")).expect("a text");
            let variables = variables(code);
            let body = if code.contains(" == ") {
                format!("    {code}\n")
            } else {
                format!("    {}\n    true\n", code.replace("{ … }", "{ }"))
            };
            program.push_str(&format!(
                "\nfn example_{number}() -> Bool {{\n{variables}{body}}}\n"
            ));
            // Each file is written to the disk, which takes its time.
            let files = if MODULES_WITH_FILES
                .iter()
                .any(|module| code.contains(module))
            {
                "    new_files()\n"
            } else {
                ""
            };
            calls.push_str(&format!(
                "{files}    said = try {{ if example_{number}() {{ \"\" }} else {{ \"is not so\" }} }} catch e {{ e.message }}\n    \
                 check(wrong, {name}, said)\n"
            ));
        }
        program.push_str(&format!(
            "\nfn part_{part}(var wrong: List<Str>) {{\n    var said = \"\"\n{calls}}}\n"
        ));
        parts.push_str(&format!("    part_{part}(wrong)\n"));
    }
    program.push_str(&format!(
        "\nop check_all() -> List<Str> {{\n    var wrong: List<Str> = []\n{parts}    wrong\n}}\n\n\
         job main() -> List<Str> {{\n    check_all()\n}}\n"
    ));
    program
}

/// Any host, as a proxy has them.
fn answer(asked: &Asked) -> Answer {
    match asked.target.as_str() {
        "http://example.com/people.json" => {
            let headers = vec!["Content-Type: application/json".to_owned()];
            Answer::Whole(200, headers, br#"["Ada", "Bob"]"#.to_vec())
        }
        "http://example.com/people.csv" => text("name,age\nAda,36\n"),
        "http://example.com/hello.txt" => text("hello"),
        "http://example.com/echo" => Answer::Whole(200, vec![], asked.body.clone()),
        _ => Answer::Whole(404, vec![], b"there is nothing".to_vec()),
    }
}

#[test]
fn what_the_doc_comments_say_is_so() {
    let examples = examples();
    assert!(examples.len() > 400, "only {} were found", examples.len());
    let program = program(&examples);
    let built = build("examples.dyn", &program).unwrap_or_else(|picture| panic!("{picture}"));
    let proxy = Server::new(answer);
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = built.command();
    for name in [
        "HTTP_PROXY",
        "ALL_PROXY",
        "all_proxy",
        "NO_PROXY",
        "no_proxy",
    ] {
        command.env_remove(name);
    }
    let output = command
        .current_dir(folder.path())
        .env("http_proxy", format!("http://{}", proxy.address))
        .output()
        .expect("it starts");
    let result = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        result.trim(),
        "[]",
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
