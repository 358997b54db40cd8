//! Values as JSON and back, by type descriptor; the rules are those of the language reference.

use std::fmt::Write;

use dynop_abi::desc::{Kind, TypeDesc};
use dynop_abi::layout::{LIST_DATA, ListHeader, StrRepr};
use dynop_abi::plan::Const;
use dynop_values::map;
use dynop_values::text;
use serde_json::Value;

/// Appends a value.
///
/// # Errors
/// A message for what JSON can't hold: functions, a path that is not UTF-8.
///
/// # Safety
/// `value` holds a value of `desc`.
pub(crate) unsafe fn write(
    out: &mut String,
    value: *const u8,
    desc: &'static TypeDesc,
) -> Result<(), String> {
    // SAFETY: the value has the shape that its descriptor says.
    unsafe {
        match desc.kind {
            Kind::Unit => out.push_str("null"),
            Kind::Int => {
                let _ = write!(out, "{}", value.cast::<i64>().read());
            }
            Kind::Float => float(out, value.cast::<f64>().read()),
            Kind::Bool => out.push_str(if value.read() == 0 { "false" } else { "true" }),
            Kind::Str => string(out, text::as_str(&*value.cast::<StrRepr>())),
            Kind::Path => match std::str::from_utf8(text::bytes(&*value.cast::<StrRepr>())) {
                Ok(path) => string(out, path),
                Err(_) => return Err("a path is not UTF-8 text".into()),
            },
            Kind::Duration => float(out, value.cast::<i64>().read() as f64 / 1e9),
            Kind::List => {
                let list = value.cast::<*mut ListHeader>().read();
                let item = desc.a();
                out.push('[');
                let len = if list.is_null() {
                    0
                } else {
                    (*list).len as usize
                };
                for index in 0..len {
                    if index > 0 {
                        out.push(',');
                    }
                    write(
                        out,
                        list.cast::<u8>()
                            .add(LIST_DATA + index * item.size as usize),
                        item,
                    )?;
                }
                out.push(']');
            }
            Kind::Map => return entries(out, value, desc),
            Kind::Set => {
                let mut position = 0;
                let map = value.cast::<*mut map::MapHeader>().read();
                out.push('[');
                let mut first = true;
                while let Some((key, _)) = map::next(map, &mut position) {
                    if !std::mem::take(&mut first) {
                        out.push(',');
                    }
                    write(out, key, desc.a())?;
                }
                out.push(']');
            }
            Kind::Option => {
                if value.read() == 0 {
                    out.push_str("null");
                } else {
                    write(out, value.add(desc.payload_offset()), desc.a())?;
                }
            }
            Kind::Range => {
                let [start, end] = value.cast::<[i64; 2]>().read();
                let _ = write!(out, "[{start},{end}]");
            }
            Kind::Tuple | Kind::NamedTuple | Kind::Struct => return fields(out, value, desc),
            Kind::Bytes
            | Kind::Time
            | Kind::Json
            | Kind::Enum
            | Kind::Closure
            | Kind::DynamicOutput => {
                return Err(format!("`{}` has no JSON form", desc.name.as_str()));
            }
        }
    }
    Ok(())
}

unsafe fn fields(
    out: &mut String,
    value: *const u8,
    desc: &'static TypeDesc,
) -> Result<(), String> {
    let named = desc.kind != Kind::Tuple;
    out.push(if named { '{' } else { '[' });
    for (index, field) in desc.fields().iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        if named {
            string(out, field.name.as_str());
            out.push(':');
        }
        // SAFETY: the field lies in the value.
        unsafe { write(out, value.add(field.offset as usize), field.desc())? };
    }
    out.push(if named { '}' } else { ']' });
    Ok(())
}

/// Keys that are texts or numbers make an object; others a list of pairs.
unsafe fn entries(
    out: &mut String,
    value: *const u8,
    desc: &'static TypeDesc,
) -> Result<(), String> {
    let object = matches!(desc.a().kind, Kind::Str | Kind::Int | Kind::Path);
    out.push(if object { '{' } else { '[' });
    // SAFETY: the value is a map of `desc`.
    unsafe {
        let map = value.cast::<*mut map::MapHeader>().read();
        let mut position = 0;
        let mut first = true;
        while let Some((key, value)) = map::next(map, &mut position) {
            if !std::mem::take(&mut first) {
                out.push(',');
            }
            match (object, desc.a().kind) {
                (true, Kind::Int) => {
                    let _ = write!(out, "\"{}\":", key.cast::<i64>().read());
                }
                (true, _) => {
                    write(out, key, desc.a())?;
                    out.push(':');
                }
                (false, _) => {
                    out.push('[');
                    write(out, key, desc.a())?;
                    out.push(',');
                }
            }
            write(out, value, desc.b())?;
            if !object {
                out.push(']');
            }
        }
    }
    out.push(if object { '}' } else { ']' });
    Ok(())
}

