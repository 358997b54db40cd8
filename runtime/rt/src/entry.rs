//! The C entry of a compiled program and its allocator. Present only in the static library (feature `entry`), since
//! `main` and the allocator exist once in an executable and those of the tests are others.

use std::ffi::{CStr, OsStr, OsString, c_char, c_int};
use std::os::unix::ffi::OsStrExt;

/// Worth a factor of 1.3 to 2.5 in programs that allocate on several threads, beside glibc's allocator. That one is taken
/// where the program is to be watched: valgrind knows it.
#[cfg(not(feature = "checked"))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

unsafe extern "C" {
    /// The program, defined by the object file that the compiler wrote.
    safe static dyn_program: dynop_abi::program::Program;
}

/// Called by the C start-up code.
// SAFETY: the only definition of `main` in the executable, with the signature that the C start-up code calls.
#[unsafe(no_mangle)]
pub extern "C" fn main(argc: c_int, argv: *const *const c_char) -> c_int {
    let count = usize::try_from(argc).unwrap_or(0);
    let arguments: Vec<OsString> = (0..count)
        // SAFETY: the start-up code gives `argc` pointers to C strings.
        .map(|index| unsafe { CStr::from_ptr(argv.add(index).read()) })
        .map(|argument| OsStr::from_bytes(argument.to_bytes()).to_owned())
        .collect();
    c_int::from(crate::run(&dyn_program, arguments))
}
