//! The plan: every job as steps, edges and dynamic scopes, completely known when the program is built.
//!
//! Made by the compiler's `plan` room, carried in the executable as bytes ([`Plan::encode`]), read by the engine.
//!
//! **Scopes.** A scope is one level of cloning. Scope 0, the root, has one instance. Any other scope has, for each
//! instance of its parent, one instance a key of the dynamic output it is `over`. That output's step lives in the
//! parent or one of the parent's ancestors; in the latter case (`a.map(|x| b.map(|y| f(x, y)))`) the same keys are
//! gone over for each instance of the parent. Or it lives elsewhere, and its clone is found by keys ([`Scope::path`]):
//! in `a.map(|x| b.map(|y| inner(y).map(|z| f(x, z))))` the step `inner` has one clone a key of `b`, and the scope of `f`
//! lies within one over `b` within one over `a`. A step lives in exactly one scope and has one clone per instance of it.
//! Step keys print one `[key]` a level: `f[a][b]`.
//!
//! **Steps without an op.** `zip`, `concat` and `filter` are steps too ([`Action`]). Their inputs are [`Source::Each`];
//! they have one output, number 0, named `result`: dynamic, not optional, of the items that the action's type says.
//! Scopes are `over` it as over any other.

use serde::{Deserialize, Serialize};

/// Index into [`Plan::ops`] and the program's table of code.
pub type OpIndex = u32;
/// Index into the program's table of type descriptors.
pub type TypeIndex = u32;
/// Index into [`Job::steps`].
pub type StepId = u32;
/// Index into [`Job::scopes`].
pub type ScopeId = u32;

/// The scope that has one instance.
pub const ROOT: ScopeId = 0;

/// All of a program that the runtime must know besides code.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The ops that jobs invoke, one a monomorphic instance.
    pub ops: Vec<Op>,
    /// The jobs.
    pub jobs: Vec<Job>,
    /// What the main file says of itself (`//!`), for `--help`; empty without.
    pub docs: String,
}

/// An op as its invocations see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Op {
    /// Its name.
    pub name: String,
    /// Its parameters.
    pub params: Vec<OpParam>,
    /// Its outputs, in the declared order. None for an op without output.
    pub outputs: Vec<Output>,
    /// How its plain outputs leave it. `true`: the op has one output, plain and not optional, which it puts where the
    /// `output` pointer of `OpCode` points, always if it succeeds. `false`: every plain output is given by `dyn_output`;
    /// one that is not optional and was not given when the op ends in success fails the step.
    pub returns_output: bool,
    /// Where it is declared.
    pub place: Place,
}

/// A parameter of an op.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpParam {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: TypeIndex,
}

/// An output of an op.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// Its name; `result` for the only one.
    pub name: String,
    /// The type of the value as consumers see it, of one item for a dynamic one (`T`, also where the output is
    /// declared `T?` and may be skipped).
    pub ty: TypeIndex,
    /// Whether it is dynamic.
    pub dynamic: bool,
    /// Whether it may be skipped: a plain one if `dyn_output` is not called for it, a dynamic one if it has no item.
    /// An optional plain output passed to a parameter of type `T?` is `Source::Some { value: Output }`, which gives
    /// `none` if the output was skipped; any other source passes the skip on.
    pub optional: bool,
}

/// A job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Its name.
    pub name: String,
    /// Its doc comment; may be empty.
    pub docs: String,
    /// Its parameters.
    pub params: Vec<JobParam>,
    /// Its scopes; the first is the root; a parent comes before its children.
    pub scopes: Vec<Scope>,
    /// Its steps, in the order of the text; a step comes after those it depends on.
    pub steps: Vec<Step>,
    /// Its result, seen from the root.
    pub result: Source,
    /// The result's type.
    pub result_type: TypeIndex,
}

/// A parameter of a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobParam {
    /// Its name.
    pub name: String,
    /// Its doc comment; may be empty.
    pub docs: String,
    /// Its type.
    pub ty: TypeIndex,
    /// The type as it is written, for help and messages.
    pub type_name: String,
    /// Its default.
    pub default: Option<Const>,
}

