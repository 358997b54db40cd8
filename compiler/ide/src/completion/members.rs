//! What may follow a point: fields, methods, cases, items of modules.

use dynop_base::{FileId, Span};
use dynop_sema::context::method_module;
use dynop_sema::hir::{EnumId, Function, Program, StructId};
use dynop_sema::substitute::substitute;
use dynop_sema::ty::Ty;
use dynop_sema::{Role, display};
use dynop_syntax::ast::{self, Expr, ExprKind, FunctionKind, Ident};

use super::{Completer, Item, ItemKind};
use crate::declared::Declared;
use crate::words;

impl<'a> Completer<'a> {
    /// What may follow the point behind `base`; behind `?.` of the value that may be there.
    pub(super) fn members(&self, base: &Expr, optional: bool) -> Vec<Item> {
        if let Some(found) = self.named_before_point(base) {
            return found;
        }
        let Some(ty) = self.at.index.type_at(base.span) else {
            return self.orders(base);
        };
        let ty = match ty {
            Ty::Option(inner) if optional => inner,
            other => other,
        };
        let mut items = self.fields(ty);
        if let Ty::Dynamic(_) = ty {
            items.extend(of_dynamic(|name| name != "after" && name != "with"));
        }
        if self.in_composition() {
            items.extend(self.orders(base));
        } else {
            items.extend(self.methods(ty));
        }
        items
    }

    /// `after` and `with`, behind an invocation.
    fn orders(&self, base: &Expr) -> Vec<Item> {
        let is_call = matches!(base.kind, ExprKind::Call { .. });
        if !is_call || !self.in_composition() {
            return Vec::new();
        }
        of_dynamic(|name| name == "after" || name == "with").collect()
    }

    /// The members of a module or an enum that stands before the point.
    fn named_before_point(&self, base: &Expr) -> Option<Vec<Item>> {
        let place = match &base.kind {
            ExprKind::Name(_) => base.span,
            ExprKind::Field { name, .. } => name.span,
            _ => return None,
        };
        let (_, declared) = self.at.index.use_at(place.file, place.start)?;
        match self.at.declared(declared) {
            Declared::File(file) => Some(self.module_members(file)),
            Declared::Item(item) => Some(self.cases(self.enum_of(item)?)),
            _ => None,
        }
    }

    /// The enum that an item declares, or is another name of.
    fn enum_of(&self, item: &'a ast::Item) -> Option<&'a ast::EnumDecl> {
        let mut item = item;
        // Aliases of aliases end somewhere; those that do not are refused, but may be in the text.
        for _ in 0..8 {
            match &item.kind {
                ast::ItemKind::Enum(decl) => return Some(decl),
                ast::ItemKind::TypeAlias(decl) => {
                    let ast::TypeKind::Name { path, .. } = &decl.ty.kind else {
                        return None;
                    };
                    let last = path.last()?.span;
                    let (_, declared) = self.at.index.use_at(last.file, last.start)?;
                    let Declared::Item(next) = self.at.declared(declared) else {
                        return None;
                    };
                    item = next;
                }
                _ => return None,
            }
        }
        None
    }

    fn module_members(&self, file: FileId) -> Vec<Item> {
        self.public_items(file)
            .filter_map(|item| self.value_item(item, 0))
            .collect()
    }

    /// The cases of an enum.
    pub(super) fn cases(&self, decl: &ast::EnumDecl) -> Vec<Item> {
        let case = |case: &ast::VariantDecl| {
            Item::new(case.name.name.as_str(), ItemKind::Variant, 0)
                .detail(self.at.one_line(case.span))
                .docs(case.docs.as_deref())
        };
        decl.variants.iter().map(case).collect()
    }

    fn program(&self) -> Option<&'a Program> {
        self.at.checked().map(|checked| &checked.program)
    }

