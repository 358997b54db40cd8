//! Files that iterators of the language read piece by piece (`fs.lines`, `csv.rows`, `gzip.lines`).
//!
//! An iterator in the language is a closure and knows nothing of files, so it holds the number of a reader. Readers are the
//! thread's: a step stays on its thread from beginning to end. One that has come to the end of its file is forgotten; one
//! that the program left before (`break`, `take`) is never heard of again, so only the [`MOST_OPEN`] last used ones keep
//! their files open. An older one that is asked all the same opens its file again where it was.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use dynop_values::NoMemory;
use dynop_values::failing::Failure;

use crate::files::refused;

/// How many files a thread keeps open: nested loops over files need one a level, and 1024 files a process is the usual
/// limit of the system.
pub(crate) const MOST_OPEN: usize = 16;
/// How much is read at once.
pub(crate) const BUFFER: usize = 64 * 1024;

/// Makes of a file's bytes those that are to be read: unpacks it.
pub(crate) type Decode = fn(File) -> io::Result<Box<dyn Read>>;

/// A file that is open.
struct Open {
    input: Input,
    buffer: Vec<u8>,
    /// Where in the buffer the unread part begins.
    next: usize,
}

/// Where an open file's bytes come from. (A plain file is no `dyn Read`: it can be positioned.)
enum Input {
    Plain(File),
    Decoded(Box<dyn Read>),
}

impl Input {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(file) => file.read(into),
            Self::Decoded(decoder) => decoder.read(into),
        }
    }

    /// Goes to a place, from the beginning.
    fn skip(&mut self, offset: u64) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.seek(SeekFrom::Start(offset)).map(drop),
            Self::Decoded(decoder) => {
                io::copy(&mut decoder.take(offset), &mut io::sink()).map(drop)
            }
        }
    }
}

/// A file that is read from its beginning to its end, and may be closed in between.
pub(crate) struct Source {
    path: PathBuf,
    decode: Option<Decode>,
    /// Device and inode, by which a file that was replaced is noticed.
    identity: (u64, u64),
    open: Option<Open>,
    /// Bytes of the file before the unread part.
    offset: u64,
}

fn open(path: &Path, decode: Option<Decode>) -> io::Result<(Open, (u64, u64))> {
    let file = File::open(path)?;
    let about = file.metadata()?;
    if about.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory));
    }
    let input = match decode {
        Some(decode) => Input::Decoded(decode(file)?),
        None => Input::Plain(file),
    };
    let open = Open {
        input,
        buffer: Vec::new(),
        next: 0,
    };
    Ok((open, (about.dev(), about.ino())))
}

impl Source {
    /// At the beginning of a file.
    pub(crate) fn new(path: &Path) -> Result<Self, Failure> {
        Self::opened(path, None)
    }

    /// At the beginning of what a packed file holds.
    pub(crate) fn decoded(path: &Path, decode: Decode) -> Result<Self, Failure> {
        Self::opened(path, Some(decode))
    }

    fn opened(path: &Path, decode: Option<Decode>) -> Result<Self, Failure> {
        let (open, identity) = open(path, decode).map_err(|error| refused("read", path, &error))?;
        Ok(Self {
            path: path.to_owned(),
            decode,
            identity,
            open: Some(open),
            offset: 0,
        })
    }

    /// Where the file is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What was read from the system and not yet passed.
    pub(crate) fn unread(&self) -> &[u8] {
        match &self.open {
            Some(open) => &open.buffer[open.next..],
            None => &[],
        }
    }

    /// Reads more behind [`Self::unread`]; false at the end of the file. Opens the file again if it was closed.
    pub(crate) fn fill(&mut self) -> Result<bool, Failure> {
        if self.open.is_none() {
            self.reopen()?;
        }
        let Some(open) = &mut self.open else {
            return Ok(false);
        };
        match open.fill() {
            Ok(read) => Ok(read > 0),
            Err(error) if error.kind() == io::ErrorKind::OutOfMemory => Err(NoMemory.into()),
            Err(error) => Err(refused("read", &self.path, &error)),
        }
    }

