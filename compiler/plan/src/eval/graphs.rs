//! Graphs: their bodies are walked anew for each invocation, with names of their own.

use dynop_base::codes::composition;
use dynop_base::{Diagnostic, Span};
use dynop_sema::hir::{FunctionBody, FunctionId};
use dynop_sema::ty::Ty;

use super::value::Value;
use super::{Evaluator, Frame};

/// Graphs invoke each other at most so deep.
const DEEPEST: usize = 64;

impl Evaluator<'_, '_, '_> {
    /// What a graph gives for these arguments; its steps are named `name.step`.
    pub(super) fn graph(
        &mut self,
        id: FunctionId,
        type_args: Vec<Ty>,
        params: Vec<(Value, Span)>,
        mut after: Vec<(Value, Span)>,
        name: String,
        span: Span,
    ) -> Option<Value> {
        let program = self.tables.program;
        let function = &program.functions[id.0 as usize];
        let FunctionBody::Composition(composition) = &function.body else {
            return None;
        };
        self.count(span)?;
        let mut graphs = self.frame.graphs.clone();
        if graphs.contains(&id) || graphs.len() >= DEEPEST {
            return self.endless(id, span);
        }
        graphs.push(id);
        after.extend(self.frame.after.iter().cloned());
        let before = self.steps.len();
        let mut axes = Vec::new();
        for (value, _) in params.iter().chain(&after) {
            axes.extend(self.own_axes(value));
        }
        let axes = self.ordered(axes);
        let frame = Frame {
            params: Some(params),
            type_args,
            prefix: format!("{name}."),
            after,
            graphs,
            ..Frame::default()
        };
        let around = std::mem::replace(&mut self.frame, frame);
        let result = self.node(&composition.body);
        self.frame = around;
        let result = result?;
        if function.result == Ty::Unit {
            // Whoever waits for it waits for all of its steps.
            return Some(Value::Nothing(self.steps_since(before), axes));
        }
        Some(result)
    }

    fn endless(&mut self, id: FunctionId, span: Span) -> Option<Value> {
        let function = &self.tables.program.functions[id.0 as usize];
        let again = self.frame.graphs.contains(&id);
        let message = if again {
            format!("the graph `{}` invokes itself", function.name)
        } else {
            format!("graphs invoke each other more than {DEEPEST} deep")
        };
        self.found(
            Diagnostic::new(&composition::GRAPH_CYCLE, span, message)
                .here(if again {
                    "is a part of itself"
                } else {
                    "this one is too deep"
                })
                .label(function.name_span, "declared here")
                .note("a graph is put in place of its invocation, so this would have no end")
                .help("to do the same again, use `for` over a constant list"),
        )
    }
}
