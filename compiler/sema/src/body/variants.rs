//! Enums: values of their cases, and the patterns that take them apart.

use dynop_base::codes::{enums, names, types};
use dynop_base::{Applicability, Diagnostic, Span};
use dynop_syntax::ast::{self, FieldPattern, Ident};

use super::arguments::Written;
use super::expressions::made;
use super::{BodyChecker, Bound, Origin};
use crate::context::Definition;
use crate::hir::{self, EnumId, Expr, ExprKind, Pattern, PatternKind};
use crate::signatures::list_of;
use crate::substitute::substitute;
use crate::ty::Ty;
use crate::types::{count, were};

/// An enum that is named before a case, with its type arguments where an alias gives them.
pub(super) struct Named {
    id: EnumId,
    args: Option<Vec<Ty>>,
}

/// A case of an enum whose type arguments are known or variables.
struct Case {
    id: EnumId,
    index: usize,
    args: Vec<Ty>,
}

/// The parentheses of a constructor pattern.
#[derive(Clone, Copy)]
pub(super) struct Parts<'t> {
    /// What is between them; `None` without parentheses.
    pub fields: Option<&'t [FieldPattern]>,
    /// Where `..` stands.
    pub rest: Option<Span>,
    /// The whole pattern.
    pub span: Span,
}

impl BodyChecker<'_, '_> {
    /// The enum that an expression names: `Shape`, `shapes.Shape`, or an alias of one.
    pub(super) fn enum_named(&mut self, base: &ast::Expr) -> Option<Named> {
        let definition = match &base.kind {
            ast::ExprKind::Name(name) if self.local(*name).is_none() => {
                self.cx.resolve(self.module, *name)?
            }
            ast::ExprKind::Field {
                base: module,
                name,
                optional: false,
            } => {
                let module = self.module_of(module)?;
                crate::names::public_member(self.cx, self.module, module, *name).ok()?
            }
            _ => return None,
        };
        let place = match &base.kind {
            ast::ExprKind::Field { name, .. } => name.span,
            _ => base.span,
        };
        let named = self.as_enum(definition, base.span)?;
        self.cx.note_definition(place, definition);
        Some(named)
    }

    fn as_enum(&mut self, definition: Definition, span: Span) -> Option<Named> {
        match definition {
            Definition::Enum(id) => Some(Named { id, args: None }),
            Definition::Alias(alias) => {
                let Ty::Enum(id, args) = &self.cx.alias_types[alias.0 as usize] else {
                    return None;
                };
                let (id, args) = (*id, args.to_vec());
                let generics = self.cx.aliases[alias.0 as usize].decl.generics.len();
                let fresh = self.infer.fresh_list(generics, span);
                let args = args.iter().map(|ty| substitute(ty, &fresh)).collect();
                Some(Named {
                    id,
                    args: Some(args),
                })
            }
            _ => None,
        }
    }

    /// The case `name` of an enum; an unknown one is reported.
    fn case(&mut self, named: Named, name: Ident, hint: Option<&Ty>) -> Option<Case> {
        let item = self.cx.enum_of(named.id);
        let Some(index) = item.variants.iter().position(|one| one.name == name.name) else {
            self.unknown_case(named.id, name);
            return None;
        };
        self.cx.note_use(name.span, item.variants[index].span);
        let hinted = hint.map(|hint| match self.infer.shallow(hint) {
            Ty::Option(inner) => self.infer.shallow(&inner),
            other => other,
        });
        let args = match (named.args, hinted) {
            (Some(args), _) => args,
            (None, Some(Ty::Enum(of, args))) if of == named.id => args.to_vec(),
            _ => self.infer.fresh_list(item.generics.len(), name.span),
        };
        Some(Case {
            id: named.id,
            index,
            args,
        })
    }

    fn unknown_case(&mut self, id: EnumId, name: Ident) {
        let item = self.cx.enum_of(id);
        let cases: Vec<&'static str> = item.variants.iter().map(|one| one.name.as_str()).collect();
        let listed = list_of(cases.iter().map(|case| format!("`{case}`")));
        let diagnostic = Diagnostic::new(
            &enums::UNKNOWN_CASE,
            name.span,
            format!("the enum `{}` has no case `{}`", item.name, name.name),
        )
        .here("no such case");
        let diagnostic = if self.cx.is_std(self.cx.enums[id.0 as usize].module) {
            diagnostic
        } else {
            diagnostic.label(item.name_span, "declared here")
        };
        let diagnostic = if cases.is_empty() {
            diagnostic.note("it has no cases")
        } else {
            diagnostic.note(format!("it has {listed}"))
        };
        let before = diagnostic.helps.len();
        let diagnostic = self.with_near(diagnostic, name, cases.iter().copied());
        let diagnostic = match cases.first() {
            _ if diagnostic.helps.len() > before => diagnostic,
            None => diagnostic.help(format!(
                "add the case: `enum {} {{ {} }}`",
                item.name, name.name
            )),
            Some(_) => {
                let written: Vec<String> = cases
                    .iter()
                    .take(3)
                    .map(|case| format!("`{}.{case}`", item.name))
                    .collect();
                diagnostic.help(format!(
                    "write one that it has, such as {}, or add `{}` to the enum",
                    written.join(" or "),
                    name.name
                ))
            }
        };
        self.report(diagnostic);
    }

