//! Packed data and files (`gzip.dyn`, `zstd.dyn`): what both formats share. Nothing here names a format, so that a program
//! holds the code of those alone that it uses.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::ops::RangeInclusive;
use std::path::Path;

use dynop_abi::entries::types::Ctx;
use dynop_abi::layout::StrRepr;
use dynop_values::NoMemory;
use dynop_values::failing::Failure;
use dynop_values::text;

use crate::convention::check_on;
use crate::files::{not_utf8, reason, refused};
use crate::source::BUFFER;
use crate::writing::Replacement;

/// The reader of what a reader's packed bytes hold.
type Unpack = for<'a> fn(Box<dyn Read + 'a>) -> io::Result<Box<dyn Read + 'a>>;

/// How a format is unpacked.
pub(crate) struct Unpacking {
    /// What the format is called.
    pub name: &'static str,
    /// The reader of what a reader's bytes hold.
    pub reader: Unpack,
}

/// How data are packed in a format.
pub(crate) struct Packing {
    /// What the format is called.
    pub name: &'static str,
    /// How hard one may try.
    pub levels: RangeInclusive<i64>,
    /// Reads all of the first, and writes it packed to the second.
    pub pack: fn(&mut dyn Read, &mut dyn Write, i32) -> io::Result<()>,
}

/// Reads what is unpacked, and says in words of the format what is wrong with the packed bytes.
struct Unpacked<'a> {
    inner: Box<dyn Read + 'a>,
    name: &'static str,
}

impl Read for Unpacked<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.inner.read(into).map_err(|error| {
            // What the system says, and what a step is cancelled by, stays as it is.
            if error.raw_os_error().is_some() || error.get_ref().is_some_and(|e| e.is::<Ended>()) {
                return error;
            }
            match error.kind() {
                io::ErrorKind::Interrupted | io::ErrorKind::OutOfMemory => error,
                io::ErrorKind::UnexpectedEof => {
                    io::Error::other(format!("the {} data end in the middle", self.name))
                }
                _ => io::Error::other(format!("these are no {} data ({error})", self.name)),
            }
        })
    }
}

/// Why a reader gives nothing more: its step ends.
#[derive(Debug)]
struct Ended;

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the step ends")
    }
}

impl std::error::Error for Ended {}

/// Reads on as long as the step may.
struct Watched<R> {
    inner: R,
    ctx: Ctx,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        // SAFETY: whoever makes one gives the running step's context, and uses it within the call.
        match unsafe { check_on(self.ctx) } {
            Ok(()) => self.inner.read(into),
            Err(_) => Err(io::Error::other(Ended)),
        }
    }
}

impl Unpacking {
    /// What a reader's bytes hold.
    pub(crate) fn of<'a>(&self, bytes: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
        let inner = (self.reader)(Box::new(bytes))?;
        let name = self.name;
        Ok(Box::new(Unpacked { inner, name }))
    }

    /// # Safety
    /// `ctx` is the running step's.
    unsafe fn all(&self, ctx: Ctx, bytes: impl Read, place: &str) -> Result<Vec<u8>, Failure> {
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::OutOfMemory => Failure::from(NoMemory),
            _ => Failure::Message(format!("can't unpack {place}: {}", reason(&error))),
        };
        let mut whole = Vec::new();
        let mut reader = self.of(Watched { inner: bytes, ctx }).map_err(failed)?;
        reader.read_to_end(&mut whole).map_err(failed)?;
        Ok(whole)
    }

    /// What packed bytes hold.
    ///
    /// # Safety
    /// `ctx` is the running step's.
    pub(crate) unsafe fn bytes(&self, ctx: Ctx, packed: &[u8]) -> Result<StrRepr, Failure> {
        // SAFETY: the caller's promise.
        let whole = unsafe { self.all(ctx, packed, "bytes")? };
        Ok(text::new(&whole)?)
    }

    /// The bytes that a packed file holds.
    ///
    /// # Safety
    /// `ctx` is the running step's.
    pub(crate) unsafe fn file(&self, ctx: Ctx, path: &Path) -> Result<Vec<u8>, Failure> {
        let file = File::open(path).map_err(|error| refused("read", path, &error))?;
        let file = BufReader::with_capacity(BUFFER, file);
        // SAFETY: the caller's promise.
        unsafe { self.all(ctx, file, &path.display().to_string()) }
    }

    /// The text that a packed file holds.
    ///
    /// # Safety
    /// `ctx` is the running step's.
    pub(crate) unsafe fn file_text(&self, ctx: Ctx, path: &Path) -> Result<StrRepr, Failure> {
        // SAFETY: the caller's promise.
        let whole = unsafe { self.file(ctx, path)? };
        if let Err(error) = std::str::from_utf8(&whole) {
            let valid = &whole[..error.valid_up_to()];
            let lines = valid.iter().filter(|&&b| b == b'\n').count();
            return Err(not_utf8(path, 1 + lines));
        }
        Ok(text::new(&whole)?)
    }

    /// Writes what one file holds as another.
    ///
    /// # Safety
    /// `ctx` is the running step's.
    pub(crate) unsafe fn to_file(&self, ctx: Ctx, from: &Path, to: &Path) -> Result<(), Failure> {
        let file = File::open(from).map_err(|error| refused("read", from, &error))?;
        let watched = Watched {
            inner: BufReader::with_capacity(BUFFER, file),
            ctx,
        };
        let unpack = |error: io::Error| refused("unpack", from, &error);
        let mut reader = self.of(watched).map_err(unpack)?;
        write_all_of(&mut reader, to, unpack)
    }
}

