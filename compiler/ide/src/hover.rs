//! What is to be told of a name.

use dynop_base::{FileId, Span};
use dynop_sema::hir::{self, Function, Output};
use dynop_syntax::ast::{Body, ConstDecl, ExprKind, FunctionKind, Item, ItemKind};
use dynop_syntax::walk::Node;

use crate::declared::Declared;
use crate::{Analysis, words};

/// What an editor shows beside a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Hover {
    /// The name's place.
    pub span: Span,
    /// Markdown: a block of code with signature or type, then the doc comment.
    pub markdown: String,
}

/// An item of more lines is shown without the rest.
const MOST_LINES: usize = 30;

impl Analysis {
    /// What is known of what stands at `offset`: of a name its declaration or type, and its doc comment; of an invocation
    /// also the keys of its steps; of a word that is built in, what it does.
    pub fn hover(&self, file: FileId, offset: u32) -> Option<Hover> {
        let Some((span, declared)) = self.name_at(file, offset) else {
            return self.word_hover(file, offset);
        };
        let found = self.declared(declared);
        let mut text = self.head(&found, span, declared);
        if let Declared::Item(item) = &found {
            push_part(&mut text, &self.outputs_text(item));
            push_part(&mut text, &self.value_text(item));
        }
        push_part(&mut text, found.docs().unwrap_or_default());
        push_part(&mut text, &self.steps_text(file, offset, span));
        let markdown = text;
        (!markdown.is_empty()).then_some(Hover { span, markdown })
    }

    /// The block of code that names what is declared.
    fn head(&self, found: &Declared<'_>, place: Span, declared: Span) -> String {
        let name = self.sources().text(declared);
        match found {
            Declared::Item(item) => code(&self.item_text(item)),
            Declared::Field(owner, field) => {
                let ty = self.one_line(field.ty.span);
                code(&format!("{}.{name}: {ty}", owner.name.name))
            }
            Declared::Case(owner, case) => {
                code(&format!("{}.{}", owner.name.name, self.one_line(case.span)))
            }
            Declared::Part(owner, case, part) => {
                let ty = self.one_line(part.ty.span);
                let case = case.name.name;
                code(&format!("{}.{case}.{name}: {ty}", owner.name.name))
            }
            Declared::Param(param) => code(&self.one_line(param.span)),
            Declared::Generic(_) => code(&format!("type parameter {name}")),
            Declared::Output(owner, field) => {
                let ty = self.one_line(field.ty.span);
                code(&format!("output {name}: {ty} of {}", owner.name.name))
            }
            Declared::File(file) => self.file_text(*file),
            Declared::Local(span) => {
                let known = self.type_text(*span).or_else(|| self.type_text(place));
                code(&format!("{name}: {}", known.unwrap_or("_".to_owned())))
            }
        }
    }

    /// The name and the docs of a file.
    fn file_text(&self, file: FileId) -> String {
        let Some(parsed) = self.parsed(file) else {
            return String::new();
        };
        let name = match &parsed.role {
            dynop_sema::Role::Std(name) | dynop_sema::Role::Import(name) => name.clone(),
            dynop_sema::Role::Main => parsed.path.display().to_string(),
        };
        let mut text = code(&format!("module {name}"));
        push_part(&mut text, parsed.module.docs.as_deref().unwrap_or_default());
        text
    }

    /// The type of exactly what is at a place, as it would be written.
    pub(crate) fn type_text(&self, place: Span) -> Option<String> {
        let ty = self.index.type_at(place)?;
        Some(dynop_sema::display::show(&self.checked()?.program, ty))
    }

    /// The value of a constant that is computed from others or by operators, if it is a short one.
    fn value_text(&self, item: &Item) -> String {
        let found = self.const_of(item).filter(|(decl, _)| {
            use ExprKind::{Binary, Name, Paren, Unary};
            matches!(
                decl.value.kind,
                Binary { .. } | Name(_) | Paren(_) | Unary { .. }
            )
        });
        let Some((_, known)) = found else {
            return String::new();
        };
        let consts = self.checked().map(|checked| &checked.program.consts[..]);
        let folded = dynop_sema::fold::fold(consts.unwrap_or_default(), &known.value);
        match folded.map(|value| value.kind) {
            Ok(hir::ExprKind::Int(value)) => format!("Value `{value}`"),
            Ok(hir::ExprKind::Float(value)) => format!("Value `{value:?}`"),
            Ok(hir::ExprKind::Bool(value)) => format!("Value `{value}`"),
            Ok(hir::ExprKind::Str(value)) if value.len() < 200 && !value.contains('`') => {
                format!("Value `{:?}`", &*value)
            }
            _ => String::new(),
        }
    }

