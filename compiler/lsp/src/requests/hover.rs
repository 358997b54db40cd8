//! What is known of a name: `textDocument/hover`.

use gen_lsp_types::{Hover, HoverParams, MarkupContent, MarkupKind};
use lsp_server::ResponseError;

use crate::snapshot::Snapshot;

/// Answers.
pub fn answer(at: &Snapshot, params: HoverParams) -> Result<Option<Hover>, ResponseError> {
    let place = params.text_document_position_params;
    let Some((analysis, file, offset)) = at.place(&place.text_document.uri, place.position) else {
        return Ok(None);
    };
    Ok(analysis.hover(file, offset).map(|found| Hover {
        contents: markup(at, found.markdown).into(),
        range: Some(at.range(&analysis, found.span)),
    }))
}

/// Markdown for a client that shows it, and for others plain words.
fn markup(at: &Snapshot, markdown: String) -> MarkupContent {
    if at.client.has_markdown {
        return MarkupContent {
            kind: MarkupKind::Markdown,
            value: markdown,
        };
    }
    MarkupContent {
        kind: MarkupKind::PlainText,
        value: plain(&markdown),
    }
}

/// Markdown without the fences of code.
pub fn plain(markdown: &str) -> String {
    let lines = markdown.lines().filter(|line| !line.starts_with("```"));
    lines.collect::<Vec<_>>().join("\n")
}
