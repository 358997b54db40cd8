//! The standard library's sources, parsed and checked once a process and shared by all programs.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use dynop_base::SourceMap;
use dynop_sema::Role;

use crate::index::Entries;
use crate::program::ParsedFile;

include!(concat!(env!("OUT_DIR"), "/std.rs"));

/// The library.
#[derive(Debug)]
pub(crate) struct Library {
    /// Its texts: the first files of every program's map, so that their spans are good in all of them.
    pub sources: SourceMap,
    /// Its files.
    pub files: Vec<ParsedFile>,
    /// What checking it gave.
    pub checked: dynop_sema::Library,
    /// Its names and types by place.
    pub entries: Entries,
}

/// The library.
pub(crate) fn library() -> &'static Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let mut sources = SourceMap::new();
        let files: Vec<ParsedFile> = STD
            .iter()
            .map(|&(name, text)| {
                let path = format!("std/{name}.dyn");
                let id = sources.add(path.clone(), text);
                let parsed = dynop_syntax::parse(id, text);
                ParsedFile {
                    id,
                    path: PathBuf::from(path),
                    module: Arc::new(parsed.module),
                    role: Role::Std(name.to_owned()),
                    imports: Vec::new(),
                    diagnostics: parsed.diagnostics.into(),
                    regions: Arc::new(parsed.regions),
                }
            })
            .collect();
        let mut checked = dynop_sema::Library::check(&crate::program::inputs(&files));
        let entries = Entries::new(std::mem::take(&mut checked.record));
        Library {
            sources,
            files,
            checked,
            entries,
        }
    })
}
