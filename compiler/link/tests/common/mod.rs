#![allow(dead_code, reason = "each test file uses a part")]
//! A small object made by hand, so that linking is tested without code generation and whatever the runtime does.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use object::write::{Object, Relocation, Symbol, SymbolSection};
use object::{
    Architecture, BinaryFormat, Endianness, RelocationFlags, SectionKind, SymbolFlags, SymbolKind,
    SymbolScope,
};

/// What the object prints before `main`.
pub const GREETING: &str = "hello from before main\n";

/// The name of a source file, which stands in the object's debug information alone.
pub const SOURCE_NAME: &str = "hand_made.dyn";

/// The version of the contract that the object claims. No runtime will ever have it, so the runtime's `main` says so and
/// ends the process: proof that it was reached and that it reads the object's data.
pub const VERSION: u32 = 0xDEAD_BEEF;

/// `dyn_program` with an impossible version, a message, and code in `.init_array` that writes it to standard output.
/// The pointers in them are relocations of the kind that only a self-relocating executable resolves.
pub fn hand_made_object() -> Vec<u8> {
    let mut object = Object::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);

    let read_only = object.add_section(vec![], b".rodata".to_vec(), SectionKind::ReadOnlyData);
    let message = define(
        &mut object,
        "hand_made_message",
        SymbolScope::Compilation,
        SymbolKind::Data,
    );
    object.add_symbol_data(message, read_only, GREETING.as_bytes(), 1);

    // mov eax, 1 (write); mov edi, 1; lea rsi, [rip + message]; mov edx, length; syscall; ret
    let mut code = vec![
        0xB8, 1, 0, 0, 0, 0xBF, 1, 0, 0, 0, 0x48, 0x8D, 0x35, 0, 0, 0, 0, 0xBA,
    ];
    code.extend((GREETING.len() as u32).to_le_bytes());
    code.extend([0x0F, 0x05, 0xC3]);
    let text = object.add_section(vec![], b".text.hand_made".to_vec(), SectionKind::Text);
    let function = define(
        &mut object,
        "hand_made_greeting",
        SymbolScope::Compilation,
        SymbolKind::Text,
    );
    object.add_symbol_data(function, text, &code, 16);
    relocate(
        &mut object,
        text,
        13,
        object::elf::R_X86_64_PC32,
        message,
        -4,
    );

    let constructors = object.add_section(vec![], b".init_array".to_vec(), SectionKind::Data);
    object.section_mut(constructors).flags = object::SectionFlags::Elf {
        sh_type: object::elf::SHT_INIT_ARRAY,
        sh_flags: object::elf::SHF_ALLOC | object::elf::SHF_WRITE,
    };
    object.append_section_data(constructors, &[0; 8], 8);
    relocate(
        &mut object,
        constructors,
        0,
        object::elf::R_X86_64_64,
        function,
        0,
    );

    let size = size_of::<dynop_abi::program::Program>();
    let mut program = vec![0; size];
    program[..4].copy_from_slice(&VERSION.to_le_bytes());
    let data = object.add_section(
        vec![],
        b".data.rel.ro".to_vec(),
        SectionKind::ReadOnlyDataWithRel,
    );
    let symbol = define(
        &mut object,
        dynop_abi::program::SYMBOL,
        SymbolScope::Dynamic,
        SymbolKind::Data,
    );
    object.add_symbol_data(symbol, data, &program, 8);
    relocate(&mut object, data, 8, object::elf::R_X86_64_64, message, 0);

    let debug = object.add_section(vec![], b".debug_str".to_vec(), SectionKind::DebugString);
    object.append_section_data(debug, SOURCE_NAME.as_bytes(), 1);
    object.append_section_data(debug, &[0], 1);

    object.write().expect("the object can be written")
}

/// An object that defines `dyn_program` but calls a function that nothing defines.
pub fn object_with_an_undefined_symbol() -> Vec<u8> {
    let mut object = Object::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
    let missing = object.add_symbol(Symbol {
        section: SymbolSection::Undefined,
        ..symbol(
            "dyn_that_nobody_wrote",
            SymbolScope::Unknown,
            SymbolKind::Text,
        )
    });
    let data = object.add_section(
        vec![],
        b".data.rel.ro".to_vec(),
        SectionKind::ReadOnlyDataWithRel,
    );
    let program = define(
        &mut object,
        dynop_abi::program::SYMBOL,
        SymbolScope::Dynamic,
        SymbolKind::Data,
    );
    object.add_symbol_data(
        program,
        data,
        &[0; size_of::<dynop_abi::program::Program>()],
        8,
    );
    relocate(&mut object, data, 8, object::elf::R_X86_64_64, missing, 0);
    object.write().expect("the object can be written")
}

/// Writes an executable file.
pub fn write_executable(directory: &Path, bytes: &[u8]) -> PathBuf {
    let path = directory.join("program");
    fs::write(&path, bytes).expect("the executable can be written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755))
        .expect("it can be made executable");
    path
}

fn symbol(name: &str, scope: SymbolScope, kind: SymbolKind) -> Symbol {
    Symbol {
        name: name.as_bytes().to_vec(),
        value: 0,
        size: 0,
        kind,
        scope,
        weak: false,
        section: SymbolSection::Undefined,
        flags: SymbolFlags::None,
    }
}

fn define(
    object: &mut Object<'_>,
    name: &str,
    scope: SymbolScope,
    kind: SymbolKind,
) -> object::write::SymbolId {
    object.add_symbol(symbol(name, scope, kind))
}

fn relocate(
    object: &mut Object<'_>,
    section: object::write::SectionId,
    offset: u64,
    r_type: object::elf::RelocationType,
    symbol: object::write::SymbolId,
    addend: i64,
) {
    let flags = RelocationFlags::Elf { r_type };
    object
        .add_relocation(
            section,
            Relocation {
                offset,
                symbol,
                addend,
                flags,
            },
        )
        .expect("the relocation fits");
}
