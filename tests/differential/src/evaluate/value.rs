//! Values of the evaluator: how they are compared, ordered and shown.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::fmt::Write;
use std::rc::Rc;

use dynop_ir::{AggregateKind, Boxed, FunctionId, Type, TypeId, Types};

/// A value. What is behind an `Rc` is changed through `Rc::make_mut`, so that copies are copies.
#[derive(Clone, Debug)]
pub enum Value {
    /// `()`
    Unit,
    /// `Int`, `Duration` and `Time`.
    Int(i64),
    /// `Float`
    Float(f64),
    /// `Bool`
    Bool(bool),
    /// `Str`, `Path` and `Bytes`.
    Text(Rc<Vec<u8>>),
    /// Lists, and the buffers of types that hold themselves.
    List(Rc<Vec<Value>>),
    /// The entries of a map in their order; of a set, with `()`.
    Map(Rc<Vec<(Value, Value)>>),
    /// Aggregates and ranges.
    Fields(Vec<Value>),
    /// The payload is zero bits where there is none.
    Option(bool, Box<Value>),
    /// Case, and the payloads of all cases: zero bits but for its own.
    Enum(u32, Vec<Value>),
    /// Captures are one closure's, however often it was copied.
    Closure(Option<(FunctionId, Rc<RefCell<Vec<Value>>>)>),
}

impl Value {
    /// A `Str`.
    pub fn text(text: &str) -> Self {
        Self::Text(Rc::new(text.as_bytes().to_vec()))
    }

    /// An option; `zero` is the payload of `none`.
    pub fn option(value: Option<Value>, zero: Value) -> Self {
        match value {
            Some(value) => Self::Option(true, Box::new(value)),
            None => Self::Option(false, Box::new(zero)),
        }
    }

    /// The number of an `Int`.
    pub fn int(&self) -> i64 {
        match self {
            Self::Int(n) => *n,
            other => unreachable!("{other:?} is no integer"),
        }
    }

    /// What a text holds.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(bytes) => bytes,
            other => unreachable!("{other:?} is no text"),
        }
    }

    /// The same as text.
    pub fn str(&self) -> &str {
        std::str::from_utf8(self.bytes()).expect("a text is UTF-8")
    }

    /// The elements of a list.
    pub fn list(&self) -> &[Value] {
        match self {
            Self::List(list) => list,
            other => unreachable!("{other:?} is no list"),
        }
    }

    /// The entries of a map or set.
    pub fn entries(&self) -> &[(Value, Value)] {
        match self {
            Self::Map(entries) => entries,
            other => unreachable!("{other:?} is no map"),
        }
    }

    /// Where a key is among the entries of a map.
    pub fn find(&self, key: &Value) -> Option<usize> {
        let mut entries = self.entries().iter();
        entries.position(|(other, _)| equal(other, key))
    }

    /// The elements, to be changed.
    pub fn list_mut(&mut self) -> &mut Vec<Value> {
        match self {
            Self::List(list) => Rc::make_mut(list),
            other => unreachable!("{other:?} is no list"),
        }
    }

    /// The entries, to be changed.
    pub fn entries_mut(&mut self) -> &mut Vec<(Value, Value)> {
        match self {
            Self::Map(entries) => Rc::make_mut(entries),
            other => unreachable!("{other:?} is no map"),
        }
    }

    /// The bytes, to be changed.
    pub fn bytes_mut(&mut self) -> &mut Vec<u8> {
        match self {
            Self::Text(bytes) => Rc::make_mut(bytes),
            other => unreachable!("{other:?} is no text"),
        }
    }
}

/// `==`: floats by IEEE, maps and sets regardless of order, functions never.
pub fn equal(a: &Value, b: &Value) -> bool {
    let all =
        |a: &[Value], b: &[Value]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b));
    match (a, b) {
        (Value::Unit, Value::Unit) => true,
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::Float(a), Value::Float(b)) => a == b,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Text(a), Value::Text(b)) => a == b,
        (Value::List(a), Value::List(b)) => all(a, b),
        (Value::Fields(a), Value::Fields(b)) => all(a, b),
        (Value::Option(some, a), Value::Option(other, b)) => {
            some == other && (!some || equal(a, b))
        }
        (Value::Enum(case, a), Value::Enum(other, b)) => case == other && all(a, b),
        (Value::Map(of_a), Value::Map(of_b)) => {
            of_a.len() == of_b.len()
                && of_a
                    .iter()
                    .all(|(key, value)| b.find(key).is_some_and(|at| equal(value, &of_b[at].1)))
        }
        _ => false,
    }
}

/// The order by which composed values are compared and sorted: NaN behind all other floats.
pub fn order(a: &Value, b: &Value) -> Ordering {
    let all = |a: &[Value], b: &[Value]| {
        let mut orders = a.iter().zip(b).map(|(a, b)| order(a, b));
        orders.find(|order| order.is_ne())
    };
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Float(a), Value::Float(b)) => a
            .partial_cmp(b)
            .unwrap_or_else(|| a.is_nan().cmp(&b.is_nan())),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        (Value::List(a), Value::List(b)) => all(a, b).unwrap_or(a.len().cmp(&b.len())),
        (Value::Fields(a), Value::Fields(b)) => all(a, b).unwrap_or(Ordering::Equal),
        (Value::Option(some, a), Value::Option(other, b)) => {
            some.cmp(other).then_with(|| order(a, b))
        }
        (Value::Enum(case, a), Value::Enum(other, b)) => case
            .cmp(other)
            .then_with(|| all(a, b).unwrap_or(Ordering::Equal)),
        _ => Ordering::Equal,
    }
}

