use dynop_ide::DocumentSymbol;

use crate::{Fixture, fixture};

fn list(fixture: &Fixture, symbols: &[DocumentSymbol], depth: usize, out: &mut String) {
    for symbol in symbols {
        let place = fixture.show(symbol.name_span);
        let (indent, name) = ("  ".repeat(depth), &symbol.name);
        out.push_str(&format!(
            "{indent}{:?} {name} `{}` at {place}\n",
            symbol.kind, symbol.detail
        ));
        assert!(
            symbol.span.contains(symbol.name_span.start)
                && symbol.span.contains(symbol.name_span.end)
        );
        list(fixture, &symbol.children, depth + 1, out);
    }
}

#[test]
fn the_outline_of_a_file() {
    let fixture = fixture(
        "import text.words as w\nconst MOST: Int = 3\ntype Names = List<Str>\nstruct Row { name: Str, n: Int = 0 }\nenum E { A, B(Int) }\nfn f(a: Int) -> Int { a }\n@retry(max: 3)\nop g(rows: List<Row>) -> (left: Int, right: Int?) { broken here\n}\njob main(n: Int) -> Int { g(n) }\ntest \"it works\" { assert true }\nfn half(\n",
    );
    let mut out = String::new();
    list(
        &fixture,
        &fixture.analysis.document_symbols(fixture.file),
        0,
        &mut out,
    );
    insta::assert_snapshot!(out);
}
