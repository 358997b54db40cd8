//! What client and server tell each other of themselves when they meet.
//!
//! The client's words are read leniently, field by field: one that says something odd about a feature that is not used here
//! is no reason to refuse it.

use std::path::PathBuf;

use gen_lsp_types as lsp;
use serde_json::{Value, json};

use crate::positions::Encoding;
use crate::snapshot::Client;
use crate::workspace;

/// What is known of a client from its `initialize`.
#[derive(Clone, Debug)]
pub struct Hello {
    /// What it can do.
    pub client: Client,
    /// The folders that it has open.
    pub roots: Vec<PathBuf>,
    /// The process that has started the server; when it is gone, so is the reason to run.
    pub parent: Option<u32>,
}

impl Hello {
    /// Reads the parameters of `initialize`.
    pub fn read(params: &Value) -> Self {
        let at = |path: &str| params.pointer(&format!("/capabilities/{path}"));
        let can = |path: &str| at(path).and_then(Value::as_bool).unwrap_or(false);
        let texts = |path: &str| -> Vec<&str> {
            let list = at(path).and_then(Value::as_array).into_iter().flatten();
            list.filter_map(Value::as_str).collect()
        };
        Self {
            client: Client {
                encoding: Encoding::among(&texts("general/positionEncodings")),
                has_document_changes: can("workspace/workspaceEdit/documentChanges"),
                has_related: can("textDocument/publishDiagnostics/relatedInformation"),
                has_watching: can("workspace/didChangeWatchedFiles/dynamicRegistration"),
                has_markdown: texts("textDocument/hover/contentFormat").contains(&"markdown"),
                has_markdown_items: texts(
                    "textDocument/completion/completionItem/documentationFormat",
                )
                .contains(&"markdown"),
                has_nested_symbols: can(
                    "textDocument/documentSymbol/hierarchicalDocumentSymbolSupport",
                ),
                has_code_action_literals: at("textDocument/codeAction/codeActionLiteralSupport")
                    .is_some_and(Value::is_object),
            },
            roots: workspace::roots(params),
            parent: params
                .get("processId")
                .and_then(Value::as_u64)
                .and_then(|id| u32::try_from(id).ok()),
        }
    }

    /// The answer.
    pub fn answer(&self) -> lsp::InitializeResult {
        lsp::InitializeResult {
            capabilities: capabilities(self.client.encoding),
            server_info: Some(lsp::ServerInfo {
                name: "dynopc".to_owned(),
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            }),
        }
    }
}

fn capabilities(encoding: Encoding) -> lsp::ServerCapabilities {
    let sync = lsp::TextDocumentSyncOptions {
        open_close: Some(true),
        change: Some(lsp::TextDocumentSyncKind::Incremental),
        save: Some(true.into()),
        ..Default::default()
    };
    lsp::ServerCapabilities {
        position_encoding: Some(encoding.kind()),
        text_document_sync: Some(sync.into()),
        hover_provider: Some(true.into()),
        definition_provider: Some(true.into()),
        references_provider: Some(true.into()),
        document_symbol_provider: Some(true.into()),
        completion_provider: Some(lsp::CompletionOptions {
            // A quote: the name of an output in `yield` stands in one.
            trigger_characters: Some([".", "\"", "@"].map(str::to_owned).to_vec()),
            ..Default::default()
        }),
        code_action_provider: Some(
            lsp::CodeActionOptions {
                code_action_kinds: Some(vec![lsp::CodeActionKind::QuickFix]),
                ..Default::default()
            }
            .into(),
        ),
        rename_provider: Some(
            lsp::RenameOptions {
                prepare_provider: Some(true),
                ..Default::default()
            }
            .into(),
        ),
        workspace: Some(workspace()),
        ..Default::default()
    }
}

fn workspace() -> lsp::WorkspaceOptions {
    let sources = || {
        let pattern = |glob: &str| lsp::FileOperationFilter {
            scheme: Some("file".to_owned()),
            pattern: lsp::FileOperationPattern {
                glob: glob.to_owned(),
                ..Default::default()
            },
        };
        Some(lsp::FileOperationRegistrationOptions {
            // A folder may hold sources.
            filters: vec![pattern("**/*.dyn"), pattern("**/*")],
        })
    };
    lsp::WorkspaceOptions {
        workspace_folders: Some(lsp::WorkspaceFoldersServerCapabilities {
            supported: Some(true),
            change_notifications: Some(true.into()),
        }),
        file_operations: Some(lsp::FileOperationOptions {
            did_create: sources(),
            will_rename: sources(),
            did_rename: sources(),
            did_delete: sources(),
            ..Default::default()
        }),
        text_document_content: None,
    }
}

/// What the client is asked to tell of files that are not open.
pub fn watching() -> Value {
    json!({ "registrations": [{
        "id": "sources",
        "method": "workspace/didChangeWatchedFiles",
        "registerOptions": { "watchers": [{ "globPattern": "**/*.dyn" }] },
    }] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_clients_are_understood() {
        for params in [
            Value::Null,
            json!([]),
            json!({ "capabilities": 3, "processId": "x" }),
        ] {
            let hello = Hello::read(&params);
            assert_eq!(hello.client.encoding, Encoding::Utf16);
            assert_eq!(hello.parent, None);
        }
        let hello = Hello::read(&json!({
            "processId": 7,
            "capabilities": { "general": { "positionEncodings": ["utf-32", 3] }, "window": "odd" },
        }));
        assert_eq!(hello.client.encoding, Encoding::Utf32);
        assert_eq!(hello.parent, Some(7));
    }
}
