//! Values of enums: which case a value is of, and where its payload lies.
//!
//! An enum is a tag (the index of the case, 8 bytes) and the payloads of all cases behind one another, those of the other
//! cases all zero. The descriptor of a payload is a tuple whose fields have the offsets that they have in the enum, so
//! that its value begins where the enum does.

use dynop_abi::desc::{FieldDesc, Kind, TypeDesc};

/// The index of a value's case.
///
/// # Safety
/// `value` points to a valid value of an enum.
#[inline]
pub unsafe fn tag(value: *const u8) -> u64 {
    // SAFETY: the tag is the first word.
    unsafe { value.cast::<u64>().read() }
}

/// The case of a value: its name, and its payload as a tuple that begins where the value does. `None` is no value of the
/// type.
///
/// # Safety
/// `value` points to a valid value of `desc`, an enum.
#[inline]
pub unsafe fn of(value: *const u8, desc: &TypeDesc) -> Option<&'static FieldDesc> {
    // SAFETY: the caller's promise.
    let tag = unsafe { tag(value) };
    desc.fields().get(usize::try_from(tag).ok()?)
}

/// What a case holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Payload {
    /// Nothing.
    Nothing,
    /// One value without a name.
    One,
    /// Several values without names, or values with names: a tuple.
    Several,
}

/// What a case holds.
pub fn payload(case: &FieldDesc) -> Payload {
    match (case.desc().kind, case.desc().fields().len()) {
        (_, 0) => Payload::Nothing,
        (Kind::Tuple, 1) => Payload::One,
        _ => Payload::Several,
    }
}

/// The name of an enum without its type arguments.
pub fn enum_name(desc: &TypeDesc) -> &'static str {
    let name = desc.name.as_str();
    name.split_once('<').map_or(name, |(name, _)| name)
}
