//! Requests over HTTP (`http.dyn`).
//!
//! ureq speaks the protocol; what it stands on is ours: [`names`] looks for hosts without the C library, [`connect`] makes
//! connections that end with the step ([`limits`]), [`proxy`] and [`url`] know what the environment and people write.
//! Nothing else in the runtime refers to any of it, so that a program holds it only if it uses it.

mod connect;
mod dns;
mod limits;
mod names;
mod proxy;
mod request;
mod tcp;
mod tls;
mod url;

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use dynop_abi::context::Status;
use dynop_abi::desc::Kind;
use dynop_abi::entries::types::{Ctx, Desc, I64, Ptr, U8};
use dynop_abi::layout::{ListHeader, StrRepr};
use dynop_values::failing::Failure;
use dynop_values::text::Text;
use dynop_values::{NoMemory, json, list, text};
use ureq::Body;
use ureq::http::{HeaderMap, Response};

use crate::convention::{STR_LIST, TextList, act, give, path_of, str_of};
use crate::files::refused;
use crate::source::BUFFER;
use crate::writing::Replacement;
use limits::{Limits, Within};
use request::Request;

/// How much of the content of an answer without success a failure shows, in characters.
const SHOWN: usize = 200;

/// The texts of a list.
///
/// # Safety
/// `argument` holds a `List<Str>` that stays as it is during the call.
unsafe fn texts_of<'a>(argument: Ptr) -> Vec<&'a str> {
    // SAFETY: the caller's promise.
    unsafe {
        let texts = argument.cast::<*mut ListHeader>().read();
        let each = list::data(texts).cast::<StrRepr>();
        (0..list::len(texts))
            .map(|index| text::as_str(&*each.add(index)))
            .collect()
    }
}

fn duration(nanoseconds: i64) -> Result<Duration, Failure> {
    match u64::try_from(nanoseconds) {
        Ok(some) if some > 0 => Ok(Duration::from_nanos(some)),
        _ => Err("a timeout is more than nothing".into()),
    }
}

/// An answer as `http.dyn` takes it.
#[repr(C)]
struct Parts {
    status: i64,
    url: StrRepr,
    headers: *mut ListHeader,
    body: StrRepr,
}

/// Sends a request and gives status, URL, headers (names and values in turn) and content of the answer.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`; `headers` are names and values in turn.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_http_request(
    ctx: Ctx,
    out: Ptr,
    method: Ptr,
    url: Ptr,
    headers: Ptr,
    body: Ptr,
    timeout: I64,
    redirects: I64,
    succeed: U8,
) -> Status {
    // SAFETY: the convention; the limits are the step's own for as long as the call lasts.
    unsafe {
        let (method, url, headers) = (str_of(method), str_of(url), texts_of(headers));
        let body = text::bytes(&*body.cast());
        give(ctx, out, || {
            let timeout = duration(timeout)?;
            let end = Instant::now().checked_add(timeout);
            let _within = Within::new(Limits { ctx, timeout, end });
            let request = Request::new(method, url, &headers, body, redirects)?;
            let (at, mut answer) = request.send()?;
            if succeed != 0 {
                check(&request, &at, &mut answer)?;
            }
            let status = i64::from(answer.status().as_u16());
            let headers = list_of(answer.headers())?;
            let headers = headers.finish();
            let rest = Text::new(at.as_bytes())
                .map_err(Failure::from)
                .and_then(|url| {
                    let body = content(&mut answer, &request, &at)?;
                    Ok((url, text::new(&body)?))
                });
            match rest {
                Ok((url, body)) => Ok(Parts {
                    status,
                    url: url.into_repr(),
                    headers,
                    body,
                }),
                Err(failure) => {
                    dynop_values::walk::release_buffer(headers.cast(), &STR_LIST);
                    Err(failure)
                }
            }
        })
    }
}

fn list_of(headers: &HeaderMap) -> Result<TextList, Failure> {
    let mut all = TextList::new(&STR_LIST);
    for (name, value) in headers {
        all.push(name.as_str().as_bytes())?;
        all.push(String::from_utf8_lossy(value.as_bytes()).as_bytes())?;
    }
    Ok(all)
}

