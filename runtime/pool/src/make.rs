//! Making values: arguments, elements of fan-ins, the job's result.

use dynop_abi::desc::TypeDesc;
use dynop_abi::layout::{ListHeader, StrRepr};
use dynop_abi::plan::Collect;
use dynop_engine::decide::{State, Verdict};
use dynop_engine::run::StreamEnd;
use dynop_values::{NoMemory, list, map, text, walk};

use crate::shape::{
    Check, ERR_CASE, GatherShape, ITEM_AT, KEY_AT, Looked, OK_CASE, Recipe, Slot, Way, case_field,
};
use crate::shared::{Failed, Shared};
use crate::store::Family;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// One instance around a clone, the clone's own first.
#[derive(Clone, Copy)]
pub(crate) struct Level<'f, 'r> {
    pub family: &'f Family<'r>,
    pub position: u32,
    /// The family's row.
    pub row: *mut u8,
    /// The stream's row; null in the root.
    pub item: *mut u8,
}

/// What is seen from a clone.
#[derive(Clone, Copy)]
pub(crate) struct View<'v, 'f, 'r> {
    /// From the clone's own instance outwards.
    pub levels: &'v [Level<'f, 'r>],
    /// The frame; null where values are seen that no frame holds.
    pub frame: *mut u8,
    /// How the stage's nodes ended so far.
    pub states: &'v [State],
}

impl<'f, 'r> Level<'f, 'r> {
    /// An instance that is there.
    pub fn new(family: &'f Family<'r>, position: u32) -> Result<Self, NoMemory> {
        Ok(Self {
            family,
            position,
            row: family.row(position)?,
            item: match &family.stream {
                Some(stream) => stream.row(position),
                None => std::ptr::null_mut(),
            },
        })
    }

    /// The instances around this one, outwards, pushed behind it.
    pub fn around(self, levels: &mut Vec<Self>) -> Result<(), NoMemory> {
        levels.push(self);
        let mut at = self;
        while let Some(parent) = &at.family.parent {
            at = Level::new(parent, at.family.position)?;
            levels.push(at);
        }
        Ok(())
    }
}

impl<'f, 'r> View<'_, 'f, 'r> {
    /// Where a value lies.
    pub fn slot(&self, slot: Slot) -> *mut u8 {
        // SAFETY: the shape's bytes lie within the frame, the row and the stream's row.
        unsafe {
            match slot {
                Slot::Frame(at) => self.frame.add(at as usize),
                Slot::Row { hops, at } => self.levels[hops].row.add(at as usize),
                Slot::Item { hops } => self.levels[hops].item.add(ITEM_AT),
            }
        }
    }

    /// Where the counter of a value's consumers lies.
    fn counter(&self, slot: Slot, at: u32) -> *const AtomicU32 {
        let start = match slot {
            Slot::Frame(_) => self.frame,
            Slot::Row { hops, .. } => self.levels[hops].row,
            Slot::Item { hops } => self.levels[hops].item,
        };
        // SAFETY: as above.
        unsafe { start.add(at as usize).cast() }
    }

    /// What all checks come to: the worst of them, see [`dynop_engine::decide::decide`].
    pub fn verdict(&self, checks: &[Check]) -> Verdict {
        let mut worst = Verdict::Ready;
        for check in checks {
            worst = worst.max(check.tolerates.soften(self.look(&check.what)));
        }
        worst
    }

    pub fn look(&self, what: &Looked) -> Verdict {
        match *what {
            Looked::Frame { index, present } => {
                is_present(self.states[index], self.levels[0].row, present)
            }
            Looked::Node {
                hops,
                local,
                present,
            } => {
                let level = &self.levels[hops];
                let state = level.family.state(local, level.position);
                is_present(state, level.row, present)
            }
            Looked::Over {
                ref way,
                local,
                present,
            } => match self.meet(way) {
                Some(level) => {
                    let state = level.family.state(local, level.position);
                    is_present(state, level.row, present)
                }
                None => Verdict::Failed,
            },
            Looked::Each { child, local } => {
                let own = &self.levels[0];
                let Some(family) = own.family.child(child, own.position) else {
                    return Verdict::Failed;
                };
                each_verdict(family, local)
            }
            Looked::Stream { child, whole, .. } => {
                let own = &self.levels[0];
                let stream = own
                    .family
                    .child(child, own.position)
                    .and_then(|family| family.stream.as_ref());
                match stream.map(|stream| stream.end()) {
                    Some(StreamEnd::Complete) if whole && stream.is_some_and(|s| s.has_bad()) => {
                        Verdict::Failed
                    }
                    Some(StreamEnd::Complete) => Verdict::Ready,
                    Some(StreamEnd::Skipped) => Verdict::Skipped,
                    Some(StreamEnd::Cancelled) => Verdict::Cancelled,
                    Some(StreamEnd::Failed) | None => Verdict::Failed,
                }
            }
        }
    }

    /// The instance elsewhere that a way leads to, if there is one.
    pub fn meet(&self, way: &Way) -> Option<Level<'f, 'r>> {
        let root = self.levels.last()?;
        let (mut family, mut position) = (root.family, root.position);
        for &(child, hops) in way.iter() {
            family = family.child(child, position)?;
            position = self.levels[hops].position;
        }
        if position >= family.known() {
            return None;
        }
        Level::new(family, position).ok()
    }
}

