//! What is a name.

/// Whether a text is a name: letters, digits and `_`, no digit first, no reserved word.
pub(crate) fn is_name(text: &str) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    let other = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.starts_with(first)
        && text.chars().all(other)
        && text != "_"
        && !dynop_syntax::KEYWORDS.contains(&text)
}
