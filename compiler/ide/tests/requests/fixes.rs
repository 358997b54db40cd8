use dynop_base::Span;
use dynop_ide::QuickFix;

use crate::{Fixture, fixture};

fn fixes(fixture: &Fixture) -> Vec<QuickFix> {
    let at = fixture.offset as usize;
    fixture.analysis.fixes(Span::new(fixture.file, at, at))
}

fn apply(fixture: &Fixture, fix: &QuickFix) -> String {
    let mut text = fixture
        .analysis
        .sources()
        .file(fixture.file)
        .text
        .to_string();
    let mut edits = fix.edits.clone();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.span.start));
    for edit in edits {
        text.replace_range(edit.span.range(), &edit.text);
    }
    text
}

/// Every repair at the cursor, with the changed text and what is then still said of it.
fn shown(text: &str) -> String {
    let before = fixture(text);
    let mut out = String::new();
    for fix in fixes(&before) {
        let preferred = if fix.preferred { " (preferred)" } else { "" };
        let after = apply(&before, &fix);
        out.push_str(&format!(
            "{}: {}{preferred}\n{after}",
            fix.code.id, fix.title
        ));
        let found = fixture(&after).analysis;
        for diagnostic in found.diagnostics() {
            out.push_str(&format!(
                "still {} {}\n",
                diagnostic.code.id, diagnostic.message
            ));
        }
        out.push('\n');
    }
    out
}

const OPS: &str = "op load() -> DynamicOutput<Int> { yield DynamicOutput(1, mapping_key: 1) }\nop half(n: Int) -> Int { n / 2 }\nop sum(all: List<Int>) -> Int { all.sum() }\n";

#[test]
fn direct_passing() {
    let job = "job main() -> List<Int> {\n    let d = load()\n    half($0d)\n}\n";
    insta::assert_snapshot!(shown(&format!("{OPS}{job}")));
    let job = "job main() -> Int {\n    let d = load()\n    sum($0d)\n}\n";
    insta::assert_snapshot!(shown(&format!("{OPS}{job}")));
}

#[test]
fn nearest_names() {
    insta::assert_snapshot!(shown("fn f(count: Int) -> Int { co$0nut + 1 }\n"));
    insta::assert_snapshot!(shown("fn f(s: Str) -> Int { s.le$0ngth() }\n"));
    insta::assert_snapshot!(shown(
        "op f() -> (left: Int, right: Int) {\n    yield Output(1, output_name: \"le$0tf\")\n    yield Output(1, output_name: \"right\")\n}\n"
    ));
}

#[test]
fn missing_arguments() {
    insta::assert_snapshot!(shown(
        "fn g(a: Int, b: Int, c: Int = 0) -> Int { a + b + c }\nfn f() -> Int { g(1$0) }\n"
    ));
    insta::assert_snapshot!(shown(
        "struct Row { name: Str, n: Int }\nfn f() -> Row { Row($0) }\n"
    ));
    insta::assert_snapshot!(shown(&format!(
        "{OPS}job main() -> Int {{\n    half($0)\n}}\n"
    )));
}

#[test]
fn missing_arms() {
    insta::assert_snapshot!(shown(
        "enum E { A, B(Int), C }\nfn f(e: E) -> Int {\n    match $0e {\n        E.A => 1,\n    }\n}\n"
    ));
    insta::assert_snapshot!(shown(
        "enum E { A, B(Int), C }\nfn f(e: E) -> Int {\n    match $0e {\n    }\n}\n"
    ));
    insta::assert_snapshot!(shown(
        "fn f(e: Int?) -> Int {\n    match $0e {\n        none => {\n            1\n        }\n    }\n}\n"
    ));
    insta::assert_snapshot!(shown(
        "fn f(e: Int) -> Int {\n    match $0e {\n        1 => 1\n    }\n}\n"
    ));
}

#[test]
fn the_unused() {
    insta::assert_snapshot!(shown(
        "fn f(a: Int) -> Int {\n    let $0unused = a + 1\n    a\n}\n"
    ));
    insta::assert_snapshot!(shown(
        "fn g() -> Int { 1 }\nfn f(a: Int) -> Int {\n    let $0unused = g()\n    a\n}\n"
    ));
    insta::assert_snapshot!(shown(
        "fn f(a: Int) -> Int {\n    return a\n    $0log(\"never\")\n}\n"
    ));
    insta::assert_snapshot!(shown(&format!(
        "{OPS}job main() -> Int {{\n    let $0n = half(1)\n    half(2)\n}}\n"
    )));
}

#[test]
fn nothing_where_nothing_is_wrong() {
    assert_eq!(shown("fn f(a: Int) -> Int { $0a }\n"), "");
}
