//! Maps and sets: hash tables that keep their entries in the order of insertion.
//!
//! A set is a map whose values are `()`. Giving a key that is there a new value keeps its place; removing one keeps the
//! order of the others. The empty map may be null.

mod keys;
mod layout;
#[cfg(test)]
mod tests;

use dynop_abi::desc::{Kind, TypeDesc};

use crate::memory::{self, NoMemory};
use crate::{count, walk};
use keys::{Keys, Numbers, Others, Texts};
use layout::{ALIVE, KEY, REMOVED, entry, index, is_alive, value_type};

pub use layout::MapHeader;
pub(crate) use layout::free;

/// Number of entries.
///
/// # Safety
/// `map` is null or live.
#[inline]
pub unsafe fn len(map: *const MapHeader) -> usize {
    if map.is_null() {
        0
    } else {
        // SAFETY: live.
        unsafe { (*map).len as usize }
    }
}

/// Runs an expression with `$keys` standing for the code of the map's kind of keys.
macro_rules! by_kind {
    ($map_type:expr, $keys:ident => $body:expr) => {
        match $map_type.a().kind {
            Kind::Str | Kind::Path | Kind::Bytes => {
                type $keys = Texts;
                $body
            }
            Kind::Int | Kind::Duration | Kind::Time => {
                type $keys = Numbers;
                $body
            }
            _ => {
                type $keys = Others;
                $body
            }
        }
    };
}

/// The half of a hash that maps use.
fn half(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// Where a key is.
struct Found {
    /// In the index.
    at: usize,
    /// The number of its entry.
    number: usize,
}

unsafe fn find<K: Keys>(
    map: *mut MapHeader,
    hash: u32,
    key: *const u8,
    map_type: &TypeDesc,
) -> Option<Found> {
    // SAFETY: the caller has a live map; the index is never full, so that the search ends.
    unsafe {
        let mask = (*map).table as usize - 1;
        let index = index(map);
        let mut at = hash as usize & mask;
        loop {
            let word = index.add(at).read();
            let low = word as u32;
            if low == 0 {
                return None;
            }
            if (word >> 32) as u32 == hash && low != REMOVED {
                let number = low as usize - 1;
                if K::equal(entry(map, number).add(KEY), key, map_type.a()) {
                    return Some(Found { at, number });
                }
            }
            at = (at + 1) & mask;
        }
    }
}

/// The place of a key's value; null if there is none. Good until the map is next changed.
///
/// # Safety
/// `map` is null or a live map of `map_type`, `key` a valid key.
pub unsafe fn get(map: *mut MapHeader, key: *const u8, map_type: &TypeDesc) -> *mut u8 {
    // SAFETY: the caller's promise.
    unsafe {
        if len(map) == 0 {
            return std::ptr::null_mut();
        }
        by_kind!(map_type, K => {
            let hash = half(K::hash(key, map_type.a()));
            match find::<K>(map, hash, key, map_type) {
                Some(found) => {
                    // A shared map may be read by others at the same time.
                    if count::is_local(map.cast()) {
                        (*map).recent = found.number as u64;
                    }
                    entry(map, found.number).add((*map).value_offset as usize)
                }
                None => std::ptr::null_mut(),
            }
        })
    }
}

/// The place of a key's value, if the entry that was last read is the key's.
///
/// # Safety
/// `map` is live and of a kind of keys `K`, `key` a valid key.
#[inline]
unsafe fn recent<K: Keys>(map: *mut MapHeader, key: *const u8) -> Option<*mut u8> {
    // SAFETY: the number is checked; the entries below `used` are written.
    unsafe {
        let number = (*map).recent as usize;
        let is_it = number < (*map).used as usize
            && is_alive(map, number)
            && K::same(entry(map, number).add(KEY), key);
        is_it.then(|| entry(map, number).add((*map).value_offset as usize))
    }
}

/// Makes the map unshared, with room for `additional` more entries.
///
/// # Errors
/// Where there is no memory; the map is then as before.
///
/// # Safety
/// `place` holds a map of `map_type` that the caller owns.
pub unsafe fn reserve(
    place: *mut *mut MapHeader,
    additional: usize,
    map_type: &'static TypeDesc,
) -> Result<(), NoMemory> {
    // SAFETY: the caller's promise.
    unsafe {
        let map = *place;
        if map.is_null() {
            if additional > 0 {
                *place = layout::allocate(layout::table_for(additional)?, map_type)?;
            }
            return Ok(());
        }
        let unique = count::make_unique(map.cast());
        let (used, capacity) = ((*map).used as usize, (*map).capacity as usize);
        if unique && additional <= capacity - used {
            return Ok(());
        }
        let mut wanted = len(map).checked_add(additional).ok_or(NoMemory)?;
        // Dead entries are worth a rebuild at the same size only if that frees half of it, else the next one is near.
        if unique && wanted > capacity / 2 {
            wanted = wanted.max(capacity + 1);
        }
        *place = rebuild(map, layout::table_for(wanted)?, !unique, map_type)?;
        if unique {
            free(map);
        } else {
            walk::release_buffer(map.cast(), map_type);
        }
    }
    Ok(())
}

/// A new buffer with the live entries, which are moved, or copied if `copy`.
unsafe fn rebuild(
    map: *mut MapHeader,
    table: usize,
    copy: bool,
    map_type: &'static TypeDesc,
) -> Result<*mut MapHeader, NoMemory> {
    // SAFETY: both buffers are live; the new one has room for the live entries of the old.
    unsafe {
        let fresh = layout::allocate(table, map_type)?;
        let stride = (*map).stride as usize;
        let mut to = 0;
        for from in 0..(*map).used as usize {
            let old = entry(map, from);
            let word = old.cast::<u64>().read();
            if word & ALIVE == 0 {
                continue;
            }
            std::ptr::copy_nonoverlapping(old, entry(fresh, to), stride);
            layout::put_into_index(fresh, half(word), to);
            to += 1;
        }
        (*fresh).used = to as u64;
        (*fresh).len = to as u64;
        if !copy {
            memory::count_moved(to);
        }
        if copy {
            memory::count_copied(to);
            for_each(fresh, |key, value| {
                walk::retain(key, map_type.a());
                if let Some(ty) = value_type(map_type) {
                    walk::retain(value, ty);
                }
            });
        }
        Ok(fresh)
    }
}

/// What [`slot`] gives.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    /// The place of the value, good until the map is next changed.
    pub value: *mut u8,
    /// Whether the key was there; if not, the value is zero bits.
    pub found: bool,
}

