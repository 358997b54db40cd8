//! Thousands of random plans, run with several numbers of threads and bounds, against a direct evaluator.
//!
//! A plan nests dynamic outputs and fan-ins; its ops are native, yield a number of items that depends on their input, and
//! fail on some inputs, before or after they have yielded. The evaluator walks the plan recursively, as the language
//! page describes it. Compared are the result, the counts of every step by state, and the keys of the failed steps.

use std::ptr::NonNull;

use dynop_abi::context::{FAILED, OK, OpCode, Status, StepContext};
use dynop_abi::desc::{Kind, PLAIN, StaticStr, TypeDesc};
use dynop_abi::layout::ListHeader;
use dynop_abi::plan::{
    Action, Collect, Const, Job, Op, OpParam, Output, OutputRef, Place, Policy, ROOT, Scope,
    ScopeId, Source, Step, StepId,
};
use dynop_pool::entries::{dyn_fail_message, dyn_yield};
use dynop_pool::{Cancel, Progress, RunRequest, RunStatus, Silent, StepCounts};
use dynop_values::{list, text};

static INT: TypeDesc = TypeDesc {
    kind: Kind::Int,
    flags: PLAIN,
    align: 8,
    size: 8,
    a: std::ptr::null(),
    b: std::ptr::null(),
    fields: std::ptr::null(),
    field_count: 0,
    name: StaticStr::new("Int"),
};
static LIST: TypeDesc = TypeDesc {
    kind: Kind::List,
    flags: 0,
    align: 8,
    size: 8,
    a: &raw const INT,
    b: std::ptr::null(),
    fields: std::ptr::null(),
    field_count: 0,
    name: StaticStr::new("List<Int>"),
};
const INT_TYPE: u32 = 0;
const LIST_TYPE: u32 = 1;

// ------------------------------------------------------------------------------------------------------------- the ops

/// How many items `spread` yields.
fn item_count(n: i64) -> i64 {
    n.rem_euclid(4)
}

/// Whether `spread` fails behind its items.
fn spread_fails(n: i64) -> bool {
    n.rem_euclid(11) == 10
}

/// Whether `add` fails.
fn add_fails(sum: i64) -> bool {
    sum.rem_euclid(13) == 7
}

unsafe fn fail(ctx: *mut StepContext) -> Status {
    let mut message = text::new(b"refused").expect("there is memory for a short text");
    // SAFETY: the context is the running step's.
    unsafe { dyn_fail_message(ctx, u32::MAX, (&raw mut message).cast(), 1) };
    FAILED
}

unsafe extern "C" fn spread(ctx: *mut StepContext, inputs: *const *mut u8, _: *mut u8) -> Status {
    // SAFETY: the op has one `Int` parameter and one dynamic `Int` output.
    unsafe {
        let n = (*inputs).cast::<i64>().read();
        for index in 0..item_count(n) {
            let mut value = n * 3 + index;
            let mut key = text::new(format!("k{index}").as_bytes()).expect("there is memory");
            if dyn_yield(
                ctx,
                u32::MAX,
                0,
                (&raw mut value).cast(),
                (&raw mut key).cast(),
            ) != OK
            {
                return FAILED;
            }
        }
        if spread_fails(n) { fail(ctx) } else { OK }
    }
}

unsafe extern "C" fn add(ctx: *mut StepContext, inputs: *const *mut u8, output: *mut u8) -> Status {
    // SAFETY: the op has two `Int` parameters and an `Int` output.
    unsafe {
        let sum = (*inputs).cast::<i64>().read() + (*inputs.add(1)).cast::<i64>().read();
        output.cast::<i64>().write(sum);
        if add_fails(sum) { fail(ctx) } else { OK }
    }
}

unsafe extern "C" fn sum(_: *mut StepContext, inputs: *const *mut u8, output: *mut u8) -> Status {
    // SAFETY: the op has one `List<Int>` parameter, which it takes over, and an `Int` output.
    unsafe {
        let place = (*inputs).cast::<*mut ListHeader>();
        let mut total = 0i64;
        list::for_each(place.read(), &LIST, |item| {
            total = total * 31 % 1_000_003 + item.cast::<i64>().read()
        });
        dynop_values::release(place.cast(), &LIST);
        output.cast::<i64>().write(total);
        OK
    }
}

const SPREAD: u32 = 0;
const ADD: u32 = 1;
const SUM: u32 = 2;
const CODE: [OpCode; 3] = [spread, add, sum];

fn ops() -> Vec<Op> {
    let op = |name: &str, params: &[u32], dynamic| Op {
        name: name.into(),
        params: params
            .iter()
            .map(|&ty| OpParam {
                name: "p".into(),
                ty,
            })
            .collect(),
        outputs: vec![Output {
            name: "result".into(),
            ty: INT_TYPE,
            dynamic,
            optional: false,
        }],
        returns_output: !dynamic,
        place: Place::default(),
    };
    vec![
        op("spread", &[INT_TYPE], true),
        op("add", &[INT_TYPE, INT_TYPE], false),
        op("sum", &[LIST_TYPE], false),
    ]
}

