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
