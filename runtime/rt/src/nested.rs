//! `run job(…)` of a test: a run of a job within a running step, on threads of its own.
//!
//! Called by compiled tests alone, through `runtime/std/core.dyn`. The result comes back as a value, everything else as
//! JSON.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::sync::{Mutex, OnceLock, PoisonError};

use dynop_abi::context::{OK, Status};
use dynop_abi::desc::TypeDesc;
use dynop_abi::entries::types::{Ctx, Desc, Ptr};
use dynop_abi::layout::StrRepr;
use dynop_abi::plan::Job;
use dynop_pool::{
    Cancel, Observer, Program, Progress, RunOutcome, RunRequest, RunStatus, StepEnd, StepFailure,
    default_max_outstanding, default_threads,
};
use dynop_values::failing::{self, Failure};
use dynop_values::text;

use crate::console::{self, LogFormat, LogObject};
use crate::loaded::Loaded;
use crate::report::nested_failure_object;

static PROGRAM: OnceLock<Loaded> = OnceLock::new();

/// Keeps the process's program where its steps find it.
pub fn keep(program: Loaded) -> &'static Loaded {
    PROGRAM.get_or_init(|| program)
}

/// Runs the job named `job`. `arguments` is a tuple whose first fields are the job's parameters; `told` a `Str` that
/// becomes a JSON object, see `ToldRun` in `core.dyn`; `out` is a `T?`, the job's result if it has one.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_test_run(
    ctx: Ctx,
    out: Ptr,
    job: Ptr,
    arguments: Ptr,
    told: Ptr,
    argument_types: Desc,
    result: Desc,
) -> Status {
    // SAFETY: the convention: values of the types that their descriptors tell, and room for a `T?`.
    unsafe {
        let name = text::as_str(&*job.cast::<StrRepr>());
        let (argument_types, result) = (&*argument_types, &*result);
        let run = || run(name, arguments, argument_types);
        let ended = match catch_unwind(AssertUnwindSafe(run)) {
            Ok(ended) => ended.and_then(|(outcome, ends)| {
                let json = text::new(outcome_object(&outcome, &ends).as_bytes())?;
                Ok((outcome, json))
            }),
            Err(_) => Err(Failure::from("the run of the job broke down")),
        };
        match ended {
            Ok((outcome, json)) => {
                let old = told.cast::<StrRepr>().replace(json);
                text::release(&old);
                give(out, &outcome, result);
                OK
            }
            Err(failure) => failing::fail(ctx, &failure),
        }
    }
}

/// Writes the result as an option: a byte that says whether there is one, then the value at its alignment.
///
/// # Safety
/// `out` has room for an option of `desc`, which is the type of the outcome's result.
unsafe fn give(out: Ptr, outcome: &RunOutcome, desc: &TypeDesc) {
    let align = usize::from(desc.align).max(1);
    let size = desc.size as usize;
    // SAFETY: the caller's promise; who takes a value away leaves zeroes.
    unsafe {
        std::ptr::write_bytes(out, 0, align + size.next_multiple_of(align));
        if let Some(result) = &outcome.result {
            out.write(1);
            std::ptr::copy_nonoverlapping(result.as_ptr(), out.add(align), size);
            std::ptr::write_bytes(result.as_ptr(), 0, size);
        }
    }
}

/// # Safety
/// `arguments` holds a value of `types`, a tuple of at least the job's parameters.
unsafe fn run(
    name: &str,
    arguments: Ptr,
    types: &TypeDesc,
) -> Result<(RunOutcome, Vec<StepEnd>), Failure> {
    let program = PROGRAM.get().ok_or("there is no program to run")?;
    let job = (program.plan.jobs.iter().find(|job| job.name == name))
        .ok_or_else(|| format!("there is no job `{name}` in this program"))?;
    let mut params = Vec::with_capacity(job.params.len());
    for index in 0..job.params.len() {
        if index >= types.field_count as usize {
            return Err(format!("the job `{name}` is given too few arguments").into());
        }
        // SAFETY: a tuple's descriptor has so many fields, each at its offset within the value.
        let place = unsafe { arguments.add((*types.fields.add(index)).offset as usize) };
        params.push(NonNull::new(place).ok_or("an argument is missing")?);
    }
    let ended = run_job(program, job, &params);
    tell_failures(&job.name, &ended.0);
    Ok(ended)
}

/// So many failures of a run within a test are logged.
const LOGGED: usize = 5;

/// Logs the failures of a run. A test may go on and expect them; one that fails then is told from where it came.
fn tell_failures(job: &str, outcome: &RunOutcome) {
    let Some(console) = console::current() else {
        return;
    };
    if console.format() == LogFormat::Json {
        for failure in outcome.failures.iter().take(LOGGED) {
            console.lines(&nested_failure_object(job, failure));
        }
    }
}

fn run_job(program: &Loaded, job: &Job, params: &[NonNull<u8>]) -> (RunOutcome, Vec<StepEnd>) {
    let threads = default_threads();
    let ends = Ends::default();
    let outcome = dynop_pool::run(&RunRequest {
        program: Program {
            ops: &program.plan.ops,
            code: program.code,
            types: &program.types,
            sites: program.sites,
        },
        job,
        params,
        threads,
        max_outstanding: default_max_outstanding(threads),
        observer: &ends,
        progress: &Progress::for_job(job),
        cancel: &Cancel::new(),
    });
    let mut ends = ends.0.into_inner().unwrap_or_else(PoisonError::into_inner);
    ends.sort_by(|a, b| a.order.cmp(&b.order));
    (outcome, ends)
}

/// Keeps how every step ended.
#[derive(Default)]
struct Ends(Mutex<Vec<StepEnd>>);

impl Observer for Ends {
    fn wants_ends(&self) -> bool {
        true
    }

    fn step_ended(&self, end: StepEnd) {
        let mut ends = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ends.push(end);
    }
}

fn outcome_object(outcome: &RunOutcome, ends: &[StepEnd]) -> String {
    let steps: Vec<String> = ends.iter().map(step_object).collect();
    let failures: Vec<String> = outcome.failures.iter().map(failure_object).collect();
    let succeeded = outcome.status == RunStatus::Succeeded;
    LogObject::inner()
        .raw("succeeded", if succeeded { "true" } else { "false" })
        .raw("failures", &format!("[{}]", failures.join(",")))
        .raw("steps", &format!("[{}]", steps.join(",")))
        .finish()
}

fn step_object(end: &StepEnd) -> String {
    LogObject::inner()
        .text("step", &end.step_key)
        .text("state", end.state)
        .raw("output", end.output.as_deref().unwrap_or("null"))
        .finish()
}

fn failure_object(failure: &StepFailure) -> String {
    let place = failure.place.as_ref().map_or_else(String::new, |place| {
        format!("{}:{}:{}", place.file, place.line, place.column)
    });
    LogObject::inner()
        .text("step", &failure.step_key)
        .text("message", &failure.message)
        .text("kind", failure.kind)
        .text("place", &place)
        .finish()
}
