//! Native functions of lists, maps and sets (`list.dyn`, `map.dyn`, `set.dyn`).

use dynop_abi::context::Status;
use dynop_abi::desc::Kind;
use dynop_abi::entries::types::{Ctx, Desc, I64, Ptr};
use dynop_abi::layout::ListHeader;
use dynop_values::{list, map, walk};

use crate::convention::{act, buffer_type, for_this_call, give};

/// Takes elements away from the end until `count` are left.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_list_truncate(ctx: Ctx, list: Ptr, count: I64, item: Desc) -> Status {
    let list_type = buffer_type(Kind::List, item, std::ptr::null(), "List");
    // SAFETY: the convention; the descriptor is used during this call alone.
    unsafe {
        let list_type = for_this_call(&list_type);
        act(ctx, || {
            let count = usize::try_from(count)
                .map_err(|_| format!("truncate to {count}: a list has at least 0 elements"))?;
            let place = list.cast::<*mut ListHeader>();
            if list::len(*place) <= count {
                return Ok(());
            }
            list::unique(place, list_type)?;
            let at = *place;
            let stride = list_type.a().size as usize;
            while list::len(at) > count {
                (*at).len -= 1;
                let last = list::data(at).add((*at).len as usize * stride);
                walk::release(last, list_type.a());
            }
            Ok(())
        })
    }
}

/// Takes a key out, if it is there.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_map_remove(
    ctx: Ctx,
    map: Ptr,
    key: Ptr,
    key_type: Desc,
    value_type: Desc,
) -> Status {
    let map_type = buffer_type(Kind::Map, key_type, value_type, "Map");
    // SAFETY: the convention; the descriptor is used during this call alone.
    unsafe {
        let map_type = for_this_call(&map_type);
        act(ctx, || {
            map::remove(map.cast(), key, map_type)?;
            Ok(())
        })
    }
}

/// Puts an element into a set; one that is there already stays as it is.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_set_insert(ctx: Ctx, set: Ptr, value: Ptr, item: Desc) -> Status {
    let set_type = buffer_type(Kind::Set, item, std::ptr::null(), "Set");
    // SAFETY: the convention; the descriptor is used during this call alone.
    unsafe {
        let set_type = for_this_call(&set_type);
        act(ctx, || {
            map::slot(set.cast(), value, set_type)?;
            Ok(())
        })
    }
}

/// Takes an element out of a set, if it is there.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_set_remove(ctx: Ctx, set: Ptr, value: Ptr, item: Desc) -> Status {
    let set_type = buffer_type(Kind::Set, item, std::ptr::null(), "Set");
    // SAFETY: the convention; the descriptor is used during this call alone.
    unsafe {
        let set_type = for_this_call(&set_type);
        act(ctx, || {
            map::remove(set.cast(), value, set_type)?;
            Ok(())
        })
    }
}

/// Whether a value is an element of a set.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_set_contains(
    ctx: Ctx,
    out: Ptr,
    set: Ptr,
    value: Ptr,
    item: Desc,
) -> Status {
    let set_type = buffer_type(Kind::Set, item, std::ptr::null(), "Set");
    // SAFETY: the convention; the descriptor is used during this call alone.
    unsafe {
        let set_type = for_this_call(&set_type);
        give(ctx, out, || {
            let buffer = set.cast::<*mut map::MapHeader>().read();
            Ok(u8::from(!map::get(buffer, value, set_type).is_null()))
        })
    }
}
