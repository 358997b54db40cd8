//! One cell of a table (`csv.dyn`), or one group of a match (`regex.dyn`), as a value of a type, and back.

use dynop_abi::desc::{Kind, TypeDesc};
use dynop_abi::layout::StrRepr;
use dynop_values::failing::Failure;
use dynop_values::{display, json, text};

/// What is wrong with a cell: a text for a message behind the column's name.
type Wrong = String;

/// Which cells stand for `none`.
pub(crate) struct Missing(Vec<String>);

impl Missing {
    /// Those that hold one of these texts.
    pub(crate) fn of(texts: Vec<String>) -> Self {
        Self(texts)
    }

    /// None does.
    pub(crate) fn nothing() -> Self {
        Self(Vec::new())
    }

    fn has(&self, cell: &str) -> bool {
        self.0.iter().any(|text| text == cell)
    }
}

/// Reads a cell over zeroes. What is written stays valid also where it fails.
///
/// # Safety
/// `place` has room for a `desc` and holds zeroes.
pub(crate) unsafe fn read(
    place: *mut u8,
    desc: &'static TypeDesc,
    cell: &str,
    missing: &Missing,
) -> Result<(), Wrong> {
    // SAFETY: each arm writes what its kind of type is.
    unsafe {
        match desc.kind {
            Kind::Option if missing.has(cell) => {}
            Kind::Option => {
                read(place.add(desc.payload_offset()), desc.a(), cell, missing)?;
                place.write(1);
            }
            Kind::Str | Kind::Path => {
                let text = text::new(cell.as_bytes()).map_err(|_| "out of memory")?;
                place.cast::<StrRepr>().write(text);
            }
            Kind::Int => {
                let number = cell.trim().parse::<i64>();
                let number = number.map_err(|_| wrong(cell, desc))?;
                place.cast::<i64>().write(number);
            }
            Kind::Float => {
                let number = cell.trim().parse::<f64>();
                let number = number.map_err(|_| wrong(cell, desc))?;
                place.cast::<f64>().write(number);
            }
            Kind::Bool => {
                let truth = truth(cell.trim()).ok_or_else(|| wrong(cell, desc))?;
                place.write(u8::from(truth));
            }
            _ => {
                let value = parse(cell, desc)?;
                let size = desc.size as usize;
                std::ptr::copy_nonoverlapping(value.as_ptr(), place, size);
                std::ptr::write_bytes(value.as_ptr(), 0, size);
            }
        }
    }
    Ok(())
}

fn wrong(cell: &str, desc: &TypeDesc) -> Wrong {
    if cell.is_empty() {
        return format!("the cell is empty, where {} is wanted", a_type(desc));
    }
    let mut message = String::new();
    let shown: String = cell.chars().take(60).collect();
    display::quoted(&mut message, &shown);
    message.push_str(if shown.len() < cell.len() { "…" } else { "" });
    message + " is no " + desc.name.as_str()
}

fn a_type(desc: &TypeDesc) -> String {
    let name = desc.name.as_str();
    let article = if name.starts_with(['A', 'E', 'I', 'O']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {name}")
}

fn truth(cell: &str) -> Option<bool> {
    let is = |words: [&str; 3]| words.iter().any(|word| cell.eq_ignore_ascii_case(word));
    if is(["true", "yes", "1"]) {
        Some(true)
    } else {
        is(["false", "no", "0"]).then_some(false)
    }
}

/// Any other type stands in a cell as its JSON does, a string without its quotes.
fn parse(cell: &str, desc: &'static TypeDesc) -> Result<dynop_values::Owned, Wrong> {
    let is_text = match desc.kind {
        Kind::Time | Kind::Bytes => true,
        Kind::Enum => !cell.trim_start().starts_with('{'),
        _ => false,
    };
    let read = if is_text {
        let mut quoted = String::new();
        json::quote(&mut quoted, cell);
        json::read(&quoted, desc)
    } else {
        json::read(cell, desc)
    };
    read.map_err(|error| format!("{}: {error}", wrong(cell, desc)))
}

/// Appends what a cell holds, not quoted yet.
///
/// # Safety
/// `place` points to a valid value of `desc`.
pub(crate) unsafe fn write(
    out: &mut Vec<u8>,
    place: *const u8,
    desc: &TypeDesc,
) -> Result<(), Failure> {
    // SAFETY: by the descriptor.
    unsafe {
        match desc.kind {
            Kind::Option if place.read() == 0 => Ok(()),
            Kind::Option => write(out, place.add(desc.payload_offset()), desc.a()),
            Kind::Str => {
                out.extend_from_slice(text::bytes(&*place.cast::<StrRepr>()));
                Ok(())
            }
            Kind::Path => {
                let bytes = text::bytes(&*place.cast::<StrRepr>());
                if std::str::from_utf8(bytes).is_err() {
                    let shown = String::from_utf8_lossy(bytes);
                    return Err(format!("the path {shown} is not UTF-8").into());
                }
                out.extend_from_slice(bytes);
                Ok(())
            }
            _ => {
                let mut json = String::new();
                json::write(&mut json, place, desc).map_err(|error| error.message)?;
                // The strings that types other than `Str` and `Path` have as their JSON hold nothing to escape.
                let is_string = json.len() > 1 && json.starts_with('"') && json.ends_with('"');
                let bare = if is_string {
                    &json[1..json.len() - 1]
                } else {
                    &json
                };
                out.extend_from_slice(bare.as_bytes());
                Ok(())
            }
        }
    }
}
