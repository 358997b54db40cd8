//! Ctrl-C ends a run, cleanly; a second one ends the process at once.

use std::sync::atomic::{AtomicI32, Ordering};

use dynop_pool::Cancel;

/// The writing end of a pipe, which the handler may write to as few other things are allowed there.
static PIPE: AtomicI32 = AtomicI32::new(-1);

extern "C" fn handler(_: libc::c_int) {
    let pipe = PIPE.load(Ordering::SeqCst);
    let byte = 1u8;
    // SAFETY: `write` may be called in a handler; the byte lives.
    unsafe { libc::write(pipe, (&raw const byte).cast(), 1) };
}

/// Runs `work`; SIGINT and SIGTERM meanwhile cancel it.
pub(crate) fn cancelling<T>(cancel: &Cancel, work: impl FnOnce() -> T) -> T {
    let mut ends = [-1; 2];
    // SAFETY: two descriptors are written.
    if unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) } != 0 {
        return work();
    }
    let [read, write] = ends;
    PIPE.store(write, Ordering::SeqCst);
    for signal in [libc::SIGINT, libc::SIGTERM] {
        // SAFETY: a zeroed action is a valid one; the handler only writes to a pipe.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = handler as *const () as usize;
            action.sa_flags = libc::SA_RESTART | libc::SA_RESETHAND;
            libc::sigaction(signal, &action, std::ptr::null_mut());
        }
    }
    let result = std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut byte = 0u8;
            // SAFETY: one byte is read into one byte.
            while unsafe { libc::read(read, (&raw mut byte).cast(), 1) } == 1 {
                if byte == 0 {
                    return;
                }
                crate::say("interrupted: ending the running steps (once more to end at once)");
                cancel.cancel();
            }
        });
        let result = work();
        let end = 0u8;
        // SAFETY: one byte is written; it ends the thread above.
        unsafe { libc::write(write, (&raw const end).cast(), 1) };
        result
    });
    PIPE.store(-1, Ordering::SeqCst);
    // SAFETY: both descriptors are ours and nobody uses them any more.
    unsafe {
        libc::close(read);
        libc::close(write);
    }
    result
}
