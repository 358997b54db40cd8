//! Items: functions, types, imports, tests.

use dynop_base::{Span, Symbol};

use super::{Builder, Node, Nodes};
use crate::ast::{
    Arg, Attribute, Body, ConstDecl, EnumDecl, Expr, FieldDecl, FunctionDecl, FunctionKind, Ident,
    Import, Item, ItemKind, Param, StructDecl, TestDecl, Type, TypeAlias, VariantDecl,
};
use crate::grammar::Rule;

impl<'t> Builder<'t> {
    /// An `item`; a statement that stands where items do is an `Error`.
    pub(super) fn item(&mut self, pair: Node<'t>) -> Item {
        let mut span = self.span(&pair);
        let mut attributes = Vec::new();
        let mut public = None;
        let mut kind = ItemKind::Error;
        let mut docs = None;
        for part in pair.into_inner() {
            let place = self.span(&part);
            match part.as_rule() {
                Rule::attribute => attributes.push(self.attribute(part)),
                Rule::kw_pub => public = Some(place),
                Rule::missing_item => self.report_missing_item(place.start as usize),
                Rule::unexpected => {
                    self.report_unexpected(&part);
                    self.blocks_in_junk(part);
                }
                Rule::stmt => {
                    if !self.continues_broken_item(place.start as usize) {
                        self.report_statement_outside(&part);
                    }
                    self.broken = true;
                    self.outside = Some(place.end as usize);
                    self.stmt(part);
                }
                _ => {
                    span.end = place.end;
                    docs = self.docs(span.start as usize, place.start as usize);
                    kind = self.declaration(part);
                }
            }
        }
        if let Some(public) = public {
            self.report_public(public, &kind);
        }
        Item {
            id: self.id(),
            span,
            docs,
            attributes,
            public,
            kind,
        }
    }

    /// Whether the statement at `at` is indented and follows one that had no place either: it is the body of something that
    /// was not understood.
    fn continues_broken_item(&self, at: usize) -> bool {
        let clean = self.scanned.clean.as_bytes();
        let follows = self.outside.is_some_and(|end| {
            clean[end..at]
                .iter()
                .all(|byte| matches!(byte, b' ' | b'\n'))
        });
        follows && at > 0 && clean[at - 1] == b' '
    }

    fn attribute(&mut self, pair: Node<'t>) -> Attribute {
        let span = self.span(&pair);
        let mut name = None;
        let mut args: Vec<Arg> = Vec::new();
        for part in pair.into_inner() {
            if part.as_rule() == Rule::args {
                args = self.args(part);
            } else {
                name = Some(self.ident(&part, "the attribute's name after `@`"));
            }
        }
        Attribute {
            span,
            name: self.ident_or_missing(name, span),
            args,
        }
    }

    fn ident_or_missing(&mut self, name: Option<Ident>, near: Span) -> Ident {
        name.unwrap_or_else(|| Ident {
            name: dynop_base::Symbol::new("_"),
            span: near.at_end(),
        })
    }

    /// One of the alternatives of `declaration`.
    pub(super) fn declaration(&mut self, pair: Node<'t>) -> ItemKind {
        match pair.as_rule() {
            Rule::function => self.function(pair),
            Rule::import => self.import(pair),
            Rule::const_decl => self.const_decl(pair),
            Rule::type_alias => self.type_alias(pair),
            Rule::struct_decl => self.struct_decl(pair),
            Rule::enum_decl => self.enum_decl(pair),
            Rule::test_decl => self.test_decl(pair),
            _ => ItemKind::Error,
        }
    }

