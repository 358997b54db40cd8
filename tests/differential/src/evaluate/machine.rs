//! What each instruction does.

use std::cell::RefCell;
use std::rc::Rc;

use dynop_ir::{
    BinaryOp, BlockId, Comparison, Function, FunctionId, Inst, LocalId, NativeArg, Op, Operand,
    Terminator, Type, TypeId,
};

use super::failures::Failure;
use super::format::formatted;
use super::value::{Value, equal, order};
use super::{Failed, Machine, World, natives};

type Captures = Rc<RefCell<Vec<Value>>>;

pub(super) struct Frame<'p> {
    pub(super) function: &'p Function,
    pub(super) locals: Vec<Value>,
    captures: Option<Captures>,
}

impl Frame<'_> {
    fn captured<T>(&self, index: u32, work: impl FnOnce(&mut Value) -> T) -> T {
        match &self.captures {
            Some(captures) => work(&mut captures.borrow_mut()[index as usize]),
            None => unreachable!("captures of what is no closure"),
        }
    }
}

enum Next {
    Block(BlockId),
    Return(Value),
}

impl<'p> Machine<'p> {
    pub(super) fn call(
        &mut self,
        id: FunctionId,
        args: Vec<Value>,
        captures: Option<Captures>,
    ) -> Result<Value, Failed> {
        let function = &self.program.functions[id.0 as usize];
        let rest = &function.locals[args.len()..];
        let zeros = rest.iter().map(|local| self.zero(local.ty));
        let mut frame = Frame {
            function,
            locals: args.into_iter().chain(zeros).collect(),
            captures,
        };
        let mut at = BlockId(0);
        loop {
            at = match self.block(&mut frame, at)? {
                Next::Block(next) => next,
                Next::Return(value) => return Ok(value),
            };
        }
    }

    fn block(&mut self, frame: &mut Frame<'p>, at: BlockId) -> Result<Next, Failed> {
        let block = &frame.function.blocks[at.0 as usize];
        self.spend(block.insts.len() + 1);
        for inst in &block.insts {
            match (self.op(frame, inst), inst.on_fail) {
                _ if self.left == 0 => return Err(Failed),
                (Ok(Some(value)), _) => {
                    if let Some(LocalId(dst)) = inst.dst {
                        frame.locals[dst as usize] = value;
                    }
                }
                (Ok(None), _) => {}
                (Err(Failed), Some(handler)) => return Ok(Next::Block(handler)),
                (Err(Failed), None) => return Err(Failed),
            }
        }
        Ok(match &block.terminator {
            Terminator::Jump(block) => Next::Block(*block),
            Terminator::Branch {
                condition,
                then,
                otherwise,
            } => Next::Block(match self.value(frame, condition) {
                Value::Bool(true) => *then,
                _ => *otherwise,
            }),
            Terminator::Switch {
                value,
                cases,
                otherwise,
            } => {
                let value = self.int(frame, value);
                let hit = cases.iter().find(|(case, _)| *case == value);
                Next::Block(hit.map_or(*otherwise, |(_, block)| *block))
            }
            Terminator::Return(value) => Next::Return(self.value(frame, value)),
            Terminator::Fail => return Err(Failed),
            Terminator::Unreachable => unreachable!("behind what always fails"),
        })
    }

    fn op(&mut self, frame: &mut Frame<'p>, inst: &Inst) -> Result<Option<Value>, Failed> {
        if let Some(value) = self.pure(frame, inst) {
            return Ok(Some(value));
        }
        Ok(Some(match &inst.op {
            Op::Binary(op, a, b) => {
                let (a, b) = (self.int(frame, a), self.int(frame, b));
                match integers(*op, a, b) {
                    Ok(value) => Value::Int(value),
                    Err(failure) => return self.fail(failure),
                }
            }
            Op::Neg(a) => match self.int(frame, a).checked_neg() {
                Some(n) => Value::Int(n),
                None => return self.fail(Failure::Negation(i64::MIN)),
            },
            Op::ListWithCapacity(_, capacity) => {
                let capacity = self.int(frame, capacity);
                if capacity < 0 {
                    let failed = self.fail(Failure::Room(capacity));
                    return self.traced(failed);
                }
                Self::list(Vec::new())
            }
            Op::ListGet(list, index) => {
                let (list, index) = (self.value(frame, list), self.int(frame, index));
                let at = self.index(index, list.list().len())?;
                list.list()[at].clone()
            }
            Op::MapIndex(map, key) => {
                let ty = self.type_of(frame, map);
                let (map, key) = (self.value(frame, map), self.value(frame, key));
                let at = self.key(&map, &key, ty)?;
                map.entries()[at].1.clone()
            }
            Op::Load(place) => self.place(frame, place)?.clone(),
            Op::Take(place) => {
                let zero = self.zero(self.end_of(frame, place));
                std::mem::replace(self.place(frame, place)?, zero)
            }
            Op::Call(id, args) => {
                let args = self.values(frame, args);
                let result = self.call(*id, args, None);
                self.traced(result)?
            }
            Op::CallClosure(callee, args) => {
                let Value::Closure(Some((id, captures))) = self.value(frame, callee) else {
                    unreachable!("a call of nothing")
                };
                let args = self.values(frame, args);
                let result = self.call(id, args, Some(captures));
                self.traced(result)?
            }
            Op::CallNative { entry, args, .. } => {
                let result = self.native(frame, entry, args);
                return self.traced(result);
            }
            Op::Catch if !self.is_catchable() => return Err(Failed),
            Op::Catch => {
                let kind = self.failure.as_ref().map(|one| one.kind(self.world));
                let texts = [&self.message(), kind.unwrap_or_default(), ""];
                self.failure = None;
                self.done.caught += 1;
                Value::Fields(texts.map(Value::text).to_vec())
            }
            _ => {
                self.effect(frame, inst)?;
                return Ok(None);
            }
        }))
    }

