//! Composition: what jobs and graphs mean, as a typed tree that `plan` evaluates.

use dynop_syntax::ast;

use crate::body::Findings;
use crate::context::Context;
use crate::hir::FunctionId;

/// The checked body of a `graph` or `job`.
#[derive(Clone, Debug, Default)]
pub struct Composition {}

/// Checks the body of a `graph` or `job`.
pub fn check(_cx: &Context<'_>, _id: FunctionId, _block: &ast::Block) -> (Composition, Findings) {
    (Composition::default(), Findings::default())
}
