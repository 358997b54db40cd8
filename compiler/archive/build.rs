//! Builds the runtime archive and collects the files of the C toolchain, for `src/lib.rs` to embed.
//!
//! The runtime is a member of this workspace, but it must become a static library for a target and with flags of its
//! own, which cargo cannot say of a dependency on the stable channel. So this script calls cargo once more:
//!
//! * with a target directory of its own, `<target>/runtime-archive`, shared by all profiles of the outer build, so that
//!   the runtime is built once and two cargos never wait for each other's lock;
//! * with `--target`, so that `+crt-static` reaches neither build scripts nor procedural macros;
//! * without the variables by which the outer cargo describes *its* build to this script.
//!
//! `DYNOP_RUNTIME_ARCHIVE=FILE` takes a finished archive instead. `DYNOP_RUNTIME_CHECKED=1` builds a runtime that checks
//! itself: assertions, overflows, a count of buffers at the end of a program (exit code 97 where one is left), and an
//! allocator that valgrind watches.
//!
//! The C files come from the C compiler on the path (Debian: packages `gcc` and `libc6-dev`), which is asked where they are.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The only platform for which Dynop makes executables.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// A prebuilt runtime archive to embed instead of building one.
const PREBUILT: &str = "DYNOP_RUNTIME_ARCHIVE";

/// Builds a runtime that checks itself.
const CHECKED: &str = "DYNOP_RUNTIME_CHECKED";

/// Start-up objects of a static position-independent executable, in the order in which they are linked, and whether
/// each stands before or after the program.
const START_UP: [(&str, Place); 5] = [
    ("rcrt1.o", Place::Before),
    ("crti.o", Place::Before),
    ("crtbeginS.o", Place::Before),
    ("crtendS.o", Place::After),
    ("crtn.o", Place::After),
];

/// C libraries, searched in a circle until nothing is missing. Of `libm`, which may be a linker script, the first archive
/// is meant.
const LIBRARIES: [&str; 4] = ["libc.a", "libm.a", "libgcc.a", "libgcc_eh.a"];

#[derive(Clone, Copy)]
enum Place {
    Before,
    After,
}

/// Why there is nothing to embed, in words for whoever builds the compiler.
type Failure = String;

fn main() {
    if let Err(failure) = embed() {
        eprintln!("error: {failure}");
        std::process::exit(1);
    }
}

fn embed() -> Result<(), Failure> {
    let out = PathBuf::from(variable("OUT_DIR")?);
    let target = variable("TARGET")?;
    if target != TARGET {
        return Err(format!(
            "dynopc can be built for {TARGET} alone so far, not for {target}"
        ));
    }
    let root = workspace_root()?;
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed={PREBUILT}");
    println!("cargo::rerun-if-env-changed={CHECKED}");
    let archive = out.join("runtime.a");
    match env::var_os(PREBUILT) {
        Some(prebuilt) => {
            println!("cargo::rerun-if-changed={}", Path::new(&prebuilt).display());
            copy(Path::new(&prebuilt), &archive)?;
        }
        None => {
            for source in ["runtime", "Cargo.lock", "Cargo.toml"] {
                // Seen from this folder: a target directory may go with its checkout to another place.
                println!("cargo::rerun-if-changed=../../{source}");
            }
            let checked = env::var_os(CHECKED).is_some_and(|value| value != "0");
            let built = build_runtime(&root, &nested_target_directory(&out, checked), checked)?;
            strip_debug_information(&built, &archive)?;
        }
    }
    embed_c_files(&out)
}

fn variable(name: &str) -> Result<String, Failure> {
    env::var(name).map_err(|_| format!("{name} is not set; this script is run by cargo"))
}

fn workspace_root() -> Result<PathBuf, Failure> {
    let manifest = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let root = manifest
        .ancestors()
        .nth(2)
        .filter(|root| root.join("runtime/rt/Cargo.toml").exists());
    root.map(Path::to_path_buf).ok_or_else(|| {
        format!(
            "no runtime beside {}; give a finished archive in {PREBUILT}",
            manifest.display()
        )
    })
}

/// Inside the outer target directory, whatever it is called. Cargo marks it with a `CACHEDIR.TAG`, and the directory of
/// each target in it too.
fn nested_target_directory(out: &Path, checked: bool) -> PathBuf {
    let is_marked = |directory: &&Path| directory.join("CACHEDIR.TAG").exists();
    let marked = out.ancestors().find(is_marked).unwrap_or(out);
    let directory = match marked.parent().filter(is_marked) {
        Some(parent) if marked.ends_with(TARGET) => parent,
        _ => marked,
    };
    directory.join(match checked {
        false => "runtime-archive",
        true => "runtime-archive-checked",
    })
}

