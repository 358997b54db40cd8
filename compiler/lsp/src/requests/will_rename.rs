//! Files are about to be renamed or moved: `workspace/willRenameFiles`. Imports that name them follow.

use std::path::{Path, PathBuf};

use dynop_base::Edit;
use dynop_ide::{Analysis, ImportPlace};
use gen_lsp_types::{RenameFilesParams, WorkspaceEdit};
use lsp_server::ResponseError;

use crate::snapshot::Snapshot;
use crate::{convert, uri, workspace};

/// Answers.
pub fn answer(
    at: &Snapshot,
    params: RenameFilesParams,
) -> Result<Option<WorkspaceEdit>, ResponseError> {
    let moves: Vec<Move> = params
        .files
        .iter()
        .map(|file| Move {
            from: uri::to_path(&file.old_uri),
            to: uri::to_path(&file.new_uri),
        })
        .collect();
    let mut edits = Vec::new();
    for source in workspace::sources_with(&at.roots, &at.files, |path| {
        moves.iter().any(|moved| path.starts_with(&moved.from))
    }) {
        let analysis = at.analysis(&source);
        let Some(file) = analysis.file(&source) else {
            continue;
        };
        let places = analysis.imports(file);
        let found: Vec<Edit> = places
            .iter()
            .filter_map(|place| edit(place, &source, &moves))
            .collect();
        edits.push((analysis, found));
    }
    let all = edits.iter().flat_map(|(analysis, edits)| {
        let analysis: &Analysis = analysis;
        edits.iter().map(move |edit| (analysis, edit))
    });
    Ok(convert::workspace_edit(at, all))
}

/// A file or folder that gets another path.
struct Move {
    from: PathBuf,
    to: PathBuf,
}

/// Where a path is afterwards.
fn moved(path: &Path, moves: &[Move]) -> PathBuf {
    let found = moves.iter().find_map(|one| {
        let rest = path.strip_prefix(&one.from).ok()?;
        // An empty rest would add a slash.
        Some(if rest == Path::new("") {
            one.to.clone()
        } else {
            one.to.join(rest)
        })
    });
    found.unwrap_or_else(|| path.to_path_buf())
}

/// What an import is to be afterwards, if that is another text: `None` too where no import can name the file from there.
fn edit(place: &ImportPlace, source: &Path, moves: &[Move]) -> Option<Edit> {
    let (from, to) = (moved(source, moves), moved(&place.path, moves));
    let before = dotted(&place.path, source.parent()?)?;
    let after = dotted(&to, from.parent()?)?;
    if before == after {
        return None;
    }
    let name = after.rsplit('.').next()?;
    let text = if place.has_alias || name == place.name {
        after
    } else {
        // The file goes on to be known by the old name, so nothing else need change.
        format!("{after} as {}", place.name)
    };
    Some(Edit {
        span: place.span,
        text,
    })
}

/// The dotted path of a file, seen from a folder.
fn dotted(path: &Path, folder: &Path) -> Option<String> {
    let rest = path.strip_prefix(folder).ok()?.to_str()?;
    let parts: Vec<&str> = rest.strip_suffix(".dyn")?.split('/').collect();
    let is_word = |part: &&str| {
        let mut letters = part.chars();
        letters
            .next()
            .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && letters.all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    parts.iter().all(is_word).then(|| parts.join("."))
}
