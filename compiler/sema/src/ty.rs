//! Types as the checker knows them.

use std::sync::Arc;

use dynop_base::Symbol;

use crate::hir::{EnumId, StructId};

/// A type. Compared structurally; cloning is cheap.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Ty {
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
    /// `()`
    Unit,
    /// Of expressions that give no value, such as `return`; fits everywhere.
    Never,
    /// `Range`
    Range,
    /// `List<T>`
    List(Arc<Ty>),
    /// `Map<K, V>`
    Map(Arc<(Ty, Ty)>),
    /// `Set<T>`
    Set(Arc<Ty>),
    /// `T?`
    Option(Arc<Ty>),
    /// `Iter<T>`
    Iter(Arc<Ty>),
    /// `(A, B)`
    Tuple(Arc<[Ty]>),
    /// `(a: A, b: B)`
    NamedTuple(Arc<[(Symbol, Ty)]>),
    /// `fn(A) -> B`
    Fn(Arc<FnTy>),
    /// A struct with its type arguments.
    Struct(StructId, Arc<[Ty]>),
    /// An enum with its type arguments.
    Enum(EnumId, Arc<[Ty]>),
    /// A type parameter of the item around it, by position.
    Param(u32, Symbol),
    /// `DynamicOutput<T>`: a dynamic output in a composition; within a body a value to be yielded or returned.
    Dynamic(Arc<Ty>),
    /// To be found by inference; never in a finished program.
    Infer(u32),
    /// Of what is broken and already reported; fits everywhere in silence.
    Error,
}

/// The type of a function value.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct FnTy {
    /// Parameters.
    pub params: Vec<Ty>,
    /// Result.
    pub result: Ty,
}

impl Ty {
    /// `List<item>`
    pub fn list(item: Ty) -> Ty {
        Ty::List(Arc::new(item))
    }

    /// `Map<key, value>`
    pub fn map(key: Ty, value: Ty) -> Ty {
        Ty::Map(Arc::new((key, value)))
    }

    /// `item?`
    pub fn option(item: Ty) -> Ty {
        Ty::Option(Arc::new(item))
    }

    /// `DynamicOutput<item>`
    pub fn dynamic(item: Ty) -> Ty {
        Ty::Dynamic(Arc::new(item))
    }

    /// `Iter<item>`
    pub fn iter(item: Ty) -> Ty {
        Ty::Iter(Arc::new(item))
    }

    /// `fn(params) -> result`
    pub fn function(params: Vec<Ty>, result: Ty) -> Ty {
        Ty::Fn(Arc::new(FnTy { params, result }))
    }
}
