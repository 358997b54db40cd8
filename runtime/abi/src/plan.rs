//! The plan: every job as steps, edges and dynamic scopes, completely known when the program is built.
//!
//! Made by the compiler's `plan` room, carried in the executable as bytes ([`Plan::encode`]), read by the engine.
//!
//! **Scopes.** A scope is one level of cloning. Scope 0, the root, has one instance. Any other scope has, for each
//! instance of its parent, one instance a key of the dynamic output it is `over`. That output's step lives in the
//! parent or one of the parent's ancestors; in the latter case (`a.map(|x| b.map(|y| f(x, y)))`) the same keys are
//! gone over for each instance of the parent. A step lives in exactly one scope and has one clone per instance of it.
//! Step keys print one `[key]` a level: `f[a][b]`.

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
    /// Where it is invoked.
    pub place: Place,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Action {
    /// Runs an op.
    Op(OpIndex),
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
    /// The item of a scope that is the clone's own or around it.
    Item(ScopeId),
    /// The mapping key of that item, a `Str`.
    Key(ScopeId),
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
    /// Tuples and structs, by field; an enum is its case number as `Int` and its payload.
    Tuple(Vec<Const>),
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
