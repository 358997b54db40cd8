//! How long it takes from an edit of a large program to its diagnostics in the editor, and what ten thousand edits leave in
//! memory. The server runs in this process and is spoken with over pipes, as an editor does.

use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Read, Write};
use std::time::{Duration, Instant};

use dynop_benches::{BLOCK, generated};
use serde_json::{Value, json};

const LINES: usize = 5000;
const MEASURED: usize = 200;
const EDITS: usize = 10_000;
const HERE: &str = "file:///program/main.dyn";

fn main() {
    let program = generated(LINES);
    println!("program             {:>10} lines", program.lines().count());
    let (input, to_server) = std::io::pipe().expect("a pipe");
    let (from_server, output) = std::io::pipe().expect("a pipe");
    std::thread::spawn(move || dynop_lsp::serve(input, output, |_| None));
    let mut client = Client {
        to_server,
        from_server: BufReader::new(from_server),
        version: 1,
    };
    let params = json!({ "capabilities": {}, "processId": null });
    client.send(json!({ "id": 1, "method": "initialize", "params": params }));
    client.wait(|message| message["id"] == 1);
    client.send(json!({ "method": "initialized", "params": {} }));

    let start = Instant::now();
    let document = json!({ "uri": HERE, "languageId": "dynop", "version": 1, "text": program });
    client
        .send(json!({ "method": "textDocument/didOpen", "params": { "textDocument": document } }));
    assert!(client.diagnostics().is_empty(), "the program is right");
    println!(
        "open to diagnostics {:>10.2} ms",
        milliseconds(start.elapsed())
    );

    // Letters are typed into a name in the middle of the program and taken away again.
    let target = program
        .lines()
        .position(|line| line.contains("best = row.size"))
        .unwrap_or(0);
    let target = target + LINES / 2 / BLOCK * BLOCK;
    let (mut work, mut waits) = (Vec::new(), Vec::new());
    for round in 0..MEASURED {
        let (before, start) = (processor_time(), Instant::now());
        client.edit(target, round % 2 == 0);
        let found = client.diagnostics();
        waits.push(milliseconds(start.elapsed() - dynop_lsp::PAUSE));
        work.push(milliseconds(processor_time() - before));
        assert_eq!(
            !found.is_empty(),
            round % 2 == 0,
            "line {target}: {found:?}"
        );
    }
    for (what, times) in [("work", &mut work), ("wait behind the pause", &mut waits)] {
        times.sort_by(f64::total_cmp);
        let (median, most) = (times[MEASURED / 2], times[MEASURED * 95 / 100]);
        println!("edit to diagnostics {median:>10.2} ms of {what}, 95 of 100 below {most:.2} ms");
    }

    for edit in 0..EDITS {
        client.edit(target, edit % 2 == 0);
        // As fast as typing could never be, and yet most are checked.
        if edit % 10 == 9 {
            client.diagnostics();
        }
    }
    println!("after {EDITS} edits  {:>10} KiB resident", resident());
}

struct Client {
    to_server: PipeWriter,
    from_server: BufReader<PipeReader>,
    version: i32,
}

impl Client {
    fn send(&mut self, mut message: Value) {
        message["jsonrpc"] = "2.0".into();
        let body = message.to_string();
        write!(
            self.to_server,
            "Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .expect("the server reads");
    }

    fn edit(&mut self, line: usize, is_there: bool) {
        self.version += 1;
        let at = |character: usize| json!({ "line": line, "character": character });
        let (end, text) = if is_there { (16, "x") } else { (17, "") };
        let change = json!({ "range": { "start": at(16), "end": at(end) }, "text": text });
        let document = json!({ "uri": HERE, "version": self.version });
        let params = json!({ "textDocument": document, "contentChanges": [change] });
        self.send(json!({ "method": "textDocument/didChange", "params": params }));
    }

    /// The diagnostics of the latest version.
    fn diagnostics(&mut self) -> Vec<Value> {
        let version = self.version;
        let told = self.wait(|message| message["params"]["version"] == version);
        told["params"]["diagnostics"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    }

    fn wait(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            let mut length = 0;
            loop {
                let mut line = String::new();
                self.from_server
                    .read_line(&mut line)
                    .expect("the server writes");
                match line.trim_end().strip_prefix("Content-Length: ") {
                    Some(value) => length = value.parse().expect("a length"),
                    None => break,
                }
            }
            let mut body = vec![0; length];
            self.from_server
                .read_exact(&mut body)
                .expect("the server writes");
            let message: Value = serde_json::from_slice(&body).expect("JSON");
            if fits(&message) {
                return message;
            }
        }
    }
}

/// Processor time of the server's threads so far: what others take of the machine does not count.
fn processor_time() -> Duration {
    let time = |path: &std::path::Path| -> u64 {
        let text = std::fs::read_to_string(path.join("schedstat")).unwrap_or_default();
        let figure = text.split(' ').next();
        figure.and_then(|figure| figure.parse().ok()).unwrap_or(0)
    };
    let threads = std::fs::read_dir("/proc/self/task")
        .into_iter()
        .flatten()
        .flatten();
    let all: u64 = threads.map(|thread| time(&thread.path())).sum();
    Duration::from_nanos(all.saturating_sub(time("/proc/thread-self".as_ref())))
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Memory of this process, in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let figure = line.and_then(|line| line.split_whitespace().next());
    figure.and_then(|figure| figure.parse().ok()).unwrap_or(0)
}
