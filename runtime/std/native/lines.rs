//! The readers behind `fs.lines` (`fs.dyn`).
//!
//! An iterator in the language is a closure and knows nothing of files, so it holds the number of a reader. Readers are the
//! thread's: a step stays on its thread from beginning to end. One that has come to the end of its file is closed; one
//! that the program left before (`break`, `take`) is never heard of again, so only the [`MOST_OPEN`] last used ones keep
//! their files open. An older one that is asked all the same opens its file again where it was.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use dynop_abi::context::Status;
use dynop_abi::entries::types::{Ctx, I64, Ptr};
use dynop_abi::layout::StrRepr;
use dynop_values::NoMemory;
use dynop_values::failing::Failure;
use dynop_values::text;

use crate::convention::{OptionalStr, give, path_of};
use crate::files::{not_utf8, refused};

/// How many files a thread keeps open: nested loops over files need one a level, and 1024 files a process is the usual
/// limit of the system.
const MOST_OPEN: usize = 16;
/// How much is read at once.
const BUFFER: usize = 64 * 1024;

/// A file that is open.
struct Open {
    file: File,
    buffer: Vec<u8>,
    /// Where in the buffer the next line begins.
    next: usize,
}

struct Reader {
    path: PathBuf,
    /// Device and inode, by which a file that was replaced is noticed.
    identity: (u64, u64),
    open: Option<Open>,
    /// Bytes of the file before the next line.
    offset: u64,
    /// Lines given so far.
    lines: usize,
    /// When it was last used, in the order of uses.
    used: u64,
}

#[derive(Default)]
struct Readers {
    all: HashMap<i64, Reader>,
    last: i64,
    uses: u64,
}

thread_local! {
    static READERS: RefCell<Readers> = RefCell::default();
}

/// Opens a text file for reading its lines; gives the number of the reader.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_fs_open_lines(ctx: Ctx, out: Ptr, path: Ptr) -> Status {
    // SAFETY: the convention.
    unsafe {
        let path = path_of(path);
        give(ctx, out, || {
            READERS.with_borrow_mut(|readers| readers.open(path))
        })
    }
}

/// The next line without its end, `none` behind the last.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_fs_next_line(ctx: Ctx, out: Ptr, reader: I64) -> Status {
    // SAFETY: the convention.
    unsafe {
        give(ctx, out, || {
            READERS
                .with_borrow_mut(|readers| readers.next(reader))
                .map(OptionalStr::from)
        })
    }
}

fn open(path: &Path) -> io::Result<(Open, (u64, u64))> {
    let file = File::open(path)?;
    let about = file.metadata()?;
    if about.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory));
    }
    let open = Open {
        file,
        buffer: Vec::new(),
        next: 0,
    };
    Ok((open, (about.dev(), about.ino())))
}

impl Readers {
    fn open(&mut self, path: &Path) -> Result<i64, Failure> {
        let (open, identity) = open(path).map_err(|error| refused("read", path, &error))?;
        self.last += 1;
        let reader = Reader {
            path: path.to_owned(),
            identity,
            open: Some(open),
            offset: 0,
            lines: 0,
            used: 0,
        };
        self.all.insert(self.last, reader);
        self.touch(self.last);
        Ok(self.last)
    }

    /// Notes a use, and closes the file that was not used for longest where too many are open.
    fn touch(&mut self, number: i64) {
        self.uses += 1;
        let uses = self.uses;
        if let Some(reader) = self.all.get_mut(&number) {
            reader.used = uses;
        }
        if self.all.len() <= MOST_OPEN {
            return;
        }
        let is_open = |reader: &&mut Reader| reader.open.is_some();
        if self
            .all
            .values()
            .filter(|reader| reader.open.is_some())
            .count()
            > MOST_OPEN
            && let Some(oldest) = self
                .all
                .values_mut()
                .filter(is_open)
                .min_by_key(|reader| reader.used)
        {
            oldest.open = None;
        }
    }

    fn next(&mut self, number: i64) -> Result<Option<StrRepr>, Failure> {
        // A reader that is at its end is forgotten; it stays at its end.
        let Some(reader) = self.all.get_mut(&number) else {
            return Ok(None);
        };
        let was_closed = reader.open.is_none();
        let line = reader.next();
        if !matches!(line, Ok(Some(_))) {
            self.all.remove(&number);
        } else if was_closed || self.all.len() > 1 {
            self.touch(number);
        }
        line
    }
}

impl Reader {
    fn next(&mut self) -> Result<Option<StrRepr>, Failure> {
        if self.open.is_none() {
            self.reopen()?;
        }
        let Some(open) = &mut self.open else {
            return Ok(None);
        };
        let size = match open.line() {
            Ok(0) => return Ok(None),
            Ok(size) => size,
            Err(error) if error.kind() == io::ErrorKind::OutOfMemory => return Err(NoMemory.into()),
            Err(error) => return Err(refused("read", &self.path, &error)),
        };
        let raw = &open.buffer[open.next..open.next + size];
        let line = raw.strip_suffix(b"\n").unwrap_or(raw);
        let line = if line.len() < raw.len() {
            line.strip_suffix(b"\r").unwrap_or(line)
        } else {
            line
        };
        self.lines += 1;
        if std::str::from_utf8(line).is_err() {
            return Err(not_utf8(&self.path, self.lines));
        }
        let text = text::new(line)?;
        open.next += size;
        self.offset += size as u64;
        Ok(Some(text))
    }

    fn reopen(&mut self) -> Result<(), Failure> {
        let failed = |error: io::Error| refused("read", &self.path, &error);
        let (mut fresh, identity) = open(&self.path).map_err(failed)?;
        if identity != self.identity {
            let path = self.path.display();
            return Err(format!("{path} was replaced while it was read").into());
        }
        fresh
            .file
            .seek(SeekFrom::Start(self.offset))
            .map_err(failed)?;
        self.open = Some(fresh);
        Ok(())
    }
}

impl Open {
    /// Reads until a whole line lies at `next`, and gives its size with its end; 0 at the end of the file.
    fn line(&mut self) -> io::Result<usize> {
        let mut searched = 0;
        loop {
            let rest = &self.buffer[self.next..];
            if let Some(at) = find_newline(&rest[searched..]) {
                return Ok(searched + at + 1);
            }
            searched = rest.len();
            if self.fill()? == 0 {
                return Ok(searched);
            }
        }
    }

    /// Reads more behind what is there, which moves to the front first.
    fn fill(&mut self) -> io::Result<usize> {
        self.buffer.drain(..self.next);
        self.next = 0;
        let old = self.buffer.len();
        // Lines longer than the buffer double it.
        let more = BUFFER.max(old);
        self.buffer.try_reserve(more)?;
        self.buffer.resize(old + more, 0);
        let result = loop {
            match self.file.read(&mut self.buffer[old..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result,
            }
        };
        let read = *result.as_ref().unwrap_or(&0);
        self.buffer.truncate(old + read);
        result
    }
}

/// Where the first newline is.
fn find_newline(bytes: &[u8]) -> Option<usize> {
    // Sixteen at a time: the compiler makes one comparison of them.
    let (blocks, rest) = bytes.as_chunks::<16>();
    for (index, block) in blocks.iter().enumerate() {
        if block.iter().fold(false, |found, &b| found | (b == b'\n')) {
            let at = block.iter().position(|&b| b == b'\n')?;
            return Some(index * 16 + at);
        }
    }
    let at = rest.iter().position(|&b| b == b'\n')?;
    Some(blocks.len() * 16 + at)
}
