//! Unification variables of one body.

use std::cell::Cell;

use dynop_base::Span;

use crate::substitute::{map_leaves, measure};
use crate::ty::Ty;
use crate::types::LARGEST_TYPE;

/// The variables of a body and what they were found to be.
#[derive(Debug, Default)]
pub struct Infer {
    variables: Vec<Variable>,
    // Variables in the order they were bound, so that an attempt can be taken back.
    trail: Vec<u32>,
    // Parts looked at in the running unification.
    steps: u32,
    // Whether a type was met that is too large to be written out.
    too_large: Cell<bool>,
}

#[derive(Debug)]
struct Variable {
    bound: Option<Ty>,
    // Where it came to be: what a message points to if nothing binds it.
    span: Span,
    // Met a `Never`: without other evidence it is `()`.
    diverging: bool,
}

/// A moment to return to.
#[derive(Clone, Copy, Debug)]
pub struct Snapshot(usize);

/// A type nests at most this deep in unification; deeper ones are taken as unequal.
const DEPTH: u32 = 200;
/// A unification looks at so many parts at most: variables may be bound to types that share parts over and over.
const STEPS: u32 = 100_000;

impl Infer {
    /// A new variable, for something at `span`.
    pub fn fresh(&mut self, span: Span) -> Ty {
        let id = self.variables.len() as u32;
        self.variables.push(Variable {
            bound: None,
            span,
            diverging: false,
        });
        Ty::Infer(id)
    }

    /// A fresh variable a type parameter.
    pub fn fresh_list(&mut self, count: usize, span: Span) -> Vec<Ty> {
        (0..count).map(|_| self.fresh(span)).collect()
    }

    /// `ty`, or what it is bound to if it is a variable; parts stay as they are.
    pub fn shallow(&self, ty: &Ty) -> Ty {
        let mut ty = ty;
        while let Ty::Infer(id) = ty {
            match self.variables.get(*id as usize).map(|v| &v.bound) {
                Some(Some(bound)) => ty = bound,
                _ => break,
            }
        }
        ty.clone()
    }

    /// `ty` with every bound variable replaced. What would be too large is [`Ty::Error`], see [`Infer::too_large`].
    pub fn resolve(&self, ty: &Ty) -> Ty {
        let mut left = LARGEST_TYPE;
        let resolved = self.resolve_within(ty, &mut left);
        if left == 0 {
            self.too_large.set(true);
            return Ty::Error;
        }
        resolved
    }

    fn resolve_within(&self, ty: &Ty, left: &mut usize) -> Ty {
        if !has_variables(ty) {
            *left = left.saturating_sub(measure(ty, *left));
            return ty.clone();
        }
        map_leaves(ty, &mut |leaf| {
            *left = left.saturating_sub(1);
            if *left == 0 {
                return Some(Ty::Error);
            }
            match leaf {
                Ty::Infer(_) => {
                    let bound = self.shallow(leaf);
                    match bound {
                        Ty::Infer(_) => Some(bound),
                        other => Some(self.resolve_within(&other, left)),
                    }
                }
                _ => None,
            }
        })
    }

    /// Whether a type was met that is too large to be written out: a few lines can double one without end.
    pub fn too_large(&self) -> bool {
        self.too_large.get()
    }

    /// Whether the running unification has looked at too much.
    fn tired(&mut self) -> bool {
        self.steps += 1;
        if self.steps > STEPS {
            self.too_large.set(true);
        }
        self.steps > STEPS
    }

    /// Where a variable came to be, and whether it met a `Never`.
    pub fn origin(&self, variable: u32) -> Option<(Span, bool)> {
        let variable = self.variables.get(variable as usize)?;
        Some((variable.span, variable.diverging))
    }

    /// Notes that `ty`, if it is an unbound variable, met a `Never`.
    pub fn mark_diverging(&mut self, ty: &Ty) {
        if let Ty::Infer(id) = self.shallow(ty)
            && let Some(variable) = self.variables.get_mut(id as usize)
        {
            variable.diverging = true;
        }
    }

