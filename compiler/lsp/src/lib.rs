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

use std::io::{BufReader, Read, Write};
use std::sync::mpsc::channel;
use std::time::Duration;

pub use pages::Page;

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
