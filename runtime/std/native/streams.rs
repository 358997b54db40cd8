//! Files that the language writes piece by piece (`fs.write_lines`, `csv.write_rows`, `json.write_lines`), and that take their
//! place when they are whole.
//!
//! As with readers, the program holds a number; the files are the thread's, since a step stays on its thread. What is not finished
//! when the step ends is removed then, with whatever was written.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::Write;
use std::path::PathBuf;

use dynop_abi::context::{AtEnd, Status};
use dynop_abi::entries::types::{Ctx, I64, Ptr};
use dynop_values::failing::Failure;
use dynop_values::text;

use crate::convention::{act, check_on, give, path_of};
use crate::files::refused;
use crate::writing::{Replacement, serial};

/// A file that is being written.
struct Writing {
    replacement: Replacement,
    path: PathBuf,
}

thread_local! {
    static WRITERS: RefCell<HashMap<i64, Writing>> = RefCell::default();
}

/// A file that is given up at the end of a step, if it was not finished before.
#[repr(C)]
struct Unfinished {
    at_end: AtEnd,
    number: i64,
}

/// # Safety
/// `record` is that of a boxed [`Unfinished`], and is not used again.
unsafe extern "C" fn give_up(record: *mut AtEnd) {
    // SAFETY: the caller's promise; the record is the first field.
    let unfinished = unsafe { Box::from_raw(record.cast::<Unfinished>()) };
    let writing = WRITERS.with_borrow_mut(|writers| writers.remove(&unfinished.number));
    drop(writing);
}

/// Begins a file; gives the number of its writer.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_fs_begin(ctx: Ctx, out: Ptr, path: Ptr) -> Status {
    // SAFETY: the convention; the record is its own until it runs.
    unsafe {
        let path = path_of(path);
        give(ctx, out, || {
            let writing = Writing {
                replacement: Replacement::new(path)?,
                path: path.to_owned(),
            };
            let number = serial() as i64;
            WRITERS.with_borrow_mut(|writers| writers.insert(number, writing));
            let at_end = AtEnd {
                run: give_up,
                next: std::ptr::null_mut(),
            };
            let record = Box::into_raw(Box::new(Unfinished { at_end, number }));
            (*ctx).do_at_end(record.cast());
            Ok(number)
        })
    }
}

/// Writes a piece.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`; `data` is a `Str` or `Bytes`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_fs_put(ctx: Ctx, writer: I64, data: Ptr) -> Status {
    // SAFETY: the convention.
    unsafe {
        let data = text::bytes(&*data.cast());
        act(ctx, || {
            check_on(ctx)?;
            WRITERS.with_borrow_mut(|writers| {
                let Some(writing) = writers.get_mut(&writer) else {
                    return Err(ended());
                };
                let written = writing.replacement.file().write_all(data);
                written.map_err(|error| refused("write", &writing.path, &error))
            })
        })
    }
}

/// Puts the file in its place.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_fs_finish(ctx: Ctx, writer: I64) -> Status {
    // SAFETY: the convention.
    unsafe {
        act(ctx, || {
            let writing = WRITERS.with_borrow_mut(|writers| writers.remove(&writer));
            let Some(Writing { replacement, path }) = writing else {
                return Err(ended());
            };
            let finished = replacement.finish();
            finished.map_err(|error| refused("write", &path, &error))
        })
    }
}

fn ended() -> Failure {
    "the file was finished before; this is a bug of the standard library".into()
}
