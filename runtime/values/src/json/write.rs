//! Values as JSON, on one line.

use std::fmt::Write;

use dynop_abi::desc::{Kind, TypeDesc};
use dynop_abi::layout::{ListHeader, StrRepr};

use super::untyped;
use crate::case::{self, Payload};
use crate::depth::deeper;
use crate::map::MapHeader;
use crate::{base64, calendar, display, list, map, text};

/// Why a value has no JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteError {
    /// In the language's words.
    pub message: String,
}

/// Appends a value as JSON.
///
/// # Errors
/// Where the value holds a path that is not UTF-8, or a function.
///
/// # Safety
/// `value` points to a valid value of `desc`.
pub unsafe fn write(out: &mut String, value: *const u8, desc: &TypeDesc) -> Result<(), WriteError> {
    // SAFETY: by the descriptor.
    unsafe {
        match desc.kind {
            Kind::Unit => out.push_str("null"),
            Kind::Int | Kind::Bool => display::write(out, value, desc),
            Kind::Float => {
                let number = value.cast::<f64>().read();
                let quotes = if number.is_finite() { "" } else { "\"" };
                out.push_str(quotes);
                display::float(out, number);
                out.push_str(quotes);
            }
            Kind::Str => quote(out, text::as_str(&*value.cast())),
            Kind::Path => quote(out, path_text(text::bytes(&*value.cast::<StrRepr>()))?),
            Kind::Bytes => {
                out.push('"');
                base64::encode(out, text::bytes(&*value.cast::<StrRepr>()));
                out.push('"');
            }
            Kind::Duration => out.push_str(&calendar::seconds_text(value.cast::<i64>().read())),
            Kind::Time => quote(out, &calendar::time_text(value.cast::<i64>().read())),
            Kind::Range => {
                let [start, end] = value.cast::<[i64; 2]>().read();
                let _ = write!(out, "[{start},{end}]");
            }
            Kind::Option => write_option(out, value, desc)?,
            Kind::List => {
                deeper(|| write_list(out, value.cast::<*mut ListHeader>().read(), desc))?;
            }
            Kind::Box | Kind::BoxOption => {
                let item = value.cast::<*mut ListHeader>().read();
                if list::len(item) == 0 {
                    out.push_str("null");
                } else {
                    deeper(|| write(out, list::data(item), desc.a()))?;
                }
            }
            Kind::Set => {
                let mut entries = Entries::new(out, '[', ']');
                each(value, |key, _| write(entries.next(), key, desc.a()))?;
                entries.end();
            }
            Kind::Map => deeper(|| write_map(out, value, desc))?,
            Kind::Tuple => {
                let mut entries = Entries::new(out, '[', ']');
                for field in desc.fields() {
                    let place = value.add(field.offset as usize);
                    write(entries.next(), place, field.desc())?;
                }
                entries.end();
            }
            Kind::NamedTuple | Kind::Struct | Kind::DynamicOutput => {
                let mut entries = Entries::new(out, '{', '}');
                for field in desc.fields() {
                    let out = entries.next();
                    quote(out, field.name.as_str());
                    out.push(':');
                    write(out, value.add(field.offset as usize), field.desc())?;
                }
                entries.end();
            }
            Kind::Enum if desc.is_json() => untyped::write_json(out, value, desc)?,
            Kind::Enum => write_case(out, value, desc)?,
            Kind::Closure | Kind::Json => {
                let message = format!("a {} has no JSON", desc.name.as_str());
                return Err(WriteError { message });
            }
        }
    }
    Ok(())
}

/// Brackets and commas.
struct Entries<'a> {
    out: &'a mut String,
    close: char,
    first: bool,
}

impl<'a> Entries<'a> {
    fn new(out: &'a mut String, open: char, close: char) -> Self {
        out.push(open);
        Self {
            out,
            close,
            first: true,
        }
    }

    fn next(&mut self) -> &mut String {
        if !self.first {
            self.out.push(',');
        }
        self.first = false;
        self.out
    }

    fn end(self) {
        self.out.push(self.close);
    }
}

