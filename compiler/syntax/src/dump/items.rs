//! Items and types as symbolic expressions.

use super::expressions::{arg, block, expr};
use super::sexp::Sexp;
use crate::ast::{
    Body, FieldDecl, FunctionDecl, Ident, Item, ItemKind, Param, TupleTypeField, Type, TypeKind,
    VariantDecl,
};

pub(super) fn name(ident: &Ident) -> Sexp {
    Sexp::word(ident.name.as_str())
}

fn path(parts: &[Ident]) -> String {
    let names: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
    names.join(".")
}

fn docs(docs: &Option<String>) -> Option<Sexp> {
    docs.as_deref()
        .map(|docs| Sexp::list("docs", [Sexp::text(docs)]))
}

pub(super) fn item(item: &Item) -> Sexp {
    let sexp = match &item.kind {
        ItemKind::Import(import) => Sexp::list("import", [Sexp::word(path(&import.path))]).with(
            import
                .alias
                .as_ref()
                .map(|alias| Sexp::list("as", [name(alias)])),
        ),
        ItemKind::Const(decl) => Sexp::list("const", [name(&decl.name)])
            .with(decl.ty.as_ref().map(ty))
            .with([expr(&decl.value)]),
        ItemKind::TypeAlias(decl) => Sexp::list("type", [name(&decl.name)])
            .with(generics(&decl.generics))
            .with([ty(&decl.ty)]),
        ItemKind::Struct(decl) => Sexp::list("struct", [name(&decl.name)])
            .with(generics(&decl.generics))
            .with(decl.fields.iter().map(field)),
        ItemKind::Enum(decl) => Sexp::list("enum", [name(&decl.name)])
            .with(generics(&decl.generics))
            .with(decl.variants.iter().map(variant)),
        ItemKind::Function(decl) => function(decl),
        ItemKind::Test(decl) => Sexp::list(
            "test",
            std::iter::once(Sexp::text(&decl.name)).chain(decl.body().map(block)),
        ),
        ItemKind::Error => Sexp::list("error", []),
    };
    let attributes = item.attributes.iter().map(|attribute| {
        Sexp::list(
            &format!("@{}", attribute.name.name),
            attribute.args.iter().map(arg),
        )
    });
    let before: Vec<Sexp> = docs(&item.docs)
        .into_iter()
        .chain(attributes)
        .chain(item.public.map(|_| Sexp::word("pub")))
        .collect();
    if before.is_empty() {
        sexp
    } else {
        Sexp::list("item", before).with([sexp])
    }
}

fn generics(names: &[Ident]) -> Option<Sexp> {
    (!names.is_empty()).then(|| Sexp::list("generic", names.iter().map(name)))
}

fn function(decl: &FunctionDecl) -> Sexp {
    let sexp = Sexp::list(decl.kind.keyword(), [name(&decl.name)])
        .with(generics(&decl.generics))
        .with([Sexp::list("params", decl.params.iter().map(param))])
        .with(
            decl.result
                .as_ref()
                .map(|result| Sexp::list("->", [ty(result)])),
        );
    sexp.with([match &decl.body {
        Body::Block(body) => block(body),
        Body::Extern { text, .. } => Sexp::list("extern", [Sexp::text(text)]),
        Body::Error => Sexp::list("error", []),
    }])
}

fn param(param: &Param) -> Sexp {
    let head = if param.var.is_some() { "var" } else { "param" };
    Sexp::list(head, [name(&param.name), ty(&param.ty)])
        .with(param.default.as_ref().map(expr))
        .with(docs(&param.docs))
}

fn field(field: &FieldDecl) -> Sexp {
    Sexp::list("field", [name(&field.name), ty(&field.ty)])
        .with(field.default.as_ref().map(expr))
        .with(docs(&field.docs))
}

fn variant(variant: &VariantDecl) -> Sexp {
    Sexp::list("case", [name(&variant.name)])
        .with(variant.payload.iter().map(tuple_field))
        .with(docs(&variant.docs))
}

fn tuple_field(field: &TupleTypeField) -> Sexp {
    match &field.name {
        Some(label) => Sexp::list(&format!("{}:", label.name), [ty(&field.ty)]),
        None => ty(&field.ty),
    }
}

pub(super) fn ty(written: &Type) -> Sexp {
    match &written.kind {
        TypeKind::Name { path: parts, args } if args.is_empty() => Sexp::word(path(parts)),
        TypeKind::Name { path: parts, args } => Sexp::list(&path(parts), args.iter().map(ty)),
        TypeKind::Optional(inner) => Sexp::list("?", [ty(inner)]),
        TypeKind::Tuple(fields) => Sexp::list("tuple", fields.iter().map(tuple_field)),
        TypeKind::Function { params, result } => Sexp::list("fn", params.iter().map(ty))
            .with(result.as_ref().map(|result| Sexp::list("->", [ty(result)]))),
        TypeKind::Error => Sexp::list("error", []),
    }
}
