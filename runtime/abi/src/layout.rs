//! How values lie in memory.
//!
//! Rules that hold for every type:
//! - All bits zero is a valid value that owns nothing: 0, `false`, `""`, `[]`, `[:]`, `none`. So memory may be zeroed
//!   instead of tracked, a moved-from place is zeroed, and releasing it is nothing.
//! - The payload of `none` is zero. So retaining or releasing an aggregate is doing that to each of its parts,
//!   without looking at tags.
//! - `()` has size 0.
//!
//! | type | size | form |
//! |---|---|---|
//! | `Int`, `Duration`, `Time` | 8 | `i64` (nanoseconds for the latter two, `Time` since the Unix epoch) |
//! | `Float` | 8 | `f64` |
//! | `Bool` | 1 | 0 or 1 |
//! | `Str`, `Path`, `Bytes` | 16 | [`StrRepr`]: up to 15 bytes inline, else a counted buffer and a length |
//! | `List<T>` | 8 | null if empty, else a pointer to [`ListHeader`], elements flat behind it |
//! | `Map<K, V>`, `Set<T>` | 8 | null if empty, else a pointer to a [`Header`] with the length at [`MAP_LEN`]; the rest is the runtime's own |
//! | `T?` | | one tag byte (0 none, 1 some), then `T` at its alignment |
//! | tuples, structs | | fields in order, each at its alignment, the size rounded up to the largest |
//! | a part of a type that holds itself | 8 | as a `List<T>` of one element, or of none for `none` |
//! | `Range` | 16 | `start`, `end` (exclusive), two `i64` |
//! | function values, `Iter<T>` | 8 | pointer to [`ClosureHeader`], captures behind it |
//! | `DynamicOutput<T>` within a body | | as the tuple `(T, Str)`: value and mapping key |

use std::sync::atomic::AtomicI32;

/// What every counted buffer begins with.
///
/// The count's sign says who may touch it, as in Lean 4's runtime: positive: owned by one step, counted without atomics;
/// negative: shared between steps, `-n` owners, counted atomically; 0: immortal (literals), never counted.
#[repr(C)]
#[derive(Debug)]
pub struct Header {
    /// The count.
    pub count: AtomicI32,
    /// Free for the buffer's own kind.
    pub flags: u32,
}

/// Where [`Header::count`] lies.
pub const COUNT: usize = 0;

/// A text of up to 15 bytes inline, or a pointer to a counted buffer.
///
/// The top byte of the second word tells: 0..=15 is the length of an inline text that begins at the first byte; 0xff
/// means that the first word points to a [`StrHeader`] and the low 56 bits of the second are the length in bytes.
/// A text of up to 15 bytes is always inline, so equal texts of that size have equal words.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StrRepr {
    /// Two words.
    pub words: [u64; 2],
}

/// The longest inline text in bytes.
pub const STR_INLINE: usize = 15;
/// The top byte of a text that is not inline.
pub const STR_HEAP: u8 = 0xff;
/// The bits of the second word that are the length of a text that is not inline.
pub const STR_LEN_MASK: u64 = (1 << 56) - 1;

/// Before the bytes of a text that is not inline.
#[repr(C)]
#[derive(Debug)]
pub struct StrHeader {
    /// The count.
    pub header: Header,
    /// Room for bytes behind this header.
    pub capacity: u64,
}

/// Where the bytes of a text begin.
pub const STR_DATA: usize = 16;

/// Before the elements of a list.
#[repr(C)]
#[derive(Debug)]
pub struct ListHeader {
    /// The count.
    pub header: Header,
    /// Number of elements.
    pub len: u64,
    /// Room for elements.
    pub capacity: u64,
}

/// Where [`ListHeader::len`] lies.
pub const LIST_LEN: usize = 8;
/// Where [`ListHeader::capacity`] lies.
pub const LIST_CAPACITY: usize = 16;
/// Where the elements of a list begin. Elements are aligned to at most 8.
pub const LIST_DATA: usize = 24;

/// Where a map's or set's number of entries lies, a `u64`.
pub const MAP_LEN: usize = 8;

/// Before the captures of a closure.
///
/// `code` is called as `fn(ctx, out: *mut Result, closure: *const ClosureHeader, arguments…) -> status`, the arguments
/// passed as everywhere between compiled functions (see the code generator's page). Captures belong to the closure:
/// the code retains what it hands on.
#[repr(C)]
#[derive(Debug)]
pub struct ClosureHeader {
    /// The count.
    pub header: Header,
    /// The function.
    pub code: *const u8,
    /// The captures as one tuple type, for releasing and sharing them.
    pub captures: *const crate::desc::TypeDesc,
}

/// Where [`ClosureHeader::code`] lies.
pub const CLOSURE_CODE: usize = 8;
/// Where the captures of a closure begin.
pub const CLOSURE_DATA: usize = 24;

const _: () = {
    assert!(std::mem::offset_of!(Header, count) == COUNT);
    assert!(std::mem::size_of::<StrHeader>() == STR_DATA);
    assert!(std::mem::offset_of!(ListHeader, len) == LIST_LEN);
    assert!(std::mem::offset_of!(ListHeader, capacity) == LIST_CAPACITY);
    assert!(std::mem::size_of::<ListHeader>() == LIST_DATA);
    assert!(std::mem::offset_of!(ClosureHeader, code) == CLOSURE_CODE);
    assert!(std::mem::size_of::<ClosureHeader>() == CLOSURE_DATA);
};
