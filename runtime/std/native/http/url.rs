//! URLs as people write them, and as servers redirect to them.

use std::fmt::Write;

use ureq::http::Uri;

/// Appends a byte as it stands where it has no meaning of its own.
fn escape(out: &mut String, byte: u8) {
    let written = write!(out, "%{byte:02X}");
    debug_assert!(written.is_ok(), "writing to a string cannot fail");
}

/// A text of which nothing has a meaning in a URL.
pub(super) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            escape(&mut encoded, byte);
        }
    }
    encoded
}

/// A URL as it is sent: without what is for the reader alone, and with what can't stand in it escaped.
pub(super) fn parse(text: &str) -> Result<Uri, String> {
    let text = text.trim();
    let whole = text.split('#').next().unwrap_or_default();
    let mut sent = String::with_capacity(whole.len());
    for byte in whole.bytes() {
        if byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte) {
            sent.push(char::from(byte));
        } else {
            escape(&mut sent, byte);
        }
    }
    let wrong = |why: &str| format!("`{}` is no URL: {why}", shown(text));
    let Some((scheme, rest)) = sent.split_once("://") else {
        return Err(wrong("it has to begin with `http://` or `https://`"));
    };
    if !["http", "https"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known))
    {
        return Err(wrong(&format!(
            "there are `http` and `https`, not `{scheme}`"
        )));
    }
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    if host.contains('%') {
        return Err(wrong(
            "the name of a host is in ASCII; other letters are written as `xn--…`",
        ));
    }
    let sent = format!("{}://{rest}", scheme.to_ascii_lowercase());
    let uri: Uri = sent.parse().map_err(|error| wrong(&format!("{error}")))?;
    if uri.host().is_none_or(str::is_empty) {
        return Err(wrong("it has no host"));
    }
    Ok(uri)
}

/// A URL without user and password: for messages and for other hosts.
pub(super) fn shown(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}://{}", &rest[at + 1..]),
        None => url.to_owned(),
    }
}

/// Where a redirect leads to, from the URL that it is the answer of.
pub(super) fn follow(from: &Uri, location: &str) -> Result<Uri, String> {
    let location = location.split('#').next().unwrap_or_default();
    let is_whole = location
        .split_once(':')
        .is_some_and(|(scheme, _)| scheme.bytes().all(|byte| byte.is_ascii_alphabetic()));
    if is_whole {
        return parse(location);
    }
    let scheme = from.scheme_str().unwrap_or("http");
    if location.starts_with("//") {
        return parse(&format!("{scheme}:{location}"));
    }
    let authority = from.authority().map_or("", |authority| authority.as_str());
    let path = if location.starts_with('/') {
        without_dots(location)
    } else if location.is_empty() || location.starts_with('?') {
        let query = if location.is_empty() {
            from.query()
        } else {
            None
        };
        match query {
            Some(query) => format!("{}?{query}", from.path()),
            None => format!("{}{location}", from.path()),
        }
    } else {
        let folder = from
            .path()
            .rfind('/')
            .map_or("/", |end| &from.path()[..=end]);
        without_dots(&format!("{folder}{location}"))
    };
    parse(&format!("{scheme}://{authority}{path}"))
}

/// A path without `.` and `..` before its query.
fn without_dots(whole: &str) -> String {
    let end = whole.find('?').unwrap_or(whole.len());
    let (path, query) = whole.split_at(end);
    let mut parts: Vec<&str> = Vec::new();
    let mut is_folder = false;
    for part in path.split('/').skip(1) {
        is_folder = matches!(part, "" | "." | "..");
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    if is_folder && parts.last().is_some_and(|last| !last.is_empty()) {
        parts.push("");
    }
    format!("/{}{query}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_people() {
        for (text, sent) in [
            ("http://a.org", "http://a.org/"),
            (" HTTP://a.org/x y?q=ä#part ", "http://a.org/x%20y?q=%C3%A4"),
            ("https://u:p@a.org:81/%20", "https://u:p@a.org:81/%20"),
            ("http://[::1]:8080/?a|b", "http://[::1]:8080/?a%7Cb"),
        ] {
            assert_eq!(parse(text).map(|uri| uri.to_string()), Ok(sent.to_owned()));
        }
        for (text, part) in [
            ("a.org/x", "has to begin with"),
            ("ftp://a.org", "not `ftp`"),
            ("http://bücher.example", "xn--"),
            ("http:///x", "no URL"),
            ("http://a:b:c/", "no URL"),
            ("http://", "no URL"),
            ("", "no URL"),
        ] {
            let problem = parse(text).unwrap_err();
            assert!(problem.contains(part), "{text}: {problem}");
        }
    }

    #[test]
    fn redirects() {
        let from: Uri = "http://a.org:81/b/c?d".parse().unwrap();
        for (location, wanted) in [
            ("https://x.org/y", "https://x.org/y"),
            ("//x.org", "http://x.org/"),
            ("/y?z", "http://a.org:81/y?z"),
            ("y", "http://a.org:81/b/y"),
            ("../y/./z/", "http://a.org:81/y/z/"),
            ("../../../y", "http://a.org:81/y"),
            ("..", "http://a.org:81/"),
            (".", "http://a.org:81/b/"),
            ("?e", "http://a.org:81/b/c?e"),
            ("", "http://a.org:81/b/c?d"),
            ("#part", "http://a.org:81/b/c?d"),
            ("/a//b", "http://a.org:81/a//b"),
            ("x?y:z", "http://a.org:81/b/x?y:z"),
        ] {
            let found = follow(&from, location).map(|uri| uri.to_string());
            assert_eq!(found, Ok(wanted.to_owned()), "{location}");
        }
        assert!(follow(&from, "mailto:a@b").is_err());
    }

    #[test]
    fn secrets_are_not_shown() {
        assert_eq!(shown("http://u:p@a.org/@x"), "http://a.org/@x");
        assert_eq!(shown("http://a.org/@x"), "http://a.org/@x");
    }
}
