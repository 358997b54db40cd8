//! The checked program: resolved, typed and desugared, generics still generic.
//!
//! Made by this room, read by `lower` (bodies), `plan` (compositions) and the editor's room. Here every name is an id,
//! every argument stands at its parameter, methods are plain calls, defaults are filled in, implicit conversions are
//! written out ([`ExprKind::Some`] for `T` to `T?`, a `Path` for a literal). Where the program has an error the node is
//! [`ExprKind::Error`] and nothing after `sema` is run.

use std::collections::BTreeSet;
use std::sync::Arc;

use dynop_base::{FileId, Span, Symbol};

pub use dynop_syntax::ast::{BinaryOp, FunctionKind, UnaryOp};

use crate::ty::Ty;

/// Names a function of [`Program::functions`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct FunctionId(pub u32);
/// Names a struct of [`Program::structs`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct StructId(pub u32);
/// Names an enum of [`Program::enums`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct EnumId(pub u32);
/// Names a constant of [`Program::consts`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ConstId(pub u32);
/// Names a local of a [`Body`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct LocalId(pub u32);

/// All modules of a program, the standard library's included.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// `fn`, `op`, `graph`, `job`.
    pub functions: Vec<Function>,
    /// Structs.
    pub structs: Vec<Struct>,
    /// Enums.
    pub enums: Vec<Enum>,
    /// Constants.
    pub consts: Vec<Const>,
    /// Tests, in the order of files and text.
    pub tests: Vec<Test>,
    /// What the tests run beside the main file's jobs as they are, in the order of files and text.
    pub runs: Vec<Run>,
    /// The enum `Json` of the standard library.
    pub json: Option<EnumId>,
    /// The files of the standard library.
    pub library: BTreeSet<FileId>,
    /// The `//!` lines of the file given to the compiler.
    pub docs: Option<String>,
    /// The file given to the compiler; its jobs are the executable's.
    pub main: Option<FileId>,
}

/// A `test` block: an op without parameters and outputs, which nothing can invoke.
#[derive(Clone, Debug)]
pub struct Test {
    /// Its name.
    pub name: String,
    /// Its code.
    pub function: FunctionId,
    /// The file it is in.
    pub file: FileId,
    /// The name's place.
    pub span: Span,
}

/// `run job(…)` of a test, where the job is another file's or ops are replaced: a job of the tests' program alone.
#[derive(Clone, Debug)]
pub struct Run {
    /// The name by which the test asks for it, which no job has that is written.
    pub name: Arc<str>,
    /// The job.
    pub job: FunctionId,
    /// The file of the test.
    pub file: FileId,
    /// What runs instead of what.
    pub replaced: Vec<Replaced>,
}

/// An op that is replaced in a [`Run`].
#[derive(Clone, Debug)]
pub struct Replaced {
    /// The op as the job invokes it.
    pub op: FunctionId,
    /// The type arguments with which it does.
    pub type_args: Vec<Ty>,
    /// The op that its steps run.
    pub by: FunctionId,
    /// The type arguments of that one.
    pub by_args: Vec<Ty>,
    /// Where `by` calls a function value, its first parameter, the type of that: a further argument of the run.
    pub value: Option<Ty>,
}

/// A `fn`, `op`, `graph` or `job`.
#[derive(Clone, Debug)]
pub struct Function {
    /// Which.
    pub kind: FunctionKind,
    /// Its name.
    pub name: Symbol,
    /// The name's place.
    pub name_span: Span,
    /// The file it is in.
    pub file: FileId,
    /// Its doc comment.
    pub docs: Option<String>,
    /// Its type parameters; [`Ty::Param`] counts them.
    pub generics: Vec<Symbol>,
    /// Its parameters. The first locals of its body are these.
    pub params: Vec<Param>,
    /// The declared result; `Unit` if none is written.
    pub result: Ty,
    /// What an op gives (§3); empty for anything else.
    pub outputs: Outputs,
    /// How the steps of an op are run: its attributes.
    pub policy: Vec<crate::policy::Setting>,
    /// What it does.
    pub body: FunctionBody,
}

