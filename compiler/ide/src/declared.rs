//! From the place of a declared name to its declaration in the tree.

use dynop_base::{FileId, Span};
use dynop_syntax::ast::{
    EnumDecl, FieldDecl, FunctionDecl, Ident, Item, ItemKind, Param, StructDecl, TupleTypeField,
    Type, TypeKind, VariantDecl,
};

use crate::Analysis;

/// A declaration.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Declared<'a> {
    /// An item: a function, a type, a constant.
    Item(&'a Item),
    /// A field of a struct.
    Field(&'a StructDecl, &'a FieldDecl),
    /// A case of an enum.
    Case(&'a EnumDecl, &'a VariantDecl),
    /// A named part of a case's payload.
    Part(&'a EnumDecl, &'a VariantDecl, &'a TupleTypeField),
    /// A parameter of a function.
    Param(&'a Param),
    /// A type parameter.
    Generic(&'a Ident),
    /// A named output of an op.
    Output(&'a FunctionDecl, &'a TupleTypeField),
    /// A file.
    File(FileId),
    /// A name that is bound within a body.
    Local(Span),
}

impl<'a> Declared<'a> {
    /// All of it; of a local its name.
    pub fn span(&self) -> Span {
        match self {
            Self::Item(item) => item.span,
            Self::Field(_, field) => field.span,
            Self::Case(_, case) => case.span,
            Self::Param(param) => param.span,
            Self::Generic(name) => name.span,
            Self::Output(_, field) | Self::Part(_, _, field) => match field.name {
                Some(name) => name.span.to(field.ty.span),
                None => field.ty.span,
            },
            Self::File(file) => Span::new(*file, 0, 0),
            Self::Local(span) => *span,
        }
    }

    /// Its doc comment.
    pub fn docs(&self) -> Option<&'a str> {
        match self {
            Self::Item(item) => item.docs.as_deref(),
            Self::Field(_, field) => field.docs.as_deref(),
            Self::Case(_, case) => case.docs.as_deref(),
            Self::Param(param) => param.docs.as_deref(),
            _ => None,
        }
    }
}

/// The place of an item's name.
pub(crate) fn name_of(item: &Item) -> Option<Span> {
    Some(match &item.kind {
        ItemKind::Import(import) => import.alias.or(import.path.last().copied())?.span,
        ItemKind::Const(decl) => decl.name.span,
        ItemKind::TypeAlias(decl) => decl.name.span,
        ItemKind::Struct(decl) => decl.name.span,
        ItemKind::Enum(decl) => decl.name.span,
        ItemKind::Function(decl) => decl.name.span,
        ItemKind::Test(test) => test.name_span,
        ItemKind::Error => return None,
    })
}

impl Analysis {
    /// What is declared by the name at a place.
    pub(crate) fn declared(&self, name: Span) -> Declared<'_> {
        if name.start == name.end {
            return Declared::File(name.file);
        }
        let items = self.parsed(name.file).map(|parsed| &parsed.module.items);
        let around = |item: &&Item| item.span.start <= name.start && name.end <= item.span.end;
        let mut items = items.into_iter().flatten().filter(around);
        items
            .find_map(|item| in_item(item, name))
            .unwrap_or(Declared::Local(name))
    }

    /// The name at an offset, used or declared, and the place of the declared name.
    pub(crate) fn name_at(&self, file: FileId, offset: u32) -> Option<(Span, Span)> {
        self.import_at(file, offset)
            .or_else(|| self.index.use_at(file, offset))
            .or_else(|| {
                let items = &self.parsed(file)?.module.items;
                let names = items.iter().filter(|item| item.span.contains(offset));
                let found = names
                    .flat_map(declared_names)
                    .find(|name| name.contains(offset));
                found.map(|name| (name, name))
            })
    }

    /// A part of an import's path, which stands for the file.
    fn import_at(&self, file: FileId, offset: u32) -> Option<(Span, Span)> {
        let parsed = self.parsed(file)?;
        let around = |item: &&Item| item.span.contains(offset);
        parsed.module.items.iter().filter(around).find_map(|item| {
            let ItemKind::Import(import) = &item.kind else {
                return None;
            };
            let names = import.path.iter().chain(&import.alias);
            let name = names
                .map(|name| name.span)
                .find(|name| name.contains(offset))?;
            let target = self.import_target(file, item)?;
            Some((name, Span::new(target, 0, 0)))
        })
    }

    /// The file that an import leads to.
    pub(crate) fn import_target(&self, file: FileId, import: &Item) -> Option<FileId> {
        let imports = &self.parsed(file)?.imports;
        match imports.iter().find(|(id, _)| *id == import.id)?.1 {
            dynop_sema::Imported::File(index) => Some(self.program.files.get(index)?.id),
            _ => None,
        }
    }
}

fn in_item(item: &Item, name: Span) -> Option<Declared<'_>> {
    if name_of(item) == Some(name) {
        return Some(Declared::Item(item));
    }
    let generic = |generics: &'_ [Ident]| generics.iter().position(|one| one.span == name);
    match &item.kind {
        ItemKind::TypeAlias(decl) => generic(&decl.generics)
            .and_then(|at| decl.generics.get(at))
            .map(Declared::Generic),
        ItemKind::Struct(decl) => {
            let mut fields = decl.fields.iter();
            let field = fields.find(|field| field.name.span == name);
            field.map(|field| Declared::Field(decl, field)).or_else(|| {
                decl.generics
                    .get(generic(&decl.generics)?)
                    .map(Declared::Generic)
            })
        }
        ItemKind::Enum(decl) => {
            let mut cases = decl.variants.iter();
            let case = cases.find(|case| case.name.span == name);
            let part = || {
                let mut parts = decl
                    .variants
                    .iter()
                    .flat_map(|case| case.payload.iter().map(move |part| (case, part)));
                let (case, part) =
                    parts.find(|(_, part)| part.name.is_some_and(|one| one.span == name))?;
                Some(Declared::Part(decl, case, part))
            };
            case.map(|case| Declared::Case(decl, case))
                .or_else(part)
                .or_else(|| {
                    decl.generics
                        .get(generic(&decl.generics)?)
                        .map(Declared::Generic)
                })
        }
        ItemKind::Function(decl) => in_function(decl, name),
        ItemKind::Test(test) => in_function(&test.function, name),
        _ => None,
    }
}

