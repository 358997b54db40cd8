//! Values as sources: what a clone is given, seen from where it lives.

use dynop_abi::plan::{After, Collect, ScopeId, Source};
use dynop_base::codes::unsupported;
use dynop_base::{Diagnostic, Span};
use dynop_sema::hir::ExprKind;
use dynop_sema::ty::Ty;

use super::value::{Draft, Value};
use super::{Evaluator, known, literal};
use crate::axes::Axis;

/// From where a value is seen: the axes of a clone, as they were opened and as those of its step.
#[derive(Clone, Debug)]
pub(super) struct View {
    pub seen: Vec<Axis>,
    pub native: Vec<Axis>,
}

impl View {
    /// What is not cloned.
    pub fn root() -> Self {
        Self {
            seen: Vec::new(),
            native: Vec::new(),
        }
    }

    /// One that is around this one.
    pub fn around(&self, depth: usize) -> Self {
        Self {
            seen: self.seen[..depth].to_vec(),
            native: self.native[..depth].to_vec(),
        }
    }
}

impl Evaluator<'_, '_, '_> {
    pub(super) fn view(&self, axes: Vec<Axis>) -> View {
        View {
            native: self.axes.native(&axes),
            seen: axes,
        }
    }

    /// The axes by which waiting for a value ties a step to a clone: none of its own for a dynamic one.
    pub(super) fn own_axes(&self, value: &Value) -> Vec<Axis> {
        let mut axes = value.axes();
        axes.retain(|axis| self.nest.contains(axis));
        axes
    }

    /// Axes without repetition, in the order of the maps that are open.
    pub(super) fn ordered(&self, axes: Vec<Axis>) -> Vec<Axis> {
        let mut unique: Vec<Axis> = Vec::new();
        for axis in axes {
            if !unique.contains(&axis) {
                unique.push(axis);
            }
        }
        let rank = |axis: &Axis| {
            self.nest
                .iter()
                .position(|open| open == axis)
                .unwrap_or(usize::MAX)
        };
        unique.sort_by_key(rank);
        unique
    }

    /// A value as one source of a type, with its axes. A group becomes a tuple.
    pub(super) fn draft(&mut self, value: Value, ty: &Ty) -> Option<(Draft, Vec<Axis>)> {
        match value {
            Value::Plain(draft, axes) => Some((draft, axes)),
            Value::Nothing(steps, axes) if steps.is_empty() => {
                let unit = literal(ExprKind::Unit, &Ty::Unit, self.nowhere());
                Some((Draft::Known(unit), axes))
            }
            Value::Nothing(steps, axes) => Some((Draft::Done(steps, axes.clone()), axes)),
            Value::Dynamic(..) => None,
            Value::Group(parts) => {
                let types: Vec<Ty> = match ty {
                    Ty::Tuple(types) => types.to_vec(),
                    Ty::NamedTuple(fields) => fields.iter().map(|(_, ty)| ty.clone()).collect(),
                    _ => return None,
                };
                let (mut drafts, mut axes) = (Vec::new(), Vec::new());
                for (part, ty) in parts.into_iter().zip(types) {
                    let (draft, more) = self.draft(part, &ty)?;
                    drafts.push(draft);
                    axes.extend(more);
                }
                if let Some(fields) = known(&drafts) {
                    let whole = literal(ExprKind::Aggregate(fields), ty, self.nowhere());
                    return Some((Draft::Known(whole), Vec::new()));
                }
                let ty = self.tables.ty(ty);
                Some((Draft::Tuple(drafts, ty), self.ordered(axes)))
            }
        }
    }

    /// The scope of a clone. `None` with a report where the plan has no word for it.
    pub(super) fn scope(&mut self, of: &View, span: Span) -> Option<u32> {
        match self.axes.scope(&of.seen, &of.native, &self.step_axes) {
            Some(scope) => Some(scope),
            None => self.found(
                Diagnostic::new(
                    &unsupported::UNSUPPORTED,
                    span,
                    "this step can't be planned by this version of the compiler",
                )
                .here("is cloned over items of a clone that its other items do not give")
                .help("pass to the op that makes the dynamic output what this step is made of"),
            ),
        }
    }

    /// A source as it is seen from a clone.
    pub(super) fn resolve(&mut self, draft: &Draft, from: &View, span: Span) -> Option<Source> {
        Some(match draft {
            Draft::Known(value) => match crate::constant::literal(value) {
                Ok(value) => Source::Const(value),
                Err(found) => return self.found(*found),
            },
            Draft::Param(index) => Source::Param(*index),
            Draft::Output(output, of) => {
                let home = self.step_axes.get(output.step as usize)?.clone();
                if from.seen.starts_with(of) && from.native.starts_with(&home) {
                    return Some(Source::Output(*output));
                }
                let path = of
                    .iter()
                    .map(|axis| self.scope_of(*axis, from, span))
                    .collect::<Option<Vec<_>>>()?;
                Source::OutputOver {
                    output: *output,
                    path,
                }
            }
            Draft::Done(steps, own) => {
                let mut all = Vec::with_capacity(steps.len());
                for one in steps {
                    let path = self.clone_path(&one.seen, own, from, span)?.1;
                    all.push(After {
                        step: one.step,
                        path,
                    });
                }
                Source::Done(all)
            }
            Draft::Item(axis) => Source::Item(self.scope_of(*axis, from, span)?),
            Draft::Key(axis) => Source::Key(self.scope_of(*axis, from, span)?),
            Draft::FlatKey(axes) => Source::FlatKey(
                axes.iter()
                    .map(|axis| self.scope_of(*axis, from, span))
                    .collect::<Option<_>>()?,
            ),
            Draft::Collect {
                outer,
                axis,
                value,
                into,
                ty,
            } => self.resolve_collect(outer, *axis, value, (*into, *ty), from, span)?,
            Draft::List(drafts, ty) => Source::List {
                elements: self.resolve_all(drafts, from, span)?,
                ty: *ty,
            },
            Draft::Tuple(drafts, ty) => Source::Tuple {
                fields: self.resolve_all(drafts, from, span)?,
                ty: *ty,
            },
            Draft::Some(draft, ty) => Source::Some {
                value: Box::new(self.resolve(draft, from, span)?),
                ty: *ty,
            },
        })
    }

    fn resolve_all(&mut self, drafts: &[Draft], from: &View, span: Span) -> Option<Vec<Source>> {
        drafts
            .iter()
            .map(|draft| self.resolve(draft, from, span))
            .collect()
    }

    fn resolve_collect(
        &mut self,
        outer: &[Axis],
        axis: Axis,
        value: &Draft,
        (into, ty): (Collect, u32),
        from: &View,
        span: Span,
    ) -> Option<Source> {
        let (scope, inner) = self.inner(outer, axis, from, span)?;
        let value = Box::new(self.resolve(value, &inner, span)?);
        Some(Source::Collect {
            scope,
            value,
            into,
            ty,
        })
    }

    /// The scope of what goes over an axis beside a clone, and how it is seen from there. It lies directly within the
    /// clone that is the furthest out of those that give all of the `outer` axes.
    pub(super) fn inner(
        &mut self,
        outer: &[Axis],
        axis: Axis,
        from: &View,
        span: Span,
    ) -> Option<(u32, View)> {
        let mut depth = outer
            .iter()
            .map(|one| from.seen.iter().position(|seen| seen == one))
            .map(|at| at.map_or(from.seen.len(), |at| at + 1))
            .max()
            .unwrap_or(0);
        // What yields the items may live further in than what is made of them.
        for one in self.axes.of(axis) {
            if let Some(at) = from.seen.iter().position(|seen| seen == one) {
                depth = depth.max(at + 1);
            }
        }
        let mut inner = from.around(depth);
        inner
            .native
            .push(self.axes.native_after(&inner.native, axis));
        inner.seen.push(axis);
        let scope = self.scope(&inner, span)?;
        Some((scope, inner))
    }

    /// The leading ones of a step's axes that are among `of`, by which a clone of it is found: how many, and their scopes
    /// on the way to the viewer.
    pub(super) fn clone_path(
        &mut self,
        seen: &[Axis],
        of: &[Axis],
        from: &View,
        span: Span,
    ) -> Option<(usize, Vec<ScopeId>)> {
        let known = seen.iter().take_while(|axis| of.contains(axis)).count();
        let path = seen[..known]
            .iter()
            .map(|axis| self.scope_of(*axis, from, span))
            .collect::<Option<Vec<_>>>()?;
        Some((known, path))
    }

    /// The scope of an axis on the way to a clone.
    pub(super) fn scope_of(&mut self, axis: Axis, from: &View, span: Span) -> Option<u32> {
        let depth = from.seen.iter().position(|one| *one == axis)? + 1;
        let around = from.around(depth);
        self.scope(&around, span)
    }
}
