//! Regular expressions (`regex.dyn`). A pattern is compiled when a thread first meets it, and kept with the last few.

use std::cell::RefCell;
use std::rc::Rc;

use dynop_abi::context::Status;
use dynop_abi::desc::{Kind, TypeDesc};
use dynop_abi::entries::types::{Ctx, Desc, I64, Ptr};
use dynop_abi::layout::{ListHeader, StrRepr};
use dynop_values::failing::Failure;
use dynop_values::map::MapHeader;
use dynop_values::text::{self, Text};
use dynop_values::{Owned, list, map};
use regex::{Captures, Regex};

use crate::cells::{self, Missing};
use crate::convention::{
    OPTIONAL_STR_LIST, OPTIONAL_STR_LISTS, OptionalStr, STR_LIST, STR_MAP, TextList, give,
    give_optional, str_of,
};

/// How many compiled patterns a thread keeps. A program has few; those made at run time push each other out.
const MOST_KEPT: usize = 32;

thread_local! {
    /// The last used comes last.
    static COMPILED: RefCell<Vec<Rc<Regex>>> = const { RefCell::new(Vec::new()) };
}

fn compiled(pattern: &str) -> Result<Rc<Regex>, Failure> {
    COMPILED.with_borrow_mut(|kept| {
        if let Some(at) = kept.iter().rposition(|regex| regex.as_str() == pattern) {
            let last = kept.len() - 1;
            kept.swap(at, last);
            return Ok(Rc::clone(&kept[last]));
        }
        let regex = Rc::new(Regex::new(pattern).map_err(|error| no_pattern(pattern, &error))?);
        if kept.len() >= MOST_KEPT {
            kept.remove(0);
        }
        kept.push(Rc::clone(&regex));
        Ok(regex)
    })
}

fn no_pattern(pattern: &str, error: &regex::Error) -> Failure {
    let reason = match error {
        regex::Error::CompiledTooBig(_) => "it would be too large".to_owned(),
        // The crate draws a picture; its last line says what is wrong.
        error => {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default();
            last.trim_start_matches("error: ").to_owned()
        }
    };
    format!("`{pattern}` is no regular expression: {reason}").into()
}

/// # Safety
/// Both arguments are a `Str`.
unsafe fn arguments<'a>(pattern: Ptr, text: Ptr) -> Result<(Rc<Regex>, &'a str), Failure> {
    // SAFETY: the caller's promise.
    unsafe { Ok((compiled(str_of(pattern))?, str_of(text))) }
}

/// Whether a text has a match.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_regex_is_match(ctx: Ctx, out: Ptr, pattern: Ptr, text: Ptr) -> Status {
    // SAFETY: the convention.
    unsafe {
        give(ctx, out, || {
            let (regex, text) = arguments(pattern, text)?;
            Ok(u8::from(regex.is_match(text)))
        })
    }
}

/// The first match.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_regex_find(ctx: Ctx, out: Ptr, pattern: Ptr, text: Ptr) -> Status {
    // SAFETY: the convention.
    unsafe {
        give(ctx, out, || {
            let (regex, text) = arguments(pattern, text)?;
            let found = regex.find(text).map(|found| found.as_str().as_bytes());
            Ok(OptionalStr::from(found.map(text::new).transpose()?))
        })
    }
}

/// All matches.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_regex_find_all(ctx: Ctx, out: Ptr, pattern: Ptr, text: Ptr) -> Status {
    // SAFETY: the convention.
    unsafe {
        give(ctx, out, || {
            let (regex, text) = arguments(pattern, text)?;
            let found = regex.find_iter(text).map(|found| found.as_str().as_bytes());
            TextList::of(&STR_LIST, found)
        })
    }
}

/// Where all matches are: a `List<(Int, Int)>` of their first characters and those behind their last.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_regex_positions(
    ctx: Ctx,
    out: Ptr,
    pattern: Ptr,
    text: Ptr,
) -> Status {
    // SAFETY: the convention.
    unsafe {
        give(ctx, out, || {
            let (regex, text) = arguments(pattern, text)?;
            positions(&regex, text)
        })
    }
}

