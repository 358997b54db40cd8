//! Durations and times (`duration.dyn`, `time.dyn`).

use std::time::{Duration, Instant, SystemTime};

use dynop_abi::context::{Status, WaitFor};
use dynop_abi::entries::types::{Ctx, F64, I64, Ptr};
use dynop_values::calendar;
use dynop_values::failing::Failure;

use crate::convention::{act, check_on, give, str_of};

/// How long a sleep goes on before it looks whether the step is cancelled.
const NAP: Duration = Duration::from_millis(5);
const SECOND: f64 = 1e9;

/// A number of nanoseconds, rounded to the nearest.
fn nanoseconds(number: f64, what: impl Fn() -> String) -> Result<i64, Failure> {
    let rounded = number.round();
    // Both bounds are exact; the upper one is the first that does not fit.
    if rounded >= i64::MIN as f64 && rounded < i64::MAX as f64 {
        Ok(rounded as i64)
    } else {
        Err(format!("{} is no Duration: it goes to about 292 years", what()).into())
    }
}

/// So many seconds.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_duration_from_seconds(ctx: Ctx, out: Ptr, seconds: F64) -> Status {
    // SAFETY: the convention.
    unsafe {
        give(ctx, out, || {
            nanoseconds(seconds * SECOND, || format!("{seconds:?} seconds"))
        })
    }
}

/// A duration times a number.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_duration_scaled(
    ctx: Ctx,
    out: Ptr,
    duration: I64,
    factor: F64,
) -> Status {
    // SAFETY: the convention.
    unsafe {
        give(ctx, out, || {
            nanoseconds(duration as f64 * factor, || {
                format!("{} * {factor:?}", calendar::duration_text(duration))
            })
        })
    }
}

/// A duration divided by a number.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_duration_divided(
    ctx: Ctx,
    out: Ptr,
    duration: I64,
    divisor: F64,
) -> Status {
    // SAFETY: the convention.
    unsafe {
        give(ctx, out, || {
            nanoseconds(duration as f64 / divisor, || {
                format!("{} / {divisor:?}", calendar::duration_text(duration))
            })
        })
    }
}

/// The duration that a text writes.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_duration_parse(ctx: Ctx, out: Ptr, text: Ptr) -> Status {
    // SAFETY: the convention.
    unsafe {
        let text = str_of(text);
        give(ctx, out, || {
            calendar::parse_duration(text.trim()).ok_or_else(|| {
                Failure::from(format!("{text:?} is no Duration like 30s, 1h30m or 250ms"))
            })
        })
    }
}

/// The time that a text in RFC 3339 names; of a date alone, its first moment.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_time_parse(ctx: Ctx, out: Ptr, text: Ptr) -> Status {
    // SAFETY: the convention.
    unsafe {
        let text = str_of(text);
        give(ctx, out, || {
            let trimmed = text.trim();
            let found = if trimmed.len() == "2026-01-31".len() {
                calendar::parse_time(&format!("{trimmed}T00:00:00Z"))
            } else {
                calendar::parse_time(trimmed)
            };
            found.ok_or_else(|| {
                Failure::from(format!("{text:?} is no Time like 2026-01-31T12:00:00Z"))
            })
        })
    }
}

/// The time of the system's clock.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_time_now(ctx: Ctx, out: Ptr) -> Status {
    // SAFETY: the convention.
    unsafe {
        give(ctx, out, || {
            let (since, sign) = match SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
                Ok(since) => (since, 1),
                Err(before) => (before.duration(), -1),
            };
            i64::try_from(since.as_nanos())
                .map(|nanoseconds| sign * nanoseconds)
                .map_err(|_| "the system's clock is beyond the year 2262".into())
        })
    }
}

/// Waits; ends early, with a failure, where the step is cancelled or out of time.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_time_sleep(ctx: Ctx, duration: I64) -> Status {
    // SAFETY: the convention.
    unsafe {
        act(ctx, || {
            let wanted = Duration::from_nanos(u64::try_from(duration).unwrap_or(0));
            let start = Instant::now();
            (*ctx).waiting_for(WaitFor::Event, || {
                while let Some(left) = wanted.checked_sub(start.elapsed())
                    && !left.is_zero()
                {
                    check_on(ctx)?;
                    std::thread::sleep(left.min(NAP));
                }
                check_on(ctx)
            })
        })
    }
}