    /// `Shape.Empty`; a case with a payload is the function that makes it.
    pub(super) fn case_value(
        &mut self,
        named: Named,
        name: Ident,
        hint: Option<&Ty>,
        span: Span,
    ) -> Expr {
        let result = match hint.map(|hint| self.infer.shallow(hint)) {
            Some(Ty::Fn(function)) => Some(function.result.clone()),
            other => other,
        };
        let Some(case) = self.case(named, name, result.as_ref()) else {
            return self.error_expr(span);
        };
        let payload = self.payload_types(&case);
        if payload.is_empty() {
            return self.variant(&case, Vec::new(), span);
        }
        if self.mode == super::Mode::Constant {
            self.payload_missing(&case, span);
            return self.error_expr(span);
        }
        let params: Vec<hir::LocalId> = payload
            .iter()
            .map(|ty| self.hidden(ty.clone(), span))
            .collect();
        let values = params
            .iter()
            .zip(&payload)
            .map(|(&param, ty)| made(ExprKind::Local(param), ty.clone(), span))
            .collect();
        let body = self.variant(&case, values, span);
        let ty = Ty::function(payload, body.ty.clone());
        made(
            ExprKind::Closure {
                params,
                captures: Vec::new(),
                body: Box::new(body),
            },
            ty,
            span,
        )
    }

    fn payload_missing(&mut self, case: &Case, span: Span) {
        let text = self.case_text(case);
        self.report(
            Diagnostic::new(
                &types::ARGUMENTS,
                span,
                format!("`{text}` holds values, none are given"),
            )
            .here("its payload is missing")
            .help(format!("write `{text}(…)`")),
        );
    }

    /// `Shape.Circle(2.0)`
    pub(super) fn make_variant(
        &mut self,
        named: Named,
        name: Ident,
        written: Written<'_>,
        hint: Option<&Ty>,
    ) -> Expr {
        let Some(case) = self.case(named, name, hint) else {
            return self.broken_call(written);
        };
        let payload = self.payload_types(&case);
        let before = self.diagnostics.len();
        for part in written.args.iter().filter_map(|arg| arg.name) {
            self.cx.note_part(part.span, case.id, name.name, part.name);
        }
        let Some(slots) = self.payload_slots(&case, written) else {
            for arg in written.args {
                self.expr(&arg.value, None);
            }
            return made(ExprKind::Error, self.enum_type(&case), written.span);
        };
        let names: Vec<_> = self.variant_of(&case).payload.clone();
        let mut values: Vec<Option<Expr>> = payload.iter().map(|_| None).collect();
        for (arg, slot) in written.args.iter().zip(slots) {
            let (Some(ty), Some((field, _))) = (payload.get(slot), names.get(slot)) else {
                continue;
            };
            let span = self.variant_of(&case).span;
            let origin = match field {
                Some(field) => Origin::Field(*field, span),
                None => Origin::Payload(name.name, span),
            };
            let value = self.check(&arg.value, ty, origin);
            if let Some(place) = values.get_mut(slot) {
                *place = Some(value);
            }
        }
        match values.into_iter().collect::<Option<Vec<Expr>>>() {
            Some(values) if self.diagnostics.len() == before => {
                self.variant(&case, values, written.span)
            }
            _ => made(ExprKind::Error, self.enum_type(&case), written.span),
        }
    }

