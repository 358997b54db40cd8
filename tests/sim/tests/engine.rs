//! The engine alone, under thousands of random schedules: simulated workers claim ranges of all sizes, yield keys one by
//! one, publish them late or at once, report positions in pieces, and take turns as a random number says. Whatever the order,
//! the engine must let each clone run exactly when what it needs has ended, and come to the same counts; and the same
//! schedule must give the same commands.

use std::collections::{BTreeMap, BTreeSet};

use dynop_abi::plan::{Job, ScopeId, StepId};
use dynop_engine::decide::{State, Verdict, decide};
use dynop_engine::graph::{Dep, Graph, NodeId, NodeKind, Target};
use dynop_engine::run::{Claim, Created, FamilyId, ROOT_FAMILY, Run, StreamEnd, StreamId};
use dynop_sim::{Evaluator, Missing, Path, Random, Value, generate, ops};

struct Family {
    scope: ScopeId,
    parent: FamilyId,
    position: u32,
    stream: Option<StreamId>,
}

type Items = Vec<(String, Result<Value, Missing>)>;

#[derive(Default)]
struct Stream {
    items: Items,
    written: usize,
    end: Option<StreamEnd>,
}

/// What a simulated worker does.
struct Work {
    claim: Claim,
    position: u32,
    /// The next node of the stage.
    node: usize,
    reported: u32,
    exceptions: Vec<(u32, NodeId, State)>,
    /// The stream into which the node yields.
    yields: Option<StreamId>,
}

struct Simulation<'s> {
    job: &'s Job,
    graph: &'s Graph,
    evaluator: &'s Evaluator<'s>,
    run: Run<'s>,
    random: Random,
    families: BTreeMap<FamilyId, Family>,
    children: BTreeMap<(FamilyId, u32, ScopeId), FamilyId>,
    streams: BTreeMap<StreamId, Stream>,
    states: BTreeMap<(FamilyId, u32, NodeId), State>,
    working: Vec<Work>,
    retired: BTreeSet<FamilyId>,
    /// Everything that the engine answered.
    commands: Vec<String>,
}

impl<'s> Simulation<'s> {
    fn new(job: &'s Job, graph: &'s Graph, evaluator: &'s Evaluator<'s>, schedule: u64) -> Self {
        let root = Family {
            scope: 0,
            parent: ROOT_FAMILY,
            position: 0,
            stream: None,
        };
        Self {
            job,
            graph,
            evaluator,
            run: Run::new(graph),
            random: Random(schedule),
            families: BTreeMap::from([(ROOT_FAMILY, root)]),
            children: BTreeMap::new(),
            streams: BTreeMap::new(),
            states: BTreeMap::new(),
            working: Vec::new(),
            retired: BTreeSet::new(),
            commands: Vec::new(),
        }
    }

    fn run(&mut self) {
        let mut idle = 0;
        while !self.run.is_finished() {
            let before = self.working.len();
            let claims = self.working.len() < 4 && self.random.below(3) == 0;
            if (claims || self.working.is_empty()) && self.claim() {
                idle = 0;
                continue;
            }
            if self.working.is_empty() {
                idle += 1;
                assert!(idle < 3, "nothing runs and nothing can be claimed");
                continue;
            }
            let at = self.random.below(before);
            self.advance(at);
        }
        assert!(self.working.is_empty());
    }

    fn claim(&mut self) -> bool {
        let bound = 1 + self.random.below(5) as u32;
        let Some(claim) = self.run.claim(None, &|_, ready| ready.min(bound)) else {
            return false;
        };
        self.commands.push(format!("{claim:?}"));
        assert!(claim.from < claim.to);
        assert!(
            !self.retired.contains(&claim.family),
            "a retired family is claimed"
        );
        self.working.push(Work {
            claim,
            position: claim.from,
            node: 0,
            reported: claim.from,
            exceptions: Vec::new(),
            yields: None,
        });
        true
    }

