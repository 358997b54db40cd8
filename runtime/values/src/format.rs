//! The part of an f-string behind the colon: `{value:>8.2}`.
//!
//! `[[fill]align][sign][#][0][width][grouping][.precision][type]`, as in Python and Rust where they agree:
//! align `<` left, `>` right, `^` centred (numbers stand right, everything else left); sign `+` also for positive numbers;
//! `#` the prefix `0x`, `0o`, `0b`; `0` fills with zeroes behind the sign; width and precision count characters; grouping
//! `,` or `_` every three digits; precision digits behind the point of a float, or the longest text; type `x X o b` of an
//! `Int`, `e E` scientific, `f` fixed (6 digits unless said) and `%` of a `Float`, `d` of an `Int`, `s` of a `Str`.

use dynop_abi::desc::{Kind, TypeDesc};
use dynop_abi::layout::StrRepr;

use crate::display;
use crate::failing::Failure;
use crate::text;

/// The widest field and the most digits; more is refused rather than filled.
const WIDEST: usize = 1 << 20;
/// The most digits behind the point: what a float has never needs more.
const MOST_DIGITS: usize = 1100;

/// What the compiler alone asks for, where it shows values in messages: as the language writes them.
const AS_WRITTEN: &str = "?";
/// The longest value in such a message, in characters.
const LONGEST_WRITTEN: usize = 1 << 20;

#[derive(Debug, Default, PartialEq, Eq)]
struct Format {
    fill: Option<char>,
    align: Option<char>,
    plus: bool,
    prefix: bool,
    zeroes: bool,
    width: usize,
    grouping: Option<char>,
    precision: Option<usize>,
    kind: Option<char>,
}

impl Format {
    fn parse(format: &str) -> Option<Self> {
        let mut parsed = Self::default();
        let mut rest = format;
        let mut chars = rest.chars();
        let first = chars.next();
        let second = chars.next();
        let is_align = |c: Option<char>| c.filter(|c| matches!(c, '<' | '>' | '^'));
        if let Some(align) = is_align(second) {
            parsed.fill = first;
            parsed.align = Some(align);
            rest = chars.as_str();
        } else if let Some(align) = is_align(first) {
            parsed.align = Some(align);
            rest = &rest[1..];
        }
        parsed.plus = take(&mut rest, "+").is_some();
        parsed.prefix = take(&mut rest, "#").is_some();
        parsed.zeroes = take(&mut rest, "0").is_some();
        parsed.width = take_number(&mut rest, WIDEST)?.unwrap_or(0);
        parsed.grouping = take(&mut rest, ",").or_else(|| take(&mut rest, "_"));
        if take(&mut rest, ".").is_some() {
            parsed.precision = Some(take_number(&mut rest, WIDEST)??);
        }
        let mut chars = rest.chars();
        parsed.kind = chars.next();
        chars.as_str().is_empty().then_some(parsed)
    }

    /// Whether the format can be applied to values of a kind.
    fn suits(&self, kind: Kind) -> bool {
        let is_number = matches!(kind, Kind::Int | Kind::Float);
        let type_fits = match self.kind {
            None => true,
            Some('x' | 'X' | 'o' | 'b' | 'd') => kind == Kind::Int,
            Some('e' | 'E' | 'f' | '%') => kind == Kind::Float,
            Some('s') => matches!(kind, Kind::Str | Kind::Path),
            Some(_) => false,
        };
        type_fits
            && (is_number || !(self.plus || self.zeroes || self.grouping.is_some()))
            && (!self.prefix || matches!(self.kind, Some('x' | 'X' | 'o' | 'b')))
            && (self.precision.is_none() || kind != Kind::Int)
            && (kind != Kind::Float || self.precision.is_none_or(|digits| digits <= MOST_DIGITS))
    }
}

fn take(rest: &mut &str, wanted: &str) -> Option<char> {
    let after = rest.strip_prefix(wanted)?;
    *rest = after;
    wanted.chars().next()
}

/// A number at the beginning, if there is one; `None` if it is too large.
fn take_number(rest: &mut &str, largest: usize) -> Option<Option<usize>> {
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    if digits == 0 {
        return Some(None);
    }
    let number: usize = rest[..digits].parse().ok()?;
    *rest = &rest[digits..];
    (number <= largest).then_some(Some(number))
}

/// What is wrong with a format for values of a type; `None` if nothing is.
pub fn problem(format: &str, desc: &TypeDesc) -> Option<String> {
    match Format::parse(format) {
        None => Some(format!("`{format}` is no format")),
        Some(parsed) if !parsed.suits(desc.kind) => Some(format!(
            "the format `{format}` does not fit values of type {}",
            desc.name.as_str()
        )),
        Some(_) => None,
    }
}

