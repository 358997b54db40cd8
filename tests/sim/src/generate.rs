//! Random jobs.

use dynop_abi::plan::{
    Action, After, Collect, Const, Job, OutputRef, Place, Policy, ROOT, Scope, ScopeId, Source,
    Step, StepId,
};

use crate::{ADD, COUNT, FOLD, LIST, ODD, PAIR, SPREAD, SUM, UNITS, VALUE};

/// Numbers that are the same on every machine (SplitMix64, Steele, Lea, Flood 2014).
pub struct Random(pub u64);

impl Random {
    /// A number below a bound that is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }
}

/// A dynamic output, and whether its items are pairs.
#[derive(Clone, Copy)]
struct Dynamic {
    output: OutputRef,
    pairs: bool,
}

/// A dynamic output mapped: its scopes, several where it is flattened, and a value seen from the last.
#[derive(Clone)]
struct Mapped {
    scopes: Vec<ScopeId>,
    value: Source,
}

/// What can be seen from a scope.
#[derive(Clone, Default)]
struct Seen {
    values: Vec<Source>,
    dynamics: Vec<Dynamic>,
    mapped: Vec<Mapped>,
}

struct Generator {
    random: Random,
    job: Job,
    /// Every dynamic output.
    dynamics: Vec<Dynamic>,
}

/// The job of a seed.
pub fn generate(seed: u64) -> Job {
    let job = Job {
        name: "random".into(),
        docs: String::new(),
        params: Vec::new(),
        scopes: vec![Scope {
            parent: ROOT,
            over: None,
            path: Vec::new(),
        }],
        steps: Vec::new(),
        result: Source::Const(Const::Unit),
        result_type: VALUE,
    };
    let mut generator = Generator {
        random: Random(seed),
        job,
        dynamics: Vec::new(),
    };
    generator.job.result = generator.fill(ROOT, 0, Seen::default()).0;
    generator.job
}

fn output(step: StepId) -> Source {
    Source::Output(OutputRef { step, output: 0 })
}

impl Generator {
    fn step(&mut self, action: Action, scope: ScopeId, inputs: Vec<Source>) -> StepId {
        let id = self.job.steps.len() as StepId;
        let mut after = Vec::new();
        if id > 0 && self.random.below(6) == 0 {
            let other = self.random.below(id as usize) as StepId;
            let elsewhere = self.job.steps[other as usize].scope;
            // A step of this scope or of one around it; or all clones of one further in.
            if self.job.encloses(elsewhere, scope) || self.job.encloses(scope, elsewhere) {
                after.push(other);
            }
        }
        let mut after_at = Vec::new();
        if id > 0 && self.random.below(6) == 0 {
            after_at.extend(self.after_at(scope));
        }
        self.job.steps.push(Step {
            name: format!("s{id}"),
            action,
            scope,
            inputs,
            after,
            place: Place::default(),
            after_at,
            policy: Policy::default(),
        });
        id
    }

    fn op(&mut self, op: u32, scope: ScopeId, inputs: Vec<Source>) -> StepId {
        self.step(Action::Op(op), scope, inputs)
    }

    /// The scopes around `viewer` that go over what those of `chain` go over, of the same clones; `None` if there are none,
    /// or a choice made before leaves none.
    fn way(&mut self, chain: &[ScopeId], viewer: ScopeId) -> Option<Vec<ScopeId>> {
        let around = self.job.chain(viewer);
        let mut way: Vec<ScopeId> = Vec::new();
        for &scope in chain {
            let maker = |scope: ScopeId| {
                let scope = &self.job.scopes[scope as usize];
                let step = scope.over.map_or(0, |over| over.step);
                match scope.path.is_empty() {
                    true => self.job.chain(self.job.steps[step as usize].scope),
                    false => scope.path.clone(),
                }
            };
            let met: Option<Vec<ScopeId>> = maker(scope)
                .iter()
                .map(|one| chain.iter().zip(&way).find(|(other, _)| *other == one))
                .map(|found| found.map(|(_, met)| *met))
                .collect();
            let fits = |other: &&ScopeId| {
                let over = |scope: ScopeId| self.job.scopes[scope as usize].over;
                over(**other) == over(scope) && Some(maker(**other)) == met
            };
            let fitting: Vec<ScopeId> = around.iter().filter(fits).copied().collect();
            if fitting.is_empty() {
                return None;
            }
            way.push(fitting[self.random.below(fitting.len())]);
        }
        Some(way)
    }

    /// Some clones of some step, found by keys of `viewer`.
    fn after_at(&mut self, viewer: ScopeId) -> Option<After> {
        let step = self.random.below(self.job.steps.len().max(1)) as StepId;
        let scope = self.job.steps.get(step as usize)?.scope;
        let chain = self.job.chain(scope);
        let known = self.random.below(chain.len() + 1);
        let path = self.way(&chain[..known], viewer)?;
        Some(After { step, path })
    }

    /// A value of some step, of a clone found by keys of `viewer`.
    fn elsewhere(&mut self, viewer: ScopeId) -> Option<Source> {
        let step = self.random.below(self.job.steps.len().max(1)) as StepId;
        let made = self.job.steps.get(step as usize)?;
        if !matches!(made.action, Action::Op(ADD | SUM | FOLD | COUNT)) {
            return None;
        }
        let chain = self.job.chain(made.scope);
        let path = self.way(&chain, viewer)?;
        let output = OutputRef { step, output: 0 };
        Some(match path == chain {
            true => Source::Output(output),
            false => Source::OutputOver { output, path },
        })
    }

