//! Patterns: what they bind, and whether they fit.

use dynop_base::codes::{names, types};
use dynop_base::{Diagnostic, Span, Symbol};
use dynop_syntax::ast::{self, ElementPattern, FieldPattern, Ident, PatternKind as Kind};

use super::variants::Parts;
use super::{BodyChecker, Bound, Mode, Origin};
use crate::context::Definition;
use crate::hir::{Expr, ExprKind, LocalId, Pattern, PatternKind};
use crate::ty::Ty;

impl BodyChecker<'_, '_> {
    /// A pattern held against a value of type `ty`; binds its names in the innermost scope.
    pub fn pattern(
        &mut self,
        pattern: &ast::Pattern,
        ty: &Ty,
        mutable: bool,
        origin: Bound,
    ) -> Pattern {
        let first = self.locals.len();
        let bound = self.pattern_inner(pattern, ty, mutable, origin);
        self.names_once(first);
        bound
    }

    /// Reports a name that one pattern binds twice.
    fn names_once(&mut self, first: usize) {
        let count = self.locals.len() - first;
        if count < 2 {
            return;
        }
        let mut seen: std::collections::HashMap<Symbol, Span> = std::collections::HashMap::new();
        for index in first..self.locals.len() {
            let local = &self.locals[index];
            let (name, span) = (local.name, local.span);
            // Alternatives bind the same names: those of the later ones stand for the first's.
            if name == "_" || self.facts[index].alternative {
                continue;
            }
            if let Some(first) = seen.insert(name, span) {
                self.report(crate::names::twice(Ident { name, span }, first));
            }
        }
    }

    pub(super) fn pattern_inner(
        &mut self,
        pattern: &ast::Pattern,
        ty: &Ty,
        mutable: bool,
        origin: Bound,
    ) -> Pattern {
        let span = pattern.span;
        let ty = self.infer.shallow(ty);
        let kind = match &pattern.kind {
            Kind::Wildcard | Kind::Error => PatternKind::Wildcard,
            Kind::Name(name) => self.name_pattern(*name, &ty, mutable, origin, span),
            Kind::Literal(literal) => self.literal_pattern(literal, &ty),
            Kind::Range {
                start,
                end,
                inclusive,
            } => self.range_pattern(start, end, *inclusive, &ty, span),
            Kind::None => match self.option_item(&ty, "`none`", span) {
                Some(_) => PatternKind::None,
                None => PatternKind::Wildcard,
            },
            Kind::Tuple(fields) => self.tuple_pattern(fields, &ty, mutable, origin, span),
            Kind::Constructor { path, fields, rest } => {
                self.constructor_pattern(path, fields.as_deref(), *rest, &ty, mutable, origin, span)
            }
            Kind::List(elements) => self.list_pattern(elements, &ty, mutable, origin, span),
            Kind::Or(alternatives) => self.or_pattern(alternatives, &ty, mutable, origin),
        };
        Pattern { kind, ty, span }
    }

    fn name_pattern(
        &mut self,
        name: Symbol,
        ty: &Ty,
        mutable: bool,
        origin: Bound,
        span: Span,
    ) -> PatternKind {
        let ident = Ident { name, span };
        if origin == Bound::Arm && self.bare_case(ident, ty, false) {
            return PatternKind::Wildcard;
        }
        if origin == Bound::Arm
            && self.local(name).is_none()
            && let Some(Definition::Const(id)) = self.cx.resolve(self.module, name)
        {
            self.cx.note_definition(span, Definition::Const(id));
            let constant = &self.cx.program.consts[id.0 as usize];
            let const_type = constant.ty.clone();
            let value = Expr {
                kind: ExprKind::Const(id),
                ty: const_type,
                span,
            };
            return PatternKind::Literal(self.coerce(
                value,
                ty,
                Origin::Rule("the value that is matched has another type"),
            ));
        }
        PatternKind::Bind(self.bind(ident, ty.clone(), mutable, origin))
    }

