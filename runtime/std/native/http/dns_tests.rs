//! Name servers of our own, on this machine.

use std::io::{Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::thread;

use simple_dns::ResourceRecord;
use simple_dns::rdata::{A, AAAA, CNAME};

use super::*;

/// What the server says of names.
fn answer(question: &[u8], is_stream: bool) -> Vec<u8> {
    let asked = Packet::parse(question).unwrap();
    let first = asked.questions[0].clone();
    let name = first.qname.to_string().to_lowercase();
    let mut reply = Packet::new_reply(asked.id());
    reply.questions.push(first.clone());
    let mut add = |rdata| {
        let record = ResourceRecord::new(first.qname.clone(), CLASS::IN, 60, rdata);
        reply.answers.push(record);
    };
    let is_old = first.qtype == QTYPE::TYPE(TYPE::A);
    match (name.as_str(), is_old) {
        ("both.example", true) => {
            add(RData::CNAME(CNAME(Name::new_unchecked("other.example"))));
            add(RData::A(A {
                address: 0x0a00_0001,
            }));
        }
        ("both.example", false) => add(RData::AAAA(AAAA { address: 1 })),
        ("host.inner.example", true) => add(RData::A(A {
            address: 0x0a00_0002,
        })),
        ("large.example", true) if is_stream => {
            for address in 0..100 {
                add(RData::A(A { address }));
            }
        }
        ("large.example", true) => reply.set_flags(PacketFlag::TRUNCATION),
        ("trouble.example", _) => *reply.rcode_mut() = RCODE::ServerFailure,
        ("host.inner.example" | "large.example", _) => {}
        _ => *reply.rcode_mut() = RCODE::NameError,
    }
    reply.build_bytes_vec().unwrap()
}

/// A name server; gives where it is.
fn serve() -> SocketAddr {
    let stream = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = stream.local_addr().unwrap();
    let socket = UdpSocket::bind(address).unwrap();
    thread::spawn(move || {
        let mut question = [0; 512];
        while let Ok((size, from)) = socket.recv_from(&mut question) {
            // One that answers another question comes first, and is to be passed over.
            let other = query("forged.example", TYPE::A).bytes;
            let _ = socket.send_to(&answer(&other, false), from);
            let _ = socket.send_to(b"no message", from);
            let _ = socket.send_to(&answer(&question[..size], false), from);
        }
    });
    thread::spawn(move || {
        for stream in stream.incoming() {
            let mut stream = stream.unwrap();
            let mut size = [0; 2];
            stream.read_exact(&mut size).unwrap();
            let mut question = vec![0; usize::from(u16::from_be_bytes(size))];
            stream.read_exact(&mut question).unwrap();
            let answer = answer(&question, true);
            stream
                .write_all(&(answer.len() as u16).to_be_bytes())
                .unwrap();
            stream.write_all(&answer).unwrap();
        }
    });
    address
}

fn asking(addresses: Vec<SocketAddr>) -> Servers {
    Servers {
        addresses,
        points: 1,
        domains: vec!["inner.example".into()],
        patience: Duration::from_millis(300),
        rounds: 1,
    }
}

fn found(servers: &Servers, host: &str) -> Vec<String> {
    let all = servers.addresses(host).unwrap();
    all.iter().map(ToString::to_string).collect()
}

#[test]
fn answers_of_a_server() {
    let servers = asking(vec![serve()]);
    assert_eq!(found(&servers, "both.example"), ["10.0.0.1", "::1"]);
    assert_eq!(found(&servers, "BOTH.example."), ["10.0.0.1", "::1"]);
    assert_eq!(found(&servers, "host"), ["10.0.0.2"]);
    assert_eq!(found(&servers, "large.example").len(), 100);
    assert!(found(&servers, "none.example").is_empty());
    assert!(found(&servers, "a..b").is_empty());
    assert!(found(&servers, &"a".repeat(70)).is_empty());
    let error = servers
        .addresses("trouble.example")
        .unwrap_err()
        .to_string();
    assert!(error.contains("fails to find out"), "{error}");
}

#[test]
fn servers_that_do_not_answer() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let silent_address = silent.local_addr().unwrap();
    let servers = asking(vec![silent_address]);
    let error = servers.addresses("both.example").unwrap_err().to_string();
    assert!(error.contains("does not answer"), "{error}");
    let gone = UdpSocket::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let servers = asking(vec![silent_address, gone, serve()]);
    assert_eq!(found(&servers, "both.example"), ["10.0.0.1", "::1"]);
    let error = asking(vec![]).addresses("both.example").unwrap_err();
    assert!(error.to_string().contains("no name server"));
}

#[test]
fn settings_of_the_machine() {
    let servers = Servers::from(b"# comment\nnameserver 10.0.0.1\nnameserver ::1\nsearch a.org b.org.\noptions ndots:2 timeout:3 attempts:4\n");
    assert_eq!(servers.addresses.len(), 2);
    assert_eq!(servers.names("x"), ["x.a.org", "x.b.org", "x"]);
    assert_eq!(servers.names("x.y"), ["x.y.a.org", "x.y.b.org", "x.y"]);
    assert_eq!(
        servers.names("x.y.z"),
        ["x.y.z", "x.y.z.a.org", "x.y.z.b.org"]
    );
    assert_eq!(servers.names("x."), ["x"]);
    assert_eq!((servers.patience.as_secs(), servers.rounds), (3, 4));
    assert_eq!(Servers::from(b"").addresses.len(), 2);
}
