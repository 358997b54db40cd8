//! What an extern op's program answers: a JSON object a line.
//!
//! A line is one of `{"output": v}`, `{"dynamic_output": v, "mapping_key": k}` and `{"log": …}`; the first two may have an
//! `output_name`, which they need where the op has several outputs of that kind. Nothing here trusts the program: whatever
//! it writes becomes an answer or a message that says where the line is wrong.

use dynop_abi::desc::{Kind, TypeDesc};
use dynop_values::Owned;
use dynop_values::json::{JsonError, Lexer, Token, read_from};

/// An output that the op declares.
#[derive(Debug)]
pub struct Output {
    /// Its name.
    pub name: &'static str,
    /// The type of a value; of an item if dynamic.
    pub ty: &'static TypeDesc,
    /// Whether there are items of it, with keys.
    pub dynamic: bool,
    /// Whether `null` stands for none.
    pub optional: bool,
}

/// The outputs of an op: `types` is a named tuple of them (or `()`), `kinds` has a letter for each: `d`ynamic, `o`ptional
/// or `p`lain.
pub fn outputs(types: &'static TypeDesc, kinds: &str) -> Vec<Output> {
    if types.kind == Kind::Unit {
        return Vec::new();
    }
    let each = types.fields().iter().zip(kinds.chars());
    each.map(|(field, kind)| Output {
        name: field.name.as_str(),
        ty: field.desc(),
        dynamic: kind == 'd',
        optional: kind == 'o',
    })
    .collect()
}

/// What a line says.
#[derive(Debug)]
pub enum Answer {
    /// Nothing: an empty line, or an optional output that is not there.
    Nothing,
    /// A plain output.
    Output(u32, Owned),
    /// An item of a dynamic output and its key.
    Item(u32, Owned, String),
    /// A line for the log.
    Log(String),
}

/// The fields of a line, unread.
#[derive(Default)]
struct Fields<'l> {
    output: Option<&'l str>,
    dynamic_output: Option<&'l str>,
    mapping_key: Option<String>,
    output_name: Option<String>,
    log: Option<String>,
}

/// Reads a line.
///
/// # Errors
/// What is wrong with it.
pub fn read_line(line: &[u8], outputs: &[Output]) -> Result<Answer, String> {
    let line = std::str::from_utf8(line).map_err(|_| "it is not UTF-8".to_owned())?;
    if line.trim().is_empty() {
        return Ok(Answer::Nothing);
    }
    let fields = read_fields(line).map_err(|error| error.to_string())?;
    match fields {
        Fields {
            log: Some(text),
            output: None,
            dynamic_output: None,
            ..
        } => Ok(Answer::Log(text)),
        Fields {
            output: Some(value),
            dynamic_output: None,
            log: None,
            ..
        } => {
            if fields.mapping_key.is_some() {
                return Err("a `mapping_key` belongs to a `dynamic_output`".to_owned());
            }
            let index = find(outputs, false, fields.output_name.as_deref())?;
            let output = &outputs[index];
            if output.optional && value == "null" {
                return Ok(Answer::Nothing);
            }
            let value = read_value(value, "output", output.ty)?;
            Ok(Answer::Output(index as u32, value))
        }
        Fields {
            dynamic_output: Some(value),
            output: None,
            log: None,
            ..
        } => {
            let index = find(outputs, true, fields.output_name.as_deref())?;
            let key = fields
                .mapping_key
                .ok_or("a `dynamic_output` needs a `mapping_key`")?;
            let value = read_value(value, "dynamic_output", outputs[index].ty)?;
            Ok(Answer::Item(index as u32, value, key))
        }
        _ => Err("it has to have one of `output`, `dynamic_output` and `log`".to_owned()),
    }
}

fn read_fields(line: &str) -> Result<Fields<'_>, JsonError> {
    let mut lexer = Lexer::new(line);
    let mut fields = Fields::default();
    if lexer.peek() != b'{' {
        return Err(lexer.error("it is no JSON object"));
    }
    lexer.expect(b'{')?;
    let mut first = true;
    while lexer.more(b'}', first)? {
        first = false;
        let name = lexer.key()?;
        let above = lexer.enter_field(&name);
        match name.as_str() {
            "output" => fields.output = Some(lexer.raw()?),
            "dynamic_output" => fields.dynamic_output = Some(lexer.raw()?),
            "mapping_key" => fields.mapping_key = Some(key(&mut lexer)?),
            "output_name" => fields.output_name = text(&mut lexer)?,
            "log" => fields.log = Some(log_text(&mut lexer)?),
            _ => {
                lexer.leave(above);
                let name = on_one_line(&name);
                return Err(lexer.error(format!("there is no field `{name}` in the protocol")));
            }
        }
        lexer.leave(above);
    }
    lexer.end()?;
    Ok(fields)
}

