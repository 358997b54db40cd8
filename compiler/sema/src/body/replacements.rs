//! `with op = …` of a `run`: which op of the job is meant, and whether what stands for it takes and gives the same.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use dynop_base::codes::{tests, types};
use dynop_base::{Diagnostic, FileId, Span};
use dynop_syntax::ast::{self, FunctionKind, Ident};

use super::BodyChecker;
use crate::compose::Instance;
use crate::context::Definition;
use crate::hir::{Expr, Function, FunctionId, call_type};
use crate::stand_ins::{instance, value_type};
use crate::substitute::parts;
use crate::ty::Ty;

/// A `run` that the program does not hold as a job of its own; see [`crate::hir::Run`].
#[derive(Clone, Debug)]
pub struct NewRun {
    /// The name by which the test asks for it.
    pub name: Arc<str>,
    /// The job.
    pub job: FunctionId,
    /// The file of the test.
    pub file: FileId,
    /// What runs instead of which op, for each list of type arguments with which the job invokes it.
    pub replaced: Vec<(Instance, Instead)>,
}

/// What runs instead of an op.
#[derive(Clone, Debug)]
pub enum Instead {
    /// Another op, and its type arguments.
    Op(FunctionId, Vec<Ty>),
    /// A function value of this type.
    Value(Ty),
}

impl BodyChecker<'_, '_> {
    /// What replaces which op, and the function values among it in their order. What is wrong is reported and left out.
    pub(super) fn replacements(
        &mut self,
        job: FunctionId,
        written: &[(Ident, ast::Expr)],
    ) -> (Vec<(Instance, Instead)>, Vec<Expr>) {
        let (mut replaced, mut values) = (Vec::new(), Vec::new());
        let mut seen: Vec<(FunctionId, Span)> = Vec::new();
        for (name, value) in written {
            let Some(op) = self.replaced_op(job, *name) else {
                self.look_at(value);
                continue;
            };
            self.cx.note_definition(name.span, Definition::Function(op));
            if let Some((_, first)) = seen.iter().find(|(id, _)| *id == op) {
                let first = *first;
                self.report(
                    Diagnostic::new(
                        &tests::REPLACED,
                        name.span,
                        format!("`{}` is replaced twice", name.name),
                    )
                    .here("again here")
                    .label(first, "first here"),
                );
                self.look_at(value);
                continue;
            }
            seen.push((op, name.span));
            for (instance, instead, value) in self.everywhere(job, op, value) {
                replaced.push((instance, instead));
                values.extend(value);
            }
        }
        (replaced, values)
    }

    /// What runs instead of an op, for each list of type arguments with which the job invokes it; nothing if it fits one of
    /// them badly, which is reported.
    fn everywhere(
        &mut self,
        job: FunctionId,
        op: FunctionId,
        written: &ast::Expr,
    ) -> Vec<(Instance, Instead, Option<Expr>)> {
        let reached = self.cx.reached.get(job.0 as usize).into_iter().flatten();
        let instances: Vec<Instance> = reached.filter(|(id, _)| *id == op).cloned().collect();
        let mut found = Vec::new();
        for (_, type_args) in instances {
            let function = instance(self.cx.function(op), &type_args);
            let before = self.diagnostics.len();
            let locals = self.facts.len();
            let Some((instead, value)) = self.replacement(&function, written) else {
                self.say_type_arguments(before, op, &type_args);
                return Vec::new();
            };
            if !found.is_empty() {
                // What there is to say of the text was said the first time, or is about its first locals.
                self.diagnostics.truncate(before);
                for facts in self.facts.iter_mut().skip(locals) {
                    facts.watched = false;
                }
            }
            found.push(((op, type_args), instead, value));
        }
        found
    }

    /// Adds to mismatches which invocation of a generic op they are about.
    fn say_type_arguments(&mut self, before: usize, op: FunctionId, type_args: &[Ty]) {
        let generics = self.cx.function(op).generics.iter().zip(type_args);
        let args: Vec<String> = generics
            .map(|(name, ty)| format!("`{name}` = `{}`", self.cx.show(ty)))
            .collect();
        if args.is_empty() {
            return;
        }
        let op = self.cx.function(op).name;
        let note = format!("the job invokes `{op}` with {}", args.join(", "));
        for found in self.diagnostics.iter_mut().skip(before) {
            found.notes.push(note.clone());
        }
    }

