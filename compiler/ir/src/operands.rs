//! What an instruction reads, writes and can do: the one place that knows of each [`Op`], so that passes and verifier
//! need no match of their own.

use crate::function::{Inst, LocalId, NativeArg, Op, Operand, Place, Projection, Terminator};

/// What happens to an operand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// The instruction takes the value over.
    Consume,
    /// It only looks; what it keeps of it, it copies.
    Borrow,
}

impl Op {
    /// Visits every operand with its mode, projections of places included, in the order of evaluation.
    pub fn operands<'a>(&'a self, visit: &mut dyn FnMut(&'a Operand, Mode)) {
        use Mode::{Borrow, Consume};
        match self {
            Op::Copy(a) | Op::Some(a) => visit(a, Consume),
            Op::Neg(a)
            | Op::Not(a)
            | Op::IntToFloat(a)
            | Op::Field(a, _)
            | Op::IsSome(a)
            | Op::Payload(a)
            | Op::Tag(a)
            | Op::VariantField(a, ..)
            | Op::ListWithCapacity(_, a)
            | Op::ListLen(a)
            | Op::MapLen(a)
            | Op::MapNext(a, _)
            | Op::StrNext(a, _) => visit(a, Borrow),
            Op::Binary(_, a, b)
            | Op::Compare(_, a, b)
            | Op::ListGet(a, b)
            | Op::ListGetUnchecked(a, b)
            | Op::MapGet(a, b)
            | Op::MapIndex(a, b)
            | Op::Fail(a, b) => {
                visit(a, Borrow);
                visit(b, Borrow);
            }
            Op::Make(_, list)
            | Op::Variant(_, _, list)
            | Op::List(_, list)
            | Op::Call(_, list)
            | Op::MakeClosure(_, list) => {
                list.iter().for_each(|a| visit(a, Consume));
            }
            Op::CallClosure(callee, list) => {
                visit(callee, Borrow);
                list.iter().for_each(|a| visit(a, Consume));
            }
            Op::CallNative { args, .. } => {
                for arg in args {
                    match arg {
                        NativeArg::Value(a) => visit(a, Borrow),
                        NativeArg::InOut(place) => place.operands(visit),
                    }
                }
            }
            Op::Load(place) | Op::Take(place) => place.operands(visit),
            Op::Store(place, a) | Op::ListPush(place, a) => {
                place.operands(visit);
                visit(a, Consume);
            }
            Op::FormatAppend(place, a, _) | Op::StrAppend(place, a) => {
                place.operands(visit);
                visit(a, Borrow);
            }
            Op::CaptureStore(_, a) | Op::Output(_, a) => visit(a, Consume),
            Op::Yield(_, value, key) | Op::ReturnItem(_, value, key) => {
                visit(value, Consume);
                visit(key, Borrow);
            }
            Op::CaptureLoad(_)
            | Op::CaptureTake(_)
            | Op::FailMatch
            | Op::FailUnwrap
            | Op::Catch
            | Op::Poll => {}
            // Counts are not uses: the passes that make them know what they do.
            Op::Retain(_) | Op::Release(_) => {}
        }
    }

    /// Puts others in the place of operands, and of the locals that are no operands: those of places, positions and
    /// counts.
    pub fn map_locals(
        &mut self,
        operand: &mut dyn FnMut(&mut Operand),
        local: &mut dyn FnMut(&mut LocalId),
    ) {
        match self {
            Op::Copy(a)
            | Op::Some(a)
            | Op::Neg(a)
            | Op::Not(a)
            | Op::IntToFloat(a)
            | Op::Field(a, _)
            | Op::IsSome(a)
            | Op::Payload(a)
            | Op::Tag(a)
            | Op::VariantField(a, ..)
            | Op::ListWithCapacity(_, a)
            | Op::ListLen(a)
            | Op::MapLen(a)
            | Op::CaptureStore(_, a)
            | Op::Output(_, a) => operand(a),
            Op::MapNext(a, position) | Op::StrNext(a, position) => {
                operand(a);
                local(position);
            }
            Op::Binary(_, a, b)
            | Op::Compare(_, a, b)
            | Op::ListGet(a, b)
            | Op::ListGetUnchecked(a, b)
            | Op::MapGet(a, b)
            | Op::MapIndex(a, b)
            | Op::Fail(a, b)
            | Op::Yield(_, a, b)
            | Op::ReturnItem(_, a, b) => {
                operand(a);
                operand(b);
            }
            Op::Make(_, list)
            | Op::Variant(_, _, list)
            | Op::List(_, list)
            | Op::Call(_, list)
            | Op::MakeClosure(_, list) => list.iter_mut().for_each(operand),
            Op::CallClosure(callee, list) => {
                operand(callee);
                list.iter_mut().for_each(operand);
            }
            Op::CallNative { args, .. } => {
                for arg in args {
                    match arg {
                        NativeArg::Value(a) => operand(a),
                        NativeArg::InOut(place) => place.map_locals(operand, local),
                    }
                }
            }
            Op::Load(place) | Op::Take(place) => place.map_locals(operand, local),
            Op::Store(place, a)
            | Op::ListPush(place, a)
            | Op::FormatAppend(place, a, _)
            | Op::StrAppend(place, a) => {
                place.map_locals(operand, local);
                operand(a);
            }
            Op::Retain(one) | Op::Release(one) => local(one),
            Op::CaptureLoad(_)
            | Op::CaptureTake(_)
            | Op::FailMatch
            | Op::FailUnwrap
            | Op::Catch
            | Op::Poll => {}
        }
    }

