//! Programs, functions, blocks and instructions.
//!
//! A function is a control-flow graph of basic blocks over typed locals that may be assigned many times; the code
//! generators build SSA of them (Cranelift's frontend, LLVM's mem2reg). Aggregates are locals like any other and are
//! flattened by the code generators.
//!
//! **Ownership.** Every instruction says of each operand whether it *consumes* or *borrows* it ([`Op::operands`]); a
//! destination always receives an owned value. As `lower` makes it, a program simply uses its locals; the pass
//! `insert_reference_counts` then finds last uses, retains before a consuming use that is not the last, releases after a
//! last use that borrows, and gives every fallible instruction the block that cleans up ([`Inst::on_fail`]). After it,
//! consuming a local leaves it dead.
//!
//! **Failure.** A fallible instruction that fails continues at its `on_fail` block, or, where that is `None`, at the
//! function's failure exit: the function returns FAILED. In a body of `try`, `lower` sets `on_fail` to the handler.

use dynop_base::Span;

use crate::types::{TypeId, Types};

/// Names a function of a [`Program`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct FunctionId(pub u32);
/// Names a local of a [`Function`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct LocalId(pub u32);
/// Names a block of a [`Function`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct BlockId(pub u32);

/// A program.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// Its types.
    pub types: Types,
    /// Its functions.
    pub functions: Vec<Function>,
    /// The ops of the plan, by `OpIndex`.
    pub ops: Vec<OpEntry>,
    /// The types of the plan, by `TypeIndex`.
    pub plan_types: Vec<TypeId>,
}

/// An op of the plan: the code generators make an `OpCode` of it.
#[derive(Clone, Debug)]
pub struct OpEntry {
    /// The function that is the op's body; its parameters are the op's.
    pub function: FunctionId,
    /// Whether the function's result is the op's one plain output, written to `OpCode`'s `output`. Else the result is
    /// `()` and outputs leave by [`Op::Yield`] and its like.
    pub returns_output: bool,
}

/// A function.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its unique symbol.
    pub name: String,
    /// As people write it, for traces and debuggers.
    pub display_name: String,
    /// Its parameters: the first locals, in order. Owned by the function.
    pub params: u32,
    /// For the code of a closure value: the types of its captures, see [`Op::CaptureLoad`].
    pub captures: Option<Vec<TypeId>>,
    /// The type of its result.
    pub result: TypeId,
    /// Whether it can fail; set by the pass `find_fallible`, `true` before.
    pub fallible: bool,
    /// Its locals.
    pub locals: Vec<Local>,
    /// Its blocks; the first is the entry.
    pub blocks: Vec<Block>,
    /// Where it is in the source.
    pub span: Option<Span>,
}

/// A local.
#[derive(Clone, Debug)]
pub struct Local {
    /// Its name in the source; empty for temporaries.
    pub name: String,
    /// Its type.
    pub ty: TypeId,
}

/// A basic block.
#[derive(Clone, Debug)]
pub struct Block {
    /// What is done.
    pub insts: Vec<Inst>,
    /// Where it goes.
    pub terminator: Terminator,
    /// Whether it is hardly ever reached (failures).
    pub cold: bool,
}

/// An instruction.
#[derive(Clone, Debug)]
pub struct Inst {
    /// Where the result goes; `None` if there is none, or it is dropped.
    pub dst: Option<LocalId>,
    /// What is done.
    pub op: Op,
    /// Where a failure continues; `None`: the function fails.
    pub on_fail: Option<BlockId>,
    /// Where it is in the source.
    pub span: Option<Span>,
}

