//! The environment of the process (`env.dyn`).

use std::os::unix::ffi::OsStrExt;

use dynop_abi::context::Status;
use dynop_abi::entries::types::{Ctx, Ptr};
use dynop_abi::layout::StrRepr;
use dynop_values::failing::Failure;
use dynop_values::map::{self, MapHeader};
use dynop_values::text::{self, Text};

use crate::convention::{OptionalStr, STR_MAP, give, give_value, str_of};

/// The value of a variable.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_env_get(ctx: Ctx, out: Ptr, name: Ptr) -> Status {
    // SAFETY: the convention.
    unsafe {
        let name = str_of(name);
        give(ctx, out, || {
            // What the system refuses to have as a name is the name of nothing.
            if name.is_empty() || name.contains(['=', '\0']) {
                return Ok(OptionalStr::from(None));
            }
            let value = std::env::var_os(name).map(|value| match value.to_str() {
                Some(value) => Ok(text::new(value.as_bytes())?),
                None => Err(Failure::from(format!(
                    "the environment variable {name} is not UTF-8"
                ))),
            });
            Ok(OptionalStr::from(value.transpose()?))
        })
    }
}

/// All variables that are UTF-8, in the order of their names.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_env_vars(ctx: Ctx, out: Ptr) -> Status {
    let mut all: Vec<_> = std::env::vars_os().collect();
    all.sort_unstable_by(|a, b| a.0.as_bytes().cmp(b.0.as_bytes()));
    // SAFETY: the convention; the map is ours until it is complete.
    unsafe {
        give_value(ctx, out, &STR_MAP, |place| {
            for (name, value) in &all {
                let (Some(name), Some(value)) = (name.to_str(), value.to_str()) else {
                    continue;
                };
                let key = Text::new(name.as_bytes())?;
                let value = Text::new(value.as_bytes())?;
                let key = (&raw const *key.repr()).cast();
                let slot = map::slot(place.cast::<*mut MapHeader>(), key, &STR_MAP)?;
                let old = slot.value.cast::<StrRepr>().replace(value.into_repr());
                text::release(&old);
            }
            Ok(())
        })
    }
}
