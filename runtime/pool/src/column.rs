//! Memory for one value a position, which grows without moving what is in it.
//!
//! Positions are dense and their number is not known beforehand: a column is a list of segments, each twice as large as
//! the one before. A place never moves, so one worker may write to a position while another reads an earlier one and a
//! third makes room for a later one; who may touch which position is settled elsewhere (a position belongs to the worker
//! that claimed it). At most half of the room is unused, and large segments are zeroed by the system, when touched.

use std::alloc::Layout;
use std::sync::atomic::{AtomicPtr, Ordering};

use dynop_values::NoMemory;

/// Positions in the first segment. Most inner families are small; a larger one would cost their memory.
const FIRST: u32 = 8;
/// Behind the first segment, segments of 8, 16, 32 … positions: enough for every `u32`.
const MORE: usize = 29;

type Table = [AtomicPtr<u8>; MORE];

/// One value a position, all of one size. Zeroed where nothing was written.
pub(crate) struct Column {
    size: u32,
    first: AtomicPtr<u8>,
    more: AtomicPtr<Table>,
}

/// The segment of a position (0 is the first), the index in it, and how many positions it holds.
fn locate(position: u32) -> (usize, u32, u32) {
    if position < FIRST {
        return (0, position, FIRST);
    }
    let bits = position.ilog2();
    (
        (bits - FIRST.ilog2()) as usize + 1,
        position - (1 << bits),
        1 << bits,
    )
}

impl Column {
    /// For values of `size` bytes.
    pub fn new(size: u32) -> Self {
        Self {
            size,
            first: AtomicPtr::new(std::ptr::null_mut()),
            more: AtomicPtr::new(std::ptr::null_mut()),
        }
    }

    /// The place of a position, made if it is not there yet.
    #[inline]
    pub fn place(&self, position: u32) -> Result<*mut u8, NoMemory> {
        let (segment, index, positions) = locate(position);
        let mut start = self.segment(segment);
        if start.is_null() {
            start = self.make(segment, positions)?;
        }
        // SAFETY: the segment has room for `positions` values, and `index` is below that.
        Ok(unsafe { start.add(index as usize * self.size as usize) })
    }

    /// The place of a position that was made before; null if it was not.
    #[inline]
    pub fn get(&self, position: u32) -> *mut u8 {
        let (segment, index, _) = locate(position);
        let start = self.segment(segment);
        if start.is_null() {
            return start;
        }
        // SAFETY: as in `place`.
        unsafe { start.add(index as usize * self.size as usize) }
    }

    /// Calls `each` with runs of neighbouring places over the first `count` positions: the start, and how many. Where
    /// nothing was written there may be no run.
    pub fn for_each_run(&self, count: u32, mut each: impl FnMut(*mut u8, u32)) {
        let mut position = 0;
        while position < count {
            let (segment, index, positions) = locate(position);
            debug_assert_eq!(index, 0);
            let run = positions.min(count - position);
            let start = self.segment(segment);
            if !start.is_null() {
                each(start, run);
            }
            position += run;
        }
    }

    fn segment(&self, segment: usize) -> *mut u8 {
        // Acquire: whoever made the segment zeroed it before.
        if segment == 0 {
            return self.first.load(Ordering::Acquire);
        }
        let table = self.more.load(Ordering::Acquire);
        if table.is_null() {
            return std::ptr::null_mut();
        }
        // SAFETY: a table, once made, lives as long as the column.
        let table = unsafe { &*table };
        table[segment - 1].load(Ordering::Acquire)
    }

    #[cold]
    fn make(&self, segment: usize, positions: u32) -> Result<*mut u8, NoMemory> {
        let Some(layout) = self.layout(positions) else {
            return if self.size == 0 {
                Ok(std::ptr::NonNull::<u64>::dangling().as_ptr().cast())
            } else {
                Err(NoMemory)
            };
        };
        let slot = if segment == 0 {
            &self.first
        } else {
            &self.table()?[segment - 1]
        };
        publish(slot, layout)
    }

