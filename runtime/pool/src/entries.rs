//! The entry points by which a running step fails, yields and hands over outputs.

use dynop_abi::context::{FAILED, OK, Status};
use dynop_abi::desc::TypeDesc;
use dynop_abi::entries::types::{Ctx, Desc, I64, Ptr, U8, U32};
use dynop_abi::layout::StrRepr;
use dynop_values::{NoMemory, Owned, display, text, walk};

use crate::failure::{self, Kind};
use crate::running::{Key, NO_SITE, Returned, Running};
use crate::step_key;

/// The longest mapping key, in bytes.
const MAX_KEY: usize = 255;

/// # Safety
/// `ctx` is the context that the pool gave to the running step.
unsafe fn running<'c>(ctx: Ctx) -> &'c mut Running<'c, 'c> {
    // SAFETY: the caller's promise: a `Running` begins with its `StepContext`.
    unsafe { &mut *ctx.cast() }
}

/// The key of the running step, for its log.
///
/// # Safety
/// `ctx` is the context that the pool gave to the running step.
pub unsafe fn running_step_key(ctx: Ctx) -> String {
    // SAFETY: the caller's promise.
    let running = unsafe { running(ctx) };
    // SAFETY: a running step has a clone, whose family lives as long as it runs.
    match unsafe { running.family.as_ref() } {
        Some(family) => running
            .shared
            .step_key(running.step, family, running.position),
        None => String::new(),
    }
}

macro_rules! failing {
    ($($(#[$doc:meta])* fn $name:ident($($arg:ident: $ty:ty),*) $kind:ident $message:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// `ctx` is the context of the running step; pointers hold values of their types.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(ctx: Ctx, site: U32 $(, $arg: $ty)*) {
            let message: String = $message;
            // SAFETY: the caller's promise.
            unsafe { running(ctx).fail(Kind::$kind, site, message) }
        }
    )*};
}

failing! {
    /// Integer overflow.
    fn dyn_fail_overflow(operator: U32, a: I64, b: I64) Overflow failure::overflow_message(operator, a, b);
    /// Division by zero.
    fn dyn_fail_division(operator: U32, a: I64) Division failure::division_message(operator, a);
    /// A shift outside 0..63.
    fn dyn_fail_shift(operator: U32, a: I64, b: I64) Shift failure::shift_message(operator, a, b);
    /// An index out of bounds.
    fn dyn_fail_index(index: I64, len: I64) Index failure::index_message(index, len);
    /// `unwrap` of `none`.
    fn dyn_fail_unwrap() Unwrap "`unwrap` of `none`".into();
    /// No memory.
    fn dyn_fail_memory() Memory "out of memory".into();
    /// No arm of a `match` fits.
    fn dyn_fail_match() Match "no arm of the `match` takes this value".into();
}

/// `fail "message"`, and native functions.
///
/// # Safety
/// `ctx` is the context of the running step, `message` holds a text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_fail_message(ctx: Ctx, site: U32, message: Ptr, _retry: U8) {
    // SAFETY: the caller's promise.
    unsafe {
        let message = text::as_str(&*message.cast::<StrRepr>()).to_owned();
        running(ctx).fail(Kind::Fail, site, message);
    }
}

/// A key that is not in a map.
///
/// # Safety
/// `ctx` is the context of the running step, `key` holds a value of `key_type`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_fail_key(ctx: Ctx, site: U32, key: Ptr, key_type: Desc) {
    // SAFETY: the caller's promise.
    unsafe {
        let shown = display::brief(key, &*key_type);
        running(ctx).fail(
            Kind::Key,
            site,
            format!("there is no key {shown} in the map"),
        );
    }
}

/// The stack limit was reached: too deep, or the step was cancelled.
///
/// # Safety
/// `ctx` is the context of the running step.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_fail_stack(ctx: Ctx, site: U32) {
    // SAFETY: the caller's promise.
    let running = unsafe { running(ctx) };
    if running.shared.request.cancel.is_requested() {
        running.fail(Kind::Cancelled, site, "cancelled".into());
    } else {
        running.fail(
            Kind::Stack,
            site,
            "calls are nested too deeply for the stack".into(),
        );
    }
}

/// How many lines of a trace are kept: the innermost and outermost half each. Deep recursion would fill memory.
const MAX_TRACE: usize = 64;

/// Adds a caller's place to the failure; the first one is the place of a failure that has none.
///
/// # Safety
/// `ctx` is the context of the running step.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_trace(ctx: Ctx, site: U32) {
    // SAFETY: the caller's promise.
    if let Some(failure) = unsafe { &mut running(ctx).failure } {
        if failure.site == NO_SITE {
            failure.site = site;
            return;
        }
        if failure.trace.len() == MAX_TRACE {
            failure.trace.remove(MAX_TRACE / 2);
        }
        failure.trace.push(site);
    }
}

/// A loop saw `poll`.
///
/// # Safety
/// `ctx` is the context of the running step.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_poll(ctx: Ctx, site: U32) -> Status {
    // SAFETY: the caller's promise.
    let running = unsafe { running(ctx) };
    if running.shared.request.cancel.is_requested() {
        running.fail(Kind::Cancelled, site, "cancelled".into());
        return FAILED;
    }
    OK
}