/// A parameter.
#[derive(Clone, Debug)]
pub struct Param {
    /// Its name.
    pub name: Symbol,
    /// Its place.
    pub span: Span,
    /// Its doc comment.
    pub docs: Option<String>,
    /// Its type.
    pub ty: Ty,
    /// Whether it is in-out (`var`).
    pub var: bool,
    /// Its default: a closed expression that uses no local.
    pub default: Option<Expr>,
}

/// The outputs of an op.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outputs {
    /// In the declared order; one named `result` unless the written result is a named tuple.
    pub list: Vec<Output>,
    /// How the body produces them.
    pub form: OutputForm,
}

/// One output of an op.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// Its name.
    pub name: Symbol,
    /// The type of the value; of one item if dynamic. An outermost `?` that makes it optional is taken off.
    pub ty: Ty,
    /// Whether it is dynamic.
    pub dynamic: bool,
    /// Whether it may be skipped.
    pub optional: bool,
    /// Where it is declared.
    pub span: Span,
}

/// How the body of an op produces its outputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutputForm {
    /// No output: the body's value is `()`.
    #[default]
    Nothing,
    /// By the value of the body: the plain value of `-> T`, or `List<DynamicOutput<T>>`, or a named tuple of outputs.
    Returns,
    /// By `yield` statements: the body's value is `()`.
    Yields,
    /// By the value of the body, which is what a direct call of the op gives; see [`call_type`]. Of what stands for an op
    /// in a test's run.
    Collected,
}

/// Whether an op's result is its one plain output, which the caller takes from the function: every other output is handed
/// over while the op runs.
pub fn returns_output(outputs: &Outputs, result: &Ty) -> bool {
    outputs.form == OutputForm::Returns
        && !matches!(result, Ty::NamedTuple(_))
        && outputs
            .list
            .first()
            .is_some_and(|output| !output.dynamic && !output.optional)
}

/// What a function does.
#[derive(Clone, Debug)]
pub enum FunctionBody {
    /// Statements, of a `fn` or `op`.
    Code(Body),
    /// `extern fn … = "symbol"`: in the standard library `dyn_…` is a runtime entry point and `intrinsic:…` is
    /// built by `lower`.
    Extern(Arc<str>),
    /// `extern fn … = "symbol"` of a program: a C function of these scalars, from a library that is linked.
    Foreign(Arc<str>),
    /// Of a `graph` or `job`.
    Composition(crate::compose::Composition),
    /// Broken, and reported.
    Error,
}

/// The code of a function.
#[derive(Clone, Debug)]
pub struct Body {
    /// Every local of the function and of the closures in it; parameters first.
    pub locals: Vec<Local>,
    /// The function's block, whose value is its result.
    pub value: Expr,
}

/// A local variable.
#[derive(Clone, Debug)]
pub struct Local {
    /// Its name; `_` for one that the checker made.
    pub name: Symbol,
    /// Its type.
    pub ty: Ty,
    /// Whether it may be assigned (`var`).
    pub mutable: bool,
    /// Where it is bound.
    pub span: Span,
}

/// A struct.
#[derive(Clone, Debug)]
pub struct Struct {
    /// Its name.
    pub name: Symbol,
    /// The name's place.
    pub name_span: Span,
    /// Its doc comment.
    pub docs: Option<String>,
    /// Its type parameters.
    pub generics: Vec<Symbol>,
    /// Its fields.
    pub fields: Vec<Field>,
}

/// A field of a struct.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: Symbol,
    /// Its type.
    pub ty: Ty,
    /// Its default, closed.
    pub default: Option<Expr>,
    /// Its place.
    pub span: Span,
}

