//! Values of job parameters from texts of the command line.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use dynop_abi::desc::{FieldDesc, Kind, TypeDesc};
use dynop_abi::layout::StrRepr;
use dynop_values::case::{self, Payload};
use dynop_values::json::{self, Lexer};
use dynop_values::{Owned, calendar, display, list, map, text};

use crate::nearest::nearest;

/// Whether a flag of this type may be repeated, a value each time.
pub fn is_repeatable(desc: &TypeDesc) -> bool {
    match desc.kind {
        Kind::List | Kind::Set => is_simple(desc.a()),
        Kind::Option => is_repeatable(desc.a()),
        _ => false,
    }
}

/// Whether values are written as they are, without JSON.
pub fn is_simple(desc: &TypeDesc) -> bool {
    match desc.kind {
        Kind::Int
        | Kind::Float
        | Kind::Bool
        | Kind::Str
        | Kind::Path
        | Kind::Duration
        | Kind::Time => true,
        Kind::Option => is_simple(desc.a()),
        // Those of names alone.
        Kind::Enum => desc.fields().iter().all(holds_nothing),
        _ => false,
    }
}

/// Whether a case of an enum is its name alone, which is written without quotes.
pub fn holds_nothing(case: &FieldDesc) -> bool {
    case::payload(case) == Payload::Nothing
}

/// Whether the flag needs no value.
pub fn is_switch(desc: &TypeDesc) -> bool {
    match desc.kind {
        Kind::Bool => true,
        Kind::Option => is_switch(desc.a()),
        _ => false,
    }
}

/// The value that the texts given for a flag write: one, or several for a flag that may be repeated.
///
/// # Errors
/// What is wrong with them.
pub fn read(texts: &[OsString], desc: &'static TypeDesc) -> Result<Owned, String> {
    if desc.kind == Kind::Option {
        let inner = read(texts, desc.a())?;
        return wrap(inner, desc);
    }
    if is_repeatable(desc) {
        return read_repeated(texts, desc);
    }
    match texts {
        [one] => read_one(one, desc),
        _ => Err("it is given more than once".to_owned()),
    }
}

fn out_of_memory() -> String {
    "out of memory".to_owned()
}

fn zeroed(desc: &'static TypeDesc) -> Result<Owned, String> {
    Owned::zeroed(desc).map_err(|_| out_of_memory())
}

/// Moves a value's bytes to a place, and leaves zeroes.
fn move_to(value: &Owned, place: *mut u8) {
    let size = value.desc().size as usize;
    // SAFETY: the place has room for a value of the type; both are valid afterwards.
    unsafe {
        std::ptr::copy_nonoverlapping(value.as_ptr(), place, size);
        std::ptr::write_bytes(value.as_ptr(), 0, size);
    }
}

/// `some(value)`.
fn wrap(value: Owned, desc: &'static TypeDesc) -> Result<Owned, String> {
    let option = zeroed(desc)?;
    // SAFETY: the payload lies within the option.
    unsafe {
        move_to(&value, option.as_ptr().add(desc.payload_offset()));
        option.as_ptr().write(1);
    }
    Ok(option)
}

fn read_repeated(texts: &[OsString], desc: &'static TypeDesc) -> Result<Owned, String> {
    if let [one] = texts
        && let Some(one) = one.to_str()
        && one.trim_start().starts_with('[')
    {
        return read_json(one, desc);
    }
    let all = zeroed(desc)?;
    for one in texts {
        let element = read_one(one, desc.a())?;
        // SAFETY: the list or set is ours and of this type. A list takes the element over, a set copies it.
        unsafe {
            if desc.kind == Kind::Set {
                map::slot(all.as_ptr().cast(), element.as_ptr(), desc)
                    .map_err(|_| out_of_memory())?;
            } else {
                list::push(all.as_ptr().cast(), element.as_ptr(), desc)
                    .map_err(|_| out_of_memory())?;
                std::ptr::write_bytes(element.as_ptr(), 0, desc.a().size as usize);
            }
        }
    }
    Ok(all)
}

