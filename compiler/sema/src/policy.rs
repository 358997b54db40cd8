//! Policies: how steps are run, by attributes before ops and by `.with(…)` at invocations.
//!
//! Both are lists of settings whose values the compiler knows. This room checks names and types; `plan` puts a step's
//! settings together, those of the invocation after those of the op.

use dynop_base::codes::{composition, ops};
use dynop_base::{Applicability, Diagnostic, Span, nearest};
use dynop_syntax::ast::{self, ExprKind};

use crate::body::{Findings, Origin};
use crate::compose::{CTy, Node, NodeKind};
use crate::constants::check_constant;
use crate::context::{Context, ModuleId};
use crate::hir::{self, FunctionId};
use crate::signatures::{list_of, unsupported};
use crate::ty::Ty;

/// One setting.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Of what.
    pub what: What,
    /// Its value, a constant of the type that [`What`] says.
    pub value: Node,
}

/// What a setting is of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum What {
    /// How often a failed step is tried again, an `Int`.
    Retry,
    /// The first wait before that, a `Duration`.
    Delay,
    /// How the wait grows, a word as `Str`.
    Backoff,
    /// What chance does to it, a word as `Str`.
    Jitter,
    /// How long an attempt may take, a `Duration`.
    Timeout,
    /// A name of which only so many run at once, a `Str`.
    Concurrency,
    /// How many, an `Int`; of the name before it.
    Limit,
    /// Processors that are reserved, an `Int`.
    Cpus,
    /// Memory that is reserved in bytes, an `Int`.
    Memory,
    /// Whether outputs of earlier runs are taken, a `Bool`.
    Cache,
    /// Whether it has a process of its own, a `Bool`.
    Isolate,
}

/// What the runtime does already.
const RUN: &[What] = &[];

/// An argument that a policy takes.
struct Slot {
    name: &'static str,
    what: What,
    sort: Sort,
}

/// What an argument is.
#[derive(Clone, Copy)]
enum Sort {
    Int,
    Duration,
    Str,
    Bool,
    Word(&'static [&'static str]),
}

const fn slot(name: &'static str, what: What, sort: Sort) -> Slot {
    Slot { name, what, sort }
}

const BACKOFFS: Sort = Sort::Word(&["constant", "linear", "exponential"]);
const JITTERS: Sort = Sort::Word(&["none", "full", "plus_minus"]);

const RETRY: &[Slot] = &[
    slot("max", What::Retry, Sort::Int),
    slot("delay", What::Delay, Sort::Duration),
    slot("backoff", What::Backoff, BACKOFFS),
    slot("jitter", What::Jitter, JITTERS),
];
const TIMEOUT: &[Slot] = &[slot("after", What::Timeout, Sort::Duration)];
const CONCURRENCY: &[Slot] = &[
    slot("name", What::Concurrency, Sort::Str),
    slot("limit", What::Limit, Sort::Int),
];
const RESOURCES: &[Slot] = &[
    slot("cpus", What::Cpus, Sort::Int),
    slot("memory", What::Memory, Sort::Int),
];
const WITH: &[Slot] = &[
    slot("retry", What::Retry, Sort::Int),
    slot("delay", What::Delay, Sort::Duration),
    slot("backoff", What::Backoff, BACKOFFS),
    slot("jitter", What::Jitter, JITTERS),
    slot("timeout", What::Timeout, Sort::Duration),
    slot("concurrency", What::Concurrency, Sort::Str),
    slot("limit", What::Limit, Sort::Int),
    slot("cpus", What::Cpus, Sort::Int),
    slot("memory", What::Memory, Sort::Int),
    slot("cache", What::Cache, Sort::Bool),
    slot("isolate", What::Isolate, Sort::Bool),
];

/// The arguments of an attribute, and how many of the first must be there.
fn slots(attribute: &str) -> (&'static [Slot], usize) {
    match attribute {
        "retry" => (RETRY, 1),
        "timeout" => (TIMEOUT, 1),
        "concurrency" => (CONCURRENCY, 2),
        "resources" => (RESOURCES, 0),
        _ => (&[], 0),
    }
}

/// The names of an attribute's arguments; without an attribute, those of `.with(…)`.
pub fn argument_names(attribute: Option<&str>) -> impl Iterator<Item = &'static str> {
    let slots = attribute.map_or(WITH, |attribute| slots(attribute).0);
    slots.iter().map(|slot| slot.name)
}

