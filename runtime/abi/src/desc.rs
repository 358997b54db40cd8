//! Type descriptors: how the runtime learns the shape of a value.
//!
//! The compiler emits one static [`TypeDesc`] for each type that reaches the runtime (elements of containers, inputs and
//! outputs of ops, captures); the runtime walks it to retain, release, share, compare, hash, order and encode.

/// What kind of type.
#[repr(u8)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// `()`
    Unit = 0,
    /// `Int`
    Int = 1,
    /// `Float`
    Float = 2,
    /// `Bool`
    Bool = 3,
    /// `Str`
    Str = 4,
    /// `Path`
    Path = 5,
    /// `Bytes`
    Bytes = 6,
    /// `Duration`
    Duration = 7,
    /// `Time`
    Time = 8,
    /// `Json`
    Json = 9,
    /// `Range`
    Range = 10,
    /// `List<T>`: `a` is `T`
    List = 11,
    /// `Map<K, V>`: `a` is `K`, `b` is `V`
    Map = 12,
    /// `Set<T>`: `a` is `T`
    Set = 13,
    /// `T?`: `a` is `T`, whose offset is its alignment (at least 1)
    Option = 14,
    /// `(A, B)`: fields without names
    Tuple = 15,
    /// `(a: A, b: B)`
    NamedTuple = 16,
    /// A struct
    Struct = 17,
    /// An enum: each field is a case, whose descriptor is its payload as a tuple (or `()`)
    Enum = 18,
    /// A function value or iterator
    Closure = 19,
    /// `DynamicOutput<T>` within a body: fields value and mapping key
    DynamicOutput = 20,
    /// A `T` in a buffer of its own, so that a type may hold itself: laid out as a list of one element; `a` is `T`
    Box = 21,
    /// A `T?` so: a list of one element, or an empty one for `none`; `a` is `T`
    BoxOption = 22,
}

/// No part of the type is counted: copying bytes copies the value, releasing is nothing.
pub const PLAIN: u8 = 1;
/// The type is the language's `Json`, an enum: in JSON its values stand for themselves, without the names of their cases.
pub const JSON: u8 = 2;

/// The shape of one type. Static, immutable, shared by all threads.
#[repr(C)]
#[derive(Debug)]
pub struct TypeDesc {
    /// What kind.
    pub kind: Kind,
    /// [`PLAIN`] and [`JSON`], or 0.
    pub flags: u8,
    /// Alignment in bytes, 1 or 8.
    pub align: u16,
    /// Size in bytes.
    pub size: u32,
    /// First type argument, or null.
    pub a: *const TypeDesc,
    /// Second type argument, or null.
    pub b: *const TypeDesc,
    /// Fields of tuples, structs, enums.
    pub fields: *const FieldDesc,
    /// How many.
    pub field_count: u64,
    /// The type as it is written in the language, for messages.
    pub name: StaticStr,
}

/// A field of a tuple or struct, or a case of an enum.
#[repr(C)]
#[derive(Debug)]
pub struct FieldDesc {
    /// Its type.
    pub desc: *const TypeDesc,
    /// Offset in bytes.
    pub offset: u64,
    /// Its name; empty in a tuple.
    pub name: StaticStr,
    /// What it is where nothing is said, as an encoded [`Const`](crate::plan::Const); empty where it has no default.
    pub default: StaticStr,
}

/// A text in the program's read-only data.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct StaticStr {
    /// UTF-8.
    pub data: *const u8,
    /// Length in bytes.
    pub len: u64,
}

// SAFETY: descriptors are immutable statics that point to immutable statics.
unsafe impl Sync for TypeDesc {}
// SAFETY: as above.
unsafe impl Send for TypeDesc {}
// SAFETY: as above.
unsafe impl Sync for FieldDesc {}
// SAFETY: as above.
unsafe impl Sync for StaticStr {}

impl StaticStr {
    /// From a text that lives for ever.
    pub const fn new(text: &'static str) -> Self {
        Self {
            data: text.as_ptr(),
            len: text.len() as u64,
        }
    }

    /// The bytes, of a text or of something else.
    pub fn as_bytes(&self) -> &'static [u8] {
        if self.len == 0 {
            return &[];
        }
        // SAFETY: the compiler emits `data` and `len` together, into read-only data.
        unsafe { std::slice::from_raw_parts(self.data, self.len as usize) }
    }

    /// The text.
    pub fn as_str(&self) -> &'static str {
        if self.len == 0 {
            return "";
        }
        // SAFETY: the compiler emits `data` and `len` from one UTF-8 text into read-only data.
        unsafe {
            std::str::from_utf8_unchecked(std::slice::from_raw_parts(self.data, self.len as usize))
        }
    }
}

impl TypeDesc {
    /// A type of `size` bytes without parts, such as `Int`: not compiled, for what the runtime and tests describe
    /// themselves. `flags` is [`PLAIN`] or 0; one byte is aligned to one, everything else to eight.
    pub const fn simple(kind: Kind, flags: u8, size: u32, name: &'static str) -> Self {
        Self {
            kind,
            flags,
            align: if size <= 1 { 1 } else { 8 },
            size,
            a: std::ptr::null(),
            b: std::ptr::null(),
            fields: std::ptr::null(),
            field_count: 0,
            name: StaticStr::new(name),
        }
    }

    /// Whether copying bytes copies the value.
    pub fn is_plain(&self) -> bool {
        self.flags & PLAIN != 0
    }

    /// Whether it is the language's `Json`.
    pub fn is_json(&self) -> bool {
        self.flags & JSON != 0
    }

    /// The first type argument.
    pub fn a(&self) -> &'static TypeDesc {
        debug_assert!(!self.a.is_null());
        // SAFETY: the compiler emits a non-null static for every kind that has a first argument.
        unsafe { &*self.a }
    }

    /// The second type argument.
    pub fn b(&self) -> &'static TypeDesc {
        debug_assert!(!self.b.is_null());
        // SAFETY: as for `a`.
        unsafe { &*self.b }
    }

    /// The fields.
    pub fn fields(&self) -> &'static [FieldDesc] {
        if self.field_count == 0 {
            return &[];
        }
        // SAFETY: the compiler emits `field_count` records at `fields`.
        unsafe { std::slice::from_raw_parts(self.fields, self.field_count as usize) }
    }

    /// Where the payload of an option lies.
    pub fn payload_offset(&self) -> usize {
        usize::from(self.a().align).max(1)
    }
}

impl FieldDesc {
    /// Its type.
    pub fn desc(&self) -> &'static TypeDesc {
        // SAFETY: the compiler emits a non-null static.
        unsafe { &*self.desc }
    }
}
