//! One program: started, fed, read, ended.

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use dynop_abi::context::{OK, Status, WaitFor};
use dynop_abi::entries::types::{Ctx, U32};
use dynop_values::failing::{Failure, NO_SITE};

use crate::shell::not_started;
use crate::watchdog;

/// How soon a command notices that its step is to end. Shorter would wake the machine more often for nothing.
const ATTENTION: Duration = Duration::from_millis(50);
/// How long a command may take to clean up after SIGTERM, before it is killed.
const GRACE: Duration = Duration::from_secs(2);
/// What is read at once.
const PIECE: usize = 64 * 1024;

/// Takes what a program writes, as it comes.
pub(crate) trait Reader {
    /// A piece of its standard output.
    fn output(&mut self, bytes: &[u8]) -> Result<(), Failure>;
    /// A piece of its standard error.
    fn error(&mut self, bytes: &[u8]) -> Result<(), Failure>;
}

/// A running program, the leader of a process group; dropping it kills the group.
pub(crate) struct Process {
    child: Child,
    input: Option<ChildStdin>,
    output: Option<ChildStdout>,
    error: Option<ChildStderr>,
    /// Becomes readable when the program ends. Not there on kernels older than 5.3.
    ended: Option<OwnedFd>,
    status: Option<ExitStatus>,
}

