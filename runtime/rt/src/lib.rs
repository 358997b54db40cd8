//! The runtime as a static library: entry points, the executable's command line and the wiring of a run.

#[cfg(all(feature = "entry", not(test)))]
mod entry;

/// Runs `program` as the command line of the process asks, and gives the exit code.
pub fn run(program: &dynop_abi::program::Program) -> u8 {
    if program.abi_version != dynop_abi::ABI_VERSION {
        eprintln!(
            "this program was compiled for version {} of the runtime, which is version {}",
            program.abi_version,
            dynop_abi::ABI_VERSION
        );
        return 70;
    }
    0
}
