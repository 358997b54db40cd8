//! A plain evaluator of the intermediate representation, to hold the back ends against.
//!
//! It takes programs as `lower` makes them, before any pass: locals hold values, copies are copies, and nothing is
//! counted. It knows the whole representation, and of the native functions those that random programs call. Two worlds
//! may be around a program: the runtime, or the small one that `harness.c` puts in its place for programs without one,
//! where a list of seven refuses to grow and failures have other words.

mod failures;
mod format;
mod machine;
mod natives;
mod places;
mod value;

use std::collections::HashMap;
use std::rc::Rc;

use dynop_ir::{Program, TypeId, Types};

pub use failures::Failure;
pub use value::Value;

/// What is around a program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum World {
    /// `harness.c`
    Harness,
    /// The runtime.
    Runtime,
}

/// How many instructions are enough: a program that takes more is not waited for.
const PATIENCE: usize = 300_000;

/// A failure is on its way; what it says is in the machine.
struct Failed;

/// An op at work.
pub struct Machine<'p> {
    program: &'p Program,
    world: World,
    failure: Option<Failure>,
    traces: usize,
    left: usize,
    done: Done,
}

/// What an op has done.
#[derive(Debug, Default)]
pub struct Done {
    /// The native function that is not known here, at which it was given up.
    pub unknown: Option<String>,
    /// How many failures it caught.
    pub caught: usize,
    /// What it logged.
    pub log: Vec<String>,
    /// Dynamic values by output, in their order: handed on whether or not the op then fails.
    pub yielded: Vec<(u32, String, Value, TypeId)>,
    /// Dynamic values of a returned list: handed on if the op succeeds.
    pub returned: Vec<(u32, String, Value, TypeId)>,
    /// Plain outputs by number: handed on if the op succeeds.
    pub outputs: HashMap<u32, (Value, TypeId)>,
}

/// How an op ended.
#[derive(Debug)]
pub enum Ended {
    /// With the value of its function.
    Well(Value),
    /// With a kind and a message.
    Failed(&'static str, String),
    /// It took more than is waited for, or called what is not known here.
    Late,
}

/// Runs an op that takes nothing with `harness.c` around it: what is printed then.
pub fn evaluate(program: &Program, op: usize) -> String {
    let mut machine = Machine::new(program, World::Harness);
    match machine.call(program.ops[op].function, Vec::new(), None) {
        Ok(Value::Int(n)) => n.to_string(),
        Ok(other) => format!("{other:?}"),
        Err(Failed) => format!("failed: {}, traces {}", machine.message(), machine.traces),
    }
}

/// A value as an f-string shows it.
pub fn shown(value: &Value, ty: TypeId, types: &Types) -> String {
    let mut out = String::new();
    value::show(&mut out, value, ty, types);
    out
}

/// Runs an op with the runtime around it.
pub fn run_op(program: &Program, op: usize, inputs: Vec<Value>) -> (Ended, Done) {
    let mut machine = Machine::new(program, World::Runtime);
    let ended = match machine.call(program.ops[op].function, inputs, None) {
        Ok(value) => Ended::Well(value),
        Err(Failed) if machine.left == 0 => Ended::Late,
        Err(Failed) => {
            let kind = machine.failure.as_ref().map(|one| one.kind(World::Runtime));
            Ended::Failed(kind.unwrap_or_default(), machine.message())
        }
    };
    (ended, machine.done)
}

impl<'p> Machine<'p> {
    fn new(program: &'p Program, world: World) -> Self {
        Self {
            program,
            world,
            failure: None,
            traces: 0,
            left: PATIENCE,
            done: Done::default(),
        }
    }

    fn message(&self) -> String {
        let failure = self.failure.as_ref();
        failure.map_or_else(String::new, |failure| failure.message(self.world))
    }

    /// Takes note of so much work.
    pub fn spend(&mut self, work: usize) {
        self.left = self.left.saturating_sub(work);
    }

    fn fail<T>(&mut self, failure: Failure) -> Result<T, Failed> {
        self.failure = Some(failure);
        Err(Failed)
    }

    /// A failure that came out of a call leaves a trace.
    fn traced<T>(&mut self, result: Result<T, Failed>) -> Result<T, Failed> {
        if result.is_err() {
            self.traces += 1;
        }
        result
    }

    /// Whether a failure may be caught.
    fn is_catchable(&self) -> bool {
        self.left > 0 && !matches!(self.failure, Some(Failure::Output(_)))
    }

    fn list(values: Vec<Value>) -> Value {
        Value::List(Rc::new(values))
    }
}
