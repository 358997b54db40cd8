//! Written types.

use super::{Builder, Node, Nodes};
use crate::ast::{Ident, TupleTypeField, Type, TypeKind};
use crate::grammar::Rule;

impl<'t> Builder<'t> {
    /// A `type` or a `missing_type`.
    pub(super) fn ty(&mut self, pair: Node<'t>) -> Type {
        let span = self.span(&pair);
        if pair.as_rule() != Rule::r#type {
            self.report_missing_type(span.start as usize);
            return self.error_type_at(span);
        }
        let mut inner = pair.into_inner();
        let Some(base) = inner.next() else {
            return self.error_type_at(span);
        };
        let mut ty = self.base_type(base);
        for question in inner {
            let end = self.span(&question);
            ty = Type {
                id: self.id(),
                span: ty.span.to(end),
                kind: TypeKind::Optional(Box::new(ty)),
            };
            if !self.grow() {
                self.report_too_deep(span);
                return self.error_type_at(span);
            }
        }
        ty
    }

    fn error_type_at(&mut self, span: dynop_base::Span) -> Type {
        Type {
            id: self.id(),
            span,
            kind: TypeKind::Error,
        }
    }

    /// The type of what has none written though it must; reported by the caller.
    pub(super) fn untyped(&mut self, at: usize) -> Type {
        let span = self.span_between(at, at);
        self.error_type_at(span)
    }

    fn base_type(&mut self, pair: Node<'t>) -> Type {
        let span = self.span(&pair);
        let (kind, fits) = self.tall(|b| match pair.as_rule() {
            Rule::named_type => b.named_type(pair),
            Rule::tuple_type => b.tuple_type_kind(pair),
            Rule::function_type => b.function_type(pair),
            _ => TypeKind::Error,
        });
        let kind = if fits {
            kind
        } else {
            self.report_too_deep(span);
            TypeKind::Error
        };
        Type {
            id: self.id(),
            span,
            kind,
        }
    }

    fn named_type(&mut self, pair: Node<'t>) -> TypeKind {
        let mut path: Vec<Ident> = Vec::new();
        let mut args = Vec::new();
        for part in pair.into_inner() {
            if part.as_rule() == Rule::type_args {
                args = self.type_args(part);
            } else {
                path.push(self.ident(&part, "a name after `.`"));
            }
        }
        TypeKind::Name { path, args }
    }

    /// The types between `<` and `>`.
    pub(super) fn type_args(&mut self, pair: Node<'t>) -> Vec<Type> {
        let mut types = Vec::new();
        for part in pair.into_inner() {
            if part.as_rule() == Rule::missing_angle {
                let at = part.as_span().start();
                self.report_missing("`>`", at);
            } else {
                types.push(self.ty(part));
            }
        }
        types
    }

    fn tuple_type_kind(&mut self, pair: Node<'t>) -> TypeKind {
        let comma = trailing_comma(&pair);
        let mut fields = self.tuple_type_fields(pair);
        match &fields[..] {
            [only] if only.name.is_none() => {
                if let Some(at) = comma {
                    self.report_tuple_of_one(at);
                }
                // `(T)` is `T`: the outer node takes its kind, its own id stays unused.
                fields.pop().map_or(TypeKind::Error, |only| only.ty.kind)
            }
            _ => TypeKind::Tuple(fields),
        }
    }

    /// The fields of a `tuple_type`; also the payload of an enum's case.
    pub(super) fn tuple_type_fields(&mut self, pair: Node<'t>) -> Vec<TupleTypeField> {
        let mut fields = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::tuple_type_field => {
                    fields.extend(self.apart(|b| b.tuple_type_field(part)));
                }
                Rule::stray_commas => self.report_unexpected(&part),
                _ => {}
            }
        }
        fields
    }

    fn tuple_type_field(&mut self, pair: Node<'t>) -> Option<TupleTypeField> {
        let mut name = None;
        let mut ty = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::label => name = self.label(part),
                Rule::stray => self.report_unexpected(&part),
                _ => ty = Some(self.ty(part)),
            }
        }
        ty.map(|ty| TupleTypeField { name, ty })
    }

    /// The name in `name:`.
    pub(super) fn label(&mut self, pair: Node<'t>) -> Option<Ident> {
        let word = pair.into_inner().next()?;
        let span = self.span(&word);
        if crate::messages::KEYWORDS.contains(&word.as_str()) {
            self.report_reserved(span);
        }
        Some(self.ident_at(span))
    }

    fn function_type(&mut self, pair: Node<'t>) -> TypeKind {
        let mut params = Vec::new();
        let mut result = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::function_type_params => params = self.function_type_params(part.into_inner()),
                Rule::missing_params => {
                    let at = part.as_span().start();
                    self.report_missing("`(` and the types of the parameters", at);
                }
                Rule::r#type | Rule::missing_type => result = Some(Box::new(self.ty(part))),
                _ => {}
            }
        }
        TypeKind::Function { params, result }
    }

    fn function_type_params(&mut self, parts: Nodes<'t>) -> Vec<Type> {
        let mut types = Vec::new();
        for part in parts {
            if part.as_rule() == Rule::function_type_param {
                let field = self.apart(|b| {
                    let field = b.tuple_type_field(part)?;
                    if let Some(name) = field.name {
                        b.report_named_function_type(name.span, field.ty.span);
                    }
                    Some(field)
                });
                types.extend(field.map(|field| field.ty));
            } else {
                self.report_unexpected(&part);
            }
        }
        types
    }
}

/// The comma after the last element, if it is written.
pub(super) fn trailing_comma(pair: &Node<'_>) -> Option<usize> {
    pair.clone()
        .into_inner()
        .find(|part| part.as_rule() == Rule::trailing_comma)
        .map(|comma| comma.as_span().start())
}
