//! Descriptors and the failure entry points that the unit tests stand on.

use std::cell::RefCell;

use dynop_abi::desc::{FieldDesc, Kind, PLAIN, StaticStr, TypeDesc};
use dynop_abi::entries::types::{Ctx, I64, Ptr, U8, U32};

use crate::text;

thread_local! {
    /// The failures that this thread's test has recorded.
    pub static FAILURES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn record(message: String) {
    FAILURES.with_borrow_mut(|failures| failures.push(message));
}

#[unsafe(no_mangle)]
unsafe extern "C" fn dyn_fail_message(_ctx: Ctx, _site: U32, message: Ptr, _retry: U8) {
    // SAFETY: the message is a valid text.
    record(unsafe { text::as_str(&*message.cast()) }.to_owned());
}

#[unsafe(no_mangle)]
unsafe extern "C" fn dyn_fail_memory(_ctx: Ctx, _site: U32) {
    record("out of memory".to_owned());
}

#[unsafe(no_mangle)]
unsafe extern "C" fn dyn_fail_overflow(_ctx: Ctx, _site: U32, operator: U32, a: I64, b: I64) {
    record(format!("overflow {operator}: {a} {b}"));
}

/// A scalar or text.
pub fn simple(kind: Kind, name: &'static str) -> &'static TypeDesc {
    let (size, align) = match kind {
        Kind::Unit => (0, 1),
        Kind::Bool => (1, 1),
        Kind::Str | Kind::Path | Kind::Bytes | Kind::Range => (16, 8),
        _ => (8, 8),
    };
    let counted = matches!(kind, Kind::Str | Kind::Path | Kind::Bytes | Kind::Closure);
    make(kind, name, size, align, counted, None, None, Vec::new())
}

#[allow(clippy::too_many_arguments)]
fn make(
    kind: Kind,
    name: &str,
    size: u32,
    align: u16,
    counted: bool,
    a: Option<&'static TypeDesc>,
    b: Option<&'static TypeDesc>,
    fields: Vec<FieldDesc>,
) -> &'static TypeDesc {
    let fields: &'static [FieldDesc] = Box::leak(fields.into_boxed_slice());
    Box::leak(Box::new(TypeDesc {
        kind,
        flags: if counted { 0 } else { PLAIN },
        align,
        size,
        a: a.map_or(std::ptr::null(), |ty| ty),
        b: b.map_or(std::ptr::null(), |ty| ty),
        fields: fields.as_ptr(),
        field_count: fields.len() as u64,
        name: StaticStr::new(Box::leak(name.to_owned().into_boxed_str())),
    }))
}

pub fn int() -> &'static TypeDesc {
    simple(Kind::Int, "Int")
}

pub fn float() -> &'static TypeDesc {
    simple(Kind::Float, "Float")
}

pub fn str_type() -> &'static TypeDesc {
    simple(Kind::Str, "Str")
}

pub fn list_of(item: &'static TypeDesc) -> &'static TypeDesc {
    let name = format!("List<{}>", item.name.as_str());
    make(Kind::List, &name, 8, 8, true, Some(item), None, Vec::new())
}

pub fn set_of(item: &'static TypeDesc) -> &'static TypeDesc {
    let name = format!("Set<{}>", item.name.as_str());
    make(Kind::Set, &name, 8, 8, true, Some(item), None, Vec::new())
}

pub fn map_of(key: &'static TypeDesc, value: &'static TypeDesc) -> &'static TypeDesc {
    let name = format!("Map<{}, {}>", key.name.as_str(), value.name.as_str());
    make(
        Kind::Map,
        &name,
        8,
        8,
        true,
        Some(key),
        Some(value),
        Vec::new(),
    )
}

pub fn option_of(item: &'static TypeDesc) -> &'static TypeDesc {
    let align = item.align.max(1);
    let size = (u32::from(align) + item.size).next_multiple_of(u32::from(align));
    let name = format!("{}?", item.name.as_str());
    make(
        Kind::Option,
        &name,
        size,
        align,
        !item.is_plain(),
        Some(item),
        None,
        Vec::new(),
    )
}

/// A tuple, named tuple or struct.
pub fn aggregate(
    kind: Kind,
    name: &str,
    fields: &[(&'static str, &'static TypeDesc)],
) -> &'static TypeDesc {
    let mut offset = 0_u32;
    let mut align = 1;
    let mut counted = false;
    let mut descs = Vec::new();
    for &(name, desc) in fields {
        offset = offset.next_multiple_of(u32::from(desc.align.max(1)));
        descs.push(FieldDesc {
            desc,
            offset: u64::from(offset),
            name: StaticStr::new(name),
            default: StaticStr::new(""),
        });
        offset += desc.size;
        align = align.max(desc.align);
        counted |= !desc.is_plain();
    }
    let size = offset.next_multiple_of(u32::from(align));
    make(kind, name, size, align, counted, None, None, descs)
}
