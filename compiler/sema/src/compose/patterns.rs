//! What `let` and the parameters of closures bind.

use std::collections::BTreeSet;

use dynop_base::codes::composition;
use dynop_base::{Applicability, Diagnostic, Symbol, nearest};
use dynop_syntax::ast::{self, PatternKind};

use super::check::{Binding, Composer, MapId, Meaning};
use super::{BindingId, CTy, Node, NodeKind, Pattern};

impl Composer<'_, '_> {
    pub(super) fn bind_pattern(
        &mut self,
        pattern: &ast::Pattern,
        node: &Node,
        ty: &CTy,
        axes: &BTreeSet<MapId>,
    ) -> Pattern {
        match &pattern.kind {
            PatternKind::Wildcard | PatternKind::Error => Pattern::Ignore,
            PatternKind::Name(name) => {
                let binding = Binding {
                    name: *name,
                    span: pattern.span,
                    ty: ty.clone(),
                    axes: axes.clone(),
                    made_by: self.made_by(node),
                    producer: self.producer(node),
                    item_of: None,
                    raw: self.is_raw(node) && matches!(ty, CTy::Dynamic(_)),
                    used: false,
                    watched: true,
                    constant: self.is_constant(node),
                };
                Pattern::Name(self.bind(binding))
            }
            PatternKind::Tuple(fields) => self.bind_parts(pattern, fields, node, ty, axes),
            _ => {
                self.report(
                    Diagnostic::new(
                        &composition::NOT_IN_A_JOB,
                        pattern.span,
                        "this pattern can't stand in a job",
                    )
                    .here("names and tuples of names can")
                    .help("bind the output to a name, and take it apart in the op that it is passed to"),
                );
                Pattern::Ignore
            }
        }
    }

    fn bind_parts(
        &mut self,
        pattern: &ast::Pattern,
        fields: &[ast::FieldPattern],
        node: &Node,
        ty: &CTy,
        axes: &BTreeSet<MapId>,
    ) -> Pattern {
        let parts = match ty {
            CTy::Group(parts) => parts.clone(),
            _ => {
                if *ty != CTy::Error {
                    let shown = self.show(ty);
                    self.report(
                        Diagnostic::new(&composition::BAD_UNPACKING, pattern.span, "this is one output, not several")
                            .here(format!("{} names for one output", fields.len()))
                            .label(node.span, format!("this is `{shown}`"))
                            .note("what an op gives in one output exists only while the job runs")
                            .help("take it apart in an op, or let the op declare named outputs: `-> (a: A, b: B)`"),
                    );
                }
                let broken = fields
                    .iter()
                    .map(|f| self.bind_pattern(&f.pattern, node, &CTy::Error, axes))
                    .collect();
                return Pattern::Parts(broken);
            }
        };
        let uneven = fields.iter().all(|field| field.name.is_none()) && fields.len() != parts.len();
        if uneven {
            let outputs: Vec<String> = parts
                .iter()
                .map(|(name, ty)| match name {
                    Some(name) => format!("{name}: {}", self.show(ty)),
                    None => self.show(ty),
                })
                .collect();
            self.report(
                Diagnostic::new(
                    &composition::BAD_UNPACKING,
                    pattern.span,
                    format!("{} names for {} outputs", fields.len(), parts.len()),
                )
                .here(format!("binds {}", fields.len()))
                .label(node.span, format!("gives ({})", outputs.join(", ")))
                .help("name every output, `_` for one that is not wanted, or reach one by name: `outs.total`"),
            );
        }
        let mut bound = vec![Pattern::Ignore; parts.len()];
        for (index, field) in fields.iter().enumerate() {
            let at = match field.name {
                None => Some(index),
                Some(name) => {
                    let at = parts.iter().position(|(part, _)| *part == Some(name.name));
                    if at.is_none() {
                        self.unknown_part(name, &parts);
                    }
                    at
                }
            };
            let ty = at
                .and_then(|at| parts.get(at))
                .filter(|_| !uneven)
                .map_or(CTy::Error, |(_, ty)| ty.clone());
            let made = self.bind_pattern(&field.pattern, &part_of(node, at, &ty), &ty, axes);
            if let Some(slot) = at.and_then(|at| bound.get_mut(at)) {
                *slot = made;
            }
        }
        Pattern::Parts(bound)
    }

    pub(super) fn unknown_part(&mut self, name: ast::Ident, parts: &[(Option<Symbol>, CTy)]) {
        let known: Vec<&str> = parts
            .iter()
            .filter_map(|(part, _)| Some((*part)?.as_str()))
            .collect();
        let mut found = Diagnostic::new(
            &composition::UNKNOWN_PART,
            name.span,
            format!("there is no output `{}`", name.name),
        )
        .here("no such output");
        if let Some(near) = nearest(name.name.as_str(), known.iter().copied()) {
            found = found.help(format!("did you mean `{near}`?")).fix(
                format!("change to `{near}`"),
                name.span,
                near,
                Applicability::Maybe,
            );
        } else if !known.is_empty() {
            found = found.help(format!(
                "its outputs are {}",
                crate::signatures::list_of(known.iter().map(|n| format!("`{n}`")))
            ));
        }
        self.report(found);
    }

    pub(super) fn bind(&mut self, binding: Binding) -> BindingId {
        let id = BindingId(self.bindings.len() as u32);
        // The place of an item without name is that of the op that is given to `map`.
        if binding.name != "_" {
            self.cx.note_use(binding.span, binding.span);
            self.note_type(binding.span, &binding.ty);
        }
        self.scope.insert(binding.name, Meaning::Binding(id));
        self.bindings.push(binding);
        id
    }

    /// Checks with names that are gone afterwards.
    pub(super) fn scoped<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.scope.clone();
        let result = work(self);
        self.scope = outer;
        result
    }
}

/// A part of a group as a node of its own, so that what is known of the part alone is found.
fn part_of(base: &Node, index: Option<usize>, ty: &CTy) -> Node {
    match index {
        Some(index) => Node {
            kind: NodeKind::Part {
                base: Box::new(base.clone()),
                index,
            },
            ty: ty.clone(),
            span: base.span,
        },
        None => base.clone(),
    }
}