/// Appends a value to a text as `{value:format}` shows it.
///
/// # Errors
/// Where the format does not fit the type, or there is no memory.
///
/// # Safety
/// `target` is owned by the caller, `value` points to a valid value of `desc`.
pub unsafe fn append(
    target: &mut StrRepr,
    value: *const u8,
    desc: &TypeDesc,
    format: &str,
) -> Result<(), Failure> {
    // SAFETY: the caller's promise.
    unsafe {
        if format.is_empty() {
            if desc.kind == Kind::Str {
                // The words are copied first, as both may be the same place.
                let tail = value.cast::<StrRepr>().read();
                return Ok(text::append(target, text::bytes(&tail))?);
            }
            let mut shown = String::new();
            display::show(&mut shown, value, desc);
            return Ok(text::append(target, shown.as_bytes())?);
        }
        if format == AS_WRITTEN {
            let shown = display::excerpt(value, desc, LONGEST_WRITTEN);
            return Ok(text::append(target, shown.as_bytes())?);
        }
        let parsed = match Format::parse(format) {
            Some(parsed) if parsed.suits(desc.kind) => parsed,
            _ => return Err(problem(format, desc).unwrap_or_default().into()),
        };
        let shown = apply(&parsed, value, desc);
        Ok(text::append(target, shown.as_bytes())?)
    }
}

unsafe fn apply(format: &Format, value: *const u8, desc: &TypeDesc) -> String {
    // SAFETY: by the descriptor.
    unsafe {
        match desc.kind {
            Kind::Int => pad_number(format, &int_digits(format, value.cast::<i64>().read())),
            Kind::Float => pad_number(format, &float_digits(format, value.cast::<f64>().read())),
            _ => {
                let mut shown = String::new();
                display::show(&mut shown, value, desc);
                if let Some(longest) = format.precision
                    && let Some((at, _)) = shown.char_indices().nth(longest)
                {
                    shown.truncate(at);
                }
                pad(format, '<', &shown)
            }
        }
    }
}

/// A number as sign, prefix and digits.
struct Digits {
    negative: bool,
    prefix: &'static str,
    digits: String,
}

fn int_digits(format: &Format, number: i64) -> Digits {
    let size = number.unsigned_abs();
    let (prefix, digits) = match format.kind {
        Some('x') => ("0x", format!("{size:x}")),
        Some('X') => ("0x", format!("{size:X}")),
        Some('o') => ("0o", format!("{size:o}")),
        Some('b') => ("0b", format!("{size:b}")),
        _ => ("", size.to_string()),
    };
    Digits {
        negative: number < 0,
        prefix: if format.prefix { prefix } else { "" },
        digits,
    }
}

fn float_digits(format: &Format, number: f64) -> Digits {
    let size = number.abs();
    let digits = if !size.is_finite() {
        let mut digits = String::new();
        display::float(&mut digits, size);
        digits
    } else {
        match (format.kind, format.precision) {
            (Some('e'), Some(digits)) => format!("{size:.digits$e}"),
            (Some('e'), None) => format!("{size:e}"),
            (Some('E'), Some(digits)) => format!("{size:.digits$E}"),
            (Some('E'), None) => format!("{size:E}"),
            (Some('%'), digits) => format!("{:.*}%", digits.unwrap_or(6), size * 100.0),
            (Some('f'), digits) => format!("{size:.*}", digits.unwrap_or(6)),
            (_, Some(digits)) => format!("{size:.digits$}"),
            (_, None) => format!("{size:?}"),
        }
    };
    Digits {
        negative: number.is_sign_negative() && !number.is_nan(),
        prefix: "",
        digits,
    }
}

fn pad_number(format: &Format, number: &Digits) -> String {
    let sign = match (number.negative, format.plus) {
        (true, _) => "-",
        (false, true) => "+",
        (false, false) => "",
    };
    let digits = match format.grouping {
        Some(separator) => group(&number.digits, separator),
        None => number.digits.clone(),
    };
    let head = format!("{sign}{}", number.prefix);
    let is_number = digits.starts_with(|c: char| c.is_ascii_hexdigit());
    if format.zeroes && format.align.is_none() && is_number {
        let missing = format.width.saturating_sub(head.len() + digits.len());
        return format!("{head}{}{digits}", "0".repeat(missing));
    }
    pad(format, '>', &format!("{head}{digits}"))
}

