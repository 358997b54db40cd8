//! JSON as values of a type.

use dynop_abi::desc::{Kind, TypeDesc};
use dynop_abi::layout::{ListHeader, StrRepr};

use super::lexer::{JsonError, Lexer, Token};
use super::untyped;
use crate::case::{self, Payload};
use crate::depth::deeper;
use crate::memory::NoMemory;
use crate::owned::Owned;
use crate::{base64, calendar, constant, list, map, text};

/// The value of a type that a JSON text writes.
///
/// # Errors
/// Where the text is no JSON or not of the type; the message says where.
pub fn read(source: &str, desc: &'static TypeDesc) -> Result<Owned, JsonError> {
    let mut lexer = Lexer::new(source);
    let value = read_from(&mut lexer, desc)?;
    lexer.end()?;
    Ok(value)
}

/// The value of a type that comes next.
///
/// # Errors
/// As [`read`].
pub fn read_from(lexer: &mut Lexer<'_>, desc: &'static TypeDesc) -> Result<Owned, JsonError> {
    let value = Owned::zeroed(desc).map_err(|error| memory(lexer, error))?;
    // SAFETY: the place holds zeroes, a valid value of the type, and stays valid at each step.
    unsafe { read_to(lexer, value.as_ptr(), desc)? };
    Ok(value)
}

fn memory(lexer: &Lexer<'_>, _: NoMemory) -> JsonError {
    lexer.error("out of memory")
}

fn mismatch(lexer: &Lexer<'_>, desc: &TypeDesc, found: &Token) -> JsonError {
    lexer.error(format!("expected {}, found {found}", desc.name.as_str()))
}

/// Reads a value over zeroes.
pub(super) unsafe fn read_to(
    lexer: &mut Lexer<'_>,
    place: *mut u8,
    desc: &'static TypeDesc,
) -> Result<(), JsonError> {
    // SAFETY: each arm writes what its kind of type is, over zeroes.
    unsafe {
        match desc.kind {
            Kind::Option => read_option(lexer, place, desc),
            Kind::List => deeper(|| read_list(lexer, place.cast(), desc)),
            Kind::Box | Kind::BoxOption => deeper(|| read_box(lexer, place.cast(), desc)),
            Kind::Set => read_set(lexer, place.cast(), desc),
            Kind::Map => deeper(|| read_map(lexer, place.cast(), desc)),
            Kind::Tuple => read_tuple(lexer, place, desc),
            Kind::NamedTuple | Kind::Struct => read_object(lexer, place, desc),
            Kind::Enum if desc.is_json() => untyped::read_json(lexer, place, desc),
            Kind::Enum => read_case(lexer, place, desc),
            Kind::Range => {
                let mut bounds = [0_i64; 2];
                let whole = Lexer::clone(lexer);
                open(lexer, b'[', desc)?;
                for (index, bound) in bounds.iter_mut().enumerate() {
                    let token = if lexer.more(b']', index == 0)? {
                        lexer.token()?
                    } else {
                        Token::Null
                    };
                    *bound = int(&token).ok_or_else(|| whole.error("expected [start, end]"))?;
                }
                lexer.expect(b']')?;
                place.cast::<[i64; 2]>().write(bounds);
                Ok(())
            }
            _ => {
                let token = lexer.token()?;
                scalar(lexer, &token, place, desc)
            }
        }
    }
}