fn in_function(decl: &FunctionDecl, name: Span) -> Option<Declared<'_>> {
    let param = decl.params.iter().find(|param| param.name.span == name);
    let generic = || decl.generics.iter().find(|one| one.span == name);
    param
        .map(Declared::Param)
        .or_else(|| generic().map(Declared::Generic))
        .or_else(|| output(decl.result.as_ref()?, decl, name))
}

fn output<'a>(result: &'a Type, decl: &'a FunctionDecl, name: Span) -> Option<Declared<'a>> {
    match &result.kind {
        TypeKind::Tuple(fields) => fields
            .iter()
            .find(|field| field.name.is_some_and(|one| one.span == name))
            .map(|field| Declared::Output(decl, field)),
        TypeKind::Optional(inner) => output(inner, decl, name),
        _ => None,
    }
}

/// The names that an item declares outside of bodies.
fn declared_names(item: &Item) -> Vec<Span> {
    let mut names: Vec<Span> = name_of(item).into_iter().collect();
    let mut add = |idents: &[Ident]| names.extend(idents.iter().map(|ident| ident.span));
    match &item.kind {
        ItemKind::TypeAlias(decl) => add(&decl.generics),
        ItemKind::Struct(decl) => {
            add(&decl.generics);
            names.extend(decl.fields.iter().map(|field| field.name.span));
        }
        ItemKind::Enum(decl) => {
            add(&decl.generics);
            names.extend(decl.variants.iter().map(|case| case.name.span));
            let parts = decl.variants.iter().flat_map(|case| &case.payload);
            names.extend(parts.filter_map(|part| part.name).map(|name| name.span));
        }
        ItemKind::Function(decl) => {
            add(&decl.generics);
            names.extend(decl.params.iter().map(|param| param.name.span));
            if let Some(Type {
                kind: TypeKind::Tuple(fields),
                ..
            }) = &decl.result
            {
                names.extend(
                    fields
                        .iter()
                        .filter_map(|field| field.name)
                        .map(|name| name.span),
                );
            }
        }
        _ => {}
    }
    names
}
