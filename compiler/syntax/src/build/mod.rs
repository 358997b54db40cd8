//! From pest's pairs to the tree.
//!
//! One file a kind of node. The grammar never fails, so neither does this: what is missing or does not belong becomes an
//! `Error` node or is left out, and is reported once a statement (see [`Builder::report`]).

mod control;
mod expressions;
mod items;
mod literals;
mod operators;
mod patterns;
mod statements;
mod templates;
mod types;

pub(crate) use literals::NumberProblem;

use dynop_base::codes::syntax as codes;
use dynop_base::{Diagnostic, FileId, Span, Symbol};
use pest::iterators::{Pair, Pairs};

use crate::MAX_TREE_DEPTH;
use crate::ast::{Expr, ExprKind, Ident, Module, NodeId};
use crate::grammar::Rule;
use crate::scan::{STRING_END, Scanned};

pub(crate) type Node<'t> = Pair<'t, Rule>;
pub(crate) type Nodes<'t> = Pairs<'t, Rule>;

/// The state of building one module.
pub(crate) struct Builder<'t> {
    pub(crate) file: FileId,
    /// The file's text.
    pub(crate) text: &'t str,
    /// What the scan made of it, of the same length: offsets agree.
    pub(crate) scanned: &'t Scanned,
    pub(crate) diagnostics: Vec<Diagnostic>,
    next_id: u32,
    /// Whether the statement (or list element …) being built was reported already: what follows from one mistake is not told.
    pub(crate) broken: bool,
    /// The height of the highest node finished since the innermost unfinished one was begun.
    height: u32,
    /// How many calls of the precedence climber are active; chains of `**` and of prefixes are the only ones without brackets.
    climbing: u32,
    /// Remembers the last end that was trimmed, since nested nodes end at one place.
    trimmed: (usize, usize),
    /// Where the last statement ended that stood outside of every body.
    outside: Option<usize>,
    /// Doc comments taken by a declaration, by index.
    docs_used: Vec<bool>,
}

impl<'t> Builder<'t> {
    pub(crate) fn new(file: FileId, text: &'t str, scanned: &'t Scanned) -> Self {
        Self {
            file,
            text,
            scanned,
            diagnostics: Vec::new(),
            next_id: 0,
            broken: false,
            height: 0,
            climbing: 0,
            trimmed: (0, 0),
            outside: None,
            docs_used: vec![false; scanned.docs.len()],
        }
    }

    /// Builds the module out of the pairs of the rule `module`: with what is wrong, and the first number of a node behind
    /// each item.
    pub(crate) fn module(mut self, pairs: Nodes<'t>) -> (Module, Vec<Diagnostic>, Vec<u32>) {
        let mut items = Vec::new();
        let mut ends = Vec::new();
        for pair in pairs.flat_map(|module| module.into_inner()) {
            self.broken = false;
            self.height = 0;
            match pair.as_rule() {
                Rule::item => {
                    items.push(self.item(pair));
                    ends.push(self.next_id);
                }
                Rule::lost => {
                    let span = self.span(&pair);
                    self.report_unexpected_at(span.start as usize, "nothing can go on here");
                }
                _ => {}
            }
        }
        let comments = self.finish_docs();
        let module = Module {
            file: self.file,
            docs: self.scanned.file_docs.clone(),
            items,
            comments,
            node_count: self.next_id,
        };
        (module, self.diagnostics, ends)
    }

    /// An empty module for a text that pest has refused, which takes a text too large for its memory.
    pub(crate) fn refused(
        mut self,
        location: &pest::error::InputLocation,
    ) -> (Module, Vec<Diagnostic>, Vec<u32>) {
        let at = match location {
            pest::error::InputLocation::Pos(at) | pest::error::InputLocation::Span((at, _)) => *at,
        };
        let span = self.span_between(at, at);
        self.report_always(Diagnostic::new(
            &codes::TOO_DEEP,
            span,
            "this file is too complex to be read from here on",
        ));
        let comments = self.finish_docs();
        let module = Module {
            file: self.file,
            docs: self.scanned.file_docs.clone(),
            items: Vec::new(),
            comments,
            node_count: 0,
        };
        (module, self.diagnostics, Vec::new())
    }

    fn id(&mut self) -> NodeId {
        let id = NodeId(self.next_id);
        self.next_id += 1;
        id
    }

