//! One instruction: its operands, its place, its destination.

use dynop_abi::entries::{self, AbiType};

use super::result_types::{field_type, place_type, result_type};
use super::{Check, Verifier};
use crate::function::{BinaryOp, BlockId, Inst, NativeArg, Op, Operand, Place, Projection};
use crate::passes::fallible::can_fail_in;
use crate::types::{Type, TypeId};

const NUMBERS: &[Type] = &[Type::Int, Type::Float, Type::Duration, Type::Time];
const WHOLE: &[Type] = &[Type::Int, Type::Duration, Type::Time];
const TEXTS: &[Type] = &[Type::Str, Type::Path, Type::Bytes];

impl Verifier<'_> {
    pub(super) fn inst(&self, inst: &Inst) -> Check<()> {
        let mut locals = Ok(());
        inst.uses(&mut |local, _| {
            if let Err(message) = self.local(local) {
                locals = Err(message);
            }
        });
        locals?;
        let mut places = Ok(());
        inst.op.places(&mut |place| {
            if let Err(message) = self.place(place) {
                places = Err(message);
            }
        });
        places?;
        self.failure(inst)?;
        self.destination(inst)?;
        self.op(inst)
    }

    fn failure(&self, inst: &Inst) -> Check<()> {
        let fails = can_fail_in(&self.program.types, self.function, &inst.op, self.fallible);
        match inst.on_fail {
            Some(BlockId(0)) => Err("a failure goes on at the entry".into()),
            Some(block) if fails => self.block(block),
            // A pass that learns that nothing fails here may leave the way; nothing takes it.
            Some(block) => self.block(block),
            None if fails && !self.function.fallible => {
                Err(format!("{:?} may fail in a function that can't", inst.op))
            }
            None => Ok(()),
        }
    }

    fn destination(&self, inst: &Inst) -> Check<()> {
        let made = result_type(self.program, self.function, &inst.op)?;
        let Some(dst) = inst.dst else {
            return Ok(());
        };
        let wanted = self.local(dst)?;
        let types = &self.program.types;
        let fits = match (&inst.op, made) {
            // `Duration` and `Time` are computed with as `Int`s.
            (Op::Binary(..) | Op::Neg(_), Some(ty)) => ty == wanted || self.both_whole(ty, wanted),
            (Op::Copy(value), _) => self.operand(value, wanted).is_ok(),
            (_, Some(ty)) => ty == wanted,
            (Op::Binary(..) | Op::Neg(_), None) => WHOLE.contains(types.get(wanted)),
            (Op::Some(_) | Op::MapGet(..) | Op::MapNext(..) | Op::StrNext(..), None) => {
                matches!(types.get(wanted), Type::Option(_))
            }
            (Op::MakeClosure(..), None) => matches!(types.get(wanted), Type::Closure(..)),
            (Op::Catch | Op::CallNative { .. }, None) => true,
            _ => return Err(format!("{:?} makes nothing", inst.op)),
        };
        if fits {
            return Ok(());
        }
        Err(format!(
            "{:?} does not make {}",
            inst.op,
            types.display(wanted)
        ))
    }

    fn both_whole(&self, a: TypeId, b: TypeId) -> bool {
        let types = &self.program.types;
        WHOLE.contains(types.get(a)) && WHOLE.contains(types.get(b))
    }

    fn place(&self, place: &Place) -> Check<()> {
        for (index, projection) in place.projections.iter().enumerate() {
            let way = Place {
                local: place.local,
                projections: place.projections[..index].to_vec(),
            };
            let at = place_type(&self.program.types, self.function, &way);
            let at = at.ok_or_else(|| format!("{place:?} leads nowhere"))?;
            match (projection, self.program.types.get(at)) {
                (Projection::Index(index), Type::List(_) | Type::Box(..)) => {
                    self.scalar(index, &[Type::Int])?
                }
                (Projection::Key(key) | Projection::KeyOrInsert(key), Type::Map(wanted, _)) => {
                    self.operand(key, *wanted)?;
                }
                (Projection::Payload, Type::Option(_)) => {}
                (Projection::Field(index), _) => {
                    field_type(&self.program.types, at, *index)
                        .ok_or_else(|| format!("{place:?} names a field that is not there"))?;
                }
                _ => return Err(format!("{place:?} leads nowhere")),
            }
        }
        Ok(())
    }

    fn end_of(&self, place: &Place) -> Check<TypeId> {
        place_type(&self.program.types, self.function, place)
            .ok_or_else(|| format!("{place:?} leads nowhere"))
    }

    fn op(&self, inst: &Inst) -> Check<()> {
        let types = &self.program.types;
        match &inst.op {
            Op::Binary(op, a, b) => self.binary(*op, a, b),
            Op::Neg(a) => self.scalar(a, NUMBERS),
            Op::Not(a) => self.scalar(a, &[Type::Bool]),
            Op::IntToFloat(a) => self.scalar(a, WHOLE),
            Op::ListWithCapacity(_, a) => self.scalar(a, &[Type::Int]),
            Op::Compare(_, a, b) => match (self.operand_type(a)?, self.operand_type(b)?) {
                (Some(ty), _) => self.operand(b, ty),
                (None, Some(ty)) => self.operand(a, ty),
                (None, None) => Ok(()),
            },
            Op::Make(ty, fields) => match types.get(*ty) {
                Type::Aggregate(aggregate) => {
                    let wanted: Vec<TypeId> = aggregate.fields.iter().map(|(_, ty)| *ty).collect();
                    self.arguments(fields, &wanted)
                }
                Type::Range if fields.len() == 2 => {
                    fields.iter().try_for_each(|a| self.scalar(a, &[Type::Int]))
                }
                _ => Err("`make` of what is no aggregate".into()),
            },
            Op::Variant(ty, case, payload) => match types.get(*ty) {
                Type::Enum(one) => match one.variants.get(*case as usize) {
                    Some(case) => {
                        let wanted: Vec<TypeId> = case.payload.iter().map(|(_, ty)| *ty).collect();
                        self.arguments(payload, &wanted)
                    }
                    None => Err("a case that is not there".into()),
                },
                _ => Err("`variant` of what is no enum".into()),
            },
            Op::Some(value) => match inst.dst.map(|dst| self.local(dst)).transpose()? {
                Some(ty) => match types.get(ty) {
                    Type::Option(inner) => self.operand(value, *inner),
                    _ => Err("`some` makes an option".into()),
                },
                None => Err("`some` has no destination, which tells its type".into()),
            },
            Op::List(ty, elements) => match types.get(*ty) {
                Type::List(item) | Type::Box(item, _) => {
                    elements.iter().try_for_each(|a| self.operand(a, *item))
                }
                _ => Err("`list` of what is no list".into()),
            },
            Op::ListGet(_, index) | Op::ListGetUnchecked(_, index) => {
                self.scalar(index, &[Type::Int])
            }
            Op::ListLen(a) => self.container(a, |ty| matches!(ty, Type::List(_) | Type::Box(..))),
            Op::MapLen(a) => self.container(a, |ty| matches!(ty, Type::Map(..) | Type::Set(_))),
            Op::IsSome(a) => self.container(a, |ty| matches!(ty, Type::Option(_))),
            Op::Tag(a) => self.container(a, |ty| matches!(ty, Type::Enum(_))),
            Op::MapGet(map, key) | Op::MapIndex(map, key) => {
                match self.operand_type(map)?.map(|ty| types.get(ty)) {
                    Some(Type::Map(wanted, _) | Type::Set(wanted)) => self.operand(key, *wanted),
                    _ => Err("a look-up in what is no map".into()),
                }
            }
            Op::MapNext(map, position) => {
                self.container(map, |ty| matches!(ty, Type::Map(..) | Type::Set(_)))?;
                self.local_of(*position, &Type::Int)
            }
            Op::StrNext(text, position) => {
                self.scalar(text, TEXTS)?;
                self.local_of(*position, &Type::Int)
            }
            Op::ListPush(place, value) => match types.get(self.end_of(place)?) {
                Type::List(item) => self.operand(value, *item),
                _ => Err("`push` on what is no list".into()),
            },
            Op::Store(place, value) => self.operand(value, self.end_of(place)?),
            Op::FormatAppend(place, ..) => self.text_place(place),
            Op::StrAppend(place, tail) => {
                self.text_place(place)?;
                self.scalar(tail, TEXTS)
            }
            _ => self.call(inst),
        }
    }

    fn text_place(&self, place: &Place) -> Check<()> {
        if TEXTS.contains(self.program.types.get(self.end_of(place)?)) {
            return Ok(());
        }
        Err("an append to what is no text".into())
    }

    fn container(&self, operand: &Operand, is: fn(&Type) -> bool) -> Check<()> {
        match self.operand_type(operand)? {
            Some(ty) if is(self.program.types.get(ty)) => Ok(()),
            _ => Err(format!("{operand:?} is of the wrong kind")),
        }
    }

    fn binary(&self, op: BinaryOp, a: &Operand, b: &Operand) -> Check<()> {
        let wanted: &[Type] = match op {
            BinaryOp::And | BinaryOp::Or | BinaryOp::Xor => &[Type::Int, Type::Bool],
            BinaryOp::Shl | BinaryOp::Shr => &[Type::Int],
            BinaryOp::AddWrapping => WHOLE,
            _ => NUMBERS,
        };
        self.scalar(a, wanted)?;
        self.scalar(b, wanted)
    }

    fn call(&self, inst: &Inst) -> Check<()> {
        let types = &self.program.types;
        match &inst.op {
            Op::Call(id, arguments) => {
                let callee = self.callee(*id)?;
                if callee.captures.is_some() {
                    return Err(format!("`{}` is the code of a closure", callee.name));
                }
                let params = callee.locals.iter().take(callee.params as usize);
                let wanted: Vec<TypeId> = params.map(|local| local.ty).collect();
                self.arguments(arguments, &wanted)
            }
            Op::MakeClosure(id, captures) => match &self.callee(*id)?.captures {
                Some(wanted) => self.arguments(captures, wanted),
                None => Err("`closure` of a function without captures".into()),
            },
            Op::CallClosure(callee, arguments) => {
                match self.operand_type(callee)?.map(|ty| types.get(ty)) {
                    Some(Type::Closure(params, _)) => self.arguments(arguments, params),
                    _ => Err("a call of what is no closure".into()),
                }
            }
            Op::CaptureStore(index, value) => {
                let captures = self.function.captures.as_deref().unwrap_or_default();
                match captures.get(*index as usize) {
                    Some(&ty) => self.operand(value, ty),
                    None => Err(format!("capture {index} is not there")),
                }
            }
            Op::CallNative { entry, args, types } => self.native(inst, entry, args, types.len()),
            Op::Fail(message, retry) => {
                self.scalar(message, &[Type::Str])?;
                self.scalar(retry, &[Type::Bool])
            }
            _ => Ok(()),
        }
    }

    fn native(&self, inst: &Inst, entry: &str, args: &[NativeArg], types: usize) -> Check<()> {
        if !entry.starts_with("dyn_") {
            for arg in args {
                let NativeArg::Value(value) = arg else {
                    return Err(format!("`{entry}` is given a place"));
                };
                self.scalar(value, &[Type::Int, Type::Float, Type::Bool])?;
            }
            return Ok(());
        }
        let Some(declared) = entries::find(entry) else {
            return Err(format!("`{entry}` is no entry point"));
        };
        let given = 1 + args.len() + types;
        let has_out = declared.params.len() == given + 1;
        if declared.params.len() != given && !has_out {
            return Err(format!("`{entry}` takes other arguments"));
        }
        if has_out && inst.dst.is_none() {
            return Err(format!("`{entry}` has a result and no destination"));
        }
        for (arg, declared) in args
            .iter()
            .zip(declared.params.iter().skip(1 + usize::from(has_out)))
        {
            match (arg, declared) {
                (NativeArg::Value(a), AbiType::I64) => self.scalar(a, WHOLE)?,
                (NativeArg::Value(a), AbiType::F64) => self.scalar(a, &[Type::Float])?,
                (NativeArg::Value(a), AbiType::U8) => self.scalar(a, &[Type::Bool])?,
                (_, AbiType::Ptr) => {}
                _ => return Err(format!("`{entry}` takes other arguments")),
            }
        }
        Ok(())
    }
}
