//! The outline of a file: `textDocument/documentSymbol`.

use dynop_ide::{Analysis, symbols};
use gen_lsp_types as lsp;
use gen_lsp_types::{DocumentSymbol, DocumentSymbolParams, DocumentSymbolResponse, SymbolKind};
use lsp_server::ResponseError;

use crate::snapshot::Snapshot;

/// Answers.
pub fn answer(
    at: &Snapshot,
    params: DocumentSymbolParams,
) -> Result<Option<DocumentSymbolResponse>, ResponseError> {
    let uri = params.text_document.uri;
    let Some((analysis, file)) = at.file(&uri) else {
        return Ok(None);
    };
    let found = analysis.document_symbols(file);
    let tree: Vec<DocumentSymbol> = found
        .into_iter()
        .map(|symbol| convert(at, &analysis, symbol))
        .collect();
    if at.client.has_nested_symbols {
        return Ok(Some(DocumentSymbolResponse::DocumentSymbolList(tree)));
    }
    let mut list = Vec::new();
    flatten(tree, None, &uri, &mut list);
    Ok(Some(DocumentSymbolResponse::SymbolInformationList(list)))
}

#[allow(deprecated)] // the field must be named, and is left out
fn convert(at: &Snapshot, analysis: &Analysis, symbol: symbols::DocumentSymbol) -> DocumentSymbol {
    let children = symbol.children.into_iter();
    let children: Vec<_> = children.map(|child| convert(at, analysis, child)).collect();
    DocumentSymbol {
        name: symbol.name,
        detail: (!symbol.detail.is_empty()).then_some(symbol.detail),
        kind: kind(symbol.kind),
        tags: None,
        deprecated: None,
        range: at.range(analysis, symbol.span),
        selection_range: at.range(analysis, symbol.name_span),
        children: (!children.is_empty()).then_some(children),
    }
}

#[allow(deprecated)] // as above
fn flatten(
    tree: Vec<DocumentSymbol>,
    within: Option<&str>,
    uri: &lsp::Uri,
    list: &mut Vec<lsp::SymbolInformation>,
) {
    for symbol in tree {
        list.push(lsp::SymbolInformation {
            deprecated: None,
            location: lsp::Location {
                uri: uri.clone(),
                range: symbol.range,
            },
            base_symbol_information: lsp::BaseSymbolInformation {
                name: symbol.name.clone(),
                kind: symbol.kind,
                tags: None,
                container_name: within.map(str::to_owned),
            },
        });
        flatten(
            symbol.children.unwrap_or_default(),
            Some(&symbol.name),
            uri,
            list,
        );
    }
}

fn kind(kind: symbols::SymbolKind) -> SymbolKind {
    match kind {
        symbols::SymbolKind::Import => SymbolKind::Module,
        symbols::SymbolKind::Const => SymbolKind::Constant,
        symbols::SymbolKind::Alias => SymbolKind::Interface,
        symbols::SymbolKind::Struct => SymbolKind::Struct,
        symbols::SymbolKind::Field => SymbolKind::Field,
        symbols::SymbolKind::Enum => SymbolKind::Enum,
        symbols::SymbolKind::Variant => SymbolKind::EnumMember,
        symbols::SymbolKind::Function => SymbolKind::Function,
        symbols::SymbolKind::Op => SymbolKind::Operator,
        symbols::SymbolKind::Graph => SymbolKind::Class,
        symbols::SymbolKind::Job => SymbolKind::Event,
        symbols::SymbolKind::Test => SymbolKind::Method,
    }
}
