//! How values of IR types lie in memory and in registers: sizes, offsets and parts.
//!
//! The rules are those of `dynop_abi::layout`; this is where the compiler computes with them.

use dynop_ir::{Type, TypeId, Types};

/// What a register-sized part of a value is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PartKind {
    /// A byte: `Bool`, the tag of an option.
    Byte,
    /// A plain `i64`.
    Int,
    /// An `f64`.
    Float,
    /// The first word of a text.
    TextLow,
    /// The second word of a text; the first is the part before.
    TextHigh,
    /// Pointer of a list, of its type.
    List(TypeId),
    /// Pointer of a map or set, of its type.
    Map(TypeId),
    /// Pointer of a closure.
    Closure,
}

/// A part of a value: one register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Part {
    /// What it is.
    pub kind: PartKind,
    /// Offset in bytes within the value in memory.
    pub offset: u32,
}

/// The layout of a type.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// Size in bytes.
    pub size: u32,
    /// Alignment in bytes: 1 or 8.
    pub align: u32,
    /// Its parts, by offset.
    pub parts: Vec<Part>,
    /// For aggregates, ranges and enums (tag left out): where each field's parts begin, and its offset. For an option one
    /// field: the payload.
    pub fields: Vec<Field>,
    /// Whether something in it is counted.
    pub counted: bool,
}

/// Where a field lies.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Index of its first part.
    pub part: usize,
    /// Offset in bytes.
    pub offset: u32,
    /// Its type.
    pub ty: TypeId,
}

/// Values of more parts than this live in memory; passing and copying them is cheaper there.
pub const MAX_PARTS: usize = 16;

/// The layouts of all types of a program.
#[derive(Debug)]
pub struct Layouts {
    list: Vec<Layout>,
}

impl Layouts {
    /// Computes them.
    pub fn new(types: &Types) -> Self {
        let mut this = Self {
            list: vec![Layout::default(); types.iter().count()],
        };
        let mut done = vec![false; this.list.len()];
        for (id, _) in types.iter() {
            this.compute(types, id, &mut done);
        }
        this
    }

    /// The layout of a type.
    pub fn get(&self, id: TypeId) -> &Layout {
        &self.list[id.0 as usize]
    }

    /// Whether values of the type are kept in memory.
    pub fn in_memory(&self, id: TypeId) -> bool {
        self.get(id).parts.len() > MAX_PARTS
    }

    fn compute(&mut self, types: &Types, id: TypeId, done: &mut [bool]) {
        if std::mem::replace(&mut done[id.0 as usize], true) {
            return;
        }
        let layout = match types.get(id) {
            Type::Unit => Layout {
                align: 1,
                ..Layout::default()
            },
            Type::Int | Type::Duration | Type::Time => one(PartKind::Int, 8, false),
            Type::Float => one(PartKind::Float, 8, false),
            Type::Bool => one(PartKind::Byte, 1, false),
            Type::Str | Type::Path | Type::Bytes => Layout {
                size: 16,
                align: 8,
                parts: vec![
                    Part {
                        kind: PartKind::TextLow,
                        offset: 0,
                    },
                    Part {
                        kind: PartKind::TextHigh,
                        offset: 8,
                    },
                ],
                fields: Vec::new(),
                counted: true,
            },
            Type::List(_) | Type::Box(..) => one(PartKind::List(id), 8, true),
            Type::Map(..) | Type::Set(_) => one(PartKind::Map(id), 8, true),
            Type::Closure(..) => one(PartKind::Closure, 8, true),
            Type::Range => self.sequence(types, None, &[], done, Some(2)),
            Type::Option(inner) => {
                self.sequence(types, Some(PartKind::Byte), &[*inner], done, None)
            }
            Type::Aggregate(aggregate) => {
                let fields: Vec<TypeId> = aggregate.fields.iter().map(|(_, ty)| *ty).collect();
                self.sequence(types, None, &fields, done, None)
            }
            Type::Enum(one) => {
                let fields: Vec<TypeId> = one.parts().collect();
                self.sequence(types, Some(PartKind::Int), &fields, done, None)
            }
        };
        self.list[id.0 as usize] = layout;
    }

    fn sequence(
        &mut self,
        types: &Types,
        tag: Option<PartKind>,
        fields: &[TypeId],
        done: &mut [bool],
        ints: Option<usize>,
    ) -> Layout {
        let mut layout = Layout {
            align: 1,
            ..Layout::default()
        };
        if let Some(kind) = tag {
            let size = if kind == PartKind::Byte { 1 } else { 8 };
            layout = Layout {
                size,
                align: size,
                parts: vec![Part { kind, offset: 0 }],
                ..layout
            };
        }
        for _ in 0..ints.unwrap_or(0) {
            layout.parts.push(Part {
                kind: PartKind::Int,
                offset: layout.size,
            });
            layout.size += 8;
            layout.align = 8;
        }
        for &ty in fields {
            self.compute(types, ty, done);
            let field = self.get(ty).clone();
            let offset = layout.size.next_multiple_of(field.align.max(1));
            layout.fields.push(Field {
                part: layout.parts.len(),
                offset,
                ty,
            });
            let parts = field.parts.iter().map(|part| Part {
                kind: part.kind,
                offset: offset + part.offset,
            });
            layout.parts.extend(parts);
            layout.size = offset + field.size;
            layout.align = layout.align.max(field.align);
            layout.counted |= field.counted;
        }
        layout.size = layout.size.next_multiple_of(layout.align);
        layout
    }
}

fn one(kind: PartKind, size: u32, counted: bool) -> Layout {
    Layout {
        size,
        align: size,
        parts: vec![Part { kind, offset: 0 }],
        fields: Vec::new(),
        counted,
    }
}