    /// A moment to which [`Infer::rollback`] can return.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(self.trail.len())
    }

    /// Takes every binding since the snapshot back.
    pub fn rollback(&mut self, snapshot: Snapshot) {
        for id in self.trail.drain(snapshot.0..) {
            if let Some(variable) = self.variables.get_mut(id as usize) {
                variable.bound = None;
            }
        }
    }

    /// Makes two types equal if they can be; otherwise nothing is changed.
    pub fn unify(&mut self, a: &Ty, b: &Ty) -> bool {
        let snapshot = self.snapshot();
        self.steps = 0;
        let equal = self.unify_inner(a, b, 0);
        if !equal {
            self.rollback(snapshot);
        }
        equal
    }

    /// Whether two types could be made equal; binds nothing.
    pub fn fits(&mut self, a: &Ty, b: &Ty) -> bool {
        let snapshot = self.snapshot();
        self.steps = 0;
        let equal = self.unify_inner(a, b, 0);
        self.rollback(snapshot);
        equal
    }

    fn bind(&mut self, id: u32, ty: Ty) -> bool {
        if self.occurs(id, &ty, 0) {
            return false;
        }
        if let Some(variable) = self.variables.get_mut(id as usize) {
            variable.bound = Some(ty);
            self.trail.push(id);
        }
        true
    }

    fn occurs(&mut self, id: u32, ty: &Ty, depth: u32) -> bool {
        if depth > DEPTH || self.tired() {
            return true;
        }
        match self.shallow(ty) {
            Ty::Infer(other) => other == id,
            ty => crate::substitute::parts(&ty)
                .into_iter()
                .any(|part| self.occurs(id, part, depth + 1)),
        }
    }

    fn unify_inner(&mut self, a: &Ty, b: &Ty, depth: u32) -> bool {
        if depth > DEPTH || self.tired() {
            return false;
        }
        let (a, b) = (self.shallow(a), self.shallow(b));
        let mut all = |a: &[Ty], b: &[Ty]| {
            a.len() == b.len()
                && a.iter()
                    .zip(b)
                    .all(|(a, b)| self.unify_inner(a, b, depth + 1))
        };
        match (&a, &b) {
            (Ty::Infer(x), Ty::Infer(y)) if x == y => true,
            (Ty::Infer(id), other) | (other, Ty::Infer(id)) => self.bind(*id, other.clone()),
            (Ty::Error, _) | (_, Ty::Error) => true,
            (Ty::List(x), Ty::List(y))
            | (Ty::Set(x), Ty::Set(y))
            | (Ty::Option(x), Ty::Option(y))
            | (Ty::Iter(x), Ty::Iter(y))
            | (Ty::Dynamic(x), Ty::Dynamic(y)) => self.unify_inner(x, y, depth + 1),
            (Ty::Map(x), Ty::Map(y)) => {
                self.unify_inner(&x.0, &y.0, depth + 1) && self.unify_inner(&x.1, &y.1, depth + 1)
            }
            (Ty::Tuple(x), Ty::Tuple(y)) => all(x, y),
            (Ty::NamedTuple(x), Ty::NamedTuple(y)) => {
                x.len() == y.len()
                    && x.iter().zip(y.iter()).all(|((name, a), (other, b))| {
                        name == other && self.unify_inner(a, b, depth + 1)
                    })
            }
            (Ty::Fn(x), Ty::Fn(y)) => {
                all(&x.params, &y.params) && self.unify_inner(&x.result, &y.result, depth + 1)
            }
            (Ty::Struct(x, a), Ty::Struct(y, b)) => x == y && all(a, b),
            (Ty::Enum(x, a), Ty::Enum(y, b)) => x == y && all(a, b),
            (Ty::Param(x, _), Ty::Param(y, _)) => x == y,
            (a, b) => a == b,
        }
    }
}

/// Whether a type has inference variables in it.
pub fn has_variables(ty: &Ty) -> bool {
    crate::substitute::any(ty, &mut |part| matches!(part, Ty::Infer(_)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use dynop_base::FileId;

    fn span() -> Span {
        Span::new(FileId(0), 0, 0)
    }

    #[test]
    fn unification_binds_and_a_failure_leaves_no_trace() {
        let mut infer = Infer::default();
        let (a, b) = (infer.fresh(span()), infer.fresh(span()));
        assert!(infer.unify(&Ty::list(a.clone()), &Ty::list(Ty::Int)));
        assert_eq!(infer.resolve(&a), Ty::Int);
        let pair = Ty::Tuple([b.clone(), a.clone()].into());
        assert!(!infer.unify(&pair, &Ty::Tuple([Ty::Str, Ty::Bool].into())));
        assert_eq!(infer.shallow(&b), b);
        assert!(infer.fits(&b, &Ty::Str));
        assert_eq!(infer.shallow(&b), b);
    }

    #[test]
    fn a_type_never_holds_itself() {
        let mut infer = Infer::default();
        let a = infer.fresh(span());
        assert!(!infer.unify(&a, &Ty::list(a.clone())));
    }
}
