//! Methods of bytes (`bytes.dyn`), and bytes of texts.

use std::fmt::Write;

use dynop_abi::context::Status;
use dynop_abi::entries::types::{Ctx, I64, Ptr};
use dynop_abi::layout::{ListHeader, StrRepr};
use dynop_values::failing::Failure;
use dynop_values::text::{self, Text};
use dynop_values::{base64, list};

use crate::convention::{OptionalInt, give};

/// The bytes of an argument.
///
/// # Safety
/// `argument` points to a valid `Bytes` or `Str` that stays as it is during the call.
unsafe fn bytes_of<'a>(argument: Ptr) -> &'a [u8] {
    // SAFETY: the caller's promise.
    unsafe { text::bytes(&*argument.cast::<StrRepr>()) }
}

/// Defines native functions of bytes that give something.
macro_rules! of_bytes {
    ($($(#[$docs:meta])* fn $name:ident($bytes:ident) $body:block)*) => {$(
        $(#[$docs])*
        ///
        /// # Safety
        /// Called by the convention of `dynop_abi::entries`.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(ctx: Ctx, out: Ptr, bytes: Ptr) -> Status {
            // SAFETY: the convention.
            unsafe {
                let $bytes = bytes_of(bytes);
                give(ctx, out, || $body)
            }
        }
    )*};
}

fn new(bytes: &[u8]) -> Result<StrRepr, Failure> {
    Ok(text::new(bytes)?)
}

/// A `String` of a known size, where there is memory for it.
fn room(size: usize) -> Result<String, Failure> {
    let mut out = String::new();
    out.try_reserve(size).map_err(|_| Failure::Memory)?;
    Ok(out)
}

of_bytes! {
    /// How many there are.
    fn dyn_bytes_len(bytes) { Ok(bytes.len() as i64) }

    /// The text that they are in UTF-8.
    fn dyn_bytes_to_str(bytes) {
        match std::str::from_utf8(bytes) {
            Ok(_) => new(bytes),
            Err(error) => Err(not_utf8(bytes, error.valid_up_to()).into()),
        }
    }

    /// The same, with U+FFFD for what is no UTF-8.
    fn dyn_bytes_to_str_lossy(bytes) { new(String::from_utf8_lossy(bytes).as_bytes()) }

    /// In hexadecimal digits.
    fn dyn_bytes_to_hex(bytes) {
        let mut out = room(bytes.len().saturating_mul(2))?;
        for byte in bytes {
            // Writing to a `String` can't fail.
            let _ = write!(out, "{byte:02x}");
        }
        new(out.as_bytes())
    }

    /// In base64.
    fn dyn_bytes_to_base64(bytes) {
        let mut out = room((bytes.len() / 3 + 1).saturating_mul(4))?;
        base64::encode(&mut out, bytes);
        new(out.as_bytes())
    }

    /// The bytes that hexadecimal digits write.
    fn dyn_bytes_from_hex(text) { from_hex(text) }

    /// The bytes that base64 writes.
    fn dyn_bytes_from_base64(text) {
        let found = std::str::from_utf8(text).ok().and_then(|text| base64::decode(text.trim()));
        let bytes = found.ok_or_else(|| Failure::from(format!("{} is not base64", brief(text))))?;
        new(&bytes)
    }

    /// The bytes of a text in UTF-8.
    fn dyn_str_to_bytes(text) { new(text) }
}

/// The first characters of a text, in quotes.
fn brief(text: &[u8]) -> String {
    const LONGEST: usize = 60;
    let text = String::from_utf8_lossy(text);
    let start: String = text.chars().take(LONGEST).collect();
    let more = if start.len() < text.len() { "…" } else { "" };
    format!("{start:?}{more}")
}

fn not_utf8(bytes: &[u8], at: usize) -> String {
    let byte = bytes.get(at).copied().unwrap_or(0);
    format!("byte {at} (0x{byte:02x}) is not UTF-8")
}

fn from_hex(text: &[u8]) -> Result<StrRepr, Failure> {
    let text = text.trim_ascii();
    let wrong = || {
        Failure::from(format!(
            "{} is not hexadecimal: pairs of 0-9, a-f",
            brief(text)
        ))
    };
    let (pairs, rest) = text.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(wrong());
    }
    let mut out = Vec::new();
    out.try_reserve(pairs.len()).map_err(|_| Failure::Memory)?;
    for pair in pairs {
        let digit = |byte: u8| char::from(byte).to_digit(16).ok_or_else(wrong);
        let byte = digit(pair[0])? * 16 + digit(pair[1])?;
        out.push(byte as u8);
    }
    new(&out)
}

/// The byte at an index.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_bytes_at(ctx: Ctx, out: Ptr, bytes: Ptr, index: I64) -> Status {
    // SAFETY: the convention.
    unsafe {
        let bytes = bytes_of(bytes);
        give(ctx, out, || {
            let at = usize::try_from(index).ok();
            match at.and_then(|at| bytes.get(at)) {
                Some(byte) => Ok(i64::from(*byte)),
                None => Err(format!("index {index} of {} bytes", bytes.len()).into()),
            }
        })
    }
}

/// Those from `start` up to, not including, `end`.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_bytes_slice(
    ctx: Ctx,
    out: Ptr,
    bytes: Ptr,
    start: I64,
    end: I64,
) -> Status {
    // SAFETY: the convention.
    unsafe {
        let bytes = bytes_of(bytes);
        give(ctx, out, || {
            let within = |at: i64| usize::try_from(at).unwrap_or(0).min(bytes.len());
            let start = within(start);
            new(&bytes[start..within(end).max(start)])
        })
    }
}

/// Where others first begin.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_bytes_find(ctx: Ctx, out: Ptr, bytes: Ptr, part: Ptr) -> Status {
    // SAFETY: the convention.
    unsafe {
        let (bytes, part) = (bytes_of(bytes), bytes_of(part));
        give(ctx, out, || {
            let at = if part.is_empty() {
                Some(0)
            } else {
                bytes.windows(part.len()).position(|window| window == part)
            };
            Ok(OptionalInt::from(at.map(|at| at as i64)))
        })
    }
}

/// Bytes of a list of their values.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_bytes_from_list(ctx: Ctx, out: Ptr, values: Ptr) -> Status {
    // SAFETY: the convention; the elements of a `List<Int>` lie side by side.
    unsafe {
        let values = values.cast::<*mut ListHeader>().read();
        let count = list::len(values);
        let values: &[i64] = if count == 0 {
            &[]
        } else {
            std::slice::from_raw_parts(list::data(values).cast(), count)
        };
        give(ctx, out, || {
            let mut all = Text::new(&[])?;
            for (index, value) in values.iter().enumerate() {
                let byte = u8::try_from(*value)
                    .map_err(|_| format!("{value} at index {index} is no byte (0 to 255)"))?;
                all.push(&[byte])?;
            }
            Ok(all.into_repr())
        })
    }
}
