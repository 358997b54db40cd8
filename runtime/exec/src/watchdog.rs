//! Ends the commands of a process that is gone.
//!
//! A process that is killed can't end what it has started, and the kernel's parent-death signal reaches the direct child
//! alone, not the other end of its pipe; besides, it is sent when the *thread* ends that started the child. So a process
//! that runs commands has a watchdog: a little shell script in a session of its own, at one end of a pipe whose other end
//! only this process keeps. Each command says its process group to it before it begins (`+ 123`), and this process takes
//! it back before the number can be another's (`- 123`). At the end of the pipe, whatever caused it, the watchdog kills
//! the groups that are left, and ends.
//!
//! A command writes its line between `fork` and `exec`, while it has the pipe open itself: the watchdog can't see the end
//! of the pipe before the line. A script and not a forked copy of this process, since a copy would hold the memory of the
//! moment at which it was made for as long as the run lasts.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

const SCRIPT: &str = r#"
trap '' HUP INT TERM QUIT
groups=' '
while read -r what group; do
    case $what in
        +) groups="$groups$group " ;;
        -) case $groups in
            *" $group "*) groups="${groups%%" $group "*} ${groups#*" $group "}" ;;
        esac ;;
    esac
done
for group in $groups; do
    kill -KILL "-$group"
done
"#;

struct Watchdog {
    child: Child,
    pipe: Arc<OwnedFd>,
}

static WATCHDOG: Mutex<Option<Watchdog>> = Mutex::new(None);

fn start() -> io::Result<Watchdog> {
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", SCRIPT, "dynop-watchdog"])
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    // SAFETY: `setsid` may be called between `fork` and `exec`.
    unsafe {
        command.pre_exec(|| {
            libc::setsid();
            Ok(())
        });
    }
    let mut child = command.spawn()?;
    let pipe = child.stdin.take().map(OwnedFd::from);
    let pipe = pipe.ok_or_else(|| io::Error::other("no pipe"))?;
    Ok(Watchdog {
        child,
        pipe: Arc::new(pipe),
    })
}

/// The pipe to the watchdog, which is started if there is none.
fn pipe() -> io::Result<Arc<OwnedFd>> {
    let mut watchdog = WATCHDOG.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(running) = &mut *watchdog
        && matches!(running.child.try_wait(), Ok(None))
    {
        return Ok(Arc::clone(&running.pipe));
    }
    let started = start()?;
    let pipe = Arc::clone(&started.pipe);
    *watchdog = Some(started);
    Ok(pipe)
}

/// Has `command` begin a session, and so a process group, of its own and tell the watchdog of it. The signals that this
/// process leaves to one thread of its own reach the command, which could not be asked to end otherwise.
///
/// # Errors
/// Where the watchdog can't be started.
pub fn watch(command: &mut Command) -> io::Result<()> {
    let pipe = pipe()?;
    let begin = move || {
        // SAFETY: these may be called between `fork` and `exec`.
        let group = unsafe {
            let mut signals = std::mem::zeroed();
            libc::sigemptyset(&raw mut signals);
            libc::sigaddset(&raw mut signals, libc::SIGINT);
            libc::sigaddset(&raw mut signals, libc::SIGTERM);
            libc::sigaddset(&raw mut signals, libc::SIGHUP);
            libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const signals, std::ptr::null_mut());
            libc::setsid();
            libc::getpid()
        };
        let mut line = [0; 16];
        let length = write_line(&mut line, group.unsigned_abs());
        // SAFETY: the pipe is open as long as the closure is, and the bytes are there. So short a line is written whole.
        unsafe { libc::write(pipe.as_raw_fd(), line.as_ptr().cast(), length) };
        Ok(())
    };
    // SAFETY: the closure makes system calls and touches its own stack alone: no memory is allocated, no lock taken.
    unsafe { command.pre_exec(begin) };
    Ok(())
}

/// Writes `+ NUMBER` and a newline without allocating, and gives its length.
fn write_line(line: &mut [u8; 16], mut number: u32) -> usize {
    let mut digits = [0; 10];
    let mut first = digits.len();
    while first == digits.len() || number > 0 {
        first -= 1;
        digits[first] = b'0' + (number % 10) as u8;
        number /= 10;
    }
    let digits = &digits[first..];
    line[..2].copy_from_slice(b"+ ");
    line[2..2 + digits.len()].copy_from_slice(digits);
    line[2 + digits.len()] = b'\n';
    digits.len() + 3
}

/// Has the watchdog forget a group. Call it before its leader is waited for, since until then the number is its own.
pub fn forget(group: u32) {
    let watchdog = WATCHDOG.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(running) = &*watchdog else {
        return;
    };
    if let Ok(pipe) = running.pipe.try_clone() {
        // A watchdog that is gone has nothing to forget; SIGPIPE is ignored by every compiled program.
        let _ = File::from(pipe).write_all(format!("- {group}\n").as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::write_line;

    #[test]
    fn lines_of_the_watchdog() {
        for (number, expected) in [
            (1, "+ 1\n"),
            (4_194_304, "+ 4194304\n"),
            (u32::MAX, "+ 4294967295\n"),
        ] {
            let mut line = [0; 16];
            let length = write_line(&mut line, number);
            assert_eq!(&line[..length], expected.as_bytes());
        }
    }
}
