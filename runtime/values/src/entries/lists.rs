//! Lists.

use dynop_abi::context::Status;
use dynop_abi::entries::types::{Ctx, Desc, I64, Ptr};

use super::memory::describe;
use crate::NoMemory;
use crate::failing::{Failure, status};
use crate::list;

/// Unshared, with room for more.
///
/// # Safety
/// `list` is a place that holds a list of this type, owned by the caller.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_list_reserve(
    ctx: Ctx,
    list: Ptr,
    additional: I64,
    list_type: Desc,
) -> Status {
    let room = usize::try_from(additional)
        .map_err(|_| Failure::Message(format!("a list has no room for {additional} elements")));
    // SAFETY: the caller's promise.
    unsafe {
        let result = room.and_then(|additional| {
            list::reserve(list.cast(), additional, describe(list_type)).map_err(Failure::from)
        });
        status(ctx, result)
    }
}

/// Unshared, with room for one more.
///
/// # Safety
/// As for [`dyn_list_reserve`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_list_grow(ctx: Ctx, list: Ptr, list_type: Desc) -> Status {
    // SAFETY: the caller's promise.
    unsafe { status::<NoMemory>(ctx, list::grow(list.cast(), describe(list_type))) }
}

/// Unshared.
///
/// # Safety
/// As for [`dyn_list_reserve`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_list_unique(ctx: Ctx, list: Ptr, list_type: Desc) -> Status {
    // SAFETY: the caller's promise.
    unsafe { status(ctx, list::unique(list.cast(), describe(list_type))) }
}

/// Appends copies of the elements of another list.
///
/// # Safety
/// As for [`dyn_list_reserve`]; `other` points to a list of the same type.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_list_extend(
    ctx: Ctx,
    list: Ptr,
    other: Ptr,
    list_type: Desc,
) -> Status {
    // SAFETY: the caller's promise.
    unsafe {
        let other = other.cast::<*mut dynop_abi::layout::ListHeader>().read();
        status(ctx, list::extend(list.cast(), other, describe(list_type)))
    }
}