    /// One worker does one thing.
    fn advance(&mut self, at: usize) {
        if let Some(stream) = self.working[at].yields {
            return self.yield_on(at, stream);
        }
        let (claim, position) = (self.working[at].claim, self.working[at].position);
        let nodes = &self.graph.stages[claim.stage as usize].nodes;
        let Some(&node) = nodes.get(self.working[at].node) else {
            return self.position_done(at);
        };
        let verdict = self.verdict(node, claim.family, position);
        let graph = self.graph;
        match graph.nodes[node as usize].kind {
            NodeKind::Step(step) => self.step(at, node, step, verdict),
            NodeKind::Expand(_) => {
                if let Some(created) = self.run.expand(claim.family, position, node) {
                    self.create(created);
                }
                self.ended(at, node, State::Succeeded);
            }
            _ => self.ended(at, node, verdict.state().unwrap_or(State::Succeeded)),
        }
    }

    fn step(&mut self, at: usize, node: NodeId, step: StepId, verdict: Verdict) {
        let (family, position) = (self.working[at].claim.family, self.working[at].position);
        let path = self.path(family, position);
        let outcome = self.evaluator.run(step, &path);
        let runs = outcome.value != Err(Missing::Upstream) || outcome.partial;
        let key = &self.job.steps[step as usize].name;
        assert_eq!(verdict == Verdict::Ready, runs, "{key} at {path:?}");
        if runs {
            for side in &self.graph.nodes[node as usize].sides {
                let outermost = self.graph.scopes[side.scopes[0] as usize].parent;
                let home = self.around(family, position, outermost);
                self.is_kept(&side.scopes, home);
            }
        }
        let (begun, created) = if self.graph.streams.iter().any(|one| one.step == step) {
            self.run.start(family, position, step)
        } else {
            (Vec::new(), Vec::new())
        };
        self.commands.push(format!("{begun:?} {created:?}"));
        for one in &begun {
            let stream = Stream {
                items: outcome.items.clone(),
                ..Stream::default()
            };
            self.streams.insert(one.stream, stream);
        }
        for one in created {
            self.create(one);
        }
        match begun.first() {
            Some(one) => self.working[at].yields = Some(one.stream),
            None => {
                let state = match outcome.value {
                    Ok(_) => State::Succeeded,
                    Err(Missing::Failed) => State::Failed,
                    Err(Missing::Upstream) => State::UpstreamFailed,
                };
                self.ended(at, node, state);
            }
        }
    }

    /// The step writes another key, hands keys on, or ends.
    fn yield_on(&mut self, at: usize, id: StreamId) {
        let late = self.random.below(3) == 0;
        let stream = self.streams.get_mut(&id).expect("it yields");
        if stream.written < stream.items.len() {
            stream.written += 1;
            let written = stream.written as u32;
            if !late {
                let news = self.run.keys(id, written);
                self.commands.push(format!("{news}"));
            }
            return;
        }
        let written = stream.written as u32;
        let work = &self.working[at];
        let node = self.graph.stages[work.claim.stage as usize].nodes[work.node];
        let NodeKind::Step(step) = self.graph.nodes[node as usize].kind else {
            panic!("only steps yield");
        };
        let path = self.path(work.claim.family, work.position);
        let state = match self.evaluator.run(step, &path).value {
            Ok(_) => State::Succeeded,
            Err(Missing::Failed) => State::Failed,
            Err(Missing::Upstream) => State::UpstreamFailed,
        };
        let end = match state {
            State::Succeeded => StreamEnd::Complete,
            _ => StreamEnd::Failed,
        };
        self.run.keys(id, written);
        self.streams.get_mut(&id).expect("it yields").end = Some(end);
        self.run.end(id, end);
        self.working[at].yields = None;
        self.ended(at, node, state);
    }

    fn ended(&mut self, at: usize, node: NodeId, state: State) {
        let work = &mut self.working[at];
        let clone = (work.claim.family, work.position, node);
        assert!(self.states.insert(clone, state).is_none(), "run twice");
        if state != State::Succeeded {
            work.exceptions.push((work.position, node, state));
        }
        work.node += 1;
    }

