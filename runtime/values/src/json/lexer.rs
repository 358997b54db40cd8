//! JSON as tokens, with places for messages. What is not read is checked all the same.

use std::fmt;

/// What is wrong with a JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// Where in the document, as `.rows[3].n`; empty for the whole.
    pub path: String,
    /// What is wrong there.
    pub message: String,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "at {}: {}", self.path, self.message)
        }
    }
}

impl std::error::Error for JsonError {}

/// A part of a JSON text. Brackets, commas and colons stand for themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as it is written.
    Number(String),
    /// A string, without quotes and escapes.
    Str(String),
    /// One of `[]{},:`
    Punctuation(u8),
    /// The end of the text.
    End,
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(text) => f.write_str(text),
            Self::Str(text) => {
                let mut quoted = String::new();
                super::quote(&mut quoted, &text.chars().take(60).collect::<String>());
                f.write_str(&quoted)?;
                f.write_str(if text.chars().nth(60).is_some() {
                    "…"
                } else {
                    ""
                })
            }
            Self::Punctuation(b'[') => f.write_str("a list"),
            Self::Punctuation(b'{') => f.write_str("an object"),
            Self::Punctuation(byte) => write!(f, "`{}`", *byte as char),
            Self::End => f.write_str("the end of the text"),
        }
    }
}

/// So many bytes of the path to a place are shown.
const LONGEST_PATH: usize = 300;

/// Reads tokens off a JSON text.
#[derive(Clone, Debug)]
pub struct Lexer<'a> {
    text: &'a str,
    at: usize,
    path: String,
}

impl<'a> Lexer<'a> {
    /// At the beginning.
    pub fn new(text: &'a str) -> Self {
        let path = String::new();
        Self { text, at: 0, path }
    }

    /// An error at the place that is read.
    pub fn error(&self, message: impl Into<String>) -> JsonError {
        // Of a path into a very deep value the end says enough.
        let skipped = self.path.len().saturating_sub(LONGEST_PATH);
        let end = self.path.char_indices().find(|(at, _)| *at >= skipped);
        let end = end.map_or("", |(at, _)| &self.path[at..]);
        let dots = if skipped > 0 { "…" } else { "" };
        JsonError {
            path: format!("{dots}{end}"),
            message: message.into(),
        }
    }

    /// An error of the text itself, with line and column.
    fn syntax(&self, message: &str) -> JsonError {
        let before = &self.text[..self.at];
        let line = 1 + before.bytes().filter(|&b| b == b'\n').count();
        let begin = before.rfind('\n').map_or(0, |at| at + 1);
        let column = 1 + before[begin..].chars().count();
        JsonError {
            path: String::new(),
            message: format!("this is no JSON: {message} (line {line}, column {column})"),
        }
    }

    /// Goes down to a field; give what comes back to [`Self::leave`].
    pub fn enter_field(&mut self, name: &str) -> usize {
        let length = self.path.len();
        let is_word =
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if is_word {
            self.path.push('.');
            self.path.push_str(name);
        } else {
            self.path.push('[');
            super::quote(&mut self.path, name);
            self.path.push(']');
        }
        length
    }

    /// Goes down to an element; give what comes back to [`Self::leave`].
    pub fn enter_index(&mut self, index: usize) -> usize {
        let length = self.path.len();
        self.path.push_str(&format!("[{index}]"));
        length
    }

    /// Comes back up.
    pub fn leave(&mut self, length: usize) {
        self.path.truncate(length);
    }

    fn skip_space(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        let space = |b: &&u8| matches!(b, b' ' | b'\t' | b'\n' | b'\r');
        self.at += rest.iter().take_while(space).count();
    }