    /// Which part of the payload each argument is; `None` after a report.
    fn payload_slots(&mut self, case: &Case, written: Written<'_>) -> Option<Vec<usize>> {
        let variant = self.variant_of(case).clone();
        let text = self.case_text(case);
        if variant.payload.is_empty() {
            self.report(
                Diagnostic::new(
                    &types::ARGUMENTS,
                    written.args_span,
                    format!("`{text}` holds no values"),
                )
                .here("it takes no arguments")
                .label(variant.span, "declared here")
                .fix(
                    "leave the parentheses out",
                    written.args_span,
                    "",
                    Applicability::Certain,
                ),
            );
            return None;
        }
        let before = self.diagnostics.len();
        let mut slots = Vec::with_capacity(written.args.len());
        let mut taken = vec![None; variant.payload.len()];
        for (index, arg) in written.args.iter().enumerate() {
            let slot = self.payload_slot(&variant, &text, arg, index);
            match slot.and_then(|slot| taken.get_mut(slot)) {
                Some(Some(first)) => self.report(
                    Diagnostic::new(
                        &types::ARGUMENTS,
                        arg.span,
                        format!("a part of `{text}` is given twice"),
                    )
                    .here("again here")
                    .label(*first, "first here"),
                ),
                Some(place) => *place = Some(arg.span),
                None => {}
            }
            slots.push(slot.unwrap_or(usize::MAX));
        }
        let given = taken.iter().filter(|place| place.is_some()).count();
        let wrong = given < variant.payload.len() || written.args.len() > variant.payload.len();
        if wrong && self.diagnostics.len() == before {
            self.report(
                Diagnostic::new(
                    &types::ARGUMENTS,
                    written.args_span,
                    format!(
                        "`{text}` holds {}, {} given",
                        count(variant.payload.len(), "value"),
                        were(written.args.len())
                    ),
                )
                .here(format!("{} here", count(written.args.len(), "value")))
                .label(variant.span, "declared here"),
            );
        }
        (self.diagnostics.len() == before).then_some(slots)
    }

    /// The part of the payload that an argument is for.
    fn payload_slot(
        &mut self,
        variant: &hir::Variant,
        text: &str,
        arg: &ast::Arg,
        index: usize,
    ) -> Option<usize> {
        if let Some(spread) = arg.spread {
            self.report(
                Diagnostic::new(
                    &types::ARGUMENTS,
                    spread,
                    "`..` copies the fields of a struct; an enum value is made of all its parts",
                )
                .here("not here"),
            );
            return None;
        }
        let Some(name) = arg.name else {
            return Some(index);
        };
        let found = variant
            .payload
            .iter()
            .position(|(field, _)| *field == Some(name.name));
        if found.is_none() {
            self.unknown_part(variant, text, name);
        }
        found
    }

    fn unknown_part(&mut self, variant: &hir::Variant, text: &str, name: Ident) {
        let diagnostic = Diagnostic::new(
            &types::UNKNOWN_FIELD,
            name.span,
            format!("`{text}` has no part `{}`", name.name),
        )
        .here("no such part")
        .label(variant.span, "declared here");
        let parts: Vec<&'static str> = variant
            .payload
            .iter()
            .filter_map(|(field, _)| field.map(|field| field.as_str()))
            .collect();
        let diagnostic = self.with_nearest(diagnostic, name, parts);
        self.report(diagnostic);
    }

    fn variant_of(&self, case: &Case) -> &hir::Variant {
        &self.cx.enum_of(case.id).variants[case.index]
    }

    /// `Shape.Circle`
    fn case_text(&self, case: &Case) -> String {
        let item = self.cx.enum_of(case.id);
        format!("{}.{}", item.name, item.variants[case.index].name)
    }

    fn payload_types(&self, case: &Case) -> Vec<Ty> {
        let payload = &self.variant_of(case).payload;
        payload
            .iter()
            .map(|(_, ty)| substitute(ty, &case.args))
            .collect()
    }

    fn enum_type(&self, case: &Case) -> Ty {
        Ty::Enum(case.id, case.args.clone().into())
    }

    fn variant(&self, case: &Case, payload: Vec<Expr>, span: Span) -> Expr {
        let kind = ExprKind::Variant {
            index: case.index as u32,
            payload,
        };
        made(kind, self.enum_type(case), span)
    }

