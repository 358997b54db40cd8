//! Structs that contain themselves: their values would have no end.
//!
//! A field of optional, list or map type ends the way, since those are references to the value; a plain field, a tuple
//! or another struct does not.

use std::collections::{HashMap, HashSet};

use dynop_base::Diagnostic;
use dynop_base::codes::types;

use crate::context::Context;
use crate::hir::StructId;
use crate::substitute::substitute;
use crate::ty::Ty;

/// A struct that holds ever new instances of itself is taken for endless after so many on one way.
const INSTANCES: usize = 8;

/// Reports each struct that contains itself.
pub fn check(cx: &Context<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let mut search = Search {
        cx,
        done: HashSet::new(),
        path: HashMap::new(),
        reported: HashSet::new(),
        diagnostics,
    };
    for (index, item) in cx.program.structs.iter().enumerate() {
        let params = item.generics.iter().enumerate();
        let args = params.map(|(i, name)| Ty::Param(i as u32, *name)).collect();
        search.visit(&Ty::Struct(StructId(index as u32), args));
    }
}

struct Search<'c, 'a> {
    cx: &'c Context<'a>,
    // Types that are known to end.
    done: HashSet<Ty>,
    // The types around, by struct.
    path: HashMap<StructId, Vec<Ty>>,
    reported: HashSet<StructId>,
    diagnostics: &'c mut Vec<Diagnostic>,
}

impl Search<'_, '_> {
    /// Whether a type ends; what does not is reported.
    fn visit(&mut self, ty: &Ty) -> bool {
        match ty {
            Ty::Tuple(items) => items.iter().all(|item| self.visit(item)),
            Ty::NamedTuple(fields) => fields.iter().all(|(_, ty)| self.visit(ty)),
            Ty::Struct(id, args) => {
                if self.done.contains(ty) {
                    return true;
                }
                let around = self.path.entry(*id).or_default();
                if around.contains(ty) || around.len() >= INSTANCES {
                    return false;
                }
                around.push(ty.clone());
                let cx = self.cx;
                let mut ends = true;
                for field in &cx.struct_of(*id).fields {
                    if !self.visit(&substitute(&field.ty, args)) {
                        self.report(*id, field.name.as_str(), field.span);
                        ends = false;
                        break;
                    }
                }
                if let Some(around) = self.path.get_mut(id) {
                    around.pop();
                }
                self.done.insert(ty.clone());
                ends
            }
            _ => true,
        }
    }

    fn report(&mut self, id: StructId, field: &str, span: dynop_base::Span) {
        if !self.reported.insert(id) {
            return;
        }
        let name = self.cx.struct_of(id).name;
        self.diagnostics.push(
            Diagnostic::new(
                &types::RECURSIVE_TYPE,
                span,
                format!("the struct `{name}` contains itself through its field `{field}`"),
            )
            .here("a value of this would hold another one, and so on without end")
            .label(self.cx.struct_of(id).name_span, "declared here")
            .help("make the field optional with `?`, or a list or map: those may be empty"),
        );
    }
}
