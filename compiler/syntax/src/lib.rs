//! Text to tree: the pest grammar, recovery and the syntax tree.
//!
//! [`parse`] is total: any text gives a tree, and what is wrong with it as diagnostics. Three steps:
//! `scan` runs over the bytes once (strings, comments, brackets, newlines), `grammar` is pest's parser, which never
//! fails since every mistake has its rule, and `build` makes the tree of it. `messages` has the words.
//!
//! pest stays inside this room: what leaves it is [`ast::Module`] and diagnostics.

mod again;
pub mod ast;
mod build;
mod dump;
#[allow(missing_docs)] // pest's derive writes public items without docs
mod grammar;
mod messages;
mod scan;
mod shift;
pub mod walk;

use dynop_base::{Diagnostic, FileId};
use pest::Parser;

use grammar::{DynopParser, Rule};

pub use again::{Before, Regions, parse_again};
pub use messages::KEYWORDS;

/// How many brackets, and words that take another expression (`if`, `match`, `fail`, `return`, `run`, closure heads), may be
/// open at once. More is refused with `E0103`.
pub const MAX_NESTING: usize = 256;

/// How many expressions, types or patterns may stand within each other, counted along any path of the tree from the body
/// of an item. Chains without brackets, such as `a + b + c + …`, make deep trees too; what is deeper is refused with `E0103`
/// and is an `Error` node. So a recursive pass needs at most this many levels of its own frames (blocks and statements
/// between two expressions not counted).
pub const MAX_TREE_DEPTH: u32 = 500;

/// How many mistakes of one file are reported by each of the parser's steps.
pub const MAX_DIAGNOSTICS: usize = 1000;

/// The stack that parsing needs at most, in bytes: pest recurses some ten times a bracket, with large frames in debug builds.
const STACK: usize = 64 << 20;

/// What came of a text.
#[derive(Clone, Debug)]
pub struct Parse {
    /// The tree; whole also where the text is not.
    pub module: ast::Module,
    /// What is wrong, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    /// For [`parse_again`].
    pub regions: Regions,
}

/// Parses a file. Never fails and never panics: what can't be read is an `Error` node about which a diagnostic speaks.
///
/// Texts are below 4 GiB, as everywhere: spans have 32 bits.
pub fn parse(file: FileId, text: &str) -> Parse {
    stacker::grow(STACK, || parse_here(file, text))
}

fn parse_here(file: FileId, text: &str) -> Parse {
    let mut scanned = scan::scan(file, text);
    let mut diagnostics = std::mem::take(&mut scanned.diagnostics);
    let settled = std::mem::take(&mut scanned.settled);
    let open_to_end = scanned.open_to_end;
    let builder = build::Builder::new(file, text, &scanned);
    let (module, found, ends) = match DynopParser::parse(Rule::module, &scanned.clean) {
        Ok(pairs) => builder.module(pairs),
        Err(error) => builder.refused(&error.location),
    };
    diagnostics.extend(found);
    diagnostics.sort_by_key(|diagnostic| diagnostic.primary.span.start);
    Parse {
        module,
        diagnostics,
        regions: Regions {
            ends,
            settled,
            open_to_end,
        },
    }
}
