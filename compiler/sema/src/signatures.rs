//! Signatures: the types of parameters, results, fields and outputs.

use std::collections::HashMap;

use dynop_base::codes::{names, ops, types, unsupported};
use dynop_base::{Applicability, Diagnostic, Span, Symbol, nearest};
use dynop_syntax::ast::{self, Body, FunctionKind, Ident};

use crate::context::{Context, ModuleId};
use crate::hir::{self, Output, OutputForm, Outputs};
use crate::scan::first_yield;
use crate::standing::{Place, placed};
use crate::substitute::any;
use crate::ty::Ty;
use crate::types::{TypeScope, lower_type};

/// Fills in every signature of a context that has the names.
pub fn resolve(cx: &mut Context<'_>, diagnostics: &mut Vec<Diagnostic>) {
    crate::aliases::lower(cx, diagnostics);
    for index in 0..cx.structs.len() {
        let fields = struct_fields(cx, index, diagnostics);
        cx.program.structs[index].fields = fields;
    }
    for index in 0..cx.enums.len() {
        let variants = enum_variants(cx, index, diagnostics);
        cx.program.enums[index].variants = variants;
    }
    for index in 0..cx.functions.len() {
        function(cx, index, diagnostics);
    }
}

fn struct_fields(
    cx: &Context<'_>,
    index: usize,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<hir::Field> {
    let item = cx.structs[index];
    let scope = TypeScope {
        module: item.module,
        generics: &item.decl.generics,
    };
    let mut fields: Vec<hir::Field> = Vec::new();
    let mut seen = HashMap::new();
    for field in &item.decl.fields {
        let mut ty = lower_type(cx, scope, &field.ty, diagnostics);
        if let Some(&first) = seen.get(&field.name.name) {
            diagnostics.push(crate::names::twice(field.name, first));
            continue;
        }
        seen.insert(field.name.name, field.name.span);
        ty = placed(
            cx,
            item.module,
            ty,
            field.ty.span,
            Place::Field,
            diagnostics,
        );
        fields.push(hir::Field {
            name: field.name.name,
            ty,
            default: None,
            span: field.name.span,
        });
    }
    fields
}

fn enum_variants(
    cx: &Context<'_>,
    index: usize,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<hir::Variant> {
    let item = cx.enums[index];
    let scope = TypeScope {
        module: item.module,
        generics: &item.decl.generics,
    };
    let mut variants: Vec<hir::Variant> = Vec::new();
    for variant in &item.decl.variants {
        let payload = payload(cx, scope, variant, diagnostics);
        let first = variants.iter().find(|one| one.name == variant.name.name);
        if let Some(first) = first {
            diagnostics.push(crate::names::twice(variant.name, first.span));
            continue;
        }
        variants.push(hir::Variant {
            name: variant.name.name,
            payload,
            span: variant.name.span,
        });
    }
    variants
}

/// What a case holds: all parts have names, or none.
fn payload(
    cx: &Context<'_>,
    scope: TypeScope<'_>,
    variant: &ast::VariantDecl,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<(Option<Symbol>, Ty)> {
    let named = variant.payload.iter().filter_map(|field| field.name);
    if let Some(name) = named.clone().next()
        && named.clone().count() != variant.payload.len()
    {
        diagnostics.push(
            Diagnostic::new(
                &types::TYPE_PLACE,
                name.span,
                "either all parts of a case have names, or none",
            )
            .here("this part has a name, others have none"),
        );
    }
    let mut seen = HashMap::new();
    for name in named {
        if let Some(first) = seen.insert(name.name, name.span) {
            diagnostics.push(crate::names::twice(name, first));
        }
    }
    variant
        .payload
        .iter()
        .map(|field| {
            let ty = lower_type(cx, scope, &field.ty, diagnostics);
            let span = field.ty.span;
            let ty = placed(cx, scope.module, ty, span, Place::Payload, diagnostics);
            (field.name.map(|name| name.name), ty)
        })
        .collect()
}

/// A construct that this version does not have.
pub fn unsupported(what: &str, span: Span) -> Diagnostic {
    Diagnostic::new(
        &unsupported::UNSUPPORTED,
        span,
        format!("{what} are not supported yet"),
    )
    .here("not supported yet")
    .note("the language has this; this version of the compiler does not")
    .help(without(what))
}

/// How to do without what is not there yet.
fn without(what: &str) -> String {
    let attribute = what.strip_suffix(" attributes");
    match (attribute, what) {
        (Some("`@retry`"), _) => "take it away, and try again within the op: `for attempt in 1..=3 { try { … } catch e { … } }`".to_string(),
        (Some("`@timeout`"), _) => "take it away; for a shell command the program `timeout` does the same: `sh\"timeout 30 …\"`".to_string(),
        (Some(attribute), _) => format!("take {attribute} away: the op runs as well without it, as soon as a worker is free"),
        (None, "`.with(…)` policies") => "take `.with(…)` away: the step runs with the op's own settings".to_string(),
        (None, "spreads in a list of outputs") => "pass the list and the others to an op that joins them".to_string(),
        (None, "results of steps without output") => "let the op return something, such as `true`, and collect that".to_string(),
        (None, _) => "docs/language/not-yet.md lists what is missing; write it in another way for now".to_string(),
    }
}

fn function(cx: &mut Context<'_>, index: usize, diagnostics: &mut Vec<Diagnostic>) {
    let item = cx.functions[index];
    let decl = item.decl;
    let scope = TypeScope {
        module: item.module,
        generics: &decl.generics,
    };
    let place = Place::Param(decl.kind);
    let mut params: Vec<hir::Param> = Vec::new();
    let mut seen = HashMap::new();
    for param in &decl.params {
        if let Some(first) = seen.insert(param.name.name, param.name.span) {
            diagnostics.push(crate::names::twice(param.name, first));
        }
        let ty = lower_type(cx, scope, &param.ty, diagnostics);
        if let Some(var) = param.var
            && decl.kind != FunctionKind::Fn
        {
            diagnostics.push(
                Diagnostic::new(
                    &types::IN_OUT,
                    var,
                    format!(
                        "the {} `{}` can't have a `var` parameter",
                        decl.kind.keyword(),
                        decl.name.name
                    ),
                )
                .here("only a `fn` changes its arguments")
                .note("a step's inputs are values: what it makes of them is an output")
                .help("return the changed value"),
            );
        } else if let (Some(_), Some(default)) = (param.var, &param.default) {
            diagnostics.push(
                Diagnostic::new(
                    &types::IN_OUT,
                    default.span,
                    format!("the `var` parameter `{}` can't have a default", param.name.name),
                )
                .here("there would be no variable to change")
                .help("take the default away, or `var`: a parameter without it is copied into a variable in the body"),
            );
        }
        params.push(hir::Param {
            name: param.name.name,
            span: param.name.span,
            docs: param.docs.clone(),
            ty: placed(cx, item.module, ty, param.ty.span, place, diagnostics),
            var: param.var.is_some(),
            default: None,
        });
    }
    let result = decl.result.as_ref().map_or(Ty::Unit, |written| {
        let ty = lower_type(cx, scope, written, diagnostics);
        placed(
            cx,
            item.module,
            ty,
            written.span,
            Place::Result(decl.kind),
            diagnostics,
        )
    });
    let outputs = if decl.kind == FunctionKind::Op {
        outputs(cx, decl, &result, diagnostics)
    } else {
        Outputs::default()
    };
    attributes(cx, item.module, item.item, decl, diagnostics);
    let function = &mut cx.program.functions[index];
    function.params = params;
    function.result = result;
    function.outputs = outputs;
    if let Body::Extern { text, span } = &decl.body {
        if cx.is_std(item.module) {
            cx.program.functions[index].body = hir::FunctionBody::Extern(text.as_str().into());
        } else {
            let function = &mut cx.program.functions[index];
            crate::foreign::declare(function, decl, text, *span, diagnostics);
        }
    }
}

/// What an op gives, by its written result (§3).
fn outputs(
    cx: &Context<'_>,
    decl: &ast::FunctionDecl,
    result: &Ty,
    diagnostics: &mut Vec<Diagnostic>,
) -> Outputs {
    let span = decl.result.as_ref().map_or(decl.name.span, |ty| ty.span);
    let yields = match &decl.body {
        Body::Block(block) => first_yield(block).is_some(),
        _ => false,
    };
    let form = match result {
        Ty::Unit => OutputForm::Nothing,
        _ if yields => OutputForm::Yields,
        _ => OutputForm::Returns,
    };
    let list = match result {
        Ty::Unit => Vec::new(),
        Ty::NamedTuple(fields) => {
            let spans = field_spans(decl.result.as_ref());
            fields
                .iter()
                .enumerate()
                .map(|(i, (name, ty))| {
                    let span = spans.get(i).copied().unwrap_or(span);
                    output(cx, *name, ty, true, span, diagnostics)
                })
                .collect()
        }
        ty => vec![output(
            cx,
            Symbol::new("result"),
            ty,
            false,
            span,
            diagnostics,
        )],
    };
    Outputs { list, form }
}

/// The places of the fields of a named tuple that is written out; empty behind an alias.
fn field_spans(written: Option<&ast::Type>) -> Vec<Span> {
    match written.map(|ty| &ty.kind) {
        Some(ast::TypeKind::Tuple(fields)) => fields
            .iter()
            .map(|field| field.name.map_or(field.ty.span, |name| name.span))
            .collect(),
        _ => Vec::new(),
    }
}

fn output(
    cx: &Context<'_>,
    name: Symbol,
    ty: &Ty,
    named: bool,
    span: Span,
    diagnostics: &mut Vec<Diagnostic>,
) -> Output {
    let (inner, optional) = match ty {
        Ty::Option(inner) => (&**inner, true),
        ty => (ty, false),
    };
    let dynamic = match inner {
        Ty::Dynamic(item) => Some(item),
        Ty::List(item) => match &**item {
            Ty::Dynamic(item) => Some(item),
            _ => None,
        },
        _ => None,
    };
    let output = match dynamic {
        Some(item) => Output {
            name,
            ty: (**item).clone(),
            dynamic: true,
            optional,
            span,
        },
        None => Output {
            name,
            ty: if named { inner.clone() } else { ty.clone() },
            dynamic: false,
            optional: named && optional,
            span,
        },
    };
    if any(&output.ty, &mut |ty| matches!(ty, Ty::Dynamic(_))) {
        diagnostics.push(
            Diagnostic::new(
                &ops::OUTPUT_TYPE,
                span,
                format!("an op can't have an output of type `{}`", cx.show(ty)),
            )
            .here("`DynamicOutput` may only be the outermost type of an output")
            .help(
                "declare `DynamicOutput<T>`, `List<DynamicOutput<T>>` or a named tuple of outputs",
            ),
        );
        return Output {
            ty: Ty::Error,
            ..output
        };
    }
    output
}

/// Attributes that the language has.
pub const ATTRIBUTES: &[&str] = &[
    "retry",
    "timeout",
    "concurrency",
    "resources",
    "cache",
    "isolate",
];

fn attributes(
    cx: &Context<'_>,
    module: ModuleId,
    item: &ast::Item,
    decl: &ast::FunctionDecl,
    diagnostics: &mut Vec<Diagnostic>,
) {
    if cx.is_std(module) {
        return;
    }
    for attribute in &item.attributes {
        let name = attribute.name;
        let text = name.name.as_str();
        if !ATTRIBUTES.contains(&text) {
            diagnostics.push(unknown_attribute(name));
        } else if decl.kind != FunctionKind::Op {
            let kind = decl.kind.keyword();
            diagnostics.push(
                Diagnostic::new(
                    &ops::UNKNOWN_ATTRIBUTE,
                    attribute.span,
                    format!("`@{text}` stands before a {kind}"),
                )
                .here("attributes belong to ops: only an op is a step"),
            );
        }
    }
}

fn unknown_attribute(name: Ident) -> Diagnostic {
    let text = name.name.as_str();
    let diagnostic = Diagnostic::new(
        &ops::UNKNOWN_ATTRIBUTE,
        name.span,
        format!("there is no attribute `@{text}`"),
    )
    .note(format!(
        "the attributes are {}",
        list_of(ATTRIBUTES.iter().map(|name| format!("`@{name}`")))
    ));
    match nearest(text, ATTRIBUTES.iter().copied()) {
        Some(near) => diagnostic.help(format!("the nearest is `@{near}`")).fix(
            format!("write `@{near}`"),
            name.span,
            near,
            Applicability::Maybe,
        ),
        None => diagnostic,
    }
}

/// `a, b and c`
pub fn list_of(items: impl IntoIterator<Item = String>) -> String {
    let mut items: Vec<String> = items.into_iter().collect();
    let Some(last) = items.pop() else {
        return String::new();
    };
    if items.is_empty() {
        last
    } else {
        format!("{} and {last}", items.join(", "))
    }
}

/// Names that an item may not take, since the language gives them a meaning wherever they stand as a call.
pub fn reserved(name: &str) -> bool {
    matches!(name, "some" | "Output" | "DynamicOutput")
}

/// Reports items that take reserved names.
pub fn check_reserved(cx: &Context<'_>, diagnostics: &mut Vec<Diagnostic>) {
    for item in &cx.functions {
        let name = item.decl.name;
        if reserved(name.name.as_str()) {
            diagnostics.push(
                Diagnostic::new(
                    &names::TWICE,
                    name.span,
                    format!("`{}` is built in", name.name),
                )
                .here("can't be defined again"),
            );
        }
    }
}
