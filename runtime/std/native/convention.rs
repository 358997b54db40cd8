//! What native functions share: reading arguments, giving results, and types that they make values of.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::Ordering;

use dynop_abi::context::{OK, Status};
use dynop_abi::desc::{Kind, PLAIN, StaticStr, TypeDesc};
use dynop_abi::entries::types::{Ctx, Ptr};
use dynop_abi::layout::{ListHeader, StrRepr};
use dynop_values::failing::{self, Failure};
use dynop_values::{list, text, walk};

const fn text_type(kind: Kind, name: &'static str) -> TypeDesc {
    TypeDesc {
        kind,
        flags: 0,
        align: 8,
        size: 16,
        a: std::ptr::null(),
        b: std::ptr::null(),
        fields: std::ptr::null(),
        field_count: 0,
        name: StaticStr::new(name),
    }
}

/// A type of `size` 8 that is a pointer to a buffer.
pub(crate) const fn buffer_type(
    kind: Kind,
    a: *const TypeDesc,
    b: *const TypeDesc,
    name: &'static str,
) -> TypeDesc {
    TypeDesc {
        kind,
        flags: 0,
        align: 8,
        size: 8,
        a,
        b,
        fields: std::ptr::null(),
        field_count: 0,
        name: StaticStr::new(name),
    }
}

/// `Str`
pub(crate) static STR: TypeDesc = text_type(Kind::Str, "Str");
static PATH: TypeDesc = text_type(Kind::Path, "Path");
static INT: TypeDesc = TypeDesc::simple(Kind::Int, PLAIN, 8, "Int");
/// `List<Int>`
pub(crate) static INT_LIST: TypeDesc =
    buffer_type(Kind::List, &raw const INT, std::ptr::null(), "List<Int>");
/// `List<Str>`
pub(crate) static STR_LIST: TypeDesc =
    buffer_type(Kind::List, &raw const STR, std::ptr::null(), "List<Str>");
/// `List<Path>`
pub(crate) static PATH_LIST: TypeDesc =
    buffer_type(Kind::List, &raw const PATH, std::ptr::null(), "List<Path>");

static OPTIONAL_STR: TypeDesc = TypeDesc {
    kind: Kind::Option,
    flags: 0,
    align: 8,
    size: 24,
    a: &raw const STR,
    b: std::ptr::null(),
    fields: std::ptr::null(),
    field_count: 0,
    name: StaticStr::new("Str?"),
};
/// `List<Str?>`
pub(crate) static OPTIONAL_STR_LIST: TypeDesc = buffer_type(
    Kind::List,
    &raw const OPTIONAL_STR,
    std::ptr::null(),
    "List<Str?>",
);
/// `List<List<Str?>>`
pub(crate) static OPTIONAL_STR_LISTS: TypeDesc = buffer_type(
    Kind::List,
    &raw const OPTIONAL_STR_LIST,
    std::ptr::null(),
    "List<List<Str?>>",
);
/// `Map<Str, Str>`
pub(crate) static STR_MAP: TypeDesc =
    buffer_type(Kind::Map, &raw const STR, &raw const STR, "Map<Str, Str>");

/// `Int?`
#[repr(C)]
pub(crate) struct OptionalInt {
    some: u8,
    value: i64,
}

impl From<Option<i64>> for OptionalInt {
    fn from(option: Option<i64>) -> Self {
        Self {
            some: u8::from(option.is_some()),
            value: option.unwrap_or(0),
        }
    }
}

/// `Str?`
#[repr(C)]
pub(crate) struct OptionalStr {
    some: u8,
    value: StrRepr,
}

impl From<Option<StrRepr>> for OptionalStr {
    fn from(option: Option<StrRepr>) -> Self {
        Self {
            some: u8::from(option.is_some()),
            value: option.unwrap_or(text::EMPTY),
        }
    }
}

/// A descriptor that is made where only those of its arguments are static.
///
/// # Safety
/// Nothing keeps it: it is gone when the call is over.
pub(crate) unsafe fn for_this_call(desc: &TypeDesc) -> &'static TypeDesc {
    // SAFETY: the caller's promise.
    unsafe { &*std::ptr::from_ref(desc) }
}

/// Runs a native function's body and writes its result to `out`. A panic in it fails the step.
///
/// # Safety
/// `ctx` is the running step's; `out` has room for a `T`, whose layout is that of the declared type.
pub(crate) unsafe fn give<T>(
    ctx: Ctx,
    out: Ptr,
    body: impl FnOnce() -> Result<T, Failure>,
) -> Status {
    // SAFETY: the caller's promise.
    unsafe {
        match run(body) {
            Ok(value) => {
                out.cast::<T>().write(value);
                OK
            }
            Err(failure) => failing::fail(ctx, &failure),
        }
    }
}

