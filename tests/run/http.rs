//! The module `http` against servers of our own: what is sent, what is made of each kind of answer, and what a failure says.
//! Nothing here leaves the machine.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use dynop_tests::server::{Answer, Asked, Identity, Server, text};
use dynop_tests::{Executable, build};

const PROGRAM: &str = r#"
fn show(response: http.Response) -> Str {
    f"{response.status} {response.url} {response.text()}"
}

fn act(what: Str, url: Str, path: Path) -> Str {
    match what {
        "get" => http.get(url).text()
        "headers" => http.get(url, headers: ["X-One": "1", "Authorization": "secret"]).text()
        "post" => http.post(url, "some text").text()
        "bytes" => http.post(url, b"\x00\xff", headers: ["Content-Type": "image/none"]).text()
        "json" => http.post(url, (name: "Ada", ages: [36])).text()
        "request" => show(http.request("GET", url))
        "delete" => show(http.request("DELETE", url, body: b"all"))
        "head" => show(http.request("HEAD", url))
        "own" => show(http.request("PURGE", url))
        "stay" => show(http.request("GET", url, redirects: 0))
        "two" => show(http.request("GET", url, redirects: 2))
        "quick" => show(http.request("GET", url, timeout: 300ms))
        "many" => {
            var sum = 0
            for n in 0..50 {
                sum += http.get(f"{url}?{n}").body.len()
            }
            f"{sum}"
        }
        "download" => {
            http.download(url, path, timeout: 500ms)
            fs.read(path)
        }
        "size" => {
            http.download(url, path)
            f"{fs.size(path)}"
        }
        "header" => f"{http.request("GET", url, headers: ["bad name": "x"]).status}"
        "method" => f"{http.request("A B", url).status}"
        "timeout" => f"{http.request("GET", url, timeout: 0s).status}"
        _ => "?"
    }
}

op attempt(what: Str, url: Str, path: Path) -> (said: Str, peak: Int) {
    let said = try {
        act(what, url, path)
    } catch e {
        f"FAILED {e.message}"
    }
    var peak = 0
    for line in fs.lines("/proc/self/status") {
        if line.starts_with("VmHWM:") {
            peak = line.words()[1].parse_int()
        }
    }
    return (said: said, peak: peak)
}

job main(what: Str, url: Str, path: Path = "none") -> (said: Str, peak: Int) {
    let outs = attempt(what, url, path)
    (said: outs.said, peak: outs.peak)
}
"#;

static CLIENT: LazyLock<Executable> =
    LazyLock::new(|| build("main.dyn", PROGRAM).unwrap_or_else(|picture| panic!("{picture}")));

/// A run of the client without anything of the environment that changes what it does.
fn client(what: &str, url: &str) -> Command {
    let mut command = CLIENT.interruptible_command();
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    command.env_remove("SSL_CERT_FILE");
    command.args(["--what", what, "--url", url]);
    command
}

fn outcome(command: &mut Command) -> (String, i64) {
    let output = command.output().expect("it starts");
    let value: serde_json::Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    let said = value["said"].as_str().expect("a text").to_owned();
    (said, value["peak"].as_i64().expect("a number"))
}

fn said(what: &str, url: &str) -> String {
    outcome(&mut client(what, url)).0
}

/// What it says, with the server's address as `HERE`.
fn said_of(server: &Server, what: &str, path: &str) -> String {
    said(what, &server.url(path)).replace(&server.address.to_string(), "HERE")
}

/// Tells what was asked.
fn echo(asked: &Asked) -> Answer {
    let mut told = format!("{} {}", asked.method, asked.target);
    for name in [
        "authorization",
        "content-type",
        "content-length",
        "x-one",
        "proxy-authorization",
    ] {
        if let Some(value) = asked.header(name) {
            told.push_str(&format!(" {name}={value}"));
        }
    }
    if !asked.body.is_empty() {
        told.push_str(&format!(" {:?}", String::from_utf8_lossy(&asked.body)));
    }
    text(told)
}

fn redirect(status: u16, location: &str) -> Answer {
    let headers = vec![format!("Location: {location}")];
    Answer::Whole(status, headers, b"elsewhere".to_vec())
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(data).expect("packed");
    packer.finish().expect("packed")
}

fn packed(data: Vec<u8>) -> Answer {
    Answer::Whole(200, vec!["Content-Encoding: gzip".into()], data)
}

