//! What one mapped key costs: two chained trivial steps a key, string keys, results gathered in the order of the keys.
//!
//! The pool runs a plan whose ops are native functions, so that what is measured is scheduling and not compiled code.
//! Beside it rayon, `scope.spawn` per key with a string key and a slot for each result, and a plain loop; all in one
//! process with one allocator, taking turns. Resident memory is read behind each run of the pool.

use std::ptr::NonNull;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use dynop_abi::context::{FAILED, OK, OpCode, Status, StepContext};
use dynop_abi::desc::{Kind, PLAIN, TypeDesc};
use dynop_abi::layout::ListHeader;
use dynop_abi::plan::{
    Action, Collect, Const, Job, Op, OpParam, Output, OutputRef, Place, Policy, ROOT, Scope,
    Source, Step,
};
use dynop_benches::median;
use dynop_pool::entries::dyn_yield;
use dynop_pool::{Cancel, Progress, RunRequest, Silent, default_max_outstanding};
use dynop_values::{list, text};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROUNDS: usize = 5;
const THREADS: usize = 2;

static INT: TypeDesc = TypeDesc::simple(Kind::Int, PLAIN, 8, "Int");
static LIST: TypeDesc = TypeDesc {
    a: &raw const INT,
    ..TypeDesc::simple(Kind::List, 0, 8, "List<Int>")
};

fn key(index: i64) -> String {
    format!("key_{index}")
}

fn first(n: i64) -> i64 {
    n + 1
}

fn second(n: i64) -> i64 {
    n * 2
}

unsafe extern "C" fn numbers(ctx: *mut StepContext, inputs: *const *mut u8, _: *mut u8) -> Status {
    // SAFETY: the op has one `Int` parameter and one dynamic `Int` output.
    unsafe {
        for mut index in 0..(*inputs).cast::<i64>().read() {
            let Ok(mut key) = text::new(key(index).as_bytes()) else {
                return FAILED;
            };
            let status = dyn_yield(
                ctx,
                u32::MAX,
                0,
                (&raw mut index).cast(),
                (&raw mut key).cast(),
            );
            text::release(&key);
            if status != OK {
                return status;
            }
        }
    }
    OK
}

macro_rules! step {
    ($name:ident, $what:ident) => {
        unsafe extern "C" fn $name(
            _: *mut StepContext,
            inputs: *const *mut u8,
            output: *mut u8,
        ) -> Status {
            // SAFETY: the op has one `Int` parameter and an `Int` output.
            unsafe {
                output
                    .cast::<i64>()
                    .write($what((*inputs).cast::<i64>().read()))
            };
            OK
        }
    };
}
step!(step_a, first);
step!(step_b, second);

unsafe extern "C" fn total(_: *mut StepContext, inputs: *const *mut u8, output: *mut u8) -> Status {
    // SAFETY: the op has one `List<Int>` parameter, which it takes over, and an `Int` output.
    unsafe {
        let place = (*inputs).cast::<*mut ListHeader>();
        let mut sum = 0i64;
        list::for_each(place.read(), &LIST, |item| sum += item.cast::<i64>().read());
        dynop_values::release(place.cast(), &LIST);
        output.cast::<i64>().write(sum);
    }
    OK
}

fn job(keys: i64) -> (Job, Vec<Op>) {
    let op = |name: &str, ty, dynamic| Op {
        name: name.into(),
        params: vec![OpParam {
            name: "n".into(),
            ty,
        }],
        outputs: vec![Output {
            name: "result".into(),
            ty: 0,
            dynamic,
            optional: false,
        }],
        returns_output: !dynamic,
        place: Place::default(),
    };
    let step = |name: &str, op, scope, input| Step {
        name: name.into(),
        action: Action::Op(op),
        scope,
        inputs: vec![input],
        after: Vec::new(),
        place: Place::default(),
        after_at: Vec::new(),
        policy: Policy::default(),
    };
    let output = |step| Source::Output(OutputRef { step, output: 0 });
    let collect = Source::Collect {
        scope: 1,
        value: Box::new(output(2)),
        into: Collect::List,
        ty: 1,
    };
    let job = Job {
        name: "fan_out".into(),
        docs: String::new(),
        params: Vec::new(),
        scopes: vec![
            Scope {
                parent: ROOT,
                over: None,
                path: Vec::new(),
            },
            Scope {
                parent: ROOT,
                over: Some(OutputRef { step: 0, output: 0 }),
                path: Vec::new(),
            },
        ],
        steps: vec![
            step("numbers", 0, ROOT, Source::Const(Const::Int(keys))),
            step("step_a", 1, 1, Source::Item(1)),
            step("step_b", 2, 1, output(1)),
            step("total", 3, ROOT, collect),
        ],
        result: output(3),
        result_type: 0,
    };
    (
        job,
        vec![
            op("numbers", 0, true),
            op("step_a", 0, false),
            op("step_b", 0, false),
            op("total", 1, false),
        ],
    )
}

