//! Reading whole files (`fs.dyn`).

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use dynop_abi::context::Status;
use dynop_abi::entries::types::{Ctx, Ptr};
use dynop_values::NoMemory;
use dynop_values::failing::Failure;
use dynop_values::text;

use crate::convention::{check_on, give, path_of};

/// How much is read or written between two looks whether the step is cancelled, in bytes.
pub(crate) const PIECE: u64 = 1 << 20;

/// What could not be done, with which path, and the system's reason.
pub(crate) fn refused(what: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::Message(format!(
        "can't {what} {}: {}",
        path.display(),
        reason(error)
    ))
}

/// The system's reason in its own words, without the number.
pub(crate) fn reason(error: &io::Error) -> String {
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
            let bytes = read(ctx, path)?;
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
///
/// # Safety
/// `ctx` is the running step's.
pub(crate) unsafe fn read(ctx: Ctx, path: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::OutOfMemory => Failure::from(NoMemory),
        _ => refused("read", path, &error),
    };
    let mut file = fs::File::open(path).map_err(failed)?;
    let size = file.metadata().map_or(0, |about| about.len());
    let mut bytes = Vec::new();
    // What the system says of the size is a hint: files of `/proc` have none, others may grow.
    bytes
        .try_reserve(usize::try_from(size).unwrap_or(usize::MAX))
        .map_err(|_| NoMemory)?;
    loop {
        let read = file
            .by_ref()
            .take(PIECE)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
        if read == 0 {
            return Ok(bytes);
        }
        // SAFETY: the caller's promise.
        unsafe { check_on(ctx)? };
    }
}

/// The whole of a file.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_fs_read_bytes(ctx: Ctx, out: Ptr, path: Ptr) -> Status {
    // SAFETY: the convention.
    unsafe {
        let path = path_of(path);
        give(ctx, out, || Ok(text::new(&read(ctx, path)?)?))
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
