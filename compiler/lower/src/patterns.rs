//! Patterns: tests in order, and what they bind.

use dynop_ir::{BinaryOp, BlockId, Comparison, Const, LocalId, Op, Operand, Type, TypeId};
use dynop_sema::hir::{self, Expr, Pattern, PatternKind};

use crate::builder::{Binding, Builder, Value};
use crate::expressions::whole;
use crate::operators::int;

impl<'p> Builder<'_, 'p> {
    /// Holds a value against a pattern: binds and goes on if it fits, else goes to `otherwise`. Where that is `None` the
    /// pattern is known to fit, and only binds.
    pub(crate) fn test(
        &mut self,
        value: &Operand,
        pattern: &'p Pattern,
        otherwise: Option<BlockId>,
    ) {
        let outer = self.at(pattern.span);
        match &pattern.kind {
            PatternKind::Wildcard => {}
            PatternKind::Bind(local) => self.bind(*local, Value::Operand(value.clone())),
            PatternKind::Literal(literal) => self.test_literal(value, literal, otherwise),
            PatternKind::Range {
                start,
                end,
                inclusive,
            } => {
                let below = if *inclusive {
                    Comparison::Le
                } else {
                    Comparison::Lt
                };
                self.require(Comparison::Ge, value, int(*start), otherwise);
                self.require(below, value, int(*end), otherwise);
            }
            PatternKind::None => {
                if let Some(otherwise) = otherwise {
                    let is_some = self.is_some(value);
                    self.go_on_unless(is_some, otherwise);
                }
            }
            PatternKind::Some(inner) => self.test_some(value, inner, otherwise),
            PatternKind::Fields(fields) => {
                for (index, inner) in fields {
                    if matches!(inner.kind, PatternKind::Wildcard) {
                        continue;
                    }
                    let ty = self.type_of_source(&inner.ty);
                    let field = self.field_of(value, *index, ty);
                    self.test(&field, inner, otherwise);
                }
            }
            PatternKind::Variant(case, payload) => {
                self.test_variant(value, *case, payload, otherwise);
            }
            PatternKind::List {
                before,
                rest,
                after,
            } => self.test_list(value, before, *rest, after, otherwise),
            PatternKind::Or(alternatives) => self.test_any(value, alternatives, otherwise),
        }
        self.span = outer;
    }

    fn is_some(&mut self, value: &Operand) -> Operand {
        let bool = self.bool();
        self.compute(bool, Op::IsSome(value.clone()))
    }

    fn require(
        &mut self,
        op: Comparison,
        value: &Operand,
        with: Operand,
        otherwise: Option<BlockId>,
    ) {
        if let Some(otherwise) = otherwise {
            let bool = self.bool();
            let fits = self.compute(bool, Op::Compare(op, value.clone(), with));
            self.go_on_if(fits, otherwise);
        }
    }

    fn go_on_unless(&mut self, stops: Operand, otherwise: BlockId) {
        let next = self.new_block();
        self.branch(stops, otherwise, next);
        self.enter(next);
    }

    fn go_on_if(&mut self, fits: Operand, otherwise: BlockId) {
        let next = self.new_block();
        self.branch(fits, next, otherwise);
        self.enter(next);
    }

    fn test_literal(&mut self, value: &Operand, literal: &'p Expr, otherwise: Option<BlockId>) {
        let Some(block) = otherwise else {
            return;
        };
        match literal.kind {
            hir::ExprKind::Unit => {}
            hir::ExprKind::Bool(true) => self.go_on_if(value.clone(), block),
            hir::ExprKind::Bool(false) => self.go_on_unless(value.clone(), block),
            _ => {
                let literal = self.expr(literal);
                self.require(Comparison::Eq, value, literal, otherwise);
            }
        }
    }

    fn test_some(&mut self, value: &Operand, inner: &'p Pattern, otherwise: Option<BlockId>) {
        if let Some(otherwise) = otherwise {
            let is_some = self.is_some(value);
            self.go_on_if(is_some, otherwise);
        }
        if matches!(inner.kind, PatternKind::Wildcard) {
            return;
        }
        let ty = self.type_of_source(&inner.ty);
        let payload = self.compute(ty, Op::Payload(value.clone()));
        self.test(&payload, inner, otherwise);
    }

    fn test_variant(
        &mut self,
        value: &Operand,
        case: u32,
        payload: &'p [Pattern],
        otherwise: Option<BlockId>,
    ) {
        if otherwise.is_some() {
            let int_type = self.int();
            let tag = self.compute(int_type, Op::Tag(value.clone()));
            self.require(Comparison::Eq, &tag, int(i64::from(case)), otherwise);
        }
        for (index, inner) in payload.iter().enumerate() {
            if matches!(inner.kind, PatternKind::Wildcard) {
                continue;
            }
            let ty = self.type_of_source(&inner.ty);
            let part = self.payload_part(value, case, index as u32, ty);
            self.test(&part, inner, otherwise);
        }
    }

    fn test_list(
        &mut self,
        list: &Operand,
        before: &'p [Pattern],
        rest: Option<Option<hir::LocalId>>,
        after: &'p [Pattern],
        otherwise: Option<BlockId>,
    ) {
        let int_type = self.int();
        let len = self.compute(int_type, Op::ListLen(list.clone()));
        let named = (before.len() + after.len()) as i64;
        let op = if rest.is_some() {
            Comparison::Ge
        } else {
            Comparison::Eq
        };
        self.require(op, &len, int(named), otherwise);
        for (index, inner) in before.iter().enumerate() {
            self.test_element(list, int(index as i64), inner, otherwise);
        }
        for (index, inner) in after.iter().enumerate() {
            let back = int(-((after.len() - index) as i64));
            let at = self.add(&len, back);
            self.test_element(list, at, inner, otherwise);
        }
        if let Some(Some(local)) = rest {
            let end = self.add(&len, int(-(after.len() as i64)));
            let part = self.sublist(list, int(before.len() as i64), end);
            self.bind(local, Value::Operand(part));
        }
    }

    fn test_element(
        &mut self,
        list: &Operand,
        at: Operand,
        inner: &'p Pattern,
        otherwise: Option<BlockId>,
    ) {
        if matches!(inner.kind, PatternKind::Wildcard) {
            return;
        }
        let ty = self.type_of_source(&inner.ty);
        let element = self.compute(ty, Op::ListGetUnchecked(list.clone(), at));
        self.test(&element, inner, otherwise);
    }

    /// The sum of two numbers that are known to be small.
    pub(crate) fn add(&mut self, number: &Operand, other: Operand) -> Operand {
        let ty = self.int();
        let op = Op::Binary(BinaryOp::AddWrapping, number.clone(), other);
        self.compute(ty, op)
    }

    /// The elements from `start` to before `end`, which are known to be there.
    fn sublist(&mut self, list: &Operand, start: Operand, end: Operand) -> Operand {
        let ty = self.type_of(list);
        let Type::List(item) = *self.shape_of(ty) else {
            return self.zero(ty);
        };
        let part = self.temp(ty);
        let none = self.zero(ty);
        self.emit(Some(part), Op::Copy(none));
        let (index, body, done) = self.count_up(start, end);
        let element = self.element(list, index, item);
        self.emit(None, Op::ListPush(whole(part), element));
        self.count_on(index, body);
        self.enter(done);
        Operand::Local(part)
    }

    fn element(&mut self, list: &Operand, index: LocalId, item: TypeId) -> Operand {
        self.compute(
            item,
            Op::ListGetUnchecked(list.clone(), Operand::Local(index)),
        )
    }

    /// One of several alternatives, which bind the same locals.
    fn test_any(
        &mut self,
        value: &Operand,
        alternatives: &'p [Pattern],
        otherwise: Option<BlockId>,
    ) {
        let mut bound = Vec::new();
        for alternative in alternatives {
            bound_by(alternative, &mut bound);
        }
        let outer = self.rebinding;
        for local in bound {
            let known = outer && self.scope.bindings.contains_key(&local);
            if !known && let Some(declared) = self.scope.locals.get(local.0 as usize) {
                let ty = self.type_of_source(&declared.ty);
                let dst = self.named_local(local, ty);
                let binding = Binding::Value(Operand::Local(dst));
                self.scope.bindings.insert(local, binding);
            }
        }
        self.rebinding = true;
        let fits = self.new_block();
        for (index, alternative) in alternatives.iter().enumerate() {
            let next = self.new_block();
            let is_last = index + 1 == alternatives.len();
            let to = if is_last { otherwise } else { Some(next) };
            self.test(value, alternative, to);
            self.jump(fits);
            self.enter(next);
        }
        self.rebinding = outer;
        self.enter(fits);
    }

    /// Opens a loop that counts from `start` to before `end`: the counter, the head, and the block behind the loop.
    /// [`Builder::count_on`] closes it.
    pub(crate) fn count_up(&mut self, start: Operand, end: Operand) -> (LocalId, BlockId, BlockId) {
        let (int_type, bool) = (self.int(), self.bool());
        let index = self.temp(int_type);
        let (head, body, done) = (self.new_block(), self.new_block(), self.new_block());
        self.emit(Some(index), Op::Copy(start));
        self.jump(head);
        self.enter(head);
        self.emit(None, Op::Poll);
        let op = Op::Compare(Comparison::Lt, Operand::Local(index), end);
        let more = self.compute(bool, op);
        self.branch(more, body, done);
        self.enter(body);
        (index, head, done)
    }

    /// Moves the counter of a loop on and goes back to its head.
    pub(crate) fn count_on(&mut self, index: LocalId, head: BlockId) {
        let op = Op::Binary(
            BinaryOp::AddWrapping,
            Operand::Local(index),
            Operand::Const(Const::Int(1)),
        );
        self.emit(Some(index), op);
        self.jump(head);
    }
}

/// The locals that a pattern binds.
fn bound_by(pattern: &Pattern, out: &mut Vec<hir::LocalId>) {
    let mut add = |local: hir::LocalId| {
        if !out.contains(&local) {
            out.push(local);
        }
    };
    match &pattern.kind {
        PatternKind::Bind(local) => add(*local),
        PatternKind::Some(inner) => bound_by(inner, out),
        PatternKind::Fields(fields) => fields.iter().for_each(|(_, inner)| bound_by(inner, out)),
        PatternKind::Variant(_, inner) | PatternKind::Or(inner) => {
            inner.iter().for_each(|inner| bound_by(inner, out));
        }
        PatternKind::List {
            before,
            rest,
            after,
        } => {
            if let Some(Some(local)) = rest {
                add(*local);
            }
            before
                .iter()
                .chain(after)
                .for_each(|inner| bound_by(inner, out));
        }
        PatternKind::Wildcard
        | PatternKind::Literal(_)
        | PatternKind::Range { .. }
        | PatternKind::None => {}
    }
}
