//! Memory for buffers: allocation that fails instead of aborting, and in builds with debug assertions a count of live
//! buffers for leak checks.

use std::alloc::Layout;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// There is no memory for what a program asked for, or its size has no meaning on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoMemory;

impl fmt::Display for NoMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("out of memory")
    }
}

impl std::error::Error for NoMemory {}

#[cfg(debug_assertions)]
thread_local! {
    static LIVE: std::cell::Cell<i64> = const { std::cell::Cell::new(0) };
}

#[cfg(debug_assertions)]
static LIVE_ANYWHERE: std::sync::atomic::AtomicI64 = std::sync::atomic::AtomicI64::new(0);

#[inline]
fn count(_change: i64) {
    #[cfg(debug_assertions)]
    {
        LIVE_ANYWHERE.fetch_add(_change, std::sync::atomic::Ordering::Relaxed);
        // A thread that is ending has no counter any more; what it frees then is not counted.
        let _ = LIVE.try_with(|live| live.set(live.get() + _change));
    }
}

/// Buffers that the whole process has allocated and not freed. Always 0 without debug assertions.
pub fn live_buffers_of_process() -> i64 {
    #[cfg(debug_assertions)]
    return LIVE_ANYWHERE.load(std::sync::atomic::Ordering::Relaxed);
    #[cfg(not(debug_assertions))]
    return 0;
}

/// Buffers that this thread has allocated and not freed, less those it freed for others. Always 0 without debug
/// assertions.
pub fn live_buffers() -> i64 {
    #[cfg(debug_assertions)]
    return LIVE.with(std::cell::Cell::get);
    #[cfg(not(debug_assertions))]
    return 0;
}

/// Elements copied because their buffer had another owner, and elements moved because it grew, in the whole process.
static COPIED: AtomicU64 = AtomicU64::new(0);
static MOVED: AtomicU64 = AtomicU64::new(0);

/// Elements of lists, entries of maps and bytes of texts that the process has written anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copies {
    /// Because a change met a buffer with another owner.
    pub copied: u64,
    /// Because a buffer was full and made larger.
    pub moved: u64,
}

/// How much was copied up to now. Changing values in place is what keeps loops linear, and this is how a test sees it.
pub fn copies() -> Copies {
    Copies {
        copied: COPIED.load(Relaxed),
        moved: MOVED.load(Relaxed),
    }
}

/// Counts elements that are copied out of a buffer with another owner. Called where the copying costs far more.
pub(crate) fn count_copied(elements: usize) {
    COPIED.fetch_add(elements as u64, Relaxed);
}

/// Counts elements that are moved to a larger buffer.
pub(crate) fn count_moved(elements: usize) {
    MOVED.fetch_add(elements as u64, Relaxed);
}

fn layout(size: usize) -> Result<Layout, NoMemory> {
    Layout::from_size_align(size, 8).map_err(|_| NoMemory)
}

/// `base + count * each` bytes, if that is a size at all.
pub(crate) fn size_of_array(base: usize, count: usize, each: usize) -> Result<usize, NoMemory> {
    count
        .checked_mul(each)
        .and_then(|bytes| bytes.checked_add(base))
        .ok_or(NoMemory)
}

/// Memory aligned to 8, with undefined contents. `size` is not 0.
///
/// # Errors
/// Where the allocator has none.
pub(crate) fn allocate(size: usize) -> Result<*mut u8, NoMemory> {
    debug_assert!(size > 0);
    // SAFETY: the size is not 0: every buffer has a header.
    let memory = unsafe { std::alloc::alloc(layout(size)?) };
    if memory.is_null() {
        return Err(NoMemory);
    }
    count(1);
    Ok(memory)
}

/// As [`allocate`], but zeroed.
pub(crate) fn allocate_zeroed(size: usize) -> Result<*mut u8, NoMemory> {
    debug_assert!(size > 0);
    // SAFETY: as above.
    let memory = unsafe { std::alloc::alloc_zeroed(layout(size)?) };
    if memory.is_null() {
        return Err(NoMemory);
    }
    count(1);
    Ok(memory)
}

/// Memory of another size with the old contents as far as they fit.
///
/// # Safety
/// `memory` came from this module with `old` bytes; `new` is not 0. After success `memory` is no more.
pub(crate) unsafe fn reallocate(
    memory: *mut u8,
    old: usize,
    new: usize,
) -> Result<*mut u8, NoMemory> {
    layout(new)?;
    // SAFETY: the caller's promise; the new size was checked.
    let memory = unsafe { std::alloc::realloc(memory, layout(old)?, new) };
    if memory.is_null() {
        Err(NoMemory)
    } else {
        Ok(memory)
    }
}

/// Gives memory back.
///
/// # Safety
/// `memory` came from this module with `size` bytes.
pub(crate) unsafe fn free(memory: *mut u8, size: usize) {
    count(-1);
    if let Ok(layout) = layout(size) {
        // SAFETY: the caller's promise.
        unsafe { std::alloc::dealloc(memory, layout) }
    }
}
