//! Programs and what the checker says of them, as pictures.

mod bodies;
mod compositions;
mod messages;
mod pages;
mod robust;

use std::fmt::Write;

use dynop_base::{Diagnostic, FileId, SourceMap, Span};
use dynop_syntax::ast::Module;

use crate::{Checked, Input, Role, check};

const STD: &[(&str, &str)] = &[
    ("bool", include_str!("../../../../runtime/std/bool.dyn")),
    ("bytes", include_str!("../../../../runtime/std/bytes.dyn")),
    (
        "duration",
        include_str!("../../../../runtime/std/duration.dyn"),
    ),
    ("time", include_str!("../../../../runtime/std/time.dyn")),
    ("core", include_str!("../../../../runtime/std/core.dyn")),
    ("csv", include_str!("../../../../runtime/std/csv.dyn")),
    ("env", include_str!("../../../../runtime/std/env.dyn")),
    ("float", include_str!("../../../../runtime/std/float.dyn")),
    ("fs", include_str!("../../../../runtime/std/fs.dyn")),
    ("gzip", include_str!("../../../../runtime/std/gzip.dyn")),
    ("hash", include_str!("../../../../runtime/std/hash.dyn")),
    ("http", include_str!("../../../../runtime/std/http.dyn")),
    ("int", include_str!("../../../../runtime/std/int.dyn")),
    ("iter", include_str!("../../../../runtime/std/iter.dyn")),
    ("json", include_str!("../../../../runtime/std/json.dyn")),
    ("list", include_str!("../../../../runtime/std/list.dyn")),
    ("log", include_str!("../../../../runtime/std/log.dyn")),
    ("map", include_str!("../../../../runtime/std/map.dyn")),
    ("math", include_str!("../../../../runtime/std/math.dyn")),
    ("option", include_str!("../../../../runtime/std/option.dyn")),
    ("result", include_str!("../../../../runtime/std/result.dyn")),
    (
        "job_run",
        include_str!("../../../../runtime/std/job_run.dyn"),
    ),
    (
        "run_step",
        include_str!("../../../../runtime/std/run_step.dyn"),
    ),
    ("path", include_str!("../../../../runtime/std/path.dyn")),
    ("random", include_str!("../../../../runtime/std/random.dyn")),
    ("range", include_str!("../../../../runtime/std/range.dyn")),
    ("regex", include_str!("../../../../runtime/std/regex.dyn")),
    ("set", include_str!("../../../../runtime/std/set.dyn")),
    ("sh", include_str!("../../../../runtime/std/sh.dyn")),
    ("str", include_str!("../../../../runtime/std/str.dyn")),
    ("zstd", include_str!("../../../../runtime/std/zstd.dyn")),
];

/// A checked program with its sources.
struct Run {
    sources: SourceMap,
    main: FileId,
    checked: Checked,
    syntax: Vec<Diagnostic>,
    time: std::time::Duration,
}

/// Checks a program of one file with the standard library.
fn run(source: &str) -> Run {
    run_files(source, &[])
}