/// Why a value is none that a setting may have.
pub fn out_of_range(what: What, value: &hir::ExprKind) -> Option<&'static str> {
    let number = match value {
        hir::ExprKind::Int(number) | hir::ExprKind::Duration(number) => *number,
        hir::ExprKind::Str(text) if text.is_empty() && what == What::Concurrency => {
            return Some("a name that steps share is not empty");
        }
        _ => return None,
    };
    match what {
        What::Retry if number < 0 => Some("a step is tried again 0 times or more"),
        What::Delay if number < 0 => Some("a wait is not negative"),
        What::Timeout if number <= 0 => Some("a timeout is longer than 0"),
        What::Limit if number < 1 => Some("at least 1 step may run at once"),
        What::Cpus if number < 1 => Some("a step needs at least 1 cpu"),
        What::Memory if number < 0 => Some("memory is not negative"),
        _ => None,
    }
}

/// What may stand in place of a value that is out of range.
fn allowed(what: What) -> &'static str {
    match what {
        What::Retry => {
            "write how often it is tried again after the first time: `0` for never, `3` for four attempts at most"
        }
        What::Delay => {
            "write how long to wait before the second attempt, such as `500ms`; `0s` for no wait"
        }
        What::Timeout => {
            "write how long one attempt may take, such as `30s`; without a timeout leave the setting out"
        }
        What::Limit => "write how many may run at once: `1` for one after the other",
        What::Cpus => "write how many it keeps busy: `1` is what a step has anyway",
        What::Memory => "write what it needs at most, such as `512MiB`",
        What::Concurrency => "name what the steps share, such as `\"db\"`",
        What::Backoff => "write `constant`, `linear` or `exponential`",
        What::Jitter => "write `none`, `full` or `plus_minus`",
        What::Cache | What::Isolate => "write `true` or `false`",
    }
}

/// A report of a setting's value.
pub fn wrong_value(span: Span, what: What, why: &str) -> Diagnostic {
    Diagnostic::new(&composition::WRONG_SETTING, span, why)
        .here("not this value")
        .help(allowed(what))
}

/// The settings of the attributes before an op.
pub(crate) fn of_op(cx: &Context<'_>, id: FunctionId) -> (Vec<Setting>, Findings) {
    let item = cx.functions[id.0 as usize];
    let mut findings = Findings::default();
    let mut settings = Vec::new();
    if item.decl.kind != ast::FunctionKind::Op || cx.is_std(item.module) {
        return (settings, findings);
    }
    let mut seen: Vec<ast::Ident> = Vec::new();
    for attribute in &item.item.attributes {
        let name = attribute.name;
        let word = name.name.as_str();
        if !crate::signatures::ATTRIBUTES.contains(&word) {
            continue;
        }
        let again = seen.iter().find(|one| one.name == name.name);
        if let Some(first) = again.filter(|_| word != "concurrency") {
            findings.diagnostics.push(
                Diagnostic::new(
                    &ops::UNKNOWN_ATTRIBUTE,
                    attribute.span,
                    format!("`@{word}` is given twice"),
                )
                .here("again")
                .label(first.span, "already here")
                .help(format!("put all its settings into one `@{word}(…)`")),
            );
            continue;
        }
        seen.push(name);
        settings.extend(of_attribute(
            cx,
            item.module,
            attribute,
            &mut findings.diagnostics,
        ));
    }
    (settings, findings)
}

