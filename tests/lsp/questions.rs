//! Questions about several files at once, and about the standard library.

use serde_json::{Value, json};

use crate::client::{Client, editor, uri};
use crate::diagnostics::folder;

fn at(uri: &str, line: u32, character: u32) -> Value {
    json!({ "textDocument": { "uri": uri }, "position": { "line": line, "character": character } })
}

/// Address and line of each place, sorted.
fn lines(places: &Value) -> Vec<(String, u64)> {
    let list = places.as_array().expect("a list");
    let place = |p: &Value| {
        let uri = p["uri"].as_str().unwrap_or_default().to_owned();
        (uri, p["range"]["start"]["line"].as_u64().unwrap_or(99))
    };
    let mut lines: Vec<_> = list.iter().map(place).collect();
    lines.sort();
    lines
}

#[test]
fn uses_are_found_in_files_that_are_not_open() {
    let (_folder, path) = folder(&[
        ("tools.dyn", "pub fn f() -> Int {\n    1\n}\n"),
        ("one.dyn", "import tools\nfn g() -> Int { tools.f() }\n"),
        ("two.dyn", "import tools as t\n\nfn g() -> Int { t.f() }\n"),
        ("three.dyn", "fn f() -> Int { 1 }\n"),
        ("outside/four.dyn", "fn g() -> Int { tools.f() }\n"),
    ]);
    let (tools, one, two) = (
        uri(&path("tools.dyn")),
        uri(&path("one.dyn")),
        uri(&path("two.dyn")),
    );
    let root = uri(path("tools.dyn").parent().expect("a folder"));
    let mut client = Client::start();
    let folders = json!([{ "uri": root, "name": "here" }]);
    client.initialize(json!({ "capabilities": editor(), "workspaceFolders": folders }));
    client.open(&tools, "pub fn f() -> Int {\n    1\n}\n");
    let mut question = at(&tools, 0, 7);
    question["context"] = json!({ "includeDeclaration": true });
    let found = client.ask("textDocument/references", question.clone());
    let expected = [(one.clone(), 1), (tools.clone(), 0), (two.clone(), 2)];
    assert_eq!(lines(&found), expected);

    let mut rename = at(&tools, 0, 7);
    rename["newName"] = "better".into();
    let edit = client.ask("textDocument/rename", rename.clone());
    let changes = edit["documentChanges"].as_array().expect("changes");
    let mut files: Vec<_> = changes
        .iter()
        .map(|change| &change["textDocument"])
        .map(|file| (file["uri"].as_str().unwrap_or_default(), &file["version"]))
        .collect();
    files.sort_by_key(|(uri, _)| *uri);
    let null = Value::Null;
    let open = json!(1);
    assert_eq!(files, [(&*one, &null), (&*tools, &open), (&*two, &null)]);
    rename["newName"] = "no name".into();
    let answer = client.answer("textDocument/rename", rename);
    assert_eq!(answer["error"]["code"], -32803);

    // The folder is closed: what is open is left.
    let event = json!({ "added": [], "removed": folders });
    client.tell(
        "workspace/didChangeWorkspaceFolders",
        json!({ "event": event }),
    );
    let found = client.ask("textDocument/references", question);
    assert_eq!(lines(&found), [(tools, 0)]);
}

#[test]
fn the_library_can_be_gone_into_and_asked_about() {
    let mut client = Client::ready();
    let here = "file:///nowhere/a.dyn";
    client.open(here, "fn f(list: List<Int>) -> Int {\n    list.sum()\n}\n");
    assert!(client.diagnostics(here).is_empty());
    let found = client.ask("textDocument/definition", at(here, 1, 10));
    let place = &found[0];
    let library = place["uri"].as_str().expect("an address").to_owned();
    let path = library.strip_prefix("file://").expect("a file");
    let text = std::fs::read_to_string(path).expect("it was laid out");
    let line = place["range"]["start"]["line"].as_u64().expect("a line");
    let declared = text.lines().nth(line as usize).unwrap_or_default();
    assert!(declared.contains("sum"), "{declared}");

    client.open(&library, &text);
    let start = &place["range"]["start"];
    let question = json!({ "textDocument": { "uri": library }, "position": start });
    let hover = client.ask("textDocument/hover", question);
    assert!(
        hover["contents"]["value"]
            .as_str()
            .unwrap_or_default()
            .contains("sum"),
        "{hover}"
    );
    let symbols = json!({ "textDocument": { "uri": library } });
    let symbols = client.ask("textDocument/documentSymbol", symbols);
    assert!(!symbols.as_array().expect("a list").is_empty());
    // It is no program of its own: nothing is wrong with it.
    client.replace(here, 2, "fn f() -> Int {\n    x\n}\n");
    assert_eq!(client.diagnostics_of(here, 2).len(), 1);
    let told = client.has(std::time::Duration::from_millis(100), |message| {
        message["params"]["uri"] == library.as_str()
    });
    assert!(!told);
}

