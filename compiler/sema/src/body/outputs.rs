//! What ops give: `yield`, `DynamicOutput(…)` and `Output(…)`.

use dynop_base::codes::{ops, types};
use dynop_base::{Applicability, Diagnostic, Span, Symbol};
use dynop_syntax::ast::{self, FunctionKind};

use super::arguments::Written;
use super::expressions::made;
use super::{BodyChecker, Origin};
use crate::hir::{Arg, Expr, ExprKind, FormatPart, FunctionId, Output, StmtKind};
use crate::ty::Ty;

/// The arguments of `Output` and `DynamicOutput`.
#[derive(Default)]
pub(super) struct Parts<'t> {
    value: Option<&'t ast::Expr>,
    key: Option<&'t ast::Expr>,
    name: Option<&'t ast::Expr>,
}

impl BodyChecker<'_, '_> {
    pub(super) fn yield_statement(&mut self, value: &ast::Expr, span: Span) -> Option<StmtKind> {
        let Some(id) = self.may_yield(span) else {
            self.visit_yielded(value);
            return None;
        };
        let Some((name, written)) = output_call(value) else {
            return self.yield_value(id, value, span);
        };
        let dynamic = name == "DynamicOutput";
        let parts = self.parts(written, dynamic)?;
        let found = self.find_output(id, &parts, dynamic, written);
        let cx = self.cx;
        let output = found.map(|index| &cx.function(id).outputs.list[index as usize]);
        let value = self.output_item(&parts, output, dynamic);
        let key = dynamic.then(|| self.mapping_key(parts.key, written));
        let (output, value) = (found?, value?);
        Some(match key {
            Some(key) => StmtKind::YieldDynamic {
                output,
                value,
                key: key?,
            },
            None => StmtKind::YieldOutput { output, value },
        })
    }

    /// Checks the parts of a `yield` that stands where it may not.
    fn visit_yielded(&mut self, value: &ast::Expr) {
        match output_call(value) {
            Some((_, written)) => {
                for arg in written.args {
                    self.expr(&arg.value, None);
                }
            }
            None => {
                self.expr(value, None);
            }
        }
    }

    /// The op around, if `yield` may stand here.
    fn may_yield(&mut self, span: Span) -> Option<FunctionId> {
        let id = self.function?;
        let function = self.cx.function(id);
        if self.frames.len() > 1 {
            self.report(
                Diagnostic::new(
                    &ops::YIELD_PLACE,
                    span,
                    "`yield` may not stand in a closure",
                )
                .here("a closure is a function of its own, which may be called at any time")
                .help("go over the values with `for` and yield in its body"),
            );
            return None;
        }
        if function.kind != FunctionKind::Op {
            self.report(
                Diagnostic::new(
                    &ops::YIELD_PLACE,
                    span,
                    format!(
                        "`yield` may only stand in an op, and `{}` is a `fn`",
                        function.name
                    ),
                )
                .here("a function has no outputs")
                .label(function.name_span, "declared here")
                .help("return a list of the values and yield them in the op that calls it"),
            );
            return None;
        }
        if function.outputs.list.is_empty() {
            if function.result != Ty::Error {
                let diagnostic = Diagnostic::new(
                    &ops::YIELD_VALUE,
                    span,
                    format!("the op `{}` declares no output to yield", function.name),
                )
                .here("there is no output for this")
                .label(function.name_span, "no result is declared here")
                .help("declare it after the parameters: `-> DynamicOutput<T>`");
                self.report(diagnostic);
            }
            return None;
        }
        Some(id)
    }

