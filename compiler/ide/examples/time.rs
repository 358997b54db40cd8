//! How long an editor waits: `cargo run --release -p dynop_ide --example time [LINES]`.
//!
//! Makes a program of so many lines (5,000 unless said), and edits it in the middle of an op, again and again: the time
//! of the processor from a new text to its diagnostics, and of a request of each kind at the place of the edit.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use dynop_ide::Analysis;

const ROUNDS: u32 = 40;

/// Processor time of this thread so far: what others take of the machine does not count.
fn now() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|word| word.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or_default())
}

/// Ops, functions and types as people write them, and a job over them.
fn program(lines: usize) -> String {
    let mut text = String::new();
    let count = lines / 40;
    for n in 0..count {
        let _ = write!(
            text,
            "/// Row {n}.
struct Row{n} {{
    /// Its name.
    name: Str
    size: Int = 0
    tags: List<Str> = []
}}

fn weight_{n}(row: Row{n}, factor: Int) -> Int {{
    var sum = row.size * factor
    for tag in row.tags {{
        if tag.starts_with(\"x\") and tag.len() > 3 {{
            sum += tag.len()
        }} else {{
            sum -= 1
        }}
    }}
    sum
}}

/// Reads rows.
op load_{n}(path: Path, most: Int = 100) -> DynamicOutput<Row{n}> {{
    var index = 0
    for line in fs.lines(path).take(most) {{
        let row = Row{n}(name: line, size: line.len(), tags: line.words())
        yield DynamicOutput(row, mapping_key: f\"row_{{index}}\")
        index += 1
    }}
}}

op total_{n}(row: Row{n}) -> Int {{
    let counts = [\"a\": 1, \"b\": row.size]
    let all = row.tags.map(|tag| counts.get(tag, 0)).filter(|n| n > 0)
    weight_{n}(row, all.sum())
}}

op sum_{n}(all: List<Int>) -> Int {{ all.sum() }}

"
        );
    }
    text.push_str("job main(path: Path) {\n");
    for n in 0..count {
        let _ = writeln!(
            text,
            "    let rows_{n} = load_{n}(path)\n    sum_{n}(rows_{n}.map(|row| total_{n}(row)).collect())"
        );
    }
    text.push_str("}\n");
    text
}

fn main() {
    let lines = std::env::args().nth(1).and_then(|word| word.parse().ok());
    let text = program(lines.unwrap_or(5_000));
    let path = PathBuf::from("/main.dyn");
    let mut files: BTreeMap<PathBuf, Arc<str>> = BTreeMap::new();
    files.insert(path.clone(), text.as_str().into());
    let start = now();
    let mut analysis = Analysis::new(Path::new("/main.dyn"), &files);
    println!(
        "{} lines; first analysis {:?}",
        text.lines().count(),
        now() - start
    );
    let needle = "let counts = ";
    let middle = text.len() / 2;
    let at = middle + text[middle..].find(needle).unwrap_or_default() + needle.len();
    for (name, added) in [("a word", "weights + "), ("an open bracket", "f(")] {
        let mut total = Duration::ZERO;
        for round in 0..ROUNDS {
            let mut edited = text.clone();
            edited.insert_str(at, &format!("{added}{round}"));
            files.insert(path.clone(), edited.as_str().into());
            let start = now();
            analysis = analysis.again(&files);
            total += now() - start;
        }
        println!("edit to diagnostics, {name}: {:?}", total / ROUNDS);
    }
    let file = analysis.file(&path).expect("the main file");
    let offset = at as u32 - 8;
    let time = |name: &str, ask: &dyn Fn()| {
        let start = now();
        (0..20).for_each(|_| ask());
        println!("{name}: {:?}", (now() - start) / 20);
    };
    time("hover", &|| drop(analysis.hover(file, offset)));
    time("definition", &|| drop(analysis.definition(file, offset)));
    time("references", &|| {
        drop(analysis.references(file, offset, true))
    });
    time("symbols", &|| drop(analysis.document_symbols(file)));
    time("completion", &|| {
        drop(analysis.completion(file, offset, &files))
    });
    time("parse alone", &|| drop(dynop_syntax::parse(file, &text)));
    let mut nothing: BTreeMap<PathBuf, Arc<str>> = BTreeMap::new();
    nothing.insert(path.clone(), "".into());
    time("an empty file", &|| drop(Analysis::new(&path, &nothing)));
}
