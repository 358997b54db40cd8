//! Where the values of a run lie: rows of streams and of families.
//!
//! A row belongs to whoever runs its position; see [`crate::shape`] for what lies in it and who may take it out.

use std::cell::UnsafeCell;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use dynop_abi::desc::TypeDesc;
use dynop_abi::layout::StrRepr;
use dynop_engine::decide::State;
use dynop_engine::graph::StreamDefId;
use dynop_engine::run::{StreamEnd, StreamId};
use dynop_values::{NoMemory, text, walk};
use hashbrown::HashTable;

use crate::column::Column;
use crate::shape::{ITEM_AT, KEY_AT, ScopeShape, StreamShape};
use crate::shared::Failed;
use crate::unpoisoned;

/// The keys of one dynamic output of one clone, with their items.
pub(crate) struct Stream<'r> {
    pub id: StreamId,
    pub def: StreamDefId,
    pub shape: &'r StreamShape,
    rows: Column,
    /// Keys written. Release: whoever sees a number sees the rows below it.
    written: AtomicU32,
    /// How it ended, plus one; 0 while it goes on.
    end: AtomicU8,
    /// A byte a key that stands for a failure: what joins other streams may pass those on.
    bad: Column,
    any_bad: AtomicBool,
    /// The failures that they stand for, where known.
    reasons: Mutex<HashMap<u32, Arc<Failed>>>,
    /// Keys that a `filter`, `zip` or `concat` left out, for a `zip` with it: that is no key that never came.
    left_out: Mutex<HashSet<Box<str>>>,
    /// For finding a key again. Only the yielding step uses it.
    index: UnsafeCell<HashTable<u64>>,
    hasher: hashbrown::DefaultHashBuilder,
}

// SAFETY: rows are written by the yielding step before `written` lets others read them, and then belong to who runs the
// position; the index is the yielding step's alone.
unsafe impl Sync for Stream<'_> {}
// SAFETY: as above; values are marked as shared.
unsafe impl Send for Stream<'_> {}

/// Why a key was not taken.
pub(crate) enum Refused {
    /// It was there before, yielded at this site.
    Duplicate(u32),
    Memory,
    /// There are as many as can be counted.
    Full,
}

impl<'r> Stream<'r> {
    pub fn new(id: StreamId, def: StreamDefId, shape: &'r StreamShape) -> Self {
        Self {
            id,
            def,
            shape,
            rows: Column::new(shape.row),
            written: AtomicU32::new(0),
            end: AtomicU8::new(0),
            bad: Column::new(1),
            any_bad: AtomicBool::new(false),
            reasons: Mutex::default(),
            left_out: Mutex::default(),
            index: UnsafeCell::default(),
            hasher: hashbrown::DefaultHashBuilder::default(),
        }
    }

    /// Keys written so far.
    pub fn written(&self) -> u32 {
        self.written.load(Ordering::Acquire)
    }

    /// The row of a key that is written.
    #[inline]
    pub fn row(&self, position: u32) -> *mut u8 {
        self.rows.get(position)
    }

    /// The key at a position that is written.
    pub fn key(&self, position: u32) -> &str {
        // SAFETY: keys are written once and stay.
        unsafe { text::as_str(&*self.rows.get(position).add(KEY_AT).cast::<StrRepr>()) }
    }

    /// Whether a key stands for a failure: what is cloned over it is upstream-failed.
    #[inline]
    pub fn is_bad(&self, position: u32) -> bool {
        if !self.has_bad() {
            return false;
        }
        let place = self.bad.get(position);
        // SAFETY: a byte a key.
        !place.is_null() && unsafe { place.read() } != 0
    }

    /// Whether any key does.
    #[inline]
    pub fn has_bad(&self) -> bool {
        self.any_bad.load(Ordering::Acquire)
    }

    /// The failure that a key stands for, where known.
    pub fn reason(&self, position: u32) -> Option<Arc<Failed>> {
        unpoisoned(self.reasons.lock()).get(&position).cloned()
    }

    /// Has the key that is added next stand for a failure.
    pub fn set_next_bad(&self, reason: Option<Arc<Failed>>) -> Result<(), NoMemory> {
        let position = self.written.load(Ordering::Relaxed);
        let place = self.bad.place(position)?;
        if let Some(reason) = reason {
            unpoisoned(self.reasons.lock()).insert(position, reason);
        }
        // SAFETY: a byte a key.
        unsafe { place.write(1) };
        self.any_bad.store(true, Ordering::Release);
        Ok(())
    }

