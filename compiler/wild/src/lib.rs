//! The Wild linker as one plain function over files held in memory.
//!
//! Called by `dynop_link` alone, which knows what to link; this crate knows only how to reach the linker. It does no
//! IO of its own: inputs are given as bytes and the output comes back as bytes.
//!
//! `libwild` is generic over its file system, so whoever names that type compiles the linker once more: minutes of
//! processor time. That is why this crate exists, is small, has no generic function, depends on nothing that changes,
//! and should rarely be touched.

mod files;

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use files::MemoryFiles;

/// A file for the linker to read.
#[derive(Debug)]
pub struct MemoryFile {
    /// The name by which the arguments refer to it. The linker tells archives and objects apart by content, not by name.
    pub name: &'static str,
    /// The whole content.
    pub bytes: Cow<'static, [u8]>,
}

/// What a link gave.
#[derive(Debug)]
pub struct Linked {
    /// The linked file, complete.
    pub bytes: Vec<u8>,
    /// What the linker found odd, one message each, in no particular order. Mostly empty.
    pub warnings: Vec<String>,
}

/// Links `files` as `arguments` say, which are those of GNU ld without the program's name and without `-o`.
///
/// The threads of rayon's global pool do the work. May be called any number of times, also from several threads.
///
/// # Errors
///
/// The linker's own words: a symbol that nothing defines, an input that is not understood, or a bug in the linker
/// (a panic in it is caught and reported as an error, after the process's panic hook has seen it).
pub fn link(arguments: &[&str], files: Vec<MemoryFile>) -> Result<Linked, String> {
    catch_unwind(AssertUnwindSafe(|| link_unguarded(arguments, files))).unwrap_or_else(|payload| {
        Err(format!(
            "the linker panicked: {}",
            panic_text(payload.as_ref())
        ))
    })
}

fn link_unguarded(arguments: &[&str], files: Vec<MemoryFile>) -> Result<Linked, String> {
    let all_arguments = || {
        ["ld", "-m", "elf_x86_64", "-o", files::OUTPUT]
            .into_iter()
            .chain(arguments.iter().copied())
    };
    let warnings = Arc::new(Mutex::new(Vec::new()));
    let warning_sink = Arc::clone(&warnings);
    let mut parsed = libwild::Args::new(all_arguments).map_err(|error| error.to_string())?;
    parsed.set_version("0.10.0");
    parsed.on_warning(Box::new(move |warning| {
        if let Ok(mut list) = warning_sink.lock() {
            list.push(warning.warning().to_owned());
        }
    }));
    parsed
        .parse(all_arguments)
        .map_err(|error| error.to_string())?;

    let memory = MemoryFiles::new(files);
    let output = memory.output();
    let linker = libwild::Linker::with_file_system(memory);
    linker.run(&parsed).map_err(|error| error.to_string())?;
    let bytes = output.lock().ok().and_then(|mut bytes| bytes.take());
    let bytes = bytes.ok_or_else(|| "the linker wrote no output".to_owned())?;
    let warnings = warnings
        .lock()
        .map(|mut list| std::mem::take(&mut *list))
        .unwrap_or_default();
    Ok(Linked { bytes, warnings })
}

fn panic_text(payload: &(dyn std::any::Any + Send)) -> &str {
    payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&'static str>().copied())
        .unwrap_or("no message")
}