/// How a block ends.
#[derive(Clone, Debug)]
pub enum Terminator {
    /// Goes on at a block.
    Jump(BlockId),
    /// On a `Bool`.
    Branch {
        /// The condition.
        condition: Operand,
        /// If true.
        then: BlockId,
        /// If false.
        otherwise: BlockId,
    },
    /// On an `Int` (also of [`Op::Tag`]).
    Switch {
        /// What is looked at.
        value: Operand,
        /// Cases.
        cases: Vec<(i64, BlockId)>,
        /// Else.
        otherwise: BlockId,
    },
    /// Returns; consumes the operand.
    Return(Operand),
    /// The function fails; the failure is recorded already.
    Fail,
    /// Not reached: behind [`Op::Fail`] and its like.
    Unreachable,
}

/// What an instruction reads.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A local.
    Local(LocalId),
    /// A constant.
    Const(Const),
}

/// A constant operand. Texts are immortal.
#[derive(Clone, Debug, PartialEq)]
pub enum Const {
    /// `Int`, `Duration`, `Time`: by the type that is wanted.
    Int(i64),
    /// `Float`
    Float(f64),
    /// `Bool`
    Bool(bool),
    /// `Str`
    Str(String),
    /// `Path`
    Path(String),
    /// `Bytes`
    Bytes(Vec<u8>),
    /// The value of all bits zero: `()`, `none`, `[]`, `[:]`.
    Zero(TypeId),
}

/// A way into a local, whose end is read or written in place. Passing an element of a list or a value of a map on the
/// way of a write makes the buffer unshared; out of bounds and missing keys fail.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// The local; it stays alive.
    pub local: LocalId,
    /// The way.
    pub projections: Vec<Projection>,
}

/// A step of the way.
#[derive(Clone, Debug, PartialEq)]
pub enum Projection {
    /// A field of an aggregate.
    Field(u32),
    /// An element of a list, bounds checked.
    Index(Operand),
    /// The value of a key that must be there.
    Key(Operand),
    /// The value of a key, inserted as zero bits if it is new.
    KeyOrInsert(Operand),
    /// The payload of an option that is known to be there.
    Payload,
}

/// Operators of [`Op::Binary`] on two operands of one scalar type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum BinaryOp {
    /// `Int` (checked) and `Float`
    Add,
    /// `Int` (checked) and `Float`
    Sub,
    /// `Int` (checked) and `Float`
    Mul,
    /// `Int` (checked, truncating) and `Float`
    Div,
    /// `Int` (checked; the dividend's sign) and `Float`
    Rem,
    /// `Int` (checked) and `Float`
    Pow,
    /// `Int`, shift checked 0..=63
    Shl,
    /// `Int`, arithmetic, shift checked 0..=63
    Shr,
    /// `Int` and `Bool`
    And,
    /// `Int` and `Bool`
    Or,
    /// `Int` and `Bool`
    Xor,
    /// `Int` that can't overflow: loop counters.
    AddWrapping,
}

/// Comparisons.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Comparison {
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

