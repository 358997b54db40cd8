//! What an instruction makes.

use crate::function::{Const, Function, Op, Operand, Place, Program, Projection};
use crate::types::{Type, TypeId, Types};

/// The type of a place's end, if the way exists.
pub(crate) fn place_type(types: &Types, function: &Function, place: &Place) -> Option<TypeId> {
    let mut at = function.locals.get(place.local.0 as usize)?.ty;
    for projection in &place.projections {
        at = match projection {
            Projection::Field(index) => field_type(types, at, *index)?,
            Projection::Payload => match types.get(at) {
                Type::Option(inner) => *inner,
                _ => return None,
            },
            Projection::Index(_) => match types.get(at) {
                Type::List(item) | Type::Box(item, _) => *item,
                _ => return None,
            },
            Projection::Key(_) | Projection::KeyOrInsert(_) => match types.get(at) {
                Type::Map(_, value) => *value,
                _ => return None,
            },
        };
    }
    Some(at)
}

/// The type of a field of an aggregate or a range.
pub(crate) fn field_type(types: &Types, ty: TypeId, index: u32) -> Option<TypeId> {
    match types.get(ty) {
        Type::Aggregate(aggregate) => Some(aggregate.fields.get(index as usize)?.1),
        Type::Range if index < 2 => types.find(&Type::Int),
        _ => None,
    }
}

/// The type of what an instruction makes: `Ok(None)` if it makes nothing, or what only its destination tells; an error
/// if its operands are not what it works on.
pub fn result_type(
    program: &Program,
    function: &Function,
    op: &Op,
) -> Result<Option<TypeId>, String> {
    let types = &program.types;
    let of = |operand: &Operand| match operand {
        Operand::Local(local) => function.locals.get(local.0 as usize).map(|local| local.ty),
        Operand::Const(Const::Zero(ty)) => Some(*ty),
        Operand::Const(Const::Int(_)) => None,
        Operand::Const(Const::Float(_)) => types.find(&Type::Float),
        Operand::Const(Const::Bool(_)) => types.find(&Type::Bool),
        Operand::Const(Const::Str(_)) => types.find(&Type::Str),
        Operand::Const(Const::Path(_)) => types.find(&Type::Path),
        Operand::Const(Const::Bytes(_)) => types.find(&Type::Bytes),
    };
    let wrong = |operand: &Operand| format!("{operand:?} is not what {op:?} works on");
    let shape = |operand: &Operand| of(operand).map(|ty| types.get(ty));
    let known = |ty: Type| Ok(types.find(&ty));
    match op {
        Op::Copy(a) | Op::Neg(a) => Ok(of(a)),
        Op::Binary(_, a, b) => Ok(of(a).or(of(b))),
        Op::Not(_) | Op::Compare(..) | Op::IsSome(_) => known(Type::Bool),
        Op::IntToFloat(_) => known(Type::Float),
        Op::Tag(_) | Op::ListLen(_) | Op::MapLen(_) => known(Type::Int),
        Op::Make(ty, _) | Op::Variant(ty, ..) | Op::List(ty, _) | Op::ListWithCapacity(ty, _) => {
            Ok(Some(*ty))
        }
        Op::Field(a, index) => match of(a).and_then(|ty| field_type(types, ty, *index)) {
            Some(ty) => Ok(Some(ty)),
            None => Err(wrong(a)),
        },
        Op::Payload(a) => match shape(a) {
            Some(Type::Option(inner)) => Ok(Some(*inner)),
            _ => Err(wrong(a)),
        },
        Op::VariantField(a, case, index) => match shape(a) {
            Some(Type::Enum(one)) => {
                let case = one.variants.get(*case as usize);
                let field = case.and_then(|case| case.payload.get(*index as usize));
                field.map(|(_, ty)| Some(*ty)).ok_or_else(|| wrong(a))
            }
            _ => Err(wrong(a)),
        },
        Op::ListGet(a, _) | Op::ListGetUnchecked(a, _) => match shape(a) {
            Some(Type::List(item) | Type::Box(item, _)) => Ok(Some(*item)),
            _ => Err(wrong(a)),
        },
        Op::MapIndex(a, _) => match shape(a) {
            Some(Type::Map(_, value)) => Ok(Some(*value)),
            _ => Err(wrong(a)),
        },
        Op::Load(place) | Op::Take(place) => match place_type(types, function, place) {
            Some(ty) => Ok(Some(ty)),
            None => Err(format!("{place:?} leads nowhere")),
        },
        Op::Call(id, _) => match program.functions.get(id.0 as usize) {
            Some(callee) => Ok(Some(callee.result)),
            None => Err(format!("f{} is not there", id.0)),
        },
        Op::CallClosure(callee, _) => match shape(callee) {
            Some(Type::Closure(_, result)) => Ok(Some(*result)),
            _ => Err(wrong(callee)),
        },
        Op::CaptureLoad(index) | Op::CaptureTake(index) => {
            let captures = function.captures.as_deref().unwrap_or_default();
            match captures.get(*index as usize) {
                Some(&ty) => Ok(Some(ty)),
                None => Err(format!("capture {index} is not there")),
            }
        }
        // What these make, their destination tells.
        Op::Some(_)
        | Op::MapGet(..)
        | Op::MapNext(..)
        | Op::StrNext(..)
        | Op::MakeClosure(..)
        | Op::Catch
        | Op::CallNative { .. } => Ok(None),
        Op::ListPush(..)
        | Op::Store(..)
        | Op::CaptureStore(..)
        | Op::FormatAppend(..)
        | Op::StrAppend(..)
        | Op::Yield(..)
        | Op::ReturnItem(..)
        | Op::Output(..)
        | Op::Fail(..)
        | Op::FailMatch
        | Op::FailUnwrap
        | Op::Poll
        | Op::Retain(_)
        | Op::Release(_) => Ok(None),
    }
}
