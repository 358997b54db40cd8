//! A picture of each diagnostic code: what a user sees of the first rejected program on the code's page.

use dynop_tests::markdown::blocks;
use dynop_tests::{build, check, root};

/// Codes that no program can show on a page: they are about files, the back end's own failures, and tests that failed.
const WITHOUT_PROGRAM: [&str; 5] = ["E0001", "E0002", "E0003", "E0602", "E0702"];

#[test]
fn codes() {
    let mut without_repair = Vec::new();
    let mut without_help = Vec::new();
    for code in dynop_base::codes::all() {
        let id = code.id;
        let page = std::fs::read_to_string(root().join(format!("docs/errors/{id}.md")));
        let page = page.unwrap_or_else(|error| panic!("docs/errors/{id}.md: {error}"));
        let found = blocks(&page);
        let Some(block) = found
            .iter()
            .find(|block| block.info.starts_with("dyn,fail"))
        else {
            assert!(
                WITHOUT_PROGRAM.contains(&id),
                "{id} has no program that shows it"
            );
            continue;
        };
        let beside = tempfile::tempdir().expect("a temporary folder can be made");
        for file in &found {
            if let Some(name) = file.info.strip_prefix("dyn,file=") {
                std::fs::write(beside.path().join(name), &file.text).expect("it can be written");
            }
        }
        let name = beside
            .path()
            .join("page.dyn")
            .to_string_lossy()
            .into_owned();
        let checked = check(&name, &block.text);
        let here = format!("{}/", beside.path().display());
        let mut picture = checked.picture.replace(&here, "");
        // Some are found when code is made of the program.
        if !checked.diagnostics.iter().any(|found| found.code.id == id) {
            picture = build(&name, &block.text).err().unwrap_or_default();
            picture = picture.replace(&here, "");
            assert!(
                picture.contains(id),
                "{id}: the program on its page shows\n{picture}"
            );
        }
        // Each drawing says what to do, in a sentence or as the line it should be.
        let heading = format!("{id}\n");
        let mut drawings = picture.split(heading.as_str()).skip(1);
        if !drawings.all(|one| one.contains("\n  help: ")) {
            without_help.push(id);
        }
        let repaired = found.iter().any(|block| block.info == "dyn");
        if !repaired {
            without_repair.push(id);
        }
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(format!("code_{id}"), format!("{}\n----\n{picture}", block.text));
        });
    }
    assert!(
        without_repair.is_empty(),
        "pages without a repaired program: {without_repair:?}"
    );
    assert!(
        without_help.is_empty(),
        "pictures that do not say what to do: {without_help:?}"
    );
}
