//! Names, types, generics and the rules of composition: from trees to the checked program.
//!
//! [`check`] is the whole room: it takes the parsed files, the standard library's among them, and gives the checked
//! program and what is wrong with it. No IO and no clock: files are loaded by whoever calls. The passes read in order:
//! names ([`names`]), signatures ([`signatures`]), then bodies and compositions.

pub mod abilities;
pub mod aliases;
pub mod body;
pub mod compose;
pub mod constants;
pub mod context;
pub mod display;
pub mod dump;
pub mod exhaustive;
pub mod flow;
pub mod fold;
mod foreign;
pub mod hir;
pub mod infer;
mod lacking;
pub mod names;
pub mod policy;
pub mod record;
pub mod recursion;
pub mod regexes;
pub mod scan;
pub mod signatures;
mod stand_ins;
pub mod standing;
pub mod substitute;
pub mod ty;
pub mod types;
mod unused;
pub mod walk;

#[cfg(test)]
mod tests;

use dynop_base::Diagnostic;
use dynop_syntax::ast::{Body, FunctionKind, Module, NodeId};

use crate::hir::FunctionId;
use crate::record::Recorder;

/// A parsed file and what it is to the program.
#[derive(Clone, Debug)]
pub struct Input<'a> {
    /// The tree.
    pub module: &'a Module,
    /// What it is.
    pub role: Role,
    /// For each import, by the item's id, what it leads to.
    pub imports: Vec<(NodeId, Imported)>,
}

/// What an import leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Imported {
    /// A file, by its index in the inputs.
    File(usize),
    /// There is no such file; one of a similar name can be imported by this dotted path.
    Missing(Option<String>),
    /// Nothing that could be read, which has been told already.
    Unreadable,
}

/// What a file is to the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// The file given to the compiler.
    Main,
    /// A file imported by another, with its dotted path as messages name it.
    Import(String),
    /// A file of the standard library, with its name without `.dyn`.
    Std(String),
}

/// What [`check`] gives.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The program; complete only if no diagnostic is an error.
    pub program: hir::Program,
    /// What was found, in the order of files and text.
    pub diagnostics: Vec<Diagnostic>,
    /// What names stand for; empty unless asked for.
    pub record: record::Record,
}

/// The stack that checking needs at most, in bytes: trees are at most [`dynop_syntax::MAX_TREE_DEPTH`] deep, and a level
/// of calls within calls takes some ten frames, large ones in debug builds.
const STACK: usize = 64 << 20;

