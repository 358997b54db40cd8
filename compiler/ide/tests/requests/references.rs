use crate::fixture;

fn references(text: &str) -> String {
    let fixture = fixture(text);
    let found = fixture
        .analysis
        .references(fixture.file, fixture.offset, true);
    let shown = found.iter().map(|reference| {
        let mark = if reference.declaration {
            "declared "
        } else {
            ""
        };
        format!("{mark}{}", fixture.show(reference.span))
    });
    shown.collect::<Vec<_>>().join("\n")
}

/// The files after a renaming.
fn rename(text: &str, name: &str) -> String {
    let fixture = fixture(text);
    let edits = match fixture.analysis.rename(fixture.file, fixture.offset, name) {
        Ok(edits) => edits,
        Err(refused) => return refused.0,
    };
    let mut shown = String::new();
    for (id, path) in fixture.analysis.own_files() {
        let mut text = fixture.analysis.sources().file(id).text.to_string();
        for edit in edits.iter().rev().filter(|edit| edit.span.file == id) {
            text.replace_range(edit.span.range(), &edit.text);
        }
        shown.push_str(&format!("//- {}\n{text}", path.display()));
    }
    shown
}

const FILES: &str = "
//- /main.dyn
import rows
op f(r: rows.Row) -> Int {
    let n = r.n
    n + rows.twice(n: n)
}
//- /rows.dyn
pub struct Row { n: Int }
pub fn twice(n: Int) -> Int { $0n * 2 }
";

#[test]
fn uses_of_a_parameter() {
    insta::assert_snapshot!(references(FILES));
}

#[test]
fn uses_of_a_local_of_the_same_name() {
    let text = FILES.replace("$0n", "n").replace("let n", "let $0n");
    insta::assert_snapshot!(references(&text));
}

#[test]
fn uses_of_a_file() {
    let text = FILES
        .replace("$0n", "n")
        .replace("import rows", "import $0rows");
    insta::assert_snapshot!(references(&text));
}

#[test]
fn uses_of_an_output() {
    let text = "op a() -> (le$0ft: Int, right: Int) {\n    yield Output(1, output_name: \"left\")\n    yield Output(1, output_name: \"right\")\n}\njob main() -> Int {\n    let both = a()\n    both.left\n}\n";
    insta::assert_snapshot!(references(text));
    insta::assert_snapshot!(rename(text, "first"));
}

#[test]
fn renaming_across_files() {
    insta::assert_snapshot!(rename(FILES, "number"));
}

#[test]
fn renaming_is_refused() {
    let text = "fn f(a: Int) -> Int {\n    let b = 1\n    $0a + b\n}\n";
    assert_eq!(rename(text, "b"), "the name `b` is taken here");
    assert_eq!(rename(text, "let"), "`let` is no name");
    assert_eq!(rename(text, "1a"), "`1a` is no name");
    assert_eq!(
        rename("fn f(s: Str) -> Int { s.$0len() }\n", "size"),
        "there is no name here that can be changed"
    );
}

#[test]
fn uses_of_a_part_of_a_case() {
    let text = "enum Shape { Circle(radius: Float, n: Int), Dot }\nfn f() -> Shape { Shape.Circle($0radius: 1.0, n: 2) }\nfn g(s: Shape) -> Float {\n    match s {\n        Shape.Circle(radius: r, ..) => r\n        Shape.Dot => 0.0\n    }\n}\n";
    insta::assert_snapshot!(references(text));
    insta::assert_snapshot!(rename(text, "size"));
}

#[test]
fn uses_of_an_output_in_what_is_returned() {
    let text = "op f(n: Int) -> (left: Int, right: Int) {\n    if n > 0 {\n        return (left: n, right: 0)\n    }\n    let other = (left: 1, right: 2)\n    (right: other.right, left: 0)\n}\njob j() -> Int {\n    let o = f(1)\n    o.$0left\n}\n";
    insta::assert_snapshot!(references(text));
    insta::assert_snapshot!(rename(text, "first"));
}