/// Separators every three digits before the point.
fn group(digits: &str, separator: char) -> String {
    let whole = digits
        .find(|c: char| !c.is_ascii_hexdigit())
        .unwrap_or(digits.len());
    let (whole, rest) = digits.split_at(whole);
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(separator);
        }
        grouped.push(digit);
    }
    grouped + rest
}

fn pad(format: &Format, default: char, shown: &str) -> String {
    let missing = format.width.saturating_sub(shown.chars().count());
    if missing == 0 {
        return shown.to_owned();
    }
    let left = match format.align.unwrap_or(default) {
        '<' => 0,
        '^' => missing / 2,
        _ => missing,
    };
    let fill = format.fill.unwrap_or(' ');
    let mut padded = String::with_capacity(shown.len() + missing * fill.len_utf8());
    padded.extend(std::iter::repeat_n(fill, left));
    padded.push_str(shown);
    padded.extend(std::iter::repeat_n(fill, missing - left));
    padded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::constant::materialise;
    use crate::testing::{float, int, list_of, str_type};
    use crate::text::Text;
    use dynop_abi::plan::Const;

    fn formatted(value: &Const, desc: &'static TypeDesc, format: &str) -> Result<String, Failure> {
        let value = materialise(value, desc).expect("it is of the type");
        let mut target = text::EMPTY;
        // SAFETY: the target is ours, the value valid.
        unsafe {
            let result = append(&mut target, value.as_ptr(), desc, format);
            let target = Text::from_repr(target);
            result.map(|()| String::from_utf8(target.bytes().to_vec()).expect("it is UTF-8"))
        }
    }

    fn number(value: f64, format: &str) -> String {
        formatted(&Const::Float(value.to_bits()), float(), format).expect("it fits")
    }

    fn whole(value: i64, format: &str) -> String {
        formatted(&Const::Int(value), int(), format).expect("it fits")
    }

    fn word(value: &str, format: &str) -> String {
        formatted(&Const::Str(value.into()), str_type(), format).expect("it fits")
    }

    #[test]
    fn floats() {
        for (value, format, wanted) in [
            (2.0, "", "2.0"),
            (0.1 + 0.2, "", "0.30000000000000004"),
            (1e21, "", "1e21"),
            (-0.0, "", "-0.0"),
            (2.34567, ".2", "2.35"),
            (2.5, ".0", "2"),
            (2.34567, "8.2", "    2.35"),
            (-2.34567, "08.2", "-0002.35"),
            (1234567.891, ",.1", "1,234,567.9"),
            (0.256, ".1%", "25.6%"),
            (1234.5, ".2e", "1.23e3"),
            (1.5, "f", "1.500000"),
            (f64::NAN, "06", "   NaN"),
            (f64::NEG_INFINITY, "", "-Infinity"),
        ] {
            assert_eq!(number(value, format), wanted, "{value} {format}");
        }
    }

    #[test]
    fn integers() {
        for (value, format, wanted) in [
            (7, "03", "007"),
            (-7, "04", "-007"),
            (42, "+", "+42"),
            (42, "<5", "42   "),
            (42, "*^6", "**42**"),
            (255, "x", "ff"),
            (255, "#06X", "0x00FF"),
            (-5, "b", "-101"),
            (i64::MIN, ",", "-9,223,372,036,854,775,808"),
            (1_000_000, "_", "1_000_000"),
        ] {
            assert_eq!(whole(value, format), wanted, "{value} {format}");
        }
    }

    #[test]
    fn texts_and_others() {
        assert_eq!(word("añb", ">6"), "   añb");
        assert_eq!(word("añb", "é<5"), "añbéé");
        assert_eq!(word("añb", ".2"), "añ");
        assert_eq!(word("a text of more than 15", ""), "a text of more than 15");
        let list = Const::List(vec![Const::Str("a\"b".into())]);
        let shown = formatted(&list, list_of(str_type()), ">10");
        assert_eq!(shown.as_deref(), Ok("  [\"a\\\"b\"]"));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let refused = |format| formatted(&Const::Int(1), int(), format);
        for format in [".2", "e", "s", "#", "99999999999", "xx", "é", "%"] {
            assert!(refused(format).is_err(), "{format}");
        }
        assert_eq!(
            refused(".2"),
            Err("the format `.2` does not fit values of type Int".into())
        );
        for format in ["+", "05", ",", "d", "x"] {
            assert!(formatted(&Const::Str("a".into()), str_type(), format).is_err());
        }
    }
}
