//! Types: the checker's, free of parameters, to the IR's.

use std::collections::HashMap;

use dynop_base::codes::{build, unsupported};
use dynop_base::{Diagnostic, Span};
use dynop_ir::{Aggregate, AggregateKind, Case, Enum, Type, TypeId};
use dynop_sema::hir;
use dynop_sema::substitute::{measure, substitute};
use dynop_sema::ty::Ty;

use crate::lowering::Lowering;

/// A type with more parts than this is taken for one that grows without end. Real ones have some dozens.
pub(crate) const LARGEST_TYPE: usize = 500;
/// So deep may structs lie in each other; generics that wrap themselves reach it, programs do not.
const DEEPEST_TYPE: usize = 64;

/// What is known of types while lowering.
#[derive(Default)]
pub(crate) struct TypeTable {
    pub(crate) types: dynop_ir::Types,
    known: HashMap<Ty, TypeId>,
    // How many structs and enums are being lowered, one inside of another.
    open: usize,
}

impl Lowering<'_> {
    /// The IR's type of a type without parameters.
    pub(crate) fn type_id(&mut self, ty: &Ty) -> TypeId {
        if let Some(&id) = self.types.known.get(ty) {
            return id;
        }
        if matches!(ty, Ty::Struct(..) | Ty::Enum(..)) && self.is_recursive(ty) {
            // Known before it is lowered, since its parts name it.
            let id = self.types.types.reserve();
            self.types.known.insert(ty.clone(), id);
            let lowered = self.lower_type(ty);
            self.types.types.fill(id, lowered);
            return id;
        }
        let lowered = self.lower_type(ty);
        let id = self.types.types.intern(lowered);
        self.types.known.insert(ty.clone(), id);
        id
    }

    /// The id of an IR type.
    pub(crate) fn intern(&mut self, ty: Type) -> TypeId {
        self.types.types.intern(ty)
    }

    /// `()`
    pub(crate) fn unit(&mut self) -> TypeId {
        self.intern(Type::Unit)
    }

    fn lower_type(&mut self, ty: &Ty) -> Type {
        match ty {
            Ty::Int => Type::Int,
            Ty::Float => Type::Float,
            Ty::Bool => Type::Bool,
            Ty::Str => Type::Str,
            Ty::Path => Type::Path,
            Ty::Bytes => Type::Bytes,
            Ty::Duration => Type::Duration,
            Ty::Time => Type::Time,
            Ty::Range => Type::Range,
            Ty::List(item) => Type::List(self.type_id(item)),
            Ty::Set(item) => Type::Set(self.type_id(item)),
            Ty::Option(item) => Type::Option(self.type_id(item)),
            Ty::Map(pair) => Type::Map(self.type_id(&pair.0), self.type_id(&pair.1)),
            Ty::Iter(item) => {
                let item = self.type_id(item);
                let next = self.intern(Type::Option(item));
                let cursor = self.intern(Type::Closure(Vec::new(), next));
                Type::Closure(Vec::new(), cursor)
            }
            Ty::Fn(function) => {
                let params = function.params.iter().map(|ty| self.type_id(ty)).collect();
                Type::Closure(params, self.type_id(&function.result))
            }
            Ty::Tuple(items) => {
                let fields = items.iter().map(|ty| (String::new(), self.type_id(ty)));
                Type::Aggregate(Aggregate {
                    kind: AggregateKind::Tuple,
                    name: String::new(),
                    fields: fields.collect(),
                    defaults: Vec::new(),
                })
            }
            Ty::NamedTuple(fields) => {
                let fields = fields
                    .iter()
                    .map(|(name, ty)| (name.to_string(), self.type_id(ty)));
                Type::Aggregate(Aggregate {
                    kind: AggregateKind::NamedTuple,
                    name: String::new(),
                    fields: fields.collect(),
                    defaults: Vec::new(),
                })
            }
            Ty::Dynamic(item) => {
                let fields = vec![
                    ("value".to_string(), self.type_id(item)),
                    ("mapping_key".to_string(), self.intern(Type::Str)),
                ];
                Type::Aggregate(Aggregate {
                    kind: AggregateKind::DynamicOutput,
                    name: String::new(),
                    fields,
                    defaults: Vec::new(),
                })
            }
            Ty::Struct(id, args) => self.nested(ty, |this| this.struct_type(ty, *id, args)),
            Ty::Enum(id, args) => self.nested(ty, |this| this.enum_type(ty, *id, args)),
            // Of what is never reached or never looked at: the item of a `none` or `[]` that nothing asks about.
            Ty::Unit | Ty::Never | Ty::Param(..) | Ty::Infer(_) | Ty::Error => Type::Unit,
        }
    }

    /// Lowers a struct or enum, unless types go on without end.
    fn nested(&mut self, ty: &Ty, lower: impl FnOnce(&mut Self) -> Type) -> Type {
        let endless = self.types.open >= DEEPEST_TYPE || measure(ty, LARGEST_TYPE) > LARGEST_TYPE;
        if endless {
            self.endless(None);
            return Type::Unit;
        }
        self.types.open += 1;
        let lowered = lower(self);
        self.types.open -= 1;
        lowered
    }

    fn struct_type(&mut self, owner: &Ty, id: hir::StructId, args: &[Ty]) -> Type {
        let Some(declared) = self.program.structs.get(id.0 as usize) else {
            return Type::Unit;
        };
        let fields = declared
            .fields
            .iter()
            .map(|field| {
                (
                    field.name.to_string(),
                    self.field_type(owner, &substitute(&field.ty, args)),
                )
            })
            .collect();
        Type::Aggregate(Aggregate {
            kind: AggregateKind::Struct,
            name: self.applied(declared.name.as_str(), args),
            fields,
            defaults: self.defaults(declared),
        })
    }

    fn enum_type(&mut self, owner: &Ty, id: hir::EnumId, args: &[Ty]) -> Type {
        let Some(declared) = self.program.enums.get(id.0 as usize) else {
            return Type::Unit;
        };
        let variants = declared
            .variants
            .iter()
            .map(|variant| {
                let payload = variant
                    .payload
                    .iter()
                    .map(|(name, ty)| {
                        let name = name.map(|name| name.to_string()).unwrap_or_default();
                        (name, self.field_type(owner, &substitute(ty, args)))
                    })
                    .collect();
                Case {
                    name: variant.name.to_string(),
                    payload,
                }
            })
            .collect();
        Type::Enum(Enum {
            name: self.applied(declared.name.as_str(), args),
            variants,
            json: self.program.json == Some(id),
        })
    }

    /// `Name<A, B>`
    fn applied(&self, name: &str, args: &[Ty]) -> String {
        if args.is_empty() {
            return name.to_string();
        }
        let args: Vec<String> = args.iter().map(|ty| self.show(ty)).collect();
        format!("{name}<{}>", args.join(", "))
    }

    /// A type as it is written.
    pub(crate) fn show(&self, ty: &Ty) -> String {
        dynop_sema::display::show(self.program, ty)
    }

    /// Reports what this version does not have.
    pub(crate) fn unsupported(&mut self, what: &str, span: Option<Span>) {
        let span = self.user_span(span);
        self.report(
            Diagnostic::new(
                &unsupported::UNSUPPORTED,
                span,
                format!("{what} are not supported yet"),
            )
            .here("not supported yet")
            .note("the language has this; this version of the compiler does not")
            .help(
                "write this part in another way for now, such as by a `fn` with a plain `for` loop",
            ),
        );
    }

    /// Reports generics that go on for ever.
    pub(crate) fn endless(&mut self, span: Option<Span>) {
        let span = self.user_span(span);
        self.report(
            Diagnostic::new(
                &build::ENDLESS_GENERICS,
                span,
                "the type arguments grow without end",
            )
            .here("each use asks for a further one with larger types")
            .note("every use of a generic function with new types is compiled on its own")
            .help("let the function call itself with the types that it was given: go over the values with `for` or `while`, or wrap them in an enum that holds itself, which is one type however deep"),
        );
    }
}
