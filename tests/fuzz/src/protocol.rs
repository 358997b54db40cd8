//! What must hold of the reader of what an extern op's program answers, whatever it writes and whatever the op declares.
//!
//! An input's first line declares the outputs, which are called `a`, `b`…: each word is a letter (`p`lain, `o`ptional or
//! `d`ynamic) and a type (see [`crate::types`]). The rest are lines of the program.

use dynop_exec::protocol::{Answer, Output, read_line};
use dynop_values::json;

use crate::types::type_of;

/// Signs and words of the protocol.
pub const TOKENS: [&str; 32] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\\u0000",
    "\\n",
    "\n",
    "\"output\":",
    "\"dynamic_output\":",
    "\"mapping_key\":",
    "\"output_name\":",
    "\"log\":",
    "\"a\"",
    "\"b\"",
    "\"c\"",
    "\"k\"",
    "null",
    "true",
    "0",
    "-7",
    "1.5",
    "9223372036854775808",
    "\"NaN\"",
    "p",
    "o",
    "d",
    "li",
    "é",
];

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

/// Outputs with lines for them.
pub fn seeds() -> Vec<String> {
    const SEEDS: [&str; 10] = [
        "pi\n{\"output\": 3}\n",
        "pi oli\n{\"output\": 3, \"output_name\": \"a\"}\n{\"output_name\": \"b\", \"output\": null}\n",
        "dli\n{\"dynamic_output\": [1, 2], \"mapping_key\": \"k\"}\n{\"dynamic_output\": [], \"mapping_key\": 7}\n",
        "ds dmsf pb\n{\"dynamic_output\": \"x\", \"mapping_key\": \"a b\", \"output_name\": \"a\"}\n{\"output\": true}\n",
        "dS2soi pi\n{\"dynamic_output\": {\"a\": \"x\", \"b\": null}, \"mapping_key\": \"\\u00e9\", \"output_name\": null}\n",
        "pooi\n{\"output\": [null]}\n{\"output\": null}\n",
        "ooi\n{\"output\": null}\n",
        "\n{\"log\": \"two words\"}\n{\"log\": {\"a\": [1, 2.5]}}\n\n",
        "py pT\n{\"output\": \"AAEC\", \"output_name\": \"a\"}\n{\"output\": \"2026-01-31T12:00:00Z\", \"output_name\": \"b\"}\n",
        "pf\n{\"output\": \"NaN\"}\n{\"output\": 1e400}\n",
    ];
    SEEDS.map(str::to_owned).to_vec()
}

fn declared(line: &str) -> Vec<Output> {
    let words = line.split_whitespace().zip(NAMES);
    words
        .map(|(word, name)| {
            let mut letters = word.chars();
            let kind = letters.next().unwrap_or('p');
            Output {
                name,
                ty: type_of(letters.as_str()),
                dynamic: kind == 'd',
                optional: kind == 'o',
            }
        })
        .collect()
}

/// Each line is an answer that can be said again and is then the same, or a message in one line; no panic, and nothing is
/// left in memory.
///
/// # Errors
/// What does not hold.
pub fn check(text: &str) -> Result<(), String> {
    let (first, lines) = text.split_once('\n').unwrap_or(("", text));
    let outputs = declared(first);
    let before = dynop_values::memory::live_buffers();
    for line in lines.split('\n') {
        check_line(line, &outputs)?;
    }
    match dynop_values::memory::live_buffers() - before {
        0 => Ok(()),
        left => Err(format!("{left} buffers are left in memory")),
    }
}

fn check_line(line: &str, outputs: &[Output]) -> Result<(), String> {
    let answer = match read_line(line.as_bytes(), outputs) {
        Ok(answer) => answer,
        Err(message) if message.is_empty() || message.contains('\n') => {
            return Err(format!("no message in one line: {message:?}"));
        }
        Err(_) => return Ok(()),
    };
    let Some(said) = said(&answer, outputs)? else {
        return Ok(());
    };
    let again = read_line(said.as_bytes(), outputs)
        .map_err(|message| format!("{said} is not read again: {message}"))?;
    let second = self::said(&again, outputs)?;
    if second.as_ref() == Some(&said) {
        Ok(())
    } else {
        Err(format!("{said} is read as {second:?}"))
    }
}

/// An answer as a line, if there is something in it.
fn said(answer: &Answer, outputs: &[Output]) -> Result<Option<String>, String> {
    let (field, output, value, key) = match answer {
        Answer::Nothing => return Ok(None),
        Answer::Log(text) => return Ok(Some(format!("{{\"log\":{}}}", quoted(text)))),
        Answer::Output(output, value) => ("output", *output, value, None),
        Answer::Item(output, value, key) => ("dynamic_output", *output, value, Some(key)),
    };
    let output = outputs
        .get(output as usize)
        .ok_or_else(|| format!("there is no output {output}"))?;
    if output.dynamic != key.is_some() {
        return Err(format!("`{}` is taken for another kind", output.name));
    }
    let value = value
        .to_json()
        .map_err(|error| format!("can't be written: {}", error.message))?;
    let key = key.map_or(String::new(), |key| {
        format!(",\"mapping_key\":{}", quoted(key))
    });
    let name = output.name;
    Ok(Some(format!(
        "{{\"{field}\":{value}{key},\"output_name\":\"{name}\"}}"
    )))
}

fn quoted(text: &str) -> String {
    let mut quoted = String::new();
    json::quote(&mut quoted, text);
    quoted
}
