//! How each node gets its inputs, and what it looks at before it runs.

use dynop_abi::desc::TypeDesc;
use dynop_abi::plan::{Collect, Const, ScopeId};
use dynop_engine::graph::{Dep, Node, NodeId, NodeKind, StageId, Target, Tolerance, Value};
use dynop_values::{constant, walk};

use super::uses::{Reader, Sharing, Uses, Viewer, element_viewer, node_viewer};
use super::{
    BOOL, Builder, Check, GatherShape, Home, Input, Looked, OK_CASE, Recipe, SideShape, Slot, UNIT,
    Way, case_field,
};

impl Builder<'_> {
    pub(super) fn node(&mut self, id: NodeId) {
        let graph = self.graph;
        let node = &graph.nodes[id as usize];
        let viewer = node_viewer(node);
        let mut inputs = Vec::new();
        for (index, input) in node.inputs.iter().enumerate() {
            let desc = self.input_types[id as usize]
                .get(index)
                .copied()
                .unwrap_or(&UNIT);
            inputs.push(match self.recipe(input, viewer, desc) {
                Recipe::Take(slot) => Input::Lies(slot, desc),
                recipe => {
                    let size = desc.size;
                    let frame = &mut self.shape.stages[node.stage as usize].frame;
                    let at = *frame as u32 * 8;
                    *frame += size.div_ceil(8) as usize;
                    Input::Made(recipe, at, desc)
                }
            });
        }
        let (mut checks, mut outer_checks) = (Vec::new(), Vec::new());
        for dep in &node.deps {
            let check = self.check(dep, node.scope, Some(node.stage));
            match check.what {
                Looked::Node { hops, .. } if hops > 0 => outer_checks.push(check),
                _ => checks.push(check),
            }
        }
        let gather = match &node.kind {
            NodeKind::Gather(gather) => {
                let ty = self.desc(gather.ty);
                let element_type = match gather.into {
                    Collect::List => ty.a(),
                    Collect::Keyed => ty.b(),
                    // Made of lists or maps of the same type.
                    Collect::Flat | Collect::FlatKeyed => ty,
                    Collect::Results => case_type(ty.a(), OK_CASE),
                };
                let viewer = element_viewer(id, node, gather.scope);
                let element = self.recipe(&gather.value, viewer, element_type);
                let checks = gather.element.iter();
                Some(GatherShape {
                    child: graph.scopes[gather.scope as usize].index as usize,
                    element,
                    element_type,
                    checks: checks
                        .map(|dep| self.check(dep, gather.scope, None))
                        .collect(),
                    into: gather.into,
                    ty,
                })
            }
            _ => None,
        };
        let sides = self.sides(id, node);
        let shape = &mut self.shape.nodes[id as usize];
        shape.sides = sides;
        shape.inputs = inputs;
        shape.checks = checks;
        shape.outer_checks = outer_checks;
        shape.gather = gather;
    }

    fn sides(&mut self, id: NodeId, node: &Node) -> Vec<SideShape> {
        let graph = self.graph;
        let item = self.shape.nodes[id as usize]
            .outputs
            .first()
            .map_or(&UNIT, |output| output.desc);
        let paired =
            node.sides.len() == 2 && item.field_count == 2 && self.shape.nodes[id as usize].zips;
        let mut sides = Vec::new();
        for (index, side) in node.sides.iter().enumerate() {
            let desc = match (paired, index, self.shape.nodes[id as usize].filters) {
                (true, _, _) => item.fields()[index].desc(),
                (_, 1, true) => &BOOL,
                _ => item,
            };
            let (Some(&outermost), Some(&innermost)) = (side.scopes.first(), side.scopes.last())
            else {
                continue;
            };
            let viewer = element_viewer(id, node, innermost);
            let recipe = self.recipe(&side.value, viewer, desc);
            let checks = side.element.iter();
            sides.push(SideShape {
                hops: self.hops(node.scope, graph.scopes[outermost as usize].parent),
                children: side
                    .scopes
                    .iter()
                    .map(|&scope| graph.scopes[scope as usize].index as usize)
                    .collect(),
                recipe,
                desc,
                checks: checks.map(|dep| self.check(dep, innermost, None)).collect(),
                maker: graph.scopes[innermost as usize]
                    .over
                    .map_or(0, |over| graph.streams[over as usize].step),
            });
        }
        sides
    }

    fn recipe(&mut self, value: &Value, viewer: Viewer, desc: &'static TypeDesc) -> Recipe {
        match value {
            Value::Const(value) => constant_recipe(value, desc),
            Value::Param(index) => Recipe::Param(*index as usize),
            Value::Node { node, output } => self.output_recipe(*node, *output as usize, viewer),
            Value::Item(scope) => {
                let hops = self.hops(viewer.scope, *scope);
                let counter = self.graph.scopes[*scope as usize].over.map_or(0, |stream| {
                    self.shape.streams[stream as usize].left_at() as u32
                });
                let uses = &mut self.items[*scope as usize];
                shared_recipe(uses, Slot::Item { hops }, counter, desc)
            }
            Value::Over { over, output } => {
                let node = self.graph.overs[*over as usize].node;
                let outputs = &self.shape.nodes[node as usize].outputs;
                match outputs.get(*output as usize).map(|output| output.home) {
                    Some(Home::Row(at)) => Recipe::Over(self.way(*over, viewer.scope), at),
                    _ => Recipe::Zero,
                }
            }
            Value::Key(scope) => {
                let hops = self.hops(viewer.scope, *scope);
                match self.is_flat(*scope) {
                    true => Recipe::FlatKey(vec![hops]),
                    false => Recipe::Key(hops),
                }
            }
            Value::FlatKey(scopes) => {
                let hops = scopes.iter().map(|&scope| self.hops(viewer.scope, scope));
                Recipe::FlatKey(hops.collect())
            }
            Value::List { elements, .. } => {
                let element = desc.a();
                let made = elements.iter().map(|one| self.recipe(one, viewer, element));
                Recipe::List(made.collect())
            }
            Value::Tuple { fields, .. } => {
                let made = fields.iter().zip(desc.fields());
                Recipe::Tuple(
                    made.map(|(one, field)| self.recipe(one, viewer, field.desc()))
                        .collect(),
                )
            }
            Value::Some { value, .. } => {
                let checks = self.absence_checks(value, viewer);
                let payload = self.recipe(value, viewer, desc.a());
                Recipe::Some(Box::new(payload), checks)
            }
        }
    }

    fn way(&self, over: u32, from: ScopeId) -> Way {
        let path = self.graph.overs[over as usize].path.iter();
        path.map(|&(scope, same)| {
            let index = self.graph.scopes[scope as usize].index as usize;
            (index, self.hops(from, same))
        })
        .collect()
    }

    fn output_recipe(&mut self, node: NodeId, output: usize, viewer: Viewer) -> Recipe {
        let hops = self.hops(viewer.scope, self.graph.nodes[node as usize].scope);
        let Some(declared) = self.shape.nodes[node as usize].outputs.get(output) else {
            return Recipe::Zero;
        };
        let slot = match declared.home {
            Home::Frame(at) => Slot::Frame(at),
            Home::Row(at) => Slot::Row { hops, at },
        };
        let counter = match declared.home {
            Home::Row(at) => at + declared.desc.size.next_multiple_of(8),
            Home::Frame(_) => 0,
        };
        let desc = declared.desc;
        shared_recipe(
            &mut self.outputs[node as usize][output],
            slot,
            counter,
            desc,
        )
    }

    /// What says whether the payload of an option is there: what became of all that it is made of. Options in it are
    /// there in any case.
    fn absence_checks(&self, value: &Value, viewer: Viewer) -> Vec<Check> {
        let target = match value {
            Value::Node { node, output } => Target::Node {
                node: *node,
                output: Some(*output),
            },
            Value::Over { over, output } => Target::Over {
                over: *over,
                output: Some(*output),
            },
            Value::List {
                elements: parts, ..
            }
            | Value::Tuple { fields: parts, .. } => {
                let checks = parts
                    .iter()
                    .flat_map(|part| self.absence_checks(part, viewer));
                return checks.collect();
            }
            _ => return Vec::new(),
        };
        let dep = Dep {
            target,
            tolerates: Tolerance::Nothing,
        };
        let stage = matches!(viewer.reader, Reader::Stage(_)).then_some(viewer.stage);
        vec![self.check(&dep, viewer.scope, stage)]
    }

    /// How a dependency is looked at from `scope`; with `stage`, what that stage ran is looked up in its frame.
    fn check(&self, dep: &Dep, scope: ScopeId, stage: Option<StageId>) -> Check {
        let what = match dep.target {
            Target::Node { node, output } => {
                let target = &self.graph.nodes[node as usize];
                let present = output.and_then(|output| {
                    let outputs = &self.shape.nodes[node as usize].outputs;
                    outputs.get(output as usize)?.present
                });
                if stage == Some(target.stage) {
                    Looked::Frame {
                        index: target.index as usize,
                        present,
                    }
                } else {
                    Looked::Node {
                        hops: self.hops(scope, target.scope),
                        local: self.shape.nodes[node as usize].local,
                        present,
                    }
                }
            }
            Target::Each(node) => {
                let target = &self.graph.nodes[node as usize];
                Looked::Each {
                    child: self.graph.scopes[target.scope as usize].index as usize,
                    local: self.shape.nodes[node as usize].local,
                }
            }
            Target::Stream(scope) | Target::Keys(scope) => Looked::Stream {
                child: self.graph.scopes[scope as usize].index as usize,
                scope,
                whole: matches!(dep.target, Target::Stream(_)),
            },
            Target::Over { over, output } => {
                let node = self.graph.overs[over as usize].node as usize;
                let outputs = &self.shape.nodes[node].outputs;
                Looked::Over {
                    way: self.way(over, scope),
                    local: self.shape.nodes[node].local,
                    present: output
                        .and_then(|output| outputs.get(output as usize))
                        .and_then(|output| output.present),
                }
            }
        };
        let node = match dep.target {
            Target::Node { node, .. } | Target::Each(node) => Some(node),
            Target::Over { over, .. } => Some(self.graph.overs[over as usize].node),
            Target::Stream(_) | Target::Keys(_) => None,
        };
        Check {
            what,
            tolerates: dep.tolerates,
            node,
        }
    }

    /// Whether keys of a scope may be those of a flattened dynamic.
    fn is_flat(&self, scope: ScopeId) -> bool {
        let over = self.graph.scopes[scope as usize].over;
        over.is_some_and(|over| self.shape.streams[over as usize].flat)
    }

    fn hops(&self, from: ScopeId, to: ScopeId) -> usize {
        let depth = |scope: ScopeId| self.graph.scopes[scope as usize].depth;
        depth(from).saturating_sub(depth(to)) as usize
    }
}

/// The recipe of one more use of a value. Uses are built in the order in which nodes run.
fn shared_recipe(uses: &mut Uses, slot: Slot, counter: u32, desc: &TypeDesc) -> Recipe {
    uses.built += 1;
    match uses.sharing() {
        // Copying bits is cheaper than counting who had them.
        _ if desc.is_plain() && uses.near.len() != 1 => Recipe::Copy(slot),
        Sharing::Kept => Recipe::Copy(slot),
        Sharing::LastTakes if uses.built == uses.near.len() as u32 => Recipe::Take(slot),
        Sharing::LastTakes => Recipe::Copy(slot),
        Sharing::Counted => Recipe::Count(slot, counter, uses.near.len() as u32),
    }
}

fn constant_recipe(value: &Const, desc: &'static TypeDesc) -> Recipe {
    match constant::materialise(value, desc) {
        Ok(owned) => {
            // SAFETY: a valid value that nobody else reaches yet.
            unsafe { walk::share(owned.as_ptr(), desc) };
            Recipe::Constant(owned)
        }
        Err(_) => Recipe::Zero,
    }
}

fn case_type(desc: &'static TypeDesc, case: usize) -> &'static TypeDesc {
    case_field(desc, case).map_or(&UNIT, |field| field.desc())
}
