//! Methods of texts (`str.dyn`) and of paths (`path.dyn`).

use dynop_abi::context::Status;
use dynop_abi::entries::types::{Ctx, I64, Ptr};
use dynop_abi::layout::{ListHeader, StrRepr};
use dynop_values::display;
use dynop_values::failing::Failure;
use dynop_values::list;
use dynop_values::text::{self, Text};

use crate::convention::{INT_LIST, OptionalInt, STR_LIST, TextList, give, path_of, str_of};

/// Defines native functions of one text that give something.
macro_rules! of_a_text {
    ($($(#[$docs:meta])* fn $name:ident($text:ident) $body:block)*) => {$(
        $(#[$docs])*
        ///
        /// # Safety
        /// Called by the convention of `dynop_abi::entries`.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(ctx: Ctx, out: Ptr, text: Ptr) -> Status {
            // SAFETY: the convention.
            unsafe {
                let $text = str_of(text);
                give(ctx, out, || $body)
            }
        }
    )*};
}

/// Defines native functions of two texts that give something.
macro_rules! of_two_texts {
    ($($(#[$docs:meta])* fn $name:ident($text:ident, $other:ident) $body:block)*) => {$(
        $(#[$docs])*
        ///
        /// # Safety
        /// Called by the convention of `dynop_abi::entries`.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(ctx: Ctx, out: Ptr, text: Ptr, other: Ptr) -> Status {
            // SAFETY: the convention.
            unsafe {
                let ($text, $other) = (str_of(text), str_of(other));
                give(ctx, out, || $body)
            }
        }
    )*};
}

fn new(text: &str) -> Result<StrRepr, Failure> {
    Ok(text::new(text.as_bytes())?)
}

of_a_text! {
    /// The number of characters.
    fn dyn_str_len(text) { Ok(text.chars().count() as i64) }

    /// The number of bytes.
    fn dyn_str_byte_len(text) { Ok(text.len() as i64) }

    /// In lower case.
    fn dyn_str_lower(text) {
        if text.is_ascii() {
            return Ok(text::changed(text.as_bytes(), <[u8]>::make_ascii_lowercase)?);
        }
        new(&text.to_lowercase())
    }

    /// In upper case.
    fn dyn_str_upper(text) {
        if text.is_ascii() {
            return Ok(text::changed(text.as_bytes(), <[u8]>::make_ascii_uppercase)?);
        }
        new(&text.to_uppercase())
    }

    /// Without white space at both ends.
    fn dyn_str_trim(text) { new(text.trim()) }

    /// Without white space at its beginning.
    fn dyn_str_trim_start(text) { new(text.trim_start()) }

    /// Without white space at its end.
    fn dyn_str_trim_end(text) { new(text.trim_end()) }

    /// Whether it is letters alone.
    fn dyn_str_is_alphabetic(text) {
        Ok(u8::from(!text.is_empty() && text.chars().all(char::is_alphabetic)))
    }

    /// Whether it is digits alone.
    fn dyn_str_is_numeric(text) {
        Ok(u8::from(!text.is_empty() && text.chars().all(char::is_numeric)))
    }

    /// Whether it is ASCII alone.
    fn dyn_str_is_ascii(text) { Ok(u8::from(text.is_ascii())) }

    /// The code points of its characters.
    fn dyn_str_code_points(text) { code_points(text) }

    /// The parts between white space.
    fn dyn_str_words(text) {
        TextList::of(&STR_LIST, text.split_whitespace().map(str::as_bytes))
    }

    /// The lines, without their ends.
    fn dyn_str_lines(text) { TextList::of(&STR_LIST, text.lines().map(str::as_bytes)) }

    /// The integer that it writes.
    fn dyn_str_parse_int(text) { parse_int(text) }

    /// The number that it writes.
    fn dyn_str_parse_float(text) { parse_float(text) }
}

of_two_texts! {
    /// The parts between separators; of an empty one, the characters.
    fn dyn_str_split(text, separator) {
        if separator.is_empty() {
            let bounds = text.char_indices().map(|(at, char)| at..at + char.len_utf8());
            return TextList::of(&STR_LIST, bounds.map(|range| &text.as_bytes()[range]));
        }
        TextList::of(&STR_LIST, text.split(separator).map(str::as_bytes))
    }

    /// Whether it begins with the other.
    fn dyn_str_starts_with(text, prefix) { Ok(u8::from(text.starts_with(prefix))) }

    /// Whether it ends with the other.
    fn dyn_str_ends_with(text, suffix) { Ok(u8::from(text.ends_with(suffix))) }

    /// Whether the other is in it.
    fn dyn_str_contains(text, part) { Ok(u8::from(text.contains(part))) }

    /// Where the other last begins, in characters.
    fn dyn_str_find_last(text, part) {
        let at = text.rfind(part).map(|at| text[..at].chars().count() as i64);
        Ok(OptionalInt::from(at))
    }

    /// Where the other first begins, in characters.
    fn dyn_str_find(text, part) {
        let at = text.find(part).map(|at| text[..at].chars().count() as i64);
        Ok(OptionalInt::from(at))
    }
}

/// Every `old` replaced by `new`; an empty `old` is nowhere.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_str_replace(
    ctx: Ctx,
    out: Ptr,
    text: Ptr,
    old: Ptr,
    new: Ptr,
) -> Status {
    // SAFETY: the convention.
    unsafe {
        let (source, old, new) = (str_of(text), str_of(old), str_of(new));
        give(ctx, out, || {
            if old.is_empty() || !source.contains(old) {
                let same = text.cast::<StrRepr>().read();
                text::retain(&same);
                return Ok(same);
            }
            let mut replaced = Text::empty();
            let mut rest = source;
            while let Some((before, after)) = rest.split_once(old) {
                replaced.push(before.as_bytes())?;
                replaced.push(new.as_bytes())?;
                rest = after;
            }
            replaced.push(rest.as_bytes())?;
            Ok(replaced.into_repr())
        })
    }
}

/// The text so many times.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_str_repeat(ctx: Ctx, out: Ptr, text: Ptr, count: I64) -> Status {
    // SAFETY: the convention.
    unsafe {
        let text = str_of(text);
        give(ctx, out, || repeated(text, count))
    }
}