    fn fields(&self, ty: &Ty) -> Vec<Item> {
        let Some(program) = self.program() else {
            return Vec::new();
        };
        let field = |name: &str, ty: &Ty, docs: Option<&str>| {
            Item::new(name, ItemKind::Field, 0)
                .detail(display::show(program, ty))
                .docs(docs)
        };
        match ty {
            Ty::Struct(StructId(id), args) => {
                let Some(item) = program.structs.get(*id as usize) else {
                    return Vec::new();
                };
                let fields = item.fields.iter().map(|one| {
                    let docs = self.at.declared(one.span).docs();
                    field(one.name.as_str(), &substitute(&one.ty, args), docs)
                });
                fields.collect()
            }
            Ty::NamedTuple(fields) => fields
                .iter()
                .map(|(name, ty)| field(name.as_str(), ty, None))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The library's methods of a type, and functions in scope whose first parameter a value of it fits.
    fn methods(&self, ty: &Ty) -> Vec<Item> {
        let Some(program) = self.program() else {
            return Vec::new();
        };
        let mut items = Vec::new();
        if let Some(file) = self.file_of_methods(program, ty) {
            let takes = |function: &Function| {
                let first = function.params.first();
                first.is_some_and(|first| self.file_of_methods(program, &first.ty) == Some(file))
            };
            items.extend(self.functions_of(program, file, false, &takes, 1));
        }
        // A range goes as its numbers.
        if *ty == Ty::Range
            && let Some(file) = self.library_file("iter")
        {
            let takes = |function: &Function| {
                let first = function.params.first();
                first.is_some_and(|first| matches!(first.ty, Ty::Iter(_)))
            };
            items.extend(self.functions_of(program, file, false, &takes, 2));
        }
        let fits = |function: &Function| {
            let first = function.params.first();
            first.is_some_and(|first| match &first.ty {
                Ty::Param(..) => false,
                Ty::Option(inner) => fits(&first.ty, ty) || fits(inner, ty),
                of => fits(of, ty),
            })
        };
        items.extend(self.functions_of(program, self.mark.file, true, &fits, 1));
        items
    }

    /// The library's file whose functions are the methods of a type.
    fn file_of_methods(&self, program: &Program, ty: &Ty) -> Option<FileId> {
        let Ty::Struct(StructId(id), _) = ty else {
            let name = method_module(ty, self.result_enum(), program.json)?;
            return self.library_file(name);
        };
        let item = program.structs.get(*id as usize)?;
        let file = item.name_span.file;
        if !self.at.is_library(file) {
            return None;
        }
        match item.name.as_str() {
            "JobRun" => self.library_file("job_run"),
            "RunStep" => self.library_file("run_step"),
            _ if self.library_file("core") == Some(file) => None,
            _ => Some(file),
        }
    }

    /// Functions of a file as methods: without their first parameter.
    fn functions_of(
        &self,
        program: &Program,
        file: FileId,
        private: bool,
        takes: &dyn Fn(&Function) -> bool,
        rank: u8,
    ) -> Vec<Item> {
        let functions = program.functions.iter().filter(|function| {
            function.file == file && function.kind == FunctionKind::Fn && takes(function)
        });
        functions
            .filter_map(|function| {
                let Declared::Item(item) = self.at.declared(function.name_span) else {
                    return None;
                };
                let ast::ItemKind::Function(decl) = &item.kind else {
                    return None;
                };
                let visible = private || item.public.is_some();
                visible.then(|| {
                    Item::new(function.name.as_str(), ItemKind::Method, rank)
                        .detail(self.at.parameters_from(decl, 1))
                        .docs(item.docs.as_deref())
                })
            })
            .collect()
    }

    fn library_file(&self, name: &str) -> Option<FileId> {
        let mut files = self.at.program.files.iter();
        let found = files.find(|file| matches!(&file.role, Role::Std(std) if std == name));
        found.map(|file| file.id)
    }

    /// `Result` of the standard library.
    fn result_enum(&self) -> Option<EnumId> {
        let core = self.library_file("core")?;
        let enums = &self.program()?.enums;
        let found = enums
            .iter()
            .position(|item| item.name == "Result" && item.name_span.file == core);
        found.map(|index| EnumId(index as u32))
    }

    /// What a pattern held against `of` may begin with.
    pub(super) fn pattern_names(&self, of: &Expr) -> Vec<Item> {
        let mut items = Vec::new();
        // The mark itself is bound to the value of its place, which may be within another pattern.
        let bound = self.at.index.type_at(self.mark);
        let mut ty = bound.or_else(|| self.at.index.type_at(of.span));
        if let Some(Ty::Option(inner)) = ty {
            items.push(Item::new("none", ItemKind::Keyword, 0));
            items.push(Item::new("some", ItemKind::Function, 0));
            ty = Some(inner);
        }
        let Some(program) = self.program() else {
            return items;
        };
        match ty {
            Some(Ty::Enum(EnumId(id), _)) => {
                let name_span = program.enums.get(*id as usize).map(|item| item.name_span);
                let declared = name_span.map(|span| self.at.declared(span));
                if let Some(Declared::Item(item)) = declared
                    && let ast::ItemKind::Enum(decl) = &item.kind
                {
                    let prefix = self.enum_prefix(decl.name.span, decl.name.name.as_str());
                    items.extend(self.cases(decl).into_iter().map(|mut case| {
                        case.label = format!("{prefix}.{}", case.label);
                        case.insert = case.label.clone();
                        case
                    }));
                }
            }
            Some(Ty::Struct(StructId(id), _)) => {
                let item = program.structs.get(*id as usize);
                items.extend(item.map(|item| Item::new(item.name.as_str(), ItemKind::Struct, 0)));
            }
            Some(Ty::Bool) => {
                items.push(Item::new("true", ItemKind::Keyword, 0));
                items.push(Item::new("false", ItemKind::Keyword, 0));
            }
            _ => {}
        }
        items
    }

    /// What names a pattern with parts.
    pub(super) fn pattern_types(&self) -> Vec<Item> {
        let mut items = self.types();
        let wanted = [ItemKind::Enum, ItemKind::Struct, ItemKind::Module];
        items.retain(|item| wanted.contains(&item.kind));
        items.push(Item::new("some", ItemKind::Function, 4));
        items
    }

    /// Whether a pattern of what this names has its parts by name.
    pub(super) fn has_named_parts(&self, path: &[Ident]) -> bool {
        !self.pattern_parts(path, true).is_empty()
    }

    /// The names of the parts of a struct or case, with their colons unless those are there.
    pub(super) fn pattern_parts(&self, path: &[Ident], colon: bool) -> Vec<Item> {
        let found = path
            .last()
            .and_then(|last| self.at.index.use_at(last.span.file, last.span.start));
        let part = |name: &Ident, ty: &ast::Type| {
            let name = name.name.as_str();
            let mut item = Item::new(name, ItemKind::Field, 0).detail(self.at.one_line(ty.span));
            if !colon {
                item.insert = format!("{name}: ");
            }
            item
        };
        match found.map(|(_, declared)| self.at.declared(declared)) {
            Some(Declared::Case(_, case)) => {
                let parts = case.payload.iter();
                let named = parts.filter_map(|field| Some(part(field.name.as_ref()?, &field.ty)));
                named.collect()
            }
            Some(Declared::Item(item)) => match &item.kind {
                ast::ItemKind::Struct(decl) => {
                    let fields = decl.fields.iter();
                    fields.map(|field| part(&field.name, &field.ty)).collect()
                }
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// An enum as this file names it: with its module where it is of another one.
    fn enum_prefix(&self, declared: Span, name: &str) -> String {
        let Some(own) = self.at.parsed(self.mark.file) else {
            return name.to_owned();
        };
        for item in &own.module.items {
            if let ast::ItemKind::Import(import) = &item.kind
                && self.at.import_target(own.id, item) == Some(declared.file)
                && let Some(module) = import.alias.or(import.path.last().copied())
            {
                return format!("{}.{name}", module.name);
            }
        }
        name.to_owned()
    }

    /// What may follow the point behind the path of a pattern.
    pub(super) fn pattern_members(&self, path: &[Ident]) -> Vec<Item> {
        let Some(last) = path.last() else {
            return Vec::new();
        };
        let found = self.at.index.use_at(last.span.file, last.span.start);
        let declared = found.map(|(_, declared)| declared).or_else(|| {
            // The checker has not come so far: the file's own items.
            let own = self.at.parsed(self.mark.file)?;
            let named = |item: &&ast::Item| matches!(&item.kind, ast::ItemKind::Enum(decl) if decl.name.name == last.name);
            let item = own.module.items.iter().find(named)?;
            crate::declared::name_of(item)
        });
        match declared.map(|declared| self.at.declared(declared)) {
            Some(Declared::Item(item)) => self
                .enum_of(item)
                .map_or_else(Vec::new, |decl| self.cases(decl)),
            Some(Declared::File(file)) => self
                .public_items(file)
                .filter_map(|item| self.value_item(item, 0))
                .filter(|item| matches!(item.kind, ItemKind::Enum | ItemKind::Struct))
                .collect(),
            _ => Vec::new(),
        }
    }
}

fn of_dynamic(wanted: impl Fn(&str) -> bool) -> impl Iterator<Item = Item> {
    let all = words::DYNAMIC.iter();
    all.filter(move |(name, ..)| wanted(name))
        .map(|(name, head, docs)| {
            Item::new(*name, ItemKind::Method, 1)
                .detail(*head)
                .docs(Some(docs))
        })
}

/// Whether a value of type `ty` may be one of type `param`, in which type parameters stand for anything.
fn fits(param: &Ty, ty: &Ty) -> bool {
    match (param, ty) {
        (Ty::Param(..), _) => true,
        (Ty::List(a), Ty::List(b))
        | (Ty::Set(a), Ty::Set(b))
        | (Ty::Option(a), Ty::Option(b))
        | (Ty::Iter(a), Ty::Iter(b)) => fits(a, b),
        (Ty::Map(a), Ty::Map(b)) => fits(&a.0, &b.0) && fits(&a.1, &b.1),
        (Ty::Tuple(a), Ty::Tuple(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| fits(a, b))
        }
        (Ty::Struct(a, x), Ty::Struct(b, y)) => {
            a == b && x.iter().zip(y.iter()).all(|(x, y)| fits(x, y))
        }
        (Ty::Enum(a, x), Ty::Enum(b, y)) => {
            a == b && x.iter().zip(y.iter()).all(|(x, y)| fits(x, y))
        }
        (a, b) => a == b,
    }
}
