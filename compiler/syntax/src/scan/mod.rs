//! The pass before pest: strings, comments, brackets and newlines, in one run over the bytes.
//!
//! It makes a text of the same length in which everything that the grammar need not know is blank (comments, newlines that end
//! nothing, characters that were refused), so that every offset stays that of the file. What it guarantees to the grammar:
//! no closing bracket without its opening one, and a bounded depth: pest recurses with brackets and with words that take
//! another expression (`if`, `match`, `fail` …), and both are counted here.

mod brackets;
mod characters;
mod comments;
mod newlines;
mod reports;
mod strings;
mod tokens;
mod types;

use std::ops::Range;

use dynop_base::{Diagnostic, FileId, Span};

use brackets::Open;
use tokens::Previous;

/// Stands for a newline at which every open bracket ends.
pub(crate) const CUT: u8 = 3;
/// Fills what was refused already.
pub(crate) const FILLER: u8 = 4;
/// Stands for a newline that is blank, but ends a string that was not closed.
pub(crate) const STRING_END: u8 = 5;
/// Stand for the `<` and `>` of type arguments in an expression.
const TYPE_OPEN: u8 = 1;
const TYPE_CLOSE: u8 = 2;

/// What the scan found.
pub(crate) struct Scanned {
    /// The text for pest, byte for byte as long as the file's.
    pub(crate) clean: String,
    /// The `//!` lines, joined.
    pub(crate) file_docs: Option<String>,
    /// `//!` lines that do not stand at the beginning.
    pub(crate) late_docs: Vec<Span>,
    /// Every `//` comment.
    pub(crate) comments: Vec<Span>,
    /// The `///` comments, by the token they stand before.
    pub(crate) docs: Vec<Doc>,
    /// Lexical mistakes, in order.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Lines, as ranges of bytes in order, of whose mistakes enough is said.
    damaged: Vec<Range<usize>>,
    /// The ends of those `}` behind which nothing is open, in order: from the next line on the text is read as if it began
    /// there. Not on damaged lines.
    pub(crate) settled: Vec<u32>,
    /// Whether there is none because of a string or comment that nothing closes up to the end of the file.
    pub(crate) open_to_end: bool,
}

/// Consecutive `///` lines.
pub(crate) struct Doc {
    /// Where the next token begins.
    pub(crate) target: u32,
    /// The lines' texts, joined by newlines.
    pub(crate) text: String,
    /// The comments.
    pub(crate) lines: Vec<Span>,
}

impl Scanned {
    /// Whether something on the line of `at` was reported by the scan.
    pub(crate) fn is_damaged(&self, at: usize) -> bool {
        touches(&self.damaged, at)
    }
}

fn touches(damaged: &[Range<usize>], at: usize) -> bool {
    let next = damaged.partition_point(|line| line.end < at);
    damaged.get(next).is_some_and(|line| line.start <= at)
}

/// Scans a file.
pub(crate) fn scan(file: FileId, text: &str) -> Scanned {
    let mut scanner = Scanner::new(file, text);
    scanner.run();
    scanner.finish()
}

/// The state of a scan.
struct Scanner<'t> {
    file: FileId,
    text: &'t str,
    bytes: &'t [u8],
    /// What becomes [`Scanned::clean`].
    out: Vec<u8>,
    /// The next byte.
    at: usize,
    /// Open brackets, outermost first.
    stack: Vec<Open>,
    /// Words that take another expression, since the statement or list element began: each is a level as brackets are.
    prefixes: u32,
    /// Whether a comma has passed that ends the element if no `retry:` or `name =` follows.
    comma: bool,
    /// The closure head that is open: its `|` and the number of brackets open there.
    closure_bar: Option<usize>,
    /// `<`s that touch a name and may open type arguments.
    angles: Vec<types::Angle>,
    /// Brackets beyond the limit, being passed over.
    overflow: Option<brackets::Overflow>,
    previous: Previous,
    /// Newlines since the last token, not yet decided upon.
    pending: Vec<usize>,
    /// Newlines that were blanked only because a bracket is open; should it prove to be unclosed, they count after all.
    held: Vec<usize>,
    /// The newline at which the last string ended that was not closed.
    unclosed: Option<usize>,
    /// Where the current line begins, and whether a token was seen on it.
    line_start: usize,
    /// Doc lines since the last token.
    doc_lines: Vec<Span>,
    /// The opening brace whose `}` stands to the left of it, which tells which one is unclosed.
    suspect: Option<brackets::Suspect>,
    file_docs: Vec<Span>,
    late_docs: Vec<Span>,
    seen_token: bool,
    comments: Vec<Span>,
    docs: Vec<Doc>,
    diagnostics: Vec<Diagnostic>,
    /// Offsets of mistakes; their lines are the damaged ones.
    damage: Vec<usize>,
    /// Whether a string or comment is open of which only the rest of the file tells that nothing closes it: then no place is
    /// settled.
    open_to_end: bool,
    /// See [`Scanned::settled`], with damaged lines.
    settled: Vec<u32>,
}

