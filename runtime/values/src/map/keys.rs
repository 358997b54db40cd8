//! The kinds of keys that are worth code of their own.

use dynop_abi::desc::TypeDesc;
use dynop_abi::layout::StrRepr;

use crate::{compare, hash, text};

/// How keys of a kind are hashed and compared.
pub(super) trait Keys {
    /// The hash of a key.
    ///
    /// # Safety
    /// `key` points to a valid value of `desc`.
    unsafe fn hash(key: *const u8, desc: &TypeDesc) -> u64;
    /// Whether two keys are equal.
    ///
    /// # Safety
    /// Both point to valid values of `desc`.
    unsafe fn equal(a: *const u8, b: *const u8, desc: &'static TypeDesc) -> bool;
    /// Whether two keys are certainly equal, by their bits alone. Costs as good as nothing.
    ///
    /// # Safety
    /// Both point to valid values of the kind.
    unsafe fn same(a: *const u8, b: *const u8) -> bool;
}

/// `Int`, `Duration`, `Time`.
pub(super) struct Numbers;
/// `Str`, `Path`, `Bytes`.
pub(super) struct Texts;
/// All others.
pub(super) struct Others;

impl Keys for Numbers {
    #[inline]
    unsafe fn hash(key: *const u8, _desc: &TypeDesc) -> u64 {
        // SAFETY: 8 bytes, aligned.
        hash::of_int(unsafe { key.cast::<u64>().read() })
    }

    #[inline]
    unsafe fn equal(a: *const u8, b: *const u8, _desc: &'static TypeDesc) -> bool {
        // SAFETY: as above.
        unsafe { a.cast::<u64>().read() == b.cast::<u64>().read() }
    }

    #[inline]
    unsafe fn same(a: *const u8, b: *const u8) -> bool {
        // SAFETY: as above.
        unsafe { a.cast::<u64>().read() == b.cast::<u64>().read() }
    }
}

impl Keys for Texts {
    #[inline]
    unsafe fn hash(key: *const u8, _desc: &TypeDesc) -> u64 {
        // SAFETY: a text.
        unsafe { hash::of_text(&*key.cast()) }
    }

    #[inline]
    unsafe fn equal(a: *const u8, b: *const u8, _desc: &'static TypeDesc) -> bool {
        // SAFETY: texts.
        unsafe {
            let (a, b) = (&*a.cast::<StrRepr>(), &*b.cast::<StrRepr>());
            a == b
                || (text::is_heap(a)
                    && a.words[1] == b.words[1]
                    && text::bytes(a) == text::bytes(b))
        }
    }

    #[inline]
    unsafe fn same(a: *const u8, b: *const u8) -> bool {
        // SAFETY: texts.
        unsafe { *a.cast::<StrRepr>() == *b.cast::<StrRepr>() }
    }
}

impl Keys for Others {
    unsafe fn hash(key: *const u8, desc: &TypeDesc) -> u64 {
        // SAFETY: the caller's promise.
        unsafe { hash::of(key, desc) }
    }

    unsafe fn equal(a: *const u8, b: *const u8, desc: &'static TypeDesc) -> bool {
        // SAFETY: the caller's promise.
        unsafe { compare::equal(a, b, desc) }
    }

    #[inline]
    unsafe fn same(_: *const u8, _: *const u8) -> bool {
        false
    }
}
