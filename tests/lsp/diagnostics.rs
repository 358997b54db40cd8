//! What is wrong appears, and disappears.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{Client, codes, editor, uri};

const DIRECT: &str = "op numbers() -> DynamicOutput<Int> {
    for n in [1, 2, 3] {
        yield DynamicOutput(n, mapping_key: n)
    }
}
op square(n: Int) -> Int { n * n }
op sum(all: List<Int>) -> Int { all.sum() }
job main() -> Int {
    let n = numbers()
    let s = square(n)
    s
}
";

pub fn folder(files: &[(&str, &str)]) -> (tempfile::TempDir, impl Fn(&str) -> PathBuf + use<>) {
    let folder = tempfile::tempdir().expect("a folder");
    // As the server sees it, were there a link on the way.
    let root = folder.path().canonicalize().expect("it is there");
    for (name, text) in files {
        write(&root.join(name), text);
    }
    (folder, move |name: &str| root.join(name))
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().expect("it has one")).expect("it can be made");
    std::fs::write(path, text).expect("it can be written");
}

/// Waits until such diagnostics of a file are told.
fn until(client: &mut Client, uri: &str, fit: impl Fn(&Vec<Value>) -> bool) {
    while !fit(&client.diagnostics(uri)) {}
}

fn watched(client: &mut Client, uri: &str, kind: i32) {
    let params = json!({ "changes": [{ "uri": uri, "type": kind }] });
    client.tell("workspace/didChangeWatchedFiles", params);
}

#[test]
fn a_diagnostic_is_told_whole() {
    let mut client = Client::ready();
    let here = "file:///nowhere/a.dyn";
    client.open(here, DIRECT);
    let found = client.diagnostics(here);
    let error = found.iter().find(|d| d["severity"] == 1).expect("an error");
    let code = error["code"].as_str().expect("a code");
    assert!(code.starts_with("E03"), "{error}");
    assert_eq!(error["source"], "dynop");
    assert_eq!(error["range"]["start"]["line"], 9, "{error}");
    let page = error["codeDescription"]["href"].as_str().expect("a link");
    let path = page.strip_prefix("file://").expect("a file");
    let text = std::fs::read_to_string(path).expect("it was laid out");
    assert!(text.starts_with(&format!("# {code}: ")), "{text}");
    let related = error["relatedInformation"].as_array().expect("places");
    assert_eq!(related[0]["location"]["uri"], here, "{error}");
}

#[test]
fn an_error_goes_when_it_is_mended() {
    let mut client = Client::ready();
    let here = "file:///nowhere/a.dyn";
    client.open(here, "op f() -> Int { \"text\" }\n");
    assert_eq!(client.codes(here).len(), 1);
    client.replace(here, 2, "op f() -> Int { 1 }\n");
    assert!(client.diagnostics_of(here, 2).is_empty());
    client.replace(here, 3, "op f() -> Int { x }\n");
    assert_eq!(client.diagnostics_of(here, 3).len(), 1);
    let params = json!({ "textDocument": { "uri": here } });
    client.tell("textDocument/didClose", params);
    assert!(client.diagnostics(here).is_empty());
}

#[test]
fn unused_names_are_dimmed() {
    let mut client = Client::ready();
    let here = "untitled:Untitled-1";
    client.open(here, "op f() -> Int {\n    let unused = 1\n    2\n}\n");
    let found = client.diagnostics(here);
    assert_eq!(codes(&found), ["W0207"]);
    assert_eq!(found[0]["severity"], 2);
    assert_eq!(found[0]["tags"], json!([1]));
}

