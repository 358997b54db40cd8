//! The pages of this room's errors: the first block gives the error, the others give none.

use super::{draw, run};

/// The blocks of a page: how each is marked, and its text.
fn blocks(page: &str) -> Vec<(&str, &str)> {
    let mut out = Vec::new();
    let mut rest = page;
    while let Some(start) = rest.find("```") {
        let inner = &rest[start + 3..];
        let Some((mark, after)) = inner.split_once('\n') else {
            break;
        };
        let end = after.find("```").unwrap_or(after.len());
        out.push((mark, &after[..end]));
        rest = after.get(end + 3..).unwrap_or("");
    }
    out
}

#[test]
fn every_page_gives_its_error_and_its_repair_none() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors/");
    let mut wrong = String::new();
    for code in dynop_base::codes::all() {
        // Names of steps are given, and constants known, when a job is evaluated, after this room.
        let own = ["02", "03", "04", "05", "09"].contains(&&code.id[1..3]);
        // An unused import is one of a file beside the page.
        if !own || ["E0308", "E0320", "E0321", "E0322", "W0208"].contains(&code.id) {
            continue;
        }
        let Ok(page) = std::fs::read_to_string(format!("{folder}{}.md", code.id)) else {
            wrong += &format!("{} has no page\n", code.id);
            continue;
        };
        if !page.starts_with(&format!("# {}: ", code.id)) {
            wrong += &format!("{}: the title is missing\n", code.id);
        }
        for (mark, text) in blocks(&page) {
            let run = run(text);
            let all = || run.syntax.iter().chain(&run.checked.diagnostics);
            let found = all().any(|diagnostic| diagnostic.code.id == code.id);
            let fine = match mark {
                "dyn,fail" => found && all().all(|diagnostic| diagnostic.code.id == code.id),
                "dyn" => all().next().is_none(),
                _ => true,
            };
            if !fine {
                wrong += &format!("{} {mark}:\n{text}\n{}\n", code.id, draw(&run));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
