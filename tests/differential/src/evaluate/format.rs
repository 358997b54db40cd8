//! `{value:format}`, read from the language's page and not from the runtime: two readings of one text.

use dynop_ir::{Type, TypeId, Types};

use super::value::{Value, float, show};

#[derive(Default)]
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

fn parse(format: &str) -> Format {
    let chars: Vec<char> = format.chars().collect();
    let mut parsed = Format::default();
    let is_align = |at: usize| chars.get(at).is_some_and(|c| "<>^".contains(*c));
    let mut at = 0;
    if is_align(1) {
        (parsed.fill, parsed.align, at) = (Some(chars[0]), Some(chars[1]), 2);
    } else if is_align(0) {
        (parsed.align, at) = (Some(chars[0]), 1);
    }
    let mut taken = |wanted: char| {
        let there = chars.get(at) == Some(&wanted);
        at += usize::from(there);
        there
    };
    parsed.plus = taken('+');
    parsed.prefix = taken('#');
    parsed.zeroes = taken('0');
    let number = |at: &mut usize| {
        let start = *at;
        while chars.get(*at).is_some_and(char::is_ascii_digit) {
            *at += 1;
        }
        let digits: String = chars[start..*at].iter().collect();
        digits.parse().unwrap_or(0)
    };
    parsed.width = number(&mut at);
    if let Some(&separator) = chars.get(at).filter(|c| matches!(c, ',' | '_')) {
        parsed.grouping = Some(separator);
        at += 1;
    }
    if chars.get(at) == Some(&'.') {
        at += 1;
        parsed.precision = Some(number(&mut at));
    }
    parsed.kind = chars.get(at).copied();
    parsed
}

/// A value as a format shows it, which fits the type: the compiler has refused others.
pub fn formatted(value: &Value, ty: TypeId, types: &Types, format: &str) -> String {
    let mut shown = String::new();
    if format.is_empty() {
        show(&mut shown, value, ty, types);
        return shown;
    }
    let format = parse(format);
    match (types.get(ty), value) {
        (Type::Int, Value::Int(n)) => integer(&format, *n),
        (Type::Float, Value::Float(x)) => floating(&format, *x),
        _ => {
            show(&mut shown, value, ty, types);
            let longest = format.precision.unwrap_or(usize::MAX);
            let shown: String = shown.chars().take(longest).collect();
            pad(&format, '<', shown)
        }
    }
}

fn integer(format: &Format, number: i64) -> String {
    let size = number.unsigned_abs();
    let (prefix, digits) = match format.kind {
        Some('x') => ("0x", format!("{size:x}")),
        Some('X') => ("0x", format!("{size:X}")),
        Some('o') => ("0o", format!("{size:o}")),
        Some('b') => ("0b", format!("{size:b}")),
        _ => ("", format!("{size}")),
    };
    let prefix = if format.prefix { prefix } else { "" };
    number_text(format, number < 0, prefix, &digits)
}

fn floating(format: &Format, number: f64) -> String {
    let size = number.abs();
    let digits = match (format.kind, format.precision) {
        _ if !size.is_finite() => float(size),
        (Some('e'), Some(digits)) => format!("{size:.digits$e}"),
        (Some('e'), None) => format!("{size:e}"),
        (Some('E'), Some(digits)) => format!("{size:.digits$E}"),
        (Some('E'), None) => format!("{size:E}"),
        (Some('%'), digits) => format!("{:.*}%", digits.unwrap_or(6), size * 100.0),
        (Some('f'), None) => format!("{size:.6}"),
        (_, Some(digits)) => format!("{size:.digits$}"),
        (_, None) => float(size),
    };
    let negative = number.is_sign_negative() && !number.is_nan();
    number_text(format, negative, "", &digits)
}

fn number_text(format: &Format, negative: bool, prefix: &str, digits: &str) -> String {
    let sign = if negative {
        "-"
    } else if format.plus {
        "+"
    } else {
        ""
    };
    let end = digits.find(|c: char| !c.is_ascii_hexdigit());
    let (whole, rest) = digits.split_at(end.unwrap_or(digits.len()));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if let Some(separator) = format.grouping
            && index > 0
            && (whole.len() - index).is_multiple_of(3)
        {
            grouped.push(separator);
        }
        grouped.push(digit);
    }
    let digits = grouped + rest;
    if format.zeroes && format.align.is_none() && !whole.is_empty() {
        let there = sign.len() + prefix.len() + digits.len();
        let zeroes = "0".repeat(format.width.saturating_sub(there));
        return format!("{sign}{prefix}{zeroes}{digits}");
    }
    pad(format, '>', format!("{sign}{prefix}{digits}"))
}

fn pad(format: &Format, default: char, shown: String) -> String {
    let missing = format.width.saturating_sub(shown.chars().count());
    let left = match format.align.unwrap_or(default) {
        '<' => 0,
        '^' => missing / 2,
        _ => missing,
    };
    let fill = |count| format.fill.unwrap_or(' ').to_string().repeat(count);
    format!("{}{shown}{}", fill(left), fill(missing - left))
}