fn serve() -> Server {
    Server::new(|asked| {
        let path = asked.target.split('?').next().unwrap_or_default();
        match path {
            "/hello" => text("hello, wörld"),
            "/bytes" => Answer::Whole(200, vec![], vec![0xff, 0xfe]),
            "/chunked" => Answer::Raw(
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n7;x=y\r\n, world\r\n0\r\n\r\n".to_vec(),
            ),
            "/old" => Answer::Raw(b"HTTP/1.0 200 OK\r\n\r\nto the end".to_vec()),
            "/gzip" => packed(gzip(&b"packed ".repeat(1000))),
            "/gzip_cut" => {
                let mut data = gzip(&b"packed ".repeat(1000));
                data.truncate(40);
                packed(data)
            }
            "/gzip_none" => packed(b"not packed at all".to_vec()),
            "/cut" => Answer::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf".to_vec()),
            "/chunks_cut" => Answer::Raw(
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel".to_vec(),
            ),
            "/end" => Answer::Raw(vec![]),
            "/garbage" => Answer::Raw(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()),
            "/empty" => Answer::Raw(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()),
            "/missing" => Answer::Whole(404, vec![], b"no such\n  page".to_vec()),
            "/slow" => Answer::Slow(3000, vec![b"HTTP/1.1 200 OK\r\n\r\n".to_vec()]),
            "/drip" => {
                let mut pieces = vec![b"HTTP/1.1 200 OK\r\n\r\n".to_vec()];
                pieces.extend((0..8).map(|_| b"drip ".to_vec()));
                Answer::Slow(100, pieces)
            }
            "/stuck" => Answer::Slow(
                3000,
                vec![b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf".to_vec(), vec![1]],
            ),
            "/large" => Answer::Whole(200, vec![], vec![b'x'; 200 << 20]),
            "/away" => redirect(302, "/b/../hello"),
            "/see_other" => redirect(303, "echo"),
            "/found" => redirect(302, "echo"),
            "/keep" => redirect(307, "echo"),
            "/round" => redirect(301, "/round"),
            "/mail" => redirect(301, "mailto:someone@example.com"),
            "/to" => redirect(302, asked.target.split_once('?').map_or("", |(_, to)| to)),
            "/not_modified" => Answer::Raw(b"HTTP/1.1 304 Not Modified\r\n\r\n".to_vec()),
            _ => echo(asked),
        }
    })
}

#[test]
fn requests_say_what_they_should() {
    let server = serve();
    for (what, path, wanted) in [
        ("get", "/a b?c=d#e", "GET /a%20b?c=d"),
        ("headers", "/x", "GET /x authorization=secret x-one=1"),
        (
            "post",
            "/x",
            "POST /x content-type=text/plain; charset=utf-8 content-length=9 \"some text\"",
        ),
        (
            "bytes",
            "/x",
            "POST /x content-type=image/none content-length=2 \"\\0\u{fffd}\"",
        ),
        (
            "json",
            "/x",
            r#"POST /x content-type=application/json content-length=26 "{\"name\":\"Ada\",\"ages\":[36]}""#,
        ),
        (
            "delete",
            "/x",
            "200 http://HERE/x DELETE /x content-length=3 \"all\"",
        ),
        ("own", "/x", "200 http://HERE/x PURGE /x"),
        ("head", "/x", "200 http://HERE/x "),
    ] {
        assert_eq!(said_of(&server, what, path), wanted, "{what}");
    }
    let url = server.url("/x").replace("http://", "http://ada:p%40ss@");
    let told = said("request", &url);
    assert!(
        told.ends_with("GET /x authorization=Basic YWRhOnAlNDBzcw=="),
        "{told}"
    );
    assert!(!told.contains("p%40ss"), "{told}");
}

#[test]
fn answers_of_all_kinds() {
    let server = serve();
    for (what, path, wanted) in [
        ("get", "/hello", "hello, wörld"),
        ("get", "/chunked", "hello, world"),
        ("get", "/old", "to the end"),
        ("request", "/empty", "204 http://HERE/empty "),
        (
            "request",
            "/missing",
            "404 http://HERE/missing no such\n  page",
        ),
        ("request", "/not_modified", "304 http://HERE/not_modified "),
        ("request", "/away", "200 http://HERE/hello hello, wörld"),
        ("stay", "/away", "302 http://HERE/away elsewhere"),
        ("post", "/see_other", "GET /echo"),
        ("post", "/found", "GET /echo"),
        (
            "post",
            "/keep",
            "POST /echo content-type=text/plain; charset=utf-8 content-length=9 \"some text\"",
        ),
        ("many", "/x", "440"),
    ] {
        assert_eq!(said_of(&server, what, path), wanted, "{what} {path}");
    }
    assert_eq!(said_of(&server, "get", "/gzip"), "packed ".repeat(1000));
    // A header with a secret is for its server alone.
    let other = serve();
    let path = format!("/to?{}", other.url("/y"));
    assert_eq!(said_of(&server, "headers", &path), "GET /y x-one=1");
    let path = "/to?/y";
    let kept = "GET /y authorization=secret x-one=1";
    assert_eq!(said_of(&server, "headers", path), kept);
}

#[test]
fn connections_are_used_again() {
    let server = serve();
    assert_eq!(said_of(&server, "many", "/x"), "440");
    assert_eq!(server.connections(), 1);
}

#[test]
fn failures_say_why() {
    let server = serve();
    for (what, path, wanted) in [
        (
            "get",
            "/missing",
            "GET http://HERE/missing: the server answered 404 Not Found: no such page",
        ),
        (
            "get",
            "/not_modified",
            "the server answered 304 Not Modified",
        ),
        ("get", "/bytes", "UTF-8"),
        (
            "get",
            "/cut",
            "the server ended the connection before its answer",
        ),
        (
            "get",
            "/chunks_cut",
            "the server ended the connection before its answer",
        ),
        (
            "get",
            "/end",
            "the server ended the connection before its answer",
        ),
        (
            "get",
            "/garbage",
            "the server does not keep to the protocol",
        ),
        ("get", "/gzip_cut", "gzip"),
        ("get", "/gzip_none", "gzip"),
        (
            "get",
            "/round",
            "GET http://HERE/round: there are more than 10 redirects",
        ),
        ("two", "/round", "there are more than 2 redirects"),
        (
            "get",
            "/mail",
            "it leads elsewhere: `mailto:someone@example.com` is no URL",
        ),
        (
            "quick",
            "/slow",
            "GET http://HERE/slow: there was no whole answer within 300ms",
        ),
        ("quick", "/drip", "there was no whole answer within 300ms"),
        ("header", "/x", "a header can't be named `bad name`"),
        ("method", "/x", "`A B` is no method"),
        ("timeout", "/x", "a timeout is more than nothing"),
    ] {
        let told = said_of(&server, what, path);
        assert!(told.starts_with("FAILED "), "{what} {path}: {told}");
        assert!(told.contains(wanted), "{what} {path}: {told}");
    }
    let refused = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("an address")
    };
    let told = said("get", &format!("http://{refused}/x"));
    assert!(
        told.contains(&format!("connection refused ({refused})")),
        "{told}"
    );
    // A name that is in no file and has no server is not looked for: no letter of it can be in a name.
    let told = said("get", &format!("http://{}.invalid./x", "a".repeat(70)));
    assert!(told.contains("there is no host aaa"), "{told}");
    for (url, part) in [
        (
            "example.com",
            "it has to begin with `http://` or `https://`",
        ),
        ("file:///etc/passwd", "not `file`"),
        ("http://bücher.example/", "xn--"),
    ] {
        let told = said("get", url);
        assert!(told.contains(part), "{told}");
    }
}

