//! Patterns.

use dynop_base::Span;

use super::{Builder, Node};
use crate::ast::{
    ElementPattern, Expr, ExprKind, FieldPattern, Ident, Pattern, PatternKind, UnaryOp,
};
use crate::grammar::Rule;

impl<'t> Builder<'t> {
    fn pattern_of(&mut self, span: Span, kind: PatternKind) -> Pattern {
        Pattern {
            id: self.id(),
            span,
            kind,
        }
    }

    /// A `pattern`, `missing_pattern` or `alternatives`. `arm` tells whether alternatives are allowed.
    pub(super) fn pattern(&mut self, pair: Node<'t>, arm: bool, what: &str) -> Pattern {
        let span = self.span(&pair);
        match pair.as_rule() {
            Rule::alternatives => self.alternatives(pair, arm),
            Rule::pattern => {
                let Some(base) = pair.into_inner().next() else {
                    return self.pattern_of(span, PatternKind::Error);
                };
                let (kind, fits) = self.tall(|b| b.pattern_kind(base, arm));
                if !fits {
                    self.report_too_deep(span);
                    return self.pattern_of(span, PatternKind::Error);
                }
                self.pattern_of(span, kind)
            }
            _ => {
                self.report_missing(what, span.start as usize);
                self.pattern_of(span, PatternKind::Error)
            }
        }
    }

    fn alternatives(&mut self, pair: Node<'t>, arm: bool) -> Pattern {
        let span = self.span(&pair);
        let mut all: Vec<Pattern> = Vec::new();
        for part in pair.into_inner() {
            all.push(self.pattern(part, arm, "a pattern"));
        }
        if all.len() > 1 {
            if !arm {
                self.report_alternatives(span);
            }
            return self.pattern_of(span, PatternKind::Or(all));
        }
        match all.pop() {
            Some(only) => only,
            None => self.pattern_of(span, PatternKind::Error),
        }
    }

    fn pattern_kind(&mut self, pair: Node<'t>, arm: bool) -> PatternKind {
        match pair.as_rule() {
            Rule::wildcard => PatternKind::Wildcard,
            Rule::path_pattern => self.path_pattern(pair, arm),
            Rule::literal_pattern => {
                let value = self.literal_pattern(pair);
                match value.kind {
                    ExprKind::None => PatternKind::None,
                    ExprKind::Error => PatternKind::Error,
                    _ => PatternKind::Literal(Box::new(value)),
                }
            }
            Rule::range_pattern => self.range_pattern(pair),
            Rule::tuple_pattern => self.tuple_pattern(pair, arm),
            Rule::list_pattern => self.list_pattern(pair, arm),
            Rule::reserved_pattern => {
                let span = self.span(&pair);
                self.report_reserved(span);
                PatternKind::Error
            }
            _ => PatternKind::Error,
        }
    }

    fn path_pattern(&mut self, pair: Node<'t>, arm: bool) -> PatternKind {
        let mut path: Vec<Ident> = Vec::new();
        let mut fields = None;
        let mut rest = None;
        for part in pair.into_inner() {
            if part.as_rule() == Rule::fields_pattern {
                let (read, dots) = self.field_patterns(part, arm);
                fields = Some(read);
                rest = dots;
            } else {
                path.push(self.ident(&part, "a name after `.`"));
            }
        }
        match (&path[..], &fields) {
            ([only], None) => PatternKind::Name(only.name),
            _ => PatternKind::Constructor { path, fields, rest },
        }
    }

