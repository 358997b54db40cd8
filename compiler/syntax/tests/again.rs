//! Parsing after an edit gives what parsing the whole text gives.

use std::path::Path;

use dynop_base::FileId;
use dynop_syntax::{Before, Parse, parse, parse_again};

fn corpus() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut texts = Vec::new();
    for folder in ["tests/run/programs", "tests/ui/programs", "runtime/std"] {
        let mut paths: Vec<_> = std::fs::read_dir(root.join(folder))
            .expect("the folder is there")
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "dyn"))
            .collect();
        paths.sort();
        texts.extend(
            paths
                .iter()
                .filter_map(|path| std::fs::read_to_string(path).ok()),
        );
    }
    assert!(texts.len() > 40);
    texts
}

fn again(text: &str, old: &str, before: &Parse, file: FileId) -> Parse {
    let before = Before {
        text: old,
        module: &before.module,
        diagnostics: &before.diagnostics,
        regions: &before.regions,
    };
    parse_again(file, text, before)
}

fn assert_same(text: &str, again: &Parse, file: FileId) {
    let whole = parse(file, text);
    let parts = |parse: &Parse| {
        format!(
            "{:?}\n{:?}\n{:?}",
            parse.diagnostics, parse.module, parse.regions
        )
    };
    let (again, whole) = (parts(again), parts(&whole));
    if again == whole {
        return;
    }
    let at = again
        .bytes()
        .zip(whole.bytes())
        .take_while(|(a, b)| a == b)
        .count();
    let near = |text: &str| {
        let text: Vec<u8> = text
            .bytes()
            .skip(at.saturating_sub(300))
            .take(600)
            .collect();
        String::from_utf8_lossy(&text).into_owned()
    };
    panic!("{text}\n\n{}\n\nand not\n\n{}", near(&again), near(&whole));
}

#[test]
fn edits_give_the_same_tree() {
    let mut state = 0x1234_5678_90ab_cd31_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below.max(1) as u64) as usize
    };
    let pieces = [
        "",
        "",
        "x",
        " ",
        "\n",
        "(",
        ")",
        "{",
        "}",
        "{}",
        "()",
        "\"",
        "\"a\"",
        "\"\"\"",
        "f\"\"\"{",
        "/*",
        "*/",
        ".",
        ",",
        "/// docs\n",
        "// no\n",
        "//! file\n",
        "fn f() {}\n",
        "\nfn f() {}\n",
        "@retry(max: 1)\n",
        "else {",
        "pub ",
        "é",
        "import a.b\n",
        "= 1",
    ];
    for text in corpus() {
        let mut old = text;
        let mut before = parse(FileId(3), &old);
        for round in 0..16 {
            let starts: Vec<usize> = old
                .char_indices()
                .map(|(at, _)| at)
                .chain([old.len()])
                .collect();
            let from = starts[random(starts.len())];
            let length = random(6) * random(2);
            let until = starts
                .iter()
                .copied()
                .find(|&at| at >= from + length)
                .unwrap_or(old.len());
            let mut text = old.clone();
            text.replace_range(from..until, pieces[random(pieces.len())]);
            let file = FileId(3 + round / 9);
            let now = again(&text, &old, &before, file);
            assert_same(&text, &now, file);
            // Often go back to a text that is whole, from which more can be taken over.
            if random(3) > 0 || now.diagnostics.is_empty() {
                (old, before) = (text, now);
            }
        }
    }
}

#[test]
fn an_edit_in_a_large_file_takes_little() {
    let one = |n: usize| {
        format!(
            "/// Number {n}.\nfn f{n}(a: Int) -> Int {{\n    let b = a + {n}\n    b * 2\n}}\n\n"
        )
    };
    let text: String = (0..1500).map(one).collect();
    let time = |work: &dyn Fn() -> Parse| {
        let start = std::time::Instant::now();
        let parsed = work();
        (start.elapsed(), parsed)
    };
    // A whole text, one with an open bracket, with an open brace, with an open text; and a file that is written at its end.
    let edits = ["1 + ", "g(", "if a { ", "\"x"];
    for (needle, added) in edits
        .map(|added| ("a + 700", added))
        .into_iter()
        .chain([("a + 1499", "g(")])
    {
        let mut old = text.clone();
        let mut before = parse(FileId(0), &old);
        for more in ["", "1", "2"] {
            let at = text.find(needle).expect("it is there");
            let mut edited = text.clone();
            edited.insert_str(at, &format!("{added}{more}"));
            let (whole, _) = time(&|| parse(FileId(0), &edited));
            let (part, now) = time(&|| again(&edited, &old, &before, FileId(0)));
            assert_same(&edited, &now, FileId(0));
            assert!(
                part * 2 < whole,
                "{added}: {part:?} for a part, {whole:?} for all"
            );
            (old, before) = (edited, now);
        }
    }
}