    /// Finds what is wrong within a value that is used for nothing.
    pub(super) fn look_at(&mut self, value: &ast::Expr) {
        if !matches!(value.kind, ast::ExprKind::Closure { .. }) && self.op_named(value).is_none() {
            self.expr(value, None);
        }
    }

    /// The op of a job that a name means.
    fn replaced_op(&mut self, job: FunctionId, name: Ident) -> Option<FunctionId> {
        let reached = self.cx.reached.get(job.0 as usize);
        let reached = reached.into_iter().flatten().map(|(id, _)| *id);
        let named = |id: &FunctionId| self.cx.function(*id).name == name.name;
        let found: BTreeSet<FunctionId> = reached.filter(named).collect();
        let found: Vec<FunctionId> = found.into_iter().collect();
        let in_scope = match self.cx.resolve(self.module, name.name) {
            Some(Definition::Function(id)) => Some(id),
            _ => None,
        };
        match found[..] {
            [] => self.no_such_op(job, name, in_scope),
            [op] => Some(op),
            _ => match in_scope.filter(|id| found.contains(id)) {
                Some(op) => Some(op),
                None => self.several_ops(job, name, &found),
            },
        }
    }

    fn no_such_op(
        &mut self,
        job: FunctionId,
        name: Ident,
        in_scope: Option<FunctionId>,
    ) -> Option<FunctionId> {
        let job_name = self.cx.function(job).name;
        let is_op = |id: &FunctionId| self.cx.function(*id).kind == FunctionKind::Op;
        let found = Diagnostic::new(
            &tests::REPLACED,
            name.span,
            format!("the job `{job_name}` has no op `{}`", name.name),
        );
        let found = match in_scope.filter(is_op) {
            Some(op) => found
                .here(format!("`{job_name}` does not invoke this op"))
                .label(self.cx.function(op).name_span, "declared here"),
            None if in_scope.is_some_and(|id| self.cx.function(id).kind == FunctionKind::Graph) => {
                found
                    .here("this is a graph")
                    .help("replace ops that the graph invokes")
            }
            None => found.here("no op of the job has this name"),
        };
        let reached = self.cx.reached.get(job.0 as usize).into_iter().flatten();
        let mut seen = HashSet::new();
        let names: Vec<&'static str> = reached
            .filter(|(id, _)| seen.insert(*id))
            .map(|(id, _)| self.cx.function(*id).name.as_str())
            .collect();
        let listed = crate::signatures::list_of(names.iter().map(|name| format!("`{name}`")));
        let found = self.with_nearest(found, name, names);
        let found = if listed.is_empty() {
            found.note(format!("`{job_name}` invokes no op"))
        } else {
            found.note(format!("the ops of `{job_name}`: {listed}"))
        };
        self.report(found);
        None
    }

    fn several_ops(
        &mut self,
        job: FunctionId,
        name: Ident,
        ops: &[FunctionId],
    ) -> Option<FunctionId> {
        let mut found = Diagnostic::new(
            &tests::REPLACED,
            name.span,
            format!(
                "the job `{}` has several ops `{}`",
                self.cx.function(job).name,
                name.name
            ),
        )
        .here("which of them is not clear")
        .help("give one of them another name");
        for op in ops {
            found = found.label(self.cx.function(*op).name_span, "one of them");
        }
        self.report(found);
        None
    }

    /// The op that an expression names.
    fn op_named(&mut self, value: &ast::Expr) -> Option<FunctionId> {
        let mut place = value.span;
        let definition = match &value.kind {
            ast::ExprKind::Name(name) if self.local(*name).is_none() => {
                self.cx.resolve(self.module, *name)
            }
            ast::ExprKind::Field { base, name, .. } => {
                let module = self.module_of(base)?;
                let entry = self.cx.member(module, name.name)?;
                place = name.span;
                entry.public.then_some(entry.definition)
            }
            _ => None,
        };
        match definition? {
            Definition::Function(id) if self.cx.function(id).kind == FunctionKind::Op => {
                self.cx.note_definition(place, Definition::Function(id));
                Some(id)
            }
            _ => None,
        }
    }

    fn replacement(&mut self, op: &Function, value: &ast::Expr) -> Option<(Instead, Option<Expr>)> {
        let Some(other) = self.op_named(value) else {
            return self.value_instead(op, value);
        };
        let by = self.cx.function(other);
        if let Some(by_args) = fitting(by, op) {
            self.note_instance(other, &by_args, value.span);
            return Some((Instead::Op(other, by_args), None));
        }
        let given = self.signature(by);
        let found = self.misfit(op, value.span, &given);
        let mut found = found.label(by.name_span, format!("`{}` is declared here", by.name));
        for (name, arg) in by.generics.iter().zip(inferred(by, op)) {
            if arg.is_none() {
                found = found.note(format!(
                    "nothing says what `{name}` is: `{}` neither takes nor gives it",
                    by.name
                ));
            }
        }
        self.report(found);
        None
    }

