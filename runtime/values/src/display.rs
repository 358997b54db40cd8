//! Values as the language writes them.

use std::fmt::Write;

use dynop_abi::desc::{FieldDesc, Kind, TypeDesc};
use dynop_abi::layout::{ListHeader, StrRepr};

use crate::case::{self, Payload};
use crate::depth::deeper;
use crate::{calendar, json, list, map, text};

/// Appends a value as an f-string shows it: a text as it is, everything else (texts within, too) as the language writes
/// it.
///
/// # Safety
/// `value` points to a valid value of `desc`.
pub unsafe fn show(out: &mut String, value: *const u8, desc: &TypeDesc) {
    match desc.kind {
        Kind::Str | Kind::Path => {
            // SAFETY: a text. A path may hold anything: what is not UTF-8 is shown as U+FFFD.
            let bytes = unsafe { text::bytes(&*value.cast::<StrRepr>()) };
            out.push_str(&String::from_utf8_lossy(bytes));
        }
        // SAFETY: the caller's promise.
        _ => unsafe { write(out, value, desc) },
    }
}

/// Appends a value as the language writes it: texts in quotes.
///
/// # Safety
/// `value` points to a valid value of `desc`.
pub unsafe fn write(out: &mut String, value: *const u8, desc: &TypeDesc) {
    // SAFETY: by the descriptor.
    unsafe {
        match desc.kind {
            Kind::Unit => out.push_str("()"),
            Kind::Int => push(out, format_args!("{}", value.cast::<i64>().read())),
            Kind::Float => float(out, value.cast::<f64>().read()),
            Kind::Bool => out.push_str(if value.read() == 0 { "false" } else { "true" }),
            Kind::Str | Kind::Path => {
                let bytes = text::bytes(&*value.cast::<StrRepr>());
                quoted(out, &String::from_utf8_lossy(bytes));
            }
            Kind::Bytes => write_bytes(out, text::bytes(&*value.cast::<StrRepr>())),
            Kind::Duration => out.push_str(&calendar::duration_text(value.cast::<i64>().read())),
            Kind::Time => out.push_str(&calendar::time_text(value.cast::<i64>().read())),
            Kind::Range => {
                let [start, end] = value.cast::<[i64; 2]>().read();
                push(out, format_args!("{start}..{end}"));
            }
            Kind::Box => deeper(|| {
                let item = value.cast::<*mut ListHeader>().read();
                list::for_each(item, desc, |item| write(out, item, desc.a()));
            }),
            Kind::BoxOption => deeper(|| {
                let item = value.cast::<*mut ListHeader>().read();
                if list::len(item) == 0 {
                    out.push_str("none");
                } else {
                    out.push_str("some(");
                    write(out, list::data(item), desc.a());
                    out.push(')');
                }
            }),
            Kind::List => deeper(|| {
                let mut separator = "[";
                list::for_each(value.cast::<*mut ListHeader>().read(), desc, |element| {
                    out.push_str(separator);
                    write(out, element, desc.a());
                    separator = ", ";
                });
                out.push_str(if separator == "[" { "[]" } else { "]" });
            }),
            Kind::Map => deeper(|| write_map(out, value, desc)),
            Kind::Set => {
                out.push_str("Set([");
                let mut separator = "";
                map::for_each(value.cast::<*mut map::MapHeader>().read(), |key, _| {
                    out.push_str(separator);
                    write(out, key, desc.a());
                    separator = ", ";
                });
                out.push_str("])");
            }
            Kind::Option => {
                if value.read() == 0 {
                    out.push_str("none");
                } else {
                    out.push_str("some(");
                    write(out, value.add(desc.payload_offset()), desc.a());
                    out.push(')');
                }
            }
            Kind::Tuple | Kind::NamedTuple => write_fields(out, value, desc.fields()),
            Kind::Struct => {
                // `Pair` of `Pair<Int, Str>`, as a value is written.
                out.push_str(case::enum_name(desc));
                write_fields(out, value, desc.fields());
            }
            Kind::DynamicOutput => {
                out.push_str("DynamicOutput");
                write_fields(out, value, desc.fields());
            }
            Kind::Enum if desc.is_json() => {
                // Only paths have no JSON, and a `Json` holds none.
                let _ = json::write(out, value, desc);
            }
            Kind::Enum => write_case(out, value, desc),
            Kind::Closure | Kind::Json => {
                push(out, format_args!("<{}>", desc.name.as_str()));
            }
        }
    }
}

fn push(out: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a `String` can't fail.
    let _ = out.write_fmt(arguments);
}

unsafe fn write_map(out: &mut String, value: *const u8, desc: &TypeDesc) {
    let mut separator = "[";
    // SAFETY: a valid map.
    unsafe {
        map::for_each(value.cast::<*mut map::MapHeader>().read(), |key, value| {
            out.push_str(separator);
            write(out, key, desc.a());
            out.push_str(": ");
            write(out, value, desc.b());
            separator = ", ";
        });
    }
    out.push_str(if separator == "[" { "[:]" } else { "]" });
}

