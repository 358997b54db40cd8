//! Types as the user writes them.

use std::fmt::Write;

use crate::context::Context;
use crate::hir::Program;
use crate::ty::Ty;

impl Context<'_> {
    /// A type as it would be written; what is not yet inferred is `_`.
    pub fn show(&self, ty: &Ty) -> String {
        show(&self.program, ty)
    }
}

/// A type as it would be written.
pub fn show(program: &Program, ty: &Ty) -> String {
    let mut out = String::new();
    write_type(program, ty, &mut out, 0);
    out
}

/// Deeper than this a type is shown as `…`: such types come from mistakes, and messages are for reading.
const SHOWN_DEPTH: u32 = 24;

fn write_type(program: &Program, ty: &Ty, out: &mut String, depth: u32) {
    if depth > SHOWN_DEPTH {
        out.push('…');
        return;
    }
    let one = |out: &mut String, name: &str, item: &Ty| {
        out.push_str(name);
        out.push('<');
        write_type(program, item, out, depth + 1);
        out.push('>');
    };
    match ty {
        Ty::Int => out.push_str("Int"),
        Ty::Float => out.push_str("Float"),
        Ty::Bool => out.push_str("Bool"),
        Ty::Str => out.push_str("Str"),
        Ty::Path => out.push_str("Path"),
        Ty::Bytes => out.push_str("Bytes"),
        Ty::Duration => out.push_str("Duration"),
        Ty::Time => out.push_str("Time"),
        Ty::Unit => out.push_str("()"),
        Ty::Never => out.push_str("Never"),
        Ty::Range => out.push_str("Range"),
        Ty::List(item) => one(out, "List", item),
        Ty::Set(item) => one(out, "Set", item),
        Ty::Iter(item) => one(out, "Iter", item),
        Ty::Dynamic(item) => one(out, "DynamicOutput", item),
        Ty::Map(pair) => {
            out.push_str("Map");
            write_args(program, [&pair.0, &pair.1], out, depth);
        }
        Ty::Option(item) => {
            let function = matches!(**item, Ty::Fn(_));
            out.push_str(if function { "(" } else { "" });
            write_type(program, item, out, depth + 1);
            out.push_str(if function { ")?" } else { "?" });
        }
        Ty::Tuple(items) => write_list(program, items.iter().map(|ty| (None, ty)), out, depth),
        Ty::NamedTuple(fields) => write_list(
            program,
            fields.iter().map(|(name, ty)| (Some(name.as_str()), ty)),
            out,
            depth,
        ),
        Ty::Fn(function) => {
            out.push_str("fn");
            write_list(
                program,
                function.params.iter().map(|ty| (None, ty)),
                out,
                depth,
            );
            if function.result != Ty::Unit {
                out.push_str(" -> ");
                write_type(program, &function.result, out, depth + 1);
            }
        }
        Ty::Struct(id, args) => {
            let name = program.structs.get(id.0 as usize).map(|item| item.name);
            out.push_str(name.map_or("?", |name| name.as_str()));
            write_args(program, args.iter(), out, depth);
        }
        Ty::Enum(id, args) => {
            let name = program.enums.get(id.0 as usize).map(|item| item.name);
            out.push_str(name.map_or("?", |name| name.as_str()));
            write_args(program, args.iter(), out, depth);
        }
        Ty::Param(_, name) => out.push_str(name.as_str()),
        Ty::Infer(_) | Ty::Error => out.push('_'),
    }
}

fn write_args<'t>(
    program: &Program,
    args: impl IntoIterator<Item = &'t Ty>,
    out: &mut String,
    depth: u32,
) {
    let mut any = false;
    for arg in args {
        out.push_str(if any { ", " } else { "<" });
        any = true;
        write_type(program, arg, out, depth + 1);
    }
    if any {
        out.push('>');
    }
}

fn write_list<'t>(
    program: &Program,
    items: impl Iterator<Item = (Option<&'static str>, &'t Ty)>,
    out: &mut String,
    depth: u32,
) {
    out.push('(');
    for (i, (name, ty)) in items.enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        if let Some(name) = name {
            let _ = write!(out, "{name}: ");
        }
        write_type(program, ty, out, depth + 1);
    }
    out.push(')');
}

/// Writes `an` for `a` before a name that begins with a vowel: messages are put together from parts.
pub fn mend_articles(diagnostic: &mut dynop_base::Diagnostic) {
    let mend = |text: &mut String| {
        for vowel in ["A", "E", "I", "O"] {
            for (before, after) in [("a `", "an `"), (" a `", " an `")] {
                let (from, to) = (format!("{before}{vowel}"), format!("{after}{vowel}"));
                if before.starts_with('a') {
                    if text.starts_with(&from) {
                        text.replace_range(..from.len(), &to);
                    }
                } else if text.contains(&from) {
                    *text = text.replace(&from, &to);
                }
            }
        }
    };
    mend(&mut diagnostic.message);
    mend(&mut diagnostic.primary.text);
    for label in &mut diagnostic.labels {
        mend(&mut label.text);
    }
    diagnostic
        .notes
        .iter_mut()
        .chain(&mut diagnostic.helps)
        .for_each(mend);
}
