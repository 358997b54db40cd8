//! Literals: numbers, durations, sizes, strings.

use dynop_base::Span;

use super::{Builder, Node};
use crate::ast::{Expr, ExprKind};
use crate::grammar::Rule;

impl<'t> Builder<'t> {
    /// A literal of any kind.
    pub(super) fn literal(&mut self, pair: Node<'t>) -> Expr {
        let span = self.span(&pair);
        match pair.as_rule() {
            Rule::template => self.expr_node(span, |b| b.template(pair)),
            rule => {
                let kind = match rule {
                    Rule::number => self.number(span),
                    Rule::string | Rule::raw_string => ExprKind::Str(self.string_text(&pair)),
                    Rule::bytes => ExprKind::Bytes(self.bytes(span)),
                    Rule::odd_string => {
                        self.report_string_prefix(span);
                        ExprKind::Error
                    }
                    _ => match pair.as_str() {
                        "true" => ExprKind::Bool(true),
                        "false" => ExprKind::Bool(false),
                        "none" => ExprKind::None,
                        _ => ExprKind::Error,
                    },
                };
                self.expr_node(span, |_| kind)
            }
        }
    }

    fn number(&mut self, span: Span) -> ExprKind {
        match read_number(self.source(span)) {
            Ok(kind) => kind,
            Err(problem) => {
                self.report_number(span, &problem);
                ExprKind::Error
            }
        }
    }

    /// The text of a `string` or `raw_string`, escapes resolved; also of one that never ends.
    pub(super) fn string_text(&mut self, pair: &Node<'t>) -> String {
        let span = self.span(pair);
        let source = self.source(span);
        let raw = source.starts_with('r');
        let body = body_of(source, usize::from(raw));
        let at = span.start as usize + body.start;
        let text = source.get(body).unwrap_or("");
        if raw {
            return text.replace("\r\n", "\n");
        }
        self.unescape(text, at, false)
    }

    fn bytes(&mut self, span: Span) -> Vec<u8> {
        let source = self.source(span);
        let body = body_of(source, 1);
        let at = span.start as usize + body.start;
        self.unescape_bytes(source.get(body).unwrap_or(""), at)
    }
}

/// Where the text of a string literal lies between its quotes, of which the last may be missing.
pub(super) fn body_of(source: &str, prefix: usize) -> std::ops::Range<usize> {
    let quotes = if source[prefix..].starts_with("\"\"\"") {
        3
    } else {
        1
    };
    let start = (prefix + quotes).min(source.len());
    let quote = &source[prefix.min(source.len())..start];
    let end = match source[start..].strip_suffix(quote) {
        Some(body) if !quote.is_empty() && !ends_in_open_escape(body) => start + body.len(),
        _ => source.len(),
    };
    start..end
}

/// Whether the quote after `body` is escaped: it closes nothing then.
fn ends_in_open_escape(body: &str) -> bool {
    body.bytes().rev().take_while(|&byte| byte == b'\\').count() % 2 == 1
}

/// What is wrong with a number.
pub(crate) enum NumberProblem {
    /// Does not fit 64 bits (or the unit makes it too big).
    TooBig,
    /// A digit that its base does not have.
    Digit { digit: char, base: u32 },
    /// No digits after `0x`.
    NoDigits,
    /// Ends in letters that are no unit.
    Suffix(String),
    /// An underscore not between digits.
    Underscore,
    /// `2.5.1`-like leftovers, `1e`, `1e+`
    Exponent,
    /// `1.5ns`-like: less than the smallest unit.
    Fraction,
    /// A leading zero, as in `007`.
    LeadingZero,
}

/// Units with what they count of; nanoseconds for durations, bytes for sizes.
const DURATIONS: [(&str, u64); 6] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];
const SIZES: [(&str, u64); 4] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

/// Reads a number literal: any run of digits and letters with at most one point.
fn read_number(source: &str) -> Result<ExprKind, NumberProblem> {
    let lower = source.get(..2).map(str::to_ascii_lowercase);
    let base = match lower.as_deref() {
        Some("0x") => Some(16),
        Some("0b") => Some(2),
        Some("0o") => Some(8),
        _ => None,
    };
    if let Some(base) = base {
        return in_base(source.get(2..).unwrap_or(""), base).map(ExprKind::Int);
    }
    let (digits, tail) = split_digits(source);
    if let Some((_, scale)) = DURATIONS.iter().find(|(unit, _)| *unit == tail) {
        return scaled(digits, *scale).map(ExprKind::Duration);
    }
    if let Some((_, scale)) = SIZES.iter().find(|(unit, _)| *unit == tail) {
        return scaled(digits, *scale).map(ExprKind::Size);
    }
    if !tail.is_empty() && !tail.starts_with(['e', 'E']) {
        return Err(NumberProblem::Suffix(tail.to_string()));
    }
    underscores(digits)?;
    if tail.is_empty() && !digits.contains('.') {
        if digits.len() > 1 && digits.starts_with('0') && digits.contains(|c| c != '0' && c != '_')
        {
            return Err(NumberProblem::LeadingZero);
        }
        return in_base(digits, 10).map(ExprKind::Int);
    }
    float(digits, tail)
}

