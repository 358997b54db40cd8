//! Asking name servers for the addresses of a host. The resolver of the C library is no choice: in a static executable it
//! wants to load libraries at run time.

use std::hash::{BuildHasher, RandomState};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use resolv_conf::{Config, ScopedIp};
use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, TYPE};
use ureq::unversioned::transport::time::Duration as Time;
use ureq::unversioned::transport::{NextTimeout, Transport};

use super::limits::{told, wait};
use super::tcp::Tcp;

/// The most that comes in one datagram without extensions is 512 bytes; servers that send more are not turned away.
const DATAGRAM: usize = 4096;

/// Whom to ask, and for what.
pub(super) struct Servers {
    /// The first that answers is believed.
    pub addresses: Vec<SocketAddr>,
    /// Behind a name without so many points the domains are tried first.
    pub points: usize,
    /// What may be left out at the end of a name.
    pub domains: Vec<String>,
    /// How long one server is waited for.
    pub patience: Duration,
    /// How many times all of them are asked.
    pub rounds: u32,
}

/// What a server says of a name.
enum Answer {
    /// Its addresses; none where there is no such name, or nothing at it.
    Addresses(Vec<IpAddr>),
    /// That it can't say.
    Trouble(String),
}

impl Servers {
    /// Those of a `resolv.conf`.
    pub(super) fn from(text: &[u8]) -> Self {
        let (mut config, _) = Config::parse_with_errors(text);
        config.glibc_normalize();
        let address = |server: &ScopedIp| SocketAddr::new(IpAddr::from(server), 53);
        Self {
            addresses: config
                .get_nameservers_or_local()
                .iter()
                .map(address)
                .collect(),
            points: config.ndots as usize,
            domains: config.get_last_search_or_domain().cloned().collect(),
            patience: Duration::from_secs(u64::from(config.timeout.clamp(1, 30))),
            rounds: config.attempts.clamp(1, 5),
        }
    }

    /// The addresses of a host; empty where there is no such host.
    pub(super) fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        for name in self.names(host) {
            let found = self.of_name(&name)?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }

    /// What a host's name may stand for, in the order of trying.
    fn names(&self, host: &str) -> Vec<String> {
        if let Some(whole) = host.strip_suffix('.') {
            return vec![whole.to_owned()];
        }
        let below = self
            .domains
            .iter()
            .map(|domain| format!("{host}.{}", domain.trim_matches('.')));
        let itself = std::iter::once(host.to_owned());
        if host.matches('.').count() >= self.points {
            itself.chain(below).collect()
        } else {
            below.chain(itself).collect()
        }
    }

    fn of_name(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        // What can't be a name has no address.
        let part = |part: &str| (1..64).contains(&part.len());
        if name.len() > 253 || !name.split('.').all(part) || Name::new(name).is_err() {
            return Ok(Vec::new());
        }
        let mut trouble = String::from("there is no name server");
        for _ in 0..self.rounds {
            for server in &self.addresses {
                match self.ask(*server, name)? {
                    Answer::Addresses(found) => return Ok(found),
                    Answer::Trouble(reason) => {
                        trouble = format!("the name server {server} {reason}")
                    }
                }
            }
        }
        Err(told(format!("can't look for the host {name}: {trouble}")))
    }

    /// Asks one server for the addresses of both kinds. Fails where the request is to end.
    fn ask(&self, server: SocketAddr, name: &str) -> io::Result<Answer> {
        let socket = match connect(server) {
            Ok(socket) => socket,
            Err(error) => return Ok(Answer::Trouble(format!("is not reached: {error}"))),
        };
        let mut open = vec![query(name, TYPE::A), query(name, TYPE::AAAA)];
        let mut found = Vec::new();
        for question in &open {
            if let Err(error) = socket.send(&question.bytes) {
                return Ok(Answer::Trouble(format!("is not reached: {error}")));
            }
        }
        let begin = Instant::now();
        let mut datagram = [0; DATAGRAM];
        while !open.is_empty() {
            let left = self.patience.saturating_sub(begin.elapsed());
            if left.is_zero() || !wait(socket.as_raw_fd(), libc::POLLIN, Some(left))? {
                break;
            }
            let size = match socket.recv(&mut datagram) {
                Ok(size) => size,
                Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                Err(error) => return Ok(Answer::Trouble(format!("is not reached: {error}"))),
            };
            let Some((at, reply)) = read(&datagram[..size], &open) else {
                continue;
            };
            let question = open.remove(at);
            let reply = match reply {
                Reply::Cut => self.by_stream(server, &question)?,
                whole => whole,
            };
            match reply {
                Reply::Addresses(addresses) => found.extend(addresses),
                Reply::Refused(reason) => return Ok(Answer::Trouble(reason)),
                Reply::Cut => return Ok(Answer::Trouble("sends half an answer".into())),
            }
        }
        if open.is_empty() || !found.is_empty() {
            // Those of the older kind first: they are reached from everywhere.
            found.sort_by_key(IpAddr::is_ipv6);
            return Ok(Answer::Addresses(found));
        }
        Ok(Answer::Trouble("does not answer".into()))
    }

