//! Who reads each value, and so who gets it.

use dynop_abi::plan::ScopeId;
use dynop_engine::graph::{Node, NodeId, NodeKind, StageId, Value};

use super::Builder;

/// Who reads a value.
#[derive(Clone, Default)]
pub(super) struct Uses {
    /// Stages of its own scope that read it; the fan-in of a value counts as a stage of its own, by its node.
    pub near: Vec<Reader>,
    /// How often inner scopes read it.
    pub inner: u32,
    /// How many of the near uses are built into recipes so far.
    pub built: u32,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Reader {
    Stage(StageId),
    FanIn(NodeId),
}

/// How the consumers of a value get it.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Sharing {
    /// Everybody copies.
    Kept,
    /// The last in the order of the text takes it.
    LastTakes,
    /// A counter tells who is last.
    Counted,
}

impl Uses {
    pub fn sharing(&self) -> Sharing {
        match self.near.as_slice() {
            _ if self.inner > 0 => Sharing::Kept,
            [] => Sharing::Kept,
            [first, rest @ ..] if rest.iter().all(|one| one == first) => Sharing::LastTakes,
            _ => Sharing::Counted,
        }
    }
}

/// Who wants a value, and from where it is seen.
#[derive(Clone, Copy)]
pub(super) struct Viewer {
    pub reader: Reader,
    pub scope: ScopeId,
    pub stage: StageId,
}
impl Builder<'_> {
    pub(super) fn count_uses(&mut self) {
        for (id, node) in self.graph.nodes.iter().enumerate() {
            let viewer = node_viewer(node);
            for input in &node.inputs {
                self.count_value(input, viewer);
            }
            if let NodeKind::Gather(gather) = &node.kind {
                self.count_value(
                    &gather.value,
                    element_viewer(id as NodeId, node, gather.scope),
                );
            }
            for side in &node.sides {
                let (Some(&outermost), Some(&innermost)) =
                    (side.scopes.first(), side.scopes.last())
                else {
                    continue;
                };
                let near = self.graph.scopes[outermost as usize].parent == node.scope;
                let viewer = element_viewer(id as NodeId, node, innermost);
                self.count_side(&side.value, viewer, near);
            }
        }
        // Items that several families go over, or that are gone over again and again, can't be given away.
        for stream in &self.graph.streams {
            let again = |&scope: &ScopeId| self.graph.is_product(scope);
            if stream.over.len() > 1 || stream.over.iter().any(again) {
                for &scope in &stream.over {
                    self.items[scope as usize].inner += 1;
                }
            }
        }
    }

    /// A step without an op inside of where its keys are goes over them again and again.
    fn count_side(&mut self, value: &Value, viewer: Viewer, near: bool) {
        self.count_value(value, viewer);
        if !near {
            match value {
                Value::Node { node, output } => {
                    if let Some(uses) = self.outputs[*node as usize].get_mut(*output as usize) {
                        uses.inner += 1;
                    }
                }
                Value::Item(scope) => self.items[*scope as usize].inner += 1,
                Value::List {
                    elements: parts, ..
                }
                | Value::Tuple { fields: parts, .. } => {
                    parts
                        .iter()
                        .for_each(|part| self.count_side(part, viewer, near));
                }
                Value::Some { value, .. } => self.count_side(value, viewer, near),
                _ => {}
            }
        }
    }

    fn count_value(&mut self, value: &Value, viewer: Viewer) {
        match value {
            Value::Node { node, output } => {
                let near = self.graph.nodes[*node as usize].scope == viewer.scope;
                if let Some(uses) = self.outputs[*node as usize].get_mut(*output as usize) {
                    uses.add(near, viewer.reader);
                }
            }
            Value::Over { over, output } => {
                let node = self.graph.overs[*over as usize].node as usize;
                if let Some(uses) = self.outputs[node].get_mut(*output as usize) {
                    uses.inner += 1;
                }
            }
            Value::Item(scope) => {
                self.items[*scope as usize].add(*scope == viewer.scope, viewer.reader);
            }
            Value::List {
                elements: parts, ..
            }
            | Value::Tuple { fields: parts, .. } => {
                for part in parts {
                    self.count_value(part, viewer);
                }
            }
            Value::Some { value, .. } => self.count_value(value, viewer),
            Value::Const(_) | Value::Param(_) | Value::Key(_) | Value::FlatKey(_) => {}
        }
    }
}

pub(super) fn node_viewer(node: &Node) -> Viewer {
    Viewer {
        reader: Reader::Stage(node.stage),
        scope: node.scope,
        stage: node.stage,
    }
}

pub(super) fn element_viewer(id: NodeId, node: &Node, scope: ScopeId) -> Viewer {
    Viewer {
        reader: Reader::FanIn(id),
        scope,
        stage: node.stage,
    }
}

impl Uses {
    fn add(&mut self, near: bool, reader: Reader) {
        if near {
            self.near.push(reader);
        } else {
            self.inner += 1;
        }
    }
}
