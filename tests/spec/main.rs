//! The pages of the language reference, of the guides and of the diagnostic codes: their code blocks are the tests.

use std::fs;
use std::path::PathBuf;
use std::process::Output;

use dynop_base::Diagnostic;
use dynop_tests::markdown::{Block, blocks};
use dynop_tests::{Checked, build, check, root, run_tests};

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
/// Files that a page shows (`dyn,file=text/words.dyn`) are beside its programs.
fn each_block(folder: &str, test: impl Fn(&str, &Page<'_>, Option<&Block>) -> Result<(), String>) {
    let mut failures = Vec::new();
    for path in pages(folder) {
        let page = fs::read_to_string(&path).expect("the page can be read");
        let stem = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let found = blocks(&page);
        let beside = tempfile::tempdir().expect("a temporary folder can be made");
        for block in &found {
            if let Some(name) = block.info.strip_prefix("dyn,file=") {
                let path = beside.path().join(name);
                fs::create_dir_all(path.parent().unwrap_or(&path)).expect("a folder can be made");
                fs::write(path, &block.text).expect("the temporary folder can be written");
            }
        }
        for (index, block) in found.iter().enumerate() {
            let name = block.info.strip_prefix("dyn,file=").unwrap_or("page.dyn");
            let name = beside.path().join(name).to_string_lossy().into_owned();
            if let Err(message) = test(&stem, &Page { name, block }, found.get(index + 1)) {
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

/// A block of a page, and the path at which its text is compiled.
struct Page<'a> {
    name: String,
    block: &'a Block,
}

fn accepted(page: &Page<'_>, warning: Option<&str>) -> Result<(), String> {
    let found = check(&page.name, &page.block.text);
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

fn rejected(page: &Page<'_>, code: &str, next: Option<&Block>) -> Result<(), String> {
    let found = check(&page.name, &page.block.text);
    if found.codes().contains(&code) && found.has_errors() {
        return says(&found, code, next);
    }
    // What only code generation sees.
    if !found.has_errors()
        && let Err(picture) = build(&page.name, &page.block.text)
        && picture.contains(code)
    {
        return Ok(());
    }
    Err(format!("is not rejected with {code}:\n{}", found.picture))
}

/// Whether what is said with a code is what the `error` block behind the program shows, if there is one: the message, then
/// labels, notes and helps, a line each.
fn says(found: &Checked, code: &str, next: Option<&Block>) -> Result<(), String> {
    let Some(shown) = next.filter(|next| next.info == "error") else {
        return Ok(());
    };
    let said: Vec<String> = found
        .diagnostics
        .iter()
        .filter(|found| found.code.id == code)
        .flat_map(texts)
        .collect();
    match shown
        .text
        .lines()
        .find(|line| !said.iter().any(|one| one == line))
    {
        Some(line) => Err(format!("does not say {line:?}:\n{}", found.picture)),
        None => Ok(()),
    }
}

/// What a diagnostic says, by parts.
fn texts(found: &Diagnostic) -> Vec<String> {
    let mut texts = vec![found.message.clone(), found.primary.text.clone()];
    texts.extend(found.labels.iter().map(|label| label.text.clone()));
    texts.extend(found.notes.iter().map(|note| format!("note: {note}")));
    texts.extend(found.helps.iter().map(|help| format!("help: {help}")));
    texts.extend(found.fixes.iter().map(|fix| format!("help: {}", fix.title)));
    texts
}

/// A run that fails: exit code 1, and standard error contains each line of the `failure` block.
fn fails(output: &Output, expected: &Block) -> Result<(), String> {
    let err = String::from_utf8_lossy(&output.stderr);
    if output.status.code() != Some(1) {
        return Err(format!("exits with {}, not 1:\n{err}", output.status));
    }
    match expected.text.lines().find(|line| !err.contains(line)) {
        Some(line) => Err(format!("does not say {line:?}:\n{err}")),
        None => Ok(()),
    }
}

fn runs(page: &Page<'_>, arguments: &str, output: Option<&Block>) -> Result<(), String> {
    let shown = |next: &&Block| ["output", "failure"].contains(&next.info.as_str());
    let Some(expected) = output.filter(shown) else {
        return Err("has no `output` or `failure` block behind it".into());
    };
    let program = build(&page.name, &page.block.text)
        .map_err(|picture| format!("is not built:\n{picture}"))?;
    let arguments: Vec<&str> = arguments.split_whitespace().collect();
    let output = program.run(&arguments);
    if expected.info == "failure" {
        return fails(&output, expected);
    }
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

fn tests_say(page: &Page<'_>, output: Option<&Block>) -> Result<(), String> {
    let Some(expected) = output.filter(|next| next.info == "output") else {
        return Err("has no `output` block behind it".into());
    };
    let said = run_tests(&page.name, &page.block.text)
        .map_err(|picture| format!("is not built:\n{picture}"))?;
    if said.trim_end() == expected.text.trim_end() {
        return Ok(());
    }
    Err(format!("says\n{said}\nnot\n{}", expected.text))
}

/// A block of a page that explains: what it says that it is stands behind its fence.
fn as_it_says(page: &Page<'_>, next: Option<&Block>) -> Result<(), String> {
    let info = &page.block.info;
    let (kind, arguments) = info.split_once(' ').unwrap_or((info, ""));
    match kind {
        "dyn" => accepted(page, None),
        "dyn,test" => tests_say(page, next),
        "dyn,run" => runs(page, arguments, next),
        _ => match kind.split_once('=') {
            Some(("dyn,fail", code)) => rejected(page, code, next),
            Some(("dyn,warn", code)) => accepted(page, Some(code)),
            Some(("dyn,file", _)) => accepted(page, None),
            _ => Ok(()),
        },
    }
}

#[test]
fn language_reference() {
    each_block("docs/language", |_, page, next| as_it_says(page, next));
}

#[test]
fn guides() {
    each_block("docs/guides", |_, page, next| as_it_says(page, next));
}

/// On the page of a code, `dyn,fail` needs no code: it is the page's own.
#[test]
fn pages_of_codes() {
    each_block("docs/errors", |stem, page, _| {
        match page.block.info.as_str() {
            "dyn" => accepted(page, None),
            "dyn,fail" if stem.starts_with('W') => accepted(page, Some(stem)),
            "dyn,fail" => rejected(page, stem, None),
            _ => Ok(()),
        }
    });
}