/// A text, or `null` for none.
fn text(lexer: &mut Lexer<'_>) -> Result<Option<String>, JsonError> {
    match lexer.token()? {
        Token::Str(text) => Ok(Some(text)),
        Token::Null => Ok(None),
        other => Err(lexer.error(format!("expected a text, found {other}"))),
    }
}

/// A mapping key: a text, or an integer in its decimal form.
fn key(lexer: &mut Lexer<'_>) -> Result<String, JsonError> {
    let raw = lexer.clone().raw()?;
    match lexer.token()? {
        Token::Str(text) => Ok(text),
        Token::Number(_) if raw.parse::<i64>().is_ok() => Ok(raw.to_owned()),
        other => Err(lexer.error(format!("expected a text or an integer, found {other}"))),
    }
}

/// What is logged: a text as it is, anything else as JSON.
fn log_text(lexer: &mut Lexer<'_>) -> Result<String, JsonError> {
    if lexer.peek() == b'"' {
        return Ok(text(lexer)?.unwrap_or_default());
    }
    Ok(lexer.raw()?.to_owned())
}

fn read_value(raw: &str, field: &str, ty: &'static TypeDesc) -> Result<Owned, String> {
    let mut lexer = Lexer::new(raw);
    lexer.enter_field(field);
    read_from(&mut lexer, ty).map_err(|error| error.to_string())
}

/// The output that a line means.
fn find(outputs: &[Output], dynamic: bool, name: Option<&str>) -> Result<usize, String> {
    let (field, other) = if dynamic {
        ("dynamic_output", "output")
    } else {
        ("output", "dynamic_output")
    };
    let list = |of: &mut dyn Iterator<Item = &Output>| {
        let names: Vec<String> = of.map(|one| format!("`{}`", one.name)).collect();
        names.join(", ")
    };
    let Some(name) = name else {
        let mut fitting = (0..outputs.len()).filter(|&index| outputs[index].dynamic == dynamic);
        return match (fitting.next(), fitting.next()) {
            (Some(index), None) => Ok(index),
            (None, _) if outputs.is_empty() => Err("the op has no outputs".to_owned()),
            (None, _) => Err(format!(
                "the op has no output for `{field}`, it wants `{other}`"
            )),
            (Some(_), Some(_)) => {
                let names = list(&mut outputs.iter().filter(|one| one.dynamic == dynamic));
                Err(format!("`{field}` needs an `output_name`: one of {names}"))
            }
        };
    };
    match outputs.iter().position(|one| one.name == name) {
        Some(index) if outputs[index].dynamic == dynamic => Ok(index),
        Some(_) => Err(format!(
            "the output `{name}` wants `{other}`, not `{field}`"
        )),
        None if outputs.is_empty() => {
            let name = on_one_line(name);
            Err(format!("the op has no output `{name}`, and no other"))
        }
        None => {
            let name = on_one_line(name);
            let names = list(&mut outputs.iter());
            Err(format!("the op has no output `{name}`, it has {names}"))
        }
    }
}