    /// The parts between brackets, and where `..` stands.
    fn field_patterns(&mut self, pair: Node<'t>, arm: bool) -> (Vec<FieldPattern>, Option<Span>) {
        let mut fields = Vec::new();
        let mut rest = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::field_pattern => match self.apart(|b| b.field_pattern(part, arm)) {
                    Part::Rest { span, name } => {
                        if let Some(name) = name {
                            self.report_named_rest(span, name.span);
                        }
                        if rest.replace(span).is_some() {
                            self.report_second_rest(span);
                        }
                    }
                    Part::Field(field) => fields.push(field),
                },
                Rule::stray_commas => self.report_unexpected(&part),
                _ => {}
            }
        }
        (fields, rest)
    }

    fn field_pattern(&mut self, pair: Node<'t>, arm: bool) -> Part {
        let whole = self.span(&pair);
        let mut name = None;
        let mut pattern = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::rest_pattern => return self.rest_pattern(part),
                Rule::label => name = self.label(part),
                Rule::stray => self.report_unexpected(&part),
                _ => pattern = Some(self.pattern(part, arm, "a pattern")),
            }
        }
        let pattern = pattern.unwrap_or_else(|| self.pattern_of(whole, PatternKind::Error));
        Part::Field(FieldPattern { name, pattern })
    }

    fn rest_pattern(&mut self, pair: Node<'t>) -> Part {
        let span = self.span(&pair);
        let mut name = None;
        for part in pair.into_inner() {
            if part.as_rule() == Rule::name {
                name = Some(self.ident(&part, "a name"));
            } else {
                self.report_unexpected(&part);
            }
        }
        Part::Rest { span, name }
    }

    fn tuple_pattern(&mut self, pair: Node<'t>, arm: bool) -> PatternKind {
        let comma = super::types::trailing_comma(&pair);
        let (mut fields, rest) = self.field_patterns(pair, arm);
        if let Some(rest) = rest {
            self.report_rest_in_tuple(rest);
        }
        match &fields[..] {
            [only] if only.name.is_none() => {
                if let Some(at) = comma {
                    self.report_tuple_of_one(at);
                }
                fields
                    .pop()
                    .map_or(PatternKind::Error, |only| only.pattern.kind)
            }
            _ => PatternKind::Tuple(fields),
        }
    }

    fn list_pattern(&mut self, pair: Node<'t>, arm: bool) -> PatternKind {
        let mut elements = Vec::new();
        let mut rest = false;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::field_pattern => match self.apart(|b| b.field_pattern(part, arm)) {
                    Part::Rest { span, name } => {
                        if std::mem::replace(&mut rest, true) {
                            self.report_second_rest(span);
                        }
                        elements.push(ElementPattern::Rest { span, name });
                    }
                    Part::Field(field) => {
                        if let Some(name) = field.name {
                            self.report_named_element(name.span);
                        }
                        elements.push(ElementPattern::One(field.pattern));
                    }
                },
                Rule::stray_commas => self.report_unexpected(&part),
                _ => {}
            }
        }
        PatternKind::List(elements)
    }

    fn range_pattern(&mut self, pair: Node<'t>) -> PatternKind {
        let mut inclusive = false;
        let mut ends: Vec<Expr> = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::range_op => inclusive = part.as_str() == "..=",
                Rule::literal_pattern => ends.push(self.literal_pattern(part)),
                _ => {
                    let span = self.span(&part);
                    self.report_missing("the end of the range", span.start as usize);
                    ends.push(self.error_expr(span));
                }
            }
        }
        let (end, start) = (ends.pop(), ends.pop());
        match (start, end) {
            (Some(start), Some(end)) => PatternKind::Range {
                start: Box::new(start),
                end: Box::new(end),
                inclusive,
            },
            _ => PatternKind::Error,
        }
    }

    fn literal_pattern(&mut self, pair: Node<'t>) -> Expr {
        let span = self.span(&pair);
        let mut negative = false;
        for part in pair.into_inner() {
            if part.as_rule() == Rule::minus {
                negative = true;
                continue;
            }
            let computed = part.as_rule() == Rule::template;
            let place = self.span(&part);
            let value = self.literal(part);
            if computed {
                self.report_computed_pattern(place);
                return self.error_expr(place);
            }
            if negative {
                return self.expr_node(span, |_| ExprKind::Unary {
                    op: UnaryOp::Neg,
                    operand: Box::new(value),
                });
            }
            return value;
        }
        self.error_expr(span)
    }
}

/// What stands between two commas of a pattern's brackets.
enum Part {
    Field(FieldPattern),
    Rest { span: Span, name: Option<Ident> },
}
