//! A walk over every node of a tree, in the order of the text.
//!
//! For whoever asks something of all nodes (the editor's room, checks of the tree itself). Recursive; the parser bounds the
//! tree's depth, see [`crate::MAX_TREE_DEPTH`].

use dynop_base::Span;

use crate::ast::{
    Arg, Block, Body, ElementPattern, Expr, ExprKind, FPart, FieldPattern, FunctionDecl, Ident,
    Item, ItemKind, Module, NodeId, Pattern, PatternKind, Stmt, StmtKind, TupleTypeField, Type,
    TypeKind,
};

/// A node, as the walk gives it.
#[derive(Clone, Copy, Debug)]
pub enum Node<'a> {
    /// A declaration.
    Item(&'a Item),
    /// A block.
    Block(&'a Block),
    /// A statement.
    Stmt(&'a Stmt),
    /// An expression.
    Expr(&'a Expr),
    /// A written type.
    Type(&'a Type),
    /// A pattern.
    Pattern(&'a Pattern),
    /// A name that is declared, used as a label, or follows a point.
    Ident(&'a Ident),
}

impl Node<'_> {
    /// Its place.
    pub fn span(&self) -> Span {
        match self {
            Self::Item(item) => item.span,
            Self::Block(block) => block.span,
            Self::Stmt(stmt) => stmt.span,
            Self::Expr(expr) => expr.span,
            Self::Type(ty) => ty.span,
            Self::Pattern(pattern) => pattern.span,
            Self::Ident(ident) => ident.span,
        }
    }

    /// Its id, where its kind has one.
    pub fn id(&self) -> Option<NodeId> {
        match self {
            Self::Item(item) => Some(item.id),
            Self::Expr(expr) => Some(expr.id),
            Self::Type(ty) => Some(ty.id),
            Self::Pattern(pattern) => Some(pattern.id),
            Self::Block(_) | Self::Stmt(_) | Self::Ident(_) => None,
        }
    }

    /// Whether it stands for what could not be read.
    pub fn is_error(&self) -> bool {
        match self {
            Self::Item(item) => matches!(item.kind, ItemKind::Error),
            Self::Stmt(stmt) => matches!(stmt.kind, StmtKind::Error),
            Self::Expr(expr) => matches!(expr.kind, ExprKind::Error),
            Self::Type(ty) => matches!(ty.kind, TypeKind::Error),
            Self::Pattern(pattern) => matches!(pattern.kind, PatternKind::Error),
            Self::Block(_) | Self::Ident(_) => false,
        }
    }
}

/// Calls `visit` with every node of the module, outer nodes before inner ones.
pub fn walk<'a>(module: &'a Module, mut visit: impl FnMut(Node<'a>)) {
    let mut walker = Walker { visit: &mut visit };
    for item in &module.items {
        walker.item(item);
    }
}

/// Calls `visit` with every node of one item, as [`walk`] does with those of all.
pub fn walk_item<'a>(item: &'a Item, mut visit: impl FnMut(Node<'a>)) {
    Walker { visit: &mut visit }.item(item);
}

struct Walker<'v, 'a> {
    visit: &'v mut dyn FnMut(Node<'a>),
}

impl<'a> Walker<'_, 'a> {
    fn ident(&mut self, ident: &'a Ident) {
        (self.visit)(Node::Ident(ident));
    }

    fn idents(&mut self, idents: impl IntoIterator<Item = &'a Ident>) {
        for ident in idents {
            self.ident(ident);
        }
    }

    fn item(&mut self, item: &'a Item) {
        (self.visit)(Node::Item(item));
        for attribute in &item.attributes {
            self.ident(&attribute.name);
            self.args(&attribute.args);
        }
        match &item.kind {
            ItemKind::Import(import) => {
                self.idents(&import.path);
                self.idents(&import.alias);
            }
            ItemKind::Const(decl) => {
                self.ident(&decl.name);
                self.types(&decl.ty);
                self.expr(&decl.value);
            }
            ItemKind::TypeAlias(decl) => {
                self.ident(&decl.name);
                self.idents(&decl.generics);
                self.ty(&decl.ty);
            }
            ItemKind::Struct(decl) => {
                self.ident(&decl.name);
                self.idents(&decl.generics);
                for field in &decl.fields {
                    self.ident(&field.name);
                    self.ty(&field.ty);
                    self.exprs(&field.default);
                }
            }
            ItemKind::Enum(decl) => {
                self.ident(&decl.name);
                self.idents(&decl.generics);
                for variant in &decl.variants {
                    self.ident(&variant.name);
                    self.tuple_type(&variant.payload);
                }
            }
            ItemKind::Function(decl) => self.function(decl),
            ItemKind::Test(decl) => {
                if let Some(body) = decl.body() {
                    self.block(body);
                }
            }
            ItemKind::Error => {}
        }
    }

    fn function(&mut self, decl: &'a FunctionDecl) {
        self.ident(&decl.name);
        self.idents(&decl.generics);
        for param in &decl.params {
            self.ident(&param.name);
            self.ty(&param.ty);
            self.exprs(&param.default);
        }
        self.types(&decl.result);
        if let Body::Block(body) = &decl.body {
            self.block(body);
        }
    }

    fn types(&mut self, types: impl IntoIterator<Item = &'a Type>) {
        for ty in types {
            self.ty(ty);
        }
    }

    fn ty(&mut self, ty: &'a Type) {
        (self.visit)(Node::Type(ty));
        match &ty.kind {
            TypeKind::Name { path, args } => {
                self.idents(path);
                self.types(args);
            }
            TypeKind::Optional(inner) => self.ty(inner),
            TypeKind::Tuple(fields) => self.tuple_type(fields),
            TypeKind::Function { params, result } => {
                self.types(params);
                self.types(result.as_deref());
            }
            TypeKind::Error => {}
        }
    }

    fn tuple_type(&mut self, fields: &'a [TupleTypeField]) {
        for field in fields {
            self.idents(&field.name);
            self.ty(&field.ty);
        }
    }

    fn block(&mut self, block: &'a Block) {
        (self.visit)(Node::Block(block));
        for stmt in &block.stmts {
            self.stmt(stmt);
        }
    }

    fn stmt(&mut self, stmt: &'a Stmt) {
        (self.visit)(Node::Stmt(stmt));
        match &stmt.kind {
            StmtKind::Let {
                pattern, ty, value, ..
            } => {
                self.pattern(pattern);
                self.types(ty);
                self.expr(value);
            }
            StmtKind::Assign { place, value, .. } => {
                self.expr(place);
                self.expr(value);
            }
            StmtKind::Yield(value) | StmtKind::Assert(value) | StmtKind::Expr(value) => {
                self.expr(value);
            }
            StmtKind::While { condition, body } => {
                self.expr(condition);
                self.block(body);
            }
            StmtKind::For {
                pattern,
                iterable,
                body,
            } => {
                self.pattern(pattern);
                self.expr(iterable);
                self.block(body);
            }
            StmtKind::Error => {}
        }
    }

    fn exprs(&mut self, exprs: impl IntoIterator<Item = &'a Expr>) {
        for expr in exprs {
            self.expr(expr);
        }
    }

    fn args(&mut self, args: &'a [Arg]) {
        for arg in args {
            self.idents(&arg.name);
            self.expr(&arg.value);
        }
    }

    fn expr(&mut self, expr: &'a Expr) {
        (self.visit)(Node::Expr(expr));
        match &expr.kind {
            ExprKind::FString(parts) | ExprKind::Shell(parts) => {
                for part in parts {
                    if let FPart::Value { value, .. } = part {
                        self.expr(value);
                    }
                }
            }
            ExprKind::Paren(inner) => self.expr(inner),
            ExprKind::Tuple(fields) => {
                for field in fields {
                    self.idents(&field.name);
                    self.expr(&field.value);
                }
            }
            ExprKind::List(elements) => self.exprs(elements.iter().map(|element| &element.value)),
            ExprKind::Map(entries) => {
                for (key, value) in entries {
                    self.expr(key);
                    self.expr(value);
                }
            }
            ExprKind::Field { base, name, .. } => {
                self.expr(base);
                self.ident(name);
            }
            ExprKind::Call {
                callee,
                type_args,
                args,
                ..
            } => {
                self.expr(callee);
                self.types(type_args);
                self.args(args);
            }
            ExprKind::Index { base, index } => self.exprs([&**base, &**index]),
            ExprKind::Unary { operand, .. } => self.expr(operand),
            ExprKind::Binary { left, right, .. } => self.exprs([&**left, &**right]),
            ExprKind::Range { start, end, .. } => self.exprs([&**start, &**end]),
            _ => self.flow(expr),
        }
    }

    /// Expressions with blocks or with words of their own.
    fn flow(&mut self, expr: &'a Expr) {
        match &expr.kind {
            ExprKind::Closure { params, body } => {
                for param in params {
                    self.pattern(&param.pattern);
                    self.types(&param.ty);
                }
                self.expr(body);
            }
            ExprKind::If {
                condition,
                then,
                otherwise,
            } => {
                self.expr(condition);
                self.block(then);
                self.exprs(otherwise.as_deref());
            }
            ExprKind::Match { scrutinee, arms } => {
                self.expr(scrutinee);
                for arm in arms {
                    self.pattern(&arm.pattern);
                    self.exprs(&arm.guard);
                    self.expr(&arm.body);
                }
            }
            ExprKind::Block(body) => self.block(body),
            ExprKind::Try {
                body,
                error,
                handler,
            } => {
                self.block(body);
                self.idents(error);
                self.block(handler);
            }
            ExprKind::Fail { message, retry } => {
                self.expr(message);
                self.exprs(retry.as_deref());
            }
            ExprKind::Return(value) => self.exprs(value.as_deref()),
            ExprKind::As { value, name } => {
                self.expr(value);
                self.ident(name);
            }
            ExprKind::Run { call, replacements } => {
                self.expr(call);
                for (name, value) in replacements {
                    self.ident(name);
                    self.expr(value);
                }
            }
            // Leaves.
            _ => {}
        }
    }

    fn pattern(&mut self, pattern: &'a Pattern) {
        (self.visit)(Node::Pattern(pattern));
        match &pattern.kind {
            PatternKind::Literal(value) => self.expr(value),
            PatternKind::Range { start, end, .. } => self.exprs([&**start, &**end]),
            PatternKind::Tuple(fields) => self.field_patterns(fields),
            PatternKind::Constructor { path, fields, .. } => {
                self.idents(path);
                self.field_patterns(fields.iter().flatten());
            }
            PatternKind::List(elements) => {
                for element in elements {
                    match element {
                        ElementPattern::One(one) => self.pattern(one),
                        ElementPattern::Rest { name, .. } => self.idents(name),
                    }
                }
            }
            PatternKind::Or(all) => {
                for one in all {
                    self.pattern(one);
                }
            }
            PatternKind::Wildcard
            | PatternKind::Name(_)
            | PatternKind::None
            | PatternKind::Error => {}
        }
    }

    fn field_patterns(&mut self, fields: impl IntoIterator<Item = &'a FieldPattern>) {
        for field in fields {
            self.idents(&field.name);
            self.pattern(&field.pattern);
        }
    }
}
