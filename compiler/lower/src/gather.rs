//! Ops that a test calls directly: a version of the op that, instead of handing its outputs to the run, gathers each in a
//! local and gives them all when it ends.
//!
//! A dynamic output is gathered as a list of `(key, value)`, a plain one as an option, which is `none` as long as it was
//! not produced.

use dynop_ir::{Const, LocalId, Op, Operand, Type, TypeId};
use dynop_sema::hir::{self, Function, returns_output};
use dynop_sema::ty::Ty;

use crate::builder::Builder;
use crate::expressions::whole;

impl<'p> Builder<'_, 'p> {
    /// Begins an op that a test calls: a local for each output that does not leave as the body's value.
    pub(crate) fn gather(&mut self, function: &'p Function) {
        let mut locals = Vec::new();
        for output in &function.outputs.list {
            if returns_output(&function.outputs, &function.result) {
                break;
            }
            let ty = if output.dynamic {
                Ty::list(Ty::Tuple([Ty::Str, output.ty.clone()].into()))
            } else {
                Ty::option(output.ty.clone())
            };
            let ty = self.type_of_source(&ty);
            let local = self.temp(ty);
            self.mark_changing(local);
            let nothing = self.zero(ty);
            self.copy(local, nothing);
            locals.push(local);
        }
        self.gathered = Some(locals);
    }

    /// Whether this is an op that a test calls.
    pub(crate) fn is_gathering(&self) -> bool {
        self.gathered.is_some()
    }

    fn gathered_in(&self, output: u32) -> Option<LocalId> {
        let locals = self.gathered.as_ref()?;
        locals.get(output as usize).copied()
    }

    /// Adds an item; false where outputs are not gathered.
    pub(crate) fn gather_item(&mut self, output: u32, value: &Operand, key: &Operand) -> bool {
        let Some(local) = self.gathered_in(output) else {
            return false;
        };
        let list = self.local_type(local);
        if let Type::List(pair) = *self.shape_of(list) {
            let fields = vec![key.clone(), value.clone()];
            let item = self.compute(pair, Op::Make(pair, fields));
            self.emit(None, Op::ListPush(whole(local), item));
        }
        true
    }

    /// Keeps a plain output; false where outputs are not gathered.
    pub(crate) fn gather_output(&mut self, output: u32, value: &Operand) -> bool {
        let Some(local) = self.gathered_in(output) else {
            return false;
        };
        let ty = self.local_type(local);
        let value = self.compute(ty, Op::Some(value.clone()));
        self.copy(local, value);
        true
    }

    /// What was gathered, as the value of the call.
    pub(crate) fn gathered_outputs(&mut self, function: &'p Function) -> Operand {
        let mut parts = Vec::new();
        for (index, output) in function.outputs.list.iter().enumerate() {
            let Some(local) = self.gathered_in(index as u32) else {
                continue;
            };
            let gathered = self.settled(Operand::Local(local));
            parts.push(if output.dynamic || output.optional {
                gathered
            } else {
                let ty = self.type_of_source(&output.ty);
                self.required(gathered, ty, output.name.as_str())
            });
        }
        if !matches!(function.result, Ty::NamedTuple(_)) {
            return parts.pop().unwrap_or_else(|| self.unit());
        }
        let ty = self.type_of_source(&hir::call_type(function));
        self.compute(ty, Op::Make(ty, parts))
    }

    /// A required output, or a failure where the op did not produce it.
    fn required(&mut self, gathered: Operand, ty: TypeId, name: &str) -> Operand {
        let bool = self.bool();
        let (there, missing) = (self.new_block(), self.new_block());
        let is_some = self.compute(bool, Op::IsSome(gathered.clone()));
        self.branch(is_some, there, missing);
        self.enter(missing);
        let message = format!("the output `{name}` was not produced");
        let message = Operand::Const(Const::Str(message));
        self.fail(Op::Fail(message, Operand::Const(Const::Bool(true))));
        self.enter(there);
        self.compute(ty, Op::Payload(gathered))
    }
}
