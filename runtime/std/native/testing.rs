//! The failure entry points, and calling natives as compiled code does.

use std::cell::RefCell;
use std::ptr::null_mut;

use dynop_abi::context::{OK, Status};
use dynop_abi::entries::types::{Ctx, I64, Ptr, U8, U32};
use dynop_abi::layout::{ListHeader, StrRepr};
use dynop_values::text::{self, Text};
use dynop_values::{list, walk};

use crate::convention::STR_LIST;
use crate::{folders, lines, texts};

thread_local! {
    static FAILURE: RefCell<Option<String>> = const { RefCell::new(None) };
}

fn record(message: &str) {
    FAILURE.set(Some(message.to_owned()));
}

#[unsafe(no_mangle)]
unsafe extern "C" fn dyn_fail_message(_ctx: Ctx, _site: U32, message: Ptr, _retry: U8) {
    // SAFETY: the message is a valid text.
    record(unsafe { text::as_str(&*message.cast()) });
}

#[unsafe(no_mangle)]
unsafe extern "C" fn dyn_fail_memory(_ctx: Ctx, _site: U32) {
    record("out of memory");
}

#[unsafe(no_mangle)]
unsafe extern "C" fn dyn_fail_overflow(_ctx: Ctx, _site: U32, _operator: U32, _a: I64, _b: I64) {
    record("overflow");
}

#[unsafe(no_mangle)]
unsafe extern "C" fn dyn_poll(_ctx: Ctx, _site: U32) -> Status {
    OK
}

fn outcome<T>(status: Status, value: T) -> Result<T, String> {
    if status == OK {
        Ok(value)
    } else {
        Err(FAILURE.take().unwrap_or_default())
    }
}

fn place(text: &Text) -> Ptr {
    (&raw const *text.repr()).cast_mut().cast()
}

fn to_text(
    function: unsafe extern "C" fn(Ctx, Ptr, Ptr) -> Status,
    argument: &str,
) -> Result<String, String> {
    let argument = Text::new(argument.as_bytes()).unwrap();
    let mut out = text::EMPTY;
    // SAFETY: as the convention says; the result is ours.
    unsafe {
        let status = function(null_mut(), (&raw mut out).cast(), place(&argument));
        outcome(status, ())?;
        Ok(String::from_utf8(Text::from_repr(out).bytes().to_vec()).unwrap())
    }
}

fn take_list(list: *mut ListHeader) -> Vec<String> {
    let mut all = Vec::new();
    // SAFETY: a list of texts that is ours.
    unsafe {
        list::for_each(list, &STR_LIST, |element| {
            all.push(text::as_str(&*element.cast::<StrRepr>()).to_owned());
        });
        walk::release_buffer(list.cast(), &STR_LIST);
    }
    all
}

fn split(source: &str, separator: &str) -> Vec<String> {
    let (source, separator) = (
        Text::new(source.as_bytes()).unwrap(),
        Text::new(separator.as_bytes()).unwrap(),
    );
    let mut out: *mut ListHeader = null_mut();
    // SAFETY: as the convention says.
    unsafe {
        let out_place = (&raw mut out).cast();
        let status = texts::dyn_str_split(null_mut(), out_place, place(&source), place(&separator));
        assert_eq!(status, OK);
    }
    take_list(out)
}

fn slice(source: &str, start: i64, end: i64) -> String {
    let source = Text::new(source.as_bytes()).unwrap();
    let mut out = text::EMPTY;
    // SAFETY: as the convention says.
    unsafe {
        let out_place = (&raw mut out).cast();
        texts::dyn_str_slice(null_mut(), out_place, place(&source), start, end);
        text::as_str(Text::from_repr(out).repr()).to_owned()
    }
}

#[test]
fn texts_are_unicode() {
    assert_eq!(
        to_text(texts::dyn_str_lower, "Große ÄPFEL und mehr"),
        Ok("große äpfel und mehr".into())
    );
    assert_eq!(
        to_text(texts::dyn_str_upper, "straße"),
        Ok("STRASSE".into())
    );
    assert_eq!(
        to_text(texts::dyn_str_lower, "A LONG TEXT THAT IS ASCII"),
        Ok("a long text that is ascii".into())
    );
    assert_eq!(
        to_text(texts::dyn_str_trim, "\u{a0} a b\n"),
        Ok("a b".into())
    );
    assert_eq!(split("a,b,", ","), ["a", "b", ""]);
    assert_eq!(split("añb", ""), ["a", "ñ", "b"]);
    assert_eq!(slice("añb", 1, 3), "ñb");
    assert_eq!(slice("añb", -5, 1), "a");
    assert_eq!(slice("añb", 2, 99), "b");
    assert_eq!(slice("añb", 3, 1), "");
    assert_eq!(dynop_values::memory::live_buffers(), 0);
}

