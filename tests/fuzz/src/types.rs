//! Descriptors of types that a line of letters says: a letter is a constructor, in front of its arguments (see
//! [`Types::read`]). Any line says some type, so mutations of inputs change types too.

use std::cell::RefCell;
use std::collections::HashMap;

use dynop_abi::desc::{FieldDesc, Kind, PLAIN, StaticStr, TypeDesc};

/// Deeper types are cut off.
const DEEPEST: usize = 12;

/// The descriptor of a line, made once: descriptors live for ever.
pub fn type_of(recipe: &str) -> &'static TypeDesc {
    thread_local! {
        static KNOWN: RefCell<HashMap<String, &'static TypeDesc>> = RefCell::default();
    }
    KNOWN.with_borrow_mut(|known| {
        if let Some(desc) = known.get(recipe) {
            return *desc;
        }
        let desc = Types {
            letters: recipe.chars(),
        }
        .read(0);
        known.insert(recipe.to_owned(), desc);
        desc
    })
}

/// Reads types from letters.
struct Types<'a> {
    letters: std::str::Chars<'a>,
}

impl Types<'_> {
    fn read(&mut self, depth: usize) -> &'static TypeDesc {
        let letter = self.letters.next().unwrap_or('i');
        if depth >= DEEPEST {
            return simple(Kind::Int);
        }
        let mut next = || self.read(depth + 1);
        match letter {
            'l' => {
                let item = next();
                container(
                    Kind::List,
                    format!("List<{}>", item.name.as_str()),
                    Some(item),
                    None,
                )
            }
            'x' => {
                let item = as_key(next());
                container(
                    Kind::Set,
                    format!("Set<{}>", item.name.as_str()),
                    Some(item),
                    None,
                )
            }
            'm' => {
                let (key, value) = (as_key(next()), next());
                let name = format!("Map<{}, {}>", key.name.as_str(), value.name.as_str());
                container(Kind::Map, name, Some(key), Some(value))
            }
            'o' => option(next()),
            't' => {
                let fields = [next(), next()];
                aggregate(Kind::Tuple, &fields)
            }
            'S' | 'N' => {
                let count = self
                    .letters
                    .next()
                    .and_then(|c| c.to_digit(10))
                    .unwrap_or(1);
                let fields: Vec<_> = (0..count.clamp(1, 4))
                    .map(|_| self.read(depth + 1))
                    .collect();
                aggregate(
                    if letter == 'S' {
                        Kind::Struct
                    } else {
                        Kind::NamedTuple
                    },
                    &fields,
                )
            }
            'u' => simple(Kind::Unit),
            'f' => simple(Kind::Float),
            'b' => simple(Kind::Bool),
            's' => simple(Kind::Str),
            'p' => simple(Kind::Path),
            'y' => simple(Kind::Bytes),
            'd' => simple(Kind::Duration),
            'T' => simple(Kind::Time),
            'r' => simple(Kind::Range),
            _ => simple(Kind::Int),
        }
    }
}

/// What may be a key as it is; a text in the place of what may not.
fn as_key(desc: &'static TypeDesc) -> &'static TypeDesc {
    match desc.kind {
        Kind::Int
        | Kind::Bool
        | Kind::Str
        | Kind::Path
        | Kind::Bytes
        | Kind::Duration
        | Kind::Time => desc,
        Kind::Tuple
            if desc
                .fields()
                .iter()
                .all(|field| std::ptr::eq(as_key(field.desc()), field.desc())) =>
        {
            desc
        }
        _ => simple(Kind::Str),
    }
}

fn simple(kind: Kind) -> &'static TypeDesc {
    let (size, align) = match kind {
        Kind::Unit => (0, 1),
        Kind::Bool => (1, 1),
        Kind::Str | Kind::Path | Kind::Bytes | Kind::Range => (16, 8),
        _ => (8, 8),
    };
    let counted = matches!(kind, Kind::Str | Kind::Path | Kind::Bytes);
    thread_local! {
        static KNOWN: RefCell<HashMap<u8, &'static TypeDesc>> = RefCell::default();
    }
    KNOWN.with_borrow_mut(|known| {
        *known.entry(kind as u8).or_insert_with(|| {
            make(
                kind,
                format!("{kind:?}"),
                (size, align),
                counted,
                [None, None],
                Vec::new(),
            )
        })
    })
}

/// A list, set or map of these types.
pub fn container(
    kind: Kind,
    name: String,
    a: Option<&'static TypeDesc>,
    b: Option<&'static TypeDesc>,
) -> &'static TypeDesc {
    make(kind, name, (8, 8), true, [a, b], Vec::new())
}

fn option(item: &'static TypeDesc) -> &'static TypeDesc {
    let align = item.align.max(1);
    let size = (u32::from(align) + item.size).next_multiple_of(u32::from(align));
    let name = format!("{}?", item.name.as_str());
    make(
        Kind::Option,
        name,
        (size, align),
        !item.is_plain(),
        [Some(item), None],
        Vec::new(),
    )
}

fn aggregate(kind: Kind, fields: &[&'static TypeDesc]) -> &'static TypeDesc {
    const NAMES: [&str; 4] = ["a", "b", "c", "d"];
    let (mut offset, mut align, mut counted) = (0_u32, 1, false);
    let mut descs = Vec::new();
    for (desc, name) in fields.iter().copied().zip(NAMES) {
        offset = offset.next_multiple_of(u32::from(desc.align.max(1)));
        descs.push(FieldDesc {
            desc,
            offset: u64::from(offset),
            default: StaticStr::new(""),
            name: StaticStr::new(if kind == Kind::Tuple { "" } else { name }),
        });
        offset += desc.size;
        align = align.max(desc.align);
        counted |= !desc.is_plain();
    }
    let parts: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    let size = offset.next_multiple_of(u32::from(align));
    make(
        kind,
        format!("{kind:?}({})", parts.join(", ")),
        (size, align),
        counted,
        [None, None],
        descs,
    )
}

fn make(
    kind: Kind,
    name: String,
    (size, align): (u32, u16),
    counted: bool,
    arguments: [Option<&'static TypeDesc>; 2],
    fields: Vec<FieldDesc>,
) -> &'static TypeDesc {
    let fields: &'static [FieldDesc] = Box::leak(fields.into_boxed_slice());
    let [a, b] = arguments.map(|argument| argument.map_or(std::ptr::null(), std::ptr::from_ref));
    Box::leak(Box::new(TypeDesc {
        kind,
        flags: if counted { 0 } else { PLAIN },
        align,
        size,
        a,
        b,
        fields: fields.as_ptr(),
        field_count: fields.len() as u64,
        name: StaticStr::new(Box::leak(name.into_boxed_str())),
    }))
}
