//! Expressions other than operators and literals.

use dynop_base::{Span, Symbol};

use super::{Builder, Node};
use crate::ast::{Arg, ClosureParam, Element, Expr, ExprKind, Ident, TupleField};
use crate::grammar::Rule;

impl<'t> Builder<'t> {
    /// An `expr` or a `missing_expr`.
    pub(super) fn expr(&mut self, pair: Node<'t>) -> Expr {
        if pair.as_rule() != Rule::expr {
            let span = self.span(&pair);
            self.report_missing_expression(span.start as usize);
            return self.error_expr(span);
        }
        let mut terms = pair.into_inner().peekable();
        self.climb(&mut terms, 0)
    }

    pub(super) fn operand(&mut self, pair: Node<'t>) -> Expr {
        let span = self.span(&pair);
        match pair.as_rule() {
            Rule::name_expr => self.name_expr(span),
            Rule::number
            | Rule::string
            | Rule::raw_string
            | Rule::bytes
            | Rule::literal_word
            | Rule::template
            | Rule::odd_string => self.literal(pair),
            Rule::missing_expr => {
                self.report_missing_expression(span.start as usize);
                self.error_expr(span)
            }
            Rule::filler => self.error_expr(span),
            Rule::break_expr => self.expr_node(span, |_| ExprKind::Break),
            Rule::continue_expr => self.expr_node(span, |_| ExprKind::Continue),
            _ => self.expr_node(span, |b| b.compound(pair)),
        }
    }

    fn name_expr(&mut self, span: Span) -> Expr {
        let name = self.source(span);
        if name == "_" {
            self.report_wildcard_value(span);
            return self.error_expr(span);
        }
        self.expr_node(span, |_| ExprKind::Name(Symbol::new(name)))
    }

    fn compound(&mut self, pair: Node<'t>) -> ExprKind {
        match pair.as_rule() {
            Rule::paren => self.paren(pair),
            Rule::bracket => self.bracket(pair),
            Rule::block => ExprKind::Block(self.block(pair)),
            Rule::closure => self.closure(pair),
            Rule::if_expr => self.if_expr(pair),
            Rule::match_expr => self.match_expr(pair),
            Rule::try_expr => self.try_expr(pair),
            Rule::fail_expr => self.fail_expr(pair),
            Rule::return_expr => {
                let value = pair
                    .into_inner()
                    .find(|part| part.as_rule() == Rule::expr)
                    .map(|value| Box::new(self.expr(value)));
                ExprKind::Return(value)
            }
            Rule::run_expr => self.run_expr(pair),
            _ => ExprKind::Error,
        }
    }

    pub(super) fn postfix(&mut self, base: Expr, pair: Node<'t>) -> Expr {
        let place = self.span(&pair);
        let base_span = base.span;
        let base = Box::new(base);
        let kind = match pair.as_rule() {
            Rule::call => self.call(base, pair),
            Rule::index => self.index(base, pair),
            Rule::field => self.field(base, pair),
            _ => {
                let name = pair
                    .into_inner()
                    .find(|part| part.as_rule() != Rule::kw_as)
                    .map(|part| self.ident(&part, "a name after `as`"));
                match name {
                    Some(name) => ExprKind::As { value: base, name },
                    None => ExprKind::Error,
                }
            }
        };
        let fits = self.grow();
        self.expr_of(base_span.to(place), kind, fits)
    }

    fn call(&mut self, callee: Box<Expr>, pair: Node<'t>) -> ExprKind {
        let mut type_args = Vec::new();
        let mut args = Vec::new();
        let mut args_span = callee.span.at_end();
        for part in pair.into_inner() {
            if part.as_rule() == Rule::type_args {
                type_args = self.type_args(part);
            } else {
                args_span = self.span(&part);
                args = self.args(part);
            }
        }
        ExprKind::Call {
            callee,
            type_args,
            args,
            args_span,
        }
    }

