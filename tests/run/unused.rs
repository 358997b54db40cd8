//! What a program does not use costs it nothing: the code of the library that it can't reach is not in its executable.

use std::fs;

use dynop_tests::build;

/// Packages behind parts of the library, as the names of their functions begin: the length of the name before it, or the
/// prefix of a library in C; and a program's op that needs it.
const PARTS: [(&str, &str); 6] = [
    (
        "6rustls",
        "op use_it() -> Int { http.get(\"https://x\").status }",
    ),
    (
        "4ureq",
        "op use_it() -> Int { http.get(\"http://x\").status }",
    ),
    (
        "14regex_automata",
        "op use_it() -> Int { regex.is_match(\"a+\", \"b\").to_int() }",
    ),
    ("ZSTD_", "op use_it() -> Int { zstd.read(\"x\").len() }"),
    ("6flate2", "op use_it() -> Int { gzip.read(\"x\").len() }"),
    ("6blake3", "op use_it() -> Int { hash.blake3(\"x\").len() }"),
];

/// Which of the packages have functions in the executable of a program.
fn parts_of(source: &str) -> (Vec<&'static str>, usize) {
    let program = build("main.dyn", source).unwrap_or_else(|picture| panic!("{picture}"));
    let bytes = fs::read(&program.path).expect("the executable");
    let has = |name: &str| {
        let mut windows = bytes.windows(name.len());
        windows.any(|window| window == name.as_bytes())
    };
    let found = PARTS.iter().map(|(name, _)| *name).filter(|name| has(name));
    (found.collect(), bytes.len())
}

#[test]
fn an_executable_holds_what_its_program_can_reach() {
    let hello = "op hello() -> Str { \"hello\" }\njob main() -> Str { hello() }\n";
    let (parts, size) = parts_of(hello);
    assert!(parts.is_empty(), "{parts:?}");
    assert!(size < 3 << 20, "{size} bytes");
    for (name, op) in PARTS {
        let (parts, _) = parts_of(&format!("{op}\njob main() -> Int {{ use_it() }}\n"));
        assert!(parts.contains(&name), "{name} is not in {parts:?}");
    }
}
