//! What debuggers and unwinders read: DWARF lines and functions, and `.eh_frame`.
//!
//! Written here and not by cranelift-object, whose unwind tables hold absolute addresses, which a position-independent
//! static executable can't have: these are relative to their own place.

use std::collections::HashMap;

use cranelift_codegen::Context;
use cranelift_codegen::gimli::write::{
    Address, AttributeValue, CieId, DwarfUnit, EhFrame, EndianVec, FileId, FrameTable, LineProgram,
    LineString, Range, RangeList, RelocateWriter, Relocation, RelocationTarget, Sections,
};
use cranelift_codegen::gimli::{
    DW_AT_comp_dir, DW_AT_decl_file, DW_AT_decl_line, DW_AT_high_pc, DW_AT_language,
    DW_AT_linkage_name, DW_AT_low_pc, DW_AT_name, DW_AT_producer, DW_AT_ranges, DW_AT_stmt_list,
    DW_EH_PE_pcrel, DW_EH_PE_sdata4, DW_LANG_C, DW_TAG_subprogram, DwEhPe, Encoding, Format,
    LineEncoding, LittleEndian, SectionId,
};
use cranelift_codegen::ir::SourceLoc;
use cranelift_codegen::isa::TargetIsa;
use cranelift_codegen::isa::unwind::UnwindInfo;
use cranelift_module::FuncId;
use cranelift_object::ObjectProduct;
use cranelift_object::object::write::{self as object, StandardSection, SymbolId};
use cranelift_object::object::{RelocationEncoding, RelocationFlags, RelocationKind, SectionKind};
use dynop_base::{SourceMap, Span};
use dynop_ir::Function;

use crate::CodegenError;

const ENCODING: Encoding = Encoding {
    format: Format::Dwarf32,
    version: 5,
    address_size: 8,
};

type Place = (dynop_base::FileId, u32, u32);

/// Places by the number that stands for them in Cranelift's instructions.
#[derive(Default)]
pub(super) struct Places {
    numbers: HashMap<Place, u32>,
    list: Vec<Place>,
}

impl Places {
    /// The number of a place.
    pub(super) fn number(&mut self, sources: &SourceMap, span: Span) -> SourceLoc {
        let at = sources.file(span.file).line_column(span.start);
        let place = (span.file, at.line, at.column);
        let next = self.list.len() as u32;
        let number = *self.numbers.entry(place).or_insert_with(|| {
            self.list.push(place);
            next
        });
        SourceLoc::new(number)
    }
}

/// A compiled function.
struct Compiled {
    id: FuncId,
    size: u32,
    name: String,
    linkage_name: String,
    span: Option<Span>,
    /// Offsets of code with the numbers of their places.
    lines: Vec<(u32, u32)>,
}

/// Collects what is to be written.
#[derive(Default)]
pub(super) struct Debug {
    pub(super) places: Places,
    functions: Vec<Compiled>,
    frames: FrameTable,
    cie: Option<CieId>,
}

impl Debug {
    /// Takes up a function that was just compiled.
    pub(super) fn add(
        &mut self,
        isa: &dyn TargetIsa,
        context: &Context,
        id: FuncId,
        linkage_name: &str,
        function: Option<&Function>,
    ) -> Result<(), CodegenError> {
        let Some(code) = context.compiled_code() else {
            return Ok(());
        };
        let symbol = Address::Symbol {
            symbol: self.functions.len(),
            addend: 0,
        };
        let unwind = code
            .create_unwind_info(isa)
            .map_err(|error| CodegenError(error.to_string()))?;
        if let Some(UnwindInfo::SystemV(info)) = unwind
            && let Some(cie) = self.cie(isa)
        {
            self.frames.add_fde(cie, info.to_fde(symbol));
        }
        let lines = code
            .buffer
            .get_srclocs_sorted()
            .iter()
            .filter(|one| !one.loc.is_default())
            .map(|one| (one.start, one.loc.bits()));
        self.functions.push(Compiled {
            id,
            size: code.code_info().total_size,
            name: function
                .map_or(linkage_name, |f| &f.display_name)
                .to_owned(),
            linkage_name: linkage_name.to_owned(),
            span: function.and_then(|f| f.span),
            lines: lines.collect(),
        });
        Ok(())
    }

    fn cie(&mut self, isa: &dyn TargetIsa) -> Option<CieId> {
        if self.cie.is_none() {
            let mut cie = isa.create_systemv_cie()?;
            cie.fde_address_encoding = DwEhPe(DW_EH_PE_pcrel.0 | DW_EH_PE_sdata4.0);
            self.cie = Some(self.frames.add_cie(cie));
        }
        self.cie
    }

