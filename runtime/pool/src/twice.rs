//! Which keys of a flattened dynamic have one text, for the failure of the step that collects them by it.

use crate::step_key::{joined, push_key, push_parts, quoted};
use crate::store::Family;

/// Says that `text` is the key of the instance at `position` of `family`, or of something within it, and of one before: by
/// the parts of both, where they can be told.
#[cold]
pub(crate) fn told(family: &Family<'_>, position: u32, text: &str) -> String {
    let mut before = (0..position).filter_map(|at| parts(family, at, text));
    let key = quoted(text);
    match (before.next(), before.next(), parts(family, position, text)) {
        (Some(first), None, Some(second)) => {
            format!("the key {key} is collected twice: it is the text of {first} and of {second}")
        }
        _ => format!(
            "the key {key} is collected twice: different keys of the flattened levels have this text"
        ),
    }
}

/// The parts of a text whose beginning, or all of which, is the key of an instance.
fn parts(family: &Family<'_>, position: u32, text: &str) -> Option<String> {
    let outer = family.stream.as_ref()?.key(position);
    let rest = text.strip_prefix(joined(outer).as_str())?;
    let mut shown = String::new();
    push_parts(&mut shown, outer);
    if !rest.is_empty() {
        push_key(&mut shown, rest.strip_prefix('/')?);
    }
    Some(shown)
}
