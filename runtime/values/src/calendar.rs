//! Times and durations as text. No clock is read here.

use std::fmt::Write;

const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400;

/// A civil date in the proleptic Gregorian calendar.
struct Date {
    year: i64,
    month: i64,
    day: i64,
}

/// The date so many days after 1970-01-01. Years here begin in March, so that the day that leap years add is the last.
fn date_of(days: i64) -> Date {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let month = (month_from_march + 2) % 12 + 1;
    Date {
        year: year_of_era + era * 400 + i64::from(month <= 2),
        month,
        day: day_of_year - (153 * month_from_march + 2) / 5 + 1,
    }
}

/// Days from 1970-01-01.
fn days_of(date: &Date) -> i64 {
    let year = date.year - i64::from(date.month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (date.month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + date.day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// A time, in nanoseconds since 1970, as RFC 3339 in UTC: `2026-01-31T12:00:00.5Z`.
pub fn time_text(nanoseconds: i64) -> String {
    let seconds = nanoseconds.div_euclid(SECOND);
    let fraction = nanoseconds.rem_euclid(SECOND);
    let date = date_of(seconds.div_euclid(DAY));
    let of_day = seconds.rem_euclid(DAY);
    let mut text = format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
        date.year,
        date.month,
        date.day,
        of_day / 3600,
        of_day / 60 % 60,
        of_day % 60
    );
    push_fraction(&mut text, fraction, 9);
    text.push('Z');
    text
}

/// A fraction of `digits` decimal digits, without zeroes at its end; nothing for 0.
fn push_fraction(text: &mut String, fraction: i64, digits: usize) {
    if fraction != 0 {
        let _ = write!(text, ".{fraction:0digits$}");
        text.truncate(text.trim_end_matches('0').len());
    }
}

/// The time that an RFC 3339 text names; `None` if it names none or one outside of what 64 bits of nanoseconds reach.
pub fn parse_time(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let (head, rest) = bytes.split_at_checked(19)?;
    let number = |from: usize, to: usize| -> Option<i64> {
        head[from..to].iter().try_fold(0_i64, |number, digit| {
            digit
                .is_ascii_digit()
                .then(|| number * 10 + i64::from(digit - b'0'))
        })
    };
    let separators = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
    if separators.iter().any(|&(at, wanted)| head[at] != wanted)
        || !matches!(head[10], b'T' | b't' | b' ')
    {
        return None;
    }
    let date = Date {
        year: number(0, 4)?,
        month: number(5, 7)?,
        day: number(8, 10)?,
    };
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let days = days_of(&date);
    let back = date_of(days);
    let is_date =
        (1..=12).contains(&date.month) && (back.month, back.day) == (date.month, date.day);
    if !is_date || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (fraction, rest) = parse_fraction(rest)?;
    let offset = parse_offset(rest)?;
    let seconds = days * DAY + hour * 3600 + minute * 60 + second - offset;
    let total = i128::from(seconds) * i128::from(SECOND) + i128::from(fraction);
    i64::try_from(total).ok()
}

/// Nanoseconds of a fraction, and what comes behind it.
fn parse_fraction(rest: &[u8]) -> Option<(i64, &[u8])> {
    let Some(digits) = rest.strip_prefix(b".") else {
        return Some((0, rest));
    };
    let count = digits.iter().take_while(|b| b.is_ascii_digit()).count();
    if count == 0 {
        return None;
    }
    let fraction = (0..9).fold(0, |fraction, at| {
        let digit = if at < count { digits[at] - b'0' } else { 0 };
        fraction * 10 + i64::from(digit)
    });
    Some((fraction, &digits[count..]))
}

/// Seconds that a zone is ahead of UTC.
fn parse_offset(zone: &[u8]) -> Option<i64> {
    match zone {
        b"Z" | b"z" => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2]
            if [h1, h2, m1, m2].iter().all(|b| b.is_ascii_digit()) =>
        {
            let two = |a: &u8, b: &u8| i64::from(a - b'0') * 10 + i64::from(b - b'0');
            let offset = two(h1, h2) * 3600 + two(m1, m2) * 60;
            Some(if *sign == b'-' { -offset } else { offset })
        }
        _ => None,
    }
}

/// A duration as the language writes it, in the largest of its units that does not make it less than 1: `1.5s`, `2h`,
/// `250ms`.
pub fn duration_text(nanoseconds: i64) -> String {
    const UNITS: [(u64, &str); 6] = [
        (3_600_000_000_000, "h"),
        (60_000_000_000, "m"),
        (1_000_000_000, "s"),
        (1_000_000, "ms"),
        (1_000, "us"),
        (1, "ns"),
    ];
    let size = nanoseconds.unsigned_abs();
    let sign = if nanoseconds < 0 { "-" } else { "" };
    if size == 0 {
        return "0s".to_owned();
    }
    // Above seconds only whole numbers: 90s, not 1.5m.
    let fits = |&&(unit, _): &&(u64, &str)| {
        size >= unit && (unit <= 1_000_000_000 || size.is_multiple_of(unit))
    };
    let Some((unit, name)) = UNITS.iter().find(fits) else {
        return format!("{sign}{size}ns");
    };
    let mut text = format!("{sign}{}", size / unit);
    let digits = unit.ilog10() as usize;
    push_fraction(&mut text, (size % unit).cast_signed(), digits);
    text + name
}

/// The duration that a text writes: numbers with units (`1h30m`, `250ms`, `-2s`), or seconds; `None` if it writes none, or
/// one that is too long.
pub fn parse_duration(text: &str) -> Option<i64> {
    const UNITS: [(&str, i64); 7] = [
        ("ns", 1),
        ("us", 1_000),
        ("ms", 1_000_000),
        ("s", SECOND),
        ("m", 60 * SECOND),
        ("h", 3600 * SECOND),
        ("d", DAY * SECOND),
    ];
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut rest = text;
    let mut total = 0_i128;
    while !rest.is_empty() {
        let (number, behind) = split_where(rest, |c| !c.is_ascii_digit() && c != '.');
        let (unit, behind) = split_where(behind, |c| !c.is_ascii_lowercase());
        let unit = if unit.is_empty() { "s" } else { unit };
        let scale = UNITS.iter().find(|(name, _)| *name == unit)?.1;
        total = total.checked_add(scaled(number, scale)?)?;
        rest = behind;
    }
    let total = if negative { -total } else { total };
    i64::try_from(total).ok().filter(|_| !text.is_empty())
}

/// A text, cut before the first character of a kind.
fn split_where(text: &str, ends: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(ends).unwrap_or(text.len()))
}

