//! `extern fn … = "intrinsic:NAME"` of the standard library: what is one instruction.
//!
//! The names are this room's; they stand in `runtime/std/*.dyn` alone.

use dynop_base::Diagnostic;
use dynop_base::codes::types;
use dynop_ir::{BinaryOp, Comparison, Op, Operand, Type};
use dynop_sema::hir;
use dynop_sema::substitute::substitute;
use dynop_sema::ty::Ty;

use crate::builder::Builder;
use crate::calls::Argument;

impl<'p> Builder<'_, 'p> {
    /// A call of an intrinsic.
    pub(crate) fn intrinsic(
        &mut self,
        name: &str,
        declared: &'p hir::Function,
        type_args: &[Ty],
        args: Vec<Argument>,
    ) -> Operand {
        let result = substitute(&declared.result, type_args);
        let ty = self.lowering.type_id(&result);
        let mut operands = Vec::new();
        let mut places = Vec::new();
        for arg in args {
            match arg {
                Argument::Value(value) => {
                    let operand = self.operand(value);
                    operands.push(operand);
                }
                Argument::InOut(place, ty) => places.push((place, ty)),
            }
        }
        match (name, operands.as_slice(), places.as_slice()) {
            ("zero", [], []) => self.number_zero(declared, &result),
            ("set_new", [], []) => self.zero(ty),
            ("add", [left, right], []) => {
                let op = Op::Binary(BinaryOp::Add, left.clone(), right.clone());
                self.compute(ty, op)
            }
            ("less", [left, right], []) => self.less(left.clone(), right.clone()),
            ("list_push", [value], [(list, _)]) => {
                self.change(Op::ListPush(list.clone(), value.clone()))
            }
            ("list_extend", [other], [(list, list_type)]) => {
                self.extend(list.clone(), other.clone(), *list_type);
                self.unit()
            }
            ("take", [], [(place, _)]) => self.compute(ty, Op::Take(place.clone())),
            ("option_unwrap", [option], []) => self.unwrap(option, ty),
            ("iter_new", [start], []) => start.clone(),
            ("iter_start", [iter], []) => {
                self.compute(ty, Op::CallClosure(iter.clone(), Vec::new()))
            }
            (_, [only], []) => match unary(name, only.clone(), ty) {
                Some(op) => self.compute(ty, op),
                None => self.unknown(name, declared),
            },
            ("list_get_unchecked", [list, at], []) => {
                self.compute(ty, Op::ListGetUnchecked(list.clone(), at.clone()))
            }
            ("map_get", [map, key], []) => self.compute(ty, Op::MapGet(map.clone(), key.clone())),
            _ => self.unknown(name, declared),
        }
    }

    /// `<` in the total order in which floats are sorted: NaN comes last.
    fn less(&mut self, left: Operand, right: Operand) -> Operand {
        let (ty, bool) = (self.type_of(&left), self.bool());
        let op = Op::Compare(Comparison::Lt, left.clone(), right.clone());
        let less = self.compute(bool, op);
        if *self.shape_of(ty) != Type::Float {
            return less;
        }
        let op = Op::Compare(Comparison::Eq, left.clone(), left);
        let left_is_number = self.compute(bool, op);
        let op = Op::Compare(Comparison::Ne, right.clone(), right);
        let right_is_nan = self.compute(bool, op);
        let op = Op::Binary(BinaryOp::And, left_is_number, right_is_nan);
        let before_nan = self.compute(bool, op);
        self.compute(bool, Op::Binary(BinaryOp::Or, less, before_nan))
    }

    fn change(&mut self, op: Op) -> Operand {
        self.emit(None, op);
        self.unit()
    }

    /// 0 of a number type. The checker knows no bounds, so that `sum` of what is no number is found here.
    fn number_zero(&mut self, declared: &hir::Function, ty: &Ty) -> Operand {
        let id = self.lowering.type_id(ty);
        if !matches!(ty, Ty::Int | Ty::Float) {
            let span = self.lowering.user_span(self.span);
            let shown = self.lowering.show(ty);
            let owner = self.lowering.declared(self.scope.owner);
            let owner = owner.map_or(declared.name, |owner| owner.name);
            let diagnostic = Diagnostic::new(
                &types::OPERATOR,
                span,
                format!("`{owner}` takes numbers, found `{shown}`"),
            )
            .here("only values of type `Int` or `Float` have a sum")
            .help("combine other values with `fold`");
            self.lowering.report(diagnostic);
        }
        self.zero(id)
    }

    fn unwrap(&mut self, option: &Operand, ty: dynop_ir::TypeId) -> Operand {
        let bool = self.bool();
        let (there, missing) = (self.new_block(), self.new_block());
        let is_some = self.compute(bool, Op::IsSome(option.clone()));
        self.branch(is_some, there, missing);
        self.enter(missing);
        self.mark_cold(missing);
        self.fail(Op::FailUnwrap);
        self.enter(there);
        self.compute(ty, Op::Payload(option.clone()))
    }

    fn unknown(&mut self, name: &str, declared: &hir::Function) -> Operand {
        let what = format!("calls of `{}` (`{name}`)", declared.name);
        self.lowering.unsupported(&what, self.span);
        self.unit()
    }
}

/// Intrinsics of one value.
fn unary(name: &str, operand: Operand, ty: dynop_ir::TypeId) -> Option<Op> {
    Some(match name {
        "list_len" => Op::ListLen(operand),
        "list_with_capacity" => Op::ListWithCapacity(ty, operand),
        "range_start" => Op::Field(operand, 0),
        "range_end" => Op::Field(operand, 1),
        "map_len" => Op::MapLen(operand),
        "option_is_some" => Op::IsSome(operand),
        "int_to_float" => Op::IntToFloat(operand),
        // An `Int`, `Duration` or `Time` as another of them.
        "whole" => Op::Binary(
            BinaryOp::AddWrapping,
            operand,
            Operand::Const(dynop_ir::Const::Int(0)),
        ),
        _ => return None,
    })
}

/// Whether a declared intrinsic is one that this room makes, with the number of its parameters.
pub(crate) fn is_known(name: &str, params: usize) -> bool {
    let probe = Operand::Const(dynop_ir::Const::Int(0));
    match (name, params) {
        ("zero" | "set_new", 0)
        | ("add" | "less" | "list_push" | "list_extend" | "list_get_unchecked" | "map_get", 2)
        | ("take" | "option_unwrap" | "iter_new" | "iter_start", 1) => true,
        (name, 1) => unary(name, probe, dynop_ir::TypeId(0)).is_some(),
        _ => false,
    }
}
