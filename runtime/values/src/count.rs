//! Reference counts: the first word of every buffer (see [`Header`]).

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use dynop_abi::layout::Header;

/// A count this far from 0 is no longer counted: the buffer stays for ever rather than wrap. It takes 16 GiB of
/// references to come here.
const STICKY: i32 = 1 << 30;

/// One owner more. Null is the empty value and counts nothing.
///
/// # Safety
/// `buffer` is null or points to a live buffer of which the caller holds a reference.
#[inline]
pub unsafe fn retain(buffer: *mut Header) {
    if buffer.is_null() {
        return;
    }
    // SAFETY: not null, so live.
    let count = unsafe { &(*buffer).count };
    let now = count.load(Relaxed);
    if now > 0 {
        if now < STICKY {
            count.store(now + 1, Relaxed);
        }
    } else if now < 0 && now > -STICKY {
        count.fetch_sub(1, Relaxed);
    }
}

/// One owner less. Gives true if it was the last: the caller then releases what is inside and frees the buffer.
///
/// # Safety
/// `buffer` is null or points to a live buffer; the caller's reference is given up.
#[inline]
#[must_use]
pub unsafe fn release(buffer: *mut Header) -> bool {
    if buffer.is_null() {
        return false;
    }
    // SAFETY: not null, so live.
    let count = unsafe { &(*buffer).count };
    let now = count.load(Relaxed);
    if now > 0 {
        if now == 1 {
            return true;
        }
        if now < STICKY {
            count.store(now - 1, Relaxed);
        }
        return false;
    }
    if now == 0 || now <= -STICKY {
        return false;
    }
    if count.fetch_add(1, Release) != -1 {
        return false;
    }
    // What other owners did to the buffer before they let go happened before it is freed here.
    count.load(Acquire);
    true
}

/// Marks the buffer as shared between steps. Gives true if it was not yet: what is inside must then be marked as well.
///
/// # Safety
/// `buffer` is null or points to a live buffer that no other thread touches unless it is shared already.
#[inline]
#[must_use]
pub unsafe fn share(buffer: *mut Header) -> bool {
    if buffer.is_null() {
        return false;
    }
    // SAFETY: not null, so live.
    let count = unsafe { &(*buffer).count };
    let now = count.load(Relaxed);
    if now <= 0 {
        return false;
    }
    count.store(-now, Relaxed);
    true
}

/// Whether the buffer belongs to one step and has one owner, the caller: nobody else can see it.
///
/// # Safety
/// `buffer` points to a live buffer of which the caller holds a reference.
#[inline]
pub unsafe fn is_local(buffer: *const Header) -> bool {
    // SAFETY: the caller's promise.
    unsafe { (*buffer).count.load(Relaxed) == 1 }
}

/// Whether the caller's reference is the only one, so that the buffer may be written in place. A shared buffer with one
/// owner flips back to local counting.
///
/// # Safety
/// `buffer` points to a live buffer of which the caller holds a reference.
#[inline]
pub unsafe fn make_unique(buffer: *mut Header) -> bool {
    // SAFETY: the caller's promise.
    let count = unsafe { &(*buffer).count };
    match count.load(Acquire) {
        1 => true,
        -1 => {
            count.store(1, Relaxed);
            true
        }
        _ => false,
    }
}
