//! Thousands of random plans on real threads, with several numbers of threads and bounds, against the evaluator: the
//! result, what becomes of every step by state, and the keys of the failed ones. Values are plain numbers, and then the
//! same on the heap, counted: what is left behind, or released twice, shows in the number of live buffers.

use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use dynop_abi::plan::{Action, Const, Job, OutputRef, Place, Policy, ROOT, Scope, Source, Step};

use dynop_abi::context::{FAILED, OK, OpCode, Status, StepContext, WaitFor};
use dynop_abi::desc::{FieldDesc, Kind, PLAIN, StaticStr, TypeDesc};
use dynop_abi::layout::ListHeader;
use dynop_pool::entries::{dyn_fail_message, dyn_yield};
use dynop_pool::{
    Cancel, Observer, Progress, RunRequest, RunStatus, Silent, StepCounts, StepFailure,
};
use dynop_sim::{
    ADD, Evaluator, Missing, ODD, SPREAD, Value, add_fails, add_up, generate, item, item_count,
    item_key, ops, spread_fails,
};
use dynop_values::memory::live_buffers_of_process;
use dynop_values::{list, text};

const fn list_of(element: &'static TypeDesc, name: &'static str) -> TypeDesc {
    let mut made = TypeDesc::simple(Kind::List, 0, 8, name);
    made.a = element;
    made
}

const fn pair_of(fields: &'static [FieldDesc; 2], flags: u8, name: &'static str) -> TypeDesc {
    let mut made = TypeDesc::simple(Kind::Tuple, flags, 16, name);
    made.fields = fields.as_ptr();
    made.field_count = 2;
    made
}

const fn field(desc: &'static TypeDesc, offset: u64) -> FieldDesc {
    FieldDesc {
        desc,
        offset,
        default: StaticStr::new(""),
        name: StaticStr::new(""),
    }
}

static INT: TypeDesc = TypeDesc::simple(Kind::Int, PLAIN, 8, "Int");
static BOOL: TypeDesc = TypeDesc::simple(Kind::Bool, PLAIN, 1, "Bool");
static INTS: TypeDesc = list_of(&INT, "List<Int>");
static UNIT: TypeDesc = TypeDesc::simple(Kind::Unit, PLAIN, 0, "()");
static UNITS: TypeDesc = list_of(&UNIT, "List<()>");
static INT_PAIR: TypeDesc = pair_of(&INT_FIELDS, PLAIN, "(Int, Int)");
static INT_FIELDS: [FieldDesc; 2] = [field(&INT, 0), field(&INT, 8)];
// A number on the heap is a list of one.
static BOXES: TypeDesc = list_of(&INTS, "List<List<Int>>");
static BOX_PAIR: TypeDesc = pair_of(&BOX_FIELDS, 0, "(List<Int>, List<Int>)");
static BOX_FIELDS: [FieldDesc; 2] = [field(&INTS, 0), field(&INTS, 8)];

// ------------------------------------------------------------------------------------------------------------- the ops

/// Reads a value and releases it.
unsafe fn take<const BOXED: bool>(place: *mut u8) -> i64 {
    // SAFETY: the place holds a value of the kind.
    unsafe {
        if !BOXED {
            return place.cast::<i64>().read();
        }
        let number = list::data(place.cast::<*mut ListHeader>().read())
            .cast::<i64>()
            .read();
        dynop_values::release(place, &INTS);
        number
    }
}

/// Writes a value.
unsafe fn give<const BOXED: bool>(place: *mut u8, number: i64) {
    // SAFETY: the place is for a value of the kind.
    unsafe {
        if !BOXED {
            return place.cast::<i64>().write(number);
        }
        place.cast::<*mut ListHeader>().write(std::ptr::null_mut());
        list::push(place.cast(), std::ptr::from_ref(&number).cast(), &INTS)
            .expect("there is memory");
    }
}

unsafe fn fail(ctx: *mut StepContext) -> Status {
    let mut message = text::new(b"refused").expect("there is memory for a short text");
    // SAFETY: the context is the running step's.
    unsafe { dyn_fail_message(ctx, u32::MAX, (&raw mut message).cast(), 1) };
    FAILED
}

