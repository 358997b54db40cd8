//! Tables in CSV (`csv.dyn`): rows of any type, by its descriptor.

// What natives take is what their declarations in the language have.
#![allow(clippy::too_many_arguments)]

mod columns;
mod records;
mod table;
mod write;

use std::cell::RefCell;

use dynop_abi::context::Status;
use dynop_abi::desc::{Kind, TypeDesc};
use dynop_abi::entries::types::{Ctx, Desc, I64, Ptr, U8};
use dynop_abi::layout::{ListHeader, StrRepr};
use dynop_values::failing::Failure;
use dynop_values::{Owned, list, text, walk};

use self::table::{Input, Options, Table};
use self::write::Writer;
use crate::cells::Missing;
use crate::convention::{
    STR_LIST, buffer_type, for_this_call, give, give_optional, path_of, str_of,
};
use crate::source::{Reader, Readers, Source};

/// A file that is read row by row.
struct Rows {
    source: Source,
    table: Table,
}

impl Reader for Rows {
    fn source(&mut self) -> &mut Source {
        &mut self.source
    }
}

thread_local! {
    static READERS: RefCell<Readers<Rows>> = RefCell::default();
}

/// The byte that a separator is.
fn separator(text: &str) -> Result<u8, Failure> {
    match text.as_bytes() {
        [byte] if !matches!(byte, b'"' | b'\n' | b'\r') => Ok(*byte),
        _ => Err(format!(
            "the separator {text:?} is not one ASCII character other than quote and line end"
        )
        .into()),
    }
}

/// # Safety
/// The arguments are a `Str` and a `List<Str>`.
unsafe fn options(
    separator_text: Ptr,
    header: U8,
    missing: Ptr,
    exact: U8,
) -> Result<Options, Failure> {
    let mut texts = Vec::new();
    // SAFETY: the caller's promise.
    let separator = unsafe {
        list::for_each(
            missing.cast::<*mut ListHeader>().read(),
            &STR_LIST,
            |item| {
                texts.push(text::as_str(&*item.cast::<StrRepr>()).to_owned());
            },
        );
        separator(str_of(separator_text))?
    };
    Ok(Options {
        separator,
        header: header != 0,
        missing: Missing::of(texts),
        exact: exact != 0,
    })
}

/// Opens a file for reading its rows; gives the number of the reader.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_csv_open(
    ctx: Ctx,
    out: Ptr,
    path: Ptr,
    separator: Ptr,
    header: U8,
    missing: Ptr,
    exact: U8,
    row: Desc,
) -> Status {
    // SAFETY: the convention; descriptors are static.
    unsafe {
        give(ctx, out, || {
            let options = options(separator, header, missing, exact)?;
            let mut source = Source::new(path_of(path))?;
            let table = Table::begin(&mut source, &*row, options)?;
            Ok(READERS.with_borrow_mut(|readers| readers.add(Rows { source, table })))
        })
    }
}

/// The next row, `none` behind the last.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`; the row's type is the one that the reader was opened with.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_csv_next(ctx: Ctx, out: Ptr, reader: I64, row: Desc) -> Status {
    // SAFETY: the convention.
    unsafe {
        give_optional(ctx, out, &*row, |place| {
            let read = READERS.with_borrow_mut(|readers| {
                readers.next(reader, |rows| {
                    let there = rows.table.next(&mut rows.source, place)?;
                    Ok(there.then_some(()))
                })
            });
            Ok(read?.is_some())
        })
    }
}

/// All rows of a text.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_csv_parse(
    ctx: Ctx,
    out: Ptr,
    text: Ptr,
    separator: Ptr,
    header: U8,
    missing: Ptr,
    exact: U8,
    row: Desc,
) -> Status {
    // SAFETY: the convention; descriptors are static.
    unsafe {
        give(ctx, out, || {
            let options = options(separator, header, missing, exact)?;
            all_rows(&mut str_of(text).as_bytes(), &*row, options)
        })
    }
}

