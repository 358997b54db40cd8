//! JSON there and back, its messages, and noise.

use dynop_abi::desc::{Kind, TypeDesc};

use super::*;
use crate::memory::live_buffers;
use crate::testing::*;

fn round(source: &str, desc: &'static TypeDesc) -> Result<String, String> {
    let value = read(source, desc).map_err(|error| error.to_string())?;
    let mut out = String::new();
    // SAFETY: a valid value of the type.
    unsafe { write(&mut out, value.as_ptr(), desc) }.map_err(|error| error.message)?;
    Ok(out)
}

fn row() -> &'static TypeDesc {
    aggregate(
        Kind::Struct,
        "Row",
        &[
            ("name", str_type()),
            ("n", int()),
            ("note", option_of(str_type())),
        ],
    )
}

#[test]
fn there_and_back() {
    let path = simple(Kind::Path, "Path");
    let bytes = simple(Kind::Bytes, "Bytes");
    let duration = simple(Kind::Duration, "Duration");
    let pair = aggregate(Kind::Tuple, "(Int, Str)", &[("", int()), ("", str_type())]);
    let cases: Vec<(&str, &'static TypeDesc, &str)> = vec![
        (" -9223372036854775808 ", int(), "-9223372036854775808"),
        ("1", float(), "1.0"),
        ("0.1e1", float(), "1.0"),
        ("\"NaN\"", float(), "\"NaN\""),
        ("true", simple(Kind::Bool, "Bool"), "true"),
        ("null", simple(Kind::Unit, "()"), "null"),
        (r#""\u00e4\ud83d\ude00\n\/""#, str_type(), "\"ä😀\\n/\""),
        ("\"a/b\"", path, "\"a/b\""),
        ("\"Zm9vYg==\"", bytes, "\"Zm9vYg==\""),
        ("-1.25", duration, "-1.25"),
        ("1e-9", duration, "0.000000001"),
        ("[1, 2,3 ]", list_of(int()), "[1,2,3]"),
        ("[]", list_of(list_of(str_type())), "[]"),
        ("[3,1,3]", set_of(int()), "[3,1]"),
        (
            r#"{"b": 1, "a": 2, "b": 3}"#,
            map_of(str_type(), int()),
            r#"{"b":3,"a":2}"#,
        ),
        (r#"{"-1": "x"}"#, map_of(int(), str_type()), r#"{"-1":"x"}"#),
        (r#"[[[1,"x"],2]]"#, map_of(pair, int()), r#"[[[1,"x"],2]]"#),
        ("null", option_of(int()), "null"),
        ("7", option_of(int()), "7"),
        ("[null]", option_of(option_of(int())), "[null]"),
        (
            r#"{"n": 1, "more": {"x": [1, {}, "]"]}, "name": "a text of more than fifteen"}"#,
            row(),
            r#"{"name":"a text of more than fifteen","n":1,"note":null}"#,
        ),
    ];
    for (source, desc, wanted) in cases {
        assert_eq!(round(source, desc).as_deref(), Ok(wanted), "{source}");
        assert_eq!(round(wanted, desc).as_deref(), Ok(wanted), "{source}");
    }
    assert_eq!(live_buffers(), 0);
}

#[test]
fn errors_say_where_and_what() {
    let rows = aggregate(
        Kind::NamedTuple,
        "(rows: List<Row>)",
        &[("rows", list_of(row()))],
    );
    let good = r#"{"name": "some longer name of it", "n": 1}"#;
    let cases: Vec<(String, &'static TypeDesc, &str)> = vec![
        (
            format!(r#"{{"rows": [{good}, {{"name": "x", "n": "x"}}]}}"#),
            rows,
            "at .rows[1].n: expected Int, found \"x\"",
        ),
        (
            format!(r#"{{"rows": [{good}, {{"name": "x"}}]}}"#),
            rows,
            "at .rows[1]: the field `n` of Row is missing",
        ),
        ("1.0".into(), int(), "expected Int, found 1.0"),
        (
            "9223372036854775808".into(),
            int(),
            "expected Int, found 9223372036854775808",
        ),
        ("1e999".into(), float(), "expected Float, found 1e999"),
        (
            "{}".into(),
            list_of(int()),
            "expected List<Int>, found an object",
        ),
        (
            r#"{"a b": true}"#.into(),
            map_of(str_type(), int()),
            "at [\"a b\"]: expected Int, found true",
        ),
        (
            "[1,\n 2,]".into(),
            list_of(int()),
            "at [2]: expected Int, found `]`",
        ),
        (
            "[1 2]".into(),
            list_of(int()),
            "this is no JSON: `,` or `]` is missing (line 1, column 4)",
        ),
        (
            "01".into(),
            int(),
            "this is no JSON: malformed number (line 1, column 1)",
        ),
        (
            "1 1".into(),
            int(),
            "this is no JSON: something follows the value (line 1, column 3)",
        ),
    ];
    for (source, desc, wanted) in cases {
        assert_eq!(round(&source, desc).unwrap_err(), wanted, "{source}");
    }
    assert_eq!(live_buffers(), 0);
}

#[test]
fn keys_that_are_numbers_are_written_in_one_way() {
    for key in ["+1", "01", "-0", " 1", "1.0", "", "\\n"] {
        let text = format!("{{\"{key}\": 1}}");
        let error = round(&text, map_of(int(), int())).expect_err(key);
        assert!(error.contains("expected Int, found \""), "{error}");
        assert!(!error.contains('\n'), "{error}");
    }
}

#[test]
fn noise_is_refused_without_harm() {
    let types = [
        int(),
        float(),
        list_of(list_of(int())),
        map_of(str_type(), list_of(str_type())),
        set_of(str_type()),
        row(),
        option_of(row()),
    ];
    let alphabet: Vec<char> = r#"{}[],:"\un0123456789abcdefnulltrue .-eE+ä😀"#.chars().collect();
    let mut state = 1_u64;
    let mut random = |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as usize % bound
    };
    let seeds = [
        r#"{"name": "a long name of a row", "n": 12, "note": "x", "z": [1, {"y": null}]}"#,
        r#"[[1, 2], [], [3, -4]]"#,
        r#"{"a": ["a text that is long enough", "b"], "c": []}"#,
    ];
    for step in 0..20_000 {
        let mut source: Vec<char> = if step % 2 == 0 {
            seeds[random(seeds.len())].chars().collect()
        } else {
            Vec::new()
        };
        for _ in 0..=random(12) {
            let at = random(source.len() + 1);
            let char = alphabet[random(alphabet.len())];
            if random(3) == 0 && at < source.len() {
                source.remove(at);
            } else {
                source.insert(at, char);
            }
        }
        let source: String = source.into_iter().collect();
        for desc in types {
            drop(read(&source, desc));
        }
        drop(Lexer::new(&source).skip());
    }
    let deep = "[".repeat(1_000_000);
    assert!(Lexer::new(&deep).skip().is_err());
    assert_eq!(live_buffers(), 0);
}
