//! Closures: as code that is known where it is called, and as values.
//!
//! A closure literal (or the name of a function) is kept as its code and the operands that it captures for as long as
//! nothing needs a value: bound by `let`, given to a parameter of function type, captured by another closure, called.
//! Where it is stored, returned or chosen at run time it becomes a value ([`Builder::closure_value`]).

use std::collections::{BTreeSet, HashMap};

use dynop_base::Span;
use dynop_ir::{Op, Operand, TypeId};
use dynop_sema::hir::{self, Expr, ExprKind, LocalId};
use dynop_sema::substitute::substitute;
use dynop_sema::ty::Ty;

use crate::builder::{Binding, Builder, Value};
use crate::calls::Argument;
use crate::lowering::{DEEPEST_CODE, InstanceKey, Lowering, Shape};
use crate::walk::{Node, any};

/// Names the code of a closure.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) struct CodeId(pub(crate) u32);

/// A closure whose code is known, with its captures, those of closures that it captured among them.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct StaticClosure {
    pub(crate) code: CodeId,
    pub(crate) captures: Vec<Operand>,
}

/// A closure literal of the source.
#[derive(Clone, Copy)]
pub(crate) struct Literal<'p> {
    pub(crate) params: &'p [LocalId],
    pub(crate) captures: &'p [LocalId],
    pub(crate) body: &'p Expr,
    pub(crate) span: Span,
}

/// What the code of a closure is made of.
#[derive(Clone)]
pub(crate) enum Source<'p> {
    /// A literal, and the function around it.
    Literal {
        literal: Literal<'p>,
        owner: hir::FunctionId,
        locals: &'p [hir::Local],
        type_args: Vec<Ty>,
    },
    /// A function.
    Function {
        function: hir::FunctionId,
        type_args: Vec<Ty>,
    },
}

/// The code of a closure.
#[derive(Clone)]
pub(crate) struct Code<'p> {
    pub(crate) source: Source<'p>,
    /// What each capture of the literal is.
    pub(crate) captured: Vec<Shape>,
    /// The types of the captured values, flat.
    pub(crate) capture_types: Vec<TypeId>,
    pub(crate) params: Vec<Ty>,
    pub(crate) result: Ty,
    /// 1, or one more than that of the deepest closure captured.
    pub(crate) depth: usize,
}

/// What makes two closures have the same code.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum CodeKey {
    /// A literal is known by where its body lies in memory, which the borrowed program keeps in place.
    Literal {
        body: usize,
        owner: hir::FunctionId,
        type_args: Vec<Ty>,
        captured: Vec<Shape>,
    },
    /// A function.
    Function {
        function: hir::FunctionId,
        type_args: Vec<Ty>,
    },
}

impl<'p> Lowering<'p> {
    /// The code of an id.
    pub(crate) fn code(&self, id: CodeId) -> Option<&Code<'p>> {
        self.codes.get(id.0 as usize)
    }

    fn intern_code(&mut self, key: CodeKey, make: impl FnOnce(&mut Self) -> Code<'p>) -> CodeId {
        if let Some(&id) = self.code_ids.get(&key) {
            return id;
        }
        let code = make(self);
        let id = CodeId(self.codes.len() as u32);
        self.codes.push(code);
        self.code_ids.insert(key, id);
        id
    }
}