// ----------------------------------------------------------------------------------------------------------- the plans

/// Numbers that are the same on every machine (SplitMix64, Steele, Lea, Flood 2014).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }
}

struct Generator {
    random: Random,
    job: Job,
}

impl Generator {
    fn step(&mut self, op: u32, scope: ScopeId, inputs: Vec<Source>) -> StepId {
        let id = self.job.steps.len() as StepId;
        let after = if id > 0 && self.random.below(6) == 0 {
            // A step of this scope or of one around it.
            let other = self.random.below(id as usize) as StepId;
            let outer = self.job.steps[other as usize].scope;
            if self.job.encloses(outer, scope) {
                vec![other]
            } else {
                Vec::new()
            }
        } else {
            Vec::new()
        };
        let name = format!("s{id}");
        self.job.steps.push(Step {
            name,
            action: Action::Op(op),
            scope,
            inputs,
            after,
            place: Place::default(),
            after_all: Vec::new(),
            policy: Policy::default(),
        });
        id
    }

    fn pick(&mut self, values: &[Source]) -> Source {
        match self.random.below(values.len() + 1) {
            0 => Source::Const(Const::Int(self.random.below(30) as i64)),
            at => values[at - 1].clone(),
        }
    }

    /// Fills a scope with steps and gives one of its values.
    fn fill(&mut self, scope: ScopeId, depth: usize, mut values: Vec<Source>) -> Source {
        for _ in 0..1 + self.random.below(4) {
            if depth < 3 && self.random.below(2) == 0 {
                let input = self.pick(&values);
                let step = self.step(SPREAD, scope, vec![input]);
                let inner = self.job.scopes.len() as ScopeId;
                let over = Some(OutputRef { step, output: 0 });
                self.job.scopes.push(Scope {
                    parent: scope,
                    over,
                });
                let mut within = values.clone();
                within.push(Source::Item(inner));
                let value = self.fill(inner, depth + 1, within);
                let collected = Source::Collect {
                    scope: inner,
                    value: Box::new(value),
                    into: Collect::List,
                    ty: LIST_TYPE,
                };
                let step = self.step(SUM, scope, vec![collected]);
                values.push(Source::Output(OutputRef { step, output: 0 }));
            } else {
                let inputs = vec![self.pick(&values), self.pick(&values)];
                let step = self.step(ADD, scope, inputs);
                values.push(Source::Output(OutputRef { step, output: 0 }));
            }
        }
        values[values.len() - 1].clone()
    }
}

fn generate(seed: u64) -> Job {
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
        result_type: INT_TYPE,
    };
    let mut generator = Generator {
        random: Random(seed),
        job,
    };
    generator.job.result = generator.fill(ROOT, 0, Vec::new());
    generator.job
}

// ------------------------------------------------------------------------------------------------------- the evaluator

/// The items around a clone, from the outermost: scope, key and value.
type Path = Vec<(ScopeId, String, i64)>;

/// Why there is no value.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Missing {
    /// The step itself failed.
    Failed,
    /// Something it needs did.
    Upstream,
}

struct Evaluator<'j> {
    job: &'j Job,
}

