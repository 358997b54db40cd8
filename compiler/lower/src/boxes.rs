//! Types that hold themselves: which of their fields are in buffers of their own, and how those are read and written.
//!
//! A field of a struct or of a case whose type holds the struct or enum again, other than through a list, map or set, is
//! boxed: `next: Node?` of a `Node` is a buffer with a `Node` or nothing, `Add(Expr, Expr)` of an `Expr` two buffers. What a
//! program sees of the field is what it declared; the conversion is here. A box is a list of at most one element to every
//! instruction, so that it is counted, shared and changed in place as one.

use std::collections::HashSet;

use dynop_ir::{Boxed, Comparison, Op, Operand, Place, Projection, Type, TypeId};
use dynop_sema::hir;
use dynop_sema::substitute::{parts, substitute};
use dynop_sema::ty::Ty;

use crate::builder::Builder;
use crate::lowering::Lowering;
use crate::operators::int;

/// Searches end after so many types: generics that hold ever larger instances of themselves are reported elsewhere.
const MOST_TYPES: usize = 1000;

/// Which ways lead from a type to what is in it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ways {
    /// Those without a buffer: fields, options.
    Flat,
    /// All.
    All,
}

/// The types that values of a type are made of, without those behind the ways left out.
fn inside(program: &hir::Program, ty: &Ty, ways: Ways) -> Vec<Ty> {
    match ty {
        Ty::Struct(id, args) => {
            let fields = program.structs.get(id.0 as usize);
            let fields = fields.into_iter().flat_map(|item| &item.fields);
            fields.map(|field| substitute(&field.ty, args)).collect()
        }
        Ty::Enum(id, args) => {
            let cases = program.enums.get(id.0 as usize);
            let cases = cases.into_iter().flat_map(|item| &item.variants);
            let payload = cases.flat_map(|case| &case.payload);
            payload.map(|(_, ty)| substitute(ty, args)).collect()
        }
        Ty::Option(_) | Ty::Tuple(_) | Ty::NamedTuple(_) => {
            parts(ty).into_iter().cloned().collect()
        }
        _ if ways == Ways::All => parts(ty).into_iter().cloned().collect(),
        _ => Vec::new(),
    }
}

/// Whether a value of `from` holds one of `wanted`.
fn holds(program: &hir::Program, from: &Ty, wanted: &Ty, ways: Ways) -> bool {
    let mut seen = HashSet::new();
    let mut pending = vec![from.clone()];
    while let Some(ty) = pending.pop() {
        if ty == *wanted {
            return true;
        }
        if seen.len() < MOST_TYPES && seen.insert(ty.clone()) {
            pending.extend(inside(program, &ty, ways));
        }
    }
    false
}

impl Lowering<'_> {
    /// Whether a struct or enum holds itself in any way.
    pub(crate) fn is_recursive(&self, ty: &Ty) -> bool {
        inside(self.program, ty, Ways::All)
            .iter()
            .any(|part| holds(self.program, part, ty, Ways::All))
    }

    /// The type of a field of the struct or enum `owner`: boxed where it holds its owner.
    pub(crate) fn field_type(&mut self, owner: &Ty, field: &Ty) -> TypeId {
        if !holds(self.program, field, owner, Ways::Flat) {
            return self.type_id(field);
        }
        let (item, boxed) = match field {
            Ty::Option(item) => (&**item, Boxed::Option),
            _ => (field, Boxed::Value),
        };
        let item = self.type_id(item);
        self.intern(Type::Box(item, boxed))
    }
}

impl Builder<'_, '_> {
    /// The type of a field of an aggregate.
    fn declared_field(&self, ty: TypeId, index: u32) -> Option<TypeId> {
        match self.shape_of(ty) {
            Type::Aggregate(aggregate) => aggregate.fields.get(index as usize).map(|(_, ty)| *ty),
            _ => None,
        }
    }

    /// A field of a value of a tuple or struct.
    pub(crate) fn field_of(&mut self, base: &Operand, index: u32, ty: TypeId) -> Operand {
        let base_type = self.type_of(base);
        let stored = self.declared_field(base_type, index).unwrap_or(ty);
        let field = self.compute(stored, Op::Field(base.clone(), index));
        self.unboxed(field, stored)
    }

    /// A part of the payload of a case that is known.
    pub(crate) fn payload_part(
        &mut self,
        base: &Operand,
        case: u32,
        index: u32,
        ty: TypeId,
    ) -> Operand {
        let base_type = self.type_of(base);
        let stored = match self.shape_of(base_type) {
            Type::Enum(one) => {
                let case = one.variants.get(case as usize);
                let part = case.and_then(|case| case.payload.get(index as usize));
                part.map_or(ty, |(_, ty)| *ty)
            }
            _ => ty,
        };
        let part = self.compute(stored, Op::VariantField(base.clone(), case, index));
        self.unboxed(part, stored)
    }

