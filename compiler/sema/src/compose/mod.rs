//! Composition: what jobs mean, as a typed tree that `plan` evaluates.
//!
//! A composition runs once, in the compiler. Its values are outputs that do not exist yet, so its types are not those of
//! computation: [`CTy`] tells a value from a dynamic output of values, and both from a group of them, which has no
//! existence at run time.

use dynop_base::{Span, Symbol};

use crate::hir::{Expr, FunctionId};
use crate::ty::Ty;

mod argument;
mod broken;
mod check;
mod control;
mod expressions;
mod fit;
mod invoke;
mod join;
mod map;
mod method;
mod patterns;
mod reach;
pub(crate) mod text;
mod usage;

pub use check::check;
pub use reach::{Instance, ops_of_jobs};

/// The checked body of a `job` or `graph`.
#[derive(Clone, Debug)]
pub struct Composition {
    /// What its body gives.
    pub body: Node,
}

/// Names a binding of a composition: a `let` name or a parameter of a closure.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct BindingId(pub u32);

/// Type of a node.
#[derive(Clone, PartialEq, Debug)]
pub enum CTy {
    /// A value at run time.
    Value(Ty),
    /// A dynamic output of these.
    Dynamic(Box<CTy>),
    /// Several things at once: the outputs of an op, a tuple in a composition.
    Group(Vec<(Option<Symbol>, CTy)>),
    /// Broken, and reported.
    Error,
}

/// An expression of a composition.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Its type.
    pub ty: CTy,
    /// Its place.
    pub span: Span,
}

/// What a node is.
#[derive(Clone, Debug)]
pub enum NodeKind {
    /// Known to the compiler.
    Const(Expr),
    /// An expression of constants and of names that stand for constants when the composition is evaluated.
    Computed(Box<Computed>),
    /// A parameter of the job or graph.
    Param(u32),
    /// A name.
    Bound(BindingId),
    /// An invocation: of an op, a step; of a graph, the steps of its body.
    Invoke(Box<Invocation>),
    /// `source.map(|item, key| body)`
    Map {
        /// A dynamic output.
        source: Box<Node>,
        /// The item.
        item: BindingId,
        /// The key.
        key: Option<BindingId>,
        /// What is made of each item.
        body: Box<Node>,
    },
    /// `source.collect()` and its like
    Collect {
        /// A dynamic output.
        source: Box<Node>,
        /// What it gives.
        into: Gathering,
    },
    /// `source.flatten()`: two levels of a dynamic output as one.
    Flatten(Box<Node>),
    /// `left.zip(right)`, `left.concat(right)`: a step.
    Join(Box<Join>),
    /// `source.filter(…)`: a step.
    Filter(Box<Filter>),
    /// `if` on a constant.
    If(Box<If>),
    /// `for` over a constant list: its body once an element.
    For(Box<For>),
    /// A part of a group.
    Part {
        /// The group.
        base: Box<Node>,
        /// Which.
        index: usize,
    },
    /// A group, or, where a value is wanted, a tuple.
    Group(Vec<Node>),
    /// A list of values: static fan-in.
    List(Vec<Node>),
    /// A `T` where a `T?` is wanted.
    Some(Box<Node>),
    /// `{ let …; value }`
    Block {
        /// Bindings, and invocations whose result nobody names, in order.
        lets: Vec<(Pattern, Node)>,
        /// The value; `()` if `None`.
        value: Option<Box<Node>>,
    },
    /// Broken, and reported.
    Error,
}

/// What a fan-in gives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Gathering {
    /// `collect`: a list.
    List,
    /// `collect_keyed`: a map by key.
    Keyed,
    /// `collect_results`: a list of results.
    Results,
}

/// A constant expression with names in it.
#[derive(Clone, Debug)]
pub struct Computed {
    /// The expression; its locals are the names, by number.
    pub value: Expr,
    /// What the locals stand for.
    pub names: Vec<Name>,
}

