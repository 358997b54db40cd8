//! What a Rust program's start-up code would have done, and signals.

use std::sync::Arc;

use dynop_pool::Cancel;

/// Makes the process fit to run: without standard streams `/dev/null` takes their place, so that a file opened later does
/// not become one; writing to a closed pipe is an error instead of the end.
pub fn prepare() {
    // SAFETY: plain system calls on the first three descriptors.
    unsafe {
        for descriptor in 0..3 {
            if libc::fcntl(descriptor, libc::F_GETFD) == -1 {
                // The lowest free number is just this one.
                libc::open(c"/dev/null".as_ptr(), libc::O_RDWR);
            }
        }
        libc::signal(libc::SIGPIPE, libc::SIG_IGN);
    }
    end_with_parent();
}

/// Has this process killed when its parent is, where that asked for it: `DYNOP_END_WITH` is the parent's number. The parent
/// keeps the thread that started this process until it has ended, since the end of that thread counts.
fn end_with_parent() {
    const NAME: &str = "DYNOP_END_WITH";
    let Some(parent) = std::env::var(NAME).ok().and_then(|id| id.parse().ok()) else {
        return;
    };
    // SAFETY: the process has one thread so far. What it starts has another parent, and must not take the number for its
    // own. The rest are plain system calls.
    unsafe {
        std::env::remove_var(NAME);
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL as libc::c_ulong);
        if libc::getppid() != parent {
            // It ended before it could be noticed.
            libc::_exit(i32::from(crate::INTERRUPTED));
        }
    }
}

/// Has Ctrl-C, SIGTERM and the end of the terminal (SIGHUP) end the run: at the first, `noticed` is called and the run is
/// cancelled; a second one ends the process at once. Call it before the first thread is started: threads inherit that these signals are left to the one
/// that waits for them.
///
/// A signal that the parent had ignored (`nohup`, jobs in the background of a script) stays ignored.
pub fn cancel_on_signals(cancel: Arc<Cancel>, noticed: impl FnOnce() + Send + 'static) {
    let Some(signals) = block_signals() else {
        return;
    };
    let waiting = move || {
        wait(&signals);
        noticed();
        cancel.cancel();
        // The end of a terminal is told by the kernel and by the shell.
        while wait(&signals) == libc::SIGHUP {}
        // SAFETY: ends the process without running anything else.
        unsafe { libc::_exit(i32::from(crate::INTERRUPTED)) }
    };
    // Without this thread Ctrl-C would do nothing, so the signals are given back.
    if std::thread::Builder::new()
        .name("signals".to_owned())
        .stack_size(64 * 1024)
        .spawn(waiting)
        .is_err()
    {
        unblock_signals();
    }
}

fn signals_we_take() -> libc::sigset_t {
    // SAFETY: an empty set is made before it is used.
    unsafe {
        let mut set = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
            let mut action: libc::sigaction = std::mem::zeroed();
            let known = libc::sigaction(signal, std::ptr::null(), &raw mut action) == 0;
            if known && action.sa_sigaction != libc::SIG_IGN {
                libc::sigaddset(&raw mut set, signal);
            }
        }
        set
    }
}

fn block_signals() -> Option<libc::sigset_t> {
    let set = signals_we_take();
    // SAFETY: a valid set.
    let result =
        unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut()) };
    (result == 0).then_some(set)
}

fn unblock_signals() {
    let set = signals_we_take();
    // SAFETY: a valid set.
    unsafe { libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const set, std::ptr::null_mut()) };
}

/// Waits for a signal, and gives it.
fn wait(signals: &libc::sigset_t) -> libc::c_int {
    let mut signal = 0;
    // SAFETY: a valid set; fails only for an invalid one.
    unsafe { libc::sigwait(signals, &raw mut signal) };
    signal
}
