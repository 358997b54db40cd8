//! Random programs in the language, well typed by construction.
//!
//! A program is [`PRELUDE`], functions that may call those before them and, with less fuel, themselves, and ops that
//! call the functions; a job runs every op once and shows what comes out. [`types`] draws types and writes constants of
//! them, [`expressions`], [`own_forms`], [`collections`] and [`statements`] write bodies, [`ops`] ops and the job. What may fail is drawn now and then,
//! so that some ops fail, some catch what fails in them, and most get far.

mod collections;
mod expressions;
mod ops;
mod own_forms;
mod statements;
mod types;

pub use ops::{Output, Step};
use types::Ty;

/// Types and functions that every program has.
pub const PRELUDE: &str = include_str!("prelude.dyn");

/// A random program.
#[derive(Clone, Debug)]
pub struct Generated {
    items: Vec<String>,
    /// The steps of its job.
    pub steps: Vec<Step>,
}

impl Generated {
    /// The program of a seed: so many functions, ops, and steps of each op.
    pub fn new(seed: u64, functions: usize, ops: usize, steps: usize) -> Self {
        let mut generator = Generator::new(seed);
        let mut items: Vec<String> = (0..functions).map(|_| generator.function()).collect();
        let mut all = Vec::new();
        for _ in 0..ops {
            let (op, invocations) = generator.op(steps);
            items.push(op);
            all.extend(invocations);
        }
        Self { items, steps: all }
    }

    /// Its text, of the steps that are kept.
    pub fn text(&self) -> String {
        let calls = self.steps.iter().map(|step| &*step.call);
        let calls: String = calls.collect();
        format!("{PRELUDE}{}job main() {{\n{calls}}}\n", self.items.concat())
    }
}

/// A small generator of numbers (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// Once in so many times.
    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn of<'t, T>(&mut self, all: &'t [T]) -> &'t T {
        &all[self.below(all.len())]
    }
}

/// A name in scope.
#[derive(Clone)]
struct Name {
    text: String,
    ty: Ty,
    is_var: bool,
}

/// A function that can be called.
#[derive(Clone)]
struct Signature {
    name: String,
    params: Vec<Ty>,
    result: Ty,
}

struct Generator {
    random: Random,
    signatures: Vec<Signature>,
    scope: Vec<Name>,
    /// The function whose body is written: it may call itself.
    own: Option<Signature>,
    names: usize,
    /// How many loops are around what is written.
    loops: usize,
    /// How many handlers are around what is written.
    handlers: usize,
    /// How an early `return` is written, where there may be one.
    result: Option<Ty>,
    /// Of what the op that is written yields values.
    yields: Option<Ty>,
}

impl Generator {
    fn new(seed: u64) -> Self {
        Self {
            random: Random(seed),
            signatures: Vec::new(),
            scope: Vec::new(),
            own: None,
            names: 0,
            loops: 0,
            handlers: 0,
            result: None,
            yields: None,
        }
    }

    fn fresh(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    fn declare(&mut self, text: &str, ty: &Ty, is_var: bool) {
        self.scope.push(Name {
            text: text.to_owned(),
            ty: ty.clone(),
            is_var,
        });
    }

    /// Writes something that may name what is declared meanwhile; the names are forgotten behind it.
    fn within<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let known = self.scope.len();
        let made = work(self);
        self.scope.truncate(known);
        made
    }

    /// Whether what may well fail is written: often where it is caught, now and then elsewhere.
    fn dares(&mut self) -> bool {
        let times = if self.handlers > 0 { 2 } else { 16 };
        self.random.once_in(times)
    }

    /// Writes something whose failure is caught.
    fn handled<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        self.handlers += 1;
        let made = work(self);
        self.handlers -= 1;
        made
    }

    /// A function of a few parameters, which callers may call from now on.
    fn function(&mut self) -> String {
        let name = self.fresh("f");
        let params: Vec<Ty> = (0..1 + self.random.below(3)).map(|_| self.ty(2)).collect();
        let result = self.ty(2);
        let own = Signature {
            name: name.clone(),
            params: params.clone(),
            result: result.clone(),
        };
        self.result = Some(result.clone());
        let text = self.within(|this| {
            let mut declared = Vec::new();
            for ty in &params {
                let param = this.fresh("p");
                declared.push(format!("{param}: {}", ty.text()));
                this.declare(&param, ty, false);
            }
            let shortest = this.expression(&result, 1);
            this.own = Some(own.clone());
            let count = 3 + this.random.below(6);
            let body = this.statements(count, 1);
            let value = this.expression(&result, 3);
            format!(
                "fn {name}(fuel: Int, {}) -> {} {{\n    if fuel <= 0 {{\n        return {shortest}\n    }}\n{body}    {value}\n}}\n",
                declared.join(", "),
                result.text()
            )
        });
        self.own = None;
        self.result = None;
        self.signatures.push(own);
        text
    }
}
