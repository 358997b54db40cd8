//! Patterns of alternatives, `p | q`, which bind the same names.

use dynop_base::codes::types;
use dynop_base::{Diagnostic, Span, Symbol};
use dynop_syntax::ast;

use super::{BodyChecker, Bound};
use crate::hir::{LocalId, Pattern, PatternKind};
use crate::ty::Ty;

impl BodyChecker<'_, '_> {
    /// Alternatives bind the same names with the same types: the locals of the first stand for all.
    pub(super) fn or_pattern(
        &mut self,
        alternatives: &[ast::Pattern],
        ty: &Ty,
        mutable: bool,
        origin: Bound,
    ) -> PatternKind {
        let mut out = Vec::with_capacity(alternatives.len());
        let mut shared: Option<(usize, usize)> = None;
        for alternative in alternatives {
            let start = self.locals.len();
            let mut pattern = self.pattern_inner(alternative, ty, mutable, origin);
            let end = self.locals.len();
            match shared {
                None => shared = Some((start, end)),
                Some(first) => self.same_names(first, (start, end), &mut pattern),
            }
            out.push(pattern);
        }
        PatternKind::Or(out)
    }

    fn same_names(&mut self, first: (usize, usize), own: (usize, usize), pattern: &mut Pattern) {
        let named = |checker: &Self, range: (usize, usize)| -> Vec<(Symbol, LocalId)> {
            (range.0..range.1)
                .map(|i| (checker.locals[i].name, LocalId(i as u32)))
                .collect()
        };
        let (theirs, mine) = (named(self, first), named(self, own));
        let mut renamed = Vec::new();
        for (name, id) in &mine {
            let facts = &mut self.facts[id.0 as usize];
            facts.watched = false;
            facts.alternative = true;
            let Some((_, other)) = theirs.iter().find(|(other, _)| other == name) else {
                self.alternative_names(*name, pattern.span);
                continue;
            };
            let (a, b) = (self.local_type(*other), self.local_type(*id));
            if !self.infer.unify(&a, &b) {
                let (a, b) = (self.show(&a), self.show(&b));
                self.report(
                    Diagnostic::new(
                        &types::PATTERN,
                        pattern.span,
                        format!("`{name}` is a `{a}` in one alternative and a `{b}` in another"),
                    )
                    .here("alternatives bind their names with the same types")
                    .help("write an arm of its own for each type"),
                );
            }
            self.scope.insert(*name, *other);
            self.note_local(self.locals[id.0 as usize].span, *other);
            renamed.push((*id, *other));
        }
        for (name, _) in &theirs {
            if !mine.iter().any(|(other, _)| other == name) {
                self.alternative_names(*name, pattern.span);
            }
        }
        rename(pattern, &renamed);
    }

    fn alternative_names(&mut self, name: Symbol, span: Span) {
        self.report(
            Diagnostic::new(
                &types::PATTERN,
                span,
                format!("`{name}` is bound by some alternatives and not by others"),
            )
            .here("alternatives bind the same names")
            .help("write an arm of its own"),
        );
    }
}

/// Lets a pattern bind other locals.
fn rename(pattern: &mut Pattern, renamed: &[(LocalId, LocalId)]) {
    let replace = |id: &mut LocalId| {
        if let Some((_, new)) = renamed.iter().find(|(old, _)| old == id) {
            *id = *new;
        }
    };
    match &mut pattern.kind {
        PatternKind::Bind(id) => replace(id),
        PatternKind::Some(inner) => rename(inner, renamed),
        PatternKind::Fields(fields) => fields
            .iter_mut()
            .for_each(|(_, part)| rename(part, renamed)),
        PatternKind::Variant(_, parts) | PatternKind::Or(parts) => {
            parts.iter_mut().for_each(|part| rename(part, renamed));
        }
        PatternKind::List {
            before,
            rest,
            after,
        } => {
            before
                .iter_mut()
                .chain(after)
                .for_each(|part| rename(part, renamed));
            if let Some(Some(id)) = rest {
                replace(id);
            }
        }
        _ => {}
    }
}
