//! The machine that is compiled for: any x86-64, or a processor that the user names.

use inkwell::targets::{
    CodeModel, InitializationConfig, RelocMode, Target, TargetMachine, TargetTriple,
};

use crate::{CodegenError, Options};

const TRIPLE: &str = "x86_64-unknown-linux-gnu";

/// Of whatever maker.
const LEVELS: &[&str] = &["x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4"];

/// The 64-bit processors that LLVM 22 knows. LLVM itself only warns of a name that it does not know, on standard error,
/// and goes on with what it likes.
const PROCESSORS: &[&str] = &[
    "alderlake",
    "amdfam10",
    "arrowlake",
    "arrowlake-s",
    "atom",
    "barcelona",
    "bdver1",
    "bdver2",
    "bdver3",
    "bdver4",
    "bonnell",
    "broadwell",
    "btver1",
    "btver2",
    "cannonlake",
    "cascadelake",
    "clearwaterforest",
    "cooperlake",
    "core-avx-i",
    "core-avx2",
    "core2",
    "corei7",
    "corei7-avx",
    "diamondrapids",
    "emeraldrapids",
    "goldmont",
    "goldmont-plus",
    "gracemont",
    "grandridge",
    "graniterapids",
    "graniterapids-d",
    "haswell",
    "icelake-client",
    "icelake-server",
    "ivybridge",
    "k8",
    "k8-sse3",
    "knl",
    "knm",
    "lunarlake",
    "meteorlake",
    "nehalem",
    "nocona",
    "novalake",
    "opteron",
    "opteron-sse3",
    "pantherlake",
    "penryn",
    "raptorlake",
    "rocketlake",
    "sandybridge",
    "sapphirerapids",
    "sierraforest",
    "silvermont",
    "skylake",
    "skylake-avx512",
    "tigerlake",
    "tremont",
    "westmere",
    "wildcatlake",
    "znver1",
    "znver2",
    "znver3",
    "znver4",
    "znver5",
];

/// Whether it is a processor to compile for.
pub(crate) fn is_known(name: &str) -> bool {
    name == "native" || LEVELS.contains(&name) || PROCESSORS.contains(&name)
}

/// Names to choose from, those without a maker first.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    let levels = LEVELS.iter().chain(PROCESSORS);
    std::iter::once("native").chain(levels.copied())
}

/// What makes machine code for it.
pub(super) fn machine(options: &Options) -> Result<TargetMachine, CodegenError> {
    Target::initialize_x86(&InitializationConfig::default());
    let triple = TargetTriple::create(TRIPLE);
    let target = Target::from_triple(&triple)?;
    let (cpu, features) = match options.target_cpu.as_deref() {
        None => (LEVELS[0].to_owned(), String::new()),
        Some("native") => (
            TargetMachine::get_host_cpu_name().to_string(),
            TargetMachine::get_host_cpu_features().to_string(),
        ),
        Some(name) if is_known(name) => (name.to_owned(), String::new()),
        Some(name) => {
            return Err(CodegenError(format!(
                "`{name}` is no processor that LLVM knows"
            )));
        }
    };
    let machine = target.create_target_machine(
        &triple,
        &cpu,
        &features,
        options.opt_level.into(),
        RelocMode::PIC,
        CodeModel::Small,
    );
    machine.ok_or_else(|| CodegenError(format!("LLVM can't compile for `{cpu}`")))
}