fn positions(regex: &Regex, text: &str) -> Result<*mut ListHeader, Failure> {
    let mut all = Vec::new();
    // Characters are counted on from the last place.
    let (mut bytes, mut chars) = (0, 0);
    let mut place = |at: usize| {
        chars += text[bytes..at].chars().count();
        bytes = at;
        chars as i64
    };
    for found in regex.find_iter(text) {
        all.push([place(found.start()), place(found.end())]);
    }
    if all.is_empty() {
        return Ok(std::ptr::null_mut());
    }
    let list = list::with_capacity(all.len(), &PAIR_LIST)?;
    // SAFETY: fresh, with room for all, which are plain.
    unsafe {
        let data = list::data(list).cast::<[i64; 2]>();
        std::ptr::copy_nonoverlapping(all.as_ptr(), data, all.len());
        (*list).len = all.len() as u64;
    }
    Ok(list)
}

/// What is needed of `List<(Int, Int)>` to make one: the size of its elements.
static PAIR_LIST: TypeDesc = crate::convention::buffer_type(
    Kind::List,
    &raw const PAIR,
    std::ptr::null(),
    "List<(Int, Int)>",
);

static PAIR: TypeDesc = TypeDesc {
    kind: Kind::Range,
    flags: dynop_abi::desc::PLAIN,
    align: 8,
    size: 16,
    a: std::ptr::null(),
    b: std::ptr::null(),
    fields: std::ptr::null(),
    field_count: 0,
    name: dynop_abi::desc::StaticStr::new("(Int, Int)"),
};

/// The groups of a match, the whole first.
fn groups(captures: &Captures<'_>) -> Result<Owned, Failure> {
    let groups = Owned::zeroed(&OPTIONAL_STR_LIST)?;
    for group in captures.iter() {
        let bytes = group.map(|group| group.as_str().as_bytes());
        let element = OptionalStr::from(bytes.map(text::new).transpose()?);
        // SAFETY: the element is moved into the list, which is ours; where there is no memory it is released.
        unsafe {
            let place = (&raw const element).cast_mut().cast();
            if let Err(failure) = list::push(groups.as_ptr().cast(), place, &OPTIONAL_STR_LIST) {
                dynop_values::release(place, OPTIONAL_STR_LIST.a());
                return Err(failure.into());
            }
        }
    }
    Ok(groups)
}

/// Moves a list out.
///
/// # Safety
/// `owned` holds a list.
unsafe fn given_away(owned: &Owned) -> *mut ListHeader {
    // SAFETY: the caller's promise; its place is zeroed.
    unsafe {
        let place = owned.as_ptr().cast::<*mut ListHeader>();
        std::mem::replace(&mut *place, std::ptr::null_mut())
    }
}

/// The groups of the first match.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_regex_captures(ctx: Ctx, out: Ptr, pattern: Ptr, text: Ptr) -> Status {
    // SAFETY: the convention.
    unsafe {
        give_optional(ctx, out, &OPTIONAL_STR_LIST, |place| {
            let (regex, text) = arguments(pattern, text)?;
            let Some(captures) = regex.captures(text) else {
                return Ok(false);
            };
            let list = given_away(&groups(&captures)?);
            place.cast::<*mut ListHeader>().write(list);
            Ok(true)
        })
    }
}

/// The groups of all matches.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_regex_captures_all(
    ctx: Ctx,
    out: Ptr,
    pattern: Ptr,
    text: Ptr,
) -> Status {
    // SAFETY: the convention; each list of groups is moved into the list of all.
    unsafe {
        give(ctx, out, || {
            let (regex, text) = arguments(pattern, text)?;
            let all = Owned::zeroed(&OPTIONAL_STR_LISTS)?;
            for captures in regex.captures_iter(text) {
                let groups = groups(&captures)?;
                list::push(all.as_ptr().cast(), groups.as_ptr(), &OPTIONAL_STR_LISTS)?;
                groups
                    .as_ptr()
                    .cast::<*mut ListHeader>()
                    .write(std::ptr::null_mut());
            }
            Ok(given_away(&all))
        })
    }
}