    /// Instructions that give a value and can't fail; `None` for others.
    fn pure(&mut self, frame: &mut Frame<'p>, inst: &Inst) -> Option<Value> {
        Some(match &inst.op {
            Op::Copy(value) => self.value(frame, value),
            Op::Binary(op, a, b) => match (self.value(frame, a), self.value(frame, b)) {
                (Value::Float(a), Value::Float(b)) => Value::Float(floats(*op, a, b)),
                (Value::Bool(a), Value::Bool(b)) => Value::Bool(match op {
                    BinaryOp::And => a & b,
                    BinaryOp::Or => a | b,
                    _ => a ^ b,
                }),
                _ => return None,
            },
            Op::Neg(a) => match self.value(frame, a) {
                Value::Float(x) => Value::Float(-x),
                _ => return None,
            },
            Op::Not(a) => match self.value(frame, a) {
                Value::Bool(b) => Value::Bool(!b),
                other => unreachable!("not of {other:?}"),
            },
            Op::IntToFloat(a) => Value::Float(self.int(frame, a) as f64),
            Op::Compare(comparison, a, b) => {
                let (a, b) = (self.value(frame, a), self.value(frame, b));
                Value::Bool(compare(*comparison, &a, &b))
            }
            Op::Make(_, fields) => Value::Fields(self.values(frame, fields)),
            Op::Field(base, index) => match self.value(frame, base) {
                Value::Fields(mut fields) => fields.swap_remove(*index as usize),
                other => unreachable!("a field of {other:?}"),
            },
            Op::Some(value) => Value::Option(true, Box::new(self.value(frame, value))),
            Op::IsSome(base) => match self.value(frame, base) {
                Value::Option(some, _) => Value::Bool(some),
                other => unreachable!("{other:?} is no option"),
            },
            Op::Payload(base) => match self.value(frame, base) {
                Value::Option(_, payload) => *payload,
                other => unreachable!("{other:?} is no option"),
            },
            Op::Variant(ty, case, payload) => {
                let Value::Enum(_, mut parts) = self.zero(*ty) else {
                    unreachable!("an enum")
                };
                let before = self.parts_before(*ty, *case);
                for (index, value) in self.values(frame, payload).into_iter().enumerate() {
                    parts[before + index] = value;
                }
                Value::Enum(*case, parts)
            }
            Op::Tag(base) => match self.value(frame, base) {
                Value::Enum(case, _) => Value::Int(i64::from(case)),
                other => unreachable!("{other:?} is no enum"),
            },
            Op::VariantField(base, case, index) => {
                let ty = self.type_of(frame, base);
                let at = self.parts_before(ty, *case) + *index as usize;
                match self.value(frame, base) {
                    Value::Enum(_, mut parts) => parts.swap_remove(at),
                    other => unreachable!("{other:?} is no enum"),
                }
            }
            Op::List(_, elements) => Self::list(self.values(frame, elements)),
            Op::ListLen(list) => Value::Int(self.value(frame, list).list().len() as i64),
            Op::ListGetUnchecked(list, index) => {
                let index = self.int(frame, index) as usize;
                self.value(frame, list).list()[index].clone()
            }
            Op::MapLen(map) => Value::Int(self.value(frame, map).entries().len() as i64),
            Op::MapGet(map, key) => {
                let (map, key) = (self.value(frame, map), self.value(frame, key));
                let found = map.find(&key).map(|at| map.entries()[at].1.clone());
                self.optional(frame, inst, found)
            }
            Op::MapNext(map, position) => {
                let is_set = matches!(
                    self.program.types.get(self.type_of(frame, map)),
                    Type::Set(_)
                );
                let (map, at) = (
                    self.value(frame, map),
                    &mut frame.locals[position.0 as usize],
                );
                let next = map.entries().get(at.int() as usize).cloned();
                if next.is_some() {
                    *at = Value::Int(at.int() + 1);
                }
                let next = next.map(|(key, value)| match is_set {
                    true => key,
                    false => Value::Fields(vec![key, value]),
                });
                self.optional(frame, inst, next)
            }
            Op::StrNext(text, position) => {
                let (text, at) = (
                    self.value(frame, text),
                    &mut frame.locals[position.0 as usize],
                );
                let next = text.str()[at.int() as usize..].chars().next();
                if let Some(next) = next {
                    *at = Value::Int(at.int() + next.len_utf8() as i64);
                }
                let next = next.map(|next| Value::text(&next.to_string()));
                self.optional(frame, inst, next)
            }
            Op::MakeClosure(id, captures) => {
                let captures = self.values(frame, captures);
                Value::Closure(Some((*id, Rc::new(RefCell::new(captures)))))
            }
            Op::CaptureLoad(index) => frame.captured(*index, |place| place.clone()),
            Op::CaptureTake(index) => {
                let types = frame.function.captures.as_ref();
                let zero = self.zero(types.expect("a closure")[*index as usize]);
                frame.captured(*index, |place| std::mem::replace(place, zero))
            }
            _ => return None,
        })
    }

