//! From the intermediate representation to an object file, behind one seam.
//!
//! [`compile`] is the seam: programs go in, bytes come out. What all back ends compute alike is here: layouts
//! ([`layout`]), names, signatures and types ([`unit`]), static data ([`constants`]). What one of them is stays in its own
//! module ([`cranelift`], and `llvm` with the feature of that name). Nothing here knows the language.

use dynop_abi::plan::Plan;
use dynop_base::SourceMap;
use dynop_ir::Program;

mod constants;
mod cranelift;
pub mod layout;
#[cfg(feature = "llvm")]
mod llvm;
mod unit;

/// The back ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Backend {
    /// Cranelift: compiles fast.
    #[default]
    Cranelift,
    /// LLVM: compiles slowly to faster code. Only with the feature `llvm`, see [`Backend::is_there`].
    Llvm,
}

impl Backend {
    /// Whether it is compiled in.
    pub fn is_there(self) -> bool {
        match self {
            Self::Cranelift => true,
            Self::Llvm => cfg!(feature = "llvm"),
        }
    }
}

/// How hard LLVM tries.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum OptLevel {
    /// `-O0`
    None,
    /// `-O1`
    Less,
    /// `-O2`
    #[default]
    Default,
    /// `-O3`
    Aggressive,
}

/// How to compile, and what to make beside the object.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// By which back end.
    pub backend: Backend,
    /// How hard LLVM tries; Cranelift has one way.
    pub opt_level: OptLevel,
    /// The processor that LLVM compiles for, by LLVM's name, or `native`; `None`: any x86-64. Cranelift compiles for any.
    pub target_cpu: Option<String>,
    /// Whether the back end's own representation of the program is kept: Cranelift's as it is given to it, LLVM's
    /// optimised.
    pub want_ir: bool,
    /// Whether the machine code of each function is kept as text.
    pub want_asm: bool,
}

/// What came out.
#[derive(Debug, Default)]
pub struct Compiled {
    /// The object file: ELF, relocatable, x86-64.
    pub object: Vec<u8>,
    /// The back end's representation, if wanted.
    pub ir: String,
    /// Machine code of each function, if wanted.
    pub asm: String,
    /// How long the stages within took, in order: their names and times. Empty for a back end that has one.
    pub stages: Vec<(&'static str, std::time::Duration)>,
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
    options: &Options,
) -> Result<Compiled, CodegenError> {
    let unit = unit::Unit::new(program, sources);
    match options.backend {
        Backend::Cranelift => cranelift::compile(&unit, plan, options),
        #[cfg(feature = "llvm")]
        Backend::Llvm => llvm::compile(&unit, plan, options),
        #[cfg(not(feature = "llvm"))]
        Backend::Llvm => Err(CodegenError("the LLVM back end is not compiled in".into())),
    }
}

/// Whether LLVM knows a processor of that name, or it is `native`.
///
/// # Errors
/// What is wrong, with the nearest name.
pub fn check_target_cpu(name: &str) -> Result<(), String> {
    #[cfg(feature = "llvm")]
    if !llvm::cpu::is_known(name) {
        let nearest = dynop_base::nearest(name, llvm::cpu::names());
        let help = match nearest {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => "`native` is this machine's, `x86-64-v2` to `x86-64-v4` are those of several \
                     years; else a name as `skylake` or `znver3`"
                .to_owned(),
        };
        return Err(format!("LLVM knows no processor `{name}`\n  help: {help}"));
    }
    let _ = name;
    Ok(())
}
