//! What the pool does to values: counting references by descriptor.
//!
//! Values cross threads here and nowhere else, so everything that is put where another thread may take it is marked as
//! shared first.

use std::sync::atomic::{AtomicI32, Ordering};

use dynop_abi::desc::{Kind, TypeDesc};
use dynop_abi::layout::{Header, LIST_DATA, ListHeader, STR_DATA, STR_HEAP, StrHeader, StrRepr};

/// What is done to each counted buffer of a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Action {
    Retain,
    Release,
    Share,
}

/// One more reference to everything the value holds.
///
/// # Safety
/// `value` points to a value of `desc`.
pub unsafe fn retain(value: *mut u8, desc: &TypeDesc) {
    if !desc.is_plain() {
        // SAFETY: as the caller says.
        unsafe { walk(value, desc, Action::Retain) }
    }
}

/// One reference less to everything the value holds. The memory then holds nothing and may be zeroed or reused.
///
/// # Safety
/// `value` points to a value of `desc` that the caller owns.
pub unsafe fn release(value: *mut u8, desc: &TypeDesc) {
    if !desc.is_plain() {
        // SAFETY: as the caller says.
        unsafe { walk(value, desc, Action::Release) }
    }
}

/// Marks everything the value holds as shared between threads.
///
/// # Safety
/// `value` points to a value of `desc`, reached by no other thread yet except where it is marked already.
pub unsafe fn share(value: *mut u8, desc: &TypeDesc) {
    if !desc.is_plain() {
        // SAFETY: as the caller says.
        unsafe { walk(value, desc, Action::Share) }
    }
}

unsafe fn walk(value: *mut u8, desc: &TypeDesc, action: Action) {
    // SAFETY: the value has the shape that its descriptor says.
    unsafe {
        match desc.kind {
            Kind::Str | Kind::Path | Kind::Bytes => text(value, action),
            Kind::List => list(value, desc, action),
            Kind::Option => {
                let payload = desc.a();
                if !payload.is_plain() {
                    walk(value.add(desc.payload_offset()), payload, action);
                }
            }
            _ => {
                for field in desc.fields() {
                    if !field.desc().is_plain() {
                        walk(value.add(field.offset as usize), field.desc(), action);
                    }
                }
            }
        }
    }
}

unsafe fn text(value: *mut u8, action: Action) {
    // SAFETY: a text of two words.
    let words = unsafe { (*value.cast::<StrRepr>()).words };
    if (words[1] >> 56) as u8 != STR_HEAP {
        return;
    }
    let header = words[0] as *mut StrHeader;
    // SAFETY: such a text points to its buffer, `capacity` bytes behind the header.
    unsafe {
        if apply(&(*header).header, action) {
            free(header.cast(), STR_DATA + (*header).capacity as usize);
        }
    }
}

unsafe fn list(value: *mut u8, desc: &TypeDesc, action: Action) {
    // SAFETY: a list is one pointer, null or to its header; the elements lie behind it.
    unsafe {
        let header = *value.cast::<*mut ListHeader>();
        if header.is_null() {
            return;
        }
        let shared_already =
            action == Action::Share && (*header).header.count.load(Ordering::Relaxed) <= 0;
        let last = apply(&(*header).header, action);
        let element = desc.a();
        if !element.is_plain() && (last || (action == Action::Share && !shared_already)) {
            for index in 0..(*header).len as usize {
                let at = header
                    .cast::<u8>()
                    .add(LIST_DATA + index * element.size as usize);
                walk(at, element, action);
            }
        }
        if last {
            let capacity = (*header).capacity as usize;
            free(header.cast(), LIST_DATA + capacity * element.size as usize);
        }
    }
}

/// Applies the action to one count; whether the buffer is to be freed.
fn apply(header: &Header, action: Action) -> bool {
    let count: &AtomicI32 = &header.count;
    let now = count.load(Ordering::Relaxed);
    match action {
        _ if now == 0 => false,
        Action::Share => {
            if now > 0 {
                count.store(-now, Ordering::Relaxed);
            }
            false
        }
        Action::Retain if now > 0 => {
            count.store(now + 1, Ordering::Relaxed);
            false
        }
        Action::Retain => {
            count.fetch_sub(1, Ordering::Relaxed);
            false
        }
        Action::Release if now > 0 => {
            count.store(now - 1, Ordering::Relaxed);
            now == 1
        }
        Action::Release => count.fetch_add(1, Ordering::AcqRel) == -1,
    }
}

unsafe fn free(buffer: *mut u8, size: usize) {
    let layout = std::alloc::Layout::from_size_align(size, 8);
    if let Ok(layout) = layout {
        // SAFETY: counted buffers are allocated with their header, their room and alignment 8.
        unsafe { std::alloc::dealloc(buffer, layout) }
    }
}
