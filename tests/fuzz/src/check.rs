//! What must hold of the compiler from the text to its intermediate representation, whatever the text.

use std::time::Duration;

use dynop_base::Diagnostic;
use dynopc::driver::{BuildOptions, Built, Emit, Frontend};
use dynopc::render::{MessageFormat, Style, render};

use crate::processor_time;

/// No panic; errors that can be drawn, or a well-formed program whose text reads back; never what is a bug by its own
/// words; in time.
///
/// # Errors
/// What does not hold.
pub fn check(text: &str) -> Result<(), String> {
    let start = processor_time();
    let mut front = Frontend::default();
    front.check_text("main.dyn", text);
    let checked = front.diagnostics.len();
    let ir = ir(&mut front)?;
    check_diagnostics(&front)?;
    match &ir {
        Some(ir) => check_ir(ir)?,
        None if front.has_errors() => {}
        None => return Err("nothing was built, and no error is told".to_owned()),
    }
    // Machine code costs more than all before it, so it is made for some.
    if ir.is_some() && text.len().is_multiple_of(4) {
        let mut again = Frontend::default();
        again.check_text("main.dyn", text);
        if again.diagnostics.len() != checked {
            return Err("two checks differ".to_owned());
        }
        let built = again.build(&BuildOptions::default(), Some(Emit::Obj));
        check_diagnostics(&again)?;
        if built.is_err() {
            return Err("what could be lowered could not be compiled".to_owned());
        }
    }
    let limit = if cfg!(debug_assertions) { 60 } else { 10 };
    let elapsed = processor_time().saturating_sub(start);
    if elapsed > Duration::from_secs(limit) {
        return Err(format!("{} bytes took {elapsed:?}", text.len()));
    }
    Ok(())
}

/// The intermediate representation of a program without errors; that of a file without jobs can't be asked for.
fn ir(front: &mut Frontend) -> Result<Option<String>, String> {
    if front.has_errors() {
        return Ok(None);
    }
    match front.build(&BuildOptions::default(), Some(Emit::Ir)) {
        Ok(Built::Text(text)) => Ok(Some(text)),
        Ok(_) => Err("asked for text, another thing was built".to_owned()),
        Err(_) => Ok(None),
    }
}

fn check_ir(text: &str) -> Result<(), String> {
    let program = dynop_ir::text::parse(text)
        .map_err(|error| format!("the program's own text does not read back: {error:?}"))?;
    let problems = dynop_ir::verify::verify(&program);
    if !problems.is_empty() {
        return Err(format!("not well formed: {}", problems.join("; ")));
    }
    if dynop_ir::text::print(&program) != text {
        return Err("the program's own text reads back as another".to_owned());
    }
    Ok(())
}

fn check_diagnostics(front: &Frontend) -> Result<(), String> {
    for found in &front.diagnostics {
        check_diagnostic(front, found)?;
    }
    for format in [MessageFormat::Human, MessageFormat::Json] {
        let drawn = render(&front.diagnostics, &front.sources, format, Style::PLAIN);
        if drawn.contains("Failed to read contents") {
            return Err(format!("can't be drawn: {drawn}"));
        }
    }
    Ok(())
}

fn check_diagnostic(front: &Frontend, found: &Diagnostic) -> Result<(), String> {
    let what = format!("{}: {}", found.code.id, found.message);
    if found.code.id == "E0602" {
        return Err(what);
    }
    if found.message.is_empty() || found.message.contains('\n') {
        return Err(format!("{what}: a message is one line"));
    }
    let edits = found.fixes.iter().flat_map(|fix| &fix.edits);
    let spans = found
        .labels
        .iter()
        .map(|label| label.span)
        .chain(edits.map(|edit| edit.span))
        .chain([found.primary.span]);
    for span in spans {
        let text = &front.sources.file(span.file).text;
        if span.start > span.end || text.get(span.range()).is_none() {
            return Err(format!("{what}: {span:?} is no part of the text"));
        }
    }
    let file = &front.sources.file(found.primary.span.file).name;
    if found.is_error() && file.starts_with("std/") {
        return Err(format!("{what}: an error in {file}"));
    }
    Ok(())
}
