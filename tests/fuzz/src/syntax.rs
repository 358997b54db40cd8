//! What must hold of the parser, whatever the text.

use std::time::Duration;

use dynop_base::{FileId, Span};
use dynop_syntax::walk::{Node, walk};
use dynop_syntax::{Parse, parse};

use crate::processor_time;

/// No panic; a tree; places within the text and between characters; ids once each; what could not be read is told; linear time.
pub fn check(text: &str) -> Result<(), String> {
    let start = processor_time();
    let parse = parse(FileId(0), text);
    let elapsed = processor_time().saturating_sub(start);
    check_time(text, elapsed)?;
    check_nodes(text, &parse)?;
    check_diagnostics(text, &parse)?;
    let again = dynop_syntax::parse(FileId(0), text);
    if again.module.dump() != parse.module.dump() || again.diagnostics != parse.diagnostics {
        return Err("two runs differ".to_string());
    }
    Ok(())
}

/// Generous: it is the exponential that is looked for.
fn check_time(text: &str, elapsed: Duration) -> Result<(), String> {
    let per_byte = if cfg!(debug_assertions) { 100 } else { 10 };
    let limit = Duration::from_millis(500) + Duration::from_micros(per_byte * text.len() as u64);
    if elapsed > limit {
        return Err(format!("{} bytes took {elapsed:?}", text.len()));
    }
    Ok(())
}

fn check_span(text: &str, span: Span, what: &str) -> Result<(), String> {
    let fits = span.start <= span.end && text.get(span.range()).is_some();
    if fits {
        Ok(())
    } else {
        Err(format!("{what}: {span:?} is no part of the text"))
    }
}

fn check_nodes(text: &str, parse: &Parse) -> Result<(), String> {
    let mut result = Ok(());
    let mut seen = vec![false; parse.module.node_count as usize];
    let mut errors = false;
    walk(&parse.module, |node| {
        errors |= node.is_error();
        if result.is_ok() {
            result = check_node(text, node, &mut seen);
        }
    });
    result?;
    for comment in &parse.module.comments {
        check_span(text, *comment, "a comment")?;
        if !text[comment.range()].starts_with(['/', '#']) {
            return Err(format!("{comment:?} is no comment"));
        }
    }
    if errors && !parse.diagnostics.iter().any(|found| found.is_error()) {
        return Err("an error in the tree, and none is told".to_string());
    }
    Ok(())
}

fn check_node(text: &str, node: Node<'_>, seen: &mut [bool]) -> Result<(), String> {
    check_span(text, node.span(), "a node")?;
    let Some(id) = node.id() else {
        return Ok(());
    };
    match seen.get_mut(id.0 as usize) {
        None => Err(format!("{id:?} is not below the number of nodes")),
        Some(true) => Err(format!("{id:?} is given twice")),
        Some(unseen) => {
            *unseen = true;
            Ok(())
        }
    }
}

fn check_diagnostics(text: &str, parse: &Parse) -> Result<(), String> {
    for found in &parse.diagnostics {
        let what = format!("{} ({})", found.code.id, found.message);
        check_span(text, found.primary.span, &what)?;
        for label in &found.labels {
            check_span(text, label.span, &what)?;
        }
        for edit in found.fixes.iter().flat_map(|fix| &fix.edits) {
            check_span(text, edit.span, &what)?;
        }
        if found.message.is_empty() || found.message.contains('\n') {
            return Err(format!("{what}: a message is one line"));
        }
    }
    Ok(())
}