fn float(digits: &str, exponent: &str) -> Result<ExprKind, NumberProblem> {
    let power = exponent.get(1..).unwrap_or("");
    let unsigned = power.strip_prefix(['+', '-']).unwrap_or(power);
    if !exponent.is_empty() && !unsigned.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(if power.is_empty() {
            NumberProblem::Exponent
        } else {
            NumberProblem::Suffix(exponent.to_string())
        });
    }
    if let Some(bad) = unsigned.find(|c: char| !c.is_ascii_digit() && c != '_') {
        return Err(NumberProblem::Suffix(unsigned[bad..].to_string()));
    }
    let plain: String = [digits, exponent].concat().replace('_', "");
    match plain.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(ExprKind::Float(value)),
        Ok(_) => Err(NumberProblem::TooBig),
        Err(_) => Err(NumberProblem::Exponent),
    }
}

/// The leading digits, underscores and at most one point; then the rest.
fn split_digits(source: &str) -> (&str, &str) {
    let end = source
        .find(|c: char| !c.is_ascii_digit() && c != '_' && c != '.')
        .unwrap_or(source.len());
    source.split_at(end)
}

fn underscores(digits: &str) -> Result<(), NumberProblem> {
    let misplaced = digits.ends_with('_') || digits.contains("_.") || digits.contains("._");
    if misplaced {
        return Err(NumberProblem::Underscore);
    }
    Ok(())
}

fn in_base(digits: &str, base: u32) -> Result<u64, NumberProblem> {
    let mut value: u64 = 0;
    let mut any = false;
    for digit in digits.chars().filter(|&c| c != '_') {
        let Some(number) = digit.to_digit(base) else {
            return Err(NumberProblem::Digit { digit, base });
        };
        any = true;
        value = value
            .checked_mul(u64::from(base))
            .and_then(|value| value.checked_add(u64::from(number)))
            .ok_or(NumberProblem::TooBig)?;
    }
    if any {
        Ok(value)
    } else {
        Err(NumberProblem::NoDigits)
    }
}

/// `digits` of a unit, exactly: `1.5` of a second is 1,500,000,000 ns.
fn scaled(digits: &str, unit: u64) -> Result<u64, NumberProblem> {
    underscores(digits)?;
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut value = u128::from(in_base(whole, 10)?) * u128::from(unit);
    let mut part = u128::from(unit);
    for digit in fraction.chars().filter(|&c| c != '_') {
        if part % 10 != 0
            && !(part * u128::from(digit.to_digit(10).unwrap_or(0))).is_multiple_of(10)
        {
            return Err(NumberProblem::Fraction);
        }
        value += part * u128::from(digit.to_digit(10).unwrap_or(0)) / 10;
        part /= 10;
    }
    u64::try_from(value)
        .ok()
        .filter(|&value| i64::try_from(value).is_ok())
        .ok_or(NumberProblem::TooBig)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(source: &str) -> String {
        match read_number(source) {
            Ok(kind) => format!("{kind:?}"),
            Err(NumberProblem::Suffix(suffix)) => format!("suffix {suffix}"),
            Err(NumberProblem::TooBig) => "too big".into(),
            Err(_) => "wrong".into(),
        }
    }

    #[test]
    fn numbers_are_read_exactly() {
        assert_eq!(read("1_000"), "Int(1000)");
        assert_eq!(read("0"), "Int(0)");
        assert_eq!(read("0xff"), "Int(255)");
        assert_eq!(read("0b1010"), "Int(10)");
        assert_eq!(read("18446744073709551615"), "Int(18446744073709551615)");
        assert_eq!(read("18446744073709551616"), "too big");
        assert_eq!(read("2.5e3"), "Float(2500.0)");
        assert_eq!(read("1e-3"), "Float(0.001)");
        assert_eq!(read("1e999"), "too big");
        assert_eq!(read("250ms"), "Duration(250000000)");
        assert_eq!(read("1.5s"), "Duration(1500000000)");
        assert_eq!(read("64KiB"), "Size(65536)");
        assert_eq!(read("0.5GiB"), "Size(536870912)");
        assert_eq!(read("10kb"), "suffix kb");
        assert_eq!(read("1e5x"), "suffix x");
        assert_eq!(read("1_"), "wrong");
        assert_eq!(read("0b12"), "wrong");
        assert_eq!(read("0x"), "wrong");
        assert_eq!(read("1e"), "wrong");
        assert_eq!(read("007"), "wrong");
    }
}
