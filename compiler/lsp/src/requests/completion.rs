//! What could be written next: `textDocument/completion`.

use dynop_ide::{Analysis, Item, ItemKind};
use gen_lsp_types::{
    CompletionItem, CompletionItemKind, CompletionParams, CompletionResponse, Documentation,
    MarkupContent, MarkupKind, TextEdit,
};
use lsp_server::ResponseError;

use super::hover::plain;
use crate::snapshot::Snapshot;

/// Answers.
pub fn answer(
    at: &Snapshot,
    params: CompletionParams,
) -> Result<Option<CompletionResponse>, ResponseError> {
    let place = params.text_document_position_params;
    let Some((analysis, file, offset)) = at.place(&place.text_document.uri, place.position) else {
        return Ok(None);
    };
    let found = analysis.completion(file, offset, &at.files);
    let items = found.into_iter().enumerate();
    let items = items.map(|(index, item)| convert(at, &analysis, index, item));
    Ok(Some(CompletionResponse::CompletionItemList(
        items.collect(),
    )))
}

fn convert(at: &Snapshot, analysis: &Analysis, index: usize, item: Item) -> CompletionItem {
    let edit = TextEdit {
        range: at.range(analysis, item.replace),
        new_text: item.insert,
    };
    CompletionItem {
        label: item.label,
        kind: Some(kind(item.kind)),
        detail: (!item.detail.is_empty()).then_some(item.detail),
        documentation: (!item.documentation.is_empty())
            .then(|| documentation(at, item.documentation)),
        sort_text: Some(format!("{:03}{index:05}", item.rank)),
        text_edit: Some(edit.into()),
        ..CompletionItem::default()
    }
}

fn documentation(at: &Snapshot, markdown: String) -> Documentation {
    if !at.client.has_markdown_items {
        return plain(&markdown).into();
    }
    MarkupContent {
        kind: MarkupKind::Markdown,
        value: markdown,
    }
    .into()
}

fn kind(kind: ItemKind) -> CompletionItemKind {
    match kind {
        ItemKind::Variable => CompletionItemKind::Variable,
        ItemKind::Const => CompletionItemKind::Constant,
        ItemKind::Function => CompletionItemKind::Function,
        ItemKind::Op => CompletionItemKind::Operator,
        ItemKind::Graph => CompletionItemKind::Class,
        ItemKind::Method => CompletionItemKind::Method,
        ItemKind::Field => CompletionItemKind::Field,
        ItemKind::Struct => CompletionItemKind::Struct,
        ItemKind::Enum => CompletionItemKind::Enum,
        ItemKind::Variant => CompletionItemKind::EnumMember,
        ItemKind::Type => CompletionItemKind::Interface,
        ItemKind::Module => CompletionItemKind::Module,
        ItemKind::Folder => CompletionItemKind::Folder,
        ItemKind::Argument => CompletionItemKind::Property,
        ItemKind::Output => CompletionItemKind::Value,
        ItemKind::Keyword => CompletionItemKind::Keyword,
    }
}