    fn literal_pattern(&mut self, literal: &ast::Expr, ty: &Ty) -> PatternKind {
        let origin = Origin::Rule("the value that is matched has another type");
        let mode = std::mem::replace(&mut self.mode, Mode::Constant);
        // A literal held against an option matches the value in it.
        let value = match ty {
            Ty::Option(inner) => {
                let value = self.check(literal, inner, origin);
                let span = value.span;
                let pattern = Pattern {
                    ty: (**inner).clone(),
                    kind: literal_kind(value),
                    span,
                };
                self.mode = mode;
                return PatternKind::Some(Box::new(pattern));
            }
            _ => self.check(literal, ty, origin),
        };
        self.mode = mode;
        literal_kind(value)
    }

    fn range_pattern(
        &mut self,
        start: &ast::Expr,
        end: &ast::Expr,
        inclusive: bool,
        ty: &Ty,
        span: Span,
    ) -> PatternKind {
        if !self.infer.unify(ty, &Ty::Int) {
            self.range_of_others(ty, span);
            return PatternKind::Wildcard;
        }
        let rule = Origin::Rule("a range pattern matches an `Int`");
        let start = self.check(start, &Ty::Int, rule);
        let end = self.check(end, &Ty::Int, rule);
        match (&start.kind, &end.kind) {
            (ExprKind::Int(start), ExprKind::Int(end)) => PatternKind::Range {
                start: *start,
                end: *end,
                inclusive,
            },
            (ExprKind::Error, _) | (_, ExprKind::Error) => PatternKind::Wildcard,
            _ => {
                self.report(
                    Diagnostic::new(
                        &types::PATTERN,
                        span,
                        "the ends of a range pattern are integer literals",
                    )
                    .here("computed ends can't be matched")
                    .help("bind the value and compare it in a guard: `x if a <= x and x < b => …`"),
                );
                PatternKind::Wildcard
            }
        }
    }

    fn range_of_others(&mut self, ty: &Ty, span: Span) {
        if matches!(ty, Ty::Error | Ty::Never) {
            return;
        }
        let text = self.show(ty);
        self.report(
            Diagnostic::new(
                &types::PATTERN,
                span,
                format!("a range pattern matches an `Int`, the value is a `{text}`"),
            )
            .here(format!("held against a `{text}`"))
            .help("compare in a guard: `x if a <= x and x < b => …`"),
        );
    }

    /// The item type of an option, for a pattern that takes one apart.
    fn option_item(&mut self, ty: &Ty, what: &str, span: Span) -> Option<Ty> {
        match ty {
            Ty::Option(item) => Some((**item).clone()),
            Ty::Error => Some(Ty::Error),
            Ty::Infer(_) => {
                let item = self.infer.fresh(span);
                self.infer.unify(ty, &Ty::option(item.clone()));
                Some(item)
            }
            _ => {
                self.pattern_mismatch(what, "an option", ty, span);
                None
            }
        }
    }

    pub(super) fn pattern_mismatch(&mut self, what: &str, wanted: &str, ty: &Ty, span: Span) {
        if matches!(ty, Ty::Error | Ty::Never) {
            return;
        }
        let text = self.show(ty);
        self.report(
            Diagnostic::new(
                &types::PATTERN,
                span,
                format!("the pattern {what} matches {wanted}, the value is a `{text}`"),
            )
            .here(format!("held against a `{text}`"))
            .help(format!(
                "match a `{text}` with a name, `_` or {}",
                fitting(ty)
            )),
        );
    }