    fn position_done(&mut self, at: usize) {
        let work = &mut self.working[at];
        work.position += 1;
        work.node = 0;
        let over = work.position == work.claim.to;
        if !over && self.random.below(3) > 0 {
            return;
        }
        let exceptions = std::mem::take(&mut work.exceptions);
        let (claim, from, to) = (work.claim, work.reported, work.position);
        work.reported = to;
        self.run
            .done(claim.family, claim.stage, from, to, &exceptions);
        for id in self.run.take_retired() {
            self.commands.push(format!("retired {id}"));
            assert!(self.retired.insert(id), "retired twice");
            assert!(
                self.working
                    .iter()
                    .all(|work| work.claim.family != id || work.reported == work.claim.to)
            );
        }
        self.run.take_retired_streams();
        if over {
            self.working.swap_remove(at);
        }
    }

    fn create(&mut self, created: Created) {
        let family = Family {
            scope: created.scope,
            parent: created.parent,
            position: created.position,
            stream: Some(created.stream),
        };
        self.families.insert(created.family, family);
        let place = (created.parent, created.position, created.scope);
        assert!(self.children.insert(place, created.family).is_none());
    }

    // ------------------------------------------------------------------------------------------- what a clone sees

    /// The instance of a scope around a clone, or its own.
    fn around(&self, mut family: FamilyId, mut position: u32, scope: ScopeId) -> (FamilyId, u32) {
        while self.families[&family].scope != scope && family != ROOT_FAMILY {
            position = self.families[&family].position;
            family = self.families[&family].parent;
        }
        (family, position)
    }

    fn path(&self, mut family: FamilyId, mut position: u32) -> Path {
        let mut path = Path::new();
        while let Some(stream) = self.families[&family].stream {
            let (key, item) = &self.streams[&stream].items[position as usize];
            path.push(dynop_sim::Around {
                scope: self.families[&family].scope,
                key: key.clone(),
                item: *item,
            });
            position = self.families[&family].position;
            family = self.families[&family].parent;
        }
        path.reverse();
        path
    }

    /// What a join goes over is there, down to the last scope.
    fn is_kept(&self, scopes: &[ScopeId], (family, position): (FamilyId, u32)) {
        let Some((&scope, further)) = scopes.split_first() else {
            return;
        };
        let child = self.children[&(family, position, scope)];
        assert!(!self.retired.contains(&child), "what is gone over is kept");
        let stream = self.families[&child].stream.expect("it has keys");
        for position in 0..self.streams[&stream].items.len() as u32 {
            self.is_kept(further, (child, position));
        }
    }

    fn state(&self, family: FamilyId, position: u32, node: NodeId) -> State {
        let clone = (family, position, node);
        *self
            .states
            .get(&clone)
            .expect("what a clone needs has ended when it is let run")
    }

    fn verdict(&self, node: NodeId, family: FamilyId, position: u32) -> Verdict {
        if self
            .path(family, position)
            .iter()
            .any(|one| one.item.is_err())
        {
            return Verdict::Failed;
        }
        let described = &self.graph.nodes[node as usize];
        let elements = self.elements(node, family, position);
        let own = decide(&described.deps, |dep| self.look(dep, family, position));
        own.max(elements)
    }

    /// What becomes of a fan-in by what its elements meet elsewhere.
    fn elements(&self, node: NodeId, family: FamilyId, position: u32) -> Verdict {
        let NodeKind::Gather(gather) = &self.graph.nodes[node as usize].kind else {
            return Verdict::Ready;
        };
        let Some(&child) = self.children.get(&(family, position, gather.scope)) else {
            return Verdict::Ready;
        };
        let stream = self.families[&child].stream.expect("it has keys");
        let over = |dep: &&Dep| matches!(dep.target, Target::Over { .. });
        (0..self.streams[&stream].items.len() as u32)
            .flat_map(|position| {
                let deps = gather.element.iter().filter(over);
                deps.map(move |dep| {
                    let seen = self.look(dep, child, position);
                    dep.tolerates.soften(seen)
                })
            })
            .filter(|&verdict| verdict != Verdict::Skipped)
            .max()
            .unwrap_or(Verdict::Ready)
    }