/// A state, where the output that is wanted may be missing all the same.
fn is_present(state: State, row: *mut u8, present: Option<u32>) -> Verdict {
    match (state.verdict(), present) {
        (Verdict::Ready, Some(at)) => {
            // SAFETY: the shape's bytes lie within the row.
            let there = unsafe { row.add(at as usize).read() } != 0;
            if there {
                Verdict::Ready
            } else {
                Verdict::Skipped
            }
        }
        (verdict, _) => verdict,
    }
}

/// The worst of all clones of a node; a skipped one does not count.
fn each_verdict(family: &Family<'_>, local: u32) -> Verdict {
    if family.is_plain() {
        return Verdict::Ready;
    }
    (0..family.known())
        .map(|position| family.state(local, position).verdict())
        .filter(|&verdict| verdict != Verdict::Skipped)
        .max()
        .unwrap_or(Verdict::Ready)
}

impl<'r> Shared<'r> {
    /// Makes a value in zeroed memory, which holds a valid value also on failure.
    ///
    /// # Safety
    /// `place` is zeroed memory for a value of `desc`, which is what the recipe makes; everything that the recipe names
    /// is there.
    pub unsafe fn make(
        &self,
        recipe: &Recipe,
        view: View<'_, '_, '_>,
        place: *mut u8,
        desc: &'static TypeDesc,
    ) -> Result<(), NoMemory> {
        // SAFETY: every arm writes a value of the shape that the plan's types promise, over zeroes.
        unsafe {
            match recipe {
                Recipe::Copy(slot) => copy(view.slot(*slot), place, desc),
                Recipe::Take(slot) => take(view.slot(*slot), place, desc),
                Recipe::Over(way, at) => {
                    if let Some(level) = view.meet(way) {
                        copy(level.row.add(*at as usize), place, desc);
                    }
                }
                Recipe::FlatKey(hops) => {
                    let mut joined = Vec::new();
                    for &hops in hops {
                        if !joined.is_empty() {
                            joined.push(b'/');
                        }
                        joined.extend_from_slice(key_at(&view.levels[hops]));
                    }
                    as_text(&mut joined);
                    place.cast::<StrRepr>().write(text::new(&joined)?);
                }
                Recipe::Count(slot, at, total) => {
                    let from = view.slot(*slot);
                    // The copy first: whoever sees the full count may change the value in place.
                    copy(from, place, desc);
                    let had = (*view.counter(*slot, *at)).fetch_add(1, Ordering::AcqRel);
                    if had + 1 == *total {
                        walk::release(from, desc);
                        std::ptr::write_bytes(from, 0, desc.size as usize);
                    }
                }
                Recipe::Constant(value) => copy(value.as_ptr(), place, desc),
                Recipe::Param(index) => copy(self.request.params[*index].as_ptr(), place, desc),
                Recipe::Key(hops) => {
                    let key = view.levels[*hops].item.add(KEY_AT).cast::<StrRepr>().read();
                    text::retain(&key);
                    place.cast::<StrRepr>().write(key);
                }
                Recipe::List(elements) => {
                    let item = desc.a();
                    let mut memory = Scratch::new(item);
                    if !elements.is_empty() {
                        list::reserve(place.cast(), elements.len(), desc)?;
                    }
                    for element in elements {
                        self.make(element, view, memory.place(), item)?;
                        list::push(place.cast(), memory.place(), desc)?;
                        memory.forget();
                    }
                }
                Recipe::Tuple(fields) => {
                    for (field, recipe) in desc.fields().iter().zip(fields) {
                        self.make(recipe, view, place.add(field.offset as usize), field.desc())?;
                    }
                }
                Recipe::Some(value, checks) => {
                    if view.verdict(checks) == Verdict::Ready {
                        self.make(value, view, place.add(desc.payload_offset()), desc.a())?;
                        place.write(1);
                    }
                }
                Recipe::Zero => {}
            }
        }
        Ok(())
    }