/// Makes the map unshared and gives the place of a key's value; a new key is copied in.
///
/// # Errors
/// Where there is no memory; the map is then as before.
///
/// # Safety
/// `place` holds a map of `map_type` that the caller owns, `key` is a valid key outside of it.
pub unsafe fn slot(
    place: *mut *mut MapHeader,
    key: *const u8,
    map_type: &'static TypeDesc,
) -> Result<Slot, NoMemory> {
    // SAFETY: the caller's promise.
    unsafe { by_kind!(map_type, K => slot_by::<K>(place, key, map_type)) }
}

unsafe fn slot_by<K: Keys>(
    place: *mut *mut MapHeader,
    key: *const u8,
    map_type: &'static TypeDesc,
) -> Result<Slot, NoMemory> {
    // SAFETY: the caller's promise; `reserve` leaves an unshared map with room.
    unsafe {
        let mut map = *place;
        if !map.is_null()
            && count::is_local(map.cast())
            && let Some(value) = recent::<K>(map, key)
        {
            return Ok(Slot { value, found: true });
        }
        let hash = half(K::hash(key, map_type.a()));
        if !map.is_null() {
            if !count::make_unique(map.cast()) {
                reserve(place, 1, map_type)?;
                map = *place;
            }
            if let Some(found) = find::<K>(map, hash, key, map_type) {
                let value = entry(map, found.number).add((*map).value_offset as usize);
                return Ok(Slot { value, found: true });
            }
        }
        if map.is_null() || (*map).used == (*map).capacity {
            reserve(place, 1, map_type)?;
            map = *place;
        }
        let number = (*map).used as usize;
        let new = entry(map, number);
        std::ptr::write_bytes(new, 0, (*map).stride as usize);
        std::ptr::copy_nonoverlapping(key, new.add(KEY), map_type.a().size as usize);
        walk::retain(new.add(KEY), map_type.a());
        new.cast::<u64>().write((u64::from(hash) << 32) | ALIVE);
        layout::put_into_index(map, hash, number);
        (*map).used += 1;
        (*map).len += 1;
        let value = new.add((*map).value_offset as usize);
        Ok(Slot {
            value,
            found: false,
        })
    }
}

