//! The readers behind `fs.lines` (`fs.dyn`).

use std::cell::RefCell;

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
        give(ctx, out, || {
            let source = Source::new(path)?;
            let lines = Lines { source, lines: 0 };
            Ok(READERS.with_borrow_mut(|readers| readers.add(lines)))
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
                .with_borrow_mut(|readers| readers.next(reader, Lines::next))
                .map(OptionalStr::from)
        })
    }
}

impl Lines {
    fn next(&mut self) -> Result<Option<StrRepr>, Failure> {
        let size = self.line()?;
        if size == 0 {
            return Ok(None);
        }
        let raw = &self.source.unread()[..size];
        let line = raw.strip_suffix(b"\n").unwrap_or(raw);
        let line = if line.len() < raw.len() {
            line.strip_suffix(b"\r").unwrap_or(line)
        } else {
            line
        };
        self.lines += 1;
        if std::str::from_utf8(line).is_err() {
            return Err(not_utf8(self.source.path(), self.lines));
        }
        let text = text::new(line)?;
        self.source.pass(size);
        Ok(Some(text))
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