/// The same for a result of a type that only its descriptor tells: `body` writes it over zeroes. What it has written
/// where it fails is released.
///
/// # Safety
/// `ctx` is the running step's; `out` has room for a value of `desc`.
pub(crate) unsafe fn give_value(
    ctx: Ctx,
    out: Ptr,
    desc: &'static TypeDesc,
    body: impl FnOnce(*mut u8) -> Result<(), Failure>,
) -> Status {
    // SAFETY: the caller's promise.
    unsafe {
        std::ptr::write_bytes(out, 0, desc.size as usize);
        match run(|| body(out)) {
            Ok(()) => OK,
            Err(failure) => {
                walk::release(out, desc);
                failing::fail(ctx, &failure)
            }
        }
    }
}

/// The same for a result `T?`, of a type that only its descriptor tells: `body` writes a value over zeroes and says
/// whether there is one. What it has written where it fails is released.
///
/// # Safety
/// `ctx` is the running step's; `out` has room for a `T?`, where `desc` is of `T`.
pub(crate) unsafe fn give_optional(
    ctx: Ctx,
    out: Ptr,
    desc: &'static TypeDesc,
    body: impl FnOnce(*mut u8) -> Result<bool, Failure>,
) -> Status {
    let align = usize::from(desc.align).max(1);
    // SAFETY: the caller's promise; a `T?` is its tag and a `T` at its alignment, rounded up to that.
    unsafe {
        let payload = out.add(align);
        std::ptr::write_bytes(out, 0, align + (desc.size as usize).next_multiple_of(align));
        match run(|| body(payload)) {
            Ok(there) => {
                out.write(u8::from(there));
                OK
            }
            Err(failure) => {
                walk::release(payload, desc);
                failing::fail(ctx, &failure)
            }
        }
    }
}

/// The same for a function without result.
///
/// # Safety
/// `ctx` is the running step's.
pub(crate) unsafe fn act(ctx: Ctx, body: impl FnOnce() -> Result<(), Failure>) -> Status {
    // SAFETY: the caller's promise.
    unsafe { failing::status(ctx, run(body)) }
}

fn run<T>(body: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(body))
        .unwrap_or_else(|_| Err("a function of the runtime broke off; this is a bug of it".into()))
}

/// Fails where the step is cancelled or out of time: what takes long calls it now and then.
///
/// # Safety
/// `ctx` is the running step's.
pub(crate) unsafe fn check_on(ctx: Ctx) -> Result<(), Failure> {
    unsafe extern "C" {
        fn dyn_poll(ctx: Ctx, site: u32) -> Status;
    }
    // SAFETY: the caller's promise.
    unsafe {
        if (*ctx).poll.load(Ordering::Relaxed) != 0 && dyn_poll(ctx, failing::NO_SITE) != OK {
            // It has recorded why; the first failure counts.
            return Err("cancelled".into());
        }
    }
    Ok(())
}

/// The text of a `Str` argument.
///
/// # Safety
/// `argument` points to a valid `Str` that stays as it is during the call.
pub(crate) unsafe fn str_of<'a>(argument: Ptr) -> &'a str {
    // SAFETY: the caller's promise.
    unsafe { text::as_str(&*argument.cast::<StrRepr>()) }
}

/// A `Path` argument.
///
/// # Safety
/// As for [`str_of`], with a `Path`.
pub(crate) unsafe fn path_of<'a>(argument: Ptr) -> &'a Path {
    // SAFETY: the caller's promise.
    Path::new(OsStr::from_bytes(unsafe {
        text::bytes(&*argument.cast::<StrRepr>())
    }))
}

/// A list of texts that is being made; releases itself unless it is given away.
pub(crate) struct TextList {
    list: *mut ListHeader,
    ty: &'static TypeDesc,
}

impl TextList {
    /// Empty, of [`STR_LIST`] or [`PATH_LIST`].
    pub(crate) fn new(ty: &'static TypeDesc) -> Self {
        let list = std::ptr::null_mut();
        Self { list, ty }
    }

    /// Appends a text.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let element = text::new(bytes)?;
        // SAFETY: the list is ours and its elements are texts; the element is moved in.
        unsafe {
            if let Err(failure) = list::push(&mut self.list, (&raw const element).cast(), self.ty) {
                text::release(&element);
                return Err(failure.into());
            }
        }
        Ok(())
    }

    /// Appends each text.
    pub(crate) fn of<'a>(
        ty: &'static TypeDesc,
        parts: impl Iterator<Item = &'a [u8]>,
    ) -> Result<*mut ListHeader, Failure> {
        let mut all = Self::new(ty);
        for part in parts {
            all.push(part)?;
        }
        Ok(all.finish())
    }

    /// Gives the list away.
    pub(crate) fn finish(mut self) -> *mut ListHeader {
        std::mem::replace(&mut self.list, std::ptr::null_mut())
    }
}

impl Drop for TextList {
    fn drop(&mut self) {
        // SAFETY: the list is ours, or null.
        unsafe { walk::release_buffer(self.list.cast(), self.ty) }
    }
}