    fn span_between(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, start, end)
    }

    /// The pair's place without the blanks that pest counts in at its end.
    pub(crate) fn span_of(&mut self, pair: &Node<'t>) -> Span {
        self.span(pair)
    }

    fn span(&mut self, pair: &Node<'t>) -> Span {
        let span = pair.as_span();
        let end = self.trim_end(span.start(), span.end());
        self.span_between(span.start(), end)
    }

    fn trim_end(&mut self, start: usize, end: usize) -> usize {
        if self.trimmed.0 != end {
            let before = &self.scanned.clean.as_bytes()[..end];
            let kept = before
                .iter()
                .rposition(|&byte| byte != b' ' && byte != STRING_END)
                .map_or(0, |last| last + 1);
            self.trimmed = (end, kept);
        }
        self.trimmed.1.max(start)
    }

    /// The original text under a span.
    pub(crate) fn source(&self, span: Span) -> &'t str {
        self.text.get(span.range()).unwrap_or("")
    }

    fn ident_at(&mut self, span: Span) -> Ident {
        Ident {
            name: Symbol::new(self.source(span)),
            span,
        }
    }

    /// A name, a keyword where a name should be (reported), or a missing name (reported, named `_`).
    fn ident(&mut self, pair: &Node<'t>, what: &str) -> Ident {
        let span = self.span(pair);
        match pair.as_rule() {
            Rule::reserved => {
                self.report_reserved(span);
                self.ident_at(span)
            }
            Rule::missing_name => {
                self.report_missing(what, span.start as usize);
                Ident {
                    name: Symbol::new("_"),
                    span,
                }
            }
            _ => self.ident_at(span),
        }
    }

    /// Builds one element of a list, or one statement: its mistakes are its own.
    fn apart<T>(&mut self, build: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::replace(&mut self.broken, false);
        let built = build(self);
        self.broken = outer;
        built
    }

    /// Builds a node out of `build`'s children and keeps account of its height.
    fn tall<T>(&mut self, build: impl FnOnce(&mut Self) -> T) -> (T, bool) {
        let outer = std::mem::replace(&mut self.height, 0);
        let built = build(self);
        let fits = self.grow();
        self.height = self.height.max(outer);
        (built, fits)
    }

    /// One more level above what was built last; `false` (and one level again) where the tree would be too deep.
    fn grow(&mut self) -> bool {
        self.height += 1;
        let fits = self.height <= MAX_TREE_DEPTH;
        if !fits {
            self.height = 1;
        }
        fits
    }

    /// An expression out of `build`'s children; an `Error` node where the tree would be too deep.
    fn expr_node(&mut self, span: Span, build: impl FnOnce(&mut Self) -> ExprKind) -> Expr {
        let (kind, fits) = self.tall(build);
        self.expr_of(span, kind, fits)
    }

    fn expr_of(&mut self, span: Span, kind: ExprKind, fits: bool) -> Expr {
        let kind = if fits {
            kind
        } else {
            self.report_too_deep(span);
            ExprKind::Error
        };
        Expr {
            id: self.id(),
            span,
            kind,
        }
    }

    fn error_expr(&mut self, span: Span) -> Expr {
        Expr {
            id: self.id(),
            span,
            kind: ExprKind::Error,
        }
    }

    fn report_too_deep(&mut self, span: Span) {
        let diagnostic = Diagnostic::new(
            &codes::TOO_DEEP,
            span,
            "this expression is nested too deeply",
        )
        .here(format!("more than {MAX_TREE_DEPTH} levels"))
        .help("give parts of it names with `let`, or go over a list in a loop");
        self.report(diagnostic);
    }

    /// The doc comment whose declaration begins in `start..=end`.
    fn docs(&mut self, start: usize, end: usize) -> Option<String> {
        let docs = &self.scanned.docs;
        let first = docs.partition_point(|doc| (doc.target as usize) < start);
        let mut text: Option<String> = None;
        for (index, doc) in docs.iter().enumerate().skip(first) {
            if doc.target as usize > end {
                break;
            }
            self.docs_used[index] = true;
            let text = text.get_or_insert_with(String::new);
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&doc.text);
        }
        text
    }

    /// Every comment that documents nothing, in order; doc comments without a declaration are warned of.
    fn finish_docs(&mut self) -> Vec<Span> {
        let mut comments = self.scanned.comments.clone();
        for index in 0..self.docs_used.len() {
            if self.docs_used[index] {
                continue;
            }
            let doc = &self.scanned.docs[index];
            comments.extend(&doc.lines);
            if let (Some(first), Some(last)) = (doc.lines.first(), doc.lines.last()) {
                self.report_stray_docs(first.to(*last));
            }
        }
        for &late in &self.scanned.late_docs {
            comments.push(late);
            self.report_late_file_docs(late);
        }
        comments.sort_by_key(|span| span.start);
        comments
    }
}
