//! Plain data of the analysis to what the protocol has for it.

use std::collections::{BTreeMap, HashMap};

use dynop_base::{Diagnostic, Edit, Label, Severity, Span};
use dynop_ide::Analysis;
use gen_lsp_types as lsp;
use gen_lsp_types::{Location, TextEdit, WorkspaceEdit};

use crate::snapshot::Snapshot;

/// Whose diagnostics these are, for clients that show several servers'.
const SOURCE: &str = "dynop";

/// A diagnostic. Its message has the words of the primary place, the notes and the ways out in lines of their own.
pub fn diagnostic(at: &Snapshot, analysis: &Analysis, found: &Diagnostic) -> lsp::Diagnostic {
    let mut lines = vec![found.message.clone()];
    lines.extend((!found.primary.text.is_empty()).then(|| found.primary.text.clone()));
    let mut related = Vec::new();
    for label in &found.labels {
        match related_place(at, analysis, label) {
            Some(place) if at.client.has_related => related.push(place),
            _ if label.text.is_empty() => {}
            _ => {
                let place = analysis.sources().locate(label.span);
                lines.push(format!("note: {place}: {}", label.text));
            }
        }
    }
    lines.extend(found.notes.iter().map(|note| format!("note: {note}")));
    lines.extend(found.helps.iter().map(|help| format!("help: {help}")));
    lsp::Diagnostic {
        range: at.range(analysis, found.primary.span),
        severity: Some(match found.severity() {
            Severity::Error => lsp::DiagnosticSeverity::Error,
            Severity::Warning => lsp::DiagnosticSeverity::Warning,
        }),
        code: Some(found.code.id.to_owned().into()),
        code_description: Some(lsp::CodeDescription {
            href: at.pages.of_code(found.code.id),
        }),
        source: Some(SOURCE.to_owned()),
        message: lines.join("\n").into(),
        tags: found
            .is_unnecessary()
            .then(|| vec![lsp::DiagnosticTag::Unnecessary]),
        related_information: (!related.is_empty()).then_some(related),
        data: None,
    }
}

fn related_place(
    at: &Snapshot,
    analysis: &Analysis,
    label: &Label,
) -> Option<lsp::DiagnosticRelatedInformation> {
    if label.text.is_empty() {
        return None;
    }
    Some(lsp::DiagnosticRelatedInformation {
        location: at.location(analysis, label.span)?,
        message: label.text.clone(),
    })
}

/// Edits of one or several files, each with the program whose file it is in. `None` if there is none.
pub fn workspace_edit<'a>(
    at: &Snapshot,
    edits: impl IntoIterator<Item = (&'a Analysis, &'a Edit)>,
) -> Option<WorkspaceEdit> {
    let mut files: BTreeMap<String, Vec<TextEdit>> = BTreeMap::new();
    for (analysis, edit) in edits {
        let edits = files
            .entry(at.uri(analysis, edit.span.file)?.0)
            .or_default();
        let edit = TextEdit {
            range: at.range(analysis, edit.span),
            new_text: line_ends_of(analysis, edit),
        };
        // Two programs may have the same file.
        if !edits.contains(&edit) {
            edits.push(edit);
        }
    }
    if files.is_empty() {
        return None;
    }
    let mut edit = WorkspaceEdit::default();
    if at.client.has_document_changes {
        let changes = files.into_iter().map(|(uri, edits)| {
            let version = at.version(&uri);
            lsp::TextDocumentEdit {
                text_document: lsp::OptionalVersionedTextDocumentIdentifier {
                    version,
                    text_document_identifier: lsp::TextDocumentIdentifier { uri: uri.into() },
                },
                edits: edits.into_iter().map(Into::into).collect(),
            }
        });
        edit.document_changes = Some(changes.map(Into::into).collect());
    } else {
        let changes = files.into_iter().map(|(uri, edits)| (uri.into(), edits));
        edit.changes = Some(changes.collect::<HashMap<_, _>>());
    }
    Some(edit)
}

/// The new text of an edit, with the line ends that its file has.
fn line_ends_of(analysis: &Analysis, edit: &Edit) -> String {
    let text = &analysis.sources().file(edit.span.file).text;
    match text.find('\n') {
        Some(at) if at > 0 && text.as_bytes()[at - 1] == b'\r' && edit.text.contains('\n') => {
            edit.text.replace("\r\n", "\n").replace('\n', "\r\n")
        }
        _ => edit.text.clone(),
    }
}

/// Places of spans, each once.
pub fn locations<'a>(
    at: &Snapshot,
    spans: impl IntoIterator<Item = (&'a Analysis, Span)>,
) -> Vec<Location> {
    let mut found = Vec::new();
    for (analysis, span) in spans {
        found.extend(at.location(analysis, span));
    }
    found.sort_by(|a, b| (&a.uri.0, a.range).cmp(&(&b.uri.0, b.range)));
    found.dedup();
    found
}
