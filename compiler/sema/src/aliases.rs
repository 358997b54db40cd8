//! Type aliases: each is lowered after those that it stands on, and circles are reported.

use dynop_base::codes::names;
use dynop_base::{Diagnostic, Span};
use dynop_syntax::ast::{self, Ident, TypeKind};

use crate::context::{Context, Definition, ModuleId};
use crate::substitute::measure;
use crate::ty::Ty;
use crate::types::{LARGEST_TYPE, TypeScope, lower_type, too_large};

/// Lowers every alias, those that others stand on first.
pub fn lower(cx: &mut Context<'_>, diagnostics: &mut Vec<Diagnostic>) {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        Open,
        Done,
    }
    let count = cx.aliases.len();
    cx.alias_types = vec![Ty::Error; count];
    let mut states = vec![State::New; count];
    for start in 0..count {
        // A stack of our own: a chain of aliases may be as long as the file.
        let mut stack = vec![start];
        while let Some(&index) = stack.last() {
            let alias = cx.aliases[index];
            if states[index] == State::New {
                states[index] = State::Open;
                let mut used = Vec::new();
                aliases_in(cx, alias.module, &alias.decl.ty, &mut used);
                for (other, span) in used {
                    match states[other] {
                        State::New => stack.push(other),
                        State::Open if stack.contains(&other) => diagnostics.push(alias_cycle(
                            alias.decl.name,
                            cx.aliases[other].decl.name,
                            span,
                        )),
                        _ => {}
                    }
                }
                if stack.last() != Some(&index) {
                    continue;
                }
            }
            stack.pop();
            if states[index] == State::Open {
                states[index] = State::Done;
                let scope = TypeScope {
                    module: alias.module,
                    generics: &alias.decl.generics,
                };
                let mut ty = lower_type(cx, scope, &alias.decl.ty, diagnostics);
                if measure(&ty, LARGEST_TYPE) > LARGEST_TYPE {
                    diagnostics.push(too_large(alias.decl.ty.span));
                    ty = Ty::Error;
                }
                cx.alias_types[index] = ty;
            }
        }
    }
}

fn alias_cycle(from: Ident, to: Ident, span: Span) -> Diagnostic {
    let message = if from.name == to.name {
        format!("the alias `{}` stands for itself", from.name)
    } else {
        format!(
            "the aliases `{}` and `{}` stand for each other",
            from.name, to.name
        )
    };
    Diagnostic::new(&names::CYCLE, span, message)
        .here("this leads back to where it began")
        .note("an alias is another name of a type, so it must end in one")
        .help("a type that holds values of itself is a `struct` with a `List`, `Map` or `?` field")
}

fn aliases_in(cx: &Context<'_>, module: ModuleId, ty: &ast::Type, out: &mut Vec<(usize, Span)>) {
    match &ty.kind {
        TypeKind::Name { path, args } => {
            let definition = match path.as_slice() {
                [name] => cx.resolve(module, name.name),
                [first, name] => match cx.resolve(module, first.name) {
                    Some(Definition::Module(other)) => {
                        cx.member(other, name.name).map(|entry| entry.definition)
                    }
                    _ => None,
                },
                _ => None,
            };
            if let Some(Definition::Alias(id)) = definition {
                out.push((id.0 as usize, ty.span));
            }
            for arg in args {
                aliases_in(cx, module, arg, out);
            }
        }
        TypeKind::Optional(inner) => aliases_in(cx, module, inner, out),
        TypeKind::Tuple(fields) => {
            for field in fields {
                aliases_in(cx, module, &field.ty, out);
            }
        }
        TypeKind::Function { params, result } => {
            for param in params {
                aliases_in(cx, module, param, out);
            }
            if let Some(result) = result {
                aliases_in(cx, module, result, out);
            }
        }
        TypeKind::Error => {}
    }
}
