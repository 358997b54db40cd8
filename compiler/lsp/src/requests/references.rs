//! Where a name is used: `textDocument/references`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use dynop_base::FileId;
use dynop_ide::Analysis;
use gen_lsp_types::{Location, Position, ReferenceParams, Uri};
use lsp_server::ResponseError;

use crate::convert;
use crate::snapshot::{Snapshot, library_file};
use crate::workspace;

/// Answers.
pub fn answer(
    at: &Snapshot,
    params: ReferenceParams,
) -> Result<Option<Vec<Location>>, ResponseError> {
    let place = params.text_document_position_params;
    let with_declaration = params.context.include_declaration;
    let programs = all_programs_with(at, &place.text_document.uri, place.position);
    let mut spans = Vec::new();
    for (analysis, file, offset) in &programs {
        let found = analysis.references(*file, *offset, with_declaration);
        spans.extend(found.into_iter().map(|found| (&**analysis, found.span)));
    }
    spans.retain(|(analysis, span)| !analysis.is_library(span.file));
    let found = convert::locations(at, spans);
    Ok((!found.is_empty()).then_some(found))
}

/// A program with a place in it.
pub type Place = (Arc<Analysis>, FileId, u32);

/// The programs that have a file, with the place in each: its own, and those of the open buffers that import it.
pub fn programs_with(at: &Snapshot, uri: &Uri, position: Position) -> Vec<Place> {
    programs_of(at, uri, position, |_| at.mains())
}

/// Those, and the programs of all files in the client's folders that import it.
pub fn all_programs_with(at: &Snapshot, uri: &Uri, position: Position) -> Vec<Place> {
    programs_of(at, uri, position, |path| {
        let mut mains = workspace::importers(&at.roots, &at.files, path);
        mains.extend(at.mains());
        mains.sort();
        mains.dedup();
        mains
    })
}

fn programs_of(
    at: &Snapshot,
    uri: &Uri,
    position: Position,
    mains: impl FnOnce(&Path) -> Vec<PathBuf>,
) -> Vec<Place> {
    let Some(own) = at.place(uri, position) else {
        return Vec::new();
    };
    let (analysis, file, offset) = &own;
    let source = analysis.sources().file(*file);
    let (name, offset) = (source.name.clone(), *offset);
    let path = Path::new(&name);
    let is_library = analysis.is_library(*file);
    let mut programs = vec![own];
    for main in mains(path) {
        if main == path {
            continue;
        }
        let analysis = at.analysis(&main);
        let found = if is_library {
            library_file(&analysis, &name)
        } else {
            analysis.file(path)
        };
        if let Some(file) = found {
            programs.push((analysis, file, offset));
        }
    }
    programs
}