/// A name of the program's as a message of one line shows it.
fn on_one_line(name: &str) -> String {
    let mut shown = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_control() {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use dynop_abi::desc::PLAIN;

    use super::*;

    static INT: TypeDesc = TypeDesc::simple(Kind::Int, PLAIN, 8, "Int");

    static INTS: TypeDesc = TypeDesc {
        kind: Kind::List,
        flags: 0,
        a: &raw const INT,
        ..TypeDesc::simple(Kind::List, 0, 8, "List<Int>")
    };

    fn declared() -> Vec<Output> {
        let output = |name, ty, dynamic, optional| Output {
            name,
            ty,
            dynamic,
            optional,
        };
        vec![
            output("count", &INT, false, false),
            output("items", &INTS, true, false),
            output("more", &INTS, false, true),
        ]
    }

    /// An answer in short.
    fn said(line: &str) -> String {
        match read_line(line.as_bytes(), &declared()) {
            Ok(Answer::Nothing) => "nothing".into(),
            Ok(Answer::Output(index, value)) => format!("{index} = {}", value.to_json().unwrap()),
            Ok(Answer::Item(index, value, key)) => {
                format!("{index}[{key}] = {}", value.to_json().unwrap())
            }
            Ok(Answer::Log(text)) => format!("log {text}"),
            Err(reason) => reason,
        }
    }

    #[test]
    fn answers() {
        for (line, wanted) in [
            ("", "nothing"),
            (" \t\r", "nothing"),
            (r#"{"output": 3, "output_name": "count"}"#, "0 = 3"),
            (r#"{"output_name":"more","output":[1]}"#, "2 = [1]"),
            (r#"{"output": null, "output_name": "more"}"#, "nothing"),
            (
                r#"{"dynamic_output": [1, 2], "mapping_key": "a b"}"#,
                "1[a b] = [1,2]",
            ),
            (
                r#"{"dynamic_output": [], "mapping_key": -7, "output_name": null}"#,
                "1[-7] = []",
            ),
            (r#"{"log": "two words"}"#, "log two words"),
            (r#"{"log": {"a": [1]}}"#, r#"log {"a": [1]}"#),
        ] {
            assert_eq!(said(line), wanted, "{line}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (line, wanted) in [
            ("starting", "it is no JSON object"),
            (r#"{"output": 3"#, "is missing"),
            (r#"{"output": 3} x"#, "something follows"),
            (
                r#"{"output": "3", "output_name": "count"}"#,
                r#"at .output: expected Int, found "3""#,
            ),
            (
                r#"{"dynamic_output": [1, 1.5], "mapping_key": "k"}"#,
                "at .dynamic_output[1]: expected Int",
            ),
            (
                r#"{"dynamic_output": [1]}"#,
                "a `dynamic_output` needs a `mapping_key`",
            ),
            (
                r#"{"dynamic_output": [1], "mapping_key": 1.5}"#,
                "at .mapping_key: expected a text or an integer",
            ),
            (
                r#"{"output": 3}"#,
                "`output` needs an `output_name`: one of `count`, `more`",
            ),
            (
                r#"{"output": 3, "output_name": "total"}"#,
                "the op has no output `total`, it has `count`, `items`, `more`",
            ),
            (
                r#"{"output": [], "output_name": "items"}"#,
                "the output `items` wants `dynamic_output`, not `output`",
            ),
            (
                r#"{"output": 3, "output_name": "count", "mapping_key": "k"}"#,
                "a `mapping_key` belongs to a `dynamic_output`",
            ),
            (r#"{"outputs": 3}"#, "there is no field `outputs`"),
            (r#"{"a\nb": 3}"#, r"there is no field `a\nb`"),
            (r#"{"output_name": "count"}"#, "it has to have one of"),
            (r#"{"output": 3, "log": "x"}"#, "it has to have one of"),
        ] {
            let said = said(line);
            assert!(said.contains(wanted), "{line}\n{said}");
        }
    }

    /// Lines put together and broken at random: each is an answer or a message, and nothing is left in memory.
    #[test]
    fn any_line_is_answered() {
        const PARTS: [&str; 22] = [
            "{",
            "}",
            "[",
            "]",
            ":",
            ",",
            "\"output\"",
            "\"dynamic_output\"",
            "\"mapping_key\"",
            "\"output_name\"",
            "\"log\"",
            "\"count\"",
            "\"items\"",
            "null",
            "1",
            "-9.5e99",
            "\"\\u",
            "d800\"",
            "\\",
            "\u{0}",
            "é",
            "true",
        ];
        let whole = r#"{"dynamic_output": [1, 2], "mapping_key": "k", "output_name": "items"}"#;
        let mut state = 7_u64;
        let mut random = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as usize % below
        };
        let outputs = declared();
        let mut accepted = 0;
        for round in 0..200_000 {
            let mut line: Vec<u8> = Vec::new();
            if round % 2 == 0 {
                for _ in 0..random(14) {
                    line.extend(PARTS[random(PARTS.len())].as_bytes());
                }
            } else {
                line.extend(whole.as_bytes());
                for _ in 0..=random(3) {
                    let at = random(line.len());
                    match random(3) {
                        0 => line[at] = random(256) as u8,
                        1 => drop(line.remove(at)),
                        _ => line.insert(at, b"{}[]\":,0\\"[random(9)]),
                    }
                }
            }
            match read_line(&line, &outputs) {
                Ok(_) => accepted += 1,
                Err(reason) => assert!(!reason.is_empty()),
            }
        }
        assert!(accepted > 1000, "only {accepted} lines were accepted");
        assert_eq!(dynop_values::memory::live_buffers(), 0);
    }
}
