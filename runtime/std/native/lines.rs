//! The readers behind `fs.lines` (`fs.dyn`).

use std::cell::RefCell;
use std::path::Path;

use dynop_abi::context::Status;
use dynop_abi::entries::types::{Ctx, I64, Ptr};
use dynop_abi::layout::StrRepr;
use dynop_values::failing::Failure;
use dynop_values::text;

use crate::convention::{OptionalStr, give, path_of};
use crate::files::not_utf8;
use crate::source::{Reader, Readers, Source};

/// A file that is read line by line.
struct Lines {
    source: Source,
    /// Lines given so far.
    lines: usize,
}

impl Reader for Lines {
    fn source(&mut self) -> &mut Source {
        &mut self.source
    }
}

thread_local! {
    static READERS: RefCell<Readers<Lines>> = RefCell::default();
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
        give(ctx, out, || Ok(open(Source::new(path)?)))
    }
}

/// The number of a new reader of lines.
pub(crate) fn open(source: Source) -> i64 {
    let lines = Lines { source, lines: 0 };
    READERS.with_borrow_mut(|readers| readers.add(lines))
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
                .with_borrow_mut(|readers| readers.next(reader, Lines::next))
                .map(OptionalStr::from)
        })
    }
}

/// Reads the next lines of a reader, until `accept` takes one; false behind the last. `accept` gets the line without its
/// end, the file's path and the line's number from 1, and says whether it takes the line.
pub(crate) fn next_with(
    reader: i64,
    mut accept: impl FnMut(&str, &Path, usize) -> Result<bool, Failure>,
) -> Result<bool, Failure> {
    let taken = READERS.with_borrow_mut(|readers| {
        readers.next(reader, |lines| {
            while let Some(size) = lines.next_raw()? {
                let line = lines.text(size)?;
                let taken = accept(line, lines.source.path(), lines.lines)?;
                lines.source.pass(size);
                if taken {
                    return Ok(Some(()));
                }
            }
            Ok(None)
        })
    });
    Ok(taken?.is_some())
}

impl Lines {
    fn next(&mut self) -> Result<Option<StrRepr>, Failure> {
        let Some(size) = self.next_raw()? else {
            return Ok(None);
        };
        let text = text::new(self.text(size)?.as_bytes())?;
        self.source.pass(size);
        Ok(Some(text))
    }

    /// Counts the next line; gives its size with its end.
    fn next_raw(&mut self) -> Result<Option<usize>, Failure> {
        let size = self.line()?;
        self.lines += usize::from(size > 0);
        Ok((size > 0).then_some(size))
    }

    /// The line of that size that comes next, without its end.
    fn text(&self, size: usize) -> Result<&str, Failure> {
        let raw = &self.source.unread()[..size];
        let line = raw.strip_suffix(b"\n").unwrap_or(raw);
        let line = if line.len() < raw.len() {
            line.strip_suffix(b"\r").unwrap_or(line)
        } else {
            line
        };
        std::str::from_utf8(line).map_err(|_| not_utf8(self.source.path(), self.lines))
    }

    /// Reads until a whole line is there, and gives its size with its end; 0 at the end of the file.
    fn line(&mut self) -> Result<usize, Failure> {
        let mut searched = 0;
        loop {
            let unread = self.source.unread();
            if let Some(at) = find_newline(&unread[searched..]) {
                return Ok(searched + at + 1);
            }
            searched = unread.len();
            if !self.source.fill()? {
                return Ok(searched);
            }
        }
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
