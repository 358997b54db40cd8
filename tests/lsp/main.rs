//! `dynopc lsp` itself, spoken with over pipes.

mod client;
mod diagnostics;
mod protocol;
mod questions;