unsafe extern "C" fn spread<const BOXED: bool>(
    ctx: *mut StepContext,
    inputs: *const *mut u8,
    _: *mut u8,
) -> Status {
    // SAFETY: the op has one value and one dynamic output of values.
    unsafe {
        let n = take::<BOXED>(*inputs);
        for index in 0..item_count(n) {
            let mut value = 0u64;
            give::<BOXED>((&raw mut value).cast(), item(n, index));
            let mut key = text::new(item_key(index).as_bytes()).expect("there is memory");
            let (value, key) = ((&raw mut value).cast(), (&raw mut key).cast());
            // As an op does whose items come from a command.
            let mut status = OK;
            let mut hand_over = || status = dyn_yield(ctx, u32::MAX, 0, value, key);
            match n.rem_euclid(8) {
                2 => (*ctx).waiting_for(WaitFor::Command, hand_over),
                _ => hand_over(),
            }
            if status != OK {
                return FAILED;
            }
        }
        if spread_fails(n) { fail(ctx) } else { OK }
    }
}

/// Some steps wait, as for a socket or a command, so that others take their place.
unsafe fn wait_at_times(ctx: *mut StepContext, n: i64) {
    let what = match n.rem_euclid(8) {
        3 => WaitFor::Event,
        5 => WaitFor::Command,
        _ => return,
    };
    // SAFETY: the context is the running step's.
    unsafe { (*ctx).waiting_for(what, || std::thread::sleep(Duration::from_micros(50))) }
}

unsafe fn sum_up<const BOXED: bool>(ctx: *mut StepContext, sum: i64, output: *mut u8) -> Status {
    // SAFETY: the output is for a value.
    unsafe {
        wait_at_times(ctx, sum);
        give::<BOXED>(output, sum);
        if add_fails(sum) { fail(ctx) } else { OK }
    }
}

unsafe extern "C" fn add<const BOXED: bool>(
    ctx: *mut StepContext,
    inputs: *const *mut u8,
    output: *mut u8,
) -> Status {
    // SAFETY: the op has two values and gives one.
    unsafe {
        let sum = take::<BOXED>(*inputs) + take::<BOXED>(*inputs.add(1));
        sum_up::<BOXED>(ctx, sum, output)
    }
}

unsafe extern "C" fn fold<const BOXED: bool>(
    ctx: *mut StepContext,
    inputs: *const *mut u8,
    output: *mut u8,
) -> Status {
    // SAFETY: the op has a pair of values and gives one.
    unsafe {
        let sum = take::<BOXED>(*inputs) + take::<BOXED>((*inputs).add(8));
        sum_up::<BOXED>(ctx, sum, output)
    }
}

unsafe extern "C" fn odd<const BOXED: bool>(
    _: *mut StepContext,
    inputs: *const *mut u8,
    output: *mut u8,
) -> Status {
    // SAFETY: the op has a value and gives a `Bool`.
    unsafe { output.write(u8::from(take::<BOXED>(*inputs).rem_euclid(2) == 1)) };
    OK
}

unsafe extern "C" fn sum<const BOXED: bool>(
    _: *mut StepContext,
    inputs: *const *mut u8,
    output: *mut u8,
) -> Status {
    let ty: &'static TypeDesc = if BOXED { &BOXES } else { &INTS };
    // SAFETY: the op has a list of values, which it takes over, and gives one.
    unsafe {
        let place = (*inputs).cast::<*mut ListHeader>();
        let mut total = 0i64;
        list::for_each(place.read(), ty, |element| {
            let number = if BOXED {
                list::data(element.cast::<*mut ListHeader>().read())
                    .cast::<i64>()
                    .read()
            } else {
                element.cast::<i64>().read()
            };
            total = add_up(total, number);
        });
        dynop_values::release(place.cast(), ty);
        give::<BOXED>(output, total);
    }
    OK
}

unsafe extern "C" fn count<const BOXED: bool>(
    _: *mut StepContext,
    inputs: *const *mut u8,
    output: *mut u8,
) -> Status {
    // SAFETY: the op has a list of nothing, which it takes over, and gives a value.
    unsafe {
        let place = (*inputs).cast::<*mut ListHeader>();
        let mut total = 0;
        list::for_each(place.read(), &UNITS, |_| total += 1);
        dynop_values::release(place.cast(), &UNITS);
        give::<BOXED>(output, total);
    }
    OK
}