    /// Writes the sections.
    pub(super) fn write(
        self,
        product: &mut ObjectProduct,
        sources: &SourceMap,
        main: &str,
    ) -> Result<(), CodegenError> {
        let wrong = |error: cranelift_codegen::gimli::write::Error| {
            CodegenError(format!("debug information: {error}"))
        };
        let symbols: Vec<SymbolId> = self
            .functions
            .iter()
            .map(|function| product.function_symbol(function.id))
            .collect();
        let mut eh_frame = EhFrame(Section::default());
        self.frames.write_eh_frame(&mut eh_frame).map_err(wrong)?;
        let id = product.object.section_id(StandardSection::EhFrame);
        let EhFrame(section) = eh_frame;
        product
            .object
            .append_section_data(id, section.bytes.slice(), 8);
        relocate(&mut product.object, id, &section, &symbols, &HashMap::new())?;

        let mut dwarf = self.unit(sources, main);
        let mut sections = Sections::new(Section::default());
        dwarf.write(&mut sections).map_err(wrong)?;
        write_sections(&mut product.object, &sections, &symbols)
    }

    /// The one unit: files, lines, functions.
    fn unit(&self, sources: &SourceMap, main: &str) -> DwarfUnit {
        let mut dwarf = DwarfUnit::new(ENCODING);
        let mut files = Files {
            sources,
            ids: HashMap::new(),
            program: new_line_program(&mut dwarf, main),
        };
        let root = dwarf.unit.root();
        let (mut ranges, mut entries) = (Vec::new(), Vec::new());
        for (symbol, function) in self.functions.iter().enumerate() {
            let begin = Address::Symbol { symbol, addend: 0 };
            ranges.push(Range::StartLength {
                begin,
                length: u64::from(function.size),
            });
            self.lines(&mut files, &mut dwarf, begin, function);
            let declared = function.span.map(|span| {
                let line = sources.file(span.file).line_column(span.start).line;
                (files.id(&mut dwarf, span.file), line)
            });
            entries.push((begin, function, declared));
        }
        dwarf.unit.line_program = files.program;
        for (begin, function, declared) in entries {
            let name = dwarf.strings.add(clean(&function.name));
            let linkage_name = dwarf.strings.add(clean(&function.linkage_name));
            let id = dwarf.unit.add(root, DW_TAG_subprogram);
            let entry = dwarf.unit.get_mut(id);
            entry.set(DW_AT_name, AttributeValue::StringRef(name));
            entry.set(DW_AT_linkage_name, AttributeValue::StringRef(linkage_name));
            entry.set(DW_AT_low_pc, AttributeValue::Address(begin));
            entry.set(
                DW_AT_high_pc,
                AttributeValue::Udata(u64::from(function.size)),
            );
            if let Some((file, line)) = declared {
                entry.set(DW_AT_decl_file, AttributeValue::FileIndex(Some(file)));
                entry.set(DW_AT_decl_line, AttributeValue::Udata(u64::from(line)));
            }
        }
        let ranges = dwarf.unit.ranges.add(RangeList(ranges));
        let (name, producer) = (
            dwarf.strings.add(clean(main)),
            dwarf
                .strings
                .add(concat!("dynopc ", env!("CARGO_PKG_VERSION"))),
        );
        let directory = dwarf.strings.add(".");
        let entry = dwarf.unit.get_mut(root);
        entry.set(DW_AT_name, AttributeValue::StringRef(name));
        entry.set(DW_AT_comp_dir, AttributeValue::StringRef(directory));
        entry.set(DW_AT_producer, AttributeValue::StringRef(producer));
        // Debuggers know no Dynop; C's rules for names and breakpoints fit it best.
        entry.set(DW_AT_language, AttributeValue::Language(DW_LANG_C));
        entry.set(DW_AT_stmt_list, AttributeValue::LineProgramRef);
        entry.set(DW_AT_low_pc, AttributeValue::Address(Address::Constant(0)));
        entry.set(DW_AT_ranges, AttributeValue::RangeListRef(ranges));
        dwarf
    }

    fn lines(
        &self,
        files: &mut Files<'_>,
        dwarf: &mut DwarfUnit,
        begin: Address,
        function: &Compiled,
    ) {
        // The prologue belongs to the line of the declaration.
        let head = function.span.map(|span| {
            let at = files.sources.file(span.file).line_column(span.start);
            (0, (span.file, at.line, at.column))
        });
        let rows = function.lines.iter().filter_map(|&(offset, number)| {
            let place = self.places.list.get(number as usize)?;
            Some((offset, *place))
        });
        let rows: Vec<(u32, Place)> = head
            .into_iter()
            .chain(rows.filter(|(offset, _)| head.is_none() || *offset > 0))
            .collect();
        if rows.is_empty() {
            return;
        }
        files.program.begin_sequence(Some(begin));
        for (offset, (file, line, column)) in rows {
            let file = files.id(dwarf, file);
            let row = files.program.row();
            row.address_offset = u64::from(offset);
            row.file = file;
            row.line = u64::from(line);
            row.column = u64::from(column);
            files.program.generate_row();
        }
        files.program.end_sequence(u64::from(function.size));
    }
}

