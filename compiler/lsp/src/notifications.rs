//! What the client tells without asking: buffers and files that come, change and go.

use gen_lsp_types as lsp;
use gen_lsp_types::LspNotificationMethod as Method;
use gen_lsp_types::{FileChangeType, Uri};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::documents::Document;
use crate::server::Server;
use crate::uri;
use crate::workspace;

/// What follows from it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Programs may be other ones now.
    Changed,
    /// Nothing.
    Nothing,
}

/// Takes what was told. What nobody here knows is let go, as the protocol says.
///
/// # Errors
/// The words why, if it is not what the method tells.
pub fn take(server: &mut Server, method: &str, params: Value) -> Result<Effect, String> {
    match Method::from(method) {
        Method::TextDocumentDidOpen => opened(server, read(params)?),
        Method::TextDocumentDidChange => return changed(server, read(params)?),
        Method::TextDocumentDidClose => closed(server, &read(params)?),
        Method::TextDocumentDidSave => saved(server, &read(params)?),
        Method::WorkspaceDidChangeWatchedFiles => watched(server, &read(params)?),
        Method::WorkspaceDidRenameFiles => renamed(server, &read(params)?),
        Method::WorkspaceDidDeleteFiles => deleted(server, &read(params)?),
        Method::WorkspaceDidCreateFiles => created(server, &read(params)?),
        Method::WorkspaceDidChangeWorkspaceFolders => {
            other_folders(server, &read(params)?);
            return Ok(Effect::Nothing);
        }
        _ => return Ok(Effect::Nothing),
    }
    Ok(Effect::Changed)
}

fn read<T: DeserializeOwned>(params: Value) -> Result<T, String> {
    serde_json::from_value(params).map_err(|why| why.to_string())
}

fn opened(server: &mut Server, params: lsp::DidOpenTextDocumentParams) {
    let document = params.text_document;
    let path = uri::to_path(&document.uri);
    let document = Document::new(document.uri, document.version, document.text);
    server.documents.open(path, document);
}

fn changed(
    server: &mut Server,
    params: lsp::DidChangeTextDocumentParams,
) -> Result<Effect, String> {
    let about = params.text_document;
    let uri = about.text_document_identifier.uri;
    let encoding = server.moments.encoding();
    match server.documents.get_mut(&uri::to_path(&uri)) {
        Some(document) => {
            document.change(about.version, params.content_changes, encoding);
            Ok(Effect::Changed)
        }
        None => Err(format!("{} is not open", uri.0)),
    }
}

fn closed(server: &mut Server, params: &lsp::DidCloseTextDocumentParams) {
    let path = uri::to_path(&params.text_document.uri);
    server.documents.close(&path);
    server.moments.drop_program(&path);
    server.moments.forget(&path);
}

fn saved(server: &mut Server, params: &lsp::DidSaveTextDocumentParams) {
    let path = uri::to_path(&params.text_document.uri);
    server.moments.forget(&path);
    if let Some(document) = server.documents.get_mut(&path) {
        document.is_gone = false;
    }
}

fn other_folders(server: &mut Server, params: &lsp::DidChangeWorkspaceFoldersParams) {
    let paths = |folders: &[lsp::WorkspaceFolder]| folders.iter().map(workspace::path_of).collect();
    let (opened, closed): (Vec<_>, Vec<_>) =
        (paths(&params.event.added), paths(&params.event.removed));
    server.moments.change_roots(opened, &closed);
}

fn watched(server: &mut Server, params: &lsp::DidChangeWatchedFilesParams) {
    for change in &params.changes {
        match change.kind {
            FileChangeType::Deleted => gone(server, &change.uri),
            _ => is_there(server, &change.uri),
        }
    }
}

fn renamed(server: &mut Server, params: &lsp::RenameFilesParams) {
    for file in &params.files {
        gone(server, &file.old_uri);
        is_there(server, &file.new_uri);
    }
}

fn deleted(server: &mut Server, params: &lsp::DeleteFilesParams) {
    for file in &params.files {
        gone(server, &file.uri);
    }
}

fn created(server: &mut Server, params: &lsp::CreateFilesParams) {
    for file in &params.files {
        is_there(server, &file.uri);
    }
}

/// A file is there, with a text that may be new.
fn is_there(server: &mut Server, uri: &Uri) {
    let path = uri::to_path(uri);
    server.moments.forget(&path);
    if let Some(document) = server.documents.get_mut(&path) {
        document.is_gone = false;
    }
}

/// A file is gone, or a folder with all that is in it.
fn gone(server: &mut Server, uri: &Uri) {
    let gone = uri::to_path(uri);
    server.moments.forget(&gone);
    let open = server.documents.iter().map(|(path, _)| path);
    let within: Vec<_> = open.filter(|path| path.starts_with(&gone)).collect();
    let within: Vec<_> = within
        .into_iter()
        .map(std::path::Path::to_path_buf)
        .collect();
    for path in within {
        // A buffer may be all that is left of it; but the file that it was is no program any more. What was changed under
        // the same name a moment ago (some editors write so) is there again.
        if let Some(document) = server.documents.get_mut(&path)
            && !path.exists()
        {
            document.is_gone = true;
        }
    }
}
