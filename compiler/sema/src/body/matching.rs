//! Reports on the arms of a `match` as a whole.

use dynop_base::codes::types;
use dynop_base::{Applicability, Diagnostic, Span};

use super::BodyChecker;
use crate::context::Definition;
use crate::exhaustive::{Con, Pat, Search, write};
use crate::hir::{self, Arm, Expr, Pattern, PatternKind};
use crate::signatures::list_of;
use crate::ty::Ty;

/// What a repair writes as the value of an arm: it fits every type, and fails if it is forgotten.
const BODY: &str = "fail \"not written yet\"";
/// A repair writes so many missing cases.
const WRITTEN: usize = 20;
/// A message names so many missing cases.
const NAMED: usize = 3;
/// Beyond so many arms no arm is looked at for whether it can be reached: that takes time by their square.
const ARMS: usize = 300;

impl BodyChecker<'_, '_> {
    /// Reports values that no arm takes, and arms that no value reaches.
    pub(super) fn exhaustive(&mut self, scrutinee: &Expr, arms: &[Arm], span: Span) {
        let ty = self.infer.resolve(&scrutinee.ty);
        if matches!(ty, Ty::Error | Ty::Never) {
            return;
        }
        let types = [ty.clone()];
        let infer = &self.infer;
        let resolve = |ty: &Ty| infer.resolve(ty);
        let mut search = Search::new(&self.cx.program);
        let mut rows: Vec<Vec<Pat>> = Vec::with_capacity(arms.len());
        let mut unreachable = Vec::new();
        for (i, arm) in arms.iter().enumerate() {
            let row = vec![search.reduce(&arm.pattern, &resolve)];
            if i < ARMS && !search.useful(&rows, &row, &types) {
                unreachable.push(arm.pattern.span);
            }
            if arm.guard.is_none() {
                rows.push(row);
            }
        }
        let mut search = Search::new(&self.cx.program);
        let mut missing = Vec::new();
        while missing.len() < WRITTEN
            && let Some(witness) = search.missing(&rows, &types)
        {
            let text = witness
                .first()
                .map_or_else(|| "_".to_string(), |pat| write(&self.cx.program, pat, &ty));
            missing.push(text);
            rows.push(witness);
        }
        if !self.in_std() {
            for span in unreachable {
                self.report(
                    Diagnostic::new(&types::UNREACHABLE, span, "this arm is never reached")
                        .here("the arms before it take every such value")
                        .help("remove this arm, or write it above the arm that takes its values"),
                );
            }
        }
        if !missing.is_empty() {
            self.not_exhaustive(
                &missing,
                &ty,
                scrutinee,
                (span, arms.last().map(|arm| arm.body.span)),
                arms.iter().any(|arm| arm.guard.is_some()),
            );
        }
    }

