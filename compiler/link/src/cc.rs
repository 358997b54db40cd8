//! Linking by the machine's C compiler, for debugging: when an executable of the embedded linker misbehaves, this one
//! tells whether the linker is to blame.

use std::fs;
use std::process::Command;

use crate::{COMMON_ARGUMENTS, LIBRARIES, LinkError, LinkOptions, OBJECT, strip_argument};

pub(crate) fn link(object: &[u8], options: &LinkOptions) -> Result<Vec<u8>, LinkError> {
    let directory = tempfile::Builder::new()
        .prefix("dynopc-link-")
        .tempdir()
        .map_err(LinkError::Files)?;
    let runtime = dynop_archive::runtime();
    let mut inputs = vec![(OBJECT, object), (runtime.name, runtime.bytes)];
    let libraries = options.libraries.iter().map(Vec::as_slice);
    inputs.extend(LIBRARIES.into_iter().zip(libraries));
    for &(name, bytes) in &inputs {
        fs::write(directory.path().join(name), bytes).map_err(LinkError::Files)?;
    }
    let output = directory.path().join("program");
    let mut compiler = Command::new("cc");
    compiler
        .current_dir(directory.path())
        .arg("-static-pie")
        .arg("-o")
        .arg(&output);
    compiler
        .args(inputs.iter().map(|(name, _)| name))
        .arg("-lm");
    let strip = strip_argument(options.strip);
    for argument in COMMON_ARGUMENTS.into_iter().chain(strip) {
        compiler.arg(format!("-Wl,{argument}"));
    }
    let result = compiler.output().map_err(LinkError::NoCompiler)?;
    if !result.status.success() {
        return Err(LinkError::Linker(
            String::from_utf8_lossy(&result.stderr).into_owned(),
        ));
    }
    fs::read(&output).map_err(LinkError::Files)
}
