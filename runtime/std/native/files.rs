//! Files (`fs.dyn`).

use std::fs;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use dynop_abi::context::Status;
use dynop_abi::entries::types::{Ctx, Ptr};
use dynop_values::NoMemory;
use dynop_values::failing::Failure;
use dynop_values::text;

use crate::convention::{PATH_LIST, TextList, act, give, path_of, str_of};

/// What could not be done, with which path, and the system's reason.
pub(crate) fn refused(what: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::Message(format!(
        "can't {what} {}: {}",
        path.display(),
        reason(error)
    ))
}

/// The system's reason in its own words, without the number.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => {
            let mut chars = text[..end].chars();
            let first = chars.next().map(|c| c.to_lowercase().to_string());
            first.unwrap_or_default() + chars.as_str()
        }
        None => text,
    }
}

/// The whole of a text file.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_fs_read(ctx: Ctx, out: Ptr, path: Ptr) -> Status {
    // SAFETY: the convention.
    unsafe {
        let path = path_of(path);
        give(ctx, out, || {
            let bytes = read(path)?;
            match std::str::from_utf8(&bytes) {
                Ok(whole) => Ok(text::new(whole.as_bytes())?),
                Err(error) => {
                    let line = 1 + bytes[..error.valid_up_to()]
                        .iter()
                        .filter(|&&b| b == b'\n')
                        .count();
                    Err(not_utf8(path, line))
                }
            }
        })
    }
}

/// Line numbers count from 1.
pub(crate) fn not_utf8(path: &Path, line: usize) -> Failure {
    Failure::Message(format!("{} is not UTF-8 in line {line}", path.display()))
}

/// All bytes of a file, without aborting where they do not fit in memory.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::OutOfMemory => Failure::from(NoMemory),
        _ => refused("read", path, &error),
    };
    let mut file = fs::File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// Writes a text file.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_fs_write(ctx: Ctx, path: Ptr, text: Ptr) -> Status {
    // SAFETY: the convention.
    unsafe {
        let (path, text) = (path_of(path), str_of(text));
        act(ctx, || {
            fs::write(path, text).map_err(|error| refused("write", path, &error))
        })
    }
}

/// Whether something is there.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_fs_exists(ctx: Ctx, out: Ptr, path: Ptr) -> Status {
    // SAFETY: the convention.
    unsafe {
        let path = path_of(path);
        give(ctx, out, || match path.try_exists() {
            Ok(there) => Ok(u8::from(there)),
            Err(error) => Err(refused("look for", path, &error)),
        })
    }
}

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
            let options = glob::MatchOptions {
                case_sensitive: true,
                require_literal_separator: true,
                require_literal_leading_dot: true,
            };
            let paths = glob::glob_with(pattern, options)
                .map_err(|error| format!("`{pattern}` is no pattern: {}", error.msg))?;
            sorted(
                paths
                    .map(|path| path.map_err(|error| refused("read", error.path(), error.error()))),
            )
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
