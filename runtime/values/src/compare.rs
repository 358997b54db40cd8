//! Equality and order by descriptor.

use std::cmp::Ordering;

use dynop_abi::desc::{Kind, TypeDesc};
use dynop_abi::layout::{ListHeader, StrRepr};

use crate::depth::deeper;
use crate::{case, list, map, text};

/// How many parts of a type are looked at for a float. A higher number would cost more than the comparison it saves.
const LARGEST_TYPE: u32 = 32;

/// `a == b`. Floats by IEEE: NaN equals nothing. Maps and sets regardless of order. Functions equal nothing.
///
/// # Safety
/// Both point to valid values of `desc`.
pub unsafe fn equal(a: *const u8, b: *const u8, desc: &'static TypeDesc) -> bool {
    // SAFETY: by the descriptor.
    unsafe {
        match desc.kind {
            Kind::Unit => true,
            Kind::Int | Kind::Duration | Kind::Time => {
                a.cast::<i64>().read() == b.cast::<i64>().read()
            }
            Kind::Float => a.cast::<f64>().read() == b.cast::<f64>().read(),
            Kind::Bool => a.read() == b.read(),
            Kind::Range => a.cast::<[i64; 2]>().read() == b.cast::<[i64; 2]>().read(),
            Kind::Str | Kind::Path | Kind::Bytes => equal_texts(&*a.cast(), &*b.cast()),
            Kind::Option => {
                let offset = desc.payload_offset();
                a.read() == b.read()
                    && (a.read() == 0 || equal(a.add(offset), b.add(offset), desc.a()))
            }
            Kind::Tuple | Kind::NamedTuple | Kind::Struct | Kind::DynamicOutput => {
                desc.fields().iter().all(|field| {
                    let offset = field.offset as usize;
                    equal(a.add(offset), b.add(offset), field.desc())
                })
            }
            Kind::Enum => {
                case::tag(a) == case::tag(b)
                    && case::of(a, desc).is_some_and(|case| equal(a, b, case.desc()))
            }
            Kind::List | Kind::Box | Kind::BoxOption => {
                deeper(|| equal_lists(a.cast(), b.cast(), desc))
            }
            Kind::Map | Kind::Set => deeper(|| equal_maps(a.cast(), b.cast(), desc)),
            Kind::Closure | Kind::Json => false,
        }
    }
}

/// Of two texts.
///
/// # Safety
/// Both are valid.
#[inline]
pub unsafe fn equal_texts(a: &StrRepr, b: &StrRepr) -> bool {
    // SAFETY: valid.
    a == b
        || (text::is_heap(a)
            && a.words[1] == b.words[1]
            && unsafe { text::bytes(a) == text::bytes(b) })
}

unsafe fn equal_lists(
    a: *const *mut ListHeader,
    b: *const *mut ListHeader,
    desc: &'static TypeDesc,
) -> bool {
    // SAFETY: valid lists; every index is below both lengths.
    unsafe {
        let (a, b) = (a.read(), b.read());
        let len = list::len(a);
        if len != list::len(b) {
            return false;
        }
        if len == 0 || (a == b && !holds_floats(desc.a(), &mut LARGEST_TYPE.clone())) {
            return true;
        }
        let stride = desc.a().size as usize;
        let (a, b) = (list::data(a), list::data(b));
        (0..len).all(|index| equal(a.add(index * stride), b.add(index * stride), desc.a()))
    }
}

/// Whether a value may differ from itself. A type of more parts than are left to look at is taken for one.
fn holds_floats(desc: &TypeDesc, left: &mut u32) -> bool {
    if *left == 0 {
        return true;
    }
    *left -= 1;
    match desc.kind {
        Kind::Float => true,
        Kind::List | Kind::Option | Kind::Set | Kind::Box | Kind::BoxOption => {
            holds_floats(desc.a(), left)
        }
        Kind::Map => holds_floats(desc.b(), left),
        Kind::Tuple | Kind::NamedTuple | Kind::Struct | Kind::DynamicOutput | Kind::Enum => desc
            .fields()
            .iter()
            .any(|field| holds_floats(field.desc(), left)),
        _ => false,
    }
}

unsafe fn equal_maps(
    a: *const *mut map::MapHeader,
    b: *const *mut map::MapHeader,
    desc: &'static TypeDesc,
) -> bool {
    // SAFETY: valid maps.
    unsafe {
        let (a, b) = (a.read(), b.read());
        if map::len(a) != map::len(b) {
            return false;
        }
        let mut position = 0;
        while let Some((key, value)) = map::next(a, &mut position) {
            let other = map::get(b, key, desc);
            if other.is_null() || (!desc.b.is_null() && !equal(value, other, desc.b())) {
                return false;
            }
        }
    }
    true
}

