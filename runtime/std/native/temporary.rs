//! Temporary files and folders (`fs.dyn`), which are gone when the step that made them ends, however it ends.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use dynop_abi::context::{AtEnd, Status};
use dynop_abi::entries::types::{Ctx, Ptr};
use dynop_abi::layout::StrRepr;
use dynop_values::failing::Failure;
use dynop_values::text;

use crate::convention::{give, str_of};
use crate::files::refused;
use crate::writing::serial;

/// A path that is removed at the end of a step.
#[repr(C)]
struct Temporary {
    at_end: AtEnd,
    path: PathBuf,
}

/// # Safety
/// `record` is that of a boxed [`Temporary`], and is not used again.
unsafe extern "C" fn remove(record: *mut AtEnd) {
    // SAFETY: the caller's promise; the record is the first field.
    let temporary = unsafe { Box::from_raw(record.cast::<Temporary>()) };
    // The program may have removed or renamed it: then there is nothing to do.
    let _ = match fs::symlink_metadata(&temporary.path) {
        Ok(about) if about.is_dir() => fs::remove_dir_all(&temporary.path),
        _ => fs::remove_file(&temporary.path),
    };
}

/// Makes something by `create` under a name that nobody else has, and has it removed with the step.
///
/// # Safety
/// `ctx` is the running step's.
unsafe fn make(
    ctx: Ctx,
    suffix: &str,
    create: impl Fn(&Path) -> io::Result<()>,
) -> Result<StrRepr, Failure> {
    if suffix.contains('/') {
        return Err(format!("the end of a file's name can't contain `/`: `{suffix}`").into());
    }
    let folder = std::env::temp_dir();
    loop {
        let name = format!("dynop-{}-{}{suffix}", std::process::id(), serial());
        let path = folder.join(OsStr::new(&name));
        match create(&path) {
            Ok(()) => {
                let made = text::new(path.as_os_str().as_bytes());
                let at_end = AtEnd {
                    run: remove,
                    next: std::ptr::null_mut(),
                };
                let record = Box::into_raw(Box::new(Temporary { at_end, path }));
                // SAFETY: the caller's promise; the record is its own until it runs.
                unsafe { (*ctx).do_at_end(record.cast()) };
                return Ok(made?);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(refused("make", &path, &error)),
        }
    }
}

/// Makes an empty temporary file.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_fs_temp_file(ctx: Ctx, out: Ptr, suffix: Ptr) -> Status {
    // SAFETY: the convention.
    unsafe {
        let suffix = str_of(suffix);
        give(ctx, out, || {
            make(ctx, suffix, |path| {
                let mut options = OpenOptions::new();
                options.write(true).create_new(true).mode(0o600);
                options.open(path).map(drop)
            })
        })
    }
}

/// Makes an empty temporary folder.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_fs_temp_dir(ctx: Ctx, out: Ptr) -> Status {
    // SAFETY: the convention.
    unsafe {
        give(ctx, out, || {
            make(ctx, "", |path| DirBuilder::new().mode(0o700).create(path))
        })
    }
}
