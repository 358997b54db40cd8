use crate::fixture;

fn hover(text: &str) -> String {
    let fixture = fixture(text);
    match fixture.analysis.hover(fixture.file, fixture.offset) {
        Some(hover) => format!("{}\n{}", fixture.show(hover.span), hover.markdown),
        None => "nothing".to_owned(),
    }
}

const JOB: &str = "\
/// Splits a text.
op split(
    /// What is split.
    path: Path,
) -> DynamicOutput<Str> {
    for line in fs.lines(path) {
        yield DynamicOutput(line, mapping_key: line)
    }
}

op count(part: Str) -> (words: Int, letters: Int?) {
    yield Output(part.words().len(), output_name: \"words\")
}

op sum(all: List<Int>) -> Int { all.sum() }

job main(path: Path) -> Int {
    let parts = split(path)
    let counted = parts.map(|part| count(part).words)
    sum(counted.collect())
}
";

fn at(text: &str, place: &str, word: &str) -> String {
    let (before, after) = text.split_once(place).expect("the place is there");
    let marked = place.replacen(word, &format!("$0{word}"), 1);
    hover(&format!("{before}{marked}{after}"))
}

#[test]
fn an_op_and_its_steps() {
    insta::assert_snapshot!(at(JOB, "split(path)", "split"));
    insta::assert_snapshot!(at(JOB, "count(part).", "count"));
    insta::assert_snapshot!(at(JOB, "sum(counted", "sum"));
}

#[test]
fn steps_of_a_broken_job() {
    let broken = JOB.replace("sum(counted.collect())", "sum(counted.collect(), 1)");
    insta::assert_snapshot!(at(&broken, "count(part).", "count"));
}

#[test]
fn names_in_jobs() {
    insta::assert_snapshot!(at(JOB, "parts.map", "parts"));
    insta::assert_snapshot!(at(JOB, "count(part).", "part"));
    insta::assert_snapshot!(at(JOB, "parts.map", "map"));
    insta::assert_snapshot!(at(JOB, "counted.collect", "collect"));
    insta::assert_snapshot!(at(JOB, "part).words", "words"));
    insta::assert_snapshot!(at(JOB, "split(path)", "path"));
}

#[test]
fn names_in_bodies() {
    let text = "/// A row.\nstruct Row {\n    /// Its name.\n    name: Str,\n}\nfn f(rows: List<Row>) -> Int {\n    var total = 0\n    for row in rows {\n        total += row.name.len()\n    }\n    total\n}\n";
    insta::assert_snapshot!(at(text, "row in rows", "row"));
    insta::assert_snapshot!(at(text, "total += ", "total"));
    insta::assert_snapshot!(at(text, "row.name", "name"));
    insta::assert_snapshot!(at(text, "name.len()", "len"));
    insta::assert_snapshot!(at(text, "List<Row>", "Row"));
    insta::assert_snapshot!(at(text, "List<Row>", "List"));
}

#[test]
fn a_broken_body_tells_what_is_known() {
    let text = "fn f(rows: List<Str>) -> Int {\n    let first = rows.map(|row| row.len())\n    let bad = first.nothing()\n    if bad {\n    first +\n}\nop g() -> Int { f([]) }\n";
    insta::assert_snapshot!(at(text, "first =", "first"));
    insta::assert_snapshot!(at(text, "row.len", "row"));
    insta::assert_snapshot!(at(text, "f([])", "f"));
}

#[test]
fn modules() {
    let text = "\n//- /main.dyn\nimport text.words\nop f() -> Int { words.count(\"a\") }\n//- /text/words.dyn\n//! About words.\n\n/// Counts.\npub fn count(s: Str) -> Int { s.len() }\n";
    insta::assert_snapshot!(at(text, "words.count(", "words"));
    insta::assert_snapshot!(at(text, "words.count(", "count"));
}

#[test]
fn constants_and_their_values() {
    let text = "/// How many.\nconst MAX = 3 * 4\nconst NAME: Str = \"a\"\nfn f() -> Int { MAX + NAME.len() }\n";
    insta::assert_snapshot!(at(text, "MAX +", "MAX"));
    insta::assert_snapshot!(at(text, "NAME.", "NAME"));
}

#[test]
fn parts_of_cases_and_names_of_steps() {
    let text = "enum Shape { Circle(radius: Float), Dot }\nfn f() -> Shape { Shape.Circle(radius: 1.0) }\n";
    insta::assert_snapshot!(at(text, "Circle(radius: 1", "radius"));
    let text = "op a() -> Int { 1 }\njob j() -> Int {\n    let x = a() as first\n    x\n}\n";
    insta::assert_snapshot!(at(text, "as first", "first"));
}

#[test]
fn what_the_library_does_is_not_shown() {
    insta::assert_snapshot!(at(
        "fn f(p: Path) -> Str { fs.read(p) }\n",
        "read(p)",
        "read"
    ));
}
