//! Another name everywhere: `textDocument/prepareRename` and `textDocument/rename`.

use gen_lsp_types::{PrepareRenameParams, PrepareRenameResult, RenameParams, WorkspaceEdit};
use lsp_server::{ErrorCode, ResponseError};

use super::error;
use super::references::all_programs_with;
use crate::convert;
use crate::snapshot::Snapshot;

/// Tells what would be renamed.
pub fn prepare(
    at: &Snapshot,
    params: PrepareRenameParams,
) -> Result<Option<PrepareRenameResult>, ResponseError> {
    let place = params.text_document_position_params;
    let Some((analysis, file, offset)) = at.place(&place.text_document.uri, place.position) else {
        return Ok(None);
    };
    let span = analysis.rename_range(file, offset);
    Ok(span.map(|span| at.range(&analysis, span).into()))
}

/// Renames.
pub fn answer(at: &Snapshot, params: RenameParams) -> Result<Option<WorkspaceEdit>, ResponseError> {
    let place = params.text_document_position_params;
    let programs = all_programs_with(at, &place.text_document.uri, place.position);
    let mut edits = Vec::new();
    for (analysis, file, offset) in &programs {
        let found = analysis
            .rename(*file, *offset, &params.new_name)
            .map_err(|refused| error(ErrorCode::RequestFailed, refused.0))?;
        edits.push((analysis, found));
    }
    let all = edits.iter().flat_map(|(analysis, edits)| {
        let edits = edits.iter();
        edits.map(|edit| (&***analysis, edit))
    });
    Ok(convert::workspace_edit(at, all))
}