    /// Makes the list or map of a fan-in in zeroed memory, from the children of the instance that is seen.
    ///
    /// # Safety
    /// As for [`Self::make`]; all of the children's clones have ended, and this node counts as a reader of theirs.
    pub unsafe fn gather(
        &self,
        gather: &GatherShape,
        view: View<'_, '_, 'r>,
        place: *mut u8,
    ) -> Result<(), GatherFailure> {
        let own = &view.levels[0];
        let Some(family) = own.family.child(gather.child, own.position) else {
            return Ok(());
        };
        let known = family.known();
        if known == 0 {
            return Ok(());
        }
        let mut levels = Vec::with_capacity(view.levels.len() + 1);
        levels.push(Level::new(family, 0)?);
        levels.extend_from_slice(view.levels);
        if gather.into == Collect::Results {
            // SAFETY: the caller's promise.
            unsafe { self.gather_results(gather, &mut levels, place)? };
            return Ok(());
        }
        let plain = family.is_plain() && !gather.checks.iter().any(is_optional);
        let flat = family.stream.as_ref().is_some_and(|one| one.shape.flat);
        let mut scratch = Scratch::new(gather.element_type);
        if gather.into == Collect::List {
            // SAFETY: the caller's promise.
            unsafe { list::reserve(place.cast(), known as usize, gather.ty)? };
        }
        for position in 0..known {
            levels[0] = Level::new(family, position)?;
            let view = View {
                levels: &levels,
                frame: std::ptr::null_mut(),
                states: &[],
            };
            if !plain {
                match view.verdict(&gather.checks) {
                    Verdict::Ready => {}
                    Verdict::Skipped => continue,
                    // What is met by keys is known here alone.
                    missing => {
                        let root = self.root_of_checks(&gather.checks, &levels);
                        return Err(GatherFailure::Missing(missing, root));
                    }
                }
            }
            // SAFETY: the caller's promise; the scratch is zeroed.
            unsafe {
                self.make(&gather.element, view, scratch.place(), gather.element_type)?;
                match gather.into {
                    Collect::List => list::push(place.cast(), scratch.place(), gather.ty)?,
                    Collect::Keyed if flat => {
                        let mut joined = key_at(&levels[0]).to_vec();
                        as_text(&mut joined);
                        let value = entry(place.cast(), &joined, gather.ty);
                        let value = value.map_err(|error| error.told(family, position))?;
                        let size = gather.element_type.size as usize;
                        std::ptr::copy_nonoverlapping(scratch.place(), value, size);
                    }
                    Collect::Keyed => {
                        let key = levels[0].item.add(KEY_AT);
                        // A key is taken once, so the slot is fresh.
                        let slot = map::slot(place.cast(), key, gather.ty)?;
                        let size = gather.element_type.size as usize;
                        std::ptr::copy_nonoverlapping(scratch.place(), slot.value, size);
                    }
                    Collect::Flat => {
                        let part = scratch.place().cast::<*mut ListHeader>();
                        let whole = place.cast::<*mut ListHeader>();
                        if (*whole).is_null() {
                            std::ptr::swap(whole, part);
                        } else {
                            list::extend(whole, *part, gather.ty)?;
                        }
                        walk::release(part.cast(), gather.ty);
                    }
                    Collect::FlatKeyed => {
                        let outer = key_at(&levels[0]);
                        let part = scratch.place().cast::<*mut map::MapHeader>();
                        let added = add_flat(place.cast(), *part, outer, gather.ty);
                        walk::release(part.cast(), gather.ty);
                        scratch.forget();
                        added.map_err(|error| error.told(family, position))?;
                    }
                    // Made above.
                    Collect::Results => {}
                }
            }
            scratch.forget();
        }
        Ok(())
    }
}

