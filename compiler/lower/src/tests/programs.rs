//! Programs.

use super::compile;

#[track_caller]
fn lowers(text: &str) -> dynop_ir::Program {
    let compiled = compile(text);
    let messages = compiled.messages(&compiled.diagnostics);
    assert!(messages.is_empty(), "{}", messages.join("\n"));
    match compiled.lower() {
        Ok(program) => program,
        Err(diagnostics) => panic!("{}", compiled.messages(&diagnostics).join("\n")),
    }
}

#[test]
fn a_function_is_compiled_for_the_closure_it_is_given() {
    let program =
        lowers("op f(list: List<Int>) -> Int { let k = list.len()\n list.map(|x| x + k).sum() }\n");
    let names: Vec<&str> = program.functions.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names, ["f", "map", "sum"]);
    assert_eq!(
        program.functions[1].params, 2,
        "the list and the captured `k`"
    );
}
