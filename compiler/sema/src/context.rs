//! What is known of all items while bodies are checked: names, signatures, declarations.
//!
//! Built once by [`crate::names`] and [`crate::signatures`]; the checkers of bodies and of compositions read it and
//! never change it.

use std::cell::Cell;
use std::collections::HashMap;

use dynop_base::{Span, Symbol, nearest};
use dynop_syntax::ast;

use crate::hir::{self, ConstId, EnumId, FunctionId, StructId};
use crate::record::Recorder;
use crate::ty::Ty;
use crate::{Input, Role};

/// Names a module: its index in the inputs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ModuleId(pub u32);

impl ModuleId {
    /// What an import that leads nowhere binds its name to: a module of whose names nothing more is said.
    pub const MISSING: ModuleId = ModuleId(u32::MAX);
}

/// Names an alias of [`Context::aliases`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct AliasId(pub u32);

/// What a name of a module stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Definition {
    /// A `fn`, `op`, `graph` or `job`; in the standard library the first of its overloads.
    Function(FunctionId),
    /// A struct.
    Struct(StructId),
    /// An enum.
    Enum(EnumId),
    /// A constant.
    Const(ConstId),
    /// A type alias.
    Alias(AliasId),
    /// Another file.
    Module(ModuleId),
}

/// A named entry of a module.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// What it is.
    pub definition: Definition,
    /// Where the name is bound.
    pub span: Span,
    /// Whether other files see it.
    pub public: bool,
}

/// A function's declaration, beside its entry in [`hir::Program::functions`].
#[derive(Clone, Copy, Debug)]
pub struct FunctionItem<'a> {
    /// The file it is in.
    pub module: ModuleId,
    /// The item around it.
    pub item: &'a ast::Item,
    /// The declaration.
    pub decl: &'a ast::FunctionDecl,
    /// The next function of the same name; in the standard library alone.
    pub overload: Option<FunctionId>,
}

/// A struct's, enum's or constant's declaration.
#[derive(Debug)]
pub struct Declared<'a, D> {
    /// The file it is in.
    pub module: ModuleId,
    /// The declaration.
    pub decl: &'a D,
}

// Not derived: a derive would ask for `D: Copy`.
impl<D> Clone for Declared<'_, D> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<D> Copy for Declared<'_, D> {}

/// Everything known about items.
pub struct Context<'a> {
    /// The modules, as the caller gave them.
    pub inputs: &'a [Input<'a>],
    /// The program so far: signatures and types without bodies.
    pub program: hir::Program,
    /// Beside [`hir::Program::functions`].
    pub functions: Vec<FunctionItem<'a>>,
    /// Beside [`hir::Program::structs`].
    pub structs: Vec<Declared<'a, ast::StructDecl>>,
    /// Beside [`hir::Program::enums`].
    pub enums: Vec<Declared<'a, ast::EnumDecl>>,
    /// Beside [`hir::Program::consts`].
    pub consts: Vec<Declared<'a, ast::ConstDecl>>,
    /// Type aliases.
    pub aliases: Vec<Declared<'a, ast::TypeAlias>>,
    /// What each alias stands for; [`Ty::Param`] counts its own parameters.
    pub alias_types: Vec<Ty>,
    /// The names of each module.
    pub scopes: Vec<HashMap<Symbol, Entry>>,
    /// The standard library's modules by name.
    pub std_modules: HashMap<Symbol, ModuleId>,
    /// The module whose functions are in scope everywhere.
    pub core: Option<ModuleId>,
    /// The ops that each job invokes, by function; empty until the compositions are checked.
    pub reached: Vec<Vec<crate::compose::Instance>>,
    /// How many more unknown names are told their nearest one: each takes a look at every name there is.
    pub suggestions: Cell<u32>,
    /// Where it is written down what names stand for.
    pub recorder: Recorder,
}

/// See [`Context::suggestions`]: beyond so many, a program lacks a file rather than letters.
pub const SUGGESTIONS: u32 = 200;