impl<'r> Shared<'r> {
    /// Makes the list of a fan-in that takes failures as values. `levels` begins with an instance of the scope.
    ///
    /// # Safety
    /// As for [`Self::gather`].
    unsafe fn gather_results(
        &self,
        gather: &GatherShape,
        levels: &mut [Level<'_, 'r>],
        place: *mut u8,
    ) -> Result<(), NoMemory> {
        let family = levels[0].family;
        let result = gather.ty.a();
        let mut scratch = Scratch::new(result);
        for position in 0..family.known() {
            levels[0] = Level::new(family, position)?;
            let bad = family
                .stream
                .as_ref()
                .is_some_and(|one| one.is_bad(position));
            let view = View {
                levels,
                frame: std::ptr::null_mut(),
                states: &[],
            };
            let verdict = match bad {
                true => Verdict::Failed,
                false => view.verdict(&gather.checks),
            };
            let case = match verdict {
                Verdict::Skipped => continue,
                Verdict::Ready => OK_CASE,
                Verdict::Failed | Verdict::Cancelled => ERR_CASE,
            };
            let Some(field) = case_field(result, case) else {
                return Err(NoMemory);
            };
            // SAFETY: the scratch is zeroed memory for a result, with the case's one field at its offset.
            unsafe {
                let value = scratch.place().add(field.offset as usize);
                scratch.place().cast::<u64>().write(case as u64);
                if case == OK_CASE {
                    self.make(&gather.element, view, value, field.desc())?;
                } else {
                    let failed = self.root_of_checks(&gather.checks, view.levels);
                    write_failure(self, failed.as_deref(), value, field.desc())?;
                }
                walk::share(scratch.place(), result);
                list::push(place.cast(), scratch.place(), gather.ty)?;
            }
            scratch.forget();
        }
        Ok(())
    }
}

/// Writes a `Failure`: message, kind, trace, step and key.
///
/// # Safety
/// `place` is zeroed memory for a value of `desc`, the standard library's `Failure`.
unsafe fn write_failure(
    shared: &Shared<'_>,
    failed: Option<&Failed>,
    place: *mut u8,
    desc: &'static TypeDesc,
) -> Result<(), NoMemory> {
    let texts = match failed {
        Some(failed) => {
            let step = shared.job().steps.get(failed.failure.step as usize);
            [
                failed.failure.message.as_str(),
                failed.failure.kind,
                failed.trace.as_str(),
                step.map_or("", |step| step.name.as_str()),
                failed.key.as_str(),
            ]
        }
        None => ["something before it failed", "upstream", "", "", ""],
    };
    for (field, written) in desc.fields().iter().zip(texts) {
        // SAFETY: the caller's promise: the fields are texts.
        unsafe {
            let place = place.add(field.offset as usize).cast::<StrRepr>();
            place.write(text::new(written.as_bytes())?);
        }
    }
    Ok(())
}

/// Whether states alone do not tell what a check comes to.
fn is_optional(check: &Check) -> bool {
    match check.what {
        Looked::Node { present, .. } => present.is_some(),
        _ => true,
    }
}

/// The mapping key of an instance.
fn key_at<'l>(level: &'l Level<'_, '_>) -> &'l [u8] {
    // SAFETY: a row of a stream begins with its key.
    unsafe { text::bytes(&*level.item.add(KEY_AT).cast::<StrRepr>()) }
}

