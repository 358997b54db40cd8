//! Monomorphic types, interned.

use std::collections::HashMap;

/// Names a type of a [`Types`] table.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct TypeId(pub u32);

/// A type. Layouts are those of `dynop_abi::layout`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Type {
    /// `()`
    Unit,
    /// `Int`
    Int,
    /// `Float`
    Float,
    /// `Bool`
    Bool,
    /// `Str`
    Str,
    /// `Path`
    Path,
    /// `Bytes`
    Bytes,
    /// `Duration`
    Duration,
    /// `Time`
    Time,
    /// `Range`
    Range,
    /// `List<T>`
    List(TypeId),
    /// `Map<K, V>`
    Map(TypeId, TypeId),
    /// `Set<T>`
    Set(TypeId),
    /// `T?`
    Option(TypeId),
    /// Tuples, structs and their like: fields flat, in order.
    Aggregate(Aggregate),
    /// An enum: a tag and the payloads of all cases, which do not overlap (so that zero bits own nothing).
    Enum(Enum),
    /// A part of a type that holds itself, in a buffer of its own: in memory and for every instruction a list of at most
    /// one element. Only fields have it; see [`Boxed`].
    Box(TypeId, Boxed),
    /// A function value: parameters and result. `Iter<T>` is `fn() -> fn() -> T?`.
    Closure(Vec<TypeId>, TypeId),
}

/// What the buffer of a [`Type::Box`] stands for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Boxed {
    /// A `T`: there is always an element.
    Value,
    /// A `T?`: an element if there is a value.
    Option,
}

/// A type with fields.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Aggregate {
    /// Which kind, for descriptors.
    pub kind: AggregateKind,
    /// The name with its type arguments, of a struct; else empty.
    pub name: String,
    /// Name (empty in a tuple) and type of each field.
    pub fields: Vec<(String, TypeId)>,
    /// Which fields have a default, and the default as an encoded `dynop_abi::plan::Const`: for readers of JSON and tables.
    pub defaults: Vec<(u32, Vec<u8>)>,
}

/// Which kind of aggregate.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AggregateKind {
    /// `(A, B)`
    Tuple,
    /// `(a: A, b: B)`
    NamedTuple,
    /// A struct.
    Struct,
    /// `DynamicOutput<T>` in a body: value and mapping key.
    DynamicOutput,
}

/// An enum.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Enum {
    /// The name with its type arguments.
    pub name: String,
    /// Its cases.
    pub variants: Vec<Case>,
    /// Whether it is the language's `Json`.
    pub json: bool,
}

/// A case of an enum.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// Name (empty if it has none) and type of each part of its payload.
    pub payload: Vec<(String, TypeId)>,
}

impl Enum {
    /// How many parts the payloads of the cases before one have together: its own come next in memory.
    pub fn parts_before(&self, case: u32) -> usize {
        let before = self.variants.iter().take(case as usize);
        before.map(|case| case.payload.len()).sum()
    }

    /// The types of all payloads, in order.
    pub fn parts(&self) -> impl Iterator<Item = TypeId> + '_ {
        let payloads = self.variants.iter().flat_map(|case| &case.payload);
        payloads.map(|(_, ty)| *ty)
    }
}

/// The types of a program. The types of constants, and of what instructions make by themselves, are always there.
#[derive(Clone, Debug)]
pub struct Types {
    list: Vec<Type>,
    ids: HashMap<Type, TypeId>,
}

impl Default for Types {
    fn default() -> Self {
        Self::new()
    }
}

impl Types {
    /// A table of the types that are always there.
    pub fn new() -> Self {
        let mut this = Self {
            list: Vec::new(),
            ids: HashMap::new(),
        };
        let always = [
            Type::Unit,
            Type::Int,
            Type::Float,
            Type::Bool,
            Type::Str,
            Type::Path,
            Type::Bytes,
        ];
        for ty in always {
            this.intern(ty);
        }
        this
    }