#[test]
fn parsing_says_why_not() {
    let parse = |text: &str| {
        let text = Text::new(text.as_bytes()).unwrap();
        let mut out = 0_i64;
        // SAFETY: as the convention says.
        let status =
            unsafe { texts::dyn_str_parse_int(null_mut(), (&raw mut out).cast(), place(&text)) };
        outcome(status, out)
    };
    assert_eq!(parse(" -42\n"), Ok(-42));
    assert_eq!(parse("4x"), Err("\"4x\" is no integer".into()));
    assert_eq!(parse(""), Err("\"\" is no integer".into()));
    assert_eq!(
        parse("9223372036854775808"),
        Err("\"9223372036854775808\" is more than an Int can hold".into())
    );
}

fn all_lines(path: &std::path::Path) -> Result<Vec<String>, String> {
    let path = Text::new(path.to_str().unwrap().as_bytes()).unwrap();
    let mut reader = 0_i64;
    let mut all = Vec::new();
    // SAFETY: as the convention says; a `Str?` is a tag and, 8 bytes on, the text.
    unsafe {
        let status = lines::dyn_fs_open_lines(null_mut(), (&raw mut reader).cast(), place(&path));
        outcome(status, ())?;
        loop {
            let mut out = [0_u64; 3];
            let status = lines::dyn_fs_next_line(null_mut(), (&raw mut out).cast(), reader);
            outcome(status, ())?;
            if out[0] & 1 == 0 {
                return Ok(all);
            }
            let line = Text::from_repr(StrRepr {
                words: [out[1], out[2]],
            });
            all.push(String::from_utf8(line.bytes().to_vec()).unwrap());
        }
    }
}

#[test]
fn lines_of_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lines.txt");
    let long = "x".repeat(200_000);
    for (content, wanted) in [
        (String::new(), vec![]),
        (
            "a\nb\r\n\nc".into(),
            vec!["a".to_owned(), "b".into(), String::new(), "c".into()],
        ),
        ("a\n".into(), vec!["a".into()]),
        (format!("{long}\n{long}"), vec![long.clone(), long.clone()]),
        (
            "line of text\n".repeat(20_000),
            vec!["line of text".into(); 20_000],
        ),
    ] {
        std::fs::write(&path, &content).unwrap();
        assert_eq!(all_lines(&path), Ok(wanted));
    }
    std::fs::write(&path, b"good\nb\xffd\n").unwrap();
    let error = all_lines(&path).unwrap_err();
    assert!(
        error.ends_with("lines.txt is not UTF-8 in line 2"),
        "{error}"
    );
    let error = all_lines(&folder.path().join("none")).unwrap_err();
    assert!(
        error.ends_with("none: no such file or directory"),
        "{error}"
    );
    let error = all_lines(folder.path()).unwrap_err();
    assert!(error.contains("is a directory"), "{error}");
}

#[test]
fn more_readers_than_open_files() {
    let folder = tempfile::tempdir().unwrap();
    let mut readers = Vec::new();
    // SAFETY: as the convention says.
    unsafe {
        for number in 0..50 {
            let path = folder.path().join(format!("{number}"));
            std::fs::write(&path, format!("{number}\nsecond\n")).unwrap();
            let path = Text::new(path.to_str().unwrap().as_bytes()).unwrap();
            let mut reader = 0_i64;
            lines::dyn_fs_open_lines(null_mut(), (&raw mut reader).cast(), place(&path));
            readers.push(reader);
        }
        for round in 0..2 {
            for (number, &reader) in readers.iter().enumerate() {
                let mut out = [0_u64; 3];
                let status = lines::dyn_fs_next_line(null_mut(), (&raw mut out).cast(), reader);
                assert_eq!(status, OK);
                let line = Text::from_repr(StrRepr {
                    words: [out[1], out[2]],
                });
                let wanted = if round == 0 {
                    number.to_string()
                } else {
                    "second".into()
                };
                assert_eq!(line.bytes(), wanted.as_bytes());
            }
        }
    }
}

#[test]
fn globs_are_sorted_and_leave_hidden_files_out() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["b.txt", "a.txt", ".hidden.txt", "c.md"] {
        std::fs::write(folder.path().join(name), "").unwrap();
    }
    let pattern = format!("{}/*.txt", folder.path().display());
    let pattern = Text::new(pattern.as_bytes()).unwrap();
    let mut out: *mut ListHeader = null_mut();
    // SAFETY: as the convention says.
    unsafe { folders::dyn_fs_glob(null_mut(), (&raw mut out).cast(), place(&pattern)) };
    let names: Vec<String> = take_list(out)
        .iter()
        .map(|path| path.rsplit('/').next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(names, ["a.txt", "b.txt"]);
}
