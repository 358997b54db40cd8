//! Literals and what is put together from values: numbers, texts, options, lists, maps, tuples, ranges.

use dynop_base::codes::{names, types};
use dynop_base::{Diagnostic, Span, Symbol};
use dynop_syntax::ast::{self, Element, FPart, TupleField};

use super::expressions::made;
use super::{Ability, BodyChecker, Origin};
use crate::hir::{Expr, ExprKind, FormatPart};
use crate::ty::Ty;

impl BodyChecker<'_, '_> {
    pub(super) fn int(&mut self, value: u64, span: Span) -> Expr {
        match i64::try_from(value) {
            Ok(value) => made(ExprKind::Int(value), Ty::Int, span),
            Err(_) => {
                self.report(int_range(span));
                self.error_expr(span)
            }
        }
    }

    pub(super) fn none(&mut self, hint: Option<&Ty>, span: Span) -> Expr {
        let ty = match hint.map(|hint| self.infer.shallow(hint)) {
            Some(ty @ (Ty::Option(_) | Ty::Error)) => ty,
            _ => Ty::option(self.infer.fresh(span)),
        };
        made(ExprKind::None, ty, span)
    }

    pub(super) fn f_string(&mut self, parts: &[FPart], span: Span) -> Expr {
        let mut out = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                FPart::Text { text, .. } => out.push(FormatPart::Text(text.as_str().into())),
                FPart::Value {
                    value,
                    format,
                    span,
                } => {
                    let value = self.expr(value, None);
                    let ty = value.ty.clone();
                    self.require(&ty, Ability::Show, value.span);
                    let format = format.as_deref().unwrap_or("");
                    self.check_format(format, &ty, *span);
                    out.push(FormatPart::Value(value, format.into()));
                }
            }
        }
        made(ExprKind::Format(out), Ty::Str, span)
    }

    pub(super) fn tuple(&mut self, fields: &[TupleField], hint: Option<&Ty>, span: Span) -> Expr {
        if fields.is_empty() {
            return made(ExprKind::Unit, Ty::Unit, span);
        }
        let named = fields.iter().filter(|field| field.name.is_some()).count();
        if named == 0 {
            return self.plain_tuple(fields, hint, span);
        }
        if named != fields.len() {
            self.report(
                Diagnostic::new(
                    &types::ARGUMENTS,
                    span,
                    "either all fields of a tuple have names, or none",
                )
                .here("some have a name, some have none"),
            );
            for field in fields {
                self.expr(&field.value, None);
            }
            return self.error_expr(span);
        }
        self.named_tuple(fields, hint, span)
    }

    fn plain_tuple(&mut self, fields: &[TupleField], hint: Option<&Ty>, span: Span) -> Expr {
        let hints = match hint.map(|hint| self.infer.shallow(hint)) {
            Some(Ty::Tuple(items)) if items.len() == fields.len() => Some(items),
            _ => None,
        };
        let mut items = Vec::with_capacity(fields.len());
        let mut item_types = Vec::with_capacity(fields.len());
        for (i, field) in fields.iter().enumerate() {
            let item = self.part(&field.value, hints.as_ref().and_then(|hints| hints.get(i)));
            item_types.push(self.type_of_part(&item));
            items.push(item);
        }
        made(
            ExprKind::Aggregate(items),
            Ty::Tuple(item_types.into()),
            span,
        )
    }

    /// A part of a literal whose type is expected: conversions happen in it, so that `(1, none)` fits `(Int?, Int?)`.
    fn part(&mut self, value: &ast::Expr, expected: Option<&Ty>) -> Expr {
        let Some(expected) = expected else {
            return self.expr(value, None);
        };
        match self.infer.resolve(expected) {
            Ty::Infer(_) => self.expr(value, Some(expected)),
            expected => self.check(value, &expected, Origin::Unknown),
        }
    }

    /// The type of a part of a value; of one that never comes to be, whatever is found out: `(fail "no", 2)` fits `(Int, Int)`.
    pub(super) fn type_of_part(&mut self, part: &Expr) -> Ty {
        if self.infer.shallow(&part.ty) != Ty::Never {
            return part.ty.clone();
        }
        let ty = self.infer.fresh(part.span);
        self.infer.mark_diverging(&ty);
        ty
    }

    /// Notes the names in a tuple that is all that an op gives: those of its outputs.
    fn note_outputs(&self, fields: &[TupleField], hint: Option<&Ty>) {
        let (Some(hint), Some(function), [frame]) = (hint, self.function, &self.frames[..]) else {
            return;
        };
        if *hint == frame.result {
            for name in fields.iter().filter_map(|field| field.name) {
                self.cx.note_output(name.span, function, name.name);
            }
        }
    }

    fn named_tuple(&mut self, fields: &[TupleField], hint: Option<&Ty>, span: Span) -> Expr {
        let hints = match hint.map(|hint| self.infer.shallow(hint)) {
            Some(Ty::NamedTuple(hints)) => Some(hints),
            _ => None,
        };
        self.note_outputs(fields, hint);
        let mut given: Vec<(Symbol, Expr)> = Vec::with_capacity(fields.len());
        for field in fields {
            let Some(name) = field.name else { continue };
            let hint = hints
                .as_ref()
                .and_then(|hints| hints.iter().find(|(other, _)| *other == name.name))
                .map(|(_, ty)| ty);
            let value = self.part(&field.value, hint);
            if given.iter().any(|(other, _)| *other == name.name) {
                self.report(
                    Diagnostic::new(
                        &names::TWICE,
                        name.span,
                        format!("the field `{name}` is given twice", name = name.name),
                    )
                    .here("again here"),
                );
                continue;
            }
            given.push((name.name, value));
        }
        // Named fields may stand in any order; the expected type's is the one kept.
        if let Some(hints) = hints
            && hints.len() == given.len()
            && hints
                .iter()
                .all(|(name, _)| given.iter().any(|(other, _)| other == name))
        {
            given.sort_by_key(|(name, _)| hints.iter().position(|(other, _)| other == name));
        }
        let fields = given
            .iter()
            .map(|(name, value)| (*name, self.type_of_part(value)))
            .collect();
        let items = given.into_iter().map(|(_, value)| value).collect();
        made(ExprKind::Aggregate(items), Ty::NamedTuple(fields), span)
    }

    pub(super) fn list(&mut self, elements: &[Element], hint: Option<&Ty>, span: Span) -> Expr {
        let expected = match hint.map(|hint| self.infer.shallow(hint)) {
            Some(Ty::List(item)) => Some((*item).clone()),
            Some(Ty::Error) => Some(Ty::Error),
            _ => None,
        };
        let known = expected.is_some();
        let item = expected.unwrap_or_else(|| self.infer.fresh(span));
        let mut first: Option<Span> = None;
        let mut items = Vec::with_capacity(elements.len());
        for element in elements {
            let origin = match first {
                Some(first) if !known => Origin::Earlier("the first element", first),
                _ => Origin::Unknown,
            };
            let value = if element.spread.is_some() {
                self.check(&element.value, &Ty::list(item.clone()), origin)
            } else {
                self.check(&element.value, &item, origin)
            };
            first.get_or_insert(element.value.span);
            items.push((element.spread.is_some(), value));
        }
        made(ExprKind::List(items), Ty::list(item), span)
    }

    pub(super) fn map(
        &mut self,
        entries: &[(ast::Expr, ast::Expr)],
        hint: Option<&Ty>,
        span: Span,
    ) -> Expr {
        let expected = match hint.map(|hint| self.infer.shallow(hint)) {
            Some(Ty::Map(pair)) => Some((*pair).clone()),
            Some(Ty::Error) => Some((Ty::Error, Ty::Error)),
            _ => None,
        };
        let known = expected.is_some();
        let (key, value) =
            expected.unwrap_or_else(|| (self.infer.fresh(span), self.infer.fresh(span)));
        let mut first: Option<(Span, Span)> = None;
        let mut out = Vec::with_capacity(entries.len());
        for (k, v) in entries {
            let (of_key, of_value) = match first {
                Some((k, v)) if !known => (
                    Origin::Earlier("the first key", k),
                    Origin::Earlier("the first value", v),
                ),
                _ => (Origin::Unknown, Origin::Unknown),
            };
            first.get_or_insert((k.span, v.span));
            out.push((self.check(k, &key, of_key), self.check(v, &value, of_value)));
        }
        let place = first.map_or(span, |(key, _)| key);
        self.require(&key, Ability::Key, place);
        made(ExprKind::Map(out), Ty::map(key, value), span)
    }

    pub(super) fn range(
        &mut self,
        start: &ast::Expr,
        end: &ast::Expr,
        inclusive: bool,
        span: Span,
    ) -> Expr {
        let rule = Origin::Rule("a range goes from one `Int` to another");
        let start = self.check(start, &Ty::Int, rule);
        let end = self.check(end, &Ty::Int, rule);
        made(
            ExprKind::Range {
                start: Box::new(start),
                end: Box::new(end),
                inclusive,
            },
            Ty::Range,
            span,
        )
    }
}

/// A literal beyond `Int`.
pub(super) fn int_range(span: Span) -> Diagnostic {
    Diagnostic::new(
        &types::INT_RANGE,
        span,
        "this number does not fit in an `Int`",
    )
    .here("too large")
    .note("an `Int` goes from -9223372036854775808 to 9223372036854775807")
    .help("a `Float` holds larger numbers, with about 16 digits: write `.0` behind it")
}