    /// Visits every place: its local is read and may be written, and stays alive.
    pub fn places<'a>(&'a self, visit: &mut dyn FnMut(&'a Place)) {
        match self {
            Op::Load(place)
            | Op::Take(place)
            | Op::Store(place, _)
            | Op::ListPush(place, _)
            | Op::FormatAppend(place, ..)
            | Op::StrAppend(place, _) => visit(place),
            Op::CallNative { args, .. } => {
                for arg in args {
                    if let NativeArg::InOut(place) = arg {
                        visit(place);
                    }
                }
            }
            _ => {}
        }
    }

    /// The position local that the instruction moves on, if it has one.
    pub fn position(&self) -> Option<LocalId> {
        match self {
            Op::MapNext(_, position) | Op::StrNext(_, position) => Some(*position),
            _ => None,
        }
    }
}

impl Place {
    /// Visits the operands of the way.
    pub fn operands<'a>(&'a self, visit: &mut dyn FnMut(&'a Operand, Mode)) {
        for projection in &self.projections {
            match projection {
                Projection::Index(a) | Projection::Key(a) | Projection::KeyOrInsert(a) => {
                    visit(a, Mode::Borrow)
                }
                Projection::Field(_) | Projection::Payload => {}
            }
        }
    }
}

impl Place {
    fn map_locals(
        &mut self,
        operand: &mut dyn FnMut(&mut Operand),
        local: &mut dyn FnMut(&mut LocalId),
    ) {
        local(&mut self.local);
        for projection in &mut self.projections {
            match projection {
                Projection::Index(a) | Projection::Key(a) | Projection::KeyOrInsert(a) => {
                    operand(a);
                }
                Projection::Field(_) | Projection::Payload => {}
            }
        }
    }
}

impl Inst {
    /// Every local that is read, with its mode; locals of places and positions count as borrowed.
    pub fn uses(&self, visit: &mut dyn FnMut(LocalId, Mode)) {
        self.op.operands(&mut |operand, mode| {
            if let Operand::Local(local) = operand {
                visit(*local, mode);
            }
        });
        self.op
            .places(&mut |place| visit(place.local, Mode::Borrow));
        if let Some(position) = self.op.position() {
            visit(position, Mode::Borrow);
        }
        if let Op::Retain(local) | Op::Release(local) = self.op {
            visit(local, Mode::Borrow);
        }
    }
}

impl Terminator {
    /// The blocks it may go to.
    pub fn successors(&self, visit: &mut dyn FnMut(crate::BlockId)) {
        match self {
            Terminator::Jump(block) => visit(*block),
            Terminator::Branch {
                then, otherwise, ..
            } => {
                visit(*then);
                visit(*otherwise);
            }
            Terminator::Switch {
                cases, otherwise, ..
            } => {
                cases.iter().for_each(|(_, block)| visit(*block));
                visit(*otherwise);
            }
            Terminator::Return(_) | Terminator::Fail | Terminator::Unreachable => {}
        }
    }

    /// Puts other blocks in the place of those it may go to.
    pub fn map_successors(&mut self, map: &mut dyn FnMut(crate::BlockId) -> crate::BlockId) {
        match self {
            Terminator::Jump(block) => *block = map(*block),
            Terminator::Branch {
                then, otherwise, ..
            } => {
                *then = map(*then);
                *otherwise = map(*otherwise);
            }
            Terminator::Switch {
                cases, otherwise, ..
            } => {
                cases.iter_mut().for_each(|(_, block)| *block = map(*block));
                *otherwise = map(*otherwise);
            }
            Terminator::Return(_) | Terminator::Fail | Terminator::Unreachable => {}
        }
    }

    /// The operand it reads.
    pub fn operand(&self) -> Option<(&Operand, Mode)> {
        match self {
            Terminator::Branch { condition, .. } => Some((condition, Mode::Borrow)),
            Terminator::Switch { value, .. } => Some((value, Mode::Borrow)),
            Terminator::Return(value) => Some((value, Mode::Consume)),
            Terminator::Jump(_) | Terminator::Fail | Terminator::Unreachable => None,
        }
    }
}