impl Process {
    /// Starts a program when it is its turn, and does with it what is to be done, while other steps compute. Without
    /// `has_input` its standard input is empty.
    ///
    /// # Safety
    /// `ctx` is the running step's.
    pub(crate) unsafe fn with<T>(
        ctx: Ctx,
        command: Command,
        has_input: bool,
        act: impl FnOnce(Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        // SAFETY: the caller's promise.
        unsafe {
            (*ctx).waiting_for(WaitFor::Command, || {
                check_on(ctx)?;
                act(Self::start(command, has_input).map_err(|error| not_started(&error))?)
            })
        }
    }

    /// Starts a program whose three streams are ours.
    fn start(mut command: Command, has_input: bool) -> io::Result<Self> {
        watchdog::watch(&mut command)?;
        command
            .stdin(if has_input {
                Stdio::piped()
            } else {
                Stdio::null()
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn()?;
        // The closure with the watchdog's pipe goes with it.
        drop(command);
        let process = Self {
            input: child.stdin.take(),
            output: child.stdout.take(),
            error: child.stderr.take(),
            ended: open_pid(child.id()),
            child,
            status: None,
        };
        for descriptor in process.descriptors() {
            never_block(descriptor)?;
        }
        Ok(process)
    }

    /// Those of the pipes that are open: input, output, error.
    fn descriptors(&self) -> impl Iterator<Item = RawFd> {
        let all = [
            self.input.as_ref().map(AsRawFd::as_raw_fd),
            self.output.as_ref().map(AsRawFd::as_raw_fd),
            self.error.as_ref().map(AsRawFd::as_raw_fd),
        ];
        all.into_iter().flatten()
    }

    /// Writes `input`, reads until the program and whatever shares its output have ended, and gives its status. Fails,
    /// the group having ended, where the step is to end, the time that it may take is over, or `reader` does not want to go
    /// on.
    ///
    /// # Safety
    /// `ctx` is the running step's.
    pub(crate) unsafe fn finish(
        mut self,
        ctx: Ctx,
        mut input: &[u8],
        reader: &mut dyn Reader,
        limit: Option<Duration>,
    ) -> Result<ExitStatus, Failure> {
        let start = Instant::now();
        let mut piece = vec![0; PIECE];
        loop {
            // SAFETY: the caller's promise.
            if let Err(failure) = unsafe { check_on(ctx) } {
                self.stop(&mut piece);
                return Err(failure);
            }
            if input.is_empty() {
                self.input = None;
            }
            if self.is_silent()
                && let Some(status) = self.reap()
            {
                return Ok(status);
            }
            let left = limit.map(|limit| limit.saturating_sub(start.elapsed()));
            if left == Some(Duration::ZERO) {
                self.stop(&mut piece);
                let limit = limit.unwrap_or_default();
                return Err(format!("the command did not end within {limit:?}").into());
            }
            self.wait(left.map_or(ATTENTION, |left| left.min(ATTENTION)));
            self.feed(&mut input);
            if let Err(failure) = self.read(&mut piece, reader) {
                self.stop(&mut piece);
                return Err(failure);
            }
        }
    }

    /// Whether nothing more can come from it.
    fn is_silent(&self) -> bool {
        self.output.is_none() && self.error.is_none()
    }

    /// Waits until a pipe is ready or, these being closed, the program ends.
    fn wait(&self, at_most: Duration) {
        let slot = |descriptor, events| libc::pollfd {
            fd: descriptor,
            events,
            revents: 0,
        };
        let mut slots = Vec::with_capacity(4);
        if let Some(input) = &self.input {
            slots.push(slot(input.as_raw_fd(), libc::POLLOUT));
        }
        for pipe in [
            self.output.as_ref().map(AsRawFd::as_raw_fd),
            self.error.as_ref().map(AsRawFd::as_raw_fd),
        ] {
            slots.extend(pipe.map(|pipe| slot(pipe, libc::POLLIN)));
        }
        let mut at_most = at_most;
        if self.is_silent() {
            match &self.ended {
                Some(ended) => slots.push(slot(ended.as_raw_fd(), libc::POLLIN)),
                None => at_most = Duration::from_millis(2),
            }
        }
        // SAFETY: the records are valid for the call. Whatever it gives, the pipes are tried.
        unsafe {
            libc::poll(
                slots.as_mut_ptr(),
                slots.len() as libc::nfds_t,
                at_most.as_nanos().div_ceil(1_000_000) as libc::c_int,
            );
        }
    }

    /// Writes as much of the input as there is room for.
    fn feed(&mut self, input: &mut &[u8]) {
        let Some(pipe) = &mut self.input else {
            return;
        };
        while !input.is_empty() {
            match pipe.write(input) {
                Ok(written) => *input = &input[written..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // It does not want to read the rest, which is its own business.
                Err(_) => *input = &[],
            }
        }
    }

    /// Reads what there is.
    fn read(&mut self, piece: &mut [u8], reader: &mut dyn Reader) -> Result<(), Failure> {
        let mut result = Ok(());
        if let Some(pipe) = &mut self.output
            && read_some(pipe, piece, |bytes| {
                result = reader.output(bytes);
            })
        {
            self.output = None;
        }
        result?;
        let mut result = Ok(());
        if let Some(pipe) = &mut self.error
            && read_some(pipe, piece, |bytes| {
                result = reader.error(bytes);
            })
        {
            self.error = None;
        }
        result
    }

    /// The status, if the program has ended: then its group is killed, and it leaves no zombie.
    fn reap(&mut self) -> Option<ExitStatus> {
        if self.status.is_some() {
            return self.status;
        }
        let id = self.child.id();
        // SAFETY: the record is plain; WNOWAIT leaves the zombie, so that the number is still its own below.
        let ended = unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
            libc::waitid(libc::P_PID, id, &raw mut info, options) == 0 && info.si_pid() != 0
        };
        if !ended {
            return None;
        }
        self.signal(libc::SIGKILL);
        watchdog::forget(id);
        self.status = self.child.wait().ok();
        self.status
    }

    fn signal(&self, signal: libc::c_int) {
        let group = i32::try_from(self.child.id()).unwrap_or(0);
        if group > 1 && self.status.is_none() {
            // SAFETY: a plain system call; the leader has not been waited for, so that the group is its own.
            unsafe { libc::kill(-group, signal) };
        }
    }

    /// Asks the group to end and, after a while, kills it.
    fn stop(&mut self, piece: &mut [u8]) {
        self.input = None;
        self.signal(libc::SIGTERM);
        let end = Instant::now() + GRACE;
        while self.reap().is_none() && Instant::now() < end {
            self.wait(Duration::from_millis(5));
            // Nothing else would be read, but a program that waits for room in a pipe could not end.
            let _ = self.read(piece, &mut Nobody);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.status.is_some() {
            return;
        }
        self.signal(libc::SIGKILL);
        watchdog::forget(self.child.id());
        self.status = self.child.wait().ok();
    }
}

/// Reads nothing.
struct Nobody;

impl Reader for Nobody {
    fn output(&mut self, _: &[u8]) -> Result<(), Failure> {
        Ok(())
    }

    fn error(&mut self, _: &[u8]) -> Result<(), Failure> {
        Ok(())
    }
}

/// Reads one piece if there is one, and gives whether the pipe is at its end.
fn read_some(pipe: &mut impl Read, piece: &mut [u8], mut take: impl FnMut(&[u8])) -> bool {
    match pipe.read(piece) {
        Ok(0) => true,
        Ok(length) => {
            take(&piece[..length]);
            false
        }
        Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted),
    }
}

fn never_block(descriptor: RawFd) -> io::Result<()> {
    // SAFETY: plain system calls on a descriptor of ours. The other end of the pipe is another description.
    let done = unsafe {
        let flags = libc::fcntl(descriptor, libc::F_GETFL);
        flags != -1 && libc::fcntl(descriptor, libc::F_SETFL, flags | libc::O_NONBLOCK) != -1
    };
    if done {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// A descriptor of a process; it is closed in programs that are started, as all of `pidfd_open` are.
fn open_pid(id: u32) -> Option<OwnedFd> {
    // SAFETY: a plain system call that gives a new descriptor, or -1.
    unsafe {
        let descriptor = libc::syscall(libc::SYS_pidfd_open, id as libc::pid_t, 0);
        let descriptor = RawFd::try_from(descriptor).ok().filter(|&one| one >= 0)?;
        Some(OwnedFd::from_raw_fd(descriptor))
    }
}

/// Fails where the step is cancelled or out of time.
///
/// # Safety
/// `ctx` is the running step's.
unsafe fn check_on(ctx: Ctx) -> Result<(), Failure> {
    unsafe extern "C" {
        fn dyn_poll(ctx: Ctx, site: U32) -> Status;
    }
    // SAFETY: the caller's promise.
    unsafe {
        if (*ctx).poll.load(Ordering::Relaxed) != 0 && dyn_poll(ctx, NO_SITE) != OK {
            // It has recorded why; the first failure counts.
            return Err("cancelled".into());
        }
    }
    Ok(())
}