    /// Notes a key that is left out.
    pub fn leave_out(&self, key: &str) {
        unpoisoned(self.left_out.lock()).insert(key.into());
    }

    /// Whether a key was left out.
    pub fn leaves_out(&self, key: &str) -> bool {
        unpoisoned(self.left_out.lock()).contains(key)
    }

    /// Calls for every key that was left out, or beginning of keys.
    pub fn each_left_out(&self, mut found: impl FnMut(&str)) {
        // A copy: what is told may ask this stream.
        let all: Vec<Box<str>> = unpoisoned(self.left_out.lock()).iter().cloned().collect();
        all.iter().for_each(|key| found(key));
    }

    /// Notes how it ended.
    pub fn set_end(&self, end: StreamEnd) {
        let number = match end {
            StreamEnd::Complete => 1,
            StreamEnd::Skipped => 2,
            StreamEnd::Failed => 3,
            StreamEnd::Cancelled => 4,
        };
        self.end.store(number, Ordering::Release);
    }

    /// How it ended, for one that has.
    pub fn end(&self) -> StreamEnd {
        match self.end.load(Ordering::Acquire) {
            1 => StreamEnd::Complete,
            2 => StreamEnd::Skipped,
            4 => StreamEnd::Cancelled,
            _ => StreamEnd::Failed,
        }
    }

    /// Adds a key with its item: the item is moved in, the key gets a reference more. Gives how many keys there are.
    ///
    /// # Safety
    /// Only the step whose output this is calls it. `value` holds an item, `key` a text.
    pub unsafe fn push(&self, value: *mut u8, key: &StrRepr, site: u32) -> Result<u32, Refused> {
        let position = self.written.load(Ordering::Relaxed);
        if position == u32::MAX {
            return Err(Refused::Full);
        }
        // SAFETY: the caller's promise; the row is fresh and nobody knows of it before `written` says so.
        unsafe {
            self.enter(key, position)?;
            let row = self.rows.place(position).map_err(|_| Refused::Memory)?;
            let mut kept = *key;
            text::retain(&kept);
            walk::share((&raw mut kept).cast(), &crate::shape::STR);
            row.add(KEY_AT).cast::<StrRepr>().write(kept);
            row.add(self.shape.site_at()).cast::<u32>().write(site);
            if self.shape.read {
                let item = self.shape.item;
                walk::share(value, item);
                std::ptr::copy_nonoverlapping(value, row.add(ITEM_AT), item.size as usize);
            } else {
                walk::release(value, self.shape.item);
            }
        }
        self.written.store(position + 1, Ordering::Release);
        Ok(position + 1)
    }

    /// Enters a key into the index. An entry is half of the hash and the position, so that growing needs no key.
    unsafe fn enter(&self, key: &StrRepr, position: u32) -> Result<(), Refused> {
        use std::hash::BuildHasher;
        // SAFETY: the caller's promise; the index is the yielding step's alone.
        let (index, bytes) = unsafe { (&mut *self.index.get(), text::bytes(key)) };
        let half = self.hasher.hash_one(bytes) >> 32;
        let entry = half << 32 | u64::from(position);
        let same = |&other: &u64| {
            // SAFETY: entries name written rows.
            other >> 32 == half
                && unsafe { text::bytes(&*self.rows.get(other as u32).cast::<StrRepr>()) } == bytes
        };
        if let Some(&first) = index.find(spread(entry), same) {
            // SAFETY: as above.
            let site = unsafe { self.row(first as u32).add(self.shape.site_at()) };
            // SAFETY: the site lies there.
            return Err(Refused::Duplicate(unsafe { site.cast::<u32>().read() }));
        }
        if index.try_reserve(1, |&entry| spread(entry)).is_err() {
            return Err(Refused::Memory);
        }
        index.insert_unique(spread(entry), entry, |&entry| spread(entry));
        Ok(())
    }

    /// Nobody yields into it any more: gives the index's memory back.
    ///
    /// # Safety
    /// Only the step whose output this is calls it.
    pub unsafe fn close(&self) {
        // SAFETY: the caller's promise.
        unsafe { *self.index.get() = HashTable::new() };
    }
}