    /// The id of a type; equal types have equal ids.
    pub fn intern(&mut self, ty: Type) -> TypeId {
        if let Some(&id) = self.ids.get(&ty) {
            return id;
        }
        let id = TypeId(self.list.len() as u32);
        self.list.push(ty.clone());
        self.ids.insert(ty, id);
        id
    }

    /// An id for a type that holds itself, to be told to [`Types::fill`].
    pub fn reserve(&mut self) -> TypeId {
        let id = TypeId(self.list.len() as u32);
        self.list.push(Type::Unit);
        id
    }

    /// Says what a reserved id stands for.
    pub fn fill(&mut self, id: TypeId, ty: Type) {
        if let Some(place) = self.list.get_mut(id.0 as usize) {
            *place = ty.clone();
            self.ids.entry(ty).or_insert(id);
        }
    }

    /// The type of the elements of a list, or of what is boxed.
    pub fn element(&self, id: TypeId) -> Option<TypeId> {
        match self.get(id) {
            Type::List(item) | Type::Box(item, _) => Some(*item),
            _ => None,
        }
    }

    /// The type of an id that this table gave.
    pub fn get(&self, id: TypeId) -> &Type {
        &self.list[id.0 as usize]
    }

    /// All types with their ids, in the order of interning.
    pub fn iter(&self) -> impl Iterator<Item = (TypeId, &Type)> {
        self.list
            .iter()
            .enumerate()
            .map(|(i, t)| (TypeId(i as u32), t))
    }
}

impl Types {
    /// The id of a type that is in the table.
    pub fn find(&self, ty: &Type) -> Option<TypeId> {
        self.ids.get(ty).copied()
    }

    /// A type as it is written in the language.
    pub fn display(&self, id: TypeId) -> String {
        let list = |ids: &[TypeId]| {
            ids.iter()
                .map(|&id| self.display(id))
                .collect::<Vec<_>>()
                .join(", ")
        };
        match self.get(id) {
            Type::Unit => "()".into(),
            Type::Int => "Int".into(),
            Type::Float => "Float".into(),
            Type::Bool => "Bool".into(),
            Type::Str => "Str".into(),
            Type::Path => "Path".into(),
            Type::Bytes => "Bytes".into(),
            Type::Duration => "Duration".into(),
            Type::Time => "Time".into(),
            Type::Range => "Range".into(),
            Type::List(item) => format!("List<{}>", self.display(*item)),
            Type::Map(key, value) => {
                format!("Map<{}, {}>", self.display(*key), self.display(*value))
            }
            Type::Set(item) => format!("Set<{}>", self.display(*item)),
            Type::Box(item, Boxed::Value) => self.display(*item),
            Type::Box(item, Boxed::Option) => format!("{}?", self.display(*item)),
            Type::Option(inner) => format!("{}?", self.display(*inner)),
            Type::Enum(one) => one.name.clone(),
            Type::Closure(params, result) => {
                format!("fn({}) -> {}", list(params), self.display(*result))
            }
            Type::Aggregate(aggregate) => match aggregate.kind {
                AggregateKind::Struct => aggregate.name.clone(),
                AggregateKind::DynamicOutput => {
                    format!(
                        "DynamicOutput<{}>",
                        aggregate
                            .fields
                            .first()
                            .map(|(_, ty)| self.display(*ty))
                            .unwrap_or_default()
                    )
                }
                AggregateKind::Tuple => {
                    let fields: Vec<TypeId> = aggregate.fields.iter().map(|(_, ty)| *ty).collect();
                    format!("({})", list(&fields))
                }
                AggregateKind::NamedTuple => {
                    let fields: Vec<String> = aggregate
                        .fields
                        .iter()
                        .map(|(name, ty)| format!("{name}: {}", self.display(*ty)))
                        .collect();
                    format!("({})", fields.join(", "))
                }
            },
        }
    }
}