#[test]
fn columns_are_counted_as_agreed() {
    // The wrong name stands behind a character of four bytes, two units or one.
    let text = "op f() -> Str {\r\n    \"\u{1d11e}\" + wrong\r\n}\r\n";
    let counted = [("utf-8", 13, 4), ("utf-16", 11, 2), ("utf-32", 10, 1)];
    for (encoding, column, width) in counted {
        let mut capabilities = editor();
        capabilities["general"] = json!({ "positionEncodings": [encoding] });
        let mut client = Client::with(capabilities);
        let here = "file:///nowhere/a.dyn";
        client.open(here, text);
        let found = client.diagnostics(here);
        let start = &found[0]["range"]["start"];
        assert_eq!(
            start,
            &json!({ "line": 1, "character": column }),
            "{encoding}"
        );
        // Behind that character one more is put.
        let at = json!({ "line": 1, "character": column - 4 });
        let change = json!([{ "range": { "start": at, "end": at }, "text": "\u{1d11e}" }]);
        client.change(here, 2, change);
        let found = client.diagnostics_of(here, 2);
        let expected = column + width;
        assert_eq!(
            found[0]["range"]["start"]["character"], expected,
            "{encoding}"
        );
    }
}

#[test]
fn what_an_open_file_imports_is_told_of() {
    let (_folder, path) = folder(&[
        (
            "main.dyn",
            "import parts.tools\npub fn g() -> Int { tools.f() }\n",
        ),
        ("parts/tools.dyn", "pub fn f() -> Int { wrong }\n"),
    ]);
    let (main, tools) = (uri(&path("main.dyn")), uri(&path("parts/tools.dyn")));
    let mut client = Client::ready();
    let text = std::fs::read_to_string(path("main.dyn")).expect("it is there");
    client.open(&main, &text);
    assert_eq!(client.codes(&tools).len(), 1);

    // Its buffer is what counts once it is open.
    client.open(&tools, "pub fn f() -> Int { 1 }\n");
    assert!(client.diagnostics(&tools).is_empty());
    client.replace(&tools, 2, "pub fn f() -> Str { \"\" }\n");
    assert!(client.diagnostics_of(&tools, 2).is_empty());
    let found = client.wait(|m| {
        let params = &m["params"];
        params["uri"] == main.as_str() && params["diagnostics"][0].is_object()
    });
    assert_eq!(found["params"]["version"], 1);

    // Closed, it is what the disk says, and that may be mended there.
    client.tell(
        "textDocument/didClose",
        json!({ "textDocument": { "uri": tools } }),
    );
    assert_eq!(client.codes(&tools).len(), 1);
    write(&path("parts/tools.dyn"), "pub fn f() -> Int { 2 }\n");
    watched(&mut client, &tools, 2);
    assert!(client.diagnostics(&tools).is_empty());

    // Away, the import leads nowhere.
    std::fs::remove_file(path("parts/tools.dyn")).expect("it is there");
    watched(&mut client, &tools, 3);
    until(&mut client, &main, |list| !list.is_empty());
    write(&path("parts/tools.dyn"), "pub fn f() -> Int { 2 }\n");
    watched(&mut client, &tools, 1);
    until(&mut client, &main, Vec::is_empty);
}

#[test]
fn what_is_deleted_or_renamed_is_not_told_of() {
    let (_folder, path) = folder(&[("a.dyn", "op f() -> Int { x }\n")]);
    let (old, new) = (uri(&path("a.dyn")), uri(&path("b.dyn")));
    let mut client = Client::ready();
    client.open(&old, "op f() -> Int { x }\n");
    assert_eq!(client.codes(&old).len(), 1);
    std::fs::rename(path("a.dyn"), path("b.dyn")).expect("it is there");
    let files = json!({ "files": [{ "oldUri": old, "newUri": new }] });
    client.tell("workspace/didRenameFiles", files);
    assert!(client.diagnostics(&old).is_empty());
    client.open(&new, "op f() -> Int { x }\n");
    assert_eq!(client.codes(&new).len(), 1);
    std::fs::remove_file(path("b.dyn")).expect("it is there");
    watched(&mut client, &new, 3);
    assert!(client.diagnostics(&new).is_empty());
    // Written in again, it is a program again.
    client.replace(&new, 2, "op f() -> Int { y }\n");
    assert_eq!(client.diagnostics_of(&new, 2).len(), 1);
}

