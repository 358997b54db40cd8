//! Repairs of what is wrong in a range: `textDocument/codeAction`.

use dynop_base::Span;
use dynop_ide::{Analysis, QuickFix};
use gen_lsp_types as lsp;
use gen_lsp_types::{CodeAction, CodeActionKind, CodeActionParams, CodeActionResponse, Diagnostic};
use lsp_server::ResponseError;

use super::references::programs_with;
use crate::convert;
use crate::snapshot::Snapshot;

/// Answers.
pub fn answer(
    at: &Snapshot,
    params: CodeActionParams,
) -> Result<Option<Vec<CodeActionResponse>>, ResponseError> {
    let wanted = params.context.only.as_deref();
    let wants_fixes = wanted.is_none_or(|kinds| {
        let fits = |kind: &CodeActionKind| {
            matches!(kind, CodeActionKind::QuickFix | CodeActionKind::Empty)
        };
        kinds.iter().any(fits)
    });
    if !wants_fixes || !at.client.has_code_action_literals {
        return Ok(None);
    }
    let uri = &params.text_document.uri;
    let mut actions: Vec<CodeAction> = Vec::new();
    for (analysis, file, start) in programs_with(at, uri, params.range.start) {
        let end = at.offset(&analysis, file, params.range.end).max(start);
        let range = Span::new(file, start as usize, end as usize);
        let mut fixes = analysis.fixes(range);
        // Editors ask for a line by the place of the cursor, and say which diagnostics they show there.
        for diagnostic in analysis.diagnostics_of(file) {
            let place = at.range(&analysis, diagnostic.primary.span);
            if find(&params.context.diagnostics, diagnostic.code.id, place).is_some() {
                fixes.extend(analysis.fixes_of(diagnostic));
            }
        }
        for fix in fixes {
            let action = action(at, &analysis, fix, &params.context.diagnostics);
            // Found twice, or by two programs that have the file.
            let is_new = |action: &CodeAction| {
                let same =
                    |other: &CodeAction| other.title == action.title && other.edit == action.edit;
                !actions.iter().any(same)
            };
            actions.extend(action.filter(is_new));
        }
    }
    Ok(Some(actions.into_iter().map(Into::into).collect()))
}

/// A repair as the menu has it, with the diagnostic of the client's that it mends.
fn action(
    at: &Snapshot,
    analysis: &Analysis,
    fix: QuickFix,
    shown: &[Diagnostic],
) -> Option<CodeAction> {
    let edits = fix.edits.iter().map(|edit| (analysis, edit));
    let place = at.range(analysis, fix.mends);
    let mended = find(shown, fix.code.id, place).cloned();
    Some(CodeAction {
        title: fix.title,
        kind: Some(CodeActionKind::QuickFix),
        diagnostics: mended.map(|mended| vec![mended]),
        is_preferred: fix.preferred.then_some(true),
        edit: Some(convert::workspace_edit(at, edits)?),
        ..CodeAction::default()
    })
}

fn find<'a>(shown: &'a [Diagnostic], code: &str, range: lsp::Range) -> Option<&'a Diagnostic> {
    shown.iter().find(|diagnostic| {
        let is_it = matches!(&diagnostic.code, Some(lsp::Code::String(id)) if id == code);
        is_it && diagnostic.range == range
    })
}