#[test]
fn imports_follow_files_that_are_moved() {
    let (_folder, path) = folder(&[
        (
            "main.dyn",
            "import parts.tools\nimport parts.other as o\nfn g() -> Int { tools.f() + o.f() }\n",
        ),
        (
            "parts/tools.dyn",
            "import deep.more\npub fn f() -> Int { more.f() }\n",
        ),
        ("parts/other.dyn", "pub fn f() -> Int { 1 }\n"),
        ("parts/deep/more.dyn", "pub fn f() -> Int { 1 }\n"),
        ("parts.dyn", "// No import: parts.tools\n"),
    ]);
    let root = uri(path("main.dyn").parent().expect("a folder"));
    let mut client = Client::start();
    let folders = json!([{ "uri": root, "name": "here" }]);
    let mut capabilities = editor();
    capabilities["workspace"]["workspaceEdit"] = json!({});
    client.initialize(json!({ "capabilities": capabilities, "workspaceFolders": folders }));
    let mut texts = |old: &str, new: &str| {
        let files = json!([{ "oldUri": uri(&path(old)), "newUri": uri(&path(new)) }]);
        let edit = client.ask("workspace/willRenameFiles", json!({ "files": files }));
        let mut texts: Vec<String> = edit["changes"]
            .as_object()
            .into_iter()
            .flatten()
            .flat_map(|(file, edits)| {
                let edits = edits.as_array().cloned().unwrap_or_default();
                let name = file.rsplit('/').next().unwrap_or_default().to_owned();
                edits.into_iter().map(move |e| {
                    let line = &e["range"]["start"]["line"];
                    format!(
                        "{name}:{line} {}",
                        e["newText"].as_str().unwrap_or_default()
                    )
                })
            })
            .collect();
        texts.sort();
        texts
    };
    assert_eq!(
        texts("parts/tools.dyn", "parts/instruments.dyn"),
        ["main.dyn:0 parts.instruments as tools"]
    );
    assert_eq!(
        texts("parts/other.dyn", "others.dyn"),
        ["main.dyn:1 others"]
    );
    assert_eq!(
        texts("parts", "pieces"),
        ["main.dyn:0 pieces.tools", "main.dyn:1 pieces.other"]
    );
    assert_eq!(
        texts("parts/tools.dyn", "tools.dyn"),
        ["main.dyn:0 tools", "tools.dyn:0 parts.deep.more"]
    );
    // What no import can name is left as it is.
    assert!(texts("parts/other.dyn", "../other.dyn").is_empty());
}

/// Files and folders on the disk are proposed in imports, and what they hold behind their names.
#[test]
fn imports_are_proposed_from_the_disk() {
    let (_folder, path) = folder(&[
        ("main.dyn", "import te\n"),
        ("tests.dyn", "//! Tests.\npub fn one() -> Int { 1 }\n"),
        (
            "text/words.dyn",
            "/// Counts.\npub fn count() -> Int { 1 }\n",
        ),
        ("data/rows.csv", "a\n"),
    ]);
    let main = uri(&path("main.dyn"));
    let mut client = Client::ready();
    let proposed = |client: &mut Client, text: &str, line: u32, character: u32| {
        client.open(&main, text);
        let found = client.ask("textDocument/completion", at(&main, line, character));
        let items = found.as_array().cloned().unwrap_or_default();
        let labels = items.iter().filter_map(|item| item["label"].as_str());
        labels.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        proposed(&mut client, "import te\n", 0, 9),
        ["tests", "text"]
    );
    assert_eq!(proposed(&mut client, "import text.\n", 0, 12), ["words"]);
    let text = "import text.words\nfn f() -> Int { words. }\n";
    assert_eq!(proposed(&mut client, text, 1, 22), ["count"]);
}
