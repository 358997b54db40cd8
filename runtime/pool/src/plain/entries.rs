//! The entry points by which a running step fails, yields and hands over outputs.

use std::sync::Arc;

use dynop_abi::context::{FAILED, OK, Status};
use dynop_abi::entries::types::{Ctx, Desc, I64, Ptr, U8, U32};
use dynop_abi::layout::StrRepr;
use dynop_abi::plan::OutputRef;
use dynop_values::{display, text};

use super::context::Running;
use super::state::Item;
use super::value::Value;
use crate::failure::{self, Kind};
use crate::step_key;

/// The longest mapping key, in bytes.
const MAX_KEY: usize = 255;

/// # Safety
/// `ctx` is the context that the pool gave to the running step.
unsafe fn running<'r>(ctx: Ctx) -> &'r mut Running<'r> {
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
    let state = running.shared.lock();
    running.shared.step_key(&state, running.node)
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
        if failure.site == super::context::NO_SITE {
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
    let running = unsafe { running(ctx) };
    // SAFETY: as above.
    let Some(item) = (unsafe { item(running, site, output, value, key) }) else {
        return FAILED;
    };
    let (shared, node, step) = (running.shared, running.node, running.step);
    let mut state = shared.lock();
    let Some(set) = state.nodes[node as usize]
        .sets
        .get(output as usize)
        .copied()
        .flatten()
    else {
        return OK;
    };
    if let Some(first) = state.sets[set as usize].find(&item.key) {
        let first = first.site;
        drop(state);
        duplicate(running, site, &item.key, Some(first));
        return FAILED;
    }
    shared.new_item(&mut state, OutputRef { step, output }, node, item);
    // SAFETY: the frames live as long as their worker, on whose stack this is.
    let frames = unsafe { &*running.frames };
    shared.wait_below_bound(state, set, frames, running.depth);
    OK
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
    let running = unsafe { running(ctx) };
    // SAFETY: as above.
    let Some(item) = (unsafe { item(running, site, output, value, key) }) else {
        return FAILED;
    };
    if running.returned_keys.insert((output, item.key.clone())) {
        running.returned.push((output, item));
        return OK;
    }
    let first = running
        .returned
        .iter()
        .find(|(of, one)| *of == output && one.key == item.key)
        .map(|(_, one)| one.site);
    duplicate(running, site, &item.key, first);
    FAILED
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
    let slot = &mut running.outputs[output as usize];
    if slot.is_some() {
        let name = output_name(running, output);
        running.fail(
            Kind::Output,
            site,
            format!("the output `{name}` is yielded twice"),
        );
        return FAILED;
    }
    *slot = Some(value);
    OK
}

fn output_name(running: &Running<'_>, output: u32) -> String {
    running.shared.op(running.step).outputs[output as usize]
        .name
        .clone()
}

fn duplicate(running: &mut Running<'_>, site: u32, key: &str, first: Option<u32>) {
    let shown = step_key::quoted(key);
    running.fail(
        Kind::Output,
        site,
        format!("the mapping key {shown} was yielded before"),
    );
    if let (Some(failure), Some(first)) = (&mut running.failure, first) {
        failure.related = Some(("first yielded here".into(), first));
    }
}

/// Takes a value over.
unsafe fn take(running: &mut Running<'_>, site: u32, output: u32, value: Ptr) -> Option<Value> {
    let shared = running.shared;
    let ty = shared.op(running.step).outputs[output as usize].ty;
    // SAFETY: the caller's promise: the value has the output's type.
    let taken = unsafe { Value::take(value, shared.request.program.types[ty as usize]) };
    if taken.is_none() {
        running.fail(Kind::Memory, site, "out of memory".into());
    }
    taken
}

/// An item with its key checked.
unsafe fn item(
    running: &mut Running<'_>,
    site: u32,
    output: u32,
    value: Ptr,
    key: Ptr,
) -> Option<Item> {
    // SAFETY: the caller's promise.
    let (value, key) = unsafe {
        let value = take(running, site, output, value)?;
        (value, text::bytes(&*key.cast::<StrRepr>()))
    };
    let problem = match std::str::from_utf8(key) {
        Err(_) => Some("the mapping key is not UTF-8 text".to_owned()),
        Ok("") => Some("the mapping key is empty".to_owned()),
        Ok(text) if text.len() > MAX_KEY => Some(format!(
            "the mapping key is {} bytes long, over {MAX_KEY}",
            text.len()
        )),
        Ok(text) if text.chars().any(char::is_control) => Some(format!(
            "the mapping key {} has a control character in it",
            step_key::quoted(text)
        )),
        Ok(_) => None,
    };
    if let Some(message) = problem {
        running.fail(Kind::Output, site, message);
        return None;
    }
    let key: Arc<str> = String::from_utf8_lossy(key).into();
    Some(Item { value, key, site })
}