/// Takes the failure out of the context.
///
/// # Safety
/// `ctx` is the context of the running step; the others are memory for texts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_catch(ctx: Ctx, message: Ptr, kind: Ptr, trace: Ptr) -> Status {
    // SAFETY: the caller's promise.
    let running = unsafe { running(ctx) };
    let Some(failure) = running.failure.take_if(|failure| failure.kind.catchable()) else {
        return FAILED;
    };
    let texts = [
        (message, failure.message.clone()),
        (kind, failure.kind.word().into()),
        (trace, running.trace_text(&failure)),
    ];
    for (place, value) in texts {
        // Without memory for it, a shorter text is better than none of the handler.
        let repr = text::new(value.as_bytes()).unwrap_or(StrRepr { words: [0; 2] });
        // SAFETY: the caller's promise.
        unsafe { place.cast::<StrRepr>().write(repr) };
    }
    OK
}

/// A dynamic value, handed on at once.
///
/// # Safety
/// `ctx` is the context of the running step, `value` holds a value of the output's type, which is taken over, `key` a text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_yield(
    ctx: Ctx,
    site: U32,
    output: U32,
    value: Ptr,
    key: Ptr,
) -> Status {
    // SAFETY: the caller's promise.
    unsafe {
        let running = running(ctx);
        let key = &*key.cast::<StrRepr>();
        if !check_key(running, site, key) {
            walk::release(value, output_type(running, output));
            return FAILED;
        }
        if running.push(output, value, key, site) && running.hand_on_some(output) {
            OK
        } else {
            FAILED
        }
    }
}

/// An item of a returned list, handed on when the op has succeeded.
///
/// # Safety
/// As for [`dyn_yield`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_return_item(
    ctx: Ctx,
    site: U32,
    output: U32,
    value: Ptr,
    key: Ptr,
) -> Status {
    // SAFETY: the caller's promise.
    unsafe {
        let running = running(ctx);
        let Some(value) = take(running, site, output, value) else {
            return FAILED;
        };
        let key = &*key.cast::<StrRepr>();
        if !check_key(running, site, key) {
            return FAILED;
        }
        if !running
            .returned_keys
            .insert((output, text::bytes(key).into()))
        {
            let same = |one: &&Returned| {
                one.output == output && text::bytes(&one.key.0) == text::bytes(key)
            };
            let first = running.returned.iter().find(same).map(|one| one.site);
            running.duplicate(site, key, first);
            return FAILED;
        }
        text::retain(key);
        running.returned.push(Returned {
            output,
            value,
            key: Key(*key),
            site,
        });
        OK
    }
}

/// A plain named output.
///
/// # Safety
/// `ctx` is the context of the running step, `value` holds a value of the output's type, which is taken over.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_output(ctx: Ctx, site: U32, output: U32, value: Ptr) -> Status {
    // SAFETY: the caller's promise.
    let running = unsafe { running(ctx) };
    // SAFETY: as above.
    let Some(value) = (unsafe { take(running, site, output, value) }) else {
        return FAILED;
    };
    if running.outputs.len() <= output as usize {
        running.outputs.resize_with(output as usize + 1, || None);
    }
    let slot = &mut running.outputs[output as usize];
    if slot.is_some() {
        let name = running.output_name(output);
        let message = format!("the output `{name}` is yielded twice");
        running.fail(Kind::Output, site, message);
        return FAILED;
    }
    *slot = Some(value);
    OK
}

/// The type of an output of the running step.
fn output_type(running: &Running<'_, '_>, output: u32) -> &'static TypeDesc {
    let ty = running.op().outputs[output as usize].ty;
    running.shared.request.program.types[ty as usize]
}

/// Takes a value over.
unsafe fn take(running: &mut Running<'_, '_>, site: u32, output: u32, value: Ptr) -> Option<Owned> {
    let desc = output_type(running, output);
    match Owned::zeroed(desc) {
        Ok(owned) => {
            // SAFETY: the caller's promise: the value has the output's type.
            unsafe { std::ptr::copy_nonoverlapping(value, owned.as_ptr(), desc.size as usize) };
            Some(owned)
        }
        Err(NoMemory) => {
            // SAFETY: as above.
            unsafe { walk::release(value, desc) };
            running.fail(Kind::Memory, site, "out of memory".into());
            None
        }
    }
}

/// Whether a mapping key may be one; else the step fails.
unsafe fn check_key(running: &mut Running<'_, '_>, site: u32, key: &StrRepr) -> bool {
    // SAFETY: the caller's promise: a text.
    let bytes = unsafe { text::bytes(key) };
    // A byte from 0x20 to 0x7e, as nearly all are, is a character of its own.
    let simple = |&byte: &u8| (0x20..0x7f).contains(&byte);
    if !bytes.is_empty() && bytes.len() <= MAX_KEY && bytes.iter().all(simple) {
        return true;
    }
    let problem = match std::str::from_utf8(bytes) {
        Err(_) => "the mapping key is not UTF-8 text".to_owned(),
        Ok("") => "the mapping key is empty".to_owned(),
        Ok(text) if text.len() > MAX_KEY => format!(
            "the mapping key is {} bytes long, over {MAX_KEY}",
            text.len()
        ),
        Ok(text) if text.chars().any(char::is_control) => format!(
            "the mapping key {} has a control character in it",
            step_key::quoted(text)
        ),
        Ok(_) => return true,
    };
    running.fail(Kind::Output, site, problem);
    false
}