impl<'a> Context<'a> {
    /// What `name` stands for in `module`: its own items and imports, then what is in scope everywhere, then the
    /// standard library's modules.
    pub fn resolve(&self, module: ModuleId, name: Symbol) -> Option<Definition> {
        if let Some(entry) = self.scope(module).and_then(|scope| scope.get(&name)) {
            return Some(entry.definition);
        }
        if let Some(entry) = self.core.and_then(|core| self.scope(core)?.get(&name))
            && entry.public
        {
            return Some(entry.definition);
        }
        self.std_modules
            .get(&name)
            .map(|&module| Definition::Module(module))
    }

    /// The module that `name` stands for before a point: as [`Self::resolve`] has it, but what is in scope everywhere does
    /// not hide a module of its name, so that `log(…)` and `log.warn(…)` live together.
    pub fn resolve_module(&self, module: ModuleId, name: Symbol) -> Option<ModuleId> {
        match self.scope(module).and_then(|scope| scope.get(&name)) {
            Some(entry) => match entry.definition {
                Definition::Module(found) => Some(found),
                _ => None,
            },
            None => self.std_modules.get(&name).copied(),
        }
    }

    /// The names of a module.
    pub fn scope(&self, module: ModuleId) -> Option<&HashMap<Symbol, Entry>> {
        self.scopes.get(module.0 as usize)
    }

    /// An entry of another module, whether public or not.
    pub fn member(&self, module: ModuleId, name: Symbol) -> Option<Entry> {
        self.scope(module)?.get(&name).copied()
    }

    /// Whether a module belongs to the standard library.
    pub fn is_std(&self, module: ModuleId) -> bool {
        self.inputs
            .get(module.0 as usize)
            .is_some_and(|input| matches!(input.role, Role::Std(_)))
    }

    /// A module as a message names it.
    pub fn module_name(&self, module: ModuleId) -> &str {
        match self.inputs.get(module.0 as usize).map(|input| &input.role) {
            Some(Role::Std(name) | Role::Import(name)) => name,
            _ => "this file",
        }
    }

