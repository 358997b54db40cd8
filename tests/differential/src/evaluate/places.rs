//! Types of operands, zero values, and ways into locals.

use dynop_ir::{Const, Operand, Place, Projection, Type, TypeId};

use super::failures::Failure;
use super::machine::Frame;
use super::value::{Value, write};
use super::{Failed, Machine};

impl<'p> Machine<'p> {
    /// The value of all bits zero.
    pub(super) fn zero(&self, ty: TypeId) -> Value {
        match self.program.types.get(ty) {
            Type::Unit => Value::Unit,
            Type::Int | Type::Duration | Type::Time => Value::Int(0),
            Type::Float => Value::Float(0.0),
            Type::Bool => Value::Bool(false),
            Type::Str | Type::Path | Type::Bytes => Value::text(""),
            Type::List(_) | Type::Box(..) => Self::list(Vec::new()),
            Type::Map(..) | Type::Set(_) => Value::Map(Vec::new().into()),
            Type::Range => Value::Fields(vec![Value::Int(0), Value::Int(0)]),
            Type::Option(inner) => Value::option(None, self.zero(*inner)),
            Type::Aggregate(one) => {
                Value::Fields(one.fields.iter().map(|(_, ty)| self.zero(*ty)).collect())
            }
            Type::Enum(one) => Value::Enum(0, one.parts().map(|ty| self.zero(ty)).collect()),
            Type::Closure(..) => Value::Closure(None),
        }
    }

    pub(super) fn value(&self, frame: &Frame<'p>, operand: &Operand) -> Value {
        match operand {
            Operand::Local(local) => frame.locals[local.0 as usize].clone(),
            Operand::Const(Const::Int(n)) => Value::Int(*n),
            Operand::Const(Const::Float(x)) => Value::Float(*x),
            Operand::Const(Const::Bool(b)) => Value::Bool(*b),
            Operand::Const(Const::Str(text) | Const::Path(text)) => Value::text(text),
            Operand::Const(Const::Bytes(bytes)) => Value::Text(bytes.clone().into()),
            Operand::Const(Const::Zero(ty)) => self.zero(*ty),
        }
    }

    pub(super) fn values(&self, frame: &Frame<'p>, operands: &[Operand]) -> Vec<Value> {
        operands.iter().map(|one| self.value(frame, one)).collect()
    }

    pub(super) fn int(&self, frame: &Frame<'p>, operand: &Operand) -> i64 {
        self.value(frame, operand).int()
    }

    /// The type of an operand.
    pub(super) fn type_of(&self, frame: &Frame<'p>, operand: &Operand) -> TypeId {
        let ty = match operand {
            Operand::Local(local) => return frame.function.locals[local.0 as usize].ty,
            Operand::Const(Const::Zero(ty)) => return *ty,
            Operand::Const(Const::Int(_)) => Type::Int,
            Operand::Const(Const::Float(_)) => Type::Float,
            Operand::Const(Const::Bool(_)) => Type::Bool,
            Operand::Const(Const::Str(_)) => Type::Str,
            Operand::Const(Const::Path(_)) => Type::Path,
            Operand::Const(Const::Bytes(_)) => Type::Bytes,
        };
        let found = self.program.types.find(&ty);
        found.expect("the types of constants are always there")
    }

    /// The types on a way, that of the local first.
    fn types_on(&self, frame: &Frame<'p>, place: &Place) -> Vec<TypeId> {
        let types = &self.program.types;
        let mut on_way = vec![frame.function.locals[place.local.0 as usize].ty];
        for projection in &place.projections {
            let ty = *on_way.last().expect("the local's");
            on_way.push(match (projection, types.get(ty)) {
                (Projection::Field(index), Type::Aggregate(one)) => one.fields[*index as usize].1,
                (Projection::Index(_), Type::List(item) | Type::Box(item, _)) => *item,
                (Projection::Payload, Type::Option(inner)) => *inner,
                (Projection::Key(_) | Projection::KeyOrInsert(_), Type::Map(_, value)) => *value,
                (projection, ty) => unreachable!("{projection:?} of {ty:?}"),
            });
        }
        on_way
    }

    /// The type at the end of a place.
    pub(super) fn end_of(&self, frame: &Frame<'p>, place: &Place) -> TypeId {
        *self.types_on(frame, place).last().expect("the local's")
    }

    /// What is at the end of a place.
    pub(super) fn place<'f>(
        &mut self,
        frame: &'f mut Frame<'p>,
        place: &Place,
    ) -> Result<&'f mut Value, Failed> {
        let operands = place.projections.iter().map(|projection| match projection {
            Projection::Index(operand)
            | Projection::Key(operand)
            | Projection::KeyOrInsert(operand) => self.value(frame, operand),
            Projection::Field(_) | Projection::Payload => Value::Unit,
        });
        let operands: Vec<Value> = operands.collect();
        let types = self.types_on(frame, place);
        let mut at = &mut frame.locals[place.local.0 as usize];
        for (index, (projection, operand)) in place.projections.iter().zip(operands).enumerate() {
            at = match (projection, at) {
                (Projection::Field(field), Value::Fields(fields)) => &mut fields[*field as usize],
                (Projection::Payload, Value::Option(_, payload)) => payload,
                (Projection::Index(_), list) => {
                    let at = self.index(operand.int(), list.list().len())?;
                    &mut list.list_mut()[at]
                }
                (Projection::Key(_), map) => {
                    let at = self.key(map, &operand, types[index])?;
                    &mut map.entries_mut()[at].1
                }
                (Projection::KeyOrInsert(_), map) => {
                    let at = map.find(&operand).unwrap_or_else(|| {
                        let zero = self.zero(types[index + 1]);
                        map.entries_mut().push((operand, zero));
                        map.entries().len() - 1
                    });
                    &mut map.entries_mut()[at].1
                }
                (projection, value) => unreachable!("{projection:?} of {value:?}"),
            };
        }
        Ok(at)
    }

    /// An index that is within a list.
    pub(super) fn index(&mut self, index: i64, len: usize) -> Result<usize, Failed> {
        match usize::try_from(index).ok().filter(|at| *at < len) {
            Some(at) => Ok(at),
            None => self.fail(Failure::Index(index, len)),
        }
    }

    /// Where a key that must be there is among the entries of a map.
    pub(super) fn key(&mut self, map: &Value, key: &Value, ty: TypeId) -> Result<usize, Failed> {
        if let Some(at) = map.find(key) {
            return Ok(at);
        }
        let (Type::Map(key_type, _) | Type::Set(key_type)) = self.program.types.get(ty) else {
            unreachable!("a map")
        };
        let mut shown = String::new();
        write(&mut shown, key, *key_type, &self.program.types);
        if let Some((at, _)) = shown.char_indices().nth(200) {
            shown.truncate(at);
            shown.push('…');
        }
        self.fail(Failure::Key(shown))
    }
}
