//! The language server of `dynopc lsp`: the only room that knows LSP and JSON-RPC.
//!
//! [`server`] is the loop of the main thread; what it hands to the threads of [`pool`] works on a [`snapshot`]. What is
//! wrong in a program and what its names mean comes from `dynop_ide` as plain data, which [`convert`] and [`requests`] put
//! into the protocol's words. The loop reads the clock; files are read below [`disk`] and written below [`pages`], nowhere
//! else. Nothing but the protocol is ever written to the output.

mod check;
mod convert;
mod disk;
mod documents;
mod initialize;
mod notifications;
mod pages;
mod pool;
mod positions;
mod requests;
mod server;
mod snapshot;
mod transport;
mod uri;
mod workspace;

use std::io::{BufReader, Read, Write};
use std::sync::mpsc::channel;
use std::time::Duration;

pub use pages::Page;
pub use server::PAUSE;

use pages::Pages;
use server::{Event, Server};

/// How long the last words may take to be written to a client that does not read.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Serves one client until it has said goodbye, or is gone. Gives the exit code: 0 if it had said `shutdown` before,
/// else 1. `page` gives the page of a diagnostic code.
///
/// # Errors
/// If the system gives no threads.
pub fn serve(
    input: impl Read + Send + 'static,
    mut output: impl Write + Send + 'static,
    page: Page,
) -> std::io::Result<u8> {
    let (tell, events) = channel();
    let (outgoing, outbound) = channel();
    let (written, all_written) = channel::<()>();
    let reader = tell.clone();
    std::thread::Builder::new()
        .name("reader".into())
        .spawn(move || {
            let mut input = BufReader::new(input);
            transport::read_all(&mut input, |inbound| {
                reader.send(Event::Inbound(inbound)).is_ok()
            });
        })?;
    let writer = tell.clone();
    std::thread::Builder::new()
        .name("writer".into())
        .spawn(move || {
            if transport::write_all(&mut output, &outbound).is_err() {
                let _ = writer.send(Event::Unread);
            }
            drop(written);
        })?;
    let code = Server::new(events, tell, outgoing, Pages::new(page))?.run();
    // The server has dropped its end, so the writer ends when all is written.
    let _ = all_written.recv_timeout(LAST_WORDS);
    Ok(code)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    #[test]
    fn a_panic_is_an_answer_and_the_server_lives() {
        let messages = [
            r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}}"#,
            r#"{"jsonrpc":"2.0","id":2,"method":"test/panic"}"#,
        ];
        let (input, mut to_server) = std::io::pipe().expect("a pipe");
        let (mut from_server, output) = std::io::pipe().expect("a pipe");
        let server = std::thread::spawn(move || super::serve(input, output, |_| None));
        let mut send = |body: &str| {
            let written = write!(to_server, "Content-Length: {}\r\n\r\n{body}", body.len());
            written.expect("the server reads");
        };
        messages.iter().for_each(|body| send(body));
        // Its answer is waited for, so that the end does not overtake it.
        let mut said = String::new();
        let mut some = [0; 4096];
        while !said.contains("as asked\"") {
            let read = from_server.read(&mut some).expect("the server writes");
            said.push_str(&String::from_utf8_lossy(&some[..read]));
        }
        assert!(
            said.contains("-32603") || said.contains("window/logMessage"),
            "{said}"
        );
        send(r#"{"jsonrpc":"2.0","id":3,"method":"shutdown"}"#);
        send(r#"{"jsonrpc":"2.0","method":"exit"}"#);
        from_server
            .read_to_string(&mut said)
            .expect("the server writes");
        assert!(
            said.contains("-32603") && said.contains(r#""id":3,"result":null"#),
            "{said}"
        );
        assert_eq!(server.join().expect("it has not panicked").ok(), Some(0));
    }
}
