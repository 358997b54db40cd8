//! Writing files (`fs.dyn`), so that nobody ever sees half of one: what is written goes to a new file beside the old one,
//! reaches the disk, and takes its place in one step.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use dynop_abi::context::Status;
use dynop_abi::entries::types::{Ctx, Ptr};
use dynop_values::failing::Failure;
use dynop_values::text;

use crate::convention::{act, check_on, path_of};
use crate::files::{PIECE, refused};

/// A file that is being written, and takes its place when it is [finished](Self::finish); otherwise it is removed.
pub(crate) struct Replacement {
    file: File,
    /// What is written to until then; none where it goes to its place directly.
    temporary: Option<PathBuf>,
    /// Where it goes, links followed.
    place: PathBuf,
}

impl Replacement {
    /// Begins to write what will be at `path`.
    pub(crate) fn new(path: &Path) -> Result<Self, Failure> {
        Self::begin(path).map_err(|error| refused("write", path, &error))
    }

    fn begin(path: &Path) -> io::Result<Self> {
        let old = fs::metadata(path);
        if let Ok(about) = &old {
            if about.is_dir() {
                return Err(io::ErrorKind::IsADirectory.into());
            }
            if !about.is_file() {
                // A terminal, a pipe: there is nothing to be replaced.
                let file = OpenOptions::new().write(true).open(path)?;
                return Ok(Self {
                    file,
                    temporary: None,
                    place: path.to_owned(),
                });
            }
        }
        // A link stays one, and what it leads to is replaced.
        let place = match fs::read_link(path) {
            Ok(_) => fs::canonicalize(path)?,
            Err(_) => path.to_owned(),
        };
        if let Ok(about) = &old
            && about.permissions().readonly()
        {
            // As if it was written in place: a file that may not be written is not replaced either.
            OpenOptions::new().write(true).open(&place)?;
        }
        let (file, temporary) = create_beside(&place)?;
        let replacement = Self {
            file,
            temporary: Some(temporary),
            place,
        };
        if let Ok(about) = old {
            replacement.file.set_permissions(about.permissions())?;
        }
        Ok(replacement)
    }

    /// Where to write.
    pub(crate) fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Puts it in its place.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        let Some(temporary) = &self.temporary else {
            return Ok(());
        };
        self.file.sync_all()?;
        fs::rename(temporary, &self.place)?;
        self.temporary = None;
        // The new name, too, should outlive a power cut; where a folder can't be synchronised nothing is lost but that.
        if let Ok(folder) = File::open(folder_of(&self.place)) {
            let _ = folder.sync_all();
        }
        Ok(())
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            let _ = fs::remove_file(temporary);
        }
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// A number that no other call of this process gets.
pub(crate) fn serial() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed)
}

/// A new file in the same folder, hidden, under a name that nobody else has.
fn create_beside(place: &Path) -> io::Result<(File, PathBuf)> {
    if place.file_name().is_none() {
        return Err(io::ErrorKind::InvalidFilename.into());
    }
    loop {
        // Not made of the file's name, which may be as long as names can be.
        let mut name = OsString::from(".dynop-");
        name.push(format!("{}-{}.tmp", std::process::id(), serial()));
        let temporary = folder_of(place).join(name);
        match OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&temporary)
        {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            result => return result.map(|file| (file, temporary)),
        }
    }
}

/// Writes a whole file.
///
/// # Safety
/// `ctx` is the running step's.
pub(crate) unsafe fn write(ctx: Ctx, path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut replacement = Replacement::new(path)?;
    for piece in bytes.chunks(PIECE as usize) {
        // SAFETY: the caller's promise.
        unsafe { check_on(ctx)? };
        let written = replacement.file().write_all(piece);
        written.map_err(|error| refused("write", path, &error))?;
    }
    let finished = replacement.finish();
    finished.map_err(|error| refused("write", path, &error))
}

/// Copies a file with its permissions.
///
/// # Safety
/// `ctx` is the running step's.
pub(crate) unsafe fn copy(ctx: Ctx, from: &Path, to: &Path) -> Result<(), Failure> {
    let reading = |error: io::Error| refused("read", from, &error);
    let writing = |error: io::Error| refused("write", to, &error);
    let mut source = File::open(from).map_err(reading)?;
    let about = source.metadata().map_err(reading)?;
    if about.is_dir() {
        return Err(reading(io::ErrorKind::IsADirectory.into()));
    }
    let mut replacement = Replacement::new(to)?;
    loop {
        // SAFETY: the caller's promise.
        unsafe { check_on(ctx)? };
        // In the kernel where it can.
        let mut piece = Read::by_ref(&mut source).take(PIECE * 8);
        let copied = io::copy(&mut piece, replacement.file());
        let copied = copied.map_err(|error| refused("copy to", to, &error))?;
        if copied == 0 {
            break;
        }
    }
    if replacement.temporary.is_some() {
        let allowed = replacement.file().set_permissions(about.permissions());
        allowed.map_err(writing)?;
    }
    replacement.finish().map_err(writing)
}

/// Writes a file in place of what was there.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`; `data` is a `Str` or `Bytes`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_fs_write(ctx: Ctx, path: Ptr, data: Ptr) -> Status {
    // SAFETY: the convention.
    unsafe {
        let (path, data) = (path_of(path), text::bytes(&*data.cast()));
        act(ctx, || write(ctx, path, data))
    }
}

/// Writes behind what is in a file; makes it where it is not there.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`; `data` is a `Str` or `Bytes`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_fs_append(ctx: Ctx, path: Ptr, data: Ptr) -> Status {
    // SAFETY: the convention.
    unsafe {
        let (path, data) = (path_of(path), text::bytes(&*data.cast()));
        act(ctx, || {
            let file = OpenOptions::new().append(true).create(true).open(path);
            let written = file.and_then(|mut file| file.write_all(data));
            written.map_err(|error| refused("write", path, &error))
        })
    }
}

/// Copies a file.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_fs_copy(ctx: Ctx, from: Ptr, to: Ptr) -> Status {
    // SAFETY: the convention.
    unsafe {
        let (from, to) = (path_of(from), path_of(to));
        act(ctx, || copy(ctx, from, to))
    }
}
