//! The text of step keys: `name[key][key]`.

use std::fmt::Write;

/// What stands between the parts of a key of a flattened dynamic where such keys are joined into one. No key has it, since
/// none has control characters.
pub const PARTS: char = '\u{1f}';

/// A key as a text of the language: parts are joined by `/`.
pub fn joined(key: &str) -> String {
    key.replace(PARTS, "/")
}

/// Appends `[key]`, one for each part.
pub fn push_parts(text: &mut String, key: &str) {
    key.split(PARTS).for_each(|part| push_key(text, part));
}

/// Appends one `[key]` to `text`: bare if it matches `[A-Za-z0-9_./-]+`, else quoted, with `"` and `\` escaped.
/// (Keys have no control characters.)
pub fn push_key(text: &mut String, key: &str) {
    text.push('[');
    if is_bare(key) {
        text.push_str(key);
    } else {
        push_quoted(text, key);
    }
    text.push(']');
}

/// The key as it is shown within a message: always quoted; control characters, which no key has, as `\u{…}`.
pub fn quoted(key: &str) -> String {
    let mut text = String::with_capacity(key.len() + 2);
    push_quoted(&mut text, key);
    text
}

fn is_bare(key: &str) -> bool {
    !key.is_empty()
        && key
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'/' | b'-'))
}

fn push_quoted(text: &mut String, key: &str) {
    text.push('"');
    for c in key.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\t' => text.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(text, "\\u{{{:x}}}", u32::from(c));
            }
            c => text.push(c),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_or_quoted() {
        let mut text = String::from("count");
        for key in ["a_1.txt", "x/y-z", "a b", "sag \"ja\"\\", "ä", ""] {
            push_key(&mut text, key);
        }
        assert_eq!(
            text,
            r#"count[a_1.txt][x/y-z]["a b"]["sag \"ja\"\\"]["ä"][""]"#
        );
        assert_eq!(quoted("a\u{1}b"), r#""a\u{1}b""#);
    }

    #[test]
    fn parts() {
        let mut text = String::from("count");
        push_parts(&mut text, "a\u{1f}b c");
        assert_eq!(text, r#"count[a]["b c"]"#);
        assert_eq!(joined("a\u{1f}b"), "a/b");
    }
}
