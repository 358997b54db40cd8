//! Temporary files and folders (`fs.dyn`), which are gone when the step that made them ends, however it ends.
//!
//! A process has them in one folder, `dynop-run-…` in the system's folder for such, which is there as long as it holds
//! something. Within, the file `lock` is locked as long as the process lives: so that another can tell whether what lies
//! there is still somebody's. A process that is killed can't remove anything; the next one that makes a temporary file
//! removes what such have left.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use dynop_abi::context::{AtEnd, Status};
use dynop_abi::entries::types::{Ctx, Ptr};
use dynop_abi::layout::StrRepr;
use dynop_values::failing::Failure;
use dynop_values::text;

use crate::convention::{give, str_of};
use crate::files::refused;
use crate::writing::serial;

/// What the names of such folders begin with.
const FOLDER: &str = "dynop-run-";
const LOCK: &str = "lock";

/// The folder of the process.
struct Folder {
    path: PathBuf,
    /// Open as long as the folder is there: closing it is what unlocks it.
    _lock: File,
    /// How many temporary files and folders are in it.
    count: usize,
}

/// The folder, and whether what others have left was looked for.
static STATE: Mutex<(Option<Folder>, bool)> = Mutex::new((None, false));

/// Makes the folder if it is not there; gives its path, for one more temporary file.
fn enter() -> io::Result<PathBuf> {
    let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    let (folder, looked) = &mut *state;
    if let Some(folder) = folder {
        folder.count += 1;
        return Ok(folder.path.clone());
    }
    let made = make_folder(&std::env::temp_dir())?;
    if !std::mem::replace(looked, true) {
        remove_left(&made.path);
    }
    let path = made.path.clone();
    *folder = Some(made);
    Ok(path)
}

/// One temporary file less; the folder goes with the last.
fn leave() {
    let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(folder) = &mut state.0 else {
        return;
    };
    folder.count -= 1;
    if folder.count == 0 {
        let _ = fs::remove_dir_all(&folder.path);
        state.0 = None;
    }
}

fn make_folder(parent: &Path) -> io::Result<Folder> {
    loop {
        let name = format!("{FOLDER}{}-{}", std::process::id(), serial());
        let path = parent.join(name);
        match DirBuilder::new().mode(0o700).create(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            Err(error) => return Err(error),
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let lock = options.open(path.join(LOCK))?;
        // Another process may have seen the file before it is locked, and have removed it.
        if lock.try_lock().is_ok() && path.join(LOCK).exists() {
            return Ok(Folder {
                path,
                _lock: lock,
                count: 1,
            });
        }
    }
}

/// Removes the folders beside `own` whose processes are gone. What can't be removed is left.
fn remove_left(own: &Path) {
    let (Some(parent), Ok(about)) = (own.parent(), fs::symlink_metadata(own)) else {
        return;
    };
    let Ok(entries) = fs::read_dir(parent) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let is_one = entry.file_name().as_bytes().starts_with(FOLDER.as_bytes());
        if !is_one || path == own {
            continue;
        }
        // In a folder that all share, what others have made is theirs, whatever it is called.
        let is_ours = fs::symlink_metadata(&path)
            .is_ok_and(|other| other.is_dir() && other.uid() == about.uid());
        if is_ours
            && let Ok(lock) = OpenOptions::new().write(true).open(path.join(LOCK))
            && lock.try_lock().is_ok()
        {
            let _ = fs::remove_dir_all(&path);
        }
    }
}

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
    leave();
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
    let folder = enter().map_err(|error| {
        let folder = std::env::temp_dir();
        refused("make a temporary file in", &folder, &error)
    })?;
    let path = folder.join(format!("{}{suffix}", serial()));
    if let Err(error) = create(&path) {
        leave();
        return Err(refused("make", &path, &error));
    }
    let made = text::new(path.as_os_str().as_bytes());
    let at_end = AtEnd {
        run: remove,
        next: std::ptr::null_mut(),
    };
    let record = Box::into_raw(Box::new(Temporary { at_end, path }));
    // SAFETY: the caller's promise; the record is its own until it runs.
    unsafe { (*ctx).do_at_end(record.cast()) };
    Ok(made?)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_have_left() {
        let parent = tempfile::tempdir().unwrap();
        let names = || -> Vec<String> {
            let mut names: Vec<String> = fs::read_dir(parent.path())
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        };
        let living = make_folder(parent.path()).unwrap();
        let dead = make_folder(parent.path()).unwrap();
        fs::write(dead.path.join("1.csv"), "left").unwrap();
        let dead_path = dead.path.clone();
        // As the system closes it for a process that is killed.
        drop(dead);
        // One that is being made has no lock yet; a file and a link are nobody's folder.
        let begun = parent.path().join(format!("{FOLDER}begun"));
        fs::create_dir(&begun).unwrap();
        fs::write(parent.path().join(format!("{FOLDER}file")), "").unwrap();
        std::os::unix::fs::symlink(&begun, parent.path().join(format!("{FOLDER}link"))).unwrap();
        let before = names().len();
        let own = make_folder(parent.path()).unwrap();
        remove_left(&own.path);
        assert!(!dead_path.exists());
        assert!(living.path.exists() && own.path.exists() && begun.exists());
        assert_eq!(names().len(), before);
    }
}