fn build_runtime(root: &Path, target_directory: &Path, checked: bool) -> Result<PathBuf, Failure> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(root)
        .args([
            "rustc",
            "--package",
            "dynop_rt",
            "--lib",
            "--crate-type",
            "staticlib",
            "--features",
            if checked { "entry,checked" } else { "entry" },
        ])
        .args([
            "--profile",
            "runtime",
            "--target",
            TARGET,
            "--quiet",
            "--target-dir",
        ])
        .arg(target_directory);
    if checked {
        for setting in ["debug-assertions", "overflow-checks"] {
            cargo.arg("--config");
            cargo.arg(format!("profile.runtime.{setting}=true"));
        }
    }
    for (name, _) in env::vars_os() {
        if name.to_str().is_none_or(describes_the_outer_build) {
            cargo.env_remove(name);
        }
    }
    // Flags of the environment rather than of the configuration file: they hold for the target alone, since `--target` is
    // given. The folder of the crates' sources would else stand before each of their file names in every executable: some
    // twenty kilobytes, other ones on each machine.
    let mut flags = vec!["-Ctarget-feature=+crt-static".to_owned()];
    if let Some(home) = cargo_home() {
        flags.push(format!(
            "--remap-path-prefix={}=crates",
            home.join("registry/src").display()
        ));
    }
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    let status = cargo
        .status()
        .map_err(|error| format!("cargo could not be started: {error}"))?;
    if !status.success() {
        return Err(
            "the runtime (package dynop_rt, feature entry) could not be built; see above"
                .to_owned(),
        );
    }
    Ok(target_directory.join(TARGET).join("runtime/libdynop_rt.a"))
}

/// Where cargo keeps what it downloads.
fn cargo_home() -> Option<PathBuf> {
    let named = env::var_os("CARGO_HOME").map(PathBuf::from);
    named.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")))
}

/// Whether a variable was set by the outer cargo, for its build, and would mislead the nested one.
fn describes_the_outer_build(name: &str) -> bool {
    const EXACT: [&str; 18] = [
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_BUILD_TARGET",
        "CARGO_BUILD_RUSTFLAGS",
        "CARGO_TARGET_DIR",
        "CARGO_BUILD_TARGET_DIR",
        "CARGO_MAKEFLAGS",
        "CARGO_INCREMENTAL",
        "MAKEFLAGS",
        "MFLAGS",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTFLAGS",
        "TARGET",
        "HOST",
        "PROFILE",
        "OPT_LEVEL",
        "DEBUG",
        "OUT_DIR",
    ];
    const PREFIXES: [&str; 5] = [
        "CARGO_FEATURE_",
        "CARGO_CFG_",
        "CARGO_PKG_",
        "CARGO_MANIFEST_",
        "DEP_",
    ];
    EXACT.contains(&name)
        || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || (name.starts_with("CARGO_TARGET_") && name.ends_with("_RUSTFLAGS"))
}

/// The standard library brings line tables for all of itself, which nobody reads in a compiled Dynop program and which
/// make up more than half of the archive.
fn strip_debug_information(from: &Path, to: &Path) -> Result<(), Failure> {
    let strip = ask_c_compiler("-print-prog-name=strip")?;
    let status = Command::new(&strip)
        .arg("--strip-debug")
        .arg("-o")
        .arg(to)
        .arg(from)
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{strip} on {}: {status}", from.display())),
        Err(error) => Err(format!(
            "{strip} could not be started (Debian: package binutils): {error}"
        )),
    }
}

/// Copies the files beside the runtime archive and writes `c_files.rs`, the list of them.
fn embed_c_files(out: &Path) -> Result<(), Failure> {
    let mut before = String::new();
    let mut after = String::new();
    let mut libraries = String::new();
    for (name, place) in START_UP {
        copy(&find_c_file(name)?, &out.join(name))?;
        let list = match place {
            Place::Before => &mut before,
            Place::After => &mut after,
        };
        add_to_list(list, name);
    }
    for name in LIBRARIES {
        copy(&archive_behind(&find_c_file(name)?)?, &out.join(name))?;
        add_to_list(&mut libraries, name);
    }
    let list = format!(
        "const BEFORE: &[EmbeddedFile] = &[{before}];\nconst AFTER: &[EmbeddedFile] = &[{after}];\n\
         const LIBRARIES: &[EmbeddedFile] = &[{libraries}];\n"
    );
    let path = out.join("c_files.rs");
    fs::write(&path, list).map_err(|error| format!("{}: {error}", path.display()))
}

fn add_to_list(list: &mut String, name: &str) {
    let result = write!(list, "\n    file!(\"{name}\"),");
    debug_assert!(result.is_ok(), "writing to a string cannot fail");
}

fn find_c_file(name: &str) -> Result<PathBuf, Failure> {
    let path = PathBuf::from(ask_c_compiler(&format!("-print-file-name={name}"))?);
    // A file that the compiler does not find is answered by its bare name.
    if !path.is_absolute() {
        return Err(format!(
            "the C compiler knows no {name} (Debian: packages gcc and libc6-dev)"
        ));
    }
    println!("cargo::rerun-if-changed={}", path.display());
    Ok(path)
}

/// `path` itself if it is an archive, or the first archive that the linker script there names.
fn archive_behind(path: &Path) -> Result<PathBuf, Failure> {
    let content = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    if content.starts_with(b"!<arch>") {
        return Ok(path.to_path_buf());
    }
    let script = String::from_utf8_lossy(&content);
    let named = script
        .split_whitespace()
        .find(|word| word.starts_with('/') && word.ends_with(".a"));
    named
        .map(PathBuf::from)
        .ok_or_else(|| format!("{} is neither an archive nor names one", path.display()))
}

fn ask_c_compiler(question: &str) -> Result<String, Failure> {
    println!("cargo::rerun-if-env-changed=CC");
    let compiler = env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let output = Command::new(&compiler)
        .arg(question)
        .output()
        .map_err(|error| {
            format!("{compiler} could not be started (Debian: package gcc): {error}")
        })?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::copy(from, to)
        .map(drop)
        .map_err(|error| format!("{}: {error}", from.display()))
}