#[test]
fn two_roots_are_two_programs() {
    let (_folder, path) = folder(&[
        ("one/tools.dyn", "pub fn f() -> Int { 1 }\n"),
        ("two/tools.dyn", "pub fn f() -> Str { \"\" }\n"),
    ]);
    let mut client = Client::start();
    let root = |name: &str| json!({ "uri": uri(&path(name)), "name": name });
    let folders = json!([root("one"), root("two")]);
    client.initialize(json!({ "capabilities": editor(), "workspaceFolders": folders }));
    let text = "import tools\npub fn g() -> Int { tools.f() }\n";
    let (one, two) = (uri(&path("one/main.dyn")), uri(&path("two/main.dyn")));
    client.open(&one, text);
    client.open(&two, text);
    assert!(client.diagnostics(&one).is_empty());
    assert_eq!(client.diagnostics(&two).len(), 1);
}

#[test]
fn addresses_are_answered_as_they_were_written() {
    let (_folder, path) = folder(&[("a b.dyn", "")]);
    let odd = uri(&path("a b.dyn"))
        .replace(' ', "%20")
        .replace("file:///", "file:///%2e/");
    let mut client = Client::ready();
    client.open(&odd, "op f() -> Int { x }\n");
    assert_eq!(client.codes(&odd).len(), 1);
}

#[test]
fn a_storm_of_edits_ends_in_what_the_text_says() {
    let mut client = Client::ready();
    let here = "file:///nowhere/a.dyn";
    client.open(here, DIRECT);
    let mut version = 1;
    for round in 0..400 {
        version += 1;
        let at = json!({ "line": round % 8, "character": 3 * (round % 5) });
        let text = ["(", "x", "\n", "\"", "}", "é"][round % 6];
        client.change(
            here,
            version,
            json!([{ "range": { "start": at, "end": at }, "text": text }]),
        );
        if round % 50 == 0 {
            client.request(
                "textDocument/hover",
                json!({ "textDocument": { "uri": here }, "position": at }),
            );
        }
    }
    version += 1;
    client.replace(here, version, DIRECT);
    let found = client.diagnostics_of(here, version);
    assert!(found.iter().any(|d| d["severity"] == 1));
    let log = client.has(Duration::from_millis(50), |m: &Value| {
        m["method"] == "window/logMessage"
    });
    assert!(!log);
}

#[test]
fn an_error_in_one_op_silences_neither_the_others_nor_its_signature() {
    let mut client = Client::ready();
    let here = "file:///nowhere/a.dyn";
    let text = "op broken(x: Int) -> Int { x + + }
op other() -> Int { missing }
job main() -> Int { broken(\"text\") }
";
    client.open(here, text);
    let found = client.diagnostics(here);
    let lines: Vec<i64> = found
        .iter()
        .filter_map(|d| d["range"]["start"]["line"].as_i64())
        .collect();
    for line in 0..3 {
        assert!(lines.contains(&line), "{found:#?}");
    }
}

#[test]
fn repairs_are_offered_and_repair() {
    let mut client = Client::ready();
    let here = "file:///nowhere/a.dyn";
    client.open(here, DIRECT);
    let found = client.diagnostics(here);
    let error = found.iter().find(|d| d["severity"] == 1).expect("an error");
    let params = json!({
        "textDocument": { "uri": here },
        "range": error["range"],
        "context": { "diagnostics": [error] },
    });
    let actions = client.ask("textDocument/codeAction", params);
    let actions = actions.as_array().expect("a list");
    let map = actions
        .iter()
        .find(|a| a["isPreferred"] == true)
        .unwrap_or_else(|| panic!("{actions:#?}"));
    assert_eq!(map["kind"], "quickfix");
    assert_eq!(&map["diagnostics"][0], error);
    let change = &map["edit"]["documentChanges"][0];
    assert_eq!(change["textDocument"], json!({ "uri": here, "version": 1 }));
    let edits = change["edits"].as_array().expect("edits");
    let changes: Vec<Value> = edits
        .iter()
        .rev()
        .map(|e| json!({ "range": e["range"], "text": e["newText"] }))
        .collect();
    client.change(here, 2, json!(changes));
    let left = client.diagnostics_of(here, 2);
    assert!(
        !left
            .iter()
            .any(|d| d["range"] == error["range"] && d["code"] == error["code"])
    );
}
