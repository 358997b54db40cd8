//! From text to words: the reader's first half.

use super::parse::ParseError;

/// A word of the text.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Token {
    /// Letters, digits, `_` and `$`, not beginning with a digit.
    Word(String),
    /// A number as it is written, with its sign.
    Number(String),
    /// A quoted text, unescaped.
    Text(String),
    /// `%3`
    Local(u32),
    /// `->`
    Arrow,
    /// Any other character.
    Sign(char),
    /// The end.
    End,
}

/// All words with their lines, the end last.
pub(super) fn scan(text: &str) -> Result<Vec<(Token, u32)>, ParseError> {
    let mut tokens = Vec::new();
    let mut line = 1;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if first == '\n' {
            line += 1;
        }
        if first.is_whitespace() {
            rest = &rest[first.len_utf8()..];
        } else if rest.starts_with("//") {
            rest = rest.find('\n').map_or("", |at| &rest[at..]);
        } else {
            let (token, length) = token(first, rest, line)?;
            tokens.push((token, line));
            rest = rest.get(length..).unwrap_or_default();
        }
    }
    tokens.push((Token::End, line));
    Ok(tokens)
}

fn token(first: char, rest: &str, line: u32) -> Result<(Token, usize), ParseError> {
    let second = rest[first.len_utf8()..].chars().next();
    let negative = first == '-' && second.is_some_and(|c| c.is_ascii_digit());
    if first == '"' {
        return quoted(rest, line);
    }
    if rest.starts_with("->") {
        return Ok((Token::Arrow, 2));
    }
    if first.is_ascii_digit() || negative {
        let length = number_length(rest);
        return Ok((Token::Number(rest[..length].to_owned()), length));
    }
    if first == '%' {
        let digits = rest[1..]
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len() - 1);
        let number = rest[1..=digits].parse();
        let number = number.map_err(|_| ParseError::new(line, "a local is `%` and a number"))?;
        return Ok((Token::Local(number), digits + 1));
    }
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    if is_word(first) {
        let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        return Ok((Token::Word(rest[..length].to_owned()), length));
    }
    Ok((Token::Sign(first), first.len_utf8()))
}

fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while let Some(&byte) = bytes.get(at) {
        let exponent = bytes[at - 1] == b'e' && (byte == b'-' || byte == b'+');
        if !(byte.is_ascii_digit() || byte == b'.' || byte == b'e' || exponent) {
            break;
        }
        at += 1;
    }
    at
}

fn quoted(text: &str, line: u32) -> Result<(Token, usize), ParseError> {
    let mut out = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((Token::Text(out), at + 1)),
            '\\' => out.push(escaped(&mut chars, line)?),
            other => out.push(other),
        }
    }
    Err(ParseError::new(line, "a text that does not end"))
}

fn escaped(chars: &mut impl Iterator<Item = (usize, char)>, line: u32) -> Result<char, ParseError> {
    let unknown = || ParseError::new(line, "an unknown escape");
    Ok(match chars.next().map(|(_, c)| c) {
        Some('n') => '\n',
        Some('t') => '\t',
        Some('r') => '\r',
        Some('0') => '\0',
        Some('u') => {
            let digits: String = chars
                .by_ref()
                .map(|(_, c)| c)
                .take_while(|&c| c != '}')
                .filter(|&c| c != '{')
                .collect();
            let number = u32::from_str_radix(&digits, 16).map_err(|_| unknown())?;
            char::from_u32(number).ok_or_else(unknown)?
        }
        Some(c @ ('"' | '\'' | '\\')) => c,
        _ => return Err(unknown()),
    })
}
