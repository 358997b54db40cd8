//! A program's files, loaded and parsed: the main one, what it imports, and the standard library.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dynop_base::{Diagnostic, FileId, SourceMap};
use dynop_sema::{Imported, Input, Role};
use dynop_syntax::ast::{Module, NodeId};
use dynop_syntax::{Before, Regions};

use crate::files::{self, Files};
use crate::imports::{self, Import};
use crate::library::library;

/// A parsed file.
#[derive(Clone, Debug)]
pub struct ParsedFile {
    /// Its id in the program's map.
    pub id: FileId,
    /// Its path, as it was asked for; `std/list.dyn` of a file of the standard library.
    pub path: PathBuf,
    /// Its tree.
    pub module: Arc<Module>,
    /// What it is to the program.
    pub role: Role,
    /// Where its imports lead.
    pub imports: Vec<(NodeId, Imported)>,
    /// What the parser said.
    pub diagnostics: Arc<[Diagnostic]>,
    /// What it knows besides, for parsing again after an edit.
    pub regions: Arc<Regions>,
}

/// All files of a program.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// Their texts; those of the standard library come first.
    pub sources: SourceMap,
    /// The parsed files: the main one, those it imports, the standard library's. Empty if the main one can't be read.
    pub files: Vec<ParsedFile>,
    /// What was found while reading and parsing, file by file.
    pub diagnostics: Vec<Diagnostic>,
}

impl Program {
    /// Loads a program from its main file. Total: what can't be read is among the diagnostics.
    pub fn load(main: &Path, files: &dyn Files) -> Self {
        Self::load_again(main, files, None)
    }

    /// Loads a program of which an earlier state is known: a file whose text is the same is not parsed again.
    pub fn load_again(main: &Path, files: &dyn Files, before: Option<&Program>) -> Self {
        let mut program = Self {
            sources: library().sources.clone(),
            ..Self::default()
        };
        match files::load(&mut program.sources, files, main) {
            Ok(id) => {
                program.parse(id, main, Role::Main, before);
                program.load_imports(files, before);
                program.files.extend_from_slice(&library().files);
            }
            Err(diagnostic) => program.diagnostics.push(*diagnostic),
        }
        program
    }

    /// What `sema` checks.
    pub fn inputs(&self) -> Vec<Input<'_>> {
        inputs(&self.files)
    }

    fn parse(&mut self, id: FileId, path: &Path, role: Role, before: Option<&Program>) {
        let text = self.sources.file(id).text.clone();
        let known = before.and_then(|before| {
            let file = before.files.iter().find(|file| file.path == path)?;
            Some((file, &*before.sources.get(file.id)?.text))
        });
        let (module, diagnostics, regions) = match known {
            Some((file, before)) if file.id == id && *before == *text => (
                file.module.clone(),
                file.diagnostics.clone(),
                file.regions.clone(),
            ),
            known => {
                let parsed = match known {
                    Some((file, before)) => {
                        let before = Before {
                            text: before,
                            module: &file.module,
                            diagnostics: &file.diagnostics,
                            regions: &file.regions,
                        };
                        dynop_syntax::parse_again(id, &text, before)
                    }
                    None => dynop_syntax::parse(id, &text),
                };
                (
                    Arc::new(parsed.module),
                    parsed.diagnostics.into(),
                    Arc::new(parsed.regions),
                )
            }
        };
        self.diagnostics.extend_from_slice(&diagnostics);
        self.files.push(ParsedFile {
            id,
            path: path.to_path_buf(),
            module,
            role,
            imports: Vec::new(),
            diagnostics,
            regions,
        });
    }

    /// Loads what the main file imports, and what that imports, each file once. A file that is not there is left out:
    /// `sema` speaks of it where it is imported.
    fn load_imports(&mut self, files: &dyn Files, before: Option<&Program>) {
        let mut known: HashMap<PathBuf, usize> = HashMap::new();
        known.extend(self.files.first().map(|file| (file.path.clone(), 0)));
        let mut at = 0;
        while let Some(file) = self.files.get(at) {
            let folder = file.path.parent().unwrap_or(Path::new("")).to_path_buf();
            let written = imports::of(&file.module);
            let mut found = Vec::with_capacity(written.len());
            for import in written {
                let path = imports::path(&folder, &import.parts);
                let leads = match known.get(&path) {
                    Some(&index) => Imported::File(index),
                    None => self.load_import(&import, &folder, &path, files, before),
                };
                if let Imported::File(index) = leads {
                    known.insert(path, index);
                }
                found.push((import.id, leads));
            }
            if let Some(file) = self.files.get_mut(at) {
                file.imports = found;
            }
            at += 1;
        }
    }

    fn load_import(
        &mut self,
        import: &Import,
        folder: &Path,
        path: &Path,
        files: &dyn Files,
        before: Option<&Program>,
    ) -> Imported {
        if import.parts.iter().any(|part| part == "_") {
            return Imported::Unreadable;
        }
        let content = files.read(path);
        if let Err(error) = &content
            && error.kind() == std::io::ErrorKind::NotFound
        {
            return Imported::Missing(imports::nearest(files, folder, &import.parts));
        }
        match files::add(&mut self.sources, files, path, content) {
            Ok(id) => {
                self.parse(id, path, Role::Import(import.parts.join(".")), before);
                Imported::File(self.files.len() - 1)
            }
            Err(diagnostic) => {
                let place = self.sources.locate(import.span);
                let diagnostic = diagnostic.note(format!("imported at {place}"));
                self.diagnostics.push(diagnostic);
                Imported::Unreadable
            }
        }
    }
}

/// Parsed files as `sema` takes them.
pub(crate) fn inputs(files: &[ParsedFile]) -> Vec<Input<'_>> {
    files
        .iter()
        .map(|file| Input {
            module: &file.module,
            role: file.role.clone(),
            imports: file.imports.clone(),
        })
        .collect()
}
