//! Which column of a table belongs to which part of a row.

use dynop_abi::desc::{Kind, TypeDesc};
use dynop_abi::layout::ListHeader;
use dynop_values::map::MapHeader;
use dynop_values::{Owned, constant, display, list, map};

use super::records::Record;
use crate::cells::{self, Missing};

/// How a record becomes a row.
enum Form {
    /// A struct or named tuple, or a tuple by order: the column of each field, `None` where it has none.
    Fields(Vec<Option<usize>>),
    /// A list of all cells.
    List,
    /// A map from the columns' names.
    Map,
}

/// The columns of a table, for rows of one type.
pub(super) struct Columns {
    row: &'static TypeDesc,
    form: Form,
    /// Their names, where there is a header.
    names: Vec<String>,
    /// How many cells a record must have, where that is known.
    width: Option<usize>,
}

/// What is wrong, and the column that it is about.
pub(super) type Wrong = (Option<String>, String);

fn about_all(message: String) -> Wrong {
    (None, message)
}

impl Columns {
    /// The columns that a header names; `exact` is whether each must belong to a field.
    pub(super) fn with_header(
        row: &'static TypeDesc,
        names: Vec<String>,
        exact: bool,
    ) -> Result<Self, String> {
        let form = match row.kind {
            Kind::Struct | Kind::NamedTuple => Form::Fields(by_name(row, &names, exact)?),
            Kind::Tuple if row.fields().len() == names.len() => in_order(row),
            Kind::Tuple => {
                return Err(format!(
                    "{} columns, where the {} of {} are wanted",
                    names.len(),
                    row.fields().len(),
                    row.name.as_str()
                ));
            }
            Kind::List => Form::List,
            Kind::Map if row.a().kind == Kind::Str => {
                let twice = |(at, name): (usize, &String)| names[..at].contains(name);
                if let Some(at) = names.iter().enumerate().position(twice) {
                    return Err(format!("two columns have the name {}", shown(&names[at])));
                }
                Form::Map
            }
            _ => return Err(no_row(row)),
        };
        let width = Some(names.len());
        Ok(Self {
            row,
            form,
            names,
            width,
        })
    }

    /// The columns of a table without a header: fields in their order.
    pub(super) fn without_header(row: &'static TypeDesc) -> Result<Self, String> {
        let (form, width) = match row.kind {
            Kind::Struct | Kind::NamedTuple | Kind::Tuple => {
                (in_order(row), Some(row.fields().len()))
            }
            Kind::List => (Form::List, None),
            Kind::Map if row.a().kind == Kind::Str => {
                return Err(format!("rows of type {} need a header", row.name.as_str()));
            }
            _ => return Err(no_row(row)),
        };
        let names = Vec::new();
        Ok(Self {
            row,
            form,
            names,
            width,
        })
    }

    /// Makes a row of a record, over zeroes. What is written stays valid also where it fails.
    ///
    /// # Safety
    /// `place` has room for a row and holds zeroes.
    pub(super) unsafe fn fill(
        &self,
        place: *mut u8,
        record: &Record,
        missing: &Missing,
    ) -> Result<(), Wrong> {
        if let Some(width) = self.width
            && width != record.len()
        {
            let cells = if record.len() == 1 { "cell" } else { "cells" };
            return Err(about_all(format!(
                "{} {cells}, where {width} are wanted",
                record.len()
            )));
        }
        // SAFETY: the form fits the type of the row.
        unsafe {
            match &self.form {
                Form::Fields(columns) => {
                    for (field, column) in self.row.fields().iter().zip(columns) {
                        let place = place.add(field.offset as usize);
                        match *column {
                            Some(column) => {
                                self.cell(place, field.desc(), record, column, missing)?;
                            }
                            None => {
                                constant::write_default(place, field)
                                    .map_err(|_| about_all("out of memory".into()))?;
                            }
                        }
                    }
                    Ok(())
                }
                Form::List => self.fill_list(place.cast(), record, missing),
                Form::Map => self.fill_map(place.cast(), record, missing),
            }
        }
    }

    unsafe fn cell(
        &self,
        place: *mut u8,
        desc: &'static TypeDesc,
        record: &Record,
        column: usize,
        missing: &Missing,
    ) -> Result<(), Wrong> {
        let cell = std::str::from_utf8(record.cell(column)).map_err(|_| "it is not UTF-8".into());
        // SAFETY: the caller's promise.
        let read = cell.and_then(|cell| unsafe { cells::read(place, desc, cell, missing) });
        read.map_err(|message| (Some(self.name(column)), message))
    }

