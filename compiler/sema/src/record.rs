//! What the names of a text stand for and which types its expressions have, by place: for editors.
//!
//! Written while checking where [`crate::check_recorded`] asks for it, so that what an editor shows is what the checker
//! found, also in code with errors. A declaration is known by the place of its name: of an item, a field, a case, a
//! parameter, an output, a local. Nothing in the compiler reads it.

use std::cell::RefCell;

use dynop_base::{FileId, Span, Symbol};

use crate::context::{Context, Definition, ModuleId};
use crate::hir::{EnumId, FunctionId};
use crate::ty::Ty;

/// The record of one check. Without order, and a place may occur several times: then the last entry is the best one.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// A name's place, and the place of the declared name that it stands for; of a file, its start. A local is also at
    /// its own declaration.
    pub uses: Vec<(Span, Span)>,
    /// The types of expressions, of locals where they are declared, and of names in compositions. [`Ty::Infer`] in one
    /// is a part that nothing tells.
    pub types: Vec<(Span, Ty)>,
    /// Invocations of ops and graphs in compositions.
    pub steps: Vec<(Span, Invoked)>,
}

/// An invocation in a composition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoked {
    /// What is invoked.
    pub function: FunctionId,
    /// The name given by `as`.
    pub name: Option<Symbol>,
    /// The items that it is cloned over, the outermost first: the names that closures give them, `_` where there is none.
    pub items: Vec<Symbol>,
}

/// Where a check writes its record, if one is wanted.
#[derive(Debug, Default)]
pub struct Recorder(Option<RefCell<Record>>);

impl Recorder {
    /// One that writes.
    pub fn writing() -> Self {
        Self(Some(RefCell::default()))
    }

    /// Whether anything is written.
    pub fn writes(&self) -> bool {
        self.0.is_some()
    }

    /// What was written.
    pub fn finish(self) -> Record {
        self.0.map(RefCell::into_inner).unwrap_or_default()
    }

    fn write(&self, entry: impl FnOnce(&mut Record)) {
        // Entries are made of values at hand, so the cell is never borrowed twice.
        if let Some(cell) = &self.0
            && let Ok(mut record) = cell.try_borrow_mut()
        {
            entry(&mut record);
        }
    }
}

impl Context<'_> {
    /// Notes that the name at `place` stands for what is declared at `declared`.
    pub fn note_use(&self, place: Span, declared: Span) {
        self.recorder
            .write(|record| record.uses.push((place, declared)));
    }

    /// Notes that the name at `place` stands for an item.
    pub fn note_definition(&self, place: Span, definition: Definition) {
        if self.recorder.writes()
            && let Some(declared) = self.declared_at(definition)
        {
            self.note_use(place, declared);
        }
    }

    /// Notes the use of a field of a struct, by its index.
    pub fn note_field(&self, place: Span, ty: &Ty, index: u32) {
        if self.recorder.writes()
            && let Ty::Struct(id, _) = ty
            && let Some(field) = self.struct_of(*id).fields.get(index as usize)
        {
            self.note_use(place, field.span);
        }
    }

    /// Notes the use of an output of an op, by its name.
    pub fn note_output(&self, place: Span, function: FunctionId, name: Symbol) {
        if self.recorder.writes() {
            let outputs = &self.function(function).outputs.list;
            let output = outputs.iter().find(|output| output.name == name);
            output
                .into_iter()
                .for_each(|output| self.note_use(place, output.span));
        }
    }

    /// Notes the use of a named part of a case's payload.
    pub fn note_part(&self, place: Span, id: EnumId, case: Symbol, part: Symbol) {
        if !self.recorder.writes() {
            return;
        }
        let decl = self.enums.get(id.0 as usize).map(|item| item.decl);
        let cases = decl.into_iter().flat_map(|decl| &decl.variants);
        let parts = cases
            .filter(|one| one.name.name == case)
            .flat_map(|one| &one.payload);
        let mut names = parts.filter_map(|field| field.name);
        if let Some(name) = names.find(|name| name.name == part) {
            self.note_use(place, name.span);
        }
    }

    /// Notes types.
    pub fn note_types(&self, types: impl IntoIterator<Item = (Span, Ty)>) {
        self.recorder.write(|record| record.types.extend(types));
    }

    /// Notes an invocation.
    pub fn note_step(&self, place: Span, invoked: impl FnOnce() -> Invoked) {
        if self.recorder.writes() {
            let invoked = invoked();
            self.recorder
                .write(|record| record.steps.push((place, invoked)));
        }
    }

    /// Notes the name that an invocation noted before is given.
    pub fn note_step_name(&self, place: Span, name: Symbol) {
        self.recorder.write(|record| {
            let same = record.steps.iter_mut().filter(|(span, _)| *span == place);
            same.for_each(|(_, invoked)| invoked.name = Some(name));
        });
    }

    /// Where an item's name is declared.
    fn declared_at(&self, definition: Definition) -> Option<Span> {
        Some(match definition {
            Definition::Function(id) => self.functions.get(id.0 as usize)?.decl.name.span,
            Definition::Struct(id) => self.structs.get(id.0 as usize)?.decl.name.span,
            Definition::Enum(id) => self.enums.get(id.0 as usize)?.decl.name.span,
            Definition::Const(id) => self.consts.get(id.0 as usize)?.decl.name.span,
            Definition::Alias(id) => self.aliases.get(id.0 as usize)?.decl.name.span,
            Definition::Module(id) => Span::new(self.file_of(id)?, 0, 0),
        })
    }

    fn file_of(&self, module: ModuleId) -> Option<FileId> {
        Some(self.inputs.get(module.0 as usize)?.module.file)
    }
}
