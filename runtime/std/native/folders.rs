//! Folders and what is known of files without opening them (`fs.dyn`).

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use dynop_abi::context::Status;
use dynop_abi::entries::types::{Ctx, Ptr, U8};
use dynop_values::failing::Failure;

use crate::convention::{PATH_LIST, TextList, act, give, path_of, str_of};
use crate::files::refused;

/// The paths that fit a pattern, in the order of their bytes.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_fs_glob(ctx: Ctx, out: Ptr, pattern: Ptr) -> Status {
    // SAFETY: the convention.
    unsafe {
        let pattern = str_of(pattern);
        give(ctx, out, || {
            sorted(crate::globs::paths(pattern)?.into_iter().map(Ok))
        })
    }
}

/// What a folder holds, in the order of bytes.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_fs_list(ctx: Ctx, out: Ptr, folder: Ptr) -> Status {
    // SAFETY: the convention.
    unsafe {
        let folder = path_of(folder);
        give(ctx, out, || {
            let failed = |error: io::Error| refused("list", folder, &error);
            let entries = fs::read_dir(folder).map_err(failed)?;
            sorted(entries.map(|entry| entry.map(|entry| entry.path()).map_err(failed)))
        })
    }
}

fn sorted(
    paths: impl Iterator<Item = Result<PathBuf, Failure>>,
) -> Result<*mut dynop_abi::layout::ListHeader, Failure> {
    let mut all: Vec<PathBuf> = paths.collect::<Result<_, _>>()?;
    all.sort_unstable_by(|a, b| a.as_os_str().as_bytes().cmp(b.as_os_str().as_bytes()));
    TextList::of(
        &PATH_LIST,
        all.iter().map(|path| path.as_os_str().as_bytes()),
    )
}

/// What the system knows of a file: `(size, modified, is_file, is_dir)`, the time in nanoseconds
/// since the Unix epoch.
#[repr(C)]
struct About {
    size: i64,
    modified: i64,
    is_file: u8,
    is_dir: u8,
}

/// What the system knows of a file, links followed.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_fs_stat(ctx: Ctx, out: Ptr, path: Ptr) -> Status {
    use std::os::unix::fs::MetadataExt;
    // SAFETY: the convention.
    unsafe {
        let path = path_of(path);
        give(ctx, out, || {
            let about = fs::metadata(path).map_err(|error| refused("look at", path, &error))?;
            let seconds = about.mtime().saturating_mul(1_000_000_000);
            Ok(About {
                size: i64::try_from(about.len()).unwrap_or(i64::MAX),
                modified: seconds.saturating_add(about.mtime_nsec()),
                is_file: u8::from(about.is_file()),
                is_dir: u8::from(about.is_dir()),
            })
        })
    }
}

/// Whether a path is a folder itself, or is a file; with `follow`, or what a link leads to. False where nothing is.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_fs_is(
    ctx: Ctx,
    out: Ptr,
    path: Ptr,
    folder: U8,
    follow: U8,
) -> Status {
    // SAFETY: the convention.
    unsafe {
        let path = path_of(path);
        give(ctx, out, || {
            let about = match follow {
                0 => fs::symlink_metadata(path),
                _ => fs::metadata(path),
            };
            match about {
                Ok(about) if folder != 0 => Ok(u8::from(about.is_dir())),
                Ok(about) => Ok(u8::from(about.is_file())),
                Err(error) if is_absence(&error) => Ok(0),
                Err(error) => Err(refused("look at", path, &error)),
            }
        })
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// Makes a folder, and those that it is in where they are missing.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_fs_mkdir(ctx: Ctx, path: Ptr) -> Status {
    // SAFETY: the convention.
    unsafe {
        let path = path_of(path);
        act(ctx, || {
            fs::create_dir_all(path).map_err(|error| refused("make the folder", path, &error))
        })
    }
}

/// Removes a file, a link or an empty folder; with `all`, a folder with what it holds. Links are not followed.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_fs_remove(ctx: Ctx, path: Ptr, all: U8) -> Status {
    // SAFETY: the convention.
    unsafe {
        let path = path_of(path);
        act(ctx, || {
            let removed =
                fs::symlink_metadata(path).and_then(|about| match (about.is_dir(), all != 0) {
                    (false, _) => fs::remove_file(path),
                    (true, false) => fs::remove_dir(path),
                    (true, true) => fs::remove_dir_all(path),
                });
            removed.map_err(|error| refused("remove", path, &error))
        })
    }
}

/// Gives a file or folder another path, in place of a file that was there.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_fs_rename(ctx: Ctx, from: Ptr, to: Ptr) -> Status {
    // SAFETY: the convention.
    unsafe {
        let (from, to) = (path_of(from), path_of(to));
        act(ctx, || match fs::rename(from, to) {
            Ok(()) => Ok(()),
            // On another file system the bytes have to move.
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices && from.is_file() => {
                crate::writing::copy(ctx, from, to)?;
                fs::remove_file(from).map_err(|error| refused("remove", from, &error))
            }
            Err(error) => {
                let what = format!("rename {} to", from.display());
                Err(refused(&what, to, &error))
            }
        })
    }
}