/// Why a fan-in gives no value.
pub(crate) enum GatherFailure {
    Memory,
    /// This text is the key of several entries; after [`Self::told`], the whole message.
    Twice(String),
    /// An element is not there, because of this failure.
    Missing(Verdict, Option<Arc<Failed>>),
}

impl GatherFailure {
    /// With the keys named that have one text, the second of which is met at a position.
    #[cold]
    fn told(self, family: &Family<'_>, position: u32) -> Self {
        match self {
            Self::Twice(text) => Self::Twice(crate::twice::told(family, position, &text)),
            other => other,
        }
    }
}

impl From<NoMemory> for GatherFailure {
    fn from(_: NoMemory) -> Self {
        Self::Memory
    }
}

/// Adds the entries of `part`, each under `outer/inner`.
///
/// # Safety
/// `whole` and `part` hold maps of `ty`, whose keys are texts.
unsafe fn add_flat(
    whole: *mut *mut map::MapHeader,
    part: *mut map::MapHeader,
    outer: &[u8],
    ty: &'static TypeDesc,
) -> Result<(), GatherFailure> {
    let mut at = 0;
    // SAFETY: the caller's promise.
    unsafe {
        while let Some((key, value)) = map::next(part, &mut at) {
            let mut joined = outer.to_vec();
            joined.push(b'/');
            joined.extend_from_slice(text::bytes(&*key.cast::<StrRepr>()));
            as_text(&mut joined);
            copy(value, entry(whole, &joined, ty)?, ty.b());
        }
    }
    Ok(())
}

/// A fresh place of a map for the value of a key.
///
/// # Safety
/// `whole` holds a map of `ty`, whose keys are texts.
unsafe fn entry(
    whole: *mut *mut map::MapHeader,
    joined: &[u8],
    ty: &'static TypeDesc,
) -> Result<*mut u8, GatherFailure> {
    let key = text::Text::new(joined)?;
    // SAFETY: the caller's promise.
    let slot = unsafe { map::slot(whole, std::ptr::from_ref(key.repr()).cast(), ty)? };
    match slot.found {
        true => Err(GatherFailure::Twice(
            String::from_utf8_lossy(joined).into_owned(),
        )),
        false => Ok(slot.value),
    }
}

/// A key of several parts as a text of the language, see [`crate::step_key::PARTS`].
fn as_text(key: &mut [u8]) {
    for byte in key {
        if *byte == crate::step_key::PARTS as u8 {
            *byte = b'/';
        }
    }
}

/// One owner more.
///
/// # Safety
/// `from` holds a value of the type, `place` is memory for one.
#[inline]
pub(crate) unsafe fn copy(from: *const u8, place: *mut u8, desc: &'static TypeDesc) {
    // SAFETY: the caller's promise.
    unsafe {
        std::ptr::copy_nonoverlapping(from, place, desc.size as usize);
        if !desc.is_plain() {
            walk::retain(place, desc);
        }
    }
}

/// Another place for a value.
///
/// # Safety
/// As for [`copy`]; `from` is then the empty value.
#[inline]
unsafe fn take(from: *mut u8, place: *mut u8, desc: &'static TypeDesc) {
    // SAFETY: the caller's promise.
    unsafe {
        std::ptr::copy_nonoverlapping(from, place, desc.size as usize);
        std::ptr::write_bytes(from, 0, desc.size as usize);
    }
}

/// Memory for one value at a time.
struct Scratch {
    memory: Vec<u64>,
    desc: &'static TypeDesc,
}

impl Scratch {
    fn new(desc: &'static TypeDesc) -> Self {
        Self {
            memory: vec![0; (desc.size as usize).div_ceil(8).max(1)],
            desc,
        }
    }

    fn place(&mut self) -> *mut u8 {
        self.memory.as_mut_ptr().cast()
    }

    /// The value was moved out.
    fn forget(&mut self) {
        self.memory.fill(0);
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let desc = self.desc;
        // SAFETY: the memory holds a value of the type, or zeroes.
        unsafe { walk::release(self.place(), desc) }
    }
}