/// Fails where an answer is no success, with the beginning of what it says.
fn check(request: &Request, at: &str, answer: &mut Response<Body>) -> Result<(), Failure> {
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let mut begin = Vec::new();
    // What can't be read is not shown.
    let _ = answer
        .body_mut()
        .as_reader()
        .take(4 * SHOWN as u64)
        .read_to_end(&mut begin);
    let begin = String::from_utf8_lossy(&begin);
    let mut words = begin.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = words.char_indices().nth(SHOWN) {
        words.truncate(end);
        words.push('…');
    }
    let between = if words.is_empty() { "" } else { ": " };
    Err(request.failed(at, &format!("the server answered {status}{between}{words}")))
}

/// All that an answer has.
fn content(answer: &mut Response<Body>, request: &Request, at: &str) -> Result<Vec<u8>, Failure> {
    let mut reader = answer.body_mut().as_reader();
    let mut whole = Vec::new();
    let mut piece = vec![0; BUFFER];
    loop {
        match read(&mut reader, &mut piece).map_err(|error| broken(request, at, &error))? {
            0 => return Ok(whole),
            size => {
                whole.try_reserve(size).map_err(|_| NoMemory)?;
                whole.extend_from_slice(&piece[..size]);
            }
        }
    }
}

fn read(reader: &mut impl Read, piece: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(piece) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

fn broken(request: &Request, at: &str, error: &io::Error) -> Failure {
    request.failed(at, &request::explain_io(error))
}

/// Writes what is at a URL as a file.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`; `headers` are names and values in turn.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_http_download(
    ctx: Ctx,
    url: Ptr,
    path: Ptr,
    headers: Ptr,
    timeout: I64,
    redirects: I64,
) -> Status {
    // SAFETY: the convention; the limits are the step's own for as long as the call lasts.
    unsafe {
        let (url, path, mut headers) = (str_of(url), path_of(path), texts_of(headers));
        act(ctx, || {
            let timeout = duration(timeout)?;
            let end = None;
            let _within = Within::new(Limits { ctx, timeout, end });
            // A file as it is there, which may be packed already.
            headers.splice(0..0, ["accept-encoding", "identity"]);
            let request = Request::new("GET", url, &headers, &[], redirects)?;
            let (at, mut answer) = request.send()?;
            check(&request, &at, &mut answer)?;
            let writing = |error: io::Error| refused("write", path, &error);
            let mut reader = answer.body_mut().as_reader();
            let mut replacement = Replacement::new(path)?;
            let mut piece = vec![0; BUFFER];
            loop {
                let size = read(&mut reader, &mut piece);
                let size = size.map_err(|error| broken(&request, &at, &error))?;
                if size == 0 {
                    return replacement.finish().map_err(writing);
                }
                let written = replacement.file().write_all(&piece[..size]);
                written.map_err(writing)?;
            }
        })
    }
}

/// Bytes and what they are.
#[repr(C)]
struct Content {
    bytes: StrRepr,
    kind: StrRepr,
}

/// A value as it is sent, and the name of what that is.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`; `value` holds one of `ty`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_http_content(ctx: Ctx, out: Ptr, value: Ptr, ty: Desc) -> Status {
    // SAFETY: the convention.
    unsafe {
        give(ctx, out, || {
            let desc = &*ty;
            let (bytes, kind) = match desc.kind {
                Kind::Str => (
                    text::new(text::bytes(&*value.cast()))?,
                    "text/plain; charset=utf-8",
                ),
                Kind::Bytes => (
                    text::new(text::bytes(&*value.cast()))?,
                    "application/octet-stream",
                ),
                _ => {
                    let mut written = String::new();
                    json::write(&mut written, value, desc).map_err(|error| error.message)?;
                    (text::new(written.as_bytes())?, "application/json")
                }
            };
            let bytes = Text::from_repr(bytes);
            let kind = text::new(kind.as_bytes())?;
            Ok(Content {
                bytes: bytes.into_repr(),
                kind,
            })
        })
    }
}

/// A text of which nothing has a meaning in a URL.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_http_encode(ctx: Ctx, out: Ptr, text: Ptr) -> Status {
    // SAFETY: the convention.
    unsafe {
        give(ctx, out, || {
            Ok(text::new(url::encode(str_of(text)).as_bytes())?)
        })
    }
}