    /// Reports a pattern that may not match where it must.
    pub fn irrefutable(&mut self, pattern: &Pattern, place: &str) {
        let mut refutable: Option<(Span, &'static str)> = None;
        crate::walk::patterns(pattern, &mut |part: &hir::Pattern| {
            let what = match &part.kind {
                PatternKind::Literal(_) => "a literal",
                PatternKind::Range { .. } => "a range",
                PatternKind::None | PatternKind::Some(_) => "one case of an option",
                PatternKind::Variant(..) if self.only_case(&part.ty) => return,
                PatternKind::Variant(..) => "one case of an enum",
                PatternKind::List {
                    before,
                    rest: Some(_),
                    after,
                } if before.is_empty() && after.is_empty() => return,
                PatternKind::List { .. } => "a list of some length",
                _ => return,
            };
            refutable.get_or_insert((part.span, what));
        });
        if let Some((span, what)) = refutable {
            self.report(
                Diagnostic::new(
                    &types::REFUTABLE,
                    span,
                    format!("{place} takes a pattern that always matches, this one may not"),
                )
                .here(format!("this matches only {what}"))
                .help("use `match`, which says what happens in the other cases"),
            );
        }
    }

    /// Whether every value of a type is of one case.
    fn only_case(&self, ty: &Ty) -> bool {
        match self.infer.shallow(ty) {
            Ty::Enum(id, _) => self.cx.enum_of(id).variants.len() == 1,
            _ => false,
        }
    }

    fn not_exhaustive(
        &mut self,
        missing: &[String],
        ty: &Ty,
        scrutinee: &Expr,
        (span, last): (Span, Option<Span>),
        guards: bool,
    ) {
        let more = missing.len() > NAMED;
        let named = missing.iter().take(NAMED).map(|text| format!("`{text}`"));
        let listed = if more {
            format!("{} and others", named.collect::<Vec<_>>().join(", "))
        } else {
            list_of(named)
        };
        let verb = if missing.len() == 1 { "is" } else { "are" };
        let end = span.at_end();
        let message = if missing.first().is_some_and(|text| text == "_") {
            format!("other values of type `{}` are not matched", self.show(ty))
        } else {
            format!("{listed} {verb} not matched")
        };
        let diagnostic = Diagnostic::new(&types::NOT_EXHAUSTIVE, scrutinee.span, message)
            .here(format!("a `{}`", self.show(ty)))
            .label(end, "an arm is missing before this")
            .help("add an arm for each, or one with `_` for all the rest");
        let diagnostic = self.with_arms(diagnostic, missing, ty, last, span);
        self.report(if guards {
            diagnostic.note("an arm with a guard does not count: its condition may not hold")
        } else {
            diagnostic
        });
    }

    /// Adds the repairs: an arm for each, or one for all. Lines are written as if the last arm, or the closing brace
    /// where there is none, stood at the margin.
    fn with_arms(
        &self,
        diagnostic: Diagnostic,
        missing: &[String],
        ty: &Ty,
        last: Option<Span>,
        span: Span,
    ) -> Diagnostic {
        let mut end = span.at_end();
        end.start = end.start.saturating_sub(1);
        let arms = |patterns: &[String]| {
            let lines = patterns
                .iter()
                .map(|pattern| format!("{pattern} => {BODY}"));
            match last {
                Some(last) => (
                    last.at_end(),
                    lines.map(|line| format!("\n{line}")).collect::<String>(),
                ),
                None => (
                    end.at_start(),
                    lines
                        .map(|line| format!("    {line}\n"))
                        .collect::<String>(),
                ),
            }
        };
        let how = Applicability::Placeholder;
        let cases = last.map_or_else(|| self.cases_of(ty), |_| Vec::new());
        let missing = if cases.is_empty() { missing } else { &cases };
        let all = || {
            let (place, text) = arms(&["_".to_string()]);
            ("add an arm for all the rest", place, text)
        };
        if missing.len() >= WRITTEN || missing.iter().any(|pattern| pattern == "_") {
            let (title, place, text) = all();
            return diagnostic.fix(title, place, text, how);
        }
        let prefix = self.module_prefix(ty);
        let patterns: Vec<String> = missing
            .iter()
            .map(|pattern| format!("{prefix}{pattern}"))
            .collect();
        let title = match patterns.as_slice() {
            [only] => format!("add the arm `{only}`"),
            _ => format!("add the {} missing arms", patterns.len()),
        };
        let (place, text) = arms(&patterns);
        let diagnostic = diagnostic.fix(title, place, text, how);
        let (title, place, text) = all();
        diagnostic.fix(title, place, text, how)
    }

    /// The cases of a type that has some, for a `match` without any arm.
    fn cases_of(&self, ty: &Ty) -> Vec<String> {
        let constructors: Vec<Con> = match ty {
            Ty::Bool => vec![Con::Bool(true), Con::Bool(false)],
            Ty::Option(_) => vec![Con::None, Con::Some],
            Ty::Enum(id, _) => (0..self.cx.enum_of(*id).variants.len() as u32)
                .map(Con::Variant)
                .collect(),
            _ => Vec::new(),
        };
        let program = &self.cx.program;
        let search = Search::new(program);
        let pattern = |con: Con| {
            let parts = search.parts(&con, ty).iter().map(|_| Pat::Wild).collect();
            write(program, &Pat::Con(con, parts), ty)
        };
        constructors.into_iter().map(pattern).collect()
    }

    /// What stands before the name of an enum of another file: `shapes.`
    fn module_prefix(&self, ty: &Ty) -> String {
        let Ty::Enum(id, _) = ty else {
            return String::new();
        };
        let name = self.cx.enum_of(*id).name;
        let is_it = |definition| definition == Definition::Enum(*id);
        if self.cx.resolve(self.module, name).is_some_and(is_it) {
            return String::new();
        }
        let names = self.cx.scope(self.module).into_iter().flatten();
        let module = names.filter_map(|(alias, entry)| match entry.definition {
            Definition::Module(module) => {
                let entry = self.cx.member(module, name)?;
                is_it(entry.definition).then_some(alias.as_str())
            }
            _ => None,
        });
        module
            .min()
            .map_or_else(String::new, |module| format!("{module}."))
    }
}
