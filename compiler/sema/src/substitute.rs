//! Walks over types: type arguments for parameters, sizes, what a type holds.

use std::sync::Arc;

use crate::ty::{FnTy, Ty};

/// `ty` with [`Ty::Param`] replaced by the argument of its position; a missing one stays.
pub fn substitute(ty: &Ty, args: &[Ty]) -> Ty {
    if args.is_empty() {
        return ty.clone();
    }
    map_leaves(ty, &mut |leaf| match leaf {
        Ty::Param(index, _) => args.get(*index as usize).cloned(),
        _ => None,
    })
}

/// Rebuilds a type with `replace` applied to every leaf (`None` keeps it).
pub fn map_leaves(ty: &Ty, replace: &mut impl FnMut(&Ty) -> Option<Ty>) -> Ty {
    let mut all = |items: &[Ty]| -> Arc<[Ty]> {
        items.iter().map(|item| map_leaves(item, replace)).collect()
    };
    match ty {
        Ty::List(item) => Ty::list(map_leaves(item, replace)),
        Ty::Set(item) => Ty::Set(Arc::new(map_leaves(item, replace))),
        Ty::Option(item) => Ty::option(map_leaves(item, replace)),
        Ty::Iter(item) => Ty::iter(map_leaves(item, replace)),
        Ty::Dynamic(item) => Ty::dynamic(map_leaves(item, replace)),
        Ty::Map(pair) => Ty::map(map_leaves(&pair.0, replace), map_leaves(&pair.1, replace)),
        Ty::Tuple(items) => Ty::Tuple(all(items)),
        Ty::NamedTuple(fields) => Ty::NamedTuple(
            fields
                .iter()
                .map(|(name, ty)| (*name, map_leaves(ty, replace)))
                .collect(),
        ),
        Ty::Fn(function) => Ty::Fn(Arc::new(FnTy {
            params: all(&function.params).to_vec(),
            result: map_leaves(&function.result, replace),
        })),
        Ty::Struct(id, args) => Ty::Struct(*id, all(args)),
        Ty::Enum(id, args) => Ty::Enum(*id, all(args)),
        leaf => replace(leaf).unwrap_or_else(|| leaf.clone()),
    }
}

/// The direct parts of a type.
pub fn parts(ty: &Ty) -> Vec<&Ty> {
    match ty {
        Ty::List(item) | Ty::Set(item) | Ty::Option(item) | Ty::Iter(item) | Ty::Dynamic(item) => {
            vec![item]
        }
        Ty::Map(pair) => vec![&pair.0, &pair.1],
        Ty::Tuple(items) => items.iter().collect(),
        Ty::NamedTuple(fields) => fields.iter().map(|(_, ty)| ty).collect(),
        Ty::Fn(function) => function
            .params
            .iter()
            .chain(std::iter::once(&function.result))
            .collect(),
        Ty::Struct(_, args) | Ty::Enum(_, args) => args.iter().collect(),
        _ => Vec::new(),
    }
}

/// How many parts a type has; counting ends soon after `limit`.
pub fn measure(ty: &Ty, limit: usize) -> usize {
    let mut count = 0;
    let mut stack = vec![ty];
    while let Some(ty) = stack.pop() {
        count += 1;
        if count > limit {
            break;
        }
        stack.extend(parts(ty));
    }
    count
}

/// Whether a type or a part of it fulfils `wanted`.
pub fn any(ty: &Ty, wanted: &mut impl FnMut(&Ty) -> bool) -> bool {
    wanted(ty) || parts(ty).into_iter().any(|part| any(part, wanted))
}

/// `expr` with type parameters replaced in every type of it: a default of a generic struct or function.
pub fn substitute_expr(expr: &crate::hir::Expr, args: &[Ty]) -> crate::hir::Expr {
    let mut out = expr.clone();
    if !args.is_empty() {
        substitute_in(&mut out, args);
    }
    out
}

fn substitute_in(expr: &mut crate::hir::Expr, args: &[Ty]) {
    expr.ty = substitute(&expr.ty, args);
    crate::walk::children_mut(expr, &mut |child| substitute_in(child, args));
}
