//! Where the mark stands in the tree.

use dynop_base::Span;
use dynop_syntax::ast::{
    Arg, Attribute, Expr, ExprKind, FunctionDecl, FunctionKind, Ident, Item, ItemKind, Pattern,
    PatternKind, StmtKind, TypeKind,
};
use dynop_syntax::walk::Node;

use super::{Completer, MARK};

/// What may stand at the mark.
pub(super) enum Place<'a> {
    /// A declaration.
    Item,
    /// A statement, or an expression.
    Statement,
    /// An expression.
    Expression,
    /// An argument of a call, or its name.
    Argument(&'a Expr),
    /// The name of an argument alone.
    ArgumentName(&'a Expr),
    /// What follows `yield`.
    Yielded,
    /// A value in this tuple or these parentheses, or the name of one: an op may give its outputs so.
    Part(&'a Expr),
    /// The name of a value in this tuple.
    PartName(&'a Expr),
    /// What follows `output_name:`, and whether its quote is there.
    OutputName(bool),
    /// What follows the point behind this, or `?.`.
    Member(&'a Expr, bool),
    /// A type.
    Type,
    /// A type of a module.
    TypeOf(&'a Ident),
    /// A pattern, of an arm of a `match` on this.
    Pattern(&'a Expr),
    /// What follows the point behind this in a pattern.
    PatternOf(&'a [Ident]),
    /// What a pattern with parts is named by: a type, or a module before one.
    PatternName,
    /// The name of a part of what this names, and whether its colon is there.
    PatternPart(&'a [Ident], bool),
    /// The name of an attribute.
    Attribute,
    /// An argument of this attribute.
    AttributeArgument(&'a str),
    /// An op that a run replaces.
    Replaced,
    /// Free text: a new name, a comment, a string.
    Free,
}

impl<'a> Completer<'a> {
    /// Nodes around the mark, outer ones first.
    pub(super) fn around(&self) -> Vec<Node<'a>> {
        self.at.nodes_at(self.mark.file, self.mark.start)
    }

    /// The item around the mark.
    pub(super) fn item(&self) -> Option<&'a Item> {
        let items = &self.at.parsed(self.mark.file)?.module.items;
        items
            .iter()
            .find(|item| item.span.start <= self.mark.start && self.mark.end <= item.span.end)
    }

    /// The function around the mark.
    pub(super) fn function(&self) -> Option<&'a FunctionDecl> {
        match &self.item()?.kind {
            ItemKind::Function(decl) => Some(decl),
            ItemKind::Test(test) => Some(&test.function),
            _ => None,
        }
    }

    pub(super) fn in_op(&self) -> bool {
        let is_test = matches!(self.item().map(|item| &item.kind), Some(ItemKind::Test(_)));
        !is_test
            && self
                .function()
                .is_some_and(|decl| decl.kind == FunctionKind::Op)
    }

    /// Whether the mark is in the body of a job or graph.
    pub(super) fn in_composition(&self) -> bool {
        self.function()
            .is_some_and(|decl| matches!(decl.kind, FunctionKind::Job | FunctionKind::Graph))
    }

    /// What may stand at the mark; nothing if it is in no node.
    pub(super) fn place(&self) -> Option<Place<'a>> {
        if let Some(quoted) = self.after_output_name() {
            return Some(Place::OutputName(quoted));
        }
        let nodes = self.around();
        if let Some(place) = self.in_attribute() {
            return Some(place);
        }
        for (at, node) in nodes.iter().enumerate().rev() {
            let place = match node {
                Node::Expr(expr) => self.at_expr(expr, &nodes[..at]),
                Node::Type(ty) => self.at_type(&ty.kind),
                Node::Pattern(pattern) => self.at_pattern(pattern, &nodes[..at]),
                _ => None,
            };
            if place.is_some() {
                return place;
            }
            if let Node::Ident(ident) = node
                && ident.span == self.mark
            {
                // A name that is declared, unless a node around says more: those come next.
                continue;
            }
            if let Node::Stmt(_) | Node::Block(_) = node {
                break;
            }
        }
        match self.item() {
            None => self.at_top(),
            Some(item) => matches!(item.kind, ItemKind::Error)
                .then(|| self.at_top())
                .flatten(),
        }
    }

    /// Between items: a line that begins with the mark, or with `pub` and it.
    fn at_top(&self) -> Option<Place<'a>> {
        let text = &self.at.sources().get(self.mark.file)?.text;
        let before = text.get(..self.mark.start as usize)?;
        let line = before.rsplit('\n').next()?.trim_start();
        matches!(line.trim_end(), "" | "pub").then_some(Place::Item)
    }

    fn at_expr(&self, expr: &'a Expr, around: &[Node<'a>]) -> Option<Place<'a>> {
        match &expr.kind {
            ExprKind::Name(name) if *name == MARK && expr.span == self.mark => {
                Some(self.at_name(expr, around))
            }
            ExprKind::Field {
                base,
                name,
                optional,
            } if name.span == self.mark => Some(Place::Member(base, *optional)),
            ExprKind::Call { args, .. } if args.iter().any(|arg| self.names(arg)) => {
                Some(Place::ArgumentName(expr))
            }
            ExprKind::Tuple(fields)
                if fields
                    .iter()
                    .any(|field| field.name.is_some_and(|name| name.span == self.mark)) =>
            {
                Some(Place::PartName(expr))
            }
            ExprKind::Run { replacements, .. }
                if replacements.iter().any(|(name, _)| name.span == self.mark) =>
            {
                Some(Place::Replaced)
            }
            // In a text, but not in an expression in it.
            ExprKind::Str(_) | ExprKind::FString(_) | ExprKind::Shell(_) | ExprKind::Bytes(_) => {
                Some(Place::Free)
            }
            _ => None,
        }
    }

    fn names(&self, arg: &Arg) -> bool {
        arg.name.is_some_and(|name| name.span == self.mark)
    }

    fn at_name(&self, name: &Expr, around: &[Node<'a>]) -> Place<'a> {
        match around.last() {
            Some(Node::Expr(call)) => match &call.kind {
                ExprKind::Call { args, .. } if args.iter().any(|arg| is_bare(arg, name)) => {
                    Place::Argument(call)
                }
                ExprKind::Paren(_) => Place::Part(call),
                ExprKind::Tuple(fields)
                    if fields
                        .iter()
                        .any(|field| field.name.is_none() && field.value.span == name.span) =>
                {
                    Place::Part(call)
                }
                _ => Place::Expression,
            },
            Some(Node::Stmt(stmt)) => match &stmt.kind {
                StmtKind::Yield(value) if value.span == name.span => Place::Yielded,
                StmtKind::Expr(value) if value.span == name.span => Place::Statement,
                _ => Place::Expression,
            },
            _ => Place::Expression,
        }
    }

    fn at_type(&self, ty: &'a TypeKind) -> Option<Place<'a>> {
        let TypeKind::Name { path, .. } = ty else {
            return None;
        };
        match path.iter().position(|name| name.span == self.mark)? {
            0 => Some(Place::Type),
            _ => path.first().map(Place::TypeOf),
        }
    }

    fn at_pattern(&self, pattern: &'a Pattern, around: &[Node<'a>]) -> Option<Place<'a>> {
        match &pattern.kind {
            PatternKind::Name(name) if *name == MARK => {
                if let Some(Node::Pattern(whole)) = around.last()
                    && let PatternKind::Constructor { path, .. } = &whole.kind
                    && self.has_named_parts(path)
                {
                    return Some(Place::PatternPart(path, false));
                }
                let in_match = around.iter().rev().find_map(|node| match node {
                    Node::Expr(expr) => Some(*expr),
                    _ => None,
                });
                Some(match in_match.map(|expr| (&expr.kind, expr)) {
                    Some((ExprKind::Match { scrutinee, arms }, _))
                        if arms
                            .iter()
                            .any(|arm| arm.pattern.span.contains(self.mark.start)) =>
                    {
                        Place::Pattern(scrutinee)
                    }
                    _ => Place::Free,
                })
            }
            PatternKind::Constructor { path, fields, .. } => {
                let is_mark = |name: &Ident| name.span == self.mark;
                if fields
                    .iter()
                    .flatten()
                    .any(|field| field.name.as_ref().is_some_and(is_mark))
                {
                    return Some(Place::PatternPart(path, true));
                }
                Some(match path.iter().position(is_mark)? {
                    0 => Place::PatternName,
                    at => Place::PatternOf(path.get(..at)?),
                })
            }
            _ => None,
        }
    }

    fn in_attribute(&self) -> Option<Place<'a>> {
        let items = &self.at.parsed(self.mark.file)?.module.items;
        let attribute: &Attribute = items
            .iter()
            .flat_map(|item| &item.attributes)
            .find(|attribute| attribute.span.contains(self.mark.start))?;
        if attribute.name.span == self.mark {
            return Some(Place::Attribute);
        }
        let of = |arg: &Arg| self.names(arg) || (arg.name.is_none() && arg.value.span == self.mark);
        attribute
            .args
            .iter()
            .any(of)
            .then(|| Place::AttributeArgument(attribute.name.name.as_str()))
    }

    /// Whether the mark stands after `output_name:`, and then whether it does in quotes. The text may not be closed, so the
    /// tree can't tell.
    fn after_output_name(&self) -> Option<bool> {
        let text = self.at.sources().get(self.mark.file);
        let before = text.and_then(|text| text.text.get(..self.mark.start as usize))?;
        let unquoted = before.strip_suffix('"');
        let name = unquoted.unwrap_or(before).trim_end().strip_suffix(':')?;
        let is_it = name.trim_end().ends_with("output_name");
        is_it.then_some(unquoted.is_some())
    }

    /// Where names end to be in scope: before the mark.
    pub(super) fn is_before(&self, span: Span) -> bool {
        span.end <= self.mark.start
    }
}

/// Whether an argument is this name and nothing else.
fn is_bare(arg: &Arg, name: &Expr) -> bool {
    arg.name.is_none() && arg.spread.is_none() && arg.value.span == name.span
}
