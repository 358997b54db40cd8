//! Proxies, as the environment names them.

use std::sync::OnceLock;

use dynop_values::base64;
use ureq::http::Uri;

/// A server that hands requests on.
#[derive(Clone, Debug)]
pub(super) struct Proxy {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether it is spoken to over TLS.
    pub tls: bool,
    /// The line of a request's head by which it knows the user, or nothing.
    pub authorization: String,
}

/// What the environment says of proxies.
#[derive(Debug, Default)]
struct Settings {
    http: Option<String>,
    https: Option<String>,
    without: String,
}

/// The environment is read once.
static SETTINGS: OnceLock<Settings> = OnceLock::new();

impl Settings {
    fn from(variable: impl Fn(&str) -> Option<String>) -> Self {
        let named = |name: &str| {
            let value = variable(&name.to_lowercase()).or_else(|| variable(name));
            value.filter(|value| !value.trim().is_empty())
        };
        let all = named("ALL_PROXY");
        Self {
            http: named("HTTP_PROXY").or_else(|| all.clone()),
            https: named("HTTPS_PROXY").or(all),
            without: named("NO_PROXY").unwrap_or_default(),
        }
    }

    /// The proxy for a URL, if there is one; `Err` says what is wrong with it.
    fn proxy(&self, uri: &Uri) -> Result<Option<Proxy>, String> {
        let tls = uri.scheme_str() == Some("https");
        let host = uri.host().unwrap_or_default();
        let setting = if tls { &self.https } else { &self.http };
        match setting {
            Some(setting) if !self.is_without(host, uri.port_u16()) => parse(setting).map(Some),
            _ => Ok(None),
        }
    }

    /// Whether a host is among those that are reached without proxy. `example.com` and `.example.com` stand for all below
    /// it too, `*` for all.
    fn is_without(&self, host: &str, port: Option<u16>) -> bool {
        let host = host.trim_matches(['[', ']']).to_lowercase();
        self.without.split([',', ' ']).any(|entry| {
            let entry = entry.trim().to_lowercase();
            let (name, wanted) = match entry.rsplit_once(':') {
                Some((name, digits)) if !name.contains(':') => (name, digits.parse().ok()),
                _ => (entry.as_str(), None),
            };
            let name = name.trim_matches(['[', ']']);
            let name = name.strip_prefix('*').unwrap_or(name);
            let name = name.strip_prefix('.').unwrap_or(name);
            let below = host
                .strip_suffix(name)
                .is_some_and(|above| above.is_empty() || above.ends_with('.'));
            let fits = if name.is_empty() {
                entry.starts_with('*')
            } else {
                below
            };
            fits && (wanted.is_none() || wanted == port)
        })
    }
}

/// The proxy for a URL, if there is one; `Err` says what is wrong with it.
pub(super) fn proxy_for(uri: &Uri) -> Result<Option<Proxy>, String> {
    SETTINGS
        .get_or_init(|| Settings::from(|name| std::env::var(name).ok()))
        .proxy(uri)
}

fn parse(setting: &str) -> Result<Proxy, String> {
    let setting = setting.trim();
    let wrong = || "the proxy that the environment names is no URL".to_owned();
    let whole = if setting.contains("://") {
        setting.to_owned()
    } else {
        format!("http://{setting}")
    };
    let uri: Uri = whole.parse().map_err(|_| wrong())?;
    let tls = match uri.scheme_str() {
        Some("http") => false,
        Some("https") => true,
        other => {
            let scheme = other.unwrap_or_default();
            return Err(format!(
                "the environment names a proxy of the kind `{scheme}`; there are those of `http` and `https`"
            ));
        }
    };
    let authority = uri.authority().ok_or_else(wrong)?;
    let user = authority.as_str().rsplit_once('@').map(|(user, _)| user);
    let authorization = user.map_or(String::new(), |user| {
        let user = decode(user);
        let user = if user.contains(&b':') {
            user
        } else {
            [&user, &b":"[..]].concat()
        };
        let mut line = String::from("Proxy-Authorization: Basic ");
        base64::encode(&mut line, &user);
        line + "\r\n"
    });
    Ok(Proxy {
        host: authority.host().to_owned(),
        port: authority.port_u16().unwrap_or(if tls { 443 } else { 80 }),
        tls,
        authorization,
    })
}

/// Bytes of a text in which some are written as `%20`.
pub(super) fn decode(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let digit = |at: usize| {
        let byte = bytes.get(at)?;
        char::from(*byte).to_digit(16)
    };
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'%'
            && let (Some(high), Some(low)) = (digit(at + 1), digit(at + 2))
        {
            decoded.push((high * 16 + low) as u8);
            at += 3;
        } else {
            decoded.push(bytes[at]);
            at += 1;
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(variables: &'static [(&str, &str)]) -> Settings {
        Settings::from(|name| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    fn host_for(settings: &Settings, url: &str) -> Option<String> {
        let proxy = settings.proxy(&url.parse().unwrap()).unwrap()?;
        Some(format!("{}:{}", proxy.host, proxy.port))
    }

    #[test]
    fn by_scheme_and_by_host() {
        let all = settings(&[
            ("HTTP_PROXY", "one:8080"),
            ("https_proxy", "https://two"),
            (
                "NO_PROXY",
                "localhost, .inner.org,example.com:81,10.0.0.1,[::1]",
            ),
        ]);
        for (url, wanted) in [
            ("http://a.org/", Some("one:8080")),
            ("https://a.org/", Some("two:443")),
            ("http://localhost/", None),
            ("http://notlocalhost/", Some("one:8080")),
            ("http://inner.org/", None),
            ("http://a.INNER.org:99/", None),
            ("http://example.com:81/", None),
            ("http://example.com/", Some("one:8080")),
            ("http://10.0.0.1/", None),
            ("http://[::1]/", None),
        ] {
            assert_eq!(host_for(&all, url).as_deref(), wanted, "{url}");
        }
        let nothing = settings(&[("ALL_PROXY", "one"), ("NO_PROXY", "*")]);
        assert_eq!(host_for(&nothing, "http://a.org/"), None);
        let other = settings(&[("ALL_PROXY", "socks5://one")]);
        let refused = other.proxy(&"http://a.org/".parse().unwrap());
        assert!(refused.unwrap_err().contains("`socks5`"));
    }

    #[test]
    fn users_of_a_proxy() {
        let proxy = parse("http://ada:p%40ss@one").unwrap();
        assert_eq!(
            proxy.authorization,
            "Proxy-Authorization: Basic YWRhOnBAc3M=\r\n"
        );
    }
}
