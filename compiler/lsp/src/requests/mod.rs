//! One file a question of the client: a function of a moment and the question's parameters.

mod code_action;
mod completion;
mod definition;
mod hover;
mod references;
mod rename;
mod symbols;
mod will_rename;

use gen_lsp_types as lsp;
use gen_lsp_types::LspRequestMethod as Method;
use lsp_server::{ErrorCode, ResponseError};
use serde_json::Value;

use crate::snapshot::Snapshot;

/// The answer to a question, or why there is none.
pub type Answer = Result<Value, ResponseError>;

/// A question with its parameters read: what is still to be done.
pub type Job = Box<dyn FnOnce(&Snapshot) -> Answer + Send>;

/// Finds who answers a question.
///
/// # Errors
/// If nobody does, or the parameters are not those of the method.
pub fn route(method: &str, params: Value) -> Result<Job, ResponseError> {
    #[cfg(test)]
    if method == "test/panic" {
        return Ok(Box::new(|_| panic!("as asked")));
    }
    match Method::from(method) {
        Method::TextDocumentHover => job::<lsp::HoverRequest>(params, hover::answer),
        Method::TextDocumentDefinition => job::<lsp::DefinitionRequest>(params, definition::answer),
        Method::TextDocumentReferences => job::<lsp::ReferencesRequest>(params, references::answer),
        Method::TextDocumentDocumentSymbol => {
            job::<lsp::DocumentSymbolRequest>(params, symbols::answer)
        }
        Method::TextDocumentCompletion => job::<lsp::CompletionRequest>(params, completion::answer),
        Method::TextDocumentCodeAction => {
            job::<lsp::CodeActionRequest>(params, code_action::answer)
        }
        Method::TextDocumentPrepareRename => {
            job::<lsp::PrepareRenameRequest>(params, rename::prepare)
        }
        Method::TextDocumentRename => job::<lsp::RenameRequest>(params, rename::answer),
        Method::WorkspaceWillRenameFiles => {
            job::<lsp::WillRenameFilesRequest>(params, will_rename::answer)
        }
        _ => Err(error(
            ErrorCode::MethodNotFound,
            format!("there is no method {method}"),
        )),
    }
}

/// An error of the protocol.
pub fn error(code: ErrorCode, message: impl Into<String>) -> ResponseError {
    ResponseError {
        code: code as i32,
        message: message.into(),
        data: None,
    }
}

fn job<R: lsp::Request>(
    params: Value,
    answer: fn(&Snapshot, R::Params) -> Result<R::Result, ResponseError>,
) -> Result<Job, ResponseError> {
    let params: R::Params = serde_json::from_value(params)
        .map_err(|why| error(ErrorCode::InvalidParams, why.to_string()))?;
    Ok(Box::new(move |at| {
        let answer = answer(at, params)?;
        serde_json::to_value(answer).map_err(|why| error(ErrorCode::InternalError, why.to_string()))
    }))
}
