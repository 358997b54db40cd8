//! `dynopc`, the Dynop compiler.
fn main() {}
