//! Names in scope at the mark.

use dynop_base::{FileId, Span};
use dynop_sema::Role;
use dynop_syntax::ast::{
    self, ElementPattern, ExprKind, FunctionKind, Pattern, PatternKind, StmtKind,
};
use dynop_syntax::walk::Node;

use super::{Completer, Item, ItemKind};
use crate::words;

impl<'a> Completer<'a> {
    /// What an expression may begin with.
    pub(super) fn values(&self) -> Vec<Item> {
        let mut items = self.locals();
        for item in self.items_in_scope(true) {
            items.extend(self.value_item(item.0, item.1));
        }
        items.extend(self.modules());
        if !self.in_composition() {
            items.push(
                Item::new("some", ItemKind::Function, 6).docs(words::built_in("some").map(|w| w.1)),
            );
            items.push(Item::new("Path", ItemKind::Type, 6));
        }
        items
    }

    /// What a type may begin with.
    pub(super) fn types(&self) -> Vec<Item> {
        let mut items: Vec<Item> = words::TYPES
            .iter()
            .map(|(name, head, docs)| {
                Item::new(*name, ItemKind::Type, 3)
                    .detail(*head)
                    .docs(Some(docs))
            })
            .collect();
        let generics = match self.item().map(|item| &item.kind) {
            Some(ast::ItemKind::Function(decl)) => decl.generics.as_slice(),
            Some(ast::ItemKind::Struct(decl)) => &decl.generics,
            Some(ast::ItemKind::Enum(decl)) => &decl.generics,
            Some(ast::ItemKind::TypeAlias(decl)) => &decl.generics,
            _ => &[],
        };
        let generics = generics.iter().map(|one| one.name.as_str());
        items.extend(generics.map(|name| Item::new(name, ItemKind::Type, 0)));
        let own = self.items_in_scope(true);
        items.extend(
            own.iter()
                .filter_map(|(item, rank)| self.type_item(item, *rank)),
        );
        items.extend(self.modules());
        items
    }

    /// The public types of a module.
    pub(super) fn module_types(&self, module: &ast::Ident) -> Vec<Item> {
        let file = self.at.index.use_at(module.span.file, module.span.start);
        let Some((_, declared)) = file else {
            return Vec::new();
        };
        self.public_items(declared.file)
            .filter_map(|item| self.type_item(item, 0))
            .collect()
    }

