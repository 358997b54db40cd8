//! Calls of functions and function values.

use dynop_ir::{self as ir, Op, Operand, Place, TypeId};
use dynop_sema::hir::{self, Arg, Expr, FunctionBody};
use dynop_sema::substitute::substitute;
use dynop_sema::ty::Ty;

use crate::builder::{Builder, Value};
use crate::lowering::{InstanceKey, Shape};
use crate::walk::may_assign;

/// An argument, evaluated.
#[derive(Clone, Debug)]
pub(crate) enum Argument {
    /// A value.
    Value(Value),
    /// The place for a `var` parameter.
    InOut(Place, TypeId),
}

impl<'p> Builder<'_, 'p> {
    /// `function(args)`
    pub(crate) fn call(
        &mut self,
        function: hir::FunctionId,
        type_args: &[Ty],
        args: &'p [Arg],
    ) -> Operand {
        let type_args: Vec<Ty> = type_args.iter().map(|ty| self.concrete(ty)).collect();
        let in_out = args.iter().any(|arg| matches!(arg, Arg::InOut(_)));
        let mut evaluated = Vec::with_capacity(args.len());
        for (index, arg) in args.iter().enumerate() {
            let arg = match arg {
                Arg::Value(expr) => {
                    let value = self.value(expr);
                    // A `var` given as a value keeps the value that it has now, whatever is done to it before the call.
                    let changes = in_out || args.iter().skip(index + 1).any(arg_may_assign);
                    Argument::Value(match value {
                        Value::Operand(operand) if changes => Value::Operand(self.settled(operand)),
                        value => value,
                    })
                }
                Arg::InOut(place) => {
                    let ty = self.type_of_source(&place.ty);
                    match self.place(place, false) {
                        Some(place) => Argument::InOut(place, ty),
                        None => return self.unit(),
                    }
                }
            };
            evaluated.push(arg);
        }
        self.call_function(function, type_args, evaluated)
    }

    /// A call of a function with evaluated arguments; the type arguments are free of parameters.
    pub(crate) fn call_function(
        &mut self,
        function: hir::FunctionId,
        type_args: Vec<Ty>,
        args: Vec<Argument>,
    ) -> Operand {
        let Some(declared) = self.lowering.declared(function) else {
            return self.unit();
        };
        match &declared.body {
            FunctionBody::Code(_) if declared.kind == hir::FunctionKind::Op => {
                self.call_instance(function, declared, type_args, args)
            }
            FunctionBody::Extern(symbol) => match symbol.strip_prefix("intrinsic:") {
                Some(name) => self.intrinsic(name, declared, &type_args, args),
                None => self.call_native(symbol, declared, &type_args, args),
            },
            FunctionBody::Foreign(symbol) => self.call_foreign(symbol, &declared.result, args),
            FunctionBody::Code(body) if declared.kind == hir::FunctionKind::Fn => {
                if self.function_goes_in_place(declared, body) {
                    let result = substitute(&declared.result, &type_args);
                    let args = args.into_iter().filter_map(|arg| match arg {
                        Argument::Value(value) => Some(value),
                        Argument::InOut(..) => None,
                    });
                    let args = args.collect();
                    self.call_function_in_place(function, body, type_args, &result, args)
                } else {
                    self.call_instance(function, declared, type_args, args)
                }
            }
            FunctionBody::Error => self.unit(),
            FunctionBody::Code(_) | FunctionBody::Composition(_) => {
                let what = format!("direct calls of a {}", declared.kind.keyword());
                self.lowering.unsupported(&what, self.span);
                self.unit()
            }
        }
    }

    fn call_instance(
        &mut self,
        function: hir::FunctionId,
        declared: &'p hir::Function,
        type_args: Vec<Ty>,
        args: Vec<Argument>,
    ) -> Operand {
        let mut shapes = Vec::new();
        let mut operands = Vec::new();
        let mut places = Vec::new();
        for arg in args {
            let mut shape = Shape::Value;
            match arg {
                Argument::Value(Value::Closure(closure))
                    if self
                        .lowering
                        .may_specialise(function, &type_args, closure.code) =>
                {
                    shape = Shape::Code(closure.code);
                    operands.extend(closure.captures);
                }
                Argument::Value(value) => {
                    let operand = self.operand(value);
                    operands.push(operand);
                }
                Argument::InOut(place, ty) => {
                    let operand = self.take_out(&place, ty);
                    operands.push(operand);
                    places.push((place, ty));
                }
            }
            shapes.push(shape);
        }
        let results = self.lowering.results(declared, &type_args);
        let result = self.lowering.type_id(&results.ty());
        let parts: Vec<TypeId> = results
            .parts
            .iter()
            .map(|ty| self.lowering.type_id(ty))
            .collect();
        let key = InstanceKey::Function {
            function,
            type_args,
            shapes,
        };
        let callee = self.lowering.instance(key, self.span);
        let op = Op::Call(callee, operands);
        match (parts.as_slice(), places.as_slice()) {
            ([_], [(place, _)]) if place.projections.is_empty() => {
                self.emit(Some(place.local), op);
                self.unit()
            }
            ([_], [(place, _)]) => {
                let value = self.compute(result, op);
                self.store(place, value);
                self.unit()
            }
            (_, []) => self.compute_call(result, op),
            (parts, places) => {
                let returned = self.compute(result, op);
                self.unpack(&returned, results.value, parts, places)
            }
        }
    }

    /// Takes what a function gave apart: its own result, and what goes back into the places of `var` arguments.
    fn unpack(
        &mut self,
        returned: &Operand,
        value: bool,
        parts: &[TypeId],
        places: &[(Place, TypeId)],
    ) -> Operand {
        let Operand::Local(tuple) = *returned else {
            return self.unit();
        };
        let part = |index: usize| Place {
            local: tuple,
            projections: vec![ir::Projection::Field(index as u32)],
        };
        let offset = usize::from(value);
        for (index, (place, ty)) in places.iter().enumerate() {
            let taken = self.compute(*ty, Op::Take(part(index + offset)));
            self.store(place, taken);
        }
        match (value, parts.first()) {
            (true, Some(ty)) => self.compute(*ty, Op::Take(part(0))),
            _ => self.unit(),
        }
    }

    /// A call whose result may be `()`.
    pub(crate) fn compute_call(&mut self, result: TypeId, op: Op) -> Operand {
        if *self.shape_of(result) == ir::Type::Unit {
            self.emit(None, op);
            return self.zero(result);
        }
        self.compute(result, op)
    }

    /// `callee(args)` of a function value.
    pub(crate) fn call_value(
        &mut self,
        callee: &'p Expr,
        args: &'p [Expr],
        result: &Ty,
    ) -> Operand {
        let callee = self.value(callee);
        let mut values = Vec::with_capacity(args.len());
        for (index, arg) in args.iter().enumerate() {
            let value = self.value(arg);
            let changes = args.iter().skip(index + 1).any(may_assign);
            values.push(match value {
                Value::Operand(operand) if changes => Value::Operand(self.settled(operand)),
                value => value,
            });
        }
        match callee {
            Value::Closure(closure) => self.call_closure(&closure, values),
            Value::Operand(callee) => {
                let operands = values
                    .into_iter()
                    .map(|value| self.operand(value))
                    .collect();
                let result = self.type_of_source(result);
                self.compute_call(result, Op::CallClosure(callee, operands))
            }
        }
    }
}

fn arg_may_assign(arg: &Arg) -> bool {
    match arg {
        Arg::Value(value) => may_assign(value),
        Arg::InOut(_) => true,
    }
}