/// As [`slot`], but null if the key is not there; the map is then not touched.
///
/// # Errors
/// Where there is no memory; the map is then as before.
///
/// # Safety
/// As for [`slot`].
pub unsafe fn slot_existing(
    place: *mut *mut MapHeader,
    key: *const u8,
    map_type: &'static TypeDesc,
) -> Result<*mut u8, NoMemory> {
    // SAFETY: the caller's promise.
    unsafe {
        let value = get(*place, key, map_type);
        if value.is_null() || count::make_unique((*place).cast()) {
            return Ok(value);
        }
        reserve(place, 0, map_type)?;
        Ok(get(*place, key, map_type))
    }
}

/// Takes a key out. Gives whether it was there.
///
/// # Errors
/// Where there is no memory to unshare the map; it is then as before.
///
/// # Safety
/// As for [`slot`].
pub unsafe fn remove(
    place: *mut *mut MapHeader,
    key: *const u8,
    map_type: &'static TypeDesc,
) -> Result<bool, NoMemory> {
    // SAFETY: the caller's promise.
    unsafe {
        if get(*place, key, map_type).is_null() {
            return Ok(false);
        }
        reserve(place, 0, map_type)?;
        let map = *place;
        by_kind!(map_type, K => {
            let hash = half(K::hash(key, map_type.a()));
            let Some(found) = find::<K>(map, hash, key, map_type) else {
                return Ok(false);
            };
            let dead = entry(map, found.number);
            dead.cast::<u64>().write(0);
            index(map).add(found.at).write(u64::from(REMOVED));
            (*map).len -= 1;
            walk::release(dead.add(KEY), map_type.a());
            if let Some(ty) = value_type(map_type) {
                walk::release(dead.add((*map).value_offset as usize), ty);
            }
        });
    }
    Ok(true)
}

/// The first live entry at or behind a position, as (key, value); moves the position behind it.
///
/// # Safety
/// `map` is null or live; `position` began at 0 and was only moved here.
pub unsafe fn next(map: *mut MapHeader, position: &mut usize) -> Option<(*mut u8, *mut u8)> {
    if map.is_null() {
        return None;
    }
    // SAFETY: only numbers below `used` are looked at.
    unsafe {
        while *position < (*map).used as usize {
            let number = *position;
            *position += 1;
            if is_alive(map, number) {
                let at = entry(map, number);
                return Some((at.add(KEY), at.add((*map).value_offset as usize)));
            }
        }
    }
    None
}

/// Calls `each` with key and value of every entry, in order.
///
/// # Safety
/// `map` is null or live.
pub unsafe fn for_each(map: *mut MapHeader, mut each: impl FnMut(*mut u8, *mut u8)) {
    let mut position = 0;
    // SAFETY: the caller's promise.
    while let Some((key, value)) = unsafe { next(map, &mut position) } {
        each(key, value);
    }
}

/// Calls `each` for the counted parts of every entry.
///
/// # Safety
/// `map` is null or a live map of `map_type`.
pub(crate) unsafe fn for_each_counted(
    map: *mut MapHeader,
    map_type: &'static TypeDesc,
    each: &mut impl FnMut(*mut u8, &'static TypeDesc),
) {
    let key_type = map_type.a();
    let value_type = value_type(map_type).filter(|ty| !ty.is_plain());
    if key_type.is_plain() && value_type.is_none() {
        return;
    }
    // SAFETY: the caller's promise.
    unsafe {
        for_each(map, |key, value| {
            walk::counted_parts(key, key_type, each);
            if let Some(ty) = value_type {
                walk::counted_parts(value, ty, each);
            }
        });
    }
}
