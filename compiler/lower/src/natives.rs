//! Native functions of the standard library: `extern fn … = "dyn_…"`, called by the convention of
//! `dynop_abi::entries`.

use dynop_abi::entries::{AbiType, find};
use dynop_ir::{NativeArg, Op, Operand};
use dynop_sema::hir::{self, FunctionBody};
use dynop_sema::substitute::substitute;
use dynop_sema::ty::Ty;

use crate::builder::Builder;
use crate::calls::Argument;

impl<'p> Builder<'_, 'p> {
    /// A call of a native function.
    pub(crate) fn call_native(
        &mut self,
        symbol: &str,
        declared: &'p hir::Function,
        type_args: &[Ty],
        args: Vec<Argument>,
    ) -> Operand {
        if mismatch(declared, symbol).is_some() {
            self.lowering
                .unsupported(&format!("calls of `{}`", declared.name), self.span);
            return self.unit();
        }
        let mut natives = Vec::with_capacity(args.len());
        for arg in args {
            natives.push(match arg {
                Argument::Value(value) => NativeArg::Value(self.operand(value)),
                Argument::InOut(place, _) => NativeArg::InOut(place),
            });
        }
        let types = type_args
            .iter()
            .map(|ty| self.lowering.type_id(ty))
            .collect();
        let result = substitute(&declared.result, type_args);
        let result = self.lowering.type_id(&result);
        let op = Op::CallNative {
            entry: symbol.to_string(),
            args: natives,
            types,
        };
        if matches!(declared.result, Ty::Param(..)) {
            // The entry point writes its result through a pointer also where the type given for it is `()`.
            return self.compute(result, op);
        }
        self.compute_call(result, op)
    }

    /// A call of a C function; its arguments and its result are scalars.
    pub(crate) fn call_foreign(
        &mut self,
        symbol: &str,
        result: &Ty,
        args: Vec<Argument>,
    ) -> Operand {
        let mut natives = Vec::with_capacity(args.len());
        for arg in args {
            if let Argument::Value(value) = arg {
                natives.push(NativeArg::Value(self.operand(value)));
            }
        }
        let result = self.lowering.type_id(result);
        let op = Op::CallNative {
            entry: symbol.to_string(),
            args: natives,
            types: Vec::new(),
        };
        self.compute_call(result, op)
    }
}

/// What the convention makes of a declared signature.
fn signature(function: &hir::Function) -> Vec<AbiType> {
    let mut params = vec![AbiType::Ctx];
    if function.result != Ty::Unit {
        params.push(AbiType::Ptr);
    }
    params.extend(function.params.iter().map(|param| match param.ty {
        _ if param.var => AbiType::Ptr,
        Ty::Int | Ty::Duration | Ty::Time => AbiType::I64,
        Ty::Float => AbiType::F64,
        Ty::Bool => AbiType::U8,
        _ => AbiType::Ptr,
    }));
    params.extend(function.generics.iter().map(|_| AbiType::Desc));
    params
}

/// What is wrong with a native declaration, held against the table of entry points.
fn mismatch(function: &hir::Function, symbol: &str) -> Option<String> {
    let wanted = signature(function);
    let name = function.name;
    let Some(entry) = find(symbol) else {
        return Some(format!("{name}: there is no entry `{symbol}`{wanted:?}"));
    };
    if entry.params == wanted.as_slice() && entry.result == Some(AbiType::Status) {
        return None;
    }
    Some(format!(
        "{name}: `{symbol}` takes {:?} and gives {:?}, declared is {wanted:?}",
        entry.params, entry.result
    ))
}

/// What the standard library declares and neither the table of entry points nor this room has, a line each. For tests.
pub fn check_natives(program: &hir::Program) -> Vec<String> {
    program
        .functions
        .iter()
        .filter_map(|function| {
            let FunctionBody::Extern(symbol) = &function.body else {
                return None;
            };
            match symbol.strip_prefix("intrinsic:") {
                Some(name) if crate::intrinsics::is_known(name, function.params.len()) => None,
                Some(name) => Some(format!("{}: there is no intrinsic `{name}`", function.name)),
                None => mismatch(function, symbol),
            }
        })
        .collect()
}
