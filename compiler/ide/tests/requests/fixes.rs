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

/// Programs with mistakes whose repairs all mend them.
const WRONG: &[&str] = &[
    "job j(n: Int) -> List<Int> {\n    let rows = load()\n    let one = half(\n        rows,\n    )\n    one\n}\n",
    "job j() -> Int {\n    sum(load())\n}\n",
    "job j() -> List<Int> {\n    load()\n}\n",
    "job j() -> List<Int> {\n    let a = load()\n    let b = load()\n    a.map(|x| add(x, b)).collect()\n}\nop add(a: Int, b: Int) -> Int { a + b }\n",
    "fn f() -> Int {\n    let total = \"𝄞\".len()\n    \"𝄞𝄞 é\".len() + totl\n}\n",
    "struct Row { name: Str }\nfn f(r: Row) -> Str { r.nam }\n",
    "fn g(x: Strr) -> Int { x.len() }\n",
    "enum E { First, Second }\nfn h() -> E { E.Frist }\n",
    "fn i(p: Path) -> Str { fs.raed(p) }\n",
    "fn k(s: Str) -> Str { s.replace(ol: \"𝄞\", new: \"b\") }\n",
    "fn add(first: Int, second: Str, third: List<Str>) -> Int { first }\nfn g() -> Int {\n    add(\n        1,\n    )\n}\nfn h() -> Int { add() }\n",
    "struct Row { name: Str, n: Int?, part: (Int, Path) }\nfn g() -> Row { Row(name: \"𝄞\") }\n",
    "enum E { First, Second(n: Int), Third(a: Str, b: Int) }\nfn g(e: E) -> Int { match e { E.First => 1 } }\nfn h(e: E) -> Int { match e { } }\nfn i(e: E) -> Int {\n    match e {\n        E.First => {\n            1\n        },\n    }\n}\n",
    "fn g(e: Int?, b: Bool) -> Int {\n    match b {\n        true => match e { none => 1 }\n    }\n}\n",
    "fn g(e: Int) -> Int {\n    let x = 1\n    let y = [\n        \"𝄞\",\n    ]\n    let (a, b) = (1, 2)\n    for i in 0..3 { }\n    e + a\n}\n",
    "import tools\nimport other as o\njob j() -> Int { sum([]) }\n//- /tools.dyn\npub fn add(n: Int) -> Int { n }\n//- /other.dyn\npub fn add(n: Int) -> Int { n }\n",
    "/// Docs.\nconst UNUSED = [\n    1,\n]\n\n/// Docs.\nop unused() -> Int {\n    1\n}\njob j() -> Int { sum([]) }\n",
];

#[test]
fn every_repair_mends_what_it_is_for() {
    for wrong in WRONG {
        for windows in [false, true] {
            let (own, others) = wrong.split_once("//-").unwrap_or((wrong, ""));
            let mut own = format!("// 𝄞 é\n{own}{OPS}");
            if windows {
                own = own.replace('\n', "\r\n");
            }
            let with_others = |own: &str| match others {
                "" => own.to_owned(),
                others => format!("//- /main.dyn\n{own}\n//-{others}"),
            };
            let before = fixture(&with_others(&own));
            let mut count = 0;
            for found in before.analysis.diagnostics() {
                for fix in before.analysis.fixes_of(found) {
                    let text = apply(&before, &fix);
                    let after = fixture(&with_others(&text)).analysis;
                    let same = |one: &&dynop_base::Diagnostic| {
                        one.code.id == found.code.id && one.message == found.message
                    };
                    let said =
                        |of: &dynop_ide::Analysis| of.diagnostics().iter().filter(same).count();
                    assert!(
                        said(&after) < said(&before.analysis),
                        "{}\n{text}",
                        fix.title
                    );
                    let broken = |one: &dynop_base::Diagnostic| one.code.id.starts_with("E01");
                    assert!(
                        !after.diagnostics().iter().any(broken),
                        "{}\n{text}",
                        fix.title
                    );
                    count += 1;
                }
            }
            assert!(count > 0, "{own}");
        }
    }
}