/// A level of cloning.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scope {
    /// The scope around it; the root is its own parent.
    pub parent: ScopeId,
    /// The dynamic output whose keys it goes over; `None` for the root alone.
    pub over: Option<OutputRef>,
    /// Which clone of the step it is whose output is gone over. Empty: the one whose scope is the parent or around it.
    /// Else one scope for each one of [`Job::chain`] of the step's scope, as in [`Source::OutputOver`], each the parent
    /// or around it.
    pub path: Vec<ScopeId>,
}

/// An output of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OutputRef {
    /// The step.
    pub step: StepId,
    /// Index of the output in the op's declaration.
    pub output: u32,
}

/// An invocation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Its unique name, with the prefixes of the graphs it is in.
    pub name: String,
    /// What it does.
    pub action: Action,
    /// The scope it is cloned over.
    pub scope: ScopeId,
    /// One source a parameter of the op.
    pub inputs: Vec<Source>,
    /// Steps it waits for besides its inputs: the one clone whose scope is its own or around it, else all clones below.
    pub after: Vec<StepId>,
    /// Clones that it waits for besides and that are found by keys: where the clone meant does not lie around, or all
    /// clones are meant although one of them lies around.
    pub after_at: Vec<After>,
    /// Where it is invoked.
    pub place: Place,
    /// How it is run: the op's attributes, changed by `.with(…)` at the invocation.
    pub policy: Policy,
}

/// Clones of a step, found by keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct After {
    /// The step.
    pub step: StepId,
    /// One scope for each of the first ones of [`Job::chain`] of the step's scope, as in [`Source::OutputOver`]: the
    /// clones meant have the keys on which the instances of these scopes stand; of what lies further in, all are meant.
    pub path: Vec<ScopeId>,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Action {
    /// Runs an op. One source a parameter.
    Op(OpIndex),
    /// Pairs the items of equal keys. Two inputs, both [`Source::Each`], the left and the right one, over different
    /// scopes or the same. The output has, in the left one's order, one item a key that both sides have: the pair of
    /// their values. A key whose value was skipped on one side is left out; one whose value failed on one side makes
    /// what is cloned over the pair upstream-failed. A key that one side alone has, once both have ended, fails the
    /// step with both sides named; the pairs found are run all the same.
    Zip {
        /// The type of the items, a tuple of the left and the right value.
        item: TypeIndex,
    },
    /// Joins the items of two dynamics. Two inputs, both [`Source::Each`]: all of the left one in its order, then all of
    /// the right one. What was skipped is left out, what failed makes what is cloned over it upstream-failed. A key that
    /// comes twice fails the step with both sides named.
    Concat {
        /// The type of the items, that of the values of both sides.
        item: TypeIndex,
    },
    /// Keeps the items for which an op gave `true`. Two inputs, both [`Source::Each`] over the same scope: the value that
    /// is kept, and a `Bool`. Keys and their order are those of the scope. A key where one of the two was skipped is left
    /// out; one where one of the two failed makes what is cloned over it upstream-failed.
    Filter {
        /// The type of the items, that of the kept value.
        item: TypeIndex,
    },
}

impl Action {
    /// The op that is run; `None` for what the runtime does itself.
    pub fn op(&self) -> Option<OpIndex> {
        match self {
            Self::Op(op) => Some(*op),
            Self::Zip { .. } | Self::Concat { .. } | Self::Filter { .. } => None,
        }
    }

    /// The type of the items of a step without an op.
    pub fn item(&self) -> Option<TypeIndex> {
        match self {
            Self::Op(_) => None,
            Self::Zip { item } | Self::Concat { item } | Self::Filter { item } => Some(*item),
        }
    }

    /// The word for it in the language: the op's name, `zip`, `concat`, `filter`.
    pub fn word<'p>(&self, plan: &'p Plan) -> &'p str {
        match self {
            Self::Op(op) => plan.ops.get(*op as usize).map_or("", |op| op.name.as_str()),
            Self::Zip { .. } => "zip",
            Self::Concat { .. } => "concat",
            Self::Filter { .. } => "filter",
        }
    }
}

