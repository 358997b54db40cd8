//! Structs are made by name, and copied with changes.

use dynop_base::codes::types;
use dynop_base::{Applicability, Diagnostic};
use dynop_syntax::ast;

use super::arguments::{Written, with_added};
use super::expressions::made;
use super::{BodyChecker, Origin};
use crate::hir::{Expr, ExprKind, StructId};
use crate::substitute::{substitute, substitute_expr};
use crate::ty::Ty;

impl BodyChecker<'_, '_> {
    pub(super) fn make_struct(
        &mut self,
        id: StructId,
        type_args: &[ast::Type],
        written: Written<'_>,
        hint: Option<&Ty>,
    ) -> Expr {
        let count = self.cx.struct_of(id).generics.len();
        let args = if type_args.is_empty() {
            match hint.map(|hint| self.infer.shallow(hint)) {
                Some(Ty::Struct(of, args)) if of == id => args.to_vec(),
                _ => self.infer.fresh_list(count, written.callee),
            }
        } else {
            type_args.iter().map(|ty| self.written_type(ty)).collect()
        };
        if args.len() != count {
            let name = self.cx.struct_of(id).name;
            self.report(
                Diagnostic::new(
                    &types::TYPE_ARGUMENTS,
                    written.callee,
                    format!(
                        "`{name}` takes {}, {} given",
                        crate::types::count(count, "type argument"),
                        crate::types::were(args.len())
                    ),
                )
                .here("made here")
                .help(if count == 0 {
                    format!("make it without them: `{name}(…)`")
                } else {
                    format!("write {} between the angle brackets, or leave them out where the fields tell them", crate::types::count(count, "type"))
                }),
            );
            return self.broken_call(written);
        }
        self.make_struct_of(id, args, written)
    }

    /// A struct of known type arguments.
    pub(super) fn make_struct_of(
        &mut self,
        id: StructId,
        args: Vec<Ty>,
        written: Written<'_>,
    ) -> Expr {
        let cx = self.cx;
        let item = cx.struct_of(id);
        let ty = Ty::Struct(id, args.clone().into());
        let mut base = None;
        let mut given: Vec<Option<Expr>> = item.fields.iter().map(|_| None).collect();
        let before = self.diagnostics.len();
        for arg in written.args {
            if arg.spread.is_some() {
                base = Some(self.check(
                    &arg.value,
                    &ty,
                    Origin::Rule("`..` copies a struct of the same type"),
                ));
                continue;
            }
            let Some(name) = arg.name else {
                self.by_order(id, arg);
                continue;
            };
            let Some(index) = item.fields.iter().position(|field| field.name == name.name) else {
                self.expr(&arg.value, None);
                let diagnostic = Diagnostic::new(
                    &types::UNKNOWN_FIELD,
                    name.span,
                    format!("`{}` has no field `{}`", item.name, name.name),
                )
                .here("no such field")
                .label(item.name_span, "declared here");
                let fields: Vec<&'static str> = item
                    .fields
                    .iter()
                    .map(|field| field.name.as_str())
                    .collect();
                let diagnostic = self.with_nearest(diagnostic, name, fields);
                self.report(diagnostic);
                continue;
            };
            let field = &item.fields[index];
            cx.note_use(name.span, field.span);
            let field_type = substitute(&field.ty, &args);
            let value = self.check(
                &arg.value,
                &field_type,
                Origin::Field(field.name, field.span),
            );
            if given[index].is_some() {
                self.report(
                    Diagnostic::new(
                        &types::ARGUMENTS,
                        arg.span,
                        format!("the field `{}` is given twice", field.name),
                    )
                    .here("again here")
                    .help("remove one of the two"),
                );
            }
            given[index] = Some(value);
        }
        let wrong = self.diagnostics.len() > before;
        self.assemble(id, ty, base, given, wrong, written)
    }

    fn by_order(&mut self, id: StructId, arg: &ast::Arg) {
        self.expr(&arg.value, None);
        let item = self.cx.struct_of(id);
        let fields: Vec<String> = item
            .fields
            .iter()
            .map(|field| format!("{}: …", field.name))
            .collect();
        let diagnostic = Diagnostic::new(
            &types::ARGUMENTS,
            arg.span,
            format!("a `{}` is made by the names of its fields", item.name),
        )
        .here("which field is this?")
        .help(format!("write `{}({})`", item.name, fields.join(", ")));
        self.report(match item.fields.as_slice() {
            [only] => diagnostic.fix(
                "name the field",
                arg.span.at_start(),
                format!("{}: ", only.name),
                Applicability::Certain,
            ),
            _ => diagnostic,
        });
    }

    fn assemble(
        &mut self,
        id: StructId,
        ty: Ty,
        base: Option<Expr>,
        given: Vec<Option<Expr>>,
        wrong: bool,
        written: Written<'_>,
    ) -> Expr {
        if let Some(base) = base {
            let changes = given
                .into_iter()
                .enumerate()
                .filter_map(|(i, value)| value.map(|value| (i as u32, value)))
                .collect();
            let base = Box::new(base);
            return made(ExprKind::Update { base, changes }, ty, written.span);
        }
        let cx = self.cx;
        let item = cx.struct_of(id);
        let args: &[Ty] = match &ty {
            Ty::Struct(_, args) => args,
            _ => &[],
        };
        let mut values = Vec::with_capacity(given.len());
        let mut missing = Vec::new();
        let mut lacked = Vec::new();
        let mut absent = Vec::new();
        for (value, field) in given.into_iter().zip(&item.fields) {
            let default = || {
                field
                    .default
                    .as_ref()
                    .map(|default| substitute_expr(default, args))
            };
            let value = value.or_else(default);
            if field.default.is_none() {
                lacked.push(format!("{}: …", field.name));
            }
            match value {
                Some(value) => values.push(value),
                None => {
                    absent.push((field.name, &field.ty));
                    missing.push(format!("`{}: {}`", field.name, cx.show(&field.ty)));
                }
            }
        }
        if missing.is_empty() {
            return made(ExprKind::Aggregate(values), ty, written.span);
        }
        if !wrong {
            let mut end = written.args_span.at_end();
            end.start = end.start.saturating_sub(1);
            let diagnostic = Diagnostic::new(
                &types::ARGUMENTS,
                end,
                format!(
                    "the new `{}` lacks {}",
                    item.name,
                    crate::signatures::list_of(missing)
                ),
            )
            .here("fields are missing")
            .label(item.name_span, "declared here")
            .help(format!("write `{}({})`", item.name, lacked.join(", ")));
            self.report(with_added(
                diagnostic,
                absent.into_iter(),
                written.args,
                end,
                self.mode == super::Mode::Code,
            ));
        }
        made(ExprKind::Error, ty, written.span)
    }
}
