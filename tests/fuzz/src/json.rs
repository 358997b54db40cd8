//! What must hold of the runtime's reader of JSON, whatever the text and the type.
//!
//! An input's first line says the type (see [`crate::types`]); the rest is the JSON.

use dynop_values::{Owned, json};

use crate::types::type_of;

/// Signs and words of JSON, and values at the edges.
pub const TOKENS: [&str; 44] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\\u",
    "\\ud83d",
    "\\ude00",
    "\\u0000",
    "\\n",
    "null",
    "true",
    "false",
    "-",
    "0",
    "-0",
    "1",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "1.5",
    "1e400",
    "1e-400",
    "0.1e",
    "00",
    ".5",
    "5.",
    "+1",
    "\"NaN\"",
    "\"-Infinity\"",
    "NaN",
    "\"a\":",
    "\"b\":",
    " ",
    "\t",
    "\n",
    "\u{feff}",
    "é",
    "🙂",
    "\u{1}",
    "\"2026-01-31T12:00:00.5Z\"",
];

/// Types with documents of them.
pub fn seeds() -> Vec<String> {
    const SEEDS: [&str; 18] = [
        "i\n-12",
        "f\n1.25e3",
        "s\n\"a \\\"b\\\" \\u00e9 \\ud83d\\ude00\"",
        "li\n[1, 2, 3]",
        "llf\n[[1.5], [], [2, \"NaN\"]]",
        "msi\n{\"a\": 1, \"b\": 2, \"a\": 3}",
        "mis\n{\"1\": \"x\", \"-2\": \"y\"}",
        "mtisb\n[[[1, \"a\"], true], [[2, \"b\"], false]]",
        "ol?\n[]",
        "ooi\n[null]",
        "S3sif\n{\"a\": \"x\", \"b\": 1, \"c\": 2.5}",
        "lS2soi\n[{\"a\": \"x\", \"b\": null}, {\"a\": \"y\", \"z\": [1, {\"q\": {}}]}]",
        "N2smsli\n{\"a\": \"n\", \"b\": {\"k\": [1, 2]}}",
        "xs\n[\"a\", \"b\", \"a\"]",
        "r\n[0, 10]",
        "d\n1.000000001",
        "T\n\"2026-01-31T12:00:00Z\"",
        "yp\n\"AAEC\"",
    ];
    SEEDS.map(str::to_owned).to_vec()
}

/// What is read can be written, and reads back as the same; what is not read is told in one line; no panic.
///
/// # Errors
/// What does not hold.
pub fn check(text: &str) -> Result<(), String> {
    let (recipe, document) = text.split_once('\n').unwrap_or(("", text));
    let desc = type_of(recipe);
    let value = match json::read(document, desc) {
        Ok(value) => value,
        Err(error) => {
            let message = error.to_string();
            return if message.is_empty() || message.contains('\n') {
                Err(format!("no message in one line: {message:?}"))
            } else {
                Ok(())
            };
        }
    };
    let name = desc.name.as_str();
    let written = write(&value).map_err(|error| format!("{name}: can't be written: {error}"))?;
    let again = json::read(&written, desc)
        .map_err(|error| format!("{name}: {written} does not read back: {error}"))?;
    let second = write(&again)?;
    if second == written {
        Ok(())
    } else {
        Err(format!("{name}: {written} reads back as {second}"))
    }
}

fn write(value: &Owned) -> Result<String, String> {
    value.to_json().map_err(|error| error.message)
}
