//! Names of arguments and of outputs.

use dynop_base::Span;
use dynop_syntax::ast::{self, Arg, Expr, ExprKind, FunctionDecl, Param};
use dynop_syntax::walk::Node;

use super::{Completer, Item, ItemKind, named};
use crate::declared::Declared;

impl<'a> Completer<'a> {
    /// The names of the arguments that a call does not have yet.
    pub(super) fn arguments(&self, call: &Expr) -> Vec<Item> {
        let ExprKind::Call { callee, args, .. } = &call.kind else {
            return Vec::new();
        };
        let mut items = match &callee.kind {
            ExprKind::Name(name) if matches!(name.as_str(), "Output" | "DynamicOutput") => {
                let all: &[&'static str] = match name.as_str() {
                    "Output" => &["output_name"],
                    _ => &["mapping_key", "output_name"],
                };
                named(all.iter().copied())
            }
            _ => self.declared_arguments(callee, args),
        };
        let is_given = |item: &Item| {
            let given = args.iter().filter_map(|arg| arg.name);
            given
                .into_iter()
                .any(|name| name.name == item.label.as_str())
        };
        items.retain(|item| !is_given(item));
        items
    }

    fn declared_arguments(&self, callee: &Expr, args: &[Arg]) -> Vec<Item> {
        let (place, receiver) = match &callee.kind {
            ExprKind::Field { base, name, .. } => (name.span, self.is_value(base)),
            _ => (callee.span, false),
        };
        if let ExprKind::Field { name, .. } = &callee.kind
            && name.name == "with"
            && self.in_composition()
        {
            return named(dynop_sema::policy::argument_names(None));
        }
        let Some((_, declared)) = self.at.index.use_at(place.file, place.start) else {
            return Vec::new();
        };
        // Those that stand before the mark without names have the first parameters.
        let positional = |arg: &&Arg| arg.name.is_none() && self.is_before(arg.span);
        let skip = usize::from(receiver) + args.iter().filter(positional).count();
        match self.at.declared(declared) {
            Declared::Item(item) => match &item.kind {
                ast::ItemKind::Function(decl) => {
                    let overloads = self.overloads(declared, decl);
                    let params = overloads.flat_map(|decl| decl.params.iter().skip(skip));
                    params.map(|param| self.parameter(param)).collect()
                }
                ast::ItemKind::Struct(decl) => {
                    let fields = decl.fields.iter();
                    let item = |field: &ast::FieldDecl| {
                        let ty = self.at.one_line(field.ty.span);
                        argument(field.name.name.as_str(), ty, field.docs.as_deref())
                    };
                    fields.map(item).collect()
                }
                _ => Vec::new(),
            },
            Declared::Case(_, case) => {
                let parts = case.payload.iter();
                let item = |part: &ast::TupleTypeField| {
                    let ty = self.at.one_line(part.ty.span);
                    part.name.map(|name| argument(name.name.as_str(), ty, None))
                };
                parts.filter_map(item).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The functions of this name; one alone, but in the standard library.
    fn overloads(
        &self,
        declared: Span,
        one: &'a FunctionDecl,
    ) -> impl Iterator<Item = &'a FunctionDecl> {
        let file = self.at.parsed(declared.file);
        let file = file.filter(|_| self.at.is_library(declared.file));
        let items = file.into_iter().flat_map(|file| &file.module.items);
        let others = items.filter_map(move |item| match &item.kind {
            ast::ItemKind::Function(decl)
                if decl.name.name == one.name.name && decl.name.span != one.name.span =>
            {
                Some(decl)
            }
            _ => None,
        });
        std::iter::once(one).chain(others)
    }

    /// Whether what stands before a point is a value, and not a module or an enum.
    fn is_value(&self, base: &Expr) -> bool {
        let place = match &base.kind {
            ExprKind::Name(_) => base.span,
            ExprKind::Field { name, .. } => name.span,
            _ => return true,
        };
        let Some((_, declared)) = self.at.index.use_at(place.file, place.start) else {
            return true;
        };
        match self.at.declared(declared) {
            Declared::File(_) => false,
            Declared::Item(item) => matches!(item.kind, ast::ItemKind::Const(_)),
            _ => true,
        }
    }

    fn parameter(&self, param: &Param) -> Item {
        let mut detail = self.at.one_line(param.ty.span);
        if let Some(default) = &param.default {
            detail = format!("{detail} = {}", self.at.one_line(default.span));
        }
        argument(param.name.name.as_str(), detail, param.docs.as_deref())
    }

    /// What `yield` takes: by the outputs that the op around has.
    pub(super) fn outputs_of_yield(&self) -> Vec<Item> {
        let Some(decl) = self.function() else {
            return Vec::new();
        };
        let function = self.at.function_of(decl.name.span);
        let outputs = function.map_or(&[][..], |function| &function.outputs.list);
        let kinds = [("DynamicOutput", true), ("Output", false)];
        let wanted = kinds.iter().filter(|(_, dynamic)| {
            outputs.is_empty() || outputs.iter().any(|output| output.dynamic == *dynamic)
        });
        wanted
            .map(|(name, _)| {
                let docs = crate::words::built_in(name).map(|(_, docs)| docs);
                Item::new(*name, ItemKind::Output, 0).docs(docs)
            })
            .collect()
    }

    /// The outputs of the op around the mark that what is yielded can be for, in quotes unless those are there.
    pub(super) fn output_names(&self, quoted: bool) -> Vec<Item> {
        let Some(decl) = self.function() else {
            return Vec::new();
        };
        let Some(function) = self.at.function_of(decl.name.span) else {
            return Vec::new();
        };
        let program = self.at.checked().map(|checked| &checked.program);
        let dynamic = self.yields_dynamic();
        let outputs = function.outputs.list.iter();
        outputs
            .filter(|output| dynamic.is_none_or(|dynamic| output.dynamic == dynamic))
            .map(|output| {
                let ty = program.map(|program| dynop_sema::display::show(program, &output.ty));
                let mut item = Item::new(output.name.as_str(), ItemKind::Output, 0)
                    .detail(ty.unwrap_or_default());
                if !quoted {
                    item.insert = format!("\"{}\"", item.label);
                }
                item
            })
            .collect()
    }

    /// The outputs of the op around that a tuple does not have yet, with their colons unless those are there.
    pub(super) fn outputs_in_tuple(&self, tuple: &Expr, colon: bool) -> Vec<Item> {
        let function = self.function().filter(|_| self.in_op());
        let function = function.and_then(|decl| self.at.function_of(decl.name.span));
        let program = self.at.checked().map(|checked| &checked.program);
        let outputs = function.map_or(&[][..], |function| &function.outputs.list);
        let given = |name: &str| match &tuple.kind {
            ExprKind::Tuple(fields) => fields
                .iter()
                .any(|field| field.name.is_some_and(|one| one.name == name)),
            _ => false,
        };
        let wanted = outputs
            .iter()
            .filter(|output| outputs.len() > 1 && !given(output.name.as_str()));
        wanted
            .map(|output| {
                let ty = program.map(|program| dynop_sema::display::show(program, &output.ty));
                let mut item = Item::new(output.name.as_str(), ItemKind::Output, 0)
                    .detail(ty.unwrap_or_default());
                if !colon {
                    item.insert = format!("{}: ", item.label);
                }
                item
            })
            .collect()
    }

    /// Whether the call around the mark makes an item of a dynamic output; `None` if it makes no output at all.
    fn yields_dynamic(&self) -> Option<bool> {
        let around = self.around();
        around.iter().rev().find_map(|node| match node {
            Node::Expr(expr) => match &expr.kind {
                ExprKind::Call { callee, .. } => match &callee.kind {
                    ExprKind::Name(name) if *name == "DynamicOutput" => Some(true),
                    ExprKind::Name(name) if *name == "Output" => Some(false),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        })
    }
}

fn argument(name: &str, detail: String, docs: Option<&str>) -> Item {
    let mut item = Item::new(name, ItemKind::Argument, 0)
        .detail(detail)
        .docs(docs);
    item.insert = format!("{name}: ");
    item
}