fn read_json(source: &str, desc: &'static TypeDesc) -> Result<Owned, String> {
    json::read(source, desc).map_err(|error| error.to_string())
}

fn shown(given: &OsStr) -> String {
    let mut quoted = String::new();
    display::quoted(&mut quoted, &given.to_string_lossy());
    quoted
}

fn read_one(given: &OsStr, desc: &'static TypeDesc) -> Result<Owned, String> {
    if desc.kind == Kind::Option {
        return wrap(read_one(given, desc.a())?, desc);
    }
    let value = zeroed(desc)?;
    let place = value.as_ptr();
    let mismatch = |hint: &str| {
        format!(
            "expected {}{hint}, found {}",
            desc.name.as_str(),
            shown(given)
        )
    };
    let new_text = |bytes: &[u8]| text::new(bytes).map_err(|_| out_of_memory());
    // SAFETY: each arm writes what its kind of type is, over zeroes.
    unsafe {
        if desc.kind == Kind::Path {
            if given.is_empty() {
                return Err("a path is not empty".to_owned());
            }
            place.cast::<StrRepr>().write(new_text(given.as_bytes())?);
            return Ok(value);
        }
        let Some(given) = given.to_str() else {
            return Err(mismatch(" in UTF-8"));
        };
        match desc.kind {
            Kind::Str => place.cast::<StrRepr>().write(new_text(given.as_bytes())?),
            Kind::Int => place
                .cast::<i64>()
                .write(integer(given).ok_or_else(|| mismatch(""))?),
            Kind::Float => {
                place
                    .cast::<f64>()
                    .write(given.parse().map_err(|_| mismatch(""))?);
            }
            Kind::Bool => match given {
                "true" | "yes" | "1" => place.write(1),
                "false" | "no" | "0" => {}
                _ => return Err(mismatch(" (true or false)")),
            },
            Kind::Duration => {
                let found = calendar::parse_duration(given)
                    .ok_or_else(|| mismatch(" like 30s, 1.5h or 250ms"))?;
                place.cast::<i64>().write(found);
            }
            Kind::Time => {
                let found = calendar::parse_time(given)
                    .ok_or_else(|| mismatch(" like 2026-01-31T12:00:00Z"))?;
                place.cast::<i64>().write(found);
            }
            Kind::Enum
                if let Some((_, tag)) = desc
                    .fields()
                    .iter()
                    .zip(0_u64..)
                    .find(|(case, _)| case.name.as_str() == given && holds_nothing(case)) =>
            {
                place.cast::<u64>().write(tag);
            }
            Kind::Enum if is_simple(desc) => return Err(one_of(desc, given)),
            _ => {
                let is_json = Lexer::new(given).skip().is_ok();
                return if is_json {
                    read_json(given, desc)
                } else {
                    Err(mismatch(" as JSON"))
                };
            }
        }
    }
    Ok(value)
}

/// What is wrong with a text that names no case.
fn one_of(desc: &TypeDesc, given: &str) -> String {
    let cases = desc.fields().iter().map(|case| case.name.as_str());
    let listed: Vec<&str> = cases.clone().collect();
    let near =
        nearest(given, cases).map_or(String::new(), |near| format!("; did you mean {near}?"));
    format!(
        "expected one of {}, found {}{near}",
        listed.join(", "),
        shown(OsStr::new(given))
    )
}

/// An integer, also with `_` between digits as the language has it.
fn integer(given: &str) -> Option<i64> {
    let between_digits = !given.starts_with('_') && !given.ends_with('_') && !given.contains("__");
    if given.contains('_') && between_digits {
        return given.replace('_', "").parse().ok();
    }
    given.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::integer;

    #[test]
    fn integers() {
        assert_eq!(integer("-1_000"), Some(-1000));
        assert_eq!(integer("_1"), None);
        assert_eq!(integer("1.0"), None);
    }
}