/// Appends a value as an f-string shows it: a text as it is, everything else as the language writes it.
pub fn show(out: &mut String, value: &Value, ty: TypeId, types: &Types) {
    match types.get(ty) {
        Type::Str | Type::Path => out.push_str(&String::from_utf8_lossy(value.bytes())),
        _ => write(out, value, ty, types),
    }
}

/// Appends a value as the language writes it.
pub fn write(out: &mut String, value: &Value, ty: TypeId, types: &Types) {
    match (types.get(ty), value) {
        (Type::Unit, _) => out.push_str("()"),
        (Type::Int, Value::Int(n)) => {
            let _ = write!(out, "{n}");
        }
        (Type::Float, Value::Float(x)) => out.push_str(&float(*x)),
        (Type::Bool, Value::Bool(b)) => out.push_str(if *b { "true" } else { "false" }),
        (Type::Str | Type::Path, text) => quoted(out, &String::from_utf8_lossy(text.bytes())),
        (Type::Bytes, bytes) => write_bytes(out, bytes.bytes()),
        (Type::Range, Value::Fields(ends)) => {
            let _ = write!(out, "{}..{}", ends[0].int(), ends[1].int());
        }
        (Type::List(item), list) => {
            let parts = list.list().iter();
            separated(out, ("[", "]"), parts, |out, part| {
                write(out, part, *item, types);
            });
        }
        (Type::Set(item), set) => {
            let parts = set.entries().iter();
            separated(out, ("Set([", "])"), parts, |out, (key, _)| {
                write(out, key, *item, types);
            });
        }
        (Type::Map(..), map) if map.entries().is_empty() => out.push_str("[:]"),
        (Type::Map(key_type, value_type), map) => {
            let parts = map.entries().iter();
            separated(out, ("[", "]"), parts, |out, (key, value)| {
                write(out, key, *key_type, types);
                out.push_str(": ");
                write(out, value, *value_type, types);
            });
        }
        (Type::Option(inner), Value::Option(some, payload)) => {
            write_option(out, some.then_some(&**payload), *inner, types);
        }
        (Type::Box(inner, Boxed::Option), item) => {
            write_option(out, item.list().first(), *inner, types);
        }
        (Type::Box(inner, Boxed::Value), item) => {
            if let Some(item) = item.list().first() {
                write(out, item, *inner, types);
            }
        }
        (Type::Aggregate(one), Value::Fields(values)) => {
            if one.kind == AggregateKind::Struct {
                out.push_str(one.name.split('<').next().unwrap_or_default());
            }
            let names: Vec<_> = one.fields.iter().map(|(name, ty)| (&**name, *ty)).collect();
            write_fields(out, &names, values, types);
        }
        (Type::Enum(one), Value::Enum(case, values)) => {
            let before = one.parts_before(*case);
            let case = &one.variants[*case as usize];
            let name = one.name.split('<').next().unwrap_or_default();
            let _ = write!(out, "{name}.{}", case.name);
            let payload = case.payload.iter();
            let names: Vec<_> = payload.map(|(name, ty)| (&**name, *ty)).collect();
            match names[..] {
                [] => {}
                [("", ty)] => {
                    out.push('(');
                    write(out, &values[before], ty, types);
                    out.push(')');
                }
                _ => write_fields(out, &names, &values[before..before + names.len()], types),
            }
        }
        (ty, value) => unreachable!("{value:?} of {ty:?} is not shown"),
    }
}

fn separated<T>(
    out: &mut String,
    (open, close): (&str, &str),
    parts: impl Iterator<Item = T>,
    mut each: impl FnMut(&mut String, T),
) {
    out.push_str(open);
    for (index, part) in parts.enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        each(out, part);
    }
    out.push_str(close);
}

fn write_option(out: &mut String, payload: Option<&Value>, inner: TypeId, types: &Types) {
    match payload {
        None => out.push_str("none"),
        Some(value) => {
            out.push_str("some(");
            write(out, value, inner, types);
            out.push(')');
        }
    }
}

fn write_fields(out: &mut String, names: &[(&str, TypeId)], values: &[Value], types: &Types) {
    let parts = names.iter().zip(values);
    separated(out, ("(", ""), parts, |out, ((name, ty), value)| {
        if !name.is_empty() {
            let _ = write!(out, "{name}: ");
        }
        write(out, value, *ty, types);
    });
    out.push_str(if matches!(names, [("", _)]) {
        ",)"
    } else {
        ")"
    });
}

fn write_bytes(out: &mut String, bytes: &[u8]) {
    out.push_str("b\"");
    for &byte in bytes {
        let _ = match byte {
            b'"' | b'\\' => write!(out, "\\{}", byte as char),
            b' '..=b'~' => write!(out, "{}", byte as char),
            _ => write!(out, "\\x{byte:02x}"),
        };
    }
    out.push('"');
}

/// A float as the language writes it.
pub fn float(number: f64) -> String {
    if number.is_nan() {
        "NaN".to_owned()
    } else if number == f64::INFINITY {
        "Infinity".to_owned()
    } else if number == f64::NEG_INFINITY {
        "-Infinity".to_owned()
    } else {
        format!("{number:?}")
    }
}

/// A text in quotes, with escapes where they are needed.
pub fn quoted(out: &mut String, text: &str) {
    out.push('"');
    for char in text.chars() {
        let _ = match char {
            '"' | '\\' => write!(out, "\\{char}"),
            '\n' => write!(out, "\\n"),
            '\r' => write!(out, "\\r"),
            '\t' => write!(out, "\\t"),
            c if c.is_control() => write!(out, "\\u{{{:x}}}", u32::from(c)),
            c => write!(out, "{c}"),
        };
    }
    out.push('"');
}
