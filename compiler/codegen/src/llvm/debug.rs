//! What debuggers read: DWARF lines and functions, by LLVM's own writer.

use std::collections::HashMap;

use dynop_base::{FileId, Span};
use dynop_ir::Function;
use inkwell::context::ContextRef;
use inkwell::debug_info::{
    AsDIScope, DICompileUnit, DIFile, DIFlags, DIFlagsConstants, DILocation, DISubprogram,
    DISubroutineType, DWARFEmissionKind, DWARFSourceLanguage, DebugInfoBuilder,
    debug_metadata_version,
};
use inkwell::module::{FlagBehavior, Module};

use inkwell::values::FunctionValue;

use super::emit::Emitter;
use crate::unit::Unit;

/// The program's debug information under construction.
pub(super) struct Debug<'c> {
    builder: DebugInfoBuilder<'c>,
    unit: DICompileUnit<'c>,
    files: HashMap<FileId, DIFile<'c>>,
    /// The type of all functions: nothing is said of it.
    ty: DISubroutineType<'c>,
}

impl<'c> Debug<'c> {
    pub(super) fn new(module: &Module<'c>, main: &str) -> Self {
        let number = |n: u32| module.get_context().i32_type().const_int(n.into(), false);
        let flags = [
            ("Debug Info Version", debug_metadata_version()),
            ("Dwarf Version", 5),
        ];
        for (name, value) in flags {
            module.add_basic_value_flag(name, FlagBehavior::Warning, number(value));
        }
        let (builder, unit) = module.create_debug_info_builder(
            true,
            // Debuggers know no Dynop; C's rules for names and breakpoints fit it best.
            DWARFSourceLanguage::C,
            &clean(main),
            ".",
            concat!("dynopc ", env!("CARGO_PKG_VERSION")),
            true,
            "",
            0,
            "",
            DWARFEmissionKind::Full,
            0,
            false,
            false,
            "",
            "",
        );
        let ty = builder.create_subroutine_type(unit.get_file(), None, &[], DIFlags::PUBLIC);
        Self {
            builder,
            unit,
            files: HashMap::new(),
            ty,
        }
    }

    fn file(&mut self, unit: &Unit<'_>, id: FileId) -> DIFile<'c> {
        let builder = &self.builder;
        let known = self.files.entry(id);
        *known.or_insert_with(|| builder.create_file(&clean(&unit.sources.file(id).name), "."))
    }

    /// The description of a function.
    pub(super) fn subprogram(&mut self, unit: &Unit<'_>, function: &Function) -> DISubprogram<'c> {
        let (file, line) = match function.span {
            Some(span) => (self.file(unit, span.file), line_column(unit, span).0),
            None => (self.unit.get_file(), 0),
        };
        self.describe(&function.display_name, &function.name, file, line)
    }

    /// The description of an op's entry, which is where its body begins; the place of what is in it.
    pub(super) fn entry(
        &mut self,
        unit: &Unit<'_>,
        context: ContextRef<'c>,
        entry: FunctionValue<'c>,
        name: &str,
        body: &Function,
    ) -> DILocation<'c> {
        let (file, (line, column)) = match body.span {
            Some(span) => (self.file(unit, span.file), line_column(unit, span)),
            None => (self.unit.get_file(), (0, 0)),
        };
        let described = self.describe(name, name, file, line);
        entry.set_subprogram(described);
        let scope = described.as_debug_info_scope();
        self.builder
            .create_debug_location(context, line, column, scope, None)
    }

    fn describe(
        &self,
        name: &str,
        linkage_name: &str,
        file: DIFile<'c>,
        line: u32,
    ) -> DISubprogram<'c> {
        self.builder.create_function(
            self.unit.as_debug_info_scope(),
            &clean(name),
            Some(&clean(linkage_name)),
            file,
            line,
            self.ty,
            true,
            true,
            line,
            DIFlags::PUBLIC,
            true,
        )
    }

    /// To be called when all functions are there.
    pub(super) fn finish(&self) {
        self.builder.finalize();
    }
}

impl Emitter<'_, '_, '_> {
    /// Lets what follows belong to the current place in the source.
    pub(super) fn locate(&mut self) {
        let context = self.context();
        let unit = self.shared.unit;
        let debug = &mut self.shared.debug;
        let own = self.subprogram.as_debug_info_scope();
        let ((line, column), scope) = match self.span {
            None => ((0, 0), own),
            Some(span) if self.function.span.is_some_and(|own| own.file == span.file) => {
                (line_column(unit, span), own)
            }
            // Put in place here from another file.
            Some(span) => {
                let known = self.scopes.iter().find(|(file, _)| *file == span.file);
                let scope = known.map(|(_, scope)| *scope).unwrap_or_else(|| {
                    let file = debug.file(unit, span.file);
                    let block = debug.builder.create_lexical_block(own, file, 0, 0);
                    let scope = block.as_debug_info_scope();
                    self.scopes.push((span.file, scope));
                    scope
                });
                (line_column(unit, span), scope)
            }
        };
        let location = debug
            .builder
            .create_debug_location(context, line, column, scope, None);
        self.builder.set_current_debug_location(location);
    }
}

fn line_column(unit: &Unit<'_>, span: Span) -> (u32, u32) {
    let at = unit.sources.file(span.file).line_column(span.start);
    (at.line, at.column)
}

/// Names end at a NUL in DWARF.
fn clean(name: &str) -> String {
    if name.is_empty() {
        return "?".to_owned();
    }
    name.replace('\0', "?")
}
