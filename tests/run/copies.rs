//! What is changed in place: loops that build a value are linear, by a count of what the runtime copied, not by a clock.

use dynop_tests::build;

/// Elements copied because their buffer had another owner, and elements moved because it grew.
fn copies(program: &str) -> (u64, u64) {
    let built = build("copies.dyn", program).unwrap_or_else(|picture| panic!("{picture}"));
    let output = built
        .command()
        .env("DYNOP_COUNT_COPIES", "1")
        .output()
        .expect("it starts");
    let err = String::from_utf8_lossy(&output.stderr);
    let line = err
        .lines()
        .find_map(|line| line.strip_prefix("copies: "))
        .unwrap_or_else(|| panic!("nothing is told of copies:\n{err}"));
    let number = |word: &str| {
        let before = line.split(word).next().expect("a text");
        let digits = before.trim().rsplit(' ').next().expect("a word");
        digits.parse().expect("a number")
    };
    assert_eq!(output.status.code(), Some(0), "{err}");
    (number("copied"), number("moved"))
}

/// A program of one op; its body gives an `Int`.
fn of_body(body: &str) -> String {
    format!(
        "struct Row {{ name: Str, parts: List<Int> }}\n\n\
         fn add(var list: List<Int>, value: Int) {{\n    list.push(value)\n}}\n\n\
         fn added(list: List<Int>, value: Int) -> List<Int> {{\n    var out = list\n    out.push(value)\n    out\n}}\n\n\
         op build(count: Int) -> Int {{\n{body}\n}}\n\n\
         job main(count: Int = 1000000) -> Int {{\n    build(count)\n}}\n"
    )
}

/// At most so many elements are copied, and the growth moves each about twice.
fn linear(body: &str, most_copied: u64) {
    let (copied, moved) = copies(&of_body(body));
    assert!(
        copied <= most_copied,
        "{copied} copied, {moved} moved:\n{body}"
    );
    assert!(
        moved <= 4_000_000,
        "{copied} copied, {moved} moved:\n{body}"
    );
}

#[test]
fn a_million_pushes() {
    linear(
        "    var list: List<Int> = []\n    for i in 0..count {\n        list.push(i)\n    }\n    list.len()",
        0,
    );
}

#[test]
fn a_million_pushes_through_a_var_parameter() {
    linear(
        "    var list: List<Int> = []\n    for i in 0..count {\n        add(list, i)\n    }\n    list.len()",
        0,
    );
}

#[test]
fn a_million_texts() {
    linear(
        "    var list: List<Str> = []\n    for i in 0..count {\n        list.push(f\"item number {i}\")\n    }\n    list.len()",
        0,
    );
}

#[test]
fn a_million_counts() {
    linear(
        "    var counts: Map<Int, Int> = [:]\n    for i in 0..count {\n        let key = i % 1000\n        \
         counts[key] = counts.get(key, 0) + 1\n    }\n    counts.len()",
        0,
    );
}

#[test]
fn a_million_keys() {
    linear(
        "    var counts: Map<Str, Int> = [:]\n    for i in 0..count {\n        let key = f\"key number {i}\"\n        \
         counts[key] = counts.get(key, 0) + 1\n    }\n    counts.len()",
        0,
    );
}

#[test]
fn a_million_elements_of_a_set() {
    linear(
        "    var seen: Set<Int> = Set()\n    for i in 0..count {\n        seen.insert(i)\n    }\n    seen.len()",
        0,
    );
}

#[test]
fn a_million_pushes_into_a_field_of_an_element() {
    linear(
        "    var rows = [Row(name: \"a\", parts: []), Row(name: \"b\", parts: [])]\n    for i in 0..count {\n        \
         rows[i % 2].parts.push(i)\n    }\n    rows[0].parts.len() + rows[1].parts.len()",
        // The two rows of the literal.
        2,
    );
}

#[test]
fn a_million_pushes_into_lists_of_a_map() {
    linear(
        "    var groups: Map<Int, List<Int>> = [0: [], 1: []]\n    for i in 0..count {\n        \
         groups[i % 2].push(i)\n    }\n    groups[0].len() + groups[1].len()",
        // The two entries of the literal.
        2,
    );
}

#[test]
fn a_million_pushes_to_lists_by_key() {
    linear(
        "    var groups: Map<Int, List<Int>> = [:]\n    for i in 0..count {\n        \
         groups.push(i % 2, i)\n    }\n    groups[0].len() + groups[1].len()",
        0,
    );
}

#[test]
fn a_million_pushes_into_a_list_that_goes_from_call_to_call() {
    linear(
        "    var list: List<Int> = []\n    for i in 0..count {\n        list = added(list, i)\n    }\n    list.len()",
        0,
    );
}

#[test]
fn a_million_elements_gone_through_by_the_library() {
    linear(
        "    let groups = (0..count).map(|i| i * 2).filter(|i| i % 3 == 0).to_list().group_by(|i| i % 10)\n    \
         groups.values().map(|group| group.len()).sum()",
        0,
    );
}

#[test]
fn a_text_of_a_million_parts() {
    // Bytes, so more than elements; each is moved about once.
    linear(
        "    var text = \"\"\n    for i in 0..count {\n        text += \"x\"\n    }\n    text.len()",
        100,
    );
}

#[test]
fn a_copy_is_counted() {
    let (copied, _) = copies(&of_body(
        "    let list = (0..count).to_list()\n    var other = list\n    other.push(1)\n    list.len() + other.len()",
    ));
    assert_eq!(copied, 1_000_000);
}
