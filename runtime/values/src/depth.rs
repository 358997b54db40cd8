//! Values may be as deep as a program makes them: a list in a list in a list, an expression tree, a chain of nodes. What
//! walks them by recursion goes one level down through [`deeper`], which finds more stack where the thread's is nearly
//! used up.

/// So much stack must be left for one level and what it calls. Too little would overflow; more only means that a new piece
/// is taken sooner.
const LEFT: usize = 64 << 10;
/// The size of each further piece of stack: some thousand levels.
const PIECE: usize = 1 << 20;

/// Calls `walk`, on a further piece of stack if little is left of this one.
#[inline]
pub fn deeper<R>(walk: impl FnOnce() -> R) -> R {
    stacker::maybe_grow(LEFT, PIECE, walk)
}
