//! Types that may not stand everywhere: `DynamicOutput`, `Iter`, functions, and those of a later version.

use dynop_base::Diagnostic;
use dynop_base::Span;
use dynop_base::codes::types;
use dynop_syntax::ast::FunctionKind;

use crate::context::{Context, ModuleId};
use crate::signatures::unsupported;
use crate::substitute::any;
use crate::ty::Ty;

/// Where a type stands, for the types that may not stand everywhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// Of a parameter.
    Param(FunctionKind),
    /// Of a result.
    Result(FunctionKind),
    /// Of a field of a struct.
    Field,
    /// In the payload of an enum's case.
    Payload,
    /// Of a constant.
    Const,
    /// Written inside a `fn` or `op` body.
    Body,
}

impl Place {
    fn describe(self) -> String {
        match self {
            Place::Param(FunctionKind::Op) => "an input of an op".to_string(),
            Place::Result(FunctionKind::Op) => "an output of an op".to_string(),
            Place::Param(kind) => format!("a parameter of a {}", kind.keyword()),
            Place::Result(kind) => format!("the result of a {}", kind.keyword()),
            Place::Field => "a field of a struct".to_string(),
            Place::Payload => "a part of an enum".to_string(),
            Place::Const => "a constant".to_string(),
            Place::Body => "a variable".to_string(),
        }
    }

    fn allows_dynamic(self) -> bool {
        use FunctionKind::{Fn, Graph, Op};
        matches!(
            self,
            Place::Param(Graph) | Place::Result(Graph | Op | Fn) | Place::Body
        )
    }

    fn allows_iter(self) -> bool {
        use FunctionKind::Fn;
        matches!(self, Place::Param(Fn) | Place::Result(Fn) | Place::Body)
    }

    fn allows_functions(self) -> bool {
        self.allows_iter()
    }
}

/// `ty` if it may stand at `place`, else [`Ty::Error`] and a report.
pub fn placed(
    cx: &Context<'_>,
    module: ModuleId,
    ty: Ty,
    span: Span,
    place: Place,
    diagnostics: &mut Vec<Diagnostic>,
) -> Ty {
    if cx.is_std(module) {
        return ty;
    }
    let mut found = None;
    any(&ty, &mut |part| {
        found = misplaced(cx, part, place);
        found.is_some()
    });
    let Some((message, help)) = found else {
        return ty;
    };
    if help.is_empty() {
        diagnostics.push(unsupported(&message, span));
        return Ty::Error;
    }
    let mut diagnostic = Diagnostic::new(&types::TYPE_PLACE, span, message).here("not here");
    for help in help {
        diagnostic = diagnostic.help(help);
    }
    diagnostics.push(diagnostic);
    Ty::Error
}

/// Why a part of a type may not stand at a place: the message, and helps; no helps for what is not supported yet.
fn misplaced(cx: &Context<'_>, part: &Ty, place: Place) -> Option<(String, Vec<String>)> {
    let text = cx.show(part);
    match part {
        Ty::Dynamic(item) if !place.allows_dynamic() => Some((
            format!("`{text}` can't be the type of {}", place.describe()),
            vec![if matches!(place, Place::Result(FunctionKind::Job)) {
                format!(
                    "collect it: `.collect()` makes a `List<{}>` of it",
                    cx.show(item)
                )
            } else {
                format!(
                    "take a plain `{0}` and invoke with `.map(…)`, or a `List<{0}>` and `.collect()`",
                    cx.show(item)
                )
            }],
        )),
        Ty::Iter(item) if !place.allows_iter() => Some((
            format!("`{text}` can't be the type of {}", place.describe()),
            vec![format!(
                "an `Iter` is a recipe, not a value to keep: use `List<{}>` and `.to_list()`",
                cx.show(item)
            )],
        )),
        Ty::Fn(_) if !place.allows_functions() => Some((
            format!("a function can't be the type of {}", place.describe()),
            vec!["functions are given to a `fn` and kept in variables; what leaves a step is a value".to_string()],
        )),
        Ty::Map(pair) if never_a_key(&pair.0) => Some((
            format!("`{}` can't be a map key", cx.show(&pair.0)),
            vec!["keys are Int, Bool, Str, Bytes, Path, Time, Duration and tuples, lists, structs and enums of them".to_string()],
        )),
        Ty::Set(item) if never_a_key(item) => Some((
            format!("`{}` can't be an element of a set", cx.show(item)),
            vec!["elements are what may be keys of a map: Int, Bool, Str, Bytes, Path, Time, Duration and tuples, lists, structs and enums of them".to_string()],
        )),
        Ty::Bytes | Ty::Duration | Ty::Time | Ty::Set(_)
            if cx.methods_of(part).is_none() =>
        {
            Some((format!("values of type `{text}`"), Vec::new()))
        }
        _ => None,
    }
}

/// Whether a type is known not to be a key, whatever its type parameters are.
pub fn never_a_key(ty: &Ty) -> bool {
    any(ty, &mut |part| {
        matches!(
            part,
            Ty::Float | Ty::Map(_) | Ty::Set(_) | Ty::Fn(_) | Ty::Iter(_) | Ty::Dynamic(_)
        )
    })
}
