//! Beginning, end, and everything that is not as it should be.

use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::client::Client;

const ERROR: &str = "op f() -> Int { 1 + }\n";

fn code(answer: &Value) -> i64 {
    answer["error"]["code"].as_i64().unwrap_or_default()
}

#[test]
fn the_server_tells_what_it_can() {
    let mut client = Client::start();
    let answer = client.initialize(json!({ "capabilities": {} }));
    assert_eq!(answer["serverInfo"]["name"], "dynopc");
    let can = &answer["capabilities"];
    assert_eq!(can["positionEncoding"], "utf-16");
    assert_eq!(can["textDocumentSync"]["change"], 2);
    for provider in [
        "hoverProvider",
        "definitionProvider",
        "referencesProvider",
        "documentSymbolProvider",
        "completionProvider",
        "codeActionProvider",
        "renameProvider",
    ] {
        assert!(!can[provider].is_null(), "{provider}");
    }
}

#[test]
fn before_initialize_nothing_is_done() {
    let mut client = Client::start();
    client.open("file:///a.dyn", ERROR);
    let answer = client.answer("textDocument/hover", json!({}));
    assert_eq!(code(&answer), -32002);
    let answer = client.answer("shutdown", Value::Null);
    assert_eq!(code(&answer), -32002);
    client.tell("initialized", json!({}));
    client.initialize(json!({ "processId": null, "capabilities": {} }));
    let told = client.has(Duration::from_millis(300), |m| {
        m["method"] == "textDocument/publishDiagnostics"
    });
    assert!(!told);
    let answer = client.answer("initialize", json!({ "capabilities": {} }));
    assert_eq!(code(&answer), -32600);
}

#[test]
fn shutdown_and_exit() {
    let mut client = Client::ready();
    assert_eq!(client.ask("shutdown", Value::Null), Value::Null);
    let answer = client.answer("textDocument/hover", json!({}));
    assert_eq!(code(&answer), -32600);
    client.open("file:///a.dyn", ERROR);
    client.tell("exit", Value::Null);
    let (status, said) = client.end();
    assert_eq!((status.code(), said.as_str()), (Some(0), ""));
}

#[test]
fn exit_without_shutdown_is_a_failure() {
    let mut client = Client::ready();
    client.tell("exit", Value::Null);
    assert_eq!(client.end().0.code(), Some(1));
    let mut client = Client::start();
    client.tell("exit", Value::Null);
    assert_eq!(client.end().0.code(), Some(1));
}

#[test]
fn a_client_that_hangs_up_ends_the_server() {
    let (status, said) = Client::ready().hang_up();
    assert_eq!((status.code(), said.as_str()), (Some(1), ""));
    assert_eq!(Client::start().hang_up().0.code(), Some(1));
    let mut client = Client::ready();
    client.ask("shutdown", Value::Null);
    assert_eq!(client.hang_up().0.code(), Some(0));
    let mut client = Client::ready();
    client.raw("Content-Length: 100\r\n\r\n{");
    assert_eq!(client.hang_up().0.code(), Some(1));
}

#[test]
fn a_client_whose_process_is_gone_ends_the_server() {
    // The input stays open: another process may have inherited it.
    let mut parent = Command::new("sleep")
        .arg("600")
        .stdin(Stdio::null())
        .spawn()
        .expect("it starts");
    let mut client = Client::start();
    client.initialize(json!({ "processId": parent.id(), "capabilities": {} }));
    parent.kill().expect("it runs");
    parent.wait().expect("it ends");
    assert_eq!(client.end().0.code(), Some(1));
}

#[test]
fn a_process_that_cannot_be_seen_is_not_missed() {
    let mut client = Client::start();
    client.initialize(json!({ "processId": 4_000_000, "capabilities": {} }));
    std::thread::sleep(Duration::from_millis(2500));
    assert_eq!(client.ask("shutdown", Value::Null), Value::Null);
}

#[test]
fn malformed_messages_are_answered_and_the_next_is_read() {
    let mut client = Client::ready();
    client.send("{oh");
    assert_eq!(code(&client.answer_to(&Value::Null)), -32700);
    client.send("[]");
    assert_eq!(code(&client.answer_to(&Value::Null)), -32600);
    client.send(r#"{"jsonrpc":"2.0","id":70}"#);
    assert_eq!(code(&client.answer_to(&json!(70))), -32600);
    client.send(r#"{"jsonrpc":"2.0","id":71,"method":7}"#);
    assert_eq!(code(&client.answer_to(&json!(71))), -32600);
    client.raw("what is this?\r\n\r\n");
    assert_eq!(code(&client.answer_to(&Value::Null)), -32700);
    client.raw("Content-Length: many\r\n\r\n");
    assert_eq!(code(&client.answer_to(&Value::Null)), -32700);
    assert_eq!(client.ask("shutdown", Value::Null), Value::Null);
}

#[test]
fn unknown_methods_and_wrong_parameters() {
    let mut client = Client::ready();
    let answer = client.answer("textDocument/paint", json!({}));
    assert_eq!(code(&answer), -32601);
    client.tell("$/unknown", json!({}));
    client.tell("textDocument/unknown", json!([]));
    let answer = client.answer("textDocument/hover", json!({ "textDocument": 3 }));
    assert_eq!(code(&answer), -32602);
    client.tell("textDocument/didOpen", json!({ "textDocument": 3 }));
    client.wait(|m| m["method"] == "window/logMessage");
    client.replace("file:///never/opened.dyn", 2, "");
    client.wait(|m| m["method"] == "window/logMessage");
    client.tell("$/cancelRequest", json!({ "id": 12345 }));
    client.tell("$/cancelRequest", Value::Null);
    assert_eq!(client.ask("shutdown", Value::Null), Value::Null);
}

#[test]
fn questions_about_nothing_have_no_answer() {
    let mut client = Client::ready();
    client.open("file:///nowhere/a.dyn", "");
    for (line, character) in [(0, 0), (0, 99), (99, 0), (u32::MAX, u32::MAX)] {
        let position = json!({ "line": line, "character": character });
        for uri in ["file:///nowhere/a.dyn", "file:///nowhere/b.dyn", "x:y", ""] {
            let document = json!({ "uri": uri });
            let params = json!({ "textDocument": document, "position": position,
                "context": { "includeDeclaration": true, "triggerKind": 1 } });
            for method in [
                "textDocument/hover",
                "textDocument/definition",
                "textDocument/references",
                "textDocument/prepareRename",
            ] {
                assert_eq!(
                    client.ask(method, params.clone()),
                    Value::Null,
                    "{method} {uri}"
                );
            }
            client.ask(
                "textDocument/documentSymbol",
                json!({ "textDocument": document }),
            );
            client.ask("textDocument/completion", params);
        }
    }
}

#[test]
fn cancelled_questions_are_answered_once() {
    let mut client = Client::ready();
    let text = "op f(x: Int) -> Int { x + 1 }\n".repeat(300);
    client.open("file:///nowhere/a.dyn", &text);
    let params = json!({ "textDocument": { "uri": "file:///nowhere/a.dyn" } });
    let ids: Vec<i32> = (0..20)
        .map(|_| client.request("textDocument/documentSymbol", params.clone()))
        .collect();
    for id in &ids {
        client.tell("$/cancelRequest", json!({ "id": id }));
    }
    for id in ids {
        let answer = client.answer_to(&json!(id));
        assert!(
            answer.get("result").is_some() || code(&answer) == -32800,
            "{answer}"
        );
    }
    let more = client.has(Duration::from_millis(200), |m| {
        m.get("method").is_none() && m.get("id").is_some()
    });
    assert!(!more);
}