    /// Goes past the first `size` bytes of [`Self::unread`].
    pub(crate) fn pass(&mut self, size: usize) {
        if let Some(open) = &mut self.open {
            open.next += size;
            self.offset += size as u64;
        }
    }

    fn reopen(&mut self) -> Result<(), Failure> {
        let failed = |error: io::Error| refused("read", &self.path, &error);
        let (mut fresh, identity) = open(&self.path, self.decode).map_err(failed)?;
        if identity != self.identity {
            let path = self.path.display();
            return Err(format!("{path} was replaced while it was read").into());
        }
        fresh.input.skip(self.offset).map_err(failed)?;
        self.open = Some(fresh);
        Ok(())
    }
}

impl Open {
    /// Reads more behind what is there, which moves to the front first.
    fn fill(&mut self) -> io::Result<usize> {
        self.buffer.drain(..self.next);
        self.next = 0;
        let old = self.buffer.len();
        // What is longer than the buffer doubles it.
        let more = BUFFER.max(old);
        self.buffer.try_reserve(more)?;
        self.buffer.resize(old + more, 0);
        let result = loop {
            match self.input.read(&mut self.buffer[old..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result,
            }
        };
        let read = *result.as_ref().unwrap_or(&0);
        self.buffer.truncate(old + read);
        result
    }
}

/// A reader of something in a file.
pub(crate) trait Reader {
    /// Its file.
    fn source(&mut self) -> &mut Source;
}

struct Entry<R> {
    reader: R,
    /// When it was last used, in the order of uses.
    used: u64,
    /// Whether its file is open, as far as this table knows.
    open: bool,
}

/// The readers of a thread, by their numbers.
pub(crate) struct Readers<R> {
    all: HashMap<i64, Entry<R>>,
    last: i64,
    uses: u64,
}

impl<R> Default for Readers<R> {
    fn default() -> Self {
        Self {
            all: HashMap::new(),
            last: 0,
            uses: 0,
        }
    }
}

impl<R: Reader> Readers<R> {
    /// Takes a reader in; gives its number.
    pub(crate) fn add(&mut self, reader: R) -> i64 {
        self.last += 1;
        let entry = Entry {
            reader,
            used: 0,
            open: true,
        };
        self.all.insert(self.last, entry);
        self.touch(self.last);
        self.last
    }

    /// What `next` gives of a reader. One that gave nothing or failed is forgotten, and gives nothing from then on.
    pub(crate) fn next<T>(
        &mut self,
        number: i64,
        next: impl FnOnce(&mut R) -> Result<Option<T>, Failure>,
    ) -> Result<Option<T>, Failure> {
        let others = self.all.len() > 1;
        let Some(entry) = self.all.get_mut(&number) else {
            return Ok(None);
        };
        let was_closed = !std::mem::replace(&mut entry.open, true);
        let item = next(&mut entry.reader);
        if !matches!(item, Ok(Some(_))) {
            self.all.remove(&number);
        } else if was_closed || others {
            self.touch(number);
        }
        item
    }

    /// Notes a use, and closes the file that was not used for longest where too many are open.
    fn touch(&mut self, number: i64) {
        self.uses += 1;
        let uses = self.uses;
        if let Some(entry) = self.all.get_mut(&number) {
            entry.used = uses;
        }
        if self.all.len() <= MOST_OPEN {
            return;
        }
        let is_open = |entry: &&mut Entry<R>| entry.open;
        if self.all.values().filter(|entry| entry.open).count() > MOST_OPEN
            && let Some(oldest) = self
                .all
                .values_mut()
                .filter(is_open)
                .min_by_key(|entry| entry.used)
        {
            oldest.open = false;
            oldest.reader.source().open = None;
        }
    }
}