impl<'t> Scanner<'t> {
    fn new(file: FileId, text: &'t str) -> Self {
        Self {
            file,
            text,
            bytes: text.as_bytes(),
            out: text.as_bytes().to_vec(),
            at: 0,
            stack: Vec::new(),
            prefixes: 0,
            comma: false,
            closure_bar: None,
            angles: Vec::new(),
            overflow: None,
            previous: Previous::start(),
            pending: Vec::new(),
            held: Vec::new(),
            unclosed: None,
            line_start: 0,
            doc_lines: Vec::new(),
            suspect: None,
            file_docs: Vec::new(),
            late_docs: Vec::new(),
            seen_token: false,
            comments: Vec::new(),
            docs: Vec::new(),
            diagnostics: Vec::new(),
            damage: Vec::new(),
            settled: Vec::new(),
            open_to_end: false,
        }
    }

    fn run(&mut self) {
        self.skip_head();
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b' ' => self.at += 1,
                b'\t' => self.blank(self.at, self.at + 1),
                b'\n' => self.newline(),
                b'\r' if self.peek(1) == Some(b'\n') => self.blank(self.at, self.at + 1),
                b'/' if self.peek(1) == Some(b'/') => self.comment(),
                b'/' if self.peek(1) == Some(b'*') => self.foreign_block_comment(),
                b'#' => self.foreign_comment(),
                b';' => self.semicolon(),
                b'(' | b'[' | b'{' => self.open(byte),
                b')' | b']' | b'}' => self.close(byte),
                b'"' => self.string_at(self.at, strings::Kind::Plain),
                byte if is_word_start(byte) || !byte.is_ascii() => self.word_or_character(),
                byte if byte.is_ascii_digit() => self.number(),
                _ => self.punctuation(),
            }
        }
    }

    /// A byte order mark and a line `#!…` are no part of the program.
    fn skip_head(&mut self) {
        if self.text.starts_with('\u{feff}') {
            self.blank(0, 3);
        }
        if self.text[self.at..].starts_with("#!") {
            let end = self.line_end(self.at);
            self.comments.push(self.span(self.at, end));
            self.blank(self.at, end);
        }
    }

    fn finish(mut self) -> Scanned {
        self.end_of_file();
        let damaged = self.damaged_lines();
        let mut settled = std::mem::take(&mut self.settled);
        settled.retain(|&end| !self.open_to_end && !touches(&damaged, end as usize));
        self.diagnostics
            .sort_by_key(|found| found.primary.span.start);
        // Whole characters alone are ever replaced, and by as many bytes of ASCII; should that ever be wrong, an empty
        // program of the same length is still a program.
        let clean = String::from_utf8(self.out)
            .unwrap_or_else(|broken| " ".repeat(broken.as_bytes().len()));
        let file_docs =
            (!self.file_docs.is_empty()).then(|| comments::join(self.text, &self.file_docs));
        Scanned {
            clean,
            file_docs,
            late_docs: self.late_docs,
            comments: self.comments,
            docs: self.docs,
            diagnostics: self.diagnostics,
            damaged,
            settled,
            open_to_end: self.open_to_end,
        }
    }

    fn damaged_lines(&mut self) -> Vec<Range<usize>> {
        self.damage.sort_unstable();
        let mut lines: Vec<Range<usize>> = Vec::new();
        for &at in &self.damage {
            if lines.last().is_some_and(|line| line.contains(&at)) {
                continue;
            }
            let start = self.text.as_bytes()[..at.min(self.text.len())]
                .iter()
                .rposition(|&byte| byte == b'\n')
                .map_or(0, |newline| newline + 1);
            let start = lines.last().map_or(start, |line| start.max(line.end));
            lines.push(start..self.line_end(at.min(self.text.len())) + 1);
        }
        lines
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, start, end)
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    /// Where the line of `at` ends, its newline left out.
    fn line_end(&self, at: usize) -> usize {
        self.bytes[at..]
            .iter()
            .position(|&byte| byte == b'\n')
            .map_or(self.bytes.len(), |length| at + length)
    }

    /// Blanks `start..end` and goes on behind it.
    fn blank(&mut self, start: usize, end: usize) {
        self.out[start..end].fill(b' ');
        self.at = end;
    }
}

fn is_word_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}
