use std::path::Path;

use dynop_ide::Analysis;

use crate::{Texts, fixture};

fn found(analysis: &Analysis) -> Vec<String> {
    let all = analysis.diagnostics().iter();
    all.map(|one| {
        format!(
            "{} {} {}",
            analysis.sources().locate(one.primary.span),
            one.code.id,
            one.message
        )
    })
    .collect()
}

#[test]
fn of_all_files_and_of_the_plan() {
    let text = "\n//- /main.dyn\nimport rows\nop f(n: Int) -> Int { let unused = 1\n n }\njob main(n: Int) -> Int { f(n) }\n//- /rows.dyn\nfn g() -> Int { \"a\" }\n";
    insta::assert_snapshot!(found(&fixture(text).analysis).join("\n"));
    let clash = "op f() -> Int { 1 }\nop g(a: Int, b: Int) -> Int { a + b }\njob main() -> Int { g(f() as x, f() as x) }\n";
    insta::assert_snapshot!(found(&fixture(clash).analysis).join("\n"));
}

#[test]
fn an_error_silences_nothing_else() {
    let text = "op a(x: Int, y) -> Int {\n    x +\n}\nop b(x: Strr) -> Int {\n    unknown(x)\n    x.\n}\nop c(x: Int -> Int {\n    1\n}\nop d(x: Int) -> Int {\n    \"d\"\n}\njob main(n: Int) -> Int {\n    let p = a(n, n)\n    let q = b(p)\n    d(q, 1)\n}\n";
    insta::assert_snapshot!(found(&fixture(text).analysis).join("\n"));
}

/// As one types: texts without their end, within brackets that go on in the next line.
#[test]
fn an_unclosed_text_silences_nothing_else() {
    let rest = "op next(x: Int) -> Int {\n    \"next\"\n}\njob main(n: Int) -> Int { next(broken(n), 1) }\n";
    for broken in [
        "    let all = [\n        x,\n        \"a,\n        2,\n    ]\n    unknown\n",
        "    let all = [\n        say(x, f\"{x\n        2,\n    ]\n    unknown\n",
        "    let all = [1].map(|y| { say(y, \"a\n        y\n    })\n    unknown\n",
        "    let all = [1].map(|y| { say(y, \"a) })\n    unknown\n",
        "    let all = say(f\"{[1].map(|y| { say(\"a\n        , 2)\n    unknown\n",
        "    let all = say(x, r\"\\\n    unknown\n",
        "    unknown\n    let all = [say(\"\"\"abc\n    x\n",
        "    unknown\n    let all = say(f\"\"\"abc {x\n    x\n",
    ] {
        let text = format!("op broken(x: Int) -> Int {{\n{broken}}}\n{rest}");
        let found = found(&fixture(&text).analysis);
        let has = |words: &str| found.iter().any(|one| one.contains(words));
        assert!(has("E0104"), "{broken}{found:#?}");
        assert!(has("unknown"), "{broken}{found:#?}");
        assert!(has("Str"), "{broken}{found:#?}");
        assert!(has("`next` takes 1"), "{broken}{found:#?}");
    }
}

#[test]
fn unused_names_are_dimmed() {
    let fixture = fixture("fn f() -> Int {\n    let unused = 1\n    return 2\n    3\n}\n");
    let dimmed = fixture
        .analysis
        .diagnostics()
        .iter()
        .filter(|one| one.is_unnecessary());
    let shown: Vec<String> = dimmed.map(|one| fixture.show(one.primary.span)).collect();
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn a_missing_main_file_is_told() {
    let analysis = Analysis::new(Path::new("/nothing.dyn"), &Texts::new());
    assert_eq!(
        found(&analysis),
        ["/nothing.dyn:1:1 E0001 there is no file /nothing.dyn"]
    );
}

#[test]
fn again_after_a_change() {
    let mut files = Texts::new();
    let main = Path::new("/main.dyn");
    files.insert(main.into(), "import a\nfn f() -> Int { a.g() }\n".into());
    let first = Analysis::new(main, &files);
    insta::assert_snapshot!(found(&first).join("\n"));
    files.insert("/a.dyn".into(), "pub fn g() -> Int { 1 }\n".into());
    let second = first.again(&files);
    assert_eq!(found(&second), [""; 0]);
    files.insert("/a.dyn".into(), "pub fn g() -> Str { \"\" }\n".into());
    let third = second.again(&files);
    assert_eq!(found(&third), found(&Analysis::new(main, &files)));
    assert_eq!(third.diagnostics().len(), 1);
}