fn of_attribute(
    cx: &Context<'_>,
    module: ModuleId,
    attribute: &ast::Attribute,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Setting> {
    let word = attribute.name.name.as_str();
    let before = diagnostics.len();
    let (slots, needed) = slots(word);
    let mut matching = Matching {
        place: format!("@{word}"),
        slots,
        positional: word != "resources",
        whole: attribute.span,
        diagnostics,
    };
    let matched = matching.all(&attribute.args, needed);
    let mut settings = Vec::new();
    for (slot, expr) in matched {
        let value = match slot.sort {
            Sort::Word(words) => chosen(expr, words, diagnostics),
            sort => literal_duration(sort, expr).unwrap_or_else(|| {
                let ty = ty_of(sort);
                let (value, mut found) =
                    check_constant(cx, module, &[], expr, Some((&ty, Origin::Unknown)));
                diagnostics.append(&mut found.diagnostics);
                constant(value, expr.span)
            }),
        };
        settings.push(Setting {
            what: slot.what,
            value,
        });
    }
    match word {
        "cache" => settings.push(switched_on(What::Cache, attribute.span)),
        "isolate" => settings.push(switched_on(What::Isolate, attribute.span)),
        _ => {}
    }
    settings
        .iter()
        .for_each(|setting| in_range(cx, setting, diagnostics));
    let run = settings.iter().all(|one| RUN.contains(&one.what));
    if diagnostics.len() == before && !run {
        let what = format!("`@{word}` attributes");
        diagnostics.push(unsupported(&what, attribute.span));
    }
    settings
}

/// The settings of `.with(…)`; `value` checks one.
pub(crate) fn of_invocation(
    cx: &Context<'_>,
    args: &[ast::Arg],
    whole: Span,
    mut value: impl FnMut(&ast::Expr, &Ty) -> Node,
) -> (Vec<Setting>, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let mut matching = Matching {
        place: "with".to_owned(),
        slots: WITH,
        positional: false,
        whole,
        diagnostics: &mut diagnostics,
    };
    let matched = matching.all(args, 0);
    let mut settings = Vec::new();
    for (slot, expr) in matched {
        let value = match slot.sort {
            Sort::Word(words) => chosen(expr, words, &mut diagnostics),
            sort => literal_duration(sort, expr).unwrap_or_else(|| value(expr, &ty_of(sort))),
        };
        settings.push(Setting {
            what: slot.what,
            value,
        });
    }
    settings
        .iter()
        .for_each(|setting| in_range(cx, setting, &mut diagnostics));
    let has = |what| settings.iter().any(|one| one.what == what);
    if has(What::Concurrency) != has(What::Limit) {
        diagnostics.push(
            Diagnostic::new(
                &composition::WRONG_SETTING,
                whole,
                "`concurrency` and `limit` go together",
            )
            .here("one of them is missing")
            .help("write both: `.with(concurrency: \"db\", limit: 4)`"),
        );
    }
    if diagnostics.is_empty()
        && settings.iter().all(|one| !one.value.is_error())
        && settings.iter().any(|one| !RUN.contains(&one.what))
    {
        diagnostics.push(unsupported("`.with(…)` policies", whole));
    }
    (settings, diagnostics)
}

fn ty_of(sort: Sort) -> Ty {
    match sort {
        Sort::Int => Ty::Int,
        Sort::Duration => Ty::Duration,
        Sort::Str | Sort::Word(_) => Ty::Str,
        Sort::Bool => Ty::Bool,
    }
}

fn constant(value: hir::Expr, span: Span) -> Node {
    if value.ty == Ty::Error || matches!(value.kind, hir::ExprKind::Error) {
        return Node::error(span);
    }
    let ty = CTy::Value(value.ty.clone());
    Node {
        kind: NodeKind::Const(value),
        ty,
        span,
    }
}

fn made(kind: hir::ExprKind, ty: Ty, span: Span) -> Node {
    constant(hir::Expr { kind, ty, span }, span)
}

/// A duration that is written out.
fn literal_duration(sort: Sort, expr: &ast::Expr) -> Option<Node> {
    match (sort, &expr.kind) {
        (Sort::Duration, ExprKind::Duration(time)) => {
            let time = i64::try_from(*time).unwrap_or(i64::MAX);
            Some(made(hir::ExprKind::Duration(time), Ty::Duration, expr.span))
        }
        _ => None,
    }
}

fn switched_on(what: What, span: Span) -> Setting {
    Setting {
        what,
        value: made(hir::ExprKind::Bool(true), Ty::Bool, span),
    }
}

/// Says what is wrong with a value that is known here already.
fn in_range(cx: &Context<'_>, setting: &Setting, diagnostics: &mut Vec<Diagnostic>) {
    let NodeKind::Const(value) = &setting.value.kind else {
        return;
    };
    if let Ok(value) = crate::fold::fold(&cx.program.consts, value)
        && let Some(why) = out_of_range(setting.what, &value.kind)
    {
        diagnostics.push(wrong_value(setting.value.span, setting.what, why));
    }
}

/// One of some words, as a `Str`.
fn chosen(expr: &ast::Expr, words: &[&'static str], diagnostics: &mut Vec<Diagnostic>) -> Node {
    let written = match &expr.kind {
        ExprKind::Name(name) => name.as_str(),
        ExprKind::None => "none",
        _ => "",
    };
    if words.contains(&written) {
        return made(hir::ExprKind::Str(written.into()), Ty::Str, expr.span);
    }
    let all = list_of(words.iter().map(|word| format!("`{word}`")));
    let found = Diagnostic::new(
        &composition::WRONG_SETTING,
        expr.span,
        format!("this is none of {all}"),
    )
    .here("no such word");
    diagnostics.push(match nearest(written, words.iter().copied()) {
        Some(near) => found.help(format!("did you mean `{near}`?")).fix(
            format!("change to `{near}`"),
            expr.span,
            near,
            Applicability::Maybe,
        ),
        None => found.help(format!(
            "write one of them as a word, without quotes: {all}"
        )),
    });
    Node::error(expr.span)
}

/// A value as it may be written.
fn sample(what: What) -> &'static str {
    match what {
        What::Retry => "3",
        What::Delay => "1s",
        What::Backoff => "exponential",
        What::Jitter => "full",
        What::Timeout => "30s",
        What::Concurrency => "\"db\"",
        What::Limit => "4",
        What::Cpus => "2",
        What::Memory => "1GiB",
        What::Cache | What::Isolate => "true",
    }
}

/// What a setting of other systems is called here.
fn meant(word: &str) -> Option<&'static str> {
    Some(match word {
        "times" | "max_retries" | "retries" | "attempts" | "count" | "tries" => "max",
        "wait" | "pause" | "interval" | "sleep" => "delay",
        "time" | "seconds" | "duration" => "after",
        "key" | "pool" | "group" => "name",
        "max" | "at_most" | "slots" => "limit",
        "cpu" | "cores" | "threads" => "cpus",
        "mem" | "ram" => "memory",
        _ => return None,
    })
}

