//! What types must be able to do: to be equal, ordered, keys, shown, added.
//!
//! The language has no bounds on type parameters: what a generic function needs of them is found in its body, and
//! held against every use of it, however far away. So an error is at the use, and says which comparison is the reason.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use dynop_base::{Diagnostic, Span};

use crate::body::{Ability, Findings};
use crate::context::Context;
use crate::hir::{FunctionBody, FunctionId};
use crate::substitute::{parts, substitute};
use crate::ty::Ty;

/// The keys of the maps and sets in a type.
pub fn keys_in(ty: &Ty, out: &mut Vec<Ty>) {
    match ty {
        Ty::Map(pair) => out.push(pair.0.clone()),
        Ty::Set(item) => out.push((**item).clone()),
        _ => {}
    }
    for part in parts(ty) {
        keys_in(part, out);
    }
}

/// What a function needs of its type parameters, and where that comes from.
type Needs = BTreeMap<(u32, Ability), Span>;

/// A use of a generic function: in which function, with which type arguments, where.
type Use<'f> = (Option<FunctionId>, &'f [Ty], Span);

/// Checks every requirement of every body, through generic functions to where their types are known.
pub fn check<'f>(
    cx: &Context<'_>,
    findings: impl Iterator<Item = &'f (Option<FunctionId>, Findings)>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut pass = Pass {
        cx,
        needs: vec![Needs::new(); cx.functions.len()],
        reported: BTreeSet::new(),
        keys: HashSet::new(),
        diagnostics,
    };
    pass.signatures();
    let mut uses: HashMap<FunctionId, Vec<Use<'_>>> = HashMap::new();
    // The library's first, as where they are known from before: the order tells which of several reasons is given.
    let of_library = |one: &&(Option<FunctionId>, Findings)| {
        one.0
            .is_some_and(|id| cx.is_std(cx.functions[id.0 as usize].module))
    };
    let (library, own): (Vec<_>, Vec<_>) = findings.partition(of_library);
    for (function, findings) in library.into_iter().chain(own) {
        for requirement in &findings.requirements {
            pass.require(
                *function,
                &requirement.ty,
                requirement.ability,
                requirement.span,
                None,
            );
        }
        for instance in &findings.instances {
            uses.entry(instance.function).or_default().push((
                *function,
                &instance.type_args,
                instance.span,
            ));
        }
    }
    let mut pending: Vec<FunctionId> = (0..cx.functions.len() as u32)
        .rev()
        .map(FunctionId)
        .filter(|id| !pass.needs[id.0 as usize].is_empty())
        .collect();
    while let Some(id) = pending.pop() {
        let needs = pass.needs[id.0 as usize].clone();
        for (user, type_args, span) in uses.get(&id).map_or(&[][..], |uses| uses) {
            let mut grown = false;
            for ((param, ability), reason) in &needs {
                if let Some(ty) = type_args.get(*param as usize) {
                    grown |= pass.require(*user, ty, *ability, *span, Some((id, *reason)));
                }
            }
            if let (true, Some(user)) = (grown, user) {
                pending.push(*user);
            }
        }
    }
}

struct Pass<'c, 'a> {
    cx: &'c Context<'a>,
    needs: Vec<Needs>,
    reported: BTreeSet<(Span, Ability)>,
    keys: HashSet<(Option<FunctionId>, Ty)>,
    diagnostics: &'c mut Vec<Diagnostic>,
}

impl Pass<'_, '_> {
    /// What signatures say: a key of a map in a parameter is a key; some externs compare or add.
    fn signatures(&mut self) {
        for (index, function) in self.cx.program.functions.iter().enumerate() {
            let id = FunctionId(index as u32);
            let mut keys = Vec::new();
            for param in &function.params {
                let mut of_param = Vec::new();
                keys_in(&param.ty, &mut of_param);
                keys.extend(of_param.into_iter().map(|key| (key, param.span)));
            }
            for (key, span) in keys {
                self.require(Some(id), &key, Ability::Key, span, None);
            }
            if let FunctionBody::Extern(text) = &function.body
                && let Some(ability) = extern_ability(text)
            {
                for param in 0..function.generics.len() as u32 {
                    self.needs[index].insert((param, ability), function.name_span);
                }
            }
        }
    }

    /// Notes a requirement; whether something new is asked of the function's own type parameters.
    fn require(
        &mut self,
        function: Option<FunctionId>,
        ty: &Ty,
        ability: Ability,
        span: Span,
        through: Option<(FunctionId, Span)>,
    ) -> bool {
        let mut params = Vec::new();
        let mut seen = HashSet::new();
        let lacking = lacking(self.cx, ty, ability, &mut params, &mut seen);
        if let Some(part) = lacking {
            // One map of the wrong keys is one mistake, however often its methods are called.
            let method = through.is_some_and(|(callee, _)| {
                self.cx.is_std(self.cx.functions[callee.0 as usize].module)
            });
            let first =
                ability != Ability::Key || self.keys.insert((function, part.clone())) || !method;
            if self.reported.insert((span, ability)) && first {
                self.report(ty, &part, ability, span, through);
            }
            return false;
        }
        let Some(function) = function else {
            return false;
        };
        // The library's own text explains nothing: what is called of it does.
        let reason = through
            .filter(|(function, _)| {
                !self
                    .cx
                    .is_std(self.cx.functions[function.0 as usize].module)
            })
            .map_or(span, |(_, reason)| reason);
        let needs = &mut self.needs[function.0 as usize];
        let before = needs.len();
        for param in params {
            needs.entry((param, ability)).or_insert(reason);
        }
        needs.len() > before
    }

