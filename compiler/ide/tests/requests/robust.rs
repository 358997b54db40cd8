//! Every question at every place of every program there is, and of halves and mutations of them: no panic, and spans that
//! fit their texts.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use dynop_base::{FileId, Span};
use dynop_ide::Analysis;

use crate::Texts;

fn programs() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    for folder in [
        "examples",
        "tests/run/programs",
        "tests/ui/programs",
        "benches/kernels",
    ] {
        collect(&root.join(folder), &mut found);
    }
    found.sort();
    assert!(found.len() > 50, "{} programs", found.len());
    found
}

fn collect(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "dyn")
            && let Ok(text) = std::fs::read_to_string(&path)
        {
            found.push((path, text));
        }
    }
}

/// The offsets of characters, every `step`th.
fn offsets(text: &str, step: usize) -> impl Iterator<Item = u32> + '_ {
    let all = text.char_indices().map(|(at, _)| at);
    all.chain([text.len()]).step_by(step).map(|at| at as u32)
}

fn fits(analysis: &Analysis, span: Span) {
    let file = analysis.sources().get(span.file).expect("a file");
    assert!(
        file.text.get(span.range()).is_some(),
        "{span:?} in {}",
        file.name
    );
}

/// What is recorded for an editor changes nothing of what is said: as the compiler says it, without a record.
fn says_the_same(analysis: &Analysis, path: &Path, text: &str) {
    let mut files = Texts::new();
    files.insert(path.to_path_buf(), Arc::from(text));
    let program = dynop_ide::program::Program::load(path, &files);
    let mut expected = program.diagnostics.clone();
    expected.extend(dynop_sema::check(&program.inputs()).diagnostics);
    // The plan's come last, and only where there are none of these.
    let said = &analysis.diagnostics()[..expected.len().min(analysis.diagnostics().len())];
    assert_eq!(said, expected, "{}", path.display());
    let more = analysis.diagnostics().len() > expected.len();
    let errors = expected.iter().any(|found| found.is_error());
    assert!(!(more && errors), "{}", path.display());
}

fn ask(analysis: &Analysis, file: FileId, text: &str, step: usize, every: usize) {
    for diagnostic in analysis.diagnostics() {
        fits(analysis, diagnostic.primary.span);
        diagnostic
            .labels
            .iter()
            .for_each(|label| fits(analysis, label.span));
        for fix in analysis.fixes_of(diagnostic) {
            fix.edits.iter().for_each(|edit| fits(analysis, edit.span));
        }
    }
    let symbols = analysis.document_symbols(file);
    symbols
        .iter()
        .for_each(|symbol| fits(analysis, symbol.span));
    for (count, offset) in offsets(text, step).enumerate() {
        if let Some(hover) = analysis.hover(file, offset) {
            fits(analysis, hover.span);
            assert!(hover.span.contains(offset));
        }
        for target in analysis.definition(file, offset) {
            fits(analysis, target.span);
            fits(analysis, target.name);
        }
        let references = analysis.references(file, offset, true);
        references
            .iter()
            .for_each(|reference| fits(analysis, reference.span));
        if let Some(span) = analysis.rename_range(file, offset) {
            fits(analysis, span);
        }
        // These two check the program again.
        if count % every == 0 {
            for item in analysis.completion(file, offset, &Texts::new()) {
                fits(analysis, item.replace);
            }
            let _ = analysis.rename(file, offset, "other_name");
        }
    }
}

fn analyse(path: &Path, text: &str) -> (Analysis, FileId) {
    let mut files = Texts::new();
    files.insert(path.to_path_buf(), Arc::from(text));
    let analysis = Analysis::new(path, &files);
    let file = analysis.file(path).expect("the main file");
    (analysis, file)
}

#[test]
fn every_question_everywhere() {
    for (path, text) in programs() {
        let (analysis, file) = analyse(&path, &text);
        says_the_same(&analysis, &path, &text);
        ask(&analysis, file, &text, 1, 503);
    }
}

#[test]
fn halves_and_mutations() {
    // A small generator of its own: the same texts in every run.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below.max(1) as u64) as usize
    };
    let pieces = [
        "",
        "(",
        ")",
        "{",
        "}",
        ".",
        "\"",
        "|",
        ":",
        ",",
        "\n",
        "é",
        "𝄞",
        "yield ",
        "match x {",
        "f\"{",
    ];
    for (path, text) in programs() {
        let cuts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        if cuts.is_empty() {
            continue;
        }
        let half = &text[..cuts[random(cuts.len())]];
        let (analysis, file) = analyse(&path, half);
        says_the_same(&analysis, &path, half);
        ask(&analysis, file, half, 7, 127);
        let mut mutated = text.clone();
        for _ in 0..3 {
            let starts: Vec<usize> = mutated.char_indices().map(|(at, _)| at).collect();
            let from = starts[random(starts.len())];
            let until = starts[random(starts.len())].clamp(from, from + 5);
            let until = (until..=mutated.len()).find(|at| mutated.is_char_boundary(*at));
            let until = until.unwrap_or(from);
            mutated.replace_range(from..until, pieces[random(pieces.len())]);
        }
        let (analysis, file) = analyse(&path, &mutated);
        says_the_same(&analysis, &path, &mutated);
        ask(&analysis, file, &mutated, 7, 127);
    }
}