/// An enum.
#[derive(Clone, Debug)]
pub struct Enum {
    /// Its name.
    pub name: Symbol,
    /// The name's place.
    pub name_span: Span,
    /// Its doc comment.
    pub docs: Option<String>,
    /// Its type parameters.
    pub generics: Vec<Symbol>,
    /// Its cases.
    pub variants: Vec<Variant>,
}

/// A case of an enum.
#[derive(Clone, Debug)]
pub struct Variant {
    /// Its name.
    pub name: Symbol,
    /// Its payload, each with its name if it has one.
    pub payload: Vec<(Option<Symbol>, Ty)>,
    /// Its place.
    pub span: Span,
}

/// A constant.
#[derive(Clone, Debug)]
pub struct Const {
    /// Its name.
    pub name: Symbol,
    /// Its type.
    pub ty: Ty,
    /// Its value: a closed expression of literals, operators and other constants.
    pub value: Expr,
    /// The name's place.
    pub span: Span,
}

/// An expression.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Its type.
    pub ty: Ty,
    /// Its place.
    pub span: Span,
}

/// What an expression is.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// An `Int`, also of `64KiB`.
    Int(i64),
    /// A `Float`.
    Float(f64),
    /// A `Bool`.
    Bool(bool),
    /// A `Str`, or a `Path` where the type says so.
    Str(Arc<str>),
    /// `Bytes`.
    Bytes(Arc<[u8]>),
    /// A `Duration` in nanoseconds.
    Duration(i64),
    /// `()`
    Unit,
    /// `none`
    None,
    /// `some(v)`, written or implied.
    Some(Box<Expr>),
    /// A local.
    Local(LocalId),
    /// A constant.
    Const(ConstId),
    /// A function as a value.
    Function(FunctionId, Vec<Ty>),
    /// A call of a `fn` (user's, std's or extern); arguments by parameter.
    Call {
        /// Which.
        function: FunctionId,
        /// Its type arguments.
        type_args: Vec<Ty>,
        /// One a parameter, evaluated in this order.
        args: Vec<Arg>,
    },
    /// A call of a function value.
    CallValue {
        /// The function value.
        callee: Box<Expr>,
        /// The arguments.
        args: Vec<Expr>,
    },
    /// A field of a struct, tuple or named tuple, by index.
    Field {
        /// Of what.
        base: Box<Expr>,
        /// Which.
        index: u32,
    },
    /// `base[index]` on a list or map; fails the step.
    Index {
        /// A list or map.
        base: Box<Expr>,
        /// The index or key.
        index: Box<Expr>,
    },
    /// `-e`, `not e`
    Unary(UnaryOp, Box<Expr>),
    /// Operands have one type, but for `**` on floats and shifts; `and`, `or`, `??` evaluate the right side as needed.
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// A tuple, named tuple or struct (see the type) of these fields, in declared order. Where the type is
    /// `DynamicOutput<T>`: the value and its mapping key, a `Str`.
    Aggregate(Vec<Expr>),
    /// An enum value.
    Variant {
        /// Which case.
        index: u32,
        /// Its payload.
        payload: Vec<Expr>,
    },
    /// `Row(..base, n: 2)`: a copy with changed fields.
    Update {
        /// What is copied.
        base: Box<Expr>,
        /// Index and new value.
        changes: Vec<(u32, Expr)>,
    },
    /// A list; elements with `true` are spread.
    List(Vec<(bool, Expr)>),
    /// A map.
    Map(Vec<(Expr, Expr)>),
    /// `a..b`, `a..=b`
    Range {
        /// First.
        start: Box<Expr>,
        /// End.
        end: Box<Expr>,
        /// Whether `end` belongs to it.
        inclusive: bool,
    },
    /// An f-string.
    Format(Vec<FormatPart>),
    /// A closure. Captured are the locals of the body that it uses and does not bind.
    Closure {
        /// Its parameters.
        params: Vec<LocalId>,
        /// What it captures.
        captures: Vec<LocalId>,
        /// Its value; `return` in it leaves the closure.
        body: Box<Expr>,
    },
    /// `if`; without `otherwise` its value is `()`.
    If {
        /// The condition.
        condition: Box<Expr>,
        /// If it holds.
        then: Box<Expr>,
        /// Otherwise.
        otherwise: Option<Box<Expr>>,
    },
    /// `match`; the arms are exhaustive.
    Match {
        /// What is looked at.
        scrutinee: Box<Expr>,
        /// The arms, tried in order.
        arms: Vec<Arm>,
    },
    /// Statements and a value (`()` if `None`).
    Block {
        /// The statements.
        stmts: Vec<Stmt>,
        /// The value.
        value: Option<Box<Expr>>,
    },
    /// `try … catch`.
    Try {
        /// What is tried.
        body: Box<Expr>,
        /// Bound to what the failure came in: a named tuple `(message: Str, kind: Str, trace: Str)`.
        error: Option<LocalId>,
        /// What is done when it failed.
        handler: Box<Expr>,
    },
    /// `fail`
    Fail {
        /// A `Str`.
        message: Box<Expr>,
        /// A `Bool`.
        retry: Option<Box<Expr>>,
    },
    /// `return`
    Return(Option<Box<Expr>>),
    /// `break` of the innermost loop.
    Break,
    /// `continue` of the innermost loop.
    Continue,
    /// Broken, and reported.
    Error,
}

