//! From the host of a URL to addresses: of itself, by `/etc/hosts`, or by the name servers.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use super::dns::Servers;
use super::limits::told;
use super::proxy::proxy_for;

/// For how long an answer of a name server is believed. (A client asks before each request, also where it has a connection.)
const BELIEVED: Duration = Duration::from_secs(30);
/// So many hosts are remembered.
const REMEMBERED: usize = 1000;

/// What name servers said of a host, and when.
type Known = HashMap<String, (Instant, Vec<IpAddr>)>;

static KNOWN: Mutex<Option<Known>> = Mutex::new(None);

/// Finds the addresses of hosts; of the proxy where the host is reached by one.
#[derive(Debug)]
pub(super) struct Names;

impl Resolver for Names {
    fn resolve(&self, uri: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let mut found = self.empty();
        let addresses = match proxy_for(uri).map_err(told)? {
            Some(proxy) => addresses(&proxy.host, proxy.port)?,
            None => {
                let default = if uri.scheme_str() == Some("https") {
                    443
                } else {
                    80
                };
                let host = uri.host().unwrap_or_default();
                addresses(host, uri.port_u16().unwrap_or(default))?
            }
        };
        // It has room for so many.
        for address in addresses.into_iter().take(16) {
            found.push(address);
        }
        Ok(found)
    }
}

fn addresses(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
    let found = of_host(&host)?;
    if found.is_empty() {
        return Err(told(format!("there is no host {host}")));
    }
    Ok(found
        .into_iter()
        .map(|address| SocketAddr::new(address, port))
        .collect())
}

fn of_host(host: &str) -> io::Result<Vec<IpAddr>> {
    if let Ok(address) = host.parse() {
        return Ok(vec![address]);
    }
    // The files are small, and may change while the program runs.
    let hosts = std::fs::read("/etc/hosts").unwrap_or_default();
    let listed = in_hosts(&String::from_utf8_lossy(&hosts), host);
    if !listed.is_empty() {
        return Ok(listed);
    }
    if host == "localhost" || host.ends_with(".localhost") {
        return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
    }
    if let Some(known) = recall(host) {
        return Ok(known);
    }
    let settings = std::fs::read("/etc/resolv.conf").unwrap_or_default();
    let found = Servers::from(&settings).addresses(host)?;
    remember(host, &found);
    Ok(found)
}

/// The addresses that a `hosts` file has for a name.
fn in_hosts(text: &str, host: &str) -> Vec<IpAddr> {
    let mut found = Vec::new();
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_whitespace();
        let Some(Ok(address)) = words.next().map(str::parse::<IpAddr>) else {
            continue;
        };
        if words.any(|name| name.eq_ignore_ascii_case(host)) {
            found.push(address);
        }
    }
    found.sort_by_key(IpAddr::is_ipv6);
    found
}

fn recall(host: &str) -> Option<Vec<IpAddr>> {
    let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let (since, addresses) = known.as_ref()?.get(host)?;
    (since.elapsed() < BELIEVED).then(|| addresses.clone())
}

fn remember(host: &str, addresses: &[IpAddr]) {
    if addresses.is_empty() {
        return;
    }
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let known = known.get_or_insert_default();
    if known.len() >= REMEMBERED {
        known.clear();
    }
    known.insert(host.to_owned(), (Instant::now(), addresses.to_vec()));
}

#[cfg(test)]
mod tests {
    use super::in_hosts;

    #[test]
    fn hosts_files() {
        let text = "# a comment\n::1 localhost ip6\n127.0.0.1\tlocalhost  one # two\nwrong one\n10.0.0.7 One\n";
        let found = |host| -> Vec<String> {
            let all = in_hosts(text, host);
            all.iter().map(ToString::to_string).collect()
        };
        assert_eq!(found("localhost"), ["127.0.0.1", "::1"]);
        assert_eq!(found("one"), ["127.0.0.1", "10.0.0.7"]);
        assert!(found("two").is_empty());
    }
}
