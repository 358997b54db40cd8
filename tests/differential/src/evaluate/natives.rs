//! The native functions that random programs call, each written down once more from what its Dynop declaration promises.

use std::rc::Rc;

use super::Machine;
use super::failures::Failure;
use super::value::{Value, float, quoted};

/// What a native function gives.
type Given = Result<Value, Failure>;

fn bool(value: bool) -> Given {
    Ok(Value::Bool(value))
}

fn int(value: usize) -> Given {
    Ok(Value::Int(value as i64))
}

fn text(text: impl AsRef<str>) -> Given {
    Ok(Value::text(text.as_ref()))
}

fn bytes(bytes: &[u8]) -> Given {
    Ok(Value::Text(Rc::new(bytes.to_vec())))
}

fn texts<'t>(parts: impl Iterator<Item = &'t str>) -> Given {
    Ok(Value::List(Rc::new(parts.map(Value::text).collect())))
}

fn position(text: &str, at: Option<usize>) -> Given {
    let at = at.map(|at| Value::Int(text[..at].chars().count() as i64));
    Ok(Value::option(at, Value::Int(0)))
}

fn index(at: i64) -> usize {
    usize::try_from(at).unwrap_or(0)
}

/// What a failed reading says that it has read.
fn brief(text: &str) -> String {
    let mut shown = String::new();
    let start: String = text.chars().take(80).collect();
    quoted(&mut shown, &start);
    if start.len() < text.len() {
        shown.push('…');
    }
    shown
}

fn parse_int(text: &str) -> Given {
    let trimmed = text.trim();
    let digits = trimmed.strip_prefix(['-', '+']).unwrap_or(trimmed);
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    match trimmed.parse() {
        Ok(n) => Ok(Value::Int(n)),
        Err(_) if is_number => Err(Failure::Message(format!(
            "{} is more than an Int can hold",
            brief(text)
        ))),
        Err(_) => Err(Failure::Message(format!("{} is no integer", brief(text)))),
    }
}

fn float_to_int(number: f64) -> Given {
    let whole = number.trunc();
    // Both are exact, and the second is the first that is too large.
    if (-(2f64.powi(63))..2f64.powi(63)).contains(&whole) {
        return Ok(Value::Int(whole as i64));
    }
    Err(Failure::Message(format!("{} has no Int", float(number))))
}

/// A function of values alone; `None` if it is not known.
pub fn of_values(entry: &str, args: &[Value]) -> Option<Given> {
    Some(match (entry, args) {
        (_, [Value::Float(x)]) => match entry {
            "dyn_float_to_int" => float_to_int(*x),
            _ => Ok(Value::Float(match entry {
                "dyn_float_sqrt" => x.sqrt(),
                "dyn_float_floor" => x.floor(),
                "dyn_float_ceil" => x.ceil(),
                "dyn_float_round" => x.round(),
                "dyn_math_cbrt" => x.cbrt(),
                _ => return None,
            })),
        },
        ("dyn_set_contains", [set, value]) => bool(set.find(value).is_some()),
        ("dyn_str_from_code_points", [points]) => from_code_points(points),
        ("dyn_bytes_from_list", [values]) => from_list(values),
        (_, [Value::Text(_), ..]) if entry.starts_with("dyn_bytes_") => {
            return of_bytes(entry, args);
        }
        (_, [Value::Text(_), ..]) => return of_texts(entry, args),
        _ => return None,
    })
}

fn from_code_points(points: &Value) -> Given {
    let mut out = String::new();
    for point in points.list().iter().map(Value::int) {
        let char = u32::try_from(point).ok().and_then(char::from_u32);
        match char {
            Some(char) => out.push(char),
            None => {
                let message = format!("{point} is the code of no character");
                return Err(Failure::Message(message));
            }
        }
    }
    text(out)
}

fn from_list(values: &Value) -> Given {
    let mut out = Vec::new();
    for (index, value) in values.list().iter().map(Value::int).enumerate() {
        match u8::try_from(value) {
            Ok(byte) => out.push(byte),
            Err(_) => {
                let message = format!("{value} at index {index} is no byte (0 to 255)");
                return Err(Failure::Message(message));
            }
        }
    }
    bytes(&out)
}