fn code<const BOXED: bool>() -> [OpCode; 6] {
    [
        spread::<BOXED>,
        add::<BOXED>,
        sum::<BOXED>,
        fold::<BOXED>,
        odd::<BOXED>,
        count::<BOXED>,
    ]
}

// ------------------------------------------------------------------------------------------------------------ the test

fn check<const BOXED: bool>(seed: u64, threads: usize, max_outstanding: u32) {
    run::<BOXED>(seed, threads, max_outstanding, None);
}

fn run<const BOXED: bool>(
    seed: u64,
    threads: usize,
    max_outstanding: u32,
    cancel_after: Option<Duration>,
) {
    let mut job = generate(seed);
    if BOXED {
        // Constants are plain numbers; a boxed one is a list of it.
        job.steps
            .iter_mut()
            .for_each(|step| step.inputs.iter_mut().for_each(box_constants));
        box_constants(&mut job.result);
    }
    let plain = generate(seed);
    let evaluator = Evaluator::new(&plain);
    let ops = ops();
    let types: [&'static TypeDesc; 5] = match BOXED {
        false => [&INT, &INTS, &INT_PAIR, &BOOL, &UNITS],
        true => [&INTS, &BOXES, &BOX_PAIR, &BOOL, &UNITS],
    };
    let (progress, cancel) = (Progress::for_job(&job), Cancel::new());
    let params: [NonNull<u8>; 0] = [];
    let request = RunRequest {
        program: dynop_pool::Program {
            ops: &ops,
            code: &code::<BOXED>(),
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
    };
    if let Some(delay) = cancel_after {
        return cancelled(&request, delay);
    }
    let outcome = dynop_pool::run(&request);
    let with = format!("seed {seed}, {threads} threads, bound {max_outstanding}, boxed {BOXED}");
    let (mut counts, mut failed) = (Vec::new(), Vec::new());
    for step in 0..plain.steps.len() {
        let mut count = StepCounts::default();
        for (key, value) in evaluator.clones(step as u32) {
            match value {
                Ok(_) => count.succeeded += 1,
                Err(Missing::Upstream) => count.upstream_failed += 1,
                Err(Missing::Failed) => {
                    count.failed += 1;
                    failed.push(key);
                }
            }
        }
        counts.push(count);
    }
    failed.sort();
    assert_eq!(outcome.steps, counts, "{with}");
    let mut keys: Vec<String> = outcome
        .failures
        .iter()
        .map(|one| one.step_key.clone())
        .collect();
    keys.sort();
    assert_eq!(keys, failed, "{with}");
    let fine = counts
        .iter()
        .all(|count| count.failed + count.upstream_failed == 0);
    assert_eq!(outcome.status == RunStatus::Succeeded, fine, "{with}");
    // SAFETY: the result is a value.
    let result = outcome.result.as_ref().map(|value| unsafe {
        match BOXED {
            false => value.as_ptr().cast::<i64>().read(),
            true => list::data(value.as_ptr().cast::<*mut ListHeader>().read())
                .cast::<i64>()
                .read(),
        }
    });
    let expected = evaluator.value(&plain.result, &Vec::new()).ok();
    assert_eq!(result.map(Value::Int), expected, "{with}");
}

/// A run that is cancelled on the way ends, and says so if anything was left to do.
fn cancelled(request: &RunRequest<'_>, delay: Duration) {
    let outcome = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(delay);
            request.cancel.cancel();
        });
        dynop_pool::run(request)
    });
    let cancelled = outcome.steps.iter().any(|step| step.cancelled > 0);
    // Not: stopped with something left to run.
    assert_ne!(
        outcome.failures.last().map(|one| one.kind),
        Some("panic"),
        "{:?}",
        outcome.failures
    );
    assert_eq!(outcome.status == RunStatus::Cancelled, cancelled);
    assert!(!cancelled || outcome.result.is_none());
}

/// An observer with a mistake in it.
struct Panics;

impl Observer for Panics {
    fn step_failed(&self, _: &StepFailure) {
        panic!("a mistake of whoever looks on");
    }
}

unsafe extern "C" fn fails(ctx: *mut StepContext, _: *const *mut u8, _: *mut u8) -> Status {
    // SAFETY: the context is the running step's.
    unsafe { fail(ctx) }
}