/// `Shape.Circle(2.0)`
unsafe fn write_case(out: &mut String, value: *const u8, desc: &TypeDesc) {
    // SAFETY: a valid value; the payload begins where it does.
    unsafe {
        let Some(case) = case::of(value, desc) else {
            return;
        };
        push(
            out,
            format_args!("{}.{}", case::enum_name(desc), case.name.as_str()),
        );
        match (case::payload(case), case.desc().fields()) {
            (Payload::One, [field]) => {
                out.push('(');
                write(out, value.add(field.offset as usize), field.desc());
                out.push(')');
            }
            (Payload::Nothing, _) => {}
            (_, fields) => write_fields(out, value, fields),
        }
    }
}

unsafe fn write_fields(out: &mut String, value: *const u8, fields: &'static [FieldDesc]) {
    out.push('(');
    for (index, field) in fields.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        let name = field.name.as_str();
        if !name.is_empty() {
            push(out, format_args!("{name}: "));
        }
        // SAFETY: the field lies within the aggregate.
        unsafe { write(out, value.add(field.offset as usize), field.desc()) }
    }
    if fields.len() == 1 && fields[0].name.as_str().is_empty() {
        out.push(',');
    }
    out.push(')');
}

unsafe fn write_bytes(out: &mut String, bytes: &[u8]) {
    out.push_str("b\"");
    for &byte in bytes {
        match byte {
            b'"' | b'\\' => push(out, format_args!("\\{}", byte as char)),
            b' '..=b'~' => out.push(byte as char),
            _ => push(out, format_args!("\\x{byte:02x}")),
        }
    }
    out.push('"');
}

/// A float: the shortest text that reads back as the same number, always with a point or an exponent.
pub fn float(out: &mut String, number: f64) {
    if number.is_nan() {
        out.push_str("NaN");
    } else if number.is_infinite() {
        out.push_str(if number > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        });
    } else {
        push(out, format_args!("{number:?}"));
    }
}

/// A text in quotes, with escapes where they are needed.
pub fn quoted(out: &mut String, value: &str) {
    out.push('"');
    for char in value.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => push(out, format_args!("\\u{{{:x}}}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// A value as the language writes it, cut off where it becomes long: for messages.
///
/// # Safety
/// `value` points to a valid value of `desc`.
pub unsafe fn brief(value: *const u8, desc: &TypeDesc) -> String {
    // SAFETY: the caller's promise.
    unsafe { excerpt(value, desc, 200) }
}

/// The same, cut off behind so many characters.
///
/// # Safety
/// `value` points to a valid value of `desc`.
pub unsafe fn excerpt(value: *const u8, desc: &TypeDesc, longest: usize) -> String {
    let mut out = String::new();
    // SAFETY: the caller's promise.
    unsafe { write(&mut out, value, desc) };
    if let Some((at, _)) = out.char_indices().nth(longest) {
        out.truncate(at);
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::constant::materialise;
    use crate::memory::live_buffers;
    use crate::testing::*;
    use dynop_abi::plan::Const;

    fn shown(value: &Const, desc: &'static TypeDesc) -> String {
        let value = materialise(value, desc).expect("it is of the type");
        let mut out = String::new();
        // SAFETY: a valid value.
        unsafe { show(&mut out, value.as_ptr(), desc) };
        out
    }

    fn text(value: &str) -> Const {
        Const::Str(value.into())
    }

    #[test]
    fn values_as_the_language_writes_them() {
        let pair = [("", int()), ("", str_type())];
        let row = [("n", int()), ("name", str_type())];
        let one = Const::Tuple(vec![Const::Int(1), text("x")]);
        let cases = [
            (text("a \"b\""), str_type(), "a \"b\""),
            (
                Const::List(vec![text("a\n")]),
                list_of(str_type()),
                "[\"a\\n\"]",
            ),
            (Const::Map(vec![]), map_of(str_type(), int()), "[:]"),
            (
                Const::Map(vec![(text("a"), Const::Int(1)), (text("b"), Const::Int(2))]),
                map_of(str_type(), int()),
                "[\"a\": 1, \"b\": 2]",
            ),
            (Const::List(vec![Const::Int(3)]), set_of(int()), "Set([3])"),
            (Const::None, option_of(int()), "none"),
            (
                Const::Some(Box::new(text("a"))),
                option_of(str_type()),
                "some(\"a\")",
            ),
            (
                one.clone(),
                aggregate(Kind::Tuple, "(Int, Str)", &pair),
                "(1, \"x\")",
            ),
            (
                one.clone(),
                aggregate(Kind::NamedTuple, "(n: …)", &row),
                "(n: 1, name: \"x\")",
            ),
            (
                one,
                aggregate(Kind::Struct, "Row", &row),
                "Row(n: 1, name: \"x\")",
            ),
            (
                Const::Tuple(vec![Const::Int(1)]),
                aggregate(Kind::Tuple, "(Int,)", &[("", int())]),
                "(1,)",
            ),
            (
                Const::Bytes(b"a\xff\"".to_vec()),
                simple(Kind::Bytes, "Bytes"),
                "b\"a\\xff\\\"\"",
            ),
            (
                Const::Int(90_000_000_000),
                simple(Kind::Duration, "Duration"),
                "90s",
            ),
            (
                Const::Tuple(vec![Const::Int(0), Const::Int(5)]),
                simple(Kind::Range, "Range"),
                "0..5",
            ),
            (Const::Unit, simple(Kind::Unit, "()"), "()"),
        ];
        for (value, desc, wanted) in cases {
            assert_eq!(shown(&value, desc), wanted);
        }
        assert_eq!(live_buffers(), 0);
    }
}
