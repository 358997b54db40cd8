//! The syntax tree: what the text says, before anything is known of its meaning.
//!
//! Made by the parser, read by `sema`, the formatter and the editor's room. Every node has a span; expressions, items,
//! patterns and types also have a [`NodeId`], unique within the module, by which later rooms attach what they learn.
//! A broken part of the text is an `Error` node, about which the parser has already spoken: later rooms pass over it in
//! silence.

use dynop_base::{FileId, Span, Symbol};

/// Numbers a node within its module, in the order of the text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct NodeId(pub u32);

/// A name where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ident {
    /// The name.
    pub name: Symbol,
    /// Its place.
    pub span: Span,
}

/// A file.
#[derive(Clone, Debug)]
pub struct Module {
    /// The file it was read from.
    pub file: FileId,
    /// The `//!` lines, joined by newlines, markers and one following blank taken off.
    pub docs: Option<String>,
    /// Items in the order of the text.
    pub items: Vec<Item>,
    /// Every `//` comment that documents nothing, in order, for the formatter.
    pub comments: Vec<Span>,
    /// How many node ids were given; ids are below it.
    pub node_count: u32,
}

/// A declaration at the top of a file.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its id.
    pub id: NodeId,
    /// All of it, from the first attribute on; doc comments left out.
    pub span: Span,
    /// The `///` lines before it, joined by newlines.
    pub docs: Option<String>,
    /// `@name(…)` before it.
    pub attributes: Vec<Attribute>,
    /// Where `pub` stands.
    pub public: Option<Span>,
    /// What it is.
    pub kind: ItemKind,
}

/// What an item declares.
#[derive(Clone, Debug)]
pub enum ItemKind {
    /// `import a.b as c`
    Import(Import),
    /// `const NAME: T = value`
    Const(ConstDecl),
    /// `type Name = T`
    TypeAlias(TypeAlias),
    /// `struct Name<T> { field: T = default }`
    Struct(StructDecl),
    /// `enum Name<T> { Case, Case(T) }`
    Enum(EnumDecl),
    /// `fn`, `op`, `graph` and `job`, also `extern fn` and `extern op`.
    Function(FunctionDecl),
    /// `test "name" { … }`
    Test(TestDecl),
    /// What could not be read as an item.
    Error,
}

/// `import text.words as w`
#[derive(Clone, Debug)]
pub struct Import {
    /// The dotted path.
    pub path: Vec<Ident>,
    /// The name given by `as`.
    pub alias: Option<Ident>,
}

/// `const NAME: T = value`
#[derive(Clone, Debug)]
pub struct ConstDecl {
    /// Its name.
    pub name: Ident,
    /// The written type.
    pub ty: Option<Type>,
    /// Its value.
    pub value: Expr,
}

/// `type Name<T> = …`
#[derive(Clone, Debug)]
pub struct TypeAlias {
    /// Its name.
    pub name: Ident,
    /// Its type parameters.
    pub generics: Vec<Ident>,
    /// What it stands for.
    pub ty: Type,
}

/// `struct Name<T> { … }`
#[derive(Clone, Debug)]
pub struct StructDecl {
    /// Its name.
    pub name: Ident,
    /// Its type parameters.
    pub generics: Vec<Ident>,
    /// Its fields.
    pub fields: Vec<FieldDecl>,
}

/// A field of a struct.
#[derive(Clone, Debug)]
pub struct FieldDecl {
    /// The whole declaration.
    pub span: Span,
    /// The `///` lines before it.
    pub docs: Option<String>,
    /// Its name.
    pub name: Ident,
    /// Its type.
    pub ty: Type,
    /// Its default.
    pub default: Option<Expr>,
}

/// `enum Name<T> { … }`
#[derive(Clone, Debug)]
pub struct EnumDecl {
    /// Its name.
    pub name: Ident,
    /// Its type parameters.
    pub generics: Vec<Ident>,
    /// Its cases.
    pub variants: Vec<VariantDecl>,
}

/// A case of an enum.
#[derive(Clone, Debug)]
pub struct VariantDecl {
    /// The whole declaration.
    pub span: Span,
    /// The `///` lines before it.
    pub docs: Option<String>,
    /// Its name.
    pub name: Ident,
    /// Its payload: types, each with a name if the text gives one.
    pub payload: Vec<TupleTypeField>,
}

/// Which kind of function.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FunctionKind {
    /// `fn`: computation, called.
    Fn,
    /// `op`: computation, invoked by jobs and graphs as a step.
    Op,
    /// `graph`: a reusable composition.
    Graph,
    /// `job`: a composition that is run.
    Job,
}

