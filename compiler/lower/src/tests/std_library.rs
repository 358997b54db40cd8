//! The standard library's sources: they check, and what they declare as foreign exists.

use super::compile;

#[test]
fn the_standard_library_checks() {
    let compiled = compile("op nothing() {}\n");
    let messages = compiled.messages(&compiled.diagnostics);
    assert!(messages.is_empty(), "{}", messages.join("\n"));
}

#[test]
fn every_native_function_is_in_the_table() {
    let compiled = compile("op nothing() {}\n");
    let wrong = crate::check_natives(&compiled.program);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