impl<'p> Builder<'_, 'p> {
    /// A closure literal.
    pub(crate) fn closure_literal(&mut self, literal: Literal<'p>, ty: &Ty) -> Value {
        let mut captured = Vec::new();
        let mut captures = Vec::new();
        let mut capture_types = Vec::new();
        let mut depth = 1;
        for local in literal.captures {
            match self.scope.bindings.get(local).cloned() {
                Some(Binding::Closure(inner)) if self.code_depth(inner.code) < DEEPEST_CODE => {
                    depth = depth.max(self.code_depth(inner.code) + 1);
                    captured.push(Shape::Code(inner.code));
                    for capture in inner.captures {
                        capture_types.push(self.type_of(&capture));
                        captures.push(capture);
                    }
                }
                binding => {
                    let value = self.binding_value(binding);
                    let value = self.settled(value);
                    captured.push(Shape::Value);
                    capture_types.push(self.type_of(&value));
                    captures.push(value);
                }
            }
        }
        let key = CodeKey::Literal {
            body: std::ptr::from_ref(literal.body) as usize,
            owner: self.scope.owner,
            type_args: self.scope.type_args.clone(),
            captured: captured.clone(),
        };
        let (params, result) = self.function_type(ty, literal);
        let source = Source::Literal {
            literal,
            owner: self.scope.owner,
            locals: self.scope.locals,
            type_args: self.scope.type_args.clone(),
        };
        let code = self.lowering.intern_code(key, |_| Code {
            source,
            captured,
            capture_types,
            params,
            result,
            depth,
        });
        let closure = StaticClosure { code, captures };
        if changed_captures(literal).is_empty() {
            Value::Closure(closure)
        } else {
            // What it changes lives in its own memory, so it must have some.
            Value::Operand(self.closure_value(&closure))
        }
    }

    fn function_type(&self, ty: &Ty, literal: Literal<'p>) -> (Vec<Ty>, Ty) {
        if let Ty::Fn(function) = self.concrete(ty) {
            return (function.params.clone(), function.result.clone());
        }
        let params = literal
            .params
            .iter()
            .filter_map(|local| self.scope.locals.get(local.0 as usize))
            .map(|local| self.concrete(&local.ty))
            .collect();
        (params, self.concrete(&literal.body.ty))
    }

    fn code_depth(&self, code: CodeId) -> usize {
        self.lowering.code(code).map_or(0, |code| code.depth)
    }

    /// A function as a closure.
    pub(crate) fn function_closure(
        &mut self,
        function: hir::FunctionId,
        type_args: &[Ty],
    ) -> Option<StaticClosure> {
        let type_args: Vec<Ty> = type_args.iter().map(|ty| self.concrete(ty)).collect();
        let declared = self.lowering.declared(function)?;
        let key = CodeKey::Function {
            function,
            type_args: type_args.clone(),
        };
        let code = self.lowering.intern_code(key, |_| Code {
            captured: Vec::new(),
            capture_types: Vec::new(),
            params: declared
                .params
                .iter()
                .map(|param| substitute(&param.ty, &type_args))
                .collect(),
            result: substitute(&declared.result, &type_args),
            depth: 1,
            source: Source::Function {
                function,
                type_args,
            },
        });
        Some(StaticClosure {
            code,
            captures: Vec::new(),
        })
    }

    /// What a local holds as a value.
    pub(crate) fn binding_value(&mut self, binding: Option<Binding>) -> Operand {
        match binding {
            Some(Binding::Value(operand)) => operand,
            Some(Binding::Closure(closure)) => self.closure_value(&closure),
            None => self.unit(),
        }
    }

    /// A closure as a value.
    pub(crate) fn closure_value(&mut self, closure: &StaticClosure) -> Operand {
        let Some(code) = self.lowering.code(closure.code) else {
            return self.unit();
        };
        let ty = Ty::function(code.params.clone(), code.result.clone());
        let ty = self.lowering.type_id(&ty);
        let key = InstanceKey::Value { code: closure.code };
        let function = self.lowering.instance(key, self.span);
        self.compute(ty, Op::MakeClosure(function, closure.captures.clone()))
    }

    /// A value, also where it is a closure.
    pub(crate) fn operand(&mut self, value: Value) -> Operand {
        match value {
            Value::Operand(operand) => operand,
            Value::Closure(closure) => self.closure_value(&closure),
        }
    }

    /// A call of a closure whose code is known.
    pub(crate) fn call_closure(&mut self, closure: &StaticClosure, args: Vec<Value>) -> Operand {
        let Some(code) = self.lowering.code(closure.code).cloned() else {
            return self.unit();
        };
        match code.source {
            Source::Function {
                function,
                ref type_args,
            } => {
                let args = args.into_iter().map(Argument::Value).collect();
                self.call_function(function, type_args.clone(), args)
            }
            Source::Literal { literal, .. } if self.goes_in_place(closure.code, literal) => {
                self.call_in_place(closure, &code, args)
            }
            Source::Literal { .. } => self.call_code(closure, &code, args),
        }
    }

    fn call_code(&mut self, closure: &StaticClosure, code: &Code<'p>, args: Vec<Value>) -> Operand {
        let mut operands = closure.captures.clone();
        let mut shapes = Vec::new();
        for arg in args {
            match arg {
                Value::Closure(inner) if self.code_depth(inner.code) < DEEPEST_CODE => {
                    shapes.push(Shape::Code(inner.code));
                    operands.extend(inner.captures);
                }
                arg => {
                    shapes.push(Shape::Value);
                    let operand = self.operand(arg);
                    operands.push(operand);
                }
            }
        }
        let key = InstanceKey::Code {
            code: closure.code,
            shapes,
        };
        let function = self.lowering.instance(key, self.span);
        let result = self.lowering.type_id(&code.result);
        self.compute_call(result, Op::Call(function, operands))
    }
}

/// The captures of a literal that its body assigns; in the standard library alone.
pub(crate) fn changed_captures(literal: Literal<'_>) -> BTreeSet<LocalId> {
    let mut changed = BTreeSet::new();
    any(literal.body, false, &mut |node| {
        if let Node::Assigned(local) = node
            && literal.captures.contains(&local)
        {
            changed.insert(local);
        }
        false
    });
    changed
}

/// Binds what a literal captured to the operands of a closure.
pub(crate) fn bind_captures(
    lowering: &Lowering<'_>,
    bindings: &mut HashMap<LocalId, Binding>,
    literal: Literal<'_>,
    closure: &StaticClosure,
    code: &Code<'_>,
) {
    let mut captures = closure.captures.iter().cloned();
    for (local, shape) in literal.captures.iter().zip(&code.captured) {
        let binding = match shape {
            Shape::Value => captures.next().map(Binding::Value),
            Shape::Code(inner) => {
                let count = lowering.code(*inner).map_or(0, |c| c.capture_types.len());
                Some(Binding::Closure(StaticClosure {
                    code: *inner,
                    captures: captures.by_ref().take(count).collect(),
                }))
            }
        };
        if let Some(binding) = binding {
            bindings.insert(*local, binding);
        }
    }
}

/// The literal of a closure expression.
pub(crate) fn literal_of(expr: &Expr) -> Option<Literal<'_>> {
    match &expr.kind {
        ExprKind::Closure {
            params,
            captures,
            body,
        } => Some(Literal {
            params,
            captures,
            body,
            span: expr.span,
        }),
        _ => None,
    }
}