    fn import(&mut self, pair: Node<'t>) -> ItemKind {
        let mut path = Vec::new();
        let mut alias = None;
        let mut renamed = false;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::kw_import => {}
                Rule::kw_as => renamed = true,
                _ if renamed => alias = Some(self.ident(&part, "a name after `as`")),
                rule => {
                    if rule == Rule::missing_name {
                        self.report_missing_module(part.as_span().start());
                    }
                    path.push(self.ident(&part, "the module's name"));
                }
            }
        }
        ItemKind::Import(Import { path, alias })
    }

    fn const_decl(&mut self, pair: Node<'t>) -> ItemKind {
        let span = self.span(&pair);
        let mut name = None;
        let mut ty = None;
        let mut value: Option<Expr> = None;
        for part in pair.into_inner() {
            let at = part.as_span().start();
            match part.as_rule() {
                Rule::kw_const => {}
                Rule::name | Rule::reserved | Rule::missing_name => {
                    name = Some(self.declared_name(&part, "const"));
                }
                Rule::annotation => ty = part.into_inner().next().map(|ty| self.ty(ty)),
                Rule::let_junk => self.report_let_junk(&part, "const", None),
                Rule::missing_value => self.report_missing_value("const", at),
                _ => value = Some(self.expr(part)),
            }
        }
        ItemKind::Const(ConstDecl {
            name: self.ident_or_missing(name, span),
            ty,
            value: value.unwrap_or_else(|| self.error_expr(span.at_end())),
        })
    }

    fn type_alias(&mut self, pair: Node<'t>) -> ItemKind {
        let span = self.span(&pair);
        let mut name = None;
        let mut generics = Vec::new();
        let mut ty: Option<Type> = None;
        for part in pair.into_inner() {
            let at = part.as_span().start();
            match part.as_rule() {
                Rule::kw_type => {}
                Rule::generics => generics = self.generics(part),
                Rule::let_junk => self.report_let_junk(&part, "type", None),
                Rule::missing_value => self.report_missing_value("type", at),
                Rule::r#type | Rule::missing_type => ty = Some(self.ty(part)),
                _ => name = Some(self.declared_name(&part, "type")),
            }
        }
        ItemKind::TypeAlias(TypeAlias {
            name: self.ident_or_missing(name, span),
            generics,
            ty: ty.unwrap_or_else(|| self.untyped(span.end as usize)),
        })
    }

    /// The name after a declaring keyword.
    fn declared_name(&mut self, pair: &Node<'t>, keyword: &str) -> Ident {
        if pair.as_rule() == Rule::missing_name {
            self.report_missing_name(keyword, pair.as_span().start());
        }
        self.ident(pair, "a name")
    }

    fn struct_decl(&mut self, pair: Node<'t>) -> ItemKind {
        let span = self.span(&pair);
        let mut name = None;
        let mut generics = Vec::new();
        let mut fields = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::kw_struct => {}
                Rule::generics => generics = self.generics(part),
                Rule::head_junk => self.report_head_junk(&part, "struct"),
                Rule::fields => fields = self.fields(part),
                Rule::misplaced_fields => {
                    self.report_misplaced_brace(part.as_span().start());
                    fields = part
                        .into_inner()
                        .flat_map(|inner| self.fields(inner))
                        .collect();
                }
                Rule::missing_block => {
                    self.report_missing_block("the struct's name", part.as_span().start());
                }
                _ => name = Some(self.declared_name(&part, "struct")),
            }
        }
        ItemKind::Struct(StructDecl {
            name: self.ident_or_missing(name, span),
            generics,
            fields,
        })
    }

    fn fields(&mut self, pair: Node<'t>) -> Vec<FieldDecl> {
        let mut fields = Vec::new();
        for part in pair.into_inner() {
            self.apart(|b| match part.as_rule() {
                Rule::field_decl => fields.extend(b.field_decl(part)),
                _ => b.report_unexpected_entry(&part, "field"),
            });
        }
        fields
    }

    fn field_decl(&mut self, pair: Node<'t>) -> Option<FieldDecl> {
        let span = self.span(&pair);
        let docs = self.docs(span.start as usize, span.start as usize);
        let (name, ty, default) = self.typed_entry(pair.into_inner(), "field");
        Some(FieldDecl {
            span,
            docs,
            name: name?,
            ty: ty.unwrap_or_else(|| self.untyped(span.end as usize)),
            default,
        })
    }

    /// `name: T = default`, of a field or a parameter.
    fn typed_entry(
        &mut self,
        parts: Nodes<'t>,
        what: &str,
    ) -> (Option<Ident>, Option<Type>, Option<Expr>) {
        let (mut name, mut ty, mut default) = (None, None, None);
        for part in parts {
            match part.as_rule() {
                Rule::kw_var => {}
                Rule::annotation => ty = part.into_inner().next().map(|ty| self.ty(ty)),
                Rule::missing_annotation => {
                    let at = part.as_span().start();
                    self.report_missing_annotation(what, name.as_ref(), at);
                    ty = Some(self.untyped(at));
                }
                Rule::default => default = part.into_inner().next().map(|value| self.expr(value)),
                Rule::stray => self.report_unexpected(&part),
                _ => name = Some(self.ident(&part, &format!("the {what}'s name"))),
            }
        }
        (name, ty, default)
    }

    fn enum_decl(&mut self, pair: Node<'t>) -> ItemKind {
        let span = self.span(&pair);
        let mut name = None;
        let mut generics = Vec::new();
        let mut variants = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::kw_enum => {}
                Rule::generics => generics = self.generics(part),
                Rule::head_junk => self.report_head_junk(&part, "enum"),
                Rule::variants => variants = self.variants(part),
                Rule::misplaced_variants => {
                    self.report_misplaced_brace(part.as_span().start());
                    variants = part
                        .into_inner()
                        .flat_map(|inner| self.variants(inner))
                        .collect();
                }
                Rule::missing_block => {
                    self.report_missing_block("the enum's name", part.as_span().start());
                }
                _ => name = Some(self.declared_name(&part, "enum")),
            }
        }
        ItemKind::Enum(EnumDecl {
            name: self.ident_or_missing(name, span),
            generics,
            variants,
        })
    }

    fn variants(&mut self, pair: Node<'t>) -> Vec<VariantDecl> {
        let mut variants = Vec::new();
        for part in pair.into_inner() {
            self.apart(|b| match part.as_rule() {
                Rule::variant => variants.extend(b.variant(part)),
                _ => b.report_unexpected_entry(&part, "case"),
            });
        }
        variants
    }

    fn variant(&mut self, pair: Node<'t>) -> Option<VariantDecl> {
        let span = self.span(&pair);
        let docs = self.docs(span.start as usize, span.start as usize);
        let mut name = None;
        let mut payload = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::tuple_type => payload = self.tuple_type_fields(part),
                Rule::stray => self.report_stray_in_variant(&part),
                _ => name = Some(self.ident(&part, "the case's name")),
            }
        }
        Some(VariantDecl {
            span,
            docs,
            name: name?,
            payload,
        })
    }

    fn generics(&mut self, pair: Node<'t>) -> Vec<Ident> {
        let mut names = Vec::new();
        for part in pair.into_inner().flat_map(|generic| generic.into_inner()) {
            if part.as_rule() == Rule::stray_generic {
                self.report_generic_bound(&part);
            } else {
                names.push(self.ident(&part, "the type parameter's name"));
            }
        }
        names
    }

    fn test_decl(&mut self, pair: Node<'t>) -> ItemKind {
        let whole = self.span(&pair);
        let mut name = String::new();
        let mut name_span = whole.at_start();
        let mut body = self.empty_block(whole.at_end());
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::kw_test => {}
                Rule::string => {
                    name_span = self.span(&part);
                    name = self.string_text(&part);
                }
                Rule::head_junk => self.report_head_junk(&part, "test"),
                _ => body = self.body_block(part, "the test's name"),
            }
        }
        let head = Ident {
            name: Symbol::new(&format!("test {name:?}")),
            span: name_span,
        };
        ItemKind::Test(TestDecl {
            name,
            name_span,
            function: FunctionDecl {
                kind: FunctionKind::Op,
                name: head,
                generics: Vec::new(),
                params: Vec::new(),
                result: None,
                body: Body::Block(body),
            },
        })
    }

    fn function(&mut self, pair: Node<'t>) -> ItemKind {
        let whole = self.span(&pair);
        let mut kind = FunctionKind::Fn;
        let mut is_extern = false;
        let (mut name, mut generics, mut params, mut result) = (None, vec![], vec![], None);
        let mut body = Body::Error;
        for part in pair.into_inner() {
            let at = part.as_span().start();
            match part.as_rule() {
                Rule::kw_extern => is_extern = true,
                Rule::function_kind => kind = function_kind(part.as_str()),
                Rule::missing_kind => self.report_missing("`fn` or `op` after `extern`", at),
                Rule::generics => generics = self.generics(part),
                Rule::params => params = self.params(part),
                Rule::missing_params => self.report_missing_params(kind, name.as_ref(), at),
                Rule::result => result = part.into_inner().next().map(|ty| self.ty(ty)),
                Rule::head_junk => self.report_signature_junk(&part, kind, result.is_some()),
                Rule::extern_body => body = self.extern_body(part, is_extern, kind),
                Rule::block | Rule::misplaced_block | Rule::missing_block => {
                    body = self.function_body(part, is_extern, kind);
                }
                _ => name = Some(self.declared_name(&part, kind.keyword())),
            }
        }
        ItemKind::Function(FunctionDecl {
            kind,
            name: self.ident_or_missing(name, whole),
            generics,
            params,
            result,
            body,
        })
    }

    fn function_body(&mut self, pair: Node<'t>, is_extern: bool, kind: FunctionKind) -> Body {
        let span = self.span(&pair);
        if is_extern {
            self.report_extern_without_text(kind, span);
            if pair.as_rule() == Rule::block {
                self.block(pair);
            }
            return Body::Error;
        }
        let missing = pair.as_rule() == Rule::missing_block;
        let block = self.body_block(pair, "the signature");
        if missing {
            return Body::Error;
        }
        Body::Block(block)
    }

    fn extern_body(&mut self, pair: Node<'t>, is_extern: bool, kind: FunctionKind) -> Body {
        let whole = self.span(&pair);
        if !is_extern {
            self.report_text_without_extern(kind, whole);
        }
        match pair.into_inner().next() {
            Some(part) if part.as_rule() == Rule::string => {
                let span = self.span(&part);
                Body::Extern {
                    text: self.string_text(&part),
                    span,
                }
            }
            _ => {
                self.report_missing("a string after `=`", whole.end as usize);
                Body::Error
            }
        }
    }

    fn params(&mut self, pair: Node<'t>) -> Vec<Param> {
        let mut params = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::param => params.extend(self.apart(|b| b.param(part))),
                _ => self.report_unexpected(&part),
            }
        }
        params
    }

    fn param(&mut self, pair: Node<'t>) -> Option<Param> {
        let span = self.span(&pair);
        let docs = self.docs(span.start as usize, span.start as usize);
        let first = pair.clone().into_inner().next();
        let var = first
            .filter(|part| part.as_rule() == Rule::kw_var)
            .map(|part| self.span(&part));
        let (name, ty, default) = self.typed_entry(pair.into_inner(), "parameter");
        Some(Param {
            span,
            docs,
            var,
            name: name?,
            ty: ty.unwrap_or_else(|| self.untyped(span.end as usize)),
            default,
        })
    }
}

fn function_kind(word: &str) -> FunctionKind {
    match word {
        "op" => FunctionKind::Op,
        "graph" => FunctionKind::Graph,
        "job" => FunctionKind::Job,
        _ => FunctionKind::Fn,
    }
}
