//! JSON as values of any type, by its descriptor (`json.dyn`).

use std::path::Path;

use dynop_abi::context::Status;
use dynop_abi::desc::TypeDesc;
use dynop_abi::entries::types::{Ctx, Desc, I64, Ptr, U8};
use dynop_values::failing::Failure;
use dynop_values::json;
use dynop_values::text;

use crate::convention::{act, give, give_optional, give_value, path_of, str_of};
use crate::files::{not_utf8, read};
use crate::lines;
use crate::writing::write;

/// Reads a value over zeroes; messages begin with `place`.
///
/// # Safety
/// `out` has room for a `ty` and holds zeroes.
unsafe fn read_to(
    out: Ptr,
    source: &str,
    ty: &'static TypeDesc,
    place: impl FnOnce() -> String,
) -> Result<(), Failure> {
    let value = json::read(source, ty).map_err(|error| format!("{}{error}", place()))?;
    let size = ty.size as usize;
    // SAFETY: the value is moved to its new place.
    unsafe {
        std::ptr::copy_nonoverlapping(value.as_ptr(), out, size);
        std::ptr::write_bytes(value.as_ptr(), 0, size);
    }
    Ok(())
}

/// The value that a text writes.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_json_parse(ctx: Ctx, out: Ptr, source: Ptr, ty: Desc) -> Status {
    // SAFETY: the convention; descriptors are static.
    unsafe {
        give_value(ctx, out, &*ty, |place| {
            read_to(place, str_of(source), &*ty, String::new)
        })
    }
}

/// The value that a file writes.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_json_read(ctx: Ctx, out: Ptr, path: Ptr, ty: Desc) -> Status {
    // SAFETY: the convention; descriptors are static.
    unsafe {
        let path = path_of(path);
        give_value(ctx, out, &*ty, |place| {
            let source = read_text(ctx, path)?;
            read_to(place, &source, &*ty, || format!("{}: ", path.display()))
        })
    }
}

/// # Safety
/// `ctx` is the running step's.
unsafe fn read_text(ctx: Ctx, path: &Path) -> Result<String, Failure> {
    // SAFETY: the caller's promise.
    let bytes = unsafe { read(ctx, path)? };
    String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        not_utf8(path, 1 + valid.iter().filter(|&&b| b == b'\n').count())
    })
}

/// The value in the next line that is not empty, `none` behind the last. The reader is one of `dyn_fs_open_lines`.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_json_next_line(ctx: Ctx, out: Ptr, reader: I64, ty: Desc) -> Status {
    // SAFETY: the convention; descriptors are static.
    unsafe {
        give_optional(ctx, out, &*ty, |place| {
            lines::next_with(reader, |line, path, number| {
                if line.trim().is_empty() {
                    return Ok(false);
                }
                let about = || format!("{}, line {number}: ", path.display());
                read_to(place, line, &*ty, about).map(|()| true)
            })
        })
    }
}

/// A value as JSON, on one line or indented.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_json_to_str(
    ctx: Ctx,
    out: Ptr,
    value: Ptr,
    pretty: U8,
    ty: Desc,
) -> Status {
    // SAFETY: the convention.
    unsafe {
        give(ctx, out, || {
            let written = show(value, &*ty, pretty != 0)?;
            Ok(text::new(written.as_bytes())?)
        })
    }
}

/// Writes a value as a file.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_json_write(
    ctx: Ctx,
    path: Ptr,
    value: Ptr,
    pretty: U8,
    ty: Desc,
) -> Status {
    // SAFETY: the convention.
    unsafe {
        let path = path_of(path);
        act(ctx, || {
            let mut written = show(value, &*ty, pretty != 0)?;
            written.push('\n');
            write(ctx, path, written.as_bytes())
        })
    }
}

/// # Safety
/// `value` points to a valid value of `ty`.
unsafe fn show(value: Ptr, ty: &TypeDesc, pretty: bool) -> Result<String, Failure> {
    let mut compact = String::new();
    // SAFETY: the caller's promise.
    unsafe { json::write(&mut compact, value, ty) }.map_err(|error| error.message)?;
    Ok(if pretty { indented(&compact) } else { compact })
}

/// JSON of one line with a line an entry, indented by two blanks a level. Empty lists and objects stay on theirs.
fn indented(compact: &str) -> String {
    let mut out = String::with_capacity(compact.len() * 2);
    let mut depth = 0;
    let mut rest = compact;
    let new_line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    while let Some(at) = rest.find(['"', '{', '[', '}', ']', ',', ':']) {
        out.push_str(&rest[..at]);
        let found = rest.as_bytes()[at];
        let behind = &rest[at + 1..];
        match found {
            b'"' => {
                let end = at + 2 + string_end(behind);
                out.push_str(&rest[at..end.min(rest.len())]);
                rest = &rest[end.min(rest.len())..];
                continue;
            }
            b'{' | b'[' => {
                out.push(found as char);
                if behind.starts_with(['}', ']']) {
                    out.push_str(&behind[..1]);
                    rest = &behind[1..];
                    continue;
                }
                depth += 1;
                new_line(&mut out, depth);
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut out, depth);
                out.push(found as char);
            }
            b',' => {
                out.push(',');
                new_line(&mut out, depth);
            }
            _ => out.push_str(": "),
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// Where the quote is that ends a string whose first quote stands before `rest`.
fn string_end(rest: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in rest.bytes().enumerate() {
        match byte {
            b'"' if !escaped => return at,
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::indented;

    #[test]
    fn a_line_an_entry() {
        assert_eq!(
            indented(r#"{"a":[1,{}],"b\"{":"x, \\","c":[]}"#),
            "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\\\"{\": \"x, \\\\\",\n  \"c\": []\n}"
        );
        assert_eq!(indented("3"), "3");
    }
}