    /// Values as the fields of an aggregate hold them.
    pub(crate) fn as_fields(&mut self, ty: TypeId, values: Vec<Operand>) -> Vec<Operand> {
        let types: Vec<Option<TypeId>> = (0..values.len() as u32)
            .map(|index| self.declared_field(ty, index))
            .collect();
        self.all_boxed(values, &types)
    }

    /// Values as the payload of a case holds them.
    pub(crate) fn as_payload(
        &mut self,
        ty: TypeId,
        case: u32,
        values: Vec<Operand>,
    ) -> Vec<Operand> {
        let types: Vec<Option<TypeId>> = match self.shape_of(ty) {
            Type::Enum(one) => match one.variants.get(case as usize) {
                Some(case) => case.payload.iter().map(|(_, ty)| Some(*ty)).collect(),
                None => Vec::new(),
            },
            _ => Vec::new(),
        };
        self.all_boxed(values, &types)
    }

    fn all_boxed(&mut self, values: Vec<Operand>, types: &[Option<TypeId>]) -> Vec<Operand> {
        let types = types.iter().copied().chain(std::iter::repeat(None));
        let pairs: Vec<_> = values.into_iter().zip(types).collect();
        pairs
            .into_iter()
            .map(|(value, ty)| match ty {
                Some(ty) => self.boxed(value, ty),
                None => value,
            })
            .collect()
    }

    /// A value as a field of type `ty` holds it.
    pub(crate) fn boxed(&mut self, value: Operand, ty: TypeId) -> Operand {
        match *self.shape_of(ty) {
            Type::Box(_, Boxed::Value) => self.compute(ty, Op::List(ty, vec![value])),
            Type::Box(item, Boxed::Option) => {
                let place = self.temp(ty);
                let empty = self.zero(ty);
                self.emit(Some(place), Op::Copy(empty));
                let bool = self.bool();
                let is_some = self.compute(bool, Op::IsSome(value.clone()));
                let (some, done) = (self.new_block(), self.new_block());
                self.branch(is_some, some, done);
                self.enter(some);
                let payload = self.compute(item, Op::Payload(value));
                self.emit(Some(place), Op::List(ty, vec![payload]));
                self.jump(done);
                self.enter(done);
                Operand::Local(place)
            }
            _ => value,
        }
    }

    /// What a field of type `ty` holds, as the program sees it.
    pub(crate) fn unboxed(&mut self, value: Operand, ty: TypeId) -> Operand {
        match *self.shape_of(ty) {
            Type::Box(item, Boxed::Value) => {
                self.compute(item, Op::ListGetUnchecked(value, int(0)))
            }
            Type::Box(item, Boxed::Option) => {
                let option = self.lowering.intern(Type::Option(item));
                let place = self.temp(option);
                let none = self.zero(option);
                self.emit(Some(place), Op::Copy(none));
                let (int_type, bool) = (self.int(), self.bool());
                let len = self.compute(int_type, Op::ListLen(value.clone()));
                let is_some = self.compute(bool, Op::Compare(Comparison::Gt, len, int(0)));
                let (some, done) = (self.new_block(), self.new_block());
                self.branch(is_some, some, done);
                self.enter(some);
                let item = self.compute(item, Op::ListGetUnchecked(value, int(0)));
                self.emit(Some(place), Op::Some(item));
                self.jump(done);
                self.enter(done);
                Operand::Local(place)
            }
            _ => value,
        }
    }

    /// Adds the projection to a field, and the one into its box where what is in it is wanted. Gives the type there.
    pub(crate) fn project_field(
        &mut self,
        projections: &mut Vec<Projection>,
        at: TypeId,
        index: u32,
    ) -> TypeId {
        projections.push(Projection::Field(index));
        let field = self.declared_field(at, index).unwrap_or(at);
        match *self.shape_of(field) {
            Type::Box(item, Boxed::Value) => {
                projections.push(Projection::Index(int(0)));
                item
            }
            _ => field,
        }
    }

    /// The type at the end of a place if it is a box, whose value is converted when it is read or written.
    pub(crate) fn box_at(&self, place: &Place) -> Option<TypeId> {
        let mut at = self.local_type(place.local);
        for projection in &place.projections {
            at = match (projection, self.shape_of(at)) {
                (Projection::Field(index), Type::Aggregate(aggregate)) => {
                    aggregate.fields.get(*index as usize)?.1
                }
                (Projection::Index(_), Type::List(item) | Type::Box(item, _))
                | (Projection::Payload, Type::Option(item)) => *item,
                (Projection::Key(_) | Projection::KeyOrInsert(_), Type::Map(_, value)) => *value,
                _ => return None,
            };
        }
        matches!(self.shape_of(at), Type::Box(..)).then_some(at)
    }

    /// The type of the elements of a list or the values of a map.
    pub(crate) fn element_type(&self, at: TypeId) -> TypeId {
        match self.shape_of(at) {
            Type::List(item) | Type::Map(_, item) => *item,
            _ => at,
        }
    }
}
