//! The outputs of ops: what a body returns, handed over one by one, and `yield Output(…)`.

use dynop_ir::{Op, Operand, Terminator, Type};
use dynop_sema::hir::{Expr, OutputForm, returns_output};
use dynop_sema::ty::Ty;

use crate::builder::Builder;
use crate::operators::int;

/// How an item of a dynamic output lies in the list that gives it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pair {
    /// A `DynamicOutput`: the value, then the key.
    ValueFirst,
    /// As a direct call gives it: the key, then the value.
    KeyFirst,
}

impl<'p> Builder<'_, 'p> {
    /// `yield Output(value)`; `none` of an optional output skips it.
    pub(crate) fn yield_output(&mut self, output: u32, value: &'p Expr) {
        let value = self.expr(value);
        let optional = self.output(output).is_some_and(|(_, optional)| optional);
        self.give_output(output, value, optional);
    }

    /// Whether an output is dynamic and whether it is optional.
    fn output(&self, index: u32) -> Option<(bool, bool)> {
        let owner = self.lowering.declared(self.scope.owner)?;
        let output = owner.outputs.list.get(index as usize)?;
        Some((output.dynamic, output.optional))
    }

    fn give_output(&mut self, output: u32, value: Operand, optional: bool) {
        self.if_there(value, optional, |this, value| {
            if !this.gather_output(output, &value) {
                this.emit(None, Op::Output(output, value));
            }
        });
    }

    /// Leaves an op with the value of its body.
    pub(crate) fn leave_op(&mut self, value: Operand) {
        let Some(owner) = self.lowering.declared(self.scope.owner) else {
            return;
        };
        if returns_output(&owner.outputs, &owner.result) {
            self.end(Terminator::Return(value));
            return;
        }
        let collected = owner.outputs.form == OutputForm::Collected;
        if collected || owner.outputs.form == OutputForm::Returns {
            let named = matches!(owner.result, Ty::NamedTuple(_));
            let value = self.settled(value);
            for (index, output) in owner.outputs.list.iter().enumerate() {
                let index = index as u32;
                let part = if named {
                    let ty = self.type_of(&value);
                    let Type::Aggregate(aggregate) = self.shape_of(ty) else {
                        continue;
                    };
                    let Some(&(_, ty)) = aggregate.fields.get(index as usize) else {
                        continue;
                    };
                    self.compute(ty, Op::Field(value.clone(), index))
                } else {
                    value.clone()
                };
                if output.dynamic {
                    let order = if collected {
                        Pair::KeyFirst
                    } else {
                        Pair::ValueFirst
                    };
                    self.give_items(index, part, output.optional && !collected, order);
                } else {
                    self.give_output(index, part, output.optional);
                }
            }
        }
        let value = if self.is_gathering() {
            self.gathered_outputs(owner)
        } else {
            self.unit()
        };
        self.end(Terminator::Return(value));
    }

    /// The items of a returned list of `DynamicOutput`, or of the pairs that stand for it.
    fn give_items(&mut self, output: u32, items: Operand, optional: bool, order: Pair) {
        self.if_there(items, optional, |this, items| {
            let ty = this.type_of(&items);
            let Type::List(item) = *this.shape_of(ty) else {
                this.give_item(output, items, order);
                return;
            };
            let int_type = this.int();
            let len = this.compute(int_type, Op::ListLen(items.clone()));
            this.for_counted(int(0), len, |this, index| {
                let at = Operand::Local(index);
                let element = this.compute(item, Op::ListGetUnchecked(items, at));
                this.give_item(output, element, order);
            });
        });
    }

    fn give_item(&mut self, output: u32, item: Operand, order: Pair) {
        let ty = self.type_of(&item);
        let Type::Aggregate(aggregate) = self.shape_of(ty) else {
            return;
        };
        let types: Vec<_> = aggregate.fields.iter().map(|(_, ty)| *ty).collect();
        if let [first_type, second_type] = types[..] {
            let first = self.compute(first_type, Op::Field(item.clone(), 0));
            let second = self.compute(second_type, Op::Field(item, 1));
            let (value, key) = match order {
                Pair::ValueFirst => (first, second),
                Pair::KeyFirst => (second, first),
            };
            if !self.gather_item(output, &value, &key) {
                self.emit(None, Op::ReturnItem(output, value, key));
            }
        }
    }

    /// Does something with a value, or, if it is an option, with its payload if there is one.
    fn if_there(&mut self, value: Operand, optional: bool, then: impl FnOnce(&mut Self, Operand)) {
        let ty = self.type_of(&value);
        let item = match *self.shape_of(ty) {
            Type::Option(item) if optional => item,
            _ => {
                then(self, value);
                return;
            }
        };
        let bool = self.bool();
        let (there, done) = (self.new_block(), self.new_block());
        let is_some = self.compute(bool, Op::IsSome(value.clone()));
        self.branch(is_some, there, done);
        self.enter(there);
        let payload = self.compute(item, Op::Payload(value));
        then(self, payload);
        self.jump(done);
        self.enter(done);
    }
}