    fn tuple_pattern(
        &mut self,
        fields: &[FieldPattern],
        ty: &Ty,
        mutable: bool,
        origin: Bound,
        span: Span,
    ) -> PatternKind {
        let types: Vec<Ty> = match ty {
            Ty::Tuple(items) => items.to_vec(),
            Ty::NamedTuple(items) => items.iter().map(|(_, ty)| ty.clone()).collect(),
            Ty::Unit => Vec::new(),
            Ty::Infer(_) if fields.iter().all(|field| field.name.is_none()) && fields.len() > 1 => {
                let items = self.infer.fresh_list(fields.len(), span);
                self.infer.unify(ty, &Ty::Tuple(items.clone().into()));
                items
            }
            Ty::Error | Ty::Never => vec![Ty::Error; fields.len()],
            _ => {
                let parts = format!("of {}", crate::types::count(fields.len(), "part"));
                self.pattern_mismatch(&parts, "a tuple", ty, span);
                vec![Ty::Error; fields.len()]
            }
        };
        let broken = matches!(ty, Ty::Error | Ty::Never) || types.contains(&Ty::Error);
        if fields.iter().any(|field| field.name.is_some()) {
            return self.named_parts(fields, ty, &types, mutable, origin);
        }
        if types.len() != fields.len() && !broken {
            let text = self.show(ty);
            self.report(
                Diagnostic::new(
                    &types::PATTERN,
                    span,
                    format!(
                        "the pattern has {}, the tuple has {}",
                        crate::types::count(fields.len(), "part"),
                        crate::types::count(types.len(), "part")
                    ),
                )
                .here(format!("held against a `{text}`"))
                .help("write `_` for a part that is not wanted"),
            );
        }
        let parts = fields
            .iter()
            .enumerate()
            .map(|(i, field)| {
                let ty = types.get(i).cloned().unwrap_or(Ty::Error);
                let pattern = self.pattern_inner(&field.pattern, &ty, mutable, origin);
                (i as u32, pattern)
            })
            .filter(|(i, _)| (*i as usize) < types.len())
            .collect();
        PatternKind::Fields(parts)
    }

    fn named_parts(
        &mut self,
        fields: &[FieldPattern],
        ty: &Ty,
        types: &[Ty],
        mutable: bool,
        origin: Bound,
    ) -> PatternKind {
        let mut parts: Vec<(u32, Pattern)> = Vec::with_capacity(fields.len());
        let by_order = fields.iter().all(|field| field.name.is_none()) && !fields.is_empty();
        if let (true, Ty::Struct(..)) = (by_order, ty) {
            self.fields_by_order(fields, ty);
            self.bind_nowhere(fields, mutable, origin);
            return PatternKind::Wildcard;
        }
        for field in fields {
            let found = match field.name {
                Some(name) => self.find_field(ty, name.name),
                None => None,
            };
            if let (Some((index, _)), Some(name)) = (&found, field.name) {
                self.cx.note_field(name.span, ty, *index);
            }
            let of = found.as_ref().map_or(Ty::Error, |(_, ty)| ty.clone());
            let pattern = self.pattern_inner(&field.pattern, &of, mutable, origin);
            match (found, field.name) {
                (Some((index, _)), Some(name)) => {
                    if parts.iter().any(|(other, _)| *other == index) {
                        self.report(
                            Diagnostic::new(
                                &names::TWICE,
                                name.span,
                                format!("the field `{}` is matched twice", name.name),
                            )
                            .here("again here")
                            .help("remove one of the two"),
                        );
                    } else {
                        parts.push((index, pattern));
                    }
                }
                (None, Some(name)) if !matches!(ty, Ty::Error | Ty::Never) => {
                    let text = self.show(ty);
                    let fields = self.field_names(ty);
                    let diagnostic = Diagnostic::new(
                        &types::UNKNOWN_FIELD,
                        name.span,
                        format!("a `{text}` has no field `{}`", name.name),
                    )
                    .here("no such field");
                    let diagnostic = self.with_nearest(diagnostic, name, fields);
                    self.report(diagnostic);
                }
                (_, None) if !types.contains(&Ty::Error) => self.report(
                    Diagnostic::new(
                        &types::PATTERN,
                        field.pattern.span,
                        "either all parts of the pattern have names, or none",
                    )
                    .here("this part has no name")
                    .help("write each part as `name: pattern`, or all of them by order"),
                ),
                _ => {}
            }
        }
        PatternKind::Fields(parts)
    }