fn of_bytes(entry: &str, args: &[Value]) -> Option<Given> {
    let data = args[0].bytes();
    Some(match (entry, &args[1..]) {
        ("dyn_bytes_len", []) => int(data.len()),
        ("dyn_bytes_to_str_lossy", []) => text(String::from_utf8_lossy(data)),
        ("dyn_bytes_to_str", []) => match std::str::from_utf8(data) {
            Ok(good) => text(good),
            Err(error) => {
                let at = error.valid_up_to();
                let message = format!("byte {at} (0x{:02x}) is not UTF-8", data[at]);
                Err(Failure::Message(message))
            }
        },
        ("dyn_bytes_to_hex", []) => {
            let digits: Vec<String> = data.iter().map(|byte| format!("{byte:02x}")).collect();
            text(digits.concat())
        }
        ("dyn_bytes_at", [at]) => match data.get(usize::try_from(at.int()).unwrap_or(usize::MAX)) {
            Some(&byte) => int(byte.into()),
            None => Err(Failure::Message(format!(
                "index {} of {} bytes",
                at.int(),
                data.len()
            ))),
        },
        ("dyn_bytes_slice", [start, end]) => {
            let (start, end) = (index(start.int()), index(end.int()));
            let (start, end) = (start.min(data.len()), end.min(data.len()));
            bytes(&data[start..end.max(start)])
        }
        ("dyn_bytes_find", [part]) => {
            let part = part.bytes();
            let found = (0..=data.len()).find(|at| data[*at..].starts_with(part));
            let found = found.map(|at| Value::Int(at as i64));
            Ok(Value::option(found, Value::Int(0)))
        }
        _ => return None,
    })
}

fn of_texts(entry: &str, args: &[Value]) -> Option<Given> {
    let given = args[0].str();
    let all = |is: fn(char) -> bool| bool(!given.is_empty() && given.chars().all(is));
    Some(match (entry, &args[1..]) {
        ("dyn_str_len", []) => int(given.chars().count()),
        ("dyn_str_byte_len", []) => int(given.len()),
        ("dyn_str_lower", []) => text(given.to_lowercase()),
        ("dyn_str_upper", []) => text(given.to_uppercase()),
        ("dyn_str_trim", []) => text(given.trim()),
        ("dyn_str_trim_start", []) => text(given.trim_start()),
        ("dyn_str_trim_end", []) => text(given.trim_end()),
        ("dyn_str_is_alphabetic", []) => all(char::is_alphabetic),
        ("dyn_str_is_numeric", []) => all(char::is_numeric),
        ("dyn_str_is_ascii", []) => bool(given.is_ascii()),
        ("dyn_str_to_bytes", []) => bytes(given.as_bytes()),
        ("dyn_str_words", []) => texts(given.split_whitespace()),
        ("dyn_str_lines", []) => texts(given.lines()),
        ("dyn_str_parse_int", []) => parse_int(given),
        ("dyn_str_parse_float", []) => match given.trim().parse() {
            Ok(x) => Ok(Value::Float(x)),
            Err(_) => Err(Failure::Message(format!("{} is no number", brief(given)))),
        },
        ("dyn_str_code_points", []) => {
            let points = given.chars().map(|c| Value::Int(u32::from(c).into()));
            Ok(Value::List(Rc::new(points.collect())))
        }
        ("dyn_str_split", [separator]) if separator.bytes().is_empty() => {
            let characters = given.char_indices();
            texts(characters.map(|(at, c)| &given[at..at + c.len_utf8()]))
        }
        ("dyn_str_split", [separator]) => texts(given.split(separator.str())),
        ("dyn_str_starts_with", [part]) => bool(given.starts_with(part.str())),
        ("dyn_str_ends_with", [part]) => bool(given.ends_with(part.str())),
        ("dyn_str_contains", [part]) => bool(given.contains(part.str())),
        ("dyn_str_find", [part]) => position(given, given.find(part.str())),
        ("dyn_str_find_last", [part]) => position(given, given.rfind(part.str())),
        ("dyn_str_repeat", [count]) => text(given.repeat(index(count.int()))),
        ("dyn_str_replace", [old, _]) if old.bytes().is_empty() => text(given),
        ("dyn_str_replace", [old, new]) => text(given.replace(old.str(), new.str())),
        ("dyn_str_slice", [start, end]) => {
            let (start, end) = (index(start.int()), index(end.int()));
            let part = given.chars().skip(start).take(end.saturating_sub(start));
            text(part.collect::<String>())
        }
        _ => return None,
    })
}

/// A function that changes what is at a place, which comes first.
pub fn in_place(
    machine: &mut Machine<'_>,
    entry: &str,
    place: &mut Value,
    args: &[Value],
) -> Option<Result<(), Failure>> {
    match (entry, args) {
        ("dyn_list_extend", [other]) => {
            machine.spend(other.list().len());
            place.list_mut().extend(other.list().iter().cloned());
        }
        ("dyn_list_truncate", [Value::Int(count)]) => {
            let Ok(count) = usize::try_from(*count) else {
                let message = format!("truncate to {count}: a list has at least 0 elements");
                return Some(Err(Failure::Message(message)));
            };
            place.list_mut().truncate(count);
        }
        ("dyn_map_remove" | "dyn_set_remove", [key]) => {
            if let Some(at) = place.find(key) {
                place.entries_mut().remove(at);
            }
        }
        ("dyn_set_insert", [key]) => {
            if place.find(key).is_none() {
                place.entries_mut().push((key.clone(), Value::Unit));
            }
        }
        _ => return None,
    }
    Some(Ok(()))
}
