//! `dynopc` itself as a process: what it starts, what ends with it, its exit codes.

mod ending;
mod linking;
mod support;
mod tests;