    /// The public items of a file.
    pub(super) fn public_items(&self, file: FileId) -> impl Iterator<Item = &'a ast::Item> {
        let parsed = self.at.parsed(file);
        let items = parsed.into_iter().flat_map(|parsed| &parsed.module.items);
        items.filter(|item| item.public.is_some())
    }

    /// The items of the file and of what is in scope everywhere, each with its rank.
    fn items_in_scope(&self, own: bool) -> Vec<(&'a ast::Item, u8)> {
        let mut found = Vec::new();
        let parsed = self.at.parsed(self.mark.file).filter(|_| own);
        found.extend(
            parsed
                .into_iter()
                .flat_map(|p| &p.module.items)
                .map(|item| (item, 2)),
        );
        let core = self.at.program.files.iter();
        let core = core.filter(|file| matches!(&file.role, Role::Std(name) if name == "core"));
        found.extend(
            core.flat_map(|file| self.public_items(file.id))
                .map(|item| (item, 5)),
        );
        found
    }

    /// An item as a value, if it may stand where the mark is.
    pub(super) fn value_item(&self, item: &ast::Item, rank: u8) -> Option<Item> {
        let docs = item.docs.as_deref();
        let composition = self.in_composition();
        Some(
            match &item.kind {
                ast::ItemKind::Const(decl) => {
                    let ty = decl.ty.as_ref().map(|ty| self.at.one_line(ty.span));
                    let value = self.at.one_line(decl.value.span);
                    let detail = format!("{} = {value}", ty.unwrap_or_default());
                    Item::new(decl.name.name.as_str(), ItemKind::Const, rank).detail(detail.trim())
                }
                ast::ItemKind::Struct(decl) => {
                    Item::new(decl.name.name.as_str(), ItemKind::Struct, rank + 1)
                }
                ast::ItemKind::Enum(decl) => {
                    Item::new(decl.name.name.as_str(), ItemKind::Enum, rank + 1)
                }
                ast::ItemKind::Function(decl) => {
                    let kind = match decl.kind {
                        FunctionKind::Fn if !composition => ItemKind::Function,
                        FunctionKind::Op if composition || self.in_test() => ItemKind::Op,
                        FunctionKind::Graph if composition => ItemKind::Graph,
                        FunctionKind::Job if self.in_test() => ItemKind::Graph,
                        _ => return None,
                    };
                    Item::new(decl.name.name.as_str(), kind, rank).detail(self.at.parameters(decl))
                }
                _ => return None,
            }
            .docs(docs),
        )
    }

    fn in_test(&self) -> bool {
        matches!(
            self.item().map(|item| &item.kind),
            Some(ast::ItemKind::Test(_))
        )
    }

    fn type_item(&self, item: &ast::Item, rank: u8) -> Option<Item> {
        let (name, kind, detail) = match &item.kind {
            ast::ItemKind::Struct(decl) => (decl.name, ItemKind::Struct, String::new()),
            ast::ItemKind::Enum(decl) => (decl.name, ItemKind::Enum, String::new()),
            ast::ItemKind::TypeAlias(decl) => {
                (decl.name, ItemKind::Type, self.at.one_line(decl.ty.span))
            }
            _ => return None,
        };
        let item = Item::new(name.name.as_str(), kind, rank).docs(item.docs.as_deref());
        Some(item.detail(detail))
    }

    /// The files that are imported, and the standard library's.
    fn modules(&self) -> Vec<Item> {
        let module = |name: &str, rank: u8, docs: Option<&str>| {
            Item::new(name, ItemKind::Module, rank).docs(docs)
        };
        let mut items = Vec::new();
        let Some(own) = self.at.parsed(self.mark.file) else {
            return items;
        };
        for item in &own.module.items {
            if let ast::ItemKind::Import(import) = &item.kind
                && let Some(name) = import.alias.or(import.path.last().copied())
            {
                let target = self.at.import_target(own.id, item);
                let target = target.and_then(|file| self.at.parsed(file));
                let docs = target.and_then(|file| file.module.docs.as_deref());
                items.push(module(name.name.as_str(), 4, docs));
            }
        }
        for file in &self.at.program.files {
            if let Role::Std(name) = &file.role
                && name != "core"
                && self.public_items(file.id).next().is_some()
            {
                items.push(module(name, 7, file.module.docs.as_deref()));
            }
        }
        items
    }

    /// Parameters and names bound before the mark in the blocks around it.
    fn locals(&self) -> Vec<Item> {
        let mut names: Vec<Span> = Vec::new();
        if let Some(decl) = self.function() {
            names.extend(decl.params.iter().map(|param| param.name.span));
        }
        for node in self.around() {
            match node {
                Node::Block(block) => {
                    let stmts = block.stmts.iter().filter(|stmt| self.is_before(stmt.span));
                    for stmt in stmts {
                        if let StmtKind::Let { pattern, .. } = &stmt.kind {
                            bound(pattern, &mut names);
                        }
                    }
                }
                Node::Stmt(stmt) => {
                    if let StmtKind::For { pattern, body, .. } = &stmt.kind
                        && body.span.contains(self.mark.start)
                    {
                        bound(pattern, &mut names);
                    }
                }
                Node::Expr(expr) => self.bound_by(expr, &mut names),
                _ => {}
            }
        }
        // An inner name hides an outer one.
        let mut items: Vec<Item> = Vec::new();
        for span in names.into_iter().rev() {
            let name = self.at.sources().text(span);
            if name == "_" || name.is_empty() || items.iter().any(|item| item.label == name) {
                continue;
            }
            let ty = self
                .at
                .type_text(span)
                .or_else(|| match self.at.declared(span) {
                    crate::declared::Declared::Param(param) => {
                        Some(self.at.one_line(param.ty.span))
                    }
                    _ => None,
                });
            items.push(Item::new(name, ItemKind::Variable, 1).detail(ty.unwrap_or_default()));
        }
        items
    }

    fn bound_by(&self, expr: &ast::Expr, names: &mut Vec<Span>) {
        match &expr.kind {
            ExprKind::Closure { params, body } if body.span.contains(self.mark.start) => {
                for param in params {
                    bound(&param.pattern, names);
                }
            }
            ExprKind::Match { arms, .. } => {
                for arm in arms {
                    if arm.span.contains(self.mark.start)
                        && !arm.pattern.span.contains(self.mark.start)
                    {
                        bound(&arm.pattern, names);
                    }
                }
            }
            ExprKind::Try { error, handler, .. } if handler.span.contains(self.mark.start) => {
                names.extend(error.map(|error| error.span));
            }
            _ => {}
        }
    }
}

/// The names that a pattern binds.
fn bound(pattern: &Pattern, names: &mut Vec<Span>) {
    match &pattern.kind {
        PatternKind::Name(_) => names.push(pattern.span),
        PatternKind::Tuple(fields) => fields.iter().for_each(|field| bound(&field.pattern, names)),
        PatternKind::Constructor { fields, .. } => {
            let fields = fields.iter().flatten();
            fields.for_each(|field| bound(&field.pattern, names));
        }
        PatternKind::List(elements) => {
            for element in elements {
                match element {
                    ElementPattern::One(one) => bound(one, names),
                    ElementPattern::Rest { name, .. } => names.extend(name.map(|name| name.span)),
                }
            }
        }
        PatternKind::Or(all) => all.iter().for_each(|one| bound(one, names)),
        _ => {}
    }
}
