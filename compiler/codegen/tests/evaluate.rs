//! A plain evaluator of the intermediate representation, to hold the back ends against.
//!
//! It takes programs as `lower` makes them, before any pass: locals hold values, and copies are copies. It covers what the
//! random programs use: numbers with their checks, texts, lists, tuples, options, enums, ranges, closures, calls, failures
//! and handlers. Maps, formatting, native functions and outputs are the runtime's and not known here.
//!
//! What `harness.c` does in place of the runtime is done here alike: a list of seven refuses to grow.

use std::cell::RefCell;
use std::rc::Rc;

use dynop_ir::{
    BinaryOp, BlockId, Comparison, Const, Function, FunctionId, Inst, LocalId, Op, Operand, Place,
    Program, Projection, Terminator, Type, TypeId,
};

#[derive(Clone, Debug)]
enum Value {
    Unit,
    Int(i64),
    Float(f64),
    Bool(bool),
    Text(String),
    List(Vec<Value>),
    /// Aggregates and ranges.
    Fields(Vec<Value>),
    /// The payload is zero bits where there is none.
    Option(bool, Box<Value>),
    /// Case, and the payloads of all cases: zero bits but for its own.
    Enum(u32, Vec<Value>),
    /// Captures are one closure's, however often it was copied.
    Closure(Option<(FunctionId, Rc<RefCell<Vec<Value>>>)>),
}

/// A failure is on its way; what it says is in the machine.
struct Failed;

struct Machine<'p> {
    program: &'p Program,
    failure: String,
    traces: usize,
}

/// What the op would print, as `harness.c` does.
pub fn evaluate(program: &Program, op: usize) -> String {
    let mut machine = Machine {
        program,
        failure: String::new(),
        traces: 0,
    };
    match machine.call(program.ops[op].function, Vec::new(), None) {
        Ok(Value::Int(n)) => n.to_string(),
        Ok(other) => format!("{other:?}"),
        Err(Failed) => format!("failed: {}, traces {}", machine.failure, machine.traces),
    }
}

struct Frame<'p> {
    function: &'p Function,
    locals: Vec<Value>,
    captures: Option<Rc<RefCell<Vec<Value>>>>,
}

impl<'p> Machine<'p> {
    fn zero(&self, ty: TypeId) -> Value {
        match self.program.types.get(ty) {
            Type::Unit => Value::Unit,
            Type::Float => Value::Float(0.0),
            Type::Bool => Value::Bool(false),
            Type::Str => Value::Text(String::new()),
            Type::List(_) => Value::List(Vec::new()),
            Type::Range => Value::Fields(vec![Value::Int(0), Value::Int(0)]),
            Type::Option(inner) => Value::Option(false, Box::new(self.zero(*inner))),
            Type::Aggregate(one) => {
                Value::Fields(one.fields.iter().map(|(_, ty)| self.zero(*ty)).collect())
            }
            Type::Enum(one) => Value::Enum(0, one.parts().map(|ty| self.zero(ty)).collect()),
            Type::Closure(..) => Value::Closure(None),
            _ => Value::Int(0),
        }
    }