/// Writes all that a reader gives as a file; the reader's errors are told by `failed`.
fn write_all_of(
    reader: &mut dyn Read,
    to: &Path,
    failed: impl Fn(io::Error) -> Failure,
) -> Result<(), Failure> {
    let writing = |error: io::Error| refused("write", to, &error);
    let mut replacement = Replacement::new(to)?;
    let mut buffer = vec![0; BUFFER];
    loop {
        let size = match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(size) => size,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(failed(error)),
        };
        let written = replacement.file().write_all(&buffer[..size]);
        written.map_err(writing)?;
    }
    replacement.finish().map_err(writing)
}

impl Packing {
    fn level(&self, level: i64) -> Result<i32, Failure> {
        match i32::try_from(level) {
            Ok(small) if self.levels.contains(&level) => Ok(small),
            _ => {
                let (name, first, last) = (self.name, self.levels.start(), self.levels.end());
                Err(format!("the level of {name} is from {first} to {last}, not {level}").into())
            }
        }
    }

    /// Packed bytes.
    ///
    /// # Safety
    /// `ctx` is the running step's.
    pub(crate) unsafe fn bytes(
        &self,
        ctx: Ctx,
        bytes: &[u8],
        level: i64,
    ) -> Result<StrRepr, Failure> {
        let level = self.level(level)?;
        let mut packed = Growing(Vec::new());
        let mut watched = Watched { inner: bytes, ctx };
        (self.pack)(&mut watched, &mut packed, level).map_err(|error| match error.kind() {
            io::ErrorKind::OutOfMemory => Failure::from(NoMemory),
            _ => Failure::Message(format!("can't pack bytes: {error}")),
        })?;
        Ok(text::new(&packed.0)?)
    }

    /// Writes bytes as a packed file.
    ///
    /// # Safety
    /// `ctx` is the running step's.
    pub(crate) unsafe fn write(
        &self,
        ctx: Ctx,
        path: &Path,
        bytes: &[u8],
        level: i64,
    ) -> Result<(), Failure> {
        self.pack_to(Watched { inner: bytes, ctx }, path, level)
    }

    /// Writes the bytes of one file packed as another.
    ///
    /// # Safety
    /// `ctx` is the running step's.
    pub(crate) unsafe fn to_file(
        &self,
        ctx: Ctx,
        from: &Path,
        to: &Path,
        level: i64,
    ) -> Result<(), Failure> {
        let reading = |error: io::Error| refused("read", from, &error);
        let inner = File::open(from).map_err(reading)?;
        if inner.metadata().map_err(reading)?.is_dir() {
            return Err(reading(io::ErrorKind::IsADirectory.into()));
        }
        self.pack_to(Watched { inner, ctx }, to, level)
    }

    fn pack_to(&self, mut from: impl Read, to: &Path, level: i64) -> Result<(), Failure> {
        let level = self.level(level)?;
        let writing = |error: io::Error| refused("write", to, &error);
        let mut replacement = Replacement::new(to)?;
        (self.pack)(&mut from, replacement.file(), level).map_err(writing)?;
        replacement.finish().map_err(writing)
    }
}

/// A vector that is out of memory instead of breaking off.
struct Growing(Vec<u8>);

impl Write for Growing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_reserve(bytes.len())?;
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the tests of each format are.
#[cfg(test)]
pub(crate) mod check {
    use super::{Packing, Unpacking};

    fn packed(packing: &Packing, text: &str) -> Vec<u8> {
        let mut out = Vec::new();
        (packing.pack)(&mut text.as_bytes(), &mut out, 3).unwrap();
        out
    }

    fn unpacked(unpacking: &Unpacking, bytes: &[u8]) -> Result<String, String> {
        let mut text = String::new();
        let mut reader = unpacking.of(bytes).map_err(|error| error.to_string())?;
        match reader.read_to_string(&mut text) {
            Ok(_) => Ok(text),
            Err(error) => Err(error.to_string()),
        }
    }

    /// A file may be several packed ones.
    pub(crate) fn one_behind_the_other(packing: &Packing, unpacking: &Unpacking) {
        let both = [packed(packing, "one, "), packed(packing, "two")].concat();
        assert_eq!(unpacked(unpacking, &both), Ok("one, two".to_owned()));
        let nothing = packed(packing, "");
        assert_eq!(unpacked(unpacking, &nothing), Ok(String::new()));
    }

    /// No part of a packed file is taken for the whole.
    pub(crate) fn what_ends_in_the_middle_is_told(packing: &Packing, unpacking: &Unpacking) {
        let whole = packed(packing, "a text that is long enough to be cut somewhere");
        for size in 1..whole.len() {
            let error = unpacked(unpacking, &whole[..size]).unwrap_err();
            assert!(error.contains(unpacking.name), "{size}: {error}");
        }
        let mut wrong = whole;
        let last = wrong.len() - 1;
        wrong[last] ^= 1;
        assert!(unpacked(unpacking, &wrong).is_err());
    }
}