#[test]
fn a_panic_within_a_worker_ends_the_run_and_is_told() {
    let number = || Source::Const(Const::Int(1));
    let job = Job {
        name: "stuck".into(),
        docs: String::new(),
        params: Vec::new(),
        scopes: vec![Scope {
            parent: ROOT,
            over: None,
            path: Vec::new(),
        }],
        steps: (0..3)
            .map(|index| Step {
                name: format!("s{index}"),
                action: Action::Op(ADD),
                scope: ROOT,
                inputs: vec![number(), number()],
                after: Vec::new(),
                after_at: Vec::new(),
                place: Place::default(),
                policy: Policy::default(),
            })
            .collect(),
        result: number(),
        result_type: 0,
    };
    let (ops, progress) = (ops(), Progress::for_job(&job));
    let mut code = code::<false>();
    code[ADD as usize] = fails;
    for threads in [1, 3] {
        let cancel = Cancel::new();
        let outcome = dynop_pool::run(&RunRequest {
            program: dynop_pool::Program {
                ops: &ops,
                code: &code,
                types: &[&INT, &INTS, &INT_PAIR, &BOOL, &UNITS],
                sites: &[],
            },
            job: &job,
            params: &[],
            threads,
            max_outstanding: 100,
            observer: &Panics,
            progress: &progress,
            cancel: &cancel,
        });
        assert_eq!(outcome.status, RunStatus::Failed);
        let told = outcome.failures.iter().map(|one| one.message.as_str());
        assert!(
            told.into_iter()
                .any(|message| message.contains("bug of the runtime")),
            "{:?}",
            outcome.failures
        );
    }
}

/// Set by the clone that [`wait_for_it`] waits for.
static SEEN: AtomicBool = AtomicBool::new(false);