    /// The functions of a name, first to last overload.
    pub fn overloads(&self, first: FunctionId) -> impl Iterator<Item = FunctionId> + '_ {
        std::iter::successors(Some(first), |&id| self.functions[id.0 as usize].overload)
    }

    /// A function's signature.
    pub fn function(&self, id: FunctionId) -> &hir::Function {
        &self.program.functions[id.0 as usize]
    }

    /// A struct.
    pub fn struct_of(&self, id: StructId) -> &hir::Struct {
        &self.program.structs[id.0 as usize]
    }

    /// An enum.
    pub fn enum_of(&self, id: EnumId) -> &hir::Enum {
        &self.program.enums[id.0 as usize]
    }

    /// `Result` of the standard library.
    pub fn result_enum(&self) -> Option<EnumId> {
        match self.core_item("Result")? {
            Definition::Enum(id) => Some(id),
            _ => None,
        }
    }

    /// `Json` of the standard library.
    pub fn json_enum(&self) -> Option<EnumId> {
        match self.core_item("Json")? {
            Definition::Enum(id) => Some(id),
            _ => None,
        }
    }

    /// `Result<item>`; [`Ty::Error`] without the standard library.
    pub fn result_of(&self, item: Ty) -> Ty {
        match self.result_enum() {
            Some(id) => Ty::Enum(id, [item].into()),
            None => Ty::Error,
        }
    }

    /// `Failure` of the standard library.
    pub fn failure_struct(&self) -> Option<StructId> {
        match self.core_item("Failure")? {
            Definition::Struct(id) => Some(id),
            _ => None,
        }
    }

    fn is_core_struct(&self, id: StructId, name: &str) -> bool {
        self.struct_of(id).name == name && self.core_item(name) == Some(Definition::Struct(id))
    }

    fn core_item(&self, name: &str) -> Option<Definition> {
        let entry = self.member(self.core?, Symbol::new(name))?;
        Some(entry.definition)
    }

    /// The function `run_job` of the standard library, which runs a job for a test.
    pub fn run_job_function(&self) -> Option<FunctionId> {
        match self.core_item("run_job")? {
            Definition::Function(id) => Some(id),
            _ => None,
        }
    }

    /// The module of methods on values of a type: `list.dyn` for a `List`.
    pub fn methods_of(&self, ty: &Ty) -> Option<ModuleId> {
        let name = match ty {
            Ty::Struct(id, _) if self.is_core_struct(*id, "JobRun") => "job_run",
            Ty::Struct(id, _) if self.is_core_struct(*id, "RunStep") => "run_step",
            Ty::Struct(id, _) => return self.methods_of_struct(*id),
            _ => method_module(ty, self.result_enum(), self.json_enum())?,
        };
        self.std_modules.get(&Symbol::new(name)).copied()
    }

    /// The module of the standard library that a struct is of, whose functions are its methods: `http` for
    /// `http.Response`.
    fn methods_of_struct(&self, id: StructId) -> Option<ModuleId> {
        let module = self.structs.get(id.0 as usize)?.module;
        let mut all = self.std_modules.values().copied();
        all.find(|&one| one == module)
    }

    /// The name in scope nearest to a misspelt one, from the module, core and the standard library's modules, and from
    /// `more` (locals, built-in names).
    pub fn nearest_name(
        &self,
        module: ModuleId,
        name: Symbol,
        more: impl IntoIterator<Item = &'static str>,
    ) -> Option<&'static str> {
        let left = self.suggestions.get();
        if left == 0 {
            return None;
        }
        self.suggestions.set(left - 1);
        let own = self.scope(module).into_iter().flatten();
        let core = self.core.and_then(|core| self.scope(core));
        let core = core.into_iter().flatten().filter(|(_, entry)| entry.public);
        let mut all: Vec<&'static str> = own
            .chain(core)
            .map(|(name, _)| name.as_str())
            .chain(self.std_modules.keys().map(|name| name.as_str()))
            .chain(more)
            .collect();
        // The tables are hash maps: the answer must not depend on their order.
        all.sort_unstable();
        nearest(name.as_str(), all)
    }

    /// The public name of a module nearest to a misspelt one.
    /// Some of the public names of a module, in the order of the alphabet.
    pub fn public_members(&self, module: ModuleId, most: usize) -> Vec<&'static str> {
        let mut all: Vec<&'static str> = self
            .scope(module)
            .into_iter()
            .flatten()
            .filter(|(_, entry)| entry.public)
            .map(|(name, _)| name.as_str())
            .collect();
        all.sort_unstable();
        all.truncate(most);
        all
    }

    /// The nearest of the public names of a module.
    pub fn nearest_member(&self, module: ModuleId, name: Symbol) -> Option<&'static str> {
        let mut all: Vec<&'static str> = self
            .scope(module)
            .into_iter()
            .flatten()
            .filter(|(_, entry)| entry.public)
            .map(|(name, _)| name.as_str())
            .collect();
        all.sort_unstable();
        nearest(name.as_str(), all)
    }
}

/// The name of the standard module of methods on values of a type; `result` and `json` are the enums of the standard
/// library that have methods of their own.
pub fn method_module(
    ty: &Ty,
    result: Option<EnumId>,
    json: Option<EnumId>,
) -> Option<&'static str> {
    Some(match ty {
        Ty::Int => "int",
        Ty::Float => "float",
        Ty::Bool => "bool",
        Ty::Str => "str",
        Ty::Path => "path",
        Ty::Bytes => "bytes",
        Ty::Duration => "duration",
        Ty::Time => "time",
        Ty::Range => "range",
        Ty::List(_) => "list",
        Ty::Map(_) => "map",
        Ty::Set(_) => "set",
        Ty::Option(_) => "option",
        Ty::Enum(id, _) if Some(*id) == result => "result",
        Ty::Enum(id, _) if Some(*id) == json => "json",
        Ty::Iter(_) => "iter",
        _ => return None,
    })
}