/// How a step is run. The default is that of an op without attributes: tried once, as long as it takes, in the process.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// `@retry`: whether and how it is tried again when it fails.
    pub retry: Option<Retry>,
    /// `@timeout`, in nanoseconds: an attempt that takes longer fails.
    pub timeout: Option<i64>,
    /// `@concurrency`, any number of them: at most so many steps of a name at once, over all keys.
    pub concurrency: Vec<Concurrency>,
    /// `@resources`: what the scheduler reserves for it.
    pub resources: Option<Resources>,
    /// `@cache`: whether outputs of an earlier run with the same code and inputs are taken instead of running it.
    pub cache: bool,
    /// `@isolate`: whether it runs in a process of its own.
    pub isolate: bool,
}

/// How often and when a failed step is tried again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Retry {
    /// At most so many attempts after the first; at least 0.
    pub max: i64,
    /// Wait before the second attempt, in nanoseconds; at least 0.
    pub delay: i64,
    /// How the wait grows.
    pub backoff: Backoff,
    /// What chance does to the wait.
    pub jitter: Jitter,
}

/// How the wait between attempts grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Backoff {
    /// It does not: `delay` each time.
    #[default]
    Constant,
    /// `delay`, twice `delay`, three times `delay` …
    Linear,
    /// `delay`, twice as much, four times as much …
    Exponential,
}

/// What chance does to the wait between attempts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Jitter {
    /// Nothing.
    #[default]
    None,
    /// Anything from 0 to the whole wait.
    Full,
    /// Up to a tenth of the wait is added or taken away.
    PlusMinus,
}

/// A bound on how many steps run at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Concurrency {
    /// The name that steps share.
    pub name: String,
    /// How many; at least 1.
    pub limit: i64,
}

/// What a step needs of the machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resources {
    /// Processors; at least 1 if given.
    pub cpus: Option<i64>,
    /// Bytes of memory; at least 0 if given.
    pub memory: Option<i64>,
}

/// Where a value comes from, seen from one clone (or from the root, for a job's result).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Source {
    /// Known when the program was built.
    Const(Const),
    /// A job parameter.
    Param(u32),
    /// A plain output of a step whose scope is the clone's own or around it.
    Output(OutputRef),
    /// A plain output of another clone than the one that lies around: of a step whose scopes go over the same keys as
    /// some of the viewer's own. In the product `a.map(|x| b.map(|y| f(x, g(y))))`, `f` lives in a scope over `b` within one over
    /// `a`, and `g` in another scope over `b`, within the root: `f[k][l]` wants the output of `g[l]`. In the product of one
    /// dynamic with itself `g` may live in a scope that does lie around: of `d.map(|x| d.map(|y| f(g(x), g(y))))`, `f[k][l]`
    /// wants `g[k]` and `g[l]`.
    ///
    /// `path` has one scope for each one of [`Job::chain`] of the step's scope, in that order. Each is the clone's own or
    /// around it and goes over the same output of the same clone. The output meant is that of the clone of the step for
    /// the keys that the instances of these scopes stand on.
    OutputOver {
        /// The output.
        output: OutputRef,
        /// The scopes that give the keys.
        path: Vec<ScopeId>,
    },
    /// `()`, which is there once all of these have succeeded: what a step without output gives. A clone that was skipped
    /// skips it; further in than the path of one, skipped clones do not count.
    Done(Vec<After>),
    /// The item of a scope that is the clone's own or around it.
    Item(ScopeId),
    /// The mapping key of that item, a `Str`.
    Key(ScopeId),
    /// The mapping key of an item of a flattened dynamic, a `Str`: the keys of these scopes, from the outermost, joined
    /// by `/`. Each is the clone's own scope or around it.
    FlatKey(Vec<ScopeId>),
    /// All values of a dynamic, each with its key: for each instance of the last of `scopes` within the step's own instance,
    /// in the order of the keys, the value seen from it. Several scopes are those of a flattened dynamic: its keys are lists
    /// of the keys of all of them. An input of a step without an op, nowhere else; it ends when the keys
    /// have ended and is upstream-failed or skipped as a whole where what yields the keys failed or was skipped.
    Each {
        /// The scopes that are gone over, from the outermost, each directly within the one before it; the parent of the first
        /// is the step's own scope or around it.
        scopes: Vec<ScopeId>,
        /// The value, seen from an instance of the last of them.
        value: Box<Source>,
    },
    /// Fan-in over `scope`, whose parent is the clone's own scope or around it.
    Collect {
        /// The scope that is gone over.
        scope: ScopeId,
        /// What is collected, seen from an instance of `scope`.
        value: Box<Source>,
        /// Into what.
        into: Collect,
        /// The type of the list or map.
        ty: TypeIndex,
    },
    /// A list of sources: static fan-in.
    List {
        /// The elements.
        elements: Vec<Source>,
        /// The type of the list.
        ty: TypeIndex,
    },
    /// A tuple, named tuple or struct of sources.
    Tuple {
        /// The fields.
        fields: Vec<Source>,
        /// The type of the tuple.
        ty: TypeIndex,
    },
    /// `some(…)`, where a `T` is passed as a `T?`.
    Some {
        /// The payload.
        value: Box<Source>,
        /// The type of the option.
        ty: TypeIndex,
    },
}

