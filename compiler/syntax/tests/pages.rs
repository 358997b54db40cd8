//! The pages of the parser's diagnostics: each is there, its broken program has the mistake, the repaired one has none.

use dynop_base::{FileId, codes};
use dynop_syntax::parse;

fn block<'t>(page: &'t str, fence: &str) -> &'t str {
    let start = page.find(fence).map(|at| at + fence.len());
    let rest = &page[start.unwrap_or_else(|| panic!("no {fence:?}"))..];
    &rest[..rest.find("```").expect("the block ends")]
}

#[test]
fn every_code_of_the_parser_has_a_page_that_shows_it() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors");
    for code in codes::all().filter(|code| code.id[1..].starts_with("01")) {
        let path = folder.join(format!("{}.md", code.id));
        let page = std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("{}", path.display()));
        assert!(page.starts_with(&format!("# {}: ", code.id)), "{}", code.id);
        let found = parse(FileId(0), block(&page, "```dyn,fail\n")).diagnostics;
        assert!(
            found.iter().all(|found| found.code == code) && !found.is_empty(),
            "{}: {found:?}",
            code.id
        );
        let repaired = parse(FileId(0), block(&page, "```dyn\n")).diagnostics;
        assert!(repaired.is_empty(), "{}: {repaired:?}", code.id);
    }
}
