//! The outline of a file.

use dynop_base::{FileId, Span};
use dynop_syntax::ast::{self, FunctionKind, Item};

use crate::Analysis;

/// What a symbol of the outline is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SymbolKind {
    /// An import.
    Import,
    /// A constant.
    Const,
    /// A type alias.
    Alias,
    /// A struct.
    Struct,
    /// A field of a struct.
    Field,
    /// An enum.
    Enum,
    /// A case of an enum.
    Variant,
    /// A `fn`.
    Function,
    /// An `op`.
    Op,
    /// A `graph`.
    Graph,
    /// A `job`.
    Job,
    /// A test.
    Test,
}

/// A declaration of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct DocumentSymbol {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: SymbolKind,
    /// More of it: the signature of a function, the type of a field; may be empty.
    pub detail: String,
    /// All of it.
    pub span: Span,
    /// Its name's place.
    pub name_span: Span,
    /// What is declared in it, in order.
    pub children: Vec<DocumentSymbol>,
}

impl Analysis {
    /// The declarations of a file, in order; also of one that is broken.
    pub fn document_symbols(&self, file: FileId) -> Vec<DocumentSymbol> {
        let items = self.parsed(file).map(|parsed| &parsed.module.items);
        let items = items.into_iter().flatten();
        items.filter_map(|item| self.item_symbol(item)).collect()
    }

    fn item_symbol(&self, item: &Item) -> Option<DocumentSymbol> {
        let make = |name: ast::Ident, kind, detail: String, children| DocumentSymbol {
            name: name.name.as_str().to_owned(),
            kind,
            detail,
            span: item.span.to(name.span),
            name_span: name.span,
            children,
        };
        Some(match &item.kind {
            ast::ItemKind::Import(import) => {
                let last = import.alias.or(import.path.last().copied())?;
                make(last, SymbolKind::Import, String::new(), Vec::new())
            }
            ast::ItemKind::Const(decl) => {
                let ty = decl.ty.as_ref().map(|ty| self.one_line(ty.span));
                make(
                    decl.name,
                    SymbolKind::Const,
                    ty.unwrap_or_default(),
                    Vec::new(),
                )
            }
            ast::ItemKind::TypeAlias(decl) => make(
                decl.name,
                SymbolKind::Alias,
                self.one_line(decl.ty.span),
                Vec::new(),
            ),
            ast::ItemKind::Struct(decl) => {
                let fields = decl.fields.iter().map(|field| DocumentSymbol {
                    name: field.name.name.as_str().to_owned(),
                    kind: SymbolKind::Field,
                    detail: self.one_line(field.ty.span),
                    span: field.span.to(field.name.span),
                    name_span: field.name.span,
                    children: Vec::new(),
                });
                make(
                    decl.name,
                    SymbolKind::Struct,
                    String::new(),
                    fields.collect(),
                )
            }
            ast::ItemKind::Enum(decl) => {
                let cases = decl.variants.iter().map(|case| DocumentSymbol {
                    name: case.name.name.as_str().to_owned(),
                    kind: SymbolKind::Variant,
                    detail: String::new(),
                    span: case.span.to(case.name.span),
                    name_span: case.name.span,
                    children: Vec::new(),
                });
                make(decl.name, SymbolKind::Enum, String::new(), cases.collect())
            }
            ast::ItemKind::Function(decl) => {
                let kind = match decl.kind {
                    FunctionKind::Fn => SymbolKind::Function,
                    FunctionKind::Op => SymbolKind::Op,
                    FunctionKind::Graph => SymbolKind::Graph,
                    FunctionKind::Job => SymbolKind::Job,
                };
                make(decl.name, kind, self.parameters(decl), Vec::new())
            }
            ast::ItemKind::Test(test) => DocumentSymbol {
                name: test.name.clone(),
                kind: SymbolKind::Test,
                detail: String::new(),
                span: item.span.to(test.name_span),
                name_span: test.name_span,
                children: Vec::new(),
            },
            ast::ItemKind::Error => return None,
        })
    }

    /// `(path: Path) -> Int`, as it is written.
    pub(crate) fn parameters(&self, decl: &ast::FunctionDecl) -> String {
        self.parameters_from(decl, 0)
    }

    /// As [`Self::parameters`], without the first ones.
    pub(crate) fn parameters_from(&self, decl: &ast::FunctionDecl, skip: usize) -> String {
        let params: Vec<String> = decl
            .params
            .iter()
            .skip(skip)
            .map(|param| {
                let head = format!("{}: {}", param.name.name, self.one_line(param.ty.span));
                match &param.default {
                    Some(default) => format!("{head} = {}", self.one_line(default.span)),
                    None => head,
                }
            })
            .collect();
        let result = decl.result.as_ref();
        let result = result.map(|ty| format!(" -> {}", self.one_line(ty.span)));
        format!("({}){}", params.join(", "), result.unwrap_or_default())
    }

    /// The text under a span, in one line.
    pub(crate) fn one_line(&self, span: Span) -> String {
        let text = self.sources().text(span);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}
