//! `extern` declarations of programs: ops in other languages, and functions of C libraries.

use dynop_base::codes::foreign;
use dynop_base::{Diagnostic, Span, Symbol};
use dynop_syntax::ast;

use crate::body::pipes_in;
use crate::context::{Context, Definition};
use crate::hir::{
    Arg, Body, Expr, ExprKind, Function, FunctionBody, FunctionId, FunctionKind, Local, LocalId,
    OutputForm,
};
use crate::substitute::substitute;
use crate::ty::Ty;

/// Checks an `extern` declaration, whose signature is known, and gives its body as far as it has none of code.
pub(crate) fn declare(
    function: &mut Function,
    decl: &ast::FunctionDecl,
    text: &str,
    span: Span,
    diagnostics: &mut Vec<Diagnostic>,
) {
    if function.kind == FunctionKind::Op {
        if text.trim().is_empty() {
            let found = Diagnostic::new(
                &foreign::FOREIGN_SIGNATURE,
                span,
                format!("the extern op `{}` has no command", function.name),
            );
            diagnostics.push(
                found
                    .here("the command that runs it is missing")
                    .help("such as `= \"python3 train.py\"`"),
            );
        }
        // Plain outputs too are handed over while it runs.
        if function.outputs.form == OutputForm::Returns {
            function.outputs.form = OutputForm::Yields;
        }
        return;
    }
    let before = diagnostics.len();
    check_symbol(function, text, span, diagnostics);
    check_types(function, decl, diagnostics);
    if diagnostics.len() == before {
        function.body = FunctionBody::Foreign(text.into());
    }
}

fn check_symbol(function: &Function, text: &str, span: Span, diagnostics: &mut Vec<Diagnostic>) {
    let mut chars = text.chars();
    let starts = chars
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    let is_name = starts && chars.all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_name && !text.starts_with("dyn_") && text != "main" {
        return;
    }
    let why = if is_name {
        "names that begin with `dyn_`, and `main`, are the runtime's own"
    } else {
        "a symbol of C is made of letters, digits and `_`"
    };
    let found = Diagnostic::new(
        &foreign::FOREIGN_SIGNATURE,
        span,
        format!(
            "`{text}` is no symbol that `{}` can stand for",
            function.name
        ),
    );
    diagnostics.push(
        found
            .here("the name of the function in the library")
            .note(why),
    );
}

fn check_types(function: &Function, decl: &ast::FunctionDecl, diagnostics: &mut Vec<Diagnostic>) {
    let refuse = |span: Span, message: String, here: &str| {
        Diagnostic::new(&foreign::FOREIGN_SIGNATURE, span, message)
            .here(here)
            .note("a C function takes `Int` (`int64_t`), `Float` (`double`) and `Bool` (`bool`) and gives one of them or nothing")
            .help("for other values write an `extern op`, which exchanges JSON with a program")
    };
    if let Some(generic) = decl.generics.first() {
        diagnostics.push(refuse(
            generic.span,
            format!("the extern fn `{}` can't be generic", function.name),
            "a symbol is one function",
        ));
    }
    for (param, written) in function.params.iter().zip(&decl.params) {
        let text = match &param.ty {
            _ if param.var => Some("a `var` parameter".to_owned()),
            ty => (!passes(ty)).then(|| "a parameter of this type".to_owned()),
        };
        if let Some(what) = text {
            diagnostics.push(refuse(
                written.ty.span,
                format!("the extern fn `{}` can't have {what}", function.name),
                "not passed to C",
            ));
        }
    }
    if !passes(&function.result) && function.result != Ty::Unit {
        let span = decl.result.as_ref().map_or(decl.name.span, |ty| ty.span);
        diagnostics.push(refuse(
            span,
            format!("the extern fn `{}` can't give this type", function.name),
            "not taken from C",
        ));
    }
}

fn passes(ty: &Ty) -> bool {
    matches!(
        ty,
        Ty::Int | Ty::Float | Ty::Bool | Ty::Error | Ty::Param(..)
    )
}

