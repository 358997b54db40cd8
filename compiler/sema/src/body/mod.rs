//! Checks computation: the bodies of `fn` and `op`, and constant expressions.
//!
//! One [`BodyChecker`] a body. It walks the tree once, with what is expected coming down and types coming up, and
//! builds the typed tree as it goes; types that are not known yet are variables of [`Infer`], replaced at the end by
//! [`finish`]. The composition checker uses it for the expressions that stand in jobs and graphs.

mod alternatives;
mod arguments;
mod asserts;
mod attempts;
mod blocks;
mod broken;
mod calls;
mod closures;
mod coerce;
mod control;
mod conversions;
mod expressions;
mod finish;
mod formats;
pub(crate) mod known_calls;
mod late;
mod literals;
mod matching;
mod measures;
mod methods;
mod names;
mod narrowing;
mod operators;
mod outputs;
mod patterns;
mod places;
mod postponed;
mod replacements;
mod report;
mod runs;
mod shell;
mod shell_commands;
mod shell_text;
mod statements;
mod structs;
mod type_calls;
mod variants;
mod yielded;

use std::collections::{HashMap, HashSet};

use dynop_base::{Diagnostic, Span, Symbol};
use dynop_syntax::ast::{self, Ident};

pub use coerce::Origin;
pub use replacements::{Instead, NewRun};
pub(crate) use shell_text::pipes_in;

use crate::context::{Context, ModuleId};
use crate::hir::{self, FunctionId, Local, LocalId};
use crate::infer::Infer;
use crate::ty::Ty;
use crate::types::{TypeScope, lower_type};

/// What the expression checker may meet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// The body of a `fn` or `op`.
    Code,
    /// A constant expression: of a `const`, a default, or in a composition.
    Constant,
}

/// Checks one body.
pub struct BodyChecker<'c, 'a> {
    /// The items.
    pub cx: &'c Context<'a>,
    /// The file.
    pub module: ModuleId,
    /// The type parameters in scope.
    pub generics: &'c [Ident],
    /// The function whose body it is.
    pub function: Option<FunctionId>,
    /// What may stand here.
    pub mode: Mode,
    /// The type variables.
    pub infer: Infer,
    /// The locals so far.
    pub locals: Vec<Local>,
    /// What was found.
    pub diagnostics: Vec<Diagnostic>,
    facts: Vec<LocalFacts>,
    scope: HashMap<Symbol, LocalId>,
    // What each name meant before it was bound again, to be restored when the scope ends.
    shadowed: Vec<(Symbol, Option<LocalId>)>,
    frames: Vec<Frame>,
    // Locals whose option is known to hold a value here.
    narrowed: HashSet<LocalId>,
    requirements: Vec<Requirement>,
    // Operators to be looked at when the types are known.
    late: Vec<late::Late>,
    // Closures whose parameters are told by their first call.
    postponed: Vec<postponed::Postponed>,
    // Whether what is found may be taken back.
    attempting: bool,
    instances: Vec<Instance>,
    runs: Vec<NewRun>,
    // Types by place, for the record.
    typed: Vec<(Span, Ty)>,
}

/// What is known of a local besides its type.
#[derive(Clone, Copy, Debug)]
struct LocalFacts {
    // How many closures are around its binding.
    depth: usize,
    // Whether it was read.
    used: bool,
    // Whether a message should be given if it is never read.
    watched: bool,
    // The `let` before it, which a repair makes a `var`.
    keyword: Option<Span>,
    // What can be taken away if it is never read.
    spare: Option<Spare>,
    // A name of a further alternative of a pattern, which stands for the first's.
    alternative: bool,
    origin: Bound,
}

/// What an unused `let` can do without.
#[derive(Clone, Copy, Debug)]
enum Spare {
    // All of it: its value does nothing.
    Statement(Span),
    // What stands before its value, a call, which may do something.
    Name(Span),
}

/// How a local came to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bound {
    /// By `let` or `var`.
    Let,
    /// A parameter of the function.
    Param,
    /// A parameter of a closure.
    ClosureParam,
    /// By `for`.
    For,
    /// In an arm of a `match`.
    Arm,
    /// By `catch`.
    Catch,
}

/// A function or closure that is being checked.
#[derive(Debug)]
struct Frame {
    // What `return` gives; a variable in a closure of unknown result.
    result: Ty,
    origin: Origin,
    // How many loops are open in it.
    loops: usize,
    captures: Vec<LocalId>,
}

/// What a type must be able to do.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum Ability {
    /// `==`
    Equal,
    /// `<`
    Order,
    /// Key of a map or element of a set.
    Key,
    /// `{x}` in an f-string.
    Show,
    /// Is an `Int` or a `Float`.
    Number,
    /// Has a form in JSON.
    Json,
    /// Is a row of a table, or made of a match's groups.
    Row,
    /// Is a `Str` or `Bytes`.
    Data,
}

/// A type of a body that must be able to do something.
#[derive(Clone, Debug)]
pub struct Requirement {
    /// The type.
    pub ty: Ty,
    /// What it must be able to do.
    pub ability: Ability,
    /// Where.
    pub span: Span,
}

/// A use of a generic function.
#[derive(Clone, Debug)]
pub struct Instance {
    /// Which.
    pub function: FunctionId,
    /// Its type arguments.
    pub type_args: Vec<Ty>,
    /// Where.
    pub span: Span,
}

/// What a checked body gives beside the code.
#[derive(Debug, Default)]
pub struct Findings {
    /// What its types must be able to do.
    pub requirements: Vec<Requirement>,
    /// The generic functions it uses.
    pub instances: Vec<Instance>,
    /// What a test runs; see [`crate::stand_ins`].
    pub runs: Vec<NewRun>,
    /// Diagnostics.
    pub diagnostics: Vec<Diagnostic>,
}

