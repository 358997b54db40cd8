//! `docs/library.md`: every public function of the standard library, made of its doc comments.

use dynop_tests::root;

/// The page as the sources say it.
fn page() -> String {
    let mut page = String::from(
        "# The standard library\n\n\
         Made of the doc comments in `runtime/std`; `UPDATE_PAGES=1 cargo test -p dynop_tests --test std` makes it anew.\n\n\
         A file named after a type holds its methods: `list.len()` is `len(list)` of `list.dyn`. Other files are modules: \
         `fs.lines(path)`. What `core` holds needs no name before it. A parameter marked `var` is changed in its place.\n",
    );
    for (name, text) in super::sources() {
        page.push_str(&format!("\n## {name}\n\n"));
        let about: Vec<&str> = text
            .lines()
            .map_while(|line| line.strip_prefix("//!"))
            .map(str::trim)
            .collect();
        page.push_str(&format!("{}\n\n", about.join("\n").trim()));
        let mut docs: Vec<&str> = Vec::new();
        for line in text.lines() {
            if let Some(doc) = line.strip_prefix("///") {
                docs.push(doc.trim());
                continue;
            }
            if line.starts_with("pub ") {
                page.push_str(&entry(line, &docs));
            }
            docs.clear();
        }
    }
    page
}

/// A function or constant: its signature, what it does, its example.
fn entry(line: &str, docs: &[&str]) -> String {
    let signature = line
        .trim_start_matches("pub ")
        .trim_start_matches("extern ");
    let end = signature.find(" = \"").or_else(|| signature.find(" {"));
    let signature = signature[..end.unwrap_or(signature.len())].trim();
    let text: Vec<&str> = docs.iter().copied().filter(|doc| !doc.is_empty()).collect();
    let mut entry = format!("- **`{signature}`**\n");
    for line in text {
        entry.push_str(&format!("  {line}\n"));
    }
    entry
}

#[test]
fn the_page_is_what_the_sources_say() {
    let path = root().join("docs/library.md");
    let page = page();
    if std::env::var_os("UPDATE_PAGES").is_some() {
        std::fs::write(&path, &page).expect("docs can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/library.md is old: UPDATE_PAGES=1 cargo test -p dynop_tests --test std"
    );
}
