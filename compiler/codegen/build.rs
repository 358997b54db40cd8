//! With the feature `llvm`: links LLVM's static libraries, those that the back end uses and no more.
//!
//! `llvm-sys` could do it, but it asks for the system's libraries as shared ones, which a static executable cannot have.
//! So it is told not to link (feature `llvm22-1-no-llvm-linking`), and this script says what it would: LLVM is where
//! `LLVM_SYS_221_PREFIX` says, which `.cargo/config.toml` sets to where Debian's `llvm-22-dev` puts it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// Where LLVM is, as `llvm-sys` is told too.
const PREFIX: &str = "LLVM_SYS_221_PREFIX";

/// What the back end needs of LLVM; that `inkwell` frees execution engines with its modules needs theirs too.
const COMPONENTS: [&str; 5] = ["core", "executionengine", "irreader", "passes", "x86"];

/// What LLVM itself needs: the C++ library and two compressors.
const SYSTEM: [&str; 3] = ["stdc++", "zstd", "z"];

fn main() {
    println!("cargo::rerun-if-env-changed={PREFIX}");
    println!("cargo::rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_LLVM").is_some() {
        link();
    }
}

fn link() {
    let prefix = env::var(PREFIX).unwrap_or_else(|_| "/usr/lib/llvm-22".to_owned());
    let config = Path::new(&prefix).join("bin/llvm-config");
    let ask = |arguments: &[&str]| {
        let output = Command::new(&config).args(arguments).output();
        match output {
            Ok(output) if output.status.success() => {
                String::from_utf8_lossy(&output.stdout).trim().to_owned()
            }
            _ => panic!(
                "the feature `llvm` needs LLVM 22 with its static libraries: {} does not answer.\n\
                 Debian: apt-get install llvm-22-dev libzstd-dev zlib1g-dev\n\
                 Elsewhere: set {PREFIX}.",
                config.display()
            ),
        }
    };
    println!("cargo::rustc-link-search=native={}", ask(&["--libdir"]));
    let mut libraries = vec!["--link-static", "--libs"];
    libraries.extend(COMPONENTS);
    // Not bundled: they would be copied into the library of this crate, a hundred megabytes.
    for library in ask(&libraries).split_whitespace() {
        let name = library.trim_start_matches("-l");
        println!("cargo::rustc-link-lib=static:-bundle={name}");
    }
    let features = env::var("CARGO_CFG_TARGET_FEATURE").unwrap_or_default();
    let kind = if features.split(',').any(|feature| feature == "crt-static") {
        "static:-bundle"
    } else {
        "dylib"
    };
    for name in SYSTEM {
        if let Some(folder) = folder_of(&format!("lib{name}.a")) {
            println!("cargo::rustc-link-search=native={}", folder.display());
        }
        println!("cargo::rustc-link-lib={kind}={name}");
    }
}

/// Where the C compiler finds a library.
fn folder_of(file: &str) -> Option<PathBuf> {
    let output = Command::new("cc")
        .arg(format!("-print-file-name={file}"))
        .output()
        .ok()?;
    let path = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    let path = fs::canonicalize(path).ok()?;
    path.parent().map(Path::to_path_buf)
}
