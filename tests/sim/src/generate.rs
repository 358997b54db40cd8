//! Random jobs.

use dynop_abi::plan::{
    Action, Collect, Const, Job, OutputRef, Place, Policy, ROOT, Scope, ScopeId, Source, Step,
    StepId,
};

use crate::{ADD, FOLD, LIST, ODD, PAIR, SPREAD, SUM, VALUE};

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

/// A dynamic output mapped: a scope, and a value seen from it.
#[derive(Clone)]
struct Mapped {
    scope: ScopeId,
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
        }],
        steps: Vec::new(),
        result: Source::Const(Const::Unit),
        result_type: VALUE,
    };
    let mut generator = Generator {
        random: Random(seed),
        job,
    };
    generator.job.result = generator.fill(ROOT, 0, Seen::default());
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
        self.job.steps.push(Step {
            name: format!("s{id}"),
            action,
            scope,
            inputs,
            after,
            place: Place::default(),
            after_all: Vec::new(),
            policy: Policy::default(),
        });
        id
    }

    fn op(&mut self, op: u32, scope: ScopeId, inputs: Vec<Source>) -> StepId {
        self.step(Action::Op(op), scope, inputs)
    }

    fn pick(&mut self, values: &[Source]) -> Source {
        match self.random.below(values.len() + 1) {
            0 => Source::Const(Const::Int(self.random.below(30) as i64)),
            at => values[at - 1].clone(),
        }
    }

    /// Fills a scope with steps and gives one of its values.
    fn fill(&mut self, scope: ScopeId, depth: usize, mut seen: Seen) -> Source {
        for _ in 0..1 + self.random.below(4) {
            match self.random.below(8) {
                0..=2 if depth < 3 => {
                    let input = self.pick(&seen.values);
                    let step = self.op(SPREAD, scope, vec![input]);
                    seen.dynamics.push(Dynamic {
                        output: OutputRef { step, output: 0 },
                        pairs: false,
                    });
                    self.map(scope, depth, &mut seen);
                }
                3 if depth < 3 && !seen.dynamics.is_empty() => self.map(scope, depth, &mut seen),
                4 if !seen.mapped.is_empty() => self.join(scope, &mut seen),
                _ => {
                    let inputs = vec![self.pick(&seen.values), self.pick(&seen.values)];
                    let step = self.op(ADD, scope, inputs);
                    seen.values.push(output(step));
                }
            }
        }
        match seen.values.last() {
            Some(value) => value.clone(),
            None => Source::Const(Const::Int(1)),
        }
    }

    /// Maps a dynamic output that is seen, the newest more often, also from further out (a product), and collects it.
    fn map(&mut self, scope: ScopeId, depth: usize, seen: &mut Seen) {
        let newest = seen.dynamics.len() - 1;
        let at = if self.random.below(3) > 0 {
            newest
        } else {
            self.random.below(newest + 1)
        };
        let dynamic = seen.dynamics[at];
        let inner = self.job.scopes.len() as ScopeId;
        self.job.scopes.push(Scope {
            parent: scope,
            over: Some(dynamic.output),
        });
        let mut within = seen.clone();
        if dynamic.pairs {
            let step = self.op(FOLD, inner, vec![Source::Item(inner)]);
            within.values.push(output(step));
        } else {
            within.values.push(Source::Item(inner));
        }
        let value = self.fill(inner, depth + 1, within);
        // A value from further out is no element of this scope.
        let value = match value {
            Source::Const(_) => Source::Item(inner),
            value => value,
        };
        if matches!(value, Source::Item(_)) && dynamic.pairs {
            return;
        }
        seen.mapped.push(Mapped {
            scope: inner,
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
            scope: one.scope,
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
                let asked = self.op(ODD, left.scope, vec![left.value.clone()]);
                let asked = Mapped {
                    scope: left.scope,
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
        seen.dynamics.push(Dynamic {
            output: OutputRef { step, output: 0 },
            pairs,
        });
    }
}