/// The order of two values, by which lists are sorted: floats with NaN last, texts by code point, `none` before `some`,
/// tuples and lists by their first difference. Of types that have no order, what comes out has no meaning.
///
/// # Safety
/// Both point to valid values of `desc`.
pub unsafe fn compare(a: *const u8, b: *const u8, desc: &'static TypeDesc) -> Ordering {
    // SAFETY: by the descriptor.
    unsafe {
        match desc.kind {
            Kind::Int | Kind::Duration | Kind::Time => {
                a.cast::<i64>().read().cmp(&b.cast::<i64>().read())
            }
            Kind::Float => compare_floats(a.cast::<f64>().read(), b.cast::<f64>().read()),
            Kind::Bool => a.read().cmp(&b.read()),
            Kind::Range => a
                .cast::<[i64; 2]>()
                .read()
                .cmp(&b.cast::<[i64; 2]>().read()),
            Kind::Str | Kind::Path | Kind::Bytes => {
                text::bytes(&*a.cast()).cmp(text::bytes(&*b.cast()))
            }
            Kind::Option => a.read().cmp(&b.read()).then_with(|| {
                let offset = desc.payload_offset();
                if a.read() == 0 {
                    Ordering::Equal
                } else {
                    compare(a.add(offset), b.add(offset), desc.a())
                }
            }),
            Kind::Tuple | Kind::NamedTuple | Kind::Struct | Kind::DynamicOutput => desc
                .fields()
                .iter()
                .map(|field| {
                    let offset = field.offset as usize;
                    compare(a.add(offset), b.add(offset), field.desc())
                })
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal),
            Kind::Enum => case::tag(a)
                .cmp(&case::tag(b))
                .then_with(|| match case::of(a, desc) {
                    Some(case) => compare(a, b, case.desc()),
                    None => Ordering::Equal,
                }),
            Kind::List | Kind::Box | Kind::BoxOption => deeper(|| {
                compare_lists(
                    a.cast::<*mut ListHeader>().read(),
                    b.cast::<*mut ListHeader>().read(),
                    desc,
                )
            }),
            Kind::Unit | Kind::Map | Kind::Set | Kind::Closure | Kind::Json => Ordering::Equal,
        }
    }
}

/// Of two floats: as `<` says, NaN behind everything.
pub fn compare_floats(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b)
        .unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

unsafe fn compare_lists(
    a: *mut ListHeader,
    b: *mut ListHeader,
    desc: &'static TypeDesc,
) -> Ordering {
    // SAFETY: valid lists; every index is below both lengths.
    unsafe {
        let (a_len, b_len) = (list::len(a), list::len(b));
        let stride = desc.a().size as usize;
        for index in 0..a_len.min(b_len) {
            let offset = index * stride;
            let order = compare(
                list::data(a).add(offset),
                list::data(b).add(offset),
                desc.a(),
            );
            if order.is_ne() {
                return order;
            }
        }
        a_len.cmp(&b_len)
    }
}

#[cfg(test)]
mod tests {
    use dynop_abi::plan::Const;

    use super::*;
    use crate::constant::materialise;
    use crate::testing::*;

    fn both(a: &Const, b: &Const, desc: &'static TypeDesc) -> (bool, Ordering) {
        let a = materialise(a, desc).expect("of the type");
        let b = materialise(b, desc).expect("of the type");
        // SAFETY: valid values.
        unsafe {
            if equal(a.as_ptr(), b.as_ptr(), desc) && desc.kind != Kind::Map {
                let hashes = (
                    crate::hash::of(a.as_ptr(), desc),
                    crate::hash::of(b.as_ptr(), desc),
                );
                assert_eq!(hashes.0, hashes.1);
            }
            (
                equal(a.as_ptr(), b.as_ptr(), desc),
                compare(a.as_ptr(), b.as_ptr(), desc),
            )
        }
    }

    #[test]
    fn equality_and_order() {
        use Ordering::{Equal, Greater, Less};
        let f = |value: f64| Const::Float(value.to_bits());
        let s = |value: &str| Const::Str(value.into());
        let l = |values: &[i64]| Const::List(values.iter().map(|&n| Const::Int(n)).collect());
        let m = |keys: &[i64]| {
            Const::Map(
                keys.iter()
                    .map(|&n| (Const::Int(n), Const::Int(n)))
                    .collect(),
            )
        };
        let long = "a text that is longer than fifteen bytes";
        let cases = [
            (f(f64::NAN), f(f64::NAN), float(), (false, Equal)),
            (f(f64::NAN), f(f64::INFINITY), float(), (false, Greater)),
            (f(0.0), f(-0.0), float(), (true, Equal)),
            (s("a"), s("b"), str_type(), (false, Less)),
            (s("z"), s("ä"), str_type(), (false, Less)),
            (s(long), s(long), str_type(), (true, Equal)),
            (s("a"), s(long), str_type(), (false, Less)),
            (l(&[1, 2]), l(&[1, 3]), list_of(int()), (false, Less)),
            (l(&[1, 2]), l(&[1]), list_of(int()), (false, Greater)),
            (l(&[]), l(&[]), list_of(int()), (true, Equal)),
            (m(&[1, 2]), m(&[2, 1]), map_of(int(), int()), (true, Equal)),
            (m(&[1, 2]), m(&[1, 3]), map_of(int(), int()), (false, Equal)),
            (
                Const::None,
                Const::Some(Box::new(s(""))),
                option_of(str_type()),
                (false, Less),
            ),
            (
                Const::Tuple(vec![Const::Int(1), s(long)]),
                Const::Tuple(vec![Const::Int(1), s("b")]),
                aggregate(Kind::Tuple, "", &[("", int()), ("", str_type())]),
                (false, Less),
            ),
        ];
        for (a, b, desc, wanted) in cases {
            assert_eq!(both(&a, &b, desc), wanted, "{a:?} {b:?}");
            let back = (wanted.0, wanted.1.reverse());
            assert_eq!(both(&b, &a, desc), back, "{b:?} {a:?}");
        }
    }
}
