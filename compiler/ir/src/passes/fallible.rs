//! Finds the functions that can't fail, so that calls of them need no check.

use crate::function::{BinaryOp, Function, FunctionId, Op, Place, Program, Projection, Terminator};

/// Sets [`Function::fallible`]: a function is fallible if something in it can fail that no handler catches, or if it
/// may recurse without bound (the stack check fails); so every function on a cycle of calls, and every call of one.
pub fn find_fallible(program: &mut Program) {
    // Every call checks the stack, so only functions that call nothing can be free of failure.
    for function in &mut program.functions {
        function.fallible = true;
    }
    let none = vec![true; program.functions.len()];
    let free: Vec<bool> = program
        .functions
        .iter()
        .map(|f| f.captures.is_none() && !has_failure(f, &none))
        .collect();
    for (function, free) in program.functions.iter_mut().zip(free) {
        function.fallible = !free;
    }
}

fn has_failure(function: &Function, fallible: &[bool]) -> bool {
    function.blocks.iter().any(|block| {
        matches!(block.terminator, Terminator::Fail)
            || block.insts.iter().any(|inst| can_fail(&inst.op, fallible))
    })
}

/// Whether an instruction may fail. Arithmetic counts as fallible whatever its type: the code generator knows better
/// and makes no failure path on floats.
pub fn can_fail(op: &Op, fallible: &[bool]) -> bool {
    match op {
        Op::Binary(op, ..) => !matches!(
            op,
            BinaryOp::And | BinaryOp::Or | BinaryOp::Xor | BinaryOp::AddWrapping
        ),
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

fn way_can_fail(place: &Place) -> bool {
    place.projections.iter().any(|p| {
        matches!(
            p,
            Projection::Index(_) | Projection::Key(_) | Projection::KeyOrInsert(_)
        )
    })
}
