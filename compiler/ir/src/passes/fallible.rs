//! Finds the functions that can't fail, so that calls of them need no check.

use crate::function::{
    BinaryOp, Const, Function, FunctionId, Op, Operand, Place, Program, Projection, Terminator,
};
use crate::types::{Type, Types};

/// Sets [`Function::fallible`]: a function is fallible if something in it can fail that no handler catches, or if it
/// may recurse without bound (the stack check fails); so every function on a cycle of calls, and every call of one.
pub fn find_fallible(program: &mut Program) {
    // Every call checks the stack, so only functions that call nothing can be free of failure.
    for function in &mut program.functions {
        function.fallible = true;
    }
    let types = &program.types;
    let none = vec![true; program.functions.len()];
    let free: Vec<bool> = program
        .functions
        .iter()
        .map(|f| f.captures.is_none() && !has_failure(types, f, &none))
        .collect();
    for (function, free) in program.functions.iter_mut().zip(free) {
        function.fallible = !free;
    }
}

fn has_failure(types: &Types, function: &Function, fallible: &[bool]) -> bool {
    // A failure that a handler takes is none of the function's, but that of the stack check which a call entails: it comes
    // before any handler.
    function.blocks.iter().any(|block| {
        matches!(block.terminator, Terminator::Fail)
            || block.insts.iter().any(|inst| {
                let call = matches!(inst.op, Op::Call(..) | Op::CallClosure(..));
                call || inst.on_fail.is_none() && can_fail_in(types, function, &inst.op, fallible)
            })
    })
}

/// Whether an instruction of a function may fail, arithmetic judged by its types.
pub fn can_fail_in(types: &Types, function: &Function, op: &Op, fallible: &[bool]) -> bool {
    can_fail(op, fallible) && !is_on_floats(types, function, op)
}

/// Whether an instruction computes with floats, which never fails.
fn is_on_floats(types: &Types, function: &Function, op: &Op) -> bool {
    let (Op::Binary(_, a, _) | Op::Neg(a)) = op else {
        return false;
    };
    match a {
        Operand::Local(local) => {
            let local = function.locals.get(local.0 as usize);
            local.is_some_and(|local| *types.get(local.ty) == Type::Float)
        }
        Operand::Const(constant) => matches!(constant, Const::Float(_)),
    }
}

/// Whether an instruction may fail. Arithmetic counts as fallible also on floats, where the code generator makes no way
/// of failure.
pub fn can_fail(op: &Op, fallible: &[bool]) -> bool {
    match op {
        Op::Binary(op, _, b) => binary_can_fail(*op, b),
        Op::Neg(_)
        | Op::List(..)
        | Op::ListWithCapacity(..)
        | Op::ListGet(..)
        | Op::ListPush(..)
        | Op::MapIndex(..)
        | Op::CallNative { .. }
        | Op::CallClosure(..)
        | Op::MakeClosure(..)
        | Op::FormatAppend(..)
        | Op::StrAppend(..)
        | Op::Yield(..)
        | Op::ReturnItem(..)
        | Op::Output(..)
        | Op::Fail(..)
        | Op::FailMatch
        | Op::FailUnwrap
        | Op::Catch
        | Op::Poll => true,
        Op::Load(place) | Op::Store(place, _) | Op::Take(place) => way_can_fail(place),
        Op::Call(FunctionId(id), _) => fallible.get(*id as usize).copied().unwrap_or(true),
        Op::Copy(_)
        | Op::Not(_)
        | Op::IntToFloat(_)
        | Op::Compare(..)
        | Op::Make(..)
        | Op::Field(..)
        | Op::Some(_)
        | Op::IsSome(_)
        | Op::Payload(_)
        | Op::Variant(..)
        | Op::Tag(_)
        | Op::VariantField(..)
        | Op::ListLen(_)
        | Op::ListGetUnchecked(..)
        | Op::MapLen(_)
        | Op::MapGet(..)
        | Op::MapNext(..)
        | Op::StrNext(..)
        | Op::CaptureLoad(_)
        | Op::CaptureTake(_)
        | Op::CaptureStore(..)
        | Op::Retain(_)
        | Op::Release(_) => false,
    }
}

fn binary_can_fail(op: BinaryOp, b: &Operand) -> bool {
    let constant = match b {
        Operand::Const(Const::Int(n)) => Some(*n),
        _ => None,
    };
    match op {
        BinaryOp::And | BinaryOp::Or | BinaryOp::Xor | BinaryOp::AddWrapping => false,
        BinaryOp::Div | BinaryOp::Rem => constant.is_none_or(|n| n == 0 || n == -1),
        BinaryOp::Shl | BinaryOp::Shr => constant.is_none_or(|n| !(0..=63).contains(&n)),
        BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Pow => true,
    }
}

fn way_can_fail(place: &Place) -> bool {
    place.projections.iter().any(|p| {
        matches!(
            p,
            Projection::Index(_) | Projection::Key(_) | Projection::KeyOrInsert(_)
        )
    })
}
