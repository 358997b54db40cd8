//! What a back end must do beside giving right results: lines for debuggers, the processor that was asked for.

use dynop_tests::on_compiler_stack;
use dynopc::driver::{Backend, BuildOptions, Built, Emit, Frontend};

const PROGRAM: &str = "\
op area(width: Float, height: Float) -> Float {
    if width < 0.0 {
        fail \"too narrow\"
    }
    width * height
}

op next(n: Int) -> Int {
    n + 1
}

job main(width: Float, height: Float, n: Int) -> (Float, Int) {
    (area(width, height), next(n))
}
";

/// A loop over flat values that calls nothing.
const LOOP: &str = "\
op bits(numbers: List<Int>) -> Int {
    var all = 0
    for number in numbers {
        all = all | number
    }
    all
}

job main() -> Int {
    bits([1, 2, 4])
}
";

fn emit(options: &BuildOptions, emit: Emit) -> String {
    emit_of(PROGRAM, options, emit)
}

fn emit_of(program: &str, options: &BuildOptions, emit: Emit) -> String {
    on_compiler_stack(|| {
        let mut front = Frontend::default();
        front.check_text("main.dyn", program);
        match front.build(options, Some(emit)) {
            Ok(Built::Text(text)) => text,
            other => panic!("{other:?}: {:?}", front.diagnostics),
        }
    })
}

fn llvm(target_cpu: Option<&str>) -> BuildOptions {
    BuildOptions {
        backend: Backend::Llvm,
        target_cpu: target_cpu.map(str::to_owned),
        ..BuildOptions::default()
    }
}

#[test]
fn llvm_compiles_for_the_processor_that_is_named() {
    if !Backend::Llvm.is_there() {
        return;
    }
    let (any, newer) = (llvm(None), llvm(Some("x86-64-v3")));
    assert!(!emit(&any, Emit::Asm).contains("vmulsd"));
    assert!(emit(&newer, Emit::Asm).contains("vmulsd"));
}

#[test]
fn llvm_is_told_what_is_known() {
    if !Backend::Llvm.is_there() {
        return;
    }
    let text = emit(&llvm(None), Emit::Llvm);
    for known in [
        "branch_weights",
        "dereferenceable(16)",
        "cold nounwind",
        "DISubprogram(name: \"area\"",
        "line: 5,",
    ] {
        assert!(text.contains(known), "{known} is missing in\n{text}");
    }
}

/// What asks for cancellation in each iteration is in the optimiser's way.
#[test]
fn llvm_takes_several_elements_at_a_time() {
    if !Backend::Llvm.is_there() {
        return;
    }
    let text = emit_of(LOOP, &llvm(None), Emit::Llvm);
    assert!(text.contains("or <2 x i64>"), "{text}");
}

/// The sections of lines, of functions and of unwinding are there, whoever wrote them.
#[test]
fn executables_have_lines() {
    let ways = [BuildOptions::default(), llvm(None)];
    for options in ways.iter().filter(|options| options.backend.is_there()) {
        let built = on_compiler_stack(|| {
            let mut front = Frontend::default();
            front.check_text("main.dyn", PROGRAM);
            front.build(options, None)
        });
        let Ok(Built::Executable(bytes)) = built else {
            panic!("it builds")
        };
        for name in [".debug_line", ".debug_info", ".eh_frame"] {
            let found = bytes
                .windows(name.len())
                .any(|part| part == name.as_bytes());
            assert!(found, "{:?} writes no {name}", options.backend);
        }
    }
}