    fn call(
        &mut self,
        id: FunctionId,
        args: Vec<Value>,
        captures: Option<Rc<RefCell<Vec<Value>>>>,
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
        for inst in &block.insts {
            match (self.op(frame, inst), inst.on_fail) {
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

    fn value(&self, frame: &Frame<'p>, operand: &Operand) -> Value {
        match operand {
            Operand::Local(LocalId(local)) => frame.locals[*local as usize].clone(),
            Operand::Const(Const::Int(n)) => Value::Int(*n),
            Operand::Const(Const::Float(x)) => Value::Float(*x),
            Operand::Const(Const::Bool(b)) => Value::Bool(*b),
            Operand::Const(Const::Str(text)) => Value::Text(text.clone()),
            Operand::Const(Const::Zero(ty)) => self.zero(*ty),
            Operand::Const(other) => unreachable!("{other:?} is not covered"),
        }
    }

    fn values(&self, frame: &Frame<'p>, operands: &[Operand]) -> Vec<Value> {
        operands.iter().map(|one| self.value(frame, one)).collect()
    }

    fn int(&self, frame: &Frame<'p>, operand: &Operand) -> i64 {
        match self.value(frame, operand) {
            Value::Int(n) => n,
            other => unreachable!("{other:?} is no integer"),
        }
    }

    fn fail<T>(&mut self, what: String) -> Result<T, Failed> {
        // The harness has room for so much.
        self.failure = what.chars().take(255).collect();
        Err(Failed)
    }

    /// A failure that came out of a call leaves a trace.
    fn traced<T>(&mut self, result: Result<T, Failed>) -> Result<T, Failed> {
        if result.is_err() {
            self.traces += 1;
        }
        result
    }

    fn op(&mut self, frame: &mut Frame<'p>, inst: &Inst) -> Result<Option<Value>, Failed> {
        Ok(Some(match &inst.op {
            Op::Copy(value) => self.value(frame, value),
            Op::Binary(op, a, b) => match (self.value(frame, a), self.value(frame, b)) {
                (Value::Int(a), Value::Int(b)) => Value::Int(self.integers(*op, a, b)?),
                (Value::Float(a), Value::Float(b)) => Value::Float(floats(*op, a, b)),
                (Value::Bool(a), Value::Bool(b)) => Value::Bool(match op {
                    BinaryOp::And => a & b,
                    BinaryOp::Or => a | b,
                    _ => a ^ b,
                }),
                (a, b) => unreachable!("{op:?} of {a:?} and {b:?}"),
            },
            Op::Neg(a) => match self.value(frame, a) {
                Value::Float(x) => Value::Float(-x),
                Value::Int(i64::MIN) => {
                    return self.fail(format!("overflow 8 {} 0", i64::MIN));
                }
                Value::Int(n) => Value::Int(-n),
                other => unreachable!("- of {other:?}"),
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
                let Operand::Local(LocalId(local)) = base else {
                    unreachable!("a constant enum")
                };
                let ty = frame.function.locals[*local as usize].ty;
                let at = self.parts_before(ty, *case) + *index as usize;
                match self.value(frame, base) {
                    Value::Enum(_, mut parts) => parts.swap_remove(at),
                    other => unreachable!("{other:?} is no enum"),
                }
            }
            Op::List(_, elements) => Value::List(self.values(frame, elements)),
            Op::ListWithCapacity(_, capacity) => {
                if self.int(frame, capacity) < 0 {
                    let failed = self.fail("negative".into());
                    return self.traced(failed);
                }
                Value::List(Vec::new())
            }
            Op::ListLen(list) => match self.value(frame, list) {
                Value::List(list) => Value::Int(list.len() as i64),
                other => unreachable!("{other:?} is no list"),
            },
            Op::ListGet(list, index) => {
                let (mut list, index) = (self.value(frame, list), self.int(frame, index));
                self.element(&mut list, index)?.clone()
            }
            Op::Load(place) => self.place(frame, place)?.clone(),
            Op::Take(place) => {
                let ty = self.end_of(frame, place);
                let zero = self.zero(ty);
                std::mem::replace(self.place(frame, place)?, zero)
            }
            Op::Call(id, args) => {
                let args = self.values(frame, args);
                let result = self.call(*id, args, None);
                self.traced(result)?
            }
            Op::MakeClosure(id, captures) => {
                let captures = self.values(frame, captures);
                Value::Closure(Some((*id, Rc::new(RefCell::new(captures)))))
            }
            Op::CallClosure(callee, args) => {
                let Value::Closure(Some((id, captures))) = self.value(frame, callee) else {
                    unreachable!("a call of nothing")
                };
                let args = self.values(frame, args);
                let result = self.call(id, args, Some(captures));
                self.traced(result)?
            }
            Op::CaptureLoad(index) => frame.captured(*index, |place| place.clone()),
            Op::Catch => {
                let message = std::mem::take(&mut self.failure);
                let texts = [message, "failed by itself".to_owned(), String::new()];
                Value::Fields(texts.map(Value::Text).to_vec())
            }
            _ => {
                self.effect(frame, inst)?;
                return Ok(None);
            }
        }))
    }

    /// Instructions that give nothing.
    fn effect(&mut self, frame: &mut Frame<'p>, inst: &Inst) -> Result<(), Failed> {
        match &inst.op {
            Op::ListPush(place, value) => {
                let value = self.value(frame, value);
                let full = match self.place(frame, place)? {
                    Value::List(list) if list.len() < 7 => {
                        list.push(value);
                        false
                    }
                    _ => true,
                };
                if full {
                    let failed = self.fail("full".into());
                    return self.traced(failed);
                }
            }
            Op::Store(place, value) => {
                let value = self.value(frame, value);
                *self.place(frame, place)? = value;
            }
            Op::StrAppend(place, tail) => {
                let tail = self.value(frame, tail);
                if let (Value::Text(text), Value::Text(tail)) = (self.place(frame, place)?, tail) {
                    text.push_str(&tail);
                }
            }
            Op::CaptureStore(index, value) => {
                let value = self.value(frame, value);
                frame.captured(*index, |place| *place = value);
            }
            Op::Fail(message, _) => match self.value(frame, message) {
                Value::Text(text) => return self.fail(text),
                other => unreachable!("{other:?} is no text"),
            },
            Op::FailMatch => return self.fail("match".into()),
            Op::FailUnwrap => return self.fail("unwrap".into()),
            Op::Poll => {}
            other => unreachable!("{other:?} is not covered"),
        }
        Ok(())
    }

    fn parts_before(&self, ty: TypeId, case: u32) -> usize {
        match self.program.types.get(ty) {
            Type::Enum(one) => one.parts_before(case),
            other => unreachable!("{other:?} is no enum"),
        }
    }

    /// The type at the end of a place.
    fn end_of(&self, frame: &Frame<'p>, place: &Place) -> TypeId {
        let types = &self.program.types;
        let mut ty = frame.function.locals[place.local.0 as usize].ty;
        for projection in &place.projections {
            ty = match (projection, types.get(ty)) {
                (Projection::Field(index), Type::Aggregate(one)) => one.fields[*index as usize].1,
                (Projection::Index(_), Type::List(item)) => *item,
                (Projection::Payload, Type::Option(inner)) => *inner,
                (projection, ty) => unreachable!("{projection:?} of {ty:?}"),
            };
        }
        ty
    }

    fn place<'f>(
        &mut self,
        frame: &'f mut Frame<'p>,
        place: &Place,
    ) -> Result<&'f mut Value, Failed> {
        let indices: Vec<i64> = place
            .projections
            .iter()
            .map(|projection| match projection {
                Projection::Index(index) => self.int(frame, index),
                _ => 0,
            })
            .collect();
        let mut at = &mut frame.locals[place.local.0 as usize];
        for (projection, index) in place.projections.iter().zip(indices) {
            at = match (projection, at) {
                (Projection::Field(field), Value::Fields(fields)) => &mut fields[*field as usize],
                (Projection::Payload, Value::Option(_, payload)) => payload,
                (Projection::Index(_), list) => self.element(list, index)?,
                (projection, value) => unreachable!("{projection:?} of {value:?}"),
            };
        }
        Ok(at)
    }

    fn element<'v>(&mut self, list: &'v mut Value, index: i64) -> Result<&'v mut Value, Failed> {
        let Value::List(list) = list else {
            unreachable!("{list:?} is no list")
        };
        let len = list.len();
        match usize::try_from(index).ok().filter(|at| *at < len) {
            Some(at) => Ok(&mut list[at]),
            None => self.fail(format!("index {index} of {len}")),
        }
    }

    fn integers(&mut self, op: BinaryOp, a: i64, b: i64) -> Result<i64, Failed> {
        let (number, result) = match op {
            BinaryOp::AddWrapping => return Ok(a.wrapping_add(b)),
            BinaryOp::And => return Ok(a & b),
            BinaryOp::Or => return Ok(a | b),
            BinaryOp::Xor => return Ok(a ^ b),
            BinaryOp::Div if b == 0 => return self.fail(format!("division 3 {a}")),
            BinaryOp::Rem if b == 0 => return self.fail(format!("division 4 {a}")),
            BinaryOp::Rem => return Ok(a.wrapping_rem(b)),
            BinaryOp::Shl | BinaryOp::Shr if !(0..64).contains(&b) => {
                let number = if op == BinaryOp::Shl { 6 } else { 7 };
                return self.fail(format!("shift {number} {a} {b}"));
            }
            BinaryOp::Shl => return Ok(a << b),
            BinaryOp::Shr => return Ok(a >> b),
            BinaryOp::Pow => {
                let Ok(exponent) = u32::try_from(b) else {
                    return self.fail("negative exponent".into());
                };
                return match a.checked_pow(exponent) {
                    Some(power) => Ok(power),
                    None => self.fail("overflow".into()),
                };
            }
            BinaryOp::Add => (0, a.checked_add(b)),
            BinaryOp::Sub => (1, a.checked_sub(b)),
            BinaryOp::Mul => (2, a.checked_mul(b)),
            BinaryOp::Div => (3, a.checked_div(b)),
        };
        match result {
            Some(value) => Ok(value),
            None => self.fail(format!("overflow {number} {a} {b}")),
        }
    }
}

