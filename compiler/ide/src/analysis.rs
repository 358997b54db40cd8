//! A program at one moment, checked: what every question is asked of.

use std::path::{Path, PathBuf};

use dynop_base::{Diagnostic, FileId, SourceMap, Span};
use dynop_sema::Checked;
use dynop_syntax::ast::FunctionKind;

use crate::files::Files;
use crate::hover::PlannedStep;
use crate::index::Index;
use crate::library::library;
use crate::program::{ParsedFile, Program};

/// The stack that evaluating jobs needs at most, in bytes: they nest as deep as their trees.
pub(crate) const STACK: usize = 64 << 20;

/// A program, loaded and checked. Immutable, and may be asked from several threads at once.
#[derive(Debug)]
pub struct Analysis {
    pub(crate) main: PathBuf,
    pub(crate) program: Program,
    checked: Option<Checked>,
    pub(crate) index: Index,
    pub(crate) steps: Vec<PlannedStep>,
    diagnostics: Vec<Diagnostic>,
}

/// Where a name is declared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Target {
    /// The whole declaration.
    pub span: Span,
    /// Its name within.
    pub name: Span,
}

impl Analysis {
    /// Loads and checks a program from its main file. Total: what can't be read is among the diagnostics.
    pub fn new(main: &Path, files: &dyn Files) -> Self {
        Self::of(main, Program::load(main, files))
    }

    /// The same program after a change of some files. Files whose text is the same are not parsed again.
    #[must_use]
    pub fn again(&self, files: &dyn Files) -> Self {
        let program = Program::load_again(&self.main, files, Some(&self.program));
        Self::of(&self.main, program)
    }

    pub(crate) fn of(main: &Path, program: Program) -> Self {
        let mut diagnostics = program.diagnostics.clone();
        let mut checked = (!program.files.is_empty()).then(|| {
            let mut checked =
                dynop_sema::check_recorded_with(&program.inputs(), &library().checked);
            diagnostics.append(&mut checked.diagnostics);
            checked
        });
        let mut steps = Vec::new();
        if let Some(checked) = &checked
            && !diagnostics.iter().any(Diagnostic::is_error)
            && has_jobs(checked)
        {
            let plan = || dynop_plan::build(&checked.program, &program.sources);
            match stacker::grow(STACK, plan) {
                Ok(planned) => steps = planned_steps(&program, &planned),
                Err(found) => diagnostics.extend(found),
            }
        }
        let record = checked
            .as_mut()
            .map(|checked| std::mem::take(&mut checked.record));
        Self {
            main: main.to_path_buf(),
            program,
            checked,
            index: Index::new(record.unwrap_or_default()),
            steps,
            diagnostics,
        }
    }

    /// The path of the main file, as it was given.
    pub fn main(&self) -> &Path {
        &self.main
    }

    /// The texts of all files, the standard library's among them: those are named `std/list.dyn`.
    pub fn sources(&self) -> &SourceMap {
        &self.program.sources
    }

    /// The program's own files with their paths, the main one first; also one that could not be read, which is empty.
    pub fn own_files(&self) -> impl Iterator<Item = (FileId, &Path)> {
        let files = self.program.sources.iter();
        files
            .filter(|(id, _)| !self.is_library(*id))
            .map(|(id, file)| (id, Path::new(file.name.as_str())))
    }

    /// The id of one of the program's own files, by its path.
    pub fn file(&self, path: &Path) -> Option<FileId> {
        let mut files = self.own_files();
        files.find(|(_, other)| *other == path).map(|(id, _)| id)
    }

    /// Whether a file belongs to the standard library. Its name is no path on any disk: the text is in
    /// [`Analysis::sources`].
    pub fn is_library(&self, file: FileId) -> bool {
        (file.0 as usize) < library().files.len()
    }

    /// Everything that `dynopc check` says of the program, in the same order: of the main file, of what it imports.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// What is said of one file.
    pub fn diagnostics_of(&self, file: FileId) -> impl Iterator<Item = &Diagnostic> {
        let all = self.diagnostics.iter();
        all.filter(move |diagnostic| diagnostic.primary.span.file == file)
    }

    /// The tree of a file.
    pub(crate) fn parsed(&self, file: FileId) -> Option<&ParsedFile> {
        self.program.files.iter().find(|parsed| parsed.id == file)
    }

    /// What the checker made of it; `None` if the main file could not be read.
    pub fn checked(&self) -> Option<&Checked> {
        self.checked.as_ref()
    }
}

/// Whether the main file has a job. One without is no program, but may be checked: others import it.
fn has_jobs(checked: &Checked) -> bool {
    let program = &checked.program;
    program
        .functions
        .iter()
        .any(|f| f.kind == FunctionKind::Job && Some(f.file) == program.main)
}

/// The steps of a plan, by their places in the text.
fn planned_steps(program: &Program, planned: &dynop_plan::PlanOutput) -> Vec<PlannedStep> {
    let mut steps = Vec::new();
    for job in &planned.plan.jobs {
        let depth = |mut scope: usize| {
            let mut depth = 0;
            // The root is its own parent, and a parent comes before its children.
            while let Some(parent) = job.scopes.get(scope).map(|scope| scope.parent as usize)
                && parent < scope
            {
                scope = parent;
                depth += 1;
            }
            depth
        };
        for step in &job.steps {
            let mut files = program.files.iter();
            let file = files.find(|file| *file.path.to_string_lossy() == step.place.file);
            let Some(file) = file else { continue };
            let text = program.sources.file(file.id);
            steps.push(PlannedStep {
                place: (file.id, text.offset(step.place.line, step.place.column)),
                name: step.name.clone(),
                depth: depth(step.scope as usize),
            });
        }
    }
    steps
}