impl FunctionKind {
    /// The keyword.
    pub fn keyword(self) -> &'static str {
        match self {
            Self::Fn => "fn",
            Self::Op => "op",
            Self::Graph => "graph",
            Self::Job => "job",
        }
    }
}

/// `fn`, `op`, `graph` or `job`.
#[derive(Clone, Debug)]
pub struct FunctionDecl {
    /// Which.
    pub kind: FunctionKind,
    /// Its name.
    pub name: Ident,
    /// Its type parameters.
    pub generics: Vec<Ident>,
    /// Its parameters.
    pub params: Vec<Param>,
    /// The type after `->`, if written.
    pub result: Option<Type>,
    /// Its body.
    pub body: Body,
}

/// The body of a function.
#[derive(Clone, Debug)]
pub enum Body {
    /// `{ … }`
    Block(Block),
    /// `extern … = "symbol or command"`
    Extern {
        /// The text between the quotes.
        text: String,
        /// Its place.
        span: Span,
    },
    /// Could not be read.
    Error,
}

/// A parameter.
#[derive(Clone, Debug)]
pub struct Param {
    /// The whole declaration.
    pub span: Span,
    /// The `///` lines before it.
    pub docs: Option<String>,
    /// Where `var` stands: the parameter is in-out.
    pub var: Option<Span>,
    /// Its name.
    pub name: Ident,
    /// Its type.
    pub ty: Type,
    /// Its default.
    pub default: Option<Expr>,
}

/// `test "name" { … }`
#[derive(Clone, Debug)]
pub struct TestDecl {
    /// The name.
    pub name: String,
    /// Its place.
    pub name_span: Span,
    /// The body, as that of an op without parameters and outputs; its name is the test's head, `test "name"`.
    pub function: FunctionDecl,
}

impl TestDecl {
    /// The statements of the test.
    pub fn body(&self) -> Option<&Block> {
        match &self.function.body {
            Body::Block(block) => Some(block),
            Body::Extern { .. } | Body::Error => None,
        }
    }
}

/// `@retry(max: 3)`
#[derive(Clone, Debug)]
pub struct Attribute {
    /// From `@` on.
    pub span: Span,
    /// The name after `@`.
    pub name: Ident,
    /// The arguments; empty also without parentheses.
    pub args: Vec<Arg>,
}

/// A written type.
#[derive(Clone, Debug)]
pub struct Type {
    /// Its id.
    pub id: NodeId,
    /// Its place.
    pub span: Span,
    /// What it is.
    pub kind: TypeKind,
}

/// What a written type is.
#[derive(Clone, Debug)]
pub enum TypeKind {
    /// `Name<A, B>` or `module.Name<A>`
    Name {
        /// One or more dotted names.
        path: Vec<Ident>,
        /// The arguments.
        args: Vec<Type>,
    },
    /// `T?`
    Optional(Box<Type>),
    /// `(A, B)`, `(a: A, b: B)`; `()` has no fields.
    Tuple(Vec<TupleTypeField>),
    /// `fn(A, B) -> C`; without `->` the result is `()`.
    Function {
        /// The parameters.
        params: Vec<Type>,
        /// The result.
        result: Option<Box<Type>>,
    },
    /// Could not be read.
    Error,
}

/// A field of a tuple type.
#[derive(Clone, Debug)]
pub struct TupleTypeField {
    /// Its name in a named tuple.
    pub name: Option<Ident>,
    /// Its type.
    pub ty: Type,
}

/// `{ … }`
#[derive(Clone, Debug)]
pub struct Block {
    /// Braces included.
    pub span: Span,
    /// The statements. The block's value is the last one's, if that is [`StmtKind::Expr`].
    pub stmts: Vec<Stmt>,
}

/// A statement.
#[derive(Clone, Debug)]
pub struct Stmt {
    /// Its place.
    pub span: Span,
    /// What it is.
    pub kind: StmtKind,
}

/// What a statement is.
#[derive(Clone, Debug)]
pub enum StmtKind {
    /// `let p: T = e`, `var x = e`
    Let {
        /// Whether `var`.
        var: bool,
        /// What it binds.
        pattern: Pattern,
        /// The written type.
        ty: Option<Type>,
        /// The value.
        value: Expr,
    },
    /// `place = e`, `place += e`
    Assign {
        /// What is assigned; `sema` checks that it is a place.
        place: Expr,
        /// The operator of `+=` and its like.
        op: Option<BinaryOp>,
        /// The value.
        value: Expr,
    },
    /// `yield e`
    Yield(Expr),
    /// `assert e`
    Assert(Expr),
    /// `while c { … }`
    While {
        /// The condition.
        condition: Expr,
        /// The body.
        body: Block,
    },
    /// `for p in e { … }`
    For {
        /// What each element is bound to.
        pattern: Pattern,
        /// What is gone over.
        iterable: Expr,
        /// The body.
        body: Block,
    },
    /// An expression.
    Expr(Expr),
    /// Could not be read.
    Error,
}