impl<'c, 'a> BodyChecker<'c, 'a> {
    /// A checker for an expression or body in `module`.
    pub fn new(cx: &'c Context<'a>, module: ModuleId, generics: &'c [Ident], mode: Mode) -> Self {
        Self {
            cx,
            module,
            generics,
            function: None,
            mode,
            infer: Infer::default(),
            locals: Vec::new(),
            diagnostics: Vec::new(),
            facts: Vec::new(),
            scope: HashMap::new(),
            shadowed: Vec::new(),
            frames: vec![Frame {
                result: Ty::Error,
                origin: Origin::Unknown,
                loops: 0,
                captures: Vec::new(),
            }],
            narrowed: HashSet::new(),
            requirements: Vec::new(),
            late: Vec::new(),
            postponed: Vec::new(),
            attempting: false,
            instances: Vec::new(),
            runs: Vec::new(),
            typed: Vec::new(),
        }
    }

    /// Notes the type of what is at a place, to be recorded once it is known in full.
    fn note_type(&mut self, place: Span, ty: &Ty) {
        if self.cx.recorder.writes() {
            self.typed.push((place, ty.clone()));
        }
    }

    /// Adds a finding.
    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Binds a name in the innermost scope.
    pub fn bind(&mut self, name: Ident, ty: Ty, mutable: bool, origin: Bound) -> LocalId {
        let id = LocalId(self.locals.len() as u32);
        self.cx.note_use(name.span, name.span);
        self.note_type(name.span, &ty);
        self.locals.push(Local {
            name: name.name,
            ty,
            mutable,
            span: name.span,
        });
        self.facts.push(LocalFacts {
            depth: self.frames.len(),
            used: false,
            watched: origin != Bound::Param && !name.name.as_str().starts_with('_'),
            keyword: None,
            spare: None,
            alternative: false,
            origin,
        });
        let before = self.scope.insert(name.name, id);
        self.shadowed.push((name.name, before));
        id
    }

    /// A local without a name, made by the checker.
    pub fn hidden(&mut self, ty: Ty, span: Span) -> LocalId {
        let id = LocalId(self.locals.len() as u32);
        self.locals.push(Local {
            name: Symbol::new("_"),
            ty,
            mutable: false,
            span,
        });
        self.facts.push(LocalFacts {
            depth: self.frames.len(),
            used: true,
            watched: false,
            keyword: None,
            spare: None,
            alternative: false,
            origin: Bound::Let,
        });
        id
    }

    /// Opens a scope; [`BodyChecker::close_scope`] takes the result.
    pub fn open_scope(&self) -> usize {
        self.shadowed.len()
    }

    /// Ends a scope: its names mean again what they meant before.
    pub fn close_scope(&mut self, opened: usize) {
        for (name, before) in self.shadowed.drain(opened..).rev() {
            match before {
                Some(id) => self.scope.insert(name, id),
                None => self.scope.remove(&name),
            };
        }
    }

    /// A written type.
    pub fn written_type(&mut self, written: &ast::Type) -> Ty {
        let scope = TypeScope {
            module: self.module,
            generics: self.generics,
        };
        let ty = lower_type(self.cx, scope, written, &mut self.diagnostics);
        let ty = crate::standing::placed(
            self.cx,
            self.module,
            ty,
            written.span,
            crate::standing::Place::Body,
            &mut self.diagnostics,
        );
        self.require_keys(&ty, written.span);
        ty
    }

    /// Whether the body belongs to the standard library, which may do what users may not.
    pub fn in_std(&self) -> bool {
        self.cx.is_std(self.module)
    }

    /// Notes that a type must be able to do something.
    pub fn require(&mut self, ty: &Ty, ability: Ability, span: Span) {
        self.requirements.push(Requirement {
            ty: ty.clone(),
            ability,
            span,
        });
    }

    /// Notes that the keys of maps and sets in a written type must be keys.
    fn require_keys(&mut self, ty: &Ty, span: Span) {
        let mut keys = Vec::new();
        crate::abilities::keys_in(ty, &mut keys);
        for key in keys {
            self.require(&key, Ability::Key, span);
        }
    }

    fn error_expr(&self, span: Span) -> hir::Expr {
        hir::Expr {
            kind: hir::ExprKind::Error,
            ty: Ty::Error,
            span,
        }
    }
}

/// Checks the body of a `fn` or `op`.
pub fn check_body(cx: &Context<'_>, id: FunctionId, block: &ast::Block) -> (hir::Body, Findings) {
    let item = cx.functions[id.0 as usize];
    let mut checker = BodyChecker::new(cx, item.module, &item.decl.generics, Mode::Code);
    checker.function = Some(id);
    for (param, written) in cx.function(id).params.iter().zip(&item.decl.params) {
        checker.bind(written.name, param.ty.clone(), param.var, Bound::Param);
    }
    let result = hir::body_type(cx.function(id));
    let origin = Origin::Result(id);
    if let Some(frame) = checker.frames.last_mut() {
        frame.result = result.clone();
        frame.origin = origin;
    }
    let value = checker.function_block(block, &result, origin);
    let (body, mut findings) = checker.finish_body(value);
    let function = cx.function(id);
    if function.outputs.form == hir::OutputForm::Yields
        && !findings.diagnostics.iter().any(Diagnostic::is_error)
    {
        crate::flow::check(function, &body.value, &mut findings.diagnostics);
    }
    (body, findings)
}