fn repeated(text: &str, count: i64) -> Result<StrRepr, Failure> {
    let count = usize::try_from(count).unwrap_or(0);
    let length = text.len().checked_mul(count).ok_or(Failure::Memory)?;
    let mut all = Vec::new();
    // All of it at once: a size that there is no memory for fails before any of it is taken.
    all.try_reserve_exact(length).map_err(|_| Failure::Memory)?;
    // An empty text would be repeated without end for nothing.
    while all.len() < length {
        all.extend_from_slice(text.as_bytes());
    }
    Ok(text::new(&all)?)
}

/// The characters from `start` up to `end`; what lies outside is left out.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_str_slice(
    ctx: Ctx,
    out: Ptr,
    text: Ptr,
    start: I64,
    end: I64,
) -> Status {
    // SAFETY: the convention.
    unsafe {
        let text = str_of(text);
        give(ctx, out, || new(slice(text, start, end)))
    }
}

fn slice(text: &str, start: i64, end: i64) -> &str {
    let start = usize::try_from(start).unwrap_or(0);
    let count = usize::try_from(end).unwrap_or(0).saturating_sub(start);
    let from = byte_at(text, start);
    let rest = &text[from..];
    &rest[..byte_at(rest, count)]
}

/// Where the character of a number begins; the end of the text for those behind it.
fn byte_at(text: &str, number: usize) -> usize {
    if text.is_ascii() {
        return number.min(text.len());
    }
    text.char_indices()
        .nth(number)
        .map_or(text.len(), |(at, _)| at)
}

/// A list of its characters' numbers.
fn code_points(text: &str) -> Result<*mut ListHeader, Failure> {
    let count = text.chars().count();
    if count == 0 {
        return Ok(std::ptr::null_mut());
    }
    let list = list::with_capacity(count, &INT_LIST)?;
    // SAFETY: the list is ours and has room for so many numbers, which it then holds.
    unsafe {
        let data = list::data(list).cast::<i64>();
        for (index, char) in text.chars().enumerate() {
            data.add(index).write(i64::from(u32::from(char)));
        }
        (*list).len = count as u64;
    }
    Ok(list)
}

/// The text of a list of code points.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_str_from_code_points(ctx: Ctx, out: Ptr, points: Ptr) -> Status {
    // SAFETY: the convention; the elements of a `List<Int>` lie side by side.
    unsafe {
        let points = points.cast::<*mut ListHeader>().read();
        let count = list::len(points);
        let points: &[i64] = if count == 0 {
            &[]
        } else {
            std::slice::from_raw_parts(list::data(points).cast(), count)
        };
        give(ctx, out, || {
            let mut all = Text::new(&[])?;
            let mut utf8 = [0; 4];
            for point in points {
                let char = u32::try_from(*point).ok().and_then(char::from_u32);
                let char = char.ok_or_else(|| format!("{point} is the code of no character"))?;
                all.push(char.encode_utf8(&mut utf8).as_bytes())?;
            }
            Ok(all.into_repr())
        })
    }
}

fn shown(text: &str) -> String {
    let mut quoted = String::new();
    let brief: String = text.chars().take(80).collect();
    display::quoted(&mut quoted, &brief);
    if brief.len() < text.len() {
        quoted.push('…');
    }
    quoted
}

fn parse_int(text: &str) -> Result<i64, Failure> {
    let trimmed = text.trim();
    trimmed.parse().map_err(|_| {
        let digits = trimmed.strip_prefix(['-', '+']).unwrap_or(trimmed);
        let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        let reason = if is_number {
            "is more than an Int can hold"
        } else {
            "is no integer"
        };
        Failure::Message(format!("{} {reason}", shown(text)))
    })
}

fn parse_float(text: &str) -> Result<f64, Failure> {
    let number = text.trim().parse();
    number.map_err(|_| Failure::Message(format!("{} is no number", shown(text))))
}

/// A path as a text.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_path_to_str(ctx: Ctx, out: Ptr, path: Ptr) -> Status {
    // SAFETY: the convention; both types have one form.
    unsafe {
        let name = path_of(path);
        give(ctx, out, || {
            if name.to_str().is_none() {
                return Err(
                    format!("the path {} is not UTF-8", shown(&name.to_string_lossy())).into(),
                );
            }
            let same = path.cast::<StrRepr>().read();
            text::retain(&same);
            Ok(same)
        })
    }
}

/// The path that a text writes.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_path_from_str(ctx: Ctx, out: Ptr, text: Ptr) -> Status {
    // SAFETY: the convention; both types have one form.
    unsafe {
        let name = str_of(text);
        give(ctx, out, || {
            if name.contains('\0') {
                return Err(format!("{} is no path: it holds a NUL", shown(name)).into());
            }
            let same = text.cast::<StrRepr>().read();
            text::retain(&same);
            Ok(same)
        })
    }
}