fn path_text(bytes: &[u8]) -> Result<&str, WriteError> {
    std::str::from_utf8(bytes).map_err(|_| {
        let mut message = String::from("the path ");
        display::quoted(&mut message, &String::from_utf8_lossy(bytes));
        message.push_str(" is not UTF-8 and has no JSON");
        WriteError { message }
    })
}

unsafe fn write_option(
    out: &mut String,
    value: *const u8,
    desc: &TypeDesc,
) -> Result<(), WriteError> {
    // SAFETY: a valid option.
    unsafe {
        if value.read() == 0 {
            out.push_str("null");
            return Ok(());
        }
        let nested = matches!(desc.a().kind, Kind::Option | Kind::Unit);
        if nested {
            out.push('[');
        }
        write(out, value.add(desc.payload_offset()), desc.a())?;
        if nested {
            out.push(']');
        }
    }
    Ok(())
}

/// `"A"` for a case without payload, else `{"A": payload}`.
unsafe fn write_case(
    out: &mut String,
    value: *const u8,
    desc: &TypeDesc,
) -> Result<(), WriteError> {
    // SAFETY: a valid value; the payload begins where it does.
    unsafe {
        let Some(case) = case::of(value, desc) else {
            return Ok(());
        };
        if case::payload(case) == Payload::Nothing {
            quote(out, case.name.as_str());
            return Ok(());
        }
        out.push('{');
        quote(out, case.name.as_str());
        out.push(':');
        match (case::payload(case), case.desc().fields()) {
            (Payload::One, [field]) => {
                write(out, value.add(field.offset as usize), field.desc())?;
            }
            _ => write(out, value, case.desc())?,
        }
        out.push('}');
    }
    Ok(())
}

unsafe fn write_list(
    out: &mut String,
    elements: *mut ListHeader,
    desc: &TypeDesc,
) -> Result<(), WriteError> {
    let mut entries = Entries::new(out, '[', ']');
    let mut result = Ok(());
    // SAFETY: a valid list.
    unsafe {
        list::for_each(elements, desc, |element| {
            if result.is_ok() {
                result = write(entries.next(), element, desc.a());
            }
        });
    }
    entries.end();
    result
}

/// Calls `visit` with every entry until it fails.
unsafe fn each(
    value: *const u8,
    mut visit: impl FnMut(*mut u8, *mut u8) -> Result<(), WriteError>,
) -> Result<(), WriteError> {
    let mut position = 0;
    // SAFETY: a valid map or set.
    unsafe {
        let entries = value.cast::<*mut MapHeader>().read();
        while let Some((key, value)) = map::next(entries, &mut position) {
            visit(key, value)?;
        }
    }
    Ok(())
}

unsafe fn write_map(out: &mut String, value: *const u8, desc: &TypeDesc) -> Result<(), WriteError> {
    // SAFETY: a valid map.
    unsafe {
        let (key_type, value_type) = (desc.a(), desc.b());
        if !matches!(key_type.kind, Kind::Str | Kind::Int) {
            let mut entries = Entries::new(out, '[', ']');
            each(value, |key, value| {
                let out = entries.next();
                out.push('[');
                write(out, key, key_type)?;
                out.push(',');
                write(out, value, value_type)?;
                out.push(']');
                Ok(())
            })?;
            entries.end();
            return Ok(());
        }
        let mut entries = Entries::new(out, '{', '}');
        each(value, |key, value| {
            let out = entries.next();
            let quotes = if key_type.kind == Kind::Int { "\"" } else { "" };
            out.push_str(quotes);
            write(out, key, key_type)?;
            out.push_str(quotes);
            out.push(':');
            write(out, value, value_type)
        })?;
        entries.end();
    }
    Ok(())
}

/// Appends a text as a JSON string.
pub fn quote(out: &mut String, value: &str) {
    out.push('"');
    let mut rest = value;
    // Whole runs at once: hardly any character needs an escape.
    while let Some(at) = rest.find(|c: char| c < ' ' || matches!(c, '"' | '\\' | '\u{7f}')) {
        let (run, from) = rest.split_at(at);
        out.push_str(run);
        let mut chars = from.chars();
        match chars.next().unwrap_or_default() {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out.push('"');
}
