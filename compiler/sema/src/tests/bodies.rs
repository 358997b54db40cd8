//! Bodies that are right, as typed trees.

use super::{draw, run, typed};

#[test]
fn the_standard_library_has_no_error() {
    let run = run("");
    assert!(
        run.checked.diagnostics.is_empty() && run.syntax.is_empty(),
        "{}",
        draw(&run)
    );
}

#[test]
fn word_count() {
    insta::assert_snapshot!(typed(
        r#"
op load_pieces(path: Path, lines: Int = 1000) -> DynamicOutput<List<Str>> {
    var index = 0
    for piece in fs.lines(path).chunks(lines) {
        yield DynamicOutput(piece, mapping_key: f"piece_{index}")
        index += 1
    }
}

op count_words(piece: List<Str>) -> Map<Str, Int> {
    var counts: Map<Str, Int> = [:]
    for line in piece {
        for word in line.lower().words() {
            counts[word] = counts.get(word, 0) + 1
        }
    }
    counts
}

op merge(parts: List<Map<Str, Int>>) -> Map<Str, Int> {
    var total: Map<Str, Int> = [:]
    for part in parts {
        for (word, count) in part {
            total[word] = total.get(word, 0) + count
        }
    }
    total
}
"#
    ));
}

#[test]
fn much_of_the_language() {
    insta::assert_snapshot!(typed(include_str!("seeds.dyn")));
}

#[test]
fn narrowing() {
    insta::assert_snapshot!(typed(
        r#"
fn a(x: Int?) -> Int { if x != none { x + 1 } else { 0 } }
fn b(x: Int?) -> Int {
    if x == none or x > 5 { return 0 }
    x
}
fn c(x: Int?) -> Bool { x != none and x > 2 and not (none == x) }
fn d(start: Int?) -> Int {
    var x = start
    var n = 0
    while x != none {
        n += x ?? 0
        x = if n > 5 { none } else { n }
    }
    if x != none {
        n += x
        x = none
        n += x ?? 1
    }
    n
}
fn e(x: List<Int>?) -> Int {
    if x != none {
        match x { some(v) => { log(v.len()) }, none => {} }
        log(x.unwrap().len() + (x ?? []).len())
        for y in x { log(y) }
        let f = || x.len()
        return f()
    }
    0
}
fn log(x: Int) {}
"#
    ));
}

#[test]
fn more_of_the_language() {
    insta::assert_snapshot!(typed(include_str!("more.dyn")));
}