    fn pick(&mut self, values: &[Source], viewer: ScopeId) -> Source {
        if self.random.below(3) == 0
            && let Some(value) = self.elsewhere(viewer)
        {
            return value;
        }
        match self.random.below(values.len() + 1) {
            0 => Source::Const(Const::Int(self.random.below(30) as i64)),
            at => values[at - 1].clone(),
        }
    }

    /// Fills a scope with steps and gives one of its values, and something that was mapped in it.
    fn fill(&mut self, scope: ScopeId, depth: usize, mut seen: Seen) -> (Source, Option<Mapped>) {
        for _ in 0..1 + self.random.below(4) {
            match self.random.below(8) {
                0..=2 if depth < 3 => {
                    let input = self.pick(&seen.values, scope);
                    let step = self.op(SPREAD, scope, vec![input]);
                    let dynamic = Dynamic {
                        output: OutputRef { step, output: 0 },
                        pairs: false,
                    };
                    seen.dynamics.push(dynamic);
                    self.dynamics.push(dynamic);
                    self.map(scope, depth, &mut seen);
                }
                3 if depth < 3 && !seen.dynamics.is_empty() => self.map(scope, depth, &mut seen),
                4 if !seen.mapped.is_empty() => self.join(scope, &mut seen),
                _ => {
                    let inputs = vec![
                        self.pick(&seen.values, scope),
                        self.pick(&seen.values, scope),
                    ];
                    let step = self.op(ADD, scope, inputs);
                    seen.values.push(output(step));
                }
            }
        }
        let value = match seen.values.last() {
            Some(value) => value.clone(),
            None => Source::Const(Const::Int(1)),
        };
        let parent = |one: &&Mapped| self.job.scopes[one.scopes[0] as usize].parent;
        let mapped = seen.mapped.iter().rev().find(|one| parent(one) == scope);
        (value, mapped.cloned())
    }

    /// Maps a dynamic output that is seen, the newest more often, also from further out (a product), and collects it.
    fn map(&mut self, scope: ScopeId, depth: usize, seen: &mut Seen) {
        let newest = seen.dynamics.len() - 1;
        let at = if self.random.below(3) > 0 {
            newest
        } else {
            self.random.below(newest + 1)
        };
        let (mut dynamic, mut path) = (seen.dynamics[at], Vec::new());
        if self.random.below(3) == 0 {
            let other = self.dynamics[self.random.below(self.dynamics.len())];
            let chain = self
                .job
                .chain(self.job.steps[other.output.step as usize].scope);
            if let Some(way) = self.way(&chain, scope) {
                dynamic = other;
                path = if way == chain { Vec::new() } else { way };
            }
        }
        let inner = self.job.scopes.len() as ScopeId;
        self.job.scopes.push(Scope {
            parent: scope,
            over: Some(dynamic.output),
            path,
        });
        let mut within = seen.clone();
        if dynamic.pairs {
            let step = self.op(FOLD, inner, vec![Source::Item(inner)]);
            within.values.push(output(step));
        } else {
            within.values.push(Source::Item(inner));
        }
        let (value, further) = self.fill(inner, depth + 1, within);
        if let Some(further) = further {
            let scopes = [&[inner], further.scopes.as_slice()].concat();
            seen.mapped.push(Mapped { scopes, ..further });
        }
        if self.random.below(3) == 0
            && let Some(after) = self.after_at(inner)
            && after.path.contains(&inner)
        {
            let counted = Source::Collect {
                scope: inner,
                value: Box::new(Source::Done(vec![after])),
                into: Collect::List,
                ty: UNITS,
            };
            let step = self.op(COUNT, scope, vec![counted]);
            seen.values.push(output(step));
        }
        // A value from further out is no element of this scope.
        let value = match value {
            Source::Const(_) => Source::Item(inner),
            value => value,
        };
        if matches!(value, Source::Item(_)) && dynamic.pairs {
            return;
        }
        seen.mapped.push(Mapped {
            scopes: vec![inner],
            value: value.clone(),
        });
        let collected = Source::Collect {
            scope: inner,
            value: Box::new(value),
            into: Collect::List,
            ty: LIST,
        };
        let step = self.op(SUM, scope, vec![collected]);
        seen.values.push(output(step));
    }

    /// Makes a dynamic output of one or two that are mapped.
    fn join(&mut self, scope: ScopeId, seen: &mut Seen) {
        let left = seen.mapped[self.random.below(seen.mapped.len())].clone();
        let right = seen.mapped[self.random.below(seen.mapped.len())].clone();
        let each = |one: &Mapped| Source::Each {
            scopes: one.scopes.clone(),
            value: Box::new(one.value.clone()),
        };
        let (action, inputs, pairs) = match self.random.below(3) {
            0 => (
                Action::Zip { item: PAIR },
                vec![each(&left), each(&right)],
                true,
            ),
            1 => (
                Action::Concat { item: VALUE },
                vec![each(&left), each(&right)],
                false,
            ),
            _ => {
                let innermost = left.scopes[left.scopes.len() - 1];
                let asked = self.op(ODD, innermost, vec![left.value.clone()]);
                let asked = Mapped {
                    scopes: left.scopes.clone(),
                    value: output(asked),
                };
                (
                    Action::Filter { item: VALUE },
                    vec![each(&left), each(&asked)],
                    false,
                )
            }
        };
        let step = self.step(action, scope, inputs);
        let dynamic = Dynamic {
            output: OutputRef { step, output: 0 },
            pairs,
        };
        seen.dynamics.push(dynamic);
        self.dynamics.push(dynamic);
    }
}
