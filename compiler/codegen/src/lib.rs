//! From the intermediate representation to an object file, behind one seam.
//!
//! [`compile`] is the seam: programs go in, bytes come out. What all back ends share is here ([`layout`]); what one of
//! them is stays in its own module ([`cranelift`]). Nothing here knows the language.

use dynop_abi::plan::Plan;
use dynop_base::SourceMap;
use dynop_ir::Program;

pub mod cranelift;
pub mod layout;

/// What to make beside the object.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Whether the back end's own representation of each function is kept.
    pub want_clif: bool,
    /// Whether the machine code of each function is kept as text.
    pub want_asm: bool,
}

/// What came out.
#[derive(Debug, Default)]
pub struct Compiled {
    /// The object file: ELF, relocatable, x86-64.
    pub object: Vec<u8>,
    /// Cranelift's representation of each function, if wanted.
    pub clif: String,
    /// Machine code of each function, if wanted.
    pub asm: String,
}

/// The back end refused: a limit, or a bug in what came before it.
#[derive(Debug)]
pub struct CodegenError(pub String);

impl std::fmt::Display for CodegenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CodegenError {}

/// Compiles a program, whose passes have run, with its plan.
///
/// # Errors
/// See [`CodegenError`].
pub fn compile(
    program: &Program,
    plan: &Plan,
    sources: &SourceMap,
    options: Options,
) -> Result<Compiled, CodegenError> {
    cranelift::compile(program, plan, sources, options)
}
