//! The instances of functions and closures, and the worklist over them.

use std::collections::{HashMap, VecDeque};

use dynop_base::{Diagnostic, FileId, Span};
use dynop_ir::{self as ir, TypeId};
use dynop_sema::hir;
use dynop_sema::substitute::{measure, substitute};
use dynop_sema::ty::Ty;

use crate::closures::{Code, CodeId, CodeKey};
use crate::types::{LARGEST_TYPE, TypeTable};

/// How deep closures over closures may be compiled into each other; deeper ones become values that are called through a
/// pointer. Programs written by hand hardly pass 5; recursion that wraps its own closure would never stop.
pub(crate) const DEEPEST_CODE: usize = 64;
/// From this depth on a function is not compiled anew for every closure once it has [`MOST_SPECIALISED`] instances:
/// recursion with two such calls would double the instances with each level.
const WATCHED_DEPTH: usize = 4;
const MOST_SPECIALISED: usize = 64;
/// More instances than this are taken for generics without end.
const MOST_INSTANCES: usize = 50_000;

/// What a parameter of an instance is given.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Shape {
    /// A value.
    Value,
    /// A closure whose code is known: its captures stand for it.
    Code(CodeId),
}

/// What an IR function is made of.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum InstanceKey {
    /// A function.
    Function {
        function: hir::FunctionId,
        type_args: Vec<Ty>,
        shapes: Vec<Shape>,
    },
    /// The body of an op, whose outputs leave by the op's protocol.
    Op {
        function: hir::FunctionId,
        type_args: Vec<Ty>,
    },
    /// The code of a closure, called with its captures before its arguments.
    Code { code: CodeId, shapes: Vec<Shape> },
    /// The code of a closure value.
    Value { code: CodeId },
}

/// An instance and who first asked for it.
struct Instance {
    key: InstanceKey,
    requested: Option<Request>,
}

#[derive(Clone, Copy)]
struct Request {
    span: Span,
    by: ir::FunctionId,
}

/// The state of the whole room.
pub(crate) struct Lowering<'p> {
    pub(crate) program: &'p hir::Program,
    pub(crate) types: TypeTable,
    instances: Vec<Instance>,
    ids: HashMap<InstanceKey, ir::FunctionId>,
    specialised: HashMap<(hir::FunctionId, Vec<Ty>), usize>,
    functions: Vec<Option<ir::Function>>,
    queue: VecDeque<ir::FunctionId>,
    current: Option<ir::FunctionId>,
    pub(crate) codes: Vec<Code<'p>>,
    pub(crate) code_ids: HashMap<CodeKey, CodeId>,
    names: HashMap<String, usize>,
    diagnostics: Vec<Diagnostic>,
    // Whether generics without end were found.
    stopped: bool,
}

impl<'p> Lowering<'p> {
    pub(crate) fn new(program: &'p hir::Program) -> Self {
        Self {
            program,
            types: TypeTable::default(),
            instances: Vec::new(),
            ids: HashMap::new(),
            specialised: HashMap::new(),
            functions: Vec::new(),
            queue: VecDeque::new(),
            current: None,
            codes: Vec::new(),
            code_ids: HashMap::new(),
            names: HashMap::new(),
            diagnostics: Vec::new(),
            stopped: false,
        }
    }

    /// The entry of an op of the plan.
    pub(crate) fn op(&mut self, function: hir::FunctionId, type_args: &[Ty]) -> ir::OpEntry {
        let returns_output = self.declared(function).is_some_and(|declared| {
            dynop_sema::hir::returns_output(&declared.outputs, &declared.result)
        });
        let key = InstanceKey::Op {
            function,
            type_args: type_args.to_vec(),
        };
        ir::OpEntry {
            function: self.instance(key, None),
            returns_output,
        }
    }