    /// An option of the type of an instruction's result.
    fn optional(&self, frame: &Frame<'p>, inst: &Inst, value: Option<Value>) -> Value {
        let ty = inst.dst.map(|dst| frame.function.locals[dst.0 as usize].ty);
        match ty.map(|ty| self.program.types.get(ty)) {
            Some(Type::Option(inner)) => Value::option(value, self.zero(*inner)),
            _ => Value::Unit,
        }
    }

    /// Instructions that give nothing.
    fn effect(&mut self, frame: &mut Frame<'p>, inst: &Inst) -> Result<(), Failed> {
        match &inst.op {
            Op::ListPush(place, value) => {
                let value = self.value(frame, value);
                let (harness, list) = (self.world == World::Harness, self.place(frame, place)?);
                if harness && list.list().len() >= 7 {
                    let failed = self.fail(Failure::Full);
                    return self.traced(failed);
                }
                list.list_mut().push(value);
            }
            Op::Store(place, value) => {
                let value = self.value(frame, value);
                *self.place(frame, place)? = value;
            }
            Op::StrAppend(place, tail) => {
                let tail = self.value(frame, tail);
                self.append(frame, place, tail.bytes())?;
            }
            Op::FormatAppend(place, value, format) => {
                let ty = self.type_of(frame, value);
                let value = self.value(frame, value);
                let shown = formatted(&value, ty, &self.program.types, format);
                self.append(frame, place, shown.as_bytes())?;
            }
            Op::CaptureStore(index, value) => {
                let value = self.value(frame, value);
                frame.captured(*index, |place| *place = value);
            }
            Op::Yield(output, value, key) => {
                let ty = self.type_of(frame, value);
                let (value, key) = (self.value(frame, value), self.mapping_key(frame, key)?);
                self.done.yielded.push((*output, key, value, ty));
            }
            Op::ReturnItem(output, value, key) => {
                let ty = self.type_of(frame, value);
                let (value, key) = (self.value(frame, value), self.mapping_key(frame, key)?);
                self.done.returned.push((*output, key, value, ty));
            }
            Op::Output(output, value) => {
                let value = (self.value(frame, value), self.type_of(frame, value));
                if self.done.outputs.insert(*output, value).is_some() {
                    return self.fail(Failure::Output("yielded twice".into()));
                }
            }
            Op::Fail(message, _) => {
                let message = self.value(frame, message).str().to_owned();
                return self.fail(Failure::Message(message));
            }
            Op::FailMatch => return self.fail(Failure::Match),
            Op::FailUnwrap => return self.fail(Failure::Unwrap),
            Op::Poll => {}
            other => unreachable!("{other:?} is no instruction before the passes"),
        }
        Ok(())
    }

    fn append(
        &mut self,
        frame: &mut Frame<'p>,
        place: &dynop_ir::Place,
        tail: &[u8],
    ) -> Result<(), Failed> {
        self.spend(tail.len());
        self.place(frame, place)?
            .bytes_mut()
            .extend_from_slice(tail);
        Ok(())
    }