    fn value_instead(
        &mut self,
        op: &Function,
        written: &ast::Expr,
    ) -> Option<(Instead, Option<Expr>)> {
        let wanted = value_type(op);
        let before = self.diagnostics.len();
        let value = self.expr(written, Some(&wanted));
        let is_closure = matches!(written.kind, ast::ExprKind::Closure { .. });
        if is_closure {
            let note = format!("it stands for {}", self.stands_for(op));
            for found in self.diagnostics.iter_mut().skip(before) {
                if found.code.id == types::MISMATCH.id {
                    found.notes.push(note.clone());
                }
            }
        }
        if value.ty == Ty::Error || self.diagnostics.len() > before {
            return None;
        }
        if !self.infer.unify(&value.ty, &wanted) {
            let given = self.show(&value.ty);
            let found = self.misfit(op, written.span, &given);
            self.report(found);
            return None;
        }
        Some((Instead::Value(wanted), Some(value)))
    }

    fn misfit(&self, function: &Function, span: Span, given: &str) -> Diagnostic {
        Diagnostic::new(
            &tests::REPLACEMENT,
            span,
            format!("this can't stand for the op `{}`", function.name),
        )
        .here(format!("this is `{given}`"))
        .label(
            function.name_span,
            format!("this is `{}`", self.signature(function)),
        )
        .help(format!(
            "put an op of the same parameters and outputs in its place, or a function of the type `{}`",
            self.cx.show(&value_type(function))
        ))
    }

    /// An op and its type, and the type of a function in its place.
    fn stands_for(&self, function: &Function) -> String {
        format!(
            "`{}`, which is `{}`, so it is a `{}`",
            function.name,
            self.signature(function),
            self.cx.show(&value_type(function))
        )
    }

    /// `op(Str) -> Int`
    fn signature(&self, op: &Function) -> String {
        let params: Vec<String> = op.params.iter().map(|p| self.cx.show(&p.ty)).collect();
        let head = format!("op({})", params.join(", "));
        match &op.result {
            Ty::Unit => head,
            result => format!("{head} -> {}", self.cx.show(result)),
        }
    }
}

/// The type arguments with which an op takes and gives the same as another one, which has none; `None` where it does not.
fn fitting(by: &Function, op: &Function) -> Option<Vec<Ty>> {
    let args: Vec<Ty> = inferred(by, op).into_iter().collect::<Option<_>>()?;
    (takes_and_gives(&instance(by, &args)) == takes_and_gives(op)).then_some(args)
}

/// What an op's type parameters stand for if it takes and gives the same as another one, as far as that says it.
fn inferred(by: &Function, op: &Function) -> Vec<Option<Ty>> {
    let mut args = vec![None; by.generics.len()];
    for (pattern, ty) in types_of(by).zip(types_of(op)) {
        infer_from(pattern, ty, &mut args);
    }
    args
}

/// The types of an op's parameters and outputs.
fn types_of(op: &Function) -> impl Iterator<Item = &Ty> {
    let outputs = op.outputs.list.iter().map(|output| &output.ty);
    op.params.iter().map(|param| &param.ty).chain(outputs)
}

/// Finds what the type parameters in `pattern` stand for where it is to be `ty`; whether it is must be looked at afterwards.
fn infer_from(pattern: &Ty, ty: &Ty, args: &mut [Option<Ty>]) {
    if let Ty::Param(index, _) = pattern {
        if let Some(arg) = args.get_mut(*index as usize) {
            arg.get_or_insert_with(|| ty.clone());
        }
        return;
    }
    for (pattern, ty) in parts(pattern).into_iter().zip(parts(ty)) {
        infer_from(pattern, ty, args);
    }
}

/// What must be equal for an op to run in another's place.
fn takes_and_gives(op: &Function) -> impl PartialEq {
    let params: Vec<Ty> = op.params.iter().map(|param| param.ty.clone()).collect();
    let outputs: Vec<_> = op
        .outputs
        .list
        .iter()
        .map(|output| {
            let ty = output.ty.clone();
            (output.name, ty, output.dynamic, output.optional)
        })
        .collect();
    (params, outputs, call_type(op))
}