    /// How messages name a column.
    fn name(&self, column: usize) -> String {
        let field = match &self.form {
            Form::Fields(columns) => columns.iter().position(|at| *at == Some(column)),
            _ => None,
        };
        let field = field.map(|at| self.row.fields()[at].name.as_str());
        match (self.names.get(column), field) {
            (Some(name), _) => format!("column {}", shown(name)),
            (None, Some(name)) if !name.is_empty() => format!("column {}", shown(name)),
            _ => format!("column {}", column + 1),
        }
    }

    unsafe fn fill_list(
        &self,
        place: *mut *mut ListHeader,
        record: &Record,
        missing: &Missing,
    ) -> Result<(), Wrong> {
        let of = self.row.a();
        let no_memory = |_| about_all("out of memory".into());
        for column in 0..record.len() {
            let element = Owned::zeroed(of).map_err(no_memory)?;
            // SAFETY: the element is moved in, and its place zeroed. The list is the caller's.
            unsafe {
                self.cell(element.as_ptr(), of, record, column, missing)?;
                list::push(place, element.as_ptr(), self.row).map_err(no_memory)?;
                std::ptr::write_bytes(element.as_ptr(), 0, of.size as usize);
            }
        }
        Ok(())
    }

    unsafe fn fill_map(
        &self,
        place: *mut *mut MapHeader,
        record: &Record,
        missing: &Missing,
    ) -> Result<(), Wrong> {
        let of = self.row.b();
        let no_memory = |_| about_all("out of memory".into());
        for (column, name) in self.names.iter().enumerate() {
            let key = dynop_values::text::Text::new(name.as_bytes()).map_err(no_memory)?;
            // SAFETY: the map is the caller's; the key is copied in, and the value's place is zeroes, as the key is new.
            unsafe {
                let key = (&raw const *key.repr()).cast();
                let slot = map::slot(place, key, self.row).map_err(no_memory)?;
                self.cell(slot.value, of, record, column, missing)?;
            }
        }
        Ok(())
    }
}

fn in_order(row: &TypeDesc) -> Form {
    Form::Fields((0..row.fields().len()).map(Some).collect())
}

/// A column's name as a message shows it, on one line and not too long: the file may hold anything.
fn shown(name: &str) -> String {
    let start: String = name.chars().take(60).collect();
    let more = if start.len() < name.len() { "…" } else { "" };
    if start.contains(char::is_control) {
        let mut quoted = String::new();
        display::quoted(&mut quoted, &start);
        return quoted + more;
    }
    format!("`{start}{more}`")
}

/// What is said of a type that is no row.
pub(super) fn no_row(row: &TypeDesc) -> String {
    format!(
        "a row is a struct, a tuple, a list of cells or a map from Str, not {}",
        row.name.as_str()
    )
}

/// The column of each field: the one of its name, or else the one whose name is the field's when written as one
/// (`Unit Price` as `unit_price`).
fn by_name(row: &TypeDesc, names: &[String], exact: bool) -> Result<Vec<Option<usize>>, String> {
    let as_fields: Vec<String> = names.iter().map(|name| as_field(name)).collect();
    let mut columns = Vec::new();
    for field in row.fields() {
        let name = field.name.as_str();
        let with = |all: &[String]| -> Vec<usize> {
            let fits = all.iter().enumerate().filter(|(_, other)| *other == name);
            fits.map(|(at, _)| at).collect()
        };
        let mut found = with(names);
        if found.is_empty() {
            found = with(&as_fields);
        }
        columns.push(match found.as_slice() {
            [column] => Some(*column),
            [] if field.desc().kind == Kind::Option || !field.default.as_bytes().is_empty() => None,
            [] => {
                return Err(format!(
                    "no column is named `{name}`; there are {}",
                    listed(names)
                ));
            }
            [first, second, ..] => {
                let (first, second) = (&names[*first], &names[*second]);
                return Err(format!(
                    "two columns could be `{name}`: {} and {}",
                    shown(first),
                    shown(second)
                ));
            }
        });
    }
    let unused = (0..names.len()).find(|at| !columns.contains(&Some(*at)));
    match unused {
        Some(at) if exact => Err(format!(
            "the column {} is no field of {}",
            shown(&names[at]),
            row.name.as_str()
        )),
        _ => Ok(columns),
    }
}

fn listed(names: &[String]) -> String {
    let all: Vec<String> = names.iter().take(12).map(|name| shown(name)).collect();
    let more = if names.len() > 12 { ", …" } else { "" };
    all.join(", ") + more
}

/// In lower case, with one `_` for whatever is no letter or digit.
fn as_field(name: &str) -> String {
    let mut field = String::new();
    for char in name.trim().chars() {
        if char.is_alphanumeric() {
            field.extend(char.to_lowercase());
        } else if !field.is_empty() && !field.ends_with('_') {
            field.push('_');
        }
    }
    field.truncate(field.trim_end_matches('_').len());
    field
}
