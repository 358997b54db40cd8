//! Files that are larger than what a program may have in memory: what reads them lazily needs no more for a larger one.

use std::fs::File;
use std::io::{BufWriter, Write};

use dynop_tests::build;

/// Counts the lines of a file in each form, and tells the most memory that the process ever had, in KiB.
const PROGRAM: &str = r#"
op count(path: Path) -> (lines: List<Int>, peak: Int) {
    let folder = fs.temp_dir()
    let gz = folder.join("lines.gz")
    let zst = folder.join("lines.zst")
    gzip.compress_file(path, gz, level: 1)
    zstd.compress_file(path, zst, level: 1)
    let plain = fs.lines(path).count()
    // Left in the middle, and begun again.
    var some_lines = 0
    for line in gzip.lines(gz) {
        some_lines += 1
        if some_lines == 1000 {
            break
        }
    }
    let lines = [plain, gzip.lines(gz).count(), zstd.lines(zst).count(), some_lines]
    var peak = 0
    for line in fs.lines("/proc/self/status") {
        if line.starts_with("VmHWM:") {
            peak = line.words()[1].parse_int()
        }
    }
    return (lines: lines, peak: peak)
}

job main(path: Path) -> (lines: List<Int>, peak: Int) {
    let counted = count(path)
    (lines: counted.lines, peak: counted.peak)
}
"#;

#[test]
fn lines_are_read_in_constant_memory() {
    const LINES: usize = 3_000_000;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("lines.txt");
    let mut file = BufWriter::new(File::create(&path).expect("a file"));
    for number in 0..LINES {
        writeln!(file, "{number:099}").expect("room for 300 MB");
    }
    file.flush().expect("room for 300 MB");
    let program = build("main.dyn", PROGRAM).unwrap_or_else(|picture| panic!("{picture}"));
    let output = program.run(&["--path", path.to_str().expect("a path")]);
    let result: serde_json::Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    assert_eq!(
        result["lines"],
        serde_json::json!([LINES, LINES, LINES, 1000])
    );
    let peak = result["peak"].as_i64().expect("a number");
    assert!(peak < 64 * 1024, "{peak} KiB for a file of 300 MB");
}

/// Copies tables row by row, and tells the most memory that the process ever had, in KiB.
const WRITER: &str = r#"
struct Row {
    number: Int
    text: Str
}

op copy(folder: Path, count: Int) -> (sizes: List<Int>, peak: Int) {
    let table = folder.join("table.csv")
    let rows = (0..count).iter().map(|n| Row(number: n, text: f"a text, with a comma, of row {n} and some more words"))
    csv.write_rows(table, rows)
    let lines = folder.join("lines.jsonl")
    json.write_lines(lines, csv.rows<Row>(table))
    // In its own place, while it is read.
    csv.write_rows(table, csv.rows<Row>(table).filter(|row| row.number % 2 == 0))
    let texts = folder.join("texts.txt")
    fs.write_lines(texts, json.lines<Row>(lines).map(|row| row.text))
    let sizes = [csv.rows<Row>(table).count(), json.lines<Row>(lines).count(), fs.lines(texts).count()]
    var peak = 0
    for line in fs.lines("/proc/self/status") {
        if line.starts_with("VmHWM:") {
            peak = line.words()[1].parse_int()
        }
    }
    return (sizes: sizes, peak: peak)
}

op fails(folder: Path) -> Str {
    let table = folder.join("table.csv")
    let before = hash.file_sha256(table)
    let said = try {
        csv.write_rows(table, csv.rows<Row>(table).map(|row| if row.number > 5000 { fail "far enough" } else { row }))
        "written"
    } catch e {
        e.message
    }
    f"{said} {hash.file_sha256(table) == before}"
}

job main(folder: Path, count: Int) -> (sizes: List<Int>, peak: Int, failed: Str) {
    let copied = copy(folder, count)
    (sizes: copied.sizes, peak: copied.peak, failed: fails(folder).after(copied.sizes))
}
"#;

#[test]
fn rows_are_written_in_constant_memory() {
    const ROWS: i64 = 1_500_000;
    let folder = tempfile::tempdir().expect("a folder");
    let program = build("main.dyn", WRITER).unwrap_or_else(|picture| panic!("{picture}"));
    let path = folder.path().to_str().expect("a path");
    let output = program.run(&["--folder", path, "--count", &ROWS.to_string()]);
    let result: serde_json::Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    assert_eq!(result["sizes"], serde_json::json!([ROWS / 2, ROWS, ROWS]));
    assert_eq!(result["failed"], "far enough true");
    let peak = result["peak"].as_i64().expect("a number");
    assert!(peak < 64 * 1024, "{peak} KiB for files of 100 MB");
    let names = std::fs::read_dir(folder.path()).expect("the folder");
    assert_eq!(names.count(), 3, "half a file is left");
}