/// The files of the line program.
struct Files<'s> {
    sources: &'s SourceMap,
    ids: HashMap<dynop_base::FileId, FileId>,
    program: LineProgram,
}

impl Files<'_> {
    fn id(&mut self, dwarf: &mut DwarfUnit, file: dynop_base::FileId) -> FileId {
        if let Some(&id) = self.ids.get(&file) {
            return id;
        }
        let name = clean(&self.sources.file(file).name);
        let name = LineString::new(name, ENCODING, &mut dwarf.line_strings);
        let directory = self.program.default_directory();
        let id = self.program.add_file(name, directory, None);
        self.ids.insert(file, id);
        id
    }
}

fn new_line_program(dwarf: &mut DwarfUnit, main: &str) -> LineProgram {
    let directory = LineString::new(".", ENCODING, &mut dwarf.line_strings);
    let file = LineString::new(clean(main), ENCODING, &mut dwarf.line_strings);
    LineProgram::new(
        ENCODING,
        LineEncoding::default(),
        directory,
        None,
        file,
        None,
    )
}

/// Names end at a NUL in DWARF.
fn clean(name: &str) -> String {
    if name.is_empty() {
        return "?".to_owned();
    }
    name.replace('\0', "?")
}

/// A section under construction.
#[derive(Clone)]
struct Section {
    bytes: EndianVec<LittleEndian>,
    relocations: Vec<Relocation>,
}

impl Default for Section {
    fn default() -> Self {
        Self {
            bytes: EndianVec::new(LittleEndian),
            relocations: Vec::new(),
        }
    }
}

impl RelocateWriter for Section {
    type Writer = EndianVec<LittleEndian>;

    fn writer(&self) -> &Self::Writer {
        &self.bytes
    }

    fn writer_mut(&mut self) -> &mut Self::Writer {
        &mut self.bytes
    }

    fn relocate(&mut self, relocation: Relocation) {
        self.relocations.push(relocation);
    }
}

/// Adds the sections of DWARF to an object: first all of them, since they refer to each other.
fn write_sections(
    object: &mut object::Object<'_>,
    sections: &Sections<Section>,
    symbols: &[SymbolId],
) -> Result<(), CodegenError> {
    let mut ids = HashMap::new();
    let mut written = Vec::new();
    let done: Result<(), CodegenError> = sections.for_each(|id, section| {
        if !section.bytes.slice().is_empty() {
            let name = id.name().as_bytes().to_vec();
            let kind = if id == SectionId::DebugStr || id == SectionId::DebugLineStr {
                SectionKind::DebugString
            } else {
                SectionKind::Debug
            };
            let at = object.add_section(Vec::new(), name, kind);
            object.append_section_data(at, section.bytes.slice(), 1);
            ids.insert(id, object.section_symbol(at));
            written.push((at, section.clone()));
        }
        Ok(())
    });
    done?;
    for (at, section) in written {
        relocate(object, at, &section, symbols, &ids)?;
    }
    Ok(())
}

fn relocate(
    object: &mut object::Object<'_>,
    at: object::SectionId,
    section: &Section,
    symbols: &[SymbolId],
    sections: &HashMap<SectionId, SymbolId>,
) -> Result<(), CodegenError> {
    for one in &section.relocations {
        let symbol = match one.target {
            RelocationTarget::Symbol(index) => symbols.get(index).copied(),
            RelocationTarget::Section(id) => sections.get(&id).copied(),
        };
        let symbol = symbol.ok_or_else(|| CodegenError("debug information: no symbol".into()))?;
        let kind = match one.eh_pe {
            Some(_) => RelocationKind::Relative,
            None => RelocationKind::Absolute,
        };
        let flags = RelocationFlags::Generic {
            kind,
            encoding: RelocationEncoding::Generic,
            size: one.size * 8,
        };
        object
            .add_relocation(
                at,
                object::Relocation {
                    offset: one.offset as u64,
                    symbol,
                    addend: one.addend,
                    flags,
                },
            )
            .map_err(|error| CodegenError(error.to_string()))?;
    }
    Ok(())
}