/// Which argument is which.
struct Matching<'d> {
    /// The policy as it is written.
    place: String,
    slots: &'static [Slot],
    /// Whether arguments may go by their order.
    positional: bool,
    whole: Span,
    diagnostics: &'d mut Vec<Diagnostic>,
}

impl Matching<'_> {
    fn wrong(&mut self, span: Span, message: String, here: &str) {
        let found = Diagnostic::new(&composition::WRONG_SETTING, span, message).here(here);
        let found = if self.slots.is_empty() {
            found.help(format!("write `{}` alone", self.place))
        } else {
            let names = self.slots.iter().map(|slot| format!("`{}`", slot.name));
            found
                .note(format!("`{}` takes {}", self.place, list_of(names)))
                .help(self.example())
        };
        self.diagnostics.push(found);
    }

    /// A whole one that is right.
    fn example(&self) -> String {
        let first: Vec<String> = self
            .slots
            .iter()
            .filter(|slot| !matches!(slot.sort, Sort::Word(_)))
            .take(2)
            .map(|slot| format!("{}: {}", slot.name, sample(slot.what)))
            .collect();
        let dot = if self.place.starts_with('@') { "" } else { "." };
        format!(
            "write it like this: `{dot}{}({})`",
            self.place,
            first.join(", ")
        )
    }

    fn all<'t>(
        &mut self,
        args: &'t [ast::Arg],
        needed: usize,
    ) -> Vec<(&'static Slot, &'t ast::Expr)> {
        let slots = self.slots;
        let mut out: Vec<(&'static Slot, &'t ast::Expr)> = Vec::new();
        let before = self.diagnostics.len();
        for (index, arg) in args.iter().enumerate() {
            let Some(slot) = self.slot(index, arg) else {
                continue;
            };
            if out.iter().any(|(other, _)| other.what == slot.what) {
                let message = format!("`{}` is given twice", slot.name);
                self.wrong(arg.span, message, "again");
                continue;
            }
            out.push((slot, &arg.value));
        }
        let missing: Vec<&str> = slots[..needed.min(slots.len())]
            .iter()
            .filter(|slot| !out.iter().any(|(other, _)| other.what == slot.what))
            .map(|slot| slot.name)
            .collect();
        if self.diagnostics.len() > before {
            return out;
        }
        if !missing.is_empty() {
            let names = list_of(missing.iter().map(|name| format!("`{name}`")));
            let message = format!("`{}` needs {names}", self.place);
            self.wrong(self.whole, message, "an argument is missing");
        } else if out.is_empty() && !slots.is_empty() {
            let message = format!("`{}` sets nothing", self.place);
            self.wrong(self.whole, message, "has no arguments");
        }
        // The order of the declaration: a limit follows its name.
        out.sort_by_key(|(slot, _)| slots.iter().position(|one| one.what == slot.what));
        out
    }

    fn slot(&mut self, index: usize, arg: &ast::Arg) -> Option<&'static Slot> {
        let slots = self.slots;
        if arg.spread.is_some() {
            self.wrong(arg.span, "nothing is spread here".into(), "not here");
            return None;
        }
        let Some(name) = arg.name else {
            if slots.is_empty() {
                let message = format!("`{}` takes no arguments", self.place);
                self.wrong(arg.span, message, "not wanted");
                return None;
            }
            let slot = slots.get(index).filter(|_| self.positional);
            if slot.is_none() {
                let message = format!("`{}` wants a name before this value", self.place);
                self.wrong(arg.span, message, "which setting this is must be said");
            }
            return slot;
        };
        let found = slots.iter().find(|slot| slot.name == name.name.as_str());
        if found.is_none() {
            self.unknown(name);
        }
        found
    }

    fn unknown(&mut self, name: ast::Ident) {
        let message = format!("`{}` has no setting `{}`", self.place, name.name);
        self.wrong(name.span, message, "no such setting");
        let near = nearest(name.name.as_str(), self.slots.iter().map(|slot| slot.name));
        let meant = meant(name.name.as_str())
            .filter(|meant| self.slots.iter().any(|slot| slot.name == *meant));
        if let Some(near) = near.or(meant)
            && let Some(mut found) = self.diagnostics.pop()
        {
            found.helps.clear();
            self.diagnostics
                .push(found.help(format!("write `{near}` for it")).fix(
                    format!("write `{near}`"),
                    name.span,
                    near,
                    Applicability::Maybe,
                ));
        }
    }
}