/// Checks a program. Total: it never panics, whatever the trees hold.
pub fn check(inputs: &[Input<'_>]) -> Checked {
    stacker::grow(STACK, || check_here(inputs, Recorder::default(), None).0)
}

/// As [`check`], with a record of what names stand for and which types expressions have.
pub fn check_recorded(inputs: &[Input<'_>]) -> Checked {
    stacker::grow(STACK, || check_here(inputs, Recorder::writing(), None).0)
}

/// As [`check_recorded`], with the library's bodies checked before: they are left out of the program and of the record.
pub fn check_recorded_with(inputs: &[Input<'_>], library: &Library) -> Checked {
    stacker::grow(STACK, || {
        check_here(inputs, Recorder::writing(), Some(library)).0
    })
}

/// The standard library, checked once for many programs that have it: its functions come first in all of them, and what is
/// in their bodies depends on nothing else.
#[derive(Debug)]
pub struct Library {
    /// How many of the first functions of a program are checked.
    functions: usize,
    findings: AllFindings,
    /// What names and types in the library's files stand for.
    pub record: record::Record,
}

impl Library {
    /// Whether programs are checked without it: not if something is wrong in it, which each of them is told.
    pub fn is_known(&self) -> bool {
        self.functions > 0
    }

    /// Checks the library by itself.
    pub fn check(inputs: &[Input<'_>]) -> Self {
        let (checked, findings) =
            stacker::grow(STACK, || check_here(inputs, Recorder::writing(), None));
        let functions = match checked.diagnostics.is_empty() {
            true => checked.program.functions.len(),
            false => 0,
        };
        Self {
            functions,
            findings: findings.into_iter().filter(|_| functions > 0).collect(),
            record: checked.record,
        }
    }
}

/// What checking finds in bodies, each with the function whose body it is.
type AllFindings = Vec<(Option<FunctionId>, body::Findings)>;

fn check_here(
    inputs: &[Input<'_>],
    recorder: Recorder,
    library: Option<&Library>,
) -> (Checked, AllFindings) {
    let mut diagnostics = Vec::new();
    let mut cx = names::collect(inputs, &mut diagnostics);
    cx.recorder = recorder;
    cx.program.json = cx.json_enum();
    signatures::resolve(&mut cx, &mut diagnostics);
    signatures::check_reserved(&cx, &mut diagnostics);
    recursion::check(&cx, &mut diagnostics);
    let mut findings = Vec::new();
    constants::resolve(&mut cx, &mut findings);
    let mut bodies = Vec::with_capacity(cx.functions.len());
    let mut policies = Vec::with_capacity(cx.functions.len());
    let composed: Vec<_> = (0..cx.functions.len())
        .map(|index| composition(&cx, FunctionId(index as u32), &mut findings))
        .collect();
    cx.reached = compose::ops_of_jobs(&cx.program, &composed);
    let known = library.map_or(0, |library| library.functions);
    for (index, composed) in composed.into_iter().enumerate() {
        let id = FunctionId(index as u32);
        let decl = cx.functions[index].decl;
        let body = match (&decl.body, decl.kind) {
            (Body::Block(_), FunctionKind::Fn | FunctionKind::Op) if index < known => {
                hir::FunctionBody::Error
            }
            (Body::Block(block), FunctionKind::Fn | FunctionKind::Op) => {
                let (body, found) = body::check_body(&cx, id, block);
                findings.push((Some(id), found));
                hir::FunctionBody::Code(body)
            }
            (Body::Block(_), FunctionKind::Graph | FunctionKind::Job) => composed,
            (Body::Extern { text, span }, FunctionKind::Op) => {
                foreign::op_body(&cx, id, text, *span)
            }
            _ => cx.program.functions[index].body.clone(),
        };
        bodies.push(body);
        let (settings, found) = policy::of_op(&cx, id);
        findings.push((None, found));
        policies.push(settings);
    }
    for (_, found) in &mut findings {
        diagnostics.append(&mut found.diagnostics);
    }
    let before = library.map_or(&[][..], |library| &library.findings);
    abilities::check(&cx, before.iter().chain(&findings), &mut diagnostics);
    for (function, body) in cx.program.functions.iter_mut().zip(bodies) {
        function.body = body;
    }
    for (function, policy) in cx.program.functions.iter_mut().zip(policies) {
        function.policy = policy;
    }
    let runs = findings
        .iter_mut()
        .flat_map(|(_, found)| found.runs.drain(..));
    stand_ins::add(&mut cx.program, runs);
    regexes::check(&cx, &mut diagnostics);
    // What is wrong may be why something is not used.
    if !diagnostics.iter().any(Diagnostic::is_error) {
        unused::check(inputs, &mut diagnostics);
    }
    diagnostics.sort_by_key(|diagnostic| diagnostic.primary.span);
    diagnostics.iter_mut().for_each(display::mend_articles);
    let checked = Checked {
        program: cx.program,
        diagnostics,
        record: cx.recorder.finish(),
    };
    (checked, findings)
}

/// The checked body of a graph or job; of anything else [`hir::FunctionBody::Error`], which nobody reads.
fn composition(
    cx: &context::Context<'_>,
    id: FunctionId,
    findings: &mut Vec<(Option<FunctionId>, body::Findings)>,
) -> hir::FunctionBody {
    let decl = cx.functions[id.0 as usize].decl;
    let (Body::Block(block), FunctionKind::Graph | FunctionKind::Job) = (&decl.body, decl.kind)
    else {
        return hir::FunctionBody::Error;
    };
    let (composition, found) = compose::check(cx, id, block);
    findings.push((Some(id), found));
    hir::FunctionBody::Composition(composition)
}