#[test]
fn places_that_are_none() {
    let (analysis, file) = analyse(Path::new("/a.dyn"), "fn é() -> Int { \"𝄞\" }");
    for offset in [4, 20, 10_000, u32::MAX] {
        let _ = analysis.hover(file, offset);
        let _ = analysis.definition(file, offset);
        let _ = analysis.rename(file, offset, "other_name");
        assert!(analysis.completion(file, offset, &Texts::new()).is_empty());
    }
    let missing = FileId(9999);
    assert!(analysis.hover(missing, 0).is_none());
    assert!(analysis.completion(missing, 0, &Texts::new()).is_empty());
    assert!(analysis.references(missing, 0, true).is_empty());
    assert!(analysis.document_symbols(missing).is_empty());
    assert!(analysis.rename(missing, 0, "x").is_err());
}

/// Names that stand where they may be proposed, cut after their first letter: they are among what is proposed.
#[test]
fn what_is_written_would_have_been_proposed() {
    proposed(19, |rest| rest);
}

/// The same where nothing is written behind them yet: neither the rest of the line, nor the rest of the item.
#[test]
fn what_is_being_written_is_proposed() {
    proposed(29, |rest| {
        rest.find(['\r', '\n']).map_or("", |end| &rest[end..])
    });
    proposed(71, |rest| {
        rest.find("\n}").map_or(rest, |end| &rest[end + 2..])
    });
}

/// Asks for every so-manieth name after its first letter, in texts of which `rest` leaves a part behind the name.
fn proposed(every: usize, rest: impl Fn(&str) -> &str) {
    let (mut asked, mut missed) = (0, Vec::new());
    for (path, text) in programs() {
        let (analysis, file) = analyse(&path, &text);
        if analysis.diagnostics().iter().any(|found| found.is_error()) {
            continue;
        }
        let mut words: Vec<Span> = Vec::new();
        for offset in offsets(&text, 1) {
            for target in analysis.definition(file, offset) {
                // A name where it is declared is nobody's to propose.
                let uses = analysis.references(file, offset, false);
                let here = uses
                    .iter()
                    .find(|one| one.span.file == file && one.span.contains(offset));
                if let Some(here) = here
                    && here.span != target.name
                    && here.span.range().len() > 1
                    && words.last() != Some(&here.span)
                {
                    words.push(here.span);
                }
            }
        }
        for word in words
            .into_iter()
            .skip(path.file_name().map_or(0, |name| name.len()) % 5)
            .step_by(every)
        {
            let name = &text[word.range()];
            let cut = format!(
                "{}{}",
                &text[..word.start as usize + 1],
                rest(&text[word.end as usize..])
            );
            let (analysis, file) = analyse(&path, &cut);
            let items = analysis.completion(file, word.start + 1, &Texts::new());
            asked += 1;
            // A text in a text that ends in its braces: the names bound in a block there are lost with it. And what goes on
            // in the next line is another expression.
            let is_cut = rest("x\n}\n").len() < 4;
            let line = &text[text[..word.start as usize]
                .rfind('\n')
                .map_or(0, |at| at + 1)..];
            let mut lines = line.lines();
            let in_text = lines.next().is_some_and(|line| line.contains("f\"{try"));
            let goes_on = lines
                .next()
                .is_some_and(|line| line.trim_start().starts_with("and "));
            if is_cut && (in_text || goes_on) {
                continue;
            }
            // Of cases the whole path is proposed where patterns stand.
            if !items
                .iter()
                .any(|item| item.label.split('.').any(|part| part == name))
            {
                let line = text[..word.start as usize].lines().count();
                missed.push(format!("{}:{line}: {name}", path.display()));
            }
        }
    }
    assert!(asked > 10, "{asked}");
    assert!(
        missed.is_empty(),
        "{} of {asked}:\n{}",
        missed.len(),
        missed.join("\n")
    );
}

#[test]
fn broken_closures_within_each_other_end() {
    let nested = |call: &str, depth: usize| {
        let open = format!("{call}(|x| ").repeat(depth);
        format!("{open}x{}", ")".repeat(depth))
    };
    for call in [
        "unknown().map",
        "x.map",
        "xs.fold",
        "unknown",
        "d.map(1, ",
        "d.zap",
    ] {
        let value = nested(call, 60);
        let text = format!(
            "op o() -> DynamicOutput<Int> {{ yield DynamicOutput(1, mapping_key: 1) }}\njob j(x: Int) -> Int {{\n    let d = o()\n    {value}\n}}\nfn f(xs: List<Int>, x: Int, d: Int) -> Int {{\n    {value}\n}}\n"
        );
        let start = std::time::Instant::now();
        let (analysis, _) = analyse(Path::new("/a.dyn"), &text);
        assert!(!analysis.diagnostics().is_empty());
        let took = start.elapsed();
        assert!(took.as_secs() < 20, "{call}: {took:?}");
    }
}