/// Writes a value that is one token.
unsafe fn scalar(
    lexer: &Lexer<'_>,
    token: &Token,
    place: *mut u8,
    desc: &'static TypeDesc,
) -> Result<(), JsonError> {
    let text = |bytes: &[u8]| text::new(bytes).map_err(|error| memory(lexer, error));
    // SAFETY: each arm writes what its kind of type is, over zeroes.
    unsafe {
        match (desc.kind, token) {
            (Kind::Unit, Token::Null) => {}
            (Kind::Int, Token::Number(_)) => match int(token) {
                Some(number) => place.cast::<i64>().write(number),
                None => return Err(mismatch(lexer, desc, token)),
            },
            (Kind::Float, _) => match float(token) {
                Some(number) => place.cast::<f64>().write(number),
                None => return Err(mismatch(lexer, desc, token)),
            },
            (Kind::Bool, Token::Bool(truth)) => place.write(u8::from(*truth)),
            (Kind::Str, Token::Str(value)) => {
                place.cast::<StrRepr>().write(text(value.as_bytes())?);
            }
            (Kind::Path, Token::Str(value)) if !value.contains('\0') => {
                place.cast::<StrRepr>().write(text(value.as_bytes())?);
            }
            (Kind::Bytes, Token::Str(value)) => {
                let bytes = base64::decode(value)
                    .ok_or_else(|| lexer.error(format!("expected base64, found {token}")))?;
                place.cast::<StrRepr>().write(text(&bytes)?);
            }
            (Kind::Duration, Token::Number(seconds)) => {
                let nanoseconds = nanoseconds(seconds)
                    .ok_or_else(|| lexer.error(format!("{token} seconds are no Duration")))?;
                place.cast::<i64>().write(nanoseconds);
            }
            (Kind::Time, Token::Str(value)) => {
                let time = calendar::parse_time(value).ok_or_else(|| {
                    let example = "2026-01-31T12:00:00Z";
                    lexer.error(format!("expected a time like \"{example}\", found {token}"))
                })?;
                place.cast::<i64>().write(time);
            }
            _ => return Err(mismatch(lexer, desc, token)),
        }
    }
    Ok(())
}

fn int(token: &Token) -> Option<i64> {
    match token {
        Token::Number(text) => text.parse().ok(),
        _ => None,
    }
}

fn float(token: &Token) -> Option<f64> {
    match token {
        Token::Number(text) => text.parse::<f64>().ok().filter(|number| number.is_finite()),
        Token::Str(name) => match name.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    }
}

/// A decimal number of seconds as nanoseconds, exact; digits behind the ninth are cut off.
fn nanoseconds(seconds: &str) -> Option<i64> {
    if seconds.contains(['e', 'E']) {
        let number = seconds.parse::<f64>().ok()? * 1e9;
        let fits = number.abs() < 9_223_372_036_854_775_808.0;
        return fits.then_some(number as i64);
    }
    let (negative, size) = match seconds.strip_prefix('-') {
        Some(size) => (true, size),
        None => (false, seconds),
    };
    let (whole, fraction) = size.split_once('.').unwrap_or((size, ""));
    let fraction = &fraction[..fraction.len().min(9)];
    let whole = whole.parse::<i128>().ok()?.checked_mul(1_000_000_000)?;
    let fraction = format!("{fraction:0<9}").parse::<i128>().ok()?;
    let total = if negative {
        -(whole + fraction)
    } else {
        whole + fraction
    };
    i64::try_from(total).ok()
}

fn open(lexer: &mut Lexer<'_>, bracket: u8, desc: &TypeDesc) -> Result<(), JsonError> {
    if lexer.eat(bracket) {
        return Ok(());
    }
    let found = lexer.token()?;
    Err(mismatch(lexer, desc, &found))
}

unsafe fn read_option(
    lexer: &mut Lexer<'_>,
    place: *mut u8,
    desc: &'static TypeDesc,
) -> Result<(), JsonError> {
    if lexer.peek() == b'n' {
        lexer.token()?;
        return Ok(());
    }
    let nested = matches!(desc.a().kind, Kind::Option | Kind::Unit);
    if nested {
        open(lexer, b'[', desc)?;
    }
    // SAFETY: zero bits of the payload are valid; the tag is set once it is there.
    unsafe {
        read_to(lexer, place.add(desc.payload_offset()), desc.a())?;
        place.write(1);
    }
    if nested {
        lexer.expect(b']')?;
    }
    Ok(())
}

unsafe fn read_list(
    lexer: &mut Lexer<'_>,
    place: *mut *mut ListHeader,
    desc: &'static TypeDesc,
) -> Result<(), JsonError> {
    open(lexer, b'[', desc)?;
    let element = Owned::zeroed(desc.a()).map_err(|error| memory(lexer, error))?;
    let mut index = 0;
    while lexer.more(b']', index == 0)? {
        let path = lexer.enter_index(index);
        // SAFETY: the element is moved in, and its place zeroed again. The list is ours.
        unsafe {
            read_to(lexer, element.as_ptr(), desc.a())?;
            list::push(place, element.as_ptr(), desc).map_err(|error| memory(lexer, error))?;
            std::ptr::write_bytes(element.as_ptr(), 0, desc.a().size as usize);
        }
        lexer.leave(path);
        index += 1;
    }
    Ok(())
}

