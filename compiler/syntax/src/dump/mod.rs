//! The tree as text, for `--emit tree` and for snapshots.
//!
//! Symbolic expressions: what fits on a line stands on one, what does not is broken at its parts. The text is a function of
//! the tree alone (spans and ids left out), so it is the same for every layout of the same program.

mod expressions;
mod items;
mod sexp;

use crate::ast::Module;
use sexp::Sexp;

impl Module {
    /// The module as readable text, one declaration after the other.
    pub fn dump(&self) -> String {
        let mut out = String::new();
        if let Some(docs) = &self.docs {
            Sexp::list("docs", [Sexp::text(docs)]).write(&mut out);
        }
        for item in &self.items {
            items::item(item).write(&mut out);
        }
        out
    }
}
