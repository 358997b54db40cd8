//! Texts and f-strings.

use dynop_abi::context::{OK, Status};
use dynop_abi::entries::types::{Ctx, Desc, I64, Ptr, U8, U32};
use dynop_abi::layout::StrRepr;

use super::memory::describe;
use crate::failing::{fail_at, status};
use crate::{compare, format, text};

/// `a + b`.
///
/// # Safety
/// `a` and `b` point to valid texts, `out` has room for one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_str_concat(ctx: Ctx, out: Ptr, a: Ptr, b: Ptr) -> Status {
    // SAFETY: the caller's promise. The second owner makes `append` copy, unless there is nothing to append.
    unsafe {
        let mut joined = a.cast::<StrRepr>().read();
        let tail = b.cast::<StrRepr>().read();
        text::retain(&joined);
        let result = if text::len(&tail) == 0 {
            Ok(())
        } else {
            text::append(&mut joined, text::bytes(&tail))
        };
        if result.is_ok() {
            out.cast::<StrRepr>().write(joined);
        } else {
            text::release(&joined);
        }
        status(ctx, result)
    }
}

/// `text += tail`, in place where the text is unshared.
///
/// # Safety
/// Both point to valid texts; `text` is owned by the caller.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_str_append(ctx: Ctx, text: Ptr, tail: Ptr) -> Status {
    // SAFETY: the caller's promise. The tail's words are copied first, as both may be the same place.
    unsafe {
        let tail = tail.cast::<StrRepr>().read();
        let result = text::append(&mut *text.cast::<StrRepr>(), text::bytes(&tail));
        status(ctx, result)
    }
}

/// `a == b`.
///
/// # Safety
/// Both point to valid texts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_str_equal(a: Ptr, b: Ptr) -> U8 {
    // SAFETY: the caller's promise.
    U8::from(unsafe { compare::equal_texts(&*a.cast(), &*b.cast()) })
}

/// -1, 0 or 1, by bytes, which is by code point.
///
/// # Safety
/// Both point to valid texts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_str_compare(a: Ptr, b: Ptr) -> I64 {
    // SAFETY: the caller's promise.
    unsafe { text::bytes(&*a.cast()).cmp(text::bytes(&*b.cast())) as I64 }
}

/// Appends the value as `{value:format}` shows it.
///
/// # Safety
/// `text` is a text that the caller owns, `value` a valid value of the type, `format` a valid text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_format_append(
    ctx: Ctx,
    site: U32,
    text: Ptr,
    value: Ptr,
    ty: Desc,
    format: Ptr,
) -> Status {
    // SAFETY: the caller's promise.
    unsafe {
        let format = text::as_str(&*format.cast::<StrRepr>());
        let target = &mut *text.cast::<StrRepr>();
        match format::append(target, value, describe(ty), format) {
            Ok(()) => OK,
            Err(failure) => fail_at(ctx, site, &failure),
        }
    }
}

/// The character at byte `*offset`, written to `out`, and `*offset` moved behind it; 0 at the end.
///
/// # Safety
/// `text` points to a valid `Str`; `offset` to an `Int` that began at 0 and was only moved here; `out` has room.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_str_next_char(text: Ptr, offset: Ptr, out: Ptr) -> U8 {
    // SAFETY: the caller's promise; a character has at most 4 bytes, so it is inline and takes no memory.
    unsafe {
        let text = text::as_str(&*text.cast::<StrRepr>());
        let offset = offset.cast::<I64>();
        let at = usize::try_from(offset.read()).unwrap_or(usize::MAX);
        let Some(char) = text.get(at..).and_then(|rest| rest.chars().next()) else {
            return 0;
        };
        let mut bytes = [0; 4];
        let encoded = char.encode_utf8(&mut bytes);
        let Ok(repr) = text::new(encoded.as_bytes()) else {
            return 0;
        };
        out.cast::<StrRepr>().write(repr);
        offset.write((at + encoded.len()) as I64);
    }
    1
}
