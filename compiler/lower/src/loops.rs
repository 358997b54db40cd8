//! `while` and `for`.

use dynop_ir::{BlockId, Comparison, Const, LocalId, Op, Operand, Type, TypeId};
use dynop_sema::hir::{Expr, ExprKind, Pattern};
use dynop_sema::ty::Ty;

use crate::builder::{Builder, Loop};
use crate::operators::{always, int};

impl<'p> Builder<'_, 'p> {
    pub(crate) fn while_loop(&mut self, condition: &'p Expr, body: &'p Expr) {
        let (head, inside, done) = (self.new_block(), self.new_block(), self.new_block());
        self.jump(head);
        self.enter(head);
        self.emit(None, Op::Poll);
        if always(condition) {
            self.jump(inside);
        } else {
            self.condition(condition, inside, done);
        }
        self.enter(inside);
        self.loop_body(body, head, done);
        self.jump(head);
        // Of `while true` without a `break` nothing leads there, and what follows is dropped.
        self.enter(done);
    }

    fn loop_body(&mut self, body: &'p Expr, continue_to: BlockId, break_to: BlockId) {
        self.scope.loops.push(Loop {
            continue_to,
            break_to,
        });
        self.expr(body);
        self.scope.loops.pop();
    }

    pub(crate) fn for_loop(&mut self, pattern: &'p Pattern, iterable: &'p Expr, body: &'p Expr) {
        if let ExprKind::Range {
            start,
            end,
            inclusive,
        } = &iterable.kind
        {
            let (start, end) = self.pair(start, end);
            let end = self.settled(end);
            if *inclusive {
                self.for_inclusive(pattern, start, &end, body);
            } else {
                self.for_counted(start, end, |this, index| {
                    this.element_body(pattern, &Operand::Local(index), body);
                });
            }
            return;
        }
        let value = self.expr(iterable);
        let value = self.settled(value);
        let ty = self.type_of(&value);
        let iterates = matches!(self.concrete(&iterable.ty), Ty::Iter(_));
        match *self.shape_of(ty) {
            Type::Range => {
                let int_type = self.int();
                let start = self.compute(int_type, Op::Field(value.clone(), 0));
                let end = self.compute(int_type, Op::Field(value, 1));
                self.for_counted(start, end, |this, index| {
                    this.element_body(pattern, &Operand::Local(index), body);
                });
            }
            Type::List(item) => {
                let int_type = self.int();
                let len = self.compute(int_type, Op::ListLen(value.clone()));
                self.for_counted(int(0), len, |this, index| {
                    let at = Operand::Local(index);
                    let element = this.compute(item, Op::ListGetUnchecked(value, at));
                    this.element_body(pattern, &element, body);
                });
            }
            Type::Map(key, item) => {
                let entry = self.pair_type(key, item);
                self.for_next(entry, pattern, body, |position| {
                    Op::MapNext(value, position)
                });
            }
            Type::Set(item) => {
                self.for_next(item, pattern, body, |position| Op::MapNext(value, position));
            }
            Type::Str => {
                self.for_next(ty, pattern, body, |position| Op::StrNext(value, position));
            }
            Type::Closure(_, cursor) if iterates => self.for_iter(pattern, value, cursor, body),
            _ => {}
        }
    }

    fn pair_type(&mut self, first: TypeId, second: TypeId) -> TypeId {
        self.lowering.intern(Type::Aggregate(dynop_ir::Aggregate {
            kind: dynop_ir::AggregateKind::Tuple,
            name: String::new(),
            fields: vec![(String::new(), first), (String::new(), second)],
            defaults: Vec::new(),
        }))
    }

    fn element_body(&mut self, pattern: &'p Pattern, element: &Operand, body: &'p Expr) {
        self.bind_pattern(element, pattern);
        self.expr(body);
    }

    /// Counts from `start` to before `end`.
    pub(crate) fn for_counted(
        &mut self,
        start: Operand,
        end: Operand,
        body: impl FnOnce(&mut Self, LocalId),
    ) {
        let (index, head, done) = self.count_up(start, end);
        let next = self.new_block();
        self.scope.loops.push(Loop {
            continue_to: next,
            break_to: done,
        });
        body(self, index);
        self.scope.loops.pop();
        self.jump(next);
        self.enter(next);
        self.count_on(index, head);
        self.enter(done);
    }

    /// Counts from `start` to `end`, which may be the greatest `Int`.
    fn for_inclusive(
        &mut self,
        pattern: &'p Pattern,
        start: Operand,
        end: &Operand,
        body: &'p Expr,
    ) {
        let (int_type, bool) = (self.int(), self.bool());
        let index = self.temp(int_type);
        let (head, done) = (self.new_block(), self.new_block());
        let (next, on) = (self.new_block(), self.new_block());
        self.emit(Some(index), Op::Copy(start));
        let op = Op::Compare(Comparison::Le, Operand::Local(index), end.clone());
        let any = self.compute(bool, op);
        self.branch(any, head, done);
        self.enter(head);
        self.emit(None, Op::Poll);
        self.bind_pattern(&Operand::Local(index), pattern);
        self.loop_body(body, next, done);
        self.jump(next);
        self.enter(next);
        let op = Op::Compare(Comparison::Lt, Operand::Local(index), end.clone());
        let more = self.compute(bool, op);
        self.branch(more, on, done);
        self.enter(on);
        self.count_on(index, head);
        self.enter(done);
    }

    /// Over what gives its next element as an option, with a position that moves on.
    fn for_next(
        &mut self,
        item: TypeId,
        pattern: &'p Pattern,
        body: &'p Expr,
        next: impl FnOnce(LocalId) -> Op,
    ) {
        let int_type = self.int();
        let position = self.temp(int_type);
        self.emit(Some(position), Op::Copy(Operand::Const(Const::Int(0))));
        self.for_options(item, pattern, body, next(position));
    }

    fn for_iter(&mut self, pattern: &'p Pattern, iter: Operand, cursor: TypeId, body: &'p Expr) {
        let Type::Closure(_, option) = *self.shape_of(cursor) else {
            return;
        };
        let Type::Option(item) = *self.shape_of(option) else {
            return;
        };
        let next = self.compute(cursor, Op::CallClosure(iter, Vec::new()));
        self.for_options(item, pattern, body, Op::CallClosure(next, Vec::new()));
    }

    /// As long as `next` gives `some`.
    fn for_options(&mut self, item: TypeId, pattern: &'p Pattern, body: &'p Expr, next: Op) {
        let bool = self.bool();
        let option = self.lowering.intern(Type::Option(item));
        let (head, inside, done) = (self.new_block(), self.new_block(), self.new_block());
        self.jump(head);
        self.enter(head);
        self.emit(None, Op::Poll);
        let found = self.compute(option, next);
        let is_some = self.compute(bool, Op::IsSome(found.clone()));
        self.branch(is_some, inside, done);
        self.enter(inside);
        let element = self.compute(item, Op::Payload(found));
        self.bind_pattern(&element, pattern);
        self.loop_body(body, head, done);
        self.jump(head);
        self.enter(done);
    }
}
