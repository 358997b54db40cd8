//! Small programs through the checker and this room, with the real standard library.

mod programs;
mod std_library;

use std::path::Path;

use dynop_base::{Diagnostic, SourceMap};
use dynop_sema::hir::{FunctionKind, Program};
use dynop_sema::{Checked, Input, Role};

/// The sources of the standard library, by name.
pub(crate) fn std_sources() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../runtime/std");
    let mut sources = Vec::new();
    for entry in std::fs::read_dir(folder).expect("runtime/std is there") {
        let path = entry.expect("a folder entry").path();
        if path.extension().is_some_and(|e| e == "dyn") {
            let name = path.file_stem().expect("a name").to_string_lossy();
            let text = std::fs::read_to_string(&path).expect("a readable file");
            sources.push((name.into_owned(), text));
        }
    }
    sources.sort();
    sources
}

/// A checked program and its files.
pub(crate) struct Compiled {
    pub(crate) program: Program,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) sources: SourceMap,
}

impl Compiled {
    /// The diagnostics, a line each.
    pub(crate) fn messages(&self, diagnostics: &[Diagnostic]) -> Vec<String> {
        diagnostics
            .iter()
            .map(|d| {
                let place = self.sources.locate(d.primary.span);
                format!("{place}: {} {}", d.code.id, d.message)
            })
            .collect()
    }

    /// The IR of every op of the main file.
    pub(crate) fn lower(&self) -> Result<dynop_ir::Program, Vec<Diagnostic>> {
        let ops: Vec<_> = (0..self.program.functions.len())
            .filter(|&i| {
                let function = &self.program.functions[i];
                function.kind == FunctionKind::Op && Some(function.file) == self.program.main
            })
            .map(|i| (dynop_sema::hir::FunctionId(i as u32), Vec::new()))
            .collect();
        let program = crate::lower(&self.program, &ops, &[])?;
        // The passes check what they are given and what they make of it, in debug builds.
        dynop_ir::passes::run(&mut program.clone());
        Ok(program)
    }
}

/// Parses and checks a main file with the standard library.
pub(crate) fn compile(text: &str) -> Compiled {
    let mut sources = SourceMap::new();
    let mut modules = Vec::new();
    let mut diagnostics = Vec::new();
    let mut files = vec![("main.dyn".to_string(), text.to_string(), Role::Main)];
    for (name, text) in std_sources() {
        files.push((format!("std/{name}.dyn"), text, Role::Std(name)));
    }
    for (name, text, role) in files {
        let file = sources.add(name, text.as_str());
        let parsed = dynop_syntax::parse(file, &text);
        diagnostics.extend(parsed.diagnostics);
        modules.push((parsed.module, role));
    }
    let inputs: Vec<Input<'_>> = modules
        .iter()
        .map(|(module, role)| Input {
            module,
            role: role.clone(),
            imports: Vec::new(),
        })
        .collect();
    let Checked {
        program,
        diagnostics: found,
        ..
    } = dynop_sema::check(&inputs);
    diagnostics.extend(found);
    Compiled {
        program,
        diagnostics,
        sources,
    }
}