/// The named groups of the first match that took part in it.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_regex_named(ctx: Ctx, out: Ptr, pattern: Ptr, text: Ptr) -> Status {
    // SAFETY: the convention; the map is ours until it is complete.
    unsafe {
        give_optional(ctx, out, &STR_MAP, |place| {
            let (regex, text) = arguments(pattern, text)?;
            let Some(captures) = regex.captures(text) else {
                return Ok(false);
            };
            for name in regex.capture_names().flatten() {
                let Some(group) = captures.name(name) else {
                    continue;
                };
                let key = Text::new(name.as_bytes())?;
                let value = text::new(group.as_str().as_bytes())?;
                let key = (&raw const *key.repr()).cast();
                match map::slot(place.cast::<*mut MapHeader>(), key, &STR_MAP) {
                    Ok(slot) => slot.value.cast::<StrRepr>().write(value),
                    Err(failure) => {
                        text::release(&value);
                        return Err(failure.into());
                    }
                }
            }
            Ok(true)
        })
    }
}

/// The groups of the first match as a value: named ones as the fields of their names, or all by order as a tuple's.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_regex_parse(
    ctx: Ctx,
    out: Ptr,
    pattern: Ptr,
    text: Ptr,
    row: Desc,
) -> Status {
    // SAFETY: the convention; descriptors are static.
    unsafe {
        give_optional(ctx, out, &*row, |place| {
            let (regex, text) = arguments(pattern, text)?;
            match regex.captures(text) {
                Some(captures) => fill(place, &*row, &regex, &captures).map(|()| true),
                None => Ok(false),
            }
        })
    }
}

/// # Safety
/// `place` has room for a `row` and holds zeroes.
unsafe fn fill(
    place: *mut u8,
    row: &'static TypeDesc,
    regex: &Regex,
    captures: &Captures<'_>,
) -> Result<(), Failure> {
    let by_name = match row.kind {
        Kind::Struct | Kind::NamedTuple => true,
        Kind::Tuple => false,
        _ => {
            let name = row.name.as_str();
            return Err(format!("groups make a struct or a tuple, not {name}").into());
        }
    };
    let missing = Missing::nothing();
    for (index, field) in row.fields().iter().enumerate() {
        let number = if by_name {
            let name = field.name.as_str();
            regex.capture_names().position(|group| group == Some(name))
        } else {
            Some(index + 1).filter(|number| *number < regex.captures_len())
        };
        let called = || match by_name {
            true => format!("`{}`", field.name.as_str()),
            false => format!("{}", index + 1),
        };
        let Some(number) = number else {
            let pattern = regex.as_str();
            return Err(format!("`{pattern}` has no group {}", called()).into());
        };
        match captures.get(number) {
            None if field.desc().kind == Kind::Option => {}
            None => {
                return Err(format!("the group {} is not in the match", called()).into());
            }
            Some(group) => {
                // SAFETY: the field lies within the row.
                let read = unsafe {
                    let place = place.add(field.offset as usize);
                    cells::read(place, field.desc(), group.as_str(), &missing)
                };
                read.map_err(|message| format!("the group {}: {message}", called()))?;
            }
        }
    }
    Ok(())
}

/// The text with the first `most` matches replaced, or all where that is 0.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_regex_replace(
    ctx: Ctx,
    out: Ptr,
    pattern: Ptr,
    text: Ptr,
    with: Ptr,
    most: I64,
) -> Status {
    // SAFETY: the convention.
    unsafe {
        give(ctx, out, || {
            let (regex, text) = arguments(pattern, text)?;
            let most = usize::try_from(most).unwrap_or(0);
            let replaced = regex.replacen(text, most, str_of(with));
            Ok(text::new(replaced.as_bytes())?)
        })
    }
}

/// The parts between matches.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_regex_split(ctx: Ctx, out: Ptr, pattern: Ptr, text: Ptr) -> Status {
    // SAFETY: the convention.
    unsafe {
        give(ctx, out, || {
            let (regex, text) = arguments(pattern, text)?;
            TextList::of(&STR_LIST, regex.split(text).map(str::as_bytes))
        })
    }
}

/// A pattern that fits a text and nothing else.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_regex_escape(ctx: Ctx, out: Ptr, text: Ptr) -> Status {
    // SAFETY: the convention.
    unsafe {
        give(ctx, out, || {
            let escaped = regex::escape(str_of(text));
            Ok(text::new(escaped.as_bytes())?)
        })
    }
}