/// A decimal number of a unit of so many nanoseconds; what is less than one is cut off.
fn scaled(number: &str, unit: i64) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || fraction.len() > 18 {
        return None;
    }
    let whole: i128 = whole.parse::<u64>().ok()?.into();
    let unit = i128::from(unit);
    let parts: i128 = match fraction {
        "" if number.contains('.') => return None,
        "" => 0,
        digits => digits.parse::<u64>().ok()?.into(),
    };
    Some(whole * unit + parts * unit / 10_i128.pow(fraction.len() as u32))
}

/// A duration as a decimal number of seconds, exact: `1.5`, `-0.000000001`, `2`.
pub fn seconds_text(nanoseconds: i64) -> String {
    let size = nanoseconds.unsigned_abs();
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let mut text = format!("{sign}{}", size / SECOND.unsigned_abs());
    push_fraction(&mut text, (size % SECOND.unsigned_abs()).cast_signed(), 9);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_text_and_back() {
        for (nanoseconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59.999999999Z"),
            (951_782_400 * SECOND, "2000-02-29T00:00:00Z"),
            (
                1_769_860_800 * SECOND + SECOND / 2,
                "2026-01-31T12:00:00.5Z",
            ),
            (i64::MIN, "1677-09-21T00:12:43.145224192Z"),
            (i64::MAX, "2262-04-11T23:47:16.854775807Z"),
        ] {
            assert_eq!(time_text(nanoseconds), text);
            assert_eq!(parse_time(text), Some(nanoseconds), "{text}");
        }
        assert_eq!(
            parse_time("2026-01-31 14:00:00+02:00"),
            parse_time("2026-01-31T12:00:00Z")
        );
        for wrong in [
            "",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:00:00",
            "2026-01-01T00:00:00.Z",
            "9999-01-01T00:00:00Z",
            "2026-01-01T00:00:0éZ",
        ] {
            assert_eq!(parse_time(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn durations_of_texts() {
        for (text, nanoseconds) in [
            ("1h30m", 5_400_000_000_000),
            ("1.5", 1_500_000_000),
            ("250ms", 250_000_000),
            ("-2s", -2_000_000_000),
            ("1ns", 1),
            ("9223372036.854775807", i64::MAX),
        ] {
            assert_eq!(parse_duration(text), Some(nanoseconds), "{text}");
        }
        for wrong in [
            "",
            "-",
            "s",
            "1x",
            "--1s",
            "1..2s",
            "1.s",
            "99999999999999d",
            "1 s",
            "+1s",
        ] {
            assert_eq!(parse_duration(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn durations_as_text() {
        for (nanoseconds, text, seconds) in [
            (0, "0s", "0"),
            (90 * SECOND, "90s", "90"),
            (120 * SECOND, "2m", "120"),
            (48 * 3600 * SECOND, "48h", "172800"),
            (1_500_000_000, "1.5s", "1.5"),
            (-250_000_000, "-250ms", "-0.25"),
            (1, "1ns", "0.000000001"),
            (1_500, "1.5us", "0.0000015"),
        ] {
            assert_eq!(duration_text(nanoseconds), text);
            assert_eq!(seconds_text(nanoseconds), seconds);
        }
        assert_eq!(seconds_text(i64::MIN), "-9223372036.854775808");
    }
}
