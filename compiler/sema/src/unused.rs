//! What a file declares or imports and nothing in it names.
//!
//! Found in the trees alone: a name that is written anywhere counts as a use, whatever it stands for there. So nothing that is
//! used is ever reported, and of the rest perhaps not all.

use std::collections::{HashMap, HashSet};

use dynop_base::codes::names;
use dynop_base::{Applicability, Diagnostic, Span, Symbol};
use dynop_syntax::ast::{self, ExprKind, Ident, ItemKind, PatternKind, TypeKind};
use dynop_syntax::walk::{Node, walk_item};

use crate::{Imported, Input, Role};

/// Reports imports, functions, ops, graphs and constants that their file does not use and other files can't see.
pub(crate) fn check(inputs: &[Input<'_>], diagnostics: &mut Vec<Diagnostic>) {
    for input in inputs {
        if !matches!(input.role, Role::Std(_)) {
            file(input, diagnostics);
        }
    }
}

/// The names that an item writes.
struct Named<'a> {
    item: &'a ast::Item,
    names: HashSet<Symbol>,
}

fn file(input: &Input<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let mut broken = false;
    let items: Vec<Named<'_>> = input
        .module
        .items
        .iter()
        .map(|item| {
            let mut names = HashSet::new();
            walk_item(item, |node| {
                broken |= node.is_error();
                name_in(node, &mut names);
            });
            Named { item, names }
        })
        .collect();
    // What could not be read may name anything.
    if broken {
        return;
    }
    for named in &items {
        if let ItemKind::Import(import) = &named.item.kind
            && is_there(input, named.item)
            && let Some(name) = import.alias.or(import.path.last().copied())
            && !name.name.as_str().starts_with('_')
            && !items.iter().any(|other| other.names.contains(&name.name))
        {
            diagnostics.push(unused_import(named.item, import, name));
        }
    }
    declarations(&items, diagnostics);
}

/// Whether the import leads to a file: of one that does not something else is said.
fn is_there(input: &Input<'_>, item: &ast::Item) -> bool {
    input
        .imports
        .iter()
        .any(|(id, found)| *id == item.id && matches!(found, Imported::File(_)))
}

fn declarations(items: &[Named<'_>], diagnostics: &mut Vec<Diagnostic>) {
    // A file in which nothing is for others, nor for the command line, is one in the making.
    if !items.iter().any(|named| is_entry(named.item)) {
        return;
    }
    let mut by_name: HashMap<Symbol, Vec<usize>> = HashMap::new();
    for (index, named) in items.iter().enumerate() {
        if let Some((name, _)) = declared(named.item) {
            by_name.entry(name.name).or_default().push(index);
        }
    }
    let mut used = vec![false; items.len()];
    let mut open: Vec<usize> = (0..items.len())
        .filter(|&index| is_entry(items[index].item) || declared(items[index].item).is_none())
        .collect();
    while let Some(index) = open.pop() {
        if std::mem::replace(&mut used[index], true) {
            continue;
        }
        let found = items[index].names.iter();
        open.extend(found.filter_map(|name| by_name.get(name)).flatten());
    }
    for (named, used) in items.iter().zip(used) {
        if !used
            && let Some((name, sort)) = declared(named.item)
            && !name.name.as_str().starts_with('_')
        {
            diagnostics.push(unused_item(named.item, name, sort));
        }
    }
}

/// Whether something outside of the file's own code begins with it: a job, a test, what is public.
fn is_entry(item: &ast::Item) -> bool {
    match &item.kind {
        ItemKind::Test(_) => true,
        ItemKind::Function(decl) => decl.kind == ast::FunctionKind::Job || item.public.is_some(),
        ItemKind::Import(_) | ItemKind::Error => false,
        _ => item.public.is_some(),
    }
}

/// The name of a declaration that is reported if nothing uses it, with its keyword.
fn declared(item: &ast::Item) -> Option<(Ident, &'static str)> {
    match &item.kind {
        ItemKind::Function(decl) => Some((decl.name, decl.kind.keyword())),
        ItemKind::Const(decl) => Some((decl.name, "const")),
        _ => None,
    }
}

fn name_in(node: Node<'_>, names: &mut HashSet<Symbol>) {
    match node {
        Node::Expr(expr) => match &expr.kind {
            ExprKind::Name(name) => {
                names.insert(*name);
            }
            // `x.f(a)` may call the function `f`.
            ExprKind::Field { name, .. } => {
                names.insert(name.name);
            }
            ExprKind::Run { replacements, .. } => {
                names.extend(replacements.iter().map(|(name, _)| name.name));
            }
            _ => {}
        },
        Node::Type(ty) => {
            if let TypeKind::Name { path, .. } = &ty.kind {
                names.extend(path.iter().map(|part| part.name));
            }
        }
        Node::Pattern(pattern) => match &pattern.kind {
            PatternKind::Name(name) => {
                names.insert(*name);
            }
            PatternKind::Constructor { path, .. } => {
                names.extend(path.iter().map(|part| part.name));
            }
            _ => {}
        },
        // Names that are declared, and labels.
        Node::Ident(_) | Node::Item(_) | Node::Block(_) | Node::Stmt(_) => {}
    }
}

fn unused_import(item: &ast::Item, import: &ast::Import, name: Ident) -> Diagnostic {
    let path: Vec<&str> = import.path.iter().map(|part| part.name.as_str()).collect();
    Diagnostic::new(
        &names::UNUSED_IMPORT,
        item.span,
        format!("the import of `{}` is not used", path.join(".")),
    )
    .here(format!("nothing in this file names `{}`", name.name))
    .help(format!(
        "remove the import, or use what is public in it: `{}.…`",
        name.name
    ))
    .fix("remove the import", item.span, "", Applicability::Certain)
}

fn unused_item(item: &ast::Item, name: Ident, sort: &str) -> Diagnostic {
    let use_it = match sort {
        "op" | "graph" => "invoke it in a job",
        "const" => "use it",
        _ => "call it",
    };
    let diagnostic = Diagnostic::new(
        &names::UNUSED_ITEM,
        name.span,
        format!("the {sort} `{}` is never used", name.name),
    )
    .here("no job, test or public item leads to it")
    .help(format!(
        "{use_it}, write `pub` before it if other files are to use it, or take it away; \
         if it is meant to be unused, name it `_{}`",
        name.name
    ));
    let start: Span = item.span.at_start();
    if item.attributes.is_empty() {
        diagnostic.fix("make it public", start, "pub ", Applicability::Maybe)
    } else {
        diagnostic
    }
    .fix(
        format!("remove `{}`", name.name),
        item.span,
        "",
        Applicability::Maybe,
    )
}