    /// `Point(x, y)` in a pattern: the fields of a struct have names there too.
    fn fields_by_order(&mut self, fields: &[FieldPattern], ty: &Ty) {
        let (Some(first), Some(last)) = (fields.first(), fields.last()) else {
            return;
        };
        let span = first.pattern.span.to(last.pattern.span);
        let text = self.show(ty);
        let names = self.field_names(ty);
        let diagnostic = Diagnostic::new(
            &types::PATTERN,
            span,
            format!("the fields of a `{text}` are matched by name"),
        )
        .here("names are missing here");
        let written = names
            .iter()
            .map(|name| format!("{name}: {name}"))
            .collect::<Vec<_>>()
            .join(", ");
        self.report(if names.len() == fields.len() && names.len() <= 4 {
            diagnostic.help(format!("write `{text}({written})`"))
        } else {
            diagnostic.help("write `name: pattern` for each field, and `..` for all others")
        });
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "the parts of one node of the tree"
    )]
    fn constructor_pattern(
        &mut self,
        path: &[Ident],
        fields: Option<&[FieldPattern]>,
        rest: Option<Span>,
        ty: &Ty,
        mutable: bool,
        origin: Bound,
        span: Span,
    ) -> PatternKind {
        if let [name] = path
            && name.name == "some"
        {
            let item = self.option_item(ty, "`some(…)`", span);
            let [part] = fields.unwrap_or_default() else {
                self.report(
                    Diagnostic::new(&types::PATTERN, span, "`some` holds one value")
                        .here("not one value")
                        .help("write `some(x)`; a tuple in it is `some((a, b))`"),
                );
                return PatternKind::Wildcard;
            };
            let inner = self.pattern_inner(
                &part.pattern,
                &item.clone().unwrap_or(Ty::Error),
                mutable,
                origin,
            );
            return match item {
                Some(_) => PatternKind::Some(Box::new(inner)),
                None => PatternKind::Wildcard,
            };
        }
        if let Some((named, case)) = self.enum_of_path(path) {
            let parts = Parts { fields, rest, span };
            return self.variant_pattern(named, *case, parts, ty, mutable, origin);
        }
        if let [name] = path
            && self.bare_case(*name, ty, fields.is_some())
        {
            self.bind_nowhere(fields.unwrap_or_default(), mutable, origin);
            return PatternKind::Wildcard;
        }
        let definition = match path {
            [name] => self.cx.resolve(self.module, name.name),
            [module, name] => match self.cx.resolve(self.module, module.name) {
                Some(Definition::Module(module)) => self.module_member(module, *name),
                other => other,
            },
            _ => None,
        };
        if let (Some(definition), Some(name)) = (definition, path.last()) {
            self.cx.note_definition(name.span, definition);
        }
        let fields = fields.unwrap_or_default();
        match (definition, ty) {
            // As with a literal or a case: a struct held against an option matches the value in it.
            (Some(Definition::Struct(id)), Ty::Option(inner)) if matches!(self.infer.shallow(inner), Ty::Struct(of, _) if of == id) =>
            {
                let inner = self.infer.shallow(inner);
                let kind = self.named_parts(fields, &inner, &[], mutable, origin);
                self.check_all_named(&kind, &inner, rest, span);
                PatternKind::Some(Box::new(Pattern {
                    kind,
                    ty: inner,
                    span,
                }))
            }
            (Some(Definition::Struct(id)), Ty::Struct(of, _)) if id == *of => {
                let parts = self.named_parts(fields, ty, &[], mutable, origin);
                self.check_all_named(&parts, ty, rest, span);
                parts
            }
            (None, _) => {
                self.bind_nowhere(fields, mutable, origin);
                if let Some(name) = path.first() {
                    self.unknown_name(name.name, name.span);
                }
                PatternKind::Wildcard
            }
            _ => {
                self.bind_nowhere(fields, mutable, origin);
                let name = path.last().map_or("_", |name| name.name.as_str());
                self.pattern_mismatch(&format!("`{name}(…)`"), &format!("a `{name}`"), ty, span);
                PatternKind::Wildcard
            }
        }
    }

    /// Binds the names of a pattern whose value is broken, so that their uses give no further messages.
    pub(super) fn bind_nowhere(&mut self, fields: &[FieldPattern], mutable: bool, origin: Bound) {
        for field in fields {
            self.pattern_inner(&field.pattern, &Ty::Error, mutable, origin);
        }
    }

    fn check_all_named(&mut self, parts: &PatternKind, ty: &Ty, rest: Option<Span>, span: Span) {
        let (PatternKind::Fields(parts), None) = (parts, rest) else {
            return;
        };
        let missing: Vec<String> = self
            .field_names(ty)
            .into_iter()
            .enumerate()
            .filter(|(i, _)| !parts.iter().any(|(index, _)| *index as usize == *i))
            .map(|(_, name)| format!("`{name}`"))
            .collect();
        if missing.is_empty() {
            return;
        }
        self.report(
            Diagnostic::new(
                &types::PATTERN,
                span,
                format!(
                    "the pattern does not name {}",
                    crate::signatures::list_of(missing)
                ),
            )
            .here("not all fields are named")
            .help("end it with `..` to leave the others out"),
        );
    }

    fn list_pattern(
        &mut self,
        elements: &[ElementPattern],
        ty: &Ty,
        mutable: bool,
        origin: Bound,
        span: Span,
    ) -> PatternKind {
        let item = match ty {
            Ty::List(item) => (**item).clone(),
            Ty::Infer(_) => {
                let item = self.infer.fresh(span);
                self.infer.unify(ty, &Ty::list(item.clone()));
                item
            }
            _ => {
                self.pattern_mismatch("`[…]`", "a list", ty, span);
                Ty::Error
            }
        };
        let list = if item == Ty::Error {
            Ty::Error
        } else {
            Ty::list(item.clone())
        };
        let (mut before, mut after) = (Vec::new(), Vec::new());
        let mut rest: Option<Option<LocalId>> = None;
        for element in elements {
            match element {
                ElementPattern::One(pattern) => {
                    let part = self.pattern_inner(pattern, &item, mutable, origin);
                    if rest.is_some() {
                        after.push(part);
                    } else {
                        before.push(part);
                    }
                }
                ElementPattern::Rest { span, .. } if rest.is_some() => self.report(
                    Diagnostic::new(
                        &types::PATTERN,
                        *span,
                        "a list pattern has at most one `..`",
                    )
                    .here("a second one")
                    .help("keep one of them: what stands before and after it is matched from the two ends"),
                ),
                ElementPattern::Rest { name, .. } => {
                    let bound = name.filter(|name| name.name != "_");
                    rest = Some(bound.map(|name| self.bind(name, list.clone(), mutable, origin)));
                }
            }
        }
        if item == Ty::Error {
            return PatternKind::Wildcard;
        }
        PatternKind::List {
            before,
            rest,
            after,
        }
    }
}

fn literal_kind(value: Expr) -> PatternKind {
    match value.kind {
        ExprKind::Error => PatternKind::Wildcard,
        _ => PatternKind::Literal(value),
    }
}

/// The patterns that take a type apart.
fn fitting(ty: &Ty) -> &'static str {
    match ty {
        Ty::Option(_) => "`none` and `some(x)`",
        Ty::List(_) => "a list such as `[first, ..rest]`",
        Ty::Tuple(_) => "its parts `(a, b)`",
        Ty::NamedTuple(_) => "its parts by name",
        Ty::Struct(..) => "its fields, `Name(field: x, ..)`",
        Ty::Enum(..) => "its cases, `Name.Case(x)`",
        Ty::Int => "a number or a range such as `0..10`",
        Ty::Str => "a text such as `\"yes\"`",
        Ty::Bool => "`true` and `false`",
        _ => "a guard, `x if … => …`",
    }
}