fn dynop(keys: i64) -> i64 {
    let (job, ops) = job(keys);
    let code: [OpCode; 4] = [numbers, step_a, step_b, total];
    let types: [&'static TypeDesc; 2] = [&INT, &LIST];
    let progress = Progress::for_job(&job);
    let params: [NonNull<u8>; 0] = [];
    let outcome = dynop_pool::run(&RunRequest {
        program: dynop_pool::Program {
            ops: &ops,
            code: &code,
            types: &types,
            sites: &[],
        },
        job: &job,
        params: &params,
        threads: THREADS,
        max_outstanding: default_max_outstanding(THREADS),
        observer: &Silent,
        progress: &progress,
        cancel: &Cancel::new(),
    });
    // SAFETY: the result is an `Int`.
    outcome
        .result
        .map_or(-1, |value| unsafe { value.as_ptr().cast::<i64>().read() })
}

fn rayon(keys: i64, pool: &rayon::ThreadPool) -> i64 {
    let slots: Vec<AtomicI64> = (0..keys).map(|_| AtomicI64::new(0)).collect();
    let names: Mutex<Vec<String>> = Mutex::new(Vec::with_capacity(keys as usize));
    pool.scope(|scope| {
        for (index, slot) in slots.iter().enumerate() {
            let index = index as i64;
            if let Ok(mut names) = names.lock() {
                names.push(key(index));
            }
            scope.spawn(move |scope| {
                let value = first(index);
                scope.spawn(move |_| slot.store(second(value), Ordering::Relaxed));
            });
        }
    });
    slots.iter().map(|slot| slot.load(Ordering::Relaxed)).sum()
}

fn plain(keys: i64) -> i64 {
    let mut slots = Vec::new();
    for index in 0..keys {
        slots.push((key(index), second(first(index))));
    }
    slots.iter().map(|(_, value)| value).sum()
}

/// Resident memory of this process in MB; 0 where the system does not tell.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap_or("");
    line.split_whitespace()
        .nth(1)
        .and_then(|kb| kb.parse::<u64>().ok())
        .unwrap_or(0)
        / 1024
}

fn nanoseconds(keys: i64, expected: i64, work: impl FnOnce() -> i64) -> f64 {
    let start = Instant::now();
    let result = work();
    let elapsed = start.elapsed().as_nanos() as f64;
    assert_eq!(result, expected);
    elapsed / keys as f64
}

fn main() {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(THREADS)
        .build()
        .expect("threads can be made");
    println!(
        "{:>9}{:>12}{:>12}{:>12}{:>12}{:>10}",
        "keys", "dynop ns", "rayon ns", "loop ns", "dynop/rayon", "MB"
    );
    for keys in [10_000, 100_000, 1_000_000] {
        let expected = plain(keys);
        let (mut ours, mut theirs, mut loops) = (Vec::new(), Vec::new(), Vec::new());
        let mut memory = 0;
        for _ in 0..ROUNDS {
            ours.push(nanoseconds(keys, expected, || dynop(keys)));
            memory = memory.max(resident());
            theirs.push(nanoseconds(keys, expected, || rayon(keys, &pool)));
            loops.push(nanoseconds(keys, expected, || plain(keys)));
        }
        let mut ratios: Vec<f64> = ours.iter().zip(&theirs).map(|(a, b)| a / b).collect();
        let (ours, theirs, loops) = (median(&mut ours), median(&mut theirs), median(&mut loops));
        println!(
            "{keys:>9}{ours:>12.0}{theirs:>12.0}{loops:>12.0}{:>12.2}{memory:>10}",
            median(&mut ratios)
        );
    }
}