/// What is in a buffer of its own: `null` is the `none` of an optional one.
unsafe fn read_box(
    lexer: &mut Lexer<'_>,
    place: *mut *mut ListHeader,
    desc: &'static TypeDesc,
) -> Result<(), JsonError> {
    if desc.kind == Kind::BoxOption && lexer.peek() == b'n' {
        lexer.token()?;
        return Ok(());
    }
    let item = read_from(lexer, desc.a())?;
    // SAFETY: the item is moved in, and its place zeroed. The box is ours and empty.
    unsafe {
        list::push(place, item.as_ptr(), desc).map_err(|error| memory(lexer, error))?;
        std::ptr::write_bytes(item.as_ptr(), 0, desc.a().size as usize);
    }
    Ok(())
}

unsafe fn read_set(
    lexer: &mut Lexer<'_>,
    place: *mut *mut map::MapHeader,
    desc: &'static TypeDesc,
) -> Result<(), JsonError> {
    open(lexer, b'[', desc)?;
    let mut index = 0;
    while lexer.more(b']', index == 0)? {
        let path = lexer.enter_index(index);
        let key = read_from(lexer, desc.a())?;
        // SAFETY: the set is ours; the key is copied in.
        unsafe { map::slot(place, key.as_ptr(), desc) }.map_err(|error| memory(lexer, error))?;
        lexer.leave(path);
        index += 1;
    }
    Ok(())
}

unsafe fn read_map(
    lexer: &mut Lexer<'_>,
    place: *mut *mut map::MapHeader,
    desc: &'static TypeDesc,
) -> Result<(), JsonError> {
    let is_object = matches!(desc.a().kind, Kind::Str | Kind::Int);
    let (bracket, close) = if is_object {
        (b'{', b'}')
    } else {
        (b'[', b']')
    };
    open(lexer, bracket, desc)?;
    let mut index = 0;
    while lexer.more(close, index == 0)? {
        let (key, path) = if is_object {
            let name = lexer.key()?;
            let path = lexer.enter_field(&name);
            (object_key(lexer, name, desc.a())?, path)
        } else {
            let path = lexer.enter_index(index);
            open(lexer, b'[', desc)?;
            let key = read_from(lexer, desc.a())?;
            lexer.expect(b',')?;
            (key, path)
        };
        let value = read_from(lexer, desc.b())?;
        if !is_object {
            lexer.expect(b']')?;
        }
        // SAFETY: the map is ours; of a key that comes twice the last value stays.
        unsafe {
            let slot =
                map::slot(place, key.as_ptr(), desc).map_err(|error| memory(lexer, error))?;
            std::ptr::swap_nonoverlapping(slot.value, value.as_ptr(), desc.b().size as usize);
        }
        lexer.leave(path);
        index += 1;
    }
    Ok(())
}

fn object_key(
    lexer: &Lexer<'_>,
    name: String,
    desc: &'static TypeDesc,
) -> Result<Owned, JsonError> {
    let key = Owned::zeroed(desc).map_err(|error| memory(lexer, error))?;
    // One way to write a number as a key: `"+1"` and `"01"` would be other texts for the same key.
    let is_number = |text: &str| text.parse::<i64>().is_ok_and(|n| n.to_string() == text);
    let token = if desc.kind == Kind::Int && is_number(&name) {
        Token::Number(name)
    } else {
        Token::Str(name)
    };
    // SAFETY: over zeroes.
    unsafe { scalar(lexer, &token, key.as_ptr(), desc)? };
    Ok(key)
}

unsafe fn read_tuple(
    lexer: &mut Lexer<'_>,
    place: *mut u8,
    desc: &'static TypeDesc,
) -> Result<(), JsonError> {
    open(lexer, b'[', desc)?;
    let fields = desc.fields();
    let mut index = 0;
    while lexer.more(b']', index == 0)? {
        let Some(field) = fields.get(index) else {
            let wanted = fields.len();
            return Err(lexer.error(format!("expected {wanted} elements, found more")));
        };
        let path = lexer.enter_index(index);
        // SAFETY: the field lies within the tuple.
        unsafe { read_to(lexer, place.add(field.offset as usize), field.desc())? };
        lexer.leave(path);
        index += 1;
    }
    if index < fields.len() {
        let wanted = fields.len();
        return Err(lexer.error(format!("expected {wanted} elements, found {index}")));
    }
    Ok(())
}