/// The body of an extern op: one call of the runtime with the command, the inputs and the types of the outputs.
pub(crate) fn op_body(cx: &Context<'_>, id: FunctionId, command: &str, span: Span) -> FunctionBody {
    let function = cx.function(id);
    let Some(runtime) = sh_function(cx, "extern_op") else {
        return FunctionBody::Error;
    };
    let expr = |kind, ty| Expr { kind, ty, span };
    let values: Vec<Expr> = function
        .params
        .iter()
        .enumerate()
        .map(|(index, param)| expr(ExprKind::Local(LocalId(index as u32)), param.ty.clone()))
        .collect();
    let inputs = named(function.params.iter().map(|param| (param.name, &param.ty)));
    let args = runtime_args(function, command, inputs.clone(), values, span);
    let outputs = outputs_type(function);
    let call = ExprKind::Call {
        function: runtime,
        type_args: vec![inputs, outputs],
        args,
    };
    let local = |param: &crate::hir::Param| Local {
        name: param.name,
        ty: param.ty.clone(),
        mutable: false,
        span: param.span,
    };
    FunctionBody::Code(Body {
        locals: function.params.iter().map(local).collect(),
        value: expr(call, Ty::Unit),
    })
}

/// A function of the standard library's `sh`.
fn sh_function(cx: &Context<'_>, name: &str) -> Option<FunctionId> {
    let module = *cx.std_modules.get(&Symbol::new("sh"))?;
    match cx.member(module, Symbol::new(name))?.definition {
        Definition::Function(id) => Some(id),
        _ => None,
    }
}

/// A test's direct call of an extern op with these arguments and type arguments, of a type that is known.
pub(crate) fn direct_call(
    cx: &Context<'_>,
    id: FunctionId,
    types: &[Ty],
    values: Vec<Expr>,
    ty: Ty,
    span: Span,
) -> Option<Expr> {
    let ast::Body::Extern { text, .. } = &cx.functions[id.0 as usize].decl.body else {
        return None;
    };
    let function = cx.function(id);
    let inputs = named(function.params.iter().map(|param| (param.name, &param.ty)));
    let inputs = substitute(&inputs, types);
    let outputs = substitute(&outputs_type(function), types);
    let kind = ExprKind::Call {
        function: sh_function(cx, "called_op")?,
        type_args: vec![inputs.clone(), outputs, ty.clone()],
        args: runtime_args(function, text, inputs, values, span),
    };
    Some(Expr { kind, ty, span })
}

/// The arguments of the runtime's functions for extern ops.
fn runtime_args(
    function: &Function,
    command: &str,
    inputs: Ty,
    values: Vec<Expr>,
    span: Span,
) -> Vec<Arg> {
    let expr = |kind, ty| Arg::Value(Expr { kind, ty, span });
    let document = match inputs {
        Ty::Unit => ExprKind::Unit,
        _ => ExprKind::Aggregate(values),
    };
    vec![
        expr(ExprKind::Str(command.into()), Ty::Str),
        expr(ExprKind::Str(kinds(function).into()), Ty::Str),
        expr(ExprKind::Bool(pipes_in(command)), Ty::Bool),
        expr(document, inputs),
    ]
}

/// A letter for each output, and at the end one that says that they have names; see `dynop_exec`.
fn kinds(function: &Function) -> String {
    let letters =
        function
            .outputs
            .list
            .iter()
            .map(|output| match (output.dynamic, output.optional) {
                (true, _) => 'd',
                (false, true) => 'o',
                (false, false) => 'p',
            });
    let named = matches!(function.result, Ty::NamedTuple(_));
    letters.chain(named.then_some('*')).collect()
}

fn outputs_type(function: &Function) -> Ty {
    named(function.outputs.list.iter().map(|one| (one.name, &one.ty)))
}

/// A named tuple, or `()` of nothing.
fn named<'t>(fields: impl Iterator<Item = (Symbol, &'t Ty)>) -> Ty {
    let fields: Vec<(Symbol, Ty)> = fields.map(|(name, ty)| (name, ty.clone())).collect();
    if fields.is_empty() {
        Ty::Unit
    } else {
        Ty::NamedTuple(fields.into())
    }
}
