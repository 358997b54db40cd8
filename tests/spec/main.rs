//! The pages of the language reference and of the diagnostic codes: their code blocks are the tests.

use std::fs;
use std::path::PathBuf;

use dynop_tests::markdown::{Block, blocks};
use dynop_tests::{build, check, root};

fn pages(folder: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(root().join(folder))
        .expect("the folder of pages is there")
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| path.extension().is_some_and(|e| e == "md"))
        .collect();
    found.sort();
    assert!(!found.is_empty(), "no pages in {folder}");
    found
}

/// Runs `test` over every block of every page and reports all failures at once.
fn each_block(folder: &str, test: impl Fn(&str, &Block, Option<&Block>) -> Result<(), String>) {
    let mut failures = Vec::new();
    for path in pages(folder) {
        let page = fs::read_to_string(&path).expect("the page can be read");
        let stem = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let found = blocks(&page);
        for (index, block) in found.iter().enumerate() {
            if let Err(message) = test(&stem, block, found.get(index + 1)) {
                failures.push(format!("{folder}/{stem}.md:{}: {message}", block.line));
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{} blocks fail:\n\n{}",
        failures.len(),
        failures.join("\n")
    );
}

fn accepted(block: &Block, warning: Option<&str>) -> Result<(), String> {
    let found = check("page.dyn", &block.text);
    if found.has_errors() {
        return Err(format!("is rejected:\n{}", found.picture));
    }
    match warning {
        Some(code) if !found.codes().contains(&code) => {
            Err(format!("does not give {code}:\n{}", found.picture))
        }
        None if !found.codes().is_empty() => Err(format!("gives a warning:\n{}", found.picture)),
        _ => Ok(()),
    }
}

fn rejected(block: &Block, code: &str) -> Result<(), String> {
    let found = check("page.dyn", &block.text);
    if found.codes().contains(&code) && found.has_errors() {
        return Ok(());
    }
    // What only code generation sees.
    if !found.has_errors()
        && let Err(picture) = build("page.dyn", &block.text)
        && picture.contains(code)
    {
        return Ok(());
    }
    Err(format!("is not rejected with {code}:\n{}", found.picture))
}

fn runs(block: &Block, arguments: &str, output: Option<&Block>) -> Result<(), String> {
    let Some(expected) = output.filter(|next| next.info == "output") else {
        return Err("has no `output` block behind it".into());
    };
    let program =
        build("page.dyn", &block.text).map_err(|picture| format!("is not built:\n{picture}"))?;
    let arguments: Vec<&str> = arguments.split_whitespace().collect();
    let output = program.run(&arguments);
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    if out.trim_end() == expected.text.trim_end() {
        return Ok(());
    }
    Err(format!(
        "prints\n{out}\nnot\n{}\nstandard error:\n{err}",
        expected.text
    ))
}

#[test]
fn language_reference() {
    each_block("docs/language", |_, block, next| {
        let (kind, arguments) = block.info.split_once(' ').unwrap_or((&block.info, ""));
        match kind {
            "dyn" => accepted(block, None),
            "dyn,run" => runs(block, arguments, next),
            _ => match kind.split_once('=') {
                Some(("dyn,fail", code)) => rejected(block, code),
                Some(("dyn,warn", code)) => accepted(block, Some(code)),
                _ => Ok(()),
            },
        }
    });
}

/// On the page of a code, `dyn,fail` needs no code: it is the page's own.
#[test]
fn pages_of_codes() {
    each_block("docs/errors", |stem, block, _| match block.info.as_str() {
        "dyn" => accepted(block, None),
        "dyn,fail" if stem.starts_with('W') => accepted(block, Some(stem)),
        "dyn,fail" => rejected(block, stem),
        _ => Ok(()),
    });
}
