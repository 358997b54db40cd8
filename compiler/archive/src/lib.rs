//! What the compiler carries in itself so that it needs no C compiler, no linker and no Rust where it runs: the runtime
//! archive, the C start-up objects and the C libraries of the machine on which the compiler was built.
//!
//! Only bytes: `dynop_link` knows how they go together. `build.rs` says where they come from, and `docs/licences.md`
//! under which licences they are passed on.

/// A file inside the compiler.
#[derive(Clone, Copy, Debug)]
pub struct EmbeddedFile {
    /// The name by which the linker's messages call it.
    pub name: &'static str,
    /// The whole content.
    pub bytes: &'static [u8],
}

macro_rules! file {
    ($name:literal) => {
        EmbeddedFile {
            name: $name,
            bytes: include_bytes!(concat!(env!("OUT_DIR"), "/", $name)),
        }
    };
}

include!(concat!(env!("OUT_DIR"), "/c_files.rs"));

/// A static, since a constant is copied to wherever it is used: two users had the bytes twice.
static RUNTIME: EmbeddedFile = file!("runtime.a");

/// The runtime: package `dynop_rt` and the Rust standard library as one static library.
#[must_use]
pub fn runtime() -> EmbeddedFile {
    RUNTIME
}

/// C start-up objects to link before the program, in this order.
#[must_use]
pub fn start_up_before() -> &'static [EmbeddedFile] {
    BEFORE
}

/// C start-up objects to link after everything else, in this order.
#[must_use]
pub fn start_up_after() -> &'static [EmbeddedFile] {
    AFTER
}

/// C libraries, which need each other and are therefore searched as one group.
#[must_use]
pub fn libraries() -> &'static [EmbeddedFile] {
    LIBRARIES
}
