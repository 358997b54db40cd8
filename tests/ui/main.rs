//! Picture snapshots of diagnostics: each program under `programs/` with what a user sees of it.

use dynop_tests::{check, root};

#[test]
fn pictures() {
    let folder = root().join("tests/ui/programs");
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .expect("the folder is there")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".dyn").map(str::to_owned))
        .collect();
    names.sort();
    assert!(!names.is_empty());
    for name in names {
        let file = format!("{name}.dyn");
        let text = std::fs::read_to_string(folder.join(&file)).expect("the program can be read");
        let found = check(&file, &text);
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name, format!("{text}\n----\n{}", found.picture));
        });
    }
}