    /// A constant as it is written, and as it was checked.
    fn const_of<'a>(&'a self, item: &'a Item) -> Option<(&'a ConstDecl, &'a hir::Const)> {
        let ItemKind::Const(decl) = &item.kind else {
            return None;
        };
        let mut consts = self.checked()?.program.consts.iter();
        let known = consts.find(|known| known.span == decl.name.span)?;
        Some((decl, known))
    }

    /// An item as it is written, without the body of a function; a constant always with its type.
    pub(crate) fn item_text(&self, item: &Item) -> String {
        let mut span = item.span;
        if let ItemKind::Function(decl) = &item.kind {
            let body = match &decl.body {
                Body::Block(block) => Some(block.span),
                // How the library does it is nobody's business.
                Body::Extern { span, .. } if self.is_library(span.file) => Some(*span),
                _ => None,
            };
            span.end = body.map_or(span.end, |body| body.start.max(span.start));
        }
        let mut text = self.sources().text(span).trim_end().to_owned();
        if let Some((decl, known)) = self.const_of(item)
            && decl.ty.is_none()
            && let Some(checked) = self.checked()
        {
            let at = (decl.name.span.end - span.start) as usize;
            let ty = dynop_sema::display::show(&checked.program, &known.ty);
            text.insert_str(at.min(text.len()), &format!(": {ty}"));
        }
        if self.is_library(span.file) && text.ends_with('=') {
            text = text
                .trim_end_matches('=')
                .trim_end()
                .replacen("extern ", "", 1);
        }
        let mut lines: Vec<&str> = text.lines().collect();
        if lines.len() > MOST_LINES {
            lines.truncate(MOST_LINES);
            lines.push("…");
        }
        lines.join("\n")
    }

    /// The checked function of an item.
    pub(crate) fn function_of(&self, name: Span) -> Option<&Function> {
        let functions = &self.checked()?.program.functions;
        functions.iter().find(|function| function.name_span == name)
    }

    /// The outputs of an op whose result alone does not tell them.
    fn outputs_text(&self, item: &Item) -> String {
        let ItemKind::Function(decl) = &item.kind else {
            return String::new();
        };
        let Some(function) = self.function_of(decl.name.span) else {
            return String::new();
        };
        let outputs = &function.outputs.list;
        let plain = |output: &Output| !output.dynamic && !output.optional;
        let told = matches!(outputs.as_slice(), [one] if plain(one));
        if decl.kind != FunctionKind::Op || outputs.is_empty() || told {
            return String::new();
        }
        let lines = outputs.iter().map(|output| self.output_text(output));
        format!("Outputs:\n{}", lines.collect::<Vec<_>>().join("\n"))
    }

    fn output_text(&self, output: &Output) -> String {
        let program = self.checked().map(|checked| &checked.program);
        let ty = program.map(|program| dynop_sema::display::show(program, &output.ty));
        let sort = match (output.dynamic, output.optional) {
            (true, true) => " — dynamic, optional",
            (true, false) => " — dynamic: one item a mapping key",
            (false, true) => " — optional",
            (false, false) => "",
        };
        format!("- `{}: {}`{sort}", output.name, ty.unwrap_or_default())
    }

    /// Of the name of an op that is invoked: the keys of its steps.
    fn steps_text(&self, file: FileId, offset: u32, name: Span) -> String {
        let mut places = Vec::new();
        for node in self.nodes_at(file, offset) {
            if let Node::Expr(expr) = node {
                match &expr.kind {
                    ExprKind::Call { callee, .. } if callee.span.contains(offset) => {
                        places.push(expr.span);
                    }
                    ExprKind::Name(_) | ExprKind::Field { .. } if expr.span.end == name.end => {
                        places.push(expr.span);
                    }
                    _ => {}
                }
            }
        }
        let Some((place, step)) = places
            .iter()
            .rev()
            .find_map(|place| Some((*place, self.index.step_at(*place)?)))
        else {
            return String::new();
        };
        let planned = self.planned_at(place);
        let depth = planned.first().map_or(step.items.len(), |step| step.depth);
        let keys = |depth: usize| -> String {
            let named = |at: usize| match step.items.get(at).map(|item| item.as_str()) {
                Some(item) if item != "_" && step.items.len() == depth => format!("[<{item} key>]"),
                _ => "[<key>]".to_owned(),
            };
            (0..depth).map(named).collect()
        };
        let names: Vec<String> = if planned.is_empty() {
            let checked = self.checked();
            let function = checked.and_then(|c| c.program.functions.get(step.function.0 as usize));
            let own = function.map_or("", |function| function.name.as_str());
            let name = step.name.map_or(own, |name| name.as_str());
            vec![format!("`{name}{}`", keys(depth))]
        } else {
            let form = |step: &&PlannedStep| format!("`{}{}`", step.name, keys(step.depth));
            planned.iter().map(form).collect()
        };
        let shown = names.iter().take(4).cloned().collect::<Vec<_>>().join(", ");
        let more = if names.len() > 4 { ", …" } else { "" };
        let word = if names.len() == 1 { "Step" } else { "Steps" };
        let clones = match depth {
            0 => "runs once".to_owned(),
            1 => "dynamic depth 1: one clone a key".to_owned(),
            depth => format!("dynamic depth {depth}: one clone for {depth} keys"),
        };
        format!("{word} {shown}{more} — {clones}")
    }

    /// The planned steps of an invocation.
    fn planned_at(&self, place: Span) -> Vec<&PlannedStep> {
        let steps = self.steps.iter();
        steps
            .filter(|step| step.place == (place.file, place.start))
            .collect()
    }

    /// What stands at an offset, outer nodes before inner ones.
    pub(crate) fn nodes_at(&self, file: FileId, offset: u32) -> Vec<Node<'_>> {
        let mut found = Vec::new();
        let Some(parsed) = self.parsed(file) else {
            return found;
        };
        // A walk recurses as deep as the tree.
        stacker::maybe_grow(1 << 20, crate::analysis::STACK, || {
            dynop_syntax::walk::walk(&parsed.module, |node| {
                if node.span().contains(offset) {
                    found.push(node);
                }
            });
        });
        found
    }

    /// What is known of a word that nothing declares.
    fn word_hover(&self, file: FileId, offset: u32) -> Option<Hover> {
        let span = self.word_at(file, offset)?;
        let word = self.sources().text(span);
        let before = self.sources().file(file).text.get(..span.start as usize)?;
        if before.ends_with('.') {
            return self.member_hover(file, offset, span, word);
        }
        if let Some(step) = self.step_named_at(file, offset, span) {
            return Some(Hover {
                span,
                markdown: step,
            });
        }
        let (head, docs) = words::built_in(word)?;
        let mut markdown = code(head);
        push_part(&mut markdown, docs);
        Some(Hover { span, markdown })
    }

    /// What is known of the steps whose name `as` gives at a place.
    fn step_named_at(&self, file: FileId, offset: u32, place: Span) -> Option<String> {
        let nodes = self.nodes_at(file, offset);
        let named = nodes.iter().rev().find_map(|node| match node {
            Node::Expr(expr) => match &expr.kind {
                ExprKind::As { value, name } if name.span == place => Some(value),
                _ => None,
            },
            _ => None,
        })?;
        let text = self.steps_text(file, named.span.start, named.span);
        (!text.is_empty()).then_some(text)
    }

    /// A method of a dynamic output, or a field of a tuple.
    fn member_hover(&self, file: FileId, offset: u32, span: Span, word: &str) -> Option<Hover> {
        let nodes = self.nodes_at(file, offset);
        let field = nodes.iter().rev().find_map(|node| match node {
            Node::Expr(expr) => match &expr.kind {
                ExprKind::Field { base, name, .. } if name.span == span => Some((*expr, base)),
                _ => None,
            },
            _ => None,
        })?;
        let (expr, base) = field;
        let base_type = self.index.type_at(base.span);
        if let Some(dynop_sema::ty::Ty::Dynamic(_)) = base_type
            && let Some((head, docs)) = words::of_dynamic(word)
        {
            let mut markdown = code(head);
            push_part(&mut markdown, docs);
            return Some(Hover { span, markdown });
        }
        let ty = self.type_text(expr.span)?;
        Some(Hover {
            span,
            markdown: code(&format!("{word}: {ty}")),
        })
    }

    /// The word around an offset.
    pub(crate) fn word_at(&self, file: FileId, offset: u32) -> Option<Span> {
        let text = &self.sources().get(file)?.text;
        let (before, after) = text.split_at_checked(offset as usize)?;
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let start = before.trim_end_matches(is_word).len();
        let end = text.len() - after.trim_start_matches(is_word).len();
        (start < end).then(|| Span::new(file, start, end))
    }
}

/// A step of the plan.
#[derive(Clone, Debug)]
pub(crate) struct PlannedStep {
    /// Where it is invoked.
    pub place: (FileId, u32),
    /// Its unique name.
    pub name: String,
    /// Over how many keys it is cloned.
    pub depth: usize,
}

/// A block of code.
fn code(text: &str) -> String {
    format!("```dyn\n{text}\n```")
}

/// Adds a part behind a rule.
fn push_part(text: &mut String, part: &str) {
    let part = part.trim();
    if part.is_empty() {
        return;
    }
    if !text.is_empty() {
        text.push_str("\n\n");
    }
    text.push_str(part);
}