/// An expression.
#[derive(Clone, Debug)]
pub struct Expr {
    /// Its id.
    pub id: NodeId,
    /// Its place.
    pub span: Span,
    /// What it is.
    pub kind: ExprKind,
}

/// What an expression is.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// `1_000`, `0xff`. A literal over `u64` is the parser's error; over `i64` is `sema`'s, since `-` may stand before it.
    Int(u64),
    /// `2.5e3`
    Float(f64),
    /// `true`, `false`
    Bool(bool),
    /// `"…"`, `r"…"`, `"""…"""`, escapes resolved.
    Str(String),
    /// `f"…{e:.2}…"`
    FString(Vec<FPart>),
    /// `b"…"`
    Bytes(Vec<u8>),
    /// `250ms`, `30s`, `5m`, `2h`, in nanoseconds.
    Duration(u64),
    /// `64KiB`, in bytes; an `Int`.
    Size(u64),
    /// `none`
    None,
    /// `sh"…{e}…"`
    Shell(Vec<FPart>),
    /// A name: local, parameter, function, module …
    Name(Symbol),
    /// `(e)`; kept for the formatter and for spans.
    Paren(Box<Expr>),
    /// `()`, `(a, b)`, `(a: x, b: y)`
    Tuple(Vec<TupleField>),
    /// `[a, ..b]`
    List(Vec<Element>),
    /// `[k: v]`, `[:]`
    Map(Vec<(Expr, Expr)>),
    /// `base.name`, `base?.name`
    Field {
        /// What it is a field of (or a module, or an enum).
        base: Box<Expr>,
        /// The name.
        name: Ident,
        /// Whether `?.`.
        optional: bool,
    },
    /// `callee<T>(args)`. A method call has a [`ExprKind::Field`] as callee.
    Call {
        /// What is called.
        callee: Box<Expr>,
        /// Written type arguments.
        type_args: Vec<Type>,
        /// The arguments.
        args: Vec<Arg>,
        /// From `(` to `)`.
        args_span: Span,
    },
    /// `base[index]`
    Index {
        /// What is indexed.
        base: Box<Expr>,
        /// By what.
        index: Box<Expr>,
    },
    /// `-e`, `not e`
    Unary {
        /// The operator.
        op: UnaryOp,
        /// The operand.
        operand: Box<Expr>,
    },
    /// `a + b`, `a and b`, `a ?? b` …
    Binary {
        /// The operator.
        op: BinaryOp,
        /// Where it stands.
        op_span: Span,
        /// Left.
        left: Box<Expr>,
        /// Right.
        right: Box<Expr>,
    },
    /// `a..b`, `a..=b`
    Range {
        /// The first.
        start: Box<Expr>,
        /// The end.
        end: Box<Expr>,
        /// Whether `..=`.
        inclusive: bool,
    },
    /// `|a, b: Int| e`
    Closure {
        /// The parameters.
        params: Vec<ClosureParam>,
        /// The body.
        body: Box<Expr>,
    },
    /// `if c { … } else { … }`
    If {
        /// The condition.
        condition: Box<Expr>,
        /// If it holds.
        then: Block,
        /// Otherwise: a block or a further `if`.
        otherwise: Option<Box<Expr>>,
    },
    /// `match e { p if g => e }`
    Match {
        /// What is looked at.
        scrutinee: Box<Expr>,
        /// The arms.
        arms: Vec<Arm>,
    },
    /// `{ … }`
    Block(Block),
    /// `try { … } catch e { … }`
    Try {
        /// What is tried.
        body: Block,
        /// The failure's name.
        error: Option<Ident>,
        /// What is done when it failed.
        handler: Block,
    },
    /// `fail "m"`, `fail "m", retry: false`
    Fail {
        /// The message.
        message: Box<Expr>,
        /// The value after `retry:`.
        retry: Option<Box<Expr>>,
    },
    /// `return e`
    Return(Option<Box<Expr>>),
    /// `break`
    Break,
    /// `continue`
    Continue,
    /// `op(x) as name`
    As {
        /// What is named.
        value: Box<Expr>,
        /// The step's name.
        name: Ident,
    },
    /// `run job(args) with op = closure, …`
    Run {
        /// The job's invocation.
        call: Box<Expr>,
        /// Ops replaced.
        replacements: Vec<(Ident, Expr)>,
    },
    /// Could not be read.
    Error,
}