/// What an instruction does. *Italics* say consumed operands; the others are borrowed.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// *value*
    Copy(Operand),
    /// Arithmetic. Fallible on `Int`.
    Binary(BinaryOp, Operand, Operand),
    /// `-`. Fallible on `Int`.
    Neg(Operand),
    /// `not`
    Not(Operand),
    /// `Int` to `Float`.
    IntToFloat(Operand),
    /// Two values of any one comparable type: scalars inline, texts and others through the runtime. Floats by IEEE.
    Compare(Comparison, Operand, Operand),
    /// An aggregate or `Range` of *fields*.
    Make(TypeId, Vec<Operand>),
    /// A copy of a field of an aggregate or `Range` (0 start, 1 end).
    Field(Operand, u32),
    /// `some(`*value*`)`, of the destination's type.
    Some(Operand),
    /// Whether an option is `some`.
    IsSome(Operand),
    /// A copy of the payload of an option that is `some`.
    Payload(Operand),
    /// An enum value of case and *payload*.
    Variant(TypeId, u32, Vec<Operand>),
    /// The case of an enum value as `Int`.
    Tag(Operand),
    /// A copy of a part of the payload of a case that is known.
    VariantField(Operand, u32, u32),
    /// A list of *elements*. Fallible (memory).
    List(TypeId, Vec<Operand>),
    /// An empty list with room for a number of elements. Fallible (memory, negative).
    ListWithCapacity(TypeId, Operand),
    /// Number of elements of a list.
    ListLen(Operand),
    /// A copy of an element. Fallible (bounds).
    ListGet(Operand, Operand),
    /// A copy of an element whose index is known to be good.
    ListGetUnchecked(Operand, Operand),
    /// Appends a *value*. Fallible.
    ListPush(Place, Operand),
    /// Number of entries of a map or set.
    MapLen(Operand),
    /// The value of a key as an option.
    MapGet(Operand, Operand),
    /// A copy of the value of a key. Fallible (missing).
    MapIndex(Operand, Operand),
    /// The next entry of a map as an option of `(K, V)`, of a set as an option of `T`. The `Int` local holds the
    /// position, 0 at first, and is moved on.
    MapNext(Operand, LocalId),
    /// The next character of a text as `Str?`; the `Int` local holds the byte offset, 0 at first, and is moved on.
    StrNext(Operand, LocalId),
    /// A copy of what is at a place. Fallible if the way can fail.
    Load(Place),
    /// Puts a *value* at a place, releasing what was there. Fallible if the way can fail.
    Store(Place, Operand),
    /// Moves out what is at a place and leaves zero bits. Fallible if the way can fail.
    Take(Place),
    /// Calls a function with *arguments*. Fallible if it is.
    Call(FunctionId, Vec<Operand>),
    /// Calls a native function of the table by its convention. Fallible.
    CallNative {
        /// An entry of `dynop_abi::entries`; a name that does not begin with `dyn_` is a C function, which takes and gives
        /// scalars and never fails.
        entry: String,
        /// The arguments: borrowed values and in-out places.
        args: Vec<NativeArg>,
        /// The descriptors it wants.
        types: Vec<TypeId>,
    },
    /// Calls a closure with *arguments*. Fallible.
    CallClosure(Operand, Vec<Operand>),
    /// A closure of the destination's type from a function with `captures`, and *captures*. Fallible (memory).
    MakeClosure(FunctionId, Vec<Operand>),
    /// In a closure's code: a copy of a capture.
    CaptureLoad(u32),
    /// In a closure's code: moves a capture out and leaves zero bits.
    CaptureTake(u32),
    /// In a closure's code: puts a *value* in a capture's place.
    CaptureStore(u32, Operand),
    /// Appends a value, as `{value:format}` shows it, to the text at a place. Fallible.
    FormatAppend(Place, Operand, String),
    /// Appends a text to the text at a place. Fallible.
    StrAppend(Place, Operand),
    /// `yield DynamicOutput(`*value*`, mapping_key: key)`. Fallible.
    Yield(u32, Operand, Operand),
    /// The same for an item of a returned list. Fallible.
    ReturnItem(u32, Operand, Operand),
    /// A plain named output: *value*. Fallible.
    Output(u32, Operand),
    /// `fail message`, with whether a retry makes sense. Always fails.
    Fail(Operand, Operand),
    /// No arm fits: the checker missed a case. Always fails.
    FailMatch,
    /// `unwrap` of `none`. Always fails.
    FailUnwrap,
    /// The failure that led here, as a named tuple `(message: Str, kind: Str, trace: Str)`. Fails again if it may not
    /// be caught.
    Catch,
    /// At the head of a loop: whether the step was cancelled or timed out. Fallible.
    Poll,
    /// One owner more. Made by passes alone.
    Retain(LocalId),
    /// One owner less; the local is dead. Made by passes alone.
    Release(LocalId),
}

/// An argument of a native function.
#[derive(Clone, Debug, PartialEq)]
pub enum NativeArg {
    /// Borrowed.
    Value(Operand),
    /// For a `var` parameter: the place itself.
    InOut(Place),
}
