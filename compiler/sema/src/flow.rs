//! Whether an op that yields produces each plain output once, as far as the control flow shows it.
//!
//! For each plain output the walk keeps how often it was produced at least and at most. A path that ends with none for
//! sure lacks it; a `yield` after one for sure is the second. What depends on values is left to the run.

use dynop_base::codes::ops;
use dynop_base::{Diagnostic, Span, Symbol};

use crate::hir::{Expr, ExprKind, Function, Stmt, StmtKind};
use crate::walk::children;

/// Reports outputs that are missing or produced twice.
pub fn check(function: &Function, body: &Expr, diagnostics: &mut Vec<Diagnostic>) {
    let count = function.outputs.list.len();
    let mut walk = Walk {
        function,
        diagnostics,
        first: vec![None; count],
        reported: vec![false; count],
        breaks: Vec::new(),
    };
    let start = Some(vec![(0, 0); count]);
    if let Some(end) = walk.expr(body, start) {
        let mut span = body.span.at_end();
        span.start = span.start.saturating_sub(1).max(body.span.start);
        walk.ends(&end, span);
    }
}

/// How often each output was produced, at least and at most (2 stands for more); `None` where nothing gets to.
type State = Option<Vec<(u8, u8)>>;

struct Walk<'f> {
    function: &'f Function,
    diagnostics: &'f mut Vec<Diagnostic>,
    // Where each output is yielded first in the text.
    first: Vec<Option<Span>>,
    reported: Vec<bool>,
    // For each open loop, what holds where it is left or begun anew.
    breaks: Vec<State>,
}

impl Walk<'_> {
    fn expr(&mut self, expr: &Expr, state: State) -> State {
        match &expr.kind {
            ExprKind::Block { stmts, value } => {
                let state = stmts
                    .iter()
                    .fold(state, |state, stmt| self.stmt(stmt, state));
                match value {
                    Some(value) => self.expr(value, state),
                    None => state,
                }
            }
            ExprKind::If {
                condition,
                then,
                otherwise,
            } => {
                let state = self.expr(condition, state);
                let then = self.expr(then, state.clone());
                let otherwise = match otherwise {
                    Some(otherwise) => self.expr(otherwise, state),
                    None => state,
                };
                join(then, otherwise)
            }
            ExprKind::Match { scrutinee, arms } => {
                let state = self.expr(scrutinee, state);
                arms.iter().fold(None, |ends, arm| {
                    let end = self.expr(&arm.body, state.clone());
                    join(ends, end)
                })
            }
            ExprKind::Try { body, handler, .. } => {
                let end = self.expr(body, state.clone());
                // The failure may come before the first `yield` or after the last.
                let middle = match (&state, &end) {
                    (Some(_), None) => state.map(unknown),
                    _ => join(state, end.clone()),
                };
                let handled = self.expr(handler, middle);
                join(end, handled)
            }
            ExprKind::Return(_) => {
                if let Some(state) = state {
                    self.ends(&state, expr.span);
                }
                None
            }
            ExprKind::Fail { .. } => None,
            ExprKind::Break | ExprKind::Continue => {
                if let Some(left) = self.breaks.last_mut() {
                    *left = join(left.take(), state);
                }
                None
            }
            ExprKind::Closure { .. } => state,
            _ => {
                let mut state = Some(state);
                let mut parts: Vec<&Expr> = Vec::new();
                children(expr, &mut |child| parts.push(child));
                for part in parts {
                    let before = state.take().flatten();
                    state = Some(self.expr(part, before));
                }
                state.flatten()
            }
        }
    }

    fn stmt(&mut self, stmt: &Stmt, state: State) -> State {
        match &stmt.kind {
            StmtKind::YieldOutput { output, value } => {
                let state = self.expr(value, state);
                self.produced(*output as usize, stmt.span, state)
            }
            StmtKind::YieldDynamic { value, key, .. } => {
                let state = self.expr(value, state);
                self.expr(key, state)
            }
            StmtKind::Let { value, .. }
            | StmtKind::Expr(value)
            | StmtKind::Assign { value, .. } => self.expr(value, state),
            StmtKind::While { condition, body } => {
                let state = self.expr(condition, state);
                let endless = matches!(condition.kind, ExprKind::Bool(true));
                self.looped(body, state, endless)
            }
            StmtKind::For { iterable, body, .. } => {
                let state = self.expr(iterable, state);
                self.looped(body, state, false)
            }
        }
    }

    fn looped(&mut self, body: &Expr, before: State, endless: bool) -> State {
        self.breaks.push(None);
        let end = self.expr(body, before.clone());
        let left = self.breaks.pop().flatten();
        let left_any = left.is_some();
        let before = before?;
        let after = join(end, left);
        // Any number of rounds: nothing is sure but what was sure before, and what one round may produce two may twice.
        let out: Vec<(u8, u8)> = match after {
            Some(after) => before
                .iter()
                .zip(&after)
                .map(|(&(least, most), &(_, once))| (least, if once > most { 2 } else { most }))
                .collect(),
            None => before,
        };
        (!endless || left_any).then_some(out)
    }

    fn produced(&mut self, output: usize, span: Span, state: State) -> State {
        let mut state = state?;
        let (least, most) = state.get_mut(output)?;
        if *least > 0 && !self.reported[output] {
            self.reported[output] = true;
            let name = self.function.outputs.list[output].name;
            let mut diagnostic = Diagnostic::new(
                &ops::OUTPUT_TWICE,
                span,
                format!("the output `{name}` is produced a second time"),
            )
            .here("again here");
            if let Some(first) = self.first[output] {
                diagnostic = diagnostic.label(first, "first here");
            }
            self.diagnostics.push(
                diagnostic
                    .note(
                        "a plain output has one value; a consumer can't tell which of two is meant",
                    )
                    .help("yield it once, or declare it `DynamicOutput<T>` to yield many"),
            );
        }
        self.first[output].get_or_insert(span);
        *least = 2.min(*least + 1);
        *most = 2.min(*most + 1);
        Some(state)
    }

    fn repair(&self, name: Symbol) -> String {
        if self.function.outputs.list.len() == 1 {
            return "yield it before this: `yield Output(v)`".to_string();
        }
        format!(
            "yield it before this, `yield Output(v, output_name: \"{name}\")`, or make it optional with `?` at its type"
        )
    }

    /// An end of the op: every required plain output must be there.
    fn ends(&mut self, state: &[(u8, u8)], span: Span) {
        for (index, output) in self.function.outputs.list.iter().enumerate() {
            let missing = state.get(index).is_some_and(|&(_, most)| most == 0);
            if output.dynamic || output.optional || !missing || self.reported[index] {
                continue;
            }
            self.reported[index] = true;
            let name = output.name;
            self.diagnostics.push(
                Diagnostic::new(
                    &ops::MISSING_OUTPUT,
                    span,
                    format!(
                        "`{}` ends here without having produced `{name}`",
                        self.function.name
                    ),
                )
                .here(format!("`{name}` is missing"))
                .label(output.span, "declared here")
                .help(self.repair(name)),
            );
        }
    }
}

/// The state somewhere in a part that never comes to its end.
fn unknown(outputs: Vec<(u8, u8)>) -> Vec<(u8, u8)> {
    outputs.into_iter().map(|(least, _)| (least, 2)).collect()
}

fn join(a: State, b: State) -> State {
    match (a, b) {
        (None, other) | (other, None) => other,
        (Some(a), Some(b)) => Some(
            a.into_iter()
                .zip(b)
                .map(|((least, most), (other_least, other_most))| {
                    (least.min(other_least), most.max(other_most))
                })
                .collect(),
        ),
    }
}
