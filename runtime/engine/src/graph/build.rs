//! From the plan's steps and sources to nodes and what they need.

use dynop_abi::plan::{After, Collect, Const, Job, Op, OutputRef, ROOT, ScopeId, Source, StepId};

use super::{
    Dep, Gather, Graph, Node, NodeId, NodeKind, Over, ScopeGraph, Side, StreamDef, StreamDefId,
    Target, Tolerance, Value,
};

/// All nodes of `job`, not yet in stages.
pub(super) fn nodes(job: &Job, ops: &[Op]) -> Graph {
    let mut builder = Builder {
        job,
        graph: scopes(job, ops),
    };
    builder.expansions();
    for step in 0..job.steps.len() as StepId {
        builder.step(step);
        builder.expansions_elsewhere(step);
    }
    builder.result();
    builder.graph
}

/// Which outputs of a step are dynamic.
fn outputs(job: &Job, ops: &[Op], step: StepId) -> Vec<bool> {
    match job.steps[step as usize].action.op() {
        Some(op) => ops[op as usize]
            .outputs
            .iter()
            .map(|output| output.dynamic)
            .collect(),
        None => vec![true],
    }
}

/// Scopes and streams, without nodes.
fn scopes(job: &Job, ops: &[Op]) -> Graph {
    let mut scopes: Vec<ScopeGraph> = Vec::with_capacity(job.scopes.len());
    for (id, scope) in job.scopes.iter().enumerate() {
        let mut made = ScopeGraph {
            parent: scope.parent,
            ..ScopeGraph::default()
        };
        if id as ScopeId != ROOT {
            let parent = &mut scopes[scope.parent as usize];
            made.depth = parent.depth + 1;
            made.index = parent.children.len() as u32;
            parent.children.push(id as ScopeId);
        }
        scopes.push(made);
    }
    let mut streams = Vec::new();
    for (id, step) in job.steps.iter().enumerate() {
        for (output, dynamic) in outputs(job, ops, id as StepId).into_iter().enumerate() {
            if dynamic {
                let scope = &mut scopes[step.scope as usize];
                streams.push(StreamDef {
                    step: id as StepId,
                    output: output as u32,
                    scope: step.scope,
                    index: scope.streams.len() as u32,
                    over: Vec::new(),
                });
                scope.streams.push(streams.len() as StreamDefId - 1);
            }
        }
    }
    for (id, scope) in job.scopes.iter().enumerate() {
        if let Some(over) = scope.over {
            let found = streams
                .iter()
                .position(|s| s.step == over.step && s.output == over.output);
            if let Some(found) = found {
                streams[found].over.push(id as ScopeId);
                scopes[id].over = Some(found as StreamDefId);
                let chain = job.chain(job.steps[over.step as usize].scope);
                let way = chain.iter().copied().zip(scope.path.iter().copied());
                scopes[id].way = way.collect();
            }
        }
    }
    Graph {
        scopes,
        nodes: Vec::new(),
        stages: Vec::new(),
        streams,
        step_nodes: Vec::new(),
        result: 0,
        overs: Vec::new(),
    }
}

struct Builder<'a> {
    job: &'a Job,
    graph: Graph,
}

