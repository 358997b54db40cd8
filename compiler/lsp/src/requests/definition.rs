//! Where a name is declared: `textDocument/definition`.

use gen_lsp_types::{Definition, DefinitionParams, DefinitionResponse};
use lsp_server::ResponseError;

use crate::convert;
use crate::snapshot::Snapshot;

/// Answers.
pub fn answer(
    at: &Snapshot,
    params: DefinitionParams,
) -> Result<Option<DefinitionResponse>, ResponseError> {
    let place = params.text_document_position_params;
    let Some((analysis, file, offset)) = at.place(&place.text_document.uri, place.position) else {
        return Ok(None);
    };
    let targets = analysis.definition(file, offset);
    let spans = targets.iter().map(|target| (&*analysis, target.name));
    let found = convert::locations(at, spans);
    Ok((!found.is_empty()).then(|| Definition::LocationList(found).into()))
}