    /// A key that may be yielded once.
    fn mapping_key(&mut self, frame: &Frame<'p>, key: &Operand) -> Result<String, Failed> {
        let key = self.value(frame, key).str().to_owned();
        let done = &self.done;
        let mut before = done.yielded.iter().chain(&done.returned);
        if key.is_empty() || key.len() > 255 || before.any(|(_, other, ..)| *other == key) {
            return self.fail(Failure::Output(format!("the key {key}")));
        }
        Ok(key)
    }

    fn native(
        &mut self,
        frame: &mut Frame<'p>,
        entry: &str,
        args: &[NativeArg],
    ) -> Result<Option<Value>, Failed> {
        let values: Vec<Value> = args
            .iter()
            .filter_map(|arg| match arg {
                NativeArg::Value(operand) => Some(self.value(frame, operand)),
                NativeArg::InOut(_) => None,
            })
            .collect();
        self.spend(10);
        if let [NativeArg::InOut(place), ..] = args {
            let at = self.place(frame, place)?;
            return match natives::in_place(self, entry, at, &values) {
                Some(Ok(())) => Ok(Some(Value::Unit)),
                Some(Err(failure)) => self.fail(failure),
                None => self.give_up(entry),
            };
        }
        if entry == "dyn_log" {
            self.done.log.push(values[0].str().to_owned());
            return Ok(Some(Value::Unit));
        }
        match natives::of_values(entry, &values) {
            Some(Ok(value)) => Ok(Some(value)),
            Some(Err(failure)) => self.fail(failure),
            None => self.give_up(entry),
        }
    }

    /// The library calls a native function that is not written down here.
    fn give_up<T>(&mut self, entry: &str) -> Result<T, Failed> {
        self.left = 0;
        self.done.unknown = Some(entry.to_owned());
        Err(Failed)
    }

    fn parts_before(&self, ty: TypeId, case: u32) -> usize {
        match self.program.types.get(ty) {
            Type::Enum(one) => one.parts_before(case),
            other => unreachable!("{other:?} is no enum"),
        }
    }
}

fn integers(op: BinaryOp, a: i64, b: i64) -> Result<i64, Failure> {
    let result = match op {
        BinaryOp::AddWrapping => return Ok(a.wrapping_add(b)),
        BinaryOp::And => return Ok(a & b),
        BinaryOp::Or => return Ok(a | b),
        BinaryOp::Xor => return Ok(a ^ b),
        BinaryOp::Div | BinaryOp::Rem if b == 0 => return Err(Failure::Division(op, a)),
        BinaryOp::Rem => return Ok(a.wrapping_rem(b)),
        BinaryOp::Shl | BinaryOp::Shr if !(0..64).contains(&b) => {
            return Err(Failure::Shift(op, a, b));
        }
        BinaryOp::Shl => return Ok(a << b),
        BinaryOp::Shr => return Ok(a >> b),
        BinaryOp::Pow if b < 0 => return Err(Failure::Exponent(a, b)),
        BinaryOp::Pow => power(a, b),
        BinaryOp::Add => a.checked_add(b),
        BinaryOp::Sub => a.checked_sub(b),
        BinaryOp::Mul => a.checked_mul(b),
        BinaryOp::Div => a.checked_div(b),
    };
    result.ok_or(Failure::Overflow(op, a, b))
}

fn power(base: i64, exponent: i64) -> Option<i64> {
    match base {
        // Their powers repeat.
        -1..=1 => Some(base.pow(if exponent == 0 {
            0
        } else {
            2 - (exponent % 2) as u32
        })),
        _ => base.checked_pow(u32::try_from(exponent).ok()?),
    }
}

fn floats(op: BinaryOp, a: f64, b: f64) -> f64 {
    match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a * b,
        BinaryOp::Div => a / b,
        BinaryOp::Rem => a % b,
        BinaryOp::Pow => a.powf(b),
        other => unreachable!("{other:?} of floats"),
    }
}

fn compare(comparison: Comparison, a: &Value, b: &Value) -> bool {
    let order = match (a, b) {
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b),
        _ => Some(order(a, b)),
    };
    match comparison {
        Comparison::Eq => equal(a, b),
        Comparison::Ne => !equal(a, b),
        Comparison::Lt => order.is_some_and(|order| order.is_lt()),
        Comparison::Le => order.is_some_and(|order| order.is_le()),
        Comparison::Gt => order.is_some_and(|order| order.is_gt()),
        Comparison::Ge => order.is_some_and(|order| order.is_ge()),
    }
}
