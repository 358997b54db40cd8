//! Connecting to the host of a URL: directly or by a proxy, encrypted where the URL wants it.

use std::io::{self, Read, Write};

use ureq::Error;
use ureq::unversioned::transport::{ConnectionDetails, Connector, Transport, TransportAdapter};

use super::limits::told;
use super::proxy::{Proxy, proxy_for};
use super::tcp::{Forward, Tcp};
use super::tls;

/// The longest head of an answer of a proxy, in bytes.
const LONGEST_HEAD: usize = 64 * 1024;

/// Connects to hosts.
#[derive(Debug)]
pub(super) struct Connect;

impl Connector for Connect {
    type Out = Box<dyn Transport>;

    fn connect(
        &self,
        details: &ConnectionDetails,
        _: Option<()>,
    ) -> Result<Option<Self::Out>, Error> {
        let proxy = proxy_for(details.uri).map_err(told)?;
        let encrypted = details.needs_tls();
        let host = details.uri.host().unwrap_or_default();
        let forward = match &proxy {
            Some(proxy) if !encrypted => Some(Forward {
                origin: origin(details),
                authorization: proxy.authorization.clone(),
            }),
            _ => None,
        };
        let sizes = (
            details.config.input_buffer_size(),
            details.config.output_buffer_size(),
        );
        let tcp = Tcp::connect(&details.addrs, sizes, forward)
            .map_err(|error| by_proxy(error, proxy.as_ref()))?;
        let mut connection: Box<dyn Transport> = Box::new(tcp);
        if let Some(proxy) = &proxy {
            if proxy.tls {
                connection = tls::wrap(connection, &proxy.host, details)?;
            }
            if encrypted {
                connection = tunnel(connection, proxy, details)
                    .map_err(|error| by_proxy(error, Some(proxy)))?;
            }
        }
        if encrypted {
            connection = tls::wrap(connection, host, details)?;
        }
        Ok(Some(connection))
    }
}

/// Says of an error that it is the proxy that can't be reached.
fn by_proxy(error: io::Error, proxy: Option<&Proxy>) -> io::Error {
    match proxy {
        Some(proxy) => told(format!("the proxy {}:{}: {error}", proxy.host, proxy.port)),
        None => error,
    }
}

/// Scheme, host and port of a URL.
fn origin(details: &ConnectionDetails) -> String {
    let host = details.uri.host().unwrap_or_default();
    match details.uri.port_u16() {
        Some(port) => format!("http://{host}:{port}"),
        None => format!("http://{host}"),
    }
}

/// Has a proxy connect to the host, and gives the connection.
fn tunnel(
    connection: Box<dyn Transport>,
    proxy: &Proxy,
    details: &ConnectionDetails,
) -> io::Result<Box<dyn Transport>> {
    let host = details.uri.host().unwrap_or_default();
    let port = details.uri.port_u16().unwrap_or(443);
    let mut adapter = TransportAdapter::new(connection, details.current_time.clone());
    let request = format!(
        "CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n{}\r\n",
        proxy.authorization
    );
    adapter.write_all(request.as_bytes())?;
    adapter.flush()?;
    let head = head(&mut adapter)?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    if !status.starts_with('2') {
        let line = head.lines().next().unwrap_or_default();
        return Err(told(format!(
            "it does not connect to {host}:{port}: {line}"
        )));
    }
    Ok(adapter.into_inner())
}

/// The head of an answer, to the empty line.
fn head(from: &mut impl Read) -> io::Result<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if from.read(&mut byte)? == 0 || head.len() > LONGEST_HEAD {
            return Err(told("it does not answer as a proxy"));
        }
        head.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}