/// An argument.
#[derive(Clone, Debug)]
pub enum Arg {
    /// A value.
    Value(Expr),
    /// For a `var` parameter: moved in and back.
    InOut(Place),
}

/// What can be assigned: a `var` local and the way into it.
#[derive(Clone, Debug)]
pub struct Place {
    /// The local.
    pub local: LocalId,
    /// The way.
    pub projections: Vec<Projection>,
    /// The type at its end.
    pub ty: Ty,
    /// Its place in the text.
    pub span: Span,
}

/// A step of the way into a place.
#[derive(Clone, Debug)]
pub enum Projection {
    /// A field of a struct, tuple or named tuple.
    Field(u32),
    /// An element of a list: fails if out of bounds.
    Index(Expr),
    /// The value of a key in a map: as the last projection of an assignment `=` inserted if new, else it must be there.
    Key(Expr),
}

/// A part of an f-string.
#[derive(Clone, Debug)]
pub enum FormatPart {
    /// Text.
    Text(Arc<str>),
    /// A value and its format, empty if none.
    Value(Expr, Arc<str>),
}

/// An arm of a `match`.
#[derive(Clone, Debug)]
pub struct Arm {
    /// The pattern.
    pub pattern: Pattern,
    /// The guard.
    pub guard: Option<Expr>,
    /// The value.
    pub body: Expr,
}

/// A pattern.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// What it is.
    pub kind: PatternKind,
    /// The type of what it is held against.
    pub ty: Ty,
    /// Its place.
    pub span: Span,
}

/// What a pattern is.
#[derive(Clone, Debug)]
pub enum PatternKind {
    /// `_`
    Wildcard,
    /// Binds.
    Bind(LocalId),
    /// Equals a literal or constant.
    Literal(Expr),
    /// An `Int` from `start` to `end`.
    Range {
        /// First.
        start: i64,
        /// End.
        end: i64,
        /// Whether `end` belongs to it.
        inclusive: bool,
    },
    /// `none`
    None,
    /// `some(p)`
    Some(Box<Pattern>),
    /// Fields of a tuple, named tuple or struct: index and pattern.
    Fields(Vec<(u32, Pattern)>),
    /// A case of an enum, with patterns for its payload.
    Variant(u32, Vec<Pattern>),
    /// A list: patterns of the first elements, then the rest if there is `..` (bound if named), then the last ones.
    List {
        /// First elements.
        before: Vec<Pattern>,
        /// Whether `..`, and what it binds.
        rest: Option<Option<LocalId>>,
        /// Last elements.
        after: Vec<Pattern>,
    },
    /// One of several.
    Or(Vec<Pattern>),
}

