//! Walking values by descriptor: one owner more, one owner less, marking as shared.
//!
//! A value may be as deep as a program makes it (a chain of iterators is a chain of closures), so nothing here recurses
//! without bound: buffers nested deeper than [`DEPTH`] are put on a list and done afterwards.

use dynop_abi::desc::{Kind, StaticStr, TypeDesc};
use dynop_abi::layout::{CLOSURE_DATA, ClosureHeader, Header, StrRepr};

use crate::{case, count, list, map, memory, text};

/// How many buffers deep the walk recurses. A level takes some 300 bytes of stack; a higher number gains nothing, since
/// the list is only slower by the memory it needs.
const DEPTH: u32 = 48;

/// Calls `each` for every part of a value that is a counted buffer: a text, list, map, set or closure.
///
/// # Safety
/// `value` points to a valid value of `desc`.
pub(crate) unsafe fn counted_parts(
    value: *mut u8,
    desc: &'static TypeDesc,
    each: &mut impl FnMut(*mut u8, &'static TypeDesc),
) {
    if desc.is_plain() {
        return;
    }
    match desc.kind {
        Kind::Str
        | Kind::Path
        | Kind::Bytes
        | Kind::List
        | Kind::Box
        | Kind::BoxOption
        | Kind::Map
        | Kind::Set
        | Kind::Closure => each(value, desc),
        // SAFETY: parts lie at their offsets, and the payload of `none` is zero, which is valid.
        Kind::Option => unsafe {
            counted_parts(value.add(desc.payload_offset()), desc.a(), each);
        },
        Kind::Tuple | Kind::NamedTuple | Kind::Struct | Kind::DynamicOutput => {
            for field in desc.fields() {
                // SAFETY: as above.
                unsafe { counted_parts(value.add(field.offset as usize), field.desc(), each) }
            }
        }
        Kind::Enum => {
            // SAFETY: a valid value; the payload lies where its descriptor says.
            if let Some(case) = unsafe { case::of(value, desc) } {
                // SAFETY: as above.
                unsafe { counted_parts(value, case.desc(), each) }
            }
        }
        // Plain ones, and those of which no program has values yet.
        Kind::Unit
        | Kind::Int
        | Kind::Float
        | Kind::Bool
        | Kind::Duration
        | Kind::Time
        | Kind::Range
        | Kind::Json => {}
    }
}

/// The buffer behind a counted part; null if it is empty or inline.
///
/// # Safety
/// `part` points to a valid value of `desc`, which [`counted_parts`] named.
#[inline]
unsafe fn buffer_of(part: *mut u8, desc: &TypeDesc) -> *mut Header {
    match desc.kind {
        // SAFETY: these are texts.
        Kind::Str | Kind::Path | Kind::Bytes => text::header(unsafe { &*part.cast::<StrRepr>() }),
        // SAFETY: the others are one pointer.
        _ => unsafe { part.cast::<*mut Header>().read() },
    }
}

/// Calls `each` for the counted parts of what is in a buffer.
///
/// # Safety
/// `buffer` is a live buffer of `desc`.
unsafe fn counted_parts_inside(
    buffer: *mut Header,
    desc: &'static TypeDesc,
    each: &mut impl FnMut(*mut u8, &'static TypeDesc),
) {
    // SAFETY: by the descriptor, the buffer is what it is taken for.
    unsafe {
        match desc.kind {
            Kind::List | Kind::Box | Kind::BoxOption if !desc.a().is_plain() => {
                list::for_each(buffer.cast(), desc, |element| {
                    counted_parts(element, desc.a(), each);
                });
            }
            Kind::Map | Kind::Set => map::for_each_counted(buffer.cast(), desc, each),
            Kind::Closure => {
                let closure: *mut ClosureHeader = buffer.cast();
                let captures = (*closure).captures;
                if !captures.is_null() {
                    counted_parts(closure.cast::<u8>().add(CLOSURE_DATA), &*captures, each);
                }
            }
            _ => {}
        }
    }
}

/// Gives a buffer's memory back; what was inside is released already.
unsafe fn free(buffer: *mut Header, desc: &'static TypeDesc) {
    // SAFETY: by the descriptor, the buffer is what it is taken for.
    unsafe {
        match desc.kind {
            Kind::List | Kind::Box | Kind::BoxOption => list::free(buffer.cast(), desc),
            Kind::Map | Kind::Set => map::free(buffer.cast()),
            Kind::Closure => {
                let captures = (*buffer.cast::<ClosureHeader>()).captures;
                let size = if captures.is_null() {
                    0
                } else {
                    (*captures).size
                };
                memory::free(buffer.cast(), CLOSURE_DATA + size as usize);
            }
            _ => {}
        }
    }
}

/// One owner more for every buffer of the value: what copying its bytes must be accompanied by.
///
/// # Safety
/// `value` points to a valid value of `desc`.
#[inline]
pub unsafe fn retain(value: *mut u8, desc: &'static TypeDesc) {
    // SAFETY: the caller's promise; the parts are live.
    unsafe {
        counted_parts(value, desc, &mut |part, desc| {
            count::retain(buffer_of(part, desc));
        });
    }
}

/// One owner less; what nobody owns is freed. The memory of `value` itself stays the caller's, its bytes are then
/// meaningless.
///
/// # Safety
/// `value` points to a valid value of `desc` whose references the caller gives up.
#[inline]
pub unsafe fn release(value: *mut u8, desc: &'static TypeDesc) {
    if !desc.is_plain() {
        let mut releaser = Walker::default();
        // SAFETY: the caller's promise.
        unsafe {
            counted_parts(value, desc, &mut |part, desc| {
                releaser.release(buffer_of(part, desc), part, desc, 0);
            });
            releaser.release_pending();
        }
    }
}

/// Releases a buffer, of which the caller gives up one reference.
///
/// # Safety
/// `buffer` is null or a live list, map, set or closure of `desc`.
pub unsafe fn release_buffer(buffer: *mut Header, desc: &'static TypeDesc) {
    let mut releaser = Walker::default();
    // SAFETY: the caller's promise. Without a text there is no part to look at.
    unsafe {
        releaser.release(buffer, std::ptr::null_mut(), desc, 0);
        releaser.release_pending();
    }
}

/// Releases a closure, of which the caller gives up one reference.
///
/// # Safety
/// `closure` is null or live.
pub unsafe fn release_closure(closure: *mut ClosureHeader) {
    // SAFETY: the caller's promise.
    unsafe { release_buffer(closure.cast(), &CLOSURE) }
}

/// Any closure: what it captures it knows itself.
static CLOSURE: TypeDesc = TypeDesc {
    kind: Kind::Closure,
    flags: 0,
    align: 8,
    size: 8,
    a: std::ptr::null(),
    b: std::ptr::null(),
    fields: std::ptr::null(),
    field_count: 0,
    name: StaticStr::new("fn"),
};

/// Marks every buffer of the value as shared, so that it may be handed to another thread. Stops at what is shared
/// already: whatever is inside of it is too.
///
/// # Safety
/// `value` points to a valid value of `desc` that no other thread touches, except for what is shared already.
#[inline]
pub unsafe fn share(value: *mut u8, desc: &'static TypeDesc) {
    if !desc.is_plain() {
        let mut walker = Walker::default();
        // SAFETY: the caller's promise.
        unsafe {
            counted_parts(value, desc, &mut |part, desc| {
                walker.share(buffer_of(part, desc), desc, 0);
            });
            walker.share_pending();
        }
    }
}

/// A walk into buffers, and what it has put off.
#[derive(Default)]
struct Walker {
    pending: Vec<(*mut Header, &'static TypeDesc)>,
}

impl Walker {
    /// Puts off a buffer that is too deep. Without memory it is not done at all: a leak, or a buffer that stays local
    /// although it should be shared, so sharing must not get here (see [`Self::share`]).
    fn put_off(&mut self, buffer: *mut Header, desc: &'static TypeDesc) -> bool {
        if self.pending.try_reserve(1).is_err() {
            return false;
        }
        self.pending.push((buffer, desc));
        true
    }

    unsafe fn release(
        &mut self,
        buffer: *mut Header,
        part: *mut u8,
        desc: &'static TypeDesc,
        depth: u32,
    ) {
        // SAFETY: the caller gives up a reference to a live buffer.
        unsafe {
            match desc.kind {
                Kind::Str | Kind::Path | Kind::Bytes => text::release(&*part.cast::<StrRepr>()),
                _ if !count::release(buffer) => {}
                _ if depth >= DEPTH => {
                    self.put_off(buffer, desc);
                }
                _ => self.end(buffer, desc, depth),
            }
        }
    }

    /// Releases what is in a buffer without owners and frees it.
    unsafe fn end(&mut self, buffer: *mut Header, desc: &'static TypeDesc, depth: u32) {
        // SAFETY: nobody else uses the buffer; its parts lose their owner.
        unsafe {
            counted_parts_inside(buffer, desc, &mut |part, desc| {
                self.release(buffer_of(part, desc), part, desc, depth + 1);
            });
            free(buffer, desc);
        }
    }

    unsafe fn release_pending(&mut self) {
        while let Some((buffer, desc)) = self.pending.pop() {
            // SAFETY: it was put off when it had lost its last owner.
            unsafe { self.end(buffer, desc, 0) }
        }
    }

    unsafe fn share(&mut self, buffer: *mut Header, desc: &'static TypeDesc, depth: u32) {
        // SAFETY: the buffer is live and, unless shared already, this thread's.
        unsafe {
            if !count::share(buffer) {
                return;
            }
            // Without memory for the list the stack must do.
            if depth < DEPTH || !self.put_off(buffer, desc) {
                self.share_inside(buffer, desc, depth);
            }
        }
    }

    unsafe fn share_inside(&mut self, buffer: *mut Header, desc: &'static TypeDesc, depth: u32) {
        // SAFETY: as above, for what is inside.
        unsafe {
            counted_parts_inside(buffer, desc, &mut |part, desc| {
                self.share(buffer_of(part, desc), desc, depth + 1);
            });
        }
    }

    unsafe fn share_pending(&mut self) {
        while let Some((buffer, desc)) = self.pending.pop() {
            // SAFETY: it was put off when it was marked.
            unsafe { self.share_inside(buffer, desc, 0) }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering::Relaxed;

    use dynop_abi::layout::ListHeader;
    use dynop_abi::plan::Const;

    use super::*;
    use crate::constant::materialise;
    use crate::entries::{dyn_closure_new, dyn_closure_release};
    use crate::memory::live_buffers;
    use crate::testing::*;

    fn long(text: &str) -> Const {
        Const::Str(format!("{text}, which is longer than fifteen bytes"))
    }

    #[test]
    fn a_very_long_chain_of_closures_is_shared_and_released() {
        let captures = aggregate(Kind::Tuple, "(fn,)", &[("", simple(Kind::Closure, "fn"))]);
        // SAFETY: each closure captures the one before, which it takes over.
        unsafe {
            let mut last: *mut u8 = std::ptr::null_mut();
            for _ in 0..300_000 {
                let closure = dyn_closure_new(std::ptr::null_mut(), std::ptr::null_mut(), captures);
                closure.add(CLOSURE_DATA).cast::<*mut u8>().write(last);
                last = closure;
            }
            let place: *mut *mut u8 = &raw mut last;
            share(place.cast(), &CLOSURE);
            let mut at = last;
            while !at.is_null() {
                assert_eq!((*at.cast::<Header>()).count.load(Relaxed), -1);
                at = at.add(CLOSURE_DATA).cast::<*mut u8>().read();
            }
            dyn_closure_release(last);
        }
        assert_eq!(live_buffers(), 0);
    }

    #[test]
    fn copies_do_not_see_changes_and_nothing_leaks() {
        let ty = list_of(map_of(str_type(), list_of(str_type())));
        let entry = (long("key"), Const::List(vec![long("a"), long("b")]));
        let value = Const::List(vec![Const::Map(vec![entry])]);
        let value = materialise(&value, ty).expect("it is of the type");
        let show = |place: *const u8| {
            let mut out = String::new();
            // SAFETY: a valid value.
            unsafe { crate::display::write(&mut out, place, ty) };
            out
        };
        let before = show(value.as_ptr());
        // SAFETY: the copy is one more owner; it is changed by its own place alone.
        unsafe {
            let mut copy = value.as_ptr().cast::<*mut ListHeader>().read();
            retain((&raw mut copy).cast(), ty);
            share((&raw mut copy).cast(), ty);
            list::extend(&mut copy, copy, ty).expect("there is memory");
            assert_eq!(list::len(copy), 2);
            let inner = list::data(copy).cast::<*mut map::MapHeader>();
            map::for_each(*inner, |key, _| {
                let key = key.cast::<StrRepr>().read();
                assert!(map::remove(inner, (&raw const key).cast(), ty.a()) == Ok(true));
            });
            assert_eq!(show(value.as_ptr()), before);
            assert_ne!(show((&raw const copy).cast()), before);
            release((&raw mut copy).cast(), ty);
        }
        drop(value);
        assert_eq!(live_buffers(), 0);
    }

    #[test]
    fn a_unique_shared_buffer_flips_back() {
        let ty = list_of(int());
        let value = materialise(&Const::List(vec![Const::Int(1)]), ty).expect("of the type");
        // SAFETY: the list is ours.
        unsafe {
            share(value.as_ptr(), ty);
            let place = value.as_ptr().cast::<*mut ListHeader>();
            let before = *place;
            list::push(place, std::ptr::from_ref(&2_i64).cast(), ty).expect("there is memory");
            assert_eq!((**place).header.count.load(Relaxed), 1);
            assert!((*place) == before || (**place).len == 2);
        }
    }

    #[test]
    fn immortal_buffers_are_never_counted_or_written() {
        let ty = list_of(int());
        let value = materialise(&Const::List(vec![Const::Int(1)]), ty).expect("of the type");
        // SAFETY: the list is ours; it gets its count back.
        unsafe {
            let mut list = *value.as_ptr().cast::<*mut ListHeader>();
            (*list).header.count.store(0, Relaxed);
            let immortal = list;
            retain((&raw mut list).cast(), ty);
            share((&raw mut list).cast(), ty);
            release((&raw mut list).cast(), ty);
            list::push(&mut list, std::ptr::from_ref(&2_i64).cast(), ty).expect("there is memory");
            assert_ne!(list, immortal);
            assert_eq!(
                ((*immortal).len, (*immortal).header.count.load(Relaxed)),
                (1, 0)
            );
            release((&raw mut list).cast(), ty);
            (*immortal).header.count.store(1, Relaxed);
        }
    }

    #[test]
    fn absurd_sizes_are_no_memory() {
        let ty = list_of(str_type());
        let mut list = std::ptr::null_mut();
        // SAFETY: the list is ours, and stays null.
        unsafe {
            for size in [usize::MAX, usize::MAX / 16, 1 << 59] {
                assert!(list::reserve(&mut list, size, ty).is_err());
            }
        }
        assert!(list.is_null());
        let mut map = std::ptr::null_mut();
        // SAFETY: as above.
        assert!(unsafe { map::reserve(&mut map, 1 << 40, map_of(int(), int())) }.is_err());
    }
}
