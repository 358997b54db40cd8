//! Rows as CSV.

use dynop_abi::desc::{Kind, TypeDesc};
use dynop_abi::layout::ListHeader;
use dynop_values::failing::Failure;
use dynop_values::map::MapHeader;
use dynop_values::{list, map, text};

use crate::cells;

/// A table that is being written.
pub(super) struct Writer {
    out: Vec<u8>,
    separator: u8,
    /// One cell, before it is quoted.
    cell: Vec<u8>,
    /// Whether the record has no cell yet.
    first: bool,
}

impl Writer {
    pub(super) fn new(separator: u8) -> Self {
        Self {
            out: Vec::new(),
            separator,
            cell: Vec::new(),
            first: true,
        }
    }

    /// The whole text.
    pub(super) fn finish(self) -> Vec<u8> {
        self.out
    }

    /// Writes the names of the columns: those of the type, or the keys of a first row that is a map.
    ///
    /// # Safety
    /// `first` is null or points to a valid `row`.
    pub(super) unsafe fn header(
        &mut self,
        row: &TypeDesc,
        first: *const u8,
    ) -> Result<(), Failure> {
        // SAFETY: the caller's promise.
        unsafe {
            match row.kind {
                Kind::Struct | Kind::NamedTuple => {
                    for field in row.fields() {
                        self.put(field.name.as_str().as_bytes())?;
                    }
                    self.end_record()
                }
                Kind::Map if first.is_null() => Ok(()),
                Kind::Map => {
                    self.each_entry(first, |writer, key, _| {
                        writer.put(text::bytes(&*key.cast()))
                    })?;
                    self.end_record()
                }
                _ => Ok(()),
            }
        }
    }

    /// Writes a row.
    ///
    /// # Safety
    /// `place` points to a valid `row`.
    pub(super) unsafe fn row(&mut self, place: *const u8, row: &TypeDesc) -> Result<(), Failure> {
        // SAFETY: by the descriptor.
        unsafe {
            match row.kind {
                Kind::Struct | Kind::NamedTuple | Kind::Tuple => {
                    for field in row.fields() {
                        self.value(place.add(field.offset as usize), field.desc())?;
                    }
                }
                Kind::List => {
                    let cells = place.cast::<*mut ListHeader>().read();
                    let mut result = Ok(());
                    list::for_each(cells, row, |cell| {
                        if result.is_ok() {
                            result = self.value(cell, row.a());
                        }
                    });
                    result?;
                }
                Kind::Map if row.a().kind == Kind::Str => {
                    self.each_entry(place, |writer, _, value| writer.value(value, row.b()))?;
                }
                _ => return Err(super::columns::no_row(row).into()),
            }
        }
        self.end_record()
    }

    unsafe fn each_entry(
        &mut self,
        place: *const u8,
        mut each: impl FnMut(&mut Self, *mut u8, *mut u8) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut position = 0;
        // SAFETY: a valid map.
        unsafe {
            let entries = place.cast::<*mut MapHeader>().read();
            while let Some((key, value)) = map::next(entries, &mut position) {
                each(self, key, value)?;
            }
        }
        Ok(())
    }

    unsafe fn value(&mut self, place: *const u8, desc: &TypeDesc) -> Result<(), Failure> {
        let mut cell = std::mem::take(&mut self.cell);
        cell.clear();
        // SAFETY: the caller's promise.
        unsafe { cells::write(&mut cell, place, desc)? };
        self.put(&cell)?;
        self.cell = cell;
        Ok(())
    }

    fn put(&mut self, cell: &[u8]) -> Result<(), Failure> {
        // Room for all of it, if each of its bytes is a quote.
        if self.out.try_reserve(cell.len() * 2 + 4).is_err() {
            return Err(Failure::Memory);
        }
        let begins = self.out.is_empty();
        if !std::mem::replace(&mut self.first, false) {
            self.out.push(self.separator);
        }
        let special = |&b: &u8| b == self.separator || matches!(b, b'"' | b'\n' | b'\r');
        // A byte order mark that the text began with would not be read as part of the cell.
        let mark = begins && cell.starts_with(b"\xef\xbb\xbf");
        if !mark && !cell.iter().any(special) {
            self.out.extend_from_slice(cell);
            return Ok(());
        }
        self.out.push(b'"');
        for &byte in cell {
            if byte == b'"' {
                self.out.push(b'"');
            }
            self.out.push(byte);
        }
        self.out.push(b'"');
        Ok(())
    }

    fn end_record(&mut self) -> Result<(), Failure> {
        if self.out.try_reserve(4).is_err() {
            return Err(Failure::Memory);
        }
        // A record of one empty cell is no empty line, which would be no record.
        if self.first || matches!(self.out.last(), None | Some(b'\n')) {
            self.out.extend_from_slice(b"\"\"");
        }
        self.out.push(b'\n');
        self.first = true;
        Ok(())
    }
}