enum Next {
    Block(BlockId),
    Return(Value),
}

impl Frame<'_> {
    fn captured<T>(&self, index: u32, work: impl FnOnce(&mut Value) -> T) -> T {
        match &self.captures {
            Some(captures) => work(&mut captures.borrow_mut()[index as usize]),
            None => unreachable!("captures of what is no closure"),
        }
    }
}

fn floats(op: BinaryOp, a: f64, b: f64) -> f64 {
    match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a * b,
        BinaryOp::Div => a / b,
        BinaryOp::Rem => a % b,
        other => unreachable!("{other:?} is not covered on floats"),
    }
}

fn compare(comparison: Comparison, a: &Value, b: &Value) -> bool {
    let order = match (a, b) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b),
        (a, b) => unreachable!("{a:?} is not compared with {b:?}"),
    };
    match comparison {
        Comparison::Eq => order.is_some_and(|order| order.is_eq()),
        Comparison::Ne => order.is_none_or(|order| order.is_ne()),
        Comparison::Lt => order.is_some_and(|order| order.is_lt()),
        Comparison::Le => order.is_some_and(|order| order.is_le()),
        Comparison::Gt => order.is_some_and(|order| order.is_gt()),
        Comparison::Ge => order.is_some_and(|order| order.is_ge()),
    }
}
