//! Moves a tree to another place of the text: what is parsed once is used again after an edit elsewhere in its file.

use dynop_base::{Diagnostic, Edit, FileId, Fix, Label, Span, Symbol};

use crate::ast::{
    Arg, Arm, Attribute, BinaryOp, Block, Body, ClosureParam, ConstDecl, Element, ElementPattern,
    EnumDecl, Expr, ExprKind, FPart, FieldDecl, FieldPattern, FunctionDecl, FunctionKind, Ident,
    Import, Item, ItemKind, NodeId, Param, Pattern, PatternKind, Stmt, StmtKind, StructDecl,
    TestDecl, TupleField, TupleTypeField, Type, TypeAlias, TypeKind, UnaryOp, VariantDecl,
};

/// How far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct By {
    /// The file that it is moved to.
    pub file: FileId,
    /// Bytes.
    pub bytes: i64,
    /// Numbers of nodes.
    pub ids: i64,
}

impl By {
    /// Whether everything stays where it is.
    pub fn nothing(self, from: FileId) -> bool {
        self.file == from && self.bytes == 0 && self.ids == 0
    }
}

/// Whatever has places in it.
pub(crate) trait Shift {
    /// Moves all places and ids in it.
    fn shift(&mut self, by: By);
}

fn moved(number: u32, by: i64) -> u32 {
    u32::try_from(i64::from(number) + by).unwrap_or(number)
}

impl Shift for Span {
    fn shift(&mut self, by: By) {
        self.file = by.file;
        self.start = moved(self.start, by.bytes);
        self.end = moved(self.end, by.bytes);
    }
}

impl Shift for NodeId {
    fn shift(&mut self, by: By) {
        self.0 = moved(self.0, by.ids);
    }
}

impl<T: Shift> Shift for Vec<T> {
    fn shift(&mut self, by: By) {
        self.iter_mut().for_each(|one| one.shift(by));
    }
}

impl<T: Shift> Shift for Option<T> {
    fn shift(&mut self, by: By) {
        self.iter_mut().for_each(|one| one.shift(by));
    }
}

impl<T: Shift> Shift for Box<T> {
    fn shift(&mut self, by: By) {
        (**self).shift(by);
    }
}

impl<A: Shift, B: Shift> Shift for (A, B) {
    fn shift(&mut self, by: By) {
        self.0.shift(by);
        self.1.shift(by);
    }
}

/// What has no place.
macro_rules! still {
    ($($ty:ty),*) => {
        $(impl Shift for $ty {
            fn shift(&mut self, _: By) {}
        })*
    };
}

still!(
    Symbol,
    String,
    bool,
    u64,
    f64,
    u8,
    BinaryOp,
    UnaryOp,
    FunctionKind
);

/// Structs, with all their fields: one that is forgotten does not compile.
macro_rules! whole {
    ($($ty:ident { $($field:ident),* })*) => {
        $(impl Shift for $ty {
            fn shift(&mut self, by: By) {
                let $ty { $($field),* } = self;
                $($field.shift(by);)*
            }
        })*
    };
}

whole! {
    Ident { name, span }
    Item { id, span, docs, attributes, public, kind }
    Import { path, alias }
    ConstDecl { name, ty, value }
    TypeAlias { name, generics, ty }
    StructDecl { name, generics, fields }
    FieldDecl { span, docs, name, ty, default }
    EnumDecl { name, generics, variants }
    VariantDecl { span, docs, name, payload }
    FunctionDecl { kind, name, generics, params, result, body }
    Param { span, docs, var, name, ty, default }
    TestDecl { name, name_span, function }
    Attribute { span, name, args }
    Type { id, span, kind }
    TupleTypeField { name, ty }
    Block { span, stmts }
    Stmt { span, kind }
    Expr { id, span, kind }
    TupleField { name, value }
    Element { spread, value }
    Arg { span, name, spread, value }
    ClosureParam { pattern, ty }
    Arm { span, pattern, guard, body }
    Pattern { id, span, kind }
    FieldPattern { name, pattern }
    Label { span, text }
    Fix { title, edits, applicability }
    Edit { span, text }
}

still!(dynop_base::Applicability);

impl Shift for Diagnostic {
    fn shift(&mut self, by: By) {
        self.primary.shift(by);
        self.labels.shift(by);
        self.fixes.shift(by);
    }
}

/// Enums, with all their cases and fields.
macro_rules! cases {
    ($($ty:ident { $($case:ident $(($($part:ident),*))? $({ $($field:ident),* })?)* })*) => {
        $(impl Shift for $ty {
            fn shift(&mut self, by: By) {
                match self {
                    $($ty::$case $(($($part),*))? $({ $($field),* })? => {
                        $($($part.shift(by);)*)?
                        $($($field.shift(by);)*)?
                    })*
                }
            }
        })*
    };
}

#[rustfmt::skip]
cases! {
    ItemKind {
        Import(a) Const(a) TypeAlias(a) Struct(a) Enum(a) Function(a) Test(a) Error
    }
    Body { Block(a) Extern { text, span } Error }
    TypeKind {
        Name { path, args } Optional(a) Tuple(a) Function { params, result } Error
    }
    StmtKind {
        Let { var, pattern, ty, value } Assign { place, op, value } Yield(a) Assert(a)
        While { condition, body } For { pattern, iterable, body } Expr(a) Error
    }
    ExprKind {
        Int(a) Float(a) Bool(a) Str(a) FString(a) Bytes(a) Duration(a) Size(a) None Shell(a) Name(a) Paren(a)
        Tuple(a) List(a) Map(a) Field { base, name, optional } Call { callee, type_args, args, args_span }
        Index { base, index } Unary { op, operand } Binary { op, op_span, left, right }
        Range { start, end, inclusive } Closure { params, body } If { condition, then, otherwise }
        Match { scrutinee, arms } Block(a) Try { body, error, handler } Fail { message, retry } Return(a) Break
        Continue As { value, name } Run { call, replacements } Error
    }
    FPart { Text { text, span } Value { value, format, span } }
    PatternKind {
        Wildcard Name(a) Literal(a) Range { start, end, inclusive } None Tuple(a) Constructor { path, fields, rest }
        List(a) Or(a) Error
    }
    ElementPattern { One(a) Rest { span, name } }
}