/// A statement.
#[derive(Clone, Debug)]
pub struct Stmt {
    /// What it is.
    pub kind: StmtKind,
    /// Its place.
    pub span: Span,
}

/// What a statement is.
#[derive(Clone, Debug)]
pub enum StmtKind {
    /// Binds an irrefutable pattern.
    Let {
        /// The pattern.
        pattern: Pattern,
        /// The value.
        value: Expr,
    },
    /// Assigns.
    Assign {
        /// What.
        place: Place,
        /// The operator of a compound assignment.
        op: Option<BinaryOp>,
        /// The value.
        value: Expr,
    },
    /// `yield DynamicOutput(value, mapping_key: key)` of an output, by index.
    YieldDynamic {
        /// Index in [`Outputs::list`].
        output: u32,
        /// The value.
        value: Expr,
        /// A `Str` (`Int` and `Path` keys are converted by the checker through a std call).
        key: Expr,
    },
    /// `yield Output(value)` of an output, by index.
    YieldOutput {
        /// Index in [`Outputs::list`].
        output: u32,
        /// The value; of type `T?` if the output is optional (`none` skips it).
        value: Expr,
    },
    /// `while`
    While {
        /// The condition.
        condition: Expr,
        /// The body.
        body: Expr,
    },
    /// `for` over a list, map (elements `(k, v)`), set, range, `Str` (characters) or `Iter`.
    For {
        /// What each element is bound to, irrefutable.
        pattern: Pattern,
        /// What is gone over.
        iterable: Expr,
        /// The body.
        body: Expr,
    },
    /// An expression whose value is dropped.
    Expr(Expr),
}

/// The type of the value that the body of a `fn` or `op` gives, by its end or by `return`.
///
/// Of an op that returns its outputs: a dynamic one is a list of `DynamicOutput`, several named ones are a named tuple,
/// in which an optional output is an option.
pub fn body_type(function: &Function) -> Ty {
    if function.kind != FunctionKind::Op {
        return function.result.clone();
    }
    if function.outputs.form != OutputForm::Returns {
        return Ty::Unit;
    }
    match &function.result {
        Ty::NamedTuple(_) => Ty::NamedTuple(
            function
                .outputs
                .list
                .iter()
                .map(|output| (output.name, returned_type(output)))
                .collect(),
        ),
        result => function
            .outputs
            .list
            .first()
            .map_or_else(|| result.clone(), returned_type),
    }
}

/// The type of a call: the result of a `fn`; of an op that a test calls directly, its outputs: `(key, value)` pairs for a
/// dynamic one, an option for an optional plain one, a named tuple for several named ones.
pub fn call_type(function: &Function) -> Ty {
    if function.kind != FunctionKind::Op || returns_output(&function.outputs, &function.result) {
        return function.result.clone();
    }
    let outputs = &function.outputs.list;
    match &function.result {
        Ty::NamedTuple(_) => Ty::NamedTuple(
            outputs
                .iter()
                .map(|output| (output.name, collected_type(output)))
                .collect(),
        ),
        _ => outputs.first().map_or(Ty::Unit, collected_type),
    }
}

/// The type in which a direct call gives an output.
fn collected_type(output: &Output) -> Ty {
    match (output.dynamic, output.optional) {
        (true, _) => Ty::list(Ty::Tuple([Ty::Str, output.ty.clone()].into())),
        (false, true) => Ty::option(output.ty.clone()),
        (false, false) => output.ty.clone(),
    }
}

/// The type in which an output is returned.
fn returned_type(output: &Output) -> Ty {
    let ty = if output.dynamic {
        Ty::list(Ty::dynamic(output.ty.clone()))
    } else {
        output.ty.clone()
    };
    if output.optional { Ty::option(ty) } else { ty }
}