/// Checks a program whose main file may import others.
fn run_files(source: &str, imports: &[(&str, &str)]) -> Run {
    let mut sources = SourceMap::new();
    let mut syntax = Vec::new();
    let mut parse = |name: String, text: &str| -> Module {
        let id = sources.add(name, text);
        let parsed = dynop_syntax::parse(id, text);
        syntax.extend(parsed.diagnostics);
        parsed.module
    };
    let main = parse("main.dyn".to_string(), source);
    let imported = imports
        .iter()
        .map(|(name, text)| (Role::Import(name.to_string()), format!("{name}.dyn"), *text));
    let library = STD.iter().map(|(name, text)| {
        (
            Role::Std(name.to_string()),
            format!("std/{name}.dyn"),
            *text,
        )
    });
    let others: Vec<(Role, Module)> = imported
        .chain(library)
        .map(|(role, name, text)| (role, parse(name, text)))
        .collect();
    let mut inputs = vec![Input {
        module: &main,
        role: Role::Main,
        imports: Vec::new(),
    }];
    inputs.extend(others.iter().map(|(role, module)| Input {
        module,
        role: role.clone(),
        imports: Vec::new(),
    }));
    for input in &mut inputs {
        for item in &input.module.items {
            if let dynop_syntax::ast::ItemKind::Import(import) = &item.kind {
                let path: Vec<&str> = import.path.iter().map(|part| part.name.as_str()).collect();
                let found = imports.iter().position(|(name, _)| *name == path.join("."));
                input
                    .imports
                    .extend(found.map(|index| (item.id, crate::Imported::File(index + 1))));
            }
        }
    }
    let start = std::time::Instant::now();
    let checked = check(&inputs);
    Run {
        main: main.file,
        time: start.elapsed(),
        sources,
        checked,
        syntax,
    }
}

/// The diagnostics of a program, drawn.
fn pictures(source: &str) -> String {
    draw(&run(source))
}

fn draw(run: &Run) -> String {
    let mut out = String::new();
    for diagnostic in run.syntax.iter().chain(&run.checked.diagnostics) {
        picture(&run.sources, diagnostic, &mut out);
    }
    if out.is_empty() {
        out.push_str("nothing to say\n");
    }
    out
}

/// The typed tree of a program that has no error.
fn typed(source: &str) -> String {
    let run = run(source);
    let mut out = String::new();
    for diagnostic in run.syntax.iter().chain(&run.checked.diagnostics) {
        picture(&run.sources, diagnostic, &mut out);
    }
    out.push_str(&crate::dump::dump(&run.checked.program, Some(run.main)));
    out
}

fn picture(sources: &SourceMap, diagnostic: &Diagnostic, out: &mut String) {
    let _ = writeln!(out, "{}: {}", diagnostic.code.id, diagnostic.message);
    let primary = std::iter::once((&diagnostic.primary, '^'));
    for (label, mark) in primary.chain(diagnostic.labels.iter().map(|label| (label, '-'))) {
        draw_label(sources, label.span, &label.text, mark, out);
    }
    for note in &diagnostic.notes {
        let _ = writeln!(out, "  note: {note}");
    }
    for help in &diagnostic.helps {
        let _ = writeln!(out, "  help: {help}");
    }
    for fix in &diagnostic.fixes {
        for edit in &fix.edits {
            let file = sources.file(edit.span.file);
            let at = file.line_column(edit.span.start);
            let line = file.line(at.line);
            let start = edit.span.start as usize - (at.column as usize - 1);
            let (from, to) = (
                edit.span.start as usize - start,
                edit.span.end as usize - start,
            );
            let after = format!(
                "{}{}{}",
                line.get(..from).unwrap_or(""),
                edit.text,
                line.get(to..).unwrap_or("")
            );
            let _ = writeln!(out, "  fix ({}): {}", fix.title, after.trim());
        }
    }
    out.push('\n');
}

fn draw_label(sources: &SourceMap, span: Span, text: &str, mark: char, out: &mut String) {
    let file = sources.file(span.file);
    let (start, end) = (file.line_column(span.start), file.line_column(span.end));
    let line = file.line(start.line);
    let width = if end.line == start.line {
        (end.column - start.column).max(1)
    } else {
        (line.chars().count() as u32 + 1)
            .saturating_sub(start.column)
            .max(1)
    };
    let prefix = if file.name == "main.dyn" {
        format!("{:>4}", start.line)
    } else {
        format!("{}:{}", file.name, start.line)
    };
    let _ = writeln!(out, "{prefix} | {line}");
    let _ = writeln!(
        out,
        "{} | {}{} {text}",
        " ".repeat(prefix.len()),
        " ".repeat(start.column as usize - 1),
        mark.to_string().repeat(width as usize)
    );
}
