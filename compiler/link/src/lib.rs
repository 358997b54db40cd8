//! Links an object with the embedded runtime into a static executable, in process.
//!
//! One call does it: `link_executable(&object, &LinkOptions::default())` takes the bytes of the object file that code
//! generation wrote and gives the bytes of a static position-independent executable, which needs nothing where it runs.
//! Nor does the call itself need a linker, a C compiler or a file: everything else that goes in is embedded
//! ([`dynop_archive`]) and the linker is a library ([`dynop_wild`]). The command line calls it and writes the result.
//!
//! The object must define `dyn_program` (see `dynop_abi::program`); the runtime defines `main`.
//!
//! For debugging of the linker itself, [`Linker::Cc`] hands the same object and runtime to the machine's C compiler.
//! That is the only path here that touches the disk.

mod cc;
mod error;

use std::borrow::Cow;

use dynop_archive::EmbeddedFile;
use dynop_wild::MemoryFile;

pub use error::LinkError;

/// Who links.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Linker {
    /// The linker inside the compiler.
    #[default]
    Embedded,
    /// The C compiler `cc` of the machine, with the machine's own C libraries. For debugging.
    Cc,
}

/// What stays in the executable beside code and data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strip {
    /// Symbols, and the source lines of the program (of the `.dyn` files, not of the runtime): debuggers and profilers
    /// show both.
    #[default]
    Nothing,
    /// Symbols but no source lines.
    Debug,
    /// Neither. Failures of steps still name their source line, since those are data of the program.
    All,
}

/// How to link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkOptions {
    /// Who links.
    pub linker: Linker,
    /// What to leave out.
    pub strip: Strip,
    /// Libraries of the user's: the bytes of archives or objects, for `extern fn`.
    pub libraries: Vec<Vec<u8>>,
}

/// Arguments common to all ways of linking, in the spelling of ld.
///
/// `now` resolves nothing lazily in a static executable, but makes the table of indirect functions read-only before
/// `main`. Without a build id, the same object gives the same bytes.
const COMMON_ARGUMENTS: [&str; 7] = [
    "-z",
    "relro",
    "-z",
    "now",
    "--gc-sections",
    "--eh-frame-hdr",
    "--build-id=none",
];

/// The program's object among the linker's inputs; it appears in messages.
const OBJECT: &str = "program.o";

/// Links `object`, a relocatable ELF object that defines `dyn_program`, into an executable and gives the bytes of it.
///
/// The same object and options give the same bytes on every machine, with [`Linker::Embedded`].
///
/// # Errors
///
/// See [`LinkError`]. That the embedded linker fails on an object of our own code generation is a bug in the compiler;
/// the command line should say so.
pub fn link_executable(object: &[u8], options: &LinkOptions) -> Result<Vec<u8>, LinkError> {
    match options.linker {
        Linker::Embedded => link_embedded(object, options),
        Linker::Cc => cc::link(object, options),
    }
}

fn strip_argument(strip: Strip) -> Option<&'static str> {
    match strip {
        Strip::Nothing => None,
        Strip::Debug => Some("--strip-debug"),
        Strip::All => Some("--strip-all"),
    }
}

/// The names of the user's libraries among the linker's inputs, which want names that live for ever.
const LIBRARIES: [&str; 16] = [
    "library-1.a",
    "library-2.a",
    "library-3.a",
    "library-4.a",
    "library-5.a",
    "library-6.a",
    "library-7.a",
    "library-8.a",
    "library-9.a",
    "library-10.a",
    "library-11.a",
    "library-12.a",
    "library-13.a",
    "library-14.a",
    "library-15.a",
    "library-16.a",
];

/// As many libraries can be given.
pub const MOST_LIBRARIES: usize = LIBRARIES.len();

fn link_embedded(object: &[u8], options: &LinkOptions) -> Result<Vec<u8>, LinkError> {
    let mut arguments = vec!["-static", "-pie", "--no-dynamic-linker"];
    arguments.extend(COMMON_ARGUMENTS);
    arguments.extend(strip_argument(options.strip));
    let mut files = Vec::new();
    let mut add = |file: &EmbeddedFile, arguments: &mut Vec<&str>| {
        arguments.push(file.name);
        files.push(MemoryFile {
            name: file.name,
            bytes: Cow::Borrowed(file.bytes),
        });
    };
    for file in dynop_archive::start_up_before() {
        add(file, &mut arguments);
    }
    arguments.push(OBJECT);
    add(&dynop_archive::runtime(), &mut arguments);
    arguments.push("--start-group");
    arguments.extend(LIBRARIES.iter().take(options.libraries.len()));
    for file in dynop_archive::libraries() {
        add(file, &mut arguments);
    }
    arguments.push("--end-group");
    for file in dynop_archive::start_up_after() {
        add(file, &mut arguments);
    }
    files.push(MemoryFile {
        name: OBJECT,
        bytes: Cow::Owned(object.to_vec()),
    });
    for (name, bytes) in LIBRARIES.iter().zip(&options.libraries) {
        files.push(MemoryFile {
            name,
            bytes: Cow::Owned(bytes.clone()),
        });
    }
    let linked = dynop_wild::link(&arguments, files).map_err(LinkError::Linker)?;
    Ok(linked.bytes)
}
