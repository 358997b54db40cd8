//! Which ops a job invokes, also through the graphs that it invokes: what a test may replace in a run.
//!
//! Asked once, after the compositions are checked and before the bodies are. It looks at the text's invocations: what a
//! constant `if` leaves out is among them.

use std::collections::HashSet;

use super::{Node, NodeKind};
use crate::hir::{FunctionBody, FunctionId, FunctionKind, Program};
use crate::substitute::{measure, substitute};
use crate::ty::Ty;

/// An op or graph with the type arguments of an invocation.
pub type Instance = (FunctionId, Vec<Ty>);

/// Type arguments of more parts are not followed: graphs that invoke themselves, which the planner refuses, could make them
/// grow without end.
const LARGEST: usize = 256;
/// So many different invocations of a job are looked at, for the same reason.
const MOST: usize = 100_000;

/// The ops of each job of a program, in the order of the text, once for each list of type arguments; nothing for the other
/// functions. `bodies` stands for the functions' bodies, by id.
pub fn ops_of_jobs(program: &Program, bodies: &[FunctionBody]) -> Vec<Vec<Instance>> {
    let direct: Vec<Vec<Instance>> = bodies.iter().map(invoked).collect();
    let functions = program.functions.iter().enumerate();
    functions
        .map(|(index, function)| match function.kind {
            FunctionKind::Job => reached(program, &direct, index),
            _ => Vec::new(),
        })
        .collect()
}

/// What a composition invokes itself, with the type arguments as they are written in it.
fn invoked(body: &FunctionBody) -> Vec<Instance> {
    let mut found = Vec::new();
    if let FunctionBody::Composition(composition) = body {
        let mut pending = vec![&composition.body];
        while let Some(node) = pending.pop() {
            if let NodeKind::Invoke(invocation) = &node.kind {
                found.push((invocation.function, invocation.type_args.clone()));
            }
            let before = pending.len();
            children(node, &mut pending);
            pending[before..].reverse();
        }
    }
    found
}

fn reached(program: &Program, direct: &[Vec<Instance>], start: usize) -> Vec<Instance> {
    let (mut ops, mut seen) = (Vec::new(), HashSet::new());
    let invoked = |index: usize| direct.get(index).into_iter().flatten().rev();
    let mut pending: Vec<Instance> = invoked(start).cloned().collect();
    while let Some(instance) = pending.pop() {
        if seen.len() >= MOST || !seen.insert(instance.clone()) {
            continue;
        }
        let (id, type_args) = instance;
        let index = id.0 as usize;
        match program.functions.get(index).map(|function| function.kind) {
            Some(FunctionKind::Op) => ops.push((id, type_args)),
            Some(FunctionKind::Graph) => {
                pending.extend(invoked(index).filter_map(|(inner, args)| {
                    let args: Vec<Ty> = args.iter().map(|ty| substitute(ty, &type_args)).collect();
                    let small = args.iter().all(|ty| measure(ty, LARGEST) <= LARGEST);
                    small.then_some((*inner, args))
                }))
            }
            _ => {}
        }
    }
    ops
}

/// The nodes right within one, in the order of the text.
fn children<'n>(node: &'n Node, out: &mut Vec<&'n Node>) {
    match &node.kind {
        NodeKind::Const(_)
        | NodeKind::Computed(_)
        | NodeKind::Param(_)
        | NodeKind::Bound(_)
        | NodeKind::Error => {}
        NodeKind::Invoke(invocation) => {
            out.extend(invocation.args.iter().chain(&invocation.after));
        }
        NodeKind::Map { source, body, .. } => out.extend([&**source, &**body]),
        NodeKind::Collect { source, .. } | NodeKind::Part { base: source, .. } => out.push(source),
        NodeKind::Flatten(inner) | NodeKind::Some(inner) => out.push(inner),
        NodeKind::Join(join) => out.extend([&join.left, &join.right]),
        NodeKind::Filter(filter) => out.extend([&filter.source, &filter.body]),
        NodeKind::If(choice) => {
            out.extend([&choice.condition, &choice.then]);
            out.extend(&choice.otherwise);
        }
        NodeKind::For(each) => out.extend([&each.iterable, &each.body]),
        NodeKind::Group(nodes) | NodeKind::List(nodes) => out.extend(nodes),
        NodeKind::Block { lets, value } => {
            out.extend(lets.iter().map(|(_, node)| node));
            out.extend(value.as_deref());
        }
    }
}