#[test]
fn downloads_take_their_place_when_they_are_whole() {
    let server = serve();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("file");
    let download = |what: &str, from: &str| {
        let mut command = client(what, &server.url(from));
        outcome(command.arg("--path").arg(&path))
    };
    assert_eq!(download("download", "/hello").0, "hello, wörld");
    // Longer than the time without a word, which is for each piece.
    assert_eq!(download("download", "/drip").0, "drip ".repeat(8));
    for (from, wanted) in [
        ("/stuck", "the server was silent for 500ms"),
        ("/cut", "the server ended the connection before its answer"),
        ("/missing", "404"),
    ] {
        let told = download("download", from).0;
        assert!(told.contains(wanted), "{told}");
        let here = std::fs::read_to_string(&path).expect("the old file");
        assert_eq!(here, "drip ".repeat(8));
    }
    let (size, peak) = download("size", "/large");
    assert_eq!(size, (200 << 20).to_string());
    assert!(peak < 64 * 1024, "{peak} KiB for a file of 200 MB");
    let left = std::fs::read_dir(folder.path())
        .expect("the folder")
        .count();
    assert_eq!(left, 1);
}

#[test]
fn certificates_are_checked() {
    let identity = Identity::new(&["localhost", "secure.example"]);
    let server = Server::encrypted(&identity, echo);
    let folder = tempfile::tempdir().expect("a folder");
    let roots = folder.path().join("roots.pem");
    std::fs::write(&roots, &identity.root).expect("a file");
    let url = format!("https://localhost:{}/x", server.address.port());
    let told = said("get", &url);
    assert!(
        told.contains("the certificate of localhost is not trusted"),
        "{told}"
    );
    let with_roots = |url: &str| outcome(client("get", url).env("SSL_CERT_FILE", &roots)).0;
    assert_eq!(with_roots(&url), "GET /x");
    let told = with_roots(&format!("https://{}/x", server.address));
    assert!(
        told.contains("the certificate of 127.0.0.1 is for another host"),
        "{told}"
    );
    let told = outcome(client("get", &url).env("SSL_CERT_FILE", folder.path().join("none"))).0;
    assert!(told.contains("SSL_CERT_FILE names"), "{told}");
    let plain = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = plain.local_addr().expect("an address").port();
    let plain = std::thread::spawn(move || {
        let (mut stream, _) = plain.accept().expect("a client");
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        // Until the client has gone.
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    let told = with_roots(&format!("https://localhost:{port}/x"));
    plain.join().expect("served");
    assert!(told.contains("does not speak TLS"), "{told}");
    // By a proxy, which does not see what is said.
    let address = server.address;
    let (asked, seen) = mpsc::channel();
    let proxy = Server::new(move |question| {
        let _ = asked.send(question.clone());
        Answer::Tunnel(address)
    });
    let mut command = client("get", "https://secure.example/y");
    command.env("SSL_CERT_FILE", &roots);
    command.env("HTTPS_PROXY", format!("http://ada:pass@{}", proxy.address));
    assert_eq!(outcome(&mut command).0, "GET /y");
    let question = seen.recv().expect("a question");
    assert_eq!(question.method, "CONNECT");
    assert_eq!(question.target, "secure.example:443");
    assert_eq!(
        question.header("proxy-authorization"),
        Some("Basic YWRhOnBhc3M=")
    );
}

#[test]
fn proxies_of_the_environment() {
    let proxy = Server::new(echo);
    let proxy_url = format!("http://ada:pass@{}", proxy.address);
    let told = outcome(client("get", "http://a.example/x?y").env("http_proxy", &proxy_url)).0;
    assert_eq!(
        told,
        "GET http://a.example/x?y proxy-authorization=Basic YWRhOnBhc3M="
    );
    let server = serve();
    let mut command = client("get", &server.url("/hello"));
    command
        .env("ALL_PROXY", &proxy_url)
        .env("NO_PROXY", "a.example,127.0.0.1");
    assert_eq!(outcome(&mut command).0, "hello, wörld");
    let refusing = Server::new(|_| Answer::Whole(403, vec![], vec![]));
    let mut command = client("get", "https://a.example/x");
    command.env("HTTPS_PROXY", format!("http://{}", refusing.address));
    let told = outcome(&mut command).0;
    assert!(
        told.contains("it does not connect to a.example:443: HTTP/1.1 403"),
        "{told}"
    );
    let mut command = client("get", "https://a.example/x");
    let told = outcome(command.env("HTTPS_PROXY", "socks5://127.0.0.1:1")).0;
    assert!(told.contains("a proxy of the kind `socks5`"), "{told}");
}

#[test]
fn a_cancelled_run_ends_its_requests() {
    let (asked, seen) = mpsc::channel();
    let server = Server::new(move |_| {
        let _ = asked.send(());
        Answer::Slow(60_000, vec![vec![]])
    });
    let mut child = client("get", &server.url("/x"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    seen.recv().expect("a question");
    let begin = Instant::now();
    let sent = Command::new("bash")
        .args(["-c", "kill -INT $1", "bash", &child.id().to_string()])
        .status();
    assert!(sent.is_ok_and(|status| status.success()));
    let status = child.wait().expect("it ends");
    assert_eq!(status.code(), Some(130));
    assert!(begin.elapsed() < Duration::from_secs(20));
}