    fn parts<'t>(&mut self, written: Written<'t>, dynamic: bool) -> Option<Parts<'t>> {
        let mut parts = Parts::default();
        let constructor = if dynamic { "DynamicOutput" } else { "Output" };
        let known: &[&'static str] = if dynamic {
            &["value", "mapping_key", "output_name"]
        } else {
            &["value", "output_name"]
        };
        let mut fine = true;
        for arg in written.args {
            let name = arg.name.map_or("value", |name| name.name.as_str());
            let slot = match name {
                "value" => &mut parts.value,
                "mapping_key" if dynamic => &mut parts.key,
                "output_name" => &mut parts.name,
                _ => {
                    fine = false;
                    self.expr(&arg.value, None);
                    if let Some(name) = arg.name {
                        let diagnostic = Diagnostic::new(
                            &types::ARGUMENTS,
                            name.span,
                            format!("`{constructor}` has no parameter `{}`", name.name),
                        )
                        .here("no such parameter");
                        let diagnostic = self.with_nearest(diagnostic, name, known.iter().copied());
                        self.report(diagnostic);
                    }
                    continue;
                }
            };
            if slot.is_some() {
                fine = false;
                let help = if dynamic && arg.name.is_none() {
                    "the key has a name: `mapping_key: k`"
                } else {
                    "give it once"
                };
                self.report(
                    Diagnostic::new(
                        &types::ARGUMENTS,
                        arg.span,
                        format!("`{name}` of `{constructor}` is given twice"),
                    )
                    .here("again here")
                    .help(help),
                );
                continue;
            }
            *slot = Some(&arg.value);
        }
        if parts.value.is_none() && fine {
            self.report(
                Diagnostic::new(
                    &types::ARGUMENTS,
                    written.args_span,
                    format!("`{constructor}` lacks its value"),
                )
                .here("the value is missing"),
            );
            fine = false;
        }
        fine.then_some(parts)
    }

    /// The output that a `yield` is for.
    pub(super) fn find_output(
        &mut self,
        id: FunctionId,
        parts: &Parts<'_>,
        dynamic: bool,
        written: Written<'_>,
    ) -> Option<u32> {
        let cx = self.cx;
        let outputs = &cx.function(id).outputs.list;
        let listed =
            crate::signatures::list_of(outputs.iter().map(|output| format!("`{}`", output.name)));
        let index = match parts.name {
            Some(name) => {
                let ast::ExprKind::Str(text) = &name.kind else {
                    self.report(
                        Diagnostic::new(
                            &ops::UNKNOWN_OUTPUT,
                            name.span,
                            "`output_name` is a string literal",
                        )
                        .here("computed only while the step runs")
                        .note("the outputs of an op are known when it is compiled"),
                    );
                    return None;
                };
                match outputs
                    .iter()
                    .position(|output| output.name == text.as_str())
                {
                    Some(index) => {
                        self.cx.note_use(name.span, outputs[index].span);
                        index
                    }
                    None => {
                        self.unknown_output(id, text, name.span, &listed);
                        return None;
                    }
                }
            }
            None if outputs.len() == 1 => 0,
            None => {
                self.report(
                    Diagnostic::new(
                        &ops::UNKNOWN_OUTPUT,
                        written.span,
                        format!(
                            "`{}` has several outputs, so this must name its own",
                            cx.function(id).name
                        ),
                    )
                    .here("for which output?")
                    .note(format!("its outputs are {listed}"))
                    .help("add `output_name: \"…\"`"),
                );
                return None;
            }
        };
        let output = outputs.get(index)?;
        if output.dynamic != dynamic {
            self.wrong_kind(output, dynamic, written);
            return None;
        }
        Some(index as u32)
    }

    fn unknown_output(&mut self, id: FunctionId, text: &str, span: Span, listed: &str) {
        let function = self.cx.function(id);
        let names = function
            .outputs
            .list
            .iter()
            .map(|output| output.name.as_str());
        let diagnostic = Diagnostic::new(
            &ops::UNKNOWN_OUTPUT,
            span,
            format!("`{}` has no output `{text}`", function.name),
        )
        .here("no such output")
        .note(format!("its outputs are {listed}"));
        let diagnostic = match function.outputs.list.first() {
            Some(first) => diagnostic.label(first.span, "declared here"),
            None => diagnostic,
        };
        self.report(match dynop_base::nearest(text, names) {
            Some(near) => diagnostic
                .help(format!("the nearest name is `{near}`"))
                .fix(
                    format!("write `{near}`"),
                    span,
                    format!("\"{near}\""),
                    Applicability::Maybe,
                ),
            None => diagnostic,
        });
    }

    fn wrong_kind(&mut self, output: &Output, dynamic: bool, written: Written<'_>) {
        let diagnostic =
            if dynamic {
                Diagnostic::new(
                    &ops::YIELD_VALUE,
                    written.span,
                    format!(
                        "the output `{}` is plain, this yields an item of a dynamic one",
                        output.name
                    ),
                )
                .here("a `DynamicOutput`")
                .label(output.span, "declared without `DynamicOutput` here")
                .help("yield it with `Output(v)`, or declare the output `DynamicOutput<T>`")
            } else {
                Diagnostic::new(
                &ops::YIELD_VALUE,
                written.span,
                format!("the output `{}` is dynamic, this yields a plain one", output.name),
            )
            .here("an `Output`")
            .label(output.span, "declared `DynamicOutput` here")
            .help("yield each item with a key of its own: `yield DynamicOutput(v, mapping_key: k)`")
            };
        self.report(diagnostic);
    }

    fn output_item(
        &mut self,
        parts: &Parts<'_>,
        output: Option<&Output>,
        dynamic: bool,
    ) -> Option<Expr> {
        let value = parts.value?;
        let Some(output) = output else {
            self.expr(value, None);
            return None;
        };
        let ty = if output.optional && !dynamic {
            Ty::option(output.ty.clone())
        } else {
            output.ty.clone()
        };
        Some(self.check(value, &ty, Origin::Written(output.span)))
    }

    /// `DynamicOutput(v, mapping_key: k)` as a value.
    pub(super) fn dynamic_value(&mut self, written: Written<'_>, item: Option<Ty>) -> Expr {
        let Some(parts) = self.parts(written, true) else {
            return self.error_expr(written.span);
        };
        if let Some(name) = parts.name {
            self.report(
                Diagnostic::new(
                    &ops::UNKNOWN_OUTPUT,
                    name.span,
                    "only `yield` names an output",
                )
                .here("not in a value")
                .help("return a named tuple of the outputs: `return (values: […], total: n)`"),
            );
        }
        let value = parts.value.map(|value| match &item {
            Some(item) => self.check(
                value,
                item,
                Origin::Rule("the item has another type than the output"),
            ),
            None => self.expr(value, None),
        });
        let key = self.mapping_key(parts.key, written);
        let (Some(value), Some(key)) = (value, key) else {
            return self.error_expr(written.span);
        };
        let ty = Ty::dynamic(value.ty.clone());
        made(ExprKind::Aggregate(vec![value, key]), ty, written.span)
    }

    /// A mapping key as a `Str`.
    fn mapping_key(&mut self, key: Option<&ast::Expr>, written: Written<'_>) -> Option<Expr> {
        let Some(key) = key else {
            let mut end = written.args_span.at_end();
            end.start = end.start.saturating_sub(1);
            self.report(
                Diagnostic::new(&ops::MAPPING_KEY, end, "this `DynamicOutput` has no `mapping_key`")
                    .here("the key is missing")
                    .note("the key names the item's clones in logs, the journal and `collect_keyed()`; it is unique within the output")
                    .fix("give a key", end.at_start(), ", mapping_key: …", Applicability::Placeholder),
            );
            return None;
        };
        let value = self.expr(key, None);
        match self.infer.shallow(&value.ty) {
            Ty::Str => Some(value),
            Ty::Int => Some(self.key_text(value)),
            Ty::Path => Some(self.key_text(value)),
            Ty::Never => Some(value),
            Ty::Error => None,
            Ty::Infer(_) => {
                self.infer.unify(&value.ty, &Ty::Str);
                Some(value)
            }
            other => {
                let text = self.show(&other);
                self.report(
                    Diagnostic::new(
                        &ops::MAPPING_KEY,
                        key.span,
                        format!("a mapping key is a `Str`, `Int` or `Path`, found a `{text}`"),
                    )
                    .here(format!("this is a `{text}`"))
                    .help("make a text of it with an f-string"),
                );
                None
            }
        }
    }

    /// A key as text: by the library's `to_str`, which fails the step for a path that is not UTF-8.
    fn key_text(&mut self, value: Expr) -> Expr {
        let span = value.span;
        let ty = value.ty.clone();
        if let Some(function) = self.method(&ty, Symbol::new("to_str")) {
            return made(
                ExprKind::Call {
                    function,
                    type_args: Vec::new(),
                    args: vec![Arg::Value(value)],
                },
                Ty::Str,
                span,
            );
        }
        made(
            ExprKind::Format(vec![FormatPart::Value(value, "".into())]),
            Ty::Str,
            span,
        )
    }
}

/// `Output(…)` or `DynamicOutput(…)`.
fn output_call(expr: &ast::Expr) -> Option<(Symbol, Written<'_>)> {
    match &expr.kind {
        ast::ExprKind::Paren(inner) => output_call(inner),
        ast::ExprKind::Call {
            callee,
            args,
            args_span,
            ..
        } => match callee.kind {
            ast::ExprKind::Name(name) if name == "Output" || name == "DynamicOutput" => Some((
                name,
                Written {
                    args,
                    args_span: *args_span,
                    callee: callee.span,
                    span: expr.span,
                },
            )),
            _ => None,
        },
        _ => None,
    }
}
