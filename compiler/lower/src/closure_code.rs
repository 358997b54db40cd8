//! The IR functions of closures that are not lowered in place.

use std::collections::HashMap;

use dynop_base::Span;
use dynop_ir::{self as ir, Op, Operand};
use dynop_sema::hir;
use dynop_sema::ty::Ty;

use crate::builder::{Builder, Exit, Scope, Value};
use crate::calls::Argument;
use crate::closures::{
    Code, CodeId, Literal, Source, StaticClosure, bind_captures, changed_captures,
};
use crate::lowering::{Lowering, Shape};

/// The code of a closure that is called with its captures before its arguments.
pub(crate) fn build_code(
    lowering: &mut Lowering<'_>,
    id: CodeId,
    shapes: &[Shape],
) -> Option<ir::Function> {
    let code = lowering.code(id)?.clone();
    let Source::Literal {
        literal,
        owner,
        locals,
        type_args,
    } = code.source.clone()
    else {
        return None;
    };
    let scope = Scope {
        owner,
        locals,
        type_args,
        bindings: HashMap::new(),
        loops: Vec::new(),
        pinned: None,
        exit: Exit::Function,
    };
    let mut builder = Builder::new(lowering, scope);
    let closure = builder.capture_parameters(id);
    let mut bindings = HashMap::new();
    bind_captures(builder.lowering, &mut bindings, literal, &closure, &code);
    builder.scope.bindings = bindings;
    for ((local, ty), shape) in literal.params.iter().zip(&code.params).zip(shapes) {
        builder.bind_parameter(*local, ty, *shape);
    }
    builder.scope.exit = Exit::Closure(Vec::new());
    let params = builder.local_count();
    let value = builder.expr(literal.body);
    builder.leave(value);
    Some(finish_code(builder, &code, literal.span, params))
}

/// The code of a closure value.
pub(crate) fn build_value(lowering: &mut Lowering<'_>, id: CodeId) -> Option<ir::Function> {
    let code = lowering.code(id)?.clone();
    match code.source.clone() {
        Source::Literal {
            literal,
            owner,
            locals,
            type_args,
        } => {
            let scope = Scope {
                owner,
                locals,
                type_args,
                bindings: HashMap::new(),
                loops: Vec::new(),
                pinned: None,
                exit: Exit::Closure(Vec::new()),
            };
            let mut builder = Builder::new(lowering, scope);
            for (local, ty) in literal.params.iter().zip(&code.params) {
                builder.bind_parameter(*local, ty, Shape::Value);
            }
            let params = builder.local_count();
            load_captures(&mut builder, &code, id, literal);
            let value = builder.expr(literal.body);
            builder.leave(value);
            let mut function = finish_code(builder, &code, literal.span, params);
            function.captures = Some(code.capture_types);
            Some(function)
        }
        Source::Function {
            function,
            type_args,
        } => build_function_value(lowering, &code, function, type_args),
    }
}

/// Brings the captures of a closure value into locals.
fn load_captures<'p>(
    builder: &mut Builder<'_, 'p>,
    code: &Code<'p>,
    id: CodeId,
    literal: Literal<'p>,
) {
    let changed = changed_captures(literal);
    let mut back = Vec::new();
    let mut index = 0;
    let mut captures = Vec::new();
    for (local, shape) in literal.captures.iter().zip(&code.captured) {
        let count = match shape {
            Shape::Value => 1,
            Shape::Code(inner) => builder
                .lowering
                .code(*inner)
                .map_or(0, |inner| inner.capture_types.len()),
        };
        for ty in code.capture_types.iter().skip(index).take(count) {
            let dst = builder.named_local(*local, *ty);
            let at = index as u32;
            let op = if changed.contains(local) {
                back.push((at, *local));
                builder.mark_changing(dst);
                Op::CaptureTake(at)
            } else {
                builder.unmark_changing(dst);
                Op::CaptureLoad(at)
            };
            builder.emit(Some(dst), op);
            captures.push(Operand::Local(dst));
            index += 1;
        }
    }
    let closure = StaticClosure { code: id, captures };
    let mut bindings = std::mem::take(&mut builder.scope.bindings);
    bind_captures(builder.lowering, &mut bindings, literal, &closure, code);
    builder.scope.bindings = bindings;
    builder.scope.exit = Exit::Closure(back);
}

/// The code of a function as a value: a call of it.
fn build_function_value<'p>(
    lowering: &mut Lowering<'p>,
    code: &Code<'p>,
    function: hir::FunctionId,
    type_args: Vec<Ty>,
) -> Option<ir::Function> {
    let declared = lowering.declared(function)?;
    let scope = Scope {
        owner: function,
        locals: &[],
        type_args: Vec::new(),
        bindings: HashMap::new(),
        loops: Vec::new(),
        pinned: None,
        exit: Exit::Closure(Vec::new()),
    };
    let mut builder = Builder::new(lowering, scope);
    let mut args = Vec::new();
    for ty in &code.params {
        let ty = builder.lowering.type_id(ty);
        let local = builder.temp(ty);
        args.push(Argument::Value(Value::Operand(Operand::Local(local))));
    }
    let params = builder.local_count();
    builder.span = Some(declared.name_span);
    let value = builder.call_function(function, type_args, args);
    builder.leave(value);
    let mut built = finish_code(builder, code, declared.name_span, params);
    built.captures = Some(Vec::new());
    Some(built)
}

fn finish_code<'p>(
    builder: Builder<'_, 'p>,
    code: &Code<'p>,
    span: Span,
    params: u32,
) -> ir::Function {
    let owner = builder.lowering.declared(builder.scope.owner);
    let owner = owner.map_or("", |owner| owner.name.as_str());
    let (name, display_name) = match code.source {
        Source::Literal { .. } => (format!("{owner}.closure"), format!("a closure in {owner}")),
        Source::Function { .. } => (format!("{owner}.value"), owner.to_string()),
    };
    let name = builder.lowering.symbol(&name);
    let result = builder.lowering.type_id(&code.result);
    let mut function = builder.finish(name, display_name, params, result);
    function.span = Some(span);
    function
}