    fn report(
        &mut self,
        ty: &Ty,
        part: &Ty,
        ability: Ability,
        span: Span,
        through: Option<(FunctionId, Span)>,
    ) {
        let mut diagnostic = crate::lacking::said(self.cx, ty, part, ability, span);
        if let Some((function, reason)) = through {
            let item = &self.cx.functions[function.0 as usize];
            let name = self.cx.function(function).name;
            let what = crate::lacking::needed(ability);
            diagnostic = diagnostic.here(format!("`{name}` needs {what}"));
            if !self.cx.is_std(item.module) {
                diagnostic = diagnostic.label(reason, "needed here");
            }
        }
        self.diagnostics.push(diagnostic);
    }
}

/// What an extern needs of its type parameters.
fn extern_ability(text: &str) -> Option<Ability> {
    match text {
        "intrinsic:add" | "intrinsic:zero" => Some(Ability::Number),
        _ if text.starts_with("dyn_json_") || text.starts_with("dyn_extern_") => {
            Some(Ability::Json)
        }
        _ if text.starts_with("dyn_csv_") || text == "dyn_regex_parse" => Some(Ability::Row),
        _ if text.starts_with("dyn_hash_") => Some(Ability::Data),
        _ if text.contains("sort") || text.contains("compare") || text.contains("less") => {
            Some(Ability::Order)
        }
        _ if text.contains("equal") => Some(Ability::Equal),
        _ => None,
    }
}

/// The part of a type that lacks an ability; type parameters it depends on are collected.
pub(crate) fn lacking(
    cx: &Context<'_>,
    ty: &Ty,
    ability: Ability,
    params: &mut Vec<u32>,
    seen: &mut HashSet<Ty>,
) -> Option<Ty> {
    match ty {
        Ty::Param(index, _) => {
            params.push(*index);
            return None;
        }
        Ty::Error | Ty::Never | Ty::Infer(_) => return None,
        _ if ability == Ability::Row => return no_row(cx, ty, params, seen),
        Ty::Fn(_) | Ty::Iter(_) | Ty::Dynamic(_) => return Some(ty.clone()),
        Ty::Struct(id, args) => {
            if matches!(ability, Ability::Order | Ability::Number | Ability::Data) {
                return Some(ty.clone());
            }
            // A struct may hold itself through a list; what is looked at already needs no second look. A generic one
            // that holds ever larger instances of itself ends here too.
            if seen.len() > 1000 || !seen.insert(ty.clone()) {
                return None;
            }
            let fields = &cx.struct_of(*id).fields;
            return fields.iter().find_map(|field| {
                lacking(cx, &substitute(&field.ty, args), ability, params, seen)
            });
        }
        Ty::Enum(id, args) => {
            if matches!(ability, Ability::Number | Ability::Data) {
                return Some(ty.clone());
            }
            if seen.len() > 1000 || !seen.insert(ty.clone()) {
                return None;
            }
            let payloads = cx
                .enum_of(*id)
                .variants
                .iter()
                .flat_map(|variant| &variant.payload);
            return payloads
                .map(|(_, ty)| substitute(ty, args))
                .find_map(|ty| lacking(cx, &ty, ability, params, seen));
        }
        _ => {}
    }
    let fits = match ability {
        Ability::Equal | Ability::Show | Ability::Json => true,
        Ability::Row => false,
        Ability::Data => matches!(ty, Ty::Str | Ty::Bytes),
        Ability::Number => matches!(ty, Ty::Int | Ty::Float),
        Ability::Order => !matches!(
            ty,
            Ty::Map(_) | Ty::Set(_) | Ty::Option(_) | Ty::NamedTuple(_) | Ty::Range
        ),
        Ability::Key => !matches!(
            ty,
            Ty::Float | Ty::Map(_) | Ty::Set(_) | Ty::Option(_) | Ty::Range
        ),
    };
    if !fits {
        return Some(ty.clone());
    }
    parts(ty)
        .into_iter()
        .find_map(|part| lacking(cx, part, ability, params, seen))
}

/// The part of a type that keeps it from being a row: the type itself, or a cell without JSON.
fn no_row(cx: &Context<'_>, ty: &Ty, params: &mut Vec<u32>, seen: &mut HashSet<Ty>) -> Option<Ty> {
    let is_row = match ty {
        Ty::Struct(..) | Ty::Tuple(_) | Ty::NamedTuple(_) | Ty::List(_) => true,
        Ty::Map(pair) => pair.0 == Ty::Str,
        _ => false,
    };
    if is_row {
        lacking(cx, ty, Ability::Json, params, seen)
    } else {
        Some(ty.clone())
    }
}
