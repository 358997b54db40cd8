//! Random numbers (`random.dyn`): a stream of its own for each step, made of the run's seed and the step's key alone, so
//! that a step draws the same numbers whenever and wherever it runs.
//!
//! The generator is xoshiro256++ (Blackman and Vigna, 2019). Its 32 bytes of state are the SHA-256 of the seed (8 bytes, little
//! endian) followed by the step's key, read as four little-endian words; streams of different steps do not overlap in
//! practice. This is a promise: results of programs stay the same from version to version.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use dynop_abi::context::{OK, Status};
use dynop_abi::entries::types::{Ctx, I64, Ptr};
use dynop_values::failing::Failure;
use sha2::{Digest, Sha256};

use crate::convention::give;

/// Gives the key of the step whose context it gets.
pub type StepKey = fn(Ctx) -> String;

static ORIGIN: OnceLock<(u64, StepKey)> = OnceLock::new();

/// Says what the streams are made of, once and for all; seed 0 and an empty key until then.
pub fn set_origin(seed: u64, step_key: StepKey) {
    // A second one is not listened to: a process has one run.
    let _ = ORIGIN.set((seed, step_key));
}

/// The state that the stream of a step begins with.
fn first_state(seed: u64, step_key: &str) -> [u64; 4] {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    hash.update(step_key.as_bytes());
    let bytes: [u8; 32] = hash.finalize().into();
    let (words, _) = bytes.as_chunks::<8>();
    let mut state = [0; 4];
    for (word, bytes) in state.iter_mut().zip(words) {
        *word = u64::from_le_bytes(*bytes);
    }
    state
}

/// The next number and the state behind it.
fn advance(mut state: [u64; 4]) -> (u64, [u64; 4]) {
    let number = state[0]
        .wrapping_add(state[3])
        .rotate_left(23)
        .wrapping_add(state[0]);
    let shifted = state[1] << 17;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = state[3].rotate_left(45);
    (number, state)
}

/// The next number of the running step.
///
/// # Safety
/// `ctx` is the running step's.
unsafe fn next(ctx: Ctx) -> u64 {
    // SAFETY: the caller's promise.
    let words: &[AtomicU64; 4] = unsafe { &(*ctx).random };
    let mut state = words.each_ref().map(|word| word.load(Ordering::Relaxed));
    if state == [0; 4] {
        state = match ORIGIN.get() {
            Some((seed, step_key)) => first_state(*seed, &step_key(ctx)),
            None => first_state(0, ""),
        };
    }
    let (number, state) = advance(state);
    for (word, state) in words.iter().zip(state) {
        word.store(state, Ordering::Relaxed);
    }
    number
}

/// 64 random bits.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_random_bits(ctx: Ctx, out: Ptr) -> Status {
    // SAFETY: the convention.
    unsafe { out.cast::<i64>().write(next(ctx).cast_signed()) };
    OK
}

/// A number from 0 to 1, exclusive, in steps of 2^-53.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_random_float(ctx: Ctx, out: Ptr) -> Status {
    const STEP: f64 = 1.0 / (1_u64 << 53) as f64;
    // SAFETY: the convention.
    unsafe { out.cast::<f64>().write((next(ctx) >> 11) as f64 * STEP) };
    OK
}

/// A number from 0 to `bound`, exclusive; fails where there is none.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_random_below(ctx: Ctx, out: Ptr, bound: I64) -> Status {
    // SAFETY: the convention.
    unsafe {
        give(ctx, out, || {
            let bound = u64::try_from(bound)
                .ok()
                .filter(|bound| *bound > 0)
                .ok_or_else(|| Failure::from("there is no number to choose from"))?;
            Ok(below(bound, || next(ctx)) as i64)
        })
    }
}

/// Lemire's way: the upper half of a product, drawn again in the few cases that would favour some numbers.
fn below(bound: u64, mut draw: impl FnMut() -> u64) -> u64 {
    let threshold = bound.wrapping_neg() % bound;
    loop {
        let product = u128::from(draw()) * u128::from(bound);
        if product as u64 >= threshold {
            return (product >> 64) as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{advance, below, first_state};

    #[test]
    fn the_generator_is_the_published_one() {
        let mut state = [1, 2, 3, 4];
        let numbers = [(); 5].map(|()| {
            let (number, next) = advance(state);
            state = next;
            number
        });
        // As the authors' C code gives them.
        assert_eq!(
            numbers,
            [
                41_943_041,
                58_720_359,
                3_588_806_011_781_223,
                3_591_011_842_654_386,
                9_228_616_714_210_784_205,
            ]
        );
    }

    #[test]
    fn streams_begin_apart_and_stay_as_they_are() {
        assert_ne!(first_state(0, "a"), first_state(1, "a"));
        assert_ne!(first_state(0, "a"), first_state(0, "b"));
        // SHA-256 of eight zero bytes.
        assert_eq!(
            first_state(0, "")[0].to_le_bytes()[..4],
            [0xaf, 0x55, 0x70, 0xf5]
        );
    }

    #[test]
    fn bounds_are_kept_and_every_number_comes() {
        let mut state = first_state(7, "test");
        let mut seen = [0; 6];
        for _ in 0..6000 {
            let number = below(6, || {
                let (number, next) = advance(state);
                state = next;
                number
            });
            seen[number as usize] += 1;
        }
        assert!(
            seen.iter().all(|count| (850..1150).contains(count)),
            "{seen:?}"
        );
    }
}
