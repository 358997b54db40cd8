//! What must hold of the runtime's reader of tables, whatever the text and the type of its rows.
//!
//! An input's first line is `h` or another letter (whether the table has a header) and the type of a row (see
//! [`crate::types`]); the rest is the table.

use dynop_abi::desc::Kind;
use dynop_std::csv;
use dynop_values::Owned;
use dynop_values::failing::Failure;

use crate::types::{container, type_of};

/// Signs of tables, and cells at the edges.
pub const TOKENS: [&str; 30] = [
    ",",
    "\"",
    "\"\"",
    "\n",
    "\r\n",
    "\r",
    "\n\n",
    ";",
    "\t",
    " ",
    "a",
    "b",
    "c",
    "name",
    "1",
    "-1",
    "1.5",
    "inf",
    "NaN",
    "true",
    "yes",
    "0",
    "9223372036854775808",
    "\u{feff}",
    "\0",
    "é",
    "🙂",
    "\",\"",
    "[1]",
    "2026-01-31T12:00:00Z",
];

/// Types of rows with tables of them.
pub fn seeds() -> Vec<String> {
    const SEEDS: [&str; 9] = [
        "hS3sif\na,b,c\nx,1,2.5\n\"y, z\",2,-0.5\n",
        "hS3sobos\nb,a,c\ntrue,x,\n,\"say \"\"hi\"\"\",z\n",
        "hN2id\na,b\n1,2.5\n",
        "-tsi\nx,1\ny,2\n",
        "htsi\nname,count\nx,1\n",
        "-ls\na,b\nc\n\"\"\n",
        "hmss\na,b\n1,2\n3,4\n",
        "hmsf\na,b\n1,2.5\n",
        "-S2Tli\n2026-01-31T12:00:00Z,[1]\n",
    ];
    SEEDS.map(str::to_owned).to_vec()
}

/// What is read can be written, and reads back as the same; what is not read is told in one line; no panic.
///
/// # Errors
/// What does not hold.
pub fn check(input: &str) -> Result<(), String> {
    let (recipe, table) = input.split_once('\n').unwrap_or(("", input));
    let (header, recipe) = match recipe.strip_prefix('h') {
        Some(rest) => (true, rest),
        None => (false, recipe.get(1..).unwrap_or("")),
    };
    let row = type_of(recipe);
    let rows_type = container(
        Kind::List,
        format!("List<{}>", row.name.as_str()),
        Some(row),
        None,
    );
    let rows = match csv::parse(table, rows_type, header) {
        Ok(rows) => rows,
        Err(Failure::Message(message)) if !message.is_empty() && !message.contains('\n') => {
            return Ok(());
        }
        Err(failure) => return Err(format!("no message in one line: {failure:?}")),
    };
    let shown = as_json(&rows)?;
    // The header that is written is of names: those of fields or keys, which tuples and lists don't have, and no rows.
    let header = match row.kind {
        Kind::Struct | Kind::NamedTuple => header,
        Kind::Map if shown == "[]" || shown.starts_with("[{}") => return Ok(()),
        Kind::Map => true,
        _ => false,
    };
    // Some types of rows can be read and have no text, paths that are not UTF-8 among them.
    let Ok(written) = written(&rows, header) else {
        return Ok(());
    };
    let name = row.name.as_str();
    let again = csv::parse(&written, rows_type, header)
        .map_err(|failure| format!("{name}: {written:?} does not read back: {failure:?}"))?;
    let second = as_json(&again)?;
    if shown == second {
        Ok(())
    } else {
        Err(format!("{name}: {shown} reads back as {second}"))
    }
}

fn written(rows: &Owned, header: bool) -> Result<String, String> {
    let bytes = csv::to_text(rows, header).map_err(|failure| format!("{failure:?}"))?;
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

fn as_json(rows: &Owned) -> Result<String, String> {
    rows.to_json().map_err(|error| error.message)
}
