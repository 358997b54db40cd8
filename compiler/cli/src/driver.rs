//! From source files to an executable: the order of the stages, and nothing else.
//!
//! Each stage is a function of its own room; this one loads files, keeps diagnostics and times, and stops where errors
//! make a later stage meaningless.

use std::io::Write;
use std::path::Path;

use dynop_base::{Diagnostic, FileId, SourceMap, Span, codes};
pub use dynop_codegen::{Backend, OptLevel};
use dynop_ide::files::Files;
use dynop_ide::program::{ParsedFile, Program};
use dynop_link::{LinkError, LinkOptions, Linker, Strip};
use dynop_sema::hir;

use crate::disk::{Disk, Given};
use crate::foreign;
use crate::render::{self, MessageFormat, Style};
use crate::timings::Timings;

/// The seams that can be printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Emit {
    /// The syntax tree
    Tree,
    /// The checked program: names resolved, types found
    Checked,
    /// Each job's steps, edges and scopes
    Plan,
    /// The intermediate representation after its passes
    Ir,
    /// Cranelift's own intermediate representation
    Clif,
    /// LLVM's, optimised
    Llvm,
    /// Machine code as assembly
    Asm,
    /// The object file, for linking by other means
    Obj,
}

/// Which linker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LinkWith {
    /// The one inside this program.
    Builtin,
    /// The system's `cc`.
    Cc,
}

/// How to build.
#[derive(Clone, Debug)]
pub struct BuildOptions {
    /// The code generator.
    pub backend: Backend,
    /// How hard LLVM tries.
    pub opt_level: OptLevel,
    /// The processor that LLVM compiles for; `None`: any x86-64.
    pub target_cpu: Option<String>,
    /// The linker.
    pub linker: LinkWith,
    /// Whether to leave out debug information.
    pub strip: bool,
    /// Libraries for `extern fn`: their contents.
    pub libraries: Vec<Vec<u8>>,
}

impl Default for BuildOptions {
    fn default() -> Self {
        Self {
            backend: Backend::Cranelift,
            opt_level: OptLevel::default(),
            target_cpu: None,
            linker: LinkWith::Builtin,
            strip: false,
            libraries: Vec::new(),
        }
    }
}

impl BuildOptions {
    /// For tests and benchmarks: the back end that the environment variable `DYNOP_BACKEND` names, as `dynopc` does.
    ///
    /// # Panics
    /// If it names one that is not there.
    pub fn of_environment() -> Self {
        let backend = match std::env::var("DYNOP_BACKEND").as_deref() {
            Ok("llvm") => Backend::Llvm,
            Ok("cranelift") | Err(_) => Backend::Cranelift,
            Ok(other) => panic!("DYNOP_BACKEND={other}: there is cranelift and llvm"),
        };
        assert!(backend.is_there(), "{backend:?} is not compiled in");
        Self {
            backend,
            ..Self::default()
        }
    }
}

/// What a build gives.
#[derive(Debug)]
pub enum Built {
    /// What `--emit` printed.
    Text(String),
    /// An object file.
    Object(Vec<u8>),
    /// An executable.
    Executable(Vec<u8>),
}

/// The build stopped; why is among the diagnostics.
#[derive(Debug)]
pub struct Stopped;

/// One program on its way through the compiler.
#[derive(Debug, Default)]
pub struct Frontend {
    /// Its files.
    pub sources: SourceMap,
    /// What was found so far.
    pub diagnostics: Vec<Diagnostic>,
    /// How long it took.
    pub timings: Timings,
    main: Option<ParsedFile>,
    program: Option<hir::Program>,
    planned: Option<dynop_plan::PlanOutput>,
    for_tests: bool,
}

impl Frontend {
    /// Loads a program from its main file and checks it.
    pub fn check(&mut self, path: &Path) {
        self.check_with(path, &Disk);
    }

    /// Checks a program whose main file is this text; what it imports is looked for in the current folder.
    pub fn check_text(&mut self, name: &str, text: &str) {
        let path = Path::new(name);
        self.check_with(path, &Given { path, text });
    }

    fn check_with(&mut self, path: &Path, files: &dyn Files) {
        let mut timings = std::mem::take(&mut self.timings);
        let loaded = timings.stage("parse", || Program::load(path, files));
        self.sources = loaded.sources.clone();
        self.diagnostics.extend_from_slice(&loaded.diagnostics);
        if !loaded.files.is_empty() {
            let checked = timings.stage("check", || dynop_sema::check(&loaded.inputs()));
            self.diagnostics.extend(checked.diagnostics);
            self.program = Some(checked.program);
        }
        self.main = loaded.files.into_iter().next();
        self.timings = timings;
    }