/// Yields one item and goes on until its clone has run.
unsafe extern "C" fn wait_for_it(ctx: *mut StepContext, _: *const *mut u8, _: *mut u8) -> Status {
    let mut value = 1i64;
    let mut key = text::new(b"only").expect("there is memory");
    // SAFETY: the op has one dynamic output of numbers.
    unsafe {
        let (value, key) = ((&raw mut value).cast(), (&raw mut key).cast());
        if dyn_yield(ctx, u32::MAX, 0, value, key) != OK {
            return FAILED;
        }
        let start = Instant::now();
        while !SEEN.load(Ordering::Acquire) {
            if start.elapsed() > Duration::from_secs(20) {
                return fail(ctx);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    OK
}

unsafe extern "C" fn see(_: *mut StepContext, inputs: *const *mut u8, output: *mut u8) -> Status {
    SEEN.store(true, Ordering::Release);
    // SAFETY: the op has two numbers and gives one.
    unsafe { output.cast::<i64>().write((*inputs).cast::<i64>().read()) };
    OK
}

#[test]
fn a_clone_starts_while_its_op_goes_on_without_another_yield() {
    let number = || Source::Const(Const::Int(1));
    let step = |op, scope, inputs| Step {
        name: format!("s{op}"),
        action: Action::Op(op),
        scope,
        inputs,
        after: Vec::new(),
        after_at: Vec::new(),
        place: Place::default(),
        policy: Policy::default(),
    };
    let scope = |over| Scope {
        parent: ROOT,
        over,
        path: Vec::new(),
    };
    let job = Job {
        name: "early".into(),
        docs: String::new(),
        params: Vec::new(),
        scopes: vec![scope(None), scope(Some(OutputRef { step: 0, output: 0 }))],
        steps: vec![
            step(SPREAD, ROOT, vec![number()]),
            step(ADD, 1, vec![Source::Item(1), number()]),
        ],
        result: number(),
        result_type: 0,
    };
    let (ops, progress, cancel) = (ops(), Progress::for_job(&job), Cancel::new());
    let mut code = code::<false>();
    code[SPREAD as usize] = wait_for_it;
    code[ADD as usize] = see;
    let outcome = dynop_pool::run(&RunRequest {
        program: dynop_pool::Program {
            ops: &ops,
            code: &code,
            types: &[&INT, &INTS, &INT_PAIR, &BOOL, &UNITS],
            sites: &[],
        },
        job: &job,
        params: &[],
        threads: 2,
        max_outstanding: 100,
        observer: &Silent,
        progress: &progress,
        cancel: &cancel,
    });
    assert_eq!(outcome.status, RunStatus::Succeeded);
}

fn box_constants(source: &mut Source) {
    match source {
        Source::Const(value @ Const::Int(_)) => *value = Const::List(vec![value.clone()]),
        Source::Collect { value, .. } | Source::Each { value, .. } => box_constants(value),
        _ => {}
    }
}

/// The most live buffers that [`weigh`] has seen.
static MOST: AtomicI64 = AtomicI64::new(0);

/// Yields thousands of items on the heap.
unsafe extern "C" fn flood(ctx: *mut StepContext, inputs: *const *mut u8, _: *mut u8) -> Status {
    // SAFETY: the op has one boxed value and one dynamic output of such.
    unsafe {
        for index in 0..take::<true>(*inputs) {
            let mut value = 0u64;
            give::<true>((&raw mut value).cast(), index);
            let mut key = text::new(item_key(index).as_bytes()).expect("there is memory");
            let (value, key) = ((&raw mut value).cast(), (&raw mut key).cast());
            if dyn_yield(ctx, u32::MAX, 0, value, key) != OK {
                return FAILED;
            }
        }
    }
    OK
}

/// Takes a boxed value and gives whether it is odd, having looked how many buffers there are.
unsafe extern "C" fn weigh(
    ctx: *mut StepContext,
    inputs: *const *mut u8,
    output: *mut u8,
) -> Status {
    MOST.fetch_max(live_buffers_of_process(), Ordering::Relaxed);
    // SAFETY: as for `odd`.
    unsafe { odd::<true>(ctx, inputs, output) }
}

/// Items that two steps want each go when the second has had them: those alive do not grow with the number of keys.
fn items_go_with_their_last_consumer() {
    const ITEMS: i64 = 20_000;
    let step = |name: &str, op, scope, inputs| Step {
        name: name.into(),
        action: Action::Op(op),
        scope,
        inputs,
        after: Vec::new(),
        after_at: Vec::new(),
        place: Place::default(),
        policy: Policy::default(),
    };
    let scope = |over| Scope {
        parent: ROOT,
        over,
        path: Vec::new(),
    };
    let many = || Source::Const(Const::List(vec![Const::Int(ITEMS)]));
    let job = Job {
        name: "flood".into(),
        docs: String::new(),
        params: Vec::new(),
        scopes: vec![scope(None), scope(Some(OutputRef { step: 0, output: 0 }))],
        steps: vec![
            step("flood", SPREAD, ROOT, vec![many()]),
            step("left", ODD, 1, vec![Source::Item(1)]),
            step("right", ODD, 1, vec![Source::Item(1)]),
        ],
        result: many(),
        result_type: 0,
    };
    let (ops, progress, cancel) = (ops(), Progress::for_job(&job), Cancel::new());
    let mut code = code::<true>();
    code[SPREAD as usize] = flood;
    code[ODD as usize] = weigh;
    for threads in [1, 2] {
        MOST.store(0, Ordering::Relaxed);
        let outcome = dynop_pool::run(&RunRequest {
            program: dynop_pool::Program {
                ops: &ops,
                code: &code,
                types: &[&INTS, &BOXES, &BOX_PAIR, &BOOL, &UNITS],
                sites: &[],
            },
            job: &job,
            params: &[],
            threads,
            max_outstanding: 100,
            observer: &Silent,
            progress: &progress,
            cancel: &cancel,
        });
        assert_eq!(outcome.status, RunStatus::Succeeded);
        let most = MOST.load(Ordering::Relaxed);
        assert!(most < ITEMS / 10, "{most} buffers alive, {threads} threads");
    }
}

// One test, since the buffers of the whole process are counted.
#[test]
fn random_plans_run_as_they_are_read() {
    items_go_with_their_last_consumer();
    for seed in 0..1000 {
        check::<false>(seed, 1, 1000);
        check::<false>(seed, 3, 2);
        let before = live_buffers_of_process();
        check::<true>(seed, 1, 1);
        check::<true>(seed, 4, 3);
        run::<true>(seed, 2, 2, Some(Duration::from_micros(seed % 100)));
        assert_eq!(live_buffers_of_process(), before, "seed {seed}");
    }
}
