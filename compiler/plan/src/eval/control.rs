//! What constants steer: choices are made and loops unrolled here.

use dynop_base::codes::composition;
use dynop_base::{Diagnostic, Span};
use dynop_sema::compose::{Computed, For, If, Name};
use dynop_sema::fold::fold_with;
use dynop_sema::hir::{Expr, ExprKind};
use dynop_sema::ty::Ty;

use super::value::{Draft, Value};
use super::{Evaluator, literal};

/// A job has at most so many steps, and unrolls at most so many bodies of loops and graphs.
pub(super) const MOST: usize = 10_000;
/// All uses of names together have at most so many parts.
const MOST_PARTS: usize = 4_000_000;

impl Evaluator<'_, '_, '_> {
    /// A constant expression with names in it.
    pub(super) fn computed(&mut self, computed: &Computed) -> Option<Value> {
        let mut locals = Vec::with_capacity(computed.names.len());
        for name in &computed.names {
            let (value, passed) = match name {
                Name::Param(index) => {
                    let (value, span) = self.frame.params.as_ref()?.get(*index as usize)?;
                    (value, Some(*span))
                }
                Name::Binding(id) => (self.frame.bindings.get(id)?, None),
            };
            match value.literal() {
                Some(literal) => locals.push(literal.clone()),
                None => {
                    let why = when_known(value);
                    let found = self.not_known(*name, passed, computed.value.span, why);
                    return self.found(found);
                }
            }
        }
        match fold_with(&self.tables.program.consts, &locals, &computed.value) {
            Ok(value) => Some(Value::known(value)),
            Err(found) => self.found(*found),
        }
    }

    /// A graph's parameter that must be a constant was given something else.
    fn not_known(&self, name: Name, passed: Option<Span>, used: Span, why: &str) -> Diagnostic {
        let function = self
            .frame
            .graphs
            .last()
            .map(|id| &self.tables.program.functions[id.0 as usize]);
        let param = match (name, function) {
            (Name::Param(index), Some(function)) => function
                .params
                .get(index as usize)
                .map(|param| (param.name, function.name)),
            _ => None,
        };
        match (param, passed) {
            (Some((param, graph)), Some(passed)) => Diagnostic::new(
                &composition::STEERED_BY_A_VALUE,
                passed,
                format!("`{param}` of the graph `{graph}` must be a constant"),
            )
            .here(why)
            .label(used, "the compiler needs its value here")
            .help("pass a literal or a `const`, or let an op of the graph look at the value"),
            _ => Diagnostic::new(
                &composition::STEERED_BY_A_VALUE,
                used,
                "this must be a constant",
            )
            .here("is made of a value that exists only while the job runs")
            .help("pass the graph a literal or a `const`, or let an op look at the value"),
        }
    }

    /// `if`
    pub(super) fn choice(&mut self, choice: &If) -> Option<Value> {
        let condition = self.node(&choice.condition)?;
        let branch = match condition.literal().map(|value| &value.kind) {
            Some(ExprKind::Bool(true)) => Some(&choice.then),
            Some(ExprKind::Bool(false)) => choice.otherwise.as_ref(),
            _ => {
                let found = self.must_be_known(choice.condition.span);
                return self.found(found);
            }
        };
        match (branch, &choice.otherwise) {
            (Some(branch), Some(_)) => self.node(branch),
            (Some(branch), None) => {
                self.run(branch)?;
                Some(Value::Nothing(Vec::new(), Vec::new()))
            }
            (None, _) => Some(Value::Nothing(Vec::new(), Vec::new())),
        }
    }

    pub(super) fn must_be_known(&self, span: Span) -> Diagnostic {
        Diagnostic::new(
            &composition::STEERED_BY_A_VALUE,
            span,
            "this must be a constant",
        )
        .here("exists only while the job runs")
        .help("pass the graph a literal or a `const`, or let an op look at the value")
    }

    /// `for`
    pub(super) fn unroll(&mut self, each: &For, span: Span) -> Option<Value> {
        let iterable = self.node(&each.iterable)?;
        let Some(whole) = iterable.literal().cloned() else {
            let found = self.must_be_known(each.iterable.span);
            return self.found(found);
        };
        let Some(elements) = elements(&whole) else {
            return self.too_many(span);
        };
        for element in elements {
            self.count(span)?;
            self.bind(&each.pattern, Value::known(element))?;
            self.run(&each.body)?;
        }
        Some(Value::Nothing(Vec::new(), Vec::new()))
    }

    /// Counts a body that is unrolled.
    pub(super) fn count(&mut self, span: Span) -> Option<()> {
        self.unrolled += 1;
        if self.unrolled > MOST {
            return self.too_many(span);
        }
        Some(())
    }

    /// Counts the parts of a value that is used.
    pub(super) fn use_parts(&mut self, parts: usize, span: Span) -> Option<()> {
        self.parts = self.parts.saturating_add(parts);
        if self.parts <= MOST_PARTS {
            return Some(());
        }
        self.found(
            Diagnostic::new(
                &composition::TOO_MANY_STEPS,
                span,
                "the lists and groups in this job are too large",
            )
            .here(format!("with this, they have more than {MOST_PARTS} parts"))
            .help("gather what belongs together in an op"),
        )
    }

    pub(super) fn too_many<T>(&mut self, span: Span) -> Option<T> {
        self.found(
            Diagnostic::new(
                &composition::TOO_MANY_STEPS,
                span,
                format!("this unrolls into more than {MOST} steps"),
            )
            .here("is unrolled by the compiler")
            .note("every step of a job is known before it runs; only the number of clones is not")
            .help("yield the items as `DynamicOutput`s of an op, and `map` over them"),
        )
    }
}

/// When a value that is no constant is known.
fn when_known(value: &Value) -> &'static str {
    match value {
        Value::Plain(Draft::Param(_), _) => {
            "a parameter of the job is known only when a run starts"
        }
        _ => "exists only while the job runs",
    }
}

/// The elements of a constant list, range or map; `None` if there are too many.
fn elements(whole: &Expr) -> Option<Vec<Expr>> {
    let span = whole.span;
    match &whole.kind {
        ExprKind::List(items) => Some(items.iter().map(|(_, item)| item.clone()).collect()),
        ExprKind::Map(entries) => Some(
            entries
                .iter()
                .map(|(key, value)| {
                    let ty = Ty::Tuple([key.ty.clone(), value.ty.clone()].into());
                    literal(
                        ExprKind::Aggregate(vec![key.clone(), value.clone()]),
                        &ty,
                        span,
                    )
                })
                .collect(),
        ),
        ExprKind::Range {
            start,
            end,
            inclusive,
        } => {
            let (ExprKind::Int(start), ExprKind::Int(end)) = (&start.kind, &end.kind) else {
                return Some(Vec::new());
            };
            let count = i128::from(*end) - i128::from(*start) + i128::from(*inclusive);
            if count > MOST as i128 {
                return None;
            }
            Some(
                (0..count.max(0) as i64)
                    .map(|at| literal(ExprKind::Int(start + at), &Ty::Int, span))
                    .collect(),
            )
        }
        _ => Some(Vec::new()),
    }
}
