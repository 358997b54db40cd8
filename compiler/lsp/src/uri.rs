//! Addresses of files as the protocol writes them, and paths.
//!
//! Clients escape differently (`%3A` or `:`), so documents are known by their paths, and an address that a client gave
//! goes back to it as it came.

use std::ffi::OsString;
use std::fmt::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};

use gen_lsp_types::Uri;

/// The path by which a document is known: that of a file, and the whole address of what is none, such as
/// `untitled:Untitled-1`.
pub fn to_path(uri: &Uri) -> PathBuf {
    file_path(&uri.0).unwrap_or_else(|| PathBuf::from(&uri.0))
}

fn file_path(uri: &str) -> Option<PathBuf> {
    let (scheme, rest) = uri.split_once(':')?;
    if !scheme.eq_ignore_ascii_case("file") {
        return None;
    }
    let path = match rest.strip_prefix("//") {
        // An authority: none, or this machine by its name.
        Some(rest) => &rest[rest.find('/')?..],
        None => rest,
    };
    let path = path.split(['?', '#']).next().unwrap_or(path);
    if !path.starts_with('/') {
        return None;
    }
    Some(normal(Path::new(&OsString::from_vec(decode(path)))))
}

/// Without `.` and `..` and double slashes, by words alone: no file is looked at.
fn normal(path: &Path) -> PathBuf {
    let mut found = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                found.pop();
            }
            part => found.push(part),
        }
    }
    found
}

fn decode(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let digit = |at: usize| (*bytes.get(at)? as char).to_digit(16);
    let mut found = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = (byte == b'%').then(|| Some(digit(at + 1)? * 16 + digit(at + 2)?));
        match escaped.flatten() {
            Some(value) => {
                found.push(value as u8);
                at += 3;
            }
            None => {
                found.push(byte);
                at += 1;
            }
        }
    }
    found
}

/// The address of a path as [`to_path`] gives it.
pub fn from_path(path: &Path) -> Uri {
    if !path.is_absolute() {
        return Uri(path.to_string_lossy().into_owned());
    }
    let mut uri = String::from("file://");
    for &byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            uri.push(byte as char);
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    Uri(uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_to_paths() {
        let path = |text: &str| to_path(&Uri(text.to_owned()));
        assert_eq!(path("file:///a/b.dyn"), Path::new("/a/b.dyn"));
        assert_eq!(path("file:/a/b.dyn"), Path::new("/a/b.dyn"));
        assert_eq!(
            path("FILE://localhost/a%20b/%C3%A9.dyn"),
            Path::new("/a b/é.dyn")
        );
        assert_eq!(path("file:///a/./x/../b.dyn"), Path::new("/a/b.dyn"));
        assert_eq!(path("file:///100%.dyn"), Path::new("/100%.dyn"));
        assert_eq!(path("file:///a%2"), Path::new("/a%2"));
        assert_eq!(path("file:///../../a"), Path::new("/a"));
        assert_eq!(
            path("untitled:Untitled-1"),
            Path::new("untitled:Untitled-1")
        );
        assert_eq!(path("file://host"), Path::new("file://host"));
        assert_eq!(path(""), Path::new(""));
    }

    #[test]
    fn paths_to_addresses_and_back() {
        for path in [
            "/a/b.dyn",
            "/a b/é#?%.dyn",
            "/\u{1d11e}",
            "untitled:Untitled-1",
        ] {
            assert_eq!(to_path(&from_path(Path::new(path))), Path::new(path));
        }
        assert_eq!(from_path(Path::new("/a b/c")).0, "file:///a%20b/c");
    }
}
