//! Maps and sets.

use dynop_abi::entries::types::{Ctx, Desc, I64, Ptr, U8};

use super::memory::describe;
use crate::map;

/// The place of a key's value, borrowed; null if there is none.
///
/// # Safety
/// `map` is a place that holds a map of this type, `key` points to a valid key.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_map_get(map: Ptr, key: Ptr, map_type: Desc) -> Ptr {
    // SAFETY: the caller's promise.
    unsafe {
        map::get(
            map.cast::<*mut map::MapHeader>().read(),
            key,
            describe(map_type),
        )
    }
}

/// The place of a key's value for writing, zero bits if the key is new; null where there is no memory, of which nothing
/// is recorded.
///
/// # Safety
/// As for [`dyn_map_get`], and the caller owns the map; `found` has room for a byte.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_map_slot(
    _ctx: Ctx,
    map: Ptr,
    key: Ptr,
    map_type: Desc,
    found: Ptr,
) -> Ptr {
    // SAFETY: the caller's promise.
    unsafe {
        match map::slot(map.cast(), key, describe(map_type)) {
            Ok(slot) => {
                found.write(U8::from(slot.found));
                slot.value
            }
            Err(_) => std::ptr::null_mut(),
        }
    }
}

/// The place of a key's value for writing; null if the key is not there (or, which is as rare as it is final, where there
/// is no memory for a copy of a shared map; of that nothing is recorded).
///
/// # Safety
/// As for [`dyn_map_get`], and the caller owns the map.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_map_slot_existing(
    _ctx: Ctx,
    map: Ptr,
    key: Ptr,
    map_type: Desc,
) -> Ptr {
    // SAFETY: the caller's promise.
    unsafe {
        map::slot_existing(map.cast(), key, describe(map_type)).unwrap_or(std::ptr::null_mut())
    }
}

/// The next entry in order; 0 at the end.
///
/// # Safety
/// As for [`dyn_map_get`]; `position` points to an `Int` that began at 0 and was only moved here; `key` and `value` have
/// room for pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_map_next(
    map: Ptr,
    position: Ptr,
    key: Ptr,
    value: Ptr,
    _map_type: Desc,
) -> U8 {
    // SAFETY: the caller's promise.
    unsafe {
        let position = position.cast::<I64>();
        let mut at = usize::try_from(position.read()).unwrap_or(usize::MAX);
        let Some(entry) = map::next(map.cast::<*mut map::MapHeader>().read(), &mut at) else {
            return 0;
        };
        position.write(at as I64);
        key.cast::<Ptr>().write(entry.0);
        value.cast::<Ptr>().write(entry.1);
    }
    1
}
