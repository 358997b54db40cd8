//! Any text is parsed in linear time, on a small stack, to a tree of bounded depth.

use std::time::{Duration, Instant};

use dynop_base::FileId;
use dynop_syntax::{MAX_TREE_DEPTH, Parse, parse};

/// Texts that made parsers slow or made them overflow their stack; `n` is their size.
fn hostile(n: usize) -> Vec<(&'static str, String)> {
    let body = |inner: String| format!("fn f() {{\n{inner}\n}}\n");
    let repeat = |unit: &str| body(unit.repeat(n));
    let deep = n.min(200);
    vec![
        ("open parentheses", repeat("(")),
        ("balanced parentheses", body("(".repeat(n) + &")".repeat(n))),
        ("open lists", repeat("[")),
        ("open blocks", repeat("{")),
        ("calls", repeat("f(")),
        ("less", repeat("a<")),
        ("less in a type", body(format!("let x: {}", "a<".repeat(n)))),
        ("less in a list", body(format!("[{}]", "a<b, ".repeat(n)))),
        (
            "balanced type arguments",
            body("a<".repeat(n) + "b" + &">".repeat(n) + "(x)"),
        ),
        ("if if", repeat("if ")),
        ("if blocks", repeat("if a { ")),
        (
            "else if",
            body(format!("if a {{ 1 }}{}", " else if a { 1 }".repeat(n))),
        ),
        ("match match", repeat("match ")),
        ("closures", repeat("|a| ")),
        ("closures of two", repeat("|a, b| ")),
        ("bars", repeat("|")),
        ("fail fail", repeat("fail a, retry: ")),
        ("run run", repeat("run a() with b = ")),
        ("sum", body(format!("a{}", " + a".repeat(n)))),
        ("power", body(format!("a{}", " ** a".repeat(n)))),
        ("minus", repeat("- ")),
        ("not", body("not ".repeat(n) + "a")),
        ("fields", body(format!("a{}", ".b".repeat(n)))),
        (
            "function types",
            body(format!("let x: {}", "fn() -> ".repeat(n))),
        ),
        ("optional types", body(format!("let x: A{}", "?".repeat(n)))),
        ("templates", body("f\"{".repeat(n))),
        ("commas", repeat(",")),
        ("empty arguments", body(format!("f({})", ",".repeat(n)))),
        ("semicolons", repeat(";")),
        ("let let", repeat("let ")),
        ("unclosed calls", repeat("foo(\nlet x = \n")),
        ("unclosed items", "op f( {\n".repeat(n)),
        ("attributes", "@".repeat(n)),
        ("strange characters", repeat("$ \u{20ac} ")),
        ("hashes", repeat("# \n")),
        ("quotes", repeat("'")),
        ("double quotes", repeat("\"")),
        ("newlines", format!("fn f(){}", "\n".repeat(n))),
        ("a long line", body(format!("foo({})", "a, ".repeat(n)))),
        ("a long name", repeat("a")),
        ("a long number", repeat("1")),
        ("a long string", body(format!("\"{}\"", "a".repeat(n)))),
        ("a long comment", format!("//{}", "a".repeat(n))),
        (
            "broken statements within each other",
            body("x = { ".repeat(deep) + &"} $ ".repeat(deep)).repeat(n / deep),
        ),
        (
            "broken heads within each other",
            body("if a b { ".repeat(deep) + &"} q ".repeat(deep)).repeat(n / deep),
        ),
    ]
}

#[test]
fn a_small_stack_is_enough_to_parse_and_to_drop() {
    let thread = std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(|| {
            for (what, text) in hostile(10_000) {
                let parse = parse(FileId(0), &text);
                assert!(
                    parse.diagnostics.len() <= 2 * dynop_syntax::MAX_DIAGNOSTICS,
                    "{what}"
                );
                // The deepest recursion over the tree that this room has.
                drop(parse.module.dump());
            }
        })
        .expect("a thread");
    thread.join().expect("no overflow");
}

#[test]
fn what_is_too_deep_is_said_once() {
    for (what, text) in [
        (
            "brackets",
            format!("fn f() {{ {}1{} }}", "(".repeat(300), ")".repeat(300)),
        ),
        ("sum", format!("fn f() {{ a{} }}", " + a".repeat(5000))),
        ("power", format!("fn f() {{ a{} }}", " ** a".repeat(5000))),
        ("fields", format!("fn f() {{ a{} }}", ".b".repeat(5000))),
        ("if if", format!("fn f() {{ {} }}", "if ".repeat(5000))),
        (
            "optional types",
            format!("fn f() {{ let x: A{} = 1 }}", "?".repeat(5000)),
        ),
    ] {
        let parse = parse(FileId(0), &text);
        let codes: Vec<_> = parse
            .diagnostics
            .iter()
            .map(|found| found.code.id)
            .collect();
        assert_eq!(codes, ["E0103"], "{what}");
    }
}

#[test]
fn what_is_just_deep_enough_is_accepted() {
    let parens = format!("fn f() {{ {}1{} }}", "(".repeat(255), ")".repeat(255));
    let sum = format!(
        "fn f() {{ a{} }}",
        " + a".repeat(MAX_TREE_DEPTH as usize - 1)
    );
    let list = format!("fn f() {{ [{}] }}", "a<b, ".repeat(10_000));
    let failing = format!("fn f() {{ [{}] }}", "x ?? fail \"no\", ".repeat(10_000));
    let chosen = format!("fn f() {{ g({}) }}", "if a { 1 } else { 2 }, ".repeat(1000));
    for text in [parens, sum, list, failing, chosen] {
        let parse = parse(FileId(0), &text);
        assert!(
            parse.diagnostics.is_empty(),
            "{:?}",
            parse.diagnostics.first()
        );
    }
}

/// Twice the text takes about twice the time. A single measurement may be disturbed, so the best of a few counts.
#[test]
fn time_is_linear() {
    let small = hostile(2_000);
    let large = hostile(8_000);
    for ((what, small), (_, large)) in small.iter().zip(&large) {
        let (short, long) = (best_time(small), best_time(large));
        assert!(
            long < 4 * short * 3 + Duration::from_millis(60),
            "{what}: {short:?} for {} bytes, {long:?} for {}",
            small.len(),
            large.len()
        );
    }
}

fn best_time(text: &str) -> Duration {
    (0..2)
        .map(|_| {
            let start = Instant::now();
            let _: Parse = parse(FileId(0), text);
            start.elapsed()
        })
        .min()
        .unwrap_or_default()
}

#[test]
fn megabytes_of_noise_are_no_matter() {
    let mut state = 1u64;
    let mut noise = String::new();
    while noise.len() < 2_000_000 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        noise.push(char::from_u32((state >> 33) as u32 % 0x250).unwrap_or(' '));
    }
    let start = Instant::now();
    let parse = parse(FileId(0), &noise);
    assert!(!parse.diagnostics.is_empty());
    assert!(start.elapsed() < Duration::from_secs(20));
}
