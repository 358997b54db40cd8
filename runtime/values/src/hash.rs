//! Hashes of map keys. Nothing that is seen depends on them: maps keep the order of insertion.
//!
//! The mixing step is a multiplication of 64 by 64 bits whose halves are folded together, as in wyhash and foldhash: two
//! or three of them for a short text. The seed is fixed.

use dynop_abi::desc::{Kind, TypeDesc};
use dynop_abi::layout::StrRepr;

use crate::depth::deeper;
use crate::{case, list, text};

/// Odd constants with half of their bits set: digits of pi.
const SEED: u64 = 0x243f_6a88_85a3_08d3;
const FIRST: u64 = 0x1319_8a2e_0370_7345;
const SECOND: u64 = 0xa409_3822_299f_31d1;
const THIRD: u64 = 0x082e_fa98_ec4e_6c89;

#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

/// Of a 64-bit number.
#[inline]
pub fn of_int(value: u64) -> u64 {
    fold(value ^ SEED, FIRST)
}

#[inline]
fn word(bytes: &[u8]) -> u64 {
    let mut all = [0; 8];
    all.copy_from_slice(&bytes[..8]);
    u64::from_le_bytes(all)
}

fn of_bytes(bytes: &[u8]) -> u64 {
    let mut state = SEED ^ bytes.len() as u64;
    let (pairs, _) = bytes.as_chunks::<16>();
    for pair in pairs {
        state = fold(word(&pair[..8]) ^ state, word(&pair[8..]) ^ FIRST);
    }
    // The last 16 bytes, which may overlap with the last pair: only texts of more than 15 bytes come here.
    if let Some(last) = bytes.last_chunk::<16>() {
        state = fold(word(&last[..8]) ^ state, word(&last[8..]) ^ SECOND);
    }
    fold(state, THIRD)
}

/// Of a text. Equal texts have equal words if they are inline, and are never inline and not.
///
/// # Safety
/// `value` is a valid text.
#[inline]
pub unsafe fn of_text(value: &StrRepr) -> u64 {
    if text::is_heap(value) {
        // SAFETY: valid.
        of_bytes(unsafe { text::bytes(value) })
    } else {
        let state = fold(value.words[0] ^ SEED, value.words[1] ^ FIRST);
        fold(state, THIRD)
    }
}

/// Of any key.
///
/// # Safety
/// `value` points to a valid value of `desc`, a type that may be a key.
#[inline]
pub unsafe fn of(value: *const u8, desc: &TypeDesc) -> u64 {
    // SAFETY: by the descriptor.
    unsafe {
        match desc.kind {
            Kind::Str | Kind::Path | Kind::Bytes => of_text(&*value.cast::<StrRepr>()),
            Kind::Int | Kind::Duration | Kind::Time => of_int(value.cast::<u64>().read()),
            _ => of_part(SEED, value, desc),
        }
    }
}

/// Mixes a value into a state.
unsafe fn of_part(state: u64, value: *const u8, desc: &TypeDesc) -> u64 {
    let mix = |word: u64| fold(state ^ word, SECOND);
    // SAFETY: by the descriptor.
    unsafe {
        match desc.kind {
            Kind::Str | Kind::Path | Kind::Bytes => mix(of_text(&*value.cast::<StrRepr>())),
            Kind::Int | Kind::Duration | Kind::Time => mix(of_int(value.cast::<u64>().read())),
            Kind::Float => {
                // 0.0 and -0.0 are equal.
                let number = value.cast::<f64>().read();
                mix(of_int(if number == 0.0 { 0 } else { number.to_bits() }))
            }
            Kind::Bool => mix(u64::from(value.read()) + 1),
            Kind::Range => {
                let bounds = value.cast::<u64>();
                fold(mix(bounds.read()) ^ bounds.add(1).read(), THIRD)
            }
            Kind::Option => {
                let tag = value.read();
                let state = mix(u64::from(tag) + 1);
                if tag == 0 {
                    return state;
                }
                of_part(state, value.add(desc.payload_offset()), desc.a())
            }
            Kind::Tuple | Kind::NamedTuple | Kind::Struct | Kind::DynamicOutput => {
                desc.fields().iter().fold(state, |state, field| {
                    of_part(state, value.add(field.offset as usize), field.desc())
                })
            }
            Kind::List | Kind::Box | Kind::BoxOption => deeper(|| {
                let elements = value.cast::<*mut dynop_abi::layout::ListHeader>().read();
                let mut state = mix(list::len(elements) as u64 + 1);
                list::for_each(elements, desc, |element| {
                    state = of_part(state, element, desc.a());
                });
                state
            }),
            Kind::Enum => {
                let state = mix(case::tag(value) + 1);
                match case::of(value, desc) {
                    Some(case) => of_part(state, value, case.desc()),
                    None => state,
                }
            }
            // Not keys, or without content.
            Kind::Unit | Kind::Map | Kind::Set | Kind::Json | Kind::Closure => mix(0),
        }
    }
}