    /// Whether anything found so far stops a build.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// Prints what was found to standard error, with a closing line that counts it.
    pub fn report(&self, format: MessageFormat) {
        let text = render::render(&self.diagnostics, &self.sources, format, Style::of_stderr());
        let mut err = std::io::stderr().lock();
        // A closed standard error leaves nobody to tell; the exit code still does.
        let _ = err.write_all(text.as_bytes());
        let errors = self.diagnostics.iter().filter(|d| d.is_error()).count();
        let warnings = self.diagnostics.len() - errors;
        if format == MessageFormat::Human && !self.diagnostics.is_empty() {
            let shown = if self.diagnostics.len() > render::MOST_DRAWN {
                format!("; the first {} are shown", render::MOST_DRAWN)
            } else {
                String::new()
            };
            let _ = writeln!(err, "{}{shown}", count(errors, warnings));
        }
    }

    /// The tests of the main file, each with its index in the program.
    pub fn tests(&self) -> Vec<(usize, &hir::Test)> {
        self.program.as_ref().map_or_else(Vec::new, |program| {
            let tests = program.tests.iter().enumerate();
            tests
                .filter(|(_, test)| Some(test.file) == program.main)
                .collect()
        })
    }

    /// From now on the program's tests are what is planned and built, and not its jobs.
    pub fn take_tests(&mut self) {
        self.for_tests = true;
        self.planned = None;
    }

    /// Whether the main file has a job. One without is no program, but may be checked: others import it.
    pub fn has_jobs(&self) -> bool {
        self.program.as_ref().is_some_and(|program| {
            let is_job = |f: &hir::Function| {
                f.kind == hir::FunctionKind::Job && Some(f.file) == program.main
            };
            program.functions.iter().any(is_job)
        })
    }

    /// Plans the jobs of the main file, once; `None` if the program has errors.
    pub fn plan(&mut self) -> Option<&dynop_plan::PlanOutput> {
        if self.planned.is_none() && !self.has_errors() {
            let program = self.program.as_ref()?;
            let sources = &self.sources;
            let for_tests = self.for_tests;
            match self.timings.stage("plan", || {
                if for_tests {
                    dynop_plan::build_tests(program, sources)
                } else {
                    dynop_plan::build(program, sources)
                }
            }) {
                Ok(planned) => self.planned = Some(planned),
                Err(diagnostics) => self.diagnostics.extend(diagnostics),
            }
        }
        if self.has_errors() {
            None
        } else {
            self.planned.as_ref()
        }
    }

    /// The text of a seam of the front: tree, checked, plan.
    pub fn emit(&mut self, emit: Emit) -> String {
        match emit {
            Emit::Tree => self
                .main
                .as_ref()
                .map(|file| file.module.dump())
                .unwrap_or_default(),
            Emit::Checked => self
                .program
                .as_ref()
                .map(|program| dynop_sema::dump::dump(program, program.main))
                .unwrap_or_default(),
            _ => self
                .plan()
                .map(|planned| dynop_plan::dump(&planned.plan))
                .unwrap_or_default(),
        }
    }

    /// The program's functions as they are before any pass: what tests hold the stages behind against.
    pub fn lowered(&mut self) -> Option<dynop_ir::Program> {
        self.plan()?;
        let (program, planned) = (self.program.as_ref()?, self.planned.as_ref()?);
        dynop_lower::lower(program, &planned.ops, &planned.types).ok()
    }

    /// Builds what was checked; with `emit`, prints that stage and stops there.
    ///
    /// # Errors
    /// [`Stopped`] if the program has errors, which are among the diagnostics.
    pub fn build(&mut self, options: &BuildOptions, emit: Option<Emit>) -> Result<Built, Stopped> {
        if self.plan().is_none() {
            return Err(Stopped);
        }
        if emit == Some(Emit::Plan) {
            return Ok(Built::Text(self.emit(Emit::Plan)));
        }
        let mut timings = std::mem::take(&mut self.timings);
        let built = self.generate(options, emit, &mut timings);
        self.timings = timings;
        built
    }
}

fn count(errors: usize, warnings: usize) -> String {
    let plural = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    match (errors, warnings) {
        (0, warnings) => plural(warnings, "warning"),
        (errors, 0) => plural(errors, "error"),
        (errors, warnings) => format!(
            "{}, {}",
            plural(errors, "error"),
            plural(warnings, "warning")
        ),
    }
}