impl Builder<'_> {
    fn add(
        &mut self,
        scope: ScopeId,
        kind: NodeKind,
        deps: Vec<Dep>,
        inputs: Vec<Value>,
    ) -> NodeId {
        let id = self.graph.nodes.len() as NodeId;
        let mut unique: Vec<Dep> = Vec::with_capacity(deps.len());
        for dep in deps {
            if !unique.contains(&dep) {
                unique.push(dep);
            }
        }
        self.graph.nodes.push(Node {
            scope,
            kind,
            deps: unique,
            inputs,
            sides: Vec::new(),
            stage: 0,
            index: 0,
        });
        self.graph.scopes[scope as usize].nodes.push(id);
        id
    }

    /// One node a product scope, in its parent.
    fn expansions(&mut self) {
        for scope in 1..self.graph.scopes.len() as ScopeId {
            if self.graph.is_product(scope) && self.graph.scopes[scope as usize].way.is_empty() {
                let parent = self.graph.scopes[scope as usize].parent;
                self.add(parent, NodeKind::Expand(scope), Vec::new(), Vec::new());
            }
        }
    }

    /// The same for scopes over what the clones of a step yield that do not lie around. All of them are waited for, which
    /// costs some overlap; the one meant is found by its keys.
    fn expansions_elsewhere(&mut self, step: StepId) {
        let node = self.graph.step_nodes[step as usize];
        let scope = self.graph.nodes[node as usize].scope;
        for at in 0..self.graph.scopes[scope as usize].streams.len() {
            let stream = self.graph.scopes[scope as usize].streams[at] as usize;
            if self.graph.streams[stream].step != step {
                continue;
            }
            for over in self.graph.streams[stream].over.clone() {
                let made = &self.graph.scopes[over as usize];
                if made.way.is_empty() {
                    continue;
                }
                let (parent, way) = (made.parent, made.way.clone());
                let waits = self.elsewhere(node, &way);
                self.add(parent, NodeKind::Expand(over), vec![waits], Vec::new());
            }
        }
    }

    fn step(&mut self, id: StepId) {
        let step = &self.job.steps[id as usize];
        let mut deps = Vec::new();
        let (mut inputs, mut sides) = (Vec::new(), Vec::new());
        for source in &step.inputs {
            if let Source::Each { scopes, value } = source {
                sides.push(self.side(scopes, value, step.scope, &mut deps));
            } else {
                inputs.push(self.value(source, step.scope, None, &mut deps));
            }
        }
        for &before in &step.after {
            let dep = self.after(before, step.scope);
            deps.push(dep);
        }
        for after in &step.after_at {
            let mut waited = self.done(after, &mut deps);
            waited.tolerates = Tolerance::Skip;
            deps.push(waited);
        }
        let node = self.add(step.scope, NodeKind::Step(id), deps, inputs);
        self.graph.nodes[node as usize].sides = sides;
        self.graph.step_nodes.push(node);
    }

    /// What a step of `own` goes over. It waits for all keys and all clones there, whatever becomes of them: it goes over
    /// what there is, also where the step that yields the keys has failed behind some.
    fn side(
        &mut self,
        scopes: &[ScopeId],
        value: &Source,
        own: ScopeId,
        deps: &mut Vec<Dep>,
    ) -> Side {
        let (mut element, mut around) = (Vec::new(), Vec::new());
        let innermost = scopes.last().copied().unwrap_or(ROOT);
        let value = self.value(value, innermost, Some(&mut element), &mut around);
        // What lives on an outer level is one of an element's needs too.
        for dep in around {
            match scopes.iter().any(|&scope| self.lives_in(&dep, scope)) {
                true => element.push(dep),
                false => deps.push(dep),
            }
        }
        let mut within = None;
        for (level, &scope) in scopes.iter().enumerate().rev() {
            let mut waits = vec![of_any_end(Target::Keys(scope))];
            let here = element.iter().filter(|dep| self.lives_in(dep, scope));
            waits.extend(here.filter_map(each_of));
            waits.extend(within.map(|node| of_any_end(Target::Each(node))));
            let parent = self.graph.scopes[scope as usize].parent;
            // Inner levels, and what all instances of `own` read, are kept until they were gone over.
            self.graph.scopes[scope as usize].kept |= parent != own;
            if level > 0 {
                within = Some(self.wait(parent, waits));
            } else if parent == own {
                deps.append(&mut waits);
            } else {
                let node = self.wait(parent, waits);
                deps.push(strict(Target::Node { node, output: None }));
            }
        }
        Side {
            scopes: scopes.to_vec(),
            value,
            element,
        }
    }

    fn result(&mut self) {
        let mut deps = Vec::new();
        let value = self.value(&self.job.result, ROOT, None, &mut deps);
        self.graph.result = self.add(ROOT, NodeKind::Result, deps, vec![value]);
    }

    /// `source` as a value seen from `scope`; what it needs is added to `deps`. Within a fan-in, `over` is the scope it
    /// goes over: then what belongs to that scope is not among the `deps` of the gathering node itself.
    fn value(
        &mut self,
        source: &Source,
        scope: ScopeId,
        mut over: Option<&mut Vec<Dep>>,
        deps: &mut Vec<Dep>,
    ) -> Value {
        match source {
            Source::Const(value) => Value::Const(value.clone()),
            Source::Param(index) => Value::Param(*index),
            Source::Output(output) => {
                let node = self.graph.step_nodes[output.step as usize];
                self.need(node, output.output, scope, over, deps);
                Value::Node {
                    node,
                    output: output.output,
                }
            }
            Source::OutputOver { output, path } => self.over(*output, path, scope, over, deps),
            Source::FlatKey(scopes) => Value::FlatKey(scopes.clone()),
            Source::Done(steps) => {
                for after in steps {
                    self.data_of(after, scope, over.as_deref_mut(), deps);
                }
                Value::Const(Const::Unit)
            }
            // Never within a value.
            Source::Each { .. } => Value::Const(Const::Unit),
            Source::Item(item) => Value::Item(*item),
            Source::Key(item) => Value::Key(*item),
            Source::Collect { .. } => {
                let node = self.gather(source);
                self.need(node, 0, scope, over, deps);
                Value::Node { node, output: 0 }
            }
            Source::List { elements, ty } => Value::List {
                elements: elements
                    .iter()
                    .map(|e| self.value(e, scope, over.as_deref_mut(), deps))
                    .collect(),
                ty: *ty,
            },
            Source::Tuple { fields, ty } => Value::Tuple {
                fields: fields
                    .iter()
                    .map(|f| self.value(f, scope, over.as_deref_mut(), deps))
                    .collect(),
                ty: *ty,
            },
            Source::Some { value, ty } => self.some(value, *ty, scope, over, deps),
        }
    }

    fn some(
        &mut self,
        value: &Source,
        ty: u32,
        scope: ScopeId,
        mut over: Option<&mut Vec<Dep>>,
        deps: &mut Vec<Dep>,
    ) -> Value {
        let (mut own, mut each) = (Vec::new(), Vec::new());
        let inner = match over {
            Some(_) => self.value(value, scope, Some(&mut each), &mut own),
            None => self.value(value, scope, None, &mut own),
        };
        if may_be_absent(value) {
            for dep in own.iter_mut().chain(&mut each) {
                dep.tolerates = dep.tolerates.max(Tolerance::Skip);
            }
        }
        deps.append(&mut own);
        if let Some(over) = &mut over {
            over.append(&mut each);
        }
        Value::Some {
            value: Box::new(inner),
            ty,
        }
    }

    /// Notes that something in `scope` needs an output of `node`: as an element's need if the node lives in `scope` and
    /// `scope` is being gathered, else as the node's own.
    fn need(
        &self,
        node: NodeId,
        output: u32,
        scope: ScopeId,
        over: Option<&mut Vec<Dep>>,
        deps: &mut Vec<Dep>,
    ) {
        let dep = strict(Target::Node {
            node,
            output: Some(output),
        });
        match over {
            Some(each) if self.graph.nodes[node as usize].scope == scope => each.push(dep),
            _ => deps.push(dep),
        }
    }

    /// The node that makes the fan-in; equal ones are made once.
    fn gather(&mut self, source: &Source) -> NodeId {
        let Source::Collect {
            scope,
            value,
            into,
            ty,
        } = source
        else {
            return 0;
        };
        let (mut deps, mut element) = (Vec::new(), Vec::new());
        let value = self.value(value, *scope, Some(&mut element), &mut deps);
        let parent = self.graph.scopes[*scope as usize].parent;
        let gather = Gather {
            scope: *scope,
            value,
            element,
            into: *into,
            ty: *ty,
        };
        let known = &self.graph.scopes[parent as usize].nodes;
        for &node in known.iter().rev() {
            if matches!(&self.graph.nodes[node as usize].kind, NodeKind::Gather(g) if *g == gather)
            {
                return node;
            }
        }
        deps.push(strict(match into {
            Collect::Results => Target::Keys(*scope),
            _ => Target::Stream(*scope),
        }));
        for mut dep in gather.element.iter().filter_map(each_of) {
            if *into != Collect::Results {
                dep.tolerates = Tolerance::Nothing;
            }
            deps.push(dep);
        }
        self.add(parent, NodeKind::Gather(gather), deps, Vec::new())
    }

    /// What `after(before)` means for a step of `scope`.
    fn after(&mut self, before: StepId, scope: ScopeId) -> Dep {
        let mut node = self.ended(before);
        let mut at = self.graph.nodes[node as usize].scope;
        while !self.graph.encloses(at, scope) {
            node = self.barrier(node, at, Tolerance::Nothing);
            at = self.graph.scopes[at as usize].parent;
        }
        Dep {
            target: Target::Node { node, output: None },
            tolerates: Tolerance::Skip,
        }
    }

    /// The node whose end is that of a step: of one without an op, a node that sees whether items of it stand for failures,
    /// if the plan has a scope over them.
    fn ended(&mut self, step: StepId) -> NodeId {
        let node = self.graph.step_nodes[step as usize];
        if self.job.steps[step as usize].action.op().is_some() {
            return node;
        }
        let home = self.graph.nodes[node as usize].scope;
        let is_over = |&scope: &ScopeId| {
            let scope = &self.graph.scopes[scope as usize];
            let over = scope
                .over
                .map(|over| self.graph.streams[over as usize].step);
            over == Some(step) && scope.way.is_empty()
        };
        let children = &self.graph.scopes[home as usize].children;
        let Some(items) = children.iter().copied().find(is_over) else {
            return node;
        };
        let of = |target| Dep {
            target,
            tolerates: Tolerance::Skip,
        };
        let own = of(Target::Node { node, output: None });
        self.wait(home, vec![own, of(Target::Stream(items))])
    }

    /// What the end of clones that are found by keys is, without tolerance. What must be waited for besides is added to the
    /// waits.
    fn done(&mut self, after: &After, waits: &mut Vec<Dep>) -> Dep {
        let mut node = self.ended(after.step);
        let chain = self.chain(self.graph.nodes[node as usize].scope);
        let met = after.path.len().min(chain.len());
        for &at in chain[met..].iter().rev() {
            node = self.barrier(node, at, Tolerance::Nothing);
        }
        if chain[..met] == after.path {
            return strict(Target::Node { node, output: None });
        }
        let (over, waited) = self.meet(node, &after.path);
        waits.push(waited);
        strict(Target::Over { over, output: None })
    }

    /// Notes that what is seen from `scope` needs these clones, as [`Self::need`] does.
    fn data_of(
        &mut self,
        after: &After,
        scope: ScopeId,
        each: Option<&mut Vec<Dep>>,
        deps: &mut Vec<Dep>,
    ) {
        let mut waits = Vec::new();
        let dep = self.done(after, &mut waits);
        let elsewhere = matches!(dep.target, Target::Over { .. });
        match each {
            Some(each) => {
                for wait in waits {
                    match self.lives_in(&wait, scope) {
                        true => each.push(wait),
                        false => deps.push(wait),
                    }
                }
                match elsewhere || self.lives_in(&dep, scope) {
                    true => each.push(dep),
                    false => deps.push(dep),
                }
            }
            None => {
                deps.append(&mut waits);
                deps.push(dep);
            }
        }
    }

    /// Whether the node that is needed lives in a scope.
    fn lives_in(&self, dep: &Dep, scope: ScopeId) -> bool {
        matches!(dep.target, Target::Node { node, .. }
            if self.graph.nodes[node as usize].scope == scope)
    }

    /// The scopes around one from the root inwards, the root left out, itself included.
    fn chain(&self, scope: ScopeId) -> Vec<ScopeId> {
        self.job.chain(scope)
    }

    /// An output of the clone with the same keys, in scopes that go over what the viewer's scopes go over. All clones are
    /// waited for, which costs some overlap; what became of each is looked up by its keys.
    fn over(
        &mut self,
        output: OutputRef,
        path: &[ScopeId],
        viewer: ScopeId,
        each: Option<&mut Vec<Dep>>,
        deps: &mut Vec<Dep>,
    ) -> Value {
        let node = self.graph.step_nodes[output.step as usize];
        let (over, waits) = self.meet(node, path);
        let looked = strict(Target::Over {
            over,
            output: Some(output.output),
        });
        match each {
            Some(each) => {
                match self.lives_in(&waits, viewer) {
                    true => each.push(waits),
                    false => deps.push(waits),
                }
                each.push(looked);
            }
            None => deps.extend([waits, looked]),
        }
        Value::Over {
            over,
            output: output.output,
        }
    }

    /// Clones of a node met by keys: which of [`Graph::overs`], and what there is to be waited for.
    fn meet(&mut self, node: NodeId, path: &[ScopeId]) -> (u32, Dep) {
        let chain = self.chain(self.graph.nodes[node as usize].scope);
        let over = Over {
            node,
            path: chain.into_iter().zip(path.iter().copied()).collect(),
        };
        let waits = self.elsewhere(node, &over.path);
        let known = self.graph.overs.iter().position(|one| *one == over);
        let index = known.unwrap_or_else(|| {
            self.graph.overs.push(over);
            self.graph.overs.len() - 1
        });
        (index as u32, waits)
    }

    /// What must be waited for where clones of a node are met by keys: all of them, as far as they do not lie around. What
    /// lies around the node is kept for that.
    fn elsewhere(&mut self, node: NodeId, way: &[(ScopeId, ScopeId)]) -> Dep {
        // Around the viewer, at keys of its own: one that lies around it may stand on another key than the one meant.
        let own = way.iter().take_while(|(one, same)| one == same);
        let own: Vec<ScopeId> = own.map(|&(one, _)| one).collect();
        for &(scope, _) in &way[own.len()..] {
            self.graph.scopes[scope as usize].kept = true;
        }
        let (mut waited, mut at) = (node, self.graph.nodes[node as usize].scope);
        while at != ROOT && !own.contains(&at) {
            waited = self.barrier(waited, at, Tolerance::Failure);
            at = self.graph.scopes[at as usize].parent;
        }
        Dep {
            target: Target::Node {
                node: waited,
                output: None,
            },
            tolerates: Tolerance::Failure,
        }
    }

    /// The node that waits for all clones of `node` over `scope`, in the scope around.
    fn barrier(&mut self, node: NodeId, scope: ScopeId, tolerates: Tolerance) -> NodeId {
        let parent = self.graph.scopes[scope as usize].parent;
        let deps = vec![
            Dep {
                target: Target::Stream(scope),
                tolerates: tolerates.max(Tolerance::Skip),
            },
            Dep {
                target: Target::Each(node),
                tolerates,
            },
        ];
        self.wait(parent, deps)
    }

    /// The node of `scope` that waits for something; equal ones are made once.
    fn wait(&mut self, scope: ScopeId, deps: Vec<Dep>) -> NodeId {
        let known = &self.graph.scopes[scope as usize].nodes;
        for &other in known.iter().rev() {
            let other_node = &self.graph.nodes[other as usize];
            if other_node.kind == NodeKind::Barrier && other_node.deps == deps {
                return other;
            }
        }
        self.add(scope, NodeKind::Barrier, deps, Vec::new())
    }
}

/// All clones of what an element needs, whatever became of each.
fn each_of(dep: &Dep) -> Option<Dep> {
    match dep.target {
        Target::Node { node, .. } => Some(of_any_end(Target::Each(node))),
        _ => None,
    }
}

/// Whether skips of what an option is made of give `none`: not where it holds the end of steps without output, which is no
/// value that could be looked at.
fn may_be_absent(payload: &Source) -> bool {
    match payload {
        Source::Done(_) => false,
        Source::List {
            elements: parts, ..
        }
        | Source::Tuple { fields: parts, .. } => parts.iter().all(may_be_absent),
        Source::Some { value, .. } => may_be_absent(value),
        _ => true,
    }
}

/// Waited for, whatever becomes of it.
fn of_any_end(target: Target) -> Dep {
    Dep {
        target,
        tolerates: Tolerance::Failure,
    }
}

fn strict(target: Target) -> Dep {
    Dep {
        target,
        tolerates: Tolerance::Nothing,
    }
}
