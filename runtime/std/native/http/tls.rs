//! The encrypted connection of HTTPS, by rustls.

use std::fmt;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto,
};
use ureq::Error;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, LazyBuffers, NextTimeout, Transport, TransportAdapter,
};

use super::limits::told;

/// The file of further roots.
const ROOTS: &str = "SSL_CERT_FILE";

/// The settings of all connections: the environment is read once.
static CONFIG: OnceLock<Result<Arc<ClientConfig>, String>> = OnceLock::new();

fn configuration() -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    if let Some(path) = std::env::var_os(ROOTS).filter(|path| !path.is_empty()) {
        let path = PathBuf::from(path);
        let failed = |why: String| format!("{ROOTS} names {}: {why}", path.display());
        let all =
            CertificateDer::pem_file_iter(&path).map_err(|error| failed(error.to_string()))?;
        for certificate in all {
            let certificate = certificate.map_err(|error| failed(error.to_string()))?;
            // A bundle may have some that nobody can read any more.
            let _ = roots.add(certificate);
        }
    }
    let provider = Arc::new(crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// What is wrong, in words of the language.
fn explain(error: &rustls::Error, host: &str) -> String {
    let certificate = |what: &str| format!("the certificate of {host} {what}");
    match error {
        rustls::Error::InvalidCertificate(problem) => match problem {
            CertificateError::UnknownIssuer => certificate(&format!(
                "is not trusted: none of the roots has issued it; `{ROOTS}` names a file of further roots"
            )),
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                certificate("has expired")
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                certificate("is not valid yet")
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                certificate("is for another host")
            }
            other => certificate(&format!("is not accepted: {other}")),
        },
        rustls::Error::InvalidMessage(_) => {
            format!("{host} does not speak TLS at this port")
        }
        other => format!("no encrypted connection to {host}: {other}"),
    }
}

/// An encrypted connection.
struct Tls {
    stream: StreamOwned<ClientConnection, TransportAdapter>,
    buffers: LazyBuffers,
    host: String,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

/// Encrypts a connection to a host.
pub(super) fn wrap(
    inner: Box<dyn Transport>,
    host: &str,
    details: &ConnectionDetails,
) -> Result<Box<dyn Transport>, Error> {
    let config = CONFIG.get_or_init(configuration).clone().map_err(told)?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| told(format!("no certificate can be for the host {host}")))?;
    let mut connection =
        ClientConnection::new(config, name).map_err(|error| told(explain(&error, host)))?;
    let mut adapter = TransportAdapter::new(inner, details.current_time.clone());
    connection
        .complete_io(&mut adapter)
        .map_err(|error| improve(error, host))?;
    Ok(Box::new(Tls {
        stream: StreamOwned::new(connection, adapter),
        buffers: LazyBuffers::new(
            details.config.input_buffer_size(),
            details.config.output_buffer_size(),
        ),
        host: host.to_owned(),
    }))
}

fn improve(error: io::Error, host: &str) -> io::Error {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    match inner {
        Some(problem) => told(explain(problem, host)),
        None => error,
    }
}

impl Transport for Tls {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.stream.sock.set_timeout(timeout);
        let output = &self.buffers.output()[..amount];
        let sent = self
            .stream
            .write_all(output)
            .and_then(|()| self.stream.flush());
        sent.map_err(|error| improve(error, &self.host).into())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.stream.sock.set_timeout(timeout);
        let room = self.buffers.input_append_buf();
        let size = self
            .stream
            .read(room)
            .map_err(|error| improve(error, &self.host))?;
        self.buffers.input_appended(size);
        Ok(size > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream.sock.get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}
