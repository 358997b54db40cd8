//! Bodies that are lowered where they are called: closures given to functions of the standard library, and its small
//! functions. So `list.map(|x| x + 1)` becomes a plain loop, and `map.get(key, 0)` a look-up that counts no references.

use std::collections::HashMap;

use dynop_base::Span;
use dynop_ir::Operand;
use dynop_sema::hir::{self, Expr, LocalId};
use dynop_sema::ty::Ty;

use crate::builder::{Binding, Builder, Exit, Scope, Value};
use crate::closures::{Code, CodeId, Literal, Source, StaticClosure, bind_captures};
use crate::walk::larger_than;

/// A closure with more nodes than this is lowered in place once a function; smaller ones at each call.
const SMALL: usize = 40;
/// Closures in place within closures in place, at most.
const DEEPEST_IN_PLACE: usize = 8;
/// The same for bodies that are lowered in place at each call: these multiply.
const DEEPEST_SMALL: usize = 2;

impl<'p> Builder<'_, 'p> {
    /// Whether a call of a literal is lowered in place: the first call of each, and later ones of small ones.
    pub(crate) fn goes_in_place(&mut self, code: CodeId, literal: Literal<'p>) -> bool {
        if self.nesting >= DEEPEST_IN_PLACE {
            return false;
        }
        self.in_place.insert(code)
            || (self.nesting < DEEPEST_SMALL && !larger_than(literal.body, SMALL))
    }

    /// A call of a closure whose body is lowered in place.
    pub(crate) fn call_in_place(
        &mut self,
        closure: &StaticClosure,
        code: &Code<'p>,
        args: Vec<Value>,
    ) -> Operand {
        let Source::Literal {
            literal,
            owner,
            locals,
            ref type_args,
        } = code.source
        else {
            return self.unit();
        };
        let result_type = self.lowering.type_id(&code.result);
        let end = self.new_block();
        let result = (!matches!(code.result, Ty::Unit | Ty::Never)).then(|| self.temp(result_type));
        let mut bindings = HashMap::new();
        bind_captures(self.lowering, &mut bindings, literal, closure, code);
        for (local, arg) in literal.params.iter().zip(args) {
            let binding = match arg {
                // A closure can't assign to what is outside of it, so a `var` needs no copy.
                Value::Operand(operand) => Binding::Value(operand),
                Value::Closure(closure) => Binding::Closure(closure),
            };
            bindings.insert(*local, binding);
        }
        let scope = Scope {
            owner,
            locals,
            type_args: type_args.clone(),
            bindings,
            loops: Vec::new(),
            pinned: self.pin(owner),
            exit: Exit::InPlace { block: end, result },
        };
        self.in_scope(scope, literal.body);
        // A body that never ends leaves the block unreached, and it is dropped with what follows.
        self.enter(end);
        match result {
            Some(result) => Operand::Local(result),
            None => self.zero(result_type),
        }
    }

    /// Lowers a body in place, with what its names mean.
    fn in_scope(&mut self, scope: Scope<'p>, body: &'p Expr) {
        let outer = std::mem::replace(&mut self.scope, scope);
        self.nesting += 1;
        let value = self.expr(body);
        self.leave(value);
        self.nesting -= 1;
        self.scope = outer;
    }

    /// The place that stands for all of a body of the standard library; none for a body of the user's.
    fn pin(&self, owner: hir::FunctionId) -> Option<Span> {
        let owner = self.lowering.declared(owner)?;
        self.span.filter(|_| self.lowering.is_std(owner.file))
    }

    /// Whether a call of a function is lowered in place: small ones of the standard library, such as `get` and
    /// `is_empty`, so that their arguments need no counting.
    pub(crate) fn function_goes_in_place(
        &self,
        function: &hir::Function,
        body: &hir::Body,
    ) -> bool {
        self.nesting < DEEPEST_SMALL
            && self.lowering.is_std(function.file)
            && function.params.iter().all(|param| !param.var)
            && !larger_than(&body.value, SMALL)
    }

    /// A call of a function whose body is lowered in place.
    pub(crate) fn call_function_in_place(
        &mut self,
        owner: hir::FunctionId,
        body: &'p hir::Body,
        type_args: Vec<Ty>,
        result: &Ty,
        args: Vec<Value>,
    ) -> Operand {
        let result_type = self.lowering.type_id(result);
        let end = self.new_block();
        let place = (!matches!(result, Ty::Unit | Ty::Never)).then(|| self.temp(result_type));
        let bindings = args.into_iter().enumerate().map(|(index, arg)| {
            let binding = match arg {
                Value::Operand(operand) => Binding::Value(operand),
                Value::Closure(closure) => Binding::Closure(closure),
            };
            (LocalId(index as u32), binding)
        });
        let scope = Scope {
            owner,
            locals: &body.locals,
            type_args,
            bindings: bindings.collect(),
            loops: Vec::new(),
            pinned: self.pin(owner),
            exit: Exit::InPlace {
                block: end,
                result: place,
            },
        };
        self.in_scope(scope, &body.value);
        self.enter(end);
        match place {
            Some(place) => Operand::Local(place),
            None => self.zero(result_type),
        }
    }
}
