//! Lists: one buffer, elements flat behind a [`ListHeader`]. The empty list may be null.

use std::sync::atomic::AtomicI32;

use dynop_abi::desc::TypeDesc;
use dynop_abi::layout::{Header, LIST_DATA, ListHeader};

use crate::memory::{self, NoMemory};
use crate::{count, walk};

/// The room of the first buffer of a list that grows by pushing.
const FIRST_CAPACITY: usize = 4;

/// Number of elements.
///
/// # Safety
/// `list` is null or live.
#[inline]
pub unsafe fn len(list: *const ListHeader) -> usize {
    if list.is_null() {
        0
    } else {
        // SAFETY: live.
        unsafe { (*list).len as usize }
    }
}

/// Where the elements begin.
///
/// # Safety
/// `list` is live.
#[inline]
pub unsafe fn data(list: *mut ListHeader) -> *mut u8 {
    // SAFETY: elements lie behind the header.
    unsafe { list.cast::<u8>().add(LIST_DATA) }
}

fn size_of(capacity: usize, list_type: &TypeDesc) -> Result<usize, NoMemory> {
    memory::size_of_array(LIST_DATA, capacity, list_type.a().size as usize)
}

/// An empty list with room.
///
/// # Errors
/// Where there is no memory.
pub fn with_capacity(capacity: usize, list_type: &TypeDesc) -> Result<*mut ListHeader, NoMemory> {
    let list: *mut ListHeader = memory::allocate(size_of(capacity, list_type)?)?.cast();
    let header = ListHeader {
        header: Header {
            count: AtomicI32::new(1),
            flags: 0,
        },
        len: 0,
        capacity: capacity as u64,
    };
    // SAFETY: fresh memory, large enough.
    unsafe { list.write(header) };
    Ok(list)
}

/// Gives the memory back; the elements are released already.
pub(crate) unsafe fn free(list: *mut ListHeader, list_type: &TypeDesc) {
    // SAFETY: the buffer was made by `with_capacity` with this capacity.
    unsafe {
        if let Ok(size) = size_of((*list).capacity as usize, list_type) {
            memory::free(list.cast(), size);
        }
    }
}

/// Calls `each` with the place of every element.
///
/// # Safety
/// `list` is null or a live list of `list_type`.
pub unsafe fn for_each(list: *mut ListHeader, list_type: &TypeDesc, mut each: impl FnMut(*mut u8)) {
    let stride = list_type.a().size as usize;
    // SAFETY: the caller's promise.
    unsafe {
        for index in 0..len(list) {
            each(data(list).add(index * stride));
        }
    }
}

/// Makes the list unshared, with room for `additional` more elements.
///
/// # Errors
/// Where there is no memory; the list is then as before.
///
/// # Safety
/// `place` holds a list of `list_type` that the caller owns.
pub unsafe fn reserve(
    place: *mut *mut ListHeader,
    additional: usize,
    list_type: &'static TypeDesc,
) -> Result<(), NoMemory> {
    // SAFETY: the caller's promise.
    unsafe {
        let list = *place;
        let old = len(list);
        let needed = old.checked_add(additional).ok_or(NoMemory)?;
        if list.is_null() {
            if needed > 0 {
                *place = with_capacity(needed, list_type)?;
            }
            return Ok(());
        }
        let capacity = (*list).capacity as usize;
        if !count::make_unique(list.cast()) {
            *place = copy(list, needed, list_type)?;
            walk::release_buffer(list.cast(), list_type);
            return Ok(());
        }
        if needed > capacity {
            let wanted = needed.max(capacity.saturating_mul(2));
            let moved = memory::reallocate(
                list.cast(),
                size_of(capacity, list_type)?,
                size_of(wanted, list_type)?,
            )?;
            memory::count_moved(old);
            *place = moved.cast();
            (**place).capacity = wanted as u64;
        }
    }
    Ok(())
}

