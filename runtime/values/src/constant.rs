//! Constants of the plan as values.

use dynop_abi::desc::{FieldDesc, Kind, TypeDesc};
use dynop_abi::layout::{ListHeader, StrRepr};
use dynop_abi::plan::Const;

use crate::map::{self, MapHeader};
use crate::memory::NoMemory;
use crate::owned::Owned;
use crate::{list, text};

/// Why a constant is no value of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConstError {
    /// There is no memory.
    Memory,
    /// The plan and the descriptors disagree: the compiler made a mistake.
    Mismatch,
}

impl From<NoMemory> for ConstError {
    fn from(_: NoMemory) -> Self {
        Self::Memory
    }
}

/// A constant as a value of a type, owned by the caller.
///
/// # Errors
/// Where there is no memory, or the constant is none of that type.
pub fn materialise(constant: &Const, desc: &'static TypeDesc) -> Result<Owned, ConstError> {
    let value = Owned::zeroed(desc)?;
    // SAFETY: the place holds zeroes, a valid value of the type. It stays valid at each step, so that it can be
    // released when a later part fails.
    unsafe { write(constant, value.as_ptr(), desc)? };
    Ok(value)
}

/// Writes a field's default over zeroes; false where it has none.
///
/// # Errors
/// Where there is no memory.
///
/// # Safety
/// `place` has room for the field's value and holds zeroes.
pub unsafe fn write_default(place: *mut u8, field: &'static FieldDesc) -> Result<bool, ConstError> {
    let bytes = field.default.as_bytes();
    if bytes.is_empty() {
        return Ok(false);
    }
    let constant = Const::decode(bytes).map_err(|_| ConstError::Mismatch)?;
    // SAFETY: the caller's promise.
    unsafe { write(&constant, place, field.desc())? };
    Ok(true)
}

/// Writes a constant over zeroes.
unsafe fn write(
    constant: &Const,
    place: *mut u8,
    desc: &'static TypeDesc,
) -> Result<(), ConstError> {
    // SAFETY: each arm writes what its kind of type is, over zeroes.
    unsafe {
        match (constant, desc.kind) {
            (Const::Unit, Kind::Unit) | (Const::None, Kind::Option | Kind::BoxOption) => {}
            (Const::Some(inner), Kind::BoxOption) => write_box(inner, place.cast(), desc)?,
            (inner, Kind::Box) => write_box(inner, place.cast(), desc)?,
            (Const::Int(number), Kind::Int | Kind::Duration | Kind::Time) => {
                place.cast::<i64>().write(*number);
            }
            (Const::Float(bits), Kind::Float) => place.cast::<u64>().write(*bits),
            (Const::Bool(truth), Kind::Bool) => place.write(u8::from(*truth)),
            (Const::Str(value), Kind::Str | Kind::Path) => {
                place.cast::<StrRepr>().write(text::new(value.as_bytes())?);
            }
            (Const::Bytes(value), Kind::Bytes) => {
                place.cast::<StrRepr>().write(text::new(value)?);
            }
            (Const::Some(inner), Kind::Option) => {
                place.write(1);
                write(inner, place.add(desc.payload_offset()), desc.a())?;
            }
            (Const::List(elements), Kind::List) => write_list(elements, place.cast(), desc)?,
            (Const::List(elements), Kind::Set) => {
                for element in elements {
                    let key = materialise(element, desc.a())?;
                    map::slot(place.cast(), key.as_ptr(), desc)?;
                }
            }
            (Const::Map(entries), Kind::Map) => write_map(entries, place.cast(), desc)?,
            (Const::Tuple(parts), Kind::Tuple | Kind::NamedTuple | Kind::Struct) => {
                write_fields(parts, place, desc.fields())?;
            }
            (Const::Tuple(parts), Kind::Enum) => write_case(parts, place, desc)?,
            (Const::Tuple(bounds), Kind::Range) => {
                let [Const::Int(start), Const::Int(end)] = bounds.as_slice() else {
                    return Err(ConstError::Mismatch);
                };
                place.cast::<[i64; 2]>().write([*start, *end]);
            }
            _ => return Err(ConstError::Mismatch),
        }
    }
    Ok(())
}

/// A case: its index, and its payload.
unsafe fn write_case(
    parts: &[Const],
    place: *mut u8,
    desc: &'static TypeDesc,
) -> Result<(), ConstError> {
    let Some((Const::Int(tag), payload)) = parts.split_first() else {
        return Err(ConstError::Mismatch);
    };
    let case = usize::try_from(*tag).ok();
    let case = case.and_then(|index| desc.fields().get(index));
    let case = case.ok_or(ConstError::Mismatch)?;
    // SAFETY: the tag is the first word, and the payload begins where the value does.
    unsafe {
        write_fields(payload, place, case.desc().fields())?;
        place.cast::<i64>().write(*tag);
    }
    Ok(())
}

unsafe fn write_fields(
    parts: &[Const],
    place: *mut u8,
    fields: &'static [FieldDesc],
) -> Result<(), ConstError> {
    if parts.len() != fields.len() {
        return Err(ConstError::Mismatch);
    }
    for (part, field) in parts.iter().zip(fields) {
        // SAFETY: the field lies within the aggregate.
        unsafe { write(part, place.add(field.offset as usize), field.desc())? }
    }
    Ok(())
}

unsafe fn write_box(
    inner: &Const,
    place: *mut *mut ListHeader,
    desc: &'static TypeDesc,
) -> Result<(), ConstError> {
    // SAFETY: as for a list of one element.
    unsafe { write_list(std::slice::from_ref(inner), place, desc) }
}

unsafe fn write_list(
    elements: &[Const],
    place: *mut *mut ListHeader,
    desc: &'static TypeDesc,
) -> Result<(), ConstError> {
    // SAFETY: the list is ours; a materialised element is moved in, and its memory left as zeroes.
    unsafe {
        list::reserve(place, elements.len(), desc)?;
        for element in elements {
            let value = materialise(element, desc.a())?;
            list::push(place, value.as_ptr(), desc)?;
            std::ptr::write_bytes(value.as_ptr(), 0, desc.a().size as usize);
        }
    }
    Ok(())
}

unsafe fn write_map(
    entries: &[(Const, Const)],
    place: *mut *mut MapHeader,
    desc: &'static TypeDesc,
) -> Result<(), ConstError> {
    for (key, value) in entries {
        let key = materialise(key, desc.a())?;
        // SAFETY: the map is ours; a key that comes again has its value replaced.
        unsafe {
            let slot = map::slot(place, key.as_ptr(), desc)?;
            let value = materialise(value, desc.b())?;
            let size = desc.b().size as usize;
            std::ptr::swap_nonoverlapping(slot.value, value.as_ptr(), size);
        }
    }
    Ok(())
}