/// The shortest text that reads back as the same number; what JSON has no number for is a string.
fn float(out: &mut String, value: f64) {
    if value.is_nan() {
        out.push_str("\"NaN\"");
    } else if value.is_infinite() {
        out.push_str(if value > 0.0 {
            "\"Infinity\""
        } else {
            "\"-Infinity\""
        });
    } else {
        let _ = write!(out, "{value:?}");
    }
}

/// A text in quotes.
pub(crate) fn string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if (c as u32) < 0x20 => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// What a JSON value is as a constant of a type.
///
/// # Errors
/// Where it does not fit: the JSON path, what is wanted and what was found.
pub(crate) fn read(value: &Value, desc: &'static TypeDesc, path: &str) -> Result<Const, String> {
    let wrong = || {
        let found = match value {
            Value::Null => "null".to_owned(),
            Value::Array(_) => "a list".into(),
            Value::Object(_) => "an object".into(),
            other => other.to_string(),
        };
        let at = if path.is_empty() {
            String::new()
        } else {
            format!("at {path}: ")
        };
        format!("{at}expected {}, found {found}", desc.name.as_str())
    };
    let list = |values: &[Value], item: &'static TypeDesc| {
        values
            .iter()
            .enumerate()
            .map(|(index, one)| read(one, item, &format!("{path}[{index}]")))
            .collect::<Result<Vec<_>, _>>()
    };
    Ok(match (desc.kind, value) {
        (Kind::Unit, Value::Null) => Const::Unit,
        (Kind::Option, Value::Null) => Const::None,
        (Kind::Option, value) => Const::Some(Box::new(read(value, desc.a(), path)?)),
        (Kind::Int, Value::Number(number)) => Const::Int(number.as_i64().ok_or_else(wrong)?),
        (Kind::Float, Value::Number(number)) => {
            Const::Float(number.as_f64().ok_or_else(wrong)?.to_bits())
        }
        (Kind::Float, Value::String(word)) => Const::Float(
            match word.as_str() {
                "NaN" => f64::NAN,
                "Infinity" => f64::INFINITY,
                "-Infinity" => f64::NEG_INFINITY,
                _ => return Err(wrong()),
            }
            .to_bits(),
        ),
        (Kind::Bool, Value::Bool(truth)) => Const::Bool(*truth),
        (Kind::Str | Kind::Path, Value::String(text)) => Const::Str(text.clone()),
        (Kind::Duration, Value::Number(number)) => {
            let nanoseconds = number.as_f64().ok_or_else(wrong)? * 1e9;
            Const::Int(nanoseconds.round() as i64)
        }
        (Kind::List | Kind::Set, Value::Array(values)) => Const::List(list(values, desc.a())?),
        (Kind::Map, Value::Object(entries)) => {
            let mut read_entries = Vec::new();
            for (key, value) in entries {
                let at = format!("{path}.{key}");
                let key = match desc.a().kind {
                    Kind::Str | Kind::Path => Const::Str(key.clone()),
                    Kind::Int => Const::Int(
                        key.parse()
                            .map_err(|_| format!("at {at}: the key is no Int"))?,
                    ),
                    _ => return Err(wrong()),
                };
                read_entries.push((key, read(value, desc.b(), &at)?));
            }
            Const::Map(read_entries)
        }
        (Kind::Tuple, Value::Array(values)) if values.len() == desc.fields().len() => {
            let fields = desc.fields().iter().zip(values).enumerate();
            Const::Tuple(
                fields
                    .map(|(index, (field, one))| {
                        read(one, field.desc(), &format!("{path}[{index}]"))
                    })
                    .collect::<Result<_, _>>()?,
            )
        }
        (Kind::NamedTuple | Kind::Struct, Value::Object(entries)) => {
            let mut fields = Vec::new();
            for field in desc.fields() {
                let name = field.name.as_str();
                let at = format!("{path}.{name}");
                fields.push(match entries.get(name) {
                    Some(value) => read(value, field.desc(), &at)?,
                    None if field.desc().kind == Kind::Option => Const::None,
                    None => {
                        return Err(format!(
                            "at {at}: missing, expected {}",
                            field.desc().name.as_str()
                        ));
                    }
                });
            }
            Const::Tuple(fields)
        }
        _ => return Err(wrong()),
    })
}
