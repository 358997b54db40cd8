//! Messages on the wire: a header with the length, then JSON.
//!
//! `lsp-server` has the messages; its own reader ends at the first one that it can't read. This one tells the main thread
//! what was wrong with it and goes on, since the client may have more to say.

use std::io::{self, BufRead, Read, Write};
use std::sync::mpsc::{Receiver, Sender};

use lsp_server::{ErrorCode, Message};
use serde_json::{Value, json};

/// The longest message that is read, in bytes; the largest source file is a quarter of it.
const LONGEST: usize = 1 << 30;

/// The longest line of a header that is looked at, in bytes.
const LONGEST_HEADER: u64 = 8 << 10;

/// What came from the client.
#[derive(Debug)]
pub enum Inbound {
    /// A message.
    Message(Message),
    /// Something that is none: what to answer, whole.
    Malformed(Value),
    /// Nothing more will come; the words say why if it was not for the end of the stream.
    End(Option<String>),
}

/// Reads messages and hands them on until the stream ends. Returns when it has, or when nobody listens.
pub fn read_all(input: &mut impl BufRead, mut hand_on: impl FnMut(Inbound) -> bool) {
    loop {
        let inbound = match read(input) {
            Ok(Some(Ok(body))) => parse(&body),
            Ok(Some(Err(words))) => {
                Inbound::Malformed(refusal(Value::Null, ErrorCode::ParseError, &words))
            }
            Ok(None) => Inbound::End(None),
            Err(error) => Inbound::End(Some(error.to_string())),
        };
        let is_end = matches!(inbound, Inbound::End(_));
        if !hand_on(inbound) || is_end {
            return;
        }
    }
}

/// The body of the next message, or what is wrong with its header; `None` at the end.
///
/// # Errors
/// Those of reading, and a length that can't be skipped.
fn read(input: &mut impl BufRead) -> io::Result<Option<Result<Vec<u8>, String>>> {
    let mut length = None;
    let mut wrong = None;
    loop {
        let mut line = Vec::new();
        input
            .by_ref()
            .take(LONGEST_HEADER)
            .read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(wrong.map(Err));
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() {
            if length.is_some() {
                break;
            }
            if let Some(wrong) = wrong.take() {
                return Ok(Some(Err(wrong)));
            }
            continue;
        }
        match text.split_once(':') {
            Some((name, value)) if name.trim().eq_ignore_ascii_case("Content-Length") => {
                match value.trim().parse::<usize>() {
                    Ok(value) => length = Some(value),
                    Err(_) => wrong = Some(format!("no length: {text}")),
                }
            }
            Some(_) => {}
            None => wrong = Some(format!("no header of a message: {text}")),
        }
    }
    let length = length.unwrap_or(0);
    if length > LONGEST {
        return Err(io::Error::other(format!("a message of {length} bytes")));
    }
    // Grows with what arrives: a header is no reason to allocate.
    let mut body = Vec::new();
    input.by_ref().take(length as u64).read_to_end(&mut body)?;
    if body.len() < length {
        return Ok(None);
    }
    Ok(Some(Ok(body)))
}

fn parse(body: &[u8]) -> Inbound {
    let value: Value = match serde_json::from_slice(body) {
        Ok(value) => value,
        Err(error) => {
            let words = format!("no JSON: {error}");
            return Inbound::Malformed(refusal(Value::Null, ErrorCode::ParseError, &words));
        }
    };
    let id = match value.get("id") {
        Some(id @ (Value::Number(_) | Value::String(_))) => id.clone(),
        _ => Value::Null,
    };
    let refuse =
        |words: &str| Inbound::Malformed(refusal(id.clone(), ErrorCode::InvalidRequest, words));
    if !value.is_object() {
        return refuse("a message is an object");
    }
    let method = value.get("method");
    if method.is_none() && value.get("result").is_none() && value.get("error").is_none() {
        return refuse("neither a method nor a result");
    }
    if method.is_some_and(|method| !method.is_string()) {
        return refuse("the method is no text");
    }
    // Without this an identifier that can't be read would make a request a notification, which nobody answers.
    if method.is_some() && value.get("id").is_some() && id.is_null() {
        return refuse("the id is neither a number nor a text");
    }
    if id
        .as_number()
        .is_some_and(|id| id.as_i64().is_none_or(|id| i32::try_from(id).is_err()))
    {
        return refuse("the id is no 32-bit integer");
    }
    match serde_json::from_value(value) {
        Ok(message) => Inbound::Message(message),
        Err(error) => refuse(&error.to_string()),
    }
}