    fn look(&self, dep: &Dep, family: FamilyId, position: u32) -> Verdict {
        match dep.target {
            Target::Node { node, .. } => {
                let scope = self.graph.nodes[node as usize].scope;
                let (family, position) = self.around(family, position, scope);
                self.state(family, position, node).verdict()
            }
            Target::Each(node) => {
                let scope = self.graph.nodes[node as usize].scope;
                let Some(&child) = self.children.get(&(family, position, scope)) else {
                    return Verdict::Failed;
                };
                let stream = self.families[&child].stream.expect("it has keys");
                (0..self.streams[&stream].items.len() as u32)
                    .map(|position| self.state(child, position, node).verdict())
                    .filter(|&verdict| verdict != Verdict::Skipped)
                    .max()
                    .unwrap_or(Verdict::Ready)
            }
            Target::Stream(scope) | Target::Keys(scope) => {
                let Some(&child) = self.children.get(&(family, position, scope)) else {
                    return Verdict::Failed;
                };
                let stream = &self.streams[&self.families[&child].stream.expect("it has keys")];
                let bad = stream.items.iter().any(|(_, item)| item.is_err());
                match stream
                    .end
                    .expect("the keys have ended when who needs them is let run")
                {
                    StreamEnd::Complete if matches!(dep.target, Target::Keys(_)) || !bad => {
                        Verdict::Ready
                    }
                    _ => Verdict::Failed,
                }
            }
            Target::Over { over, .. } => {
                let over = &self.graph.overs[over as usize];
                let (mut at, mut at_position) = (ROOT_FAMILY, 0);
                for &(scope, same) in &over.path {
                    at = self.children[&(at, at_position, scope)];
                    assert!(!self.retired.contains(&at), "what is met is kept");
                    at_position = self.around(family, position, same).1;
                }
                self.state(at, at_position, over.node).verdict()
            }
        }
    }
}

fn simulate(seed: u64, schedule: u64) -> Vec<String> {
    let job = generate(seed);
    let graph = Graph::new(&job, &ops());
    let evaluator = Evaluator::new(&job);
    let mut simulation = Simulation::new(&job, &graph, &evaluator, schedule);
    simulation.run();
    for step in 0..job.steps.len() as StepId {
        let counts = simulation.run.counts(step);
        let clones = evaluator.clones(step);
        let count = |wanted: State| {
            let state = |value: &Result<Value, Missing>| match value {
                Ok(_) => State::Succeeded,
                Err(Missing::Failed) => State::Failed,
                Err(Missing::Upstream) => State::UpstreamFailed,
            };
            clones
                .iter()
                .filter(|(_, value)| state(value) == wanted)
                .count() as u64
        };
        for state in [State::Succeeded, State::Failed, State::UpstreamFailed] {
            let name = &job.steps[step as usize].name;
            assert_eq!(
                counts.of(state),
                count(state),
                "{name}, plan {seed}, schedule {schedule}"
            );
        }
        assert_eq!(counts.known, clones.len() as u64);
        assert_eq!(counts.ended(), clones.len() as u64);
    }
    for &stream in simulation.streams.keys() {
        assert_eq!(
            simulation.run.load(stream),
            0,
            "nothing is outstanding at the end"
        );
    }
    // What nobody keeps is gone.
    for (id, family) in &simulation.families {
        let kept = graph.scopes[family.scope as usize].kept
            || *id == ROOT_FAMILY
            || !simulation.retired.contains(&family.parent) && family.parent != ROOT_FAMILY;
        assert!(
            kept || simulation.retired.contains(id),
            "family {id} stays, plan {seed}"
        );
    }
    simulation.commands
}

#[test]
fn every_schedule_comes_to_the_same() {
    for seed in 0..1000 {
        for schedule in 0..4 {
            simulate(seed, schedule * 7919 + seed);
        }
    }
}

#[test]
fn the_same_schedule_gives_the_same_commands() {
    for seed in 0..50 {
        assert_eq!(simulate(seed, seed), simulate(seed, seed));
    }
}