impl Evaluator<'_> {
    fn outer(&self, path: &Path, scope: ScopeId) -> Path {
        path[..self.job.chain(scope).len().min(path.len())].to_vec()
    }

    fn int(&self, source: &Source, path: &Path) -> Result<i64, Missing> {
        match source {
            Source::Const(Const::Int(n)) => Ok(*n),
            Source::Item(scope) => Ok(path
                .iter()
                .find(|(one, ..)| one == scope)
                .map_or(0, |(.., value)| *value)),
            Source::Output(output) => {
                let scope = self.job.steps[output.step as usize].scope;
                self.run(output.step, &self.outer(path, scope))
                    .map(|(value, _)| value)
                    .map_err(|_| Missing::Upstream)
            }
            _ => Ok(0),
        }
    }

    fn list(&self, source: &Source, path: &Path) -> Result<Vec<i64>, Missing> {
        let Source::Collect { scope, value, .. } = source else {
            return Ok(Vec::new());
        };
        let over = self.job.scopes[*scope as usize]
            .over
            .expect("no root is collected");
        let home = self.outer(path, self.job.scopes[*scope as usize].parent);
        if self.run(over.step, &home).is_err() {
            return Err(Missing::Upstream);
        }
        self.instances(*scope, &home)
            .iter()
            .map(|inner| self.int(value, inner))
            .collect()
    }

    /// What a clone gives, and how many items it yields.
    fn run(&self, step: StepId, path: &Path) -> Result<(i64, i64), Missing> {
        let described = &self.job.steps[step as usize];
        let mut ready = Ok(());
        for &after in &described.after {
            let outer = self.outer(path, self.job.steps[after as usize].scope);
            if self.run(after, &outer).is_err() {
                ready = Err(Missing::Upstream);
            }
        }
        let op = described.action.op().expect("an op");
        if op == SUM {
            let items = self.list(&described.inputs[0], path)?;
            ready?;
            return Ok((
                items
                    .iter()
                    .fold(0, |total, item| total * 31 % 1_000_003 + item),
                0,
            ));
        }
        let inputs: Vec<i64> = described
            .inputs
            .iter()
            .map(|one| self.int(one, path))
            .collect::<Result<_, _>>()?;
        ready?;
        match op {
            SPREAD if spread_fails(inputs[0]) => Err(Missing::Failed),
            SPREAD => Ok((inputs[0], item_count(inputs[0]))),
            _ if add_fails(inputs[0] + inputs[1]) => Err(Missing::Failed),
            _ => Ok((inputs[0] + inputs[1], 0)),
        }
    }

    /// The instances of a scope within one of its parent: one an item, also where the op failed behind it.
    fn instances(&self, scope: ScopeId, home: &Path) -> Vec<Path> {
        let Some(over) = self.job.scopes[scope as usize].over else {
            return vec![Vec::new()];
        };
        let yielded = match self.run(over.step, home) {
            Ok((n, count)) => Some((n, count)),
            Err(Missing::Upstream) => None,
            Err(Missing::Failed) => self
                .int(&self.job.steps[over.step as usize].inputs[0], home)
                .ok()
                .map(|n| (n, item_count(n))),
        };
        let Some((n, count)) = yielded else {
            return Vec::new();
        };
        let inner = |index: i64| {
            let mut path = home.clone();
            path.push((scope, format!("k{index}"), n * 3 + index));
            path
        };
        (0..count).map(inner).collect()
    }

    fn all_instances(&self, scope: ScopeId) -> Vec<Path> {
        if scope == ROOT {
            return vec![Vec::new()];
        }
        let parents = self.all_instances(self.job.scopes[scope as usize].parent);
        parents
            .iter()
            .flat_map(|home| self.instances(scope, home))
            .collect()
    }

    /// Counts of every step, and the keys of the failed ones.
    fn expected(&self) -> (Vec<StepCounts>, Vec<String>) {
        let mut failed = Vec::new();
        let mut counts = Vec::new();
        for (index, step) in self.job.steps.iter().enumerate() {
            let mut count = StepCounts::default();
            for path in self.all_instances(step.scope) {
                match self.run(index as StepId, &path) {
                    Ok(_) => count.succeeded += 1,
                    Err(Missing::Upstream) => count.upstream_failed += 1,
                    Err(Missing::Failed) => {
                        count.failed += 1;
                        let keys: String =
                            path.iter().map(|(_, key, _)| format!("[{key}]")).collect();
                        failed.push(format!("{}{keys}", step.name));
                    }
                }
            }
            counts.push(count);
        }
        failed.sort();
        (counts, failed)
    }
}

// ------------------------------------------------------------------------------------------------------------ the test

fn check(seed: u64, threads: usize, max_outstanding: u32) {
    let job = generate(seed);
    let evaluator = Evaluator { job: &job };
    let (counts, failed) = evaluator.expected();
    let ops = ops();
    let types: [&'static TypeDesc; 2] = [&INT, &LIST];
    let progress = Progress::for_job(&job);
    let cancel = Cancel::new();
    let params: [NonNull<u8>; 0] = [];
    let outcome = dynop_pool::run(&RunRequest {
        program: dynop_pool::Program {
            ops: &ops,
            code: &CODE,
            types: &types,
            sites: &[],
        },
        job: &job,
        params: &params,
        threads,
        max_outstanding,
        observer: &Silent,
        progress: &progress,
        cancel: &cancel,
    });
    let with = format!("seed {seed}, {threads} threads, bound {max_outstanding}");
    assert_eq!(outcome.steps, counts, "{with}");
    let mut keys: Vec<String> = outcome
        .failures
        .iter()
        .map(|failure| failure.step_key.clone())
        .collect();
    keys.sort();
    assert_eq!(keys, failed, "{with}");
    let all_fine = counts
        .iter()
        .all(|count| count.failed + count.upstream_failed == 0);
    assert_eq!(outcome.status == RunStatus::Succeeded, all_fine, "{with}");
    // SAFETY: the result is an `Int`.
    let result = outcome
        .result
        .as_ref()
        .map(|value| unsafe { value.as_ptr().cast::<i64>().read() });
    assert_eq!(
        result,
        evaluator.int(&job.result, &Vec::new()).ok(),
        "{with}"
    );
}

#[test]
fn random_plans_run_as_they_are_read() {
    for seed in 0..1000 {
        check(seed, 1, 1000);
        check(seed, 1, 1);
        check(seed, 3, 2);
    }
}