    /// Asks again over a connection, where more can be said.
    fn by_stream(&self, server: SocketAddr, question: &Query) -> io::Result<Reply> {
        let refused = || Reply::Refused("does not answer over TCP".into());
        let Ok(mut stream) = Tcp::connect(&[server], (DATAGRAM, DATAGRAM), None) else {
            return Ok(refused());
        };
        let timeout = NextTimeout {
            after: Time::Exact(self.patience),
            ..NextTimeout::default()
        };
        let mut stream = Framed {
            stream: &mut stream,
            timeout,
        };
        let size = (question.bytes.len() as u16).to_be_bytes();
        let sent = stream.write_all(&[&size[..], &question.bytes].concat());
        let mut size = [0; 2];
        let mut message = Vec::new();
        let received = sent
            .and_then(|()| stream.read_exact(&mut size))
            .and_then(|()| {
                message.resize(usize::from(u16::from_be_bytes(size)), 0);
                stream.read_exact(&mut message)
            });
        Ok(match received {
            Ok(()) => read(&message, std::slice::from_ref(question))
                .map_or_else(refused, |(_, reply)| reply),
            Err(_) => refused(),
        })
    }
}

fn connect(server: SocketAddr) -> io::Result<UdpSocket> {
    let any: IpAddr = if server.is_ipv4() {
        Ipv4Addr::UNSPECIFIED.into()
    } else {
        Ipv6Addr::UNSPECIFIED.into()
    };
    let socket = UdpSocket::bind((any, 0))?;
    // From then on what others send is not received.
    socket.connect(server)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Bytes to and from a name server.
struct Framed<'a> {
    stream: &'a mut Tcp,
    timeout: NextTimeout,
}

impl Read for Framed<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let buffers = self.stream.buffers();
        if buffers.input().is_empty() {
            self.stream
                .await_input(self.timeout)
                .map_err(ureq::Error::into_io)?;
        }
        let buffers = self.stream.buffers();
        let size = into.len().min(buffers.input().len());
        into[..size].copy_from_slice(&buffers.input()[..size]);
        buffers.input_consume(size);
        Ok(size)
    }
}

impl Write for Framed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.stream.buffers().output();
        let size = room.len().min(bytes.len());
        room[..size].copy_from_slice(&bytes[..size]);
        self.stream
            .transmit_output(size, self.timeout)
            .map_err(ureq::Error::into_io)?;
        Ok(size)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A question that is not answered yet.
struct Query {
    number: u16,
    name: String,
    kind: TYPE,
    bytes: Vec<u8>,
}

fn query(name: &str, kind: TYPE) -> Query {
    // Each is seeded by the system, so that nobody can guess the number.
    let number = RandomState::new().hash_one(name) as u16;
    let mut packet = Packet::new_query(number);
    packet.set_flags(PacketFlag::RECURSION_DESIRED);
    if let Ok(name) = Name::new(name) {
        let class = QCLASS::CLASS(CLASS::IN);
        packet
            .questions
            .push(Question::new(name, QTYPE::TYPE(kind), class, false));
    }
    Query {
        number,
        name: name.to_owned(),
        kind,
        bytes: packet.build_bytes_vec().unwrap_or_default(),
    }
}

/// What a server answers to one question.
enum Reply {
    Addresses(Vec<IpAddr>),
    Refused(String),
    /// There is more than fits.
    Cut,
}

/// Which question a message answers, and how; `None` where it answers none of them.
fn read(message: &[u8], open: &[Query]) -> Option<(usize, Reply)> {
    let packet = Packet::parse(message).ok()?;
    let asked = packet.questions.first()?;
    let at = open.iter().position(|question| {
        question.number == packet.id()
            && asked.qtype == QTYPE::TYPE(question.kind)
            && asked.qname.to_string().eq_ignore_ascii_case(&question.name)
    })?;
    if !packet.has_flags(PacketFlag::RESPONSE) {
        return None;
    }
    let reply = match packet.rcode() {
        _ if packet.has_flags(PacketFlag::TRUNCATION) => Reply::Cut,
        RCODE::NoError => Reply::Addresses(packet.answers.iter().filter_map(address).collect()),
        RCODE::NameError => Reply::Addresses(Vec::new()),
        RCODE::Refused => Reply::Refused("refuses to say".into()),
        RCODE::ServerFailure => Reply::Refused("fails to find out".into()),
        other => Reply::Refused(format!("answers {other:?}")),
    };
    Some((at, reply))
}

/// The address in a record. Whatever name the record is of: a server follows aliases by itself.
fn address(record: &simple_dns::ResourceRecord<'_>) -> Option<IpAddr> {
    match &record.rdata {
        RData::A(found) => Some(Ipv4Addr::from(found.address).into()),
        RData::AAAA(found) => Some(Ipv6Addr::from(found.address).into()),
        _ => None,
    }
}

#[cfg(test)]
#[path = "dns_tests.rs"]
mod tests;