    /// The arguments of a call or an attribute.
    pub(super) fn args(&mut self, pair: Node<'t>) -> Vec<Arg> {
        let mut args = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::arg => args.push(self.apart(|b| b.arg(part))),
                _ => self.report_unexpected(&part),
            }
        }
        args
    }

    fn arg(&mut self, pair: Node<'t>) -> Arg {
        let span = self.span(&pair);
        let (mut name, mut spread, mut value) = (None, None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::label => name = self.label(part),
                Rule::spread => spread = Some(self.span(&part)),
                Rule::stray => self.report_stray_in_arg(&part, value.as_ref()),
                _ => value = Some(self.expr(part)),
            }
        }
        Arg {
            span,
            name,
            spread,
            value: value.unwrap_or_else(|| self.error_expr(span)),
        }
    }

    fn index(&mut self, base: Box<Expr>, pair: Node<'t>) -> ExprKind {
        let place = self.span(&pair);
        let mut index = None;
        let mut slice = false;
        self.apart(|b| {
            for part in pair.into_inner() {
                match part.as_rule() {
                    Rule::stray_index if part.as_str().starts_with(':') => {
                        slice = true;
                        b.report_slice(&part, place);
                    }
                    Rule::stray_index => b.report_unexpected(&part),
                    _ => index = Some(b.expr(part)),
                }
            }
        });
        if slice {
            return ExprKind::Error;
        }
        ExprKind::Index {
            base,
            index: Box::new(index.unwrap_or_else(|| self.error_expr(place))),
        }
    }

    fn field(&mut self, base: Box<Expr>, pair: Node<'t>) -> ExprKind {
        let mut optional = false;
        let mut name: Option<Ident> = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::field_op => optional = part.as_str() == "?.",
                Rule::number => {
                    let span = self.span(&part);
                    match base.kind {
                        ExprKind::Int(_) | ExprKind::Float(_) => self.report_second_point(span),
                        _ => self.report_tuple_index(span),
                    }
                    return ExprKind::Error;
                }
                // `1.` at the end of a line, or with nothing behind it.
                _ if matches!(base.kind, ExprKind::Int(_)) && self.ends_in_point(base.span) => {
                    let gap = Span {
                        start: base.span.end + 1,
                        end: base.span.end + 1,
                        ..base.span
                    };
                    self.report_half_float(gap, gap);
                    return ExprKind::Error;
                }
                _ => name = Some(self.ident(&part, "a name after `.`")),
            }
        }
        match name {
            Some(name) => ExprKind::Field {
                base,
                name,
                optional,
            },
            None => ExprKind::Error,
        }
    }

    fn paren(&mut self, pair: Node<'t>) -> ExprKind {
        let comma = super::types::trailing_comma(&pair);
        let mut fields = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::tuple_field => fields.push(self.apart(|b| b.tuple_field(part))),
                Rule::stray_commas => self.report_unexpected(&part),
                _ => {}
            }
        }
        if let [only] = &fields[..]
            && only.name.is_none()
        {
            if let Some(at) = comma {
                self.report_tuple_of_one(at);
            }
            return match fields.pop() {
                Some(only) => ExprKind::Paren(Box::new(only.value)),
                None => ExprKind::Error,
            };
        }
        ExprKind::Tuple(fields)
    }

    fn tuple_field(&mut self, pair: Node<'t>) -> TupleField {
        let span = self.span(&pair);
        let (mut name, mut value) = (None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::label => name = self.label(part),
                Rule::stray => self.report_stray_in_arg(&part, value.as_ref()),
                _ => value = Some(self.expr(part)),
            }
        }
        TupleField {
            name,
            value: value.unwrap_or_else(|| self.error_expr(span)),
        }
    }

    fn bracket(&mut self, pair: Node<'t>) -> ExprKind {
        let mut elements: Vec<Element> = Vec::new();
        let mut entries: Vec<(Expr, Expr)> = Vec::new();
        let mut is_map = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::empty_map => is_map = Some(true),
                Rule::element => {
                    let (element, mapped) = self.apart(|b| b.element(part));
                    if *is_map.get_or_insert(mapped.is_some()) != mapped.is_some() {
                        self.report_mixed_list(element.value.span);
                    }
                    match mapped {
                        Some(value) => entries.push((element.value, value)),
                        None => elements.push(element),
                    }
                }
                _ => self.report_unexpected(&part),
            }
        }
        match is_map {
            Some(true) => ExprKind::Map(entries),
            _ => ExprKind::List(elements),
        }
    }

    /// An element of a list, or key and value of a map.
    fn element(&mut self, pair: Node<'t>) -> (Element, Option<Expr>) {
        let span = self.span(&pair);
        let mut spread = None;
        let mut values: Vec<Expr> = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::spread => spread = Some(self.span(&part)),
                Rule::stray => self.report_unexpected(&part),
                _ => values.push(self.expr(part)),
            }
        }
        let mapped = if values.len() > 1 { values.pop() } else { None };
        if let (Some(dots), Some(_)) = (spread, &mapped) {
            self.report_spread_in_map(dots);
        }
        let value = values.pop().unwrap_or_else(|| self.error_expr(span));
        (Element { spread, value }, mapped)
    }

    fn closure(&mut self, pair: Node<'t>) -> ExprKind {
        let whole = self.span(&pair);
        let mut params = Vec::new();
        let mut body = None;
        let mut parts = pair.into_inner();
        let unclosed = parts
            .clone()
            .any(|part| part.as_rule() == Rule::missing_bar);
        if unclosed {
            self.report_missing_bar(whole);
        }
        for part in parts.by_ref() {
            match part.as_rule() {
                Rule::closure_param if unclosed => params.push(self.closure_param(part)),
                Rule::closure_param => params.push(self.apart(|b| b.closure_param(part))),
                Rule::missing_bar => {}
                _ => body = Some(self.expr(part)),
            }
        }
        ExprKind::Closure {
            params,
            body: Box::new(body.unwrap_or_else(|| self.error_expr(whole.at_end()))),
        }
    }

    fn closure_param(&mut self, pair: Node<'t>) -> ClosureParam {
        let whole = self.span(&pair);
        let (mut pattern, mut ty) = (None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::annotation => ty = part.into_inner().next().map(|ty| self.ty(ty)),
                Rule::stray_closure_param => self.report_unexpected(&part),
                _ => pattern = Some(self.pattern(part, false, "a parameter's name")),
            }
        }
        let pattern = pattern.unwrap_or_else(|| crate::ast::Pattern {
            id: self.id(),
            span: whole,
            kind: crate::ast::PatternKind::Error,
        });
        ClosureParam { pattern, ty }
    }
}
