//! Expressions.

use dynop_ir::{self as ir, Const, LocalId, Op, Operand, Type};
use dynop_sema::hir::{self, Expr, ExprKind};
use dynop_sema::ty::Ty;

use crate::builder::{Binding, Builder, Value};
use crate::closures::literal_of;
use crate::walk::may_assign;

/// Expressions deeper in each other than this are refused: brackets end at 256, but chains of calls and operators go
/// on, and each level takes stack.
const DEEPEST: usize = 1500;

impl<'p> Builder<'_, 'p> {
    /// An expression; a closure stays one.
    pub(crate) fn value(&mut self, expr: &'p Expr) -> Value {
        match &expr.kind {
            ExprKind::Closure { .. } => {
                if let Some(literal) = literal_of(expr) {
                    return self.closure_literal(literal, &expr.ty);
                }
            }
            ExprKind::Function(function, type_args) => {
                if let Some(closure) = self.function_closure(*function, type_args) {
                    return Value::Closure(closure);
                }
            }
            ExprKind::Local(local) => {
                if let Some(Binding::Closure(closure)) = self.scope.bindings.get(local) {
                    return Value::Closure(closure.clone());
                }
            }
            _ => {}
        }
        Value::Operand(self.expr(expr))
    }

    /// An expression.
    pub(crate) fn expr(&mut self, expr: &'p Expr) -> Operand {
        let outer = self.at(expr.span);
        self.depth += 1;
        let value = if self.depth > DEEPEST {
            self.lowering
                .unsupported("expressions that nest so deeply", Some(expr.span));
            self.unit()
        } else {
            self.expr_kind(expr)
        };
        self.depth -= 1;
        self.span = outer;
        value
    }

    fn expr_kind(&mut self, expr: &'p Expr) -> Operand {
        match &expr.kind {
            ExprKind::Int(value) | ExprKind::Duration(value) => self.number(*value, &expr.ty),
            ExprKind::Float(value) => Operand::Const(Const::Float(*value)),
            ExprKind::Bool(value) => Operand::Const(Const::Bool(*value)),
            ExprKind::Str(text) if self.concrete(&expr.ty) == Ty::Path => {
                Operand::Const(Const::Path(text.to_string()))
            }
            ExprKind::Str(text) => Operand::Const(Const::Str(text.to_string())),
            ExprKind::Bytes(bytes) => Operand::Const(Const::Bytes(bytes.to_vec())),
            ExprKind::Unit => self.unit(),
            ExprKind::None => {
                let ty = self.type_of_source(&expr.ty);
                self.zero(ty)
            }
            ExprKind::Some(inner) => {
                let value = self.expr(inner);
                let ty = self.type_of_source(&expr.ty);
                self.compute(ty, Op::Some(value))
            }
            ExprKind::Local(local) => {
                let binding = self.scope.bindings.get(local).cloned();
                self.binding_value(binding)
            }
            ExprKind::Const(id) => match self.lowering.program.consts.get(id.0 as usize) {
                Some(declared) => self.expr(&declared.value),
                None => self.unit(),
            },
            ExprKind::Closure { .. } | ExprKind::Function(..) => {
                let value = self.closure_or_unit(expr);
                self.operand(value)
            }
            ExprKind::Call {
                function,
                type_args,
                args,
            } => self.call(*function, type_args, args),
            ExprKind::CallValue { callee, args } => self.call_value(callee, args, &expr.ty),
            ExprKind::Field { .. } | ExprKind::Index { .. } => self.read(expr),
            ExprKind::Unary(op, operand) => self.unary(*op, operand, &expr.ty),
            ExprKind::Binary(op, left, right) => self.binary(*op, left, right, &expr.ty),
            ExprKind::Aggregate(fields) => {
                let fields = self.exprs(fields.iter());
                let ty = self.type_of_source(&expr.ty);
                let fields = self.as_fields(ty, fields);
                self.compute(ty, Op::Make(ty, fields))
            }
            ExprKind::Variant { index, payload } => {
                let payload = self.exprs(payload.iter());
                let ty = self.type_of_source(&expr.ty);
                let payload = self.as_payload(ty, *index, payload);
                self.compute(ty, Op::Variant(ty, *index, payload))
            }
            ExprKind::Update { base, changes } => self.update(base, changes),
            ExprKind::List(elements) => match self.concrete(&expr.ty) {
                Ty::Set(item) => self.set(elements, &expr.ty, &item),
                _ => self.list(elements, &expr.ty),
            },
            ExprKind::Map(entries) => self.map(entries, &expr.ty),
            ExprKind::Range {
                start,
                end,
                inclusive,
            } => self.range(start, end, *inclusive),
            ExprKind::Format(parts) => self.format(parts, &expr.ty),
            ExprKind::If {
                condition,
                then,
                otherwise,
            } => self.if_else(condition, then, otherwise.as_deref(), &expr.ty),
            ExprKind::Match { scrutinee, arms } => self.match_arms(scrutinee, arms, &expr.ty),
            ExprKind::Block { stmts, value } => self.block(stmts, value.as_deref()),
            ExprKind::Try {
                body,
                error,
                handler,
            } => self.try_catch(body, *error, handler, &expr.ty),
            ExprKind::Fail { message, retry } => self.fail_with(message, retry.as_deref()),
            ExprKind::Return(value) => self.return_value(value.as_deref()),
            ExprKind::Break => self.leave_loop(|open| open.break_to),
            ExprKind::Continue => self.leave_loop(|open| open.continue_to),
            // Reported by the checker, whose errors end the compilation.
            ExprKind::Error => self.unit(),
        }
    }

    fn closure_or_unit(&mut self, expr: &'p Expr) -> Value {
        match &expr.kind {
            ExprKind::Function(function, type_args) => {
                match self.function_closure(*function, type_args) {
                    Some(closure) => Value::Closure(closure),
                    None => Value::Operand(self.unit()),
                }
            }
            _ => match literal_of(expr) {
                Some(literal) => self.closure_literal(literal, &expr.ty),
                None => Value::Operand(self.unit()),
            },
        }
    }

    /// A constant of 64 bits. One that is no `Int` is copied, so that it has its type.
    fn number(&mut self, value: i64, ty: &Ty) -> Operand {
        let constant = Operand::Const(Const::Int(value));
        match self.concrete(ty) {
            Ty::Duration | Ty::Time => {
                let ty = self.type_of_source(ty);
                self.compute(ty, Op::Copy(constant))
            }
            _ => constant,
        }
    }

    /// Expressions in order; a `var` among them keeps the value that it has in its turn.
    pub(crate) fn exprs(&mut self, exprs: impl Iterator<Item = &'p Expr> + Clone) -> Vec<Operand> {
        let mut operands = Vec::new();
        for (index, expr) in exprs.clone().enumerate() {
            let operand = self.expr(expr);
            let changes =
                self.may_change(&operand) && exprs.clone().skip(index + 1).any(may_assign);
            operands.push(if changes {
                self.settled(operand)
            } else {
                operand
            });
        }
        operands
    }

    /// Two operands in order.
    pub(crate) fn pair(&mut self, left: &'p Expr, right: &'p Expr) -> (Operand, Operand) {
        let mut operand = self.expr(left);
        if self.may_change(&operand) && may_assign(right) {
            operand = self.settled(operand);
        }
        (operand, self.expr(right))
    }

    fn update(&mut self, base: &'p Expr, changes: &'p [(u32, Expr)]) -> Operand {
        let base = self.expr(base);
        let ty = self.type_of(&base);
        let changed = self.temp(ty);
        self.emit(Some(changed), Op::Copy(base));
        for (index, value) in changes {
            let value = self.expr(value);
            let place = ir::Place {
                local: changed,
                projections: vec![ir::Projection::Field(*index)],
            };
            self.store(&place, value);
        }
        Operand::Local(changed)
    }

    fn list(&mut self, elements: &'p [(bool, Expr)], ty: &Ty) -> Operand {
        let ty = self.type_of_source(ty);
        if elements.is_empty() {
            return self.zero(ty);
        }
        if elements.iter().all(|(spread, _)| !spread) {
            let operands = self.exprs(elements.iter().map(|(_, value)| value));
            return self.compute(ty, Op::List(ty, operands));
        }
        let list = self.temp(ty);
        let none = self.zero(ty);
        self.emit(Some(list), Op::Copy(none));
        for (spread, value) in elements {
            let value = self.expr(value);
            if *spread {
                self.extend(whole(list), value, ty);
            } else {
                self.emit(None, Op::ListPush(whole(list), value));
            }
        }
        Operand::Local(list)
    }

    /// A set that is a constant, of its elements.
    fn set(&mut self, elements: &'p [(bool, Expr)], ty: &Ty, item: &Ty) -> Operand {
        let ty = self.type_of_source(ty);
        let none = self.zero(ty);
        if elements.is_empty() {
            return none;
        }
        let item = self.lowering.type_id(item);
        let set = self.temp(ty);
        self.emit(Some(set), Op::Copy(none));
        for (_, element) in elements {
            let element = self.expr(element);
            let op = Op::CallNative {
                entry: "dyn_set_insert".to_string(),
                args: vec![
                    ir::NativeArg::InOut(whole(set)),
                    ir::NativeArg::Value(element),
                ],
                types: vec![item],
            };
            self.emit(None, op);
        }
        Operand::Local(set)
    }

    /// Appends a list to the list at a place.
    pub(crate) fn extend(&mut self, list: ir::Place, other: Operand, list_type: ir::TypeId) {
        let op = Op::CallNative {
            entry: "dyn_list_extend".to_string(),
            args: vec![ir::NativeArg::InOut(list), ir::NativeArg::Value(other)],
            types: vec![list_type],
        };
        self.emit(None, op);
    }

    fn map(&mut self, entries: &'p [(Expr, Expr)], ty: &Ty) -> Operand {
        let ty = self.type_of_source(ty);
        if entries.is_empty() {
            return self.zero(ty);
        }
        let map = self.temp(ty);
        let none = self.zero(ty);
        self.emit(Some(map), Op::Copy(none));
        for (key, value) in entries {
            let (key, value) = self.pair(key, value);
            let place = ir::Place {
                local: map,
                projections: vec![ir::Projection::KeyOrInsert(key)],
            };
            self.emit(None, Op::Store(place, value));
        }
        Operand::Local(map)
    }

    fn range(&mut self, start: &'p Expr, end: &'p Expr, inclusive: bool) -> Operand {
        let (start, mut end) = self.pair(start, end);
        if inclusive {
            let int = self.int();
            let one = Operand::Const(Const::Int(1));
            end = self.compute(int, Op::Binary(ir::BinaryOp::Add, end, one));
        }
        let ty = self.lowering.intern(Type::Range);
        self.compute(ty, Op::Make(ty, vec![start, end]))
    }

    /// A field or an element. A way that begins at a local is read in place, so that nothing on it is copied.
    fn read(&mut self, expr: &'p Expr) -> Operand {
        let ty = self.type_of_source(&expr.ty);
        if let Some(place) = self.way(expr) {
            if let Some(boxed) = self.box_at(&place) {
                let value = self.compute(boxed, Op::Load(place));
                return self.unboxed(value, boxed);
            }
            let op = match place.projections.as_slice() {
                [ir::Projection::Field(index)] => Op::Field(Operand::Local(place.local), *index),
                [ir::Projection::Index(index)] => {
                    Op::ListGet(Operand::Local(place.local), index.clone())
                }
                [ir::Projection::Key(key)] => {
                    Op::MapIndex(Operand::Local(place.local), key.clone())
                }
                _ => Op::Load(place),
            };
            return self.compute(ty, op);
        }
        match &expr.kind {
            ExprKind::Field { base, index } => {
                let base = self.expr(base);
                self.field_of(&base, *index, ty)
            }
            ExprKind::Index { base, index } => {
                let is_map = matches!(self.concrete(&base.ty), Ty::Map(_));
                let (base, index) = self.pair(base, index);
                let op = if is_map {
                    Op::MapIndex(base, index)
                } else {
                    Op::ListGet(base, index)
                };
                self.compute(ty, op)
            }
            _ => self.unit(),
        }
    }

    /// The way to a field or element, if it begins at a local and nothing on it is assigned meanwhile.
    fn way(&mut self, expr: &'p Expr) -> Option<ir::Place> {
        let mut steps = Vec::new();
        let mut at = expr;
        let local = loop {
            match &at.kind {
                ExprKind::Field { base, .. } => {
                    steps.push(at);
                    at = base;
                }
                ExprKind::Index { base, index } if !may_assign(index) => {
                    steps.push(at);
                    at = base;
                }
                ExprKind::Local(local) => break *local,
                _ => return None,
            }
        };
        let Some(Binding::Value(Operand::Local(local))) = self.scope.bindings.get(&local) else {
            return None;
        };
        let local = *local;
        let mut at = self.local_type(local);
        let mut projections = Vec::with_capacity(steps.len());
        for step in steps.into_iter().rev() {
            match &step.kind {
                ExprKind::Field { index, .. } => {
                    at = self.project_field(&mut projections, at, *index);
                }
                ExprKind::Index { base, index } => {
                    let index = self.expr(index);
                    projections.push(match self.concrete(&base.ty) {
                        Ty::Map(_) => ir::Projection::Key(index),
                        _ => ir::Projection::Index(index),
                    });
                    at = self.element_type(at);
                }
                _ => {}
            }
        }
        Some(ir::Place { local, projections })
    }

    /// Binds a local of the source to a value that is there for good.
    pub(crate) fn bind(&mut self, local: hir::LocalId, value: Value) {
        let mutable = self
            .scope
            .locals
            .get(local.0 as usize)
            .is_some_and(|declared| declared.mutable);
        if self.rebinding {
            let operand = self.operand(value);
            if let Some(Binding::Value(Operand::Local(dst))) = self.scope.bindings.get(&local) {
                let dst = *dst;
                self.copy(dst, operand);
            }
            return;
        }
        let binding = match value {
            Value::Closure(closure) if !mutable => Binding::Closure(closure),
            value => {
                let operand = self.operand(value);
                if mutable || self.may_change(&operand) {
                    Binding::Value(Operand::Local(self.fresh(local, operand)))
                } else {
                    self.name_local(local, &operand);
                    Binding::Value(operand)
                }
            }
        };
        self.scope.bindings.insert(local, binding);
    }

    /// A new local for one of the source, with a first value.
    fn fresh(&mut self, local: hir::LocalId, value: Operand) -> LocalId {
        let ty = match self.scope.locals.get(local.0 as usize) {
            Some(declared) => self.type_of_source(&declared.ty),
            None => self.type_of(&value),
        };
        let dst = self.named_local(local, ty);
        self.emit(Some(dst), Op::Copy(value));
        dst
    }
}

/// A local as a place.
pub(crate) fn whole(local: LocalId) -> ir::Place {
    ir::Place {
        local,
        projections: Vec::new(),
    }
}