/// All rows of a file.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_csv_read(
    ctx: Ctx,
    out: Ptr,
    path: Ptr,
    separator: Ptr,
    header: U8,
    missing: Ptr,
    exact: U8,
    row: Desc,
) -> Status {
    // SAFETY: the convention; descriptors are static.
    unsafe {
        give(ctx, out, || {
            let options = options(separator, header, missing, exact)?;
            all_rows(&mut Source::new(path_of(path))?, &*row, options)
        })
    }
}

/// The rows of a text, as a list of the type; empty cells stand for `none`.
///
/// # Errors
/// Where the text is no table, or its rows do not fit.
pub fn parse(text: &str, list_type: &'static TypeDesc, header: bool) -> Result<Owned, Failure> {
    let options = Options {
        separator: b',',
        header,
        missing: Missing::of(vec![String::new()]),
        exact: false,
    };
    let rows = Owned::zeroed(list_type)?;
    let list = all_rows(&mut text.as_bytes(), list_type.a(), options)?;
    // SAFETY: a list of the type over the empty one.
    unsafe { rows.as_ptr().cast::<*mut ListHeader>().write(list) };
    Ok(rows)
}

/// A list of rows as a text.
///
/// # Errors
/// Where a row has no form in CSV.
pub fn to_text(rows: &Owned, header: bool) -> Result<Vec<u8>, Failure> {
    // SAFETY: a valid list of the type.
    unsafe {
        let list = rows.as_ptr().cast::<*mut ListHeader>().read();
        write_rows(list, rows.desc(), b',', header)
    }
}

/// # Safety
/// `rows` is null or a live list of `list_type`.
unsafe fn write_rows(
    rows: *mut ListHeader,
    list_type: &TypeDesc,
    separator: u8,
    header: bool,
) -> Result<Vec<u8>, Failure> {
    // SAFETY: the caller's promise.
    unsafe {
        let row = list_type.a();
        let first = match list::len(rows) {
            0 => std::ptr::null(),
            _ => list::data(rows).cast_const(),
        };
        let mut writer = Writer::new(separator);
        if header {
            writer.header(row, first)?;
        }
        let mut result = Ok(());
        list::for_each(rows, list_type, |place| {
            if result.is_ok() {
                result = writer.row(place, row);
            }
        });
        result?;
        Ok(writer.finish())
    }
}

fn all_rows(
    input: &mut impl Input,
    row: &'static TypeDesc,
    options: Options,
) -> Result<*mut ListHeader, Failure> {
    let list_type = buffer_type(Kind::List, row, std::ptr::null(), "List");
    let mut table = Table::begin(input, row, options)?;
    // SAFETY: the descriptor is used during this call alone; the element is moved into the list, which is ours, and its
    // place zeroed.
    unsafe {
        let list_type = for_this_call(&list_type);
        let element = Owned::zeroed(row)?;
        let mut rows = std::ptr::null_mut();
        loop {
            let result = match table.next(input, element.as_ptr()) {
                Ok(false) => return Ok(rows),
                Ok(true) => {
                    list::push(&mut rows, element.as_ptr(), list_type).map_err(Failure::from)
                }
                Err(failure) => Err(failure),
            };
            if let Err(failure) = result {
                walk::release_buffer(rows.cast(), list_type);
                return Err(failure);
            }
            std::ptr::write_bytes(element.as_ptr(), 0, row.size as usize);
        }
    }
}

/// Rows as a text.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_csv_to_str(
    ctx: Ctx,
    out: Ptr,
    rows: Ptr,
    separator_text: Ptr,
    header: U8,
    row: Desc,
) -> Status {
    // SAFETY: the convention; the descriptor of the list is used during this call alone.
    unsafe {
        give(ctx, out, || {
            let row: &'static TypeDesc = &*row;
            let list_type = buffer_type(Kind::List, row, std::ptr::null(), "List");
            let rows = rows.cast::<*mut ListHeader>().read();
            let separator = separator(str_of(separator_text))?;
            Ok(text::new(&write_rows(
                rows,
                &list_type,
                separator,
                header != 0,
            )?)?)
        })
    }
}
