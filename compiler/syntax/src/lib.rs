//! Text to tree: the pest grammar, recovery and the syntax tree.
