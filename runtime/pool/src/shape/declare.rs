//! The first steps of making the tables: what nodes there are, and where their outputs lie.

use dynop_abi::plan::{Action, Job, Op, ScopeId, StepId};
use dynop_engine::graph::{NodeId, NodeKind};

use super::uses::{Reader, Sharing, Uses};
use super::{Builder, Home, ITEM_AT, NodeShape, OutputShape, ScopeShape, StageShape, StreamShape};
use crate::request::Program;

impl Builder<'_> {
    /// Nodes with their outputs, everything else empty.
    pub(super) fn declare(&mut self, job: &Job, program: &Program<'_>) {
        for scope in &self.graph.scopes {
            let steps =
                scope
                    .nodes
                    .iter()
                    .filter_map(|&node| match self.graph.nodes[node as usize].kind {
                        NodeKind::Step(step) => Some(step),
                        _ => None,
                    });
            self.shape.scopes.push(ScopeShape {
                steps: steps.collect(),
                ..ScopeShape::default()
            });
        }
        for stage in &self.graph.stages {
            let heavy = stage.nodes.iter().any(|&node| {
                let node = &self.graph.nodes[node as usize];
                match node.kind {
                    NodeKind::Step(step) => is_dynamic(job, program, step),
                    NodeKind::Gather(_) | NodeKind::Barrier => false,
                    NodeKind::Expand(_) | NodeKind::Result => true,
                }
            });
            self.shape.stages.push(StageShape { frame: 0, heavy });
        }
        for (id, node) in self.graph.nodes.iter().enumerate() {
            let outputs: Vec<OutputShape> = match &node.kind {
                NodeKind::Step(step) => step_outputs(job, program, *step)
                    .into_iter()
                    .map(|(ty, dynamic, optional)| OutputShape {
                        desc: self.desc(ty),
                        dynamic,
                        home: Home::Frame(0),
                        present: None,
                        required: !optional && !dynamic,
                    })
                    .collect(),
                NodeKind::Gather(gather) => vec![OutputShape {
                    desc: self.desc(gather.ty),
                    dynamic: false,
                    home: Home::Frame(0),
                    present: None,
                    required: true,
                }],
                _ => Vec::new(),
            };
            let action = match node.kind {
                NodeKind::Step(step) => Some(&job.steps[step as usize].action),
                _ => None,
            };
            let returns = match node.kind {
                NodeKind::Step(step) => {
                    op_of(job, program, step).is_some_and(|op| op.returns_output)
                }
                _ => false,
            };
            self.outputs.push(vec![Uses::default(); outputs.len()]);
            let input_types = match node.kind {
                NodeKind::Step(step) => op_of(job, program, step)
                    .map_or(&[][..], |op| op.params.as_slice())
                    .iter()
                    .map(|param| self.desc(param.ty))
                    .collect(),
                NodeKind::Result => vec![self.desc(job.result_type)],
                _ => Vec::new(),
            };
            self.input_types.push(input_types);
            let nodes = &self.graph.scopes[node.scope as usize].nodes;
            let local = nodes.binary_search(&(id as NodeId)).unwrap_or(0) as u32;
            self.shape.nodes.push(NodeShape {
                checks: Vec::new(),
                outer_checks: Vec::new(),
                inputs: Vec::new(),
                dynamic: outputs.iter().any(|output| output.dynamic),
                outputs,
                local,
                gather: None,
                sides: Vec::new(),
                returns,
                zips: matches!(action, Some(Action::Zip { .. })),
                filters: matches!(action, Some(Action::Filter { .. })),
            });
        }
    }

    pub(super) fn place_outputs(&mut self) {
        for (id, node) in self.graph.nodes.iter().enumerate() {
            for output in 0..self.outputs[id].len() {
                let uses = &self.outputs[id][output];
                let own = Reader::Stage(node.stage);
                let in_frame = uses.inner == 0 && uses.near.iter().all(|&one| one == own);
                let declared = &mut self.shape.nodes[id].outputs[output];
                let size = declared.desc.size;
                if declared.dynamic {
                    continue;
                }
                let scope = &mut self.shape.scopes[node.scope as usize];
                if in_frame {
                    let frame = &mut self.shape.stages[node.stage as usize].frame;
                    declared.home = Home::Frame(*frame as u32 * 8);
                    *frame += size.div_ceil(8) as usize;
                } else {
                    declared.home = Home::Row(scope.row);
                    if !declared.desc.is_plain() {
                        scope.counted.push((scope.row, declared.desc));
                    }
                    scope.row += size.next_multiple_of(8);
                    if uses.sharing() == Sharing::Counted && !declared.desc.is_plain() {
                        // The counter lies right behind the value.
                        scope.row += 8;
                    }
                }
                if !declared.required {
                    declared.present = Some(scope.row);
                    scope.row += 8;
                }
            }
        }
    }

    pub(super) fn streams(&mut self, job: &Job, program: &Program<'_>) {
        for stream in &self.graph.streams {
            let outputs = step_outputs(job, program, stream.step);
            let (ty, _, optional) = outputs[stream.output as usize];
            let item = self.desc(ty);
            let read = |&scope: &ScopeId| {
                let uses = &self.items[scope as usize];
                uses.inner > 0 || !uses.near.is_empty()
            };
            self.shape.streams.push(StreamShape {
                item,
                row: ITEM_AT as u32 + item.size.next_multiple_of(8) + 8,
                read: stream.over.iter().any(read),
                optional,
                flat: self.yields_flat_keys(stream.step),
            });
        }
    }
}

impl Builder<'_> {
    /// Whether a step yields keys of several parts. Streams of the steps before it are there.
    fn yields_flat_keys(&self, step: StepId) -> bool {
        let node = self.graph.step_nodes[step as usize];
        let sides = &self.graph.nodes[node as usize].sides;
        sides.iter().any(|side| {
            let known = |scope: &ScopeId| {
                let over = self.graph.scopes[*scope as usize].over;
                over.and_then(|over| self.shape.streams.get(over as usize))
                    .is_some_and(|stream| stream.flat)
            };
            side.scopes.len() > 1 || side.scopes.iter().any(known)
        })
    }
}

fn op_of<'p>(job: &Job, program: &Program<'p>, step: StepId) -> Option<&'p Op> {
    program
        .ops
        .get(job.steps[step as usize].action.op()? as usize)
}

/// The outputs of a step: type, whether it is dynamic, whether it is optional.
fn step_outputs(job: &Job, program: &Program<'_>, step: StepId) -> Vec<(u32, bool, bool)> {
    if let Some(item) = job.steps[step as usize].action.item() {
        return vec![(item, true, false)];
    }
    let outputs = op_of(job, program, step).map_or(&[][..], |op| op.outputs.as_slice());
    outputs
        .iter()
        .map(|output| (output.ty, output.dynamic, output.optional))
        .collect()
}

fn is_dynamic(job: &Job, program: &Program<'_>, step: StepId) -> bool {
    step_outputs(job, program, step)
        .iter()
        .any(|&(_, dynamic, _)| dynamic)
}
