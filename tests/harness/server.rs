//! A server of HTTP for tests: on this machine, in this process, with a thread for each connection.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned, crypto};

/// What a client asks for.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The method.
    pub method: String,
    /// Behind the method: a path, or a whole URL where the server is taken for a proxy.
    pub target: String,
    /// Names, in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The content.
    pub body: Vec<u8>,
}

impl Asked {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(one, _)| one == name);
        found.map(|(_, value)| value.as_str())
    }

    fn read(from: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut line = String::new();
        if from.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let mut words = line.split_whitespace();
        let mut asked = Self {
            method: words.next().unwrap_or_default().to_owned(),
            target: words.next().unwrap_or_default().to_owned(),
            ..Self::default()
        };
        loop {
            let mut line = String::new();
            from.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            let header = (name.to_lowercase(), value.trim().to_owned());
            asked.headers.push(header);
        }
        let length = asked.header("content-length");
        let length = length.and_then(|length| length.parse().ok());
        asked.body.resize(length.unwrap_or(0), 0);
        from.read_exact(&mut asked.body)?;
        Ok(Some(asked))
    }
}

/// What the server says.
pub enum Answer {
    /// A status, headers (each a line without its end) and a content.
    Whole(u16, Vec<String>, Vec<u8>),
    /// These bytes, and then the end of the connection.
    Raw(Vec<u8>),
    /// These pieces, each after so many milliseconds, and then the end of the connection.
    Slow(u64, Vec<Vec<u8>>),
    /// A connection to another server, as a proxy makes one.
    Tunnel(SocketAddr),
}

/// An answer of status 200 with a text.
pub fn text(text: impl Into<String>) -> Answer {
    let headers = vec!["Content-Type: text/plain".to_owned()];
    Answer::Whole(200, headers, text.into().into_bytes())
}

type Handler = dyn Fn(&Asked) -> Answer + Send + Sync;

/// A running server.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

/// The certificate of a server and its key.
pub struct Identity {
    /// In the form of a file of roots.
    pub root: String,
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    /// One for these hosts, issued by an authority that is made for it.
    pub fn new(hosts: &[&str]) -> Self {
        let key = rcgen::KeyPair::generate().expect("a key");
        let mut authority = rcgen::CertificateParams::default();
        authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let root = authority.self_signed(&key).expect("a certificate");
        let issuer = rcgen::Issuer::new(authority, key);
        let key = rcgen::KeyPair::generate().expect("a key");
        let hosts: Vec<String> = hosts.iter().map(|&host| host.to_owned()).collect();
        let params = rcgen::CertificateParams::new(hosts).expect("names");
        let certificate = params.signed_by(&key, &issuer).expect("a certificate");
        Self {
            root: root.pem(),
            certificate: certificate.der().clone(),
            key: PrivateKeyDer::try_from(key.serialize_der()).expect("a key"),
        }
    }
}

impl Server {
    /// Serves what a function says.
    pub fn new(handler: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        Self::with(None, handler)
    }

    /// The same over TLS.
    pub fn encrypted(
        identity: &Identity,
        handler: impl Fn(&Asked) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let provider = Arc::new(crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![identity.certificate.clone()], identity.key.clone_key())
            .expect("a certificate with its key");
        Self::with(Some(Arc::new(config)), handler)
    }

    fn with(
        config: Option<Arc<ServerConfig>>,
        handler: impl Fn(&Asked) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let connections = Arc::new(AtomicUsize::new(0));
        let handler: Arc<Handler> = Arc::new(handler);
        let count = Arc::clone(&connections);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::SeqCst);
                let (handler, config) = (Arc::clone(&handler), config.clone());
                // What goes wrong is the client's to tell.
                std::thread::spawn(move || match config {
                    None => serve(&stream, &stream, &*handler),
                    Some(config) => {
                        let connection = ServerConnection::new(config).expect("a connection");
                        let stream = StreamOwned::new(connection, stream);
                        serve_one(stream, &*handler)
                    }
                });
            }
        });
        Self {
            address,
            connections,
        }
    }

    /// A URL of it.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// How many connections there were.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// Answers until the client has gone.
fn serve(from: &TcpStream, mut to: &TcpStream, handler: &Handler) -> io::Result<()> {
    let mut reader = BufReader::new(from);
    while let Some(asked) = Asked::read(&mut reader)? {
        let answer = handler(&asked);
        if let Answer::Tunnel(address) = answer {
            to.write_all(b"HTTP/1.1 200 Connected\r\n\r\n")?;
            return tunnel(from, &TcpStream::connect(address)?);
        }
        if !write(answer, &mut to)? {
            return Ok(());
        }
    }
    Ok(())
}

/// Answers once.
fn serve_one(mut stream: impl Read + Write, handler: &Handler) -> io::Result<()> {
    let asked = Asked::read(&mut BufReader::new(&mut stream))?;
    if let Some(asked) = asked {
        write(handler(&asked), &mut stream)?;
        stream.flush()?;
    }
    Ok(())
}

/// Writes an answer, and gives whether the connection may go on.
fn write(answer: Answer, to: &mut impl Write) -> io::Result<bool> {
    match answer {
        Answer::Whole(status, headers, body) => {
            let mut head = format!(
                "HTTP/1.1 {status} Said\r\nContent-Length: {}\r\n",
                body.len()
            );
            for header in headers {
                head.push_str(&header);
                head.push_str("\r\n");
            }
            head.push_str("\r\n");
            to.write_all(&[head.as_bytes(), &body].concat())?;
            Ok(true)
        }
        Answer::Raw(bytes) => {
            to.write_all(&bytes)?;
            Ok(false)
        }
        Answer::Slow(pause, pieces) => {
            for piece in pieces {
                std::thread::sleep(std::time::Duration::from_millis(pause));
                to.write_all(&piece)?;
                to.flush()?;
            }
            Ok(false)
        }
        Answer::Tunnel(_) => Ok(false),
    }
}

/// Hands bytes on in both directions.
fn tunnel(one: &TcpStream, other: &TcpStream) -> io::Result<()> {
    let (from, to) = (one.try_clone()?, other.try_clone()?);
    std::thread::spawn(move || io::copy(&mut &from, &mut &to));
    io::copy(&mut &*other, &mut &*one)?;
    Ok(())
}