/// Makes the list unshared and with room for one more: the slow way of `push`.
///
/// # Errors
/// Where there is no memory; the list is then as before.
///
/// # Safety
/// As for [`reserve`].
pub unsafe fn grow(
    place: *mut *mut ListHeader,
    list_type: &'static TypeDesc,
) -> Result<(), NoMemory> {
    // SAFETY: the caller's promise.
    unsafe {
        let old = len(*place);
        let additional = if old == 0 && (*place).is_null() {
            FIRST_CAPACITY
        } else {
            1
        };
        reserve(place, additional, list_type)
    }
}

/// Makes the list unshared.
///
/// # Errors
/// Where there is no memory; the list is then as before.
///
/// # Safety
/// As for [`reserve`].
pub unsafe fn unique(
    place: *mut *mut ListHeader,
    list_type: &'static TypeDesc,
) -> Result<(), NoMemory> {
    // SAFETY: the caller's promise.
    unsafe { reserve(place, 0, list_type) }
}

/// A copy of the list with its own buffer; elements gain an owner.
unsafe fn copy(
    list: *mut ListHeader,
    capacity: usize,
    list_type: &'static TypeDesc,
) -> Result<*mut ListHeader, NoMemory> {
    // SAFETY: `list` is live, `fresh` has room for as many elements.
    unsafe {
        let len = len(list);
        let fresh = with_capacity(capacity.max(len), list_type)?;
        append_copies(fresh, list, len, list_type);
        memory::count_copied(len);
        Ok(fresh)
    }
}

/// Copies the first `count` elements of `from` behind those of `to`, which has room.
unsafe fn append_copies(
    to: *mut ListHeader,
    from: *mut ListHeader,
    count: usize,
    list_type: &'static TypeDesc,
) {
    let element = list_type.a();
    let stride = element.size as usize;
    // SAFETY: the caller promises the room; the buffers are live.
    unsafe {
        let start = data(to).add((*to).len as usize * stride);
        std::ptr::copy_nonoverlapping(data(from), start, count * stride);
        (*to).len += count as u64;
        if !element.is_plain() {
            for index in 0..count {
                walk::retain(start.add(index * stride), element);
            }
        }
    }
}

/// Appends copies of the elements of another list.
///
/// # Errors
/// Where there is no memory; the list is then as before.
///
/// # Safety
/// As for [`reserve`]; `other` is null or a live list of the same type, also the same one.
pub unsafe fn extend(
    place: *mut *mut ListHeader,
    other: *mut ListHeader,
    list_type: &'static TypeDesc,
) -> Result<(), NoMemory> {
    // SAFETY: the caller's promise. The second owner keeps `other` alive and, if it is the same list, makes it shared,
    // so that `place` gets a copy.
    unsafe {
        let additional = len(other);
        if additional == 0 {
            return Ok(());
        }
        count::retain(other.cast());
        let room = reserve(place, additional, list_type);
        if room.is_ok() {
            append_copies(*place, other, additional, list_type);
        }
        walk::release_buffer(other.cast(), list_type);
        room
    }
}

/// Appends one value, which is moved in.
///
/// # Errors
/// Where there is no memory; the value is then still the caller's.
///
/// # Safety
/// As for [`reserve`]; `value` holds a value of the element type.
pub unsafe fn push(
    place: *mut *mut ListHeader,
    value: *const u8,
    list_type: &'static TypeDesc,
) -> Result<(), NoMemory> {
    // SAFETY: the caller's promise; `grow` makes room.
    unsafe {
        let list = *place;
        if list.is_null() || (*list).len == (*list).capacity || !count::make_unique(list.cast()) {
            grow(place, list_type)?;
        }
        let list = *place;
        let stride = list_type.a().size as usize;
        let end = data(list).add((*list).len as usize * stride);
        std::ptr::copy_nonoverlapping(value, end, stride);
        (*list).len += 1;
    }
    Ok(())
}
