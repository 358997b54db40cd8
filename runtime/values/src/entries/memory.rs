//! Counts, comparisons, closures and integers.

use std::sync::atomic::AtomicI32;

use dynop_abi::context::{FAILED, OK, Status};
use dynop_abi::desc::TypeDesc;
use dynop_abi::entries::Operator;
use dynop_abi::entries::types::{Ctx, Desc, F64, I64, Ptr, U8, U32};
use dynop_abi::layout::{CLOSURE_DATA, ClosureHeader, Header, StrRepr};

use crate::failing::{Failure, fail_at};
use crate::{compare, count, text, walk};

unsafe extern "C" {
    fn dyn_fail_overflow(ctx: Ctx, site: U32, operator: U32, a: I64, b: I64);
}

/// # Safety
/// Called by compiled code: a descriptor is a static.
#[inline]
pub(crate) unsafe fn describe(ty: Desc) -> &'static TypeDesc {
    // SAFETY: the caller's promise.
    unsafe { &*ty }
}

/// One owner more of a text.
///
/// # Safety
/// The words are a valid text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_str_retain(w0: I64, w1: I64) {
    let words = [w0 as u64, w1 as u64];
    // SAFETY: the caller's promise.
    unsafe { text::retain(&StrRepr { words }) }
}

/// One owner less of a text.
///
/// # Safety
/// The words are a valid text, whose reference the caller gives up.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_str_release(w0: I64, w1: I64) {
    let words = [w0 as u64, w1 as u64];
    // SAFETY: the caller's promise.
    unsafe { text::release(&StrRepr { words }) }
}

/// One owner more of a list, map, set or closure.
///
/// # Safety
/// `buffer` is null or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_buffer_retain(buffer: Ptr) {
    // SAFETY: the caller's promise.
    unsafe { count::retain(buffer.cast()) }
}

/// One owner less of a list.
///
/// # Safety
/// `list` is null or a live list of this type, whose reference the caller gives up.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_list_release(list: Ptr, list_type: Desc) {
    // SAFETY: the caller's promise.
    unsafe { walk::release_buffer(list.cast(), describe(list_type)) }
}

/// One owner less of a map or set.
///
/// # Safety
/// `map` is null or a live map of this type, whose reference the caller gives up.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_map_release(map: Ptr, map_type: Desc) {
    // SAFETY: the caller's promise.
    unsafe { walk::release_buffer(map.cast(), describe(map_type)) }
}

/// One owner less of a closure.
///
/// # Safety
/// `closure` is null or live, and the caller gives up its reference.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_closure_release(closure: Ptr) {
    // SAFETY: the caller's promise. A closure carries the type of its captures itself.
    unsafe { walk::release_closure(closure.cast()) }
}

/// One owner more of every part of a value.
///
/// # Safety
/// `value` points to a valid value of the type.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_value_retain(value: Ptr, ty: Desc) {
    // SAFETY: the caller's promise.
    unsafe { walk::retain(value, describe(ty)) }
}

/// One owner less of every part of a value.
///
/// # Safety
/// `value` points to a valid value of the type, which the caller gives up.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_value_release(value: Ptr, ty: Desc) {
    // SAFETY: the caller's promise.
    unsafe { walk::release(value, describe(ty)) }
}

/// `a == b`.
///
/// # Safety
/// Both point to valid values of the type.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_value_equal(a: Ptr, b: Ptr, ty: Desc) -> U8 {
    // SAFETY: the caller's promise.
    U8::from(unsafe { compare::equal(a, b, describe(ty)) })
}

/// -1, 0 or 1.
///
/// # Safety
/// Both point to valid values of the type.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_value_compare(a: Ptr, b: Ptr, ty: Desc) -> I64 {
    // SAFETY: the caller's promise.
    unsafe { compare::compare(a, b, describe(ty)) as I64 }
}

/// A fresh closure whose captures are zero bits; null where there is no memory, of which nothing is recorded.
///
/// # Safety
/// `captures` is null or a static descriptor.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_closure_new(_ctx: Ctx, code: Ptr, captures: Desc) -> Ptr {
    // SAFETY: the caller's promise; the memory is large enough for the header.
    unsafe {
        let size = captures.as_ref().map_or(0, |ty| ty.size as usize);
        let Ok(closure) = crate::memory::allocate_zeroed(CLOSURE_DATA + size) else {
            return std::ptr::null_mut();
        };
        closure.cast::<ClosureHeader>().write(ClosureHeader {
            header: Header {
                count: AtomicI32::new(1),
                flags: 0,
            },
            code,
            captures,
        });
        closure
    }
}

/// `base ** exponent`; fails on overflow and for a negative exponent.
///
/// # Safety
/// `ctx` is the running step's, `out` has room for an `Int`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_int_pow(
    ctx: Ctx,
    site: U32,
    out: Ptr,
    base: I64,
    exponent: I64,
) -> Status {
    // SAFETY: the caller's promise.
    unsafe {
        if exponent < 0 {
            let message = format!("negative exponent: {base} ** ({exponent})");
            return fail_at(ctx, site, &Failure::Message(message));
        }
        let Some(power) = checked_pow(base, exponent) else {
            dyn_fail_overflow(ctx, site, Operator::Pow as U32, base, exponent);
            return FAILED;
        };
        out.cast::<I64>().write(power);
    }
    OK
}

fn checked_pow(base: i64, exponent: i64) -> Option<i64> {
    match base {
        0 | 1 => Some(if exponent == 0 { 1 } else { base }),
        -1 => Some(if exponent % 2 == 0 { 1 } else { -1 }),
        // Any other base overflows long before this.
        _ => base.checked_pow(u32::try_from(exponent).ok()?),
    }
}

/// `base ** exponent`.
///
/// # Safety
/// Safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_float_pow(base: F64, exponent: F64) -> F64 {
    base.powf(exponent)
}

/// `a % b`, with the sign of `a`.
///
/// # Safety
/// Safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_float_rem(a: F64, b: F64) -> F64 {
    a % b
}

#[cfg(test)]
mod tests {
    use super::checked_pow;

    #[test]
    fn powers() {
        assert_eq!(checked_pow(0, 0), Some(1));
        assert_eq!(checked_pow(0, i64::MAX), Some(0));
        assert_eq!(checked_pow(-1, i64::MAX), Some(-1));
        assert_eq!(checked_pow(2, 62), Some(1 << 62));
        assert_eq!(checked_pow(-2, 63), Some(i64::MIN));
        assert_eq!(checked_pow(2, 63), None);
        assert_eq!(checked_pow(3, i64::MAX), None);
    }
}
