//! Where `<` opens type arguments in an expression: it touches a name, and the list ends in `>(`.
//!
//! Decided here by matching what may be angle brackets on a stack, since a grammar that tried at each `<` would read
//! `a<a<a<a…` again and again. What was matched is marked for the grammar.

use super::tokens::Kind;
use super::{Scanner, TYPE_CLOSE, TYPE_OPEN};
use crate::MAX_NESTING;

/// A `<` that may open type arguments.
pub(super) struct Angle {
    at: usize,
    /// How many brackets were open.
    depth: usize,
    /// Whether a type is certain here, because `:` or `->` came before the name.
    in_type: bool,
}

impl Angle {
    /// Whether it stands within a bracket that is no longer open when `depth` are.
    pub(super) fn deeper(&self, depth: usize) -> bool {
        self.depth > depth
    }
}

impl Scanner<'_> {
    /// `<` where it touches a name.
    pub(super) fn angle_opens(&mut self, start: usize) -> bool {
        let next = self.peek(1);
        let touches = self.previous.kind == Kind::Name && self.previous.end == start;
        if !touches || next == Some(b'=') || next == Some(b'<') {
            return false;
        }
        let in_type = match self.angles.last() {
            Some(outer) => outer.in_type,
            None => self.type_before(self.previous.start),
        };
        if self.angles.len() >= MAX_NESTING {
            if in_type {
                self.too_deep_here(start);
            }
            self.angles.clear();
        }
        self.begin_token(start, false);
        self.angles.push(Angle {
            at: start,
            depth: self.stack.len(),
            in_type,
        });
        self.passed(start, start + 1, Kind::Other, false, true);
        true
    }

    /// Whether the name at `start` (or its dotted path) stands after `:` or `->`.
    fn type_before(&self, start: usize) -> bool {
        let before = self.bytes[..start]
            .iter()
            .rev()
            .take(200)
            .find(|&&byte| byte != b' ' && byte != b'.' && !super::is_word(byte));
        matches!(before, Some(b':' | b'>' | b'<'))
    }

    /// `>` where a `<` is open.
    pub(super) fn angle_closes(&mut self, start: usize) -> bool {
        let Some(open) = self.angles.last() else {
            return false;
        };
        if open.depth != self.stack.len() {
            self.angles.clear();
            return false;
        }
        let (open, closed_at_once) = (open.at, self.previous.end == open.at + 1);
        self.angles.pop();
        self.begin_token(start, false);
        if self.peek(1) == Some(b'(') && !closed_at_once {
            self.out[open] = TYPE_OPEN;
            self.out[start] = TYPE_CLOSE;
        }
        self.passed(start, start + 1, Kind::Other, true, false);
        true
    }

    /// Whether the `??` at `start` belongs to a type: it touches what stands before it, and what follows can't be an operand.
    pub(super) fn ends_type(&self, start: usize) -> bool {
        if self.previous.end != start || !self.previous.operand {
            return false;
        }
        let behind = self.text[start + 2..].trim_start_matches([' ', '\t', '\r']);
        match behind.as_bytes().first() {
            None | Some(b'?' | b'\n' | b'=') => true,
            Some(b'/') => behind.starts_with("//"),
            Some(b'>' | b',' | b')') => !self.angles.is_empty(),
            _ => false,
        }
    }

    /// What was just read can't be part of a list of types.
    pub(super) fn not_a_type(&mut self) {
        self.angles.clear();
    }
}