    /// A declared function.
    pub(crate) fn declared(&self, id: hir::FunctionId) -> Option<&'p hir::Function> {
        self.program.functions.get(id.0 as usize)
    }

    /// The IR function of an instance; it is built later.
    pub(crate) fn instance(&mut self, key: InstanceKey, span: Option<Span>) -> ir::FunctionId {
        if let Some(&id) = self.ids.get(&key) {
            return id;
        }
        let id = ir::FunctionId(self.instances.len() as u32);
        if let InstanceKey::Function {
            function,
            type_args,
            shapes,
        } = &key
        {
            if shapes.iter().any(|shape| *shape != Shape::Value) {
                let count = self
                    .specialised
                    .entry((*function, type_args.clone()))
                    .or_default();
                *count += 1;
            }
            if type_args
                .iter()
                .any(|ty| measure(ty, LARGEST_TYPE) > LARGEST_TYPE)
                || self.instances.len() == MOST_INSTANCES
            {
                // Nothing more is built: the diagnostic stands, and the queue must come to an end.
                self.endless(span);
                self.stopped = true;
            }
        }
        self.ids.insert(key.clone(), id);
        self.instances.push(Instance {
            key,
            requested: span
                .zip(self.current)
                .map(|(span, by)| Request { span, by }),
        });
        self.functions.push(None);
        self.queue.push_back(id);
        id
    }

    /// Whether a function may be compiled for this closure, or takes it as a value.
    pub(crate) fn may_specialise(
        &self,
        function: hir::FunctionId,
        type_args: &[Ty],
        code: CodeId,
    ) -> bool {
        let depth = self.code(code).map_or(0, |code| code.depth);
        if depth > DEEPEST_CODE {
            return false;
        }
        let count = self.specialised.get(&(function, type_args.to_vec()));
        depth <= WATCHED_DEPTH || count.is_none_or(|count| *count < MOST_SPECIALISED)
    }

    /// Builds what was asked for, until nothing more is.
    pub(crate) fn work_off(&mut self) {
        while let Some(id) = self.queue.pop_front() {
            if self.stopped {
                break;
            }
            let Some(instance) = self.instances.get(id.0 as usize) else {
                continue;
            };
            let key = instance.key.clone();
            self.current = Some(id);
            let function = crate::builder::build(self, &key);
            self.current = None;
            if let Some(slot) = self.functions.get_mut(id.0 as usize) {
                *slot = function;
            }
        }
    }

    /// The program, unless something was reported.
    pub(crate) fn finish(
        mut self,
        ops: Vec<ir::OpEntry>,
        plan_types: Vec<TypeId>,
    ) -> Result<ir::Program, Vec<Diagnostic>> {
        if self.diagnostics.is_empty()
            && let Some(functions) = self.functions.drain(..).collect::<Option<Vec<_>>>()
        {
            return Ok(ir::Program {
                types: self.types.types,
                functions,
                ops,
                plan_types,
            });
        }
        self.diagnostics
            .sort_by(|a, b| (a.primary.span, &a.message).cmp(&(b.primary.span, &b.message)));
        self.diagnostics
            .dedup_by(|a, b| a.primary.span == b.primary.span && a.message == b.message);
        if self.diagnostics.is_empty() {
            // An instance without a body: the program has errors, of which the checker has spoken.
            self.unsupported("programs with errors", None);
        }
        Err(self.diagnostics)
    }

    /// Adds a finding.
    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Whether a file belongs to the standard library.
    pub(crate) fn is_std(&self, file: FileId) -> bool {
        self.program.library.contains(&file)
    }

    /// A place in the user's own files: `span`, or, where it lies in the standard library, the call that led there.
    pub(crate) fn user_span(&self, span: Option<Span>) -> Span {
        let mut found = span;
        let mut by = self.current;
        while found.is_none_or(|span| self.program.library.contains(&span.file)) {
            let request = by
                .and_then(|id| self.instances.get(id.0 as usize))
                .and_then(|instance| instance.requested);
            let Some(request) = request else {
                break;
            };
            found = Some(request.span);
            by = Some(request.by);
        }
        let main = self.program.main.unwrap_or(FileId(0));
        found.unwrap_or(Span::new(main, 0, 0))
    }

    /// A unique symbol that begins with `name`.
    pub(crate) fn symbol(&mut self, name: &str) -> String {
        let count = self.names.entry(name.to_string()).or_default();
        *count += 1;
        if *count == 1 {
            name.to_string()
        } else {
            format!("{name}${count}")
        }
    }

    /// What a call gives: the result unless `()`, then the `var` parameters.
    pub(crate) fn results(&self, function: &hir::Function, type_args: &[Ty]) -> Results {
        let result = substitute(&hir::call_type(function), type_args);
        let value = !matches!(result, Ty::Unit | Ty::Never);
        let in_outs = function.params.iter().filter(|param| param.var);
        let mut parts: Vec<Ty> = in_outs
            .map(|param| substitute(&param.ty, type_args))
            .collect();
        if value {
            parts.insert(0, result);
        }
        Results { value, parts }
    }
}

/// What a function gives back.
pub(crate) struct Results {
    /// Whether the first part is the function's own result; the others are its `var` parameters.
    pub(crate) value: bool,
    /// None: `()`; one: itself; more: a tuple.
    pub(crate) parts: Vec<Ty>,
}

impl Results {
    /// The type that the IR function returns.
    pub(crate) fn ty(&self) -> Ty {
        match self.parts.as_slice() {
            [] => Ty::Unit,
            [part] => part.clone(),
            parts => Ty::Tuple(parts.into()),
        }
    }
}