/// A part of an f-string or a shell command.
#[derive(Clone, Debug)]
pub enum FPart {
    /// Text, escapes resolved.
    Text {
        /// The text.
        text: String,
        /// Its place.
        span: Span,
    },
    /// `{value:format}`
    Value {
        /// The expression.
        value: Box<Expr>,
        /// The text after the first `:` outside brackets.
        format: Option<String>,
        /// Braces included.
        span: Span,
    },
}

/// A field of a tuple expression.
#[derive(Clone, Debug)]
pub struct TupleField {
    /// Its name in a named tuple.
    pub name: Option<Ident>,
    /// Its value.
    pub value: Expr,
}

/// An element of a list expression.
#[derive(Clone, Debug)]
pub struct Element {
    /// Where `..` stands: all elements of the value.
    pub spread: Option<Span>,
    /// The value.
    pub value: Expr,
}

/// An argument.
#[derive(Clone, Debug)]
pub struct Arg {
    /// All of it.
    pub span: Span,
    /// The name before `:`.
    pub name: Option<Ident>,
    /// Where `..` stands: `Row(..row, n: 2)`.
    pub spread: Option<Span>,
    /// The value.
    pub value: Expr,
}

/// A parameter of a closure.
#[derive(Clone, Debug)]
pub struct ClosureParam {
    /// What it binds: a name, `_`, or a tuple of those.
    pub pattern: Pattern,
    /// The written type.
    pub ty: Option<Type>,
}

/// An arm of a `match`.
#[derive(Clone, Debug)]
pub struct Arm {
    /// All of it.
    pub span: Span,
    /// The pattern; alternatives are [`PatternKind::Or`].
    pub pattern: Pattern,
    /// The guard.
    pub guard: Option<Expr>,
    /// The value.
    pub body: Expr,
}

/// A pattern.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// Its id.
    pub id: NodeId,
    /// Its place.
    pub span: Span,
    /// What it is.
    pub kind: PatternKind,
}

/// What a pattern is.
#[derive(Clone, Debug)]
pub enum PatternKind {
    /// `_`
    Wildcard,
    /// A name: binds, unless it names an enum case or a constant.
    Name(Symbol),
    /// A literal: [`ExprKind::Int`], `Float`, `Str`, `Bool`, …, or a negated number.
    Literal(Box<Expr>),
    /// `1..5`, `1..=5`
    Range {
        /// The first.
        start: Box<Expr>,
        /// The end.
        end: Box<Expr>,
        /// Whether `..=`.
        inclusive: bool,
    },
    /// `none`
    None,
    /// `(a, b)`, `(x: a, y: b)`
    Tuple(Vec<FieldPattern>),
    /// `Shape.Circle(r)`, `some(x)`, `Row(name: n, ..)`
    Constructor {
        /// One or more dotted names.
        path: Vec<Ident>,
        /// The parts; `None` without parentheses.
        fields: Option<Vec<FieldPattern>>,
        /// Where `..` stands.
        rest: Option<Span>,
    },
    /// `[first, ..rest]`
    List(Vec<ElementPattern>),
    /// `a | b`
    Or(Vec<Pattern>),
    /// Could not be read.
    Error,
}

/// A part of a tuple or constructor pattern.
#[derive(Clone, Debug)]
pub struct FieldPattern {
    /// Its name, where named.
    pub name: Option<Ident>,
    /// The pattern.
    pub pattern: Pattern,
}

/// A part of a list pattern.
#[derive(Clone, Debug)]
pub enum ElementPattern {
    /// One element.
    One(Pattern),
    /// `..` or `..name`
    Rest {
        /// From `..` on.
        span: Span,
        /// What it binds.
        name: Option<Ident>,
    },
}

/// An operator before its operand.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum UnaryOp {
    /// `-`
    Neg,
    /// `not`
    Not,
}

/// An operator between its operands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum BinaryOp {
    /// `**`
    Pow,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `%`
    Rem,
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `<<`
    Shl,
    /// `>>`
    Shr,
    /// `&`
    BitAnd,
    /// `^`
    BitXor,
    /// `|`
    BitOr,
    /// `??`
    Coalesce,
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
    /// `and`
    And,
    /// `or`
    Or,
}

impl BinaryOp {
    /// As it is written.
    pub fn text(self) -> &'static str {
        match self {
            Self::Pow => "**",
            Self::Mul => "*",
            Self::Div => "/",
            Self::Rem => "%",
            Self::Add => "+",
            Self::Sub => "-",
            Self::Shl => "<<",
            Self::Shr => ">>",
            Self::BitAnd => "&",
            Self::BitXor => "^",
            Self::BitOr => "|",
            Self::Coalesce => "??",
            Self::Eq => "==",
            Self::Ne => "!=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
            Self::And => "and",
            Self::Or => "or",
        }
    }
}