    /// The byte that the next token begins with; 0 at the end.
    pub fn peek(&mut self) -> u8 {
        self.skip_space();
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    /// Goes past a bracket, comma or colon if it comes next.
    pub fn eat(&mut self, punctuation: u8) -> bool {
        let found = self.peek() == punctuation && self.at < self.text.len();
        self.at += usize::from(found);
        found
    }

    /// Goes past a bracket, comma or colon that must come next.
    ///
    /// # Errors
    /// Where something else comes.
    pub fn expect(&mut self, punctuation: u8) -> Result<(), JsonError> {
        if self.eat(punctuation) {
            return Ok(());
        }
        let wanted = punctuation as char;
        Err(self.syntax(&format!("`{wanted}` is missing")))
    }

    /// Whether another entry of a list or object comes, which `close` ends. `first` is whether none was read yet.
    ///
    /// # Errors
    /// Where neither a comma nor the end comes.
    pub fn more(&mut self, close: u8, first: bool) -> Result<bool, JsonError> {
        if self.eat(close) {
            return Ok(false);
        }
        if !first {
            self.expect(b',')
                .map_err(|_| self.syntax(&format!("`,` or `{}` is missing", close as char)))?;
        }
        Ok(true)
    }

    /// The key of an entry of an object, and goes past the colon.
    ///
    /// # Errors
    /// Where no string and colon come.
    pub fn key(&mut self) -> Result<String, JsonError> {
        if self.peek() != b'"' {
            return Err(self.syntax("a key in double quotes is missing"));
        }
        let key = self.string()?;
        self.expect(b':')?;
        Ok(key)
    }

    /// The next token.
    ///
    /// # Errors
    /// Where none comes.
    pub fn token(&mut self) -> Result<Token, JsonError> {
        match self.peek() {
            b'"' => Ok(Token::Str(self.string()?)),
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.word("true", Token::Bool(true)),
            b'f' => self.word("false", Token::Bool(false)),
            b'n' => self.word("null", Token::Null),
            byte @ (b'[' | b']' | b'{' | b'}' | b',' | b':') => {
                self.at += 1;
                Ok(Token::Punctuation(byte))
            }
            _ if self.at == self.text.len() => Ok(Token::End),
            _ => {
                let found = self.text[self.at..].chars().next().unwrap_or_default();
                Err(self.syntax(&format!("unexpected {found:?}")))
            }
        }
    }

    fn word(&mut self, word: &str, token: Token) -> Result<Token, JsonError> {
        if !self.text[self.at..].starts_with(word) {
            return Err(self.syntax("unknown word"));
        }
        self.at += word.len();
        Ok(token)
    }

    fn number(&mut self) -> Result<Token, JsonError> {
        let bytes = &self.text.as_bytes()[self.at..];
        let digits = |from: usize| {
            bytes[from..]
                .iter()
                .take_while(|b| b.is_ascii_digit())
                .count()
        };
        let mut end = usize::from(bytes[0] == b'-');
        let whole = digits(end);
        let leading_zero = whole > 1 && bytes[end] == b'0';
        end += whole;
        let mut complete = whole > 0 && !leading_zero;
        if bytes.get(end) == Some(&b'.') {
            let fraction = digits(end + 1);
            complete &= fraction > 0;
            end += 1 + fraction;
        }
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            let exponent = digits(end + 1 + sign);
            complete &= exponent > 0;
            end += 1 + sign + exponent;
        }
        if !complete {
            return Err(self.syntax("malformed number"));
        }
        let number = self.text[self.at..self.at + end].to_owned();
        self.at += end;
        Ok(Token::Number(number))
    }

    fn string(&mut self) -> Result<String, JsonError> {
        self.at += 1;
        let mut value = String::new();
        loop {
            let rest = &self.text[self.at..];
            let Some(run) = rest.find(|c: char| c < ' ' || matches!(c, '"' | '\\')) else {
                return Err(self.syntax("a string does not end"));
            };
            value.push_str(&rest[..run]);
            self.at += run;
            match rest.as_bytes()[run] {
                b'"' => {
                    self.at += 1;
                    return Ok(value);
                }
                b'\\' => value.push(self.escape()?),
                _ => return Err(self.syntax("a control character in a string")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let kind = self.text.as_bytes().get(self.at + 1).copied().unwrap_or(0);
        let plain = match kind {
            b'"' | b'\\' | b'/' => kind as char,
            b'n' => '\n',
            b't' => '\t',
            b'r' => '\r',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'u' => return self.unicode_escape(),
            _ => return Err(self.syntax("unknown escape")),
        };
        self.at += 2;
        Ok(plain)
    }

    fn unicode_escape(&mut self) -> Result<char, JsonError> {
        let unit = |at: usize| -> Option<u32> {
            let digits = self.text.get(at + 2..at + 6)?;
            let is_escape = self.text[at..].starts_with("\\u");
            let all_hex = digits.bytes().all(|b| b.is_ascii_hexdigit());
            (is_escape && all_hex).then(|| u32::from_str_radix(digits, 16).ok())?
        };
        let first = unit(self.at);
        let (code, length) = match first {
            Some(high @ 0xd800..=0xdbff) => {
                let low = unit(self.at + 6).filter(|low| (0xdc00..=0xdfff).contains(low));
                let pair = low.map(|low| 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
                (pair, 12)
            }
            code => (code, 6),
        };
        let Some(char) = code.and_then(char::from_u32) else {
            return Err(self.syntax("malformed \\u escape"));
        };
        self.at += length;
        Ok(char)
    }

    /// Goes past one value, of whatever sort and depth.
    ///
    /// # Errors
    /// Where the text is no JSON, or nested deeper than any type is.
    pub fn skip(&mut self) -> Result<(), JsonError> {
        // The closing brackets that are to come.
        let mut open: Vec<u8> = Vec::new();
        loop {
            let depth = open.len();
            match self.token()? {
                Token::Punctuation(b'[') => open.push(b']'),
                Token::Punctuation(b'{') => open.push(b'}'),
                Token::Punctuation(_) | Token::End => {
                    return Err(self.syntax("a value is missing"));
                }
                _ => {}
            }
            let mut first = open.len() > depth;
            loop {
                let Some(&close) = open.last() else {
                    return Ok(());
                };
                if self.more(close, first)? {
                    if close == b'}' {
                        self.key()?;
                    }
                    break;
                }
                open.pop();
                first = false;
            }
        }
    }

    /// What lies between here and behind the next value, unread.
    ///
    /// # Errors
    /// As [`Self::skip`].
    pub fn raw(&mut self) -> Result<&'a str, JsonError> {
        self.skip_space();
        let begin = self.at;
        self.skip()?;
        Ok(&self.text[begin..self.at])
    }

    /// That nothing follows.
    ///
    /// # Errors
    /// Where something does.
    pub fn end(&mut self) -> Result<(), JsonError> {
        self.skip_space();
        if self.at == self.text.len() {
            Ok(())
        } else {
            Err(self.syntax("something follows the value"))
        }
    }
}
