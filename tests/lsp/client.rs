//! A client that is as simple as can be: it writes messages to `dynopc lsp` and waits for what comes back.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long anything may take before the test fails: generous, machines are busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server.
pub struct Client {
    process: Child,
    input: Option<ChildStdin>,
    messages: Receiver<Value>,
    /// What came while something else was waited for.
    unread: Vec<Value>,
    next_id: i32,
    _cache: tempfile::TempDir,
}

impl Client {
    /// A server to which nothing was said yet.
    pub fn start() -> Self {
        let cache = tempfile::tempdir().expect("a folder");
        let mut process = Command::new(env!("CARGO_BIN_EXE_dynopc"))
            .arg("lsp")
            .env("XDG_CACHE_HOME", cache.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let input = process.stdin.take();
        let output = process.stdout.take().expect("a pipe");
        let (hand_on, messages) = channel();
        std::thread::spawn(move || {
            let mut output = BufReader::new(output);
            while let Some(message) = read(&mut output) {
                if hand_on.send(message).is_err() {
                    return;
                }
            }
        });
        Self {
            process,
            input,
            messages,
            unread: Vec::new(),
            next_id: 0,
            _cache: cache,
        }
    }

    /// A server that has met a client with these capabilities.
    pub fn with(capabilities: Value) -> Self {
        let mut client = Self::start();
        client.initialize(json!({ "capabilities": capabilities }));
        client
    }

    /// A server that has met a client that can do what editors can.
    pub fn ready() -> Self {
        Self::with(editor())
    }

    /// Says `initialize` and `initialized`; gives what the server said of itself.
    pub fn initialize(&mut self, params: Value) -> Value {
        let answer = self.ask("initialize", params);
        self.tell("initialized", json!({}));
        answer
    }

    /// Writes bytes as they are.
    pub fn raw(&mut self, text: &str) {
        let input = self.input.as_mut().expect("it is open");
        input.write_all(text.as_bytes()).expect("the server reads");
        input.flush().expect("the server reads");
    }

    /// Writes the body of a message.
    pub fn send(&mut self, body: &str) {
        self.raw(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    }

    /// A notification.
    pub fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }).to_string());
    }

    /// Sends a request; gives its id.
    pub fn request(&mut self, method: &str, params: Value) -> i32 {
        self.next_id += 1;
        let message =
            json!({ "jsonrpc": "2.0", "id": self.next_id, "method": method, "params": params });
        self.send(&message.to_string());
        self.next_id
    }

    /// Sends a request and waits for its answer, whole.
    pub fn answer(&mut self, method: &str, params: Value) -> Value {
        let id = self.request(method, params);
        self.answer_to(&json!(id))
    }

    /// Sends a request and waits for its result.
    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        let answer = self.answer(method, params);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// The answer to an id.
    pub fn answer_to(&mut self, id: &Value) -> Value {
        self.wait(|message| message.get("method").is_none() && message.get("id") == Some(id))
    }

    /// The first message that fits, of those unread; the others stay unread.
    pub fn wait(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.unread.iter().position(&fits) {
            return self.unread.remove(at);
        }
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let message = self.messages.recv_timeout(left);
            let message = message.unwrap_or_else(|_| panic!("not there: {:#?}", self.unread));
            if fits(&message) {
                return message;
            }
            self.unread.push(message);
        }
    }

    /// Whether a message that fits is there or comes within this time.
    pub fn has(&mut self, time: Duration, fits: impl Fn(&Value) -> bool) -> bool {
        let end = Instant::now() + time;
        while let Ok(message) = self
            .messages
            .recv_timeout(end.saturating_duration_since(Instant::now()))
        {
            self.unread.push(message);
        }
        self.unread.iter().any(fits)
    }

    /// Opens a buffer.
    pub fn open(&mut self, uri: &str, text: &str) {
        let document = json!({ "uri": uri, "languageId": "dynop", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
    }

    /// Replaces the whole text of a buffer.
    pub fn replace(&mut self, uri: &str, version: i32, text: &str) {
        self.change(uri, version, json!([{ "text": text }]));
    }

    /// Changes a buffer.
    pub fn change(&mut self, uri: &str, version: i32, changes: Value) {
        let document = json!({ "uri": uri, "version": version });
        let params = json!({ "textDocument": document, "contentChanges": changes });
        self.tell("textDocument/didChange", params);
    }

    /// The next diagnostics of a file.
    pub fn diagnostics(&mut self, uri: &str) -> Vec<Value> {
        let told = self.wait(|message| {
            message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["uri"] == uri
        });
        let list = told["params"]["diagnostics"].as_array();
        list.expect("a list").clone()
    }

    /// The diagnostics of a version of an open file.
    pub fn diagnostics_of(&mut self, uri: &str, version: i32) -> Vec<Value> {
        let told = self.wait(|message| {
            message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["uri"] == uri
                && message["params"]["version"] == version
        });
        let list = told["params"]["diagnostics"].as_array();
        list.expect("a list").clone()
    }

    /// The codes of the next diagnostics of a file.
    pub fn codes(&mut self, uri: &str) -> Vec<String> {
        codes(&self.diagnostics(uri))
    }

    /// Ends the input, as a client that is gone does; gives how the server ended.
    pub fn hang_up(mut self) -> (ExitStatus, String) {
        drop(self.input.take());
        self.end()
    }

    /// Waits for the server's end; gives how it ended and what it wrote to standard error.
    pub fn end(&mut self) -> (ExitStatus, String) {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.process.try_wait().expect("it is our child") {
                let mut said = String::new();
                if let Some(mut error) = self.process.stderr.take() {
                    let _ = error.read_to_string(&mut said);
                }
                return (status, said);
            }
            assert!(Instant::now() < end, "the server does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The codes of diagnostics, in order.
pub fn codes(diagnostics: &[Value]) -> Vec<String> {
    let code = |d: &Value| d["code"].as_str().unwrap_or_default().to_owned();
    diagnostics.iter().map(code).collect()
}

/// What editors can do.
pub fn editor() -> Value {
    json!({
        "workspace": {
            "workspaceEdit": { "documentChanges": true },
            "didChangeWatchedFiles": { "dynamicRegistration": true },
        },
        "textDocument": {
            "publishDiagnostics": { "relatedInformation": true, "versionSupport": true },
            "hover": { "contentFormat": ["markdown", "plaintext"] },
            "documentSymbol": { "hierarchicalDocumentSymbolSupport": true },
            "codeAction": { "codeActionLiteralSupport": { "codeActionKind": { "valueSet": [] } } },
        },
    })
}

/// The address of a file without odd characters.
pub fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}

fn read(output: &mut impl BufRead) -> Option<Value> {
    let mut length = None;
    loop {
        let mut line = String::new();
        output.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        // Anything but the protocol would end up here.
        let value = line.strip_prefix("Content-Length: ");
        length = Some(value.expect("a header").parse().expect("a length"));
    }
    let mut body = vec![0; length?];
    output.read_exact(&mut body).ok()?;
    Some(serde_json::from_slice(&body).expect("JSON"))
}