/// A hash from the upper half of an entry: Fibonacci hashing (Knuth, The Art of Computer Programming 3, 6.4).
fn spread(entry: u64) -> u64 {
    (entry >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Drop for Stream<'_> {
    fn drop(&mut self) {
        let item = self.shape.read.then_some(self.shape.item);
        let stride = self.shape.row as usize;
        self.rows.for_each_run(self.written(), |start, count| {
            for index in 0..count as usize {
                // SAFETY: the rows are ours now; what was taken out is zeroed.
                unsafe {
                    let row = start.add(index * stride);
                    text::release(&*row.add(KEY_AT).cast::<StrRepr>());
                    if let Some(item) = item.filter(|item| !item.is_plain()) {
                        walk::release(row.add(ITEM_AT), item);
                    }
                }
            }
        });
    }
}

/// The instances of one scope inside one instance of its parent.
pub(crate) struct Family<'r> {
    pub shape: &'r ScopeShape,
    pub parent: Option<Arc<Family<'r>>>,
    /// The position of the parent's instance.
    pub position: u32,
    /// What it goes over; none for the root.
    pub stream: Option<Arc<Stream<'r>>>,
    rows: Column,
    /// A byte a node where something else than success came out.
    states: Column,
    /// Whether there is any such byte.
    exceptional: AtomicBool,
    /// Families inside, by index of the scope and then by position: `*const Family`.
    children: Box<[Column]>,
}

// SAFETY: rows belong to who runs their position; everything else is atomic.
unsafe impl Sync for Family<'_> {}
// SAFETY: as above; values are marked as shared where they may be read by another thread.
unsafe impl Send for Family<'_> {}

impl<'r> Family<'r> {
    pub fn new(
        shape: &'r ScopeShape,
        nodes: usize,
        children: usize,
        parent: Option<(Arc<Family<'r>>, u32)>,
        stream: Option<Arc<Stream<'r>>>,
    ) -> Self {
        let position = parent.as_ref().map_or(0, |(_, position)| *position);
        Self {
            shape,
            parent: parent.map(|(parent, _)| parent),
            position,
            stream,
            rows: Column::new(shape.row),
            states: Column::new(nodes as u32),
            exceptional: AtomicBool::new(false),
            children: (0..children).map(|_| Column::new(8)).collect(),
        }
    }

    /// The row of a position that is claimed.
    #[inline]
    pub fn row(&self, position: u32) -> Result<*mut u8, NoMemory> {
        self.rows.place(position)
    }

    /// How many instances there are so far.
    pub fn known(&self) -> u32 {
        self.stream.as_ref().map_or(1, |stream| stream.written())
    }

    /// How a node ended at a position where it has ended.
    #[inline]
    pub fn state(&self, local: u32, position: u32) -> State {
        if !self.exceptional.load(Ordering::Acquire) {
            return State::Succeeded;
        }
        let row = self.states.get(position);
        if row.is_null() {
            return State::Succeeded;
        }
        // SAFETY: a byte a node. Written before the engine let anybody look.
        match State::from_number(unsafe { row.add(local as usize).read() }) {
            State::Waiting => State::Succeeded,
            state => state,
        }
    }

    /// Whether every node succeeded everywhere so far.
    pub fn is_plain(&self) -> bool {
        !self.exceptional.load(Ordering::Acquire)
    }

    /// Notes that a node ended in something else than success.
    pub fn set_state(&self, local: u32, position: u32, state: State) -> Result<(), NoMemory> {
        let row = self.states.place(position)?;
        // SAFETY: a byte a node, of a position that is ours.
        unsafe { row.add(local as usize).write(state as u8) };
        self.exceptional.store(true, Ordering::Release);
        Ok(())
    }

    /// Notes a family inside.
    pub fn set_child(
        &self,
        index: usize,
        position: u32,
        child: &Arc<Family<'r>>,
    ) -> Result<(), NoMemory> {
        let place = self.children[index].place(position)?;
        // SAFETY: eight bytes a position.
        unsafe { place.cast::<*const Family<'r>>().write(Arc::as_ptr(child)) };
        Ok(())
    }

    /// The family inside at a position, if there is one.
    pub fn child(&self, index: usize, position: u32) -> Option<&Family<'r>> {
        let place = self.children.get(index)?.get(position);
        if place.is_null() {
            return None;
        }
        // SAFETY: written by `set_child`; whoever reads a family counts as its reader, which keeps it from retiring.
        unsafe { place.cast::<*const Family<'r>>().read().as_ref() }
    }
}

impl Drop for Family<'_> {
    fn drop(&mut self) {
        let counted: &[(u32, &'static TypeDesc)] = &self.shape.counted;
        if counted.is_empty() {
            return;
        }
        let stride = self.shape.row as usize;
        self.rows.for_each_run(self.known(), |start, count| {
            for index in 0..count as usize {
                for &(at, desc) in counted {
                    // SAFETY: the rows are ours now; what was taken out is zeroed.
                    unsafe { walk::release(start.add(index * stride + at as usize), desc) };
                }
            }
        });
    }
}
