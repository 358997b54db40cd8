//! Groups the nodes of each scope into stages: chains that one worker runs in one go.
//!
//! A node joins the chain of the node it needs last if it waits for nothing that the chain does not wait for, and if
//! that node is the chain's end and has no other successor, here or in another scope (else what could run side by side
//! would run one after the other). So `d.map(f).map(g)` is one stage that needs nothing but the key, and its clones go from key to last output
//! without the engine.

use dynop_abi::plan::{ROOT, ScopeId};

use super::{Graph, NodeId, NodeKind, Stage, StageId, StreamDefId, Target};

/// How far back through what a dynamic step needs is looked for things that are certainly done once it has begun.
/// Missing one costs a look-up a family, never a wrong answer.
const IMPLIED_LIMIT: usize = 64;

/// A node with more successors than this ends its chain; comparing them pair by pair would be quadratic.
const SUCCESSOR_LIMIT: usize = 8;

/// What a node waits for, sorted by how the engine learns of it.
#[derive(Default)]
struct Waits {
    same: Vec<NodeId>,
    outer: Vec<NodeId>,
    each: Vec<NodeId>,
    streams: Vec<ScopeId>,
    begun: Option<StreamDefId>,
}

pub(super) fn group(graph: &mut Graph) {
    let successors = successors(graph);
    for scope in 0..graph.scopes.len() as ScopeId {
        let implied = implied(graph, scope);
        for at in 0..graph.scopes[scope as usize].nodes.len() {
            let node = graph.scopes[scope as usize].nodes[at];
            place(graph, node, &implied, &successors);
        }
    }
    link(graph);
}

/// Nodes that need each node, of whatever scope.
fn successors(graph: &Graph) -> Vec<Vec<NodeId>> {
    let mut successors = vec![Vec::new(); graph.nodes.len()];
    for (id, node) in graph.nodes.iter().enumerate() {
        for dep in &node.deps {
            if let Target::Node { node: needed, .. } | Target::Each(needed) = dep.target
                && successors[needed as usize].last() != Some(&(id as NodeId))
            {
                successors[needed as usize].push(id as NodeId);
            }
        }
    }
    successors
}

/// Nodes of enclosing scopes that have ended whenever an instance of `scope` exists.
fn implied(graph: &Graph, scope: ScopeId) -> Vec<NodeId> {
    let mut found = Vec::new();
    let mut at = scope;
    while at != ROOT {
        let here = &graph.scopes[at as usize];
        if let Some(over) = here.over {
            let step = graph.streams[over as usize].step;
            collect_needs(graph, graph.step_nodes[step as usize], &mut found);
        }
        at = here.parent;
    }
    found
}

fn collect_needs(graph: &Graph, node: NodeId, found: &mut Vec<NodeId>) {
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        for dep in &graph.nodes[node as usize].deps {
            if let Target::Node { node: needed, .. } = dep.target
                && found.len() < IMPLIED_LIMIT
                && !found.contains(&needed)
            {
                found.push(needed);
                open.push(needed);
            }
        }
    }
}

fn waits(graph: &Graph, node: NodeId, implied: &[NodeId]) -> Waits {
    let mut waits = Waits::default();
    let this = &graph.nodes[node as usize];
    for dep in &this.deps {
        match dep.target {
            Target::Node { node: needed, .. } => {
                let list = if graph.nodes[needed as usize].scope == this.scope {
                    &mut waits.same
                } else if implied.contains(&needed) {
                    continue;
                } else {
                    &mut waits.outer
                };
                push_unique(list, needed);
            }
            Target::Each(each) => push_unique(&mut waits.each, each),
            Target::Stream(scope) | Target::Keys(scope) => push_unique(&mut waits.streams, scope),
            // What it waits for is another dependency.
            Target::Over { .. } => {}
        }
    }
    if let NodeKind::Expand(scope) = this.kind {
        let scope = &graph.scopes[scope as usize];
        // What is elsewhere has ended by then, which is another dependency.
        waits.begun = scope.over.filter(|_| scope.way.is_empty());
    }
    waits
}

fn push_unique<T: PartialEq>(list: &mut Vec<T>, value: T) {
    if !list.contains(&value) {
        list.push(value);
    }
}