/// An answer that refuses, whole.
fn refusal(id: Value, code: ErrorCode, words: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code as i32, "message": words } })
}

/// What goes to the client.
#[derive(Debug)]
pub enum Outbound {
    /// A message.
    Message(Message),
    /// One that `lsp-server` has no type for: an answer to nobody.
    Raw(Value),
}

/// Writes what is sent until the senders are gone.
///
/// # Errors
/// Those of writing; the client has gone away then.
pub fn write_all(output: &mut impl Write, outgoing: &Receiver<Outbound>) -> io::Result<()> {
    for outbound in outgoing {
        match outbound {
            Outbound::Message(message) => message.write(output)?,
            Outbound::Raw(value) => {
                let text = value.to_string();
                write!(output, "Content-Length: {}\r\n\r\n{text}", text.len())?;
                output.flush()?;
            }
        }
    }
    Ok(())
}

/// The side of the main thread.
pub type Outgoing = Sender<Outbound>;

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(body: &str) -> String {
        format!("Content-Length: {}\r\n\r\n{body}", body.len())
    }

    /// What is read, in short.
    fn read_text(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        read_all(&mut text.as_bytes(), |inbound| {
            found.push(match inbound {
                Inbound::Message(Message::Request(request)) => {
                    format!("request {}", request.method)
                }
                Inbound::Message(Message::Notification(told)) => format!("told {}", told.method),
                Inbound::Message(Message::Response(answer)) => format!("answer {}", answer.id),
                Inbound::Malformed(value) => {
                    format!("{} for {}", value["error"]["code"], value["id"])
                }
                Inbound::End(words) => format!("end {words:?}"),
            });
            true
        });
        found
    }

    #[test]
    fn messages_and_what_is_none() {
        let text = [
            frame(r#"{"jsonrpc":"2.0","id":1,"method":"a"}"#),
            frame(r#"{"jsonrpc":"2.0","method":"b","params":[]}"#),
            frame(r#"{"jsonrpc":"2.0","id":"x","result":null}"#),
            frame(r#"{"jsonrpc":"2.0","id":7}"#),
            frame("{oh"),
            frame("\u{0}"),
            frame("[]"),
            frame("3"),
            frame(r#"{"id":2,"method":3}"#),
            frame(r#"{"id":2.5,"method":"a"}"#),
            frame(r#"{"id":{},"method":"a"}"#),
            frame(r#"{"id":99999999999,"method":"a"}"#),
            frame(r#"{"id":9,"method":"last","params":{}}"#),
        ]
        .concat();
        assert_eq!(
            read_text(&text),
            [
                "request a",
                "told b",
                "answer \"x\"",
                "-32600 for 7",
                "-32700 for null",
                "-32700 for null",
                "-32600 for null",
                "-32600 for null",
                "-32600 for 2",
                "-32600 for 2.5",
                "-32600 for null",
                "-32600 for 99999999999",
                "request last",
                "end None",
            ]
        );
    }

    #[test]
    fn headers() {
        let body = r#"{"method":"a"}"#;
        let spaced = format!("content-length:{}\nContent-Type: x\n\n{body}", body.len());
        assert_eq!(read_text(&spaced), ["told a", "end None"]);
        let lost = format!("what is this\r\n\r\n{}", frame(body));
        assert_eq!(read_text(&lost), ["-32700 for null", "told a", "end None"]);
        let none = format!("Content-Length: many\r\n\r\n{}", frame(body));
        assert_eq!(read_text(&none), ["-32700 for null", "told a", "end None"]);
        assert_eq!(read_text("Content-Length: 9\r\n\r\n{}"), ["end None"]);
        assert_eq!(read_text("Content-Le"), ["-32700 for null", "end None"]);
        let large = "Content-Length: 99999999999\r\n\r\n";
        assert_eq!(
            read_text(large),
            ["end Some(\"a message of 99999999999 bytes\")"]
        );
    }

    #[test]
    fn what_is_written_can_be_read() {
        let (outgoing, received) = std::sync::mpsc::channel();
        let note = lsp_server::Notification::new("é".to_owned(), json!({}));
        let _ = outgoing.send(Outbound::Message(note.into()));
        let _ = outgoing.send(Outbound::Raw(json!({ "method": "raw" })));
        drop(outgoing);
        let mut wire = Vec::new();
        write_all(&mut wire, &received).expect("memory takes all");
        assert_eq!(
            read_text(&String::from_utf8_lossy(&wire)),
            ["told é", "told raw", "end None"]
        );
    }
}
