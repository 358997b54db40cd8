use crate::fixture;

fn definition(text: &str) -> String {
    let fixture = fixture(text);
    let targets = fixture.analysis.definition(fixture.file, fixture.offset);
    let shown = targets.iter().map(|target| fixture.show(target.name));
    shown.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_local() {
    let found = definition("fn f(a: Int) -> Int {\n    let total = a\n    tot$0al + 1\n}\n");
    assert_eq!(found, "/main.dyn:2: let «total» = a");
}

#[test]
fn a_parameter_of_a_job() {
    let text = "op f(a: Int) -> Int { a }\njob main(n: Int) -> Int {\n    f($0n)\n}\n";
    assert_eq!(definition(text), "/main.dyn:2: job main(«n»: Int) -> Int {");
}

#[test]
fn an_op_that_is_invoked_or_given_to_map() {
    let text = "op a() -> DynamicOutput<Int> { yield DynamicOutput(1, mapping_key: 1) }\nop b(x: Int) -> Int { x }\njob main() -> List<Int> {\n    a().map($0b).collect()\n}\n";
    assert_eq!(definition(text), "/main.dyn:2: op «b»(x: Int) -> Int { x }");
    let text = text.replace("$0b", "|x| $0b(x)");
    assert_eq!(
        definition(&text),
        "/main.dyn:2: op «b»(x: Int) -> Int { x }"
    );
}

#[test]
fn the_item_of_a_map() {
    let text = "op a() -> DynamicOutput<Int> { yield DynamicOutput(1, mapping_key: 1) }\nop b(x: Int) -> Int { x }\njob main() -> List<Int> {\n    a().map(|item| b($0item)).collect()\n}\n";
    assert_eq!(
        definition(text),
        "/main.dyn:4: a().map(|«item»| b(item)).collect()"
    );
}

#[test]
fn an_output_by_name() {
    let text = "op a() -> (left: Int, right: Int) {\n    yield Output(1, output_name: \"left\")\n    yield Output(1, output_name: \"ri$0ght\")\n}\n";
    assert_eq!(
        definition(text),
        "/main.dyn:1: op a() -> (left: Int, «right»: Int) {"
    );
    let text = "op a() -> (left: Int, right: Int) { return (left: 1, right: 2) }\njob main() -> Int {\n    let both = a()\n    both.le$0ft\n}\n";
    assert_eq!(
        definition(text),
        "/main.dyn:1: op a() -> («left»: Int, right: Int) { return (left: 1, right: 2) }"
    );
}

#[test]
fn fields_cases_and_named_arguments() {
    let text = "struct Row { name: Str, n: Int = 0 }\nfn f(r: Row) -> Str { r.na$0me }\n";
    assert_eq!(
        definition(text),
        "/main.dyn:1: struct Row { «name»: Str, n: Int = 0 }"
    );
    let text = "struct Row { name: Str, n: Int = 0 }\nfn f() -> Row { Row(na$0me: \"x\") }\n";
    assert_eq!(
        definition(text),
        "/main.dyn:1: struct Row { «name»: Str, n: Int = 0 }"
    );
    let text = "enum E { A, B(Int) }\nfn f(e: E) -> Int {\n    match e {\n        E.A => 0,\n        E.$0B(n) => n,\n    }\n}\n";
    assert_eq!(definition(text), "/main.dyn:1: enum E { A, «B»(Int) }");
    let text = "fn g(first: Int) -> Int { first }\nfn f() -> Int { g(fir$0st: 1) }\n";
    assert_eq!(
        definition(text),
        "/main.dyn:1: fn g(«first»: Int) -> Int { first }"
    );
}

#[test]
fn types_and_type_parameters() {
    let text = "struct Row { n: Int }\nfn f(rows: List<R$0ow>) -> Int { 0 }\n";
    assert_eq!(definition(text), "/main.dyn:1: struct «Row» { n: Int }");
    let text = "fn same<T>(x: T) -> $0T { x }\n";
    assert_eq!(
        definition(text),
        "/main.dyn:1: fn same<«T»>(x: T) -> T { x }"
    );
}

#[test]
fn imported_files() {
    let text = "\n//- /main.dyn\nimport text.words as w\nop f() -> Int { w.cou$0nt(\"a\") }\n//- /text/words.dyn\n/// Counts.\npub fn count(s: Str) -> Int { s.len() }\n";
    assert_eq!(
        definition(text),
        "/text/words.dyn:2: pub fn «count»(s: Str) -> Int { s.len() }"
    );
    let file = text.replace("cou$0nt", "count").replace("as w", "as $0w");
    assert_eq!(definition(&file), "/text/words.dyn:1: «»/// Counts.");
    let file = text
        .replace("cou$0nt", "count")
        .replace("text.words", "text.wo$0rds");
    assert_eq!(definition(&file), "/text/words.dyn:1: «»/// Counts.");
}

#[test]
fn the_standard_library() {
    let text = "fn f(s: Str) -> List<Str> { s.wor$0ds() }\n";
    let found = definition(text);
    assert!(
        found.starts_with("std/str.dyn:") && found.contains("fn «words»("),
        "{found}"
    );
    let text = "fn f(p: Path) -> Iter<Str> { fs.lin$0es(p) }\n";
    let found = definition(text);
    assert!(found.starts_with("std/fs.dyn:"), "{found}");
}

#[test]
fn in_a_broken_body() {
    let text = "fn g(a: Int) -> Int { a }\nop f(n: Int) -> Int {\n    let x = $0g(n, 1, \"a\")\n    let y = x.nothing\n    foo bar\n    y\n}\n";
    assert_eq!(definition(text), "/main.dyn:1: fn «g»(a: Int) -> Int { a }");
    let text = text.replace("$0g", "g").replace("    y\n", "    $0y\n");
    assert_eq!(definition(&text), "/main.dyn:4: let «y» = x.nothing");
}

#[test]
fn in_a_closure_of_a_broken_job() {
    let text = "op count(n: Int) -> Int { n }\njob main() -> List<Int> {\n    unknown().map(|row| $0count(row)).collect()\n}\n";
    assert_eq!(
        definition(text),
        "/main.dyn:1: op «count»(n: Int) -> Int { n }"
    );
    let text = text.replace("$0count(row)", "count(r$0ow)");
    assert_eq!(
        definition(&text),
        "/main.dyn:3: unknown().map(|«row»| count(row)).collect()"
    );
}

#[test]
fn nothing_of_nothing() {
    assert_eq!(definition("fn f() -> Int { $0 1 }\n"), "");
    assert_eq!(definition("fn f() -> Int { unkn$0own }\n"), "");
    assert_eq!(definition("$0"), "");
}
