//! How a map lies in memory: a header, then the entries in order of insertion, then the index, all in one buffer.
//!
//! An entry is a word (the upper half of the key's hash, and whether the entry is alive), the key, and the value at its
//! alignment. The index is a table of words, a power of two of them, searched linearly from the place the hash gives: the
//! hash again in the upper half, so that a miss seldom looks at an entry, and the entry's number plus one in the lower.
//! A removed entry stays as a dead one, and its word in the index as [`REMOVED`], until the map is next rebuilt.

use std::sync::atomic::AtomicI32;

use dynop_abi::desc::TypeDesc;
use dynop_abi::layout::{Header, MAP_LEN};

use crate::memory::{self, NoMemory};

/// What a map's buffer begins with.
#[repr(C)]
#[derive(Debug)]
pub struct MapHeader {
    /// The count.
    pub header: Header,
    /// Number of live entries.
    pub len: u64,
    /// Number of entries, dead ones included.
    pub(super) used: u64,
    /// Room for entries: three quarters of the index.
    pub(super) capacity: u64,
    /// Bytes from one entry to the next.
    pub(super) stride: u32,
    /// From an entry to its value.
    pub(super) value_offset: u32,
    /// Words in the index.
    pub(super) table: u64,
    /// The entry that was last found by a read of the unshared map. What is read is often written next
    /// (`m[k] = m.get(k, 0) + 1`), which then needs neither hash nor search.
    pub(super) recent: u64,
}

const _: () = assert!(std::mem::offset_of!(MapHeader, len) == MAP_LEN);

/// Where the entries begin.
const ENTRIES: usize = std::mem::size_of::<MapHeader>();
/// From an entry to its key.
pub(super) const KEY: usize = 8;
/// In an entry's word: it is alive. The hash is above.
pub(super) const ALIVE: u64 = 1;
/// In the lower half of a word of the index: the entry was removed.
pub(super) const REMOVED: u32 = u32::MAX;
/// The smallest index.
const SMALLEST_TABLE: usize = 8;
/// The largest index whose entries still have numbers below [`REMOVED`].
const LARGEST_TABLE: usize = 1 << 32;

/// Entries an index of this size serves.
fn capacity_of(table: usize) -> usize {
    table / 4 * 3
}

/// The index that serves so many entries.
pub(super) fn table_for(entries: usize) -> Result<usize, NoMemory> {
    let mut table = SMALLEST_TABLE;
    while capacity_of(table) < entries {
        if table >= LARGEST_TABLE {
            return Err(NoMemory);
        }
        table *= 2;
    }
    Ok(table)
}

/// The type of a map's values; `None` for a set.
pub(super) fn value_type(map_type: &TypeDesc) -> Option<&'static TypeDesc> {
    if map_type.b.is_null() {
        None
    } else {
        Some(map_type.b())
    }
}

/// An empty map.
pub(super) fn allocate(table: usize, map_type: &TypeDesc) -> Result<*mut MapHeader, NoMemory> {
    let align_up = |offset: usize, align: usize| offset.next_multiple_of(align.max(1));
    let (value_size, value_align) =
        value_type(map_type).map_or((0, 1), |ty| (ty.size as usize, usize::from(ty.align)));
    let value_offset = align_up(KEY + map_type.a().size as usize, value_align);
    let stride = align_up(value_offset + value_size, 8);
    let capacity = capacity_of(table);
    let map = MapHeader {
        header: Header {
            count: AtomicI32::new(1),
            flags: 0,
        },
        len: 0,
        used: 0,
        capacity: capacity as u64,
        stride: u32::try_from(stride).map_err(|_| NoMemory)?,
        value_offset: u32::try_from(value_offset).map_err(|_| NoMemory)?,
        table: table as u64,
        recent: 0,
    };
    let place: *mut MapHeader = memory::allocate(size_of(&map)?)?.cast();
    // SAFETY: fresh memory of the right size, aligned to 8; an empty index is zero.
    unsafe {
        place.write(map);
        std::ptr::write_bytes(index(place), 0, table);
    }
    Ok(place)
}

fn size_of(map: &MapHeader) -> Result<usize, NoMemory> {
    let index = memory::size_of_array(ENTRIES, map.table as usize, 8)?;
    memory::size_of_array(index, map.capacity as usize, map.stride as usize)
}

/// Gives the memory back; what was inside is released or moved out already.
///
/// # Safety
/// `map` is live and used by nobody.
pub(crate) unsafe fn free(map: *mut MapHeader) {
    // SAFETY: made by `allocate` with this size.
    unsafe {
        if let Ok(size) = size_of(&*map) {
            memory::free(map.cast(), size);
        }
    }
}

/// Where the entry of a number lies.
///
/// # Safety
/// `map` is live; `number` is below its capacity.
#[inline]
pub(super) unsafe fn entry(map: *mut MapHeader, number: usize) -> *mut u8 {
    // SAFETY: within the buffer.
    unsafe {
        map.cast::<u8>()
            .add(ENTRIES + number * (*map).stride as usize)
    }
}

/// Whether the entry of a number is alive.
///
/// # Safety
/// `map` is live; `number` is below `used`.
#[inline]
pub(super) unsafe fn is_alive(map: *mut MapHeader, number: usize) -> bool {
    // SAFETY: within the buffer, aligned to 8.
    unsafe { entry(map, number).cast::<u64>().read() & ALIVE != 0 }
}

/// The index.
///
/// # Safety
/// `map` is live.
#[inline]
pub(super) unsafe fn index(map: *mut MapHeader) -> *mut u64 {
    // SAFETY: the index lies behind all entries, whose stride is a multiple of 8.
    unsafe { entry(map, (*map).capacity as usize).cast() }
}

/// Puts an entry's number into the first free word from where its hash points.
///
/// # Safety
/// `map` is live and unshared, its index has a free word.
#[inline]
pub(super) unsafe fn put_into_index(map: *mut MapHeader, hash: u32, number: usize) {
    // SAFETY: masked, so within the index.
    unsafe {
        let mask = (*map).table as usize - 1;
        let index = index(map);
        let mut at = hash as usize & mask;
        while index.add(at).read() as u32 != 0 {
            at = (at + 1) & mask;
        }
        index
            .add(at)
            .write((u64::from(hash) << 32) | (number as u64 + 1));
    }
}
