//! How native functions fail: they record the failure in the step's context through the entry points that compiled code
//! uses, with no place of their own. The caller's `dyn_trace` then says where.

use dynop_abi::context::{FAILED, Status, StepContext};
use dynop_abi::entries::types::{Ctx, Ptr, U8, U32};

use crate::memory::NoMemory;
use crate::text::{self, Text};

/// A site number that stands for no place.
pub const NO_SITE: u32 = u32::MAX;

unsafe extern "C" {
    fn dyn_fail_message(ctx: Ctx, site: U32, message: Ptr, retry: U8);
    fn dyn_fail_memory(ctx: Ctx, site: U32);
}

/// Why a native function fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// There is no memory.
    Memory,
    /// With this message, in the language's words.
    Message(String),
}

impl From<NoMemory> for Failure {
    fn from(_: NoMemory) -> Self {
        Self::Memory
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self::Message(message)
    }
}

impl From<&str> for Failure {
    fn from(message: &str) -> Self {
        Self::Message(message.to_owned())
    }
}

/// Records a failure at a site and gives [`FAILED`].
///
/// # Safety
/// `ctx` is the context of the running step.
#[cold]
pub unsafe fn fail_at(ctx: *mut StepContext, site: u32, failure: &Failure) -> Status {
    // SAFETY: the caller's promise; the message is borrowed.
    unsafe {
        match failure {
            Failure::Memory => dyn_fail_memory(ctx, site),
            Failure::Message(message) => match text::new(message.as_bytes()) {
                Ok(mut repr) => {
                    dyn_fail_message(ctx, site, (&raw mut repr).cast(), 1);
                    drop(Text::from_repr(repr));
                }
                Err(NoMemory) => dyn_fail_memory(ctx, site),
            },
        }
    }
    FAILED
}

/// Records a failure without a place and gives [`FAILED`].
///
/// # Safety
/// `ctx` is the context of the running step.
#[cold]
pub unsafe fn fail(ctx: *mut StepContext, failure: &Failure) -> Status {
    // SAFETY: the caller's promise.
    unsafe { fail_at(ctx, NO_SITE, failure) }
}

/// The status of a result; a failure is recorded without a place.
///
/// # Safety
/// `ctx` is the context of the running step.
#[inline]
pub unsafe fn status<E: Into<Failure>>(ctx: *mut StepContext, result: Result<(), E>) -> Status {
    match result {
        Ok(()) => dynop_abi::context::OK,
        // SAFETY: the caller's promise.
        Err(failure) => unsafe { fail(ctx, &failure.into()) },
    }
}