    fn table(&self) -> Result<&Table, NoMemory> {
        let mut table = self.more.load(Ordering::Acquire);
        if table.is_null() {
            // Zero bits are null pointers.
            table = publish(&self.more, Layout::new::<Table>())?;
        }
        // SAFETY: as in `segment`.
        Ok(unsafe { &*table })
    }

    /// The layout of a segment; `None` if it has no size, or too large a one.
    fn layout(&self, positions: u32) -> Option<Layout> {
        let size = (self.size as usize).checked_mul(positions as usize)?;
        if size == 0 {
            return None;
        }
        Layout::from_size_align(size, 8).ok()
    }
}

/// Puts zeroed memory into a slot, or takes what another put there meanwhile.
fn publish<T>(slot: &AtomicPtr<T>, layout: Layout) -> Result<*mut T, NoMemory> {
    // SAFETY: the layout has a size.
    let fresh: *mut T = unsafe { std::alloc::alloc_zeroed(layout) }.cast();
    if fresh.is_null() {
        return Err(NoMemory);
    }
    let empty = std::ptr::null_mut();
    match slot.compare_exchange(empty, fresh, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => Ok(fresh),
        Err(other) => {
            // SAFETY: allocated above with this layout, and nobody has seen it.
            unsafe { std::alloc::dealloc(fresh.cast(), layout) };
            Ok(other)
        }
    }
}

impl Drop for Column {
    fn drop(&mut self) {
        let free = |column: &Self, start: *mut u8, positions: u32| {
            if let (false, Some(layout)) = (start.is_null(), column.layout(positions)) {
                // SAFETY: the segment was allocated with this layout.
                unsafe { std::alloc::dealloc(start, layout) }
            }
        };
        free(self, self.first.load(Ordering::Relaxed), FIRST);
        let table = self.more.load(Ordering::Relaxed);
        if table.is_null() {
            return;
        }
        // SAFETY: made by `table`, and ours alone now.
        for (index, segment) in unsafe { &*table }.iter().enumerate() {
            free(self, segment.load(Ordering::Relaxed), FIRST << index);
        }
        // SAFETY: allocated with this layout; null pointers need no dropping.
        unsafe { std::alloc::dealloc(table.cast(), Layout::new::<Table>()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_stay_and_are_zeroed() {
        let column = Column::new(8);
        let mut places = Vec::new();
        for position in 0..1000u32 {
            let place = column
                .place(position)
                .expect("there is memory")
                .cast::<u64>();
            // SAFETY: the place is for eight bytes and ours.
            unsafe {
                assert_eq!(place.read(), 0);
                place.write(u64::from(position) + 1);
            }
            places.push(place);
        }
        let (mut seen, mut next) = (0, 0u64);
        column.for_each_run(1000, |start, count| {
            for index in 0..count as usize {
                // SAFETY: within the run.
                let value = unsafe { start.cast::<u64>().add(index).read() };
                assert_eq!(value, next + 1);
                next = value;
            }
            seen += count;
        });
        assert_eq!(seen, 1000);
        for (position, place) in places.into_iter().enumerate() {
            assert_eq!(column.get(position as u32).cast(), place);
        }
        assert!(column.get(5000).is_null());
    }

    #[test]
    fn every_position_has_a_segment() {
        assert_eq!(locate(0), (0, 0, FIRST));
        assert_eq!(locate(FIRST), (1, 0, FIRST));
        assert_eq!(locate(FIRST * 2), (2, 0, FIRST * 2));
        let (segment, index, positions) = locate(u32::MAX);
        assert_eq!(segment, MORE);
        assert_eq!(index, positions - 1);
    }

    #[test]
    fn values_without_size_have_places_too() {
        let column = Column::new(0);
        assert!(column.place(7).is_ok());
        assert!(column.place(77_777).is_ok());
    }
}
