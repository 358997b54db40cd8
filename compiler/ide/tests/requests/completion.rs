use dynop_ide::ItemKind;

use crate::fixture;

/// The items before the keywords, modules of the library and what is in scope everywhere.
fn near(text: &str) -> String {
    shown(text, |rank| rank < 5)
}

fn shown(text: &str, wanted: impl Fn(u8) -> bool) -> String {
    let fixture = fixture(text);
    let items = fixture.completion();
    let items = items.iter().filter(|item| wanted(item.rank));
    let lines = items.map(|item| {
        assert_eq!(item.replace.end, fixture.offset);
        let insert = if item.insert == item.label {
            String::new()
        } else {
            format!(" inserts {:?}", item.insert)
        };
        format!("{:?} {} `{}`{insert}", item.kind, item.label, item.detail)
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn labels(text: &str) -> Vec<String> {
    let fixture = fixture(text);
    let items = fixture.completion();
    items.into_iter().map(|item| item.label).collect()
}

const ROWS: &str = "struct Row {\n    /// The name.\n    name: Str\n    n: Int = 0\n}\nenum Shape { Dot, Circle(radius: Float) }\nfn area(s: Shape) -> Float { 0.0 }\nop load(path: Path, lines: Int = 1000) -> DynamicOutput<Row> {\n    yield DynamicOutput(Row(name: \"x\"), mapping_key: \"x\")\n}\nop count(row: Row) -> (letters: Int, rest: Int?) {\n    yield Output(1, output_name: \"letters\")\n}\n";

fn with(rest: &str) -> String {
    format!("{ROWS}{rest}")
}

#[test]
fn names_in_a_body() {
    insta::assert_snapshot!(near(&with(
        "fn f(first: Int) -> Int {\n    let second = [1]\n    for third in second {\n        $0\n    }\n    let fourth = 1\n    first\n}\n"
    )));
}

#[test]
fn names_in_a_job() {
    insta::assert_snapshot!(near(&with(
        "job main(path: Path) -> List<Int> {\n    let rows = load(path)\n    rows.map(|row| $0)\n}\n"
    )));
}

#[test]
fn members_with_nothing_typed_yet() {
    let text = with(
        "fn f(row: Row) -> Int {\n    let x = row.$0\n    let y = area(x)\n    foo(\n}\nfn g() -> Int { 1 }\n",
    );
    insta::assert_snapshot!(near(&text));
    let text = with("fn f(row: Row) -> Int {\n    row.$0\n}\n");
    insta::assert_snapshot!(near(&text));
    let text = with("fn f(rows: List<Row>) -> Int {\n    rows.map(|row| row.$0)\n}\n");
    insta::assert_snapshot!(near(&text));
    let text = with("fn f(rows: List<Row>) -> Int {\n    if rows.$0\n}\n");
    let found = labels(&text);
    assert!(
        found.contains(&"map".to_owned()) && found.contains(&"len".to_owned()),
        "{found:?}"
    );
    assert!(!found.contains(&"let".to_owned()), "{found:?}");
    let text = with("fn f(rows: List<Row>) -> Str {\n    f\"rows: {rows.$0}\"\n}\n");
    assert!(labels(&text).contains(&"len".to_owned()));
}

#[test]
fn members_in_closures_of_broken_calls() {
    let text = with("fn f(rows: List<Row>) -> Int {\n    rows.fold(|sum, row| sum + row.$0)\n}\n");
    insta::assert_snapshot!(near(&text));
    let text =
        with("fn f(rows: List<Row>) -> Int {\n    let all = rows\n    unknown(|x| all.$0)\n}\n");
    assert!(labels(&text).contains(&"map".to_owned()));
}

#[test]
fn functions_as_methods() {
    let found = labels(&with("fn f(s: Shape) -> Float { s.ar$0 }\n"));
    assert_eq!(found, ["area", "f"]);
}

#[test]
fn members_of_a_dynamic_output_and_of_outputs() {
    let text =
        with("job main(path: Path) -> List<Int> {\n    let rows = load(path)\n    rows.$0\n}\n");
    insta::assert_snapshot!(near(&text));
    let text = with(
        "job main(path: Path) -> List<Int> {\n    load(path).map(|row| count(row).$0).collect()\n}\n",
    );
    insta::assert_snapshot!(near(&text));
}

#[test]
fn members_of_modules_and_enums() {
    let found = labels(&with("fn f() -> Shape { Shape.$0 }\n"));
    assert_eq!(found, ["Circle", "Dot"]);
    let found = labels(&with("fn f(p: Path) -> Str { fs.$0 }\n"));
    assert!(
        found.contains(&"read".to_owned()) && found.contains(&"lines".to_owned()),
        "{found:?}"
    );
    let text = "\n//- /main.dyn\nimport rows as r\nfn f() -> Int { r.$0 }\nfn g(x: r.Row) -> Int { 0 }\n//- /rows.dyn\n/// A row.\npub struct Row { n: Int }\npub fn make(n: Int) -> Row { Row(n: n) }\nfn hidden() -> Int { 0 }\n";
    insta::assert_snapshot!(near(text));
    let text = text.replace("r.$0", "1").replace("r.Row", "r.$0");
    insta::assert_snapshot!(near(&text));
}

#[test]
fn named_arguments() {
    let text = with("job main(path: Path) -> List<Int> {\n    load(path, $0)\n}\n");
    let argument = |text: &str| -> Vec<String> {
        let fixture = fixture(text);
        let items = fixture.completion();
        let items = items
            .into_iter()
            .filter(|item| item.kind == ItemKind::Argument);
        items
            .map(|item| format!("{}{}", item.insert, item.detail))
            .collect()
    };
    assert_eq!(argument(&text), ["lines: Int = 1000"]);
    let text = with("fn f() -> Row { Row(name: \"x\", $0) }\n");
    assert_eq!(argument(&text), ["n: Int"]);
    let text = with("fn f() -> Row { Row($0");
    assert_eq!(argument(&text), ["n: Int", "name: Str"]);
    let text = with("fn f() -> Shape { Shape.Circle($0) }\n");
    assert_eq!(argument(&text), ["radius: Float"]);
    let text = with("op f() -> DynamicOutput<Int> { yield DynamicOutput(1, $0) }\n");
    assert_eq!(argument(&text), ["mapping_key: ", "output_name: "]);
    let text = with("job main(path: Path) { load(path).with(re$0) }\n");
    assert!(argument(&text).contains(&"retry: ".to_owned()));
    let text = with("@retry($0)\nop f() -> Int { 1 }\n");
    assert_eq!(argument(&text).len(), 4);
    let text = with("fn f(s: Str) -> Bool { s.replace(old: \"a\", $0) }\n");
    assert_eq!(argument(&text), ["new: Str"]);
}

#[test]
fn outputs_in_yield() {
    let text = with(
        "op f() -> (left: Int, right: DynamicOutput<Str>) {\n    yield Output(1, output_name: \"$0\")\n}\n",
    );
    insta::assert_snapshot!(near(&text));
    let unclosed = with(
        "op f() -> (left: Int, right: DynamicOutput<Str>) {\n    yield Output(1, output_name: \"le$0\n}\n",
    );
    assert_eq!(labels(&unclosed), ["left"]);
    let text = with("op f() -> (left: Int, right: DynamicOutput<Str>) {\n    yield $0\n}\n");
    assert_eq!(labels(&text)[..2], ["DynamicOutput", "Output"]);
}

#[test]
fn ops_that_a_run_replaces() {
    let text = with(
        "job main(path: Path) -> List<Row> { load(path).collect() }\ntest \"t\" {\n    let r = run main(path: \"x\") with $0 = |path, lines| []\n}\n",
    );
    assert_eq!(labels(&text), ["count", "load"]);
    let text = with(
        "job main(path: Path) -> List<Row> { load(path).collect() }\ntest \"t\" {\n    let r = run m$0\n}\n",
    );
    assert!(labels(&text).contains(&"main".to_owned()));
}

#[test]
fn types() {
    let found = labels(&with("fn f<T>(a: List<$0>) -> Int { 0 }\n"));
    assert_eq!(found[0], "T");
    assert!(
        found.contains(&"Row".to_owned()) && found.contains(&"Int".to_owned()),
        "{found:?}"
    );
    assert!(!found.contains(&"load".to_owned()), "{found:?}");
}

#[test]
fn patterns() {
    let text = with("fn f(s: Shape) -> Int {\n    match s {\n        $0\n    }\n}\n");
    assert_eq!(labels(&text), ["Shape.Circle", "Shape.Dot"]);
    let text = with(
        "fn f(s: Shape) -> Int {\n    match s {\n        Shape.$0 => 1,\n        _ => 2,\n    }\n}\n",
    );
    assert_eq!(labels(&text), ["Circle", "Dot"]);
    let text = with("fn f(s: Shape) -> Int {\n    let $0 = 1\n    2\n}\n");
    assert_eq!(labels(&text), [""; 0]);
}

#[test]
fn keywords_where_they_fit() {
    assert!(labels("fn f() -> Int { 1 }\n$0\n").contains(&"job".to_owned()));
    assert!(labels("fn f() -> Int { 1 }\npub o$0\n").contains(&"op".to_owned()));
    let body = labels("op f() -> Int {\n    $0\n}\n");
    assert!(body.contains(&"yield".to_owned()) && body.contains(&"let".to_owned()));
    assert!(!body.contains(&"job".to_owned()));
    assert_eq!(labels("@$0\nop f() -> Int { 1 }\n").len(), 6);
}

#[test]
fn nothing_where_text_is_free() {
    assert_eq!(labels("// a comment $0\nfn f() -> Int { 1 }\n"), [""; 0]);
    assert_eq!(labels("fn f() -> Str { \"text $0\" }\n"), [""; 0]);
    assert_eq!(labels("fn $0() -> Str { \"text\" }\n"), [""; 0]);
    assert_eq!(labels("fn f() -> Int { 12$0 }\n"), [""; 0]);
    assert_eq!(labels("fn f(a$0: Int) -> Int { 12 }\n"), [""; 0]);
}

#[test]
fn methods_of_structs_of_the_library() {
    let text = "fn f() -> Int {\n    let answer = http.get(\"http://x\")\n    answer.$0\n}\n";
    let found = labels(text);
    for name in ["status", "body", "is_ok", "header", "json"] {
        assert!(found.contains(&name.to_owned()), "{name} in {found:?}");
    }
    assert!(!found.contains(&"get".to_owned()), "{found:?}");
    let text = "op one() -> Int { 1 }\njob j() -> Int { one() }\ntest \"t\" {\n    let made = run j()\n    made.$0\n}\n";
    let found = labels(text);
    assert!(found.contains(&"result".to_owned()), "{found:?}");
    assert!(found.contains(&"step".to_owned()), "{found:?}");
}

#[test]
fn functions_that_take_an_option_are_methods_of_its_value() {
    let text = "fn shown(row: Int?) -> Str { \"\" }\nfn f(n: Int) -> Str { n.sh$0 }\n";
    assert!(labels(text).contains(&"shown".to_owned()));
}

#[test]
fn paths_of_imports() {
    let files = "\nfn g() -> Int { 1 }\n//- /tests.dyn\n//! Tests.\n//- /text/words.dyn\nfn h() -> Int { 1 }\n//- /text/deep/er.dyn\nfn h() -> Int { 1 }\n//- /data/rows.csv\na\n//- /not-a-word.dyn\na\n";
    let at = |line: &str| labels(&format!("\n//- /main.dyn\n{line}{files}"));
    assert_eq!(at("import te$0"), ["tests", "text"]);
    assert_eq!(at("import $0"), ["tests", "text"]);
    assert_eq!(at("import text.$0"), ["words", "deep"]);
    assert_eq!(at("import text.deep.e$0"), ["er"]);
    assert_eq!(at("import nowhere.$0"), [""; 0]);
    assert_eq!(at("import text.words $0"), ["as"]);
    assert_eq!(at("import text.words a$0"), ["as"]);
    assert_eq!(at("import text.words as w$0"), [""; 0]);
    assert!(at("imported.$0").len() != 2);
    let text = "\n//- /main.dyn\nimport text.words\n//- /text/words.dyn\nimport $0\n//- /text/other.dyn\nfn h() -> Int { 1 }\n";
    assert_eq!(labels(text), ["other"]);
    insta::assert_snapshot!(shown(
        &format!("\n//- /main.dyn\nimport te$0{files}"),
        |_| true
    ));
}

#[test]
fn names_of_outputs_by_kind_and_with_their_quotes() {
    let op = |rest: &str| {
        format!(
            "op f() -> (left: Int, right: DynamicOutput<Str>, far: DynamicOutput<Int>) {{\n    yield {rest}"
        )
    };
    let text = op("DynamicOutput(\"a\", mapping_key: 1, output_name: \"$0\n}\n");
    assert_eq!(labels(&text), ["far", "right"]);
    let text = op("Output(1, output_name: $0\n}\n");
    insta::assert_snapshot!(near(&text));
    let text = op("DynamicOutput(1, output_name: r$0");
    assert_eq!(labels(&text), ["far", "right"]);
}

#[test]
fn arguments_of_all_functions_of_a_name() {
    let text = "fn f(j: Json) -> Str { json.to_str(j, $0";
    let found = labels(text);
    assert_eq!(found[0], "pretty");
}

#[test]
fn parts_of_patterns() {
    let text = with(
        "fn f(r: Row, s: Shape) -> Int {\n    match r {\n        Row(name: \"a\", $0\n    }\n}\n",
    );
    insta::assert_snapshot!(near(&text));
    let text =
        with("fn f(s: Shape) -> Int {\n    match s {\n        Shape.Circle(r$0) => 1\n    }\n}\n");
    assert_eq!(labels(&text), ["radius"]);
    let text = with(
        "fn f(r: Row, s: Shape) -> Int {\n    match r {\n        Row(na$0: \"a\") => 1\n    }\n}\n",
    );
    insta::assert_snapshot!(near(&text));
}

#[test]
fn outputs_in_what_is_returned() {
    let op = |rest: &str| format!("op f() -> (left: Int, right: Str) {{\n    {rest}");
    insta::assert_snapshot!(near(&op("return (left: 1, $0")));
    assert_eq!(labels(&op("(le$0\n}\n"))[..2], ["left", "right"]);
    assert_eq!(labels(&op("(l$0: 1, right: 2)\n}\n")), ["left"]);
    let inner = "fn f() -> (left: Int, right: Str) {\n    (le$0";
    assert!(!labels(inner).contains(&"left".to_owned()));
}