impl Frontend {
    /// The stages behind the plan: functions, passes, machine code, executable.
    fn generate(
        &mut self,
        options: &BuildOptions,
        emit: Option<Emit>,
        timings: &mut Timings,
    ) -> Result<Built, Stopped> {
        let (Some(program), Some(planned)) = (&self.program, &self.planned) else {
            return Err(Stopped);
        };
        let lowered = timings.stage("lower", || {
            dynop_lower::lower(program, &planned.ops, &planned.types)
        });
        let mut ir = match lowered {
            Ok(ir) => ir,
            Err(found) => {
                self.diagnostics.extend(found);
                return Err(Stopped);
            }
        };
        timings.stage("passes", || dynop_ir::passes::run(&mut ir));
        if emit == Some(Emit::Ir) {
            return Ok(Built::Text(dynop_ir::text::print(&ir)));
        }
        let wanted = dynop_codegen::Options {
            backend: options.backend,
            opt_level: options.opt_level,
            target_cpu: options.target_cpu.clone(),
            want_ir: matches!(emit, Some(Emit::Clif | Emit::Llvm)),
            want_asm: emit == Some(Emit::Asm),
        };
        let compiled = timings.stage("codegen", || {
            dynop_codegen::compile(&ir, &planned.plan, &self.sources, &wanted)
        });
        let compiled = match compiled {
            Ok(compiled) => compiled,
            Err(error) => return self.broken("code generation", &error.to_string()),
        };
        for &(name, time) in &compiled.stages {
            timings.within(name, time);
        }
        match emit {
            Some(Emit::Clif | Emit::Llvm) => return Ok(Built::Text(compiled.ir)),
            Some(Emit::Asm) => return Ok(Built::Text(compiled.asm)),
            Some(Emit::Obj) => return Ok(Built::Object(compiled.object)),
            _ => {}
        }
        let link = LinkOptions {
            linker: match options.linker {
                LinkWith::Builtin => Linker::Embedded,
                LinkWith::Cc => Linker::Cc,
            },
            strip: if options.strip {
                Strip::All
            } else {
                Strip::Nothing
            },
            libraries: options.libraries.clone(),
        };
        match timings.stage("link", || {
            dynop_link::link_executable(&compiled.object, &link)
        }) {
            Ok(bytes) => Ok(Built::Executable(bytes)),
            Err(LinkError::Linker(message)) if self.report_missing_symbols(&message) => Err(Stopped),
            // What we make ourselves links; what is given beside it may not.
            Err(error @ LinkError::Linker(_)) if !options.libraries.is_empty() => self.stopped(
                "linking",
                &error.to_string(),
                crate::foreign::help_of(&error.to_string()),
            ),
            Err(error @ LinkError::Linker(_)) => self.broken("linking", &error.to_string()),
            Err(error) => self.stopped(
                "linking",
                &error.to_string(),
                "this concerns `--linker cc` alone; without it no other program and no temporary file is needed",
            ),
        }
    }

    /// Reports the extern functions whose symbols the linker has missed; whether there are any.
    fn report_missing_symbols(&mut self, message: &str) -> bool {
        let found = self
            .program
            .as_ref()
            .map(|program| foreign::missing_symbols(program, message))
            .unwrap_or_default();
        let any = !found.is_empty();
        self.diagnostics.extend(found);
        any
    }

    /// A stage failed on what the stages before it gave: a bug here, or a limit, not in the program.
    fn broken(&mut self, stage: &str, message: &str) -> Result<Built, Stopped> {
        let help = "this is a bug in the compiler; please report it with the program";
        self.stopped(stage, message, help)
    }

    /// A stage failed for a reason that is not in the program.
    fn stopped(&mut self, stage: &str, message: &str, help: &str) -> Result<Built, Stopped> {
        let main = self
            .program
            .as_ref()
            .and_then(|program| program.main)
            .unwrap_or(FileId(0));
        let (first, rest) = message.split_once('\n').unwrap_or((message, ""));
        let mut found = Diagnostic::new(
            &codes::build::BACK_END,
            Span::new(main, 0, 0),
            format!("{stage} failed: {first}"),
        );
        if !rest.is_empty() {
            found = found.note(rest);
        }
        self.diagnostics.push(found.help(help));
        Err(Stopped)
    }
}
