//! How to compile: the flags that `build`, `run` and `test` share.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::driver::{Backend, BuildOptions, Emit, LinkWith, OptLevel};

/// What the commands that compile share.
#[derive(Debug, Args)]
pub struct CompileOptions {
    /// Take the time for fast code: by LLVM, where this `dynopc` has it
    #[arg(long)]
    pub release: bool,
    /// Which code generator; by default Cranelift, with `--release` LLVM
    #[arg(long, value_enum, value_name = "NAME", env = "DYNOP_BACKEND")]
    pub backend: Option<BackendChoice>,
    /// How hard LLVM tries, 0 to 3; by default 2
    #[arg(long, value_name = "LEVEL", value_parser = clap::value_parser!(u8).range(0..=3))]
    pub opt_level: Option<u8>,
    /// The processor that LLVM compiles for: `native` for this machine's, `x86-64-v3` for those since 2013, or a name;
    /// by default any x86-64
    #[arg(long, value_name = "NAME")]
    pub target_cpu: Option<String>,
    /// `builtin` needs no other tool; `cc` calls the system's, for debugging
    #[arg(long, value_enum, default_value = "builtin", value_name = "LINKER")]
    pub linker: LinkerChoice,
    /// Leave out line information for debuggers
    #[arg(long)]
    pub strip: bool,
    /// A static library (or an object file) with the functions of `extern fn`; may be given several times
    #[arg(long, value_name = "FILE")]
    pub link: Vec<PathBuf>,
}

/// `--linker`
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LinkerChoice {
    /// In process
    Builtin,
    /// The system's
    Cc,
}

/// `--backend`
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum BackendChoice {
    /// Fast to compile
    Cranelift,
    /// Slow to compile, faster code
    Llvm,
}

impl From<BackendChoice> for Backend {
    fn from(choice: BackendChoice) -> Self {
        match choice {
            BackendChoice::Cranelift => Self::Cranelift,
            BackendChoice::Llvm => Self::Llvm,
        }
    }
}

/// How to get a `dynopc` with LLVM, whole lines.
const WITHOUT_LLVM: &str = "this dynopc was built without the LLVM back end\n  \
    help: leave out what asks for it, and Cranelift compiles the program\n  \
    help: to get it on Debian: apt-get install llvm-22-dev libzstd-dev zlib1g-dev, and then\n        \
    cargo build --release -p dynopc --features llvm";

impl CompileOptions {
    /// As the driver takes them.
    ///
    /// # Errors
    /// What is wrong with them, if this `dynopc` can't.
    pub fn build_options(&self, emit: Option<Emit>) -> Result<BuildOptions, String> {
        let backend = self.backend(emit)?;
        if backend != Backend::Llvm {
            let given = [
                ("--opt-level", self.opt_level.is_some()),
                ("--target-cpu", self.target_cpu.is_some()),
            ];
            if let Some((flag, _)) = given.iter().find(|(_, given)| *given) {
                return Err(format!(
                    "`{flag}` is for the LLVM back end; Cranelift knows one way and compiles for any x86-64\n  \
                     help: add `--backend llvm`"
                ));
            }
        }
        if let Some(name) = &self.target_cpu {
            dynop_codegen::check_target_cpu(name)?;
        }
        let linker = match self.linker {
            LinkerChoice::Builtin => LinkWith::Builtin,
            LinkerChoice::Cc => LinkWith::Cc,
        };
        Ok(BuildOptions {
            backend,
            opt_level: match self.opt_level {
                Some(0) => OptLevel::None,
                Some(1) => OptLevel::Less,
                Some(2) | None => OptLevel::Default,
                Some(_) => OptLevel::Aggressive,
            },
            target_cpu: self.target_cpu.clone(),
            linker,
            strip: self.strip,
            libraries: crate::foreign::read_libraries(&self.link)?,
        })
    }

    /// The back end that is asked for, and is there.
    fn backend(&self, emit: Option<Emit>) -> Result<Backend, String> {
        let by_stage = match emit {
            Some(Emit::Clif) => Some(("clif", Backend::Cranelift, "Cranelift")),
            Some(Emit::Llvm) => Some(("llvm", Backend::Llvm, "LLVM")),
            _ => None,
        };
        let wanted = self.backend.map(Backend::from);
        let backend = match (wanted, by_stage) {
            (Some(wanted), Some((stage, backend, name))) if wanted != backend => {
                return Err(format!(
                    "`--emit {stage}` prints what only the {name} back end has, and another is asked for\n  \
                     help: leave out `--backend`, or the environment variable DYNOP_BACKEND"
                ));
            }
            (Some(wanted), _) => wanted,
            (None, Some((_, backend, _))) => backend,
            (None, None) if self.release && Backend::Llvm.is_there() => Backend::Llvm,
            (None, None) => Backend::Cranelift,
        };
        if backend.is_there() {
            Ok(backend)
        } else {
            Err(WITHOUT_LLVM.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        compile: CompileOptions,
    }

    fn options(words: &[&str], emit: Option<Emit>) -> Result<BuildOptions, String> {
        let mut compile = Line::parse_from([&["x"], words].concat()).compile;
        // The tests' own environment does not count.
        if !words.contains(&"--backend") {
            compile.backend = None;
        }
        compile.build_options(emit)
    }

    fn backend(words: &[&str], emit: Option<Emit>) -> Result<Backend, String> {
        options(words, emit).map(|options| options.backend)
    }

    #[test]
    fn cranelift_unless_something_asks_for_llvm() {
        assert_eq!(backend(&[], None), Ok(Backend::Cranelift));
        assert_eq!(backend(&[], Some(Emit::Clif)), Ok(Backend::Cranelift));
        let there = Backend::Llvm.is_there();
        let release = if there {
            Backend::Llvm
        } else {
            Backend::Cranelift
        };
        assert_eq!(backend(&["--release"], None), Ok(release));
        let asked = [
            backend(&["--backend", "llvm"], None),
            backend(&[], Some(Emit::Llvm)),
        ];
        for asked in asked {
            match asked {
                Ok(backend) => assert!(there && backend == Backend::Llvm),
                Err(message) => assert!(!there && message.contains("--features llvm"), "{message}"),
            }
        }
    }

    #[test]
    fn what_does_not_fit_together_is_an_error() {
        let error = |words: &[&str], emit| options(words, emit).map(|_| ()).unwrap_err();
        assert!(error(&["--opt-level", "3"], None).contains("--backend llvm"));
        assert!(error(&["--target-cpu", "native"], None).contains("--backend llvm"));
        let conflict = error(&["--backend", "cranelift"], Some(Emit::Llvm));
        assert!(conflict.contains("LLVM back end has"), "{conflict}");
        if Backend::Llvm.is_there() {
            let wrong = error(&["--backend", "llvm", "--target-cpu", "skylak"], None);
            assert!(wrong.contains("`skylake`"), "{wrong}");
        }
    }
}