/// A name that stands for a constant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Name {
    /// A parameter of the graph, which must then be given a constant.
    Param(u32),
    /// A variable of an unrolled loop, or a `let` of a constant.
    Binding(BindingId),
}

/// Two dynamic outputs made one.
#[derive(Clone, Debug)]
pub struct Join {
    /// Whether items are paired by key (`zip`), or all of the right come after all of the left (`concat`).
    pub pairs: bool,
    /// The left one.
    pub left: Node,
    /// The right one.
    pub right: Node,
    /// The name given by `as`.
    pub name: Option<(Symbol, Span)>,
}

/// Items of a dynamic output that are kept.
#[derive(Clone, Debug)]
pub struct Filter {
    /// The dynamic output.
    pub source: Node,
    /// The item.
    pub item: BindingId,
    /// The key.
    pub key: Option<BindingId>,
    /// Whether it is kept, a `Bool`.
    pub body: Node,
    /// The name given by `as`.
    pub name: Option<(Symbol, Span)>,
}

/// A choice that the compiler makes.
#[derive(Clone, Debug)]
pub struct If {
    /// A constant `Bool`.
    pub condition: Node,
    /// If it is true.
    pub then: Node,
    /// If it is not; nothing if there is none.
    pub otherwise: Option<Node>,
}

/// A loop that the compiler unrolls.
#[derive(Clone, Debug)]
pub struct For {
    /// What each element is bound to.
    pub pattern: Pattern,
    /// A constant list, range or map.
    pub iterable: Node,
    /// What is evaluated for each element; its value is of no use.
    pub body: Node,
}

/// What a `let` binds.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// Nothing.
    Ignore,
    /// One name.
    Name(BindingId),
    /// The parts of a group.
    Parts(Vec<Pattern>),
}

/// An op or graph with its arguments.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// Which op or graph.
    pub function: FunctionId,
    /// Its type arguments.
    pub type_args: Vec<Ty>,
    /// One a parameter.
    pub args: Vec<Node>,
    /// The name given by `as`.
    pub name: Option<(Symbol, Span)>,
    /// What it waits for besides its arguments.
    pub after: Vec<Node>,
    /// What `.with(…)` says of its run.
    pub with: Vec<crate::policy::Setting>,
}

impl Node {
    pub(crate) fn error(span: Span) -> Self {
        Self {
            kind: NodeKind::Error,
            ty: CTy::Error,
            span,
        }
    }

    pub(crate) fn is_error(&self) -> bool {
        matches!(self.kind, NodeKind::Error)
    }
}

impl CTy {
    /// What a `map` gives whose closure gives this.
    pub fn mapped(self) -> CTy {
        match self {
            CTy::Group(parts) => CTy::Group(
                parts
                    .into_iter()
                    .map(|(name, ty)| (name, ty.mapped()))
                    .collect(),
            ),
            CTy::Error => CTy::Error,
            one => CTy::Dynamic(Box::new(one)),
        }
    }

    /// Of how many parts it is made.
    pub(crate) fn parts(&self) -> usize {
        match self {
            CTy::Value(_) | CTy::Error => 1,
            CTy::Dynamic(item) => item.parts().saturating_add(1),
            CTy::Group(parts) => parts
                .iter()
                .fold(1, |sum, (_, ty)| sum.saturating_add(ty.parts())),
        }
    }

    /// As a type of the language; a group is a tuple.
    pub fn as_ty(&self) -> Ty {
        match self {
            CTy::Value(ty) => ty.clone(),
            CTy::Dynamic(item) => Ty::dynamic(item.as_ty()),
            CTy::Error => Ty::Error,
            CTy::Group(parts) => {
                let named: Option<Vec<(Symbol, Ty)>> = parts
                    .iter()
                    .map(|(name, ty)| Some(((*name)?, ty.as_ty())))
                    .collect();
                match named {
                    Some(fields) if !fields.is_empty() => Ty::NamedTuple(fields.into()),
                    _ => Ty::Tuple(parts.iter().map(|(_, ty)| ty.as_ty()).collect()),
                }
            }
        }
    }
}