/// `"A"` for a case without payload, else `{"A": payload}`.
unsafe fn read_case(
    lexer: &mut Lexer<'_>,
    place: *mut u8,
    desc: &'static TypeDesc,
) -> Result<(), JsonError> {
    let is_object = lexer.peek() == b'{';
    let name = if is_object {
        lexer.expect(b'{')?;
        if !lexer.more(b'}', true)? {
            return Err(lexer.error(format!("expected {}, found {{}}", desc.name.as_str())));
        }
        lexer.key()?
    } else {
        match lexer.token()? {
            Token::Str(name) => name,
            found => return Err(mismatch(lexer, desc, &found)),
        }
    };
    let mut cases = desc.fields().iter().zip(0_u64..);
    let Some((case, tag)) = cases.find(|(case, _)| case.name.as_str() == name) else {
        return Err(unknown_case(lexer, desc, &name));
    };
    let payload = case::payload(case);
    if is_object == (payload == Payload::Nothing) {
        let holds = if is_object { "nothing" } else { "a value" };
        let form = if is_object {
            format!("\"{name}\"")
        } else {
            format!("{{\"{name}\": …}}")
        };
        return Err(lexer.error(format!(
            "the case {name} of {} holds {holds}: expected {form}",
            desc.name.as_str()
        )));
    }
    if is_object {
        let path = lexer.enter_field(&name);
        // SAFETY: the parts lie within the value, which holds zeroes; the tag is set once they are there.
        unsafe {
            match (payload, case.desc().fields()) {
                (Payload::One, [field]) => {
                    read_to(lexer, place.add(field.offset as usize), field.desc())?;
                }
                _ => read_to(lexer, place, case.desc())?,
            }
        }
        lexer.leave(path);
        if lexer.more(b'}', false)? {
            return Err(lexer.error("expected one case, found more"));
        }
    }
    // SAFETY: the tag is the first word.
    unsafe { place.cast::<u64>().write(tag) };
    Ok(())
}

fn unknown_case(lexer: &Lexer<'_>, desc: &TypeDesc, name: &str) -> JsonError {
    let cases: Vec<&str> = desc
        .fields()
        .iter()
        .map(|case| case.name.as_str())
        .collect();
    lexer.error(format!(
        "{} has no case {name:?}; it has {}",
        desc.name.as_str(),
        cases.join(", ")
    ))
}

unsafe fn read_object(
    lexer: &mut Lexer<'_>,
    place: *mut u8,
    desc: &'static TypeDesc,
) -> Result<(), JsonError> {
    open(lexer, b'{', desc)?;
    let fields = desc.fields();
    let mut seen = vec![false; fields.len()];
    let mut first = true;
    while lexer.more(b'}', first)? {
        first = false;
        let name = lexer.key()?;
        let Some(index) = fields.iter().position(|field| field.name.as_str() == name) else {
            lexer.skip()?;
            continue;
        };
        let path = lexer.enter_field(&name);
        if std::mem::replace(&mut seen[index], true) {
            return Err(lexer.error("the field is there twice"));
        }
        let field = &fields[index];
        // SAFETY: the field lies within the aggregate, and was not read yet.
        unsafe { read_to(lexer, place.add(field.offset as usize), field.desc())? };
        lexer.leave(path);
    }
    for (field, _) in fields.iter().zip(&seen).filter(|(_, seen)| !**seen) {
        // SAFETY: the field lies within the aggregate, and was not read.
        let written = unsafe { constant::write_default(place.add(field.offset as usize), field) };
        let written = written.map_err(|_| lexer.error("out of memory"))?;
        if !written
            && !matches!(
                field.desc().kind,
                Kind::Option | Kind::BoxOption | Kind::Unit
            )
        {
            return Err(lexer.error(format!(
                "the field `{}` of {} is missing",
                field.name.as_str(),
                desc.name.as_str()
            )));
        }
    }
    Ok(())
}
