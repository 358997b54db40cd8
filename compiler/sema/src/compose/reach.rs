//! Which ops a job or graph invokes, also through the graphs that it invokes: what a test may replace in a run.
//!
//! Asked once, after the compositions are checked and before the bodies are. It looks at the text's invocations: what a
//! constant `if` leaves out is among them.

use std::collections::HashSet;

use super::{Node, NodeKind};
use crate::hir::{FunctionBody, FunctionId, FunctionKind, Program};

/// The ops of each function of a program that is a composition, in the order of the text; nothing for the others. `bodies`
/// stands for the functions' bodies, by id.
pub fn ops_of_compositions(program: &Program, bodies: &[FunctionBody]) -> Vec<Vec<FunctionId>> {
    let direct: Vec<Vec<FunctionId>> = bodies.iter().map(invoked).collect();
    let ids = 0..direct.len();
    ids.map(|index| reached(program, &direct, index)).collect()
}

/// What a composition invokes itself.
fn invoked(body: &FunctionBody) -> Vec<FunctionId> {
    let mut found = Vec::new();
    if let FunctionBody::Composition(composition) = body {
        let mut pending = vec![&composition.body];
        while let Some(node) = pending.pop() {
            if let NodeKind::Invoke(invocation) = &node.kind {
                found.push(invocation.function);
            }
            let before = pending.len();
            children(node, &mut pending);
            pending[before..].reverse();
        }
    }
    found
}

fn reached(program: &Program, direct: &[Vec<FunctionId>], start: usize) -> Vec<FunctionId> {
    let (mut ops, mut seen) = (Vec::new(), HashSet::new());
    let mut pending: Vec<FunctionId> = direct[start].iter().rev().copied().collect();
    while let Some(id) = pending.pop() {
        if !seen.insert(id) {
            continue;
        }
        let index = id.0 as usize;
        match program.functions.get(index).map(|function| function.kind) {
            Some(FunctionKind::Op) => ops.push(id),
            Some(FunctionKind::Graph) => pending.extend(direct[index].iter().rev()),
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
