//! JSON as the language's `Json`, an enum whose values stand for themselves: `null`, `true`, `3`, not `{"Int": 3}`.

use dynop_abi::desc::TypeDesc;

use super::lexer::{JsonError, Lexer, Token};
use super::read::read_to;
use super::write::{WriteError, write};
use crate::case;

/// The cases of `Json` by their numbers, as `runtime/std/core.dyn` declares them.
const NULL: u64 = 0;
const BOOL: u64 = 1;
const INT: u64 = 2;
const FLOAT: u64 = 3;
const STR: u64 = 4;
const LIST: u64 = 5;
const OBJECT: u64 = 6;

/// Reads whatever comes next over zeroes.
///
/// # Safety
/// `place` has room for a `desc`, which is `Json`, and holds zeroes.
pub(super) unsafe fn read_json(
    lexer: &mut Lexer<'_>,
    place: *mut u8,
    desc: &'static TypeDesc,
) -> Result<(), JsonError> {
    let tag = match lexer.peek() {
        b'n' => NULL,
        b't' | b'f' => BOOL,
        b'"' => STR,
        b'[' => LIST,
        b'{' => OBJECT,
        _ => match Lexer::clone(lexer).token()? {
            Token::Number(text) if text.parse::<i64>().is_ok() => INT,
            Token::Number(_) => FLOAT,
            found => return Err(lexer.error(format!("expected a value, found {found}"))),
        },
    };
    let payload = desc
        .fields()
        .get(tag as usize)
        .and_then(|case| case.desc().fields().first());
    // SAFETY: the payload lies where its descriptor says; the tag is the first word.
    unsafe {
        match payload {
            Some(field) => read_to(lexer, place.add(field.offset as usize), field.desc())?,
            None => {
                lexer.token()?;
            }
        }
        place.cast::<u64>().write(tag);
    }
    Ok(())
}

/// Appends a value as it stands in JSON.
///
/// # Safety
/// `value` points to a valid value of `desc`, which is `Json`.
pub(super) unsafe fn write_json(
    out: &mut String,
    value: *const u8,
    desc: &TypeDesc,
) -> Result<(), WriteError> {
    // SAFETY: a valid value, whose payload lies where its descriptor says.
    unsafe {
        let payload = case::of(value, desc).and_then(|case| case.desc().fields().first());
        match payload {
            Some(field) => write(out, value.add(field.offset as usize), field.desc()),
            None => {
                out.push_str("null");
                Ok(())
            }
        }
    }
}
