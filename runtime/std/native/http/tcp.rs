//! Connections that never block: each read and write waits by [`wait`].

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsRawFd;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use ureq::Error;
use ureq::unversioned::transport::time::Duration as Time;
use ureq::unversioned::transport::{Buffers, LazyBuffers, NextTimeout, Transport};

use super::limits::{told, wait};
use crate::files::reason;

/// How long one of several addresses is tried.
const ONE_OF_SEVERAL: Duration = Duration::from_secs(5);

/// A connection.
#[derive(Debug)]
pub(super) struct Tcp {
    stream: TcpStream,
    buffers: LazyBuffers,
    /// What a proxy has to know of the one request for which this is.
    forward: Option<Forward>,
    /// Whether it is for one request alone.
    once: bool,
}

/// What changes in the head of a request that a proxy hands on.
#[derive(Debug)]
pub(super) struct Forward {
    /// Scheme and host, which the proxy wants before the path.
    pub origin: String,
    /// A line of the head by which the proxy knows the user, or nothing.
    pub authorization: String,
}

impl Tcp {
    /// A connection to one of the addresses.
    pub(super) fn connect(
        addresses: &[SocketAddr],
        sizes: (usize, usize),
        forward: Option<Forward>,
    ) -> io::Result<Self> {
        let mut problem = told("the host has no address");
        for (index, address) in addresses.iter().enumerate() {
            let is_last = index + 1 == addresses.len();
            match connect(*address, (!is_last).then_some(ONE_OF_SEVERAL)) {
                Ok(stream) => {
                    return Ok(Self {
                        stream,
                        buffers: LazyBuffers::new(sizes.0, sizes.1),
                        once: forward.is_some(),
                        forward,
                    });
                }
                // Our own are those that end the request.
                Err(error) if error.raw_os_error().is_none() => return Err(error),
                Err(error) => problem = told(format!("{} ({address})", reason(&error))),
            }
        }
        Err(problem)
    }
}

fn connect(address: SocketAddr, at_most: Option<Duration>) -> io::Result<TcpStream> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_nonblocking(true)?;
    if let Err(error) = socket.connect(&address.into())
        && error.raw_os_error() != Some(libc::EINPROGRESS)
    {
        return Err(error);
    }
    if !wait(socket.as_raw_fd(), libc::POLLOUT, at_most)? {
        return Err(io::Error::from_raw_os_error(libc::ETIMEDOUT));
    }
    if let Some(error) = socket.take_error()? {
        return Err(error);
    }
    socket.set_tcp_nodelay(true)?;
    Ok(socket.into())
}

/// Waits for a connection; what the client wants to wait at most is for a server's word to go on.
fn ready(stream: &TcpStream, events: libc::c_short, timeout: NextTimeout) -> Result<(), Error> {
    let at_most = match timeout.after {
        Time::Exact(time) => Some(time),
        Time::NotHappening => None,
    };
    if wait(stream.as_raw_fd(), events, at_most)? {
        Ok(())
    } else {
        Err(Error::Timeout(timeout.reason))
    }
}

fn send(stream: &mut TcpStream, mut bytes: &[u8], timeout: NextTimeout) -> Result<(), Error> {
    while !bytes.is_empty() {
        match stream.write(bytes) {
            Ok(0) => return Err(io::Error::from(ErrorKind::WriteZero).into()),
            Ok(size) => bytes = &bytes[size..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                ready(stream, libc::POLLOUT, timeout)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

impl Forward {
    /// The beginning of a request as the proxy wants it.
    fn head(&self, head: &[u8]) -> Vec<u8> {
        let path = head.iter().position(|&byte| byte == b' ');
        let line = head.iter().position(|&byte| byte == b'\n');
        let (Some(path), Some(line)) = (path, line) else {
            return head.to_vec();
        };
        let (path, line) = (path + 1, line + 1);
        [
            &head[..path],
            self.origin.as_bytes(),
            &head[path..line],
            self.authorization.as_bytes(),
            &head[line..],
        ]
        .concat()
    }
}

impl Transport for Tcp {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let bytes = &self.buffers.output()[..amount];
        match self.forward.take() {
            Some(forward) => send(&mut self.stream, &forward.head(bytes), timeout),
            None => send(&mut self.stream, bytes, timeout),
        }
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        loop {
            let room = self.buffers.input_append_buf();
            match self.stream.read(room) {
                Ok(size) => {
                    self.buffers.input_appended(size);
                    return Ok(size > 0);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    ready(&self.stream, libc::POLLIN, timeout)?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn is_open(&mut self) -> bool {
        // Nothing may come while nothing was asked for.
        let silent = |error: io::Error| error.kind() == ErrorKind::WouldBlock;
        !self.once && self.stream.read(&mut [0]).is_err_and(silent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_for_a_proxy() {
        let forward = Forward {
            origin: "http://a:81".into(),
            authorization: "Proxy-Authorization: Basic eA==\r\n".into(),
        };
        let head = forward.head(b"GET /b HTTP/1.1\r\nhost: a\r\n\r\n");
        assert_eq!(
            String::from_utf8_lossy(&head),
            "GET http://a:81/b HTTP/1.1\r\nProxy-Authorization: Basic eA==\r\nhost: a\r\n\r\n"
        );
    }
}
