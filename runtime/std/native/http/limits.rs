//! How long a request may wait. The request itself knows nothing of it: whatever waits for the network does so by
//! [`wait`], which ends when the step is to end or the time is up.

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::os::fd::RawFd;
use std::time::{Duration, Instant};

use dynop_abi::context::WaitFor;
use dynop_abi::entries::types::Ctx;

use crate::convention::check_on;

/// How soon a request notices that its step is to end. Shorter would wake the machine more often for nothing.
const ATTENTION: Duration = Duration::from_millis(50);

/// The limits of a request.
#[derive(Clone)]
pub(super) struct Limits {
    /// The running step's.
    pub ctx: Ctx,
    /// What was said in the program, for the message.
    pub timeout: Duration,
    /// When all of it must be over.
    pub end: Option<Instant>,
}

thread_local! {
    /// Of the request that this thread is at.
    static LIMITS: RefCell<Option<Limits>> = const { RefCell::new(None) };
}

/// Holds the limits of a request as long as it lasts.
pub(super) struct Within(());

impl Within {
    /// # Safety
    /// The limits' context is the running step's as long as this lives.
    pub(super) unsafe fn new(limits: Limits) -> Self {
        LIMITS.set(Some(limits));
        Self(())
    }
}

impl Drop for Within {
    fn drop(&mut self) {
        LIMITS.set(None);
    }
}

/// A reason that is told as it is.
#[derive(Debug)]
pub(super) struct Told(pub String);

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Told {}

/// An error that is told as it is.
pub(super) fn told(message: impl Into<String>) -> io::Error {
    io::Error::other(Told(message.into()))
}

/// Waits until a descriptor is ready for `events`; with `at_most`, gives false after that time. Fails where the step is to
/// end or the request's time is up.
pub(super) fn wait(
    descriptor: RawFd,
    events: libc::c_short,
    at_most: Option<Duration>,
) -> io::Result<bool> {
    let limits = LIMITS.with_borrow(Clone::clone);
    if is_ready(descriptor, events, Duration::ZERO) {
        return check(limits.as_ref()).map(|()| true);
    }
    let go_on = || wait_for(descriptor, events, at_most, limits.as_ref());
    match &limits {
        // SAFETY: whoever has set the limits promises that the context is the running step's.
        Some(limits) => unsafe { (*limits.ctx).waiting_for(WaitFor::Event, go_on) },
        None => go_on(),
    }
}

fn wait_for(
    descriptor: RawFd,
    events: libc::c_short,
    at_most: Option<Duration>,
    limits: Option<&Limits>,
) -> io::Result<bool> {
    let begin = Instant::now();
    // Without an end for all of it, it is each wait that may take so long.
    let end = limits.and_then(|limits| limits.end.or_else(|| begin.checked_add(limits.timeout)));
    loop {
        check(limits)?;
        let now = Instant::now();
        let mut pause = ATTENTION;
        if let (Some(limits), Some(end)) = (limits, end) {
            if now >= end {
                return Err(told(late(limits)));
            }
            pause = pause.min(end - now);
        }
        if let Some(at_most) = at_most {
            let waited = now - begin;
            if waited >= at_most {
                return Ok(false);
            }
            pause = pause.min(at_most - waited);
        }
        if is_ready(descriptor, events, pause) {
            return Ok(true);
        }
    }
}

fn is_ready(descriptor: RawFd, events: libc::c_short, at_most: Duration) -> bool {
    let mut slot = libc::pollfd {
        fd: descriptor,
        events,
        revents: 0,
    };
    // Rounded up, so that the last wait is not many of no time.
    let pause = at_most.as_micros().div_ceil(1000) as libc::c_int;
    // SAFETY: the record is valid for the call.
    unsafe { libc::poll(&raw mut slot, 1, pause) > 0 }
}

/// Fails where the step is to end, or all of the time is up.
fn check(limits: Option<&Limits>) -> io::Result<()> {
    let Some(limits) = limits else {
        return Ok(());
    };
    // SAFETY: whoever has set the limits promises that the context is the running step's.
    unsafe { check_on(limits.ctx) }.map_err(|_| told("the step ends"))?;
    match limits.end {
        Some(end) if Instant::now() >= end => Err(told(late(limits))),
        _ => Ok(()),
    }
}

fn late(limits: &Limits) -> String {
    let timeout = limits.timeout;
    if limits.end.is_some() {
        format!("there was no whole answer within {timeout:?}")
    } else {
        format!("the server was silent for {timeout:?}")
    }
}
