//! The words for a type that can't do what is asked of it: what it lacks, why, and what to use in its place.

use std::collections::HashSet;

use dynop_base::codes::{library, types};
use dynop_base::{Diagnostic, Span};

use crate::abilities::lacking;
use crate::body::Ability;
use crate::context::Context;
use crate::hir::StructId;
use crate::substitute::substitute;
use crate::ty::Ty;

/// The report of `part` of `ty`, which lacks an ability.
pub(crate) fn said(
    cx: &Context<'_>,
    ty: &Ty,
    part: &Ty,
    ability: Ability,
    span: Span,
) -> Diagnostic {
    let (text, part_text) = (cx.show(ty), cx.show(part));
    let (code, message) = match ability {
        Ability::Equal => (
            &types::NOT_COMPARABLE,
            format!("values of type `{text}` can't be compared with `==`"),
        ),
        Ability::Order => (
            &types::NOT_COMPARABLE,
            format!("values of type `{text}` have no order"),
        ),
        Ability::Key => (
            &types::NOT_A_KEY,
            format!("a `{text}` can't be a key of a map or an element of a set"),
        ),
        Ability::Show => (
            &types::NOT_COMPARABLE,
            format!("a `{text}` can't be written as text"),
        ),
        Ability::Number => (&types::OPERATOR, format!("a `{text}` is no number")),
        Ability::Json => (&library::NO_JSON, format!("a `{text}` has no form in JSON")),
        Ability::Row => (&library::NO_ROW, format!("a `{text}` is no row")),
        Ability::Data => (&library::NO_DATA, format!("a `{text}` can't be hashed")),
    };
    let mut diagnostic = Diagnostic::new(code, span, message).here(format!("this is a `{text}`"));
    if part != ty {
        diagnostic = diagnostic.note(format!("it holds a `{part_text}`"));
    }
    if let Some(reason) = reason(ability, part) {
        diagnostic = diagnostic.note(reason);
    }
    diagnostic.help(repair(cx, ability, part, &part_text))
}

/// What a function needs of a type, as the object of "needs".
pub(crate) fn needed(ability: Ability) -> &'static str {
    match ability {
        Ability::Equal => "to compare with `==`",
        Ability::Order => "an order",
        Ability::Key => "a key",
        Ability::Show => "a text of it",
        Ability::Number => "a number",
        Ability::Json => "its form in JSON",
        Ability::Row => "a row",
        Ability::Data => "a text or bytes",
    }
}

fn reason(ability: Ability, part: &Ty) -> Option<&'static str> {
    Some(match (ability, part) {
        (Ability::Key, Ty::Float) => {
            "two floats that look alike may differ, and NaN differs from itself"
        }
        (Ability::Key, _) => {
            "keys are `Int`, `Bool`, `Str`, `Bytes`, `Path`, `Time`, `Duration` and tuples, lists, structs and enums of them"
        }
        (Ability::Row, _) => {
            "a row is a struct, a tuple, a `List` of cells or a `Map` from `Str` to cells; cells may be of any type that \
             has a form in JSON"
        }
        (Ability::Data, _) => "texts and bytes have digests",
        (Ability::Order, _) => {
            "numbers, texts, paths, and tuples, lists and enums of them have an order"
        }
        _ => return None,
    })
}

fn repair(cx: &Context<'_>, ability: Ability, part: &Ty, text: &str) -> String {
    match (ability, part) {
        (Ability::Order, Ty::Struct(id, args)) => order_of_struct(cx, *id, args, text)
            .unwrap_or_else(|| {
                format!("give `{text}` a field with an order, and compare that field")
            }),
        (Ability::Order | Ability::Key, Ty::Option(inner)) => format!(
            "say what stands for `none`: `x ?? …` is a plain `{}`",
            cx.show(inner)
        ),
        (Ability::Order, Ty::NamedTuple(fields)) => match fields.first() {
            Some((name, _)) => format!("compare one of its parts: `a.{name} < b.{name}`"),
            None => "compare its parts".to_string(),
        },
        (Ability::Order, Ty::Map(_) | Ty::Set(_)) => {
            "compare how many entries they have: `a.len() < b.len()`".to_string()
        }
        (Ability::Order, Ty::Range) => "compare how long they are: `a.len() < b.len()`".to_string(),
        (Ability::Key, Ty::Float) => {
            "use an `Int` or a `Str` as the key: `x.to_int()`, or the text `f\"{x}\"`".to_string()
        }
        (Ability::Key, Ty::Map(_)) => {
            "use the list of its entries as the key: `x.entries()`".to_string()
        }
        (Ability::Key, Ty::Set(_)) => "use its list as the key: `x.to_list()`".to_string(),
        (Ability::Key, Ty::Range) => "use its two ends as the key: `(first, last)`".to_string(),
        (_, Ty::Iter(inner)) => format!(
            "make a list of it: `.to_list()` gives a `List<{}>`",
            cx.show(inner)
        ),
        (_, Ty::Dynamic(inner)) => format!(
            "take the plain value, of type `{}`, before it becomes a `DynamicOutput`",
            cx.show(inner)
        ),
        (_, Ty::Fn(_)) => {
            "a function can be called and passed on only: call it, and use what it gives"
                .to_string()
        }
        (Ability::Row, _) => row(text),
        (Ability::Data, _) => "make a text of it: `json.to_str(x)`".to_string(),
        (Ability::Number, Ty::Str) => {
            "make a number of it: `x.parse_int()` or `x.parse_float()`".to_string()
        }
        (Ability::Number, _) => {
            "go through the values with `fold` and say how two of them are joined".to_string()
        }
        (Ability::Key, _) => {
            "use an `Int` or a `Str` that identifies the value as the key".to_string()
        }
        _ => format!("take a part of the `{text}` out first, and use that"),
    }
}

/// Which field a struct may be compared by.
fn order_of_struct(cx: &Context<'_>, id: StructId, args: &[Ty], text: &str) -> Option<String> {
    let fields = &cx.struct_of(id).fields;
    let name = fields.iter().find_map(|field| {
        let ty = substitute(&field.ty, args);
        lacking(
            cx,
            &ty,
            Ability::Order,
            &mut Vec::new(),
            &mut HashSet::new(),
        )
        .is_none()
        .then_some(field.name)
    })?;
    Some(format!(
        "compare one of the fields of `{text}`: `a.{name} < b.{name}`; a list is sorted by it with `.sorted_by(|x| x.{name})`"
    ))
}

fn row(text: &str) -> String {
    format!(
        "put it into a row of one part: a struct with the field `value: {text}`, or a `List<{text}>`"
    )
}
