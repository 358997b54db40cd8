//! A table that is read row by row.

use dynop_abi::desc::TypeDesc;
use dynop_values::failing::Failure;

use super::columns::{Columns, Wrong};
use super::records::{Record, Scan};
use crate::cells::Missing;
use crate::source::Source;

/// How a table is written.
pub(super) struct Options {
    /// What stands between cells.
    pub(super) separator: u8,
    /// Whether the first record names the columns.
    pub(super) header: bool,
    /// Which cells stand for `none`.
    pub(super) missing: Missing,
    /// Whether every column must belong to a field.
    pub(super) exact: bool,
}

/// Where a table's text comes from.
pub(super) trait Input {
    /// What is there and not yet passed.
    fn unread(&self) -> &[u8];
    /// Gets more; false at the end.
    fn fill(&mut self) -> Result<bool, Failure>;
    /// Goes past the first bytes of what is there.
    fn pass(&mut self, size: usize);
    /// What messages begin with.
    fn place(&self) -> String;
}

impl Input for Source {
    fn unread(&self) -> &[u8] {
        self.unread()
    }

    fn fill(&mut self) -> Result<bool, Failure> {
        self.fill()
    }

    fn pass(&mut self, size: usize) {
        self.pass(size);
    }

    fn place(&self) -> String {
        format!("{}, ", self.path().display())
    }
}

impl Input for &[u8] {
    fn unread(&self) -> &[u8] {
        self
    }

    fn fill(&mut self) -> Result<bool, Failure> {
        Ok(false)
    }

    fn pass(&mut self, size: usize) {
        *self = &self[size..];
    }

    fn place(&self) -> String {
        String::new()
    }
}

/// The records of a table.
struct Records {
    record: Record,
    separator: u8,
    /// The line of the record, from 1.
    line: usize,
    /// The line behind it.
    next_line: usize,
}

impl Records {
    /// Reads the next record; false behind the last.
    fn next(&mut self, input: &mut impl Input) -> Result<bool, Failure> {
        let mut last = false;
        loop {
            match self.record.scan(input.unread(), last, self.separator) {
                Scan::Record(size) => {
                    let breaks = input.unread()[..size].iter().filter(|&&b| b == b'\n');
                    self.line = self.next_line;
                    self.next_line += breaks.count().max(1);
                    input.pass(size);
                    return Ok(true);
                }
                Scan::Empty(size) => {
                    self.next_line += 1;
                    input.pass(size);
                }
                Scan::More => last = !input.fill()?,
                Scan::End => return Ok(false),
                Scan::Wrong(what, lines) => {
                    let column = format!("column {}", self.record.len() + 1);
                    let line = self.next_line + lines;
                    return Err(at(input, line, (Some(column), what.into())));
                }
            }
        }
    }

    /// The record's cells as names of columns.
    fn names(&self) -> Result<Vec<String>, String> {
        let name = |index| {
            let name = String::from_utf8(self.record.cell(index).to_vec());
            name.map_err(|_| format!("the name of column {} is not UTF-8", index + 1))
        };
        (0..self.record.len()).map(name).collect()
    }
}

/// The rows of a table.
pub(super) struct Table {
    records: Records,
    columns: Columns,
    missing: Missing,
}

impl Table {
    /// Reads the header.
    pub(super) fn begin(
        input: &mut impl Input,
        row: &'static TypeDesc,
        options: Options,
    ) -> Result<Self, Failure> {
        pass_byte_order_mark(input)?;
        let mut records = Records {
            record: Record::default(),
            separator: options.separator,
            line: 1,
            next_line: 1,
        };
        let columns = if !options.header {
            Columns::without_header(row)
        } else if records.next(input)? {
            let names = records.names();
            names.and_then(|names| Columns::with_header(row, names, options.exact))
        } else {
            Err("the header is missing: there is nothing to read".into())
        };
        Ok(Self {
            columns: columns.map_err(|message| at(input, records.line, (None, message)))?,
            records,
            missing: options.missing,
        })
    }

    /// Reads the next row over zeroes; false behind the last. What is written stays valid also where it fails.
    ///
    /// # Safety
    /// `place` has room for a row and holds zeroes.
    pub(super) unsafe fn next(
        &mut self,
        input: &mut impl Input,
        place: *mut u8,
    ) -> Result<bool, Failure> {
        if !self.records.next(input)? {
            return Ok(false);
        }
        let record = &self.records.record;
        // SAFETY: the caller's promise.
        let filled = unsafe { self.columns.fill(place, record, &self.missing) };
        filled.map_err(|wrong| at(input, self.records.line, wrong))?;
        Ok(true)
    }
}

fn pass_byte_order_mark(input: &mut impl Input) -> Result<(), Failure> {
    while input.unread().len() < 3 && input.fill()? {}
    if input.unread().starts_with(b"\xef\xbb\xbf") {
        input.pass(3);
    }
    Ok(())
}

#[cold]
fn at(input: &impl Input, line: usize, (column, message): Wrong) -> Failure {
    let place = input.place();
    match column {
        Some(column) => format!("{place}line {line}, {column}: {message}"),
        None => format!("{place}line {line}: {message}"),
    }
    .into()
}
