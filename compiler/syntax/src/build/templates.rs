//! What stands within strings: escapes, and the parts of f-strings and shell commands.

use super::{Builder, Node};
use crate::ast::{ExprKind, FPart};
use crate::grammar::Rule;

/// One escape sequence read.
enum Escape {
    /// A character, and how many bytes the sequence takes, backslash included.
    Char(char, usize),
    /// A byte given by `\x`.
    Byte(u8, usize),
    /// A newline that is left out.
    Nothing(usize),
    /// A sequence of that many bytes that means nothing.
    Unknown(usize),
}

impl<'t> Builder<'t> {
    /// The text with its escapes resolved; `at` is where it begins in the file. In a template `{{` and `}}` are braces.
    pub(super) fn unescape(&mut self, text: &str, at: usize, template: bool) -> String {
        if !text.contains(['\\', '\r', '{', '}']) {
            return text.to_string();
        }
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        while let Some(next) = text[done..].find(['\\', '\r', '{', '}']) {
            out.push_str(&text[done..done + next]);
            let here = done + next;
            let rest = &text[here..];
            done = here
                + match rest.as_bytes()[0] {
                    b'\\' => self.push_escape(rest, at + here, &mut out),
                    // A file may have the line ends of Windows; its strings have not.
                    b'\r' if rest.starts_with("\r\n") => 1,
                    brace @ (b'{' | b'}') if template => {
                        let doubled = rest.as_bytes().get(1) == Some(&brace);
                        if !doubled {
                            self.report_single_brace(at + here, brace as char);
                        }
                        out.push(brace as char);
                        1 + usize::from(doubled)
                    }
                    other => {
                        out.push(other as char);
                        1
                    }
                };
        }
        out.push_str(&text[done..]);
        out
    }

    fn push_escape(&mut self, rest: &str, at: usize, out: &mut String) -> usize {
        match read_escape(rest) {
            Escape::Char(c, length) => {
                out.push(c);
                length
            }
            Escape::Byte(byte, length) if byte.is_ascii() => {
                out.push(byte as char);
                length
            }
            Escape::Nothing(length) => length,
            Escape::Byte(_, length) | Escape::Unknown(length) => {
                self.report_escape(at, &rest[..length]);
                out.push_str(&rest[..length]);
                length
            }
        }
    }

    /// The bytes of a `b"…"`.
    pub(super) fn unescape_bytes(&mut self, text: &str, at: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len());
        let mut done = 0;
        while done < text.len() {
            let rest = &text[done..];
            let plain = rest.find('\\').unwrap_or(rest.len());
            if plain > 0 {
                out.extend(&rest.as_bytes()[..plain]);
                done += plain;
                continue;
            }
            done += match read_escape(rest) {
                Escape::Byte(byte, length) => {
                    out.push(byte);
                    length
                }
                Escape::Char(c, length) => {
                    out.extend(c.to_string().bytes());
                    length
                }
                Escape::Nothing(length) => length,
                Escape::Unknown(length) => {
                    self.report_escape(at + done, &rest[..length]);
                    out.extend(rest.bytes().take(length));
                    length
                }
            };
        }
        out
    }

    /// The parts of an `f"…"` or `sh"…"`.
    pub(super) fn template(&mut self, pair: Node<'t>) -> ExprKind {
        let mut parts = Vec::new();
        let mut shell = false;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::template_word => shell = part.as_str() == "sh",
                Rule::interpolation => parts.push(self.apart(|b| b.interpolation(part))),
                _ => {
                    // Not trimmed: blanks within a string are its text.
                    let span = part.as_span();
                    let source = self.text.get(span.start()..span.end()).unwrap_or("");
                    let text = self.unescape(source, span.start(), true);
                    let span = self.span_between(span.start(), span.end());
                    parts.push(FPart::Text { text, span });
                }
            }
        }
        if shell {
            ExprKind::Shell(parts)
        } else {
            ExprKind::FString(parts)
        }
    }

    fn interpolation(&mut self, pair: Node<'t>) -> FPart {
        let span = self.span(&pair);
        let mut value = None;
        let mut format = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::format => {
                    let place = part.as_span();
                    format = self
                        .text
                        .get(place.start() + 1..place.end())
                        .map(str::to_string);
                }
                Rule::interpolation_junk => self.report_unexpected(&part),
                Rule::missing_expr => {
                    self.report_empty_interpolation(span);
                    let place = self.span(&part);
                    value = Some(self.error_expr(place));
                }
                _ => value = Some(self.expr(part)),
            }
        }
        FPart::Value {
            value: Box::new(value.unwrap_or_else(|| self.error_expr(span))),
            format,
            span,
        }
    }
}

/// Reads the sequence that begins with the backslash at the start of `rest`.
fn read_escape(rest: &str) -> Escape {
    let Some(c) = rest[1..].chars().next() else {
        return Escape::Unknown(1);
    };
    match c {
        'n' => Escape::Char('\n', 2),
        't' => Escape::Char('\t', 2),
        'r' => Escape::Char('\r', 2),
        '0' => Escape::Char('\0', 2),
        '\\' | '"' | '\'' => Escape::Char(c, 2),
        '\n' => Escape::Nothing(2),
        '\r' if rest[2..].starts_with('\n') => Escape::Nothing(3),
        'x' => match rest.get(2..4).and_then(hexadecimal) {
            Some(byte) => Escape::Byte(byte as u8, 4),
            None => Escape::Unknown(2),
        },
        'u' => {
            let close = rest.bytes().take(12).position(|byte| byte == b'}');
            let Some(end) = close.filter(|_| rest[2..].starts_with('{')) else {
                return Escape::Unknown(2);
            };
            match rest
                .get(3..end)
                .and_then(hexadecimal)
                .and_then(char::from_u32)
            {
                Some(c) => Escape::Char(c, end + 1),
                None => Escape::Unknown(end + 1),
            }
        }
        _ => Escape::Unknown(1 + c.len_utf8()),
    }
}

/// Hexadecimal digits alone, without the sign that the standard library would allow.
fn hexadecimal(digits: &str) -> Option<u32> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    u32::from_str_radix(digits, 16).ok().filter(|_| plain)
}
