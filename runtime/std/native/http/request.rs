//! One request with its redirects, and what can be wrong with it, in words of the language.

use std::io::{self, ErrorKind};
use std::sync::OnceLock;

use dynop_values::failing::Failure;
use ureq::config::Config;
use ureq::http::{
    self, HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Uri, header,
};
use ureq::{Agent, Body, Error};

use super::connect::Connect;
use super::limits::Told;
use super::names::Names;
use super::url;
use crate::files::reason;

/// What servers are told of us.
const USER_AGENT: &str = concat!("dynop/", env!("CARGO_PKG_VERSION"));

/// One for the process, with the connections that it keeps.
static AGENT: OnceLock<Agent> = OnceLock::new();

fn agent() -> &'static Agent {
    AGENT.get_or_init(|| {
        let config = Config::builder()
            .proxy(None)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .allow_non_standard_methods(true)
            .user_agent(USER_AGENT)
            .build();
        Agent::with_parts(config, Connect, Names)
    })
}

/// What is sent, and to where.
pub(super) struct Request<'a> {
    method: Method,
    url: Uri,
    headers: HeaderMap,
    body: &'a [u8],
    redirects: i64,
}

impl<'a> Request<'a> {
    /// `headers` are names and values in turn.
    pub(super) fn new(
        method: &str,
        url: &str,
        headers: &[&str],
        body: &'a [u8],
        redirects: i64,
    ) -> Result<Self, Failure> {
        let wrong = |what: String| Failure::from(format!("{method} {}: {what}", url::shown(url)));
        let mut all = HeaderMap::new();
        for pair in headers.chunks_exact(2) {
            let name = HeaderName::try_from(pair[0])
                .map_err(|_| wrong(format!("a header can't be named `{}`", pair[0])))?;
            let value = HeaderValue::try_from(pair[1])
                .map_err(|_| wrong(format!("the header `{name}` can't have control characters")))?;
            // The last of a name counts, as in a map.
            all.insert(name, value);
        }
        let method = Method::try_from(method)
            .map_err(|_| Failure::from(format!("`{method}` is no method of a request")))?;
        Ok(Self {
            method,
            url: url::parse(url)?,
            headers: all,
            body,
            redirects,
        })
    }

    /// A failure of this request at a URL.
    pub(super) fn failed(&self, at: &str, why: &str) -> Failure {
        Failure::Message(format!("{} {}: {why}", self.method, url::shown(at)))
    }

    /// Sends it, follows redirects, and gives the answer with the URL that has given it.
    pub(super) fn send(&self) -> Result<(String, Response<Body>), Failure> {
        let mut method = self.method.clone();
        let mut at = self.url.clone();
        let mut headers = self.headers.clone();
        let mut body = self.body;
        let mut followed = 0;
        loop {
            let shown = url::shown(&at.to_string());
            let answer = send_one(&method, &at, &headers, body)
                .map_err(|error| self.failed(&shown, &explain(&error)))?;
            let Some(location) = location(&answer).filter(|_| self.redirects > 0) else {
                return Ok((shown, answer));
            };
            if followed >= self.redirects {
                let most = self.redirects;
                return Err(self.failed(&shown, &format!("there are more than {most} redirects")));
            }
            followed += 1;
            let next = url::follow(&at, &location)
                .map_err(|why| self.failed(&shown, &format!("it leads elsewhere: {why}")))?;
            if loses_body(answer.status(), &method) {
                method = if method == Method::HEAD {
                    Method::HEAD
                } else {
                    Method::GET
                };
                body = &[];
                for name in [
                    header::CONTENT_TYPE,
                    header::CONTENT_ENCODING,
                    header::CONTENT_LENGTH,
                ] {
                    headers.remove(name);
                }
            }
            if !same_origin(&at, &next) {
                // What one server may know is not for another.
                for name in [header::AUTHORIZATION, header::COOKIE, header::HOST] {
                    headers.remove(name);
                }
            }
            at = next;
        }
    }
}

fn send_one(
    method: &Method,
    at: &Uri,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Response<Body>, Error> {
    let mut builder = http::Request::builder().method(method).uri(at);
    if let Some(all) = builder.headers_mut() {
        all.clone_from(headers);
    }
    // Servers want to hear of the length where the method is one with content.
    let has_body = !body.is_empty() || [Method::POST, Method::PUT, Method::PATCH].contains(method);
    if has_body {
        agent().run(builder.body(body)?)
    } else {
        agent().run(builder.body(())?)
    }
}

/// Where an answer leads to.
fn location(answer: &Response<Body>) -> Option<String> {
    let follows = matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    let value = answer.headers().get(header::LOCATION)?;
    follows.then(|| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// Whether what comes behind a redirect is asked for without the body: as browsers do it.
fn loses_body(status: StatusCode, method: &Method) -> bool {
    match status.as_u16() {
        303 => true,
        301 | 302 => *method == Method::POST,
        _ => false,
    }
}

fn same_origin(one: &Uri, other: &Uri) -> bool {
    let port = |uri: &Uri| {
        let default = if uri.scheme_str() == Some("https") {
            443
        } else {
            80
        };
        uri.port_u16().unwrap_or(default)
    };
    one.scheme() == other.scheme() && one.host() == other.host() && port(one) == port(other)
}

/// What is wrong, in words of the language.
pub(super) fn explain(error: &Error) -> String {
    match error {
        Error::Io(error) => explain_io(error),
        Error::Decompress(_, error) if is_ours(error) => explain_io(error),
        Error::Decompress(kind, error) => format!("the answer is no {kind} data: {error}"),
        Error::Protocol(error) => format!("the server does not keep to the protocol: {error}"),
        Error::LargeResponseHeader(_, most) => {
            format!("the head of the answer is longer than {most} bytes")
        }
        other => other.to_string(),
    }
}

/// Whether an error has one within that was made by us or the client.
fn is_ours(error: &io::Error) -> bool {
    let inner = error.get_ref();
    inner.is_some_and(|inner| inner.is::<Told>() || inner.is::<Error>() || inner.is::<io::Error>())
}

/// The same of an error behind the answer's head.
pub(super) fn explain_io(error: &io::Error) -> String {
    if let Some(inner) = error.get_ref() {
        if let Some(told) = inner.downcast_ref::<Told>() {
            return told.0.clone();
        }
        if let Some(error) = inner.downcast_ref::<Error>() {
            return explain(error);
        }
        if let Some(error) = inner.downcast_ref::<io::Error>() {
            return explain_io(error);
        }
    }
    match error.kind() {
        ErrorKind::UnexpectedEof => "the server ended the connection before its answer".into(),
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
            "the server broke off the connection".into()
        }
        _ => reason(error),
    }
}