/// Puts `node` at the end of a chain, or makes it the first of its own.
fn place(graph: &mut Graph, node: NodeId, implied: &[NodeId], successors: &[Vec<NodeId>]) {
    let waits = waits(graph, node, implied);
    let stage = match joinable(graph, node, &waits, successors) {
        Some(stage) => stage,
        None => {
            let scope = graph.nodes[node as usize].scope;
            let stage = graph.stages.len() as StageId;
            graph.stages.push(Stage {
                scope,
                begun: waits.begun,
                outer: Vec::new(),
                ..Stage::default()
            });
            graph.scopes[scope as usize].stages.push(stage);
            for &needed in &waits.outer {
                let outer = graph.nodes[needed as usize].stage;
                push_unique(&mut graph.stages[stage as usize].outer, outer);
            }
            stage
        }
    };
    let members = &mut graph.stages[stage as usize].nodes;
    members.push(node);
    let index = members.len() as u32 - 1;
    let placed = &mut graph.nodes[node as usize];
    placed.stage = stage;
    placed.index = index;
}

fn joinable(
    graph: &Graph,
    node: NodeId,
    waits: &Waits,
    successors: &[Vec<NodeId>],
) -> Option<StageId> {
    let expands = matches!(graph.nodes[node as usize].kind, NodeKind::Expand(_));
    if expands || !waits.each.is_empty() || !waits.streams.is_empty() {
        return None;
    }
    let &last = waits.same.iter().max()?;
    let id = graph.nodes[last as usize].stage;
    let stage = &graph.stages[id as usize];
    let same_chain = waits
        .same
        .iter()
        .all(|&needed| graph.nodes[needed as usize].stage == id);
    let outer_known = waits
        .outer
        .iter()
        .all(|&needed| stage.outer.contains(&graph.nodes[needed as usize].stage));
    let at_end = stage.nodes.last() == Some(&last);
    (same_chain && outer_known && at_end && has_one_successor(graph, last, successors))
        .then_some(id)
}

/// Whether only one node can run directly after `node`: any other successor needs that one too.
fn has_one_successor(graph: &Graph, node: NodeId, successors: &[Vec<NodeId>]) -> bool {
    let after = &successors[node as usize];
    let scope = graph.nodes[node as usize].scope;
    let elsewhere = |&other: &NodeId| graph.nodes[other as usize].scope != scope;
    if after.len() > SUCCESSOR_LIMIT || after.iter().any(elsewhere) {
        return false;
    }
    let direct = after.iter().filter(|&&one| {
        !graph.nodes[one as usize].deps.iter().any(|dep| {
            matches!(dep.target, Target::Node { node: needed, .. } if after.contains(&needed))
        })
    });
    direct.count() <= 1
}

/// Fills in, for all stages, what they wait for and who waits for them.
fn link(graph: &mut Graph) {
    for id in 0..graph.stages.len() {
        let (mut same, mut each, mut streams, mut reads) = (vec![], vec![], vec![], vec![]);
        for &node in &graph.stages[id].nodes {
            let waits = waits(graph, node, &[]);
            for needed in waits.same {
                let stage = graph.nodes[needed as usize].stage;
                if stage as usize != id {
                    push_unique(&mut same, stage);
                }
            }
            for needed in waits.each {
                let stage = graph.nodes[needed as usize].stage;
                push_unique(&mut each, stage);
                push_unique(&mut reads, graph.stages[stage as usize].scope);
            }
            for scope in waits.streams {
                push_unique(&mut streams, scope);
                push_unique(&mut reads, scope);
            }
        }
        // Whoever waits for all clones of something waits for the end of their keys with it.
        streams.retain(|&scope| {
            !each
                .iter()
                .any(|&stage| graph.stages[stage as usize].scope == scope)
        });
        graph.stages[id].need = (same.len() + each.len() + streams.len()) as u32;
        for stage in same {
            graph.stages[stage as usize].next.push(id as StageId);
        }
        for stage in each {
            graph.stages[stage as usize].fan_next.push(id as StageId);
        }
        for scope in streams {
            graph.scopes[scope as usize].end_next.push(id as StageId);
        }
        for &scope in &reads {
            graph.scopes[scope as usize].readers += 1;
        }
        graph.stages[id].reads = reads;
        for outer in graph.stages[id].outer.clone() {
            graph.stages[outer as usize].has_outer_next = true;
        }
    }
}