    /// The enum and the case that the path of a pattern names: `Shape.Circle`, `shapes.Shape.Circle`.
    pub(super) fn enum_of_path<'p>(&mut self, path: &'p [Ident]) -> Option<(Named, &'p Ident)> {
        let (case, path) = path.split_last()?;
        let definition = match path {
            [name] => self.cx.resolve(self.module, name.name)?,
            [module, name] => match self.cx.resolve(self.module, module.name)? {
                Definition::Module(found) => {
                    self.cx
                        .note_definition(module.span, Definition::Module(found));
                    crate::names::public_member(self.cx, self.module, found, *name).ok()?
                }
                _ => return None,
            },
            _ => return None,
        };
        let named = self.as_enum(definition, case.span)?;
        if let Some(name) = path.last() {
            self.cx.note_definition(name.span, definition);
        }
        Some((named, case))
    }

    /// `Shape.Circle(r)` as a pattern.
    pub(super) fn variant_pattern(
        &mut self,
        named: Named,
        name: Ident,
        parts: Parts<'_>,
        ty: &Ty,
        mutable: bool,
        origin: Bound,
    ) -> PatternKind {
        let fields = parts.fields.unwrap_or_default();
        if let Ty::Option(inner) = ty {
            // As with a literal: a case held against an option matches the value in it.
            let inner = self.infer.shallow(inner);
            let kind = self.variant_pattern(named, name, parts, &inner, mutable, origin);
            return PatternKind::Some(Box::new(Pattern {
                kind,
                ty: inner,
                span: parts.span,
            }));
        }
        let Some(case) = self.case(named, name, Some(ty)) else {
            self.bind_nowhere(fields, mutable, origin);
            return PatternKind::Wildcard;
        };
        if !self.infer.unify(ty, &self.enum_type(&case)) {
            self.bind_nowhere(fields, mutable, origin);
            let (text, wanted) = (self.case_text(&case), self.cx.enum_of(case.id).name);
            let wanted = format!("a `{wanted}`");
            self.pattern_mismatch(&format!("`{text}`"), &wanted, ty, parts.span);
            return PatternKind::Wildcard;
        }
        let types = self.payload_types(&case);
        let slots = self.pattern_slots(&case, parts);
        let mut payload: Vec<Pattern> = types
            .iter()
            .map(|ty| Pattern {
                kind: PatternKind::Wildcard,
                ty: ty.clone(),
                span: parts.span,
            })
            .collect();
        for part in fields.iter().filter_map(|field| field.name) {
            self.cx.note_part(part.span, case.id, name.name, part.name);
        }
        for (field, slot) in fields.iter().zip(slots) {
            let ty = types.get(slot).cloned().unwrap_or(Ty::Error);
            let pattern = self.pattern_inner(&field.pattern, &ty, mutable, origin);
            if let Some(place) = payload.get_mut(slot) {
                *place = pattern;
            }
        }
        PatternKind::Variant(case.index as u32, payload)
    }

    /// Which part of the payload each part of a pattern is for; what does not fit is reported and beyond the end.
    fn pattern_slots(&mut self, case: &Case, parts: Parts<'_>) -> Vec<usize> {
        let variant = self.variant_of(case).clone();
        let text = self.case_text(case);
        let fields = parts.fields.unwrap_or_default();
        let mut slots: Vec<usize> = Vec::with_capacity(fields.len());
        let before = self.diagnostics.len();
        for (index, field) in fields.iter().enumerate() {
            let Some(name) = field.name else {
                slots.push(index);
                continue;
            };
            let found = variant
                .payload
                .iter()
                .position(|(part, _)| *part == Some(name.name));
            match found {
                Some(slot) if slots.contains(&slot) => {
                    self.report(
                        Diagnostic::new(
                            &names::TWICE,
                            name.span,
                            format!("the part `{}` is matched twice", name.name),
                        )
                        .here("again here"),
                    );
                    slots.push(usize::MAX);
                }
                Some(slot) => slots.push(slot),
                None => {
                    self.unknown_part(&variant, &text, name);
                    slots.push(usize::MAX);
                }
            }
        }
        let few = fields.len() < variant.payload.len() && parts.rest.is_none();
        if (few || fields.len() > variant.payload.len()) && self.diagnostics.len() == before {
            self.wrong_parts(&variant, &text, parts, fields.len());
        }
        slots
    }

    fn wrong_parts(&mut self, variant: &hir::Variant, text: &str, parts: Parts<'_>, given: usize) {
        let wanted = variant.payload.len();
        let diagnostic = Diagnostic::new(
            &types::PATTERN,
            parts.span,
            format!(
                "the pattern has {}, `{text}` holds {}",
                count(given, "part"),
                count(wanted, "value")
            ),
        )
        .here(format!("{} here", count(given, "part")))
        .label(variant.span, "declared here");
        self.report(match parts.fields {
            None => diagnostic.fix(
                "match it whatever it holds",
                parts.span.at_end(),
                "(..)",
                Applicability::Maybe,
            ),
            Some(_) if given < wanted => {
                diagnostic.help("write `_` for a part that is not wanted, or `..` for all others")
            }
            Some(_) => diagnostic,
        });
    }

    /// A plain name in a pattern that is spelt like a case of the enum it is held against: it would bind anything.
    /// `parts` tells whether a pattern of what it holds is written behind it.
    pub(super) fn bare_case(&mut self, name: Ident, ty: &Ty, parts: bool) -> bool {
        let ty = match ty {
            Ty::Option(inner) => self.infer.shallow(inner),
            other => other.clone(),
        };
        let Ty::Enum(id, _) = ty else {
            return false;
        };
        let item = self.cx.enum_of(id);
        let Some(variant) = item.variants.iter().find(|one| one.name == name.name) else {
            return false;
        };
        let holds = if variant.payload.is_empty() || parts {
            ""
        } else {
            "(..)"
        };
        self.report(
            Diagnostic::new(
                &enums::BARE_CASE,
                name.span,
                format!("the case `{0}` is written `{1}.{0}`", name.name, item.name),
            )
            .here("a name alone matches everything and binds it")
            .fix(
                "name the enum",
                name.span,
                format!("{}.{}{holds}", item.name, name.name),
                Applicability::Certain,
            ),
        );
        true
    }
}