/// What a fan-in gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Collect {
    /// `List<T>`
    List,
    /// `Map<Str, T>`
    Keyed,
    /// `List<T>` of values that are a `List<T>` each: all of them joined, in the order of the keys. A flattened dynamic
    /// is collected so: over its outer scope, with a `Collect` over its inner one as the value.
    Flat,
    /// `Map<Str, T>` of values that are a `Map<Str, T>` each: the entries of all of them, in the order of the keys, each
    /// under `outer/inner`, the scope's key and its own. Equal texts fail the step that collects, with both named.
    FlatKeyed,
    /// `List<Result<T>>`: a value that failed, or that something before it kept from being made, is an `Err` with the
    /// failure at the root of that; one that was skipped is left out. So the fan-in fails only where the keys are not
    /// known in full: where what yields them failed.
    Results,
}

/// A value known when the program is built; its type is that of the place it is used in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Const {
    /// `()`
    Unit,
    /// `Int`, `Duration`, `Time`
    Int(i64),
    /// `Float`, by its bits, so that every one is kept exactly.
    Float(u64),
    /// `Bool`
    Bool(bool),
    /// `Str` and `Path`
    Str(String),
    /// `Bytes`
    Bytes(Vec<u8>),
    /// `none`
    None,
    /// `some(v)`
    Some(Box<Const>),
    /// `List` and `Set`
    List(Vec<Const>),
    /// `Map`
    Map(Vec<(Const, Const)>),
    /// Tuples and structs, by field; an enum is the number of its case as `Int`, then its payload.
    Tuple(Vec<Const>),
}

impl Const {
    /// As bytes.
    ///
    /// # Errors
    /// Never in practice: a vector takes all.
    pub fn encode(&self) -> Result<Vec<u8>, postcard::Error> {
        postcard::to_stdvec(self)
    }

    /// From bytes.
    ///
    /// # Errors
    /// Where the bytes are none of a constant.
    pub fn decode(bytes: &[u8]) -> Result<Self, postcard::Error> {
        postcard::from_bytes(bytes)
    }
}

/// A place in the source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The file as the compiler's user named it.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

impl Plan {
    /// The plan as bytes. Fails only where memory does.
    pub fn encode(&self) -> Result<Vec<u8>, postcard::Error> {
        postcard::to_stdvec(self)
    }

    /// The plan from [`Plan::encode`]'s bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, postcard::Error> {
        postcard::from_bytes(bytes)
    }
}

impl Job {
    /// The scopes around `scope` from the root inwards, the root left out, `scope` included.
    pub fn chain(&self, scope: ScopeId) -> Vec<ScopeId> {
        let mut chain = Vec::new();
        let mut at = scope;
        while at != ROOT {
            chain.push(at);
            at = self.scopes[at as usize].parent;
        }
        chain.reverse();
        chain
    }

    /// Whether `outer` is `inner` or lies around it.
    pub fn encloses(&self, outer: ScopeId, inner: ScopeId) -> bool {
        let mut at = inner;
        loop {
            if at == outer {
                return true;
            }
            if at == ROOT {
                return false;
            }
            at = self.scopes[at as usize].parent;
        }
    }
}
